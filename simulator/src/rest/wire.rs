//! What becomes of documents on their way over the daemon's XML to the client (spec: rest-and-xcatd 2.2 to 2.5).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::pieces::Pieces;
use crate::bytes::ByteSet;
use crate::mn::{Document, Element};

/// A document that the program cannot parse: a control character that XML does not know. The program dies.
#[derive(Debug)]
pub(super) struct IllFormed;

/// What becomes of ESC characters, which travel as a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// The placeholder is put back in direct children of a document only, and stays elsewhere (RQ10).
    Nested,
    /// It is put back everywhere.
    Restored,
}

impl Escapes {
    /// Whether the placeholder stays in a text of an element in an element.
    fn stay(self, nested: bool) -> bool {
        nested && self == Self::Nested
    }
}

/// A text after the round trip; `None` for an empty or blank one.
///
/// xcatd replaces everything outside 0x09..0x7F by `?`, byte by byte. ESC survives by a placeholder, which is put back
/// only in direct children of a document.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branch for a byte, so that a block is judged by vector instructions"
)]
pub(super) fn text(
    text: &str,
    nested: bool,
    escapes: Escapes,
) -> Result<Option<Cow<'_, str>>, IllFormed> {
    let placeholder = escapes.stay(nested);
    let passes = |b: u8| {
        (0x20..=0x7f).contains(&b) | (b == b'\t') | (b == b'\n') | ((b == 0x1b) & !placeholder)
    };
    // Nearly every text passes as it is, and some are as long as a pool: blocks are judged without a branch.
    let out = if text
        .as_bytes()
        .chunks(BLOCK)
        .all(|block| block.iter().fold(true, |all, b| all & passes(*b)))
    {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(changed(text, placeholder)?)
    };
    let blank = out.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n'));
    Ok((!blank).then_some(out))
}

fn changed(text: &str, placeholder: bool) -> Result<String, IllFormed> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                if bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                out.push('\n');
            }
            0x1b if placeholder => out.push_str("xxxxESCxxxx"),
            b'\t' | b'\n' | 0x1b | 0x20..=0x7f => out.push(char::from(byte)),
            0x0b..=0x1f => return Err(IllFormed),
            _ => out.push('?'),
        }
    }
    Ok(out)
}

/// What JSON writes for a newline.
const NEWLINE: &str = "\\n";

/// JSON behind a text: `{"data":[...]}`, no blanks, keys in alphabetical order.
pub(super) fn json(
    prefix: String,
    documents: &[Document],
    escapes: Escapes,
) -> Result<Pieces, IllFormed> {
    let mut out = Json {
        text: prefix,
        pieces: Pieces::default(),
    };
    out.text.push_str("{\"data\":[");
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.text.push(',');
        }
        json_document(&mut out, document, false, escapes)?;
    }
    out.text.push_str("]}");
    out.pieces.push_text(out.text);
    Ok(out.pieces)
}

/// JSON under way: finished pieces, and the text behind them.
struct Json {
    text: String,
    pieces: Pieces,
}

fn json_document(
    out: &mut Json,
    document: &Document,
    nested: bool,
    escapes: Escapes,
) -> Result<(), IllFormed> {
    out.text.push('{');
    for (index, (key, elements)) in document.0.iter().enumerate() {
        if index > 0 {
            out.text.push(',');
        }
        json_text(&mut out.text, key);
        out.text.push_str(":[");
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                out.text.push(',');
            }
            match element {
                Element::Node(node) if node.0.is_empty() => out.text.push_str("null"),
                Element::Node(node) => json_document(out, node, true, escapes)?,
                // Rows are plain: nothing of them changes but the ends of their lines.
                Element::Rows(rows) if let Some(rows) = rows.framed(NEWLINE) => {
                    out.text.push('"');
                    out.pieces.push_text(std::mem::take(&mut out.text));
                    out.pieces.push_rows(rows);
                    out.text.push('"');
                }
                Element::Text(text) if is_simple(text) => {
                    out.text.push('"');
                    out.text.push_str(text);
                    out.text.push('"');
                }
                leaf => match text(leaf.text().unwrap_or_default(), nested, escapes)? {
                    Some(text) => json_text(&mut out.text, &text),
                    None => out.text.push_str("null"),
                },
            }
        }
        out.text.push(']');
    }
    out.text.push('}');
    Ok(())
}

/// Whether a text is short and neither the way to the client nor JSON changes anything of it, as that of nearly every
/// answer.
fn is_simple(text: &str) -> bool {
    const UNCHANGED: ByteSet = ByteSet::printable_but(b"\"\\");
    text.len() <= SHORT && text.bytes().any(|b| b != b' ') && UNCHANGED.has_all(text)
}

/// Longest text that is looked at byte by byte.
const SHORT: usize = 256;
/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Where the first byte is that JSON escapes.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branch for a byte, so that a block is judged by vector instructions"
)]
fn next_escape(text: &str) -> Option<usize> {
    let is = |b: u8| (b < 0x20) | (b == b'"') | (b == b'\\') | (b == 0x7f);
    let at = text
        .as_bytes()
        .chunks(BLOCK)
        .position(|block| block.iter().fold(false, |any, b| any | is(*b)))?
        * BLOCK;
    let end = text.len().min(at + BLOCK);
    text.as_bytes()[at..end]
        .iter()
        .position(|b| is(*b))
        .map(|found| at + found)
}

fn json_text(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = next_escape(rest) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// XML: the children of each document at two blanks, without a root.
pub(super) fn xml(documents: &[Document], escapes: Escapes) -> Result<String, IllFormed> {
    let mut out = String::new();
    for document in documents {
        xml_document(&mut out, document, 1, escapes)?;
    }
    Ok(out)
}

fn xml_document(
    out: &mut String,
    document: &Document,
    depth: usize,
    escapes: Escapes,
) -> Result<(), IllFormed> {
    let indent = "  ".repeat(depth);
    for (key, elements) in document.0.iter() {
        for element in elements {
            match element {
                Element::Node(node) if node.0.is_empty() => {
                    let _ = writeln!(out, "{indent}<{key}></{key}>");
                }
                Element::Node(node) => {
                    let _ = writeln!(out, "{indent}<{key}>");
                    xml_document(out, node, depth + 1, escapes)?;
                    let _ = writeln!(out, "{indent}</{key}>");
                }
                leaf => {
                    let raw = leaf.text().unwrap_or_default();
                    let text = text(raw, depth > 1, escapes)?.unwrap_or_default();
                    let _ = writeln!(out, "{indent}<{key}>{}</{key}>", escape(&text));
                }
            }
        }
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn simple_texts_are_not_changed(sent in r#"[ -~\n"\\\x7fé]{0,12}"#, nested: bool) {
            if is_simple(&sent) {
                let travelled = text(&sent, nested, Escapes::Nested).unwrap();
                prop_assert_eq!(travelled.as_deref(), Some(&*sent));
                let mut out = String::new();
                json_text(&mut out, &sent);
                prop_assert_eq!(out, format!("\"{sent}\""));
            }
        }

        #[test]
        fn escapes_are_found_wherever_they_are(text in r#"[ -~\n"\\\x7fé]{0,100}"#) {
            let scan = text
                .bytes()
                .position(|b| b < 0x20 || matches!(b, b'"' | b'\\' | 0x7f));
            prop_assert_eq!(next_escape(&text), scan);
            let mut out = String::new();
            json_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn characters_of_the_wire() {
        assert_eq!(
            text("é\u{7}\r\n", false, Escapes::Nested).unwrap().unwrap(),
            "???\n"
        );
        assert_eq!(text(" \n", false, Escapes::Nested).unwrap(), None);
        assert!(text("a\u{c}b", false, Escapes::Nested).is_err());
    }

    #[test]
    fn escape_stays_visible_in_nested_entries_rq10() {
        let after = |nested, escapes| text("\u{1b}[0m", nested, escapes).unwrap().unwrap();
        assert_eq!(after(true, Escapes::Nested), "xxxxESCxxxx[0m");
        assert_eq!(after(false, Escapes::Nested), "\u{1b}[0m");
        assert_eq!(after(true, Escapes::Restored), "\u{1b}[0m");
    }

    #[test]
    fn shapes() {
        let node = Document::of("name", ["n1"]).with("data", ["sshd", ""]);
        let documents = [
            Document::of("info", ["n1: \"on\"\n"]),
            Document::default(),
            Document::default().with_node("node", node),
        ];
        let sent = json("!".to_owned(), &documents, Escapes::Nested).unwrap();
        assert_eq!(
            String::from_utf8(sent.into_bytes()).unwrap(),
            r#"!{"data":[{"info":["n1: \"on\"\n"]},{},{"node":[{"data":["sshd",null],"name":["n1"]}]}]}"#
        );
        assert_eq!(
            xml(&documents, Escapes::Nested).unwrap(),
            "  <info>n1: &quot;on&quot;\n</info>\n  <node>\n    <data>sshd</data>\n    <data></data>\n    <name>n1</name>\n  </node>\n"
        );
    }
}
