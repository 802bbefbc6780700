//! What the zHCP's shell scripts have in common (spec: zhcp-and-smapi 1.3.1).

use super::{clock, cp, power, smcli};
use crate::hosts::{ProgramEnv, files, shell};
use crate::seam::Outcome;
use crate::world::{DeviceNumber, UserId};

/// Kernel's list of DASD devices.
pub const DASD_DEVICES: &str = "/proc/dasd/devices";
/// Aliases that were ever used, and those in use now.
const ALIASES: &str = "/var/run/zhcp_disk_linking_aliases";
const CURRENT: &str = "/var/run/zhcp_current_disk_aliases";
/// Directory that is the lock of disk connections.
const LOCK: &str = "/var/run/zhcp_disk_connection_lock";

/// Options and positional words of a script: options may stand anywhere.
#[derive(Debug, Default)]
pub struct Words {
    /// Positional words.
    pub operands: Vec<String>,
    /// Options.
    pub options: Vec<String>,
    /// Value of `--compression`.
    pub compression: Option<String>,
}

impl Words {
    /// Reads the words after the script's name.
    pub fn read(words: &[String]) -> Self {
        let mut read = Self::default();
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            if word == "--compression" {
                read.compression = Some(rest.next().cloned().unwrap_or_default());
            } else if word.starts_with('-') {
                read.options.push(word.clone());
            } else {
                read.operands.push(word.clone());
            }
        }
        read
    }

    /// Whether an option was given.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|o| names.contains(&o.as_str()))
    }
}

/// Timestamp of now.
pub fn stamp(env: &ProgramEnv<'_>) -> String {
    clock::stamp(env.world.now_ms)
}

/// Whether a guest is logged on, as the scripts ask.
pub fn is_running(env: &mut ProgramEnv<'_>, user: &str) -> bool {
    let own = own(env);
    cp::command(env, &own, &format!("QUERY USER {user}")).code == 0
}

/// The zHCP's own userid.
pub fn own(env: &ProgramEnv<'_>) -> UserId {
    env.linux().map(|l| l.userid.clone()).unwrap_or_default()
}

fn append(env: &mut ProgramEnv<'_>, path: &str, line: &str) {
    let old = env
        .read(path)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let now = env.world.now_ms;
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        linux.fs.write(path, format!("{old}{line}\n"), now);
    }
}

fn remove_line(env: &mut ProgramEnv<'_>, path: &str, is: impl Fn(&str) -> bool) {
    let old = env
        .read(path)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let text: String = old
        .lines()
        .filter(|l| !is(l))
        .map(|l| format!("{l}\n"))
        .collect();
    let now = env.world.now_ms;
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        linux.fs.write(path, text, now);
    }
}

/// A minidisk that a script has linked and brought online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Where it is linked.
    pub alias: DeviceNumber,
    /// Kernel name of its device.
    pub device: String,
}

/// Connects a minidisk: alias, link, online. The error is the routine's result code with its output.
pub fn connect(
    env: &mut ProgramEnv<'_>,
    user: &str,
    device: &str,
    mode: &str,
) -> Result<Connected, (i32, String)> {
    if files::exists(env.world, &env.host, LOCK) {
        env.world.now_ms += 120_000;
        let waiting = format!("WARNING: Waiting on lock: {LOCK}\n");
        return Err((5, waiting.repeat(4)));
    }
    let own = own(env);
    let alias = free_alias(env);
    append(env, ALIASES, &alias.to_string());
    append(
        env,
        CURRENT,
        &format!("{} {device} AS {alias}", user.to_ascii_uppercase()),
    );
    let answer = cp::command(
        env,
        &own,
        &format!("LINK {user} {device} AS {alias} {mode}"),
    );
    if answer.code != 0 {
        let text: Vec<&str> = answer
            .text
            .lines()
            .filter(|l| l.starts_with("HCP"))
            .collect();
        cp::command(env, &own, &format!("DETACH {alias}"));
        forget(env, alias);
        return Err((
            2,
            format!(
                "ERROR: Unable to link {user} {device} disk. {}\n",
                text.join(" ")
            ),
        ));
    }
    env.world.now_ms += 4_000;
    Ok(Connected {
        alias,
        device: bring_online(env, alias),
    })
}

/// An address that is free in the zHCP: one that was used before, else a random one.
fn free_alias(env: &mut ProgramEnv<'_>) -> DeviceNumber {
    let known: Vec<DeviceNumber> = env
        .read(ALIASES)
        .map(|t| {
            t.lines()
                .filter_map(|l| DeviceNumber::parse(l).ok())
                .collect()
        })
        .unwrap_or_default();
    let own = own(env);
    let is_free = |env: &mut ProgramEnv<'_>, number: DeviceNumber| {
        cp::command(env, &own, &format!("QUERY VIRTUAL {number}")).code == 40
    };
    for number in known {
        if is_free(env, number) {
            return number;
        }
    }
    loop {
        let number = DeviceNumber((env.world.next_random() & 0xffff) as u16);
        if number.0 >= 0x1000 && is_free(env, number) {
            return number;
        }
    }
}

/// Sets a disk online: a line of the kernel's list; gives its name.
fn bring_online(env: &mut ProgramEnv<'_>, alias: DeviceNumber) -> String {
    let list = env
        .read(DASD_DEVICES)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let taken = |name: &str| {
        list.lines()
            .any(|l| l.split_whitespace().any(|w| w == name))
    };
    let index = (1..26_u8)
        .find(|i| !taken(&format!("dasd{}", char::from(b'a' + i))))
        .unwrap_or(25);
    let name = format!("dasd{}", char::from(b'a' + index));
    let own = own(env);
    let disk = env
        .system()
        .and_then(|s| s.running.get(&own)?.disks.get(&alias).cloned())
        .unwrap_or_default();
    let (kind, blocks) = if disk.kind.starts_with("33") {
        ("ECKD", disk.size * 180)
    } else {
        ("FBA ", disk.size / 8)
    };
    let megabytes = blocks * 4_096 / 1_048_576;
    append(
        env,
        DASD_DEVICES,
        &format!(
            "0.0.{alias}({kind}) at ( 94:{:>4}) is {name:<12}: active at blocksize: 4096, {blocks} blocks, {megabytes} MB",
            u32::from(index) * 4
        ),
    );
    name
}

fn forget(env: &mut ProgramEnv<'_>, alias: DeviceNumber) {
    let suffix = format!(" AS {alias}");
    remove_line(env, CURRENT, |l| l.ends_with(&suffix));
}

/// Alias under which a minidisk is connected now.
pub fn alias_of(env: &ProgramEnv<'_>, user: &str, device: &str) -> Option<DeviceNumber> {
    let head = format!("{} {device} AS ", user.to_ascii_uppercase());
    let text = env.read(CURRENT).ok()?;
    text.lines().find_map(|l| {
        l.strip_prefix(&head)
            .and_then(|a| DeviceNumber::parse(a).ok())
    })
}

/// Releases a minidisk: offline, detached, forgotten.
///
/// # Errors
/// The routine's result code with its output.
pub fn disconnect(env: &mut ProgramEnv<'_>, alias: DeviceNumber) -> Result<(), (i32, String)> {
    let head = format!("0.0.{alias}(");
    remove_line(env, DASD_DEVICES, |l| l.starts_with(&head));
    let own = own(env);
    let answer = cp::command(env, &own, &format!("DETACH {alias}"));
    forget(env, alias);
    if answer.code == 0 {
        Ok(())
    } else {
        Err((
            3,
            format!("WARNING: Disk Detach Error: {}\n", answer.text.trim_end()),
        ))
    }
}

/// Connects a LUN to the zHCP and gives its by-path name; the error is the routine's result code with its message. The
/// result of smcli is not looked at (spec: zhcp-and-smapi Appendix C 31).
pub fn connect_fcp(
    env: &mut ProgramEnv<'_>,
    channel: &str,
    wwpn: &str,
    lun: &str,
) -> Result<String, (i32, String)> {
    let own = own(env);
    let dedicate: Vec<String> = [
        "smcli",
        "Image_Device_Dedicate",
        "-T",
        own.as_str(),
        "-v",
        channel,
        "-r",
        channel,
    ]
    .map(str::to_owned)
    .to_vec();
    smcli::run(env, &dedicate, "");
    let run =
        |env: &mut ProgramEnv<'_>, line: &str| -> Outcome { shell::run_in(env, "bash", line, "") };
    run(env, &format!("/sbin/cio_ignore -r {channel}"));
    if run(env, &format!("/sbin/chccwdev -e {channel}")).rc != 0 {
        return Err((
            5,
            "ERROR: An error was encountered while attaching the disk.\n".to_owned(),
        ));
    }
    let folder = format!("/sys/bus/ccw/drivers/zfcp/0.0.{channel}");
    let host = env.host.clone();
    if !files::is_directory(env.world, &host, &format!("{folder}/{wwpn}")) {
        run(env, &format!("echo {wwpn} > {folder}/port_add"));
    }
    run(env, &format!("echo {lun} > {folder}/{wwpn}/unit_add"));
    run(env, "/sbin/udevadm trigger; /sbin/udevadm settle");
    let path = format!("/dev/disk/by-path/ccw-0.0.{channel}-zfcp-{wwpn}:{lun}");
    for attempt in 0..10 {
        crate::hosts::guest::settle(env.world, &host);
        if files::exists(env.world, &host, &path) {
            return Ok(path);
        }
        if attempt < 9 {
            env.world.now_ms += 5_000;
        }
    }
    Err((
        6,
        "ERROR: An error was encountered while locating disk.\n".to_owned(),
    ))
}

/// Takes a LUN and its channel away from the zHCP again.
pub fn disconnect_fcp(env: &mut ProgramEnv<'_>, channel: &str, wwpn: &str, lun: &str) {
    let folder = format!("/sys/bus/ccw/drivers/zfcp/0.0.{channel}");
    shell::run_in(
        env,
        "bash",
        &format!("echo {lun} > {folder}/{wwpn}/unit_remove"),
        "",
    );
    shell::run_in(env, "bash", &format!("/sbin/chccwdev -d {channel}"), "");
    let own = own(env);
    let undedicate: Vec<String> = [
        "smcli",
        "Image_Device_Undedicate",
        "-T",
        own.as_str(),
        "-v",
        channel,
    ]
    .map(str::to_owned)
    .to_vec();
    smcli::run(env, &undedicate, "");
    let system = env.linux().map(|l| l.system.clone()).unwrap_or_default();
    if let Some(host) = power::linux_of(env.world, &system, &own) {
        crate::hosts::guest::settle(env.world, &host);
    }
}
