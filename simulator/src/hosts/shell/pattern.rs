//! Shell patterns: `*`, `?`, `[…]`, with `\` protecting a character.

/// A pattern that file names are matched with.
#[derive(Clone, Debug)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Char(char),
    Any,
    Star,
    Set(bool, Vec<(char, char)>),
}

impl Pattern {
    /// Reads a pattern; every text is one (an unclosed `[` stands for itself).
    pub fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            at += 1;
            parts.push(match c {
                '\\' => {
                    let c = chars.get(at).copied().unwrap_or('\\');
                    at += 1;
                    Part::Char(c)
                }
                '*' => Part::Star,
                '?' => Part::Any,
                '[' => match set(&chars, at) {
                    Some((part, next)) => {
                        at = next;
                        part
                    }
                    None => Part::Char('['),
                },
                _ => Part::Char(c),
            });
        }
        Self(parts)
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let chars: Vec<char> = name.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut star = None;
        while at < chars.len() {
            match self.0.get(part) {
                Some(Part::Star) => {
                    star = Some((part, at));
                    part += 1;
                }
                Some(p) if one(p, chars[at]) => {
                    part += 1;
                    at += 1;
                }
                _ => match star {
                    Some((p, a)) => {
                        star = Some((p, a + 1));
                        part = p + 1;
                        at = a + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[part.min(self.0.len())..]
            .iter()
            .all(|p| matches!(p, Part::Star))
    }

    /// Whether it starts with a literal dot, as a pattern must to find hidden files.
    pub fn wants_hidden(&self) -> bool {
        matches!(self.0.first(), Some(Part::Char('.')))
    }
}

fn one(part: &Part, c: char) -> bool {
    match part {
        Part::Char(p) => *p == c,
        Part::Any => true,
        Part::Star => false,
        Part::Set(negated, ranges) => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
        }
    }
}

fn set(chars: &[char], mut at: usize) -> Option<(Part, usize)> {
    let negated = matches!(chars.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let start = at;
    let mut ranges = Vec::new();
    loop {
        let c = *chars.get(at)?;
        if c == ']' && at > start {
            return Some((Part::Set(negated, ranges), at + 1));
        }
        if chars.get(at + 1) == Some(&'-') && chars.get(at + 2).is_some_and(|c| *c != ']') {
            ranges.push((c, chars[at + 2]));
            at += 3;
        } else {
            ranges.push((c, c));
            at += 1;
        }
    }
}
