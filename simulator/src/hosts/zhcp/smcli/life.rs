//! Image life cycle (spec: zhcp-and-smapi 2.9.3).

use super::call::Call;
use super::reply::Reply;
use crate::hosts::zhcp::{clock, power};
use crate::world::zvm::{Smapi, code};
use crate::world::{SystemName, UserId};

/// Tries of `Image_Activate` while a logoff is pending, and the pause between them.
const ACTIVATE_TRIES: u32 = 6;
const ACTIVATE_PAUSE_MS: u64 = 15_000;
/// Timeout of CP's shutdown signal, in virtual milliseconds.
const SIGNAL_TIMEOUT_MS: u64 = 300_000;
/// Longest interval of `Image_Deactivate`, in seconds.
const LONGEST_INTERVAL: i64 = 65_535;

fn system_name(call: &Call<'_, '_>) -> SystemName {
    call.env
        .linux()
        .map(|l| l.system.clone())
        .unwrap_or_default()
}

/// The images that a target names: one userid, several, or a name list.
fn images(call: &Call<'_, '_>) -> Vec<UserId> {
    let lists = call.system().map(|s| &s.registry.lists).ok();
    if let Some(list) = lists.and_then(|l| l.get(&call.target().to_ascii_uppercase())) {
        return list.iter().map(|n| UserId::new(n)).collect();
    }
    vec![call.user()]
}

/// `Image_Activate`.
pub fn activate(call: &mut Call<'_, '_>) -> Reply {
    let system = system_name(call);
    let images = images(call);
    let mut last = Ok(());
    for image in &images {
        for attempt in 1..=ACTIVATE_TRIES {
            power::tick(call.env.world);
            last = power::log_on(call.env.world, &system, image);
            if last != Err(code(200, 16)) || attempt == ACTIVATE_TRIES {
                break;
            }
            call.env.world.now_ms += ACTIVATE_PAUSE_MS;
        }
        if last.is_err() && images.len() > 1 {
            return Reply::Failed(code(200, 28));
        }
    }
    last.into()
}

/// `Image_Deactivate`.
pub fn deactivate(call: &mut Call<'_, '_>) -> Reply {
    let system = system_name(call);
    let when = call.option('f').trim().to_ascii_uppercase();
    let words: Vec<&str> = when.split_whitespace().collect();
    let within = match words.as_slice() {
        [] => Some(SIGNAL_TIMEOUT_MS),
        ["IMMED"] => None,
        ["WITHIN", n] => match n.parse::<i64>() {
            Ok(n) if (1..=LONGEST_INTERVAL).contains(&n) => Some(n as u64 * 1_000),
            _ => return Reply::Failed(code(200, 36)),
        },
        ["BY", time] if time.split(':').count() >= 2 => Some(SIGNAL_TIMEOUT_MS),
        _ => return Reply::Failed(call.syntax('f', 19)),
    };
    let images = images(call);
    let mut last = Ok(());
    for image in &images {
        let now = call.now();
        last = match within {
            None => power::log_off(call.env.world, &system, image),
            Some(within) => call
                .system_mut()
                .and_then(|s| s.shutdown(image, now, within)),
        };
        if last.is_err() && images.len() > 1 {
            return Reply::Failed(code(200, 32));
        }
    }
    last.into()
}

/// `Image_Recycle`.
pub fn recycle(call: &mut Call<'_, '_>) -> Reply {
    let system = system_name(call);
    let image = call.user();
    power::log_off(call.env.world, &system, &image)
        .and_then(|()| power::log_on(call.env.world, &system, &image))
        .into()
}

/// `Image_Pause`: smcli itself asks CP for its own userid first.
pub fn pause(call: &mut Call<'_, '_>) -> Reply {
    let pause = match call.option('k') {
        "PAUSE=YES" => true,
        "PAUSE=NO" => false,
        _ => return Reply::Early("Invalid Image_Pause action\n".to_owned(), 1),
    };
    let (image, own) = (call.user(), call.caller());
    if image == own {
        let target = call.target();
        return Reply::Early(
            format!("ERROR: Cannot specify image {target} for this command\n"),
            1,
        );
    }
    let machine = call.system_mut().map(|s| s.running.get_mut(&image));
    match machine {
        Ok(Some(machine)) => {
            machine.paused = pause;
            Reply::Done
        }
        Ok(None) => Reply::Failed(code(0, 12)),
        Err(code) => Reply::Failed(code),
    }
}

/// `Image_Status_Query`.
pub fn status_query(call: &mut Call<'_, '_>) -> Reply {
    let status = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let names: Vec<String> = if call.target().trim() == "*" {
            system.running.keys().map(ToString::to_string).collect()
        } else {
            images(call)
                .into_iter()
                .filter(|i| system.is_logged_on(i))
                .map(|i| i.to_string())
                .collect()
        };
        if names.is_empty() {
            return Err(code(0, 12));
        }
        Ok(names.iter().map(|n| format!("{n}\n")).collect())
    };
    status(call).into()
}

/// `Image_Query_Activate_Time`.
pub fn query_activate_time(call: &mut Call<'_, '_>) -> Reply {
    let format = match call.number('f') {
        1 => "%m/%d/%y",
        2 => "%m/%d/%Y",
        3 => "%y-%m-%d",
        4 => "%Y-%m-%d",
        5 => "%d/%m/%y",
        6 => "%d/%m/%Y",
        _ => return Reply::Failed(call.syntax('f', 19)),
    };
    let image = call.user();
    let since = call
        .system()
        .and_then(|s| s.active(&image))
        .map(|m| m.logged_on_ms);
    since
        .map(|ms| {
            let (date, time) = (clock::format(ms, format), clock::format(ms, "%H:%M:%S"));
            format!("{image} was activated on {date} at {time}\n")
        })
        .into()
}

/// `Image_Active_Configuration_Query`.
pub fn active_configuration_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let image = call.user();
        let machine = system.active(&image)?;
        let entry = system.effective(&image).unwrap_or_default();
        let digits = machine
            .storage
            .trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match machine
            .storage
            .chars()
            .last()
            .map(|c| c.to_ascii_uppercase())
        {
            Some('K') => "KB",
            Some('G') => "GB",
            _ => "MB",
        };
        let share = entry.find("SHARE");
        let kind = share
            .as_ref()
            .and_then(|s| s.word(1))
            .filter(|w| w.to_ascii_uppercase().starts_with("ABS"))
            .map_or("Relative", |_| "Absolute");
        let value = share.and_then(|s| s.word(2).map(str::to_owned));
        let mut text = format!(
            "Memory: {digits} {unit}\nShare type: {kind}\nShare value: {}\nCPU count: {}\nCPUs\n",
            value.as_deref().unwrap_or("100"),
            machine.processors.len()
        );
        for (address, processor) in &machine.processors {
            let status = if *address == 0 {
                "Base"
            } else if processor.stopped {
                "Stopped"
            } else {
                "Non-base, active"
            };
            let id = super::cpu::identity(&system.hardware.cpu_id, *address);
            text.push_str(&format!("  Address: {address}\n  ID: {id} ({status})\n"));
        }
        text.push_str("Devices\n");
        for statement in entry.parsed() {
            let kind = if statement.is("CONSOLE") {
                "CONS"
            } else if statement.is("SPOOL") {
                match statement.word(3).map(str::to_ascii_uppercase).as_deref() {
                    Some("READER" | "RDR") => "RDR",
                    Some("PUNCH" | "PUN") => "PUN",
                    _ => match statement.word(2) {
                        Some("3505") => "RDR",
                        Some("3525") => "PUN",
                        _ => "PRT",
                    },
                }
            } else {
                continue;
            };
            if let Some(device) = statement.device() {
                text.push_str(&format!("  Address: {device:X} ({kind})\n"));
            }
        }
        for device in machine.disks.keys() {
            text.push_str(&format!("  Address: {device:X} (DASD)\n"));
        }
        Ok(text)
    };
    query(call).into()
}

/// `Image_Console_Get`: the console file goes to the caller's reader.
pub fn console_get(call: &mut Call<'_, '_>) -> Reply {
    let (image, caller, now) = (call.user(), call.caller(), call.now());
    call.system_mut()
        .and_then(|s| s.take_console(&image, &caller, now))
        .map(|_| ())
        .into()
}

/// `SMAPI_Status_Capture`.
pub fn smapi_status_capture(_: &mut Call<'_, '_>) -> Reply {
    Reply::from(Smapi::<()>::Ok(()))
}
