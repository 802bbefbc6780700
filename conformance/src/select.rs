//! Which cases run.

use crate::expression::Expression;
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
    /// An expression that must hold as well.
    pub expression: Option<Expression>,
    /// Most dangerous effect that is allowed; without it, everything on an isolated target and reversible changes
    /// elsewhere.
    pub ceiling: Option<Effect>,
}

impl From<&Selection> for Selection {
    fn from(selection: &Selection) -> Self {
        selection.clone()
    }
}

impl From<Profile> for Selection {
    /// Every case of a profile.
    fn from(profile: Profile) -> Self {
        Self {
            profiles: vec![profile],
            ..Self::default()
        }
    }
}

impl Selection {
    /// Whether the case is selected.
    pub fn takes(&self, case: &Case) -> bool {
        any(&self.only, |prefix| under(case.id, prefix))
            && any(&self.areas, |area| case.area() == area)
            && any(&self.levels, |level| case.level == *level)
            && any(&self.profiles, |profile| case.profiles.contains(profile))
            && self.expression.as_ref().is_none_or(|e| e.takes(case))
    }

    /// Whether the selection is everything, as certification needs it.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty()
            && self.areas.is_empty()
            && self.levels.is_empty()
            && self.expression.is_none()
    }
}

fn any<T>(wanted: &[T], matches: impl FnMut(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

/// Whether an id is the prefix or lies under it.
pub(crate) fn under(id: &str, prefix: &str) -> bool {
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
