//! What a case can end in, as a lattice: a group has the worst verdict of its members, and nothing merges upwards to a
//! better one (spec: driver 6.5, practice 7).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Verdicts from best-hidden to worst: the order is the rule by which groups merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not selected.
    Disabled,
    /// Selected, but the target lacks something the case needs. Never a pass.
    Skip,
    /// The requirement is met.
    Pass,
    /// Failed exactly as the ledger of known deviations says. Never a pass.
    Deviation,
    /// The requirement is not met.
    Fail,
    /// The kit could not judge: a fault of its own, a broken connection, a precondition that could not be built.
    Error,
}

impl Verdict {
    /// All verdicts, best first.
    pub const ALL: [Self; 6] = [
        Self::Disabled,
        Self::Skip,
        Self::Pass,
        Self::Deviation,
        Self::Fail,
        Self::Error,
    ];

    /// The verdict's word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Deviation => "deviation",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// Whether the case's function was run to an end that says something.
    pub fn ran(self) -> bool {
        self >= Self::Pass
    }

    /// The verdict of a group.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Disabled)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_can_only_get_worse() {
        assert_eq!(Verdict::worst([]), Verdict::Disabled);
        assert_eq!(
            Verdict::worst([Verdict::Pass, Verdict::Skip]),
            Verdict::Pass
        );
        assert_eq!(
            Verdict::worst([Verdict::Pass, Verdict::Deviation, Verdict::Skip]),
            Verdict::Deviation
        );
        assert_eq!(
            Verdict::worst([Verdict::Fail, Verdict::Error]),
            Verdict::Error
        );
        for pair in Verdict::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
        }
    }

    #[test]
    fn a_skip_did_not_run() {
        assert!(!Verdict::Skip.ran());
        assert!(!Verdict::Disabled.ran());
        assert!(Verdict::Deviation.ran());
    }
}
