//! How a case ends early: a skip, a failed check, or an error of the kit.

/// A check that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable name of the check within its case; known deviations are bound to it.
    pub check: &'static str,
    /// What the requirement asks for.
    pub expected: String,
    /// What the target did.
    pub observed: String,
}

/// Why a case did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The target cannot be asked this; the reason names what is missing.
    Skip(String),
    /// The requirement is not met.
    Fail(Failure),
    /// The kit could not judge.
    Error(String),
}

impl Stop {
    /// A failed check.
    pub fn fail(
        check: &'static str,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Self {
        Self::Fail(Failure {
            check,
            expected: expected.into(),
            observed: observed.into(),
        })
    }

    /// A precondition that could not be built: nothing can be said about the requirement.
    pub fn blocked(what: impl std::fmt::Display) -> Self {
        Self::Error(format!("blocked: {what}"))
    }
}
