//! Every operation with every fault between driver and MN at every call (issue 5, seen 2): it succeeds, or fails and leaves
//! nothing behind, or says what it left and `reconcile` removes it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use zvm_volume::client::{
    HttpTransport, RESPONSE_LIMIT, Transport, TransportError, TransportFault, WireAnswer,
    WireRequest,
};
use zvm_volume::steps::{Known, Resolution};

use crate::cases::Case;
use crate::check::{assert_holds, violations};
use crate::rig::{Extras, Rig, VARIANTS, Variant};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Refused once: the client tries again.
    RefusedOnce,
    /// Refused at every attempt of the call.
    Refused,
    /// Nobody answers, and the work is not done.
    SilentNotDone,
    /// Nobody answers, but the work is done.
    SilentDone,
    /// The connection is cut after the work.
    CutDone,
    /// The web server could not reach the daemon.
    DaemonDown,
    /// The daemon died after the work.
    DaemonDiedDone,
    /// The daemon died before the work.
    DaemonDiedNotDone,
    /// The web server's own error page, after the work.
    InternalErrorDone,
    /// The same before it.
    InternalErrorNotDone,
    /// Success by status, a page instead of JSON, after the work.
    GarbageDone,
    /// Success by status and no word of confirmation, although the work is done.
    EmptyDone,
    /// Success by status and no word, and nothing was done.
    EmptyNotDone,
    /// The MN says that it failed, and did nothing.
    SaidFailed,
    /// The MN says that it failed although the work is done.
    SaidFailedDone,
    /// SMAPI had the object locked.
    Busy,
    /// The policy forbids it.
    Forbidden,
    /// From this call on there is no MN any more, until the operation has ended.
    Gone,
}

impl Fault {
    pub const ALL: [Self; 18] = [
        Self::RefusedOnce,
        Self::Refused,
        Self::SilentNotDone,
        Self::SilentDone,
        Self::CutDone,
        Self::DaemonDown,
        Self::DaemonDiedDone,
        Self::DaemonDiedNotDone,
        Self::InternalErrorDone,
        Self::InternalErrorNotDone,
        Self::GarbageDone,
        Self::EmptyDone,
        Self::EmptyNotDone,
        Self::SaidFailed,
        Self::SaidFailedDone,
        Self::Busy,
        Self::Forbidden,
        Self::Gone,
    ];

    /// Whether the request reaches the MN.
    fn is_done(self) -> bool {
        matches!(
            self,
            Self::SilentDone
                | Self::CutDone
                | Self::DaemonDiedDone
                | Self::InternalErrorDone
                | Self::GarbageDone
                | Self::EmptyDone
                | Self::SaidFailedDone
        )
    }

    /// How many calls in a row it meets: an attempt of the same call counts.
    fn lasts(self) -> usize {
        match self {
            Self::Refused | Self::DaemonDown => 3,
            Self::Gone => usize::MAX,
            _ => 1,
        }
    }

    fn answer(self) -> Result<WireAnswer, TransportError> {
        let lost = |fault| {
            Err(TransportError {
                fault,
                text: format!("{self:?}"),
            })
        };
        let page = |status, body: &str| {
            Ok(WireAnswer {
                status,
                body: body.as_bytes().to_vec(),
            })
        };
        match self {
            Self::RefusedOnce | Self::Refused | Self::Gone => lost(TransportFault::NoConnection),
            Self::SilentNotDone | Self::SilentDone => lost(TransportFault::TimedOut),
            Self::CutDone => lost(TransportFault::Cut),
            Self::DaemonDown => page(503, "Connection failurexx: connection refused"),
            Self::DaemonDiedDone | Self::DaemonDiedNotDone => page(
                503,
                "communication with the xCAT server seems to have been ended prematurely",
            ),
            Self::InternalErrorDone | Self::InternalErrorNotDone => {
                page(500, "<h1>Internal Server Error</h1>")
            }
            Self::GarbageDone => page(200, "<html>surprise</html>"),
            Self::EmptyDone | Self::EmptyNotDone => page(200, "{\"data\":[{\"info\":[null]}]}"),
            Self::SaidFailed | Self::SaidFailedDone => page(
                200,
                "{\"data\":[{\"error\":[\"zvm1: (Error) something is wrong\"],\"errorcode\":[\"1\"]}]}",
            ),
            Self::Busy => page(
                200,
                "{\"data\":[{\"error\":[\"zvm1: Failed\\n  Return Code: 400\\n  Reason Code: 12\\n  Description: locked\"],\"errorcode\":[\"1\"]}]}",
            ),
            Self::Forbidden => page(403, "<p>Permission denied</p>"),
        }
    }
}

/// The network with one fault in it.
struct Faulty {
    inner: HttpTransport,
    fault: Fault,
    at: usize,
    armed: AtomicBool,
    seen: AtomicUsize,
    hits: AtomicUsize,
}

impl Transport for Faulty {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        if !self.armed.load(Ordering::Relaxed) {
            return self.inner.send(request);
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        let until = self.at.saturating_add(self.fault.lasts());
        if !(self.at..until).contains(&number) {
            return self.inner.send(request);
        }
        self.hits.fetch_add(1, Ordering::Relaxed);
        async move {
            if self.fault.is_done() {
                self.inner.send(request).await?;
            }
            self.fault.answer()
        }
        .boxed()
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// It succeeded.
    Succeeded,
    /// It failed and left nothing behind.
    FailedClean,
    /// It said what it left, and reconcile removed it.
    Reconciled,
}

type Figures = BTreeMap<Fault, BTreeMap<Ending, usize>>;

async fn every_fault(case: Case, variant: Variant, faults: &[Fault], figures: &mut Figures) {
    let rig = Rig::rows(variant, case.rows()).await;
    let subject = case.prepare(&rig).await;
    // 18 faults at each point: of the long operations the ordinary run takes fewer points.
    let stride = match crate::crash::stride(case, variant) {
        long @ 5.. => long * 4 + 1,
        short => short,
    };
    for (offset, fault) in faults.iter().enumerate() {
        for at in (offset % stride..).step_by(stride) {
            *rig.simulator.site().edit() = subject.world.clone();
            let _ = std::fs::remove_dir_all(rig.folder.path().join("state"));
            let base = format!("{}/xcatws", rig.simulator.url());
            let inner =
                HttpTransport::with_base(&rig.backend(case.keys()), &base, RESPONSE_LIMIT).unwrap();
            let faulty = Arc::new(Faulty {
                inner,
                fault: *fault,
                at,
                armed: AtomicBool::new(false),
                seen: AtomicUsize::new(0),
                hits: AtomicUsize::new(0),
            });
            let driver = rig.driver(Extras {
                keys: case.keys(),
                transport: Some(faulty.clone()),
                records: Some(Arc::new(Known::NotDone)),
                ..Extras::default()
            });
            driver.start().await.unwrap();
            faulty.armed.store(true, Ordering::Relaxed);
            let outcome = case.run(&driver, &subject).await;
            faulty.armed.store(false, Ordering::Relaxed);
            if faulty.hits.load(Ordering::Relaxed) == 0 {
                assert!(outcome.is_ok(), "{case:?} undisturbed: {outcome:?}");
                break;
            }
            let when = format!("{case:?} with {fault:?} at call {at}");
            let ending = match &outcome {
                Ok(()) => {
                    let expected = if case.may_give_up() {
                        case.meanwhile()
                    } else {
                        case.afterwards()
                    };
                    assert_holds(&rig, &expected, &when);
                    Ending::Succeeded
                }
                Err(error) => {
                    assert_no_secret(&error, &when);
                    let open = driver.engine().journal().list().unwrap();
                    if open.is_empty() {
                        assert_holds(&rig, &case.meanwhile(), &format!("{when}: {error}"));
                        Ending::FailedClean
                    } else {
                        // What is left must be said in the error, not only stand in the journal.
                        let text = error.to_string();
                        assert!(
                            open.iter().all(|entry| text.contains(&entry.id)),
                            "{when}: the error does not name its entry: {text}"
                        );
                        for entry in driver.reconcile().await.unwrap() {
                            assert!(
                                matches!(
                                    entry.resolution,
                                    Resolution::Finished | Resolution::Undone
                                ),
                                "{when}: {entry:?}\n{}",
                                rig.pool()
                            );
                        }
                        assert_holds(
                            &rig,
                            &case.meanwhile(),
                            &format!("{when}, reconciled: {error}"),
                        );
                        Ending::Reconciled
                    }
                }
            };
            *figures
                .entry(*fault)
                .or_default()
                .entry(ending)
                .or_default() += 1;
            // Whatever happened, the same request converges.
            case.run(&driver, &subject)
                .await
                .unwrap_or_else(|e| panic!("{when}, {variant}, again: {e}\n{}", rig.pool()));
            let wrong = violations(&rig, &case.afterwards());
            assert!(
                wrong.is_empty(),
                "{when}, {variant}, again: {wrong:#?}\n{}",
                rig.pool()
            );
        }
    }
}

/// I23: no secret in an error.
fn assert_no_secret(error: &dyn fmt::Display, when: &str) {
    let text = error.to_string();
    assert!(!text.contains("password=admin"), "{when}: {text}");
}

async fn matrix(cases: &[Case]) {
    for case in cases {
        let mut figures = Figures::new();
        for variant in VARIANTS {
            every_fault(*case, variant, &Fault::ALL, &mut figures).await;
        }
        println!("{case:?}, both releases, both behaviours:");
        println!(
            "  {:<22} {:>9} {:>12} {:>10}",
            "fault", "succeeded", "failed clean", "reconciled"
        );
        for (fault, endings) in &figures {
            let count = |ending| endings.get(&ending).copied().unwrap_or(0);
            println!(
                "  {:<22} {:>9} {:>12} {:>10}",
                format!("{fault:?}"),
                count(Ending::Succeeded),
                count(Ending::FailedClean),
                count(Ending::Reconciled)
            );
        }
        assert_eq!(
            figures.len(),
            Fault::ALL.len(),
            "{case:?}: every fault was met"
        );
    }
}

#[tokio::test]
async fn i9_every_fault_at_every_call_of_row_operations() {
    matrix(&Case::ROWS).await;
}

#[tokio::test]
async fn i9_every_fault_at_every_call_of_deletes() {
    matrix(&[Case::Delete]).await;
}

#[tokio::test]
async fn i9_every_fault_at_every_call_of_copies() {
    matrix(&[Case::Clone]).await;
}

#[tokio::test]
async fn d26_d27_every_fault_at_every_call_of_the_mns_own_copy() {
    matrix(&[Case::MnCopy]).await;
}
