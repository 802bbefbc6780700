//! `lszfcp`: what the zfcp driver knows (spec: zfcp-and-san 4.3).

use super::tool::{attributes, ccw_path, view};
use crate::hosts::ProgramEnv;
use crate::hosts::sysfs::css::{device_path, hctl, is_failed, rport, scsi_path, scsi_state};
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;
use crate::world::zfcp::names::bus_id;
use crate::world::zfcp::{Adapter, LinkState, Port, PortState};
use crate::world::{DeviceNumber, Lun, Wwpn};

const USAGE: &str = "Usage: lszfcp [OPTIONS]\n\nProvide information about zFCP adapters, ports and units.\n\n\
    OPTIONS\n\
    \x20 -H, --hosts            Show host information (default)\n\
    \x20 -P, --ports            Show remote port information\n\
    \x20 -D, --devices          Show SCSI device information\n\
    \x20 -a, --attributes       Show all attributes\n\
    \x20 -b, --busid=BUSID      Select specific busid\n\
    \x20 -p, --wwpn=WWPN        Select specific port name\n\
    \x20 -l, --lun=LUN          Select specific LUN\n\
    \x20 -e, --extended         Show extended output\n\
    \x20 -V, --verbose          Show sysfs paths of associated class and bus\n\
    \x20 -Z, --module           Show module parameters\n\
    \x20 -h, --help             Print this help, then exit\n\
    \x20 -v, --version          Print version information, then exit\n";

/// Line of the script that reads `hba_id`.
const HBA_ID_LINE: u32 = 386;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the tool"
)]
#[derive(Default)]
struct Wishes {
    hosts: bool,
    ports: bool,
    devices: bool,
    attributes: bool,
    more: u8,
    extended: bool,
    verbose: bool,
    module: bool,
    busid: Option<String>,
    wwpn: Option<String>,
    lun: Option<String>,
}

fn options(words: &[String]) -> Result<Wishes, Outcome> {
    let mut wishes = Wishes::default();
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        // Short options may be bundled; a value follows in the same word or the next.
        let letters: Vec<String> = if name.starts_with("--") || name.len() <= 2 {
            vec![name.to_owned()]
        } else if let Some(bundle) = name.strip_prefix('-') {
            bundle.chars().map(|c| format!("-{c}")).collect()
        } else {
            vec![name.to_owned()]
        };
        for (index, letter) in letters.iter().enumerate() {
            let mut value = || {
                joined.clone().or_else(|| {
                    let rest: String = letters[index + 1..].iter().map(|l| &l[1..]).collect();
                    if rest.is_empty() {
                        args.next().cloned()
                    } else {
                        Some(rest)
                    }
                })
            };
            match letter.as_str() {
                "-H" | "--hosts" => wishes.hosts = true,
                "-P" | "--ports" => wishes.ports = true,
                "-D" | "--devices" => wishes.devices = true,
                "-a" | "--attributes" => wishes.attributes = true,
                "-m" | "--moreattributes" => {
                    wishes.attributes = true;
                    wishes.more += 1;
                }
                "-e" | "--extended" => wishes.extended = true,
                "-V" | "--verbose" => wishes.verbose = true,
                "-Z" | "--module" => wishes.module = true,
                "-b" | "--busid" => {
                    wishes.busid = value();
                    break;
                }
                "-p" | "--wwpn" => {
                    wishes.wwpn = value();
                    break;
                }
                "-l" | "--lun" => {
                    wishes.lun = value();
                    break;
                }
                "-s" | "--sysfs" => {
                    let _ = value();
                    break;
                }
                "-h" | "--help" => return Err(Outcome::ok(USAGE)),
                "-v" | "--version" => return Err(Outcome::ok("lszfcp: version 2.3.0\n")),
                bad => {
                    let mut out = Outcome::ok(format!("\n{USAGE}"));
                    out.complain(
                        if let Some(letter) = bad.strip_prefix('-').filter(|l| l.len() == 1) {
                            format!("lszfcp: invalid option -- '{letter}'")
                        } else {
                            format!("lszfcp: unrecognized option '{bad}'")
                        },
                    );
                    return Err(out);
                }
            }
        }
    }
    if !wishes.hosts && !wishes.ports && !wishes.devices && !wishes.module {
        wishes.hosts = true;
    }
    Ok(wishes)
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let wishes = match options(words) {
        Ok(wishes) => wishes,
        Err(outcome) => return outcome,
    };
    let Some(view) = view(env) else {
        return Outcome::ok("Error: sysfs not available.\n").with_status(1);
    };
    if view.zfcp.faults.no_zfcp {
        return Outcome::ok(
            "Error: No zfcp support available.\nLoad the zfcp module or compile\nthe kernel with zfcp support.\n",
        )
        .with_status(1);
    }
    let mut out = Outcome::default();
    if wishes.module {
        out.say("Module = \"zfcp\"");
        list_attributes(&mut out, &view, "/sys/module/zfcp/parameters");
        out.say("");
        if !(wishes.hosts || wishes.ports || wishes.devices) {
            return out;
        }
    }
    let unused_shown = wishes.extended && !view.zfcp.recognised.is_empty();
    if view.zfcp.adapters.is_empty() && !unused_shown {
        return Outcome::ok("Error: No fcp devices found.\n").with_status(1);
    }
    if wishes.hosts {
        hosts(&mut out, &view, &wishes);
    }
    if wishes.ports {
        ports(&mut out, &view, &wishes);
    }
    if wishes.devices {
        devices(&mut out, &view, &wishes);
    }
    out
}

fn is_wanted(filter: Option<&String>, text: &str) -> bool {
    filter.is_none_or(|wanted| wanted == text)
}

fn list_attributes(out: &mut Outcome, view: &View<'_>, path: &str) {
    for (name, text) in attributes(view, path) {
        out.say(format!("    {name:<19} = \"{text}\""));
    }
}

fn hosts(out: &mut Outcome, view: &View<'_>, wishes: &Wishes) {
    for device in &view.zfcp.recognised {
        let id = bus_id(*device);
        if !is_wanted(wishes.busid.as_ref(), &id) {
            continue;
        }
        let adapter = view.zfcp.adapters.get(device);
        let Some(adapter) = adapter else {
            if wishes.extended {
                out.say(format!("{id} - offline"));
            }
            continue;
        };
        let host = format!("host{}", adapter.host);
        let mark = if wishes.extended {
            host_mark(adapter)
        } else {
            ""
        };
        if wishes.verbose {
            let path = device_path(view, *device);
            out.say(format!(
                "/sys/devices/{path} /sys/class/scsi_host/{host}{mark}"
            ));
        } else {
            out.say(format!("{id} {host}{mark}"));
        }
        if wishes.attributes {
            out.say("Bus = \"ccw\"");
            list_attributes(out, view, &ccw_path(*device));
            out.say("Class = \"fc_host\"");
            list_attributes(out, view, &format!("/sys/class/fc_host/{host}"));
            out.say("Class = \"scsi_host\"");
            list_attributes(out, view, &format!("/sys/class/scsi_host/{host}"));
            out.say("");
        }
    }
}

fn host_mark(adapter: &Adapter) -> &'static str {
    match adapter.link {
        LinkState::Gone => " defunct",
        LinkState::Shut => " offline",
        LinkState::LinkDown | LinkState::Disused => " linkdown",
        LinkState::Failed => " failed",
        LinkState::Open if is_failed(adapter) => " failed",
        LinkState::Open => "",
    }
}

fn ports(out: &mut Outcome, view: &View<'_>, wishes: &Wishes) {
    let now = view.machine.world.now_ms;
    let mut list: Vec<(String, DeviceNumber, Wwpn, &Port)> = Vec::new();
    for (device, adapter) in &view.zfcp.adapters {
        for (wwpn, port) in &adapter.ports {
            let Some(name) = rport(adapter, port) else {
                continue;
            };
            let seen = now.saturating_sub(port.registered_ms) >= view.zfcp.faults.rport_late_ms;
            let shown = seen && (port.state == PortState::Online || wishes.extended);
            if shown
                && is_wanted(wishes.busid.as_ref(), &bus_id(*device))
                && is_wanted(wishes.wwpn.as_ref(), &format!("0x{wwpn}"))
            {
                list.push((name, *device, *wwpn, port));
            }
        }
    }
    list.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, device, wwpn, port) in list {
        let mark = if port.state == PortState::Online {
            ""
        } else {
            " NotOnline"
        };
        if wishes.verbose {
            let path = device_path(view, device);
            out.say(format!(
                "/sys/devices/{path}/0x{wwpn} /sys/class/fc_remote_ports/{name}{mark}"
            ));
        } else {
            out.say(format!("{}/0x{wwpn} {name}{mark}", bus_id(device)));
        }
        if wishes.attributes {
            if wishes.more > 0 {
                out.say("Class = \"zfcp_port\"");
                list_attributes(out, view, &format!("{}/0x{wwpn}", ccw_path(device)));
            }
            out.say("Class = \"fc_remote_ports\"");
            list_attributes(out, view, &format!("/sys/class/fc_remote_ports/{name}"));
            out.say("");
        }
    }
}

fn devices(out: &mut Outcome, view: &View<'_>, wishes: &Wishes) {
    if view.zfcp.disks().next().is_none() && !wishes.extended {
        out.say("Error: No fcp devices found.");
        return;
    }
    let mut list: Vec<(String, String, DeviceNumber, Wwpn, Lun, bool)> = Vec::new();
    for (device, adapter) in &view.zfcp.adapters {
        let id = bus_id(*device);
        if !is_wanted(wishes.busid.as_ref(), &id) {
            continue;
        }
        for (wwpn, port) in &adapter.ports {
            if !is_wanted(wishes.wwpn.as_ref(), &format!("0x{wwpn}")) {
                continue;
            }
            let order = rport(adapter, port).unwrap_or_default();
            let there = port.devices.keys().map(|lun| (*lun, true));
            let is_missing = |lun: &&Lun| wishes.extended && !port.devices.contains_key(lun);
            let missing = port.units.iter().filter(is_missing);
            for (lun, exists) in there.chain(missing.map(|lun| (*lun, false))) {
                if is_wanted(wishes.lun.as_ref(), &format!("0x{lun}")) {
                    list.push((id.clone(), order.clone(), *device, *wwpn, lun, exists));
                }
            }
        }
    }
    if list.is_empty() && view.zfcp.disks().next().is_none() {
        out.say("Error: No zfcp-attached SCSI devices found.");
        return;
    }
    list.sort();
    // What the script's variables hold from the device before.
    let mut before = String::from("//");
    for (id, _, device, wwpn, lun, exists) in list {
        if !exists {
            out.say(format!("{id}/0x{wwpn}/0x{lun} - failed"));
            continue;
        }
        let address = hctl(view, device, wwpn, lun).unwrap_or_default();
        if is_half_registered(view, device, wwpn, lun) {
            out.complain(format!(
                "lszfcp: line {HBA_ID_LINE}: /sys/bus/scsi/devices/{address}/hba_id: No such file or directory"
            ));
            out.say(format!("{before} {address}"));
            continue;
        }
        before = format!("{id}/0x{wwpn}/0x{lun}");
        let mark = if wishes.extended {
            device_mark(view, device, wwpn, lun)
        } else {
            String::new()
        };
        if wishes.verbose {
            let path = scsi_path(view, device, wwpn, lun).unwrap_or_default();
            out.say(format!(
                "/sys/devices/{path} /sys/class/scsi_device/{address}{mark}"
            ));
        } else {
            out.say(format!("{id}/0x{wwpn}/0x{lun} {address}{mark}"));
        }
        if wishes.attributes {
            let unit = format!("{}/0x{wwpn}/0x{lun}", ccw_path(device));
            if wishes.more > 0 && view.find(&unit, true).is_some() {
                out.say("Class = \"zfcp_unit\"");
                list_attributes(out, view, &unit);
            }
            out.say("Class = \"scsi_device\"");
            list_attributes(out, view, &format!("/sys/bus/scsi/devices/{address}"));
            out.say("");
        }
    }
}

/// Whether the attributes of a SCSI device are not there yet although it is (spec: zfcp-and-san 8.1 F56).
fn is_half_registered(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> bool {
    let now = view.machine.world.now_ms;
    let disk = view
        .zfcp
        .adapters
        .get(&device)
        .and_then(|a| a.ports.get(&wwpn)?.devices.get(&lun));
    disk.is_some_and(|d| now.saturating_sub(d.since_ms) < view.zfcp.faults.half_registered_ms)
}

fn device_mark(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> String {
    let mut mark = String::new();
    let port = view
        .zfcp
        .adapters
        .get(&device)
        .and_then(|adapter| adapter.ports.get(&wwpn));
    if let Some(port) = port
        && let Some(disk) = port.devices.get(&lun)
    {
        if !port.units.contains(&lun) {
            mark.push_str(" auto");
        }
        if scsi_state(view, port, disk) != "running" {
            mark.push_str(" NotRunning");
        }
    }
    mark
}
