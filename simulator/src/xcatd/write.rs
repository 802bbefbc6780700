//! Documents as the daemon writes them (spec: rest-and-xcatd 3.4, 2.2).

use std::fmt::Write as _;

use crate::mn::{Document, Element, Response};

/// Keys that come first in a document that is sent singly.
const FIRST: [&str; 3] = ["name", "key", "id"];

/// The whole answer to one request.
pub(super) fn response(response: &Response, transid: Option<&str>) -> Vec<u8> {
    let mut out = String::new();
    let (last, documents) = match response.documents.split_last() {
        Some((last, rest)) if response.done_in_last => (Some(last), rest),
        _ => (None, &response.documents[..]),
    };
    for each in documents {
        document(&mut out, each, false);
    }
    let mut done = last.cloned().unwrap_or_default().with("serverdone", [""]);
    if let Some(transid) = transid {
        done = done.with("transid", [transid]);
    }
    document(&mut out, &done, last.is_some());
    // Whatever is outside 0x09 to 0x7F becomes a question mark, byte by byte.
    let mut bytes = out.into_bytes();
    for byte in &mut bytes {
        if !(0x09..=0x7f).contains(byte) {
            *byte = b'?';
        }
    }
    bytes
}

fn document(out: &mut String, document: &Document, singly: bool) {
    out.push_str("<xcatresponse>");
    if !document.0.is_empty() {
        out.push('\n');
        children(out, document, 1, singly);
    }
    out.push_str("</xcatresponse>\n");
}

fn children(out: &mut String, document: &Document, depth: usize, singly: bool) {
    let indent = depth * 2;
    let first = FIRST
        .iter()
        .filter(|key| singly && document.0.contains_key(key));
    let rest = document
        .0
        .keys()
        .filter(|key| !(singly && FIRST.contains(key)));
    for key in first.copied().chain(rest) {
        for element in &document.0[key] {
            match element {
                Element::Node(node) if node.0.is_empty() => {
                    let _ = writeln!(out, "{:indent$}<{key}></{key}>", "");
                }
                Element::Node(node) => {
                    let _ = writeln!(out, "{:indent$}<{key}>", "");
                    children(out, node, depth + 1, singly);
                    let _ = writeln!(out, "{:indent$}</{key}>", "");
                }
                leaf => {
                    let _ = write!(out, "{:indent$}<{key}>", "");
                    escape(out, leaf.text().unwrap_or_default());
                    let _ = writeln!(out, "</{key}>");
                }
            }
        }
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &Response, transid: Option<&str>) -> String {
        String::from_utf8(response(of, transid)).unwrap()
    }

    #[test]
    fn plugin_documents_and_the_closing_one() {
        let node = Document::of("name", ["n1"]).with("data", ["sshd"]);
        let answer = Response {
            documents: vec![
                Document::of("info", ["n1: é <on>\n"]),
                Document::default(),
                Document::default().with_node("node", node),
            ],
            ..Response::default()
        };
        insta::assert_snapshot!(text(&answer, Some("42")), @r"
        <xcatresponse>
          <info>n1: ?? &lt;on&gt;
        </info>
        </xcatresponse>
        <xcatresponse></xcatresponse>
        <xcatresponse>
          <node>
            <data>sshd</data>
            <name>n1</name>
          </node>
        </xcatresponse>
        <xcatresponse>
          <serverdone></serverdone>
          <transid>42</transid>
        </xcatresponse>
        ");
    }

    #[test]
    fn an_error_of_the_daemon_is_one_document() {
        let answer = Response::single(Document::error(
            "Invalid nodes and/or groups in noderange: n9",
        ));
        insta::assert_snapshot!(text(&answer, None), @r"
        <xcatresponse>
          <error>Invalid nodes and/or groups in noderange: n9</error>
          <errorcode>1</errorcode>
          <serverdone></serverdone>
        </xcatresponse>
        ");
    }

    #[test]
    fn a_token_is_named_first() {
        let token = Document::of("expire", ["never"]).with("id", ["x"]);
        let data = Document::default().with_node("token", token);
        let answer = Response::last(Document::default().with_node("data", data));
        insta::assert_snapshot!(text(&answer, None), @r"
        <xcatresponse>
          <data>
            <token>
              <id>x</id>
              <expire>never</expire>
            </token>
          </data>
          <serverdone></serverdone>
        </xcatresponse>
        ");
    }
}
