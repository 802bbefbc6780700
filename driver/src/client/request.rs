//! A request before the credentials are added: method, path, query pairs, body words (spec: driver 2.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// HTTP method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Put,
    /// Makes.
    Post,
    /// Removes.
    Delete,
}

impl Method {
    /// The status that means success: 201 for POST, 200 for the others (spec: driver 3.4).
    pub fn success(self) -> u16 {
        if self == Self::Post { 201 } else { 200 }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        })
    }
}

/// What is asked, without credentials. Its `Display` is what a log or a dry run may show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path below `/xcatws`, beginning with a slash; made of checked names only.
    pub path: String,
    /// Further query pairs, decoded.
    pub query: Vec<(String, String)>,
    /// Elements of the JSON array in the body.
    pub body: Option<Vec<String>>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
        }
    }

    /// Adds a query pair.
    #[must_use]
    pub fn pair(mut self, key: &str, value: impl Into<String>) -> Self {
        self.query.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a body element.
    #[must_use]
    pub fn word(mut self, word: impl Into<String>) -> Self {
        self.body.get_or_insert_default().push(word.into());
        self
    }

    /// What the MN would misread in the body, without its words; `None` when they arrive as meant. For `chvm` and
    /// `chhypervisor` the MN cuts each element at single blanks, with no way to quote one. Elsewhere an element is one
    /// argument, in which only the commands for a node may have white space (spec: driver 2.1.1, 3.2). A control character
    /// in any of them makes the MN's daemon drop the request (spec: rest-and-xcatd RQ31).
    pub(super) fn fault(&self) -> Option<String> {
        let is_cut = self.path.starts_with("/vms/") || self.path.starts_with("/hypervisor/");
        let is_command = self.path.ends_with("/dsh") || self.path.ends_with("/execcmdonvm");
        for element in self.body.iter().flatten() {
            let words: Vec<&str> = if is_cut {
                element.split(' ').collect()
            } else {
                vec![element.as_str()]
            };
            for (index, word) in words.iter().enumerate() {
                let is_control =
                    |c: char| c.is_control() && !(is_command && matches!(c, '\n' | '\t'));
                let what = if word.is_empty() {
                    "is empty"
                } else if word.contains(is_control) {
                    "holds a control character"
                } else if !is_command && word.contains(char::is_whitespace) {
                    "holds white space"
                } else {
                    continue;
                };
                // The option is the driver's own text; the operands may be anybody's.
                let option = words.first().filter(|word| word.starts_with("--"));
                let of = option.map_or_else(String::new, |option| format!(" of {option}"));
                return Some(format!(
                    "word {}{of} in the body {what}, and the management node would take it for something else",
                    index + 1
                ));
            }
        }
        None
    }

    /// The body as it goes out: a JSON array of strings.
    pub fn body_text(&self) -> Option<String> {
        let body = self.body.as_ref()?;
        Some(serde_json::Value::from(body.clone()).to_string())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for (index, (key, value)) in self.query.iter().enumerate() {
            write!(f, "{}{key}={value}", if index == 0 { '?' } else { '&' })?;
        }
        match self.body_text() {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters. The MN turns `+` into a blank and `%XX` into a byte,
/// after it has split the query at `&` (spec: driver 2.1.1, D42).
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d42_every_character_that_the_query_uses_is_encoded() {
        assert_eq!(
            encode("a&b%c+d#e=f g?é"),
            "a%26b%25c%2Bd%23e%3Df%20g%3F%C3%A9"
        );
        assert_eq!(encode("Az09-._~"), "Az09-._~");
    }

    #[test]
    fn a_body_that_would_be_read_as_other_words_is_found() {
        let fault = |path: &str, word: &str| Request::new(Method::Put, path).word(word).fault();
        for (path, word) in [
            ("/vms/lnx1", "--dedicatedevice 1faa 1faa 0"),
            ("/hypervisor/zvm1", "--releasezfcp p 5005076801102991 0"),
            ("/nodes/lnx1/dsh", "command=cat /etc/os-release\n\techo  x"),
            ("/nodes/lnx1/execcmdonvm", "ls  -l"),
            ("/nodes/lnx1/power", "on"),
            ("/images/import", "osimage=/var/lib/zvm/x.tar"),
        ] {
            assert_eq!(fault(path, word), None, "{word}");
        }
        for (path, word, what) in [
            ("/vms/lnx1", "", "word 1 in the body is empty"),
            (
                "/vms/lnx1",
                "--setipl ",
                "word 2 of --setipl in the body is empty",
            ),
            (
                "/hypervisor/zvm1",
                "--reservezfcp p reserved  auto",
                "word 4 of --reservezfcp in the body is empty",
            ),
            (
                "/vms/lnx1",
                "--createfilesysnode /dev/x\ty /dev/z",
                "holds a control character",
            ),
            (
                "/vms/lnx1",
                "--setipl 0\u{a0}1",
                "word 2 of --setipl in the body holds white space",
            ),
            ("/images/import", "osimage=/a b", "holds white space"),
            ("/images/import", "", "is empty"),
            (
                "/nodes/lnx1/dsh",
                "command=\u{1b}[0m",
                "holds a control character",
            ),
        ] {
            let fault = fault(path, word).unwrap();
            assert!(fault.contains(what), "{word}: {fault}");
        }
        assert_eq!(Request::new(Method::Get, "/vms/lnx1").fault(), None);
    }
}
