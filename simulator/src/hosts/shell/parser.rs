//! From tokens to the tree.

use super::ast::{
    AndOr, Assignment, Command, Condition, Kind, List, Piece, Pipeline, Redirect, Target, Word,
};
use super::lexer::{DEPTH, Lexer, Token};

/// Words that end a list.
const CLOSING: [&str; 8] = ["then", "fi", "do", "done", "else", "elif", "}", "esac"];

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
    tokens: Vec<(Token, u32)>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    /// Line of the next token, or of the last.
    fn line(&self) -> u32 {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |(_, line)| *line)
    }

    fn next(&mut self) -> Option<Token> {
        let (token, _) = self.tokens.get_mut(self.at)?;
        self.at += 1;
        Some(std::mem::replace(token, Token::NewLine))
    }

    fn next_word(&mut self) -> Option<Word> {
        if !matches!(self.peek(), Some(Token::Word(_))) {
            return None;
        }
        match self.next() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is_operator(&self, operator: &str) -> bool {
        self.is_operator_at(self.at, operator)
    }

    fn is_operator_at(&self, at: usize, operator: &str) -> bool {
        matches!(self.tokens.get(at), Some((Token::Operator(o, _), _)) if *o == operator)
    }

    fn take_operator(&mut self, operator: &str) -> bool {
        let is = self.is_operator(operator);
        self.at += usize::from(is);
        is
    }

    /// The text of an unquoted word: a reserved word may be one.
    fn reserved(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => word.bare(),
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
                || self.is_operator(";;")
                || self.is_operator(";;&")
                || self.reserved().is_some_and(|w| CLOSING.contains(&w))
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

    /// A list with at least one command, as the bodies of compound commands have.
    fn body(&mut self) -> Result<List, String> {
        let list = self.list()?;
        if list.0.is_empty() {
            return Err(self.error());
        }
        Ok(list)
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
        let line = self.line();
        self.depth += 1;
        let kind = self.kind();
        self.depth -= 1;
        let (kind, mut redirects) = kind?;
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command {
            kind,
            redirects,
            line,
        })
    }

    fn kind(&mut self) -> Result<(Kind, Vec<Redirect>), String> {
        if matches!(self.peek(), Some(Token::Arithmetic(_)))
            && let Some(Token::Arithmetic(word)) = self.next()
        {
            return Ok((Kind::Arithmetic(word), Vec::new()));
        }
        if self.take_operator("(") {
            let list = self.body()?;
            if !self.take_operator(")") {
                return Err(self.error());
            }
            return Ok((Kind::Subshell(list), Vec::new()));
        }
        if let Some(name) = self.function_name() {
            self.skip_newlines();
            let body = self.command()?;
            return Ok((Kind::Function(name, Box::new(body)), Vec::new()));
        }
        let kind = match self.reserved() {
            Some("{") => {
                self.at += 1;
                let list = self.body()?;
                self.expect("}")?;
                Kind::Group(list)
            }
            Some("if") => self.conditional()?,
            Some("for") => self.for_loop()?,
            Some("case") => self.case()?,
            Some("[[") => {
                self.at += 1;
                let condition = self.any()?;
                self.expect("]]")?;
                Kind::Condition(condition)
            }
            Some(word @ ("while" | "until")) => {
                let until = word == "until";
                self.at += 1;
                let condition = self.body()?;
                self.expect("do")?;
                let body = self.body()?;
                self.expect("done")?;
                Kind::While(until, condition, body)
            }
            Some(word) if CLOSING.contains(&word) => return Err(self.error()),
            _ => return self.simple(),
        };
        Ok((kind, Vec::new()))
    }

    /// `name()` or `function name`, taken if it is here.
    fn function_name(&mut self) -> Option<String> {
        if self.reserved() == Some("function") {
            let name = match self.tokens.get(self.at + 1) {
                Some((Token::Word(word), _)) => word.bare()?.to_owned(),
                _ => return None,
            };
            self.at += 2;
            if self.is_operator("(") && self.is_operator_at(self.at + 1, ")") {
                self.at += 2;
            }
            return Some(name);
        }
        let name = self.reserved()?.to_owned();
        if CLOSING.contains(&name.as_str())
            || !self.is_operator_at(self.at + 1, "(")
            || !self.is_operator_at(self.at + 2, ")")
        {
            return None;
        }
        self.at += 3;
        Some(name)
    }

    fn conditional(&mut self) -> Result<Kind, String> {
        let mut branches = Vec::new();
        loop {
            self.at += 1;
            let condition = self.body()?;
            self.expect("then")?;
            let body = self.body()?;
            branches.push((condition, body));
            match self.reserved() {
                Some("elif") => {}
                Some("else") => {
                    self.at += 1;
                    let last = self.body()?;
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
        self.skip_newlines();
        let mut words = None;
        if self.reserved() == Some("in") {
            self.at += 1;
            let mut list = Vec::new();
            while let Some(word) = self.next_word() {
                list.push(word);
            }
            words = Some(list);
        }
        self.take_operator(";");
        self.skip_newlines();
        self.expect("do")?;
        let body = self.body()?;
        self.expect("done")?;
        Ok(Kind::For(name, words, body))
    }

    fn case(&mut self) -> Result<Kind, String> {
        self.at += 1;
        let Some(word) = self.next_word() else {
            return Err(self.error());
        };
        self.skip_newlines();
        self.expect("in")?;
        let mut branches = Vec::new();
        loop {
            self.skip_newlines();
            if self.reserved() == Some("esac") {
                self.at += 1;
                return Ok(Kind::Case(word, branches));
            }
            self.take_operator("(");
            let mut patterns = Vec::new();
            loop {
                let Some(pattern) = self.next_word() else {
                    return Err(self.error());
                };
                patterns.push(pattern);
                if !self.take_operator("|") {
                    break;
                }
            }
            if !self.take_operator(")") {
                return Err(self.error());
            }
            let list = self.list()?;
            branches.push((patterns, list));
            if !(self.take_operator(";;") || self.take_operator(";;&")) {
                self.skip_newlines();
                self.expect("esac")?;
                return Ok(Kind::Case(word, branches));
            }
        }
    }

    /// `a || b` of a condition.
    fn any(&mut self) -> Result<Condition, String> {
        let mut left = self.all()?;
        self.skip_newlines();
        while self.take_operator("||") {
            self.skip_newlines();
            left = Condition::Or(Box::new(left), Box::new(self.all()?));
            self.skip_newlines();
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut left = self.one_condition()?;
        self.skip_newlines();
        while self.take_operator("&&") {
            self.skip_newlines();
            left = Condition::And(Box::new(left), Box::new(self.one_condition()?));
            self.skip_newlines();
        }
        Ok(left)
    }

    fn one_condition(&mut self) -> Result<Condition, String> {
        if self.depth > DEPTH {
            return Err("maximum nesting exceeded".to_owned());
        }
        if self.reserved() == Some("!") {
            self.at += 1;
            self.depth += 1;
            let inner = self.one_condition();
            self.depth -= 1;
            return Ok(Condition::Not(Box::new(inner?)));
        }
        if self.take_operator("(") {
            self.depth += 1;
            let inner = self.any();
            self.depth -= 1;
            let inner = inner?;
            if !self.take_operator(")") {
                return Err(self.error());
            }
            return Ok(inner);
        }
        if self.reserved() == Some("]]") {
            return Err(self.error());
        }
        let Some(first) = self.next_word() else {
            return Err(self.error());
        };
        let operator = match self.peek() {
            Some(Token::Operator(o @ ("<" | ">"), _)) => Some((*o).to_owned()),
            Some(Token::Word(word)) => word.bare().filter(|text| *text != "]]").map(str::to_owned),
            _ => None,
        };
        let is_unary = first
            .bare()
            .is_some_and(|text| text.len() == 2 && text.starts_with('-'));
        match operator {
            Some(operator) if !is_unary => {
                self.at += 1;
                let Some(second) = self.next_word() else {
                    return Err(self.error());
                };
                Ok(Condition::Binary(first, operator, second))
            }
            _ if is_unary && self.reserved() != Some("]]") => match self.next_word() {
                Some(operand) => {
                    let name = first.bare().unwrap_or_default().to_owned();
                    Ok(Condition::Unary(name, operand))
                }
                None => Ok(Condition::Word(first)),
            },
            _ => Ok(Condition::Word(first)),
        }
    }

    fn simple(&mut self) -> Result<(Kind, Vec<Redirect>), String> {
        let mut assignments = Vec::new();
        let mut words = Vec::new();
        let mut redirects = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
            } else if let Some(word) = self.next_word() {
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
            "<" | ">" | ">>" | ">|" | "&>" | "&>>" | ">&" | "<&" | "<<<" | "<<" | "<<-"
        ) {
            return Ok(None);
        }
        self.at += 1;
        let Some(word) = self.next_word() else {
            return Err(self.error());
        };
        let descriptor = number.unwrap_or_else(|| u8::from(!operator.starts_with('<')));
        let target = match operator {
            "<" => Target::Read(word),
            ">>" => Target::Append(word),
            "&>" => Target::Both(word, false),
            "&>>" => Target::Both(word, true),
            "<<<" => Target::Text(word),
            "<<" | "<<-" => Target::Document(word),
            ">&" | "<&" => match word.bare() {
                Some("-") => Target::Write(Word(vec![Piece::Quoted("/dev/null".to_owned())])),
                Some(text) => match text.parse() {
                    Ok(other) => Target::Duplicate(other),
                    Err(_) => Target::Both(word, false),
                },
                None => Target::Both(word, false),
            },
            _ => Target::Write(word),
        };
        Ok(Some(Redirect { descriptor, target }))
    }
}

/// `NAME=value` or `NAME+=value` as an assignment, if the word is one.
pub(super) fn assignment(word: &Word) -> Option<Assignment> {
    let Some(Piece::Bare(text)) = word.0.first() else {
        return None;
    };
    let end = text.bytes().position(|b| b == b'=')?;
    let (name, value) = (&text[..end], &text[end + 1..]);
    let (name, append) = match name.strip_suffix('+') {
        Some(name) => (name, true),
        None => (name, false),
    };
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
    Some(Assignment {
        name: name.to_owned(),
        value: Word(pieces),
        append,
    })
}
