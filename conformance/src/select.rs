//! Which cases run.

use crate::meta::{Case, Effect, Level, Profile};

/// A selection; empty lists select everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Id prefixes, whole parts only (`pool/add` takes `pool/add/first-row`, not `pool/adding`).
    pub only: Vec<String>,
    /// Areas.
    pub areas: Vec<String>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Profiles.
    pub profiles: Vec<Profile>,
    /// Most dangerous effect that is allowed; without it, everything on an isolated target and reversible changes
    /// elsewhere.
    pub ceiling: Option<Effect>,
}

impl Selection {
    /// Whether the case is selected.
    pub fn takes(&self, case: &Case) -> bool {
        any(&self.only, |prefix| under(case.id, prefix))
            && any(&self.areas, |area| case.area() == area)
            && any(&self.levels, |level| case.level == *level)
            && any(&self.profiles, |profile| case.profiles.contains(profile))
    }

    /// Whether the selection is everything, as certification needs it.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.areas.is_empty() && self.levels.is_empty()
    }
}

fn any<T>(wanted: &[T], matches: impl FnMut(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

fn under(id: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    id.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_at_a_slash() {
        assert!(under("pool/add/first", "pool"));
        assert!(under("pool/add/first", "pool/add/"));
        assert!(under("pool/add/first", "pool/add/first"));
        assert!(!under("pool/adding", "pool/add"));
    }
}
