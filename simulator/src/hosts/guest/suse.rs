//! SUSE's `zfcp_host_configure`, `zfcp_disk_configure` and `zfcp_san_disc` (spec: zfcp-and-san 5.1).

use super::lsluns::{Report, report};
use super::tool::{
    ccw_path, device_number, exists, get, port_path, put, sixteen_digits, unit_path, view,
};
use crate::hosts::coreutils::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;
use crate::world::linux::Distribution;
use crate::world::zfcp::names::bus_id;
use crate::world::{DeviceNumber, Lun, Wwpn};

fn rule_path(device: DeviceNumber) -> String {
    format!("/etc/udev/rules.d/51-zfcp-{}.rules", bus_id(device))
}

fn said(rc: i32, text: impl AsRef<str>) -> Outcome {
    Outcome::ok(format!("{}\n", text.as_ref())).with_status(rc)
}

/// The lines of a rule file that bring the device online.
fn host_lines(device: DeviceNumber) -> [String; 4] {
    let id = bus_id(device);
    [
        format!("# Configure zFCP device at {id}"),
        format!(
            "ACTION==\"add\", SUBSYSTEM==\"ccw\", KERNEL==\"{id}\", IMPORT{{program}}=\"collect {id} %k {id} zfcp\""
        ),
        format!(
            "ACTION==\"add\", SUBSYSTEM==\"drivers\", KERNEL==\"zfcp\", IMPORT{{program}}=\"collect {id} %k {id} zfcp\""
        ),
        format!("ACTION==\"add\", ENV{{COLLECT_{id}}}==\"0\", ATTR{{[ccw/{id}]online}}=\"1\""),
    ]
}

/// The line of a rule file that adds a LUN when its port appears.
fn lun_line(device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> String {
    let id = bus_id(device);
    format!(
        "ACTION==\"add\", KERNEL==\"rport-*\", ATTR{{port_name}}==\"0x{wwpn}\", SUBSYSTEMS==\"ccw\", \
         KERNELS==\"{id}\", ATTR{{[ccw/{id}]0x{wwpn}/unit_add}}=\"0x{lun}\""
    )
}

/// Rewrites the lines that bring the device online, and leaves those of its LUNs.
fn write_host_rules(env: &mut ProgramEnv<'_>, device: DeviceNumber) {
    let path = rule_path(device);
    let old = env
        .read(&path)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let mut text = host_lines(device).join("\n") + "\n\n";
    for line in old.lines().filter(|l| l.contains("rport-*")) {
        text.push_str(line);
        text.push('\n');
    }
    let _ = env.write(&path, &text);
}

/// zfcp_host_configure.
pub fn zfcp_host_configure(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (Some(id), Some(state)) = (words.get(1), words.get(2)) else {
        return said(1, "Usage: zfcp_host_configure <ccwid> <online>");
    };
    let on = match state.as_str() {
        "0" => false,
        "1" => true,
        other => return said(2, format!("Invalid device status {other}")),
    };
    let found = device_number(id).filter(|d| exists(env, &ccw_path(*d)));
    let Some(device) = found else {
        return said(3, format!("No device {id}"));
    };
    if view(env).is_some_and(|v| v.zfcp.faults.no_zfcp) {
        return Outcome::default().with_status(4);
    }
    let file = format!("{}/online", ccw_path(device));
    let is_on = get(env, &file).as_deref() == Some("1");
    if !on
        && view(env).is_some_and(|v| {
            v.zfcp
                .adapters
                .get(&device)
                .is_some_and(|a| a.ports.values().any(|p| !p.units.is_empty()))
        })
    {
        return said(6, "WWPNs still active");
    }
    if is_on != on && put(env, &file, if on { "1" } else { "0" }).is_err() {
        return said(5, format!("Could not change state of device {id}"));
    }
    if !on {
        let path = rule_path(device);
        let _ = files::remove(env.world, &env.host, &path);
        return Outcome::default();
    }
    write_host_rules(env, device);
    let newer = env
        .linux()
        .is_some_and(|l| l.distribution == Distribution::Sles12);
    let automatic = view(env).is_some_and(|v| v.zfcp.scans_automatically(&v.machine, device));
    // 10 says that LUNs appear by themselves; a caller must take it as success.
    Outcome::default().with_status(if newer && automatic { 10 } else { 0 })
}

/// zfcp_disk_configure.
pub fn zfcp_disk_configure(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let [_, id, port, unit, state] = words else {
        return said(
            1,
            "Usage: zfcp_disk_configure <ccwid> <wwpn> <lun> <online>",
        );
    };
    let on = match state.as_str() {
        "0" => false,
        "1" => true,
        other => return said(2, format!("Invalid device status {other}")),
    };
    let found = device_number(id)
        .filter(|d| get(env, &format!("{}/online", ccw_path(*d))).as_deref() == Some("1"));
    let Some(device) = found else {
        return said(3, format!("No device {id}"));
    };
    let (Some(wwpn), Some(lun)) = (
        sixteen_digits(port).map(Wwpn),
        sixteen_digits(unit).map(Lun),
    ) else {
        return said(4, format!("WWPN {port} invalid"));
    };
    if !exists(env, &port_path(device, wwpn)) {
        return said(5, format!("WWPN {port} for adapter {id} not found"));
    }
    let there = exists(env, &unit_path(device, wwpn, lun));
    if on {
        add_disk(env, device, wwpn, lun, there)
    } else {
        remove_disk(env, device, wwpn, lun, there)
    }
}

fn has_disk(env: &ProgramEnv<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> Option<String> {
    let view = view(env)?;
    let port = view.zfcp.adapters.get(&device)?.ports.get(&wwpn)?;
    Some(port.devices.get(&lun)?.disk.clone())
}

fn add_disk(
    env: &mut ProgramEnv<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
    there: bool,
) -> Outcome {
    let mut out = Outcome::default();
    if there {
        out.say(format!("FCP disk {wwpn}:{lun} already configured"));
    } else if put(
        env,
        &format!("{}/unit_add", port_path(device, wwpn)),
        &format!("0x{lun}"),
    )
    .is_err()
    {
        return said(6, format!("Could not activate FCP disk {wwpn}:{lun}"));
    }
    if has_disk(env, device, wwpn, lun).is_none() {
        let _ = put(
            env,
            &format!("{}/failed", unit_path(device, wwpn, lun)),
            "0",
        );
        if has_disk(env, device, wwpn, lun).is_none() {
            return said(6, format!("Could not activate FCP disk {wwpn}:{lun}"));
        }
    }
    let path = rule_path(device);
    let line = lun_line(device, wwpn, lun);
    let text = env.read(&path).map_or_else(
        |_| host_lines(device).join("\n") + "\n\n",
        std::borrow::Cow::into_owned,
    );
    if text.lines().all(|l| l != line) {
        let _ = env.write(&path, &format!("{text}{line}\n"));
    }
    out
}

fn remove_disk(
    env: &mut ProgramEnv<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
    there: bool,
) -> Outcome {
    let mut out = Outcome::default();
    if let Some(disk) = has_disk(env, device, wwpn, lun)
        && put(env, &format!("/sys/block/{disk}/device/delete"), "1").is_err()
    {
        return said(7, format!("Could not deactivate SCSI disk {disk}"));
    }
    if !there {
        out.say(format!("FCP disk {wwpn}:{lun} does not exist"));
    } else if put(
        env,
        &format!("{}/unit_remove", port_path(device, wwpn)),
        &format!("0x{lun}"),
    )
    .is_err()
    {
        return said(8, format!("Could not deregister FCP LUN {lun}"));
    }
    let path = rule_path(device);
    let line = lun_line(device, wwpn, lun);
    let text = env.read(&path).map(std::borrow::Cow::into_owned);
    if let Ok(text) = text {
        let keep: String = text
            .split_inclusive('\n')
            .filter(|l| l.trim_end() != line)
            .collect();
        let _ = env.write(&path, &keep);
    }
    out
}

/// zfcp_san_disc: `-W -b ID` lists WWPNs, `-L -b ID -p WWPN` LUNs.
pub fn zfcp_san_disc(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "bp", &[]);
    let device = options.value(&["-b"]).and_then(device_number);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let Some((device, adapter)) = device.and_then(|d| Some((d, view.zfcp.adapters.get(&d)?)))
    else {
        return said(1, "No such adapter");
    };
    let mut out = Outcome::default();
    if options.has(&["-W"]) {
        for wwpn in adapter.ports.keys() {
            out.say(format!("0x{wwpn}"));
        }
        return out;
    }
    let wwpn = options.value(&["-p"]).and_then(sixteen_digits).map(Wwpn);
    match wwpn.map(|wwpn| report(&view, device, wwpn)) {
        Some(Report::Luns(luns)) => {
            for lun in luns {
                out.say(format!("0x{lun}"));
            }
            out
        }
        _ => out.with_status(1),
    }
}
