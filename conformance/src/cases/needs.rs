//! What cases need of a target, by short names for the tables of cases.

use crate::{Capability, Need};

/// The hypervisor.
pub const HV: Need = Need::Hypervisor;
/// Its zHCP.
pub const Z: Need = Need::Zhcp;
/// A running guest.
pub const G1: Need = Need::RunningGuests(1);
/// Two running guests.
pub const G2: Need = Need::RunningGuests(2);
/// A guest that is off.
pub const O1: Need = Need::StoppedGuests(1);
/// An FCP device.
pub const F1: Need = Need::FcpDevices(1);
/// Two FCP devices.
pub const F2: Need = Need::FcpDevices(2);
/// FCP devices on two channel paths.
pub const C2: Need = Need::TwoChannelPaths;
/// A LUN.
pub const L1: Need = Need::Luns(1);
/// Two LUNs.
pub const L2: Need = Need::Luns(2);
/// A LUN with two ports.
pub const M1: Need = Need::MultipathLuns(1);
/// A clock that can be set on.
pub const CLOCK: Need = Need::Capability(Capability::Clock);
/// Break points.
pub const HELD: Need = Need::Capability(Capability::BreakPoints);
/// Faults on demand.
pub const FAULTS: Need = Need::Capability(Capability::FaultInjection);
