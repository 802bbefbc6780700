//! `--copydisk` (spec: guests 6.5): FLASHCOPY by SMAPI, failing that by CP, failing that block by block.

use std::fmt::Write as _;

use super::disk_format::link_target;
use super::guest::{Guest, Hidden};
use crate::mn::zvm::dasd::{self, DeviceNode};
use crate::mn::zvm::guest::{Report, Subchannel, disable_enable_disk, execcmdon_vm};
use crate::mn::zvm::text;
use crate::seam::RemoteCommand;

/// File on the zHCP that says that a copy is under way.
const LOCK: &str = "/tmp/.flashcopy_lock";
/// Longest wait for it, and how often it is looked at, in seconds.
const LOCK_PATIENCE: u64 = 90;
const LOCK_PAUSE: u64 = 10;

/// `--copydisk {target vdev} {source node} {source vdev}`.
pub(super) async fn copy_disk(guest: &Guest<'_>) -> Hidden {
    match copy(guest).await {
        Some(()) => Hidden::raw(format!("{}: Done", guest.node)),
        None => Hidden::nothing(),
    }
}

async fn copy(guest: &Guest<'_>) -> Option<()> {
    let (target, node, source) = (guest.arg(1), guest.arg(2), guest.arg(3));
    let userid = &guest.userid;
    let from = guest
        .context
        .column("zvm", node, "userid")
        .unwrap_or_default()
        .to_uppercase();
    // GQ33: the target's address is the source's.
    let at = if guest.context.settings().quirk("GQ33") {
        source
    } else {
        target
    };
    guest.say(format!(
        "Copying {from} disk ({source}) to {userid} disk ({at}) using FLASHCOPY"
    ));
    let words = format!(
        "xCAT_Commands_IUO -T {} -c \\\"CMD=FLASHCOPY {from} {source} 0 END {userid} {at} 0 END SYNC\\\"",
        guest.hcp_userid
    );
    let answer = guest.smcli(&words).await.stdout;
    let is_started = answer.contains("Return Code: 592") && answer.contains("Reason Code: 8888");
    if answer.contains("Done") || is_started {
        guest.say("Copying data via SMAPI FLASHCOPY... Done\n");
        return Some(());
    }
    guest.say(format!(
        "An Error occurred copying data via SMAPI FLASHCOPY... {}",
        indented(&answer)
    ));
    copy_by_cp(guest, &from, source, target).await
}

/// Each line moved four blanks to the right.
fn indented(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let _ = writeln!(out, "    {line}");
    }
    out
}

async fn copy_by_cp(guest: &Guest<'_>, from: &str, source: &str, target: &str) -> Option<()> {
    let source_guest = Guest {
        context: guest.context,
        node: guest.node,
        userid: from.to_owned(),
        zhcp: guest.zhcp.clone(),
        hcp_userid: guest.hcp_userid.clone(),
        args: guest.args,
    };
    let read = link_target(&source_guest, source, 1000, "source").await?;
    let write = link_target(guest, target, 2000, "target").await?;
    wait_for_lock(guest).await?;
    guest.on_zhcp(&format!("touch {LOCK}")).await;
    let flash = format!("/sbin/vmcp flashcopy {read} 0 end to {write} 0 end");
    let answer = guest.on_zhcp(&flash).await.stdout;
    guest.on_zhcp(&format!("rm -f {LOCK}")).await;
    if text::contains_ignoring_case(&answer, "Command complete") {
        detach(guest, &read, &write).await;
        return Some(());
    }
    guest.say(format!(
        "Copying data via CP FLASHCOPY... Failed\n{}",
        indented(&answer)
    ));
    guest.say("FLASHCOPY not working. Using Linux DD");
    copy_by_dd(guest, &read, &write).await
}

/// Waits until no other copy is under way.
async fn wait_for_lock(guest: &Guest<'_>) -> Option<()> {
    let mut waited = 0;
    loop {
        let there = guest.on_zhcp(&format!("ls {LOCK}")).await;
        if there.stdout.is_empty() {
            return Some(());
        }
        if waited >= LOCK_PATIENCE {
            guest.say("(Error) Flashcopy lock is enabled");
            guest.say(format!(
                "(Solution) Remove lock by deleting {LOCK} on the zHCP. Use caution!"
            ));
            return None;
        }
        let pause = RemoteCommand::Sleep {
            seconds: LOCK_PAUSE,
        };
        guest.context.remote(pause).await;
        waited += LOCK_PAUSE;
    }
}

/// The last resort; as executed it hangs at its first look-up (GQ3).
async fn copy_by_dd(guest: &Guest<'_>, read: &str, write: &str) -> Option<()> {
    let context = guest.context;
    let host = guest.zhcp.host.clone();
    for address in [read, write] {
        let online = disable_enable_disk(context, &host, Subchannel::Enable, address).await;
        if let Err(message) = online {
            guest.say(message);
            return None;
        }
    }
    let DeviceNode::Found(from) = dasd::device_node(context, &guest.zhcp, read).await else {
        return None;
    };
    let DeviceNode::Found(to) = dasd::device_node(context, &guest.zhcp, write).await else {
        return None;
    };
    let sudo = guest.zhcp.sudo;
    for (said, command) in [
        (
            format!("Formating target disk ({to})"),
            format!("{sudo} /sbin/dasdfmt -b 4096 -y -f /dev/{to}"),
        ),
        (
            format!("Creating a partition using the entire disk ({to})"),
            format!("{sudo} /sbin/fdasd -a /dev/{to}"),
        ),
        (
            format!("Copying source disk ({from}) to target disk ({to})"),
            format!(
                "{sudo} /bin/dd if=/dev/{from}1 of=/dev/{to}1 bs=4096 oflag=sync && {sudo} /bin/sync"
            ),
        ),
    ] {
        guest.say(said);
        let out = execcmdon_vm(context, &host, &command, Report::Silent).await;
        if text::is_bad(&out) {
            guest.say(&out);
            detach(guest, read, write).await;
            return None;
        }
    }
    for address in [write, read] {
        let offline = disable_enable_disk(context, &host, Subchannel::Disable, address).await;
        drop(offline);
    }
    guest.say(format!("Detatching target disk ({write})"));
    guest.say(format!("Detatching source disk ({read})"));
    detach(guest, read, write).await;
    Some(())
}

async fn detach(guest: &Guest<'_>, read: &str, write: &str) {
    for address in [write, read] {
        guest.on_zhcp(&format!("/sbin/vmcp det {address}")).await;
    }
}
