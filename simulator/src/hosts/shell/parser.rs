//! From tokens to the tree.

use super::ast::{AndOr, Command, Kind, List, Piece, Pipeline, Redirect, Target, Word};
use super::lexer::{DEPTH, Lexer, Token};

/// Parses a command line; what is wrong is said in bash's words (without the shell's name before it).
pub(super) fn parse(text: &str) -> Result<List, String> {
    parse_at(text, 0)
}

/// Parses at a nesting depth.
pub(super) fn parse_at(text: &str, depth: u32) -> Result<List, String> {
    if depth > DEPTH {
        return Err("maximum nesting exceeded".to_owned());
    }
    let tokens = Lexer::new(text, depth).tokens()?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth,
    };
    let list = parser.list()?;
    match parser.peek() {
        None => Ok(list),
        Some(token) => Err(unexpected(token)),
    }
}

fn unexpected(token: &Token) -> String {
    format!("syntax error near unexpected token `{}'", token.shown())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get_mut(self.at)?;
        self.at += 1;
        Some(std::mem::replace(token, Token::NewLine))
    }

    fn is_operator(&self, operator: &str) -> bool {
        matches!(self.peek(), Some(Token::Operator(o, _)) if *o == operator)
    }

    fn take_operator(&mut self, operator: &str) -> bool {
        let is = self.is_operator(operator);
        self.at += usize::from(is);
        is
    }

    /// The text of an unquoted word: a reserved word may be one.
    fn reserved(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(Word(pieces))) => match pieces.as_slice() {
                [Piece::Bare(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn skip_newlines(&mut self) {
        while self.peek() == Some(&Token::NewLine) {
            self.at += 1;
        }
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.reserved() == Some(word) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error())
    }

    fn error(&self) -> String {
        self.peek().map_or_else(
            || "syntax error: unexpected end of file".to_owned(),
            unexpected,
        )
    }

    /// A list up to a closing token or reserved word.
    fn list(&mut self) -> Result<List, String> {
        let mut list = Vec::new();
        loop {
            self.skip_newlines();
            if self.peek().is_none()
                || self.is_operator(")")
                || matches!(
                    self.reserved(),
                    Some("then" | "fi" | "do" | "done" | "else" | "elif" | "}")
                )
            {
                return Ok(List(list));
            }
            list.push(self.and_or()?);
            if !(self.take_operator(";")
                || self.take_operator("&")
                || self.peek() == Some(&Token::NewLine))
            {
                return Ok(List(list));
            }
        }
    }

    fn and_or(&mut self) -> Result<AndOr, String> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let and = if self.take_operator("&&") {
                true
            } else if self.take_operator("||") {
                false
            } else {
                return Ok(AndOr { first, rest });
            };
            self.skip_newlines();
            rest.push((and, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, String> {
        let mut negated = false;
        while self.reserved() == Some("!") {
            self.at += 1;
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        while self.take_operator("|") {
            self.skip_newlines();
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands })
    }

    fn command(&mut self) -> Result<Command, String> {
        if self.depth > DEPTH {
            return Err("maximum nesting exceeded".to_owned());
        }
        self.depth += 1;
        let kind = self.kind();
        self.depth -= 1;
        let (kind, mut redirects) = kind?;
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command { kind, redirects })
    }

    fn kind(&mut self) -> Result<(Kind, Vec<Redirect>), String> {
        if self.take_operator("(") {
            let list = self.list()?;
            if !self.take_operator(")") {
                return Err(self.error());
            }
            return Ok((Kind::Subshell(list), Vec::new()));
        }
        let kind = match self.reserved() {
            Some("{") => {
                self.at += 1;
                let list = self.list()?;
                self.expect("}")?;
                Kind::Group(list)
            }
            Some("if") => self.conditional()?,
            Some("for") => self.for_loop()?,
            Some(word @ ("while" | "until")) => {
                let until = word == "until";
                self.at += 1;
                let condition = self.list()?;
                self.expect("do")?;
                let body = self.list()?;
                self.expect("done")?;
                Kind::While(until, condition, body)
            }
            Some("then" | "fi" | "do" | "done" | "else" | "elif" | "}") => {
                return Err(self.error());
            }
            _ => return self.simple(),
        };
        Ok((kind, Vec::new()))
    }

    fn conditional(&mut self) -> Result<Kind, String> {
        let mut branches = Vec::new();
        loop {
            self.at += 1;
            let condition = self.list()?;
            self.expect("then")?;
            let body = self.list()?;
            branches.push((condition, body));
            match self.reserved() {
                Some("elif") => {}
                Some("else") => {
                    self.at += 1;
                    let last = self.list()?;
                    self.expect("fi")?;
                    return Ok(Kind::If(branches, last));
                }
                _ => {
                    self.expect("fi")?;
                    return Ok(Kind::If(branches, List::default()));
                }
            }
        }
    }

    fn for_loop(&mut self) -> Result<Kind, String> {
        self.at += 1;
        let Some(name) = self.reserved().map(str::to_owned) else {
            return Err(self.error());
        };
        self.at += 1;
        let mut words = Vec::new();
        if self.reserved() == Some("in") {
            self.at += 1;
            while matches!(self.peek(), Some(Token::Word(_))) {
                if let Some(Token::Word(word)) = self.next() {
                    words.push(word);
                }
            }
        }
        self.take_operator(";");
        self.skip_newlines();
        self.expect("do")?;
        let body = self.list()?;
        self.expect("done")?;
        Ok(Kind::For(name, words, body))
    }

    fn simple(&mut self) -> Result<(Kind, Vec<Redirect>), String> {
        let mut assignments = Vec::new();
        let mut words = Vec::new();
        let mut redirects = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
            } else if matches!(self.peek(), Some(Token::Word(_))) {
                let Some(Token::Word(word)) = self.next() else {
                    break;
                };
                match assignment(&word) {
                    Some(pair) if words.is_empty() => assignments.push(pair),
                    _ => words.push(word),
                }
            } else {
                break;
            }
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err(self.error());
        }
        Ok((Kind::Simple { assignments, words }, redirects))
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, String> {
        let Some(&Token::Operator(operator, number)) = self.peek() else {
            return Ok(None);
        };
        if !matches!(
            operator,
            "<" | ">" | ">>" | ">|" | "&>" | "&>>" | ">&" | "<&" | "<<<"
        ) {
            return Ok(None);
        }
        self.at += 1;
        let Some(Token::Word(_)) = self.peek() else {
            return Err(self.error());
        };
        let Some(Token::Word(word)) = self.next() else {
            return Err(self.error());
        };
        let descriptor = number.unwrap_or_else(|| u8::from(!operator.starts_with('<')));
        let target = match operator {
            "<" => Target::Read(word),
            ">>" => Target::Append(word),
            "&>" => Target::Both(word, false),
            "&>>" => Target::Both(word, true),
            "<<<" => Target::Text(word),
            ">&" | "<&" => match word.0.as_slice() {
                [Piece::Bare(text)] if text == "-" => {
                    Target::Write(Word(vec![Piece::Quoted("/dev/null".to_owned())]))
                }
                [Piece::Bare(text)] => match text.parse() {
                    Ok(other) => Target::Duplicate(other),
                    Err(_) => Target::Both(word, false),
                },
                _ => Target::Both(word, false),
            },
            _ => Target::Write(word),
        };
        Ok(Some(Redirect { descriptor, target }))
    }
}

/// `NAME=value` as an assignment, if the word is one.
pub(super) fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Bare(text)) = word.0.first() else {
        return None;
    };
    let (name, value) = text.split_once('=')?;
    let mut bytes = name.bytes();
    if !bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return None;
    }
    let mut pieces = Vec::new();
    if !value.is_empty() {
        pieces.push(Piece::Bare(value.to_owned()));
    }
    pieces.extend(word.0.iter().skip(1).cloned());
    Some((name.to_owned(), Word(pieces)))
}
