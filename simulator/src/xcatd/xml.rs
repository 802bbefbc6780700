//! The little of XML that a request needs: elements with texts and elements in them. Attributes, comments and
//! processing instructions are passed over; what is not well-formed is refused.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting of elements; a deeper request is refused.
const DEEPEST: usize = 32;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// Its own text, in one piece.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Children of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The first child of that name.
    pub(super) fn first(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// Text of the first child of that name, unless it is empty or blank.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.first(name)
            .map(|c| c.text.as_str())
            .filter(|text| !text.trim().is_empty())
    }
}

/// Reads one document; `None` when it is not well-formed.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() == DEEPEST || (open.is_empty() && root.is_some()) {
                    return None;
                }
                open.push(named(start.name().as_ref()));
            }
            Event::Empty(start) => close(&mut open, &mut root, named(start.name().as_ref()))?,
            Event::End(_) => {
                let element = open.pop()?;
                close(&mut open, &mut root, element)?;
            }
            Event::Text(piece) => add(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => add(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().ok()? {
                    Some(c) => c,
                    None => named_character(&reference)?,
                };
                add(&mut open, c.encode_utf8(&mut [0; 4]))?;
            }
            Event::Eof => return root.filter(|_| open.is_empty()),
            _ => {}
        }
    }
}

fn named(name: &str) -> Element {
    Element {
        name: name.to_owned(),
        ..Element::default()
    }
}

fn close(open: &mut [Element], root: &mut Option<Element>, element: Element) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

/// Adds text to the innermost element. Outside the root only blanks may stand.
fn add(open: &mut [Element], text: &str) -> Option<()> {
    if !text.chars().all(is_character) {
        return None;
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// Whether XML knows the character (RQ31: of the control characters it knows three).
fn is_character(c: char) -> bool {
    c >= ' ' || matches!(c, '\t' | '\n' | '\r')
}

fn named_character(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn elements_texts_and_references() {
        let root = parse(
            "<?xml version='1.0'?>\n<r a='1'><arg>a &lt;&#98;&gt; &amp;c</arg><arg/><x><y> z </y></x><arg><![CDATA[<]]></arg></r>\n",
        )
        .unwrap();
        let args: Vec<&str> = root.all("arg").map(|a| a.text.as_str()).collect();
        assert_eq!(args, ["a <b> &c", "", "<"]);
        assert_eq!(root.first("x").unwrap().value("y"), Some(" z "));
    }

    #[test]
    fn rq31_what_is_not_well_formed_is_refused() {
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&nope;</a>",
            "<a>\u{1b}</a>",
            "<a>&#27;</a>",
            "<a></a>x",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
        assert!(parse(&"<a>".repeat(100_000)).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(text in ".{0,60}") {
            parse(&text);
        }

        #[test]
        fn any_tags_are_parsed_without_panic(text in "(<a>|</a>|<b/>|&lt;|&#0;|&|<!|--|]]>|<\\?|x|\"|=){0,20}") {
            parse(&text);
        }
    }
}
