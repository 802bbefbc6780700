//! Command lines that were parsed before: xCAT sends the same few again and again.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::ast::List;
use super::parser;

/// Lines that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 512;
/// Longest line that is remembered, in bytes.
const LONGEST: usize = 256;
/// Digits of a WWPN or LUN. A line with one seldom comes twice.
const DIGITS: usize = 16;

/// The tree of a command line, or what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Arc<List>, String> {
    static LINES: OnceLock<Mutex<HashMap<String, Arc<List>>>> = OnceLock::new();
    if line.len() > LONGEST || names_a_lun(line) {
        return parser::parse(line).map(Arc::new);
    }
    let lines = LINES.get_or_init(Mutex::default);
    if let Some(list) = lines.lock().get(line) {
        return Ok(Arc::clone(list));
    }
    let list = Arc::new(parser::parse(line)?);
    let mut lines = lines.lock();
    if lines.len() >= REMEMBERED {
        lines.clear();
    }
    lines.insert(line.to_owned(), Arc::clone(&list));
    Ok(list)
}

fn names_a_lun(line: &str) -> bool {
    let mut digits = 0;
    line.bytes().any(|b| {
        digits = if b.is_ascii_hexdigit() { digits + 1 } else { 0 };
        digits >= DIGITS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_parsed_once() {
        let line = "echo 'parsed once' | cat";
        let (one, two) = (parse(line).unwrap(), parse(line).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(*one, parser::parse(line).unwrap());
        assert_eq!(parse("echo ("), parse("echo ("));
        let lun = "grep -i 500507630300c562 /p";
        assert!(!Arc::ptr_eq(&parse(lun).unwrap(), &parse(lun).unwrap()));
    }
}
