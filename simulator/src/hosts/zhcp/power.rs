//! Logging guests on and off, with what that means for the Linux in them.

use super::scsi_ipl;
use crate::hosts::guest;
use crate::world::zvm::Smapi;
use crate::world::{HostName, SystemName, UserId, World};

/// The Linux that runs in a virtual machine.
pub fn linux_of(world: &World, system: &SystemName, user: &UserId) -> Option<HostName> {
    world
        .linuxes
        .iter()
        .find(|(_, l)| l.userid == *user && l.system == *system)
        .map(|(host, _)| host.clone())
}

/// Logs a guest on and lets its Linux start.
///
/// # Errors
/// Those of [`crate::world::ZvmSystem::logon`].
pub fn log_on(world: &mut World, system: &SystemName, user: &UserId) -> Smapi<()> {
    let now = world.now_ms;
    let Some(zvm) = world.systems.get_mut(system) else {
        return Err(crate::world::zvm::code(200, 4));
    };
    zvm.logon(user, now)?;
    if !load(world, system, user) {
        return Ok(());
    }
    if let Some(host) = linux_of(world, system, user) {
        guest::boot(world, &host);
    }
    Ok(())
}

/// Lets the machine loader find the volume of a SCSI IPL; says whether the guest's system starts. Without it the guest
/// stays logged on in a disabled wait (spec: zfcp-and-san 7.3).
fn load(world: &mut World, system: &SystemName, user: &UserId) -> bool {
    let Some(problem) = scsi_ipl::problem(world, system, user) else {
        return true;
    };
    let machine = world
        .systems
        .get_mut(system)
        .and_then(|s| s.running.get_mut(user));
    if let Some(machine) = machine {
        machine.halted = true;
        machine.console.push_str(problem);
        machine.console.push('\n');
    }
    false
}

/// Logs a guest off at once.
///
/// # Errors
/// 200/12.
pub fn log_off(world: &mut World, system: &SystemName, user: &UserId) -> Smapi<()> {
    let Some(zvm) = world.systems.get_mut(system) else {
        return Err(crate::world::zvm::Code::NOT_ACTIVE);
    };
    zvm.logoff(user)?;
    if let Some(host) = linux_of(world, system, user) {
        guest::stopped(world, &host);
    }
    Ok(())
}

/// Does what is due by now: guests that have shut down are logged off.
pub fn tick(world: &mut World) {
    let now = world.now_ms;
    let mut due = Vec::new();
    for (name, zvm) in &mut world.systems {
        due.extend(
            zvm.due_logoffs(now)
                .into_iter()
                .map(|user| (name.clone(), user)),
        );
    }
    for (system, user) in due {
        let _ = log_off(world, &system, &user);
    }
}
