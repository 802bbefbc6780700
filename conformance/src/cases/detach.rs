//! Detaching LUNs from a running guest (spec: driver 6.2 DET; guests 5.2).

use super::disk::{
    attached, attached_disk, dedicated_is, disk, disks, in_guest, listed, row_is, running,
    units_are,
};
use super::needs::{F1, G1, HV, L1, L2};
use crate::target::{Distribution, GuestState};
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("detach/running/confirmed", "Detaching from a running guest ends in its confirmation", Must [Attach], "driver" "6.2 DET-01", Destructive [HV, G1, L1, F1], confirmed),
    case!("detach/running/confirmation-order", "The confirmations come in order: pool found, row found, device de-configured", Must [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], confirmation_order),
    case!("detach/running/row-free", "The row is free afterwards, without owner, channel and tag", Must [Attach], "driver" "6.2 DET-01", Destructive [HV, G1, L1, F1], row_free),
    case!("detach/running/row-reserved", "With persist 1 the row is reserved afterwards, without owner and channel", Must [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], row_reserved),
    case!("detach/running/persist-absent", "Without persist the row is free afterwards", Must [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], persist_absent),
    case!("detach/running/unit-gone", "The guest's driver has the unit no more", Must [Attach], "driver" "6.2 DET-01", Destructive [HV, G1, L1, F1], unit_gone),
    case!("detach/running/block-device-gone", "The disk's path is gone from the guest", Must [Attach], "zfcp-and-san" "6.7", Destructive [HV, G1, L1, F1], block_device_gone),
    case!("detach/running/persistent-gone", "An RHEL guest has the disk in /etc/zfcp.conf no more", Must [Attach], "driver" "6.2 DET-01", Destructive [HV, Need::Distribution(Distribution::Rhel), L1, F1], persistent_gone),
    case!("detach/running/dedication-stays", "The device stays dedicated: freeing it is another request", Must [Attach], "driver" "6.2 DET-02", Destructive [HV, G1, L1, F1], dedication_stays),
    case!("detach/running/device-freed", "After detach and undedication the device is free again", Must [Attach], "driver" "6.2 DET-01", Destructive [HV, G1, L1, F1], device_freed),
    case!("detach/running/again-attach", "A detached disk can be attached again", Must [Attach], "driver" "4 I21", Destructive [HV, G1, L1, F1], again_attach),
    case!("detach/second/first-stays", "Detaching one of two disks leaves the other as it was", Must [Attach], "driver" "6.2 DET-02", Destructive [HV, G1, L2, F1], first_stays),
    case!("detach/second/persistent-stays", "Detaching one of two disks leaves the other's entry in /etc/zfcp.conf", Must [Attach], "driver" "6.2 DET-02", Destructive [HV, Need::Distribution(Distribution::Rhel), L2, F1], persistent_stays),
    case!("detach/refused/other-owner", "A disk that another node uses is not detached", Must [Attach], "driver" "6.2 DET-05", Destructive [HV, G1, L1, F1], other_owner),
    case!("detach/refused/persist", "A persist other than 0 and 1 is refused", Must [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], persist),
    case!("detach/refused/too-few", "Too few parameters are refused", Must [Attach], "guests" "5.2", Destructive [HV, G1], too_few),
    case!("detach/absent-row/guest-cleaned", "When the row is gone, the guest is cleaned all the same", Should [Attach], "driver" "6.2 DET-04", Destructive [HV, G1, L1, F1], absent_row),
    case!("detach/auto/channel-of-row", "With device auto the row's channel is taken", Should [Attach], "guests" "17 GQ14", Destructive [HV, G1, L1, F1], auto_channel),
    case!("detach/hex-prefix/accepted", "Addresses with 0x name the same disk", Must [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], hex_prefix),
    case!("detach/reserved-row/passes", "The row of a disk that was only reserved is freed", May [Attach], "guests" "5.2", Destructive [HV, G1, L1, F1], reserved_row),
];

async fn confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    c.confirms("confirmed", &a, "De-configuring FCP device on host... Done")
}

async fn confirmation_order(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    let wanted = vec![
        format!("{node}: Found FCP device in {}", disk.pool),
        format!("{node}: Using given WWPN and LUN"),
        format!("{node}: Found FCP device 0x{}/0x{}", disk.wwpn, disk.lun),
        format!("{node}: De-configuring FCP device on host... Done"),
    ];
    c.equal("lines", &a.info(), &wanted)
}

async fn row_free(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    row_is(c, &disk, "free", "", "").await?;
    let tag = super::disk::row(c, &disk).await?.tag;
    c.equal("tag", &tag.as_str(), &"")
}

async fn row_reserved(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(1)).await?;
    row_is(c, &disk, "reserved", "", "").await
}

async fn persist_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let line = format!("--removezfcp {} {} {}", disk.fcp, disk.wwpn, disk.lun);
    let a = c.chvm(&node, &line).await?;
    c.confirms("confirmed", &a, "De-configuring FCP device on host... Done")?;
    row_is(c, &disk, "free", "", "").await
}

async fn unit_gone(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    units_are(c, &node, &disk, true).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    units_are(c, &node, &disk, false).await
}

async fn block_device_gone(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    let lines = in_guest(c, &node, "ls -l /dev/disk/by-path").await?;
    let gone = format!("{}:0x{}", disk.wwpn, disk.lun).to_lowercase();
    c.check(
        "by-path",
        !lines.iter().any(|l| l.to_lowercase().contains(&gone)),
        &format!("no link for {gone}"),
        || lines.join("\n"),
    )
}

fn rhel(c: &CaseContext) -> Result<String, Stop> {
    c.inventory
        .guests_in(GuestState::Running)
        .find(|g| g.distribution == Some(Distribution::Rhel))
        .map(|g| g.node.clone())
        .ok_or_else(|| Stop::Skip("no running RHEL guest is lent".to_owned()))
}

async fn persistent_gone(c: &mut CaseContext) -> Result<(), Stop> {
    let node = rhel(c)?;
    let disk = disk(c, 0, 0).await?;
    attached(c, &node, &disk).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    let lines = in_guest(c, &node, "cat /etc/zfcp.conf").await?;
    c.check(
        "zfcp-conf",
        !lines.iter().any(|l| l.contains(&disk.lun)),
        &format!("no line with {}", disk.lun),
        || lines.join("\n"),
    )
}

async fn dedication_stays(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    dedicated_is(c, &node, &disk.fcp, true).await
}

async fn device_freed(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    c.chvm(&node, &format!("--undedicatedevice {}", disk.fcp))
        .await?;
    dedicated_is(c, &node, &disk.fcp, false).await?;
    let seen = (
        listed(c, "active", &disk.fcp).await?,
        listed(c, "free", &disk.fcp).await?,
    );
    c.equal("free-again", &seen, &(false, true))
}

async fn again_attach(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    attached(c, &node, &disk).await?;
    units_are(c, &node, &disk, true).await?;
    row_is(c, &disk, "used", &node, &disk.fcp).await
}

async fn first_stays(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    c.chvm(&node, &second.detach_line(0)).await?;
    units_are(c, &node, &second, false).await?;
    units_are(c, &node, &first, true).await?;
    row_is(c, &first, "used", &node, &first.fcp).await
}

async fn persistent_stays(c: &mut CaseContext) -> Result<(), Stop> {
    let node = rhel(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    c.chvm(&node, &second.detach_line(0)).await?;
    let lines = in_guest(c, &node, "cat /etc/zfcp.conf").await?;
    let seen = (
        lines.iter().any(|l| l.contains(&first.lun)),
        lines.iter().any(|l| l.contains(&second.lun)),
    );
    c.equal("zfcp-conf", &seen, &(true, false))
}

async fn other_owner(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let line = format!(
        "--reservezfcp {} used kitother {} 0 {} {}",
        disk.pool, disk.fcp, disk.wwpn, disk.lun
    );
    c.hypervisor(&line).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    c.refuses(
        "refused",
        &a,
        &format!("does not belong to the node {node}."),
    )?;
    row_is(c, &disk, "used", "kitother", &disk.fcp).await
}

async fn persist(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let a = c.chvm(&node, &disk.detach_line(2)).await?;
    c.refuses("refused", &a, "(Error) Persist can only be 0 or 1")?;
    units_are(c, &node, &disk, true).await
}

async fn too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let a = c.chvm(&node, &format!("--removezfcp {device}")).await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn absent_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let line = format!(
        "--removezfcpfrompool {} {} {}",
        disk.pool, disk.lun, disk.wwpn
    );
    c.hypervisor(&line).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    let outcome = c.check(
        "cleaned",
        a.says("De-configuring FCP device on host... Done"),
        "the guest cleaned although the row is gone",
        || a.summary(),
    );
    if outcome.is_err() {
        // Clean-up takes the same way; it needs the row.
        c.hypervisor(&format!(
            "--addzfcp2pool {} free {} {} {}",
            disk.pool, disk.wwpn, disk.lun, disk.size
        ))
        .await?;
        c.chvm(&node, &disk.detach_line(0)).await?;
    }
    outcome
}

async fn auto_channel(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let line = format!("--removezfcp auto {} {} 0", disk.wwpn, disk.lun);
    c.chvm(&node, &line).await?;
    let outcome = units_are(c, &node, &disk, false).await;
    if outcome.is_err() {
        c.chvm(&node, &disk.detach_line(0)).await?;
    }
    outcome
}

async fn hex_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let line = format!("--removezfcp {} 0x{} 0x{} 0", disk.fcp, disk.wwpn, disk.lun);
    let a = c.chvm(&node, &line).await?;
    c.confirms("confirmed", &a, "De-configuring FCP device on host... Done")?;
    units_are(c, &node, &disk, false).await
}

async fn reserved_row(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let line = format!(
        "--reservezfcp {} reserved kitother {} 0 {} {}",
        disk.pool, disk.fcp, disk.wwpn, disk.lun
    );
    c.hypervisor(&line).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    c.record("answer", a.summary());
    let status = super::disk::row(c, &disk).await?.status;
    c.record("row", status.clone());
    c.check(
        "known-state",
        status == "free" || status == "reserved",
        "free or reserved",
        || status.clone(),
    )
}
