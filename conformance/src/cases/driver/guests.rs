//! Volumes of guests (spec: driver 6.2 ATT, OFF, MPA, DET, BOOT).

use crate::cases::needs::{C2, CLOCK, F1, F2, G1, G2, HV, L1, L2, M1, O1};
use std::time::Duration;

use zvm_volume::attachments::{
    AttachOptions, Attachments as _, BootMetadata, BootVolume, GuestPath, Instance,
};
use zvm_volume::volumes::Volume;

use super::bench::{Bench, done, instance, mount, node, refused};
use super::matrix::reconcile;
use super::wire::{Aim, Harm};
use crate::cases::disk::{dedicated_is, directory, in_guest, start, units_are, until_reachable};
use crate::target::GuestState;
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("driver/guest/attach", "A volume is attached to a running guest: row, dedication, unit", Must [Driver], "driver" "6.2 ATT-01", Destructive [HV, G1, L1, F1], attach),
    case!("driver/guest/every-distribution", "Attach, device node and detach work on every running guest that is lent", Must [Driver], "driver" "6.2 ATT-02", Destructive [HV, G1, L1, F1], every_guest),
    case!("driver/guest/second-volume", "A second volume shares the device; the first detach leaves it, the last gives it back", Must [Driver], "driver" "6.2 DET-02", Destructive [HV, G1, L2, F1], second),
    case!("driver/guest/attach-again", "Attaching and detaching again change nothing", Must [Driver], "driver" "6.2 ATT-04", Destructive [HV, G1, L1, F1], again),
    case!("driver/guest/other-guests-volume", "A volume that a guest has is refused to another, and stays as it is", Must [Driver], "driver" "6.2 ATT-05", Destructive [HV, G2, L1, F2], others_volume),
    case!("driver/guest/node-taken", "A device node that another volume has is refused, and that volume keeps it", Must [Driver], "driver" "6.2 ATT-06", Destructive [HV, G1, L2, F1], node_taken),
    case!("driver/guest/no-such-lun", "A LUN that the storage does not show leaves nothing behind", Must [Driver], "driver" "6.2 ATT-07", Destructive [HV, G1, F1], no_such_lun),
    case!("driver/guest/restart", "A restarted guest has unit and device node again", Must [Driver], "driver" "6.2 ATT-08", Destructive [HV, G1, L1, F1], restart),
    case!("driver/guest/paused", "Nothing is attached to a paused guest", Must [Driver], "driver" "6.2 ATT-09", Destructive [HV, G1, L1, F1], paused),
    case!("driver/guest/stamp-in-tag", "An attached volume's row is used by the guest and keeps its stamp", Must [Driver], "driver" "6.2 ATT-11", Destructive [HV, G1, L1, F1], stamp),
    case!("driver/guest/unknown-node", "An unknown node is an instance that does not exist, and no row changes", Must [Driver], "driver" "6.2 ATT-13", Reversible [HV, L1, F1], unknown),
    case!("driver/guest/off", "A volume for a guest that is off waits for its start", Must [Driver], "driver" "6.2 OFF-02", Destructive [HV, O1, L1, F1], off_then_start),
    case!("driver/guest/off-and-back", "Attached and detached before the start leaves nothing", Must [Driver], "driver" "6.2 OFF-05", Destructive [HV, O1, L1, F1], off_and_back),
    case!("driver/guest/off-without-system", "Without the operating system's version no device node is promised, and nothing changes", Must [Driver], "driver" "6.2 OFF-08", Destructive [HV, O1, L1, F1], off_without_system),
    case!("driver/guest/off-without-node", "Without device node only the SCSI notices are sent", Must [Driver], "driver" "6.2 OFF-10", Destructive [HV, O1, L1, F1], off_without_node),
    case!("driver/multipath/connector", "Two paths are two devices on two channel paths, with their ports", Must [Driver Multipath], "driver" "6.2 MPA-01", Reversible [HV, G1, F2, C2], connector),
    case!("driver/multipath/attach", "A volume with two ports over two devices has four units and gives all back", Must [Driver], "driver" "6.2 MPA-02", Destructive [HV, G1, M1, F2, C2], multipath),
    case!("driver/multipath/one-channel-path", "Devices of one channel path are no two paths; nothing is reserved", Must [Driver], "driver" "6.2 MPA-05", Reversible [HV, G1, F2, C2], one_chpid),
    case!("driver/multipath/pair-found", "A pair is found whatever the order of the list", Must [Driver], "driver" "6.2 MPA-06", Reversible [HV, G1, Need::FcpDevices(4), C2], pair_found),
    case!("driver/multipath/stale-reservations", "Reservations older than their time do not keep a pair from being found", Must [Driver], "driver" "6.2 MPA-07", Reversible [HV, G2, F2, C2, CLOCK], stale),
    case!("driver/guest/answer-lost", "A detach whose answer is lost is found done", Must [Driver], "driver" "6.2 DET-08", Destructive [HV, G1, L1, F1], answer_lost),
    case!("driver/guest/undedicate-fails", "A device that cannot be taken back is taken back later; the volume is detached", Must [Driver], "driver" "6.2 DET-06", Destructive [HV, G1, L1, F1], undedicate_fails),
    case!("driver/guest/undedicated-by-operator", "A device that an operator took back does not keep a volume from being detached", Must [Driver], "driver" "6.2 DET-07", Destructive [HV, G1, L1, F1], operator),
    case!("driver/guest/device-not-listed", "A volume is detached from a device that the configuration lists no more", Must [Driver], "driver" "6.2 DET-10", Destructive [HV, G1, L1, F2], not_listed),
    case!("driver/boot/prepare", "A guest that is off is prepared to start from a volume, and gives it back", Must [Driver], "driver" "6.2 BOOT-01", Destructive [HV, O1, L1, F1], boot),
    case!("driver/boot/metadata", "Metadata without a RAM disk is refused by name, before any call", Must [Driver], "driver" "6.2 BOOT-05", ReadOnly [], metadata),
];

async fn one(c: &mut CaseContext) -> Result<(Bench, Volume, Instance), Stop> {
    let bench = Bench::with_luns(c, 1, "").await?;
    let volume = bench.create(c, 1).await?;
    Ok((bench, volume, instance(c, GuestState::Running, 0)?))
}

async fn off(c: &mut CaseContext) -> Result<(Bench, Volume, Instance), Stop> {
    let bench = Bench::with_luns(c, 1, "").await?;
    let volume = bench.create(c, 1).await?;
    Ok((bench, volume, instance(c, GuestState::Off, 0)?))
}

async fn attach(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let attached = done("attach", bench.attach(&volume, &guest, None).await)?;
    c.equal("path", &attached.path, &GuestPath::Active)?;
    let disk = bench.disk(c, &volume, &attached).await?;
    units_are(c, &name, &disk, true).await?;
    dedicated_is(c, &name, &disk.fcp, true).await?;
    done("detach", bench.detach(&volume, &guest).await)?;
    units_are(c, &name, &disk, false).await?;
    dedicated_is(c, &name, &disk.fcp, false).await?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn every_guest(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 1, "").await?;
    let volume = bench.create(c, 1).await?;
    let count = c.inventory.guests_in(GuestState::Running).count();
    for index in 0..count {
        let guest = instance(c, GuestState::Running, index)?;
        let name = guest.node.to_string();
        let before = bench.traces(c, Some(&name)).await?;
        let target = mount("/dev/vdk")?;
        done("attach", bench.attach(&volume, &guest, Some(&target)).await)?;
        let seen = in_guest(c, &name, "ls -d /dev/vdk 2>/dev/null; true").await?;
        c.check(
            "node",
            seen.iter().any(|l| l.trim() == "/dev/vdk"),
            "/dev/vdk",
            || format!("{name}: {}", seen.join(" ")),
        )?;
        done("detach", bench.detach(&volume, &guest).await)?;
        c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)?;
    }
    Ok(())
}

async fn second(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let (first, other) = (bench.create(c, 1).await?, bench.create(c, 1).await?);
    let a = done("attach", bench.attach(&first, &guest, None).await)?;
    bench.wire.sent();
    let b = done("attach", bench.attach(&other, &guest, None).await)?;
    c.equal("device", &b.fcp, &a.fcp)?;
    let again = bench
        .wire
        .sent()
        .iter()
        .any(|l| l.contains("--dedicatedevice"));
    c.equal("dedicated-again", &again, &false)?;
    let (mine, theirs) = (
        bench.disk(c, &first, &a).await?,
        bench.disk(c, &other, &b).await?,
    );
    done("detach", bench.detach(&other, &guest).await)?;
    units_are(c, &name, &mine, true).await?;
    units_are(c, &name, &theirs, false).await?;
    dedicated_is(c, &name, &mine.fcp, true).await?;
    done("detach", bench.detach(&first, &guest).await)?;
    dedicated_is(c, &name, &mine.fcp, false).await
}

async fn again(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    done("attach", bench.attach(&volume, &guest, None).await)?;
    let after = bench.traces(c, Some(&name)).await?;
    let repeated = done("attach", bench.attach(&volume, &guest, None).await)?;
    c.equal("already", &repeated.already, &true)?;
    c.equal("attached", &bench.traces(c, Some(&name)).await?, &after)?;
    for already in [false, true] {
        let detached = done("detach", bench.detach(&volume, &guest).await)?;
        c.equal("already", &detached.already, &already)?;
        c.equal("detached", &bench.traces(c, Some(&name)).await?, &before)?;
    }
    Ok(())
}

async fn others_volume(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let other = instance(c, GuestState::Running, 1)?;
    let name = guest.node.to_string();
    done("attach", bench.attach(&volume, &guest, None).await)?;
    let before = bench.traces(c, Some(&name)).await?;
    let outcome = bench.attach(&volume, &other, None).await;
    c.check("refused", outcome.is_err(), "a refusal", || {
        format!("{outcome:?}")
    })?;
    c.equal("untouched", &bench.traces(c, Some(&name)).await?, &before)?;
    let entry = directory(c, other.node.as_str()).await?;
    let dedicated = entry.iter().filter(|l| l.starts_with("DEDICATE")).count();
    c.equal("other", &dedicated, &0)
}

async fn node_taken(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let (first, other) = (bench.create(c, 1).await?, bench.create(c, 1).await?);
    let target = mount("/dev/vdk")?;
    done("attach", bench.attach(&first, &guest, Some(&target)).await)?;
    let before = bench.traces(c, Some(&name)).await?;
    let outcome = bench.attach(&other, &guest, Some(&target)).await;
    c.check("refused", outcome.is_err(), "a refusal", || {
        format!("{outcome:?}")
    })?;
    c.equal("kept", &bench.traces(c, Some(&name)).await?, &before)
}

async fn no_such_lun(c: &mut CaseContext) -> Result<(), Stop> {
    let range = super::bench::lent_range(c);
    let (pool, at) = (c.new_pool()?, c.address());
    let line = format!(
        "--addzfcp2pool {pool} free {} {} 10G {range}",
        at.wwpn, at.lun
    );
    c.hypervisor(&line).await?;
    let bench = Bench::on_pool(c, pool, "").await?;
    let volume = bench.create(c, 1).await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let outcome = bench.attach(&volume, &guest, None).await;
    c.check("refused", outcome.is_err(), "a failure", || {
        format!("{outcome:?}")
    })?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn restart(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let target = mount("/dev/vdk")?;
    let attached = done("attach", bench.attach(&volume, &guest, Some(&target)).await)?;
    let disk = bench.disk(c, &volume, &attached).await?;
    crate::cases::disk::power(c, &name, "off").await?;
    crate::cases::disk::power(c, &name, "on").await?;
    until_reachable(c, &name).await?;
    units_are(c, &name, &disk, true).await?;
    let seen = in_guest(c, &name, "ls -d /dev/vdk 2>/dev/null; true").await?;
    let there = seen.iter().any(|l| l.trim() == "/dev/vdk");
    c.check("node", there, "/dev/vdk", || seen.join(" "))?;
    done("detach", bench.detach(&volume, &guest).await).map(drop)
}

async fn paused(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, mut guest) = one(c).await?;
    guest.paused = true;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    refused(
        "refused",
        bench.attach(&volume, &guest, None).await,
        "InvalidInstanceState",
    )?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn stamp(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let stamp = bench.row(c, &volume).await?.unwrap_or_default().owner;
    bench.wire.sent();
    done("attach", bench.attach(&volume, &guest, None).await)?;
    let added = bench
        .wire
        .sent()
        .iter()
        .any(|l| l.contains("--addzfcp2pool"));
    c.equal("no-row-added", &added, &false)?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    let seen = (row.status.as_str(), row.owner.as_str(), row.tag.as_str());
    c.equal("row", &seen, &("used", guest.node.as_str(), stamp.as_str()))?;
    done("detach", bench.detach(&volume, &guest).await)?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    c.equal(
        "given-back",
        &(row.status.as_str(), row.owner.as_str()),
        &("reserved", stamp.as_str()),
    )
}

async fn unknown(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 1, "").await?;
    let volume = bench.create(c, 1).await?;
    let before = bench.traces(c, None).await?;
    let guest = Instance::new(node(&c.short_name()?)?).with_os("rhel7");
    refused(
        "refused",
        bench.attach(&volume, &guest, None).await,
        "InstanceNotFound",
    )?;
    c.equal("rows", &bench.traces(c, None).await?, &before)
}

async fn off_then_start(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = off(c).await?;
    let name = guest.node.to_string();
    let target = mount("/dev/vdk")?;
    let attached = done("attach", bench.attach(&volume, &guest, Some(&target)).await)?;
    c.equal("path", &attached.path, &GuestPath::Inactive)?;
    let disk = bench.disk(c, &volume, &attached).await?;
    dedicated_is(c, &name, &disk.fcp, true).await?;
    start(c, &name).await?;
    until_reachable(c, &name).await?;
    units_are(c, &name, &disk, true).await?;
    done("detach", bench.detach(&volume, &guest).await)?;
    units_are(c, &name, &disk, false).await
}

async fn off_and_back(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = off(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let attached = done("attach", bench.attach(&volume, &guest, None).await)?;
    let disk = bench.disk(c, &volume, &attached).await?;
    done("detach", bench.detach(&volume, &guest).await)?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)?;
    start(c, &name).await?;
    until_reachable(c, &name).await?;
    units_are(c, &name, &disk, false).await
}

async fn off_without_system(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = off(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let bare = Instance::new(guest.node.clone());
    let target = mount("/dev/vdk")?;
    bench.wire.sent();
    let outcome = bench.attach(&volume, &bare, Some(&target)).await;
    let changed = bench.wire.sent().iter().any(|l| l.contains("\"--"));
    match outcome {
        Err(error) => {
            c.record("refused", error.to_string());
            c.equal("before-any-change", &changed, &false)?;
            c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
        }
        // The release's tables may name the system as well.
        Ok(_) => done("detach", bench.detach(&volume, &guest).await).map(drop),
    }
}

async fn off_without_node(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = off(c).await?;
    bench.wire.sent();
    done("attach", bench.attach(&volume, &guest, None).await)?;
    done("detach", bench.detach(&volume, &guest).await)?;
    let notices: Vec<String> = bench.wire.sent();
    let of = |text: &str| notices.iter().filter(|l| l.contains(text)).count();
    c.check(
        "scsi",
        of("action=addScsiVolume") > 0,
        "a SCSI notice",
        || notices.join("\n"),
    )?;
    c.equal(
        "nodes",
        &(of("createfilesysnode") + of("removefilesysnode")),
        &0,
    )
}

async fn connector(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "zvm_multiple_fcp = true").await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let connector = done("connector", bench.nova.get_volume_connector(&guest).await)?;
    c.equal(
        "devices",
        &(connector.zvm_fcp.len(), connector.wwpns.len()),
        &(2, 2),
    )?;
    let chpid = |index: usize| {
        let device = connector.zvm_fcp.get(index).map(ToString::to_string);
        let lent = c.inventory.fcp_devices.iter();
        let mut lent = lent.filter(|f| device.as_deref() == Some(&f.device));
        lent.next().map(|f| f.chpid.clone())
    };
    c.check(
        "two-channel-paths",
        chpid(0) != chpid(1),
        "two channel paths",
        || format!("{:?}", connector.zvm_fcp),
    )
}

async fn multipath(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_paths(c).await?;
    let volume = bench.create(c, 1).await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let attached = done("attach", bench.attach(&volume, &guest, None).await)?;
    let disk = bench.disk(c, &volume, &attached).await?;
    c.equal("paths", &disk.paths().len(), &4)?;
    // Where the kernel finds LUNs by itself, a path is a disk and no unit.
    let seen = in_guest(c, &name, "lszfcp -D").await?;
    for (device, port) in disk.paths() {
        let path = format!("0.0.{device}/0x{port}/0x{}", disk.lun);
        let there = seen.iter().any(|l| l.to_lowercase().contains(&path));
        c.check("path", there, &path, || seen.join("\n"))?;
    }
    done("detach", bench.detach(&volume, &guest).await)?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

/// A driver with two paths over these devices.
async fn paths_over(c: &mut CaseContext, devices: &[String]) -> Result<Bench, Stop> {
    let list = devices.join(";");
    let keys = format!("zvm_multiple_fcp = true\nzvm_fcp_list = {list}");
    Bench::with_rows(c, &["10G"], &keys).await
}

fn by_chpid(c: &CaseContext) -> Result<(Vec<String>, Vec<String>), Stop> {
    let pair = c.inventory.channel_pair();
    let (a, b) = pair.ok_or_else(|| Stop::Skip("no two channel paths".to_owned()))?;
    let of = |chpid: &str| {
        let lent = c.inventory.fcp_devices.iter();
        lent.filter(|f| f.chpid == chpid)
            .map(|f| f.device.clone())
            .collect()
    };
    Ok((of(&a.chpid), of(&b.chpid)))
}

async fn one_chpid(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, _) = by_chpid(c)?;
    let bench = paths_over(c, &a).await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let outcome = bench.nova.get_volume_connector(&guest).await;
    refused("refused", outcome, "InvalidConnectorException")?;
    let ledger = bench.nova.ledger().read().await;
    let ledger = ledger.map_err(|e| Stop::Error(e.to_string()))?;
    c.equal("reserved", &ledger.entries().count(), &0)
}

async fn pair_found(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = by_chpid(c)?;
    let mut devices = a;
    devices.extend(b.into_iter().take(1));
    let bench = paths_over(c, &devices).await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let connector = done("connector", bench.nova.get_volume_connector(&guest).await)?;
    c.equal("devices", &connector.zvm_fcp.len(), &2)
}

async fn stale(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = by_chpid(c)?;
    let bench = paths_over(c, &[a[0].clone(), b[0].clone()]).await?;
    let (first, other) = (
        instance(c, GuestState::Running, 0)?,
        instance(c, GuestState::Running, 1)?,
    );
    done("connector", bench.nova.get_volume_connector(&first).await)?;
    let left = bench.clock.advance_within(Duration::from_secs(30));
    let early = bench.nova.get_volume_connector(&other).await;
    refused("early", early, "InvalidConnectorException")?;
    bench.clock.advance(left + Duration::from_secs(1));
    done("late", bench.nova.get_volume_connector(&other).await).map(drop)
}

async fn answer_lost(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    done("attach", bench.attach(&volume, &guest, None).await)?;
    bench.wire.aim(Aim {
        harm: Harm::CutAfter,
        at: 0,
        onwards: false,
        text: "--removezfcp ".to_owned(),
    });
    done("detach", bench.detach(&volume, &guest).await)?;
    let hits = bench.wire.rest();
    c.equal("harmed", &hits, &1)?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn undedicate_fails(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    done("attach", bench.attach(&volume, &guest, None).await)?;
    bench.wire.aim(Aim {
        harm: Harm::Refused,
        at: 0,
        onwards: true,
        text: "--undedicatedevice".to_owned(),
    });
    let detached = done("detach", bench.detach(&volume, &guest).await)?;
    bench.wire.rest();
    c.equal("pending", &detached.pending.len(), &1)?;
    reconcile(&bench).await?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn operator(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = one(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let attached = done("attach", bench.attach(&volume, &guest, None).await)?;
    for device in &attached.fcp {
        c.chvm(&name, &format!("--undedicatedevice {device}"))
            .await?;
    }
    done("detach", bench.detach(&volume, &guest).await)?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn not_listed(c: &mut CaseContext) -> Result<(), Stop> {
    let (one, two) = (c.fcp(0)?.device, c.fcp(1)?.device);
    let first = Bench::with_luns(c, 1, &format!("zvm_fcp_list = {one}")).await?;
    let volume = first.create(c, 1).await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let name = guest.node.to_string();
    let before = first.traces(c, Some(&name)).await?;
    done("attach", first.attach(&volume, &guest, None).await)?;
    let later = first.with_keys(c, &format!("zvm_fcp_list = {two}"))?;
    done("start", later.driver.start().await)?;
    done("detach", later.detach(&volume, &guest).await)?;
    c.equal("traces", &later.traces(c, Some(&name)).await?, &before)
}

/// Complete metadata of a root volume.
pub fn complete(key: &str) -> Option<&'static str> {
    match key {
        "os_version" => Some("ubuntu16.04"),
        _ => Some("/x"),
    }
}

async fn boot(c: &mut CaseContext) -> Result<(), Stop> {
    let (bench, volume, guest) = off(c).await?;
    let name = guest.node.to_string();
    let before = bench.traces(c, Some(&name)).await?;
    let connected = done("connect", bench.connect(&volume, &guest).await)?;
    let root = BootVolume {
        volume: connected,
        metadata: BootMetadata::read(complete).map_err(|e| Stop::Error(e.to_string()))?,
        script: None,
    };
    let options = AttachOptions::default();
    done(
        "prepare",
        bench.nova.prepare_boot(&guest, &root, &options).await,
    )?;
    let entry = directory(c, &name).await?;
    let loads = entry.iter().any(|l| l.starts_with("LOADDEV PORTNAME"));
    c.check("loaddev", loads, "LOADDEV statements", || entry.join("\n"))?;
    let left = done("destroy", bench.nova.destroy_cleanup(&guest).await)?;
    c.equal("left", &left.len(), &0)?;
    c.equal("traces", &bench.traces(c, Some(&name)).await?, &before)
}

async fn metadata(c: &mut CaseContext) -> Result<(), Stop> {
    let outcome = BootMetadata::read(|key| (key != "ramdisk").then(|| complete(key)).flatten());
    let why = outcome.err().map(|e| e.to_string()).unwrap_or_default();
    c.check("named", why.contains("ramdisk"), "the missing key", || {
        why.clone()
    })
}
