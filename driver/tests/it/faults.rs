//! Every operation with every named fault of the site, and with every fault between driver and MN, at every step where it
//! can strike (issue 5, seen 2; tests ROL-01 to ROL-07): the operation succeeds, or fails and leaves nothing behind, or says
//! what it left and `reconcile` removes it.
//!
//! A fault of a request or remote command strikes once at each of them in turn, and again from each of them until the
//! operation has ended. A condition of the site comes before each call in turn and stays. What an operation never meets is
//! counted as *not met*: a rule that did not happen, a condition under which the operation succeeded with every answer the usual one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::seam::{Effect, FaultRequest, Layer, NamedFault, Target, When, catalogue};
use zvm_volume::client::{
    Call, Exchange, HttpTransport, Observer, RESPONSE_LIMIT, Transport, TransportError,
    TransportFault, WireAnswer, WireRequest,
};
use zvm_volume::fcp::Phase;

use crate::cases;
use crate::matrix::{Chosen, SAMPLE, Tally, setting};
use crate::rig::Door;
use crate::stage::{Moment, Operation, Plug, Process, Stage};

/// What goes wrong between driver and MN with one call, whatever the site's own layers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wire {
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

impl Wire {
    const ALL: [Self; 18] = [
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
    inner: Door,
    fault: Wire,
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

/// The network of a client that soon loses its patience.
struct Impatient(HttpTransport);

impl Transport for Impatient {
    fn send(&self, mut request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        request.timeout = Duration::from_millis(400);
        self.0.send(request)
    }
}

/// Brings a condition about before the n-th call, and keeps what was answered.
struct Watch {
    simulator: Arc<xcat_simulator::Simulator>,
    condition: Option<(FaultRequest, usize)>,
    armed: AtomicBool,
    seen: AtomicUsize,
    came: AtomicBool,
    answers: Mutex<Vec<String>>,
}

impl Watch {
    fn new(stage: &Stage, condition: Option<(FaultRequest, usize)>) -> Arc<Self> {
        Arc::new(Self {
            simulator: Arc::clone(&stage.rig.simulator),
            condition,
            armed: AtomicBool::new(false),
            seen: AtomicUsize::new(0),
            came: AtomicBool::new(false),
            answers: Mutex::default(),
        })
    }
}

impl Observer for Watch {
    fn before<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, ()> {
        if self.armed.load(Ordering::Relaxed) {
            let number = self.seen.fetch_add(1, Ordering::Relaxed);
            if let Some((request, at)) = &self.condition
                && *at == number
            {
                // What cannot be brought about in the site as it is now does not come.
                let came = self.simulator.site().add_fault(request.clone()).is_ok();
                self.came.store(came, Ordering::Relaxed);
            }
        }
        std::future::ready(()).boxed()
    }

    fn after<'a>(&'a self, _: &'a Call, exchange: &'a Exchange) -> BoxFuture<'a, ()> {
        if self.armed.load(Ordering::Relaxed) {
            let text = format!("{:?} {}", exchange.status, exchange.answer);
            self.answers.lock().unwrap().push(without_ids(&text));
        }
        std::future::ready(()).boxed()
    }
}

/// A text without what differs from run to run: profiles are unique.
fn without_ids(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !(word.len() == 34 && word.starts_with(['c'])))
        .collect::<Vec<_>>()
        .join(" ")
}

/// One way in which something goes wrong; where it strikes is a number.
#[derive(Clone, Debug)]
enum Kind {
    Wire(Wire),
    /// A named fault of requests or remote commands.
    Rule {
        request: FaultRequest,
        lasting: bool,
    },
    /// A named condition of the site.
    Condition(FaultRequest),
    /// A named fault whose place the operation does not touch.
    Nowhere,
}

/// An undisturbed run.
struct Dry {
    answers: Vec<String>,
    devices: Vec<String>,
    luns: Vec<String>,
    ports: Vec<String>,
    chpids: Vec<String>,
}

impl Dry {
    async fn run(stage: &Stage) -> Self {
        stage.reset();
        let watch = Watch::new(stage, None);
        let process = stage
            .start(Plug {
                observers: vec![watch.clone()],
                ..Plug::default()
            })
            .await;
        watch.armed.store(true, Ordering::Relaxed);
        let site = stage.rig.simulator.site();
        let first = site.journal.lock().last_id() + 1;
        stage
            .run(&process)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", stage.operation));
        let journal = site.journal.lock();
        let mut words = Vec::new();
        for request in first..=journal.last_id() {
            for entry in journal.get(request).map_or(&[][..], |r| &r.commands) {
                let text = format!("{:?}", entry.command).to_lowercase();
                let split = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                words.extend(split.map(|w| w.trim_start_matches("0x").to_owned()));
            }
        }
        drop(journal);
        let world = site.look();
        let named = |known: &BTreeSet<String>| -> Vec<String> {
            let mut found: Vec<String> = Vec::new();
            for word in &words {
                if known.contains(word) && !found.contains(word) {
                    found.push(word.clone());
                }
            }
            // A copy has two LUNs, a guest two devices and ports at most.
            found.truncate(2);
            found
        };
        let fcp = || world.systems.values().flat_map(|system| &system.fcp);
        let devices = named(
            &fcp()
                .map(|(number, _)| format!("{number:X}").to_lowercase())
                .collect(),
        );
        let chpids = devices
            .iter()
            .filter_map(|device| {
                let is = |(number, _): &(&_, &_)| format!("{number:X}").to_lowercase() == *device;
                fcp().find(is).map(|(_, fcp)| fcp.chpid.clone())
            })
            .collect();
        let luns = world.san.luns.values().flat_map(|luns| luns.keys());
        let luns = named(&luns.map(|lun| lun.to_string().to_lowercase()).collect());
        let ports = world.san.ports.keys();
        let ports = named(&ports.map(|port| port.to_string().to_lowercase()).collect());
        Self {
            answers: watch.answers.lock().unwrap().clone(),
            devices,
            luns,
            ports,
            chpids,
        }
    }

    /// The targets of a fault: each place that the operation touches, the n-th of each kind together.
    fn targets(&self, fault: &NamedFault, guest: &str) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for index in 0..2 {
            let at = |list: &[String]| list.get(index).or(list.first()).cloned();
            let mut target = Target::default();
            let mut complete = true;
            for place in fault.scope {
                let value = match *place {
                    "guest" => Some(guest.to_owned()),
                    "device" => at(&self.devices),
                    "lun" => at(&self.luns),
                    "wwpn" => at(&self.ports),
                    "chpid" => at(&self.chpids),
                    // Whichever it is.
                    "command" => Some(String::new()),
                    other => panic!("{}: unknown place {other}", fault.name),
                };
                complete &= value.is_some();
                match *place {
                    "guest" => target.guest = value,
                    "device" => target.device = value,
                    "lun" => target.lun = value,
                    "wwpn" => target.wwpn = value,
                    "command" => target.command = value,
                    _ => target.chpid = value,
                }
            }
            if complete && !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }

    /// All that can go wrong.
    fn kinds(&self, stage: &Stage) -> Vec<(String, Kind)> {
        let mut kinds: Vec<(String, Kind)> = Vec::new();
        if stage.has_npiv {
            let wire = Wire::ALL.into_iter();
            kinds.extend(wire.map(|wire| (format!("wire {wire:?}"), Kind::Wire(wire))));
        }
        // A daemon that stalls for ever is a stall of the wire.
        let is_done = |fault: &&NamedFault| {
            fault.name != "xcatd-stall" && (fault.name == WITHOUT_NPIV) != stage.has_npiv
        };
        for fault in catalogue().filter(is_done) {
            let targets = self.targets(fault, &stage.operation.guest());
            if targets.is_empty() {
                kinds.push((fault.name.to_owned(), Kind::Nowhere));
            }
            for target in targets {
                let request = FaultRequest {
                    name: Some(fault.name.to_owned()),
                    target,
                    ..FaultRequest::default()
                };
                let effect = (fault.effect)();
                if matches!(effect, Effect::Condition { .. }) {
                    kinds.push((fault.name.to_owned(), Kind::Condition(request)));
                    continue;
                }
                for when in times(fault, &effect) {
                    let request = FaultRequest {
                        when,
                        // Slow, but within the client's patience: what is slower is a stall.
                        effect: matches!(effect, Effect::HttpSlow { .. }).then_some(
                            Effect::HttpSlow {
                                bytes_per_second: 50_000,
                            },
                        ),
                        // Counts commands, not the programs in them.
                        probability: Some(1.0),
                        ..request.clone()
                    };
                    // The ways in which ssh does not get through differ in a text only: one of them lasts. That nothing of the MN
                    // is reached any more is among the faults of the wire.
                    let once = effect.layer() == Layer::Http
                        || matches!(effect, Effect::Reboot { .. })
                        || (effect.layer() == Layer::Ssh && fault.name != "ssh-no-route");
                    let lasts: &[bool] = if once { &[false] } else { &[false, true] };
                    kinds.extend(lasts.iter().map(|lasting| {
                        let kind = Kind::Rule {
                            request: request.clone(),
                            lasting: *lasting,
                        };
                        let lasting = if *lasting { " lasting" } else { "" };
                        (format!("{}{lasting}", fault.name), kind)
                    }));
                }
            }
        }
        kinds
    }
}

/// The fault that comes only where guests share a channel's own WWPN: it is struck there, all others where each has its own.
const WITHOUT_NPIV: &str = "F45";

/// Before or after the work, where a fault can be either.
fn times(fault: &NamedFault, effect: &Effect) -> Vec<Option<When>> {
    match effect {
        Effect::HttpReset
        | Effect::HttpStall { .. }
        | Effect::HttpGarbage
        | Effect::HttpStatus { .. }
        | Effect::XcatdClosed
        | Effect::Reboot { .. } => vec![Some(When::Before), Some(When::After)],
        _ => vec![fault.when],
    }
}

/// How a strike ended, and where the next one is; `None`: it was not met.
struct Struck {
    ending: Result<&'static str, String>,
    next: Option<usize>,
}

/// Everything, or a sample.
pub async fn strike_everywhere(stage: &Stage, chosen: &mut Chosen, tally: &mut Tally) {
    let dry = Dry::run(stage).await;
    let calls = dry.answers.len();
    if stage.has_npiv {
        tally.points = calls;
        if calls == 0 {
            tally.add("no call", Ok("no call"), String::new);
        }
    }
    if calls == 0 {
        return;
    }
    let kinds = dry.kinds(stage);
    if !chosen.is_full() {
        for _ in 0..SAMPLE {
            let (name, kind) = &kinds[chosen.roll(kinds.len())];
            let at = chosen.roll(calls);
            let struck = strike(stage, &dry, kind, at).await;
            tally.add(name, struck.ending, || format!("{name} at {at}"));
        }
        return;
    }
    let wanted = setting("ZVM_MATRIX_FAULT");
    let kinds = kinds
        .iter()
        .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| name == wanted));
    for (name, kind) in kinds {
        // A condition comes before a call.
        let end = match kind {
            Kind::Condition(_) => calls,
            _ => usize::MAX,
        };
        let mut at = chosen.first();
        while at < end {
            let struck = strike(stage, &dry, kind, at).await;
            let next = match kind {
                Kind::Condition(_) => Some(at + 1),
                Kind::Nowhere => None,
                _ => struck.next,
            };
            // That there is no further step where it strikes is no point of its own.
            if at == 0 || struck.next.is_some() || struck.ending.is_err() {
                tally.add(name, struck.ending, || format!("{name} at {at} ({kind:?})"));
            }
            match next.and_then(|next| chosen.next(at, next)) {
                Some(next) => at = next,
                None => break,
            }
        }
    }
}

/// The transport that a kind needs.
fn transport(
    stage: &Stage,
    kind: &Kind,
    at: usize,
) -> (Option<Arc<dyn Transport>>, Option<Arc<Faulty>>) {
    let site = stage.rig.simulator.site();
    match kind {
        Kind::Wire(fault) => {
            let faulty = Arc::new(Faulty {
                inner: Door::of(site),
                fault: *fault,
                at,
                armed: AtomicBool::new(false),
                seen: AtomicUsize::new(0),
                hits: AtomicUsize::new(0),
            });
            (Some(faulty.clone()), Some(faulty))
        }
        Kind::Rule { request, .. } => {
            let name = request.name.as_deref().unwrap_or_default();
            if !name.starts_with("http-") {
                return (None, None);
            }
            let base = format!("{}/xcatws", stage.rig.simulator.url());
            let network =
                HttpTransport::with_base(&stage.rig.backend(""), &base, RESPONSE_LIMIT).unwrap();
            if name == "http-stall" {
                (Some(Arc::new(Impatient(network))), None)
            } else {
                (Some(Arc::new(network)), None)
            }
        }
        _ => (None, None),
    }
}

async fn strike(stage: &Stage, dry: &Dry, kind: &Kind, at: usize) -> Struck {
    let not_met = Struck {
        ending: Ok("not met"),
        next: None,
    };
    if matches!(kind, Kind::Nowhere) {
        return not_met;
    }
    stage.reset();
    let site = stage.rig.simulator.site();
    let condition = match kind {
        Kind::Condition(request) => Some((request.clone(), at)),
        _ => None,
    };
    let watch = Watch::new(stage, condition);
    let (transport, faulty) = transport(stage, kind, at);
    let process = stage
        .start(Plug {
            observers: vec![watch.clone()],
            transport,
            ..Plug::default()
        })
        .await;
    watch.armed.store(true, Ordering::Relaxed);
    if let Some(faulty) = &faulty {
        faulty.armed.store(true, Ordering::Relaxed);
    }
    if let Kind::Rule { request, lasting } = kind {
        let request = FaultRequest {
            skip: at as u64,
            times: (!lasting).then_some(1),
            ..request.clone()
        };
        if let Err(error) = site.add_fault(request) {
            return Struck {
                ending: Err(format!("the fault is refused: {error}")),
                next: None,
            };
        }
    }
    let outcome = stage.run(&process).await;
    let rule = site.fault_rules().pop();
    site.clear_faults();
    if let Some(faulty) = &faulty {
        faulty.armed.store(false, Ordering::Relaxed);
    }
    watch.armed.store(false, Ordering::Relaxed);
    let next = match kind {
        Kind::Wire(_) => {
            let hits = faulty.map_or(0, |faulty| faulty.hits.load(Ordering::Relaxed));
            (hits > 0).then_some(at + 1)
        }
        Kind::Rule { .. } => rule
            .filter(|rule| rule.hits > 0)
            .map(|rule| usize::try_from(rule.seen).unwrap().max(at + 1)),
        Kind::Condition(_) => {
            // Not every answer shows it: an image is refused by what is in it.
            let shows = || outcome.is_err() || *watch.answers.lock().unwrap() != dry.answers;
            let met = watch.came.load(Ordering::Relaxed) && shows();
            met.then_some(at + 1)
        }
        Kind::Nowhere => None,
    };
    // A rule that lasts goes on counting; its next place is the next command.
    let next = match kind {
        Kind::Rule { lasting: true, .. } => next.map(|_| at + 1),
        _ => next,
    };
    if let Kind::Rule { request, .. } = kind
        && request.name.as_deref() == Some("F67")
    {
        stage.restart();
    }
    if let Kind::Condition(request) = kind {
        match (request.name.as_deref(), &request.target.device) {
            (Some("F7"), Some(device)) => stage.lose(device),
            (Some("F41" | "F42" | "F47"), _) => stage.swap(),
            _ => {}
        }
    }
    let error = outcome.err().map(|error| error.to_string());
    let said = error.clone().unwrap_or_default();
    let ending = judge(stage, process, error).await;
    match (ending, next) {
        (Ok(_), next) if stage.was_swapped() => Struck {
            ending: Ok("another volume's data, which no client sees"),
            next,
        },
        (Ok("succeeded"), None) => not_met,
        (Err(text), next) => Struck {
            ending: Err(format!("{text}{}", stage.traffic())),
            next,
        },
        (Ok(other), None) => Struck {
            ending: Err(format!("{other}, although nothing was in its way: {said}")),
            next,
        },
        (ending, next) => Struck { ending, next },
    }
}

/// What an operation's end is worth.
async fn judge(
    stage: &Stage,
    process: Process,
    error: Option<String>,
) -> Result<&'static str, String> {
    let said = |text: String| match &error {
        Some(error) => format!("{text}\nthe error was: {error}"),
        None => text,
    };
    let holds = |wrong: Vec<String>, what: &str| {
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(said(format!("{what}: {}", wrong.join("\n"))))
        }
    };
    if error
        .as_ref()
        .is_some_and(|text| text.contains("password=admin"))
    {
        return Err("I23: a secret in the error".to_owned());
    }
    let open = process
        .driver
        .engine()
        .journal()
        .list()
        .map_err(|e| e.to_string())?;
    let held = held(&process).await?;
    let may_give_up =
        matches!(stage.operation, Operation::Volume(case) if cases::Case::may_give_up(case));
    let after = if may_give_up {
        Moment::Either
    } else {
        Moment::After
    };
    let clean = open.is_empty() && held.is_empty();
    if let (None, true) = (&error, clean) {
        holds(
            stage.wrong(&process, after).await,
            "it says that it succeeded",
        )?;
        return Ok("succeeded");
    }
    if let (Some(text), false) = (&error, clean) {
        // Devices that wait to be taken back stand in a detach's result, their entry in the journal.
        let devices = !held.is_empty() && held.iter().all(|device| text.contains(device));
        let entries = !open.is_empty() && open.iter().all(|entry| text.contains(&entry.id));
        let named = devices || entries;
        if !named {
            let open: Vec<&str> = open.iter().map(|entry| entry.id.as_str()).collect();
            return Err(said(format!(
                "it does not say what it left: {open:?}, devices {held:?}"
            )));
        }
    }
    let process = if clean {
        holds(
            stage.wrong(&process, Moment::Before).await,
            "it failed and says nothing of what it left",
        )?;
        drop(process);
        stage.start(Plug::default()).await
    } else {
        drop(process);
        let process = stage.reconcile().await.map_err(said)?;
        let moment = if error.is_none() {
            after
        } else {
            Moment::Either
        };
        holds(stage.wrong(&process, moment).await, "reconciled")?;
        process
    };
    // Whatever happened, the same request converges.
    if error.is_some() {
        stage
            .run(&process)
            .await
            .map_err(|again| said(format!("again: {again}\n{}", stage.rig.pool())))?;
        holds(stage.wrong(&process, Moment::After).await, "again")?;
    }
    Ok(match (error.is_some(), clean) {
        (false, _) => "succeeded, rest reconciled",
        (true, true) => "failed, nothing left",
        (true, false) => "failed, reconciled",
    })
}

/// Devices that the ledger keeps although no volume needs them.
async fn held(process: &Process) -> Result<Vec<String>, String> {
    let ledger = process
        .nova
        .ledger()
        .read()
        .await
        .map_err(|e| e.to_string())?;
    let pending = ledger
        .entries()
        .filter(|(_, entry)| entry.phase == Phase::UndedicatePending)
        .flat_map(|(_, entry)| entry.dedicated.iter().map(ToString::to_string));
    let withheld = ledger.withheld().map(|(device, _)| device.to_string());
    Ok(pending.chain(withheld).collect())
}
