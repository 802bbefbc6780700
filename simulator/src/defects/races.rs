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
    defect("concurrency/removals-race", "A removal does not wait for its turn, and a row that was added meanwhile goes with the file", Concurrency, "race/pool/last-row-and-new", Race("--removezfcpfrompool")),
    defect("concurrency/copies-race", "A copy does not wait for its turn, and writes back what it read at its start", Concurrency, "race/image/copy-writes-back", Race("--copyzfcp")),
];
