//! Logging guests on and off (spec: zhcp-and-smapi 2.9.3, 5.2).

use std::collections::BTreeMap;

use super::cp::LinkMode;
use super::fcp::FcpState;
use super::network::macs;
use super::{
    Code, Coupling, DirectoryEntry, Processor, Smapi, Statement, VirtualAdapter, VirtualMachine,
    ZvmSystem,
};
use crate::world::{DeviceNumber, UserId};

/// How long a Linux takes to shut down after CP's signal, in virtual milliseconds.
const SHUTDOWN_MS: u64 = 5_000;

impl ZvmSystem {
    /// Statements of an entry with those of its profile in front of the devices, as CP evaluates them.
    pub fn effective(&self, user: &UserId) -> Option<DirectoryEntry> {
        let entry = self.directory.get(user)?;
        let profile = entry.profile().and_then(|p| self.profiles.get(&p));
        let statements = profile.into_iter().flatten().chain(&entry.statements);
        Some(DirectoryEntry::new(statements.cloned().collect()))
    }

    /// Logs a guest on with the devices of its entry. Links and dedicates that fail do not stop the logon.
    ///
    /// # Errors
    /// 200/8 already logged on, 200/16 being logged off, 200/4 no entry.
    pub fn logon(&mut self, user: &UserId, now_ms: u64) -> Smapi<()> {
        if let Some(machine) = self.running.get(user) {
            return Err(if machine.logoff_pending {
                super::code(200, 16)
            } else {
                super::code(200, 8)
            });
        }
        let entry = self.effective(user).ok_or(super::code(200, 4))?;
        let machine = self.configured(user, &entry, now_ms);
        self.running.insert(user.clone(), machine);
        for statement in entry.parsed().filter(|s| s.is("DEDICATE")) {
            let real = statement.word(2).and_then(|r| DeviceNumber::parse(r).ok());
            if let (Some(device), Some(real)) = (statement.device(), real)
                && self
                    .fcp
                    .get(&real)
                    .is_none_or(|f| f.state() == FcpState::Free)
            {
                let _ = self.attach(user, device, real);
            }
        }
        self.link_disks(user, &entry);
        Ok(())
    }

    /// Has a guest logged on with these real devices, as a site describes it; what its entry says of disks, adapters and
    /// processors is taken over. A guest without an entry is logged on bare.
    pub fn put_on(
        &mut self,
        user: &UserId,
        devices: BTreeMap<DeviceNumber, DeviceNumber>,
        now_ms: u64,
    ) {
        let entry = self.effective(user).unwrap_or_default();
        let mut machine = self.configured(user, &entry, now_ms);
        for real in devices.values() {
            if let Some(fcp) = self.fcp.get_mut(real) {
                fcp.attached_to = Some(user.clone());
            }
        }
        machine.devices = devices;
        self.running.insert(user.clone(), machine);
        self.link_disks(user, &entry);
    }

    /// A machine without real devices and disks, as its entry describes it.
    fn configured(&self, user: &UserId, entry: &DirectoryEntry, now_ms: u64) -> VirtualMachine {
        let mut cpus = entry.cpus();
        if cpus.is_empty() {
            cpus.push(0);
        }
        VirtualMachine {
            logged_on_ms: now_ms,
            cpu_since_ms: now_ms,
            processors: cpus
                .into_iter()
                .map(|c| (c, Processor::default()))
                .collect(),
            storage: entry
                .find("USER")
                .and_then(|s| s.word(3))
                .unwrap_or("32M")
                .to_owned(),
            ipl: entry
                .find("IPL")
                .and_then(|s| s.word(1))
                .unwrap_or_default()
                .to_owned(),
            adapters: self.adapters(user, entry),
            ..VirtualMachine::default()
        }
    }

    fn adapters(
        &self,
        user: &UserId,
        entry: &DirectoryEntry,
    ) -> BTreeMap<DeviceNumber, VirtualAdapter> {
        let mut adapters: BTreeMap<DeviceNumber, VirtualAdapter> = BTreeMap::new();
        for statement in entry.parsed().filter(|s| s.is("NICDEF")) {
            let Some(device) = statement.device() else {
                continue;
            };
            let adapter = adapters.entry(device).or_insert_with(|| VirtualAdapter {
                devices: 3,
                ..VirtualAdapter::default()
            });
            merge(adapter, &statement, &self.hardware.user_mac_prefix);
        }
        for (index, (device, adapter)) in adapters.iter_mut().enumerate() {
            if adapter.mac.is_empty() {
                adapter.mac = macs(
                    &self.hardware.user_mac_prefix,
                    self.made_up_mac(user, *device, index),
                );
            }
        }
        adapters
    }

    /// A MAC id for an adapter that has none: stable for a userid and device.
    fn made_up_mac(&self, user: &UserId, device: DeviceNumber, index: usize) -> u32 {
        let place = self.directory.keys().take_while(|u| *u != user).count();
        ((place as u32) << 8 | u32::from(device.0 & 0xff)) + 10 + index as u32
    }

    fn link_disks(&mut self, user: &UserId, entry: &DirectoryEntry) {
        let wanted: Vec<(UserId, DeviceNumber, DeviceNumber, LinkMode)> = entry
            .parsed()
            .filter_map(|s| {
                let device = s.device()?;
                if s.is("MDISK") {
                    let mode = LinkMode::parse(mdisk_mode(&s)).unwrap_or(LinkMode::MR);
                    Some((user.clone(), device, device, mode))
                } else if s.is("LINK") {
                    let owner_device = DeviceNumber::parse(s.word(2)?).ok()?;
                    let mode = LinkMode::parse(s.word(4).unwrap_or("RR")).unwrap_or(LinkMode::RR);
                    Some((UserId::new(s.word(1)?), owner_device, device, mode))
                } else {
                    None
                }
            })
            .collect();
        for (owner, owner_device, device, mode) in wanted {
            let _ = self.link(user, &owner, owner_device, device, mode);
        }
    }

    /// Logs a guest off at once and gives its devices back.
    ///
    /// # Errors
    /// 200/12.
    pub fn logoff(&mut self, user: &UserId) -> Smapi<()> {
        let machine = self.running.remove(user).ok_or(Code::NOT_ACTIVE)?;
        for real in machine.devices.into_values() {
            self.release_real(real);
        }
        // A device that CP shows attached without a virtual address goes too.
        for fcp in self
            .fcp
            .values_mut()
            .filter(|f| f.attached_to.as_ref() == Some(user))
        {
            fcp.attached_to = None;
        }
        self.due_logoffs.retain(|_, users| {
            users.retain(|u| u != user);
            !users.is_empty()
        });
        Ok(())
    }

    /// Signals a guest to shut down; it is logged off when its Linux has done so or after `within_ms`.
    ///
    /// # Errors
    /// 200/12, 200/16 when that has been asked before.
    pub fn shutdown(&mut self, user: &UserId, now_ms: u64, within_ms: u64) -> Smapi<()> {
        let machine = self.running.get_mut(user).ok_or(Code::NOT_ACTIVE)?;
        if machine.logoff_pending {
            return Err(super::code(200, 16));
        }
        machine.logoff_pending = true;
        let at = now_ms.saturating_add(within_ms.min(SHUTDOWN_MS));
        self.due_logoffs.entry(at).or_default().push(user.clone());
        Ok(())
    }

    /// Userids whose logoff is due, taken from the list; the caller logs them off.
    pub fn due_logoffs(&mut self, now_ms: u64) -> Vec<UserId> {
        let mut due = Vec::new();
        while let Some(entry) = self.due_logoffs.first_entry()
            && *entry.key() <= now_ms
        {
            due.extend(entry.remove());
        }
        due
    }
}

/// Mode of an MDISK statement: the sixth operand, or the fifth behind `DEVNO` and the like.
pub(super) fn mdisk_mode<'a>(statement: &Statement<'a>) -> &'a str {
    let at = match statement.word(3).map(str::to_ascii_uppercase).as_deref() {
        Some("V-DISK" | "T-DISK" | "DEVNO") => 5,
        _ => 6,
    };
    statement.word(at).unwrap_or("MR")
}

fn merge(adapter: &mut VirtualAdapter, statement: &Statement<'_>, prefix: &str) {
    if let Some(kind) = statement.value("TYPE") {
        adapter.hipersockets =
            kind.eq_ignore_ascii_case("HIPERS") || kind.eq_ignore_ascii_case("HIPERSOCKETS");
    }
    if let Some(devices) = statement.value("DEVICES").and_then(|d| d.parse().ok()) {
        adapter.devices = devices;
    }
    if let Some(id) = statement
        .value("MACID")
        .and_then(|m| u32::from_str_radix(m, 16).ok())
    {
        adapter.mac = macs(prefix, id);
    }
    let at = statement
        .operands()
        .iter()
        .position(|w| w.eq_ignore_ascii_case("LAN"));
    if let Some([owner, name]) = at.and_then(|at| statement.operands().get(at + 1..at + 3)) {
        adapter.coupled = Some(Coupling {
            owner: UserId::new(owner),
            name: name.to_ascii_uppercase(),
        });
    }
}
