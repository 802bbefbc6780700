//! SSI and relocation (spec: zhcp-and-smapi 2.9.15).

use super::call::Call;
use super::reply::{Reply, field};
use crate::hosts::zhcp::{clock, power};
use crate::world::SystemName;
use crate::world::zvm::{Relocation, Smapi, Statement, code};

/// How long a relocation takes, in virtual milliseconds.
const RELOCATION_MS: u64 = 20_000;

/// `SSI_Query`: members in state Available are left out; one that is down is printed twice (spec: zhcp-and-smapi
/// Appendix C 14).
pub fn ssi_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let now = call.now();
        let ssi = call.system()?.ssi.as_ref().ok_or(code(4, 3008))?;
        let mut text = format!(
            "ssi_name = {}\nssi_mode = {}\nssi_pdr = {}\ncross_system_timeouts = {}\noutput.ssiInfoCount = {}\n\n",
            field(&ssi.name),
            field(&ssi.mode),
            field(&ssi.pdr),
            if ssi.timeouts { "Enabled" } else { "Disabled" },
            ssi.members.len()
        );
        for member in &ssi.members {
            let block = |beat: &str| {
                format!(
                    "member_slot = {}\nmember_system_id = {}\nmember_state = {}\nmember_pdr_heartbeat = {beat}\n\
                     member_received_heartbeat = {beat}\n\n",
                    member.slot, member.system, member.state
                )
            };
            match member.state.as_str() {
                "Available" => {}
                "Down" => text.push_str(&block("N/A").repeat(2)),
                _ => text.push_str(&block(&clock::format(now, "%Y-%m-%d_%H:%M:%S"))),
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// Why a guest cannot be moved, as CP's messages.
fn obstacles(call: &Call<'_, '_>, to: &SystemName) -> Vec<String> {
    let user = call.user();
    let Ok(system) = call.system() else {
        return Vec::new();
    };
    let Some(machine) = system.running.get(&user) else {
        return vec![format!("HCPRLH0045E {user} not logged on")];
    };
    let mut why = Vec::new();
    if !call.env.world.systems.contains_key(to) {
        why.push(format!(
            "HCPRLE1950I {user}: Destination system {to} is not available"
        ));
    }
    for (device, real) in &machine.devices {
        why.push(format!(
            "HCPRLE1950I {user}: Dedicated device {device:X} (real {real:X})"
        ));
    }
    let relocatable = system.directory.get(&user).is_some_and(|e| {
        e.statements
            .iter()
            .filter_map(|s| Statement::parse(s))
            .any(|s| s.is("VMRELOCATE") && s.has("OFF"))
    });
    if relocatable {
        why.push(format!("HCPRLE1950I {user}: Relocation is not enabled"));
    }
    if !why.is_empty() {
        why.insert(
            0,
            format!("HCPRLH1940E {user} is not relocatable for the following reason(s):"),
        );
    }
    why
}

/// `VMRELOCATE`.
pub fn vmrelocate(call: &mut Call<'_, '_>) -> Reply {
    let Some(to) = call
        .arguments
        .keywords
        .iter()
        .find_map(|k| k.strip_prefix("destination=").filter(|d| !d.is_empty()))
    else {
        return Reply::Missing;
    };
    let to = SystemName::new(to);
    let action = call
        .keyword("action")
        .unwrap_or("TEST")
        .to_ascii_uppercase();
    let (user, by, now) = (call.user(), call.caller(), call.now());
    let from = call
        .env
        .linux()
        .map(|l| l.system.clone())
        .unwrap_or_default();
    let ssi = match call.system() {
        Ok(system) => system.ssi.as_ref(),
        Err(code) => return Reply::Failed(code),
    };
    match ssi {
        None => return Reply::Failed(code(8, 3008)),
        Some(ssi) if !ssi.mode.eq_ignore_ascii_case("Stable") => {
            return Reply::Failed(code(8, 3006));
        }
        Some(_) => {}
    }
    let obstacles = obstacles(call, &to);
    match action.as_str() {
        "TEST" if obstacles.is_empty() => Reply::Done,
        "TEST" => Reply::FailedWith(code(4, 3000), obstacles),
        "MOVE" if !obstacles.is_empty() => Reply::FailedWith(code(8, 3000), obstacles),
        "MOVE" => {
            if let Ok(system) = call.system_mut()
                && let Some(ssi) = &mut system.ssi
            {
                ssi.relocations.push(Relocation {
                    user: user.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    by,
                    began_ms: now,
                    ends_ms: now + RELOCATION_MS,
                });
            }
            relocate(call, &from, &to);
            Reply::Done
        }
        "CANCEL" => {
            let cancelled = call
                .system_mut()
                .ok()
                .and_then(|s| s.ssi.as_mut())
                .is_some_and(|ssi| {
                    let before = ssi.relocations.len();
                    ssi.relocations
                        .retain(|r| r.user != user || r.ends_ms <= now);
                    ssi.relocations.len() < before
                });
            if cancelled {
                Reply::Done
            } else {
                Reply::FailedWith(
                    code(8, 3000),
                    vec![format!(
                        "HCPRLH1926E No relocation is in progress for user {user}"
                    )],
                )
            }
        }
        _ => Reply::Failed(code(8, 3003)),
    }
}

/// Moves a running guest to another system of the site, with its directory entry and its Linux.
fn relocate(call: &mut Call<'_, '_>, from: &SystemName, to: &SystemName) {
    let user = call.user();
    let world = &mut *call.env.world;
    let Some(old) = world.systems.get_mut(from) else {
        return;
    };
    let (machine, entry) = (old.running.remove(&user), old.directory.get(&user).cloned());
    if let (Some(machine), Some(new)) = (machine, world.systems.get_mut(to)) {
        new.running.insert(user.clone(), machine);
        if let Some(entry) = entry {
            new.directory.entry(user.clone()).or_insert(entry);
        }
    }
    if let Some(host) = power::linux_of(world, from, &user)
        && let Some(linux) = world.linuxes.get_mut(&host)
    {
        linux.system = to.clone();
    }
}

/// `VMRELOCATE_Status`.
pub fn vmrelocate_status(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let now = call.now();
        let target = call
            .keyword("status_target")
            .unwrap_or("ALL")
            .to_ascii_uppercase();
        let ssi = call.system()?.ssi.as_ref().ok_or(code(8, 3008))?;
        let words: Vec<&str> = target.split_whitespace().collect();
        let name = words.last().copied().unwrap_or("ALL");
        let text: String = ssi
            .relocations
            .iter()
            .filter(|r| r.ends_ms > now)
            .filter(|r| matches!(name, "ALL" | "OUTGOING") || r.user.as_str() == name)
            .map(|r| {
                let elapsed = (now - r.began_ms) / 1_000;
                format!(
                    "VMRELOCATE image: {}\nVMRELOCATE source system: {}\nVMRELOCATE destination system: {}\n\
                     VMRELOCATE by: {}\nVMRELOCATE elapsed: {:02}:{:02}:{:02}\nVMRELOCATE status: Moving Guest\n\n",
                    r.user,
                    r.from,
                    r.to,
                    r.by,
                    elapsed / 3_600,
                    elapsed / 60 % 60,
                    elapsed % 60
                )
            })
            .collect();
        if text.is_empty() {
            Err(code(4, 3001))
        } else {
            Ok(text)
        }
    };
    query(call).into()
}

/// `VMRELOCATE_Modify`.
pub fn vmrelocate_modify(call: &mut Call<'_, '_>) -> Reply {
    let (user, now) = (call.user(), call.now());
    let active = call
        .system()
        .ok()
        .and_then(|s| s.ssi.as_ref())
        .is_some_and(|ssi| {
            ssi.relocations
                .iter()
                .any(|r| r.user == user && r.ends_ms > now)
        });
    if active {
        Reply::Done
    } else {
        Reply::FailedWith(
            code(8, 3010),
            vec![format!(
                "HCPRLH1926E No relocation is in progress for user {user}"
            )],
        )
    }
}

/// `VMRELOCATE_Image_Attributes`.
pub fn vmrelocate_image_attributes(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let check = |call: &Call<'_, '_>| -> Smapi<()> {
        if !call.system()?.running.contains_key(&user) {
            return Err(code(8, 12));
        }
        match call
            .keyword("relocation_setting")
            .map(str::to_ascii_uppercase)
            .as_deref()
        {
            Some("ON" | "OFF") => Ok(()),
            None => Err(code(8, 3004)),
            Some(_) => Err(code(8, 3003)),
        }
    };
    check(call).into()
}
