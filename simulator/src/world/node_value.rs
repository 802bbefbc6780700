//! Table values that are computed from the name of the node that reads them (spec: rest-and-xcatd 4.2).
//!
//! Two forms: `/regex/text/` substitutes in the name; `|regex|expression|` does too, and then works out each
//! arithmetic expression in parentheses. Anything else stands for itself, and so does a form that makes no sense.

use regex::{Captures, Regex};

/// The value as this node reads it.
pub(super) fn computed(value: &str, node: &str) -> String {
    let substituted = |mark: char| {
        let (pattern, text) = parts(value, mark)?;
        let pattern = Regex::new(pattern).ok()?;
        Some((pattern, text))
    };
    if let Some((pattern, text)) = substituted('/') {
        return pattern
            .replace(node, |c: &Captures<'_>| filled(text, c))
            .into_owned();
    }
    if let Some((pattern, text)) = substituted('|') {
        return pattern
            .replace(node, |c: &Captures<'_>| reckoned(&filled(text, c)))
            .into_owned();
    }
    value.to_owned()
}

/// `pattern` and `text` of `/pattern/text/` for this mark.
fn parts(value: &str, mark: char) -> Option<(&str, &str)> {
    let inner = value.strip_prefix(mark)?.strip_suffix(mark)?;
    let (pattern, text) = inner.split_once(mark)?;
    (!pattern.is_empty() && !text.contains(mark)).then_some((pattern, text))
}

/// `$1` and `${1}` replaced by what the groups caught.
fn filled(text: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let braced = rest.strip_prefix('{');
        let digits: String = braced
            .unwrap_or(rest)
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let closed = braced.map(|b| b[digits.len()..].starts_with('}'));
        match digits.parse::<usize>() {
            Ok(group) if closed != Some(false) => {
                out.push_str(captures.get(group).map_or("", |m| m.as_str()));
                rest = &rest[digits.len() + if closed.is_some() { 2 } else { 0 }..];
            }
            _ => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

/// The text with each innermost parenthesis of whole numbers and `+ - * / %` replaced by its result.
fn reckoned(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(close) = text.find(')') {
        let Some(open) = text[..close].rfind('(') else {
            break;
        };
        let Some(value) = arithmetic(&text[open + 1..close]) else {
            break;
        };
        text.replace_range(open..=close, &value.to_string());
    }
    text
}

/// Value of a sum of products; `None` when it is none, overflows or divides by zero.
fn arithmetic(text: &str) -> Option<i64> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() || (c == '-' && tokens.len().is_multiple_of(2)) {
            let mut number = String::from(c);
            while let Some(d) = chars.next_if(char::is_ascii_digit) {
                number.push(d);
            }
            tokens.push(Err(number.parse::<i64>().ok()?));
        } else {
            tokens.push(Ok(c));
        }
    }
    let mut tokens = tokens.into_iter();
    let mut sum = 0i64;
    let mut term = tokens.next()?.err()?;
    while let Some(operator) = tokens.next() {
        let right = tokens.next()?.err()?;
        match operator.ok()? {
            '*' => term = term.checked_mul(right)?,
            '/' => term = term.checked_div(right)?,
            '%' => term = term.checked_rem(right)?,
            '+' => {
                sum = sum.checked_add(term)?;
                term = right;
            }
            '-' => {
                sum = sum.checked_add(term)?;
                term = right.checked_neg()?;
            }
            _ => return None,
        }
    }
    sum.checked_add(term)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::computed;

    #[test]
    fn forms() {
        assert_eq!(computed("plain", "n1"), "plain");
        assert_eq!(computed("/$/-m/", "n1"), "n1-m");
        assert_eq!(computed("/n/lnx/", "n1"), "lnx1");
        assert_eq!(
            computed("|\\D+(\\d+)|10.0.0.($1+100-1*2)|", "n17"),
            "10.0.0.115"
        );
        assert_eq!(computed("/install/rootimg", "n1"), "/install/rootimg");
        assert_eq!(computed("/a[/x/", "n1"), "/a[/x/");
    }

    proptest! {
        #[test]
        fn any_value_is_computed_without_panic(value in ".{0,30}", node in "[a-z0-9.-]{0,10}") {
            computed(&value, &node);
        }

        #[test]
        fn any_expression_is_computed_without_panic(value in r"\|[n0-9()d\\+]{0,8}\|[0-9$()*/%+{} -]{0,20}\|") {
            computed(&value, "n12");
        }
    }
}
