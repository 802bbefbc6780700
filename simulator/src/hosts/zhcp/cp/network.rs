//! Commands about the guest's own adapters and processors.

use super::command::{Answer, Context, device, is};
use crate::world::zvm::Code;

/// DEFINE NIC, DEFINE CPU, DEFINE STORAGE.
pub(super) fn define(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let user = context.user.clone();
    match words {
        ["NIC", number, rest @ ..] => {
            let Some(number) = device(number) else {
                return Answer::message(
                    "DFN",
                    22,
                    "A virtual device number was not supplied or it was invalid.",
                );
            };
            let hipersockets = rest.iter().any(|w| w.starts_with("HIPER"));
            let devices = rest
                .iter()
                .position(|w| *w == "DEVICES" || *w == "DEV")
                .and_then(|at| rest.get(at + 1)?.parse().ok())
                .unwrap_or(3_u16);
            let result = context.zvm_mut().map_or(Err(Code::NOT_ACTIVE), |z| {
                z.add_adapter(&user, number, hipersockets, devices)
            });
            match result {
                Ok(()) => Answer::ok(format!(
                    "NIC {number:X} is created; devices {number:X}-{:04X} defined\n",
                    number.0.saturating_add(devices.max(1) - 1)
                )),
                Err(_) => {
                    Answer::message("DFN", 2_786, &format!("Device {number:X} already defined"))
                }
            }
        }
        ["CPU", number, rest @ ..] => {
            let kind = rest
                .iter()
                .position(|w| *w == "TYPE")
                .and_then(|at| rest.get(at + 1))
                .unwrap_or(&"CP");
            let Ok(cpu) = u8::from_str_radix(number, 16) else {
                return Answer::message("DFN", 3, &format!("Invalid option - {number}"));
            };
            let result = context
                .zvm_mut()
                .map_or(Err(Code::NOT_ACTIVE), |z| z.add_processor(&user, cpu, kind));
            match result {
                Ok(()) => Answer::ok(format!("CPU {cpu:02X} defined\n")),
                Err(_) => Answer::message("CPU", 1_458, &format!("CPU {cpu:02X} not defined")),
            }
        }
        [w, "STANDBY", ..] if is(w, "STORAGE", 4) => super::query::query(context, &["STORAGE"]),
        [w, size, ..] if is(w, "STORAGE", 4) => {
            let size = (*size).to_owned();
            if let Some(machine) = context.zvm_mut().and_then(|z| z.running.get_mut(&user)) {
                machine.storage.clone_from(&size);
            }
            Answer::ok(format!("STORAGE = {size}\n"))
        }
        _ => Answer::message("CFC", 26, "Operand missing or invalid"),
    }
}

/// DETACH NIC.
pub(super) fn destroy(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let user = context.user.clone();
    let Some(number) = words.first().and_then(|w| device(w)) else {
        return Answer::message("DTN", 26, "Operand missing or invalid");
    };
    let result = context
        .zvm_mut()
        .map_or(Err(Code::NOT_ACTIVE), |z| z.remove_adapter(&user, number));
    match result {
        Ok(adapter) => Answer::ok(format!(
            "NIC {number:X} is destroyed; devices {number:X}-{:04X} detached\n",
            number.0.saturating_add(adapter.devices.max(1) - 1)
        )),
        Err(_) => Answer::message("DTN", 40, &format!("Device {number:X} does not exist")),
    }
}

/// COUPLE: `COUPLE vdev [TO] owner name`.
pub(super) fn couple(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words: Vec<&str> = words.iter().copied().filter(|w| *w != "TO").collect();
    let user = context.user.clone();
    let [number, owner, name, ..] = words.as_slice() else {
        return Answer::message("CPL", 26, "Operand missing or invalid");
    };
    let (Some(number), Some(zvm)) = (device(number), context.zvm_mut()) else {
        return Answer::message(
            "CPL",
            22,
            "A virtual device number was not supplied or it was invalid.",
        );
    };
    let owner_is_system = *owner == "SYSTEM" && zvm.vswitches.contains_key(*name);
    match zvm.couple(&user, number, (!owner_is_system).then_some(*owner), name) {
        Ok(()) if owner_is_system => Answer::ok(format!(
            "NIC {number:X} is connected to VSWITCH {owner} {name}\n"
        )),
        Ok(()) => Answer::ok(format!(
            "NIC {number:X} is connected to LAN {owner} {name}\n"
        )),
        Err(code) if code.rc == 212 && code.rs == 8 => Answer::message(
            "CPL",
            6_011,
            &format!("You are not authorized to COUPLE to {owner} {name}"),
        ),
        Err(code) if code.rc == 204 && code.rs == 20 => Answer::message(
            "CPL",
            2_788,
            &format!("NIC {number:X} not connected; already connected"),
        ),
        Err(_) => Answer::message(
            "CPL",
            2_788,
            &format!("NIC {number:X} not connected; LAN {owner} {name} does not exist"),
        ),
    }
}

/// UNCOUPLE.
pub(super) fn uncouple(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let user = context.user.clone();
    let (Some(number), Some(zvm)) = (words.first().and_then(|w| device(w)), context.zvm_mut())
    else {
        return Answer::message("CPU", 26, "Operand missing or invalid");
    };
    match zvm.uncouple(&user, number) {
        Ok(()) => Answer::ok(format!("NIC {number:X} is disconnected\n")),
        Err(_) => Answer::message("CPU", 40, &format!("Device {number:X} does not exist")),
    }
}
