//! The driver stops at every point of every operation: before and after every call, before every line of its journal, and
//! between an attempt's line and the attempt. Then `reconcile`, then the operation again (issue 5, seen 1; tests ROL-08, I21).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use zvm_volume::client::{Call, Exchange, Observer};
use zvm_volume::steps::{Journal, Scribe};

use crate::matrix::{Chosen, Tally};
use crate::stage::{Moment, Plug, Stage, copy_folder};

/// Stops its driver for ever at one point.
#[derive(Default)]
pub struct StopAt {
    point: usize,
    armed: AtomicBool,
    seen: AtomicUsize,
    reached: Notify,
}

impl StopAt {
    pub fn new(point: usize) -> Arc<Self> {
        Arc::new(Self {
            point,
            ..Self::default()
        })
    }

    pub fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    async fn pass(&self) {
        if self.armed.load(Ordering::Relaxed)
            && self.seen.fetch_add(1, Ordering::Relaxed) == self.point
        {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl Observer for StopAt {
    fn before<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, ()> {
        self.pass().boxed()
    }

    fn after<'a>(&'a self, _: &'a Call, _: &'a Exchange) -> BoxFuture<'a, ()> {
        self.pass().boxed()
    }
}

impl Scribe for StopAt {
    fn pause(&self) -> BoxFuture<'_, ()> {
        self.pass().boxed()
    }
}

/// All chosen points of one operation.
pub async fn crash_everywhere(stage: Arc<Stage>, chosen: &mut Chosen, tally: &mut Tally) {
    let all = count(&stage).await;
    tally.points = all;
    for point in 0..all {
        if chosen
            .only
            .map_or_else(|| chosen.takes(all), |only| only == point)
        {
            let ending = crash_at(&stage, point).await;
            let ending = ending.map_err(|text| format!("{text}{}", stage.traffic()));
            tally.add("crash", ending, || format!("crash at point {point}"));
        }
    }
}

/// How many points an undisturbed run passes.
async fn count(stage: &Stage) -> usize {
    stage.reset();
    let stop = StopAt::new(usize::MAX);
    let process = stage.start(plug(&stop)).await;
    stop.arm();
    let done = stage.run(&process).await;
    done.unwrap_or_else(|error| panic!("{}: {error}", stage.operation));
    stop.seen.load(Ordering::Relaxed)
}

fn plug(stop: &Arc<StopAt>) -> Plug {
    Plug {
        observers: vec![stop.clone()],
        scribe: Some(stop.clone()),
        ..Plug::default()
    }
}

async fn crash_at(stage: &Arc<Stage>, point: usize) -> Result<&'static str, String> {
    stage.reset();
    let stop = StopAt::new(point);
    let process = stage.start(plug(&stop)).await;
    stop.arm();
    let mut task = tokio::spawn({
        let stage = Arc::clone(stage);
        async move {
            let done = stage.run(&process).await;
            done.map_err(|error| error.to_string())
        }
    });
    tokio::select! {
        done = &mut task => return Err(format!("the point was not reached: {done:?}")),
        () = stop.reached() => {}
    }
    // The process is gone: nothing of it runs any more, its locks are free, and no destructor has tidied up its files.
    let files = tempfile::tempdir().map_err(|e| e.to_string())?;
    copy_folder(stage.rig.folder.path(), files.path());
    task.abort();
    let _ = task.await;
    copy_folder(files.path(), stage.rig.folder.path());

    let journal = stage.rig.folder.path().join("state/journal");
    let open = Journal::open(&journal).and_then(|journal| journal.list());
    let open = open.map_err(|error| error.to_string())?.len();
    let successor = stage.reconcile().await?;
    let wrong = stage.wrong(&successor, Moment::Either).await;
    if !wrong.is_empty() {
        return Err(format!("reconciled: {}", wrong.join("\n")));
    }
    let ending = if open == 0 {
        "nothing open"
    } else if stage.wrong(&successor, Moment::After).await.is_empty() {
        "finished"
    } else {
        "undone"
    };
    stage
        .run(&successor)
        .await
        .map_err(|error| format!("again: {error}\n{}", stage.rig.pool()))?;
    let wrong = stage.wrong(&successor, Moment::After).await;
    if wrong.is_empty() {
        Ok(ending)
    } else {
        Err(format!("again: {}", wrong.join("\n")))
    }
}
