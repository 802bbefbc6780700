//! A small language that selects cases: `area=pool and not effect=destructive`, `(level=must or id~race) and need~FCP`.
//!
//! Terms are `key=value` (whole value; for `id`, whole leading parts) and `key~text` (contains), with the keys `id`, `area`,
//! `level`, `profile`, `effect`, `need`, `title` and `requirement`; letters may be in either case. `and` binds closer than
//! `or`; `not` closer than both.

use crate::meta::Case;
use crate::select::under;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A term.
    Term(Term),
    /// Not this.
    Not(Box<Self>),
    /// All of these.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    key: Key,
    contains: bool,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Id,
    Area,
    Level,
    Profile,
    Effect,
    Need,
    Title,
    Requirement,
}

/// Why an expression cannot be read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at} of the expression: {what}")]
pub struct ExpressionError {
    /// Character, from 1.
    pub at: usize,
    /// What was wrong.
    pub what: String,
}

const KEYS: [(&str, Key); 8] = [
    ("id", Key::Id),
    ("area", Key::Area),
    ("level", Key::Level),
    ("profile", Key::Profile),
    ("effect", Key::Effect),
    ("need", Key::Need),
    ("title", Key::Title),
    ("requirement", Key::Requirement),
];

/// Deepest nesting of brackets and `not`s; the parser recurses.
const DEPTH: usize = 64;

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let tokens = tokens(text);
        let end = text.chars().count() + 1;
        let mut parser = Parser {
            tokens: &tokens,
            next: 0,
            end,
            depth: 0,
        };
        let expression = parser.either()?;
        match parser.peek() {
            None => Ok(expression),
            Some((at, token)) => Err(ExpressionError {
                at,
                what: format!("'{token}' is one too many"),
            }),
        }
    }

    /// Whether the case is selected.
    pub fn takes(&self, case: &Case) -> bool {
        match self {
            Self::Term(term) => term.takes(case),
            Self::Not(inner) => !inner.takes(case),
            Self::And(all) => all.iter().all(|e| e.takes(case)),
            Self::Or(any) => any.iter().any(|e| e.takes(case)),
        }
    }
}

impl std::str::FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

impl Term {
    fn takes(&self, case: &Case) -> bool {
        let texts: Vec<String> = match self.key {
            Key::Id => {
                if !self.contains {
                    return under(case.id, &self.value);
                }
                vec![case.id.to_owned()]
            }
            Key::Area => vec![case.area().to_owned()],
            Key::Level => vec![format!("{:?}", case.level)],
            Key::Profile => case.profiles.iter().map(|p| format!("{p:?}")).collect(),
            Key::Effect => vec![case.effect.word().to_owned()],
            Key::Need => case.needs.iter().map(ToString::to_string).collect(),
            Key::Title => vec![case.title.to_owned()],
            Key::Requirement => vec![case.requirement.to_string()],
        };
        let value = self.value.to_lowercase();
        texts.iter().map(|t| t.to_lowercase()).any(|t| {
            if self.contains {
                t.contains(&value)
            } else {
                t == value
            }
        })
    }
}

/// Words and brackets with their places, from 1.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut word: Option<(usize, String)> = None;
    for (i, c) in text.chars().enumerate() {
        if c.is_whitespace() || c == '(' || c == ')' {
            out.extend(word.take());
            if !c.is_whitespace() {
                out.push((i + 1, c.to_string()));
            }
        } else {
            word.get_or_insert_with(|| (i + 1, String::new())).1.push(c);
        }
    }
    out.extend(word);
    out
}

struct Parser<'a> {
    tokens: &'a [(usize, String)],
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<(usize, &str)> {
        self.tokens.get(self.next).map(|(at, t)| (*at, t.as_str()))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|(_, t)| t == word);
        self.next += usize::from(found);
        found
    }

    fn problem(&self, what: impl Into<String>) -> ExpressionError {
        ExpressionError {
            at: self.peek().map_or(self.end, |(at, _)| at),
            what: what.into(),
        }
    }

    fn either(&mut self) -> Result<Expression, ExpressionError> {
        let mut any = vec![self.both()?];
        while self.take("or") {
            any.push(self.both()?);
        }
        Ok(one_or(any, Expression::Or))
    }

    fn both(&mut self) -> Result<Expression, ExpressionError> {
        let mut all = vec![self.single()?];
        while self.take("and") {
            all.push(self.single()?);
        }
        Ok(one_or(all, Expression::And))
    }

    fn single(&mut self) -> Result<Expression, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.problem("nested too deeply"));
        }
        let result = if self.take("not") {
            self.single().map(|e| Expression::Not(Box::new(e)))
        } else if self.take("(") {
            let inner = self.either()?;
            if self.take(")") {
                Ok(inner)
            } else {
                Err(self.problem("')' is missing"))
            }
        } else {
            self.term()
        };
        self.depth -= 1;
        result
    }

    fn term(&mut self) -> Result<Expression, ExpressionError> {
        let Some((_, word)) = self.peek() else {
            return Err(self.problem("a term is missing"));
        };
        let Some(split) = word.find(['=', '~']) else {
            return Err(self.problem(format!("'{word}' is not key=value or key~text")));
        };
        let (name, rest) = word.split_at(split);
        let Some((_, key)) = KEYS.iter().find(|(n, _)| *n == name) else {
            let known: Vec<&str> = KEYS.iter().map(|(n, _)| *n).collect();
            return Err(self.problem(format!(
                "there is no key '{name}'; keys are {}",
                known.join(", ")
            )));
        };
        let term = Term {
            key: *key,
            contains: rest.starts_with('~'),
            value: rest[1..].to_owned(),
        };
        if term.value.is_empty() {
            return Err(self.problem(format!("'{word}' has no value")));
        }
        self.next += 1;
        Ok(Expression::Term(term))
    }
}

fn one_or(mut list: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if list.len() == 1 {
        list.remove(0)
    } else {
        many(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases;

    fn taken(text: &str) -> Vec<&'static str> {
        let expression = Expression::parse(text).unwrap();
        cases::ALL
            .iter()
            .flat_map(|area| area.iter())
            .filter(|c| expression.takes(c))
            .map(|c| c.id)
            .collect()
    }

    #[test]
    fn operators_bind_as_they_read() {
        let pools = taken("area=pool");
        assert!(!pools.is_empty());
        assert!(pools.iter().all(|id| id.starts_with("pool/")));
        assert_eq!(taken("id=pool/add/first-row"), ["pool/add/first-row"]);
        let some = taken("id=pool/add or area=pool and id~remove");
        assert!(some.contains(&"pool/add/first-row"));
        assert!(!some.contains(&"pool/list/absent"));
        let none = taken("(id=pool/add or area=pool) and not area=POOL");
        assert!(none.is_empty());
        assert!(taken("level=must and effect=read-only and not need~FCP").len() > 10);
    }

    #[test]
    fn errors_name_their_place() {
        let problem = |text: &str| Expression::parse(text).unwrap_err().to_string();
        assert_eq!(
            problem("area=pool and"),
            "at character 14 of the expression: a term is missing"
        );
        assert!(problem("aria=pool").contains("there is no key 'aria'"));
        assert_eq!(
            problem("(area=pool"),
            "at character 11 of the expression: ')' is missing"
        );
        assert!(problem("area=pool area=x").contains("'area=x' is one too many"));
        assert!(problem("area=").contains("no value"));
        assert!(problem(&"(".repeat(1000)).contains("nested too deeply"));
    }
}
