//! One request as a case states it, before credentials are added.

use std::fmt;

use serde::{Deserialize, Serialize};

/// HTTP methods that the front end knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Makes.
    Post,
    /// Changes.
    Put,
    /// Removes.
    Delete,
    /// Known to HTTP, not to the front end.
    Patch,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
        })
    }
}

/// Which credentials travel, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// The target's own, in the query.
    #[default]
    Query,
    /// The target's own, in headers.
    Headers,
    /// The target's own, in headers, and these query keys beside them.
    HeadersAnd(Vec<(&'static str, String)>),
    /// Exactly these query keys instead.
    Given(Vec<(&'static str, String)>),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path beneath the service's base, with its leading slash.
    pub path: String,
    /// Query keys in order, without credentials and format.
    pub query: Vec<(String, String)>,
    /// Answer format; `None` leaves the key out.
    pub format: Option<&'static str>,
    /// Body.
    pub body: Option<String>,
    /// Content type of the body.
    pub content_type: Option<&'static str>,
    /// Credentials.
    pub auth: Auth,
}

impl Request {
    /// A request without body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            format: Some("json"),
            body: None,
            content_type: None,
            auth: Auth::Query,
        }
    }

    /// A reading request.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// `PUT` of one argument line, as the OpenStack clients send it: a JSON array with one string, as plain text
    /// (spec: rest-and-xcatd 1.4).
    pub fn put(path: impl Into<String>, line: &str) -> Self {
        Self::new(Method::Put, path).with_args(&[line])
    }

    /// Sets the body to a JSON array of these strings.
    #[must_use]
    pub fn with_args(self, args: &[&str]) -> Self {
        let body = serde_json::Value::from(args.to_vec()).to_string();
        self.with_body(body, Some("text/plain"))
    }

    /// Sets the raw body.
    #[must_use]
    pub fn with_body(
        mut self,
        body: impl Into<String>,
        content_type: Option<&'static str>,
    ) -> Self {
        self.body = Some(body.into());
        self.content_type = content_type;
        self
    }

    /// Adds a query key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.query.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the format.
    #[must_use]
    pub fn with_format(mut self, format: Option<&'static str>) -> Self {
        self.format = format;
        self
    }

    /// Sets the credentials.
    #[must_use]
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// The words of the body when it is an array of strings, split as the front end splits them.
    pub fn words(&self) -> Vec<String> {
        let Some(body) = &self.body else {
            return Vec::new();
        };
        serde_json::from_str::<Vec<String>>(body)
            .unwrap_or_default()
            .iter()
            .flat_map(|line| line.split(' ').map(str::to_owned))
            .collect()
    }

    /// Path and query without credentials, for evidence.
    pub fn shown(&self) -> String {
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .map(|(k, v)| format!("{}={}", encode(k), encode(v)))
            .collect();
        if let Some(format) = self.format {
            pairs.push(format!("format={format}"));
        }
        match &self.auth {
            Auth::Query => pairs.push("userName=***&password=***".to_owned()),
            Auth::Headers => {}
            Auth::Given(keys) | Auth::HeadersAnd(keys) => {
                pairs.extend(keys.iter().map(|(k, _)| format!("{k}=***")));
            }
        }
        if pairs.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, pairs.join("&"))
        }
    }
}

/// Percent-encodes everything but unreserved characters, so that it means the same to both query parsers of the front
/// end (spec: rest-and-xcatd 1.3).
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text behind percent-encoding; what is none stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3);
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) if byte == b'%' => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_could_be_misread() {
        assert_eq!(encode("a b&c+d;é"), "a%20b%26c%2Bd%3B%C3%A9");
        assert_eq!(decode("a%20b%26c%2Bd%3B%C3%A9%zz%"), "a b&c+d;é%zz%");
    }

    #[test]
    fn evidence_holds_no_credentials() {
        let request = Request::get("/nodes").with("field", "--zfcppool");
        assert_eq!(
            request.shown(),
            "/nodes?field=--zfcppool&format=json&userName=***&password=***"
        );
        let given = Request::get("/nodes").with_auth(Auth::Given(vec![("password", "pw".into())]));
        assert!(!given.shown().contains("pw&"));
        assert!(given.shown().ends_with("password=***"));
    }

    #[test]
    fn words_as_the_front_end_splits_them() {
        let request = Request::put("/hypervisor/h", "--addzfcp2pool  p");
        assert_eq!(request.words(), ["--addzfcp2pool", "", "p"]);
    }
}
