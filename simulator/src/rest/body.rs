//! The request body: what the CGI library makes of it, and the JSON array that most handlers want
//! (spec: rest-and-xcatd 1.4).

use serde_json::Value;

use super::reply::Stop;

/// A body as the handlers see it.
#[derive(Clone, Debug, Default)]
pub(super) enum RequestBody {
    /// Nothing that a handler can see as data.
    #[default]
    None,
    /// `PUTDATA` or `POSTDATA`, possibly empty.
    Data(String),
    /// Form parameters.
    Form(String),
    /// `PATCHDATA`, which no handler reads as data; the CGI library lists it among the parameters.
    Patch(String),
}

impl RequestBody {
    /// Sorts a body by method and content type.
    pub(super) fn new(method: &str, content_type: Option<&str>, body: &[u8]) -> Self {
        if !matches!(method, "PUT" | "POST" | "PATCH") {
            return Self::None;
        }
        let text = String::from_utf8_lossy(body).into_owned();
        let kind = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let is = |name: &str| kind.eq_ignore_ascii_case(name);
        match method {
            _ if is("") || is("application/x-www-form-urlencoded") => Self::Form(text),
            _ if is("multipart/form-data") => Self::None,
            "PATCH" => Self::Patch(text),
            _ => Self::Data(text),
        }
    }

    /// `PUTDATA` or `POSTDATA`, when defined.
    pub(super) fn data(&self) -> Option<&str> {
        match self {
            Self::Data(text) => Some(text),
            Self::None | Self::Form(_) | Self::Patch(_) => None,
        }
    }

    /// What the CGI library lists as the parameter `PUTDATA`, `POSTDATA` or `PATCHDATA`.
    pub(super) fn any_data(&self) -> Option<&str> {
        match self {
            Self::Data(text) | Self::Patch(text) => Some(text),
            Self::None | Self::Form(_) => None,
        }
    }

    /// The data when it is true for Perl.
    pub(super) fn true_data(&self) -> Option<&str> {
        self.data().filter(|d| super::query::is_true(d))
    }
}

/// The elements of a JSON array as texts; `None` for `null`.
pub(super) type Elements = Vec<Option<String>>;

/// Decodes a JSON array. Everything else kills the program, and so does any body when the decoder was never loaded.
pub(super) fn decode_array(loaded: bool, text: &str) -> Result<Elements, Stop> {
    if !loaded {
        return Err(Stop::Crash(
            "Undefined subroutine &JSON::decode_json called".to_owned(),
        ));
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => Ok(items.into_iter().map(element).collect()),
        Ok(_) => Err(Stop::Crash("Not an ARRAY reference".to_owned())),
        Err(error) => Err(Stop::Crash(format!("malformed JSON string: {error}"))),
    }
}

fn element(value: Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => "0".to_owned(),
        Value::Number(number) => number_text(&number),
        Value::String(text) => text,
        // Perl's text of a reference; the address means nothing.
        Value::Array(_) => "ARRAY(0x1f0c2a8)".to_owned(),
        Value::Object(_) => "HASH(0x1f0c2a8)".to_owned(),
    })
}

fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => {
            format!("{float:.0}")
        }
        _ => number.to_string(),
    }
}

/// Perl's `split(/ /, text)`: no quoting, inner empty fields stay, trailing ones vanish (RQ13).
pub(super) fn split_blanks(text: &str) -> Vec<String> {
    let mut fields: Vec<String> = text.split(' ').map(str::to_owned).collect();
    while fields.last().is_some_and(String::is_empty) {
        fields.pop();
    }
    fields
}

/// Every element split on single blanks; `null` contributes nothing.
pub(super) fn split_all(elements: &Elements) -> Vec<String> {
    elements
        .iter()
        .flatten()
        .flat_map(|e| split_blanks(e))
        .collect()
}

/// Every element as one argument; `null` is an empty one.
pub(super) fn unsplit(elements: Elements) -> Vec<String> {
    elements
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
}

/// `extractData`: each element cut at its first `=`, `1` without one; a repeated key keeps the last value. The order
/// is that of first appearance (the real one is a hash's).
pub(super) fn extract_data(elements: &Elements) -> indexmap::IndexMap<String, String> {
    elements
        .iter()
        .map(|e| {
            let text = e.as_deref().unwrap_or_default();
            let (key, value) = text.split_once('=').unwrap_or((text, "1"));
            (key.to_owned(), value.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn double_blanks_make_empty_arguments_rq13() {
        assert_eq!(
            split_blanks("--add3390 POOL1 0100 3338  MR"),
            ["--add3390", "POOL1", "0100", "3338", "", "MR"]
        );
        assert_eq!(split_blanks(" a  "), ["", "a"]);
        assert!(split_blanks("").is_empty());
    }

    #[test]
    fn numbers_and_booleans_are_texts() {
        let elements = decode_array(true, r#"[1, 2.5, 3.0, true, false, null, "x"]"#).unwrap();
        assert_eq!(unsplit(elements), ["1", "2.5", "3", "1", "0", "", "x"]);
    }

    #[test]
    fn without_json_format_the_decoder_is_missing_rq5() {
        assert!(matches!(decode_array(false, "[]"), Err(Stop::Crash(_))));
    }

    #[test]
    fn pairs_keep_the_last_value() {
        let map = extract_data(&vec![
            Some("command=a=b".to_owned()),
            Some("flag".to_owned()),
            Some("command=c".to_owned()),
        ]);
        assert_eq!(map["command"], "c");
        assert_eq!(map["flag"], "1");
    }
}
