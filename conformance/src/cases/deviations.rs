//! Known deviations of the releases, as executed: which check fails, and with which observation, by which numbered quirk.

use crate::deviation::{ComesUp, Deviation};
use crate::target::Release::{self, E, M, P};

/// Every code line.
const ALL: &[Release] = &[E, M, P];
/// All but the z/VM modules of February 2017.
const NOT_2017: &[Release] = &[E, M];

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
        comes_up: ComesUp::Always,
    }
}

/// A race between real requests: it shows only when they overlap.
const fn race(
    case: &'static str,
    quirk: &'static str,
    check: &'static str,
    observed: &'static str,
) -> Deviation {
    Deviation {
        comes_up: ComesUp::ByChance,
        ..known(case, quirk, ALL, check, observed)
    }
}

/// The ledger.
#[rustfmt::skip]
pub const DEVIATIONS: &[Deviation] = &[
    known("pool/add/status-case", "Q14", ALL, "protected", "Reserving FCP device... Done"),
    known("pool/name/case-remove", "Q20", ALL, "removed", "(Error) zFCP pool does not exist"),
    known("pool/list/filter-owner", "Q18", ALL, "rows", ""),
    known("reserve/given/absent", "Q24", NOT_2017, "readable", "failed with return code 1"),
    known("reserve/given/hex-prefix", "Q22", NOT_2017, "confirmed", "failed with return code 1"),
    known("reserve/given/shortened", "Q11", ALL, "untouched", "used"),
    known("reserve/given/one-lun-two-ports", "Q6", ALL, "named", "(\"free\", \"free\")"),
    known("reserve/release/hex-prefix", "Q22", ALL, "text", "0x0x"),
    known("reserve/release/empty-wwpn", "Q26", ALL, "refused", "was released"),
    known("attach/running/confirmation-order", "GQ38", ALL, "prefix", "reload: "),
    known("attach/running/persistent-sles", "GQ4", NOT_2017, "rule", ""),
    known("attach/running/rule-once", "GQ4", NOT_2017, "some", "no rules"),
    known("attach/refused/first-disk-kept", "GQ28", ALL, "first-dedication", "is not dedicated"),
    known("detach/absent-row/guest-cleaned", "GQ10", NOT_2017, "cleaned", "findzFcpDevicePool"),
    known("detach/auto/channel-of-row", "GQ14", ALL, "unit-gone", ""),
    known("multipath/reserve/list", "Q12", NOT_2017, "confirmed", "failed with return code 127"),
    known("multipath/attach/confirmed", "GQ2", NOT_2017, "confirmed", "failed with return code 127"),
    known("multipath/attach/four-units", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("multipath/attach/row", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("multipath/attach/directory", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("multipath/attach/one-map", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("multipath/detach/clean", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("multipath/detach/other-order", "GQ2", NOT_2017, "attached", "failed with return code 127"),
    known("image/capture/confirmed", "Q49", NOT_2017, "confirmed", "No such file or directory"),
    known("image/capture/listed", "Q49", NOT_2017, "captured", "No such file or directory"),
    known("image/capture/row-restored", "Q49", NOT_2017, "captured", "No such file or directory"),
    known("image/deploy/confirmed", "Q49", NOT_2017, "captured", "No such file or directory"),
    known("image/deploy/row-after", "Q49", NOT_2017, "captured", "No such file or directory"),
    known("image/deploy/used-row", "Q49", NOT_2017, "captured", "No such file or directory"),
    known("pool/add/duplicate-multipath-part", "Q34", ALL, "duplicate", "added as a second row"),
    known("pool/add/duplicate-multipath-list", "Q34", ALL, "duplicate", "added as a second row"),
    known("pool/remove/used-row", "Q36", ALL, "used-row", "removed"),
    known("tables/node/absent-status", "RQ3", ALL, "not-found", "status 200"),
    known("security/password/policies-echo", "RQ9", ALL, "no-dump", "a dump of the request"),
    known("boot/ipl/answer", "GQ1", &[M, P], "answered", "status 200"),
    known("race/reserve/by-size", "Q1", ALL, "own-lun", "both told"),
    known("race/reserve/given", "Q2", ALL, "one-wins", "both told"),
    known("race/pool/two-changes", "Q3", ALL, "both-there", "both told"),
    known("race/pool/two-creations", "Q4", ALL, "both-there", "both told"),
    known("race/pool/last-row-and-new", "Q5", ALL, "new-row", "told, gap"),
    known("race/pool/removed-meanwhile", "Q10", ALL, "not-back", "removed and back"),
    known("race/nodes/one-request", "Q8", ALL, "own-lun", "both told"),
    known("race/image/copy-writes-back", "Q9", ALL, "kept", "told, gap"),
    race("reserve/race/two-by-size", "Q1", "own-rows", "1 row for 2 confirmed"),
    race("reserve/race/one-row", "Q2", "one-winner", "rivals confirmed"),
    race("reserve/race/adds", "Q4", "as-told", "of 6 confirmed"),
    race("resilience/attach/two-guests-one-lun", "Q2", "one-wins", "2 confirmed"),
    known("fault/guest/tool-missing", "GQ29", &[P], "no-success", "... Done"),
    known("fault/zhcp-down/add-not-done", "Q35", ALL, "not-done", "... Done"),
    known("image/copy/gigabytes", "Q48", ALL, "confirmed", "cannot be attached"),
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
