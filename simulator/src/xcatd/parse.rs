//! From the XML of a request to the request (spec: rest-and-xcatd 3.2). Unknown elements are ignored; of an element
//! that is wanted once the first counts.

use super::xml::{self, Element};
use crate::mn::{Credentials, Request};

/// One request as it came over the wire.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// What the management node is asked.
    pub(super) request: Request,
    /// Echoed in the closing document.
    pub(super) transid: Option<String>,
    /// Whether the command that runs is to be stopped.
    pub(super) abort: bool,
}

/// Reads a request; `None` when its XML cannot be parsed.
pub(super) fn parse(bytes: &[u8]) -> Option<Incoming> {
    let text = std::str::from_utf8(bytes).ok()?;
    // Text before the element is tolerated, as are attributes on it.
    let start = text.find("<xcatrequest")?;
    let root = xml::parse(&text[start..])?;
    let text = |name: &str| root.value(name).map(str::to_owned);
    let texts = |name: &str| -> Vec<String> {
        root.all(name)
            .map(|e| e.text.clone())
            .map(|t| {
                if t.trim().is_empty() {
                    String::new()
                } else {
                    t
                }
            })
            .collect()
    };
    Some(Incoming {
        request: Request {
            command: text("command"),
            noderange: text("noderange"),
            args: texts("arg"),
            env: texts("env"),
            stdin: text("stdin"),
            nodes: texts("node"),
            credentials: root.first("becomeuser").map(credentials),
            certificate: None,
            token: root
                .first("tokens")
                .map(|tokens| tokens.value("tokenid").unwrap_or_default().to_owned()),
            wants_token: root.first("gettoken").map(credentials),
            claimed_user: text("username"),
            client_type: text("clienttype").unwrap_or_default(),
            journal: 0,
        },
        transid: text("transid"),
        abort: root.first("abortcommand").is_some(),
    })
}

/// User name and password; what is missing is empty and never right.
fn credentials(element: &Element) -> Credentials {
    let text = |name| element.value(name).unwrap_or_default().to_owned();
    Credentials {
        user: text("username"),
        password: text("password"),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_request_that_the_rest_program_sends() {
        let incoming = parse(
            b"<xcatrequest>\n  <arg>on</arg>\n  <arg></arg>\n  <becomeuser>\n    <password>pw</password>\n    <username>admin</username>\n  </becomeuser>\n  <clienttype>ws</clienttype>\n  <command>rpower</command>\n  <noderange>n1</noderange>\n  <what>else</what>\n</xcatrequest>\n",
        )
        .unwrap();
        let request = incoming.request;
        assert_eq!(request.command.as_deref(), Some("rpower"));
        assert_eq!(request.noderange.as_deref(), Some("n1"));
        assert_eq!(request.args, ["on", ""]);
        assert_eq!(request.client_type, "ws");
        let credentials = request.credentials.unwrap();
        assert_eq!(
            (credentials.user.as_str(), credentials.password.as_str()),
            ("admin", "pw")
        );
        assert!(!incoming.abort);
    }

    #[test]
    fn an_abort_and_a_transaction() {
        let incoming =
            parse(b"<xcatrequest><abortcommand>1</abortcommand><transid>7</transid></xcatrequest>")
                .unwrap();
        assert!(incoming.abort);
        assert_eq!(incoming.transid.as_deref(), Some("7"));
        assert!(parse(b"no request").is_none());
        assert!(parse(b"\xff<xcatrequest/>").is_none());
    }
}
