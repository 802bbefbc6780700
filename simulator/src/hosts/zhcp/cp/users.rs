//! Commands about other users.

use super::command::{Answer, Context, command, is};
use crate::hosts::zhcp::power;
use crate::world::UserId;
use crate::world::zvm::{SmapiServer, code};

fn no_operand() -> Answer {
    Answer::message("CFC", 26, "Operand missing or invalid")
}

/// XAUTOLOG: the answer comes before the logon is done.
pub(super) fn xautolog(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let Some(name) = words.first() else {
        return no_operand();
    };
    let user = UserId::new(name);
    let now = context.env.world.now_ms;
    if SmapiServer::is_server(&user) {
        if let Some(zvm) = context.zvm_mut() {
            if zvm.smapi.servers.contains(&user) {
                return Answer::message("AUT", 54, &format!("{user} already logged on"));
            }
            zvm.smapi.start(&user, now);
        }
        return Answer::ok("Command accepted\n");
    }
    let system = context.system.clone();
    match power::log_on(context.env.world, &system, &user) {
        Ok(()) => Answer::ok(format!(
            "Command accepted\nAUTO LOGON  ***       {:<8} USERS = {}\n",
            user.as_str(),
            context.zvm().running.len()
        )),
        Err(c) if c == code(200, 4) => {
            Answer::message("LGA", 53, &format!("{user} not in CP directory"))
        }
        Err(c) if c == code(200, 16) => {
            Answer::message("LGA", 361, &format!("LOGOFF/FORCE pending for user {user}"))
        }
        Err(_) => Answer::message("AUT", 54, &format!("{user} already logged on")),
    }
}

/// FORCE.
pub(super) fn force(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let Some(name) = words.first() else {
        return no_operand();
    };
    let user = UserId::new(name);
    let by = context.user.clone();
    let done = |users: usize| {
        Answer::ok(format!(
            "USER DSC   LOGOFF AS  {:<8} USERS = {users:<4} FORCED BY {by}\n",
            user.as_str()
        ))
    };
    let Some(zvm) = context.zvm_mut() else {
        return no_operand();
    };
    if zvm.smapi.force(&user) {
        return done(zvm.running.len());
    }
    let system = context.system.clone();
    match power::log_off(context.env.world, &system, &user) {
        Ok(()) => done(context.zvm().running.len()),
        Err(_) => Answer::message("FRC", 45, &format!("{user} not logged on")),
    }
}

/// SIGNAL SHUTDOWN USER.
pub(super) fn signal(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let user = match words {
        [w, rest @ ..] if is(w, "SHUTDOWN", 4) => {
            rest.iter().find(|w| **w != "USER").map(|u| UserId::new(u))
        }
        _ => None,
    };
    let now = context.env.world.now_ms;
    let (Some(user), Some(zvm)) = (user, context.zvm_mut()) else {
        return no_operand();
    };
    match zvm.shutdown(&user, now, 300_000) {
        Ok(()) => Answer::default(),
        Err(_) => Answer::message("SIG", 45, &format!("{user} not logged on")),
    }
}

/// MESSAGE: what is said is not kept.
pub(super) fn message(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let Some(name) = words.first() else {
        return no_operand();
    };
    let user = UserId::new(name);
    if *name == "*" || context.zvm().is_logged_on(&user) {
        Answer::default()
    } else {
        Answer::message("MFS", 45, &format!("{name} not logged on"))
    }
}

/// SEND: `SEND [CP] user command`; the command is carried out in the other's name.
pub(super) fn send(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words = match words {
        [w, rest @ ..] if w.eq_ignore_ascii_case("CP") => rest,
        rest => rest,
    };
    let Some((name, rest)) = words.split_first() else {
        return no_operand();
    };
    let user = UserId::new(name);
    if !context.zvm().is_logged_on(&user) {
        return Answer::message("SEN", 45, &format!("{user} not logged on"));
    }
    let line = rest.join(" ");
    command(context.env, &user, &line);
    Answer::default()
}

/// STOP and BEGIN of the guest itself.
pub(super) fn pause(context: &mut Context<'_, '_>, paused: bool) -> Answer {
    let user = context.user.clone();
    if let Some(machine) = context.zvm_mut().and_then(|z| z.running.get_mut(&user)) {
        machine.paused = paused;
    }
    Answer::default()
}
