//! One entry of the ledger, and the ledger as a whole.

use super::{guests, pools, rest, smcli};
use crate::seam::Release;

/// Whether a quirk can be repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A defect: `--repair ID` and `--behaviour intended` repair it.
    Defect,
    /// A defect that only `--repair ID` repairs: clients have come to rely on it.
    DefectByName,
    /// How the programs behave: kept in every behaviour.
    Behaviour,
}

/// Whether the simulator shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Reproduced; the test that proves it.
    Proved(&'static str),
    /// Not reproduced; why.
    Absent(&'static str),
}

/// A numbered quirk of the specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// `Q12`, `GQ3`, `RQ8`, `C31`.
    pub id: &'static str,
    /// What a client sees.
    pub sees: &'static str,
    /// Where the specifications have it.
    pub source: &'static str,
    /// Code lines that have it.
    pub releases: &'static [Release],
    /// Whether it can be repaired.
    pub kind: Kind,
    /// Whether it is shown.
    pub standing: Standing,
    /// The same defect under another number: to repair one is to repair both.
    pub twin: Option<&'static str>,
}

/// The code lines of today and of February 2017.
pub(super) const BOTH: &[Release] = &[Release::M, Release::P];
/// The current code line only.
pub(super) const CURRENT: &[Release] = &[Release::M];
/// Every code line.
pub(super) const ALL: &[Release] = &[Release::E, Release::M, Release::P];
/// The appliance only.
pub(super) const OLD: &[Release] = &[Release::E];

impl Quirk {
    /// A defect that can be repaired.
    pub(super) const fn defect(
        id: &'static str,
        source: &'static str,
        sees: &'static str,
        test: &'static str,
    ) -> Self {
        Self {
            id,
            sees,
            source,
            releases: BOTH,
            kind: Kind::Defect,
            standing: Standing::Proved(test),
            twin: None,
        }
    }

    /// A behaviour that is kept.
    pub(super) const fn behaviour(
        id: &'static str,
        source: &'static str,
        sees: &'static str,
        test: &'static str,
    ) -> Self {
        Self {
            kind: Kind::Behaviour,
            ..Self::defect(id, source, sees, test)
        }
    }

    /// Something that the simulator does not show.
    pub(super) const fn absent(
        id: &'static str,
        source: &'static str,
        sees: &'static str,
        why: &'static str,
    ) -> Self {
        Self {
            kind: Kind::Behaviour,
            standing: Standing::Absent(why),
            ..Self::defect(id, source, sees, "")
        }
    }

    /// The same in other code lines.
    pub(super) const fn on(self, releases: &'static [Release]) -> Self {
        Self { releases, ..self }
    }

    /// The same defect as another one.
    pub(super) const fn same_as(self, twin: &'static str) -> Self {
        Self {
            twin: Some(twin),
            ..self
        }
    }

    /// Repaired by name only.
    pub(super) const fn by_name(self) -> Self {
        Self {
            kind: Kind::DefectByName,
            ..self
        }
    }

    /// Whether it can be repaired at all.
    pub const fn is_repairable(&self) -> bool {
        matches!(self.kind, Kind::Defect | Kind::DefectByName)
    }
}

/// All quirks: those of pools and hypervisors, of guests, of REST and xcatd, of the zHCP's `smcli`.
pub fn quirks() -> impl Iterator<Item = &'static Quirk> {
    [pools::QUIRKS, guests::QUIRKS, rest::QUIRKS, smcli::QUIRKS]
        .into_iter()
        .flatten()
}

/// The quirk with this id, in any case.
pub fn find(id: &str) -> Option<&'static Quirk> {
    quirks().find(|quirk| quirk.id.eq_ignore_ascii_case(id))
}
