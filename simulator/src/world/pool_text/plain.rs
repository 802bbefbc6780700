//! Lines that are the same in every encoding of an answer.

use crate::bytes::find_ignoring_case;

/// Texts that the management node looks for in what it answers, in lower case: two of them make the answer an error
/// (spec: scsi-pools 5.1), the third makes it a missing object (spec: rest-and-xcatd 1.7).
const TELLING: [&str; 3] = ["(error)", "failed", "could not find an object"];

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Whether a line is plain: printable ASCII of which JSON escapes nothing, and none of the texts that the management
/// node looks for.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branch for a byte, so that a block is judged by vector instructions"
)]
pub fn is_plain(line: &str) -> bool {
    let (mut is_odd, mut may_tell) = (false, false);
    for block in line.as_bytes().chunks(BLOCK) {
        for byte in block {
            is_odd |= !(0x20..0x7f).contains(byte) | (*byte == b'"') | (*byte == b'\\');
            // Each of the texts has one of these; rows hardly ever do.
            may_tell |= (*byte == b' ') | (*byte == b'(') | (*byte | 0x20 == b'l');
        }
    }
    !(is_odd || may_tell && tells(line))
}

/// Whether a line has one of the texts that the management node looks for.
pub(super) fn tells(line: &str) -> bool {
    TELLING
        .iter()
        .any(|text| find_ignoring_case(line, text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_or_looked_for_is_not_plain() {
        for line in [
            "",
            "free,5005,4010,8G,1A00-1A0F,,,",
            "used,a,b,8G,,lnx1,1a00,all (ok)",
        ] {
            assert!(is_plain(line), "{line}");
        }
        for line in [
            "a\"b",
            "a\\b",
            "a\tb",
            "é",
            "\u{7f}",
            "a,FAILED",
            "x (Error) y",
            "Could not find an object named 'x'",
        ] {
            assert!(!is_plain(line), "{line}");
        }
    }
}
