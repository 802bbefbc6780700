//! Paths to a LUN in a running guest: made and unmade in sysfs, and made to last in the files of its distribution
//! (spec: guests 5.1 step 11, 5.2).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::guest::{Reachable, Report, execcmdon_vm, ping_node};
use crate::mn::zvm::lookup::{DeviceAttributes, device_pool};
use crate::mn::zvm::os_version::{OsSeen, get_os_version};
use crate::mn::zvm::pool::{Criteria, find_and_update};
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::text;
use crate::seam::Release;

/// One path: FCP device, target port, LUN, in lower case except the LUN.
pub(super) struct Path {
    pub device: String,
    pub wwpn: String,
    pub lun: String,
}

impl Path {
    /// `0.0.{f}:0x{w}:0x{l}`, as `chzdev` names it.
    fn chzdev(&self) -> String {
        format!("0.0.{}:0x{}:0x{}", self.device, self.wwpn, self.lun)
    }

    /// File below the zfcp driver that takes LUNs.
    fn sysfs(&self, action: &str) -> String {
        format!(
            "/sys/bus/ccw/drivers/zfcp/0.0.{}/0x{}/{action}",
            self.device, self.wwpn
        )
    }

    /// SLES' rules for the FCP device.
    fn rules_file(&self) -> String {
        format!("/etc/udev/rules.d/51-zfcp-0.0.{}.rules", self.device)
    }
}

/// Makes a path known to the running system and to its next start; `None` is failure.
pub(super) async fn add(guest: &Guest<'_>, path: &Path, os: &OsSeen) -> Option<()> {
    let sudo = guest.zhcp.sudo;
    let Path { device, wwpn, lun } = path;
    let unit_add = format!("echo 0x{lun} > {}", path.sysfs("unit_add"));
    good(&in_guest(guest, &unit_add, Report::Callback).await)?;
    if os.is_sles_11_or_12() {
        let configure = format!("{sudo} /sbin/zfcp_disk_configure 0.0.{device} {wwpn} {lun} 1");
        good(&in_guest(guest, &configure, Report::Callback).await)?;
        add_sles_rules(guest, path).await
    } else if os.is_rhel() {
        let line = format!("echo \"0.0.{device} 0x{wwpn} 0x{lun}\" >> /etc/zfcp.conf");
        in_guest(guest, &line, Report::Silent).await;
        let uevent = format!("echo add > /sys/bus/ccw/devices/0.0.{device}/uevent");
        in_guest(guest, &uevent, Report::Silent).await;
        Some(())
    } else if os.is_ubuntu() {
        let chzdev = format!("{sudo} /sbin/chzdev zfcp-lun {} -e", path.chzdev());
        good(&in_guest(guest, &chzdev, Report::Silent).await)
    } else {
        Some(())
    }
}

/// Appends SLES' rules for a path. Whether the FCP device has its own rules already is never found out, so they are
/// appended again for every path (GQ13); release P asks in another way and never writes them.
async fn add_sles_rules(guest: &Guest<'_>, path: &Path) -> Option<()> {
    let sudo = guest.zhcp.sudo;
    let file = path.rules_file();
    let Path { device, wwpn, lun } = path;
    let release = guest.context.settings().release;
    let quirk = guest.context.settings().quirk("GQ13");
    let has_device_rules = if release == Release::P {
        let ask = format!("{sudo} cat {file} | egrep -a -i ccw/0.0.{device}]online");
        in_guest(guest, &ask, Report::Silent).await;
        quirk
    } else {
        let answer = in_guest(guest, &format!("{sudo} cat {file}"), Report::Silent).await;
        if text::is_bad(&answer) {
            if quirk {
                return None;
            }
            false
        } else {
            !quirk && text::contains_ignoring_case(&answer, &format!("ccw/0.0.{device}]online"))
        }
    };
    if !has_device_rules {
        good(&in_guest(guest, &format!("{sudo} touch {file}"), Report::Silent).await)?;
        // The second line lacks a blank before `zfcp` (GQ13).
        let blank = if quirk { "" } else { " " };
        for rule in [
            format!(
                r#"ACTION==\"add\", SUBSYSTEM==\"ccw\", KERNEL==\"0.0.{device}\", IMPORT{{program}}=\"collect 0.0.{device} \%k 0.0.{device} zfcp\""#
            ),
            format!(
                r#"ACTION==\"add\", SUBSYSTEM==\"drivers\", KERNEL==\"zfcp\", IMPORT{{program}}=\"collect 0.0.{device} \%k 0.0.{device}{blank}zfcp\""#
            ),
            format!(
                r#"ACTION==\"add\", ENV{{COLLECT_0.0.{device}}}==\"0\", ATTR{{[ccw/0.0.{device}]online}}=\"1\""#
            ),
        ] {
            in_guest(guest, &format!("echo {rule}>> {file}"), Report::Silent).await;
        }
    }
    let rule = format!(
        r#"ACTION==\"add\", KERNEL==\"rport-*\", ATTR{{port_name}}==\"0x{wwpn}\", SUBSYSTEMS==\"ccw\", KERNELS==\"0.0.{device}\", ATTR{{[ccw/0.0.{device}]0x{wwpn}/unit_add}}=\"0x{lun}\""#
    );
    in_guest(guest, &format!("echo {rule}>> {file}"), Report::Silent).await;
    Some(())
}

/// `--removezfcp {fcp} {wwpn} {lun} [{persist}]`.
pub(super) async fn remove_zfcp(guest: &Guest<'_>) -> Hidden {
    // `None` ends the option; what there was to say has been said.
    let _ended: Option<()> = detach(guest).await;
    Hidden::nothing()
}

async fn detach(guest: &Guest<'_>) -> Option<()> {
    let context = guest.context;
    let wwpn = guest.arg(2).replace("0x", "");
    let lun = guest.arg(3).replace("0x", "");
    if !guest.has_count(&[4, 5]) {
        return None;
    }
    let persist = guest.arg(4);
    if guest.args.len() == 5 && persist != "0" && persist != "1" {
        guest.say("(Error) Persist can only be 0 or 1");
        return None;
    }
    let mut fcp = guest.arg(1).to_owned();
    let pool = match device_pool(context, &guest.zhcp, &wwpn, &lun).await {
        Ok(pool) => pool,
        // GQ10: a LUN in no pool ends here.
        Err(message) if context.settings().quirk("GQ10") || !message.contains("return code 1 ") => {
            context.print_ln(message);
            return None;
        }
        Err(_) => String::new(),
    };
    if pool.is_empty() {
        guest.say("Could not find FCP device in any FCP storage pool");
    } else {
        release_row(guest, &pool, &mut fcp, &wwpn, &lun, persist == "1").await?;
    }
    if ping_node(context, guest.node).await != Reachable::Yes {
        return Some(());
    }
    let (fcp, wwpn) = (fcp.to_lowercase(), wwpn.to_lowercase());
    for device in text::split(&fcp, ';') {
        for wwpn in text::split(&wwpn, ';') {
            let path = Path {
                device: device.to_owned(),
                wwpn: wwpn.to_owned(),
                lun: lun.clone(),
            };
            remove(guest, &path).await?;
        }
    }
    let sudo = guest.zhcp.sudo;
    for option in ["-W", "-r"] {
        let command = format!("{sudo} /sbin/multipath {option}");
        in_guest(guest, &command, Report::Silent).await;
    }
    guest.say("De-configuring FCP device on host... Done");
    Some(())
}

/// The pool's part: the LUN is nobody's any more (spec: guests 5.2, steps 5 to 8).
async fn release_row(
    guest: &Guest<'_>,
    pool: &str,
    fcp: &mut String,
    wwpn: &str,
    lun: &str,
    persist: bool,
) -> Option<()> {
    let node = guest.node;
    guest.say(format!("Found FCP device in {pool}"));
    let line = guest.zhcp.line(&format!("cat {ZFCP_POOL}/{pool}.conf"));
    let rows = guest.checked(&line).await?.stdout;
    let row = rows
        .lines()
        .find(|row| text::contains_ignoring_case(row, &format!("{wwpn},{lun}")))
        .unwrap_or_default();
    let attributes = DeviceAttributes::of_row(row);
    if attributes.status == "used" && attributes.owner != node {
        guest.say(format!(
            "(Error) The zFCP device 0x{wwpn}/0x{lun} does not belong to the node {node}."
        ));
        return None;
    }
    // GQ14: `auto` begins with a hex digit and is kept.
    let is_device = |c: char| c.is_ascii_hexdigit() || c == ';';
    let is_auto = fcp.to_ascii_lowercase().starts_with("auto");
    let replaced =
        !fcp.starts_with(is_device) || (is_auto && !guest.context.settings().quirk("GQ14"));
    if !fcp.is_empty() && replaced {
        fcp.clone_from(&attributes.channel);
    }
    let criteria = Criteria {
        status: if persist { "reserved" } else { "free" },
        wwpn,
        lun,
        ..Criteria::default()
    };
    let updated = find_and_update(guest.context, node, &guest.zhcp, pool, &criteria).await;
    if updated.is_none() {
        guest.say("(Error) Failed to find zFCP device");
        return None;
    }
    Some(())
}

/// Takes a path away from the running system and from its next start.
async fn remove(guest: &Guest<'_>, path: &Path) -> Option<()> {
    let sudo = guest.zhcp.sudo;
    let lun = &path.lun;
    let unit_remove = format!("echo 0x{lun} > {}", path.sysfs("unit_remove"));
    in_guest(guest, &unit_remove, Report::Silent).await;
    let os = get_os_version(guest.context, guest.node).await;
    let command = if os.is_sles_11_or_12() {
        format!("{sudo} sed -i -e /{lun}/d {}", path.rules_file())
    } else if os.is_rhel() {
        format!("{sudo} sed -i -e /{lun}/d /etc/zfcp.conf")
    } else if os.is_ubuntu() {
        format!("{sudo} /sbin/chzdev zfcp-lun {} -d", path.chzdev())
    } else {
        return Some(());
    };
    good(&in_guest(guest, &command, Report::Callback).await)
}

async fn in_guest(guest: &Guest<'_>, command: &str, report: Report) -> String {
    execcmdon_vm(guest.context, guest.node, command, report).await
}

/// `None` for a bad answer.
fn good(answer: &str) -> Option<()> {
    (!text::is_bad(answer)).then_some(())
}
