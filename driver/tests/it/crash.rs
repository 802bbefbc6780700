//! The driver stops before and after every call of every operation; then `reconcile`, then the operation again
//! (issue 5, seen 1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use zvm_volume::client::{Call, Exchange, Observer};
use zvm_volume::steps::{Known, Resolution};

use crate::cases::Case;
use crate::check::assert_holds;
use crate::rig::{Extras, Rig, VARIANTS, Variant};

/// Stops its driver for ever at one point: even numbers before a call, odd ones after it.
#[derive(Default)]
pub struct StopAt {
    pub point: usize,
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

    /// Points passed since it was armed.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
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

/// How many points apart the tested ones are: 1 with `ZVM_MATRIX=full`, which takes minutes; otherwise all of the row
/// operations on the current release as executed, and a part of the rest.
pub fn stride(case: Case, variant: Variant) -> usize {
    let full = std::env::var("ZVM_MATRIX").is_ok_and(|value| value == "full");
    match (Case::ROWS.contains(&case), variant == VARIANTS[0]) {
        _ if full => 1,
        (true, true) => 1,
        (true, false) => 3,
        (false, true) => 5,
        (false, false) => 17,
    }
}

/// Figures of one case in one variant.
#[derive(Default)]
struct Tally {
    all: usize,
    points: usize,
    finished: usize,
    undone: usize,
    nothing_open: usize,
}

async fn crash_everywhere(case: Case, variant: Variant) -> Tally {
    let rig = Rig::rows(variant, case.rows()).await;
    let subject = Arc::new(case.prepare(&rig).await);
    let mut tally = Tally::default();
    for point in (0..).step_by(stride(case, variant)) {
        *rig.simulator.site().edit() = subject.world.clone();
        let _ = std::fs::remove_dir_all(rig.folder.path().join("state"));
        let stop = StopAt::new(point);
        let driver = rig.driver(Extras {
            keys: case.keys(),
            observers: vec![stop.clone()],
            ..Extras::default()
        });
        driver.start().await.unwrap();
        stop.arm();
        let mut task = tokio::spawn({
            let (driver, subject) = (driver.clone(), Arc::clone(&subject));
            async move { case.run(&driver, &subject).await }
        });
        tokio::select! {
            done = &mut task => {
                done.unwrap().unwrap_or_else(|e| panic!("{case:?} {variant}: {e}"));
                assert_holds(&rig, &case.afterwards(), &format!("{case:?} undisturbed"));
                assert!(point >= stop.seen(), "every point before was a crash");
                tally.all = stop.seen();
                return tally;
            }
            () = stop.reached() => {}
        }
        // The process is gone: nothing of it runs any more, its locks are free.
        task.abort();
        let _ = task.await;
        drop(driver);
        tally.points += 1;
        let when = format!("{case:?} crashed at point {point}");

        let successor = rig.driver(Extras {
            keys: case.keys(),
            records: Some(Arc::new(Known::NotDone)),
            ..Extras::default()
        });
        let entries = successor.engine().journal().list().unwrap();
        successor
            .do_setup_then_reconcile(&mut tally, entries.len(), &when)
            .await;
        assert_holds(&rig, &case.meanwhile(), &when);

        case.run(&successor, &subject)
            .await
            .unwrap_or_else(|e| panic!("{when}, {variant}, again: {e}\n{}", rig.pool()));
        assert_holds(&rig, &case.afterwards(), &format!("{when}, again"));
    }
    tally
}

trait Reconciled {
    async fn do_setup_then_reconcile(&self, tally: &mut Tally, entries: usize, when: &str);
}

impl Reconciled for zvm_volume::volumes::ZvmDriver {
    async fn do_setup_then_reconcile(&self, tally: &mut Tally, entries: usize, when: &str) {
        use zvm_volume::volumes::VolumeDriver as _;
        self.do_setup().await.unwrap();
        // The check replays the journal; what it resolved is counted by asking once more for what is still open.
        let before = self.engine().journal().list().unwrap();
        self.check_for_setup_error()
            .await
            .unwrap_or_else(|e| panic!("{when}: {e}"));
        let open = self.reconcile().await.unwrap();
        for entry in &open {
            assert!(
                !matches!(
                    entry.resolution,
                    Resolution::Stuck { .. } | Resolution::Waiting { .. }
                ),
                "{when}: {entry:?}"
            );
        }
        match before.first() {
            None => tally.nothing_open += 1,
            Some(entry) if entry.recovery == zvm_volume::steps::Recovery::Forward => {
                tally.finished += entries;
            }
            Some(_) => tally.undone += entries,
        }
    }
}

async fn matrix(cases: &[Case]) {
    println!(
        "{:<16} {:<12} {:>7} {:>9} {:>7} {:>7}",
        "operation", "variant", "points", "finished", "undone", "clean"
    );
    for case in cases {
        for variant in VARIANTS {
            let tally = crash_everywhere(*case, variant).await;
            println!(
                "{:<16} {:<12} {:>7} {:>7} {:>9} {:>7} {:>7}",
                format!("{case:?}"),
                variant.to_string(),
                tally.all,
                tally.points,
                tally.finished,
                tally.undone,
                tally.nothing_open
            );
            assert!(tally.points > 0);
        }
    }
}

#[tokio::test]
async fn i21_a_crash_at_every_point_of_row_operations_is_reconciled() {
    matrix(&Case::ROWS).await;
}

#[tokio::test]
async fn i21_a_crash_at_every_point_of_deletes_is_reconciled() {
    matrix(&[Case::Delete, Case::DeleteSnapshot]).await;
}

#[tokio::test]
async fn i21_a_crash_at_every_point_of_copies_is_reconciled() {
    matrix(&[Case::Snapshot, Case::FromSnapshot, Case::Clone]).await;
}

#[tokio::test]
async fn i21_d26_a_crash_at_every_point_of_the_mns_own_copy_is_reconciled() {
    matrix(&[Case::MnCopy]).await;
}
