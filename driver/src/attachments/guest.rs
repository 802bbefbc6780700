//! What a guest says of itself: whether it runs, its distribution, its units; and the commands that are run in it.

use super::api::GuestPath;
use super::nova::Nova;
use super::units::{Unit, Units};
use crate::client::{Call, Executed, LineKind};
use crate::config::UnreachablePolicy;
use crate::error::{Error, Result};
use crate::types::{DeviceNumber, Distribution, Family, MountPoint, NodeName};

/// Rules of the device nodes that `--createfilesysnode` makes.
const NODE_RULES: &str = "/etc/udev/rules.d/56-zfcp.rules";

/// How a guest's power and network look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GuestState {
    /// On, and it answers.
    Reachable,
    /// On, but it does not answer.
    Unreachable,
    /// Off.
    Off,
    /// xCAT does not know the node.
    Unknown,
}

/// The failure of an operation on a node that xCAT does not know (D8).
pub(super) fn missing_instance(node: &NodeName) -> Error {
    Error::Instance {
        text: format!("instance {node} could not be found"),
        missing: true,
        retryable: false,
    }
}

impl Nova {
    /// RB8. Being reachable is not taken for running: the two are asked separately (D19).
    pub(super) async fn guest_state(&self, node: &NodeName) -> Result<GuestState> {
        let stat = match self.call(Call::PowerState { node: node.clone() }).await {
            Ok(done) => done,
            Err(error) if error.is_not_found() => return Ok(GuestState::Unknown),
            Err(error) => return Err(error.into()),
        };
        let word = stat.answer.output_of(node.as_str()).map(str::trim).next();
        match word {
            Some("on") => {}
            Some("off") => return Ok(GuestState::Off),
            _ => {
                return Err(Error::Instance {
                    text: format!(
                        "the power state of {node} cannot be told: {}",
                        stat.answer.summary()
                    ),
                    missing: false,
                    retryable: true,
                });
            }
        }
        let reachable = match self.call(Call::IsReachable { node: node.clone() }).await {
            Ok(done) => done
                .answer
                .output_of(node.as_str())
                .any(|line| line.trim() == "reachable"),
            // A management node before 2.8.3.15 does not know the word.
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(_) => {
                let status = self.call(Call::NodeStatus { node: node.clone() }).await?;
                status.answer.says("sshd")
            }
        };
        Ok(if reachable {
            GuestState::Reachable
        } else {
            GuestState::Unreachable
        })
    }

    /// The path that a change has to take; `None` when xCAT does not know the node (spec: driver 2.8.5).
    pub(super) async fn path(&self, node: &NodeName) -> Result<Option<GuestPath>> {
        Ok(match self.guest_state(node).await? {
            GuestState::Reachable => Some(GuestPath::Active),
            GuestState::Off => Some(GuestPath::Inactive),
            GuestState::Unknown => None,
            GuestState::Unreachable => match self.compute.unreachable {
                UnreachablePolicy::Inactive => Some(GuestPath::Inactive),
                UnreachablePolicy::Refuse => {
                    return Err(Error::Instance {
                        text: format!(
                            "{node} is on but cannot be reached (zvm_unreachable_policy is refuse)"
                        ),
                        missing: false,
                        retryable: true,
                    });
                }
            },
        })
    }

    /// Runs a command in a guest; its standard output, line by line.
    pub(super) async fn shell(
        &self,
        node: &NodeName,
        command: impl Into<String>,
        changes: bool,
    ) -> Result<Vec<String>> {
        let call = Call::Shell {
            node: node.clone(),
            command: command.into(),
            changes,
            gib: 0,
        };
        // Every command of this half does the same when it is run twice, so one in doubt is run again; a second doubt is
        // a failure, or a proof of the units alone would pass over files that were not written.
        let done = match self.call(call.clone()).await {
            Err(error) if changes && error.executed == Executed::Unknown => {
                let again = self.call(call).await;
                again.map_err(|error| Error::Backend(error.to_string()))?
            }
            outcome => outcome?,
        };
        let lines = done.answer.lines(LineKind::Data);
        Ok(lines
            .map(|line| crate::client::strip_node(line, node.as_str()).to_owned())
            .collect())
    }

    /// RB4: the units of a guest that runs.
    pub(super) async fn units(&self, node: &NodeName) -> Result<Units> {
        let lines = self.shell(node, Units::COMMAND, false).await?;
        Ok(Units::parse(lines.iter().map(String::as_str)))
    }

    /// The same, or none when the guest is off: what is only in the kernel is gone then.
    pub(super) async fn units_if_on(&self, node: &NodeName) -> Result<Option<Units>> {
        match self.guest_state(node).await? {
            GuestState::Off | GuestState::Unknown => Ok(None),
            GuestState::Reachable | GuestState::Unreachable => self.units(node).await.map(Some),
        }
    }

    /// Whether a running guest sees the device at all.
    pub(super) async fn sees_device(&self, node: &NodeName, device: DeviceNumber) -> Result<bool> {
        let command = format!(
            "ls -d /sys/bus/ccw/devices/{} 2>/dev/null; true",
            device.bus_id()
        );
        Ok(!self.shell(node, command, false).await?.is_empty())
    }

    /// Why a path has no disk, in the order of the predicates of spec zfcp-and-san 3.1.
    pub(super) async fn diagnose(&self, node: &NodeName, (fcp, wwpn, lun): Unit) -> String {
        let device = format!("/sys/bus/ccw/devices/{}", fcp.bus_id());
        let port = format!("/sys/bus/ccw/drivers/zfcp/{}/0x{wwpn}", fcp.bus_id());
        let unit = format!("{port}/0x{lun}");
        let command = format!(
            "cat {device}/online 2>/dev/null; ls -d {device} {port} {unit} 2>/dev/null; true"
        );
        let path = format!("{}/0x{wwpn}/0x{lun}", fcp.bus_id());
        let Ok(lines) = self.shell(node, command, false).await else {
            return format!("path {path} is missing in the guest");
        };
        let there = |name: &str| lines.iter().any(|line| line.trim() == name);
        let why = if !there(&device) {
            format!(
                "the guest does not see FCP device {fcp}: it is not attached, or on its cio_ignore list"
            )
        } else if lines.first().is_some_and(|line| line.trim() == "0") {
            format!("FCP device {fcp} is not online in the guest")
        } else if !there(&port) {
            format!("FCP device {fcp} does not see target port {wwpn}: check zones and cabling")
        } else {
            format!(
                "target port {wwpn} gives FCP device {fcp} no LUN {lun}: check LUN masking and, without NPIV, that no other \
                 image has it open through the same channel"
            )
        };
        format!("path {path} has no disk: {why}")
    }

    /// Adds paths by the guest's own means: the way round where the management node configures one port of a list only
    /// (Q12), or undid the devices of other volumes (D30).
    pub(super) async fn add_units(
        &self,
        node: &NodeName,
        units: &[Unit],
        distribution: Option<Distribution>,
    ) -> Result<()> {
        for unit in units {
            let (fcp, wwpn, lun) = unit;
            let bus = fcp.bus_id();
            let sysfs = format!("/sys/bus/ccw/drivers/zfcp/{bus}/0x{wwpn}");
            let mut command = format!("test -d {sysfs}/0x{lun} || echo 0x{lun} > {sysfs}/unit_add");
            if let Some(distribution) = distribution {
                command = format!("{command}; {}", persist(distribution.family(), *unit));
            }
            let said = self.shell(node, format!("{command}; true"), true).await?;
            is_kept(node, *unit, &said)?;
        }
        Ok(())
    }

    /// Has the guest keep each path over a restart where it does not yet. The management node looks at its *own* release files
    /// to choose the way of the distribution (GQ4), so a guest of another one gets the wrong files.
    pub(super) async fn ensure_persistent(
        &self,
        node: &NodeName,
        units: &[Unit],
        distribution: Distribution,
    ) -> Result<()> {
        for unit in units {
            let command = format!("{}; true", persist(distribution.family(), *unit));
            let said = self.shell(node, command, true).await?;
            is_kept(node, *unit, &said)?;
        }
        Ok(())
    }

    /// Removes paths by the guest's own means, and their traces in its files.
    pub(super) async fn remove_units(&self, node: &NodeName, units: &[Unit]) -> Result<()> {
        for unit in units {
            let (fcp, wwpn, lun) = unit;
            let bus = fcp.bus_id();
            let command =
                format!("echo 0x{lun} > /sys/bus/ccw/drivers/zfcp/{bus}/0x{wwpn}/unit_remove");
            self.shell(node, format!("{command}; {}; true", forget(*unit)), true)
                .await
                .and_then(|left| none_left(node, *unit, &left))?;
        }
        Ok(())
    }

    /// Deletes disks by their SCSI addresses.
    pub(super) async fn delete_disks(&self, node: &NodeName, addresses: &[&str]) -> Result<()> {
        for address in addresses {
            let command = format!("echo 1 > /sys/bus/scsi/devices/{address}/delete; true");
            self.shell(node, command, true).await?;
        }
        Ok(())
    }

    /// Removes the traces of paths in the guest's files, whatever distribution wrote them.
    pub(super) async fn forget_units(&self, node: &NodeName, units: &[Unit]) -> Result<()> {
        for unit in units {
            self.shell(node, format!("{}; true", forget(*unit)), true)
                .await
                .and_then(|left| none_left(node, *unit, &left))?;
        }
        Ok(())
    }

    /// Sets a device online that the guest has lost.
    pub(super) async fn online(&self, node: &NodeName, fcp: DeviceNumber) -> Result<()> {
        let bus = fcp.bus_id();
        let command = format!("cio_ignore -r {bus} 2>/dev/null; chccwdev -e {bus}");
        self.shell(node, command, true).await.map(drop)
    }

    /// RB5: what a device node resolves to, and how many rules make it. Empty and 0 when there is none.
    pub(super) async fn device_node(
        &self,
        node: &NodeName,
        target: &MountPoint,
    ) -> Result<(Option<String>, Vec<String>)> {
        let name = target.as_str().trim_start_matches("/dev/");
        let command = format!(
            "ls -d {target} >/dev/null 2>&1 && readlink -f {target}; grep '\"{name}' {NODE_RULES} 2>/dev/null; true"
        );
        let lines = self.shell(node, command, false).await?;
        let resolved = lines
            .iter()
            .map(|line| line.trim())
            .find(|line| line.starts_with("/dev/"))
            .map(str::to_owned);
        let exact = [
            format!("SYMLINK+=\"{name}%n\""),
            format!("SYMLINK+=\"{name}\""),
        ];
        let rules = lines
            .iter()
            .filter(|line| exact.iter().any(|link| line.contains(link.as_str())))
            .map(|line| line.trim().to_owned())
            .collect();
        Ok((resolved, rules))
    }

    /// Writes the rule of a device node by itself: where the management node's rule can never match (GQ15), or where it
    /// does not recognise the distribution's path name (GQ4).
    pub(super) async fn write_node_rule(
        &self,
        node: &NodeName,
        target: &MountPoint,
        units: &[Unit],
        multipath: bool,
    ) -> Result<()> {
        let name = target.as_str().trim_start_matches("/dev/");
        let Some((_, wwpn, lun)) = units.first() else {
            return Ok(());
        };
        let (rule, trigger) = if multipath {
            let Some(wwid) = self.wwid(node, units).await? else {
                return Err(Error::Backend(format!(
                    "no path of LUN {lun} has a serial number in {node}"
                )));
            };
            let rule =
                format!("KERNEL==\"dm-*\", ENV{{DM_UUID}}==\"mpath-{wwid}\", SYMLINK+=\"{name}\"");
            (rule, "dm-*")
        } else {
            let rule = format!(
                "KERNEL==\"sd*\", ATTRS{{wwpn}}==\"0x{wwpn}\", ATTRS{{fcp_lun}}==\"0x{lun}\", SYMLINK+=\"{name}%n\""
            );
            (rule, "sd*")
        };
        let command = format!(
            "grep -qF '{rule}' {NODE_RULES} 2>/dev/null || echo '{rule}' >> {NODE_RULES}; \
             udevadm control --reload; udevadm trigger --sysname-match='{trigger}'"
        );
        self.shell(node, command, true).await.map(drop)
    }

    /// Removes exactly these rules of a device node, others of the same name stay.
    pub(super) async fn remove_node_rules(&self, node: &NodeName, rules: &[String]) -> Result<()> {
        for rule in rules {
            let command = format!(
                "grep -vxF '{rule}' {NODE_RULES} > {NODE_RULES}.new; cat {NODE_RULES}.new > {NODE_RULES}; \
                 rm -f {NODE_RULES}.new; udevadm control --reload; udevadm trigger --sysname-match='sd*'; \
                 udevadm trigger --sysname-match='dm-*'"
            );
            self.shell(node, command, true).await?;
        }
        Ok(())
    }

    /// The serial number under which multipath knows the LUN. Asked by the disks themselves: names below by-path differ
    /// between distributions.
    pub(super) async fn wwid(&self, node: &NodeName, units: &[Unit]) -> Result<Option<String>> {
        let found = self.units(node).await?;
        for (fcp, wwpn, lun) in units {
            for address in found.disks(&[*fcp], &(*wwpn).into(), *lun) {
                let command = format!(
                    "for disk in $(ls /sys/bus/scsi/devices/{address}/block 2>/dev/null); do \
                     udevadm info --query=all --name=/dev/$disk; done; true"
                );
                let lines = self.shell(node, command, false).await?;
                let serial = lines.iter().find_map(|line| {
                    let value = line
                        .trim()
                        .trim_start_matches("E: ")
                        .strip_prefix("ID_SERIAL=")?;
                    let plain = value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
                    (plain && !value.is_empty()).then(|| value.to_owned())
                });
                if serial.is_some() {
                    return Ok(serial);
                }
            }
        }
        Ok(None)
    }

    /// The distribution of a guest: its own word when it runs, xCAT's tables when not.
    pub(super) async fn find_distribution(&self, node: &NodeName) -> Result<Option<Distribution>> {
        if self.guest_state(node).await? == GuestState::Reachable {
            let lines = self
                .shell(node, "cat /etc/os-release 2>/dev/null; true", false)
                .await?;
            if let Some(found) = from_os_release(&lines) {
                return Ok(Some(found));
            }
        }
        let definition = self
            .call(Call::NodeDefinition { node: node.clone() })
            .await?;
        Ok(definition
            .answer
            .output_of(node.as_str())
            .find_map(|line| line.trim().strip_prefix("os=")?.parse().ok()))
    }
}

/// `ID` and `VERSION_ID` of `/etc/os-release` as a distribution.
fn from_os_release(lines: &[String]) -> Option<Distribution> {
    let value = |key: &str| {
        lines.iter().find_map(|line| {
            let rest = line.trim().strip_prefix(key)?.strip_prefix('=')?;
            Some(rest.trim_matches(['"', '\'']).to_owned())
        })
    };
    let id = value("ID")?;
    format!("{id}{}", value("VERSION_ID")?).parse().ok()
}

/// What [`persist`] prints when the path is not recorded after all.
const NOT_KEPT: &str = "not kept";

/// Shell text that records a path for the next start of the guest unless it is recorded already, and tells when it is not.
fn persist(family: Family, (fcp, wwpn, lun): Unit) -> String {
    let bus = fcp.bus_id();
    let (is_kept, keep) = match family {
        Family::Rhel => {
            let line = format!("{bus} 0x{wwpn} 0x{lun}");
            (
                format!("grep -qiF '{line}' /etc/zfcp.conf 2>/dev/null"),
                format!("echo '{line}' >> /etc/zfcp.conf"),
            )
        }
        Family::Sles => (
            format!(
                "grep -qi '0x{wwpn}.*0x{lun}' /etc/udev/rules.d/51-zfcp-{bus}.rules 2>/dev/null"
            ),
            format!("/sbin/zfcp_disk_configure {bus} {wwpn} {lun} 1 >/dev/null 2>&1"),
        ),
        Family::Ubuntu => {
            let path = format!("{bus}:0x{wwpn}:0x{lun}");
            (
                format!("test -s /etc/udev/rules.d/41-zfcp-lun-{path}.rules"),
                format!("/sbin/chzdev zfcp-lun {path} -e >/dev/null 2>&1"),
            )
        }
    };
    format!("{is_kept} || {keep}; {is_kept} || echo {NOT_KEPT}")
}

/// Where there is no room, the tools fail and say it to nobody (F65): what [`persist`] printed does.
fn is_kept(node: &NodeName, (fcp, wwpn, lun): Unit, said: &[String]) -> Result<()> {
    if said.iter().all(|line| line.trim() != NOT_KEPT) {
        return Ok(());
    }
    Err(Error::Backend(format!(
        "{node} does not keep path {}/0x{wwpn}/0x{lun} for its next start: is there room below /etc?",
        fcp.bus_id()
    )))
}

/// Shell text that removes what any distribution's tools recorded of a path, and prints what is still there: an editor cannot
/// write where there is no room, and says it to nobody (F65). Only lines of this device, this port *and* this LUN go: another
/// disk of the same LUN number behind another controller stays (D53).
fn forget((fcp, wwpn, lun): Unit) -> String {
    let bus = fcp.bus_id();
    let line = format!("{bus} 0x{wwpn} 0x{lun}");
    let rule = format!("0x{wwpn}.*0x{lun}");
    let rules = format!("/etc/udev/rules.d/51-zfcp-{bus}.rules");
    let own = format!("/etc/udev/rules.d/41-zfcp-lun-{bus}:0x{wwpn}:0x{lun}.rules");
    format!(
        "sed -i -e '/{line}/d' /etc/zfcp.conf 2>/dev/null; sed -i -e '/{rule}/d' {rules} 2>/dev/null; rm -f {own}; \
         grep '{line}' /etc/zfcp.conf 2>/dev/null; grep '{rule}' {rules} 2>/dev/null; ls {own} 2>/dev/null"
    )
}

/// What [`forget`] printed must be nothing, or the path comes back with the guest's next start.
fn none_left(node: &NodeName, (fcp, wwpn, lun): Unit, left: &[String]) -> Result<()> {
    match left.iter().find(|line| !line.trim().is_empty()) {
        None => Ok(()),
        Some(line) => Err(Error::Backend(format!(
            "{node} keeps path {}/0x{wwpn}/0x{lun} for its next start and does not let go of it (is there room below /etc?): {}",
            fcp.bus_id(),
            line.trim()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_names_the_distribution() {
        let read =
            |text: &str| from_os_release(&text.lines().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(
            read("ID=\"rhel\"\nVERSION_ID=\"7.2\""),
            Some(Distribution::Rhel7)
        );
        assert_eq!(
            read("ID=\"sles\"\nVERSION_ID=\"12.1\""),
            Some(Distribution::Sles12)
        );
        assert_eq!(
            read("ID=ubuntu\nVERSION_ID=\"16.04\""),
            Some(Distribution::Ubuntu16)
        );
        assert_eq!(read("ID=fedora\nVERSION_ID=23"), None);
        assert_eq!(read(""), None);
    }
}
