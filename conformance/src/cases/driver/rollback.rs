//! Failure, rollback and recovery (spec: driver 6.2 ROL).

use crate::cases::needs::{F1, F2, G1, HV, L1, L2, O1, Z};
use futures_util::future::BoxFuture;
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, BootMetadata, BootVolume, Instance, SourceRecord, VolumeRef,
};
use zvm_volume::volumes::{Volume, VolumeDriver as _};

use super::bench::{Bench, done, instance, volume_id};
use super::guests::complete;
use super::matrix::{Operation, boxed, crashed, harmed};
use super::wire::{Aim, Harm};
use crate::cases::disk::units_are;
use crate::target::GuestState;
use crate::{Case, CaseContext, Stop};

const ALL: [Harm; 4] = [Harm::Refused, Harm::CutAfter, Harm::CutBefore, Harm::Page];

/// The cases.
pub const CASES: &[Case] = &[
    case!("driver/rollback/attach-refused", "An attach of which any request is refused leaves nothing, and can be repeated", Must [Driver], "driver" "6.2 ROL-01", Destructive [HV, G1, L1, F1], attach_refused),
    case!("driver/rollback/attach-answer-lost", "An attach of which any answer is lost converges", Must [Driver], "driver" "6.2 ROL-02", Destructive [HV, G1, L1, F1], attach_cut_after),
    case!("driver/rollback/attach-request-lost", "An attach of which any request is lost converges", Must [Driver], "driver" "6.2 ROL-03", Destructive [HV, G1, L1, F1], attach_cut_before),
    case!("driver/rollback/attach-page", "An attach of which any answer is a page converges", Must [Driver], "driver" "6.2 ROL-04", Destructive [HV, G1, L1, F1], attach_page),
    case!("driver/rollback/attach-off", "The same holds for a guest that is off", Must [Driver], "driver" "6.2 ROL-05", Destructive [HV, O1, L1, F1], attach_off),
    case!("driver/rollback/detach", "A detach that is harmed at any request ends detached when it is repeated", Must [Driver], "driver" "6.2 ROL-06", Destructive [HV, G1, L1, F1], detach),
    case!("driver/rollback/detach-off", "So does a detach from a guest that is off", Must [Driver], "driver" "6.2 ROL-06", Destructive [HV, O1, L1, F1], detach_off),
    case!("driver/rollback/create", "A create that is harmed at any request leaves one row or none", Must [Driver], "driver" "6.2 ROL-07", Reversible [HV], create),
    case!("driver/rollback/delete", "A delete that is harmed at any request is completed when it is repeated", Must [Driver], "driver" "6.2 ROL-07", Reversible [HV], delete),
    case!("driver/rollback/boot", "A preparation to boot that is harmed at any request is undone or completed", Must [Driver], "driver" "6.2 ROL-07", Destructive [HV, O1, L1, F1], boot),
    case!("driver/crash/create", "A driver that ends at any request of a create is recovered", Must [Driver], "driver" "6.2 ROL-08", Reversible [HV], crash_create),
    case!("driver/crash/attach", "A driver that ends at any request of an attach is recovered", Must [Driver], "driver" "6.2 ROL-08", Destructive [HV, G1, L1, F1], crash_attach),
    case!("driver/crash/detach", "A driver that ends at any request of a detach is recovered", Must [Driver], "driver" "6.2 ROL-08", Destructive [HV, G1, L1, F1], crash_detach),
    case!("driver/crash/attach-off", "A driver that ends while it attaches to a guest that is off is recovered", Must [Driver], "driver" "6.2 ROL-08", Destructive [HV, O1, L1, F1], crash_off),
    case!("driver/crash/clone", "A driver that ends in the middle of a copy is recovered, and the source keeps its stamp", Must [Driver], "driver" "6.2 ROL-08", Destructive [HV, Z, L2, F2], crash_clone),
    case!("driver/rollback/first-volume-kept", "A failed attach of a second volume leaves the first its paths", Must [Driver], "driver" "6.2 ROL-09", Destructive [HV, G1, L1, F1], first_kept),
    case!("driver/rollback/compensation-fails", "When undoing fails too, the first error is reported and the next start repairs", Must [Driver], "driver" "6.2 ROL-11", Destructive [HV, G1, L1, F1], compensation),
    case!("driver/rollback/broken-record", "A broken attachment record is reported, and other guests go on", Must [Driver], "driver" "6.2 ROL-14", Destructive [HV, G1, L1, F1], broken_record),
    case!("driver/rollback/destroy", "Destroying a guest takes back what can be taken, and reports the rest", Must [Driver], "driver" "6.2 ROL-15", Destructive [HV, G1, L2, F1], destroy),
    case!("driver/rollback/not-asked-for", "Without rollback a failed detach compensates nothing", Must [Driver], "driver" "6.2 ROL-16", Destructive [HV, G1, L1, F1], no_rollback),
];

struct Attach {
    guest: Instance,
    volume: Volume,
}

impl Operation for Attach {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.attach(&self.volume, &self.guest, None))
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.detach(&self.volume, &self.guest))
    }
    fn guest(&self) -> Option<&str> {
        Some(self.guest.node.as_str())
    }
}

struct Detach(Attach);

impl Operation for Detach {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        let detach = bench.detach(&self.0.volume, &self.0.guest);
        boxed(async move {
            let detached = detach.await?;
            if detached.pending.is_empty() {
                return Ok(());
            }
            Err(zvm_volume::Error::Backend(format!(
                "{:?}",
                detached.pending
            )))
        })
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        self.0.run(bench)
    }
    fn guest(&self) -> Option<&str> {
        self.0.guest()
    }
    fn goes_forward(&self) -> bool {
        true
    }
}

struct Create(Volume);

impl Operation for Create {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.driver.create_volume(&self.0))
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.driver.delete_volume(&self.0))
    }
}

struct Delete(Create);

impl Operation for Delete {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        self.0.back(bench)
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        self.0.run(bench)
    }
    fn goes_forward(&self) -> bool {
        true
    }
}

struct Clone {
    source: Volume,
    target: Volume,
}

impl Operation for Clone {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(
            bench
                .driver
                .create_cloned_volume(&self.target, &self.source),
        )
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.driver.delete_volume(&self.target))
    }
}

struct Boot {
    guest: Instance,
    volume: Volume,
}

impl Operation for Boot {
    fn run<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(async move {
            let volume = bench.connect(&self.volume, &self.guest).await?;
            let metadata = BootMetadata::read(complete)
                .map_err(|e| zvm_volume::Error::Backend(e.to_string()))?;
            let root = BootVolume {
                volume,
                metadata,
                script: None,
            };
            let options = AttachOptions::default();
            bench.nova.prepare_boot(&self.guest, &root, &options).await
        })
    }
    fn back<'a>(&'a self, bench: &'a Bench) -> BoxFuture<'a, zvm_volume::Result<()>> {
        boxed(bench.nova.destroy_cleanup(&self.guest))
    }
    fn guest(&self) -> Option<&str> {
        Some(self.guest.node.as_str())
    }
}

async fn to_attach(c: &mut CaseContext, state: GuestState) -> Result<(Bench, Attach), Stop> {
    let bench = Bench::with_luns(c, 1, "").await?;
    let volume = bench.create(c, 1).await?;
    let guest = instance(c, state, 0)?;
    Ok((bench, Attach { guest, volume }))
}

async fn to_detach(c: &mut CaseContext, state: GuestState) -> Result<(Bench, Detach), Stop> {
    let (bench, attach) = to_attach(c, state).await?;
    done("attach", attach.run(&bench).await)?;
    Ok((bench, Detach(attach)))
}

async fn attach_with(c: &mut CaseContext, harm: Harm) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Running).await?;
    harmed(c, &bench, &attach, &[harm]).await
}

async fn attach_refused(c: &mut CaseContext) -> Result<(), Stop> {
    attach_with(c, Harm::Refused).await
}

async fn attach_cut_after(c: &mut CaseContext) -> Result<(), Stop> {
    attach_with(c, Harm::CutAfter).await
}

async fn attach_cut_before(c: &mut CaseContext) -> Result<(), Stop> {
    attach_with(c, Harm::CutBefore).await
}

async fn attach_page(c: &mut CaseContext) -> Result<(), Stop> {
    attach_with(c, Harm::Page).await
}

async fn attach_off(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Off).await?;
    harmed(c, &bench, &attach, &ALL).await
}

async fn detach(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, detach) = to_detach(c, GuestState::Running).await?;
    harmed(c, &bench, &detach, &ALL).await
}

async fn detach_off(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, detach) = to_detach(c, GuestState::Off).await?;
    harmed(c, &bench, &detach, &ALL).await
}

async fn create(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "20G"], "").await?;
    let create = Create(Volume::new(volume_id(c), 1));
    harmed(c, &bench, &create, &ALL).await
}

async fn delete(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "20G"], "").await?;
    let delete = Delete(Create(bench.create(c, 1).await?));
    harmed(c, &bench, &delete, &ALL).await
}

async fn boot(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Off).await?;
    let Attach { guest, volume } = attach;
    harmed(c, &bench, &Boot { guest, volume }, &ALL).await
}

async fn crash_create(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "20G"], "").await?;
    let create = Create(Volume::new(volume_id(c), 1));
    crashed(c, &bench, &create).await
}

async fn crash_attach(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Running).await?;
    crashed(c, &bench, &attach).await
}

async fn crash_detach(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, detach) = to_detach(c, GuestState::Running).await?;
    crashed(c, &bench, &detach).await
}

async fn crash_off(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Off).await?;
    crashed(c, &bench, &attach).await
}

async fn crash_clone(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let source = bench.create(c, 1).await?;
    let target = Volume::new(volume_id(c), 1);
    crashed(c, &bench, &Clone { source, target }).await
}

async fn first_kept(c: &mut CaseContext) -> Result<(), Stop> {
    let range = super::bench::lent_range(c);
    let (pool, at) = (c.new_pool()?, c.address());
    let lent = c.lun(1, 0)?;
    for (wwpn, lun, size) in [
        (&lent.wwpns[0], &lent.lun, "5G"),
        // No controller has it: its attach fails late, in the guest.
        (&lent.wwpns[0], &at.lun, "10G"),
    ] {
        let line = format!("--addzfcp2pool {pool} free {wwpn} {lun} {size} {range}");
        c.hypervisor(&line).await?;
    }
    let bench = Bench::on_pool(c, pool, "").await?;
    let (first, other) = (bench.create(c, 1).await?, bench.create(c, 6).await?);
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let attached = done("attach", bench.attach(&first, &guest, None).await)?;
    let disk = bench.disk(c, &first, &attached).await?;
    let before = bench.traces(c, Some(&name)).await?;
    let outcome = bench.attach(&other, &guest, None).await;
    c.check("fails", outcome.is_err(), "a failure", || {
        format!("{outcome:?}")
    })?;
    units_are(c, &name, &disk, true).await?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)?;
    done("detach", bench.detach(&first, &guest).await).map(drop)
}

async fn compensation(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Running).await?;
    let before = bench.traces(c, attach.guest()).await?;
    let connected = done(
        "connect",
        bench.connect(&attach.volume, &attach.guest).await,
    )?;
    // The attach itself is carried out and not answered; all that would find out or undo is lost.
    bench.wire.aim(Aim {
        harm: Harm::CutAfter,
        at: 0,
        onwards: false,
        text: "--addzfcp ".to_owned(),
    });
    let options = AttachOptions::default();
    let guest = &attach.guest;
    let work = bench.nova.attach_volume(guest, &connected, None, &options);
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = after_hit(&bench) => Err(zvm_volume::Error::Backend("ended by the kit".to_owned())),
    };
    bench.wire.rest();
    c.record("outcome", format!("{outcome:?}"));
    let successor = bench.successor(c)?;
    done("start", successor.driver.start().await)?;
    let report = done(
        "reconcile",
        successor
            .nova
            .reconcile(&zvm_volume::steps::Known::NotDone)
            .await,
    )?;
    c.record("reconciled", format!("{report:?}"));
    let found = successor.traces(c, attach.guest()).await?;
    if outcome.is_err() {
        c.equal("repaired", &found, &before)?;
    }
    done("attach", attach.run(&successor).await)?;
    done("detach", attach.back(&successor).await)?;
    c.equal(
        "traces",
        &successor.traces(c, attach.guest()).await?,
        &before,
    )
}

/// From the first hit on every request is lost, also those that would undo.
async fn after_hit(bench: &Bench) {
    bench.wire.hit().await;
    bench.wire.aim(Aim {
        harm: Harm::CutBefore,
        at: 0,
        onwards: true,
        text: String::new(),
    });
    std::future::pending::<()>().await;
}

async fn broken_record(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, attach) = to_attach(c, GuestState::Running).await?;
    let record = SourceRecord {
        instance: attach.guest.clone(),
        volume_id: volume_id(c),
        connection_info: serde_json::json!({"data": "nonsense"}),
        size: None,
        mount_point: Some("/dev/vdb;reboot".to_owned()),
        root: false,
    };
    let told = done(
        "init-host",
        bench.nova.init_host(std::slice::from_ref(&record)).await,
    )?;
    let named = told.iter().any(|l| l.contains(&record.volume_id));
    c.check("reported", named, "the volume of the record", || {
        told.join("; ")
    })?;
    done("attach", attach.run(&bench).await)?;
    done("detach", attach.back(&bench).await)
}

async fn destroy(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let volumes = [bench.create(c, 1).await?, bench.create(c, 1).await?];
    for volume in &volumes {
        done("attach", bench.attach(volume, &guest, None).await)?;
    }
    let broken = bench.row(c, &volumes[0]).await?.unwrap_or_default();
    bench.wire.aim(Aim {
        harm: Harm::Refused,
        at: 0,
        onwards: true,
        text: format!("{} {}", broken.wwpn, broken.lun),
    });
    let left = bench.nova.destroy_cleanup(&guest).await;
    bench.wire.rest();
    let left = left.unwrap_or_else(|error| vec![error.to_string()]);
    c.check(
        "reported",
        !left.is_empty(),
        "the volume that is left",
        || "nothing".to_owned(),
    )?;
    let other = bench.row(c, &volumes[1]).await?.unwrap_or_default();
    c.equal("other-detached", &other.status.as_str(), &"reserved")?;
    let left = done("destroy", bench.nova.destroy_cleanup(&guest).await)?;
    c.equal("completed", &left.len(), &0)
}

async fn no_rollback(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, detach) = to_detach(c, GuestState::Running).await?;
    bench.wire.aim(Aim {
        harm: Harm::Refused,
        at: 0,
        onwards: true,
        text: "--removezfcp ".to_owned(),
    });
    bench.wire.sent();
    let options = AttachOptions {
        rollback: false,
        request_id: None,
    };
    let record: Option<&VolumeRef> = None;
    let (guest, volume) = (&detach.0.guest, &detach.0.volume);
    let outcome = bench
        .nova
        .detach_volume(guest, &volume.id, record, None, &options)
        .await;
    let hits = bench.wire.rest();
    c.check("harmed", hits > 0, "the detach harmed", || {
        format!("{outcome:?}")
    })?;
    let compensated = bench.wire.sent().iter().any(|l| l.contains("--addzfcp"));
    c.equal("compensated", &compensated, &false)?;
    done("repeated", detach.run(&bench).await)
}
