//! From text to tokens: words with their quoting kept, operators, line ends.

use super::ast::{Operation, Piece, Variable, Word};
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
    /// `(( … ))` where a command may stand.
    Arithmetic(Word),
    /// End of a line.
    NewLine,
}

impl Token {
    /// The token as an error message shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::NewLine => "newline".to_owned(),
            Self::Operator(text, _) => (*text).to_owned(),
            Self::Arithmetic(_) => "((".to_owned(),
            Self::Word(word) => word
                .0
                .iter()
                .map(|piece| match piece {
                    Piece::Bare(text) | Piece::Quoted(text) => text.as_str(),
                    Piece::Variable(variable, _) => variable.name.as_str(),
                    Piece::Command(..) | Piece::Arithmetic(..) => "",
                })
                .collect(),
        }
    }
}

/// Operators, longest first.
const OPERATORS: [&str; 20] = [
    "&>>", "<<<", "<<-", ";;&", "&&", "||", ";;", "&>", ">>", ">&", ">|", "<&", "<<", ";", "&",
    "|", "<", ">", "(", ")",
];

/// A here-document whose lines come after the end of the line.
struct Pending {
    /// Which token its text belongs to.
    token: usize,
    /// The line that ends it.
    delimiter: String,
    /// Whether nothing in it is expanded.
    literal: bool,
    /// Whether tabs at the start of its lines are dropped.
    tabs: bool,
}

/// Reads characters of a command line.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    line: u32,
    pending: Vec<Pending>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, depth: u32) -> Self {
        Self {
            text,
            at: 0,
            depth,
            line: 1,
            pending: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += u32::from(c == '\n');
        Some(c)
    }

    /// Goes on by a text that may contain line ends.
    fn skip(&mut self, length: usize) {
        let passed = &self.rest()[..length];
        self.line += passed.bytes().filter(|b| *b == b'\n').count() as u32;
        self.at += length;
    }

    /// All tokens with their lines, or what is wrong in bash's words.
    pub(super) fn tokens(mut self) -> Result<Vec<(Token, u32)>, String> {
        let mut tokens: Vec<(Token, u32)> = Vec::new();
        // Inside `[[ … ]]` the word after `=~` is an expression.
        while let Some(c) = self.peek() {
            let line = self.line;
            match c {
                ' ' | '\t' | '\r' => {
                    self.bump();
                }
                '\n' => {
                    self.bump();
                    tokens.push((Token::NewLine, line));
                    self.documents(&mut tokens)?;
                }
                '\\' if self.rest().starts_with("\\\n") => self.skip(2),
                '#' => {
                    let rest = self.rest();
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                '(' if self.rest().starts_with("((") && starts_command(&tokens) => {
                    match self.double_parentheses() {
                        Some(inner) => {
                            let word = Lexer::new(inner, self.depth + 1).operand(true)?;
                            tokens.push((Token::Arithmetic(word), line));
                        }
                        None => tokens.extend(self.operator(None).map(|t| (t, line))),
                    }
                }
                _ => {
                    if let Some(operator) = self.operator(None) {
                        let document = matches!(operator, Token::Operator("<<" | "<<-", _));
                        let tabs = matches!(operator, Token::Operator("<<-", _));
                        tokens.push((operator, line));
                        if document {
                            self.delimiter(&mut tokens, tabs)?;
                        }
                        continue;
                    }
                    let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
                    let after = self.rest()[digits..].chars().next();
                    if digits == 1 && matches!(after, Some('<' | '>')) {
                        let number = self.text.as_bytes()[self.at] - b'0';
                        self.at += 1;
                        tokens.extend(self.operator(Some(number)).map(|t| (t, line)));
                        if matches!(tokens.last(), Some((Token::Operator("<<" | "<<-", _), _))) {
                            self.delimiter(&mut tokens, false)?;
                        }
                        continue;
                    }
                    let expression = matches!(
                        tokens.last(),
                        Some((Token::Word(word), _)) if word.bare() == Some("=~")
                    );
                    let word = self.word(expression)?;
                    tokens.push((Token::Word(word), line));
                }
            }
        }
        self.documents(&mut tokens)?;
        Ok(tokens)
    }

    fn operator(&mut self, number: Option<u8>) -> Option<Token> {
        let rest = self.rest();
        if !rest.starts_with(['&', ';', '|', '<', '>', '(', ')']) {
            return None;
        }
        let operator = OPERATORS.iter().find(|o| rest.starts_with(**o))?;
        self.at += operator.len();
        Some(Token::Operator(operator, number))
    }

    /// The word after `<<`: where the document ends. A placeholder takes its place until its lines are read.
    fn delimiter(&mut self, tokens: &mut Vec<(Token, u32)>, tabs: bool) -> Result<(), String> {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.bump();
        }
        if matches!(
            self.peek(),
            None | Some('\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
        ) {
            return Ok(());
        }
        let word = self.word(false)?;
        let literal = word.0.iter().any(|p| matches!(p, Piece::Quoted(_)));
        let delimiter = Token::Word(word).shown();
        tokens.push((Token::Word(Word::default()), self.line));
        self.pending.push(Pending {
            token: tokens.len() - 1,
            delimiter,
            literal,
            tabs,
        });
        Ok(())
    }

    /// Reads the lines of the documents that were announced.
    fn documents(&mut self, tokens: &mut [(Token, u32)]) -> Result<(), String> {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    break;
                }
                let length = rest.find('\n').map_or(rest.len(), |n| n + 1);
                let line = &rest[..length];
                self.skip(length);
                let shown = if pending.tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if shown.trim_end_matches('\n') == pending.delimiter {
                    break;
                }
                body.push_str(shown);
            }
            let word = if pending.literal {
                Word(vec![Piece::Quoted(body)])
            } else {
                Lexer::new(&body, self.depth).document()?
            };
            if let Some((token, _)) = tokens.get_mut(pending.token) {
                *token = Token::Word(word);
            }
        }
        Ok(())
    }

    /// The text of a here-document: as in double quotes, but a double quote is nothing special.
    fn document(mut self) -> Result<Word, String> {
        let mut pieces = Pieces::default();
        pieces.quoted("");
        while let Some(c) = self.peek() {
            match c {
                '\\' => self.escape(&mut pieces, false),
                '$' => self.dollar(&mut pieces, true)?,
                '`' => self.backquotes(&mut pieces, true)?,
                _ => self.plain(&mut pieces, br"\$`"),
            }
        }
        Ok(pieces.finish())
    }

    /// A whole text as one word: blanks and operators stand for themselves. `quoted`: as in double quotes.
    fn operand(mut self, quoted: bool) -> Result<Word, String> {
        let mut pieces = Pieces::default();
        while let Some(c) = self.peek() {
            match c {
                '\'' if !quoted => self.single_quotes(&mut pieces)?,
                '"' => {
                    self.bump();
                    self.double_quotes(&mut pieces)?;
                }
                '\\' if quoted => self.escape(&mut pieces, true),
                '\\' => {
                    self.bump();
                    let c = self.bump().unwrap_or('\\');
                    pieces.quoted(c.encode_utf8(&mut [0; 4]));
                }
                '$' => self.dollar(&mut pieces, quoted)?,
                '`' => self.backquotes(&mut pieces, quoted)?,
                _ => {
                    self.bump();
                    pieces.bare(c);
                }
            }
        }
        Ok(pieces.finish())
    }

    fn word(&mut self, expression: bool) -> Result<Word, String> {
        let mut pieces = Pieces::default();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' => break,
                ';' | '&' | '|' | '<' | '>' | '(' | ')' if !expression => break,
                '\'' => self.single_quotes(&mut pieces)?,
                '"' => {
                    self.bump();
                    self.double_quotes(&mut pieces)?;
                }
                '\\' if expression => {
                    // The expression's own escapes stay.
                    self.bump();
                    pieces.bare('\\');
                    if let Some(c) = self.bump() {
                        pieces.bare(c);
                    }
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
                    let rest = self.rest();
                    let end = rest
                        .bytes()
                        .position(|b| is_special(b, expression))
                        .unwrap_or(rest.len());
                    pieces.bare_text(&rest[..end]);
                    self.at += end;
                }
            }
        }
        Ok(pieces.finish())
    }

    fn single_quotes(&mut self, pieces: &mut Pieces) -> Result<(), String> {
        self.bump();
        let rest = self.rest();
        let Some(end) = rest.find('\'') else {
            return Err("unexpected EOF while looking for matching `''".to_owned());
        };
        pieces.quoted(&rest[..end]);
        self.skip(end + 1);
        Ok(())
    }

    /// A backslash in double quotes or a here-document.
    fn escape(&mut self, pieces: &mut Pieces, quotes: bool) {
        self.bump();
        match self.bump() {
            Some('\n') => {}
            Some(c) if matches!(c, '$' | '`' | '\\') || (quotes && c == '"') => {
                pieces.quoted(c.encode_utf8(&mut [0; 4]));
            }
            Some(c) => {
                pieces.quoted("\\");
                pieces.quoted(c.encode_utf8(&mut [0; 4]));
            }
            None => pieces.quoted("\\"),
        }
    }

    /// Protected text up to one of some characters.
    fn plain(&mut self, pieces: &mut Pieces, ends: &[u8]) {
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|b| ends.contains(&b))
            .unwrap_or(rest.len());
        pieces.quoted(&rest[..end]);
        self.skip(end);
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
                Some('\\') => self.escape(pieces, true),
                Some('$') => self.dollar(pieces, true)?,
                Some('`') => self.backquotes(pieces, true)?,
                Some(_) => self.plain(pieces, br#""\$`"#),
            }
        }
    }

    fn dollar(&mut self, pieces: &mut Pieces, quoted: bool) -> Result<(), String> {
        if self.depth > DEPTH {
            return Err("maximum nesting exceeded".to_owned());
        }
        self.bump();
        match self.peek() {
            Some('(') => {
                if self.rest().starts_with("((")
                    && let Some(inner) = self.double_parentheses()
                {
                    let word = Lexer::new(inner, self.depth + 1).operand(true)?;
                    pieces.push(Piece::Arithmetic(word, quoted));
                    return Ok(());
                }
                self.bump();
                let start = self.at;
                let end = self.closing_parenthesis()?;
                let list = parser::parse_at(&self.text[start..end], self.depth + 1)?;
                pieces.push(Piece::Command(list, quoted));
            }
            Some('{') => {
                self.bump();
                let start = self.at;
                let end = self.closing_brace()?;
                let inner = &self.text[start..end];
                let variable = self.parameter(inner, quoted)?;
                pieces.push(Piece::Variable(variable, quoted));
            }
            Some(c) if c.is_ascii_alphanumeric() || "_?$#@*!-".contains(c) => {
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
                let operation = Operation::Value;
                pieces.push(Piece::Variable(Variable { name, operation }, quoted));
            }
            Some('\'') if !quoted => self.ansi_quotes(pieces)?,
            Some('"') if !quoted => {}
            _ => pieces.quoted("$"),
        }
        Ok(())
    }

    /// `$'…'`: escapes as in C.
    fn ansi_quotes(&mut self, pieces: &mut Pieces) -> Result<(), String> {
        self.bump();
        pieces.quoted("");
        loop {
            match self.bump() {
                None => return Err("unexpected EOF while looking for matching `''".to_owned()),
                Some('\'') => return Ok(()),
                Some('\\') => {
                    let text = match self.bump() {
                        Some('n') => "\n".to_owned(),
                        Some('t') => "\t".to_owned(),
                        Some('r') => "\r".to_owned(),
                        Some(c @ ('\\' | '\'' | '"')) => c.to_string(),
                        Some(c) => format!("\\{c}"),
                        None => String::new(),
                    };
                    pieces.quoted(&text);
                }
                Some(c) => pieces.quoted(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// The inside of `${ … }`.
    fn parameter(&self, inner: &str, quoted: bool) -> Result<Variable, String> {
        let bad = || Err(format!("${{{inner}}}: bad substitution"));
        if let Some(name) = inner.strip_prefix('#')
            && !name.is_empty()
            && is_name(name)
        {
            return Ok(Variable {
                name: name.to_owned(),
                operation: Operation::Length,
            });
        }
        let length = if inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            inner
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .count()
        } else if inner.starts_with(|c: char| c.is_ascii_digit()) {
            inner.bytes().take_while(u8::is_ascii_digit).count()
        } else {
            usize::from(inner.starts_with(['?', '$', '#', '@', '*', '!', '-']))
        };
        let (name, rest) = inner.split_at(length);
        if name.is_empty() {
            return bad();
        }
        let operand = |text: &str| Lexer::new(text, self.depth + 1).operand(quoted);
        let pattern = |text: &str| Lexer::new(text, self.depth + 1).operand(false);
        let colon = rest.starts_with(':');
        let after = if colon { &rest[1..] } else { rest };
        let operation = match after.chars().next() {
            None if !colon => Operation::Value,
            Some('-') => Operation::Default(colon, operand(&after[1..])?),
            Some('=') => Operation::Assign(colon, operand(&after[1..])?),
            Some('+') => Operation::Alternative(colon, operand(&after[1..])?),
            Some('?') => Operation::Error(colon, operand(&after[1..])?),
            Some(_) if colon => {
                let (offset, length) = match after.split_once(':') {
                    Some((offset, length)) => (offset, Some(length)),
                    None => (after, None),
                };
                let length = length.map(operand).transpose()?;
                Operation::Slice(operand(offset)?, length)
            }
            Some(c @ ('#' | '%')) => {
                let longest = after[1..].starts_with(c);
                let text = &after[1 + usize::from(longest)..];
                Operation::Strip {
                    suffix: c == '%',
                    longest,
                    pattern: pattern(text)?,
                }
            }
            Some('/') => {
                let all = after[1..].starts_with('/');
                let text = &after[1 + usize::from(all)..];
                let (old, with) = split_replacement(text);
                Operation::Replace {
                    all,
                    pattern: pattern(old)?,
                    with: operand(with)?,
                }
            }
            Some('^') => Operation::Case(true),
            Some(',') => Operation::Case(false),
            _ => return bad(),
        };
        Ok(Variable {
            name: name.to_owned(),
            operation,
        })
    }

    /// The inside of `(( … ))`, if the text here is that; the lexer then stands behind it.
    fn double_parentheses(&mut self) -> Option<&'a str> {
        let (saved_at, saved_line) = (self.at, self.line);
        self.at += 2;
        let start = self.at;
        if let Ok(end) = self.closing_parenthesis()
            && self.peek() == Some(')')
        {
            self.bump();
            return Some(&self.text[start..end]);
        }
        (self.at, self.line) = (saved_at, saved_line);
        None
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
                '(' if !double => open += 1,
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

    /// Position of the `}` that ends an expansion; the lexer stands behind it afterwards.
    fn closing_brace(&mut self) -> Result<usize, String> {
        let mut open = 1_u32;
        let mut double = false;
        while let Some(c) = self.bump() {
            match c {
                '\\' => {
                    self.bump();
                }
                '"' => double = !double,
                '\'' if !double => while self.bump().is_some_and(|c| c != '\'') {},
                '{' => open += 1,
                '}' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(self.at - 1);
                    }
                }
                _ => {}
            }
        }
        Err("unexpected EOF while looking for matching `}'".to_owned())
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

/// Whether the next token is the first of a command, where `((` is arithmetic.
fn starts_command(tokens: &[(Token, u32)]) -> bool {
    match tokens.last() {
        None | Some((Token::NewLine, _)) => true,
        Some((Token::Operator(operator, _), _)) => {
            matches!(*operator, ";" | "&" | "&&" | "||" | "|" | ";;" | "(" | ")")
        }
        Some((Token::Word(word), _)) => matches!(
            word.bare(),
            Some("if" | "then" | "else" | "elif" | "while" | "until" | "do" | "!" | "{")
        ),
        Some((Token::Arithmetic(_), _)) => false,
    }
}

/// Whether a text can be the name of a parameter.
fn is_name(text: &str) -> bool {
    matches!(text, "?" | "$" | "#" | "@" | "*" | "!" | "-")
        || text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Splits `old/new` at the first `/` that is not escaped.
fn split_replacement(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '/' if !escaped && at > 0 => return (&text[..at], &text[at + 1..]),
            _ => escaped = false,
        }
    }
    (text, "")
}

/// Whether a character ends a run of ordinary ones in a word. In an expression operators are ordinary.
fn is_special(byte: u8, expression: bool) -> bool {
    match byte {
        b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'$' | b'`' => true,
        b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => !expression,
        _ => false,
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

    fn bare_text(&mut self, more: &str) {
        if let Some(Piece::Bare(text)) = self.0.last_mut() {
            text.push_str(more);
        } else {
            self.0.push(Piece::Bare(more.to_owned()));
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
