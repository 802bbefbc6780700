//! Files of rules: parsing, and matching of patterns.

use crate::world::Linux;
use crate::world::linux::Family;

/// One `KEY{attribute}op"value"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The key.
    pub key: String,
    /// What stands in braces.
    pub attribute: Option<String>,
    /// The operator.
    pub operator: Operator,
    /// The value.
    pub value: String,
}

/// What a token does with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `=`, `:=`
    Assign,
    /// `+=`
    Add,
    /// `-=`
    Remove,
}

/// One rule with the file that holds it (labels are looked up in one file only).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Name of the file.
    pub file: String,
    /// Its tokens.
    pub tokens: Vec<Token>,
}

/// Rules that the zfcp package of Red Hat brings (spec: zfcp-and-san 5.3).
const RED_HAT_ZFCP: &str = "\
ACTION==\"add\", SUBSYSTEM==\"ccw\", DRIVER==\"zfcp\", RUN+=\"/sbin/zfcpconf.sh\"
ACTION==\"add\", SUBSYSTEM==\"drivers\", KERNEL==\"zfcp\", RUN+=\"/sbin/zfcpconf.sh\"
";

/// All rules of a Linux, in the order in which udev looks at them: by file name, and a file in `/etc` replaces one of the
/// same name that the distribution brings.
pub fn rules(linux: &Linux) -> Vec<Rule> {
    let mut files = std::collections::BTreeMap::new();
    if linux.distribution.family() == Family::RedHat {
        files.insert("56-zfcp.rules".to_owned(), RED_HAT_ZFCP.to_owned());
    }
    for directory in [
        "/usr/lib/udev/rules.d",
        "/lib/udev/rules.d",
        "/run/udev/rules.d",
        "/etc/udev/rules.d",
    ] {
        for name in linux.fs.list(directory) {
            if name.strip_suffix(".rules").is_some()
                && let Some(text) = linux.fs.read(&format!("{directory}/{name}"))
            {
                files.insert(name, text.into_owned());
            }
        }
    }
    files
        .iter()
        .flat_map(|(name, text)| parse(name, text))
        .collect()
}

/// The rules of one file. A line that is not a rule is skipped, as udev does after a message to its log.
pub fn parse(file: &str, text: &str) -> Vec<Rule> {
    text.replace("\\\n", "")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let tokens = tokens(line)?;
            Some(Rule {
                file: file.to_owned(),
                tokens,
            })
        })
        .collect()
}

fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut rest = line;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!tokens.is_empty()).then_some(tokens);
        }
        let end = rest.find(['{', '=', '!', '+', ':', '-'])?;
        let key = rest[..end].trim().to_owned();
        rest = &rest[end..];
        let attribute = if let Some(inner) = rest.strip_prefix('{') {
            let (name, after) = inner.split_once('}')?;
            rest = after.trim_start();
            Some(name.to_owned())
        } else {
            None
        };
        let (operator, length) = [
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("+=", Operator::Add),
            ("-=", Operator::Remove),
            (":=", Operator::Assign),
            ("=", Operator::Assign),
        ]
        .into_iter()
        .find(|(text, _)| rest.starts_with(text))
        .map(|(text, operator)| (operator, text.len()))?;
        rest = rest[length..].trim_start().strip_prefix('"')?;
        let end = rest
            .char_indices()
            .scan(false, |escaped, (i, c)| {
                let closing = c == '"' && !*escaped;
                *escaped = c == '\\' && !*escaped;
                Some((i, closing))
            })
            .find(|(_, closing)| *closing)
            .map(|(i, _)| i)?;
        tokens.push(Token {
            key,
            attribute,
            operator,
            value: rest[..end].replace("\\\"", "\""),
        });
        rest = &rest[end + 1..];
    }
}

/// Whether a text matches a pattern: alternatives by `|`, `*`, `?`, `[...]`.
pub fn matches(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|one| {
        let pattern: Vec<char> = one.chars().collect();
        let text: Vec<char> = text.chars().collect();
        glob(&pattern, &text)
    })
}

/// Glob match without recursion over the text: remembers the last `*` only.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(&pattern[p..], text[t]),
            Some(c) => (*c == text[t]).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((star_p, star_t))) => {
                p = star_p + 1;
                t = star_t + 1;
                star = Some((star_p, star_t + 1));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Length of the bracket expression at the start of `pattern`, if it takes `c`.
fn class(pattern: &[char], c: char) -> Option<usize> {
    let close = pattern.iter().skip(2).position(|x| *x == ']')? + 2;
    let (negated, body) = match pattern.get(1) {
        Some('!' | '^') => (true, &pattern[2..close]),
        _ => (false, &pattern[1..close]),
    };
    let mut i = 0;
    let mut hit = false;
    while i < body.len() {
        if i + 2 < body.len() && body[i + 1] == '-' {
            hit |= (body[i]..=body[i + 2]).contains(&c);
            i += 3;
        } else {
            hit |= body[i] == c;
            i += 1;
        }
    }
    (hit != negated).then_some(close + 1)
}
