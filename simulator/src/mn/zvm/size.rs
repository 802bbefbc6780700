//! Size text of pool rows and requests (spec: scsi-pools 3.2). It is not parsed as a person would read it: `8.0G` is
//! eighty, `M` is nothing (Q32).

use super::text::{digits, number, show_number};
use crate::world::pool_text::megabytes;

/// A size that was asked for, as the pool routines carry it on: in bare megabytes when it was given in `G`, the text
/// itself when in `M`. `None` when it has no unit.
pub fn requested(size: &str) -> Option<String> {
    if has(size, 'g') {
        Some(show_number(number(&digits(size)) * 1024.0))
    } else if has(size, 'm') {
        Some(size.to_owned())
    } else {
        None
    }
}

/// Megabytes of a pool row's size; `None` when it has no unit, so that best fit skips the row.
pub fn of_row(size: &str) -> Option<f64> {
    megabytes(size)
}

/// Megabytes of a pool row's size when WWPN and LUN were given: without a unit its digits count.
pub fn of_given_row(size: &str) -> f64 {
    of_row(size).unwrap_or_else(|| number(&digits(size)))
}

/// Whether the text names a unit: `G` or `M` in any case, anywhere.
pub fn has_unit(size: &str) -> bool {
    has(size, 'g') || has(size, 'm')
}

fn has(size: &str, unit: char) -> bool {
    size.contains([unit, unit.to_ascii_uppercase()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q32_sizes_are_read_by_their_digits() {
        for (text, row, given, asked) in [
            ("8G", Some(8192.0), 8192.0, Some("8192")),
            ("8.0G", Some(81920.0), 81920.0, Some("81920")),
            ("1.5g", Some(15360.0), 15360.0, Some("15360")),
            ("9000M", Some(9000.0), 9000.0, Some("9000M")),
            ("9.5M", Some(95.0), 95.0, Some("9.5M")),
            ("M", Some(0.0), 0.0, Some("M")),
            ("10", None, 10.0, None),
            ("", None, 0.0, None),
        ] {
            assert_eq!(of_row(text), row, "{text}");
            assert!((of_given_row(text) - given).abs() < f64::EPSILON, "{text}");
            assert_eq!(requested(text).as_deref(), asked, "{text}");
        }
    }
}
