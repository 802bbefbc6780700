//! The Nova half under crashes and faults at every call of every operation (issue 5, seen 1 and 2; tests ROL-01 to ROL-08).
//!
//! Each point starts from the same world and the same state folder. Afterwards the site must look exactly as before the
//! operation or exactly as after it, the ledger must agree with it, and no journal entry may be open. By default a sample
//! of the points is done; `ZVM_MATRIX=full`, which `scripts/driver-matrix` sets, does all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::world::World;
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, BootMetadata, BootVolume, Instance, Nova, VolumeRef,
};
use zvm_volume::client::{
    HttpTransport, Recorder, Transport, TransportError, TransportFault, WireAnswer, WireRequest,
};
use zvm_volume::steps::{Known, Resolution};
use zvm_volume::{Error, Result};

use crate::crash::StopAt;
use crate::guests::{
    ONE_PATH, TWO_PATHS, controller_volume, guest, halves, halves_over, mount, traces,
};
use crate::rig::{CURRENT, Rig, VARIANTS, Variant};

/// An operation and its guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    AttachOn,
    AttachPaths,
    AttachSles,
    AttachOff,
    AttachController,
    DetachOn,
    DetachPaths,
    DetachOff,
    DetachController,
    Boot,
    Destroy,
}

const CASES: [Case; 11] = [
    Case::AttachOn,
    Case::AttachPaths,
    Case::AttachSles,
    Case::AttachOff,
    Case::AttachController,
    Case::DetachOn,
    Case::DetachPaths,
    Case::DetachOff,
    Case::DetachController,
    Case::Boot,
    Case::Destroy,
];

/// Everything before the operation, and how the site looks on either side of it.
struct Subject {
    case: Case,
    world: World,
    state: tempfile::TempDir,
    volume: VolumeRef,
    before: String,
    after: String,
    /// How many requests the undisturbed operation makes.
    requests: usize,
}

impl Case {
    fn keys(self) -> &'static str {
        match self {
            Self::AttachOn | Self::AttachSles | Self::DetachOn => ONE_PATH,
            _ => TWO_PATHS,
        }
    }

    fn guest(self) -> Instance {
        guest(match self {
            Self::AttachOff | Self::DetachOff | Self::Boot | Self::Destroy => "lnx3",
            Self::AttachSles => "lnx2",
            _ => "lnx1",
        })
    }

    fn is_controllers(self) -> bool {
        matches!(self, Self::AttachController | Self::DetachController)
    }

    /// Whether the operation takes away.
    fn takes_back(self) -> bool {
        matches!(
            self,
            Self::DetachOn
                | Self::DetachPaths
                | Self::DetachOff
                | Self::DetachController
                | Self::Destroy
        )
    }

    async fn give(self, nova: &Nova, volume: &VolumeRef) -> Result<()> {
        let options = AttachOptions::default();
        if matches!(self, Self::Boot | Self::Destroy) {
            let metadata = BootMetadata::read(|key| match key {
                "os_version" => Some("ubuntu16.04"),
                _ => Some("/x"),
            })
            .unwrap();
            let boot = BootVolume {
                volume: volume.clone(),
                metadata,
                script: None,
            };
            return nova
                .prepare_boot(&self.guest(), &boot, &options)
                .await
                .map(drop);
        }
        let mount = mount("/dev/vdb");
        nova.attach_volume(&self.guest(), volume, Some(&mount), &options)
            .await
            .map(drop)
    }

    async fn run(self, nova: &Nova, volume: &VolumeRef) -> Result<()> {
        if !self.takes_back() {
            return self.give(nova, volume).await;
        }
        if self == Self::Destroy {
            let left = nova.destroy_cleanup(&self.guest()).await?;
            return if left.is_empty() {
                Ok(())
            } else {
                Err(Error::Backend(left.join("; ")))
            };
        }
        let options = AttachOptions::default();
        let gone = nova
            .detach_volume(&self.guest(), &volume.id, None, None, &options)
            .await?;
        if gone.pending.is_empty() {
            Ok(())
        } else {
            Err(Error::Backend(format!("pending: {:?}", gone.pending)))
        }
    }
}

fn now(rig: &Rig) -> String {
    traces(&rig.simulator.site().look())
}

/// Lines of one text that the other does not have.
fn difference(wanted: &str, found: &str) -> String {
    let lacks = wanted
        .lines()
        .filter(|line| !found.contains(line))
        .map(|line| format!("- {line}"));
    let has = found
        .lines()
        .filter(|line| !wanted.contains(line))
        .map(|line| format!("+ {line}"));
    lacks.chain(has).collect::<Vec<_>>().join("\n")
}

fn assert_site(wanted: &str, found: &str, when: &str) {
    assert!(wanted == found, "{when}\n{}", difference(wanted, found));
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

impl Subject {
    async fn prepare(case: Case, variant: Variant) -> (Rig, Self) {
        let mut world = xcat_simulator::site::lab();
        if case.is_controllers() {
            let zhcp = world.resolve("zhcp1").unwrap().clone();
            let pool = "/var/opt/zhcp/zfcp/scsipol2.conf";
            let fs = &mut world.linuxes.get_mut(&zhcp).unwrap().fs;
            let row = "free,500507630300c562;500507630b00c562,4021403300000000,10G,1A00-1A0F;1B00-1B0F,,,\n";
            let text = fs.read(pool).unwrap().replace(row, "");
            fs.write(pool, text, 0);
        }
        let rig = Rig::world(variant, world).await;
        let both = halves(&rig, case.keys(), Vec::new()).await;
        let instance = case.guest();
        let volume = if case.is_controllers() {
            let connector = both.nova.get_volume_connector(&instance).await.unwrap();
            let ports = ["500507630300c562", "500507630b00c562"];
            controller_volume(1, "4021403300000000", &ports, &connector.zvm_fcp)
        } else {
            let volume = both.create(1, 1).await;
            both.connect(&volume, &instance).await.unwrap()
        };
        if case.takes_back() {
            case.give(&both.nova, &volume).await.unwrap();
        }
        let state = tempfile::tempdir().unwrap();
        copy_folder(&rig.folder.path().join("state"), state.path());
        let world = rig.simulator.site().look().clone();
        let before = now(&rig);
        let recorder = Arc::new(Recorder::default());
        let both = halves(&rig, case.keys(), vec![recorder.clone()]).await;
        case.run(&both.nova, &volume).await.unwrap();
        let requests = recorder.take().len();
        let after = now(&rig);
        assert_ne!(before, after, "{case:?} changes something");
        let subject = Self {
            case,
            world,
            state,
            volume,
            before,
            after,
            requests,
        };
        (rig, subject)
    }

    fn reset(&self, rig: &Rig) {
        *rig.simulator.site().edit() = self.world.clone();
        copy_folder(self.state.path(), &rig.folder.path().join("state"));
    }

    /// A new process reconciles, and does the operation again: every invariant holds in between and at the end.
    async fn recover(&self, rig: &Rig, when: &str) -> bool {
        let both = halves(rig, self.case.keys(), Vec::new()).await;
        let report = both
            .nova
            .reconcile(&Known::NotDone)
            .await
            .unwrap_or_else(|error| panic!("{when}: {error}"));
        for entry in &report.resolved {
            assert!(
                matches!(entry.resolution, Resolution::Finished | Resolution::Undone),
                "{when}: {entry:?}"
            );
        }
        assert_eq!(report.findings, [], "{when}");
        assert_eq!(both.nova.engine().journal().list().unwrap(), [], "{when}");
        let found = now(rig);
        assert!(
            found == self.before || found == self.after,
            "{when}: the site is neither as before\n{}\nnor as after\n{}",
            difference(&self.before, &found),
            difference(&self.after, &found)
        );
        self.ledger_agrees(&both.nova, found == self.after, when)
            .await;
        let finished = found == self.after;
        self.case
            .run(&both.nova, &self.volume)
            .await
            .unwrap_or_else(|error| panic!("{when}, again: {error}"));
        assert_site(&self.after, &now(rig), &format!("{when}, again"));
        self.ledger_agrees(&both.nova, true, when).await;
        finished
    }

    /// I12, I13, I15: the ledger has the volume exactly when the guest has it.
    async fn ledger_agrees(&self, nova: &Nova, done: bool, when: &str) {
        let ledger = nova.ledger().read().await.unwrap();
        assert_eq!(ledger.contradictions(), Vec::<String>::new(), "{when}");
        let attached = done != self.case.takes_back();
        assert_eq!(
            ledger.find(&self.volume.id).is_some(),
            attached,
            "{when}: {ledger:?}"
        );
        if self.case.takes_back() && done {
            assert_eq!(ledger.entries().count(), 0, "{when}: {ledger:?}");
            assert_eq!(ledger.withheld().count(), 0, "{when}: {ledger:?}");
        }
    }
}

/// Which points of a variant are done: all with `ZVM_MATRIX=full`, otherwise a sample that moves with the case.
fn is_chosen(case: Case, variant: Variant, point: usize) -> bool {
    let step = if variant == CURRENT { 5 } else { 17 };
    (point + case as usize).is_multiple_of(step)
        || std::env::var("ZVM_MATRIX").is_ok_and(|value| value == "full")
}

async fn crash_everywhere(case: Case, variant: Variant) -> (usize, usize) {
    let (rig, subject) = Subject::prepare(case, variant).await;
    let (mut points, mut finished) = (0, 0);
    for point in 0.. {
        subject.reset(&rig);
        let stop = StopAt::new(point);
        let both = halves(&rig, case.keys(), vec![stop.clone()]).await;
        let (nova, volume) = (both.nova.clone(), subject.volume.clone());
        stop.arm();
        let mut task = tokio::spawn(async move { case.run(&nova, &volume).await });
        tokio::select! {
            done = &mut task => {
                done.unwrap().unwrap_or_else(|error| panic!("{case:?} {variant}: {error}"));
                assert_eq!(now(&rig), subject.after);
                break;
            }
            () = stop.reached() => {}
        }
        task.abort();
        let _ = task.await;
        drop(both);
        if !is_chosen(case, variant, point) {
            continue;
        }
        points += 1;
        let when = format!("{case:?} {variant} crashed at point {point}");
        finished += usize::from(subject.recover(&rig, &when).await);
    }
    assert!(points > 0);
    (points, finished)
}

/// What happens to one request.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The MN refuses, and does nothing.
    Refused,
    /// The MN works, the answer is lost.
    CutAfter,
    /// The request is lost.
    CutBefore,
    /// The MN works, a proxy answers with a page.
    Page,
    /// The daemon goes away in the middle of its work.
    Daemon,
}

const FAULTS: [Fault; 5] = [
    Fault::Refused,
    Fault::CutAfter,
    Fault::CutBefore,
    Fault::Page,
    Fault::Daemon,
];

/// Harms the n-th request after it was armed.
struct Harm {
    inner: HttpTransport,
    fault: Fault,
    at: usize,
    armed: AtomicBool,
    seen: AtomicUsize,
}

impl Transport for Harm {
    fn send(
        &self,
        request: WireRequest,
    ) -> BoxFuture<'_, std::result::Result<WireAnswer, TransportError>> {
        async move {
            let armed = self.armed.load(Ordering::Relaxed);
            if !armed || self.seen.fetch_add(1, Ordering::Relaxed) != self.at {
                return self.inner.send(request).await;
            }
            let broken = |fault| TransportError {
                fault,
                text: "harmed by the test".to_owned(),
            };
            let page = |status, body: &str| WireAnswer {
                status,
                body: body.as_bytes().to_vec(),
            };
            match self.fault {
                Fault::Refused => Ok(page(
                    200,
                    r#"{"data":[{"error":["x: (Error) refused by the test"],"errorcode":["1"]}]}"#,
                )),
                Fault::CutBefore => Err(broken(TransportFault::NoConnection)),
                Fault::CutAfter => {
                    self.inner.send(request).await?;
                    Err(broken(TransportFault::Cut))
                }
                Fault::Page => {
                    self.inner.send(request).await?;
                    Ok(page(200, "<html>bad gateway</html>"))
                }
                Fault::Daemon => {
                    self.inner.send(request).await?;
                    Ok(page(
                        503,
                        "<p>communication with the xCAT server seems to have been ended prematurely</p>",
                    ))
                }
            }
        }
        .boxed()
    }
}

/// Figures of a fault.
#[derive(Debug, Default)]
struct Outcomes {
    succeeded: usize,
    clean: usize,
    reconciled: usize,
}

async fn fault_everywhere(case: Case, variant: Variant, fault: Fault) -> Outcomes {
    let (rig, subject) = Subject::prepare(case, variant).await;
    let mut outcomes = Outcomes::default();
    for at in 0.. {
        if !is_chosen(case, variant, at) && at < subject.requests {
            continue;
        }
        subject.reset(&rig);
        let backend = rig.backend(case.keys());
        let base = format!("{}/xcatws", rig.simulator.url());
        let harm = Arc::new(Harm {
            inner: HttpTransport::with_base(&backend, &base, 1 << 24).unwrap(),
            fault,
            at,
            armed: AtomicBool::new(false),
            seen: AtomicUsize::new(0),
        });
        let both = halves_over(&rig, case.keys(), Vec::new(), Some(harm.clone())).await;
        harm.armed.store(true, Ordering::Relaxed);
        let outcome = case.run(&both.nova, &subject.volume).await;
        let harmed = harm.seen.load(Ordering::Relaxed) > at;
        drop(both);
        let when = format!("{case:?} {variant}, {fault:?} at request {at}: {outcome:?}");
        let found = now(&rig);
        if outcome.is_ok() {
            assert_site(&subject.after, &found, &when);
            if !harmed {
                break;
            }
            outcomes.succeeded += 1;
        } else {
            let open = halves(&rig, case.keys(), Vec::new()).await;
            let journal = open.nova.engine().journal().list().unwrap();
            let pending = open.nova.ledger().read().await.unwrap();
            let pending = pending
                .entries()
                .any(|(_, entry)| entry.phase == zvm_volume::fcp::Phase::UndedicatePending)
                || pending.withheld().count() > 0;
            if journal.is_empty() && !pending {
                assert_site(
                    &subject.before,
                    &found,
                    &format!("{when}: says nothing of what it left"),
                );
                outcomes.clean += 1;
            } else {
                outcomes.reconciled += 1;
            }
        }
        subject.recover(&rig, &when).await;
    }
    outcomes
}

async fn crashes(cases: &[Case]) {
    for case in cases {
        for variant in VARIANTS {
            let (points, finished) = crash_everywhere(*case, variant).await;
            let undone = points - finished;
            println!(
                "crash  {case:<18?} {variant:<12} points {points:>4}  finished {finished:>4}  undone {undone:>4}"
            );
        }
    }
}

async fn faults(cases: &[Case]) {
    for case in cases {
        for fault in FAULTS {
            let outcomes = fault_everywhere(*case, CURRENT, fault).await;
            println!(
                "fault  {case:<18?} {fault:<10?} succeeded {:>3}  clean {:>3}  reconciled {:>3}",
                outcomes.succeeded, outcomes.clean, outcomes.reconciled
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_08_a_crash_at_every_point_of_an_attach() {
    crashes(&CASES[..5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_08_a_crash_at_every_point_of_a_detach() {
    crashes(&CASES[5..9]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_08_a_crash_at_every_point_of_boot_and_destroy() {
    crashes(&CASES[9..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_01_to_05_a_fault_at_every_request_of_an_attach() {
    faults(&[
        Case::AttachOn,
        Case::AttachPaths,
        Case::AttachOff,
        Case::AttachController,
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_06_a_fault_at_every_request_of_a_detach() {
    faults(&[
        Case::DetachOn,
        Case::DetachPaths,
        Case::DetachOff,
        Case::DetachController,
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rol_07_a_fault_at_every_request_of_boot_and_destroy() {
    faults(&[Case::Boot, Case::Destroy]).await;
}
