//! Command lines that were read before: xCAT sends the same few again and again. What is remembered is what a line says,
//! never what came of it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::ast::List;
use super::parser;
use super::plain::Plain;
use crate::bytes::hex_runs;
use crate::world::hash::BuildWords;

/// Lines that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 512;
/// Longest line that is remembered, in bytes.
const LONGEST: usize = 256;
/// Digits of a WWPN or LUN. A line with one seldom comes twice.
const DIGITS: usize = 16;

type Lines<T> = OnceLock<Mutex<HashMap<String, Arc<T>, BuildWords>>>;

/// The tree of a command line, or what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Arc<List>, String> {
    static LINES: Lines<List> = OnceLock::new();
    remembered(&LINES, line, parser::parse)
}

/// The commands of a plain line; `None`: it is none.
pub(super) fn plain(line: &str) -> Option<Arc<Plain>> {
    static LINES: Lines<Plain> = OnceLock::new();
    remembered(&LINES, line, |line| Plain::read(line).ok_or(())).ok()
}

/// What was made of a line before, or is made of it now.
fn remembered<T, E>(
    lines: &Lines<T>,
    line: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Arc<T>, E> {
    if line.len() > LONGEST || hex_runs(line, DIGITS).next().is_some() {
        return read(line).map(Arc::new);
    }
    let lines = lines.get_or_init(Mutex::default);
    if let Some(known) = lines.lock().get(line) {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(read(line)?);
    let mut lines = lines.lock();
    if lines.len() >= REMEMBERED {
        lines.clear();
    }
    lines.insert(line.to_owned(), Arc::clone(&made));
    Ok(made)
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
        let line = "echo 'read once' && true";
        let (one, two) = (plain(line).unwrap(), plain(line).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(Some(&*one), Plain::read(line).as_ref());
        assert_eq!(plain("echo $x"), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        static LINES: Lines<usize> = OnceLock::new();
        let read = |line: &str| Ok::<_, ()>(line.len());
        for number in 0..3 * REMEMBERED {
            let line = format!("echo {number}");
            assert_eq!(remembered(&LINES, &line, read).as_deref(), Ok(&line.len()));
        }
        let lines = LINES.get().map(|lines| lines.lock().len());
        assert!(lines.is_some_and(|count| count <= REMEMBERED));
    }
}
