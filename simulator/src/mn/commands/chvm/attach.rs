//! `--addzfcp` (spec: guests 5.1): a LUN of a pool is made the guest's, in the pool, in the directory entry and, when
//! the guest answers, in its operating system.

use super::guest::{Guest, Hidden};
use super::persistence::{self, Path};
use crate::mn::Context;
use crate::mn::zvm::guest::{
    Reachable, Report, Subchannel, disable_enable_disk, execcmdon_vm, ping_node,
};
use crate::mn::zvm::lookup::{DeviceAttributes, device_attributes};
use crate::mn::zvm::nested::{Stderr, command_line};
use crate::mn::zvm::os_version::{OsSeen, get_os_version};
use crate::mn::zvm::pool::{Criteria, Selected, find_and_update};
use crate::mn::zvm::reader::unignore_in_guest;
use crate::mn::zvm::text;

/// What was asked for, and what the LUN was before.
struct Request {
    pool: String,
    size: String,
    loaddev: bool,
    /// What a failed attach puts back.
    former: DeviceAttributes,
    /// FCP devices that the guest had before.
    kept: Vec<String>,
}

/// `--addzfcp {pool} {fcp|auto} {loaddev} {size} [{tag} [{wwpn} {lun}]]`.
pub(super) async fn add_zfcp(guest: &Guest<'_>) -> Hidden {
    // `None` ends the option; what there was to say has been said.
    let _ended: Option<()> = attach(guest).await;
    Hidden::nothing()
}

async fn attach(guest: &Guest<'_>) -> Option<()> {
    let context = guest.context;
    if !guest.has_count(&[5, 6, 8]) {
        return None;
    }
    let pool = guest.arg(1).to_lowercase();
    let (fcp, size, tag) = (guest.arg(2), guest.arg(4), guest.arg(5));
    let (wwpn, lun) = (guest.arg(6), guest.arg(7));
    let loaddev = match text::number(guest.arg(3)).trunc() as i64 {
        0 => false,
        1 => true,
        _ => {
            guest.say("(Error) The loaddev can be 0 or 1");
            return None;
        }
    };
    let mut former = DeviceAttributes {
        status: "free".to_owned(),
        ..DeviceAttributes::default()
    };
    if guest.args.len() == 8 {
        if loaddev && wwpn.contains(';') {
            guest.say("(Error) It's not supported to ipl from a multipath device");
            return None;
        }
        match device_attributes(context, guest.node, &guest.zhcp, &pool, wwpn, lun).await {
            Ok(attributes) => former = attributes,
            Err(message) => {
                context.print_ln(message);
                return None;
            }
        }
        if former.status == "used" {
            guest.say(format!("(Error) FCP device 0x{wwpn}/0x{lun} is in use."));
            return None;
        }
    }
    let wanted = Criteria {
        status: "used",
        fcp,
        wwpn,
        lun,
        size,
        owner: guest.node,
        tag,
    };
    let Some(lun) = find_and_update(context, guest.node, &guest.zhcp, &pool, &wanted).await else {
        guest.say("(Error) Failed to add zFCP device");
        return None;
    };
    let request = Request {
        pool,
        size: size.to_owned(),
        loaddev,
        former,
        kept: Vec::new(),
    };
    configure(guest, request, lun).await
}

/// Everything after the pool row says `used`.
async fn configure(guest: &Guest<'_>, mut request: Request, lun: Selected) -> Option<()> {
    let context = guest.context;
    let entry = directory_entry(guest).await;
    let os = get_os_version(context, guest.node).await;
    let devices: Vec<&str> = text::split(&lun.channel, ';');
    let is_had =
        |device: &&&str| text::contains_ignoring_case(&entry, &format!("DEDICATE {device}"));
    if !context.settings().quirk("GQ28") {
        request.kept = devices
            .iter()
            .filter(is_had)
            .map(|d| (*d).to_owned())
            .collect();
    }
    let request = &request;
    for device in devices.iter().filter(|device| !is_had(device)) {
        dedicate(guest, request, &lun, device, &os).await?;
    }
    let mut wwpn = lun.wwpn.clone();
    if ping_node(context, guest.node).await == Reachable::Yes {
        wwpn = wwpn.to_lowercase();
        configure_running(guest, request, &lun, &wwpn, &os).await?;
    }
    if request.loaddev {
        let args = ["--setloaddev", wwpn.as_str(), lun.lun.as_str()];
        let answer = command_line(context, "chvm", guest.node, &args, Stderr::Lost).await;
        context.print_ln(&answer);
        if text::is_bad(&answer) {
            guest.say("(Error) Failed to set LOADDEV statement in the directory entry");
            return None;
        }
    }
    if !context.settings().quirk("GQ36") {
        wwpn = wwpn.to_lowercase();
    }
    let Selected { channel, lun, .. } = lun;
    guest.say(format!("Adding zFCP device {channel}/{wwpn}/{lun}... Done"));
    Some(())
}

/// The directory entry without its last line; a failure is not noticed.
async fn directory_entry(guest: &Guest<'_>) -> String {
    let query = format!("Image_Query_DM -T {}", guest.userid);
    let answer = guest.smcli(&query).await.stdout;
    let mut lines = text::lines(&answer);
    lines.pop();
    lines.join("\n")
}

/// One FCP device becomes the guest's (spec: guests 5.1, steps 8 and 8b).
async fn dedicate(
    guest: &Guest<'_>,
    request: &Request,
    lun: &Selected,
    device: &str,
    os: &OsSeen,
) -> Option<()> {
    let context = guest.context;
    unignore_in_guest(context, &guest.zhcp, guest.node, device).await;
    let args = ["--dedicatedevice", device, device, "0"];
    let answer = command_line(context, "chvm", guest.node, &args, Stderr::Merged).await;
    context.print_ln(&answer);
    if text::is_bad(&answer) {
        roll_back(guest, request, lun).await;
        return None;
    }
    let sudo = guest.zhcp.sudo;
    let command = if os.is_sles() {
        format!("{sudo} /sbin/zfcp_host_configure 0.0.{device} 1")
    } else if os.is_ubuntu() {
        format!("{sudo} /sbin/chzdev zfcp-host {device} -e")
    } else {
        return Some(());
    };
    let answer = execcmdon_vm(context, guest.node, &command, Report::Callback).await;
    if text::is_bad(&answer) {
        // GQ29: the pool row stays used and the directory entry changed.
        if !context.settings().quirk("GQ29") {
            roll_back(guest, request, lun).await;
        }
        return None;
    }
    Some(())
}

/// What the guest's own system needs (spec: guests 5.1, steps 10 to 13).
async fn configure_running(
    guest: &Guest<'_>,
    request: &Request,
    lun: &Selected,
    wwpn: &str,
    os: &OsSeen,
) -> Option<()> {
    let context = guest.context;
    let devices: Vec<&str> = text::split(&lun.channel, ';');
    if !os.is_ubuntu() {
        for device in &devices {
            let device = format!("0.0.{device}");
            let enabled =
                disable_enable_disk(context, guest.node, Subchannel::Enable, &device).await;
            if let Err(message) = enabled {
                guest.say(message);
                roll_back(guest, request, lun).await;
                return None;
            }
        }
    }
    for device in &devices {
        for wwpn in text::split(wwpn, ';') {
            let path = Path {
                device: device.to_lowercase(),
                wwpn: wwpn.to_owned(),
                lun: lun.lun.clone(),
            };
            if persistence::add(guest, &path, os).await.is_none() {
                // GQ29 again: no roll-back, and often no line either.
                if !context.settings().quirk("GQ29") {
                    guest.say("(Error) Failed to add zFCP device");
                    roll_back(guest, request, lun).await;
                }
                return None;
            }
        }
    }
    let multipath = format!("{} /sbin/multipath -r", guest.zhcp.sudo);
    let answer = execcmdon_vm(context, guest.node, &multipath, Report::Silent).await;
    if !answer.is_empty() && context.settings().quirk("GQ38") {
        guest.say(&answer);
    }
    guest.say("Configuring FCP device to be persistent... Done");
    Some(())
}

/// Gives back every FCP device of the list, also those that the guest had before (GQ28), and the LUN's former row.
async fn roll_back(guest: &Guest<'_>, request: &Request, lun: &Selected) {
    let context: &Context = guest.context;
    let taken = text::split(&lun.channel, ';');
    for device in taken
        .into_iter()
        .filter(|device| !request.kept.iter().any(|kept| kept == device))
    {
        let args = ["--undedicatedevice", device];
        command_line(context, "chvm", guest.node, &args, Stderr::Lost).await;
    }
    let former = &request.former;
    let size = if former.size.is_empty() {
        &request.size
    } else {
        &former.size
    };
    let criteria = Criteria {
        status: &former.status,
        fcp: &former.channel,
        wwpn: &lun.wwpn,
        lun: &lun.lun,
        size,
        owner: &former.owner,
        tag: &former.tag,
    };
    find_and_update(context, guest.node, &guest.zhcp, &request.pool, &criteria).await;
}
