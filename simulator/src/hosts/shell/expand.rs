//! From words of the tree to the words a program gets: variables, command substitutions, splitting, file names.

use futures_util::future::BoxFuture;

use super::ast::{Piece, Variable, Word};
use super::interpreter::Interpreter;
use super::pattern::Pattern;
use crate::world::fs::absolute;

/// A word under construction: its text, and the same text as a pattern in which protected characters are escaped.
#[derive(Default)]
struct Field {
    text: String,
    pattern: String,
    is_pattern: bool,
    /// Whether anything (even empty quotes) makes it a word.
    present: bool,
}

impl Field {
    fn bare(&mut self, text: &str) {
        self.text.push_str(text);
        self.pattern.push_str(text);
        self.is_pattern |= text.contains(['*', '?', '[']);
        self.present |= !text.is_empty();
    }

    fn quoted(&mut self, text: &str) {
        self.text.push_str(text);
        for c in text.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
                self.pattern.push('\\');
            }
            self.pattern.push(c);
        }
        self.present = true;
    }
}

impl Interpreter<'_> {
    /// Expands words for a program.
    pub(super) fn words<'b>(&'b mut self, words: &'b [Word]) -> BoxFuture<'b, Vec<String>> {
        Box::pin(async move {
            let mut out = Vec::new();
            for word in words {
                for field in self.fields(word).await {
                    if field.is_pattern {
                        let found = self.glob(&field.pattern);
                        if !found.is_empty() {
                            out.extend(found);
                            continue;
                        }
                    }
                    out.push(field.text);
                }
            }
            out
        })
    }

    /// Expands a word to one text: assignments and redirections are not split.
    pub(super) fn text<'b>(&'b mut self, word: &'b Word) -> BoxFuture<'b, String> {
        Box::pin(async move {
            let mut out = String::new();
            for (index, piece) in word.0.iter().enumerate() {
                match piece {
                    Piece::Bare(text) if index == 0 && text.starts_with('~') => {
                        out.push_str(&self.tilde(text));
                    }
                    Piece::Bare(text) | Piece::Quoted(text) => out.push_str(text),
                    Piece::Variable(variable, _) => out.push_str(&self.value(variable)),
                    Piece::Command(list, _) => out.push_str(&self.substitute(list).await),
                }
            }
            out
        })
    }

    async fn fields(&mut self, word: &Word) -> Vec<Field> {
        let mut done = Vec::new();
        let mut field = Field::default();
        for (index, piece) in word.0.iter().enumerate() {
            let (text, quoted) = match piece {
                Piece::Bare(text) if index == 0 && text.starts_with('~') => {
                    let text = self.tilde(text);
                    field.bare(&text);
                    continue;
                }
                Piece::Bare(text) => {
                    field.bare(text);
                    continue;
                }
                Piece::Quoted(text) => {
                    field.quoted(text);
                    continue;
                }
                Piece::Variable(variable, quoted) => (self.value(variable), *quoted),
                Piece::Command(list, quoted) => (self.substitute(list).await, *quoted),
            };
            if quoted {
                field.quoted(&text);
                continue;
            }
            let blank = [' ', '\t', '\n'];
            if text.starts_with(blank) && field.present {
                done.push(std::mem::take(&mut field));
            }
            for (number, part) in text.split(blank).filter(|p| !p.is_empty()).enumerate() {
                if number > 0 {
                    done.push(std::mem::take(&mut field));
                }
                field.bare(part);
            }
            if text.ends_with(blank) && field.present {
                done.push(std::mem::take(&mut field));
            }
        }
        if field.present {
            done.push(field);
        }
        done
    }

    fn tilde(&self, text: &str) -> String {
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let home = self.shell.variables.get("HOME").map_or("", String::as_str);
                format!("{home}{rest}")
            }
            _ => text.to_owned(),
        }
    }

    fn value(&self, variable: &Variable) -> String {
        let value = match variable.name.as_str() {
            "?" => Some(self.shell.status.to_string()),
            "$" => Some("4711".to_owned()),
            "#" => Some("0".to_owned()),
            "0" => Some(self.shell.name.clone()),
            name => self.shell.variables.get(name).cloned(),
        };
        match (value, &variable.default) {
            (Some(value), _) if !value.is_empty() => value,
            (_, Some(default)) => default.clone(),
            (value, None) => value.unwrap_or_default(),
        }
    }

    /// Names that match a pattern, in byte order; empty when there is none.
    fn glob(&mut self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        if pattern.starts_with('/') {
            found = vec!["/".to_owned()];
        }
        let parts: Vec<&str> = pattern.split('/').filter(|p| !p.is_empty()).collect();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let plain = !part.contains(['*', '?', '[']);
            let matcher = Pattern::new(part);
            let literal = part.replace('\\', "");
            let mut next = Vec::new();
            for base in &found {
                let directory = absolute(&self.shell.directory, base);
                if plain {
                    let path = join(base, &literal);
                    if self.machine.exists(&absolute(&self.shell.directory, &path)) {
                        next.push(path);
                    }
                    continue;
                }
                for name in self.machine.list(&directory) {
                    if (name.starts_with('.') && !matcher.wants_hidden()) || !matcher.matches(&name)
                    {
                        continue;
                    }
                    let path = join(base, &name);
                    if last
                        || self
                            .machine
                            .is_directory(&absolute(&self.shell.directory, &path))
                    {
                        next.push(path);
                    }
                }
            }
            found = next;
        }
        found.sort();
        found
    }
}

fn join(base: &str, name: &str) -> String {
    if base.is_empty() || base.ends_with('/') {
        format!("{base}{name}")
    } else {
        format!("{base}/{name}")
    }
}
