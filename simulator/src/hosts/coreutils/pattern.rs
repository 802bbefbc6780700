//! A compiled expression of grep and sed. One that has no operators, as those that xCAT makes of pool rows, is
//! searched for as the text that it is: nothing to compile.

use std::ops::Range;

use ::regex::{Captures, Regex};

use crate::bytes::find_ignoring_case;

/// What is looked for in a line.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A text of ASCII characters.
    Text {
        /// The text.
        text: String,
        /// Whether case is ignored.
        ignore_case: bool,
    },
    /// An expression.
    Regex {
        /// Compiled.
        regex: Regex,
        /// As it was written, when it has nothing but ordinary characters, `.`, `^` and `$`.
        narrow: Option<String>,
    },
}

/// One match in a line: its place and, for an expression, its groups.
pub enum Match<'t> {
    /// Of a text.
    Text(Range<usize>, &'t str),
    /// Of an expression.
    Regex(Captures<'t>),
}

impl Match<'_> {
    /// Where it is.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Text(range, _) => range.clone(),
            Self::Regex(captures) => captures.get(0).map_or(0..0, |whole| whole.range()),
        }
    }

    /// A group; 0 is the whole match, one that took no part is empty.
    pub fn group(&self, number: usize) -> &str {
        match self {
            Self::Text(_, text) if number == 0 => text,
            Self::Text(..) => "",
            Self::Regex(captures) => captures.get(number).map_or("", |group| group.as_str()),
        }
    }
}

impl Pattern {
    /// A text, searched for as it is.
    pub fn text(text: &str, ignore_case: bool) -> Self {
        Self::Text {
            text: text.to_owned(),
            ignore_case,
        }
    }

    /// Whether it occurs in a line.
    pub fn is_match(&self, line: &str) -> bool {
        match self {
            Self::Text { .. } => self.find_text(line, 0).is_some(),
            Self::Regex { regex, .. } => regex.is_match(line),
        }
    }

    /// Its matches in a line, one behind the other.
    pub fn matches<'t>(&'t self, line: &'t str) -> Box<dyn Iterator<Item = Match<'t>> + 't> {
        match self {
            Self::Text { .. } => {
                let mut from = 0;
                Box::new(std::iter::from_fn(move || {
                    let range = self.find_text(line, from)?;
                    from = range.end.max(range.start + 1);
                    Some(Match::Text(range.clone(), &line[range]))
                }))
            }
            Self::Regex { regex, .. } => Box::new(regex.captures_iter(line).map(Match::Regex)),
        }
    }

    /// Groups, the whole match included.
    pub fn group_count(&self) -> usize {
        match self {
            Self::Text { .. } => 1,
            Self::Regex { regex, .. } => regex.captures_len(),
        }
    }

    /// A text that narrows the search in a pool: its long runs of digits are in every line that matches.
    pub fn narrow(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Regex { narrow, .. } => narrow.as_deref(),
        }
    }

    fn find_text(&self, line: &str, from: usize) -> Option<Range<usize>> {
        let Self::Text { text, ignore_case } = self else {
            return None;
        };
        let rest = line.get(from..)?;
        let start = if *ignore_case {
            find_ignoring_case(rest, text)
        } else {
            rest.find(text.as_str())
        }?;
        Some(from + start..from + start + text.len())
    }
}
