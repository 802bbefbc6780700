//! Filtering of pool text on the management node: xCAT pipes what it fetched through `echo "…" | egrep -a -i …` there
//! (spec: scsi-pools 0.7). Plain text is filtered without a shell; text that the shell would change (`$name`,
//! backquotes, quotes, backslashes) goes through the management node's shell (Q7, Q62). A line that is longer than
//! the kernel lets a program's argument be cannot be run at all, and the filter yields nothing (Q61).

use regex::RegexBuilder;

use super::contents::Contents;
use crate::mn::Context;
use crate::seam::Release;
use crate::world::pool_text::is_literal;

/// Longest text that Linux lets one argument of a program be, its closing NUL included, in bytes.
const ARGUMENT_LIMIT: usize = 131_072;

/// How a text reaches egrep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Plain,
    /// In a line of the shell, which changes it.
    Shell,
    /// Not at all: the line is too long.
    Lost,
}

/// How `contents` reach egrep with a pattern.
pub fn way(context: &Context, contents: &Contents, pattern: &str) -> Way {
    if context.settings().release == Release::P {
        // Release P pipes the fetched text straight into egrep: no shell line holds it.
        return Way::Plain;
    }
    // The line's fixed text: echo, two pairs of quotes, the pipe and egrep with its two options.
    let length = contents.len() + pattern.len() + r#"echo "" | egrep -a -i """#.len() + 1;
    if length > ARGUMENT_LIMIT && context.settings().quirk("Q61") {
        return Way::Lost;
    }
    if contents.is_for_shell() && context.settings().quirk("Q7") {
        return Way::Shell;
    }
    Way::Plain
}

/// Rows of `contents` that match `pattern`, an extended regular expression, in any case; without the closing newline.
pub async fn egrep(context: &Context, contents: &Contents, pattern: &str) -> String {
    match way(context, contents, pattern) {
        Way::Plain => matching_rows(contents, pattern),
        Way::Lost => String::new(),
        Way::Shell => {
            let text = contents.text();
            let line = format!("echo \"{text}\" | egrep -a -i \"{pattern}\"");
            let outcome = context.sh(&line).await;
            outcome.stdout.trim_end_matches('\n').to_owned()
        }
    }
}

/// Rows that match, without a shell. A pattern that egrep refuses matches nothing.
pub fn matching_rows(contents: &Contents, pattern: &str) -> String {
    let mut rows = if is_literal(pattern) {
        contents.matching(pattern, |row| {
            super::text::contains_ignoring_case(row, pattern)
        })
    } else {
        match RegexBuilder::new(pattern).case_insensitive(true).build() {
            Ok(regex) => contents.matching(pattern, |row| regex.is_match(row)),
            Err(_) => Vec::new(),
        }
    };
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => row.to_owned(),
        (last, _) => {
            rows.extend(last);
            rows.join("\n")
        }
    }
}

/// Whether `text` matches a regular expression in any case; one that is not valid is taken literally.
pub fn matches(text: &str, pattern: &str) -> bool {
    if is_literal(pattern) {
        return super::text::contains_ignoring_case(text, pattern);
    }
    match RegexBuilder::new(pattern).case_insensitive(true).build() {
        Ok(regex) => regex.is_match(text),
        Err(_) => super::text::contains_ignoring_case(text, pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "#status,wwpn\nfree,AA,01\n\nUSED,aa,02\n";

    #[test]
    fn rows_match_in_any_case_anywhere() {
        let pool = Contents::of_text(POOL);
        assert_eq!(matching_rows(&pool, "aa,0"), "free,AA,01\nUSED,aa,02");
        assert_eq!(
            matching_rows(&pool, "^used|^free"),
            "free,AA,01\nUSED,aa,02"
        );
        assert_eq!(matching_rows(&pool, "(("), "");
    }
}
