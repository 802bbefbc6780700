//! Conditions on values: `name==v`, `name!=v`, `name=~regex`, `name!~regex` (spec: rest-and-xcatd 4.6, 4.7, 4.9).

use regex::Regex;

/// One condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What is looked at: an attribute or `table.column`.
    pub name: String,
    /// The expression when it is a broken one: xCAT's plugin dies of it.
    pub broken: Option<String>,
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equals(String),
    Matches(Regex),
    Never,
}

impl Condition {
    /// Reads a condition with one of the four operators; `None` when there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, operator) = ["==", "!=", "=~", "!~"]
            .iter()
            .filter_map(|operator| text.find(operator).map(|at| (at, *operator)))
            .min_by_key(|(at, _)| *at)?;
        Self::build(&text[..at], operator, &text[at + 2..])
    }

    /// Reads a condition in which a single `=` stands for `==`.
    pub fn parse_single(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| {
            let (name, value) = text.split_once('=')?;
            Self::build(name, "==", value)
        })
    }

    fn build(name: &str, operator: &str, value: &str) -> Option<Self> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let mut broken = None;
        let test = if operator.ends_with('~') {
            let pattern = value
                .strip_prefix('/')
                .and_then(|v| v.strip_suffix('/'))
                .unwrap_or(value);
            Regex::new(pattern).map_or_else(
                |_| {
                    broken = Some(pattern.to_owned());
                    Test::Never
                },
                Test::Matches,
            )
        } else {
            Test::Equals(value.to_owned())
        };
        Some(Self {
            name: name.to_owned(),
            broken,
            negated: operator.starts_with('!'),
            test,
        })
    }

    /// Whether a value meets the condition; unset is the empty text.
    pub fn holds(&self, value: &str) -> bool {
        let hit = match &self.test {
            Test::Equals(wanted) => value == wanted,
            Test::Matches(pattern) => pattern.is_match(value),
            Test::Never => return false,
        };
        hit != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn operators() {
        for (text, value, wanted) in [
            ("os==rhel7.2", "rhel7.2", true),
            ("os!=rhel7.2", "", true),
            ("os=~^rhel", "rhel7.2", true),
            ("os=~/^rhel/", "rhel7.2", true),
            ("os!~sles", "sles12", false),
            ("groups=~a==b", "xa==b", true),
        ] {
            assert_eq!(
                Condition::parse(text).unwrap().holds(value),
                wanted,
                "{text}"
            );
        }
        assert!(Condition::parse("os=x").is_none());
        assert!(Condition::parse_single("os=x").unwrap().holds("x"));
        assert!(Condition::parse("==x").is_none());
        let broken = Condition::parse("os=~a[").unwrap();
        assert_eq!(broken.broken.as_deref(), Some("a["));
        assert!(!broken.holds("a"));
    }
}
