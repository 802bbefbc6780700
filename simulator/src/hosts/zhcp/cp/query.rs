//! QUERY and INDICATE.

use super::command::{Answer, Context, device, is};
use super::lines;
use crate::hosts::zhcp::clock;
use crate::world::UserId;
use crate::world::zvm::{FcpState, LanKind, SmapiServer, VirtualMachine};

/// Highest length of a userid.
const USERID: usize = 8;

/// QUERY.
pub(super) fn query(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let Some((what, rest)) = words.split_first() else {
        return Answer::message("CFC", 26, "Operand missing or invalid");
    };
    match *what {
        "USERID" => Answer::ok(format!(
            "{:<8} AT {}\n",
            context.user.as_str(),
            context.system
        )),
        w if is(w, "USERS", 4) => match rest.first() {
            Some(name) => user(context, name),
            None => Answer::ok(format!(
                "  {:>3} USERS,     0 DIALED,     0 NET\n",
                context.zvm().running.len() + context.zvm().smapi.servers.len()
            )),
        },
        w if is(w, "NAMES", 1) => names(context),
        w if is(w, "PRIVCLASS", 4) || w == "PRIVILEGECLASSES" => privileges(context),
        w if is(w, "VIRTUAL", 1) => virtual_devices(context, rest),
        w if is(w, "STORAGE", 4) => {
            let zvm = context.zvm();
            match zvm.running.get(&context.user) {
                Some(machine) => {
                    let most = zvm
                        .directory
                        .get(&context.user)
                        .and_then(|e| e.find("USER")?.word(4).map(str::to_owned));
                    let most = most.unwrap_or_else(|| machine.storage.clone());
                    let storage = &machine.storage;
                    Answer::ok(format!(
                        "STORAGE = {storage} MAX = {most} INC = 1M STANDBY = 0  RESERVED = 0\n"
                    ))
                }
                None => not_logged_on("CQU", context.user.as_str()),
            }
        }
        w if is(w, "CPLEVEL", 3) => Answer::ok(
            context
                .zvm()
                .cp_level
                .iter()
                .map(|l| format!("{l}\n"))
                .collect::<String>(),
        ),
        "TIME" | "T" => time(context),
        "LAN" => lans(context, rest.first().copied(), true),
        w if is(w, "VSWITCH", 4) => lans(context, rest.first().copied(), false),
        "VMLAN" => vmlan(context),
        "FCP" => fcp(context, rest),
        w if is(w, "RDR", 3) || is(w, "READER", 1) && w != "R" => super::spool::list(context, rest),
        "DASD" => dasd(context, rest),
        "CHPIDV" => Answer::ok("One path CHPID Virtualization is on\n"),
        "CHPID" => chpid(rest),
        w if is(w, "SIGNAL", 3) => {
            Answer::ok("System default shutdown signal timeout: 300 seconds\n")
        }
        "MDISK" | "MDISKS" => mdisk(context, rest),
        "SSI" => ssi(context),
        "NIC" => virtual_devices(context, &["NIC"]),
        w => match device(w) {
            Some(number) => real_device(context, number),
            None if w.len() <= USERID && context.zvm().directory.contains_key(w) => {
                user(context, w)
            }
            None if w.len() <= USERID && context.zvm().is_logged_on(&UserId::new(w)) => {
                user(context, w)
            }
            None => Answer::message("CQV", 3, &format!("Invalid option - {w}")),
        },
    }
}

fn not_logged_on(module: &str, name: &str) -> Answer {
    Answer::message(module, 45, &format!("{name} not logged on"))
}

/// `q user U`: whether it is logged on, here or on another member of the cluster.
fn user(context: &Context<'_, '_>, name: &str) -> Answer {
    if name.len() > USERID {
        return Answer::message("CQU", 3, &format!("Invalid option - {name}"));
    }
    let user = UserId::new(name);
    let zvm = context.zvm();
    if zvm.running.contains_key(&user)
        || (SmapiServer::is_server(&user) && zvm.smapi.servers.contains(&user))
    {
        return Answer::ok(format!("{name:<8} - DSC\n"));
    }
    if let Some(ssi) = &zvm.ssi {
        let elsewhere = ssi
            .members
            .iter()
            .filter(|m| m.system != context.system && m.state == "Joined")
            .filter_map(|m| context.env.world.systems.get(&m.system))
            .any(|s| s.running.contains_key(&user));
        if elsewhere {
            return Answer::ok(format!("{name:<8} - SSI\n"));
        }
    }
    not_logged_on("CQU", name)
}

fn names(context: &Context<'_, '_>) -> Answer {
    let zvm = context.zvm();
    let names: Vec<String> = zvm
        .running
        .keys()
        .chain(&zvm.smapi.servers)
        .map(|u| format!("{:<8} - DSC ", u.as_str()))
        .collect();
    Answer::ok(
        names
            .chunks(4)
            .map(|row| format!("{}\n", row.join(", ")))
            .collect::<String>(),
    )
}

fn privileges(context: &Context<'_, '_>) -> Answer {
    let classes = context
        .zvm()
        .directory
        .get(&context.user)
        .and_then(|e| e.find("USER")?.word(5).map(str::to_owned));
    let classes = classes.unwrap_or_else(|| "G".to_owned());
    Answer::ok(format!(
        "Privilege classes for user {}\n        Currently: {classes}\n        Directory: {classes}\n",
        context.user
    ))
}

fn time(context: &Context<'_, '_>) -> Answer {
    let now = context.env.world.now_ms;
    let since = context
        .zvm()
        .running
        .get(&context.user)
        .map_or(now, |m| m.logged_on_ms);
    let seconds = now.saturating_sub(since) / 1_000;
    let zone = &context.zvm().hardware.timezone;
    let connect = if seconds >= 360_000 {
        "99:59:59".to_owned()
    } else {
        format!(
            "{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    };
    Answer::ok(format!(
        "TIME IS {} {zone} {}\nCONNECT= {connect} VIRTCPU= 000:00.01 TOTCPU= 000:00.02\n",
        clock::format(now, "%H:%M:%S"),
        clock::format(now, "%A %m/%d/%y").to_uppercase(),
    ))
}

/// The devices of the guest itself.
fn virtual_devices(context: &Context<'_, '_>, words: &[&str]) -> Answer {
    let zvm = context.zvm();
    let Some(machine) = zvm.running.get(&context.user) else {
        return not_logged_on("CQV", context.user.as_str());
    };
    let disks = || {
        machine
            .disks
            .iter()
            .enumerate()
            .map(|(at, (n, d))| lines::dasd(zvm, *n, d, at))
            .collect::<String>()
    };
    let offset = machine.disks.len();
    let fcp_lines = || {
        machine
            .devices
            .iter()
            .enumerate()
            .filter_map(|(at, (n, real))| {
                Some(lines::fcp(*n, *real, zvm.fcp.get(real)?, offset + at))
            })
            .collect::<String>()
    };
    let none = |text: String| {
        if text.is_empty() {
            Answer::message("QVD", 40, "Device does not exist")
        } else {
            Answer::ok(text)
        }
    };
    match words.first().copied().unwrap_or("ALL") {
        w if is(w, "STORAGE", 4) => Answer::ok(format!("STORAGE = {}\n", machine.storage)),
        w if is(w, "CPUS", 3) => Answer::ok(cpus(context, machine)),
        "NIC" => none(
            machine
                .adapters
                .iter()
                .map(|(n, a)| lines::adapter(zvm, *n, a))
                .collect(),
        ),
        w if is(w, "DASD", 2) => none(disks()),
        "FCP" => none(fcp_lines()),
        "ALL" => {
            let mut text = format!(
                "STORAGE = {}\nXSTORE = none\n{}",
                machine.storage,
                cpus(context, machine)
            );
            text.push_str("CONS 0009 DISCONNECTED TERM START\n");
            for (kind, number) in [("RDR ", "000C"), ("PUN ", "000D"), ("PRT ", "000E")] {
                text.push_str(&format!(
                    "{kind} {number} CL A NOCONT NOHOLD EOF      READY\n"
                ));
            }
            for (number, adapter) in &machine.adapters {
                for at in 0..adapter.devices.max(1) {
                    text.push_str(&format!(
                        "OSA  {:04X} ON NIC   {number:X}  UNIT 000\n",
                        number.0 + at
                    ));
                }
            }
            Answer::ok(text + &disks() + &fcp_lines())
        }
        w => {
            let Some(number) = device(w) else {
                return Answer::message("CQV", 3, &format!("Invalid option - {w}"));
            };
            if let Some(at) = machine.disks.keys().position(|n| *n == number) {
                return Answer::ok(lines::dasd(zvm, number, &machine.disks[&number], at));
            }
            if let Some((at, (_, real))) = machine
                .devices
                .iter()
                .enumerate()
                .find(|(_, (n, _))| **n == number)
            {
                return match (zvm.fcp.get(real), zvm.volumes.get(real)) {
                    (Some(fcp), _) => Answer::ok(lines::fcp(number, *real, fcp, offset + at)),
                    (None, Some(volume)) => Answer::ok(format!(
                        "DASD {number:X} ON DASD  {real:X} {} SUBCHANNEL = {:04X}\n",
                        volume.label,
                        offset + at
                    )),
                    (None, None) => missing(w),
                };
            }
            if let Some((base, adapter)) = machine.adapter_at(number) {
                return Answer::ok(lines::adapter(zvm, base, adapter));
            }
            match number.0 {
                0x0009 => Answer::ok("CONS 0009 DISCONNECTED TERM START\n"),
                0x000c => Answer::ok("RDR  000C CL A NOCONT NOHOLD EOF      READY\n"),
                0x000d => Answer::ok("PUN  000D CL A NOCONT NOHOLD COPY 001 READY FORM STANDARD\n"),
                0x000e => Answer::ok("PRT  000E CL A NOCONT NOHOLD COPY 001 READY FORM STANDARD\n"),
                _ => missing(w),
            }
        }
    }
}

fn missing(name: &str) -> Answer {
    Answer::message("QVD", 40, &format!("Device {name:0>4} does not exist"))
}

fn cpus(context: &Context<'_, '_>, machine: &VirtualMachine) -> String {
    let id = &context.zvm().hardware.cpu_id;
    machine
        .processors
        .iter()
        .map(|(address, processor)| {
            let state = if *address == 0 {
                "(BASE)  "
            } else if processor.stopped {
                "STOPPED "
            } else {
                ""
            };
            format!(
                "CPU {address:02X}  ID  {id} {state}{:<3} CPUAFF ON\n",
                processor.kind()
            )
        })
        .collect()
}

/// LANs and switches; for QUERY VSWITCH only these.
fn lans(context: &Context<'_, '_>, name: Option<&str>, with_lans: bool) -> Answer {
    let zvm = context.zvm();
    let wanted = |n: &str| name.is_none_or(|w| w == n || matches!(w, "ALL" | "*"));
    let mut text = String::new();
    for lan in zvm.lans.iter().filter(|l| with_lans && wanted(&l.name)) {
        let kind = match lan.kind {
            LanKind::Qdio => "QDIO",
            LanKind::Hipers => "HIPERS",
        };
        let layer = if lan.ethernet { "ETHERNET" } else { "IP" };
        let open = if lan.authorised.is_empty() {
            "UNRESTRICTED"
        } else {
            "RESTRICTED"
        };
        text.push_str(&format!(
            "LAN {} {:<12} Type: {kind:<7} Connected: {:<4} Maxconn: INFINITE\n  PERSISTENT  {open:<13} {layer:<25} \
             Accounting: OFF\n  IPTimeout: 5                 MAC Protection: Unspecified\n",
            lan.owner,
            lan.name,
            zvm.coupled(lan.owner.as_str(), &lan.name).count(),
        ));
    }
    for (name, switch) in zvm.vswitches.iter().filter(|(n, _)| wanted(n)) {
        let layer = if switch.ethernet { "ETHERNET" } else { "IP" };
        text.push_str(&format!(
            "VSWITCH SYSTEM {name:<8} Type: QDIO    Connected: {:<4} Maxconn: INFINITE\n  PERSISTENT  RESTRICTED    \
             {layer:<25} Accounting: OFF\n  USERBASED\n  VLAN {}\n  MAC address: {}    MAC Protection: Unspecified\n  \
             State: {}\n",
            zvm.coupled("SYSTEM", name).count(),
            if switch.vlan == 0 { "Unaware" } else { "Aware" },
            switch.mac,
            if switch.connected { "Ready" } else { "Defined" },
        ));
    }
    if text.is_empty() && name.is_some() {
        return Answer::message(
            "SWU",
            2_843,
            &format!("LAN {} does not exist", name.unwrap_or_default()),
        );
    }
    Answer::ok(text)
}

fn vmlan(context: &Context<'_, '_>) -> Answer {
    let hardware = &context.zvm().hardware;
    Answer::ok(format!(
        "VMLAN maintenance level:\n  Latest Service: Base\nVMLAN MAC address assignment:\n  System MAC Protection: OFF\n  \
         MACADDR Prefix: {} USER Prefix: {}\n  MACIDRANGE SYSTEM: 000001-FFFFFF\n             USER:   000000-000000\n\
         VMLAN default accounting status:\n  SYSTEM Accounting: OFF    USER Accounting: OFF\nVMLAN general activity:\n  \
         PERSISTENT Limit: INFINITE   Current: {}\n  TRANSIENT  Limit: INFINITE   Current: 0\nTrace Pages: 8\n\
         VMLAN Directory Network Authorization: ENABLED\n",
        hardware.mac_prefix,
        hardware.user_mac_prefix,
        context.zvm().lans.len() + context.zvm().vswitches.len()
    ))
}

fn fcp(context: &Context<'_, '_>, words: &[&str]) -> Answer {
    let state = match words.first() {
        None | Some(&"ALL") => None,
        Some(w) if is(w, "ATTACHED", 3) => Some(FcpState::Active),
        Some(&"FREE") => Some(FcpState::Free),
        Some(w) if is(w, "OFFLINE", 3) => Some(FcpState::Offline),
        Some(w) => {
            return match device(w).and_then(|n| context.zvm().fcp.get(&n).map(|f| (n, f))) {
                Some((n, f)) => Answer::ok(lines::real_fcp(n, f)),
                None => Answer::message("CQU", 40, &format!("Device {w:0>4} does not exist")),
            };
        }
    };
    let text: String = context
        .zvm()
        .fcp
        .iter()
        .filter(|(_, f)| state.is_none_or(|s| f.state() == s))
        .map(|(n, f)| lines::real_fcp(*n, f))
        .collect();
    if text.is_empty() {
        Answer::message("CQU", 40, "Device FCP does not exist")
    } else {
        Answer::ok(text)
    }
}

fn dasd(context: &Context<'_, '_>, words: &[&str]) -> Answer {
    let wanted = words.first().and_then(|w| device(w));
    let text: String = context
        .zvm()
        .volumes
        .iter()
        .filter(|(n, _)| wanted.is_none_or(|w| w == **n))
        .map(|(n, v)| format!("DASD {n:X} {:<6} {:<8} {}\n", v.label, v.status(), v.size))
        .collect();
    if text.is_empty() {
        Answer::message("CQU", 40, "Device does not exist")
    } else {
        Answer::ok(text)
    }
}

fn real_device(context: &Context<'_, '_>, number: crate::world::DeviceNumber) -> Answer {
    let zvm = context.zvm();
    if let Some(fcp) = zvm.fcp.get(&number) {
        return Answer::ok(lines::real_fcp(number, fcp));
    }
    if let Some(volume) = zvm.volumes.get(&number) {
        return Answer::ok(format!(
            "DASD {number:X} {} {}\n",
            volume.label,
            volume.status()
        ));
    }
    Answer::message("QRD", 40, &format!("Device {number:X} does not exist"))
}

fn chpid(words: &[&str]) -> Answer {
    match words {
        [path, "PCHID"] if path.len() == 2 && path.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Answer::ok(format!(
                "Path {path} is associated with physical channel 02{path}\n"
            ))
        }
        [path, ..] if path.len() == 2 && path.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Answer::ok(format!("Path {path} online to devices\n"))
        }
        _ => Answer::message("QPA", 846, "Invalid channel path identifier."),
    }
}

fn mdisk(context: &Context<'_, '_>, words: &[&str]) -> Answer {
    let (user, rest) = match words {
        ["USER", user, rest @ ..] => (UserId::new(user), rest),
        rest => (context.user.clone(), rest),
    };
    let Some(number) = rest.first().and_then(|w| device(w)) else {
        return Answer::message("CFC", 26, "Operand missing or invalid");
    };
    let Some(machine) = context.zvm().running.get(&user) else {
        return not_logged_on("QMD", user.as_str());
    };
    let Some(disk) = machine.disks.get(&number) else {
        return missing(rest[0]);
    };
    let start = context
        .zvm()
        .directory
        .get(&disk.owner)
        .and_then(|e| {
            e.of_device("MDISK", disk.owner_device)
                .next()
                .and_then(|s| s.word(3)?.parse::<u64>().ok())
        })
        .unwrap_or(0);
    let real = context
        .zvm()
        .volume_device(&disk.volume)
        .map_or_else(|| "----".to_owned(), |r| format!("{r:X}"));
    Answer::ok(format!(
        "TargetID Tdev  OwnerID  Odev  Dtype  Vol-ID  Rdev  StartLoc      Size\n\
         {:<8} {number:X}  {:<8} {:X}  {:<5}  {:<6}  {real}  {start:>8}  {:>8}\n",
        user.as_str(),
        disk.owner.as_str(),
        disk.owner_device,
        disk.kind,
        disk.volume,
        disk.size
    ))
}

fn ssi(context: &Context<'_, '_>) -> Answer {
    match &context.zvm().ssi {
        None => Answer::message(
            "QSS",
            1_601,
            "This system is not a member of an SSI cluster",
        ),
        Some(ssi) => {
            let mut text = format!("SSI Name: {}\nSSI Mode: {}\n", ssi.name, ssi.mode);
            for member in &ssi.members {
                text.push_str(&format!(
                    "{:>4} {:<8} {}\n",
                    member.slot,
                    member.system.as_str(),
                    member.state
                ));
            }
            Answer::ok(text)
        }
    }
}

/// INDICATE USER.
pub(super) fn indicate(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    match words {
        [w, rest @ ..] if is(w, "USER", 1) => {
            let name = rest
                .first()
                .filter(|n| **n != "*")
                .map_or(context.user.as_str(), |n| n);
            let Some(machine) = context.zvm().running.get(name) else {
                return not_logged_on("CQU", name);
            };
            let now = context.env.world.now_ms;
            let cpu = machine.used_cpu_us(now) / 1_000_000;
            let connected = now.saturating_sub(machine.logged_on_ms) / 60_000;
            let mut text = format!(
                "USERID={name:<8} MACH=ESA STOR={} VIRT=V XSTORE=NONE\nIPLSYS=DEV {:0>4} DEVNUM={:05}\n\
                 PAGES: RES=00262144 WS=00262140 LOCKEDREAL=00000010 RESVD=00000000\n\
                 NPREF=00000000 PREF=00000000 READS=00000000 WRITES=00000000\n",
                machine.storage,
                machine.ipl,
                machine.disks.len() + machine.devices.len() + 4,
            );
            for address in machine.processors.keys() {
                text.push_str(&format!(
                    "CPU {address:02X}: CTIME={:02}:{:02} VTIME={:03}:{:02} TTIME={:03}:{:02} IO=000000\n        \
                     RDR=000000 PRT=000000 PCH=000000\n",
                    connected / 60,
                    connected % 60,
                    cpu / 60,
                    cpu % 60,
                    cpu / 60,
                    cpu % 60
                ));
            }
            Answer::ok(text)
        }
        _ => Answer::ok("AVGPROC-007% 08\nXSTORE-000000/SEC MIGRATE-0000/SEC\n"),
    }
}
