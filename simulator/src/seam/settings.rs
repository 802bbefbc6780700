//! How a site behaves: code line, defects, repairs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Code line of the simulated release (spec: rest-and-xcatd 0 and 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Release {
    /// 2.8.3.x, the z/VM appliance.
    E,
    /// The current code line.
    #[default]
    M,
    /// M with the z/VM modules of February 2017.
    P,
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "E" | "e" => Ok(Self::E),
            "M" | "m" => Ok(Self::M),
            "P" | "p" => Ok(Self::P),
            _ => Err(format!("'{text}' is not a release: give E, M or P")),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::E => "E",
            Self::M => "M",
            Self::P => "P",
        })
    }
}

/// Whether quirks that are defects are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Behaviour {
    /// As the real programs execute.
    #[default]
    Executed,
    /// Quirks that are defects are repaired.
    Intended,
}

impl FromStr for Behaviour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "executed" => Ok(Self::Executed),
            "intended" => Ok(Self::Intended),
            _ => Err(format!(
                "'{text}' is not a behaviour: give 'executed' or 'intended'"
            )),
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Executed => "executed",
            Self::Intended => "intended",
        })
    }
}

/// How the site behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Code line.
    pub release: Release,
    /// Whether defects are there.
    pub behaviour: Behaviour,
    /// Quirks that are repaired one by one, by id (`Q12`, `GQ3`).
    pub repaired: Vec<String>,
    /// Deliberate defects, by id (see [`crate::defects`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
}

/// The races between commands on pools (spec: scsi-pools 6.1). They have one cause, that nothing is locked, and one
/// repair: commands on pools take turns. To repair one is to repair all.
pub const RACES: [&str; 8] = ["Q1", "Q2", "Q3", "Q4", "Q5", "Q8", "Q9", "Q10"];

/// Why a quirk cannot be repaired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// There is none with this id.
    #[error("no quirk is called {0}")]
    Unknown(String),
    /// It is how the programs behave.
    #[error("{id} is no defect and cannot be repaired: {sees}")]
    Kept {
        /// Its id.
        id: &'static str,
        /// What a client sees of it.
        sees: &'static str,
    },
}

impl Settings {
    /// Whether a quirk that is a defect is to be shown.
    pub fn quirk(&self, id: &str) -> bool {
        self.behaviour == Behaviour::Executed && !self.is_repaired(id)
    }

    /// Whether a quirk, or the same defect under another number, is repaired by name.
    pub fn is_repaired(&self, id: &str) -> bool {
        self.repaired.iter().any(|repaired| {
            repaired == id
                || crate::ledger::find(repaired).is_some_and(|quirk| quirk.twin == Some(id))
        })
    }

    /// Whether commands on pools race.
    pub fn has_races(&self) -> bool {
        RACES.iter().all(|id| self.quirk(id))
    }

    /// Repairs the quirks of a list such as `GQ3,Q12`; ids may be in any case, blanks around them do not matter.
    ///
    /// # Errors
    /// An id that is not in the ledger, or one of a quirk that is no defect.
    pub fn repair(mut self, list: &str) -> Result<Self, RepairError> {
        for id in list.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            let quirk =
                crate::ledger::find(id).ok_or_else(|| RepairError::Unknown(id.to_owned()))?;
            if !quirk.is_repairable() {
                return Err(RepairError::Kept {
                    id: quirk.id,
                    sees: quirk.sees,
                });
            }
            if !self.repaired.iter().any(|repaired| repaired == quirk.id) {
                self.repaired.push(quirk.id.to_owned());
            }
        }
        Ok(self)
    }
}
