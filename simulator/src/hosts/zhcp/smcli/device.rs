//! Dedicated devices (spec: zhcp-and-smapi 2.9.7).

use super::call::Call;
use super::reply::Reply;
use crate::hosts::guest;
use crate::hosts::zhcp::power;
use crate::world::zvm::{Smapi, code};

/// Whether `-R` is absent, 0 or 1.
fn read_only(call: &Call<'_, '_>) -> Option<bool> {
    match call.number('R') {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// Lets the Linux of an image notice what CP did to its devices.
pub fn settle(call: &mut Call<'_, '_>) {
    let image = call.user();
    let system = call
        .env
        .linux()
        .map(|l| l.system.clone())
        .unwrap_or_default();
    if let Some(host) = power::linux_of(call.env.world, &system, &image) {
        guest::settle(call.env.world, &host);
    }
}

/// `Image_Device_Dedicate`.
pub fn dedicate(call: &mut Call<'_, '_>) -> Reply {
    if read_only(call).is_none() {
        return Reply::Missing;
    }
    let image = call.user();
    let attach = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (virtual_device, real) = (call.device('v')?, call.device('r')?);
        call.system_mut()?.attach(&image, virtual_device, real)
    };
    let result = attach(call);
    settle(call);
    result.into()
}

/// `Image_Device_Dedicate_DM`.
pub fn dedicate_dm(call: &mut Call<'_, '_>) -> Reply {
    let Some(read_only) = read_only(call) else {
        return Reply::Missing;
    };
    let (image, caller) = (call.user(), call.caller());
    let dedicate = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (virtual_device, real) = (call.device('v')?, call.device('r')?);
        call.system_mut()?
            .dedicate(&image, virtual_device, real, read_only, &caller)
    };
    dedicate(call).into()
}

/// `Image_Device_Undedicate`.
pub fn undedicate(call: &mut Call<'_, '_>) -> Reply {
    let image = call.user();
    let detach = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.detach(&image, device).map(|_| ())
    };
    let result = detach(call);
    settle(call);
    result.into()
}

/// `Image_Device_Undedicate_DM`.
pub fn undedicate_dm(call: &mut Call<'_, '_>) -> Reply {
    let (image, caller) = (call.user(), call.caller());
    let undedicate = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.undedicate(&image, device, &caller)
    };
    undedicate(call).into()
}

/// `Image_Device_Reset`: of what is modelled, only minidisks can be reset.
pub fn reset(call: &mut Call<'_, '_>) -> Reply {
    let image = call.user();
    let reset = |call: &Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let machine = call.system()?.active(&image)?;
        if machine.disks.contains_key(&device) {
            Ok(())
        } else if machine.has_device(device) {
            Err(code(204, 24))
        } else {
            Err(crate::world::zvm::Code::NO_DEVICE)
        }
    };
    reset(call).into()
}
