//! Reading single statements of the user directory (spec: zhcp-and-smapi 7.2). Statements stay text; this only looks.

use crate::world::DeviceNumber;

/// A directory statement as its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    words: Vec<&'a str>,
}

impl<'a> Statement<'a> {
    /// The words of a record; `None` for a comment and for an empty record.
    pub fn parse(text: &'a str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let first = words.first()?;
        (!first.starts_with('*')).then_some(Self { words })
    }

    /// The keyword, as written.
    pub fn keyword(&self) -> &'a str {
        self.words[0]
    }

    /// Whether this is a statement of that keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword().eq_ignore_ascii_case(keyword)
    }

    /// A word after the keyword; 1 is the first.
    pub fn word(&self, index: usize) -> Option<&'a str> {
        self.words.get(index).copied()
    }

    /// The words after the keyword.
    pub fn operands(&self) -> &[&'a str] {
        &self.words[1..]
    }

    /// The word behind an operand keyword such as `TYPE` or `MACID`.
    pub fn value(&self, operand: &str) -> Option<&'a str> {
        let at = self
            .words
            .iter()
            .position(|w| w.eq_ignore_ascii_case(operand))?;
        self.word(at + 1)
    }

    /// Whether an operand is there.
    pub fn has(&self, operand: &str) -> bool {
        self.words[1..]
            .iter()
            .any(|w| w.eq_ignore_ascii_case(operand))
    }

    /// The virtual device that the statement defines, if it is a device statement. `LINK` without a local address takes
    /// the owner's.
    pub fn device(&self) -> Option<DeviceNumber> {
        let at = match self.keyword().to_ascii_uppercase().as_str() {
            "CONSOLE" | "SPOOL" | "DEDICATE" | "NICDEF" | "MDISK" | "SPECIAL" | "MINIDISK"
            | "AMDISK" => 1,
            "LINK" if self.words.len() > 3 => 3,
            "LINK" => 2,
            _ => return None,
        };
        DeviceNumber::parse(self.word(at)?).ok()
    }
}

/// The virtual device that a record defines.
pub fn device_of(text: &str) -> Option<DeviceNumber> {
    Statement::parse(text)?.device()
}
