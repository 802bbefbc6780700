//! Secrets out of every text that leaves the client (spec: driver 3.9, I23).

use super::request::encode;
use crate::secret::Secret;

/// What a secret is replaced by.
const MASK: &str = "******";

/// The name of a field whose value is secret, in any case; names that end in it are meant as well.
const FIELD: &str = "password";

/// Masks by field first; that has to be complete by itself, because a password may equal the user's name, as in the
/// seed's sample. The literal secret is a second net, used only when it cannot ruin ordinary words.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    literals: Vec<Secret>,
}

impl Redactor {
    /// A redactor for one account.
    pub fn new(user: &str, password: &Secret) -> Self {
        let raw = password.expose();
        let mut literals = Vec::new();
        if raw.len() >= 8 && raw != user {
            literals.push(Secret::new(encode(raw)));
            literals.push(password.clone());
        }
        Self { literals }
    }

    /// The text without secrets.
    pub fn mask(&self, text: &str) -> String {
        let mut out = mask_fields(text);
        for literal in &self.literals {
            out = out.replace(literal.expose(), MASK);
        }
        out
    }
}

/// Replaces the value of every field of that name: `name=value` in a query or as a word of a body, and `"name": value` in
/// JSON, where the value may be a string or a list. A value without an end, as in a text that was cut, goes to the end.
fn mask_fields(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(FIELD) {
        let name = from + found + FIELD.len();
        let rest = &text[name..];
        let (value, end) = if let Some(colon) = json_colon(rest) {
            let value = name + colon;
            (
                value,
                mask_json(&text[value..], &text[from..value], &mut out),
            )
        } else if let Some(equals) = equals_sign(rest) {
            let value = name + equals;
            let word = Quote::before(&text[..from + found]);
            out.push_str(&text[from..value]);
            (value, mask_word(&text[value..], word, &mut out))
        } else {
            out.push_str(&text[from..name]);
            (name, 0)
        };
        from = value + end;
    }
    out.push_str(&text[from..]);
    out
}

/// A quotation mark, with the backslashes that stand before it in a text that is itself quoted.
#[derive(Clone, Copy)]
struct Quote {
    mark: char,
    depth: usize,
}

impl Quote {
    /// The mark with which a text begins, and its length.
    fn at_start(text: &str) -> Option<(Self, usize)> {
        let bare = text.trim_start_matches('\\');
        let depth = text.len() - bare.len();
        let mark = bare.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some((Self { mark, depth }, depth + 1))
    }

    /// The mark with which a text ends.
    fn before(text: &str) -> Option<Self> {
        let mark = text
            .chars()
            .next_back()
            .filter(|c| matches!(c, '"' | '\''))?;
        let front = &text[..text.len() - 1];
        let depth = front.len() - front.trim_end_matches('\\').len();
        Some(Self { mark, depth })
    }

    /// Where a text within these marks ends: before the closing one, or at its own end.
    fn close(self, text: &str) -> usize {
        let mut backslashes = 0;
        for (at, c) in text.char_indices() {
            if c == '\\' {
                backslashes += 1;
                continue;
            }
            // In a quoted text each backslash stands for half of one, after that of the mark itself.
            let is_escaped = if self.depth == 0 {
                backslashes % 2 == 1
            } else {
                backslashes > self.depth && (backslashes - 1) / 2 % 2 == 1
            };
            if c == self.mark && !is_escaped {
                return at - backslashes.min(self.depth);
            }
            backslashes = 0;
        }
        text.len()
    }
}

/// Length of what stands between a name in quotation marks and its value in JSON.
fn json_colon(rest: &str) -> Option<usize> {
    let (_, mark) = Quote::at_start(rest)?;
    let after = rest[mark..].trim_start().strip_prefix(':')?.trim_start();
    Some(rest.len() - after.len())
}

/// Length of an equals sign; blanks may stand around it when one stands before it, as in a file of settings.
fn equals_sign(rest: &str) -> Option<usize> {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let sign = rest.trim_start_matches(is_blank);
    let after = sign.strip_prefix('=')?;
    let after = if sign.len() < rest.len() {
        after.trim_start_matches(is_blank)
    } else {
        after
    };
    Some(rest.len() - after.len())
}

/// Masks a value of JSON: every string and number in it, be it a list or not. Gives its length.
fn mask_json(value: &str, front: &str, out: &mut String) -> usize {
    out.push_str(front);
    let (mut at, mut open) = (0, 0_usize);
    while let Some(c) = value[at..].chars().next() {
        let rest = &value[at..];
        if let Some((quote, mark)) = Quote::at_start(rest) {
            let length = quote.close(&rest[mark..]);
            out.push_str(&rest[..mark]);
            if length > 0 {
                out.push_str(MASK);
            }
            at += mark + length;
            if value[at..].starts_with(&rest[..mark]) {
                out.push_str(&rest[..mark]);
                at += mark;
            }
        } else if matches!(c, '[' | '{') {
            open += 1;
            at += 1;
            out.push(c);
        } else if matches!(c, ']' | '}') {
            if open == 0 {
                break;
            }
            open -= 1;
            at += 1;
            out.push(c);
        } else if c.is_whitespace() || matches!(c, ',' | ':') {
            if open == 0 {
                break;
            }
            at += c.len_utf8();
            out.push(c);
            continue;
        } else {
            let is_end = |c: char| c.is_whitespace() || ",:[]{}\"'".contains(c);
            at += rest.find(is_end).unwrap_or(rest.len());
            out.push_str(MASK);
        }
        if open == 0 {
            break;
        }
    }
    at
}

/// Masks a value after an equals sign. It ends with the word's own marks when the field is a word in quotation marks, with
/// its own when it has some, and else where a value of a query does. Gives its length.
fn mask_word(value: &str, word: Option<Quote>, out: &mut String) -> usize {
    let (start, length) = if let Some(quote) = word {
        (0, quote.close(value))
    } else if let Some((quote, mark)) = Quote::at_start(value) {
        (mark, quote.close(&value[mark..]))
    } else {
        let end = value
            .find(|c: char| c.is_whitespace() || "&\"<>".contains(c))
            .unwrap_or(value.len());
        // The backslashes of a mark that is not the value's own.
        let is_mark = value[end..].starts_with('"');
        let kept = value[..end].trim_end_matches('\\').len();
        (0, if is_mark { kept } else { end })
    };
    out.push_str(&value[..start]);
    if length > 0 {
        out.push_str(MASK);
    }
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_equal_to_the_user_is_masked_by_field_only() {
        let redactor = Redactor::new("root", &Secret::new("root"));
        assert_eq!(
            redactor.mask("root said /x?userName=root&Password=root&format=json"),
            "root said /x?userName=root&Password=******&format=json"
        );
    }

    #[test]
    fn a_long_password_is_masked_in_both_spellings() {
        let redactor = Redactor::new("cinder", &Secret::new("s3cr&t pass"));
        assert_eq!(
            redactor.mask("it was 's3cr&t pass' or s3cr%26t%20pass"),
            "it was '******' or ******"
        );
        assert_eq!(redactor.mask("é password=\"\" ü"), "é password=\"\" ü");
    }

    /// What a redactor without a literal makes of a text.
    fn masked(text: &str) -> String {
        Redactor::default().mask(text)
    }

    #[test]
    fn a_field_of_json_is_masked_however_it_is_written() {
        for (text, expected) in [
            (r#"{"password":"a,b'c"}"#, r#"{"password":"******"}"#),
            (
                r#"{"Password" : "a\"b\\", "x":1}"#,
                r#"{"Password" : "******", "x":1}"#,
            ),
            (
                r#"{"password":["x","y z"],"n":["lnx1"]}"#,
                r#"{"password":["******","******"],"n":["lnx1"]}"#,
            ),
            (
                r#"{"password": [ "x" ] , "n": 1}"#,
                r#"{"password": [ "******" ] , "n": 1}"#,
            ),
            (r#"{"password":12,"n":1}"#, r#"{"password":******,"n":1}"#),
            (
                r#"{"password":{"contents":["x"]},"n":1}"#,
                r#"{"password":{"******":["******"]},"n":1}"#,
            ),
            (r#"{"password":"","n":""}"#, r#"{"password":"","n":""}"#),
            (r#"{"password":[],"n":"a"}"#, r#"{"password":[],"n":"a"}"#),
            (
                r"{'password': 'x', 'n': 1}",
                r"{'password': '******', 'n': 1}",
            ),
            (
                r#"["{\"password\":\"a\\\"b\",\"n\":1}"]"#,
                r#"["{\"password\":\"******\",\"n\":1}"]"#,
            ),
            // Cut in the middle.
            (r#"{"password":"abc de"#, r#"{"password":"******"#),
            (r#"{"password":["abc"#, r#"{"password":["******"#),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn a_field_of_a_query_or_a_word_is_masked_to_its_end() {
        for (text, expected) in [
            (
                "GET /x?userName=u&password=a,b'c;d&format=json",
                "GET /x?userName=u&password=******&format=json",
            ),
            ("password=x", "password=******"),
            ("see password=x y", "see password=****** y"),
            (
                r#"{"error":["at \"/x?password=x\" it"]}"#,
                r#"{"error":["at \"/x?password=******\" it"]}"#,
            ),
            (
                r#"["profile=p","password=a b&c\"d","cpu=2"]"#,
                r#"["profile=p","password=******","cpu=2"]"#,
            ),
            (
                "zvm_xcat_password = x\nnext = 1",
                "zvm_xcat_password = ******\nnext = 1",
            ),
            ("password='a b' c", "password='******' c"),
            ("password=&format=json", "password=&format=json"),
            ("the password is wrong", "the password is wrong"),
            ("password", "password"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_makes_the_redactor_panic() {
        for text in [
            "password\":",
            "password\\\\\\",
            "password=\\",
            "\\\"password=é\\",
            "password\": é",
            "'password=",
            "password\":[é,\\\"",
            "password\\\": \\\"é\\",
            "\"password\":\"é",
        ] {
            let _ = masked(text);
        }
    }
}
