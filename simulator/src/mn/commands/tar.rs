//! A tar archive of text files, as the image commands bundle them: the form POSIX calls ustar, never compressed. An
//! archive is read from anywhere, so nothing in it is trusted.

/// Size of a block.
const BLOCK: usize = 512;
/// Longest name that is written.
const LONGEST_NAME: usize = 100;

/// Packs files, name and text.
pub(super) fn pack(files: &[(String, String)]) -> String {
    let mut archive = String::new();
    for (name, text) in files {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        archive.push_str(&header(&name, text.len()));
        archive.push_str(text);
        archive.push_str(&"\0".repeat(text.len().next_multiple_of(BLOCK) - text.len()));
    }
    archive.push_str(&"\0".repeat(2 * BLOCK));
    archive
}

fn header(name: &str, size: usize) -> String {
    let field = |text: String, width: usize| {
        let padding = width.saturating_sub(text.len());
        text + &"\0".repeat(padding)
    };
    let start = field(name.to_owned(), LONGEST_NAME)
        + "0000644\0"
        + "0000000\0"
        + "0000000\0"
        + &format!("{size:011o}\0")
        + "00000000000\0";
    let end = format!("0{}ustar\00000", "\0".repeat(100));
    let end = field(end, BLOCK - start.len() - 8);
    let sum: u32 = start.bytes().chain(end.bytes()).map(u32::from).sum::<u32>() + 8 * 32;
    format!("{start}{sum:06o}\0 {end}")
}

/// Unpacks regular files; `None` when this is no archive, or one that names files outside itself.
pub(super) fn unpack(archive: &str) -> Option<Vec<(String, String)>> {
    let bytes = archive.as_bytes();
    let mut files = Vec::new();
    let mut at = 0;
    loop {
        let header = bytes.get(at..at + BLOCK)?;
        if header.iter().all(|b| *b == 0) {
            return Some(files);
        }
        if header.get(257..262)? != b"ustar" {
            return None;
        }
        let name = text(header.get(..LONGEST_NAME)?)?;
        let size = usize::from_str_radix(text(header.get(124..136)?)?.trim(), 8).ok()?;
        let data = at + BLOCK;
        let end = data.checked_add(size)?;
        let content = bytes.get(data..end)?;
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return None;
        }
        if matches!(header.get(156), Some(b'0' | 0)) {
            files.push((
                name.to_owned(),
                String::from_utf8_lossy(content).into_owned(),
            ));
        }
        at = end.checked_next_multiple_of(BLOCK)?;
    }
}

/// A field up to its first NUL.
fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{pack, unpack};

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            files in proptest::collection::vec(("[a-z]{1,20}(/[a-z.]{1,9}x)?", ".{0,700}"), 0..5),
        ) {
            prop_assert_eq!(unpack(&pack(&files)), Some(files));
        }

        #[test]
        fn any_text_is_unpacked_without_panic(
            text in ".{0,300}",
            files in proptest::collection::vec(("[a-z]{1,20}", ".{0,700}"), 1..3),
            cut in 0usize..2000,
        ) {
            unpack(&text);
            let archive = pack(&files);
            let end = (0..=cut.min(archive.len())).rev().find(|at| archive.is_char_boundary(*at));
            unpack(&archive[..end.unwrap_or(0)]);
        }
    }

    #[test]
    fn files_outside_are_refused() {
        for name in ["/etc/passwd", "a/../../b", ".."] {
            assert_eq!(
                unpack(&pack(&[(name.to_owned(), String::new())])),
                None,
                "{name}"
            );
        }
        assert_eq!(unpack("no archive"), None);
    }
}
