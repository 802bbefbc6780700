//! Attaching to and detaching from a guest that is shut down: row, directory, notices in its reader (spec: driver 6.2 OFF;
//! guests 6.11).

use super::disk::{
    Disk, dedicated_is, disk, disks, off, row, row_is, start, units_are, until_reachable,
};
use super::needs::{F1, HV, L1, L2, O1};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("offline/attach/row-and-directory", "Row and directory entry can be prepared for a guest that is off", Must [Attach], "driver" "6.2 OFF-01", Destructive [HV, O1, L1, F1], row_and_directory),
    case!("offline/notice/silent", "A notice for a guest that is off is taken without complaint", Must [Attach], "driver" "6.2 OFF-01", Destructive [HV, O1, L1, F1], notice_silent),
    case!("offline/notice/unknown-script", "A notice with a worker script that does not exist is refused by name", Must [Attach], "guests" "6.11", Destructive [O1], unknown_script),
    case!("offline/start/unit", "At its start the guest finds the disk of a notice", Must [Attach], "driver" "6.2 OFF-02", Destructive [HV, O1, L1, F1], start_unit),
    case!("offline/start/several", "At its start the guest finds the disks of several notices", Must [Attach], "driver" "6.2 OFF-09", Destructive [HV, O1, L2, F1], start_several),
    case!("offline/start/counter-notice", "A notice and its opposite leave nothing in the guest", Must [Attach], "driver" "6.2 OFF-05", Destructive [HV, O1, L1, F1], counter_notice),
    case!("offline/start/without-notice", "Without a notice the guest finds nothing at its start", Must [Attach], "driver" "6.2 OFF-05", Destructive [HV, O1, L1, F1], without_notice),
    case!("offline/addzfcp/row-and-directory", "An attach to a guest that is off changes row and directory entry and is confirmed", Must [Attach], "guests" "5.1", Destructive [HV, O1, L1, F1], addzfcp_off),
    case!("offline/addzfcp/no-persistence-claim", "An attach to a guest that is off claims no persistent configuration", Should [Attach], "guests" "5.1", Destructive [HV, O1, L1, F1], addzfcp_claim),
    case!("offline/removezfcp/row", "A detach from a guest that is off frees the row and claims no de-configuration", Must [Attach], "guests" "5.2", Destructive [HV, O1, L1, F1], removezfcp_off),
    case!("offline/node/refused", "For a guest that is off no device node is confirmed", Should [Attach], "guests" "5.3", Destructive [HV, O1, L1, F1], node_refused),
];

/// Reserves the row for the guest over the device and dedicates it in the directory.
async fn prepare(c: &mut CaseContext, node: &str, disk: &Disk) -> Result<(), Stop> {
    let line = format!(
        "--reservezfcp {} used {node} {} 0 {} {}",
        disk.pool, disk.fcp, disk.wwpn, disk.lun
    );
    let a = c.hypervisor(&line).await?;
    if !a.says("Reserving FCP device... Done") {
        return Err(Stop::blocked(a.summary()));
    }
    if !super::disk::dedicated(c, node, &disk.fcp).await? {
        let line = format!("--dedicatedevice {0} {0} 0", disk.fcp);
        c.chvm(node, &line).await?;
    }
    Ok(())
}

async fn notice(
    c: &CaseContext,
    node: &str,
    action: &str,
    disk: &Disk,
) -> Result<crate::target::Answer, Stop> {
    let line = format!(
        "--aemod setupDisk action={action} fcpAddr={} wwpn={} lun={}",
        disk.fcp, disk.wwpn, disk.lun
    );
    c.chvm(node, &line).await
}

async fn row_and_directory(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    prepare(c, &node, &disk).await?;
    row_is(c, &disk, "used", &node, &disk.fcp).await?;
    dedicated_is(c, &node, &disk.fcp, true).await
}

async fn notice_silent(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    prepare(c, &node, &disk).await?;
    let a = notice(c, &node, "addScsiVolume", &disk).await?;
    c.status("status", &a, 200)?;
    c.check("silent", a.complaints().is_empty(), "no complaint", || {
        a.summary()
    })
}

async fn unknown_script(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let script = c.name();
    let a = c.chvm(&node, &format!("--aemod {script} action=x")).await?;
    let wanted = format!("(Error) The worker script {script} does not exist on xCAT server");
    c.refuses("refused", &a, &wanted)
}

async fn started(c: &mut CaseContext, node: &str) -> Result<(), Stop> {
    start(c, node).await?;
    until_reachable(c, node).await
}

async fn start_unit(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    prepare(c, &node, &disk).await?;
    notice(c, &node, "addScsiVolume", &disk).await?;
    started(c, &node).await?;
    units_are(c, &node, &disk, true).await
}

async fn start_several(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    for disk in [&first, &second] {
        prepare(c, &node, disk).await?;
        notice(c, &node, "addScsiVolume", disk).await?;
    }
    started(c, &node).await?;
    units_are(c, &node, &first, true).await?;
    units_are(c, &node, &second, true).await
}

async fn counter_notice(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    prepare(c, &node, &disk).await?;
    notice(c, &node, "addScsiVolume", &disk).await?;
    notice(c, &node, "removeScsiVolume", &disk).await?;
    started(c, &node).await?;
    units_are(c, &node, &disk, false).await
}

async fn without_notice(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    started(c, &node).await?;
    units_are(c, &node, &disk, false).await
}

async fn addzfcp_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    let a = super::disk::attach(c, &node, &disk).await?;
    c.confirms("confirmed", &a, "Adding zFCP device")?;
    row_is(c, &disk, "used", &node, &disk.fcp).await?;
    dedicated_is(c, &node, &disk.fcp, true).await
}

async fn addzfcp_claim(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    let a = super::disk::attach(c, &node, &disk).await?;
    c.check(
        "no-claim",
        !a.says("to be persistent... Done"),
        "no word of persistent configuration",
        || a.summary(),
    )
}

async fn removezfcp_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    super::disk::attach(c, &node, &disk).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    c.check(
        "no-claim",
        !a.says("De-configuring FCP device on host... Done"),
        "no word of a de-configuration",
        || a.summary(),
    )?;
    c.check("no-error", a.errors().is_empty(), "no error", || {
        a.summary()
    })?;
    let seen = row(c, &disk).await?.status;
    c.equal("row", &seen.as_str(), &"free")
}

async fn node_refused(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let disk = disk(c, 0, 0).await?;
    let line = format!("--createfilesysnode {} /dev/kitvdy", disk.by_path());
    let a = c.chvm(&node, &line).await?;
    c.check(
        "not-confirmed",
        !a.says("Creating file system node /dev/kitvdy... Done") && !a.errors().is_empty(),
        "an error and no confirmation",
        || a.summary(),
    )
}
