//! Sets of bytes, for texts that are searched byte by byte on the way of every request.

use std::ops::Range;

/// A set of bytes: one look-up tells whether a byte is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// These bytes.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    /// The same with ASCII letters and digits.
    pub(crate) const fn and_alphanumeric(mut self) -> Self {
        let mut byte = 0_u8;
        while byte < 128 {
            if byte.is_ascii_alphanumeric() {
                self.0[byte as usize] = true;
            }
            byte += 1;
        }
        self
    }

    /// Printable ASCII but for these bytes.
    pub(crate) const fn printable_but(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut byte = 0x20;
        while byte < 0x7f {
            set[byte] = true;
            byte += 1;
        }
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = false;
            at += 1;
        }
        Self(set)
    }

    /// Whether a byte is in it.
    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// Whether all bytes of a text are in it.
    pub(crate) fn has_all(&self, text: &str) -> bool {
        let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
        let has = |block: &[u8]| block.iter().fold(true, |all, b| all & self.has(*b));
        blocks.iter().all(|block| has(block)) && has(rest)
    }

    /// Whether a text has a byte of it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
        let has = |block: &[u8]| block.iter().fold(false, |any, b| any | self.has(*b));
        blocks.iter().any(|block| has(block)) || has(rest)
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 8;

/// Hexadecimal digits.
const HEX: ByteSet = ByteSet::of(b"0123456789abcdefABCDEF");

/// Runs of at least `least` hexadecimal digits, as long as they go. Where there is none, only every `least`th byte is
/// looked at.
pub(crate) fn hex_runs(text: &str, least: usize) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    // No run begins before it and goes beyond it.
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let probe = from + least - 1;
            if !HEX.has(*bytes.get(probe)?) {
                from = probe + 1;
                continue;
            }
            let before = bytes[from..probe].iter().rposition(|b| !HEX.has(*b));
            let start = before.map_or(from, |at| from + at + 1);
            let behind = bytes[probe..].iter().position(|b| !HEX.has(*b));
            let end = behind.map_or(bytes.len(), |at| probe + at);
            from = end + 1;
            if end - start >= least {
                return Some(start..end);
            }
        }
    })
}

/// Where `part` first occurs in `text`, ASCII case ignored.
pub(crate) fn find_ignoring_case(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(first) = part.first() else {
        return Some(0);
    };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let starts = text.get(..(text.len() + 1).checked_sub(part.len())?)?;
    memchr::memchr2_iter(lower, upper, starts)
        .find(|at| text[*at..*at + part.len()].eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_set_has_what_it_is_made_of() {
        const SET: ByteSet = ByteSet::of(b"+-").and_alphanumeric();
        const PRINTABLE: ByteSet = ByteSet::printable_but(b"\"");
        assert!(SET.has_all("a+Z-9") && !SET.has_all("a b") && !SET.has_all("ä"));
        assert!(SET.is_in("  x") && !SET.is_in(" ,"));
        assert!(PRINTABLE.has_all("a ~!") && !PRINTABLE.is_in("\"\n\u{7f}é"));
    }

    proptest! {
        #[test]
        fn long_runs_are_found_wherever_they_are(
            parts in proptest::collection::vec("[0-9a-fA-F]{1,6}|[ ,xä]", 0..12),
            least in 1_usize..8,
        ) {
            let text = parts.concat();
            let mut at = 0;
            let mut wanted = Vec::new();
            for part in text.split(|c: char| !c.is_ascii_hexdigit()) {
                at += text[at..].find(part).unwrap_or(0);
                if part.len() >= least {
                    wanted.push(at..at + part.len());
                }
                at += part.len();
            }
            prop_assert_eq!(hex_runs(&text, least).collect::<Vec<_>>(), wanted);
        }

        #[test]
        fn case_is_ignored(text in "[aAbBä(]{0,12}", part in "[aAbB(]{0,3}") {
            let found = text.to_ascii_lowercase().find(&part.to_ascii_lowercase());
            prop_assert_eq!(find_ignoring_case(&text, &part), found);
        }
    }
}
