//! Putting a file system on a guest's disk from the zHCP, and `--formatdisk` (spec: guests 6.3 steps 3 to 5, 6.5).

use super::disk::{Kind, NewDisk};
use super::guest::{Guest, Hidden};
use crate::mn::zvm::check_ssh_rc;
use crate::mn::zvm::dasd::{self, DeviceNode};
use crate::mn::zvm::guest::{Report, Subchannel, disable_enable_disk, execcmdon_vm};
use crate::mn::zvm::text;
use crate::seam::{Outcome, Release, RemoteCommand};

/// Options of the two programs that link a disk for formatting.
const PATIENT: &str = "-o ConnectTimeout=30";

/// A guest's disk, linked at the zHCP.
struct Linked {
    /// Path of the device.
    device: String,
    /// Address at the zHCP when CP was asked for the link, nothing when the zHCP's own program made it.
    by_cp: Option<String>,
}

/// Links, formats and detaches a new disk; `None` is failure, which has been reported.
pub(super) async fn make_file_system(guest: &Guest<'_>, disk: &NewDisk<'_>) -> Option<()> {
    let linked = link(guest, disk).await;
    let done = match &linked {
        Ok(linked) => format(guest, disk, &linked.device).await,
        // The zHCP did not answer, or its program failed outright: nothing to detach.
        Err(LinkFailure::Hopeless) => return None,
        Err(LinkFailure::Detachable(_)) => None,
    };
    let by_cp = match linked {
        Ok(linked) => linked.by_cp,
        Err(LinkFailure::Detachable(by_cp)) => by_cp,
        Err(LinkFailure::Hopeless) => None,
    };
    let detached = detach(guest, disk, by_cp.as_deref()).await;
    done.and(detached)
}

enum LinkFailure {
    /// End.
    Hopeless,
    /// The detach step still comes; with the address of a link that CP made.
    Detachable(Option<String>),
}

/// Step 3.
async fn link(guest: &Guest<'_>, disk: &NewDisk<'_>) -> Result<Linked, LinkFailure> {
    if guest.context.settings().release == Release::P {
        return link_by_cp(guest, disk).await;
    }
    let NewDisk { vdev, mode, .. } = disk;
    let command = format!(
        "/opt/zhcp/bin/linkdiskandbringonline {} {vdev} {mode}",
        guest.userid
    );
    let outcome = guest
        .context
        .sh(&guest.zhcp.line_with(PATIENT, &command))
        .await;
    let out = &outcome.stdout;
    match outcome.rc {
        0 => {
            if let Some(line) = out.lines().find(|line| line.contains("Success:")) {
                let name = line
                    .split_ascii_whitespace()
                    .next_back()
                    .unwrap_or_default();
                return Ok(Linked {
                    device: format!("/dev/{name}"),
                    by_cp: None,
                });
            }
            // The stray parenthesis is the program's (GQ30).
            let (open, colon) = match disk.kind {
                Kind::Eckd => (" ", ""),
                Kind::Fba => ("(", ""),
            };
            guest.say(format!(
                "changeVM(){open}Error occurred in call to linkdiskandbringonline:{colon} {out}"
            ));
            Err(LinkFailure::Detachable(None))
        }
        127 => link_by_cp(guest, disk).await,
        255 => {
            guest.say(format!(
                "changeVM() Unable to communicate with zHCP agent: {}",
                guest.zhcp.host
            ));
            Err(LinkFailure::Hopeless)
        }
        rc => {
            guest.say(format!(
                "changeVM()Unexpected error from SSH call to linkdiskandbringonline rc: {rc} {out}"
            ));
            Err(LinkFailure::Hopeless)
        }
    }
}

/// Step 3 on a zHCP without the linking program: CP is asked, up to three times.
async fn link_by_cp(guest: &Guest<'_>, disk: &NewDisk<'_>) -> Result<Linked, LinkFailure> {
    let context = guest.context;
    // A release that has lost its print does not speak of failures here either (GQ1).
    let speaks = context.settings().release != Release::P;
    let (userid, vdev) = (&guest.userid, &disk.vdev);
    let mut answer = String::new();
    let mut address = String::new();
    let mut is_linked = false;
    for _ in 0..3 {
        address = dasd::free_address(context, &guest.zhcp).await;
        context.remote(RemoteCommand::Sleep { seconds: 2 }).await;
        answer = guest
            .on_zhcp(&format!(
                "/sbin/vmcp LINK TO {userid} {vdev} AS {address} M 2>&1"
            ))
            .await
            .stdout;
        is_linked = !text::is_bad(&answer);
        if is_linked {
            break;
        }
    }
    if !is_linked {
        if speaks {
            guest.say(format!(
                "changeVM() Error occurred in 'vmcp LINK TO {userid} {vdev} AS {address} M' Output: {answer}"
            ));
        }
        return Err(LinkFailure::Hopeless);
    }
    guest
        .on_zhcp(&format!("/sbin/cio_ignore -r {address} &> /dev/null"))
        .await;
    let online = disable_enable_disk(context, &guest.zhcp.host, Subchannel::Enable, &address).await;
    if let Err(message) = online
        && speaks
    {
        guest.say(message);
        return Err(LinkFailure::Detachable(Some(address)));
    }
    let devices = guest
        .on_zhcp(&format!("cat /proc/dasd/devices | grep -a 0.0.{address}"))
        .await;
    if let Some(name) = dasd::node_in(&devices.stdout, &address) {
        return Ok(Linked {
            device: format!("/dev/{name}"),
            by_cp: Some(address),
        });
    }
    if speaks {
        guest.say(format!(
            "changeVM() Error, unable to find the device on {} related to 0.0.{address}",
            guest.zhcp.host
        ));
    }
    Err(LinkFailure::Detachable(Some(address)))
}

/// Step 4.
async fn format(guest: &Guest<'_>, disk: &NewDisk<'_>, device: &str) -> Option<()> {
    match disk.kind {
        Kind::Eckd => {
            let dasdfmt = format!("/sbin/dasdfmt -y -b 4096 -d cdl -f {device} 2>&1");
            guest.checked(&guest.zhcp.line(&dasdfmt)).await?;
            let fdasd = format!("/sbin/fdasd -a {device} 2>&1");
            guest.checked(&guest.zhcp.line(&fdasd)).await?;
        }
        Kind::Fba => {
            for keys in [&["d", "w"][..], &["n", "p", "1", "", "", "w"][..]] {
                partition(guest, device, keys).await?;
            }
        }
    }
    if text::contains_ignoring_case(disk.fstype, "swap") {
        return Some(());
    }
    let mkfs = if text::contains_ignoring_case(disk.fstype, "xfs") {
        format!("mkfs.xfs -f {device}1 2>&1")
    } else {
        format!("mkfs -F -t {} {device}1 2>&1", disk.fstype)
    };
    if guest.checked(&guest.zhcp.line(&mkfs)).await.is_none() {
        guest.context.print_ln(format!(
            "(Warning) Cannot format disk with fstype {}",
            disk.fstype
        ));
        return None;
    }
    Some(())
}

/// One run of fdisk, fed with keys; an error names the keys beside the command.
async fn partition(guest: &Guest<'_>, device: &str, keys: &[&str]) -> Option<()> {
    let feed = keys.join("\\n");
    let run = format!(
        "printf '{feed}\\n' | {} /sbin/fdisk {device}",
        guest.zhcp.sudo
    );
    let line = format!("ssh {}@{} \"{run}\"", guest.zhcp.user, guest.zhcp.host);
    let outcome: Outcome = guest.context.sh(&line).await;
    let named: Vec<&str> = keys.iter().copied().filter(|k| !k.is_empty()).collect();
    let said = guest
        .zhcp
        .line(&format!("/sbin/fdisk {device} {}", named.join(" ")));
    let failed = check_ssh_rc(
        &outcome,
        "changeVM",
        &said,
        &guest.zhcp.host,
        Some(guest.node),
    );
    if let Some(message) = failed {
        guest.context.print_ln(message);
        return None;
    }
    Some(())
}

/// Step 5.
async fn detach(guest: &Guest<'_>, disk: &NewDisk<'_>, by_cp: Option<&str>) -> Option<()> {
    let Some(address) = by_cp else {
        let command = format!(
            "/opt/zhcp/bin/offlinediskanddetach {} {}",
            guest.userid, disk.vdev
        );
        guest
            .checked(&guest.zhcp.line_with(PATIENT, &command))
            .await?;
        return Some(());
    };
    let offline = disable_enable_disk(
        guest.context,
        &guest.zhcp.host,
        Subchannel::Disable,
        address,
    )
    .await;
    guest
        .on_zhcp(&format!("/sbin/vmcp DETACH {address} &> /dev/null"))
        .await;
    offline.ok()
}

/// `--formatdisk {vdev} [pw]`.
pub(super) async fn format_disk(guest: &Guest<'_>) -> Hidden {
    match link_and_format(guest).await {
        Some(()) => Hidden::raw(format!("{}: Done", guest.node)),
        None => Hidden::nothing(),
    }
}

async fn link_and_format(guest: &Guest<'_>) -> Option<()> {
    let context = guest.context;
    let vdev = guest.arg(1);
    let address = link_target(guest, vdev, 1000, "target").await?;
    let host = guest.zhcp.host.clone();
    let online = disable_enable_disk(context, &host, Subchannel::Enable, &address).await;
    if let Err(message) = online {
        guest.say(message);
        return None;
    }
    // GQ3: as executed this look-up never ends.
    let DeviceNode::Found(node) = dasd::device_node(context, &guest.zhcp, &address).await else {
        return None;
    };
    guest.say(format!("Formating target disk ({node})"));
    let dasdfmt = format!(
        "{} /sbin/dasdfmt -b 4096 -y -f /dev/{node}",
        guest.zhcp.sudo
    );
    let out = execcmdon_vm(context, &host, &dasdfmt, Report::Silent).await;
    if text::is_bad(&out) {
        guest.say(&out);
    }
    guest.say(format!("Detatching target disk ({address})"));
    let offline = disable_enable_disk(context, &host, Subchannel::Disable, &address).await;
    drop(offline);
    guest.on_zhcp(&format!("/sbin/vmcp det {address}")).await;
    Some(())
}

/// Links the guest's disk at the zHCP for writing, at an address some way above its own; up to five tries. The sum is
/// one of decimal numbers, so `0A00` counts as 0.
pub(super) async fn link_target(
    guest: &Guest<'_>,
    vdev: &str,
    offset: u32,
    role: &str,
) -> Option<String> {
    let mut number = text::number(vdev) as u32 + offset;
    for _ in 0..5 {
        while dasd::is_address_used(guest.context, &guest.zhcp, number).await {
            number += 1;
        }
        let address = number.to_string();
        guest.say(format!("Linking {role} disk ({vdev}) as ({address})"));
        let command = format!("/sbin/vmcp link {} {vdev} {address} MR", guest.userid);
        let answer = guest.on_zhcp(&command).await.stdout;
        if !answer.contains("not linked") && !answer.contains("forced R/O") {
            return Some(address);
        }
    }
    guest.say(format!("(Error) Failed to link {role} disk ({vdev})"));
    guest.say("Failed");
    None
}
