//! One target of a copy: its directory entry, its disks, their contents, its network (`zvm.pm clone`; spec: guests
//! 10.4).

use std::collections::BTreeMap;

use super::clone::{Source, entry_file, subnet_of};
use super::clone_disks::{PAUSE, SourceDisk, free_link, pause};
use super::define::with_macid;
use crate::mn::Context;
use crate::mn::zvm::dasd::{DeviceNode, device_node};
use crate::mn::zvm::guest::{Subchannel, disable_enable_disk};
use crate::mn::zvm::reader::send_file;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{self, contains_ignoring_case, is_bad};
use crate::mn::zvm::{Zhcp, local, mac, vswitch};

/// How often an entry is made, and a minidisk of either kind added.
const ENTRY_TRIES: usize = 5;
const ECKD_TRIES: usize = 5;
const FBA_TRIES: usize = 10;
/// How often the directory is looked at for all disks, and a target disk linked.
const DIRECTORY_TRIES: usize = 10;
const LINK_TRIES: usize = 10;
/// Where the addresses of linked target disks begin, above their own.
const LINK_OFFSET: f64 = 2000.0;
/// File on the zHCP that says that a copy by CP is under way, how long it is waited for and how often it is looked at.
const LOCK: &str = "/tmp/.flashcopy_lock";
const LOCK_PATIENCE: u64 = 90;
const LOCK_PAUSE: u64 = 2;

/// How a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With a success, or with a failure that was reported.
    Ended,
    /// Not at all (GQ3).
    Endless,
}

/// Why a copy stops.
pub(super) enum Stop {
    /// The failure has been reported.
    Reported,
    /// GQ3.
    Endless,
}

/// A target with what is known of it.
pub(super) struct Copy<'a> {
    pub context: &'a Context,
    pub node: &'a str,
    pub target: Target,
    /// User ID of the source.
    pub source: &'a str,
    pub eckd_pool: String,
    pub fba_pool: String,
    /// Password of the new minidisks, or two apostrophes.
    pub password: String,
}

/// Copies the source onto one target.
pub(super) async fn clone(
    context: &Context,
    node: &str,
    source: &Source,
    args: &[String],
) -> Outcome {
    match copy(context, node, source, args).await {
        Ok(()) | Err(Stop::Reported) => Outcome::Ended,
        Err(Stop::Endless) => Outcome::Endless,
    }
}

async fn copy(context: &Context, node: &str, source: &Source, args: &[String]) -> Result<(), Stop> {
    let fail = |text: &str| {
        context.print_ln(format!("{node}: (Error) {text}"));
        Stop::Reported
    };
    let target = Target::of(context, node).ok_or(Stop::Reported)?;
    if target.userid.is_empty() {
        return Err(fail("Missing zHCP user ID"));
    }
    pause(context, PAUSE).await;
    let Some(ip) = local::ip_of(context, node) else {
        let stop = fail(&format!("Missing IP for {node} in /etc/hosts"));
        context.print_ln(format!(
            "{node}: (Solution) Verify that the node's IP address is specified in the hosts table and then run makehosts"
        ));
        return Err(stop);
    };
    let inputs: BTreeMap<&str, &str> = args
        .iter()
        .skip(1)
        .take(2)
        .map(|input| (text::field(input, '=', 0), text::field(input, '=', 1)))
        .collect();
    let pool = inputs.get("pool").copied().unwrap_or_default();
    if !text::is_true(pool) {
        return Err(fail("Missing disk pool. Please specify one."));
    }
    let Some(mac) = context.column("mac", node, "mac") else {
        return Err(fail("Missing target MAC address"));
    };
    let copy = Copy {
        context,
        node,
        target,
        source: &source.userid,
        eckd_pool: pool.to_owned(),
        fba_pool: pool.to_owned(),
        password: match inputs.get("pw") {
            Some(password) if text::is_true(password) => (*password).to_owned(),
            _ => "''".to_owned(),
        },
    };
    let entry = local::read(context, &entry_file(&source.node)).unwrap_or_default();
    copy.define(&entry, &mac::suffix(&mac)).await?;
    copy.grant(&source.switches).await?;
    copy.add_disks(&source.disks).await?;
    for disk in &source.disks {
        let device = copy.fill(disk).await?;
        copy.set_network(source, &ip, &device).await;
    }
    copy.say("Powering on");
    let words = format!("Image_Activate -T {}", copy.target.userid);
    copy.smcli(&words).await;
    Ok(())
}

impl Copy<'_> {
    pub(super) fn say(&self, text: &str) {
        self.context.print_ln(format!("{}: {text}", self.node));
    }

    fn fail(&self, text: &str) -> Stop {
        self.say(&format!("(Error) {text}"));
        Stop::Reported
    }

    pub(super) async fn smcli(&self, words: &str) -> String {
        let Target { zhcp, .. } = &self.target;
        zhcp.run(self.context, &Zhcp::smcli(words)).await.stdout
    }

    /// Makes the directory entry from the source's.
    pub(super) async fn define(&self, entry: &str, macid: &str) -> Result<(), Stop> {
        let Target { zhcp, userid } = &self.target;
        let file = format!("/tmp/{}.txt", self.node);
        zhcp.run_timed(self.context, &format!("rm {file}")).await;
        let entry = replace_each_line(entry, self.source, userid);
        let entry = match old_macid(&entry) {
            Some(old) => replace_each_line(&entry, &old, macid),
            None => with_macid(self.context, zhcp, &entry, macid).await,
        };
        local::write(self.context, &file, &entry);
        send_file(self.context, zhcp, &file, &file).await;
        let mut is_made = false;
        for tries in (1..=ENTRY_TRIES).rev() {
            if tries == ENTRY_TRIES {
                self.say("Creating user directory entry");
            } else {
                self.say(&format!(
                    "Trying again ({tries}) to create user directory entry"
                ));
            }
            self.smcli(&format!("Image_Create_DM -T {userid} -f {file}"))
                .await;
            let answer = self.smcli(&format!("Image_Query_DM -T {userid}")).await;
            if !is_bad(&answer) {
                is_made = true;
                break;
            }
            pause(self.context, PAUSE).await;
        }
        local::remove(self.context, &file);
        zhcp.run_timed(self.context, &format!("rm {file}")).await;
        if !is_made {
            let stop = self.fail("Could not create user entry");
            self.say("(Solution) Verify that the node's zHCP and its zVM's SMAPI are both online");
            return Err(stop);
        }
        mac::load_vmcp(self.context, zhcp).await;
        Ok(())
    }

    pub(super) async fn grant(&self, switches: &[String]) -> Result<(), Stop> {
        let Target { zhcp, userid } = &self.target;
        for switch in switches {
            self.say(&format!("Granting VSwitch ({switch}) access for {userid}"));
            let answer = vswitch::grant(self.context, zhcp, userid, switch, "", "").await;
            if is_bad(&answer) {
                self.say(&answer);
                return Err(Stop::Reported);
            }
        }
        Ok(())
    }

    /// Adds the minidisks, and waits until the directory has them all.
    pub(super) async fn add_disks(&self, disks: &[SourceDisk]) -> Result<(), Stop> {
        for disk in disks {
            self.add_disk(disk).await?;
        }
        let list: Vec<&str> = disks.iter().map(|disk| disk.address.as_str()).collect();
        self.say(&format!(
            "Disks added ({}). Checking directory for those disks...",
            list.join(" ")
        ));
        for _ in 0..DIRECTORY_TRIES {
            let words = format!("Image_Query_DM -T {}", self.target.userid);
            let entry = self.smcli(&words).await;
            if entry.lines().filter(|line| line.contains("MDISK")).count() == disks.len() {
                return Ok(());
            }
            pause(self.context, PAUSE).await;
        }
        let stop = self.fail("Disks not present in user entry");
        self.say(&format!(
            "(Solution) Verify disk pool({}) has free disks",
            self.eckd_pool
        ));
        Err(stop)
    }

    async fn add_disk(&self, disk: &SourceDisk) -> Result<(), Stop> {
        let SourceDisk {
            address,
            kind,
            mode,
            size,
            ..
        } = disk;
        let (tries, pool) = match kind.as_str() {
            "3390" => (ECKD_TRIES, &self.eckd_pool),
            "9336" => (FBA_TRIES, &self.fba_pool),
            _ => return Ok(()),
        };
        let password = &self.password;
        let words = format!(
            "Image_Disk_Create_DM -T {} -v {address} -t {kind} -a AUTOG -r {pool} -u 1 -z {size} -m {mode} -f 1 -R {password} -W {password} -M {password}",
            self.target.userid
        );
        for left in (1..=tries).rev() {
            if left == tries {
                self.say(&format!("Adding minidisk ({address})"));
            } else {
                self.say(&format!(
                    "Trying again ({left}) to add minidisk ({address})"
                ));
            }
            let answer = self.smcli(&words).await;
            self.context.print_ln(&answer);
            if !is_bad(&answer) {
                return Ok(());
            }
            pause(self.context, PAUSE).await;
        }
        Err(self.fail(&format!("Could not add minidisk ({address})")))
    }

    /// Copies one disk; gives the device node of the copy.
    pub(super) async fn fill(&self, disk: &SourceDisk) -> Result<String, Stop> {
        let Target { zhcp, userid } = &self.target;
        let address = &disk.address;
        let mut is_copied = false;
        if disk.kind == "3390" {
            self.say(&format!(
                "Copying source disk ({address}) to target disk ({address}) using FLASHCOPY"
            ));
            let hcp_userid = zhcp.userid(self.context).await.to_uppercase();
            let answer = self
                .smcli(&format!(
                    "xCAT_Commands_IUO -T {hcp_userid} -c \\\"CMD=FLASHCOPY {} {address} 0 END {userid} {address} 0 END SYNC\\\"",
                    self.source
                ))
                .await;
            is_copied = contains_ignoring_case(&answer, "Done");
        }
        let link = self.link(address).await?;
        if !is_copied && disk.kind == "3390" {
            self.say("SMAPI Flashcopy error, trying CP Flashcopy.");
            is_copied = self.flash_by_cp(&disk.link, &link).await?;
        }
        if !is_copied {
            self.copy_by_dd(disk, &link).await?;
        }
        for what in [Subchannel::Disable, Subchannel::Enable] {
            let changed = disable_enable_disk(self.context, &zhcp.host, what, &link).await;
            drop(changed);
        }
        self.device(&link).await
    }

    async fn device(&self, link: &str) -> Result<String, Stop> {
        match device_node(self.context, &self.target.zhcp, link).await {
            DeviceNode::Found(name) => Ok(name),
            DeviceNode::NotThere => Ok(String::new()),
            DeviceNode::Endless => Err(Stop::Endless),
        }
    }

    async fn link(&self, address: &str) -> Result<String, Stop> {
        let Target { zhcp, userid } = &self.target;
        for _ in 0..LINK_TRIES {
            let first = (text::number(address) + LINK_OFFSET) as u32;
            let link = free_link(self.context, zhcp, first).await;
            self.say(&format!("Linking target disk ({address}) as ({link})"));
            let command = format!(
                "/sbin/vmcp link {userid} {address} {link} MR {}",
                self.password
            );
            let answer = zhcp.run_timed(self.context, &command).await.stdout;
            let is_refused = ["not linked", "not write-enabled"]
                .iter()
                .any(|text| contains_ignoring_case(&answer, text));
            if !is_refused {
                return Ok(link.to_string());
            }
            pause(self.context, PAUSE).await;
        }
        let stop = self.fail(&format!("Failed to link target disk ({address})"));
        self.say("Failed");
        Err(stop)
    }

    /// Copies by CP, when nobody else does; says whether that worked.
    async fn flash_by_cp(&self, from: &str, to: &str) -> Result<bool, Stop> {
        let Target { zhcp, .. } = &self.target;
        let mut waited = 0;
        loop {
            let lock = zhcp.run(self.context, &format!("ls {LOCK}")).await;
            if lock.stdout.is_empty() {
                break;
            }
            if waited >= LOCK_PATIENCE {
                zhcp.run(self.context, &format!("/sbin/vmcp det {to}"))
                    .await;
                let stop = self.fail("Flashcopy lock is enabled");
                self.say(&format!(
                    "(Solution) Remove lock by deleting {LOCK} on the zHCP. Use caution!"
                ));
                return Err(stop);
            }
            pause(self.context, LOCK_PAUSE).await;
            waited += LOCK_PAUSE;
        }
        zhcp.run(self.context, &format!("touch {LOCK}")).await;
        let flash = format!("/sbin/vmcp flashcopy {from} 0 end to {to} 0 end");
        let answer = zhcp.run(self.context, &flash).await.stdout;
        let is_copied = !is_bad(&answer);
        if !is_copied {
            self.say(&answer);
        }
        pause(self.context, 2 * PAUSE).await;
        zhcp.run(self.context, &format!("rm -f {LOCK}")).await;
        Ok(is_copied)
    }

    async fn copy_by_dd(&self, disk: &SourceDisk, link: &str) -> Result<(), Stop> {
        let Target { zhcp, .. } = &self.target;
        self.say("FLASHCOPY not working. Using Linux DD");
        let online = disable_enable_disk(self.context, &zhcp.host, Subchannel::Enable, link).await;
        drop(online);
        let from = self.device(&disk.link).await?;
        let to = self.device(link).await?;
        let mut block = 512;
        if disk.kind == "3390" {
            block = 4096;
            self.say(&format!("Formating target disk ({link})"));
            let format = format!("/sbin/dasdfmt -b 4096 -y -f /dev/{to}");
            let answer = zhcp.run(self.context, &format).await.stdout;
            if is_bad(&answer) {
                self.say(&answer);
                zhcp.run(self.context, &format!("/sbin/vmcp det {link}"))
                    .await;
                return Err(Stop::Reported);
            }
            pause(self.context, 2).await;
        }
        self.say(&format!(
            "Copying source disk ({}) to target disk ({link})",
            disk.link
        ));
        let dd = format!(
            "/bin/dd if=/dev/{from} of=/dev/{to} bs={block} oflag=sync && {} echo 0",
            zhcp.sudo
        );
        zhcp.run(self.context, &dd).await;
        pause(self.context, 2).await;
        Ok(())
    }

    /// Mounts a copied disk and, where it has `/etc`, puts the target's name and address in the place of the source's.
    async fn set_network(&self, source: &Source, ip: &str, device: &str) {
        let Target { zhcp, userid } = &self.target;
        let partition = format!("{device}1");
        let mount = format!("/mnt/{userid}/{device}");
        self.say(&format!("Mounting /dev/{partition} to {mount}"));
        for command in [
            format!("mkdir -p {mount}"),
            format!("mount /dev/{partition} {mount}"),
        ] {
            zhcp.run(self.context, &command).await;
        }
        let probe = format!("test -d {mount}/etc && echo Exists");
        if zhcp
            .run(self.context, &probe)
            .await
            .stdout
            .contains("Exists")
        {
            self.say("Setting network configuration");
            let (old, new) = (&source.node, self.node);
            let mut edits = vec![
                format!("sed -i -e s/{old}/{new}/i {mount}/etc/HOSTNAME"),
                format!(
                    "sed -i -e s/{old}/{new}/i -e s/{}/{ip}/i {mount}/etc/hosts",
                    source.ip
                ),
            ];
            if contains_ignoring_case(&source.os, "rhel") {
                edits.push(format!(
                    "sed -i -e s/{old}/{new}/i {mount}/etc/sysconfig/network"
                ));
            }
            let folder = if contains_ignoring_case(&source.os, "rhel") {
                format!("{mount}/etc/sysconfig/network-scripts")
            } else {
                format!("{mount}/etc/sysconfig/network")
            };
            let find = format!("grep -H -i -r {} {folder}", source.nic);
            let found = zhcp.run(self.context, &find).await.stdout;
            let file = text::field(found.lines().next().unwrap_or_default(), ':', 0).to_owned();
            if !file.is_empty() {
                edits.push(format!(
                    "sed -i -e s/{}/{ip}/i -e s/{old}/{new}/i {file}",
                    source.ip
                ));
                if let Some((network, mask)) = subnet_of(self.context, ip) {
                    edits.push(format!(
                        "sed -i -e s/{}/{network}/i -e s/{}/{mask}/i {file}",
                        source.network, source.mask
                    ));
                }
            }
            for edit in edits {
                zhcp.run(self.context, &edit).await;
            }
        }
        zhcp.run(self.context, &format!("umount {mount}")).await;
    }
}

/// A text replaced once in every line that has it, in any case.
fn replace_each_line(entry: &str, old: &str, new: &str) -> String {
    entry
        .split_inclusive('\n')
        .map(|line| match text::find_ignoring_case(line, old) {
            Some(at) if !old.is_empty() => {
                format!("{}{new}{}", &line[..at], &line[at + old.len()..])
            }
            _ => line.to_owned(),
        })
        .collect()
}

/// The MAC suffix that the entry has already: what follows its last `MACID`.
fn old_macid(entry: &str) -> Option<String> {
    let at = entry.to_uppercase().rfind("MACID")?;
    let macid = text::word(entry.get(at + 5..)?, 0);
    (!macid.is_empty()).then(|| macid.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_gets_the_targets_names() {
        let entry = "USER LNX1 PW\nNICDEF 0600 TYPE QDIO LAN SYSTEM V1 MACID 00000A\n";
        assert_eq!(old_macid(entry).as_deref(), Some("00000A"));
        assert_eq!(old_macid("USER LNX1\n"), None);
        assert_eq!(
            replace_each_line("USER lnx1 LNX1\nX\n", "LNX1", "LNX2"),
            "USER LNX2 LNX1\nX\n"
        );
    }
}
