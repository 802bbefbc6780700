//! The worker script `setupDisk` that xCAT ships: disks and file system nodes of a guest at its start
//! (spec: guests 6.11).

use std::collections::BTreeMap;

use super::tool::{ccw_path, exists, get, port_path, put, sixteen_digits, view};
use super::udev::{self, Filter};
use super::{chccwdev, cio_ignore, multipath, redhat, suse, zdev};
use crate::hosts::ProgramEnv;
use crate::hosts::sysfs::css::hctl;
use crate::world::linux::{Distribution, Family};
use crate::world::zfcp::event::Action;
use crate::world::{DeviceNumber, Lun, Wwpn};

const LINK_RULES: &str = "/etc/udev/rules.d/56-zfcp.rules";

/// Runs the worker with its `key=value` words. Nobody reads what it says.
pub fn run(env: &mut ProgramEnv<'_>, parameters: &[String]) {
    let values: BTreeMap<&str, &str> = parameters
        .iter()
        .filter_map(|p| p.split_once('='))
        .collect();
    let value = |key: &str| values.get(key).copied().unwrap_or_default();
    match value("action") {
        "addScsiVolume" => {
            if let Some(paths) = paths(value("fcpAddr"), value("wwpn"), value("lun")) {
                add_volume(env, &paths);
            }
        }
        "removeScsiVolume" => {
            if let Some(paths) = paths(value("fcpAddr"), value("wwpn"), value("lun")) {
                remove_volume(env, &paths);
            }
        }
        "createfilesysnode" => create_node(env, value("tgtFile"), value("srcFile")),
        "removefilesysnode" => remove_node(env, value("tgtFile")),
        // Minidisks and swap space are the kernel's DASD affair, which this model does not have.
        _ => {}
    }
}

/// FCP devices, WWPNs and the LUN of a volume.
struct Paths {
    devices: Vec<DeviceNumber>,
    wwpns: Vec<Wwpn>,
    lun: Lun,
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';']).filter(|t| !t.is_empty())
}

fn paths(devices: &str, wwpns: &str, lun: &str) -> Option<Paths> {
    Some(Paths {
        devices: list(devices)
            .map(super::tool::device_number)
            .collect::<Option<_>>()?,
        wwpns: list(wwpns)
            .map(|w| sixteen_digits(w).map(Wwpn))
            .collect::<Option<_>>()?,
        lun: sixteen_digits(lun).map(Lun)?,
    })
}

fn words(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|p| (*p).to_owned()).collect()
}

fn add_volume(env: &mut ProgramEnv<'_>, paths: &Paths) {
    let distribution = env.linux().map(|l| l.distribution).unwrap_or_default();
    for device in &paths.devices {
        let id = format!("0.0.{device}");
        cio_ignore::run(env, &words(&["cio_ignore", "-r", &id]), "");
        chccwdev::run(env, &words(&["chccwdev", "-e", &id]), "");
        match distribution.family() {
            Family::Suse => {
                let listed = get(env, "/boot/zipl/active_devices.txt")
                    .is_some_and(|text| text.lines().any(|l| l.trim() == id));
                if distribution == Distribution::Sles11 || !listed {
                    suse::zfcp_host_configure(env, &words(&["zfcp_host_configure", &id, "1"]), "");
                }
            }
            Family::Ubuntu => {
                zdev::chzdev(env, &words(&["chzdev", "zfcp-host", &id, "-e"]), "");
            }
            Family::RedHat => {}
        }
    }
    if paths.wwpns.len() > 1
        && let Some(linux) = env.world.linuxes.get_mut(&env.host)
    {
        linux.zfcp.faults.no_multipathd = false;
    }
    for device in &paths.devices {
        for wwpn in &paths.wwpns {
            let file = format!("{}/unit_add", port_path(*device, *wwpn));
            let lun = paths.lun;
            let _ = put(env, &file, &format!("0x{lun}"));
            keep(env, *device, *wwpn, lun);
        }
    }
    multipath::multipath(env, &words(&["multipath", "-r"]), "");
}

/// Writes the configuration for the next boots.
fn keep(env: &mut ProgramEnv<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) {
    let id = format!("0.0.{device}");
    let family = env.linux().map(|l| l.distribution.family());
    match family {
        Some(Family::Suse) => {
            let call = words(&[
                "zfcp_disk_configure",
                &id,
                &wwpn.to_string(),
                &lun.to_string(),
                "1",
            ]);
            suse::zfcp_disk_configure(env, &call, "");
        }
        Some(Family::RedHat) => {
            let text = env
                .read(redhat::CONF)
                .map(std::borrow::Cow::into_owned)
                .unwrap_or_default();
            let _ = env.write(redhat::CONF, &format!("{text}{id} 0x{wwpn} 0x{lun}\n"));
            let _ = put(env, &format!("{}/uevent", ccw_path(device)), "add");
        }
        Some(Family::Ubuntu) => {
            let call = words(&[
                "chzdev",
                "zfcp-lun",
                &format!("{id}:0x{wwpn}:0x{lun}"),
                "-e",
            ]);
            zdev::chzdev(env, &call, "");
        }
        None => {}
    }
}

fn remove_volume(env: &mut ProgramEnv<'_>, paths: &Paths) {
    let lun = paths.lun;
    for device in &paths.devices {
        for wwpn in &paths.wwpns {
            let scsi = view(env).and_then(|v| {
                v.zfcp
                    .adapters
                    .get(device)?
                    .ports
                    .get(wwpn)?
                    .devices
                    .get(&lun)?;
                hctl(&v, *device, *wwpn, lun)
            });
            if let Some(scsi) = scsi {
                let _ = put(env, &format!("/sys/bus/scsi/devices/{scsi}/delete"), "1");
            }
            let file = format!("{}/unit_remove", port_path(*device, *wwpn));
            let _ = put(env, &file, &format!("0x{lun}"));
            match env.linux().map(|l| l.distribution.family()) {
                Some(Family::RedHat) => drop_lines(env, redhat::CONF, &[&lun.to_string()]),
                Some(Family::Suse) => {
                    let file = format!("/etc/udev/rules.d/51-zfcp-0.0.{device}.rules");
                    drop_lines(env, &file, &[&lun.to_string()]);
                }
                Some(Family::Ubuntu) => {
                    let id = format!("0.0.{device}:0x{wwpn}:0x{lun}");
                    zdev::chzdev(env, &words(&["chzdev", "zfcp-lun", &id, "-d"]), "");
                }
                None => {}
            }
        }
    }
    multipath::multipath(env, &words(&["multipath", "-W"]), "");
    multipath::multipath(env, &words(&["multipath", "-r"]), "");
}

/// Removes the lines of a file that contain any of the texts.
fn drop_lines(env: &mut ProgramEnv<'_>, path: &str, texts: &[&str]) {
    let Ok(old) = env.read(path).map(std::borrow::Cow::into_owned) else {
        return;
    };
    let keep: String = old
        .split_inclusive('\n')
        .filter(|line| !texts.iter().any(|t| line.contains(t)))
        .collect();
    let _ = env.write(path, &keep);
}

/// `ccw-0.0.{fcp list}-zfcp-{wwpn list}:{lun}`, or `…-fc-{wwpn list}-lun-{number}`: devices, WWPNs and LUN as written.
fn source(text: &str) -> Option<(Vec<&str>, Vec<&str>, &str, bool)> {
    let (_, rest) = text.split_once("ccw-0.0.")?;
    let ubuntu = !rest.contains("-zfcp-");
    let (devices, rest) = rest.split_once(if ubuntu { "-fc-" } else { "-zfcp-" })?;
    let (wwpns, lun) = rest.split_once(if ubuntu { "-lun-" } else { ":" })?;
    Some((list(devices).collect(), list(wwpns).collect(), lun, ubuntu))
}

fn create_node(env: &mut ProgramEnv<'_>, target: &str, text: &str) {
    let Some((devices, wwpns, lun, ubuntu)) = source(text) else {
        return;
    };
    let name = target.replacen("/dev/", "", 1);
    if exists(env, target) {
        return;
    }
    let prefixed = |wwpn: &str| format!("0x{}", wwpn.trim_start_matches("0x"));
    let link = |device: &str, wwpn: &str| {
        let wwpn = prefixed(wwpn);
        if ubuntu {
            format!("/dev/disk/by-path/ccw-0.0.{device}-fc-{wwpn}-lun-{lun}")
        } else {
            format!("/dev/disk/by-path/ccw-0.0.{device}-zfcp-{wwpn}:{lun}")
        }
    };
    let found = wwpns
        .iter()
        .flat_map(|w| devices.iter().map(|d| link(d, w)))
        .find(|path| exists(env, path));
    let Some(found) = found else {
        return;
    };
    let (rule, filter) = if wwpns.len() > 1 {
        let path = super::disk::canonical(env.world, &env.host, "/", &found);
        let wwid = view(env).and_then(|v| {
            let (.., disk) = v.zfcp.disk(path.rsplit('/').next()?)?;
            Some(disk.wwid.clone())
        });
        let Some(wwid) = wwid else {
            return;
        };
        (
            format!("KERNEL==\"dm*\", ENV{{DM_UUID}}==\"mpath-{wwid}\", SYMLINK+=\"{name}\"\n"),
            "dm-*",
        )
    } else {
        let wwpn = wwpns.first().map(|w| prefixed(w)).unwrap_or_default();
        (
            format!(
                "KERNEL==\"sd*\", ATTRS{{wwpn}}==\"{wwpn}\", ATTRS{{fcp_lun}}==\"{lun}\", SYMLINK+=\"{name}%n\"\n"
            ),
            "sd*",
        )
    };
    let old = env.read(LINK_RULES).map(std::borrow::Cow::into_owned);
    let fresh = if env
        .linux()
        .is_some_and(|l| l.distribution.family() == Family::RedHat)
    {
        "KERNEL==\"zfcp\", RUN+=\"/sbin/zfcpconf.sh\"\nKERNEL==\"zfcp\", RUN+=\"/sbin/multipath -r\"\n".to_owned()
    } else {
        String::new()
    };
    let text = old.unwrap_or(fresh);
    let _ = env.write(LINK_RULES, &(text + &rule));
    announce(env, &[filter]);
}

fn remove_node(env: &mut ProgramEnv<'_>, target: &str) {
    let name = target.replacen("/dev/", "", 1);
    let (one, other) = (
        format!("SYMLINK+=\"{name}%n\""),
        format!("SYMLINK+=\"{name}\""),
    );
    drop_lines(env, LINK_RULES, &[&one, &other]);
    announce(env, &["sd*", "dm-*"]);
}

fn announce(env: &mut ProgramEnv<'_>, names: &[&str]) {
    let filter = Filter {
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        ..Filter::default()
    };
    let host = env.host.clone();
    udev::trigger(env.world, &host, &filter, Action::Change);
}
