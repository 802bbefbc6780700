//! One operation on its stage: a site with everything that the operation works on, kept so that each point of a matrix starts
//! from the same world and the same files; and what must be true before, meanwhile and afterwards.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::Simulator;
use xcat_simulator::world::World;
use zvm_volume::Result;
use zvm_volume::attachments::{Instance, Nova, Patience, VolumeRef};
use zvm_volume::client::{Client, Observer, Transport};
use zvm_volume::images::FolderImages;
use zvm_volume::steps::{Engine, Journal, Known, Locks, Resolution, Resolved, Scribe};
use zvm_volume::volumes::{Snapshot, Volume, VolumeDriver as _, ZvmDriver};

use crate::cases::NOT_CLEARED;
use crate::check::{files, violations};
use crate::guests::traces;
use crate::image_files::ByWayOfGuest;
use crate::matrix::setting;
use crate::rig::{Door, Rig, SiteClock, Variant, volume, without_npiv};
use crate::{cases, guest_cases};

/// An operation of either half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Volume(cases::Case),
    Guest(guest_cases::Case),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume(case) => write!(f, "{case:?}"),
            Self::Guest(case) => write!(f, "{case}"),
        }
    }
}

/// What an operation works on.
pub struct Subject {
    pub volume: Volume,
    pub snapshot: Snapshot,
    /// The volume as Nova knows it.
    pub reference: Option<VolumeRef>,
}

impl Subject {
    pub fn of(volume: Volume) -> Self {
        Self {
            snapshot: Snapshot {
                id: volume.id.clone(),
                volume_size: volume.size,
                volume: volume.clone(),
                provider_location: None,
            },
            volume,
            reference: None,
        }
    }
}

impl Operation {
    /// The one table of operations.
    pub fn all() -> Vec<Self> {
        let volumes = cases::Case::ALL.into_iter().map(Self::Volume);
        volumes
            .chain(guest_cases::Case::all().into_iter().map(Self::Guest))
            .collect()
    }

    fn world(self) -> World {
        match self {
            Self::Volume(case) => case.world(),
            Self::Guest(case) => case.world(),
        }
    }

    fn keys(self) -> &'static str {
        match self {
            Self::Volume(case) => case.keys(),
            Self::Guest(case) => case.keys(),
        }
    }

    /// The guest whose programs can fail.
    pub fn guest(self) -> String {
        match self {
            Self::Volume(cases::Case::TerminateForced) => "lnx1".to_owned(),
            Self::Volume(_) => "zhcp1".to_owned(),
            Self::Guest(case) => case.instance().node.to_string(),
        }
    }

    /// Whether it takes back several volumes, each by a plan of its own.
    fn has_several_plans(self) -> bool {
        matches!(self, Self::Guest(case) if case.action == guest_cases::Action::Destroy && case.beside)
    }

    async fn prepare(self, process: &Process) -> Subject {
        match self {
            Self::Volume(case) => case.prepare(process).await,
            Self::Guest(case) => case.prepare(process).await,
        }
    }

    pub async fn run(self, process: &Process, subject: &Subject) -> Result<()> {
        match self {
            Self::Volume(case) => case.run(process, subject).await,
            Self::Guest(case) => case.run(process, subject).await,
        }
    }
}

/// What is given to a process besides its configuration.
#[derive(Default)]
pub struct Plug {
    pub observers: Vec<Arc<dyn Observer>>,
    pub transport: Option<Arc<dyn Transport>>,
    pub scribe: Option<Arc<dyn Scribe>>,
}

/// Both halves of the driver, as one process has them.
pub struct Process {
    pub driver: ZvmDriver,
    pub nova: Nova,
    pub images: FolderImages,
    pub glance: PathBuf,
    simulator: Arc<Simulator>,
}

impl Process {
    /// A volume of the pool.
    pub async fn create(&self, n: u8) -> Volume {
        let volume = volume(n, 1);
        let update = self.driver.create_volume(&volume).await.unwrap();
        volume.updated(&update)
    }

    /// Connector and connection data for a guest, as Nova and Cinder exchange them.
    pub async fn connect(&self, volume: &Volume, instance: &Instance) -> VolumeRef {
        let connected = self.nova.connect_volume(&self.driver, volume, instance);
        connected.await.unwrap()
    }

    /// Changes the world behind the driver's back.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.simulator.site().edit());
    }
}

/// Which state is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// As before the operation, in as much as it changed nothing that counts.
    Before,
    /// As before or as after it.
    Either,
    /// As after it.
    After,
}

/// The stage.
pub struct Stage {
    pub operation: Operation,
    /// Whether each guest has a WWPN of its own on a channel.
    pub has_npiv: bool,
    pub rig: Rig,
    pub subject: Subject,
    world: World,
    folder: tempfile::TempDir,
    before: String,
    after: String,
    /// States of the site between the plans of an operation that has several.
    between: Vec<String>,
    /// A device that CP itself has taken from its guest (F7).
    lost: Mutex<Option<String>>,
    /// Whether the storage answers for one volume with another (F41, F42, F47), and how many times that showed.
    swapped: Mutex<Option<usize>>,
    /// How large the volume's LUN was when the operation ended, in bytes, whatever its row says (F50).
    capacity: Mutex<u64>,
    /// Whether a guest has started again meanwhile (F67).
    restarted: AtomicBool,
}

/// Keeps the site's states in which no plan is open.
struct Between {
    simulator: Arc<Simulator>,
    journal: PathBuf,
    states: Mutex<Vec<String>>,
}

impl Scribe for Between {
    fn pause(&self) -> BoxFuture<'_, ()> {
        let idle = std::fs::read_dir(&self.journal).is_ok_and(|mut items| items.next().is_none());
        if idle {
            let state = traces(&self.simulator.site().look());
            let mut states = self.states.lock().unwrap();
            if !states.contains(&state) {
                states.push(state);
            }
        }
        std::future::ready(()).boxed()
    }
}

impl Stage {
    /// Makes the site, what the operation needs, and finds out how it ends when nothing goes wrong.
    pub async fn set(operation: Operation, variant: Variant) -> Self {
        Self::set_in(operation.world(), true, operation, variant).await
    }

    /// The same on a site without NPIV.
    pub async fn set_without_npiv(operation: Operation, variant: Variant) -> Self {
        let mut world = operation.world();
        without_npiv(&mut world);
        Self::set_in(world, false, operation, variant).await
    }

    async fn set_in(world: World, has_npiv: bool, operation: Operation, variant: Variant) -> Self {
        let mut rig = Rig::world(variant, world).await;
        std::fs::create_dir(rig.folder.path().join("glance")).unwrap();
        let process = process(&rig, operation, Plug::default());
        process.driver.start().await.unwrap();
        let subject = operation.prepare(&process).await;
        drop(process);
        let world = rig.simulator.site().look().clone();
        rig.before = world.clone();
        let folder = tempfile::tempdir().unwrap();
        copy_folder(rig.folder.path(), folder.path());
        let before = traces(&world);
        let mut stage = Self {
            operation,
            has_npiv,
            rig,
            subject,
            world,
            folder,
            after: String::new(),
            between: Vec::new(),
            lost: Mutex::default(),
            swapped: Mutex::default(),
            capacity: Mutex::default(),
            restarted: AtomicBool::default(),
            before,
        };
        let between = Arc::new(Between {
            simulator: Arc::clone(&stage.rig.simulator),
            journal: stage.rig.folder.path().join("state/journal"),
            states: Mutex::default(),
        });
        let process = stage
            .start(Plug {
                scribe: Some(between.clone()),
                ..Plug::default()
            })
            .await;
        stage
            .run(&process)
            .await
            .unwrap_or_else(|error| panic!("{operation} {variant}, undisturbed: {error}"));
        stage.after = stage.traces();
        stage.between = std::mem::take(&mut between.states.lock().unwrap());
        stage
            .between
            .retain(|state| *state != stage.before && *state != stage.after);
        // One plan has nothing between its beginning and its end at which it may rest.
        assert!(
            stage.between.is_empty() || operation.has_several_plans(),
            "{operation} {variant}: {:#?}",
            stage.between
        );
        let wrong = stage.wrong(&process, Moment::After).await;
        assert!(
            wrong.is_empty(),
            "{operation} {variant}, undisturbed: {wrong:#?}"
        );
        stage
    }

    /// World and files as before the operation.
    pub fn reset(&self) {
        let site = self.rig.simulator.site();
        *self.lost.lock().unwrap() = None;
        *self.swapped.lock().unwrap() = None;
        self.restarted.store(false, Ordering::Relaxed);
        site.clear_faults();
        *site.edit() = self.world.clone();
        copy_folder(self.folder.path(), self.rig.folder.path());
    }

    /// A process of its own on the stage, as it is ready to serve.
    pub async fn start(&self, plug: Plug) -> Process {
        let process = process(&self.rig, self.operation, plug);
        if matches!(self.operation, Operation::Volume(_)) {
            process.driver.start().await.unwrap();
        }
        process
    }

    /// Runs the operation.
    pub async fn run(&self, process: &Process) -> Result<()> {
        let outcome = self.operation.run(process, &self.subject).await;
        *self.capacity.lock().unwrap() = cases::capacity(&self.rig.simulator.site().look());
        outcome
    }

    /// What a new process finds and resolves: everything, or it says what not.
    pub async fn reconcile(&self) -> std::result::Result<Process, String> {
        let process = process(&self.rig, self.operation, Plug::default());
        let resolved = match self.operation {
            Operation::Volume(_) => {
                process.driver.do_setup().await.map_err(|e| e.to_string())?;
                // The check resolves by itself; what it could not is asked for once more.
                process
                    .driver
                    .check_for_setup_error()
                    .await
                    .map_err(|e| e.to_string())?;
                process
                    .driver
                    .reconcile()
                    .await
                    .map_err(|e| e.to_string())?
            }
            Operation::Guest(_) => {
                let mut report = process
                    .nova
                    .reconcile(&Known::NotDone)
                    .await
                    .map_err(|e| e.to_string())?;
                // What CP itself has taken is rightly in use without a record.
                if let Some(device) = &*self.lost.lock().unwrap() {
                    let what = format!("FCP device {}", device.to_lowercase());
                    report
                        .findings
                        .retain(|found| found.what != what || !found.text.starts_with("in use"));
                }
                if !report.findings.is_empty() {
                    return Err(format!("after reconcile: {report:?}"));
                }
                report.resolved
            }
        };
        let open = |entry: &&Resolved| {
            !matches!(entry.resolution, Resolution::Finished | Resolution::Undone)
        };
        match resolved.iter().find(open) {
            Some(entry) => Err(format!("not resolved: {entry:?}")),
            None => Ok(process),
        }
    }

    /// Everything that is not as it must be.
    pub async fn wrong(&self, process: &Process, moment: Moment) -> Vec<String> {
        match self.operation {
            Operation::Volume(case) => {
                let after = moment == Moment::After;
                let mut wrong = violations(
                    &self.rig,
                    &if after {
                        case.afterwards()
                    } else {
                        case.meanwhile()
                    },
                );
                if after {
                    let capacity = *self.capacity.lock().unwrap();
                    wrong.extend(case.wrong_afterwards(process, capacity));
                }
                // What CP itself has taken is nobody's.
                if let Some(device) = &*self.lost.lock().unwrap() {
                    wrong.retain(|line| *line != format!("I12: device {device} went to None"));
                }
                self.without_swapped_data(wrong)
            }
            Operation::Guest(case) => {
                let found = self.traces();
                let is = |moment| match moment {
                    Moment::Before => self.fits(&self.before, &found),
                    _ => self.is_after(&found),
                };
                // What several plans do is whole after each of them.
                let halfway = moment != Moment::After
                    && self.between.iter().any(|state| self.fits(state, &found));
                let fits = match moment {
                    Moment::Either => is(Moment::Before) || is(Moment::After),
                    moment => is(moment),
                } || halfway;
                let mut wrong = Vec::new();
                if !fits {
                    if moment != Moment::After {
                        wrong.push(format!(
                            "not as before: {}",
                            difference(&self.before, &found)
                        ));
                    }
                    if moment != Moment::Before {
                        wrong.push(format!("not as after: {}", difference(&self.after, &found)));
                    }
                }
                let done = match moment {
                    // What is the same on both sides says nothing.
                    _ if case.only_reserves() => true,
                    // The volume that the operation is named after is the last to go.
                    _ if halfway => false,
                    Moment::Before => false,
                    Moment::After => true,
                    Moment::Either => is(Moment::After),
                };
                wrong.extend(case.ledger(process, &self.subject, done).await);
                files(&self.rig.folder.path().join("state"), &mut wrong);
                wrong
            }
        }
    }

    /// Where the storage answers for one volume with another, no client sees whose data it reads and writes (I4 cannot be kept
    /// by anybody): what LUNs hold is counted, everything else is asked for as always.
    fn without_swapped_data(&self, mut wrong: Vec<String>) -> Vec<String> {
        if let Some(count) = &mut *self.swapped.lock().unwrap() {
            let all = wrong.len();
            wrong.retain(|line| {
                let holds = line.contains("LUN ") && line.contains(" holds '");
                // The zeros went to the other volume.
                !(holds || line == NOT_CLEARED)
            });
            *count += all - wrong.len();
        }
        wrong
    }

    /// From now on the storage answers for one volume with another.
    pub fn swap(&self) {
        *self.swapped.lock().unwrap() = Some(0);
    }

    /// Whether wrong data was seen because of that.
    pub fn was_swapped(&self) -> bool {
        self.swapped.lock().unwrap().is_some_and(|count| count > 0)
    }

    /// The remote commands of late, when somebody looks into a breach.
    pub fn traffic(&self) -> String {
        let mut text = String::new();
        let Some(many) = setting("ZVM_MATRIX_TRACE") else {
            return text;
        };
        let many = many.parse().unwrap_or(60);
        let journal = self.rig.simulator.site().journal.lock();
        let mut last: Vec<_> = journal.requests().rev().take(many).collect();
        last.reverse();
        for request in last {
            let _ = writeln!(text, "\n{} {:?}", request.facts.command, request.facts.args);
            for entry in &request.commands {
                let _ = writeln!(
                    text,
                    "    {:?} {:?}\n        = {:?} {:?}",
                    entry.command, entry.faults, entry.outcome, entry.changes
                );
            }
        }
        text
    }

    /// CP takes a device away for good.
    pub fn lose(&self, device: &str) {
        *self.lost.lock().unwrap() = Some(device.to_owned());
    }

    /// A guest has started again, and is up after a while.
    pub fn restart(&self) {
        self.restarted.store(true, Ordering::Relaxed);
        self.rig.simulator.site().step_clock(60_000);
    }

    fn traces(&self) -> String {
        self.rig.traces()
    }

    /// Whether the site is as it was at another time. Two things may differ:
    /// the tag of a used row may be missing, never another one: it goes when the edit of the row was lost to another one and is
    /// made again by the only command for that, which empties it (2.2.4); what I5 asks of a used row is its owner.
    /// And a device that CP took away (F7) may be nobody's; if it is somebody's, then whose it was.
    /// Where the storage answers for one volume with another (F41), a node's rule names the disk that answered, as it says itself.
    /// And a guest that started again (F67) may have as a unit what its file names and its own scan had found before.
    fn fits(&self, wanted: &str, found: &str) -> bool {
        let lost = self.lost.lock().unwrap();
        let is_lost = |line: &&str| {
            let lost = lost.as_ref();
            lost.is_some_and(|device| line.contains(&format!(" {device} attached to")))
        };
        let gone = !found.lines().any(|line| is_lost(&line));
        let mut swapped = self.swapped.lock().unwrap();
        let mut others = 0;
        let configured = if self.restarted.load(Ordering::Relaxed) {
            configured_units(wanted)
        } else {
            BTreeSet::new()
        };
        let is_new = |line: &&str| {
            configured.contains(*line) && !wanted.lines().any(|wanted| wanted == *line)
        };
        let mut found = found.lines().filter(|line| !is_new(line));
        let same = wanted
            .lines()
            .filter(|line| !(gone && is_lost(line)))
            .all(|wanted| {
                let Some(found) = found.next() else {
                    return false;
                };
                if found == wanted || is_without_tag(wanted, found) {
                    return true;
                }
                others += 1;
                swapped.is_some() && is_for_another_disk(wanted, found)
            });
        let fits = same && found.next().is_none();
        if let (true, Some(count)) = (fits, &mut *swapped) {
            *count += others;
        }
        fits
    }

    /// A path to the volume itself may be a unit where the guest's own scan had found the LUN the first time: a disk without a
    /// unit is configured all the same. Only paths that the connection promises, and none of the units may lack (I16).
    fn is_after(&self, found: &str) -> bool {
        if self.fits(&self.after, found) {
            return true;
        }
        let (Operation::Guest(case), Some(volume)) = (self.operation, &self.subject.reference)
        else {
            return false;
        };
        if case.takes_back() {
            return false;
        }
        let connection = &volume.connection;
        let node = case.instance().node;
        let promised: Vec<String> = connection
            .fcp
            .iter()
            .flat_map(|device| {
                let ports = connection.wwpns.ports().iter();
                ports.map(move |port| format!("{device}/{port}/{}", connection.lun))
            })
            .collect();
        let is_promised = |line: &&str| {
            line.split_once(" unit ").is_some_and(|(host, path)| {
                let path = path.to_lowercase().replace("0x", "");
                host.eq_ignore_ascii_case(node.as_str()) && promised.contains(&path)
            })
        };
        // The management node writes RHEL's file in guests of all kinds (GQ4); where nothing reads it, a line that is not written
        // is not missed. That none stays behind is asked for by the other states.
        let node_file = format!("{node} /etc/zfcp.conf");
        let is_idle = |line: &&str| {
            let path = line
                .to_lowercase()
                .replace("0x", "")
                .replacen("0.0.", "", 1);
            case.guest != guest_cases::Guest::Rhel
                && (**line == node_file || promised.contains(&path.replace(' ', "/")))
        };
        let without = |text: &str| -> String {
            let lines = text
                .lines()
                .filter(|line| !is_promised(line) && !is_idle(line));
            lines.map(|line| format!("{line}\n")).collect()
        };
        let has = |line: &str| found.lines().any(|found| found == line);
        self.after.lines().filter(is_promised).all(has)
            && self.after.lines().any(|line| is_promised(&line))
            && self.fits(&without(&self.after), &without(found))
    }
}

fn process(rig: &Rig, operation: Operation, plug: Plug) -> Process {
    let backend = rig.backend(&format!(
        "zvm_host = zvm1\n{}",
        operation.keys().replace("zvm_host = zvm1\n", "")
    ));
    let site = rig.simulator.site();
    let clock = Arc::new(SiteClock(Arc::clone(site)));
    let transport = plug.transport.unwrap_or_else(|| Arc::new(Door::of(site)));
    let mut client = Client::builder(&backend)
        .transport(transport)
        .clock(clock.clone())
        .seed(1);
    for observer in plug.observers {
        client = client.observer(observer);
    }
    let client = client.build().unwrap();
    let mut journal = Journal::open(&backend.state_dir.join("journal"))
        .unwrap()
        .not_durable();
    if let Some(scribe) = plug.scribe {
        journal = journal.watched_by(scribe);
    }
    let driver = ZvmDriver::builder(&backend)
        .client(client.clone())
        .journal(journal.clone())
        .not_durable()
        .records(Arc::new(Known::NotDone))
        .mover(Arc::new(ByWayOfGuest(Arc::clone(&rig.simulator))))
        .build()
        .unwrap();
    let locks = Locks::open(&backend.state_dir.join("locks"), backend.lock_timeout).unwrap();
    let engine = Engine::with_clock(journal, clock);
    let nova = Nova::with(client, &backend, &"zvm1".parse().unwrap(), engine, locks)
        .unwrap()
        .patience(Patience {
            tries: 6,
            pause: Duration::from_secs(2),
        });
    let glance = rig.folder.path().join("glance");
    Process {
        driver,
        nova,
        images: FolderImages::new(&glance),
        glance,
        simulator: Arc::clone(&rig.simulator),
    }
}

/// The units that the files `zfcp.conf` among some traces ask for.
fn configured_units(traces: &str) -> BTreeSet<String> {
    let mut units = BTreeSet::new();
    let mut host = None;
    for line in traces.lines() {
        let path = line
            .strip_prefix("0.0.")
            .map(|path| path.replace("0x", "").replace(' ', "/"));
        match (host, path) {
            (Some(host), Some(path)) => drop(units.insert(format!("{host} unit {path}"))),
            _ => host = line.strip_suffix(" /etc/zfcp.conf"),
        }
    }
    units
}

/// Whether a line is the rule of a node that was wanted, but for the identity by which multipath knows the disk.
fn is_for_another_disk(wanted: &str, found: &str) -> bool {
    let parts = |line: &str| -> Option<(String, String)> {
        let (before, rest) = line.split_once("ENV{DM_UUID}==\"mpath-")?;
        let (_, after) = rest.split_once('"')?;
        Some((before.to_owned(), after.to_owned()))
    };
    parts(wanted).is_some_and(|wanted| Some(wanted) == parts(found))
}

/// Whether a line is the row that was wanted, but for its tag.
fn is_without_tag(wanted: &str, found: &str) -> bool {
    let (Some((wanted, _)), Some((found, tag))) = (wanted.rsplit_once(','), found.rsplit_once(','))
    else {
        return false;
    };
    wanted.starts_with("used,") && wanted == found && tag.is_empty()
}

/// What differs between two texts, line by line. A line that is there twice counts twice, and lines that only stand in another
/// order are said to.
fn difference(wanted: &str, found: &str) -> String {
    let only_in = |one: &str, other: &str, mark: &str| -> Vec<String> {
        let mut rest: Vec<&str> = other.lines().collect();
        let mut only = Vec::new();
        for line in one.lines() {
            match rest.iter().position(|other| *other == line) {
                Some(index) => drop(rest.swap_remove(index)),
                None => only.push(format!("{mark} {line}")),
            }
        }
        only
    };
    let mut lines = only_in(wanted, found, "-");
    lines.extend(only_in(found, wanted, "+"));
    if lines.is_empty() {
        let moved = wanted.lines().zip(found.lines());
        let moved = moved.filter(|(wanted, found)| wanted != found);
        lines.extend(moved.map(|(wanted, found)| format!("order: {found} instead of {wanted}")));
    }
    lines.join("\n")
}

/// Makes one folder what another is.
pub fn copy_folder(from: &Path, to: &Path) {
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
