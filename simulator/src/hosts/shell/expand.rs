//! From words of the tree to the words a program gets: variables, substitutions, splitting, file names.

use futures_util::future::BoxFuture;

use super::arithmetic;
use super::ast::{Operation, Piece, Variable, Word};
use super::interpreter::{Interpreter, Stop};
use super::parameter;
use super::pattern::Pattern;
use crate::bytes::ByteSet;
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
        escape(&mut self.pattern, text);
        self.present = true;
    }
}

/// Appends a text to a pattern in which it stands for itself.
fn escape(pattern: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
}

/// Words in which there is nothing to expand, as a program gets them; `None` when there is something.
pub(super) fn plain(words: &[Word]) -> Option<Vec<String>> {
    words.iter().map(plain_word).collect()
}

fn plain_word(word: &Word) -> Option<String> {
    const EXPANDED: ByteSet = ByteSet::of(b"*?[{~");
    let is_plain = |text: &str| !text.is_empty() && !EXPANDED.is_in(text);
    let length = |piece: &Piece| match piece {
        Piece::Bare(text) if is_plain(text) => Some(text.len()),
        Piece::Quoted(text) => Some(text.len()),
        _ => None,
    };
    let length = word.0.iter().map(length).sum::<Option<usize>>()?;
    let mut out = String::with_capacity(length);
    for piece in &word.0 {
        if let Piece::Bare(text) | Piece::Quoted(text) = piece {
            out.push_str(text);
        }
    }
    (!word.0.is_empty()).then_some(out)
}

impl Interpreter<'_> {
    /// Expands words for a program.
    pub(super) fn words<'b>(&'b mut self, words: &'b [Word]) -> BoxFuture<'b, Vec<String>> {
        Box::pin(async move {
            let mut out = Vec::new();
            for word in words {
                for word in braces(word) {
                    for field in self.fields(&word).await {
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
                    Piece::Variable(variable, _) => out.push_str(&self.value(variable).await),
                    Piece::Command(list, _) => out.push_str(&self.substitute(list).await),
                    Piece::Arithmetic(word, _) => out.push_str(&self.computed(word).await),
                }
            }
            out
        })
    }

    /// Expands a word to a pattern: what is quoted stands for itself.
    pub(super) fn pattern<'b>(&'b mut self, word: &'b Word) -> BoxFuture<'b, String> {
        Box::pin(async move {
            let mut out = String::new();
            for piece in &word.0 {
                match piece {
                    Piece::Bare(text) => out.push_str(text),
                    Piece::Quoted(text) => escape(&mut out, text),
                    Piece::Variable(variable, quoted) => {
                        let text = self.value(variable).await;
                        if *quoted {
                            escape(&mut out, &text);
                        } else {
                            out.push_str(&text);
                        }
                    }
                    Piece::Command(list, _) => out.push_str(&self.substitute(list).await),
                    Piece::Arithmetic(word, _) => out.push_str(&self.computed(word).await),
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
                    // Quotes around nothing but `"$@"` make no word when there are no arguments.
                    let only = text.is_empty()
                        && word
                            .0
                            .iter()
                            .any(|p| matches!(p, Piece::Variable(v, true) if v.name == "@"));
                    if !only {
                        field.quoted(text);
                    }
                    continue;
                }
                Piece::Variable(variable, true)
                    if variable.name == "@" && variable.operation == Operation::Value =>
                {
                    for (number, argument) in self.shell.arguments.clone().iter().enumerate() {
                        if number > 0 {
                            done.push(std::mem::take(&mut field));
                        }
                        field.quoted(argument);
                    }
                    continue;
                }
                Piece::Variable(variable, quoted) => (self.value(variable).await, *quoted),
                Piece::Command(list, quoted) => (self.substitute(list).await, *quoted),
                Piece::Arithmetic(word, quoted) => (self.computed(word).await, *quoted),
            };
            if quoted {
                field.quoted(&text);
                continue;
            }
            let separators = self.separators();
            let is_separator = |c: char| separators.contains(c);
            if text.starts_with(is_separator) && field.present {
                done.push(std::mem::take(&mut field));
            }
            for (number, part) in text
                .split(is_separator)
                .filter(|p| !p.is_empty())
                .enumerate()
            {
                if number > 0 {
                    done.push(std::mem::take(&mut field));
                }
                field.bare(part);
            }
            if text.ends_with(is_separator) && field.present {
                done.push(std::mem::take(&mut field));
            }
        }
        if field.present {
            done.push(field);
        }
        done
    }

    /// Characters at which unquoted text is split.
    pub(super) fn separators(&self) -> String {
        self.shell
            .variables
            .get("IFS")
            .cloned()
            .unwrap_or_else(|| " \t\n".to_owned())
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

    /// Result of `$(( … ))`. What is wrong with it ends the shell's line.
    async fn computed(&mut self, word: &Word) -> String {
        let text = self.text(word).await;
        match self.compute(&text) {
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    /// Computes an expression; says what is wrong.
    pub(super) fn compute(&mut self, text: &str) -> Option<i64> {
        match arithmetic::evaluate(text, &mut self.shell.variables) {
            Ok(value) => Some(value),
            Err(message) => {
                let said = self.says(&format!("{text}: {message}"));
                self.leaked.push_str(&said);
                self.stop = Some(Stop::Exit(1));
                None
            }
        }
    }

    /// A variable's value; `None` when it is not set.
    fn lookup(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.shell.status.to_string()),
            "$" => Some("4711".to_owned()),
            "!" => None,
            "-" => Some("hB".to_owned()),
            "#" => Some(self.shell.arguments.len().to_string()),
            "@" | "*" => (!self.shell.arguments.is_empty()).then(|| self.shell.arguments.join(" ")),
            "0" => Some(self.shell.name.clone().into_owned()),
            "RANDOM" => Some("16838".to_owned()),
            "LINENO" => Some(self.line.to_string()),
            name => match name.parse::<usize>() {
                Ok(number) => self.shell.arguments.get(number.wrapping_sub(1)).cloned(),
                Err(_) => self.shell.variables.get(name).cloned(),
            },
        }
    }

    /// What a parameter expansion gives.
    fn value<'b>(&'b mut self, variable: &'b Variable) -> BoxFuture<'b, String> {
        Box::pin(async move {
            let found = self.lookup(&variable.name);
            let is_missing = |colon: bool| match &found {
                None => true,
                Some(text) => colon && text.is_empty(),
            };
            match &variable.operation {
                Operation::Default(colon, word) if is_missing(*colon) => self.text(word).await,
                Operation::Assign(colon, word) if is_missing(*colon) => {
                    let text = self.text(word).await;
                    self.assign(&variable.name, text.clone());
                    text
                }
                Operation::Alternative(colon, word) => {
                    if is_missing(*colon) {
                        String::new()
                    } else {
                        self.text(word).await
                    }
                }
                Operation::Error(colon, word) if is_missing(*colon) => {
                    let text = self.text(word).await;
                    let text = if text.is_empty() {
                        "parameter null or not set".to_owned()
                    } else {
                        text
                    };
                    let said = self.says(&format!("{}: {text}", variable.name));
                    self.leaked.push_str(&said);
                    self.stop = Some(Stop::Exit(127));
                    String::new()
                }
                _ if found.is_none()
                    && self.shell.unset_is_error
                    && variable.name != "@"
                    && variable.name != "*" =>
                {
                    let said = self.says(&format!("{}: unbound variable", variable.name));
                    self.leaked.push_str(&said);
                    self.stop = Some(Stop::Exit(127));
                    String::new()
                }
                operation => {
                    let text = found.unwrap_or_default();
                    self.operated(&text, operation).await
                }
            }
        })
    }

    async fn operated(&mut self, text: &str, operation: &Operation) -> String {
        match operation {
            Operation::Length => text.chars().count().to_string(),
            Operation::Strip {
                suffix,
                longest,
                pattern,
            } => {
                let pattern = Pattern::new(&self.pattern(pattern).await);
                parameter::strip(text, &pattern, *suffix, *longest).to_owned()
            }
            Operation::Replace { all, pattern, with } => {
                let pattern = self.pattern(pattern).await;
                let with = self.text(with).await;
                parameter::replace(text, &pattern, &with, *all)
            }
            Operation::Slice(offset, length) => {
                let offset = self.text(offset).await;
                let offset = self.compute(&offset).unwrap_or(0);
                let length = match length {
                    Some(word) => {
                        let text = self.text(word).await;
                        self.compute(&text)
                    }
                    None => None,
                };
                parameter::slice(text, offset, length)
            }
            Operation::Case(upper) => {
                if *upper {
                    text.to_uppercase()
                } else {
                    text.to_lowercase()
                }
            }
            _ => text.to_owned(),
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

/// Most words that braces make of one.
const BRACES: usize = 10_000;

/// Brace expansion: `a{b,c}` and `{1..3}`, where a brace is not quoted. A word without is returned as it is.
fn braces(word: &Word) -> Vec<Word> {
    for (index, piece) in word.0.iter().enumerate() {
        let Piece::Bare(text) = piece else {
            continue;
        };
        let Some((before, choices, after)) = alternatives(text) else {
            continue;
        };
        let mut out = Vec::new();
        for choice in choices {
            let mut pieces = word.0[..index].to_vec();
            pieces.push(Piece::Bare(format!("{before}{choice}{after}")));
            pieces.extend(word.0[index + 1..].iter().cloned());
            out.extend(braces(&Word(pieces)));
            if out.len() > BRACES {
                break;
            }
        }
        return out;
    }
    vec![word.clone()]
}

/// The first group of alternatives in a text: what stands before it, the choices, what stands behind it.
fn alternatives(text: &str) -> Option<(&str, Vec<String>, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        from = open + 1;
        let (mut depth, mut parts, mut start) = (1, Vec::new(), open + 1);
        for (at, c) in text.char_indices().skip_while(|(at, _)| *at <= open) {
            match c {
                '{' => depth += 1,
                ',' if depth == 1 => {
                    parts.push(text[start..at].to_owned());
                    start = at + 1;
                }
                '}' => {
                    depth -= 1;
                    if depth > 0 {
                        continue;
                    }
                    let inner = &text[open + 1..at];
                    if parts.is_empty() {
                        if let Some(range) = range(inner) {
                            return Some((&text[..open], range, &text[at + 1..]));
                        }
                        break;
                    }
                    parts.push(text[start..at].to_owned());
                    return Some((&text[..open], parts, &text[at + 1..]));
                }
                _ => {}
            }
        }
    }
    None
}

fn range(inner: &str) -> Option<Vec<String>> {
    let (first, last) = inner.split_once("..")?;
    if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
        if first.abs_diff(last) as usize > BRACES {
            return None;
        }
        return Some(if first <= last {
            (first..=last).map(|n| n.to_string()).collect()
        } else {
            (last..=first).rev().map(|n| n.to_string()).collect()
        });
    }
    let (mut first, mut last) = (first.chars(), last.chars());
    let (from, to) = (first.next()?, last.next()?);
    (first.next().is_none()
        && last.next().is_none()
        && from.is_ascii_alphabetic()
        && to.is_ascii_alphabetic())
    .then(|| {
        if from <= to {
            (from..=to).map(String::from).collect()
        } else {
            (to..=from).rev().map(String::from).collect()
        }
    })
}
