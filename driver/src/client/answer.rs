//! An answer's body, read without trust (spec: driver 3.5).

use serde_json::Value;

/// Under which key a line stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// `info`, at the top or in a node.
    Info,
    /// `data`, at the top or in a node; a node's `contents` and `desc` too.
    Data,
    /// `error`, at the top or in a node.
    Error,
    /// What a remote command wrote to standard error, with a zero exit status.
    Stderr,
    /// `warning`.
    Warning,
    /// `sinfo`, `errorabort`, `xcatdsource`, `serverdone` and whatever else: kept for diagnosis.
    Other,
}

/// One text element of an answer; may hold several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Where it stood.
    pub kind: LineKind,
    /// The node under which it stood.
    pub node: Option<String>,
    /// Its text.
    pub text: String,
    /// The document that it stood in, by the number of elements before that one: equal within a document.
    pub document: usize,
}

/// An `errorcode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// As it stood there; `0` is no error.
    pub text: String,
    /// An `error` text stood in the same document, so that this text says what the code is for (spec: driver 3.6.1).
    pub has_text: bool,
}

/// A body in flat form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Every text, in order.
    pub elements: Vec<Element>,
    /// Every `errorcode`.
    pub error_codes: Vec<ErrorCode>,
}

impl Answer {
    /// Reads a body; `None` when it is not a JSON object with a `data` list. Invalid UTF-8 and control characters are replaced, not refused.
    pub fn parse(status: u16, body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let value: Value = serde_json::from_str(&text).ok().or_else(|| {
            // A raw control character passes the MN's encoder unharmed and is no JSON.
            let clean: String = text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            serde_json::from_str(&clean).ok()
        })?;
        let mut answer = Self {
            status,
            ..Self::default()
        };
        match value.get("data")? {
            Value::Array(documents) => {
                for document in documents {
                    answer.read(document, None);
                }
            }
            Value::Null => {}
            document => answer.read(document, None),
        }
        Some(answer)
    }

    fn read(&mut self, document: &Value, node: Option<&str>) {
        let start = self.elements.len();
        let Value::Object(map) = document else {
            self.push(LineKind::Other, node, start, document);
            return;
        };
        let codes = texts(map.get("errorcode"));
        // xdsh tells standard error apart by an explicit zero beside it.
        let harmless = !codes.is_empty()
            && codes.iter().all(|code| code == "0")
            && map.contains_key("NoErrorPrefix");
        for (key, value) in map {
            let kind = match key.as_str() {
                "errorcode" => continue,
                "node" => {
                    let nodes = match value {
                        Value::Array(nodes) => nodes.as_slice(),
                        single => std::slice::from_ref(single),
                    };
                    for inner in nodes {
                        let name = texts(inner.get("name")).into_iter().next();
                        self.read(inner, name.as_deref().or(node));
                    }
                    continue;
                }
                "info" => LineKind::Info,
                "data" | "contents" | "desc" => LineKind::Data,
                "error" if harmless => LineKind::Stderr,
                "error" => LineKind::Error,
                "warning" => LineKind::Warning,
                _ => LineKind::Other,
            };
            self.push(kind, node, start, value);
        }
        self.note_codes(codes, start);
    }

    /// Keeps the codes of a document whose elements begin at `start`.
    fn note_codes(&mut self, codes: Vec<String>, start: usize) {
        let has_text = self.elements[start..]
            .iter()
            .any(|element| element.kind == LineKind::Error && !element.text.trim().is_empty());
        let codes = codes.into_iter().map(|text| ErrorCode { text, has_text });
        self.error_codes.extend(codes);
    }

    fn push(&mut self, kind: LineKind, node: Option<&str>, document: usize, value: &Value) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.push(kind, node, document, item);
                }
            }
            Value::Object(map) => {
                let start = self.elements.len();
                let mut codes = Vec::new();
                for (key, inner) in map {
                    if key == "errorcode" {
                        codes.extend(texts(Some(inner)));
                    } else {
                        let kind = match key.as_str() {
                            "error" => LineKind::Error,
                            _ => kind,
                        };
                        self.push(kind, node, document, inner);
                    }
                }
                self.note_codes(codes, start);
            }
            Value::Null => {}
            Value::String(text) => self.elements.push(Element {
                kind,
                node: node.map(str::to_owned),
                text: text.clone(),
                document,
            }),
            Value::Bool(_) | Value::Number(_) => self.elements.push(Element {
                kind,
                node: node.map(str::to_owned),
                text: value.to_string(),
                document,
            }),
        }
    }

    /// The lines of one kind, split at newlines, blank ones left out.
    pub fn lines(&self, kind: LineKind) -> impl Iterator<Item = &str> {
        self.elements
            .iter()
            .filter(move |element| element.kind == kind)
            .flat_map(|element| element.text.split('\n'))
            .map(|line| line.trim_end_matches('\r'))
            .filter(|line| !line.trim().is_empty())
    }

    /// The lines that carry news: information, data, and node data.
    pub fn output(&self) -> impl Iterator<Item = &str> {
        self.elements
            .iter()
            .filter(|e| matches!(e.kind, LineKind::Info | LineKind::Data))
            .flat_map(|element| element.text.split('\n'))
            .map(|line| line.trim_end_matches('\r'))
            .filter(|line| !line.trim().is_empty())
    }

    /// The same without the `{node}: ` in front, which must be exactly that node's name (spec: driver 2.2.2).
    pub fn output_of<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a str> {
        self.output().map(move |line| strip_node(line, node))
    }

    /// Takes out the lines of data that consist of a text, with or without a node's name in front.
    pub(super) fn drop_lines(&mut self, text: &str) {
        let is_it = |line: &str| {
            let line = line.trim_end();
            line == text
                || line
                    .strip_suffix(text)
                    .is_some_and(|front| front.ends_with(": "))
        };
        for element in &mut self.elements {
            if element.kind == LineKind::Data && element.text.contains(text) {
                let kept: Vec<&str> = element
                    .text
                    .split('\n')
                    .filter(|line| !is_it(line))
                    .collect();
                element.text = kept.join("\n");
            }
        }
    }

    /// Whether some line holds the text.
    pub fn says(&self, text: &str) -> bool {
        self.elements
            .iter()
            .any(|element| element.text.contains(text))
    }

    /// The body for people, at most 600 characters.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for element in &self.elements {
            if element.kind != LineKind::Other {
                if !text.is_empty() {
                    text.push_str(" | ");
                }
                text.push_str(element.text.trim());
            }
        }
        text.chars().take(600).collect()
    }
}

/// A line without `{node}: ` in front.
pub fn strip_node<'a>(line: &'a str, node: &str) -> &'a str {
    line.strip_prefix(node)
        .and_then(|rest| rest.strip_prefix(':'))
        .map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().flat_map(|item| texts(Some(item))).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pro_16_odd_shapes_are_read_and_none_of_them_panics() {
        let body = br#"{"data":[null,{},"x",3,{"info":"one"},{"info":[null,"a\nb",7,["c"]]},
            {"node":{"name":"n","data":[{"desc":["d"],"contents":["e"]}],"error":"bad","errorcode":1}},{"sinfo":["s"]}]}"#;
        let answer = Answer::parse(200, body).unwrap();
        let info: Vec<_> = answer.lines(LineKind::Info).collect();
        assert_eq!(info, ["one", "a", "b", "7", "c"]);
        assert_eq!(answer.lines(LineKind::Data).collect::<Vec<_>>(), ["d", "e"]);
        assert_eq!(answer.lines(LineKind::Error).collect::<Vec<_>>(), ["bad"]);
        let codes: Vec<_> = answer.error_codes.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(codes, ["1"]);
        assert!(answer.error_codes[0].has_text);
        for body in [
            &b"<p>no</p>"[..],
            b"",
            b"[]",
            b"{\"data\"",
            b"\xff\xfe",
            b"{\"data\":{}}",
        ] {
            let _ = Answer::parse(200, body);
        }
        assert!(Answer::parse(200, b"{\"data\":[{\"info\":[\"a\x1bb\xff\"]}]}").is_some());
    }

    #[test]
    fn a_code_knows_whether_a_text_stood_in_its_document() {
        let body = br#"{"data":[{"error":["x"],"errorcode":["1"]},{"errorcode":["2"]},
            {"node":[{"name":["a"],"error":["y"],"errorcode":["3"]},{"name":["b"],"errorcode":["4"]}]},
            {"error":[" "],"errorcode":["5"]},{"data":[{"error":["z"],"errorcode":["6"]}]}]}"#;
        let answer = Answer::parse(200, body).unwrap();
        let codes: Vec<(&str, bool)> = answer
            .error_codes
            .iter()
            .map(|code| (code.text.as_str(), code.has_text))
            .collect();
        assert_eq!(
            codes,
            [
                ("1", true),
                ("2", false),
                ("3", true),
                ("4", false),
                ("5", false),
                ("6", true)
            ]
        );
    }

    #[test]
    fn only_the_exact_node_name_is_stripped() {
        assert_eq!(strip_node("zvm1: free,1", "zvm1"), "free,1");
        assert_eq!(strip_node("zvm10: free,1", "zvm1"), "zvm10: free,1");
        assert_eq!(strip_node("zvm1:", "zvm1"), "");
    }
}
