//! What Perl does to text: truth, leading numbers, splitting, and the small text helpers of xCAT's z/VM modules. The
//! rules are Perl's, not Rust's: `0` is false, `9000M` is nine thousand, a missing word is empty.

/// Whether Perl takes a text for true: neither empty nor exactly `0` (spec: scsi-pools 0.3).
pub fn is_true(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// Numeric value of a text: its leading number, 0 when there is none (spec: scsi-pools 0.3).
pub fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let bytes = text.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = end;
    end = digits(end);
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction > end + 1 || end > start {
            end = fraction;
        }
    }
    if end == start {
        return 0.0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(sign);
        if exponent > sign {
            end = exponent;
        }
    }
    text[..end].parse().unwrap_or(0.0)
}

/// A number as Perl prints it: whole numbers without a fraction, others with at most 15 significant digits.
pub fn show_number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:e}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 20"
    )]
    let decimals = (14.0 - magnitude).clamp(0.0, 20.0) as usize;
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The digits of a text, everything else deleted.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Argument `index` of a command; a missing one is empty (spec: scsi-pools 0.3).
pub fn arg(args: &[String], index: usize) -> &str {
    args.get(index).map_or("", String::as_str)
}

/// Lines as Perl's `split("\n")` gives them: trailing empty lines vanish, interior ones stay.
pub fn lines(text: &str) -> Vec<&str> {
    split(text, '\n')
}

/// Perl's `split` at one character: trailing empty fields vanish.
pub fn split(text: &str, separator: char) -> Vec<&str> {
    let mut fields: Vec<&str> = text.split(separator).collect();
    while fields.last().is_some_and(|f| f.is_empty()) {
        fields.pop();
    }
    fields
}

/// Field `index` of Perl's `split`; empty when there is none.
pub fn field(text: &str, separator: char, index: usize) -> &str {
    if !separator.is_ascii() {
        return text.split(separator).nth(index).unwrap_or_default();
    }
    // Rows are short, and their fields are asked for one by one.
    let mut ends = memchr::memchr_iter(separator as u8, text.as_bytes());
    let start = match index.checked_sub(1) {
        None => 0,
        Some(before) => match ends.nth(before) {
            Some(end) => end + 1,
            None => return "",
        },
    };
    &text[start..ends.next().unwrap_or(text.len())]
}

/// Word `index` (from 0) of a text split at white space, leading blanks ignored; empty when there is none.
pub fn word(text: &str, index: usize) -> &str {
    text.split_ascii_whitespace().nth(index).unwrap_or_default()
}

/// Every line prefixed by `{node}: ` and ended by a newline; an empty text stays empty (`zvmUtils.pm appendHostname`;
/// spec: scsi-pools 0.5, guests 1.2).
pub fn append_hostname(node: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for line in lines(text) {
        out.push_str(node);
        out.push_str(": ");
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Whether an output is bad: any line with `failed` or `error` in any case (`zvmUtils.pm checkOutput`; spec: guests
/// 3.1). The exit status is not looked at.
pub fn is_bad(output: &str) -> bool {
    contains_ignoring_case(output, "failed") || contains_ignoring_case(output, "error")
}

/// Reason in the first line with `ERROR: ` (exact case): everything after it (`checkOutputExtractReason`; spec:
/// scsi-pools 0.8).
pub fn error_reason(output: &str) -> Option<&str> {
    output
        .lines()
        .find_map(|line| line.split_once("ERROR: ").map(|(_, reason)| reason))
}

/// Whether `text` contains `part`, ASCII case ignored.
pub fn contains_ignoring_case(text: &str, part: &str) -> bool {
    find_ignoring_case(text, part).is_some()
}

/// Where `part` first occurs in `text`, ASCII case ignored.
pub fn find_ignoring_case(text: &str, part: &str) -> Option<usize> {
    crate::bytes::find_ignoring_case(text, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_leading_numbers() {
        for (text, value) in [
            ("9000M", 9000.0),
            ("2x", 2.0),
            ("M9", 0.0),
            ("", 0.0),
            (" 1.5G", 1.5),
            ("-3", -3.0),
            (".5", 0.5),
            ("1e3x", 1000.0),
            ("1e", 1.0),
        ] {
            assert!((number(text) - value).abs() < 1e-9, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_shown_without_idle_zeros() {
        assert_eq!(show_number(8192.0), "8192");
        assert_eq!(show_number(9.5), "9.5");
        assert_eq!(show_number(0.1 + 0.2), "0.3");
    }

    #[test]
    fn fields_are_those_of_a_split() {
        for text in ["", ",", "a", "a,b", ",b,", "ä,ö,,x"] {
            for index in 0..5 {
                let split = text.split(',').nth(index).unwrap_or_default();
                assert_eq!(field(text, ',', index), split, "{text:?} {index}");
            }
        }
    }

    #[test]
    fn truth_is_perls() {
        assert!(!is_true("") && !is_true("0"));
        assert!(is_true("00") && is_true("0.0") && is_true(" "));
    }

    #[test]
    fn hostname_is_put_before_every_line() {
        assert_eq!(append_hostname("n", "a\n\nb\n\n"), "n: a\nn: \nn: b\n");
        assert_eq!(append_hostname("n", ""), "");
        assert_eq!(append_hostname("n", "\n\n"), "");
    }

    #[test]
    fn outputs_are_judged_by_their_words() {
        assert!(is_bad("x\nFAILED\n") && is_bad("no Errors") && !is_bad("Done\n"));
        assert_eq!(
            error_reason("a\nx ERROR: no ERROR: disk\n"),
            Some("no ERROR: disk")
        );
        assert_eq!(error_reason("Error: x"), None);
    }
}
