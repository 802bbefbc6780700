//! Known deviations of the releases, as executed: which check fails, and with which observation, by which numbered quirk.

use crate::Deviation;
use crate::target::Release::{self, E, M, P};

/// Every code line.
const ALL: &[Release] = &[E, M, P];
/// The current code lines.
const NEW: &[Release] = &[M, P];

const fn known(
    case: &'static str,
    quirk: &'static str,
    releases: &'static [Release],
    check: &'static str,
    observed: &'static str,
) -> Deviation {
    Deviation {
        case,
        quirk,
        releases,
        check,
        observed,
    }
}

/// The ledger.
#[rustfmt::skip]
pub const DEVIATIONS: &[Deviation] = &[
    known("pool/add/duplicate-multipath-part", "Q34", ALL, "refused", "Adding zFCP device to"),
    known("pool/add/duplicate-multipath-list", "Q34", ALL, "refused", "Adding zFCP device to"),
    known("pool/add/status-case", "Q14", NEW, "protected", "Reserving FCP device... Done"),
    known("pool/remove/used-row", "Q36", ALL, "refused", "Removing zFCP device"),
    known("pool/name/case-remove", "Q20", ALL, "removed", "(Error) zFCP pool does not exist"),
    known("pool/list/filter-owner", "Q18", ALL, "rows", ""),
    known("reserve/given/reserved-by-other", "D33", ALL, "owner", "kitsecond"),
    known("reserve/given/absent", "Q24", ALL, "readable", "failed with return code 1"),
    known("reserve/given/hex-prefix", "Q22", ALL, "confirmed", "failed with return code 1"),
    known("reserve/given/shortened", "Q11", ALL, "untouched", "used"),
    known("reserve/given/one-lun-two-ports", "Q6", ALL, "named", "(\"free\", \"free\")"),
    known("reserve/fit/fraction", "Q32", ALL, "taken", "[1]"),
    known("reserve/release/hex-prefix", "Q22", ALL, "text", "0x0x"),
    known("reserve/release/empty-wwpn", "Q26", ALL, "refused", "was released"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deviation_names_a_case_that_exists() {
        for deviation in DEVIATIONS {
            assert!(
                crate::cases::find(deviation.case).is_some(),
                "no case {}",
                deviation.case
            );
            assert!(!deviation.releases.is_empty());
        }
    }
}
