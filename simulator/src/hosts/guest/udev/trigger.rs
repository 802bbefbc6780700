//! `udevadm trigger`: asks the kernel to announce devices again.

use super::process::process;
use super::rules::matches;
use crate::hosts::sysfs::css::hctl;
use crate::hosts::sysfs::tree::View;
use crate::world::zfcp::Uevent;
use crate::world::zfcp::event::{Action, Subject};
use crate::world::zfcp::names::bus_id;
use crate::world::{HostName, World};

/// Which devices to announce.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `--sysname-match`: any of these patterns; all devices when empty.
    pub names: Vec<String>,
    /// `--subsystem-match`: any of these patterns; all devices when empty.
    pub subsystems: Vec<String>,
}

impl Filter {
    fn takes(&self, name: &str, subsystem: &str) -> bool {
        let any = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|p| matches(p, text))
        };
        any(&self.names, name) && any(&self.subsystems, subsystem)
    }
}

/// Announces the devices that pass the filter, and processes the events.
pub fn trigger(world: &mut World, host: &HostName, filter: &Filter, action: Action) {
    let Some(view) = View::of(world, host) else {
        return;
    };
    let mut subjects = Vec::new();
    for device in &view.zfcp.recognised {
        if filter.takes(&bus_id(*device), "ccw") {
            subjects.push(Subject::Ccw(*device));
        }
    }
    for (name, device, _, wwpn, _) in crate::hosts::sysfs::classes::rports(&view) {
        if filter.takes(&name, "fc_remote_ports") {
            subjects.push(Subject::Rport(device, wwpn));
        }
    }
    for (device, wwpn, lun, disk) in view.zfcp.disks() {
        if hctl(&view, device, wwpn, lun).is_some_and(|name| filter.takes(&name, "scsi")) {
            subjects.push(Subject::Scsi(device, wwpn, lun));
        }
        if filter.takes(&disk.disk, "block") {
            subjects.push(Subject::Disk(device, wwpn, lun, disk.disk.clone()));
        }
    }
    for (wwid, map) in &view.zfcp.maps {
        if filter.takes(&format!("dm-{}", map.dm), "block") {
            subjects.push(Subject::Map(wwid.clone(), map.dm));
        }
    }
    let events = subjects
        .into_iter()
        .map(|subject| Uevent::new(action, subject))
        .collect();
    process(world, host, events);
}
