//! An answer of the management node, and what can be read in it (spec: rest-and-xcatd 2).

use serde_json::Value;

/// Status, body, and the texts found in the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase, when the server sent one.
    pub reason: String,
    /// Content type.
    pub content_type: String,
    /// Body as text.
    pub body: String,
    /// Body as JSON, when it is.
    pub json: Option<Value>,
}

impl Answer {
    /// The elements of the top-level `data` list; `None` when the body does not have that shape.
    pub fn documents(&self) -> Option<&Vec<Value>> {
        self.json.as_ref()?.get("data")?.as_array()
    }

    /// Every line under `key`, in `data[]` and in `node` elements, split at newlines; empty lines left out.
    pub fn lines(&self, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        for document in self.documents().into_iter().flatten() {
            collect(document, key, &mut found);
        }
        found
            .iter()
            .flat_map(|t| t.split('\n'))
            .filter(|l| !l.trim().is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Lines of information.
    pub fn info(&self) -> Vec<String> {
        self.lines("info")
    }

    /// Lines of errors.
    pub fn errors(&self) -> Vec<String> {
        self.lines("error")
    }

    /// Lines that say that something went wrong, in whichever element the release puts them.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.errors();
        out.extend(self.info().into_iter().filter(|l| {
            let lower = l.to_ascii_lowercase();
            lower.contains("(error)") || lower.contains("failed")
        }));
        out
    }

    /// Whether any line of any kind contains the text.
    pub fn says(&self, text: &str) -> bool {
        self.body_text().contains(text)
    }

    /// Body for people: JSON strings unfolded to lines, anything else as it is, cut to 2,000 characters.
    pub fn summary(&self) -> String {
        let text = self.body_text();
        let cut: String = text.chars().take(2_000).collect();
        format!("status {}: {}", self.status, cut.trim())
    }

    fn body_text(&self) -> String {
        match &self.json {
            None => self.body.clone(),
            Some(json) => {
                let mut texts = Vec::new();
                strings(json, &mut texts);
                texts.join("\n")
            }
        }
    }
}

fn collect<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    if let Some(texts) = value.get(key) {
        strings_ref(texts, found);
    }
    for node in value
        .get("node")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        collect(node, key, found);
    }
}

fn strings_ref<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|i| strings_ref(i, found)),
        _ => {}
    }
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|i| strings(i, found)),
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "xcatdsource" && *key != "errorcode")
            .for_each(|(_, v)| strings(v, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 200,
            body: body.to_owned(),
            json: serde_json::from_str(body).ok(),
            ..Answer::default()
        }
    }

    #[test]
    fn reads_lists_nulls_and_node_elements() {
        let a = answer(
            r#"{"data":[{"info":["h: a\nh: b",null]},{"node":[{"name":["n"],"error":["n: unreachable"]}]},{"info":"one"}]}"#,
        );
        assert_eq!(a.info(), ["h: a", "h: b", "one"]);
        assert_eq!(a.errors(), ["n: unreachable"]);
        assert!(a.says("unreachable"));
    }

    #[test]
    fn complaints_are_found_in_information_too() {
        let a = answer(r#"{"data":[{"info":["h: Releasing FCP device... Failed"]}]}"#);
        assert_eq!(a.complaints().len(), 1);
        assert!(answer("<p>no</p>").documents().is_none());
    }
}
