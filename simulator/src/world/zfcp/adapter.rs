//! Adapters and remote ports: online and offline, port scan, loss and recovery (spec: zfcp-and-san 2.3, 2.4, 2.11).

use crate::world::linux::Era;
use crate::world::zvm::VirtualMachine;
use crate::world::{DeviceNumber, Wwpn};

use super::event::{Action, Subject};
use super::names::bus_id;
use super::{Adapter, Answer, Errno, LinkState, Machine, Port, PortState, Uevent, Zfcp};

/// Least time between two port scans that changes in the fabric cause, in milliseconds (`port_scan_ratelimit`).
pub const PORT_SCAN_MS: u64 = 60_000;

/// How long a lost port keeps its SCSI devices, in milliseconds (`dev_loss_tmo` 60 s).
pub const DEV_LOSS_MS: u64 = 60_000;

impl Zfcp {
    /// A write to `online` of a CCW device (spec: zfcp-and-san 2.2, errnos of `online`).
    ///
    /// # Errors
    /// As the kernel's.
    pub fn set_online(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        on: bool,
        events: &mut Vec<Uevent>,
    ) -> Result<(), Errno> {
        if !self.recognised.contains(&device) {
            return Err(Errno::NoEntry);
        }
        if self.faults.no_zfcp {
            return Err(Errno::Invalid);
        }
        if let Some(left) = self.faults.busy.get_mut(&device).filter(|left| **left > 0) {
            *left -= 1;
            return Err(Errno::Again);
        }
        if on == self.is_online(device) {
            return Err(Errno::Invalid);
        }
        if !on {
            self.shut(machine, device, events);
            return Ok(());
        }
        if self.faults.boxed.contains(&device) {
            let id = bus_id(device);
            self.note(
                machine.world.now_ms,
                format!("cio: {id}: Setting the device online failed because it is boxed"),
            );
            return Err(Errno::NoDevice);
        }
        let next = self.next_host;
        let adapter = self.adapters.entry(device).or_insert_with(|| Adapter {
            host: next,
            ..Adapter::default()
        });
        if adapter.host == next {
            self.next_host += 1;
        }
        adapter.online = true;
        self.recover_adapter(machine, device, events);
        Ok(())
    }

    fn shut(&mut self, machine: &Machine<'_>, device: DeviceNumber, events: &mut Vec<Uevent>) {
        self.lose_link(machine, device, LinkState::Shut);
        if let Some(adapter) = self.adapters.get_mut(&device) {
            adapter.online = false;
        }
        if machine.fcp_device(device).is_none() {
            self.unregister(device, events);
        }
    }

    /// Opens the adapter anew, as far as channel and fabric let it: what `online` 1 and `failed` 0 do.
    pub fn recover_adapter(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        if self
            .adapters
            .get(&device)
            .is_some_and(|a| a.link == LinkState::Disused)
        {
            return;
        }
        let link = machine.link(device);
        self.lose_link(machine, device, link);
        if link == LinkState::Open {
            self.scan_ports(machine, device, events);
            self.reopen_ports(machine, device, events);
        }
    }

    /// The adapter is no longer open (or about to be opened): all its ports are blocked.
    pub(super) fn lose_link(&mut self, machine: &Machine<'_>, device: DeviceNumber, to: LinkState) {
        let Some(adapter) = self.adapters.get_mut(&device) else {
            return;
        };
        if adapter.link == to && to != LinkState::Open {
            return;
        }
        let from = std::mem::replace(&mut adapter.link, to);
        for port in adapter.ports.values_mut() {
            port.block(machine.world.now_ms);
        }
        if let Some(text) = link_message(machine, device, from, to) {
            let id = bus_id(device);
            self.note(machine.world.now_ms, format!("zfcp {id}: {text}"));
        }
    }

    /// Asks the name server for target ports and opens those that are new (spec: zfcp-and-san 2.4, port scan).
    pub fn scan_ports(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        let Some(initiator) = machine.initiator(device) else {
            return;
        };
        let Some(adapter) = self
            .adapters
            .get_mut(&device)
            .filter(|a| a.link == LinkState::Open)
        else {
            return;
        };
        adapter.scanned_ms = machine.world.now_ms;
        let san = &machine.world.san;
        adapter.unscanned = san.name_server_down;
        adapter.missed.clear();
        if adapter.unscanned {
            adapter.missed.extend(san.visible_ports(initiator));
            return;
        }
        // A new port that refuses the login is dropped again without a message.
        let found: Vec<Wwpn> = san
            .visible_ports(initiator)
            .filter(|w| !adapter.ports.contains_key(w) && san.port(initiator, *w).is_ok())
            .collect();
        adapter
            .ports
            .extend(found.iter().map(|w| (*w, Port::default())));
        for wwpn in found {
            self.open_port(machine, device, wwpn, events);
        }
    }

    fn reopen_ports(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        let ports: Vec<Wwpn> = self
            .adapters
            .get(&device)
            .into_iter()
            .flat_map(|a| a.ports.iter())
            .filter(|(_, p)| p.state != PortState::Online)
            .map(|(w, _)| *w)
            .collect();
        for wwpn in ports {
            self.open_port(machine, device, wwpn, events);
        }
    }

    /// Opens a known port, if fabric and target let it, and scans its LUNs.
    pub fn open_port(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        events: &mut Vec<Uevent>,
    ) {
        let answer = machine.answer_of(device, wwpn);
        let now = machine.world.now_ms;
        let no_handle = machine.fcp_device(device).is_some_and(|f| f.no_handles);
        let Some(adapter) = self.adapters.get_mut(&device) else {
            return;
        };
        let next_target = u32::try_from(adapter.targets.len()).unwrap_or(u32::MAX);
        let Some(port) = adapter.ports.get_mut(&wwpn) else {
            return;
        };
        if answer != Answer::Good || adapter.link != LinkState::Open {
            port.block(now);
            port.failed = adapter.link == LinkState::Open && answer == Answer::None;
            return;
        }
        if no_handle && port.state != PortState::Online {
            let was_failed = std::mem::replace(&mut port.failed, true);
            if !was_failed {
                let id = bus_id(device);
                self.note(
                    now,
                    format!(
                        "zfcp {id}: Not enough FCP adapter resources to open remote port 0x{wwpn}"
                    ),
                );
            }
            return;
        }
        port.state = PortState::Online;
        port.failed = false;
        port.blocked_ms = 0;
        if port.rport.is_none() {
            port.rport = Some(adapter.next_rport);
            port.registered_ms = now;
            adapter.next_rport += 1;
            adapter.targets.entry(wwpn).or_insert(next_target);
            events.push(Uevent::new(Action::Add, Subject::Rport(device, wwpn)));
        }
        self.scan_port(machine, device, wwpn, events);
    }

    /// A write to `port_remove` (spec: zfcp-and-san 2.4).
    ///
    /// # Errors
    /// As the kernel's.
    pub fn port_remove(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        events: &mut Vec<Uevent>,
    ) -> Result<(), Errno> {
        let port = self
            .adapters
            .get(&device)
            .and_then(|a| a.ports.get(&wwpn))
            .ok_or(Errno::Invalid)?;
        let strict = machine.linux.distribution.era() >= Era::K4;
        if !port.units.is_empty() || (strict && !port.devices.is_empty()) {
            return Err(Errno::Busy);
        }
        self.drop_port(device, wwpn, events);
        Ok(())
    }

    fn drop_port(&mut self, device: DeviceNumber, wwpn: Wwpn, events: &mut Vec<Uevent>) {
        self.remove_devices(device, wwpn, events);
        let Some(adapter) = self.adapters.get_mut(&device) else {
            return;
        };
        if adapter
            .ports
            .remove(&wwpn)
            .is_some_and(|p| p.rport.is_some())
        {
            events.push(Uevent::new(Action::Remove, Subject::Rport(device, wwpn)));
        }
    }

    pub(super) fn remove_adapter(&mut self, device: DeviceNumber, events: &mut Vec<Uevent>) {
        let ports: Vec<Wwpn> = self
            .adapters
            .get(&device)
            .into_iter()
            .flat_map(|a| a.ports.keys().copied())
            .collect();
        for wwpn in ports {
            self.drop_port(device, wwpn, events);
        }
        self.adapters.remove(&device);
    }

    /// Notices what changed around the driver since it last looked: devices attached and detached by CP, links, zones,
    /// target ports, and `dev_loss_tmo` (spec: zfcp-and-san 6.9, 6.10).
    pub fn settle(&mut self, machine: &Machine<'_>, events: &mut Vec<Uevent>) {
        if machine.virtual_machine().is_none() {
            return;
        }
        self.recognise(machine, events);
        let online: Vec<DeviceNumber> = self
            .adapters
            .iter()
            .filter(|(_, a)| a.online)
            .map(|(d, _)| *d)
            .collect();
        for device in online {
            let Some(link) = self.adapters.get(&device).map(|a| a.link) else {
                continue;
            };
            if self.is_unnoticed(device, machine.world.now_ms) {
                continue;
            }
            let now = machine.link(device);
            match (link, now) {
                // Recovery gave up: only a manual step helps. A refused login does not end one that is there.
                (LinkState::Failed | LinkState::Disused, _)
                | (LinkState::Open, LinkState::Failed) => {}
                (LinkState::Open, LinkState::Open) => {
                    self.check_ports(machine, device, events);
                    if self.wants_scan(machine, device) {
                        self.scan_ports(machine, device, events);
                    }
                }
                (_, LinkState::Open | LinkState::Failed) => {
                    self.recover_adapter(machine, device, events);
                }
                (_, down) => self.lose_link(machine, device, down),
            }
        }
        let devices: Vec<DeviceNumber> = self.adapters.keys().copied().collect();
        for device in devices {
            self.expire_ports(machine.world.now_ms, device, events);
        }
    }

    /// Whether a state change in the fabric makes the driver scan: there is a port that it does not know, and the last
    /// scan is long enough ago. An adapter without any port does not wait (spec: zfcp-and-san 2.4, port scan, 5).
    fn wants_scan(&self, machine: &Machine<'_>, device: DeviceNumber) -> bool {
        let (Some(adapter), Some(initiator)) =
            (self.adapters.get(&device), machine.initiator(device))
        else {
            return false;
        };
        let since = machine.world.now_ms.saturating_sub(adapter.scanned_ms);
        let san = &machine.world.san;
        if adapter.unscanned {
            // Each scan that fails notes what it missed: the next one comes with the next state change.
            return since >= PORT_SCAN_MS
                && !san
                    .visible_ports(initiator)
                    .eq(adapter.missed.iter().copied());
        }
        (adapter.ports.is_empty() || since >= PORT_SCAN_MS)
            && san
                .visible_ports(initiator)
                .any(|w| !adapter.ports.contains_key(&w) && san.port(initiator, w).is_ok())
    }

    /// Whether there is no device, nor has there been one, in this virtual machine: a zHCP has no FCP device, and most
    /// guests have none yet. Nothing can be unsettled then.
    pub fn is_quiet(&self, machine: Option<&VirtualMachine>) -> bool {
        machine.is_none_or(|machine| machine.devices.is_empty())
            && self.recognised.is_empty()
            && self.noticed.is_empty()
            && self.vanishing.is_empty()
            && self.adapters.is_empty()
    }

    /// Whether [`Zfcp::settle`] would change nothing.
    pub fn is_settled(&self, machine: &Machine<'_>) -> bool {
        let Some(virtual_machine) = machine.virtual_machine() else {
            return true;
        };
        if self.is_quiet(Some(virtual_machine)) {
            return true;
        }
        let now = machine.world.now_ms;
        let late = |device: &DeviceNumber| {
            self.noticed
                .get(device)
                .is_some_and(|since| now.saturating_sub(*since) < self.faults.late_ms)
        };
        let unknown = machine
            .fcp_devices()
            .any(|(d, _)| !self.recognised.contains(&d) && !self.is_ignored(d) && !late(&d))
            || self
                .noticed
                .keys()
                .any(|d| machine.fcp_device(*d).is_none() || self.recognised.contains(d));
        let vanished = self.recognised.iter().any(|d| {
            machine.fcp_device(*d).is_none()
                && !(self.faults.vanish_late_ms > 0 && self.is_unnoticed(*d, now))
                && self
                    .adapters
                    .get(d)
                    .is_none_or(|a| !a.online || a.link != LinkState::Gone)
        });
        let back = self
            .vanishing
            .keys()
            .any(|d| machine.fcp_device(*d).is_some() || !self.recognised.contains(d));
        !unknown
            && !back
            && !vanished
            && self
                .adapters
                .iter()
                .all(|(device, adapter)| self.is_adapter_settled(machine, *device, adapter, now))
    }

    fn is_adapter_settled(
        &self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        adapter: &Adapter,
        now_ms: u64,
    ) -> bool {
        if adapter
            .ports
            .values()
            .any(|port| self.is_expired(port, now_ms))
        {
            return false;
        }
        if !adapter.online || self.is_unnoticed(device, now_ms) {
            return true;
        }
        match (adapter.link, machine.link(device)) {
            (LinkState::Failed | LinkState::Disused, _) | (LinkState::Open, LinkState::Failed) => {
                true
            }
            (LinkState::Open, LinkState::Open) => {
                !self.wants_scan(machine, device)
                    && adapter.ports.iter().all(|(wwpn, port)| {
                        match (
                            port.state == PortState::Online,
                            machine.answer_of(device, *wwpn),
                        ) {
                            (online, Answer::Good) => online,
                            (true, _) => false,
                            (false, answer) => port.failed == (answer == Answer::None),
                        }
                    })
            }
            (link, now) => link == now,
        }
    }

    /// Whether a port was lost for so long that its SCSI devices go. Paths of a map stay: multipathd raises the limit
    /// for them (spec: zfcp-and-san 6.9).
    fn is_expired(&self, port: &Port, now_ms: u64) -> bool {
        port.state == PortState::Blocked
            && now_ms.saturating_sub(port.blocked_ms) >= DEV_LOSS_MS
            && !port
                .devices
                .values()
                .any(|d| self.maps.contains_key(&d.wwid))
    }

    fn check_ports(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        let (mut back, mut lost) = (Vec::new(), Vec::new());
        for (wwpn, port) in self
            .adapters
            .get_mut(&device)
            .into_iter()
            .flat_map(|a| &mut a.ports)
        {
            match (port.state, machine.answer_of(device, *wwpn)) {
                (PortState::Online, Answer::UnderTest) => port.block(machine.world.now_ms),
                (PortState::Online, Answer::None) => {
                    port.block(machine.world.now_ms);
                    port.failed = true;
                    lost.push(*wwpn);
                }
                (PortState::Blocked | PortState::NotPresent, Answer::Good) => back.push(*wwpn),
                (PortState::Blocked, Answer::None) => port.failed = true,
                _ => {}
            }
        }
        for wwpn in lost {
            let id = bus_id(device);
            self.note(
                machine.world.now_ms,
                format!("zfcp {id}: ERP failed for remote port 0x{wwpn}"),
            );
        }
        for wwpn in back {
            self.open_port(machine, device, wwpn, events);
        }
    }

    /// Removes the SCSI devices of ports that were lost for too long.
    fn expire_ports(&mut self, now_ms: u64, device: DeviceNumber, events: &mut Vec<Uevent>) {
        let lost: Vec<Wwpn> = self
            .adapters
            .get(&device)
            .into_iter()
            .flat_map(|a| &a.ports)
            .filter(|(_, p)| self.is_expired(p, now_ms))
            .map(|(w, _)| *w)
            .collect();
        for wwpn in lost {
            self.remove_devices(device, wwpn, events);
            let Some(adapter) = self.adapters.get_mut(&device) else {
                continue;
            };
            let host = adapter.host;
            let Some(port) = adapter.ports.get_mut(&wwpn) else {
                continue;
            };
            port.state = PortState::NotPresent;
            if let Some(number) = port.rport {
                self.note(
                    now_ms,
                    format!(
                        " rport-{host}:0-{number}: blocked FC remote port time out: removing target and saving binding"
                    ),
                );
            }
        }
    }
}

/// What the kernel says when an adapter's link changes (spec: zfcp-and-san 2.9).
fn link_message(
    machine: &Machine<'_>,
    device: DeviceNumber,
    from: LinkState,
    to: LinkState,
) -> Option<&'static str> {
    let has_path = machine.fcp_device(device).is_none_or(|f| f.online);
    match (from, to) {
        (_, LinkState::Gone) => Some("The FCP device has been detached"),
        (_, LinkState::LinkDown) if !has_path => Some("The CHPID for the FCP device is offline"),
        (_, LinkState::LinkDown) => {
            Some("There is no light signal from the local fibre channel cable")
        }
        (_, LinkState::Failed) => Some(failed_message(machine, device)),
        (LinkState::Gone, LinkState::Open) => Some("The FCP device is operational again"),
        (LinkState::LinkDown, LinkState::Open) => Some("The local link has been restored"),
        _ => None,
    }
}

/// Why an adapter does not come up.
fn failed_message(machine: &Machine<'_>, device: DeviceNumber) -> &'static str {
    let Some(fcp) = machine.fcp_device(device) else {
        return "The FCP device has been detached";
    };
    if fcp.mute_ms > 0 {
        "ERP cannot recover an error on the FCP device"
    } else if machine.world.san.duplicates.contains(&fcp.initiator()) {
        "The FCP device detected a WWPN that is duplicate or not valid"
    } else {
        "The adjacent switch cannot support more NPIV ports"
    }
}

impl Zfcp {
    /// The adapter breaks down in this way, whatever channel and fabric say: its ports are blocked, and only a manual
    /// step helps (spec: zfcp-and-san 8.1 F21, F23).
    pub fn break_down(&mut self, device: DeviceNumber, to: LinkState, now_ms: u64, text: &str) {
        let Some(adapter) = self.adapters.get_mut(&device).filter(|a| a.online) else {
            return;
        };
        adapter.link = to;
        for port in adapter.ports.values_mut() {
            port.block(now_ms);
        }
        let id = bus_id(device);
        self.note(now_ms, format!("zfcp {id}: {text}"));
    }
}

impl Port {
    fn block(&mut self, now_ms: u64) {
        if self.state == PortState::Online {
            self.state = PortState::Blocked;
            self.blocked_ms = now_ms;
        }
    }
}
