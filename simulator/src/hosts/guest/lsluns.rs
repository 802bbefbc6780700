//! `lsluns`: asks target ports which LUNs they have, or lists what is attached (spec: zfcp-and-san 4.4, 3.6).

use super::tool::view;
use crate::hosts::ProgramEnv;
use crate::hosts::shell::Pattern;
use crate::hosts::sysfs::css::inquiry;
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;
use crate::world::zfcp::names::bus_id;
use crate::world::zfcp::{LinkState, PortState};
use crate::world::{DeviceNumber, Wwpn};

/// How the scan of one port can end.
pub enum Report {
    /// LUNs, each with its 16 digits.
    Luns(Vec<String>),
    /// Neither LUN 0 nor the well-known LUN can be addressed.
    NoAddress,
    /// The target does not answer REPORT LUNS.
    NoAnswer,
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (mut adapters, mut ports) = (Vec::new(), Vec::new());
    let mut attached = false;
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut list = || -> Vec<String> {
            let value = joined.clone().or_else(|| args.next().cloned());
            let value = value.unwrap_or_default().to_ascii_lowercase();
            value.split(',').map(str::to_owned).collect()
        };
        match name {
            "-c" | "--ccw" => adapters.extend(list()),
            "-p" | "--port" => ports.extend(list()),
            "-a" | "--active" => attached = true,
            "-h" | "--help" => {
                return Outcome::ok("Usage: lsluns [OPTIONS]\n\nList available SCSI LUNs.\n");
            }
            "-v" | "--version" => return Outcome::ok("lsluns: version 2.3.0\n"),
            option => {
                let option = option.trim_start_matches('-');
                return Outcome::fail(
                    1,
                    format!(
                        "Unknown option: {option}\nlsluns: invalid option\nTry 'lsluns --help' for more information.\n"
                    ),
                );
            }
        }
    }
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let nothing = |text: &str| Outcome::ok(format!("lsluns: {text}\n"));
    if view.zfcp.faults.no_zfcp || view.zfcp.recognised.is_empty() {
        return nothing("No adapter exists");
    }
    if view.zfcp.adapters.values().all(|a| a.ports.is_empty()) {
        return nothing("No port on any adapter exists");
    }
    if view.zfcp.faults.no_sg {
        return nothing("Error: Please load/configure SCSI Generic (sg) to use lsluns.");
    }
    let wanted = |patterns: &[String], text: &str| {
        patterns.is_empty()
            || patterns
                .iter()
                .any(|p| Pattern::new(&format!("*{p}*")).matches(text))
    };
    let mut found: Vec<(DeviceNumber, Vec<Wwpn>)> = Vec::new();
    for (device, adapter) in &view.zfcp.adapters {
        if !wanted(&adapters, &bus_id(*device)) {
            continue;
        }
        let of_adapter: Vec<Wwpn> = adapter
            .ports
            .keys()
            .filter(|w| wanted(&ports, &format!("0x{w}")))
            .copied()
            .collect();
        if !of_adapter.is_empty() {
            found.push((*device, of_adapter));
        }
    }
    if found.is_empty() {
        return nothing("Adapter and/or port filter(s) did not match anything");
    }
    let mut out = Outcome::default();
    for (device, wwpns) in found {
        if attached {
            list_attached(&mut out, &view, device, &wwpns);
        } else {
            scan(&mut out, &view, device, &wwpns);
        }
    }
    out
}

fn scan(out: &mut Outcome, view: &View<'_>, device: DeviceNumber, wwpns: &[Wwpn]) {
    let id = bus_id(device);
    let Some(adapter) = view.zfcp.adapters.get(&device) else {
        return;
    };
    if adapter.link != LinkState::Open {
        out.say(format!(
            "Adapter {id} is not in a good state; skipping LUN scan."
        ));
        return;
    }
    out.say(format!("Scanning for LUNs on adapter {id}"));
    for wwpn in wwpns {
        out.say(format!("\tat port 0x{wwpn}:"));
        let good = adapter
            .ports
            .get(wwpn)
            .is_some_and(|p| p.state == PortState::Online);
        if !good {
            out.say("\t\tPort not online. Cannot scan for LUNs.");
            continue;
        }
        match report(view, device, *wwpn) {
            Report::Luns(luns) => {
                for lun in luns {
                    out.say(format!("\t\t0x{lun}"));
                }
            }
            Report::NoAddress => out.say("\t\tCannot attach WLUN / LUN0 for scanning."),
            Report::NoAnswer => out.say("\t\tUnable to send the REPORT_LUNS command to LUN."),
        }
    }
}

/// What REPORT LUNS gives at a port. Storage of the SVC kind answers it on LUN 0, to a host that has any LUN mapped;
/// other storage answers on the well-known LUN too (spec: zfcp-and-san 3.4, 3.6).
pub fn report(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn) -> Report {
    let san = &view.machine.world.san;
    let Some(initiator) = view.machine.initiator(device) else {
        return Report::NoAddress;
    };
    if san.port(initiator, wwpn).is_err() {
        return Report::NoAddress;
    }
    if san.reports_fail(wwpn) {
        return Report::NoAnswer;
    }
    let luns: Vec<String> = san
        .reported_luns(initiator, wwpn)
        .map(|seen| seen.lun.to_string())
        .collect();
    if luns.is_empty() && !san.has_well_known_lun(wwpn) {
        return Report::NoAddress;
    }
    Report::Luns(luns)
}

fn list_attached(out: &mut Outcome, view: &View<'_>, device: DeviceNumber, wwpns: &[Wwpn]) {
    let Some(adapter) = view.zfcp.adapters.get(&device) else {
        return;
    };
    out.say(format!("adapter = {}", bus_id(device)));
    for wwpn in wwpns {
        out.say(format!("\tport = 0x{wwpn}"));
        let Some(port) = adapter.ports.get(wwpn) else {
            continue;
        };
        let mut luns: Vec<_> = port.devices.keys().chain(&port.units).copied().collect();
        luns.sort_unstable();
        luns.dedup();
        for lun in luns {
            match port.devices.get(&lun) {
                None => out.say(format!("\t\tlun = 0x{lun} [offline]")),
                Some(disk) => {
                    let (vendor, product) = inquiry(view, disk);
                    out.say(format!(
                        "\t\tlun = 0x{lun}\t/dev/sg{}\tDisk\t{vendor}:{product}",
                        disk.sg
                    ));
                }
            }
        }
    }
}
