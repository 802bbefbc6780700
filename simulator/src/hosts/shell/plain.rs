//! Command lines in which the shell has nothing to do but find words: programs with their arguments, quoted or not,
//! joined by `&&`, `||` and `;`. Nearly every line that xCAT sends is one. They are read in one pass and run without a
//! tree; whatever could mean more is left to the parser.

use crate::bytes::ByteSet;

/// What a byte outside quotes may be without meaning anything to the shell.
const BARE: ByteSet = ByteSet::of(b"_-./,:+@%=").and_alphanumeric();
/// What means something in double quotes, and line ends, which count lines.
const IN_DOUBLE: ByteSet = ByteSet::of(b"$`\\\n\"");
/// What ends single quotes, and line ends.
const IN_SINGLE: ByteSet = ByteSet::of(b"'\n");
/// First words that the shell does not look for among the programs: its builtins and reserved words.
const OWN: [&str; 40] = [
    ":", ".", "trap", "umask", "ulimit", "wait", "hash", "cd", "export", "readonly", "declare",
    "typeset", "local", "unset", "exit", "return", "break", "continue", "pwd", "set", "shift",
    "let", "read", "type", "command", "exec", "builtin", "eval", "source", "then", "fi", "do",
    "done", "else", "elif", "esac", "if", "for", "case", "function",
];

/// When a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In any case: the first one, and behind `;`.
    Always,
    /// Behind `&&`.
    Success,
    /// Behind `||`.
    Failure,
}

/// A command: its words, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) when: When,
    pub(super) words: Vec<String>,
}

/// A plain line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain(pub(super) Vec<Step>);

impl Plain {
    /// The line, when it is plain.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut reader = Reader { line, at: 0 };
        let mut steps = Vec::with_capacity(2);
        let mut when = When::Always;
        loop {
            let words = reader.command()?;
            steps.push(Step { when, words });
            when = match reader.operator()? {
                Some(when) => when,
                None => return Some(Self(steps)),
            };
            if when == When::Always && reader.is_at_end() {
                return Some(Self(steps));
            }
        }
    }
}

struct Reader<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_blanks();
        self.at == self.line.len()
    }

    /// The words up to an operator or the end.
    fn command(&mut self) -> Option<Vec<String>> {
        let mut words = Vec::with_capacity(4);
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b'&' | b'|' | b';') => break,
                Some(_) => words.push(self.word(words.is_empty())?),
            }
        }
        let name: &String = words.first()?;
        (!name.is_empty() && !OWN.contains(&name.as_str())).then_some(words)
    }

    /// What there is outside quotes.
    fn bare(&mut self) -> &'a str {
        let rest = &self.line[self.at..];
        let end = rest.bytes().position(|b| !BARE.has(b));
        let bare = &rest[..end.unwrap_or(rest.len())];
        self.at += bare.len();
        bare
    }

    /// One word; the first of a command must not be an assignment.
    fn word(&mut self, is_first: bool) -> Option<String> {
        let bytes = self.line.as_bytes();
        let mut word = self.bare().to_owned();
        if is_first && word.contains('=') {
            return None;
        }
        loop {
            let quote = match self.peek() {
                None | Some(b' ' | b'\t' | b'&' | b'|' | b';') => return Some(word),
                Some(b'\'') => &IN_SINGLE,
                Some(b'"') => &IN_DOUBLE,
                Some(byte) if BARE.has(byte) && !(is_first && byte == b'=') => {
                    let text = self.bare();
                    word.push_str(text);
                    continue;
                }
                Some(_) => return None,
            };
            let start = self.at + 1;
            let end = start + bytes[start..].iter().position(|b| quote.has(*b))?;
            if bytes[end] != bytes[self.at] {
                return None;
            }
            word.push_str(&self.line[start..end]);
            self.at = end + 1;
        }
    }

    /// The operator behind a command: the outer `None` is one that is not plain, the inner one the end.
    #[expect(clippy::option_option, reason = "not plain, end, operator")]
    fn operator(&mut self) -> Option<Option<When>> {
        let rest = &self.line.as_bytes()[self.at..];
        let (when, length) = match rest {
            [] => return Some(None),
            [b';', b';', ..] => return None,
            [b';', ..] => (When::Always, 1),
            [b'&', b'&', b'&' | b'>', ..] | [b'|', b'|', b'|', ..] => return None,
            [b'&', b'&', ..] => (When::Success, 2),
            [b'|', b'|', ..] => (When::Failure, 2),
            _ => return None,
        };
        self.at += length;
        Some(Some(when))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ast::{Command, Kind, List};
    use super::super::{expand, parser};
    use super::*;

    /// What the tree of a plain line says.
    fn of_tree(list: &List) -> Option<Plain> {
        let step = |when, commands: &[Command]| {
            let [command] = commands else {
                return None;
            };
            match &command.kind {
                Kind::Simple { assignments, words }
                    if assignments.is_empty() && command.redirects.is_empty() =>
                {
                    let words = expand::plain(words)?;
                    Some(Step { when, words })
                }
                _ => None,
            }
        };
        let mut steps = Vec::new();
        for and_or in &list.0 {
            steps.push(step(When::Always, &and_or.first.commands)?);
            assert!(!and_or.first.negated);
            for (and, pipeline) in &and_or.rest {
                let when = if *and { When::Success } else { When::Failure };
                steps.push(step(when, &pipeline.commands)?);
                assert!(!pipeline.negated);
            }
        }
        Some(Plain(steps))
    }

    #[test]
    fn lines_that_xcat_sends_are_plain() {
        for line in [
            " test -d /var/opt/zhcp/zfcp && echo Exists",
            "/sbin/vmcp q userid",
            " grep -i 5005,4010 /var/opt/zhcp/zfcp/p.conf",
            "sudo sed --in-place -e 's#a,b*#c#i' /var/opt/zhcp/zfcp/p.conf",
            "echo \"free,5005,4010,8G,,,,\" ; mkdir -p /a || true;",
        ] {
            let plain = Plain::read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                Some(plain),
                of_tree(&parser::parse(line).unwrap()),
                "{line}"
            );
        }
        for line in [
            "",
            "a=b",
            "a\"b\"=c",
            "cat $x",
            "cat *",
            "cat <a",
            "a | b",
            "a &",
            "a & b",
            "a &&",
            "; a",
            "a ;; b",
            "a\nb",
            "cd /",
            "if a; then b; fi",
            "'' a",
            "a 'b",
            "a \"b",
            "a #b",
            "~",
            "{ a; }",
            "a ||| b",
            "a &&& b",
            "a &&> b",
            "! a",
        ] {
            assert_eq!(Plain::read(line), None, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_plain_line_is_what_the_parser_makes_of_it(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    " ", " ", "\t", "a", "bc", "1", "=", "-e", "/x", "'", "'", "\"", "\"", "&&", "&", "||", "|", ";",
                    "#", "$", "\\", "\n", ">", "<", "(", "!", "{", "}", "cd", "if", "*", "é", "~", "%", "`", "\r",
                ]),
                0..12,
            ),
        ) {
            let line = parts.concat();
            if let Some(plain) = Plain::read(&line) {
                let tree = parser::parse(&line);
                prop_assert_eq!(Some(plain), of_tree(&tree.unwrap()), "{}", line);
            }
        }
    }
}
