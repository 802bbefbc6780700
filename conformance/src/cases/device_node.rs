//! Device nodes in a guest: the mount points of OpenStack (spec: driver 6.2 ATT-02, ATT-06; guests 5.3, 5.4).

use super::disk::{Disk, attached, attached_disk, disk, disks, in_guest, running};
use super::needs::{F1, G1, HV, L1, L2};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("node/create/confirmed", "A device node for an attached disk is made and confirmed", Must [Attach], "driver" "6.2 ATT-02", Destructive [HV, G1, L1, F1], create_confirmed),
    case!("node/create/leads-to-disk", "The device node leads to the disk's block device", Must [Attach], "driver" "6.2 ATT-02", Destructive [HV, G1, L1, F1], create_leads),
    case!("node/create/exists", "A device node that exists is not made again", Must [Attach], "driver" "6.2 ATT-06", Destructive [HV, G1, L2, F1], create_exists),
    case!("node/create/exists-kept", "A refused device node leaves the one of the other disk as it was", Must [Attach], "driver" "6.2 ATT-06", Destructive [HV, G1, L2, F1], create_exists_kept),
    case!("node/create/second", "Two disks get two device nodes", Must [Attach], "driver" "6.2 ATT-02", Destructive [HV, G1, L2, F1], create_second),
    case!("node/create/absent-disk", "For a disk that is not there no device node is made", Must [Attach], "guests" "5.3", Destructive [HV, G1, L1, F1], create_absent),
    case!("node/create/too-few", "Too few parameters are refused", Must [Attach], "guests" "5.3", Destructive [G1], create_too_few),
    case!("node/remove/confirmed", "A device node is removed and the removal confirmed", Must [Attach], "guests" "5.4", Destructive [HV, G1, L1, F1], remove_confirmed),
    case!("node/remove/gone", "A removed device node is gone and its name can be used again", Must [Attach], "guests" "5.4", Destructive [HV, G1, L1, F1], remove_gone),
    case!("node/remove/other-stays", "Removing one device node leaves another", Must [Attach], "guests" "5.4", Destructive [HV, G1, L2, F1], remove_other_stays),
    case!("node/remove/absent", "Removing a device node that is not there is confirmed", Should [Attach], "guests" "5.4", Destructive [G1], remove_absent),
    case!("node/remove/too-many", "Too many parameters are refused", Must [Attach], "guests" "5.4", Destructive [G1], remove_too_many),
];

const TARGET: &str = "/dev/kitvdy";
const OTHER: &str = "/dev/kitvdz";

async fn create(
    c: &mut CaseContext,
    node: &str,
    disk: &Disk,
    target: &str,
) -> Result<crate::target::Answer, Stop> {
    let line = format!("--createfilesysnode {} {target}", disk.by_path());
    c.chvm(node, &line).await
}

/// The block device to which a path leads in a guest, empty when there is none.
async fn leads_to(c: &CaseContext, node: &str, path: &str) -> Result<String, Stop> {
    let lines = in_guest(c, node, &format!("readlink -f {path}")).await?;
    let end = lines
        .first()
        .map(|l| l.trim().to_owned())
        .unwrap_or_default();
    // `readlink -f` of a last part that does not exist gives the path itself.
    Ok(if end == path { String::new() } else { end })
}

async fn create_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let a = create(c, &node, &disk, TARGET).await?;
    c.confirms(
        "confirmed",
        &a,
        &format!("Creating file system node {TARGET}... Done"),
    )
}

async fn same_device(c: &CaseContext, node: &str, disk: &Disk, target: &str) -> Result<(), Stop> {
    let wanted = leads_to(c, node, &disk.by_path()).await?;
    let seen = leads_to(c, node, target).await?;
    c.check(
        "disk",
        !wanted.is_empty(),
        "a block device of the disk",
        || format!("{} leads nowhere", disk.by_path()),
    )?;
    c.equal("leads-to", &seen, &wanted)
}

async fn create_leads(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    create(c, &node, &disk, TARGET).await?;
    same_device(c, &node, &disk, TARGET).await
}

async fn two_disks(c: &mut CaseContext) -> Result<(String, Disk, Disk), Stop> {
    let node = running(c)?;
    let [first, second] = disks(c, [0, 0]).await?;
    attached(c, &node, &first).await?;
    attached(c, &node, &second).await?;
    Ok((node, first, second))
}

async fn create_exists(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, first, second) = two_disks(c).await?;
    create(c, &node, &first, TARGET).await?;
    let a = create(c, &node, &second, TARGET).await?;
    c.refuses("refused", &a, &format!("(Error) {TARGET} already exists"))
}

async fn create_exists_kept(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, first, second) = two_disks(c).await?;
    create(c, &node, &first, TARGET).await?;
    create(c, &node, &second, TARGET).await?;
    same_device(c, &node, &first, TARGET).await
}

async fn create_second(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, first, second) = two_disks(c).await?;
    create(c, &node, &first, TARGET).await?;
    let a = create(c, &node, &second, OTHER).await?;
    c.confirms("confirmed", &a, "Creating file system node")?;
    same_device(c, &node, &first, TARGET).await?;
    same_device(c, &node, &second, OTHER).await
}

async fn create_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let a = create(c, &node, &disk, TARGET).await?;
    let wanted = format!(
        "(Error) zfcp device 0x{}:0x{} not found in OS",
        disk.wwpn, disk.lun
    );
    c.refuses("refused", &a, &wanted)?;
    let end = leads_to(c, &node, TARGET).await?;
    c.equal("no-node", &end.as_str(), &"")
}

async fn create_too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let a = c.chvm(&node, "--createfilesysnode /dev/kitsource").await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn remove_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    create(c, &node, &disk, TARGET).await?;
    let a = c
        .chvm(&node, &format!("--removefilesysnode {TARGET}"))
        .await?;
    c.confirms(
        "confirmed",
        &a,
        &format!("Removing file system node {TARGET}... Done"),
    )
}

async fn remove_gone(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    create(c, &node, &disk, TARGET).await?;
    same_device(c, &node, &disk, TARGET).await?;
    c.chvm(&node, &format!("--removefilesysnode {TARGET}"))
        .await?;
    let end = leads_to(c, &node, TARGET).await?;
    c.equal("gone", &end.as_str(), &"")?;
    let a = create(c, &node, &disk, TARGET).await?;
    c.confirms("again", &a, "Creating file system node")
}

async fn remove_other_stays(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, first, second) = two_disks(c).await?;
    create(c, &node, &first, TARGET).await?;
    create(c, &node, &second, OTHER).await?;
    c.chvm(&node, &format!("--removefilesysnode {TARGET}"))
        .await?;
    same_device(c, &node, &second, OTHER).await
}

async fn remove_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let a = c.chvm(&node, "--removefilesysnode /dev/kitnone").await?;
    c.confirms(
        "confirmed",
        &a,
        "Removing file system node /dev/kitnone... Done",
    )
}

async fn remove_too_many(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let a = c.chvm(&node, "--removefilesysnode /dev/kitnone x").await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}
