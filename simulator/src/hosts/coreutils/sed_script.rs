//! Scripts of sed: addresses and commands, with GNU's messages for what is wrong.

use std::borrow::Cow;

use super::pattern::Pattern;
use super::regex::compile;
use super::sed::substitute;

/// A line selector.
#[derive(Debug)]
pub enum Address {
    /// A line number.
    Line(usize),
    /// `$`
    Last,
    /// `/re/`
    Regex(Pattern),
    /// `+n` as the second of two.
    Plus(usize),
}

/// Part of a replacement.
#[derive(Debug)]
pub enum Part {
    /// Text.
    Text(String),
    /// A group; 0 is the whole match.
    Group(usize),
}

#[derive(Debug)]
enum Action {
    Substitute {
        regex: Pattern,
        replacement: Vec<Part>,
        all: bool,
        from: usize,
        print: bool,
    },
    Delete,
    Print,
    Number,
    Quit(i32),
    Append(String),
    Insert(String),
    Change(String),
    Map(Vec<(char, char)>),
}

/// One command with its addresses.
#[derive(Debug)]
pub struct Command {
    /// None, one, or two of a range.
    pub addresses: Vec<Address>,
    /// Whether `!` inverts them.
    pub negated: bool,
    action: Action,
}

/// What comes after a command.
pub enum Next {
    /// The next command.
    Go,
    /// The next line, without printing this one.
    Deleted,
    /// The end.
    Quit,
}

/// Commands in order.
#[derive(Debug, Default)]
pub struct Script {
    /// The commands.
    pub commands: Vec<Command>,
}

impl Script {
    /// Whether a range ends at the last line.
    pub fn needs_total(&self) -> bool {
        self.commands
            .iter()
            .any(|c| matches!(c.addresses.as_slice(), [_, Address::Last]))
    }
}

/// What a script does to lines, each on its own: `s/…/…/` or `/…/d` and nothing else.
#[derive(Debug)]
pub struct LineEdit<'a> {
    regex: &'a Pattern,
    action: &'a Action,
}

impl LineEdit<'_> {
    /// A text that narrows the search for lines that are changed.
    pub fn narrow(&self) -> Option<&str> {
        self.regex.narrow()
    }

    /// What becomes of a line: `None` when it stays, `Some(None)` when it goes.
    #[expect(clippy::option_option, reason = "stays, goes, is replaced")]
    pub fn apply(&self, line: &str) -> Option<Option<String>> {
        match self.action {
            Action::Substitute {
                regex,
                replacement,
                all,
                from,
                ..
            } => substitute(regex, line, replacement, *all, *from).map(Some),
            _ => self.regex.is_match(line).then_some(None),
        }
    }
}

impl Script {
    /// The script as an edit of single lines, if it is one.
    pub fn line_edit(&self) -> Option<LineEdit<'_>> {
        let [command] = self.commands.as_slice() else {
            return None;
        };
        match (command.addresses.as_slice(), &command.action) {
            (
                [],
                action @ Action::Substitute {
                    regex,
                    print: false,
                    ..
                },
            ) if !command.negated => Some(LineEdit { regex, action }),
            ([Address::Regex(regex)], action @ Action::Delete) if !command.negated => {
                Some(LineEdit { regex, action })
            }
            _ => None,
        }
    }
}

impl Command {
    /// Does what the command says to the pattern space and the output.
    pub fn act(
        &self,
        space: &mut Cow<'_, str>,
        out: &mut String,
        end: &str,
        after: &mut String,
        number: usize,
        quit: &mut Option<i32>,
    ) -> Next {
        match &self.action {
            Action::Substitute {
                regex,
                replacement,
                all,
                from,
                print,
            } => {
                if let Some(text) = substitute(regex, space, replacement, *all, *from) {
                    *space = Cow::Owned(text);
                    if *print {
                        out.push_str(space);
                        out.push_str(end);
                    }
                }
            }
            Action::Delete => return Next::Deleted,
            Action::Print => {
                out.push_str(space);
                out.push('\n');
            }
            Action::Number => out.push_str(&format!("{number}\n")),
            Action::Quit(status) => {
                *quit = Some(*status);
                return Next::Quit;
            }
            Action::Append(text) => {
                after.push_str(text);
                after.push('\n');
            }
            Action::Insert(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Action::Change(text) => {
                out.push_str(text);
                out.push('\n');
                return Next::Deleted;
            }
            Action::Map(pairs) => {
                let text = space
                    .chars()
                    .map(|c| pairs.iter().find(|(f, _)| *f == c).map_or(c, |(_, t)| *t))
                    .collect();
                *space = Cow::Owned(text);
            }
        }
        Next::Go
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Failure = (usize, String);

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, chars: &[char]) {
        while let Some(c) = self.peek()
            && chars.contains(&c)
        {
            self.at += c.len_utf8();
        }
    }

    fn fail<T>(&self, message: &str) -> Result<T, Failure> {
        Err((self.text[..self.at].chars().count(), message.to_owned()))
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = &self.text[self.at..self.at + digits];
        self.at += digits;
        (digits > 0).then(|| number.parse().unwrap_or(usize::MAX))
    }

    /// Text up to the delimiter. A line end inside is not allowed, as in GNU sed: that is why an update whose old row
    /// is really two rows is refused (Q6). `\` before the delimiter is dropped; `\n` becomes a line end in a pattern.
    fn delimited(&mut self, delimiter: char, pattern: bool) -> Option<String> {
        let mut text = String::new();
        let mut set = false;
        // The first byte of the delimiter: what else begins with it is read as a character.
        let first = delimiter.encode_utf8(&mut [0; 4]).as_bytes()[0];
        loop {
            let rest = self.rest();
            let is_special = |b: u8| matches!(b, b'\n' | b'\\' | b'[' | b']') || b == first;
            let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            let c = self.peek()?;
            if c == '\n' {
                return None;
            }
            self.at += c.len_utf8();
            if c == delimiter {
                return Some(text);
            }
            if c == '\\' {
                let c = self.next()?;
                if c == delimiter && (pattern || c != '&') {
                    // A delimiter that is special in patterns stands for itself when escaped.
                    if pattern && set {
                        text.push('\\');
                    }
                } else if c != '\n' || !pattern {
                    text.push('\\');
                }
                text.push(c);
                continue;
            }
            set = c == '[' || (set && c != ']');
            text.push(c);
        }
    }
}

/// Parses a script and adds its commands; `Err` is the number of characters read and GNU's message.
pub fn parse(text: &str, extended: bool, script: &mut Script) -> Result<(), Failure> {
    let mut reader = Reader { text, at: 0 };
    let mut last_regex: Option<Pattern> = None;
    loop {
        reader.skip(&[' ', '\t', '\n', ';']);
        if reader.peek().is_none() {
            return Ok(());
        }
        if reader.peek() == Some('#') {
            while reader.next().is_some_and(|c| c != '\n') {}
            continue;
        }
        let mut addresses = Vec::new();
        if let Some(first) = address(&mut reader, extended, &mut last_regex)? {
            addresses.push(first);
            reader.skip(&[' ', '\t']);
            if reader.peek() == Some(',') {
                reader.at += 1;
                reader.skip(&[' ', '\t']);
                if reader.peek() == Some('+') {
                    reader.at += 1;
                    addresses.push(Address::Plus(reader.number().unwrap_or(0)));
                } else {
                    match address(&mut reader, extended, &mut last_regex)? {
                        Some(second) => addresses.push(second),
                        None => return reader.fail("unexpected `,'"),
                    }
                }
            }
        }
        reader.skip(&[' ', '\t']);
        let negated = reader.peek() == Some('!');
        if negated {
            reader.at += 1;
            reader.skip(&[' ', '\t', '!']);
        }
        let action = action(&mut reader, extended, &mut last_regex)?;
        script.commands.push(Command {
            addresses,
            negated,
            action,
        });
    }
}

fn address(
    reader: &mut Reader<'_>,
    extended: bool,
    last: &mut Option<Pattern>,
) -> Result<Option<Address>, Failure> {
    Ok(match reader.peek() {
        Some(c) if c.is_ascii_digit() => reader.number().map(Address::Line),
        Some('$') => {
            reader.at += 1;
            Some(Address::Last)
        }
        Some(c @ ('/' | '\\')) => {
            reader.at += 1;
            let delimiter = if c == '/' {
                '/'
            } else {
                match reader.next() {
                    Some(c) => c,
                    None => return reader.fail("unterminated address regex"),
                }
            };
            let Some(pattern) = reader.delimited(delimiter, true) else {
                return reader.fail("unterminated address regex");
            };
            let mut ignore = false;
            while let Some(flag @ ('I' | 'M')) = reader.peek() {
                ignore |= flag == 'I';
                reader.at += 1;
            }
            Some(Address::Regex(regex(
                reader, &pattern, extended, ignore, last,
            )?))
        }
        _ => None,
    })
}

fn regex(
    reader: &Reader<'_>,
    pattern: &str,
    extended: bool,
    ignore: bool,
    last: &mut Option<Pattern>,
) -> Result<Pattern, Failure> {
    if pattern.is_empty() {
        return match last {
            Some(regex) => Ok(regex.clone()),
            None => reader.fail("no previous regular expression"),
        };
    }
    match compile(pattern, extended, ignore) {
        Ok(regex) => {
            *last = Some(regex.clone());
            Ok(regex)
        }
        Err(message) => reader.fail(&message),
    }
}

fn action(
    reader: &mut Reader<'_>,
    extended: bool,
    last: &mut Option<Pattern>,
) -> Result<Action, Failure> {
    let Some(name) = reader.next() else {
        return reader.fail("missing command");
    };
    let action = match name {
        's' => return substitution(reader, extended, last),
        'd' => Action::Delete,
        'p' => Action::Print,
        '=' => Action::Number,
        'q' | 'Q' => {
            reader.skip(&[' ']);
            let status = reader.number().unwrap_or(0);
            Action::Quit(i32::try_from(status & 255).unwrap_or(0))
        }
        'a' | 'i' | 'c' => {
            reader.skip(&[' ', '\t']);
            if reader.peek() == Some('\\') {
                reader.at += 1;
                reader.skip(&[' ', '\t']);
                if reader.peek() == Some('\n') {
                    reader.at += 1;
                }
            }
            if reader.peek().is_none() {
                return reader.fail("expected \\ after `a', `c' or `i'");
            }
            let mut text = String::new();
            while let Some(c) = reader.next() {
                match c {
                    '\n' => break,
                    '\\' => text.extend(reader.next()),
                    _ => text.push(c),
                }
            }
            return Ok(match name {
                'a' => Action::Append(text),
                'i' => Action::Insert(text),
                _ => Action::Change(text),
            });
        }
        'y' => {
            let Some(delimiter) = reader.next() else {
                return reader.fail("unterminated `y' command");
            };
            let (Some(from), Some(to)) = (
                reader.delimited(delimiter, false),
                reader.delimited(delimiter, false),
            ) else {
                return reader.fail("unterminated `y' command");
            };
            if from.chars().count() != to.chars().count() {
                return reader.fail("strings for `y' command are different lengths");
            }
            Action::Map(from.chars().zip(to.chars()).collect())
        }
        _ => return reader.fail(&format!("unknown command: `{name}'")),
    };
    reader.skip(&[' ', '\t']);
    match reader.peek() {
        None | Some('\n' | ';' | '#') => Ok(action),
        Some(_) => {
            reader.next();
            reader.fail("extra characters after command")
        }
    }
}

fn substitution(
    reader: &mut Reader<'_>,
    extended: bool,
    last: &mut Option<Pattern>,
) -> Result<Action, Failure> {
    const UNTERMINATED: &str = "unterminated `s' command";
    let Some(delimiter) = reader.next() else {
        return reader.fail(UNTERMINATED);
    };
    if delimiter == '\n' || delimiter == '\\' {
        return reader.fail(UNTERMINATED);
    }
    let Some(pattern) = reader.delimited(delimiter, true) else {
        return reader.fail(UNTERMINATED);
    };
    let Some(replacement) = reader.delimited(delimiter, false) else {
        return reader.fail(UNTERMINATED);
    };
    let (mut all, mut ignore, mut print, mut from) = (false, false, false, 1);
    loop {
        match reader.peek() {
            Some('g') => all = true,
            Some('i' | 'I') => ignore = true,
            Some('p') => print = true,
            Some('m' | 'M' | ' ' | '\t' | '}') => {}
            Some(c) if c.is_ascii_digit() => {
                from = reader.number().unwrap_or(1).max(1);
                continue;
            }
            None | Some('\n' | ';' | '#') => break,
            Some(_) => {
                reader.next();
                return reader.fail("unknown option to `s'");
            }
        }
        reader.at += 1;
    }
    let regex = regex(reader, &pattern, extended, ignore, last)?;
    let replacement = parts(&replacement);
    for part in &replacement {
        if let Part::Group(n) = part
            && *n >= regex.group_count()
        {
            return reader.fail(&format!("invalid reference \\{n} on `s' command's RHS"));
        }
    }
    Ok(Action::Substitute {
        regex,
        replacement,
        all,
        from,
        print,
    })
}

fn parts(text: &str) -> Vec<Part> {
    if memchr::memchr2(b'&', b'\\', text.as_bytes()).is_none() {
        return vec![Part::Text(text.to_owned())];
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let group = match c {
            '&' => 0,
            '\\' => match chars.next() {
                Some(d) if d.is_ascii_digit() => d.to_digit(10).unwrap_or(0) as usize,
                Some('n') => {
                    literal.push('\n');
                    continue;
                }
                Some('t') => {
                    literal.push('\t');
                    continue;
                }
                other => {
                    literal.extend(other);
                    continue;
                }
            },
            _ => {
                literal.push(c);
                continue;
            }
        };
        parts.push(Part::Text(std::mem::take(&mut literal)));
        parts.push(Part::Group(group));
    }
    parts.push(Part::Text(literal));
    parts
}
