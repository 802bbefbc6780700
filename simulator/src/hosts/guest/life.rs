//! What happens to a guest without a command of its own: changes around it, boot, shutdown (spec: zfcp-and-san 5.5).

use super::tool::{ccw_path, exists, port_path, put};
use super::{mounts, reader, redhat, udev};
use crate::hosts::ProgramEnv;
use crate::hosts::shell::{Steps, Variables};
use crate::hosts::zhcp::power;
use crate::seam::Outcome;
use crate::world::linux::Family;
use crate::world::zfcp::event::{Action, Subject};
use crate::world::zfcp::names::parse_number;
use crate::world::zfcp::{Machine, Uevent, Zfcp, act};
use crate::world::{DeviceNumber, HostName, Linux, Lun, World, Wwpn};

/// Lets the kernel of a Linux notice what changed around it (devices attached and detached by CP, links, zones, time),
/// and udev process the events that come of it.
pub fn settle(world: &mut World, host: &HostName) {
    let Some(machine) = Machine::new(world, host) else {
        return;
    };
    let events = if machine.linux.zfcp.is_settled(&machine) {
        Vec::new()
    } else {
        act(world, host, |_, _, _| ()).map_or_else(Vec::new, |((), events)| events)
    };
    let now = world.now_ms;
    let waits = world.linuxes.get(host).is_some_and(|linux| {
        udev::has_waiting(&linux.zfcp, now) || udev::has_new_paths(&linux.zfcp, now)
    });
    if waits || !events.is_empty() {
        udev::process(world, host, events);
    }
}

/// The environment of a program that nobody called: of udev, of the boot.
fn environment<'a>(world: &'a mut World, host: &HostName) -> ProgramEnv<'a> {
    ProgramEnv {
        world,
        host: host.clone(),
        user: "root".into(),
        variables: Variables::default(),
        directory: "/".into(),
        depth: 0,
        steps: Steps::default(),
        merged: false,
    }
}

/// What is left of a Linux when its virtual machine is gone or loads anew: files, but nothing of the kernel's. Faults of
/// the guest are not the kernel's and stay.
pub fn stopped(world: &mut World, host: &HostName) {
    let Some(linux) = world.linuxes.get_mut(host) else {
        return;
    };
    let old = std::mem::take(&mut linux.zfcp);
    *linux.zfcp = Zfcp {
        faults: old.faults.clone(),
        ..Zfcp::default()
    };
    linux.fs.files.remove(mounts::MTAB);
}

/// A Linux starts: kernel parameters, what the initial RAM disk knows, udev's first run over all devices, the files
/// that wait in its reader, local file systems.
pub fn boot(world: &mut World, host: &HostName) {
    stopped(world, host);
    let Some(linux) = world.linuxes.get(host) else {
        return;
    };
    let (parameters, family) = (linux.kernel_parameters.clone(), linux.distribution.family());
    if let Some(linux) = world.linuxes.get_mut(host) {
        apply_kernel_parameters(linux);
    }
    settle(world, host);
    let mut env = environment(world, host);
    for value in parameters.split_whitespace().filter_map(|p| {
        p.strip_prefix("rd.zfcp=")
            .or_else(|| p.strip_prefix("rd_ZFCP="))
    }) {
        early_disk(&mut env, value);
    }
    if family == Family::RedHat {
        redhat::free_configured(&mut env);
    }
    // The driver's own event comes when all devices are known.
    udev::process(
        env.world,
        host,
        vec![Uevent::new(Action::Add, Subject::Driver)],
    );
    if let Some(linux) = env.world.linuxes.get_mut(host)
        && linux.zfcp.faults.names_shuffled
    {
        linux.zfcp.shuffle_names();
    }
    reader::run_waiting(&mut env);
    mounts::mount_all(&mut env);
}

/// A Linux breaks down and starts again: its virtual machine stays logged on, and nobody is answered for `ms` virtual
/// milliseconds (spec: zfcp-and-san 8.1 F67).
pub fn reboot(world: &mut World, host: &HostName, ms: u64) {
    let until = world.now_ms.saturating_add(ms);
    boot(world, host);
    if let Some(linux) = world.linuxes.get_mut(host) {
        linux.starting_until_ms = until;
    }
}

/// Does what `cio_ignore=` and `zfcp.allow_lun_scan=` of a Linux's kernel parameters ask for.
pub fn apply_kernel_parameters(linux: &mut Linux) {
    let zfcp = &mut linux.zfcp;
    for parameter in linux.kernel_parameters.split_whitespace() {
        if let Some(value) = parameter.strip_prefix("zfcp.allow_lun_scan=") {
            zfcp.no_lun_scan = matches!(value, "0" | "n" | "N");
        }
        let Some(list) = parameter.strip_prefix("cio_ignore=") else {
            continue;
        };
        for item in list.split(',') {
            let (free, item) = match item.strip_prefix('!') {
                Some(item) => (true, item),
                None => (false, item),
            };
            let range = match item {
                "all" => Some((DeviceNumber(0), DeviceNumber(u16::MAX))),
                // The console and the device of the IPL are not FCP devices of this model.
                "condev" | "ipldev" => None,
                _ => {
                    let (low, high) = item.split_once('-').unwrap_or((item, item));
                    super::tool::device_number(low).zip(super::tool::device_number(high))
                }
            };
            match range {
                Some((low, high)) if free => zfcp.unlist(low, high),
                Some((low, high)) => zfcp.ignore(low, high),
                None => {}
            }
        }
    }
}

/// A disk that the initial RAM disk configures: `{device},{WWPN},{LUN}`.
fn early_disk(env: &mut ProgramEnv<'_>, value: &str) {
    let parts: Vec<&str> = value.split(',').collect();
    let [device, wwpn, lun] = parts.as_slice() else {
        return;
    };
    let (Some(device), Some(wwpn), Some(lun)) = (
        super::tool::device_number(device),
        parse_number(wwpn).map(Wwpn),
        parse_number(lun).map(Lun),
    ) else {
        return;
    };
    if !exists(env, &ccw_path(device)) {
        let _ = put(env, "/proc/cio_ignore", &format!("free 0.0.{device}"));
    }
    let _ = put(env, &format!("{}/online", ccw_path(device)), "1");
    let _ = put(
        env,
        &format!("{}/unit_add", port_path(device, wwpn)),
        &format!("0x{lun}"),
    );
}

/// A Linux that shuts itself down: its virtual machine is logged off, or loads anew.
pub fn shut_down(env: &mut ProgramEnv<'_>, again: bool) -> Outcome {
    let host = env.host.clone();
    let Some(linux) = env.linux() else {
        return Outcome::default();
    };
    let (system, user) = (linux.system.clone(), linux.userid.clone());
    if again {
        boot(env.world, &host);
        return Outcome::default();
    }
    // A virtual machine that is not logged on has nothing left to shut down.
    let _ = power::log_off(env.world, &system, &user);
    Outcome::default()
}
