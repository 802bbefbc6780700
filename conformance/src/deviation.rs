//! The ledger of known deviations: which case fails on which release, at which check, with which observation, by which
//! quirk. A case that fails in any other way is a failure; one that passes is a surprise.

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

    /// Entries of a case on a release as executed.
    pub fn expected(
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

    const LEDGER: &[Deviation] = &[Deviation {
        case: "a/b",
        quirk: "Q12",
        releases: &[Release::M],
        check: "accepted",
        observed: "return code 127",
    }];

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
}
