//! How xCAT reads the size of a pool row (spec: scsi-pools 3.2).

/// Megabytes that a size text stands for: its digits, everything else deleted, times 1024 when there is a `G` in it
/// (Q32). `None` without a unit: best fit skips such a row.
pub fn megabytes(size: &str) -> Option<f64> {
    let has = |unit: char| size.contains([unit, unit.to_ascii_uppercase()]);
    let factor = if has('g') {
        1024.0
    } else if has('m') {
        1.0
    } else {
        return None;
    };
    let digits: String = size.chars().filter(char::is_ascii_digit).collect();
    Some(digits.parse().unwrap_or(0.0) * factor)
}
