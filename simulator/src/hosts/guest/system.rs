//! Programs of a guest that tell about or change the system as a whole: modules, services, kernel log, boot tools,
//! shutdown.

use super::life;
use super::tool::{base_name, exists, put, view};
use crate::hosts::ProgramEnv;
use crate::hosts::coreutils::Options;
use crate::seam::Outcome;
use crate::world::Distribution;
use crate::world::linux::Family;

/// Modules of this model with what they say of themselves.
const MODULES: [(&str, &str); 8] = [
    ("zfcp", "139264  0"),
    ("scsi_transport_fc", "73728  1 zfcp"),
    ("sg", "49152  0"),
    ("sd_mod", "53248  0"),
    ("dm_multipath", "32768  0"),
    ("qdio", "65536  1 zfcp"),
    ("vmur", "24576  0"),
    ("vmcp", "16384  0"),
];

/// modprobe: silent, or FATAL for a module that cannot be loaded.
pub fn modprobe(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "CdS", &[]);
    let remove = options.has(&["-r", "--remove"]);
    for name in &options.operands {
        if name.contains('=') {
            continue;
        }
        let known = MODULES.iter().any(|(m, _)| m == name)
            || matches!(
                name.as_str(),
                "vmcp"
                    | "vmur"
                    | "af_iucv"
                    | "iucv"
                    | "qeth"
                    | "dasd_mod"
                    | "dasd_eckd_mod"
                    | "dasd_fba_mod"
                    | "dm_mod"
                    | "dm-multipath"
                    | "nfs"
                    | "loop"
                    | "8021q"
                    | "bonding"
            );
        let broken = name == "zfcp" && view(env).is_some_and(|v| v.zfcp.faults.no_zfcp);
        if !known || broken {
            let release = super::super::coreutils::kernel_release(env);
            return Outcome::fail(
                1,
                if broken {
                    format!("modprobe: ERROR: could not insert '{name}': Exec format error\n")
                } else {
                    format!(
                        "modprobe: FATAL: Module {name} not found in directory /lib/modules/{release}\n"
                    )
                },
            );
        }
        if remove && name == "zfcp" {
            return Outcome::fail(1, "modprobe: FATAL: Module zfcp is in use.\n");
        }
    }
    Outcome::default()
}

/// lsmod.
pub fn lsmod(env: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    let (no_zfcp, no_sg) = view(env).map_or((false, false), |v| {
        (v.zfcp.faults.no_zfcp, v.zfcp.faults.no_sg)
    });
    let mut out = Outcome::ok("Module                  Size  Used by\n");
    for (name, rest) in MODULES {
        if (no_zfcp && name == "zfcp") || (no_sg && name == "sg") {
            continue;
        }
        let (size, used) = rest.split_once("  ").unwrap_or((rest, ""));
        out.say(format!("{name:<19} {size:>8}  {used}"));
    }
    out
}

/// dmesg: the kernel's log since the last boot.
pub fn dmesg(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let clear = words.iter().any(|w| w == "-c" || w == "-C");
    let since = env
        .linux()
        .and_then(|l| env.system()?.running.get(&l.userid))
        .map_or(0, |vm| vm.logged_on_ms);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mut out = Outcome::default();
    for (ms, text) in &view.zfcp.log {
        let up = ms.saturating_sub(since);
        out.say(format!("[{:5}.{:03}000] {text}", up / 1_000, up % 1_000));
    }
    drop(view);
    if clear && let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        linux.zfcp.log.clear();
    }
    out
}

/// lsb_release: `-a -i -r -c -d -s`, from the release files.
pub fn lsb_release(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let distribution = env.linux().map(|l| l.distribution).unwrap_or_default();
    let (id, description, release, code) = match distribution {
        Distribution::Rhel6 => (
            "RedHatEnterpriseServer",
            "Red Hat Enterprise Linux Server release 6.8 (Santiago)",
            "6.8",
            "Santiago",
        ),
        Distribution::Rhel7 => (
            "RedHatEnterpriseServer",
            "Red Hat Enterprise Linux Server release 7.2 (Maipo)",
            "7.2",
            "Maipo",
        ),
        Distribution::Sles11 => (
            "SUSE LINUX",
            "SUSE Linux Enterprise Server 11 (s390x)",
            "11",
            "n/a",
        ),
        Distribution::Sles12 => ("SUSE", "SUSE Linux Enterprise Server 12 SP1", "12.1", "n/a"),
        Distribution::Ubuntu16 => ("Ubuntu", "Ubuntu 16.04.1 LTS", "16.04", "xenial"),
        Distribution::Ubuntu20 => ("Ubuntu", "Ubuntu 20.04.6 LTS", "20.04", "focal"),
    };
    let short = options.has(&["-s", "--short"]);
    let all = options.has(&["-a", "--all"]);
    let mut out = Outcome::default();
    if options.options.is_empty() || all {
        let text = "No LSB modules are available.";
        if distribution.family() == Family::Ubuntu {
            out.complain(text);
        } else {
            out.say("LSB Version:\t:core-4.1-noarch:core-4.1-s390x");
        }
    }
    for (flags, label, value) in [
        (["-i", "--id"], "Distributor ID:\t", id),
        (["-d", "--description"], "Description:\t", description),
        (["-r", "--release"], "Release:\t", release),
        (["-c", "--codename"], "Codename:\t", code),
    ] {
        if all || options.has(&flags) {
            out.say(if short {
                value.to_owned()
            } else {
                format!("{label}{value}")
            });
        }
    }
    out
}

/// Units that the model has an opinion on, with what runs behind them.
fn unit_state(env: &ProgramEnv<'_>, unit: &str) -> Option<bool> {
    let name = unit.trim_end_matches(".service");
    match name {
        "multipathd" | "multipath-tools" => {
            Some(env.linux().is_none_or(|l| !l.zfcp.faults.no_multipathd))
        }
        "iucvserd" => {
            let installed = exists(env, "/usr/bin/iucvserv") || env.linux().is_some_and(|l| l.iucv);
            installed.then(|| env.linux().is_some_and(|l| l.iucv))
        }
        "sshd" | "ssh" => Some(env.linux().is_some_and(|l| l.ssh)),
        "device_cio_free" | "zfcp_cio_free" | "udev" | "systemd-udevd" | "network" | "crond"
        | "xcatconf4z" => Some(true),
        _ => None,
    }
}

fn change_unit(env: &mut ProgramEnv<'_>, unit: &str, on: bool) {
    let name = unit.trim_end_matches(".service").to_owned();
    match name.as_str() {
        "multipathd" | "multipath-tools" => {
            if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
                linux.zfcp.faults.no_multipathd = !on;
            }
            let host = env.host.clone();
            super::settle(env.world, &host);
        }
        "iucvserd" => {
            if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
                linux.iucv = on;
            }
        }
        "device_cio_free" | "zfcp_cio_free" if on => {
            super::redhat::device_cio_free(env, &[], "");
        }
        _ => {}
    }
}

/// systemctl: `start stop restart status is-active enable disable daemon-reload` of a unit.
pub fn systemctl(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "tpn", &[]);
    let Some((verb, units)) = options.operands.split_first() else {
        return Outcome::default();
    };
    match verb.as_str() {
        "daemon-reload" | "daemon-reexec" | "list-units" | "reset-failed" => {
            return Outcome::default();
        }
        "reboot" => return life::shut_down(env, true),
        "poweroff" | "halt" => return life::shut_down(env, false),
        _ => {}
    }
    let mut out = Outcome::default();
    for unit in units {
        let full = if unit.contains('.') {
            unit.clone()
        } else {
            format!("{unit}.service")
        };
        let state = unit_state(env, unit);
        match (verb.as_str(), state) {
            ("is-active", Some(true)) => out.say("active"),
            ("is-active", Some(false)) => {
                out.say("inactive");
                out.rc = 3;
            }
            ("is-active", None) => {
                out.say("unknown");
                out.rc = 3;
            }
            ("is-enabled", Some(_)) => out.say("enabled"),
            ("is-enabled" | "disable" | "enable", None) => {
                out.complain(format!("Failed to {verb} unit: No such file or directory"));
                out.rc = 1;
            }
            ("start" | "restart" | "stop" | "reload", None) => {
                out.complain(format!(
                    "Failed to {verb} {full}: Unit {full} failed to load: No such file or directory."
                ));
                out.rc = 5;
            }
            ("start" | "restart", Some(_)) => change_unit(env, unit, true),
            ("stop", Some(_)) => change_unit(env, unit, false),
            ("status", Some(on)) => {
                out.say(format!("● {full}"));
                out.say(format!(
                    "   Loaded: loaded (/usr/lib/systemd/system/{full}; enabled)"
                ));
                out.say(format!(
                    "   Active: {}",
                    if on {
                        "active (running)"
                    } else {
                        "inactive (dead)"
                    }
                ));
                out.rc = if on { 0 } else { 3 };
            }
            ("status", None) => {
                out.say(format!("Unit {full} could not be found."));
                out.rc = 4;
            }
            _ => {}
        }
    }
    out
}

/// service NAME start|stop|restart|status.
pub fn service(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (Some(name), Some(verb)) = (words.get(1), words.get(2)) else {
        return Outcome::fail(
            1,
            "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n",
        );
    };
    match (unit_state(env, name), verb.as_str()) {
        (None, _) => Outcome::fail(1, format!("{name}: unrecognized service\n")),
        (Some(on), "status") => {
            if on {
                Outcome::ok(format!("{name} (pid  1071) is running...\n"))
            } else {
                Outcome::ok(format!("{name} is stopped\n")).with_status(3)
            }
        }
        (Some(_), "start" | "restart" | "reload") => {
            change_unit(env, name, true);
            Outcome::default()
        }
        (Some(_), "stop") => {
            change_unit(env, name, false);
            Outcome::default()
        }
        _ => Outcome::default(),
    }
}

/// chkconfig and update-rc.d: what they change is not asked for by anything in the model.
pub fn chkconfig(_: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    Outcome::default()
}

/// zipl, mkinitrd, dracut, update-initramfs, update-bootloader: take what is configured into the next boot's ram disk.
pub fn boot_tool(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let tool = base_name(words);
    let release = super::super::coreutils::kernel_release(env);
    match tool {
        "zipl" => Outcome::ok(
            "Using config file '/etc/zipl.conf'\nBuilding bootmap in '/boot'\nBuilding menu 'zipl-automatic-menu'\n\
             Adding #1: IPL section 'linux' (default)\nPreparing boot device: dasda (0100).\nDone.\n",
        ),
        "update-initramfs" => Outcome::ok(format!(
            "update-initramfs: Generating /boot/initrd.img-{release}\n"
        )),
        _ => Outcome::default(),
    }
}

/// shutdown, halt, poweroff, reboot, init.
pub fn shutdown(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let tool = base_name(words);
    let has = |option: &str| words.iter().any(|w| w == option);
    match tool {
        "shutdown" if has("-c") => Outcome::default(),
        "shutdown" if words.len() < 2 => Outcome::fail(1, "shutdown: time expected\n"),
        "shutdown" => life::shut_down(env, has("-r")),
        "init" | "telinit" => match words.get(1).map(String::as_str) {
            Some("6") => life::shut_down(env, true),
            Some("0") => life::shut_down(env, false),
            _ => Outcome::default(),
        },
        "reboot" => life::shut_down(env, true),
        _ => life::shut_down(env, false),
    }
}

/// rescan-scsi-bus.sh: asks every SCSI host to scan.
pub fn rescan_scsi_bus(env: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    let hosts: Vec<u32> = view(env)
        .map(|v| v.zfcp.adapters.values().map(|a| a.host).collect())
        .unwrap_or_default();
    let before = view(env).map_or(0, |v| v.zfcp.disks().count());
    for host in hosts {
        let _ = put(
            env,
            &format!("/sys/class/scsi_host/host{host}/scan"),
            "- - -",
        );
    }
    let after = view(env).map_or(0, |v| v.zfcp.disks().count());
    Outcome::ok(format!(
        "{} new or changed device(s) found.\n0 remapped or resized device(s) found.\n0 device(s) removed.\n",
        after.saturating_sub(before)
    ))
}
