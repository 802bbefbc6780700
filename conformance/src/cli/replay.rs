//! `replay`: recorded requests against the simulator.

use anyhow::bail;

use super::args::ReplayArgs;
use crate::result::ExitStatus;

/// Carries out `replay`.
#[expect(clippy::unused_async, reason = "replaying suspends")]
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitStatus> {
    bail!(
        "replay of {} is not available in this build",
        args.dir.display()
    )
}
