//! The ledger of known deviations: which case fails on which release, at which check, with which observation, by which
//! quirk. A case that fails in any other way is a failure; one that passes is a surprise, unless the quirk is a race that
//! a run may win or lose.

use crate::outcome::Failure;
use crate::target::{Behaviour, Release};

/// One known deviation.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Id of the case.
    pub case: &'static str,
    /// Numbered quirk of the specification.
    pub quirk: &'static str,
    /// Releases that have it.
    pub releases: &'static [Release],
    /// Name of the check that fails.
    pub check: &'static str,
    /// Text that the observation contains.
    pub observed: &'static str,
    /// Whether the case always fails so.
    pub comes_up: ComesUp,
}

/// How surely a deviation shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComesUp {
    /// In each run: a pass is a surprise.
    Always,
    /// When real requests happen to overlap: a pass says nothing.
    ByChance,
}

impl Deviation {
    /// The entry that explains a failure of a case on a release as executed.
    pub fn explaining(
        ledger: &'static [Self],
        case: &str,
        release: Release,
        behaviour: Behaviour,
        failure: &Failure,
    ) -> Option<&'static Self> {
        Self::expected(ledger, case, release, behaviour)
            .find(|d| d.check == failure.check && failure.observed.contains(d.observed))
    }

    /// The entry that a case's pass contradicts.
    pub fn contradicted(
        ledger: &'static [Self],
        case: &str,
        release: Release,
        behaviour: Behaviour,
    ) -> Option<&'static Self> {
        Self::expected(ledger, case, release, behaviour).find(|d| d.comes_up == ComesUp::Always)
    }

    /// Entries of a case on a release as executed.
    fn expected(
        ledger: &'static [Self],
        case: &str,
        release: Release,
        behaviour: Behaviour,
    ) -> impl Iterator<Item = &'static Self> {
        ledger.iter().filter(move |d| {
            behaviour == Behaviour::Executed && d.case == case && d.releases.contains(&release)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGER: &[Deviation] = &[
        Deviation {
            case: "a/b",
            quirk: "Q12",
            releases: &[Release::M],
            check: "accepted",
            observed: "return code 127",
            comes_up: ComesUp::Always,
        },
        Deviation {
            case: "a/race",
            quirk: "Q1",
            releases: &[Release::M],
            check: "one-wins",
            observed: "2 told",
            comes_up: ComesUp::ByChance,
        },
    ];

    fn failure(check: &'static str, observed: &str) -> Failure {
        Failure {
            check,
            expected: String::new(),
            observed: observed.to_owned(),
        }
    }

    #[test]
    fn only_the_listed_failure_is_excused() {
        let find = |case, release, behaviour, f: &Failure| {
            Deviation::explaining(LEDGER, case, release, behaviour, f).map(|d| d.quirk)
        };
        let good = failure("accepted", "failed with return code 127 for");
        assert_eq!(
            find("a/b", Release::M, Behaviour::Executed, &good),
            Some("Q12")
        );
        assert_eq!(find("a/b", Release::P, Behaviour::Executed, &good), None);
        assert_eq!(find("a/b", Release::M, Behaviour::Intended, &good), None);
        assert_eq!(find("a/c", Release::M, Behaviour::Executed, &good), None);
        for other in [
            failure("other", "return code 127"),
            failure("accepted", "return code 1"),
        ] {
            assert_eq!(find("a/b", Release::M, Behaviour::Executed, &other), None);
        }
    }

    #[test]
    fn a_pass_contradicts_what_always_comes_up_and_no_race() {
        let find = |case, behaviour| {
            Deviation::contradicted(LEDGER, case, Release::M, behaviour).map(|d| d.quirk)
        };
        assert_eq!(find("a/b", Behaviour::Executed), Some("Q12"));
        assert_eq!(find("a/b", Behaviour::Intended), None);
        assert_eq!(find("a/race", Behaviour::Executed), None);
        let lost = failure("one-wins", "2 told");
        let known = |behaviour| {
            Deviation::explaining(LEDGER, "a/race", Release::M, behaviour, &lost).map(|d| d.quirk)
        };
        assert_eq!(known(Behaviour::Executed), Some("Q1"));
        assert_eq!(known(Behaviour::Intended), None);
    }
}
