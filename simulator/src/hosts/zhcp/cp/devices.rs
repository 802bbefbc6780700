//! ATTACH, DETACH, VARY.

use super::command::{Answer, Context, device};
use crate::hosts::guest;
use crate::hosts::zhcp::power;
use crate::world::zvm::{Code, FcpState};
use crate::world::{DeviceNumber, UserId};

/// Kind of a real device in messages.
fn kind(context: &Context<'_, '_>, real: DeviceNumber) -> &'static str {
    if context.zvm().volumes.contains_key(&real) {
        "DASD"
    } else {
        "FCP "
    }
}

fn settle(context: &mut Context<'_, '_>, user: &UserId) {
    if let Some(host) = power::linux_of(context.env.world, &context.system, user) {
        guest::settle(context.env.world, &host);
    }
}

/// ATTACH: `ATTACH real [TO] user [AS vdev]`.
pub(super) fn attach(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .filter(|w| !matches!(*w, "TO" | "AS"))
        .collect();
    let [real_word, user, rest @ ..] = words.as_slice() else {
        return Answer::message("ATR", 26, "Operand missing or invalid");
    };
    let Some(real) = device(real_word) else {
        return Answer::message("ATR", 6, &format!("Invalid device type - {real_word}"));
    };
    let user = if *user == "*" {
        context.user.clone()
    } else {
        UserId::new(user)
    };
    let virtual_device = rest.first().and_then(|w| device(w)).unwrap_or(real);
    let kind = kind(context, real);
    let result = context.zvm_mut().map_or(Err(Code::NOT_ACTIVE), |z| {
        z.attach(&user, virtual_device, real)
    });
    settle(context, &user);
    match result {
        Ok(()) => Answer::ok(format!(
            "{kind} {real:X} ATTACHED TO {user} {virtual_device:X}\n"
        )),
        Err(Code::NOT_ACTIVE) => Answer::message("ATR", 45, &format!("{user} not logged on")),
        Err(Code::NO_DEVICE) => {
            Answer::message("ATR", 40, &format!("Device {real:X} does not exist"))
        }
        Err(Code::DEVICE_EXISTS) => Answer::message(
            "ATR",
            123,
            &format!("{kind} {real:X} not attached; device {virtual_device:X} already defined"),
        ),
        Err(_) => {
            let fcp = context.zvm().fcp.get(&real);
            let why = match fcp.and_then(|f| f.attached_to.as_ref()) {
                Some(by) => format!("attached to {by}"),
                None => "offline".to_owned(),
            };
            Answer::message("ATR", 120, &format!("{kind} {real:X} not attached; {why}"))
        }
    }
}

/// DETACH: `DETACH vdev [FROM user]`, `DETACH NIC vdev`.
pub(super) fn detach(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    if words.first() == Some(&"NIC") {
        return super::network::destroy(context, &words[1..]);
    }
    let Some(number) = words.first().and_then(|w| device(w)) else {
        return Answer::message("DTV", 26, "Operand missing or invalid");
    };
    let user = match words.get(1..) {
        Some(["FROM", user] | [user]) => UserId::new(user),
        _ => context.user.clone(),
    };
    // FROM names a real device.
    let virtual_device = context
        .zvm()
        .running
        .get(&user)
        .and_then(|m| {
            m.devices
                .iter()
                .find(|(v, r)| **v == number || **r == number)
                .map(|(v, _)| *v)
        })
        .unwrap_or(number);
    let Some(zvm) = context.zvm_mut() else {
        return Answer::default();
    };
    if zvm.unlink(&user, number).is_ok() {
        return Answer::ok(format!("DASD {number:X} DETACHED\n"));
    }
    let result = zvm.detach(&user, virtual_device);
    settle(context, &user);
    match result {
        Ok(real) => Answer::ok(format!(
            "{} {real:X} DETACHED {user} {virtual_device:X}\n",
            kind(context, real)
        )),
        Err(Code::NOT_ACTIVE) => Answer::message("DTV", 45, &format!("{user} not logged on")),
        Err(_) => Answer::message("DTV", 40, &format!("Device {number:X} does not exist")),
    }
}

/// VARY ON/OFF.
pub(super) fn vary(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let (on, number) = match words {
        ["ON" | "ONLINE", number, ..] => (true, device(number)),
        ["OFF" | "OFFLINE", number, ..] => (false, device(number)),
        _ => return Answer::message("CFC", 26, "Operand missing or invalid"),
    };
    let word = if on { "online" } else { "offline" };
    let (Some(number), Some(zvm)) = (number, context.zvm_mut()) else {
        return Answer::message("VCH", 40, "Device does not exist");
    };
    let done = Answer::ok(format!(
        "{number:X} varied {word}\n1 device(s) specified; 1 device(s) successfully varied {word}\n"
    ));
    if let Some(fcp) = zvm.fcp.get_mut(&number) {
        if !on && fcp.state() == FcpState::Active {
            return Answer::message("CPL", 142, &format!("Device {number:X} is in use"));
        }
        fcp.online = on;
        return done;
    }
    if let Some(volume) = zvm.volumes.get_mut(&number) {
        volume.online = on;
        return done;
    }
    Answer::message("VCH", 40, &format!("Device {number:X} does not exist"))
}
