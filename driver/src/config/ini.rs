//! The file format of oslo.config, as far as `cinder.conf` uses it (spec: driver 1.1).
//!
//! `[section]` lines, `key = value` or `key: value`, whole-line remarks with `#` or `;`, continuation lines that begin with
//! white space. Keys in front of the first section belong to `[DEFAULT]`. A value keeps its trailing remark here; whether
//! white space followed by `#` cuts it is decided by the key, because a secret may contain that text.

use super::problem::{Level, Problem};

/// One `key = value` with the line on which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, trimmed.
    pub key: String,
    /// The value, trimmed, remark and all; continuation lines joined with line feeds.
    pub raw: String,
    /// Line of the key, counted from 1.
    pub line: usize,
}

impl Entry {
    /// The value without a trailing remark (white space followed by `#`).
    pub fn plain(&self) -> &str {
        cut_remark(&self.raw)
    }
}

/// A section with its keys in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The text between the brackets.
    pub name: String,
    /// Line of the bracket, 0 when the section is implied.
    pub line: usize,
    /// Its entries.
    pub entries: Vec<Entry>,
}

impl Section {
    /// The entry of a key; the last one counts when the file repeats it.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }
}

/// A file as sections; the first is `[DEFAULT]`, present or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IniFile {
    sections: Vec<Section>,
}

impl IniFile {
    /// Reads a text; lines that fit no rule come back as problems, the rest is used.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let mut sections = vec![Section {
            name: "DEFAULT".to_owned(),
            ..Section::default()
        }];
        let mut problems = Vec::new();
        let mut current = 0;
        let mut open_entry = false;
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let number = index + 1;
            let trimmed = line.trim();
            if trimmed.is_empty() {
                open_entry = false;
            } else if trimmed.starts_with(['#', ';']) {
            } else if line.starts_with([' ', '\t']) && open_entry {
                if let Some(entry) = sections[current].entries.last_mut() {
                    entry.raw.push('\n');
                    entry.raw.push_str(trimmed);
                }
            } else if trimmed.starts_with('[') {
                open_entry = false;
                match cut_remark(trimmed)
                    .strip_prefix('[')
                    .and_then(|rest| rest.trim_end().strip_suffix(']'))
                {
                    Some(name) if !name.trim().is_empty() => {
                        current = section_index(&mut sections, name.trim(), number);
                    }
                    _ => problems.push(malformed(
                        &sections[current].name,
                        number,
                        "a section needs a name in brackets: [name]",
                    )),
                }
            } else if let Some(split) = trimmed.find(['=', ':']).filter(|at| *at > 0) {
                let (key, value) = trimmed.split_at(split);
                let entry = Entry {
                    key: key.trim().to_owned(),
                    raw: value[1..].trim().to_owned(),
                    line: number,
                };
                sections[current].entries.push(entry);
                open_entry = true;
            } else {
                open_entry = false;
                problems.push(malformed(
                    &sections[current].name,
                    number,
                    "neither a section nor 'key = value'",
                ));
            }
        }
        (Self { sections }, problems)
    }

    /// The section of that exact name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// All sections in file order, `[DEFAULT]` first.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }
}

fn section_index(sections: &mut Vec<Section>, name: &str, line: usize) -> usize {
    if let Some(index) = sections.iter().position(|section| section.name == name) {
        return index;
    }
    sections.push(Section {
        name: name.to_owned(),
        line,
        entries: Vec::new(),
    });
    sections.len() - 1
}

fn malformed(section: &str, line: usize, message: &str) -> Problem {
    Problem {
        level: Level::Error,
        section: section.to_owned(),
        key: None,
        line: Some(line),
        message: message.to_owned(),
    }
}

/// Cuts a text at white space followed by `#`.
fn cut_remark(text: &str) -> &str {
    let mut before = None;
    for (at, character) in text.char_indices() {
        if character == '#' && (at == 0 || before.is_some_and(char::is_whitespace)) {
            return text[..at].trim_end();
        }
        before = Some(character);
    }
    text.trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_cut_only_after_white_space() {
        let (file, problems) = IniFile::parse("a = b  #c\nd=e#f\ng = #h\n");
        assert!(problems.is_empty());
        let values: Vec<_> = file.sections()[0]
            .entries
            .iter()
            .map(Entry::plain)
            .collect();
        assert_eq!(values, ["b", "e#f", ""]);
        assert_eq!(file.sections()[0].entries[0].raw, "b  #c");
    }

    #[test]
    fn continuation_lines_join_and_the_last_key_wins() {
        let (file, _) = IniFile::parse("[s]\na = 1,\n   2\nb : 3\na = 4\n");
        let section = file.section("s").unwrap();
        assert_eq!(section.entries[0].raw, "1,\n2");
        assert_eq!(section.get("a").unwrap().raw, "4");
        assert_eq!(section.get("b").unwrap().line, 4);
    }

    #[test]
    fn every_bad_line_is_named() {
        let (_, problems) = IniFile::parse("x\n[\n[]\n=3\nok=1\n");
        let lines: Vec<_> = problems.iter().filter_map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }
}
