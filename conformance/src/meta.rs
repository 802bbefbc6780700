//! The facts of a case: what it is called, what it certifies, what it needs, what it may change. Static, so that a list
//! of cases can be printed without a target.

use std::fmt;

use clap::ValueEnum;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::context::CaseContext;
use crate::outcome::Stop;
use crate::target::Distribution;

/// How strongly a requirement binds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Certification depends on it.
    Must,
    /// A sound release does it; a failure is reported and does not refuse the certificate.
    Should,
    /// Worth knowing.
    May,
}

/// What a release is certified for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Protocol, version, authentication.
    Core,
    /// Pools, reserve and release.
    Volume,
    /// Attach and detach, running and shut down.
    Attach,
    /// More than one path.
    Multipath,
    /// Capture, deploy, copy.
    Image,
    /// Boot from a volume.
    Boot,
    /// Failures, concurrency, limits.
    Resilience,
    /// The driver on this release: what OpenStack does with it.
    Driver,
}

impl Profile {
    /// All profiles in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Core,
        Self::Volume,
        Self::Attach,
        Self::Multipath,
        Self::Image,
        Self::Boot,
        Self::Resilience,
        Self::Driver,
    ];
}

/// What a case may do to the target (spec: driver 6.1, destructiveness). The order is the order of danger.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Only reads (RO).
    ReadOnly,
    /// Makes objects that carry the kit's prefix and removes them (RV).
    Reversible,
    /// Overwrites LUNs or changes guests that were lent (DD).
    Destructive,
}

impl Effect {
    /// The effect in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Reversible => "reversible",
            Self::Destructive => "destructive",
        }
    }
}

/// Something only some targets offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Remote commands can be made to fail.
    FaultInjection,
    /// A request can be held at one of its remote commands.
    BreakPoints,
    /// The target's clock can be moved.
    Clock,
}

impl Capability {
    /// All of them: what a simulator with a control door has.
    pub const ALL: [Self; 3] = [Self::FaultInjection, Self::BreakPoints, Self::Clock];
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FaultInjection => "a simulator's faults",
            Self::BreakPoints => "a simulator's break points",
            Self::Clock => "a simulator's clock",
        })
    }
}

/// One resource that a case needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The hypervisor node of a z/VM system with its zHCP.
    Hypervisor,
    /// The node of the zHCP, from which is taken back what a copy leaves there.
    Zhcp,
    /// Running guests lent to the kit.
    RunningGuests(usize),
    /// Shut-down guests lent to the kit.
    StoppedGuests(usize),
    /// Free FCP devices lent to the kit.
    FcpDevices(usize),
    /// Lent FCP devices on at least two channel paths.
    TwoChannelPaths,
    /// Spare LUNs reachable by one path or more.
    Luns(usize),
    /// Spare LUNs with two paths or more.
    MultipathLuns(usize),
    /// A second z/VM system with its own zHCP.
    SecondHypervisor,
    /// A running guest of this distribution.
    Distribution(Distribution),
    /// A second account, without permission to change guests.
    RestrictedAccount,
    /// Nothing else of the run at the same time: the case touches what all pools share.
    Alone,
    /// Something only some targets offer.
    Capability(Capability),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hypervisor => write!(f, "hypervisor node"),
            Self::Zhcp => write!(f, "node of the zHCP"),
            Self::RunningGuests(n) => write!(f, "{n} running guest(s)"),
            Self::StoppedGuests(n) => write!(f, "{n} shut-down guest(s)"),
            Self::FcpDevices(n) => write!(f, "{n} FCP device(s)"),
            Self::TwoChannelPaths => write!(f, "FCP devices on two channel paths"),
            Self::Luns(n) => write!(f, "{n} spare LUN(s)"),
            Self::MultipathLuns(n) => write!(f, "{n} spare LUN(s) with two paths"),
            Self::SecondHypervisor => write!(f, "second hypervisor node"),
            Self::Distribution(d) => write!(f, "a running {d:?} guest"),
            Self::RestrictedAccount => write!(f, "a second account without permission for chvm"),
            Self::Alone => write!(f, "no other case at the same time"),
            Self::Capability(c) => write!(f, "{c}"),
        }
    }
}

/// Where the requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Document, without its extension.
    pub document: &'static str,
    /// Section or test number in it.
    pub section: &'static str,
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.document, self.section)
    }
}

/// The function of a case.
pub type CaseFn = for<'a> fn(&'a mut CaseContext) -> BoxFuture<'a, Result<(), Stop>>;

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// Stable, hierarchical id; its first part is the area.
    pub id: &'static str,
    /// What is required, as a sentence without full stop.
    pub title: &'static str,
    /// How strongly.
    pub level: Level,
    /// What it certifies.
    pub profiles: &'static [Profile],
    /// Where that stands.
    pub requirement: Requirement,
    /// What it may change.
    pub effect: Effect,
    /// What it needs.
    pub needs: &'static [Need],
    /// The case itself.
    pub run: CaseFn,
}

impl Case {
    /// The first part of the id.
    pub fn area(&self) -> &'static str {
        self.id.split('/').next().unwrap_or(self.id)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
