//! Filtering of pool text on the management node: xCAT pipes what it fetched through `echo "…" | egrep -a -i …` there
//! (spec: scsi-pools 0.7). Plain text is filtered without a shell; text that the shell would change (`$name`,
//! backquotes, quotes, backslashes) goes through the management node's shell (Q7, Q62). A line that is longer than
//! the kernel lets a program's argument be cannot be run at all, and the filter yields nothing (Q61).

use regex::RegexBuilder;

use crate::mn::Context;
use crate::seam::Release;

/// Longest text that Linux lets one argument of a program be, its closing NUL included, in bytes.
const ARGUMENT_LIMIT: usize = 131_072;

/// Rows of `contents` that match `pattern`, an extended regular expression, in any case; without the closing newline.
pub async fn egrep(context: &Context, contents: &str, pattern: &str) -> String {
    if context.settings().release == Release::P {
        // Release P pipes the fetched text straight into egrep: no shell line holds it.
        return matching_rows(contents, pattern);
    }
    let as_executed = context.settings().quirk("Q61");
    // The line's fixed text: echo, two pairs of quotes, the pipe and egrep with its two options.
    let length = contents.len() + pattern.len() + r#"echo "" | egrep -a -i """#.len() + 1;
    if as_executed && length > ARGUMENT_LIMIT {
        return String::new();
    }
    let is_plain = !contents.contains(['"', '$', '`', '\\']);
    if is_plain || !context.settings().quirk("Q7") {
        return matching_rows(contents, pattern);
    }
    let line = format!("echo \"{contents}\" | egrep -a -i \"{pattern}\"");
    context
        .sh(&line)
        .await
        .stdout
        .trim_end_matches('\n')
        .to_owned()
}

/// Rows that match, without a shell. A pattern that egrep refuses matches nothing.
pub fn matching_rows(contents: &str, pattern: &str) -> String {
    let is_plain = !pattern.contains(|c: char| r"\.^$|?*+()[]{}".contains(c));
    if is_plain {
        return rows(contents, |row| {
            super::text::contains_ignoring_case(row, pattern)
        });
    }
    match RegexBuilder::new(pattern).case_insensitive(true).build() {
        Ok(regex) => rows(contents, |row| regex.is_match(row)),
        Err(_) => String::new(),
    }
}

fn rows(contents: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for row in contents.lines().filter(|row| keep(row)) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(row);
    }
    out
}

/// Whether `text` matches a regular expression in any case; one that is not valid is taken literally.
pub fn matches(text: &str, pattern: &str) -> bool {
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
        assert_eq!(matching_rows(POOL, "aa,0"), "free,AA,01\nUSED,aa,02");
        assert_eq!(matching_rows(POOL, "^used|^free"), "free,AA,01\nUSED,aa,02");
        assert_eq!(matching_rows(POOL, "(("), "");
    }
}
