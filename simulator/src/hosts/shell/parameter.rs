//! What parameter expansions do with a text.

use super::pattern::Pattern;

/// Longest text in which matches of a pattern with wildcards are looked for: each pair of ends is tried.
const LONGEST: usize = 1_024;

/// Ends of the characters of a text, with 0 and its length.
fn boundaries(text: &str) -> Vec<usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect()
}

/// `#`, `##`, `%`, `%%`: a text without the part at its start or end that matches.
pub(super) fn strip<'a>(text: &'a str, pattern: &Pattern, suffix: bool, longest: bool) -> &'a str {
    let mut cuts = boundaries(text);
    // A suffix that starts early is long, a prefix that ends late is.
    if suffix != longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (head, tail) = text.split_at(cut);
        let (part, rest) = if suffix { (tail, head) } else { (head, tail) };
        if pattern.matches(part) {
            return rest;
        }
    }
    text
}

/// `/` and `//`: a text with the first or every longest match replaced. A pattern that starts with `#` or `%` is bound
/// to the start or the end.
pub(super) fn replace(text: &str, pattern: &str, with: &str, all: bool) -> String {
    if let Some(bound) = pattern.strip_prefix('#') {
        let rest = strip(text, &Pattern::new(bound), false, true);
        return if rest.len() < text.len() {
            format!("{with}{rest}")
        } else {
            text.to_owned()
        };
    }
    if let Some(bound) = pattern.strip_prefix('%') {
        let rest = strip(text, &Pattern::new(bound), true, true);
        return if rest.len() < text.len() {
            format!("{rest}{with}")
        } else {
            text.to_owned()
        };
    }
    if pattern.is_empty() {
        return text.to_owned();
    }
    if !pattern.contains(['*', '?', '[']) {
        let plain = pattern.replace('\\', "");
        return if all {
            text.replace(&plain, with)
        } else {
            text.replacen(&plain, with, 1)
        };
    }
    if text.len() > LONGEST {
        return text.to_owned();
    }
    let matcher = Pattern::new(pattern);
    let cuts = boundaries(text);
    let mut out = String::new();
    let mut index = 0;
    while index + 1 < cuts.len() {
        let start = cuts[index];
        let end = cuts[index + 1..]
            .iter()
            .rev()
            .find(|end| matcher.matches(&text[start..**end]))
            .copied();
        let Some(end) = end else {
            out.push_str(&text[start..cuts[index + 1]]);
            index += 1;
            continue;
        };
        out.push_str(with);
        index = cuts.iter().position(|c| *c == end).unwrap_or(cuts.len());
        if !all {
            out.push_str(&text[end..]);
            return out;
        }
    }
    out
}

/// `${name:offset:length}`: characters; negative numbers count from the end.
pub(super) fn slice(text: &str, offset: i64, length: Option<i64>) -> String {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        (count + offset).max(0)
    } else {
        offset.min(count)
    };
    let end = match length {
        None => count,
        Some(length) if length < 0 => (count + length).max(start),
        Some(length) => start.saturating_add(length).min(count),
    };
    text.chars()
        .skip(start as usize)
        .take((end - start).max(0) as usize)
        .collect()
}
