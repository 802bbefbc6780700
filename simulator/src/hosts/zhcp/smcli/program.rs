//! The program: what it does in which order (spec: zhcp-and-smapi 2.1, 2.2).

use super::api::Api;
use super::arguments::{Arguments, missing};
use super::call::Call;
use super::reply::{Reply, injected};
use super::{help, table};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;
use crate::world::zvm::code;

/// File with the SMAPI level, and how long it is believed.
const LEVEL_FILE: &str = "/var/opt/zhcp/smapi.level";
const LEVEL_AGE_MS: u64 = 24 * 3_600_000;
/// Pauses before the tries to connect, in seconds (spec: zhcp-and-smapi 2.6).
const PAUSES: [u64; 10] = [0, 0, 1, 1, 2, 2, 8, 8, 16, 32];
/// Connection refused.
const ECONNREFUSED: i32 = 111;

/// smcli.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let program = words.first().map_or("smcli", String::as_str);
    let level = match level(env) {
        Ok(level) => level,
        Err(outcome) => return outcome,
    };
    let Some(name) = words.get(1).filter(|w| *w != "-h" && *w != "--help") else {
        return help::list(level);
    };
    let Some(api) = table::find(name, level) else {
        return Outcome {
            rc: 1,
            stdout: "ERROR: Unsupported API function name\n".to_owned(),
            stderr: String::new(),
        };
    };
    let arguments = match Arguments::read(api, program, words.get(2..).unwrap_or_default()) {
        Ok(arguments) => arguments,
        Err(outcome) => return outcome,
    };
    if arguments.help {
        return help::of(api);
    }
    if !arguments.is_complete(api) {
        return missing(api);
    }
    if let Err(code) = connect(env) {
        return Reply::Failed(code).print(api, &arguments);
    }
    let mut call = Call {
        env,
        api,
        arguments,
        stdin,
    };
    let reply = (api.run)(&mut call);
    let arguments = std::mem::take(&mut call.arguments);
    reply.print(api, &arguments)
}

/// The SMAPI level: from the file when it is young enough, else asked for and kept.
fn level(env: &mut ProgramEnv<'_>) -> Result<u16, Outcome> {
    let now = env.world.now_ms;
    let kept = env.linux().and_then(|linux| {
        let file = linux.fs.files.get(LEVEL_FILE)?;
        let young = now.saturating_sub(file.changed_ms) < LEVEL_AGE_MS;
        young
            .then(|| file.text.text().trim().parse().ok())
            .flatten()
    });
    if let Some(level) = kept {
        return Ok(level);
    }
    if let Err(code) = connect(env) {
        let query = table::find("Query_API_Functional_Level", u16::MAX);
        let mut outcome = query.map_or_else(Outcome::default, |api| {
            Reply::Failed(code).print(api, &Arguments::default())
        });
        outcome
            .stdout
            .push_str("\nERROR: Unable to determine SMAPI level.\n");
        outcome.rc = 1;
        return Err(outcome);
    }
    let level = env.system().map_or(0, |s| s.smapi.level);
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        linux.fs.write(LEVEL_FILE, level.to_string(), now);
    }
    Ok(level)
}

/// Connects to SMAPI; a restart that is under way is waited for as long as smcli tries.
fn connect(env: &mut ProgramEnv<'_>) -> Result<(), crate::world::zvm::Code> {
    for pause in PAUSES.into_iter().chain([0]) {
        let now = env.world.now_ms;
        let Some(system) = env.system_mut() else {
            return Err(code(-108, 0));
        };
        if system.smapi.accepts(now) {
            system.smapi.last_request = system.smapi.last_request.wrapping_add(1);
            return Ok(());
        }
        env.world.now_ms = now + pause * 1_000;
    }
    Err(code(-101, ECONNREFUSED))
}

/// What smcli prints when SMAPI answers a call with a return and a reason code: for faults that a person injects. `words`
/// are those of the call (`smcli`, the function, its options); `details` the texts of the error buffer.
///
/// `None` when `words` is no call that gets as far as SMAPI.
pub fn failure(words: &[String], rc: i32, rs: i32, details: &[String]) -> Option<Outcome> {
    let api: &'static Api = table::find(words.get(1)?, u16::MAX)?;
    let arguments = Arguments::read(api, &words[0], words.get(2..).unwrap_or_default()).ok()?;
    if arguments.help || !arguments.is_complete(api) {
        return None;
    }
    Some(injected(api, &arguments, rc, rs, details))
}
