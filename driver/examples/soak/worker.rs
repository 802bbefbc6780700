//! A worker: one driver process, as a volume and compute service would be, with tasks that create, attach, attach again, detach
//! and delete at random.

use std::io::BufRead as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use zvm_volume::Error;
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, Connection, Instance, Nova, VolumeRef,
};
use zvm_volume::client::Client;
use zvm_volume::config::Config;
use zvm_volume::steps::{Known, Locks};
use zvm_volume::types::{DeviceNumber, Lifecycle, Size};
use zvm_volume::volumes::{Connector, Volume, VolumeDriver as _, ZvmDriver};

use super::claims::Claims;
use super::orders::{Order, Report, Setup};
use super::random::{Counter, Dice, fair};

/// What the tasks of the process share.
struct Worker {
    setup: Setup,
    cinder: ZvmDriver,
    nova: Nova,
    claims: Claims,
    counter: Arc<Counter>,
    report: Mutex<Report>,
    broken: AtomicBool,
}

/// A volume that a task has, and the guest that has it.
struct Held {
    volume: Volume,
    lun: String,
    at: Option<(Instance, Vec<DeviceNumber>)>,
}

/// Runs the worker until its standard input ends.
pub async fn run() -> anyhow::Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let setup: Setup = serde_json::from_str(&lines.next().context("no setup")??)?;
    let worker = Arc::new(Worker::start(setup).await?);
    let mut rounds = vec![0_u64; worker.setup.tasks];
    println!("{}", serde_json::to_string(&Report::default())?);
    for line in lines {
        let order: Order = serde_json::from_str(&line?)?;
        match order {
            Order::Work { calls, seconds } => {
                worker.stretch(calls, seconds, &mut rounds).await?;
            }
            Order::Check => worker.rest().await?,
        }
        let mut report = worker.report().clone();
        report.calls = worker.counter.0.load(Ordering::Relaxed);
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}

impl Worker {
    async fn start(setup: Setup) -> anyhow::Result<Self> {
        let config = Config::parse(&setup.backend)?;
        let backend = &config.backends[0];
        let counter = Arc::new(Counter::default());
        let client = Client::builder(backend)
            .base_url(setup.url.as_str())
            .observer(Arc::clone(&counter) as _)
            .seed(setup.seed)
            .build()?;
        let mut builder = ZvmDriver::builder(backend).client(client.clone());
        if !setup.durable {
            builder = builder.not_durable();
        }
        let cinder = builder.build()?;
        cinder.start().await?;
        let locks = Locks::open(&backend.state_dir.join("locks"), backend.lock_timeout)?;
        let nova = Nova::with(
            client,
            backend,
            &cinder.host()?,
            cinder.engine().clone(),
            locks,
        )?;
        nova.init_host(&[]).await?;
        Ok(Self {
            claims: Claims::open(&setup.claims)?,
            cinder,
            nova,
            counter,
            report: Mutex::default(),
            broken: AtomicBool::new(false),
            setup,
        })
    }

    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong(&self, text: String) {
        self.broken.store(true, Ordering::Relaxed);
        self.report().wrong.push(text);
    }

    /// All tasks work until enough calls were made, then give everything back.
    async fn stretch(
        self: &Arc<Self>,
        calls: u64,
        seconds: u64,
        rounds: &mut [u64],
    ) -> anyhow::Result<()> {
        let enough = self.counter.0.load(Ordering::Relaxed) + calls;
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut tasks = Vec::new();
        for (number, round) in rounds.iter().enumerate() {
            let (worker, mut round) = (Arc::clone(self), *round);
            tasks.push(tokio::spawn(async move {
                let seed = worker.setup.seed ^ round.wrapping_mul(0x9e37_79b9);
                let mut dice = Dice(seed ^ ((number as u64 + 1) << 40));
                let mut held = None;
                loop {
                    let over = worker.broken.load(Ordering::Relaxed)
                        || worker.counter.0.load(Ordering::Relaxed) >= enough
                        || Instant::now() >= deadline;
                    if over && held.is_none() {
                        return round;
                    }
                    round += 1;
                    held = match worker.turn(number, round, over, held, &mut dice).await {
                        Ok(held) => held,
                        Err(text) => {
                            worker.wrong(format!("task {number}: {text}"));
                            return round;
                        }
                    };
                }
            }));
        }
        for (task, round) in tasks.into_iter().zip(rounds) {
            *round = task.await?;
        }
        Ok(())
    }

    /// One random move of a task.
    async fn turn(
        &self,
        task: usize,
        round: u64,
        over: bool,
        held: Option<Held>,
        dice: &mut Dice,
    ) -> Result<Option<Held>, String> {
        if dice.roll(64) == 0 {
            self.figures().await?;
        }
        let Some(mut held) = held else {
            return self.make(task, round).await;
        };
        match held.at.take() {
            None if over || dice.roll(4) == 0 => self.unmake(held).await.map(|()| None),
            None => {
                let (node, os) = &self.setup.guests[dice.roll(self.setup.guests.len())];
                let node = node.parse().map_err(|_| format!("{node} is no node"))?;
                let guest = Instance::new(node).with_os(os.as_str());
                held.at = self.give(task, &held, &guest).await?;
                Ok(Some(held))
            }
            Some((guest, fcp)) => {
                if !over && dice.roll(3) == 0 {
                    self.give_again(&held, &guest, &fcp).await?;
                    held.at = Some((guest, fcp));
                } else {
                    self.take(task, &held, &guest, &fcp).await?;
                }
                Ok(Some(held))
            }
        }
    }

    /// The figures, as the scheduler asks for them every minute, and the audit that goes with them: no stamp is lost, and what
    /// others work on is not taken for lost.
    async fn figures(&self) -> Result<(), String> {
        let stats = self.cinder.get_volume_stats(true).await;
        stats.map_err(|error| format!("figures: {error}"))?;
        match self.cinder.troubles().as_slice() {
            [] => Ok(()),
            troubles => Err(format!("figures: {troubles:?}")),
        }
    }

    fn refused(&self, what: &str, error: &Error) -> Result<(), String> {
        let Some(kind) = fair(error) else {
            return Err(format!("{what}: {error}"));
        };
        let mut report = self.report();
        *report.refused.entry(kind.to_owned()).or_default() += 1;
        Ok(())
    }

    async fn make(&self, task: usize, round: u64) -> Result<Option<Held>, String> {
        let id = format!(
            "{:08x}-0000-4000-8{task:03x}-{round:012x}",
            self.setup.number
        );
        let volume = Volume::new(id, 1);
        let (volume, lun) = match self.setup.lifecycle {
            Lifecycle::PoolOwned => match self.cinder.create_volume(&volume).await {
                Ok(update) => {
                    let location = update.provider_location.clone();
                    let lun = location.split('|').nth(3).unwrap_or_default().to_owned();
                    (volume.updated(&update), lun)
                }
                Err(error) => {
                    self.refused("create", &error)?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    return Ok(None);
                }
            },
            Lifecycle::AttachOwned => (volume, self.setup.luns[task].clone()),
        };
        self.claims.alone(&format!("lun-{lun}"))?;
        self.report().created += 1;
        Ok(Some(Held {
            volume,
            lun,
            at: None,
        }))
    }

    async fn unmake(&self, held: Held) -> Result<(), String> {
        self.claims.drop_alone(&format!("lun-{}", held.lun));
        if self.setup.lifecycle == Lifecycle::PoolOwned {
            let deleted = self.cinder.delete_volume(&held.volume).await;
            deleted.map_err(|error| format!("delete: {error}"))?;
        }
        Ok(())
    }

    /// Connector, connection data and the volume as Nova passes it.
    async fn reference(&self, held: &Held, guest: &Instance) -> zvm_volume::Result<VolumeRef> {
        let connector = self.nova.get_volume_connector(guest).await?;
        let info = match self.setup.lifecycle {
            Lifecycle::PoolOwned => {
                let connector = Connector {
                    zvm_fcp: connector.zvm_fcp,
                    wwpns: connector.wwpns,
                    host: connector.host.to_string(),
                    instance: Some(guest.node.to_string()),
                };
                let info = self.cinder.initialize_connection(&held.volume, &connector);
                serde_json::to_value(info.await?).unwrap_or_default()
            }
            Lifecycle::AttachOwned => serde_json::json!({"data": {
                "zvm_lun": held.lun, "target_lun": 0, "target_wwn": self.setup.ports,
                "zvm_fcp": connector.zvm_fcp,
            }}),
        };
        let connection =
            Connection::from_json(&info).map_err(|error| Error::Connector(error.to_string()))?;
        Ok(VolumeRef {
            id: held.volume.id.clone(),
            connection,
            size: Some(Size::from_gib(1)),
        })
    }

    async fn attach(
        &self,
        held: &Held,
        guest: &Instance,
    ) -> zvm_volume::Result<zvm_volume::attachments::Attached> {
        let volume = self.reference(held, guest).await?;
        let options = AttachOptions::default();
        self.nova
            .attach_volume(guest, &volume, None, &options)
            .await
    }

    async fn give(
        &self,
        task: usize,
        held: &Held,
        guest: &Instance,
    ) -> Result<Option<(Instance, Vec<DeviceNumber>)>, String> {
        let attached = match self.attach(held, guest).await {
            Ok(attached) => attached,
            Err(error) => {
                self.refused(&format!("attach to {}", guest.node), &error)?;
                return Ok(None);
            }
        };
        let name = self.name(task);
        for device in &attached.fcp {
            self.claims
                .shared(&format!("fcp-{device}"), guest.node.as_str(), &name)?;
        }
        self.report().attached += 1;
        Ok(Some((guest.clone(), attached.fcp)))
    }

    fn name(&self, task: usize) -> String {
        format!("{}-{task}", self.setup.number)
    }

    /// The same volume once more: nothing changes, and the devices are the same (I13, I15).
    async fn give_again(
        &self,
        held: &Held,
        guest: &Instance,
        fcp: &[DeviceNumber],
    ) -> Result<(), String> {
        let again = self.attach(held, guest).await;
        let again = again.map_err(|error| format!("again to {}: {error}", guest.node))?;
        if !again.already || again.fcp != fcp {
            return Err(format!("attached twice: {again:?}, before with {fcp:?}"));
        }
        self.report().repeated += 1;
        Ok(())
    }

    async fn take(
        &self,
        task: usize,
        held: &Held,
        guest: &Instance,
        fcp: &[DeviceNumber],
    ) -> Result<(), String> {
        for device in fcp {
            self.claims.drop_shared(
                &format!("fcp-{device}"),
                guest.node.as_str(),
                &self.name(task),
            );
        }
        let options = AttachOptions::default();
        self.nova
            .detach_volume(guest, &held.volume.id, None, None, &options)
            .await
            .map(drop)
            .map_err(|error| format!("detach from {}: {error}", guest.node))
    }

    /// At rest: nothing to reconcile, nothing found, nothing withheld, no journal entry.
    async fn rest(&self) -> anyhow::Result<()> {
        let report = self.nova.reconcile(&Known::NotDone).await?;
        if !report.resolved.is_empty() || !report.findings.is_empty() {
            self.wrong(format!("reconcile: {report:?}"));
        }
        let open = self.cinder.engine().journal().list()?;
        if !open.is_empty() {
            self.wrong(format!("open journal entries: {open:?}"));
        }
        if let Err(text) = self.figures().await {
            self.wrong(text);
        }
        let ledger = self.nova.ledger().read().await?;
        for contradiction in ledger.contradictions() {
            self.wrong(contradiction);
        }
        for (device, why) in ledger.withheld() {
            self.wrong(format!("{device} is withheld: {why:?}"));
        }
        for (node, entry) in ledger.entries() {
            if !entry.attachments.is_empty() || !entry.dedicated.is_empty() {
                self.wrong(format!("{node} has {entry:?}"));
            }
        }
        Ok(())
    }
}
