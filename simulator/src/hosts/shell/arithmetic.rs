//! Arithmetic of `$(( … ))` and `(( … ))`: 64-bit numbers that wrap, the operators of C, variables by name.

use super::variables::Variables;

/// Deepest nesting of parentheses and signs.
const DEPTH: u32 = 64;

/// Computes an expression; assignments in it change the variables. `Err`: what is wrong, in bash's words, without the
/// expression before it.
pub(super) fn evaluate(text: &str, variables: &mut Variables) -> Result<i64, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(0);
    }
    let mut reader = Reader {
        tokens,
        at: 0,
        variables,
        depth: 0,
        skipping: 0,
    };
    let value = reader.comma()?;
    match reader.peek() {
        None => Ok(value),
        Some(token) => Err(format!(
            "syntax error in expression (error token is \"{}\")",
            token.text()
        )),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(i64),
    Name(String),
    Operator(&'static str),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
            Self::Operator(operator) => (*operator).to_owned(),
        }
    }
}

const OPERATORS: [&str; 38] = [
    "<<=", ">>=", "**", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "+", "-", "*", "/", "%", "<", ">", "=", "!", "~", "&", "|",
    "^", "?", ":", "(", ")",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let length = rest
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
                .count();
            tokens.push(Token::Number(number(&rest[..length])?));
            rest = &rest[length..];
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = rest
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .count();
            tokens.push(Token::Name(rest[..length].to_owned()));
            rest = &rest[length..];
        } else if c == ',' {
            tokens.push(Token::Operator(","));
            rest = &rest[1..];
        } else if let Some(operator) = OPERATORS.iter().find(|o| rest.starts_with(**o)) {
            tokens.push(Token::Operator(operator));
            rest = &rest[operator.len()..];
        } else {
            return Err(format!(
                "syntax error: operand expected (error token is \"{rest}\")"
            ));
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// A constant: decimal, octal, hexadecimal, or `base#digits`.
fn number(text: &str) -> Result<i64, String> {
    let (digits, base) = if let Some((base, digits)) = text.split_once('#') {
        let base = base.parse::<u32>().ok().filter(|b| (2..=36).contains(b));
        (
            digits,
            base.ok_or_else(|| format!("invalid arithmetic base (error token is \"{text}\")"))?,
        )
    } else if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        (hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (&text[1..], 8)
    } else {
        (text, 10)
    };
    let mut value = 0_i64;
    for c in digits.chars() {
        let digit = c
            .to_digit(base)
            .ok_or_else(|| format!("value too great for base (error token is \"{text}\")"))?;
        value = value
            .wrapping_mul(i64::from(base))
            .wrapping_add(i64::from(digit));
    }
    Ok(value)
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    variables: &'a mut Variables,
    depth: u32,
    /// Whether a part that decides nothing is read: it changes no variables.
    skipping: u32,
}

/// Binary operators by precedence, lowest first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, operators: &[&'static str]) -> Option<&'static str> {
        match self.peek() {
            Some(Token::Operator(o)) if operators.contains(o) => {
                let found = *o;
                self.at += 1;
                Some(found)
            }
            _ => None,
        }
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.take(&[","]).is_some() {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn read(&self, name: &str) -> i64 {
        self.variables
            .get(name)
            .and_then(|text| {
                let text = text.trim();
                match text.strip_prefix('-') {
                    Some(digits) => number(digits).ok().map(i64::wrapping_neg),
                    None => number(text).ok(),
                }
            })
            .unwrap_or(0)
    }

    fn set(&mut self, name: &str, value: i64) {
        if self.skipping == 0 {
            self.variables.insert(name.to_owned(), value.to_string());
        }
    }

    fn assignment(&mut self) -> Result<i64, String> {
        if let (Some(Token::Name(name)), Some(Token::Operator(operator))) =
            (self.peek().cloned(), self.tokens.get(self.at + 1).cloned())
            && matches!(
                operator,
                "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "&=" | "|=" | "^=" | "<<=" | ">>="
            )
        {
            self.at += 2;
            self.deeper()?;
            let right = self.assignment();
            self.depth -= 1;
            let right = right?;
            let value = match operator.strip_suffix('=') {
                Some("") | None => right,
                Some(operator) => self.apply(operator, self.read(&name), right)?,
            };
            self.set(&name, value);
            return Ok(value);
        }
        self.ternary()
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("expression recursion level exceeded".to_owned());
        }
        Ok(())
    }

    fn ternary(&mut self) -> Result<i64, String> {
        let condition = self.binary(0)?;
        if self.take(&["?"]).is_none() {
            return Ok(condition);
        }
        self.deeper()?;
        self.skipping += u32::from(condition == 0);
        let yes = self.assignment();
        self.skipping -= u32::from(condition == 0);
        let yes = yes?;
        if self.take(&[":"]).is_none() {
            return Err("`:' expected for conditional expression".to_owned());
        }
        self.skipping += u32::from(condition != 0);
        let no = self.assignment();
        self.skipping -= u32::from(condition != 0);
        self.depth -= 1;
        let no = no?;
        Ok(if condition == 0 { no } else { yes })
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.power();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.take(operators) {
            let decided = (operator == "&&" && left == 0) || (operator == "||" && left != 0);
            self.skipping += u32::from(decided);
            let right = self.binary(level + 1);
            self.skipping -= u32::from(decided);
            left = self.apply(operator, left, right?)?;
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        let truth = i64::from;
        Ok(match operator {
            "||" => truth(left != 0 || right != 0),
            "&&" => truth(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => truth(left == right),
            "!=" => truth(left != right),
            "<=" => truth(left <= right),
            ">=" => truth(left >= right),
            "<" => truth(left < right),
            ">" => truth(left > right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" | "%" if right == 0 && self.skipping > 0 => 0,
            "/" | "%" if right == 0 => {
                return Err("division by 0 (error token is \"0\")".to_owned());
            }
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
            _ => 0,
        })
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if self.take(&["**"]).is_none() {
            return Ok(base);
        }
        self.deeper()?;
        let exponent = self.power();
        self.depth -= 1;
        let exponent = exponent?;
        if exponent < 0 {
            return Err("exponent less than 0".to_owned());
        }
        let mut value = 1_i64;
        for _ in 0..exponent.min(64) {
            value = value.wrapping_mul(base);
        }
        Ok(value)
    }

    fn unary(&mut self) -> Result<i64, String> {
        if let Some(operator) = self.take(&["!", "~", "-", "+", "++", "--"]) {
            if let (true, Some(Token::Name(name))) =
                (matches!(operator, "++" | "--"), self.peek().cloned())
            {
                self.at += 1;
                let step = if operator == "++" { 1 } else { -1 };
                let value = self.read(&name).wrapping_add(step);
                self.set(&name, value);
                return Ok(value);
            }
            self.deeper()?;
            let value = self.unary();
            self.depth -= 1;
            let value = value?;
            return Ok(match operator {
                "!" => i64::from(value == 0),
                "~" => !value,
                "-" => value.wrapping_neg(),
                _ => value,
            });
        }
        match self.peek().cloned() {
            Some(Token::Number(value)) => {
                self.at += 1;
                Ok(value)
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                let value = self.read(&name);
                if let Some(operator) = self.take(&["++", "--"]) {
                    let step = if operator == "++" { 1 } else { -1 };
                    self.set(&name, value.wrapping_add(step));
                }
                Ok(value)
            }
            Some(Token::Operator("(")) => {
                self.at += 1;
                self.deeper()?;
                let value = self.comma();
                self.depth -= 1;
                let value = value?;
                if self.take(&[")"]).is_none() {
                    return Err("missing `)'".to_owned());
                }
                Ok(value)
            }
            Some(token) => Err(format!(
                "syntax error: operand expected (error token is \"{}\")",
                token.text()
            )),
            None => Err("syntax error: operand expected".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_those_of_c() {
        let mut variables = Variables::from_iter([("a".to_owned(), "5".to_owned())]);
        for (text, value) in [
            ("", 0),
            ("1 + 2 * 3", 7),
            ("(1+2)*3", 9),
            ("2**10", 1024),
            ("0x1f + 010", 39),
            ("16#ff", 255),
            ("a++ + a", 11),
            ("a -= 1, a", 5),
            ("nope ? 1 : 2", 2),
            ("1 && 0 || 3 > 2", 1),
            ("-7 / 2", -3),
            ("!0 + ~0", 0),
            ("0 && (b = 9)", 0),
        ] {
            assert_eq!(evaluate(text, &mut variables), Ok(value), "{text}");
        }
        assert!(!variables.contains_key("b"));
        for bad in [
            "1 +", "(1", "1 2", "08", "1/0", "2 ** -1", "$", "99#1", "1 ? 2",
        ] {
            assert!(evaluate(bad, &mut variables).is_err(), "{bad}");
        }
        assert!(evaluate(&"(".repeat(10_000), &mut variables).is_err());
        assert!(evaluate(&"-".repeat(10_000), &mut variables).is_err());
    }
}
