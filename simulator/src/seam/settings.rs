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
}

impl Settings {
    /// Whether a quirk that is a defect is to be shown.
    pub fn quirk(&self, id: &str) -> bool {
        self.behaviour == Behaviour::Executed && !self.repaired.iter().any(|r| r == id)
    }
}
