//! Known deviations of the releases, as executed.

use crate::Deviation;

/// The ledger.
pub const DEVIATIONS: &[Deviation] = &[];
