//! `dd`: copies files and block devices, and counts what it copied.
//!
//! A block device gives and takes the identity of its content as one piece, whatever piece is asked for, unless the
//! identity is long enough to hold the piece, as that of a deployed image is; the counts are those of its size. The rate is not measured, since the clock stands still while a program runs: it is that of a fast
//! disk.

use super::disk;
use super::tool::view;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// Bytes that `dd` says to have copied in a second.
const RATE: u64 = 100_000_000;

/// What `/dev/zero` leaves where it is copied to.
const ZEROED: &str = "zeroed\n";

/// Operands that take a value; those of no consequence here are known all the same.
const OPERANDS: [&str; 11] = [
    "if", "of", "bs", "count", "skip", "seek", "conv", "ibs", "obs", "iflag", "oflag",
];

/// dd: `if=`, `of=`, `bs=`, `count=`, `skip=`, `seek=`, `status=none`.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let touched: Vec<String> = words[1..]
        .iter()
        .filter_map(|w| w.strip_prefix("if=").or_else(|| w.strip_prefix("of=")))
        .map(str::to_owned)
        .collect();
    if !touched.is_empty() {
        disk::wait_for_queues(env, &touched);
    }
    let request = match Request::read(&words[1..]) {
        Ok(request) => request,
        Err(message) => return Outcome::fail(1, message),
    };
    let (text, size) = match source(env, &request, stdin) {
        Ok(found) => found,
        Err(message) => return Outcome::fail(1, message),
    };
    let room = request.to.and_then(|name| room(env, name, request.seek));
    let copied = size
        .unwrap_or(u64::MAX)
        .min(request.limit.unwrap_or(u64::MAX))
        .min(room.unwrap_or(u64::MAX));
    let wanted = request.limit.or(size).unwrap_or(u64::MAX);
    if wanted == u64::MAX && room.is_none() {
        return Outcome::fail(1, "dd: memory exhausted by input buffer\n");
    }
    let mut out = Outcome::default();
    match request.to {
        None => out.stdout = text,
        Some(name) => {
            let path = env.path(name);
            if let Err(errno) = files::write(env.world, &env.host, &path, &text, false) {
                let what = if errno.is_open_failure() {
                    "failed to open"
                } else {
                    "error writing"
                };
                return Outcome::fail(1, format!("dd: {what} '{name}': {errno}\n"));
            }
        }
    }
    // More than a device holds: what fits is written.
    let full = room.is_some_and(|room| wanted.min(size.unwrap_or(u64::MAX)) > room);
    if full {
        let name = request.to.unwrap_or_default();
        out.complain(format!(
            "dd: error writing '{name}': No space left on device"
        ));
        out.rc = 1;
    }
    if !request.quiet {
        let (read, written) = (
            records(copied, request.block, full),
            records(copied, request.block, false),
        );
        out.complain(format!("{read} records in\n{written} records out"));
        out.complain(rate(copied));
    }
    out
}

/// What the operands ask for; sizes in bytes.
struct Request<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    block: u64,
    limit: Option<u64>,
    skip: u64,
    seek: u64,
    quiet: bool,
}

impl<'a> Request<'a> {
    fn read(words: &'a [String]) -> Result<Self, String> {
        let unknown = words.iter().find(|word| {
            word.split_once('=')
                .is_none_or(|(key, _)| key != "status" && !OPERANDS.contains(&key))
        });
        if let Some(word) = unknown {
            return Err(format!(
                "dd: unrecognized operand '{word}'\nTry 'dd --help' for more information.\n"
            ));
        }
        // The last one counts, as with the real program.
        let value = |key: &str| {
            words
                .iter()
                .rev()
                .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        };
        let amount = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => number(text)
                .map(Some)
                .ok_or_else(|| format!("dd: invalid number: '{text}'\n")),
        };
        let block = match amount("bs")?.or(amount("ibs")?) {
            Some(0) => return Err("dd: invalid number: '0'\n".to_owned()),
            other => other.unwrap_or(512),
        };
        Ok(Self {
            from: value("if"),
            to: value("of"),
            block,
            limit: amount("count")?.map(|n| n.saturating_mul(block)),
            skip: amount("skip")?.unwrap_or(0).saturating_mul(block),
            seek: amount("seek")?.unwrap_or(0).saturating_mul(block),
            quiet: value("status") == Some("none"),
        })
    }

    /// Whether a text has all the bytes that are asked for.
    fn is_within(&self, text: &str) -> bool {
        let end = self.limit.and_then(|limit| self.skip.checked_add(limit));
        end.is_some_and(|end| end <= text.len() as u64)
    }
}

/// What is copied and how many bytes the source has; no number when it has no end.
fn source(
    env: &ProgramEnv<'_>,
    request: &Request<'_>,
    stdin: &str,
) -> Result<(String, Option<u64>), String> {
    let cut = |text: &str| {
        let place = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(text.len());
        let start = text.floor_char_boundary(place(request.skip));
        let end = request
            .skip
            .saturating_add(request.limit.unwrap_or(u64::MAX));
        let piece = text[start..text.floor_char_boundary(place(end))].to_owned();
        let size = piece.len() as u64;
        (piece, Some(size))
    };
    let Some(name) = request.from else {
        return Ok(cut(stdin));
    };
    let path = env.path(name);
    if path == "/dev/zero" {
        return Ok((ZEROED.to_owned(), None));
    }
    match env.read(name) {
        Ok(text) => Ok(match device_bytes(env, name) {
            // An image that was put there byte by byte is read so, as far as it goes.
            Some(_) if request.is_within(&text) => cut(&text),
            Some(bytes) => (text.into_owned(), Some(bytes.saturating_sub(request.skip))),
            None => cut(&text),
        }),
        Err(errno) if errno.is_open_failure() => {
            Err(format!("dd: failed to open '{name}': {errno}\n"))
        }
        Err(errno) => Err(format!("dd: error reading '{name}': {errno}\n")),
    }
}

/// Bytes that fit behind `seek` on a block device; `None` for what is not one.
fn room(env: &ProgramEnv<'_>, name: &str, seek: u64) -> Option<u64> {
    Some(device_bytes(env, name)?.saturating_sub(seek))
}

/// Size of a block device in bytes; `None` when the name is not one.
fn device_bytes(env: &ProgramEnv<'_>, name: &str) -> Option<u64> {
    let view = view(env)?;
    let path = disk::canonical(env.world, &env.host, &env.directory, name);
    Some(disk::bytes(&view, &disk::open(&view, &path)?))
}

/// Whole and partial records of `bytes`; one more whole one was read when the device ran full.
fn records(bytes: u64, block: u64, ran_full: bool) -> String {
    format!(
        "{}+{}",
        bytes / block + u64::from(ran_full),
        u64::from(!bytes.is_multiple_of(block))
    )
}

/// The last line: bytes, the same for people, seconds, and the rate.
fn rate(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let seconds = bytes as f64 / RATE as f64;
    let unit = if bytes == 1 { "byte" } else { "bytes" };
    format!(
        "{bytes} {unit} ({}) copied, {} s, {}/s",
        for_people(bytes),
        significant(seconds),
        for_people(RATE)
    )
}

/// Bytes in powers of a thousand, one decimal below ten.
fn for_people(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let (mut size, mut unit) = (1_u64, "B");
    for name in UNITS {
        if bytes / size < 1_000 {
            break;
        }
        (size, unit) = (size * 1_000, name);
    }
    let tenths = u128::from(bytes) * 10 / u128::from(size);
    if size > 1 && tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", bytes.div_ceil(size))
    }
}

/// Seconds as `%g` prints them: six significant digits, no zeros at the end, an exponent when they are very few.
fn significant(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0".to_owned();
    }
    if seconds < 1e-4 {
        let text = format!("{seconds:.5e}");
        let (digits, power) = text.split_once("e-").unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e-{power:0>2}");
    }
    let digits = (5.0 - seconds.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{seconds:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A number of dd's: with `k`, `M`, `G`, and so on.
fn number(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "c" => 1,
        "w" => 2,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "kB" | "KB" => 1_000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        "T" | "TiB" => 1 << 40,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::{for_people, number, records, significant};

    #[test]
    fn figures_are_those_of_the_real_program() {
        let shown: Vec<String> = [1, 512, 999, 1_000, 1_048_576, 9_999_999, 104_857_600]
            .into_iter()
            .map(for_people)
            .collect();
        assert_eq!(
            shown,
            [
                "1 B", "512 B", "999 B", "1.0 kB", "1.0 MB", "9.9 MB", "105 MB"
            ]
        );
        assert_eq!(significant(0.010_485_76), "0.0104858");
        assert_eq!(significant(107.374_182), "107.374");
        assert_eq!(significant(2.0), "2");
        assert_eq!(significant(0.000_005_12), "5.12e-06");
        assert_eq!(records(1_025, 512, false), "2+1");
        assert_eq!(records(1_024, 512, true), "3+0");
    }

    #[test]
    fn numbers_have_suffixes() {
        assert_eq!(number("4k"), Some(4_096));
        assert_eq!(number("1MB"), Some(1_000_000));
        assert_eq!(number("99999999999G"), None);
        assert_eq!(number("x"), None);
    }
}
