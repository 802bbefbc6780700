//! Which case covers which test of the specification (driver 6.2), and why some have none.

/// Groups of tests, and how many each has.
const GROUPS: &[(&str, usize)] = &[
    ("PRO", 18),
    ("VER", 9),
    ("SEC", 15),
    ("POOL", 17),
    ("RES", 14),
    ("ATT", 14),
    ("OFF", 10),
    ("MPA", 11),
    ("DET", 12),
    ("IMG", 18),
    ("BOOT", 10),
    ("CON", 9),
    ("ROL", 16),
    ("LIM", 10),
];

/// Tests that a case covers which cites another one.
#[rustfmt::skip]
const BY: &[(&str, &str)] = &[
    ("PRO-15", "offline/node/refused"),
    ("VER-03", "detach/absent-row/guest-cleaned"),
    ("SEC-05", "driver/settings/certificate"),
    ("OFF-06", "driver/guest/restart"),
    ("MPA-08", "driver/guest/off"),
    ("MPA-11", "attach/refused/first-disk-kept"),
    ("DET-03", "driver/guest/attach-again"),
    ("IMG-08", "driver/image/attached"),
    ("BOOT-08", "driver/guest/other-guests-volume"),
    ("LIM-08", "boot/loaddev/parameters"),
];

/// Tests without a case, with the reason.
#[rustfmt::skip]
const WITHOUT: &[(&str, &str)] = &[
    ("PRO-16", "protects the driver alone and needs no release: tested with the driver, in its answers and its HTTP client"),
    ("VER-06", "the level is shown by SMAPI and judged by nobody: the driver logs it at its start"),
    ("VER-08", "protects the driver alone and needs no release: tested with the driver, `ver_08_d45_an_old_mn_is_refused_unless_it_is_allowed`"),
    ("SEC-11", "protects the driver alone and needs no release: tested with the driver, `sec_11_entries_that_climb_or_link_are_refused`, `sec_11_bombs_and_liars_are_refused`"),
    ("POOL-14", "a row with a single address is covered as `image/capture/without-range`; the driver reads the range by itself"),
    ("ATT-10", "protects the driver alone and needs no release: tested with the driver, `d19_a_guest_that_runs_and_cannot_be_reached_is_not_taken_for_off`: the kit does not cut the network of a lent guest"),
    ("ATT-12", "protects the driver alone and needs no release: tested with the driver, `d21_integers_above_four_digits_are_refused`; every lent LUN of the embedded site is of the 64-bit style"),
    ("ATT-14", "the kit writes no pattern in a guest: the content of a lent LUN is compared by the driver when it copies"),
    ("OFF-03", "needs a shell on the management node, to set a node to wait for its configuration"),
    ("OFF-04", "needs a shell on the management node, to take its worker script away"),
    ("MPA-03", "needs a channel path to be taken offline under a guest, which others may use too"),
    ("MPA-10", "the release finds a row by one of its ports: recorded by `multipath/reserve/list`; the driver uses that port"),
    ("DET-09", "protects the driver alone and needs no release: tested with the driver, `d20_d16_a_record_of_an_old_release_is_enough_when_the_ledger_is_lost`"),
    ("DET-11", "needs a guest to be deleted: the kit deletes none that is lent"),
    ("DET-12", "needs two controllers that show one LUN number"),
    ("IMG-02", "protects the driver alone and needs no release: tested with the driver, in `images_that_do_not_fit_are_refused_before_anything_is_sent`"),
    ("IMG-03", "needs a forged image on the management node, which it copies from a machine by ssh"),
    ("IMG-04", "needs a forged image on the management node, which it copies from a machine by ssh"),
    ("IMG-06", "the effective level of a compression is seen in the file on the management node only"),
    ("IMG-10", "fills the management node; never on a shared system"),
    ("IMG-11", "needs an image that the management node copies from a machine by ssh: with the driver, `images_go_onto_volumes_and_come_back`"),
    ("IMG-15", "protects the driver alone and needs no release: tested with the driver, `d27_a_copy_that_went_wrong_is_noticed`: a write error cannot be asked of real storage"),
    ("IMG-18", "needs a machine that the management node may not log in to"),
    ("BOOT-03", "the silence about a locked directory is `fault/smapi/dedicate-locked` for devices; boot settings are read back by the driver"),
    ("BOOT-04", "a prepared boot is proved over one device; the order of two is the driver's own"),
    ("BOOT-09", "needs an installed system on a LUN"),
    ("BOOT-10", "needs an installed system on a LUN"),
    ("ROL-13", "protects the driver alone and needs no release: tested with the driver, `d39_a_failure_beside_ssh_noise_is_not_lost`"),
    ("LIM-04", "needs 26 LUNs on one guest: device names are counted by the driver, in its own tests"),
    ("LIM-06", "lasts 70 minutes"),
    ("LIM-07", "protects the driver alone and needs no release: tested with the driver, the selection among devices is a function of its own"),
];

/// Every test of the specification, in its order.
pub fn tests() -> impl Iterator<Item = String> {
    let numbered = |(group, count): &(&'static str, usize)| {
        let group = *group;
        (1..=*count).map(move |n| format!("{group}-{n:02}"))
    };
    GROUPS.iter().flat_map(numbered)
}

/// The cases that cover a test.
pub fn cases_of(test: &str) -> Vec<&'static str> {
    let cited = format!("6.2 {test}");
    let mut found: Vec<&str> = super::all()
        .filter(|c| c.requirement.document == "driver" && c.requirement.section == cited)
        .map(|c| c.id)
        .collect();
    found.extend(
        BY.iter()
            .filter(|(id, _)| *id == test)
            .map(|(_, case)| *case),
    );
    found
}

/// Why a test has no case.
pub fn reason(test: &str) -> Option<&'static str> {
    WITHOUT
        .iter()
        .find(|(id, _)| *id == test)
        .map(|(_, why)| *why)
}

/// The tests and their cases as a part of a Markdown page.
pub fn markdown() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "\n## Tests of driver 6.2\n\n| test | cases, or why there is none |\n|---|---|\n",
    );
    for test in tests() {
        let cases: Vec<String> = cases_of(&test).iter().map(|c| format!("`{c}`")).collect();
        let told = if cases.is_empty() {
            reason(&test).unwrap_or_default().to_owned()
        } else {
            cases.join(", ")
        };
        let _ = writeln!(out, "| {test} | {told} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_of_the_specification_has_a_case_or_a_reason() {
        assert_eq!(tests().count(), 183);
        for test in tests() {
            let (cases, reason) = (cases_of(&test), reason(&test));
            assert!(
                cases.is_empty() == reason.is_some(),
                "{test}: {cases:?} {reason:?}"
            );
            for case in cases {
                assert!(super::super::find(case).is_some(), "{test}: no case {case}");
            }
        }
        let known: Vec<String> = tests().collect();
        for (id, _) in BY.iter().chain(WITHOUT) {
            assert!(known.iter().any(|t| t == id), "{id} is no test");
        }
    }
}
