//! `cleanup`: what an interrupted run left behind.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::args::CleanupArgs;
use crate::cleanup::CleanUp;
use crate::fence::{Fence, PREFIX};
use crate::ledger::{LedgerFile, SCHEMA};
use crate::meta::Effect;
use crate::result::ExitStatus;
use crate::target::Target;

/// Carries out `cleanup`.
pub async fn run(args: CleanupArgs) -> anyhow::Result<ExitStatus> {
    if args.target.url.is_none() {
        bail!("--url is missing: an embedded site ends with its run and needs no clean-up");
    }
    let target = super::run::target(&args.target)?;
    let failed = undo_file(&args.ledger, &target).await?;
    Ok(if failed == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::KitError
    })
}

/// Undoes the open entries of a ledger file and closes them there; gives how many could not be undone.
pub async fn undo_file(path: &Path, target: &Target) -> anyhow::Result<usize> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let entries = LedgerFile::unfinished(&text);
    let Some(head) = LedgerFile::head(&text) else {
        bail!("{} does not say which run wrote it", path.display());
    };
    if head.schema > SCHEMA {
        bail!(
            "ledger schema {} is newer than {SCHEMA}, the newest this kit understands",
            head.schema
        );
    }
    if head.target != target.describe() {
        bail!(
            "the ledger was written against {}, not against {}",
            head.target,
            target.describe()
        );
    }
    let file = LedgerFile::open(path)?;
    let session = target.open().await?;
    let fence = Fence::new(
        Arc::clone(&session.inventory),
        format!("{PREFIX}{:x}", head.seed),
        Effect::Destructive,
    );
    let clean_up = CleanUp::new(&session.client, &fence, session.control.clone());
    let mut failed = 0_usize;
    for open in &entries {
        match clean_up.undo(&open.undo).await {
            Ok(()) => {
                file.close(open)?;
                println!("undone  {}", open.undo);
            }
            Err(why) => {
                failed += 1;
                println!("left    {}: {why}", open.undo);
            }
        }
    }
    eprintln!(
        "{} undone, {failed} left behind",
        entries.len().saturating_sub(failed)
    );
    Ok(failed)
}
