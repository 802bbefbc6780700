//! Opening a target: one session for each case when the simulator is embedded, so that no case can depend on another;
//! one shared address otherwise.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::client::{Account, Client, ClientError, Trust};
use super::control::Control;
use super::embedded;
use super::inventory::Inventory;
use super::secret::Secret;
use crate::budget::Budget;
use crate::meta::Capability;

/// Code line of the release under test (spec: rest-and-xcatd 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
pub enum Release {
    /// 2.8.3.x, the z/VM appliance.
    #[value(name = "E", alias = "e")]
    E,
    /// The current code line.
    #[default]
    #[value(name = "M", alias = "m")]
    M,
    /// M with the z/VM modules of February 2017.
    #[value(name = "P", alias = "p")]
    P,
}

/// Which behaviour the target is measured as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Behaviour {
    /// As the release executes: known deviations are reported as such.
    #[default]
    Executed,
    /// As it should be: nothing is excused.
    Intended,
}

/// What to certify.
#[derive(Clone, Debug)]
pub enum Target {
    /// The embedded simulator.
    Embedded(Embedded),
    /// A management node at an address.
    Remote(Box<Remote>),
}

/// The embedded simulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded {
    /// A deliberate defect of the simulator, by id.
    pub defect: Option<&'static str>,
    /// Simulated release.
    pub release: Release,
    /// Simulated behaviour.
    pub behaviour: Behaviour,
}

/// A management node at an address.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Base address, with or without `/xcatws`.
    pub url: String,
    /// Account.
    pub account: Account,
    /// How the certificate is judged.
    pub trust: Trust,
    /// What may be used.
    pub inventory: Inventory,
    /// Password of the inventory's second account.
    pub restricted_password: Option<Secret>,
    /// Release that it is measured as.
    pub release: Release,
    /// Behaviour that it is measured as.
    pub behaviour: Behaviour,
    /// Bound of each call.
    pub call_timeout: Duration,
    /// Control door, when it is a simulator that has one.
    pub control: Option<String>,
    /// Bound on requests per minute.
    pub budget: Option<Budget>,
}

/// Why a target cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The client could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The embedded simulator did not start.
    #[error("the embedded simulator did not start: {0}")]
    Embedded(String),
    /// No answer to the first request.
    #[error("no answer from the target: {0}")]
    Unreachable(String),
}

/// An open target.
pub struct Session {
    /// Client bound to it.
    pub client: Client,
    /// What may be used.
    pub inventory: Arc<Inventory>,
    /// Password of the inventory's second account.
    pub restricted_password: Option<Secret>,
    /// Control door, when the target is a simulator that has one.
    pub control: Option<Control>,
    /// Keeps the embedded simulator running.
    pub(crate) _running: Option<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// What the target can do beyond a real one.
    pub fn capabilities(&self) -> &'static [Capability] {
        if self.control.is_some() {
            &Capability::ALL
        } else {
            &[]
        }
    }
}

impl Target {
    /// Opens a session.
    pub async fn open(&self) -> Result<Session, TargetError> {
        match self {
            Self::Embedded(options) => embedded::start(*options).await,
            Self::Remote(remote) => Ok(Session {
                client: Client::new(
                    &remote.url,
                    remote.account.clone(),
                    &remote.trust,
                    remote.call_timeout,
                )?
                .within(remote.budget.clone()),
                inventory: Arc::new(remote.inventory.clone()),
                restricted_password: remote.restricted_password.clone(),
                control: remote.control.as_deref().map(Control::new).transpose()?,
                _running: None,
            }),
        }
    }

    /// Release that the target is measured as.
    pub fn release(&self) -> Release {
        match self {
            Self::Embedded(e) => e.release,
            Self::Remote(r) => r.release,
        }
    }

    /// Behaviour that the target is measured as.
    pub fn behaviour(&self) -> Behaviour {
        match self {
            Self::Embedded(e) => e.behaviour,
            Self::Remote(r) => r.behaviour,
        }
    }

    /// For the head of a report.
    pub fn describe(&self) -> String {
        match self {
            Self::Embedded(_) => "embedded simulator".to_owned(),
            Self::Remote(r) => r.url.clone(),
        }
    }

    /// Whether it is known to be a simulator: the embedded one, or one with a control door.
    pub fn is_simulated(&self) -> bool {
        match self {
            Self::Embedded(_) => true,
            Self::Remote(remote) => remote.control.is_some(),
        }
    }

    /// The budget of requests, when there is one.
    pub(crate) fn budget(&self) -> Option<&Budget> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => remote.budget.as_ref(),
        }
    }

    /// Whether several cases may run at once: only when each has a site of its own.
    pub fn isolates_cases(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}
