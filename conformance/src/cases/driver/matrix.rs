//! One operation of the driver, harmed at each of its requests in turn, or ended there.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use zvm_volume::steps::Known;

use super::bench::{Bench, done};
use super::wire::{Aim, Harm};
use crate::{CaseContext, Stop};

/// An operation that can be done, repeated, and taken back.
pub trait Operation: Send + Sync {
    /// Does it; to be called again after a failure.
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>>;
    /// Takes it back, so that it can be done again.
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>>;
    /// The guest whose traces count.
    fn guest(&self) -> Option<&str> {
        None
    }
    /// Whether a failure goes on forward when it is repeated, instead of having been undone.
    fn goes_forward(&self) -> bool {
        false
    }
}

/// Harms every request in turn. After a failure everything must be as before (or, for an operation that goes forward,
/// a repetition must complete it); after a success it must be as after an undisturbed one.
pub async fn harmed(
    c: &mut CaseContext,
    bench: &Bench,
    operation: &dyn Operation,
    harms: &[Harm],
) -> Result<(), Stop> {
    let (before, after) = both_sides(c, bench, operation).await?;
    // Every request for what a release itself does; a sample for what a network does.
    let stride = match harms {
        [Harm::Refused] => c.stride(1),
        _ => c.stride(harms.len().max(2)),
    };
    for harm in harms {
        let mut points = 0;
        for at in (0..).step_by(stride) {
            bench.wire.aim(Aim {
                harm: *harm,
                at,
                onwards: false,
                text: String::new(),
            });
            let outcome = operation.run(bench).await;
            let hits = bench.wire.rest();
            let when = format!("{harm:?} at request {at}: {}", said(&outcome));
            if outcome.is_err() {
                if !operation.goes_forward() {
                    let found = bench.traces(c, operation.guest()).await?;
                    if found != before {
                        reconcile(bench).await?;
                        same(c, bench, operation, &before, &when).await?;
                    }
                }
                let again = operation.run(bench).await;
                done("repeated", again)?;
            }
            same(c, bench, operation, &after, &when).await?;
            done("back", operation.back(bench).await)?;
            same(c, bench, operation, &before, &when).await?;
            c.forget_evidence();
            if hits == 0 {
                break;
            }
            points += 1;
        }
        c.record("points", format!("{harm:?} {points}"));
        c.check("points", points > 0, "at least one request harmed", || {
            "none".to_owned()
        })?;
    }
    Ok(())
}

/// Ends the driver before and after every request in turn; its successor reconciles, and the operation is done again.
pub async fn crashed(
    c: &mut CaseContext,
    first: &Bench,
    operation: &dyn Operation,
) -> Result<(), Stop> {
    let (before, after) = both_sides(c, first, operation).await?;
    let stride = c.stride(3);
    for harm in [Harm::StopBefore, Harm::StopAfter] {
        let mut points = 0;
        for at in (0..).step_by(stride) {
            let bench = first.successor(c)?;
            done("start", bench.driver.start().await)?;
            bench.wire.aim(Aim {
                harm,
                at,
                onwards: false,
                text: String::new(),
            });
            let ended = tokio::select! {
                outcome = operation.run(&bench) => Some(outcome),
                () = bench.wire.stopped() => None,
            };
            drop(bench);
            let when = format!("{harm:?} at request {at}");
            let successor = first.successor(c)?;
            done("start", successor.driver.start().await)?;
            reconcile(&successor).await?;
            let over = ended.is_some();
            if let Some(outcome) = ended {
                done("undisturbed", outcome)?;
            } else {
                points += 1;
                let found = successor.traces(c, operation.guest()).await?;
                c.check(
                    "reconciled",
                    found == before || found == after || operation.goes_forward(),
                    "everything as before or as after the operation",
                    || format!("{when}: {}", found.join("\n")),
                )?;
                done("repeated", operation.run(&successor).await)?;
            }
            same(c, &successor, operation, &after, &when).await?;
            done("back", operation.back(&successor).await)?;
            same(c, &successor, operation, &before, &when).await?;
            let open = successor.driver.engine().journal().open_entries();
            let open = open.map_err(|e| Stop::Error(e.to_string()))?.len();
            c.equal("journal", &open, &0)?;
            c.forget_evidence();
            if over {
                break;
            }
        }
        c.record("points", format!("{harm:?} {points}"));
        c.check("points", points > 0, "at least one end", || {
            "none".to_owned()
        })?;
    }
    Ok(())
}

/// How the target looks before and after the undisturbed operation.
async fn both_sides(
    c: &CaseContext,
    bench: &Bench,
    operation: &dyn Operation,
) -> Result<(Vec<String>, Vec<String>), Stop> {
    let before = bench.traces(c, operation.guest()).await?;
    done("undisturbed", operation.run(bench).await)?;
    let after = bench.traces(c, operation.guest()).await?;
    c.check(
        "changes",
        before != after,
        "a change by the operation",
        || before.join("\n"),
    )?;
    done("back", operation.back(bench).await)?;
    same(c, bench, operation, &before, "undisturbed").await?;
    Ok((before, after))
}

async fn same(
    c: &CaseContext,
    bench: &Bench,
    operation: &dyn Operation,
    wanted: &[String],
    when: &str,
) -> Result<(), Stop> {
    let found = bench.traces(c, operation.guest()).await?;
    c.check("traces", found == wanted, &wanted.join("\n"), || {
        format!("{when}: {}", found.join("\n"))
    })
}

/// Resolves what a crash or a failure left open in either half.
pub async fn reconcile(bench: &Bench) -> Result<(), Stop> {
    done(
        "reconcile",
        bench.driver.reconcile_with(&Known::NotDone).await,
    )?;
    done("reconcile", bench.nova.reconcile(&Known::NotDone).await).map(drop)
}

fn said(outcome: &zvm_volume::Result<()>) -> String {
    match outcome {
        Ok(()) => "success".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A plain future as the trait wants it.
pub fn boxed<'a, T>(
    work: impl Future<Output = zvm_volume::Result<T>> + Send + 'a,
) -> BoxFuture<'a, zvm_volume::Result<()>> {
    work.map(|result| result.map(drop)).boxed()
}
