//! From text to tokens: words with their quoting kept, operators, line ends.

use super::ast::{Piece, Variable, Word};
use super::parser;

/// Deepest nesting of substitutions and compound commands.
pub(super) const DEPTH: u32 = 40;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// An operator, with the descriptor number written directly before a redirection.
    Operator(&'static str, Option<u8>),
    /// End of a line.
    NewLine,
}

impl Token {
    /// The token as an error message shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::NewLine => "newline".to_owned(),
            Self::Operator(text, _) => (*text).to_owned(),
            Self::Word(word) => word
                .0
                .iter()
                .map(|piece| match piece {
                    Piece::Bare(text) | Piece::Quoted(text) => text.as_str(),
                    Piece::Variable(variable, _) => variable.name.as_str(),
                    Piece::Command(..) => "",
                })
                .collect(),
        }
    }
}

/// Operators, longest first.
const OPERATORS: [&str; 18] = [
    "&>>", "<<<", "&&", "||", ";;", "&>", ">>", ">&", ">|", "<&", "<<", ";", "&", "|", "<", ">",
    "(", ")",
];

/// Reads characters of a command line.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, depth: u32) -> Self {
        Self { text, at: 0, depth }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// All tokens, or what is wrong in bash's words.
    pub(super) fn tokens(mut self) -> Result<Vec<Token>, String> {
        let mut tokens = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => {
                    self.bump();
                }
                '\n' => {
                    self.bump();
                    tokens.push(Token::NewLine);
                }
                '\\' if self.text[self.at..].starts_with("\\\n") => self.at += 2,
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                _ => {
                    if let Some(operator) = self.operator(None) {
                        tokens.push(operator);
                        continue;
                    }
                    let digits = self.text[self.at..]
                        .bytes()
                        .take_while(u8::is_ascii_digit)
                        .count();
                    let after = self.text[self.at + digits..].chars().next();
                    if digits == 1 && matches!(after, Some('<' | '>')) {
                        let number = self.text.as_bytes()[self.at] - b'0';
                        self.at += 1;
                        tokens.extend(self.operator(Some(number)));
                        continue;
                    }
                    tokens.push(Token::Word(self.word()?));
                }
            }
        }
        Ok(tokens)
    }

    fn operator(&mut self, number: Option<u8>) -> Option<Token> {
        let rest = &self.text[self.at..];
        let operator = OPERATORS.iter().find(|o| rest.starts_with(**o))?;
        self.at += operator.len();
        Some(Token::Operator(operator, number))
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut pieces = Pieces::default();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    self.bump();
                    let rest = &self.text[self.at..];
                    let Some(end) = rest.find('\'') else {
                        return Err("unexpected EOF while looking for matching `''".to_owned());
                    };
                    pieces.quoted(&rest[..end]);
                    self.at += end + 1;
                }
                '"' => {
                    self.bump();
                    self.double_quotes(&mut pieces)?;
                }
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') => {}
                        Some(c) => pieces.quoted(c.encode_utf8(&mut [0; 4])),
                        None => pieces.quoted("\\"),
                    }
                }
                '$' => self.dollar(&mut pieces, false)?,
                '`' => self.backquotes(&mut pieces, false)?,
                _ => {
                    self.bump();
                    pieces.bare(c);
                }
            }
        }
        Ok(pieces.finish())
    }

    fn double_quotes(&mut self, pieces: &mut Pieces) -> Result<(), String> {
        pieces.quoted("");
        loop {
            match self.peek() {
                None => {
                    return Err("unexpected EOF while looking for matching `\"'".to_owned());
                }
                Some('"') => {
                    self.bump();
                    return Ok(());
                }
                Some('\\') => {
                    self.bump();
                    match self.bump() {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => {
                            pieces.quoted(c.encode_utf8(&mut [0; 4]));
                        }
                        Some(c) => {
                            pieces.quoted("\\");
                            pieces.quoted(c.encode_utf8(&mut [0; 4]));
                        }
                        None => pieces.quoted("\\"),
                    }
                }
                Some('$') => self.dollar(pieces, true)?,
                Some('`') => self.backquotes(pieces, true)?,
                Some(_) => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(['"', '\\', '$', '`']).unwrap_or(rest.len());
                    pieces.quoted(&rest[..end]);
                    self.at += end;
                }
            }
        }
    }

    fn dollar(&mut self, pieces: &mut Pieces, quoted: bool) -> Result<(), String> {
        self.bump();
        match self.peek() {
            Some('(') => {
                self.bump();
                let start = self.at;
                let end = self.closing_parenthesis()?;
                let list = parser::parse_at(&self.text[start..end], self.depth + 1)?;
                pieces.push(Piece::Command(list, quoted));
            }
            Some('{') => {
                let rest = &self.text[self.at + 1..];
                let Some(end) = rest.find('}') else {
                    return Err("unexpected EOF while looking for matching `}'".to_owned());
                };
                let inner = &rest[..end];
                self.at += end + 2;
                let (name, default) = match inner.split_once(":-") {
                    Some((name, default)) => (name, Some(default.to_owned())),
                    None => (inner, None),
                };
                let special = matches!(name, "?" | "$" | "#" | "@" | "*" | "!");
                if name.is_empty()
                    || !(special || name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
                {
                    return Err(format!("${{{inner}}}: bad substitution"));
                }
                pieces.push(Piece::Variable(
                    Variable {
                        name: name.to_owned(),
                        default,
                    },
                    quoted,
                ));
            }
            Some(c) if c.is_ascii_alphanumeric() || "_?$#@*!".contains(c) => {
                self.bump();
                let mut name = String::from(c);
                if c.is_ascii_alphabetic() || c == '_' {
                    while let Some(c) = self.peek() {
                        if !(c.is_ascii_alphanumeric() || c == '_') {
                            break;
                        }
                        name.push(c);
                        self.bump();
                    }
                }
                pieces.push(Piece::Variable(
                    Variable {
                        name,
                        default: None,
                    },
                    quoted,
                ));
            }
            Some('\'' | '"') if !quoted => {}
            _ => pieces.quoted("$"),
        }
        Ok(())
    }

    /// Position of the `)` that ends a substitution; the lexer stands behind it afterwards.
    fn closing_parenthesis(&mut self) -> Result<usize, String> {
        let mut open = 1_u32;
        let mut double = false;
        while let Some(c) = self.bump() {
            match c {
                '\\' => {
                    self.bump();
                }
                '"' => double = !double,
                '\'' if !double => while self.bump().is_some_and(|c| c != '\'') {},
                '(' => open += 1,
                ')' if !double => {
                    open -= 1;
                    if open == 0 {
                        return Ok(self.at - 1);
                    }
                }
                _ => {}
            }
        }
        Err("unexpected EOF while looking for matching `)'".to_owned())
    }

    fn backquotes(&mut self, pieces: &mut Pieces, quoted: bool) -> Result<(), String> {
        self.bump();
        let mut inner = String::new();
        loop {
            match self.bump() {
                None => {
                    return Err("unexpected EOF while looking for matching ``'".to_owned());
                }
                Some('`') => break,
                Some('\\') => match self.bump() {
                    Some(c @ ('$' | '`' | '\\')) => inner.push(c),
                    Some('"') if quoted => inner.push('"'),
                    Some(c) => {
                        inner.push('\\');
                        inner.push(c);
                    }
                    None => {}
                },
                Some(c) => inner.push(c),
            }
        }
        let list = parser::parse_at(&inner, self.depth + 1)?;
        pieces.push(Piece::Command(list, quoted));
        Ok(())
    }
}

/// Collects the pieces of one word, joining neighbours of a kind.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn bare(&mut self, c: char) {
        if let Some(Piece::Bare(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Piece::Bare(c.to_string()));
        }
    }

    fn quoted(&mut self, more: &str) {
        if let Some(Piece::Quoted(text)) = self.0.last_mut() {
            text.push_str(more);
        } else {
            self.0.push(Piece::Quoted(more.to_owned()));
        }
    }

    fn push(&mut self, piece: Piece) {
        self.0.push(piece);
    }

    fn finish(self) -> Word {
        Word(self.0)
    }
}
