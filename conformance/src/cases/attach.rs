//! Attaching LUNs to a running guest (spec: driver 6.2 ATT; guests 5.1).

use super::disk::{
    Disk, attach, attached, attached_disk, dedicated, dedicated_is, disk, disk_in, disks, in_guest,
    listed, row, row_is, running, units_are,
};
use super::needs::{F1, F2, G1, G2, HV, L1, L2};
use crate::target::{Distribution, GuestState};
use crate::{Address, Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("attach/running/confirmed", "Attaching to a running guest ends in its confirmation, without complaint", Must [Attach], "driver" "6.2 ATT-01", Destructive [HV, G1, L1, F1], confirmed),
    case!("attach/running/confirmation-order", "The confirmations come in order: row found, device dedicated, configuration persistent, device added", Must [Attach], "guests" "5.1", Destructive [HV, G1, L1, F1], confirmation_order),
    case!("attach/running/row", "The row is used by the guest over the given channel", Must [Attach], "driver" "6.2 ATT-01", Destructive [HV, G1, L1, F1], row_used),
    case!("attach/running/row-tag", "The row holds the tag that was given", Should [Attach], "driver" "6.2 ATT-11", Destructive [HV, G1, L1, F1], row_tag),
    case!("attach/running/row-size", "The row keeps size and range", Must [Attach], "scsi-pools-and-hypervisor" "1.3", Destructive [HV, G1, L1, F1], row_size),
    case!("attach/running/other-rows", "Other rows of the pool stay as they are", Must [Attach], "driver" "4 I10", Destructive [HV, G1, Need::Luns(3), F1], other_rows),
    case!("attach/running/directory", "The device is dedicated in the guest's directory entry", Must [Attach], "driver" "6.2 ATT-01", Destructive [HV, G1, L1, F1], directory_dedicated),
    case!("attach/running/inventory", "The device is listed as active and no longer as free", Must [Attach], "driver" "2.4 RB3", Destructive [HV, G1, L1, F1], inventory_active),
    case!("attach/running/unit", "The guest's driver has the unit", Must [Attach], "driver" "2.4 RB4", Destructive [HV, G1, L1, F1], unit),
    case!("attach/running/block-device", "The guest has a block device under the disk's path", Must [Attach], "zfcp-and-san" "2.7", Destructive [HV, G1, L1, F1], block_device),
    case!("attach/running/other-guest", "Another guest does not see the disk", Must [Attach], "driver" "4 I10", Destructive [HV, G2, L1, F1], other_guest),
    case!("attach/running/persistent-rhel", "An RHEL guest has the disk in /etc/zfcp.conf", Must [Attach], "driver" "6.2 ATT-08", Destructive [HV, Need::Distribution(Distribution::Rhel), L1, F1], persistent_rhel),
    case!("attach/running/persistent-sles", "A SLES guest has a rule for the disk", Must [Attach], "driver" "6.2 ATT-08", Destructive [HV, Need::Distribution(Distribution::Sles), L1, F1], persistent_sles),
    case!("attach/running/rule-once", "A SLES guest gets the rule that sets its device online once, however often disks are attached", Should [Attach], "guests" "17 GQ13", Destructive [HV, Need::Distribution(Distribution::Sles), L2, F1], rule_once),
    case!("attach/running/capitals", "A device in capitals is the same device", Must [Attach], "guests" "5.1", Destructive [HV, G1, L1, F1], capitals),
    case!("attach/second/same-device", "A second disk over the same device is attached without dedicating it again", Must [Attach], "driver" "6.2 ATT-03", Destructive [HV, G1, L2, F1], second_same_device),
    case!("attach/second/both-there", "After a second attach both disks are there", Must [Attach], "driver" "6.2 ATT-03", Destructive [HV, G1, L2, F1], second_both),
    case!("attach/second/other-device", "A second disk over another device is attached beside the first", Must [Attach], "driver" "6.2 ATT-03", Destructive [HV, G1, L2, F2], second_other_device),
    case!("attach/refused/used-by-other", "A row in use by another guest is not attached", Must [Attach], "driver" "6.2 ATT-05", Destructive [HV, G1, L1, F1], used_by_other),
    case!("attach/refused/used-untouched", "A refused attach leaves row, directory and guest as they were", Must [Attach], "driver" "4 I9", Destructive [HV, G1, L1, F1], used_untouched),
    case!("attach/refused/again", "Attaching what is attached is refused and harms nothing", Must [Attach], "driver" "4 I15", Destructive [HV, G1, L1, F1], again),
    case!("attach/refused/absent-row", "A disk that is in no pool is not attached, and nothing is dedicated", Must [Attach], "guests" "5.1", Destructive [HV, G1, F1], absent_row),
    case!("attach/refused/absent-pool", "From a pool that is not there nothing is attached", Must [Attach], "guests" "5.1", Destructive [HV, G1, F1], absent_pool),
    case!("attach/refused/unknown-node", "Attaching to an unknown node is refused with 403 and leaves the row free", Must [Attach], "driver" "6.2 ATT-13", Reversible [HV], unknown_node),
    case!("attach/refused/too-few", "Too few parameters are refused", Must [Attach], "guests" "5.1", Destructive [HV, G1, F1], too_few),
    case!("attach/refused/loaddev", "A loaddev other than 0 and 1 is refused", Must [Attach], "guests" "5.1", Destructive [HV, G1, L1, F1], loaddev),
    case!("attach/refused/other-guests-device", "A device dedicated to another guest is not given away: the attach fails and the row is free again", Must [Attach], "driver" "6.2 OFF-07", Destructive [HV, G2, L2, F1], other_guests_device),
    case!("attach/refused/first-disk-kept", "A failed attach of a second disk leaves the first disk of the guest as it was", Must [Attach Resilience], "driver" "5 D30", Destructive [HV, G2, Need::Luns(3), F2], first_disk_kept),
    case!("attach/option/unknown", "An unknown chvm option is refused by name", Must [Core], "guests" "4.1", Destructive [G1], unknown_option),
    case!("attach/missing-lun/no-block-device", "A LUN that the storage does not show gives the guest no block device", Must [Attach], "driver" "6.2 ATT-07", Destructive [HV, G1, F1], missing_lun),
];

async fn confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let a = attach(c, &node, &disk).await?;
    c.confirms("confirmed", &a, "Adding zFCP device")?;
    let wanted = format!("{node}: Adding zFCP device {}... Done", disk.name());
    c.check(
        "names-disk",
        a.info().iter().any(|l| l.trim_end() == wanted),
        &wanted,
        || a.summary(),
    )
}

async fn confirmation_order(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let a = attach(c, &node, &disk).await?;
    let wanted = [
        "Using given WWPN and LUN".to_owned(),
        format!("Found FCP device 0x{}/0x{}", disk.wwpn, disk.lun),
        format!("Dedicating device {} to ", disk.fcp),
        "'s active configuration... Done".to_owned(),
        "Configuring FCP device to be persistent... Done".to_owned(),
        format!("Adding zFCP device {}... Done", disk.name()),
    ];
    let lines = a.info();
    let mut at = 0;
    for text in &wanted {
        let found = lines[at..].iter().position(|l| l.contains(text.as_str()));
        c.check("in-order", found.is_some(), text, || a.summary())?;
        at += found.unwrap_or_default();
    }
    let prefix = format!("{node}: ");
    c.check(
        "prefix",
        lines.iter().all(|l| l.starts_with(&prefix)),
        &format!("every line begins with '{prefix}'"),
        || a.summary(),
    )
}

async fn row_used(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    row_is(c, &disk, "used", &node, &disk.fcp).await
}

async fn row_tag(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let line = format!(
        "--addzfcp {} {} 0 {} kittag {} {}",
        disk.pool, disk.fcp, disk.size, disk.wwpn, disk.lun
    );
    c.chvm(&node, &line).await?;
    c.equal("tag", &row(c, &disk).await?.tag.as_str(), &"kittag")
}

async fn row_size(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    attached(c, &node, &disk).await?;
    let after = row(c, &disk).await?;
    c.equal(
        "size-and-range",
        &(after.size, after.range, after.wwpn, after.lun),
        &(before.size, before.range, before.wwpn, before.lun),
    )
}

async fn other_rows(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let pool = c.new_pool()?;
    let first = disk_in(c, &pool, 0, 0).await?;
    let middle = disk_in(c, &pool, 1, 0).await?;
    let last = disk_in(c, &pool, 2, 0).await?;
    let before = c.pool(&pool).await?;
    attached(c, &node, &middle).await?;
    let after = c.pool(&pool).await?;
    for other in [&first, &last] {
        c.equal("other", &after.row(&other.lun), &before.row(&other.lun))?;
    }
    c.equal("rows", &after.rows.len(), &before.rows.len())
}

async fn directory_dedicated(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    dedicated_is(c, &node, &disk.fcp, true).await
}

async fn inventory_active(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, disk) = attached_disk(c).await?;
    let seen = (
        listed(c, "active", &disk.fcp).await?,
        listed(c, "free", &disk.fcp).await?,
    );
    c.equal("active-not-free", &seen, &(true, false))
}

async fn unit(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    units_are(c, &node, &disk, true).await
}

async fn block_device(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let lines = in_guest(c, &node, "ls -l /dev/disk/by-path").await?;
    let wanted = format!("{}:0x{}", disk.wwpn, disk.lun).to_lowercase();
    c.check(
        "by-path",
        lines
            .iter()
            .any(|l| l.to_lowercase().contains(&wanted) && l.contains("sd")),
        &format!("a link for {wanted} to a block device"),
        || lines.join("\n"),
    )
}

async fn other_guest(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, disk) = attached_disk(c).await?;
    let other = c.guest(GuestState::Running, 1)?;
    units_are(c, &other, &disk, false).await?;
    dedicated_is(c, &other, &disk.fcp, false).await
}

fn of(c: &CaseContext, distribution: Distribution) -> Result<String, Stop> {
    c.inventory
        .guests_in(GuestState::Running)
        .find(|g| g.distribution == Some(distribution))
        .map(|g| g.node.clone())
        .ok_or_else(|| Stop::Skip(format!("no running {distribution:?} guest is lent")))
}

async fn persistent_rhel(c: &mut CaseContext) -> Result<(), Stop> {
    let node = of(c, Distribution::Rhel)?;
    let disk = disk(c, 0, 0).await?;
    attached(c, &node, &disk).await?;
    let lines = in_guest(c, &node, "cat /etc/zfcp.conf").await?;
    let wanted = format!("0.0.{} 0x{} 0x{}", disk.fcp, disk.wwpn, disk.lun);
    c.check(
        "zfcp-conf",
        lines.iter().any(|l| l.trim() == wanted),
        &wanted,
        || lines.join("\n"),
    )
}

async fn rules(c: &CaseContext, node: &str, disk: &Disk) -> Result<Vec<String>, Stop> {
    let file = format!("cat /etc/udev/rules.d/51-zfcp-0.0.{}.rules", disk.fcp);
    in_guest(c, node, &file).await
}

async fn persistent_sles(c: &mut CaseContext) -> Result<(), Stop> {
    let node = of(c, Distribution::Sles)?;
    let disk = disk(c, 0, 0).await?;
    attached(c, &node, &disk).await?;
    let lines = rules(c, &node, &disk).await?;
    let (w, l) = (format!("0x{}", disk.wwpn), format!("0x{}", disk.lun));
    c.check(
        "rule",
        lines
            .iter()
            .any(|r| r.contains("unit_add") && r.contains(&w) && r.contains(&l)),
        &format!("a rule that adds {w}/{l}"),
        || lines.join("\n"),
    )
}

async fn rule_once(c: &mut CaseContext) -> Result<(), Stop> {
    let node = of(c, Distribution::Sles)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    let lines = rules(c, &node, &first).await?;
    c.check("some", !lines.is_empty(), "rules for the device", || {
        "no rules".to_owned()
    })?;
    let drivers = lines
        .iter()
        .filter(|l| l.contains(r#"SUBSYSTEM=="drivers""#))
        .count();
    c.equal("once", &drivers, &1)
}

async fn capitals(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let upper = Disk {
        fcp: disk.fcp.to_uppercase(),
        ..disk.clone()
    };
    let a = c.chvm(&node, &upper.attach_line()).await?;
    c.confirms("confirmed", &a, "Adding zFCP device")?;
    units_are(c, &node, &disk, true).await
}

async fn second_same_device(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    let a = attach(c, &node, &second).await?;
    c.confirms("confirmed", &a, "Adding zFCP device")?;
    c.check(
        "no-second-dedication",
        !a.says("Dedicating device"),
        "no dedication of a device that is dedicated",
        || a.summary(),
    )
}

async fn second_both(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    for disk in [&first, &second] {
        units_are(c, &node, disk, true).await?;
        row_is(c, disk, "used", &node, &disk.fcp).await?;
    }
    Ok(())
}

async fn second_other_device(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let [first, second] = disks(c, [0, 1]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    for disk in [&first, &second] {
        units_are(c, &node, disk, true).await?;
        dedicated_is(c, &node, &disk.fcp, true).await?;
    }
    Ok(())
}

/// A disk whose row somebody else uses.
async fn foreign(c: &mut CaseContext) -> Result<Disk, Stop> {
    let disk = disk(c, 0, 0).await?;
    let line = format!(
        "--reservezfcp {} used kitother 1a80 0 {} {}",
        disk.pool, disk.wwpn, disk.lun
    );
    let a = c.hypervisor(&line).await?;
    if a.complaints().is_empty() {
        Ok(disk)
    } else {
        Err(Stop::blocked(a.summary()))
    }
}

async fn used_by_other(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = foreign(c).await?;
    let a = attach(c, &node, &disk).await?;
    c.refuses("refused", &a, "is in use")
}

async fn used_untouched(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = foreign(c).await?;
    attach(c, &node, &disk).await?;
    row_is(c, &disk, "used", "kitother", "1a80").await?;
    dedicated_is(c, &node, &disk.fcp, false).await?;
    units_are(c, &node, &disk, false).await
}

async fn again(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let a = attach(c, &node, &disk).await?;
    c.refuses("refused", &a, "is in use")?;
    units_are(c, &node, &disk, true).await?;
    row_is(c, &disk, "used", &node, &disk.fcp).await
}

fn invented(c: &mut CaseContext, pool: &str) -> Result<Disk, Stop> {
    let Address { wwpn, lun } = c.address();
    Ok(Disk {
        pool: pool.to_owned(),
        wwpn,
        lun,
        size: "1G".to_owned(),
        fcp: c.fcp(0)?.device,
    })
}

async fn absent_row(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let absent = invented(c, &pool)?;
    let a = attach(c, &node, &absent).await?;
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })?;
    c.check(
        "not-confirmed",
        !a.says("Adding zFCP device"),
        "no confirmation",
        || a.summary(),
    )?;
    dedicated_is(c, &node, &absent.fcp, false).await
}

async fn absent_pool(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let pool = c.name();
    let absent = invented(c, &pool)?;
    let a = attach(c, &node, &absent).await?;
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })?;
    dedicated_is(c, &node, &absent.fcp, false).await
}

async fn unknown_node(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let node = c.name();
    let line = format!("--addzfcp {pool} 1a80 0 1G 0 {} {}", at[0].wwpn, at[0].lun);
    let a = c.chvm(&node, &line).await?;
    c.status("status", &a, 403)?;
    let status = c.pool(&pool).await?.rows[0].status.clone();
    c.equal("row", &status.as_str(), &"free")
}

async fn too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let pool = c.name();
    let line = format!("--addzfcp {pool} {} 0", c.fcp(0)?.device);
    let a = c.chvm(&node, &line).await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn loaddev(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let line = format!(
        "--addzfcp {} {} 2 {} 0 {} {}",
        disk.pool, disk.fcp, disk.size, disk.wwpn, disk.lun
    );
    let a = c.chvm(&node, &line).await?;
    c.refuses("refused", &a, "(Error) The loaddev can be 0 or 1")?;
    row_is(c, &disk, "free", "", "").await
}

async fn other_guests_device(c: &mut CaseContext) -> Result<(), Stop> {
    let (owner, other) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &owner, &first).await?;
    let a = attach(c, &other, &second).await?;
    c.check("refused", !a.complaints().is_empty(), "a complaint", || {
        a.summary()
    })?;
    c.check(
        "not-confirmed",
        !a.says("Adding zFCP device"),
        "no confirmation",
        || a.summary(),
    )?;
    let status = row(c, &second).await?.status;
    c.equal("row", &status.as_str(), &"free")?;
    units_are(c, &owner, &first, true).await
}

async fn first_disk_kept(c: &mut CaseContext) -> Result<(), Stop> {
    // The second attach of `node` lists its own device and one that belongs to another guest.
    let (node, other) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    let pool = c.new_pool()?;
    let mine = disk_in(c, &pool, 0, 0).await?;
    let theirs = disk_in(c, &pool, 1, 1).await?;
    let wanted = Disk {
        fcp: format!("{};{}", mine.fcp, theirs.fcp),
        ..disk_in(c, &pool, 2, 0).await?
    };
    attached(c, &node, &mine).await?;
    attached(c, &other, &theirs).await?;
    let a = attach(c, &node, &wanted).await?;
    c.check("refused", !a.complaints().is_empty(), "a complaint", || {
        a.summary()
    })?;
    let kept = dedicated(c, &node, &mine.fcp).await?;
    c.check(
        "first-dedication",
        kept,
        "the first disk's device dedicated still",
        || format!("{} is not dedicated to {node} any more", mine.fcp),
    )?;
    units_are(c, &node, &mine, true).await?;
    units_are(c, &other, &theirs, true).await
}

async fn unknown_option(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let a = c.chvm(&node, "--nosuch").await?;
    c.refuses(
        "refused",
        &a,
        "(Error) Option '--nosuch' not supported on chvm",
    )
}

async fn missing_lun(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let lent = c.lun(1, 0)?;
    let at = c.address();
    let pool = c.new_pool()?;
    c.add_row(&pool, "free", &lent.wwpns[0], &at.lun, "1G", "")
        .await?;
    let disk = Disk {
        pool,
        wwpn: lent.wwpns[0].clone(),
        lun: at.lun,
        size: "1G".to_owned(),
        fcp: c.fcp(0)?.device,
    };
    attach(c, &node, &disk).await?;
    let lines = in_guest(c, &node, "ls -l /dev/disk/by-path").await?;
    let absent = format!("0x{}", disk.lun);
    c.check(
        "no-block-device",
        !lines.iter().any(|l| l.contains(&absent)),
        &format!("no link for {absent}"),
        || lines.join("\n"),
    )
}
