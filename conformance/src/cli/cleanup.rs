//! `cleanup`: what an interrupted run left behind.

use std::sync::Arc;

use anyhow::Context as _;

use super::args::CleanupArgs;
use crate::cleanup::undo;
use crate::fence::{Fence, PREFIX};
use crate::ledger::LedgerFile;
use crate::meta::Effect;
use crate::result::ExitStatus;

/// Carries out `cleanup`.
pub async fn run(args: CleanupArgs) -> anyhow::Result<ExitStatus> {
    let text = std::fs::read_to_string(&args.ledger)
        .with_context(|| format!("cannot read {}", args.ledger.display()))?;
    let session = super::run::target(&args.target)?.open().await?;
    let fence = Fence::new(
        Arc::clone(&session.inventory),
        format!("{PREFIX}{:x}", args.seed),
        Effect::Destructive,
    );
    let mut failed = 0_usize;
    let entries = LedgerFile::unfinished(&text);
    for entry in &entries {
        match undo(entry, &session.client, &fence).await {
            Ok(()) => println!("undone  {entry:?}"),
            Err(why) => {
                failed += 1;
                println!("left    {entry:?}: {why}");
            }
        }
    }
    eprintln!(
        "{} undone, {failed} left behind",
        entries.len().saturating_sub(failed)
    );
    Ok(if failed == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::KitError
    })
}
