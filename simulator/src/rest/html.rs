//! HTML tables of the answer; nothing is escaped, keys other than four are not shown (spec: rest-and-xcatd 2.6).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::wire::{self, Escapes, IllFormed};
use crate::mn::{Document, Element};

/// Encodes documents; `dump` when the data are rows of a table dump, which are cut at every comma.
pub(super) fn encode(
    documents: &[Document],
    dump: bool,
    escapes: Escapes,
) -> Result<String, IllFormed> {
    let mut out = String::new();
    for document in documents {
        if let Some(nodes) = document.0.get("node") {
            out.push_str("<table border=1>");
            for node in nodes {
                node_row(&mut out, node, escapes)?;
            }
            out.push_str("</table>");
        }
        table(&mut out, document, "data", |out, text| {
            data_row(out, text, dump);
        })?;
        table(&mut out, document, "info", info_row)?;
        table(&mut out, document, "error", |out, text| {
            let _ = write!(out, "<tr><td>{text}</td></tr>");
        })?;
    }
    Ok(out)
}

fn table(
    out: &mut String,
    document: &Document,
    key: &str,
    mut row: impl FnMut(&mut String, &str),
) -> Result<(), IllFormed> {
    let Some(elements) = document.0.get(key) else {
        return Ok(());
    };
    out.push_str("<table border=1>");
    for element in elements {
        match element.text() {
            Some(raw) => row(
                out,
                &wire::text(raw, false, Escapes::Nested)?.unwrap_or_default(),
            ),
            // RQ22: the address means nothing.
            None => row(out, "HASH(0x1f0c2a8)"),
        }
    }
    out.push_str("</table>");
    Ok(())
}

fn node_row(out: &mut String, node: &Element, escapes: Escapes) -> Result<(), IllFormed> {
    let Element::Node(node) = node else {
        // A plain text where an element is expected has no name to show.
        out.push_str("<tr><td></td></tr>");
        return Ok(());
    };
    let first = |d: &Document, key: &str| -> Result<Option<String>, IllFormed> {
        match d.texts(key).next() {
            Some(raw) => Ok(wire::text(raw, true, escapes)?.map(Cow::into_owned)),
            None => Ok(None),
        }
    };
    let _ = write!(
        out,
        "<tr><td>{}</td>",
        first(node, "name")?.unwrap_or_default()
    );
    match node.0.get("data").and_then(|d| d.first()) {
        Some(Element::Node(data)) => {
            for key in ["desc", "contents"] {
                if let Some(text) = first(data, key)? {
                    let _ = write!(out, "<td>{text}</td>");
                }
            }
        }
        Some(leaf) => {
            let raw = leaf.text().unwrap_or_default();
            let text = wire::text(raw, true, escapes)?.unwrap_or_default();
            let _ = write!(out, "<td>{text}</td>");
        }
        None => {
            if let Some(text) = first(node, "error")? {
                let _ = write!(out, "<td>{text}</td>");
            }
        }
    }
    out.push_str("</tr>");
    Ok(())
}

fn data_row(out: &mut String, text: &str, dump: bool) {
    out.push_str("<tr>");
    // An empty text has no parts.
    for part in text.splitn(2, ':').filter(|_| !text.is_empty()) {
        let cells = if dump { usize::MAX } else { 1 };
        for cell in part.splitn(cells, ',') {
            let _ = write!(out, "<td>{cell}</td>");
        }
    }
    out.push_str("</tr>\n");
}

fn info_row(out: &mut String, text: &str) {
    let text = text.trim();
    let (first, second) = if text.contains("Object") {
        let mut cells = text.split(':');
        (cells.next().unwrap_or_default(), cells.next())
    } else if let Some((key, value)) = text.split_once('=') {
        (key, Some(value))
    } else {
        (text, None)
    };
    let _ = write!(out, "<tr><td>{first}</td>");
    if let Some(second) = second.filter(|s| !s.is_empty()) {
        let _ = write!(out, "<td>{second}</td>");
    }
    out.push_str("</tr>\n");
}
