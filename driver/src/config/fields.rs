//! Typed access to one section, with everything wrong collected on the way.

use std::fmt::Display;
use std::str::FromStr;

use super::ini::{Entry, Section};
use super::problem::{Level, Problem};
use crate::secret::Secret;

/// Reads keys of a back end through a chain of sections: its own, then those that supply defaults.
pub(super) struct Fields<'a> {
    chain: Vec<&'a Section>,
    pub(super) problems: Vec<Problem>,
    /// Counts instead of what the file says.
    pub(super) password: Option<Secret>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(chain: Vec<&'a Section>) -> Self {
        Self {
            chain,
            problems: Vec::new(),
            password: None,
        }
    }

    /// The section that speaks first.
    pub(super) fn section(&self) -> &'a str {
        self.chain
            .first()
            .map_or("DEFAULT", |section| section.name.as_str())
    }

    fn find(&self, key: &str) -> Option<(&'a str, &'a Entry)> {
        self.chain
            .iter()
            .find_map(|section| section.get(key).map(|entry| (section.name.as_str(), entry)))
    }

    /// Records a problem with a key.
    pub(super) fn report(&mut self, level: Level, key: &str, message: impl Display) {
        let found = self.find(key);
        self.problems.push(Problem {
            level,
            section: found
                .map_or(self.section(), |(section, _)| section)
                .to_owned(),
            key: Some(key.to_owned()),
            line: found.map(|(_, entry)| entry.line),
            message: message.to_string(),
        });
    }

    /// The text of a key, without its remark; unset and empty are the same.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.find(key)
            .map(|(_, entry)| entry.plain())
            .filter(|text| !text.is_empty())
    }

    /// A parsed value; a text that does not parse is reported and counts as unset.
    pub(super) fn parsed<T>(&mut self, key: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match self.text(key)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(Level::Error, key, error);
                None
            }
        }
    }

    /// A value by a parser of the caller's.
    pub(super) fn with<T, E: Display>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(key)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(Level::Error, key, error);
                None
            }
        }
    }

    /// A key that must be there.
    pub(super) fn required<T, E: Display>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.text(key).is_none() {
            self.report(Level::Error, key, "is required");
            return None;
        }
        self.with(key, parse)
    }

    /// A number of seconds, at least 1.
    pub(super) fn seconds(&mut self, key: &str, default: u64) -> std::time::Duration {
        let seconds = self.with(key, |text| match text.parse::<u64>() {
            Ok(seconds) if seconds > 0 => Ok(seconds),
            _ => Err(format!("'{text}' is not a number of seconds above 0")),
        });
        std::time::Duration::from_secs(seconds.unwrap_or(default))
    }

    /// An oslo boolean.
    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        self.with(key, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(format!("'{text}' is not true or false")),
        })
    }

    /// A secret: trimmed, but never cut at a remark, and never quoted in a message.
    pub(super) fn secret(&mut self, key: &str) -> Option<Secret> {
        let given = self.password.clone();
        let raw = match &given {
            Some(password) => password.expose(),
            None => self
                .find(key)
                .map(|(_, entry)| entry.raw.as_str())
                .unwrap_or_default(),
        };
        let problem = if raw.is_empty() {
            "is required"
        } else if raw == "0" {
            "the management node takes the text 0 for no password at all: choose another"
        } else if raw.bytes().all(|byte| byte == b'*') {
            "holds a placeholder, not a password"
        } else if raw.chars().any(char::is_control) {
            "holds a control character"
        } else {
            return Some(Secret::new(raw));
        };
        self.report(Level::Error, key, problem);
        None
    }
}
