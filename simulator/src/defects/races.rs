//! Commands that should take turns and do not.

use super::defect::Area::Concurrency;
use super::defect::Mistake::Race;
use super::defect::{Defect, defect};

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("concurrency/reservations-race", "Two reservations at once get one row", Concurrency, "reserve/race/one-row", Race("--reservezfcp")),
    defect("concurrency/additions-race", "Of rows added at once some are lost", Concurrency, "reserve/race/adds", Race("--addzfcp2pool")),
    defect("concurrency/attachments-race", "Two guests that attach one LUN at once both get it", Concurrency, "resilience/attach/two-guests-one-lun", Race("--addzfcp")),
];
