//! The common I/O layer: which CCW devices Linux knows, and `cio_ignore` (spec: zfcp-and-san 2.2, 4.1).

use crate::world::DeviceNumber;

use super::event::{Action, Subject};
use super::{LinkState, Machine, Uevent, Zfcp};

impl Zfcp {
    /// Whether a device number is on the list of ignored ones.
    pub fn is_ignored(&self, device: DeviceNumber) -> bool {
        self.ignored
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&device))
    }

    /// Puts device numbers on the list. A device that is already recognised stays.
    pub fn ignore(&mut self, low: DeviceNumber, high: DeviceNumber) {
        self.free_numbers(low, high);
        self.ignored.push((low, high));
        self.ignored.sort_unstable();
        let mut merged: Vec<(DeviceNumber, DeviceNumber)> = Vec::new();
        for (low, high) in self.ignored.drain(..) {
            match merged.last_mut() {
                Some(last) if u32::from(last.1.0) + 1 == u32::from(low.0) => last.1 = high,
                _ => merged.push((low, high)),
            }
        }
        self.ignored = merged;
    }

    /// Takes device numbers off the list and recognises the devices that so become visible.
    pub fn free(
        &mut self,
        machine: &Machine<'_>,
        low: DeviceNumber,
        high: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        self.free_numbers(low, high);
        self.recognise(machine, events);
    }

    /// Takes device numbers off the list without looking for devices.
    pub fn unlist(&mut self, low: DeviceNumber, high: DeviceNumber) {
        self.free_numbers(low, high);
    }

    fn free_numbers(&mut self, low: DeviceNumber, high: DeviceNumber) {
        self.ignored = self
            .ignored
            .iter()
            .flat_map(|&(from, to)| {
                let below = (from < low).then(|| {
                    let end = DeviceNumber(low.0.saturating_sub(1));
                    (from, to.min(end))
                });
                let above = (to > high).then(|| {
                    let start = DeviceNumber(high.0.saturating_add(1));
                    (from.max(start), to)
                });
                below.into_iter().chain(above)
            })
            .collect();
    }

    /// Unregisters ignored devices that are offline (`purge`).
    pub fn purge(&mut self, events: &mut Vec<Uevent>) {
        let gone: Vec<_> = self
            .recognised
            .iter()
            .copied()
            .filter(|d| self.is_ignored(*d) && !self.is_online(*d))
            .collect();
        for device in gone {
            self.unregister(device, events);
        }
    }

    /// Whether a device is online.
    pub fn is_online(&self, device: DeviceNumber) -> bool {
        self.adapters.get(&device).is_some_and(|a| a.online)
    }

    /// Recognises attached devices that are not ignored, and unregisters vanished ones that are offline.
    pub(super) fn recognise(&mut self, machine: &Machine<'_>, events: &mut Vec<Uevent>) {
        for (device, _) in machine.fcp_devices() {
            if self.recognised.contains(&device) || self.is_ignored(device) {
                continue;
            }
            if self.faults.late_ms > 0 {
                let now = machine.world.now_ms;
                let since = *self.noticed.entry(device).or_insert(now);
                if now.saturating_sub(since) < self.faults.late_ms {
                    continue;
                }
            }
            self.noticed.remove(&device);
            self.vanishing.remove(&device);
            self.recognised.insert(device);
            events.push(Uevent::new(Action::Add, Subject::Ccw(device)));
        }
        if !self.noticed.is_empty() {
            self.noticed
                .retain(|device, _| machine.fcp_device(*device).is_some());
        }
        let vanished: Vec<_> = self
            .recognised
            .iter()
            .copied()
            .filter(|d| machine.fcp_device(*d).is_none())
            .collect();
        self.vanishing
            .retain(|d, _| machine.fcp_device(*d).is_none() && self.recognised.contains(d));
        for device in vanished {
            if self.faults.vanish_late_ms > 0 {
                let now = machine.world.now_ms;
                self.vanishing.entry(device).or_insert(now);
                if self.is_unnoticed(device, now) {
                    continue;
                }
            }
            if self.is_online(device) {
                // zfcp keeps a device that disappears (spec: zfcp-and-san 2.2, defunct).
                self.lose_link(machine, device, LinkState::Gone);
            } else {
                self.unregister(device, events);
            }
        }
    }

    /// Whether CP has detached a device and the kernel does not know yet (spec: zfcp-and-san 8.1 F9).
    pub fn is_unnoticed(&self, device: DeviceNumber, now_ms: u64) -> bool {
        self.vanishing
            .get(&device)
            .is_some_and(|since| now_ms.saturating_sub(*since) < self.faults.vanish_late_ms)
    }

    pub(super) fn unregister(&mut self, device: DeviceNumber, events: &mut Vec<Uevent>) {
        self.remove_adapter(device, events);
        self.vanishing.remove(&device);
        if self.recognised.remove(&device) {
            events.push(Uevent::new(Action::Remove, Subject::Ccw(device)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(zfcp: &Zfcp) -> Vec<(u16, u16)> {
        zfcp.ignored.iter().map(|(a, b)| (a.0, b.0)).collect()
    }

    #[test]
    fn the_list_keeps_ranges_apart_and_merged() {
        let mut zfcp = Zfcp::default();
        zfcp.ignore(DeviceNumber(0), DeviceNumber(0xffff));
        zfcp.free_numbers(DeviceNumber(0x1b00), DeviceNumber(0x1b00));
        zfcp.free_numbers(DeviceNumber(0), DeviceNumber(9));
        zfcp.free_numbers(DeviceNumber(0xffff), DeviceNumber(0xffff));
        assert_eq!(list(&zfcp), [(0x0a, 0x1aff), (0x1b01, 0xfffe)]);
        assert!(!zfcp.is_ignored(DeviceNumber(0x1b00)));
        zfcp.ignore(DeviceNumber(0x1b00), DeviceNumber(0x1b00));
        assert_eq!(list(&zfcp), [(0x0a, 0xfffe)]);
    }
}
