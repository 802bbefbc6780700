//! The zHCP's side of the IUCV agent (spec: zhcp-and-smapi 1.8).

use super::power;
use crate::hosts::ProgramEnv;
use crate::hosts::guest;
use crate::hosts::guest::iucvserv::{Answer, VERSION, serve};
use crate::seam::Outcome;
use crate::world::UserId;

/// Local copy of the server, whose version the client tells.
const SERVER: &str = "/opt/zhcp/bin/IUCV/iucvserv";

fn error(rc: i32, text: &str, reason: i32) -> Outcome {
    Outcome {
        rc,
        stdout: format!("ERROR: {text}\nReturn code {rc}, Reason code {reason}.\n"),
        stderr: String::new(),
    }
}

/// `iucvserv --version`, without a newline.
pub fn server(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    if words.iter().any(|w| w == "--version") {
        Outcome::ok(VERSION)
    } else {
        Outcome::fail(1, "iucvserv: cannot bind: Address already in use\n")
    }
}

/// `iucvclnt USERID COMMAND`.
pub fn client(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    if words.get(1).is_some_and(|w| w == "--version") {
        return Outcome::ok(VERSION);
    }
    let [_, user, command @ ..] = words else {
        return error(255, "Invalid arguments", 255);
    };
    if command.is_empty() {
        return error(2, "No command was given", 2);
    }
    if env.read(SERVER).is_err() {
        return error(32, &format!("{SERVER} does not exist"), 2);
    }
    let user = UserId::new(user);
    let own = env.linux().map(|l| l.userid.clone()).unwrap_or_default();
    let system = env.linux().map(|l| l.system.clone()).unwrap_or_default();
    let Some(host) = power::linux_of(env.world, &system, &user) else {
        return error(4, "ERROR connecting socket:\nNetwork is unreachable", 101);
    };
    let line = command.join(" ");
    if let Some(transport) = line.trim().strip_prefix("iucv_file_transport ") {
        return send_file(env, &host, transport);
    }
    match serve(env.world, &host, own.as_str(), &line) {
        Answer::NoServer(errno) => {
            let text = match errno {
                111 => "Connection refused",
                _ => "Network is unreachable",
            };
            error(4, &format!("ERROR connecting socket:\n{text}"), errno)
        }
        Answer::Unauthorized(text) => {
            let (text, errno) = text.rsplit_once('#').unwrap_or((&text, "0"));
            error(1, text, errno.parse().unwrap_or(0))
        }
        Answer::Ran { output, status: 0 } => Outcome::ok(output),
        Answer::Ran { output, status } => error(8, output.trim_end(), status),
    }
}

/// `iucv_file_transport SOURCE TARGET`.
fn send_file(env: &mut ProgramEnv<'_>, host: &crate::world::HostName, paths: &str) -> Outcome {
    let words: Vec<&str> = paths.split_whitespace().collect();
    let [source, target] = words.as_slice() else {
        return error(2, "iucv_file_transport needs a source and a target", 2);
    };
    let Ok(text) = env.read(source).map(std::borrow::Cow::into_owned) else {
        return error(16, &format!("Failed to open file {source}"), 2);
    };
    let own = env.linux().map(|l| l.userid.clone()).unwrap_or_default();
    match serve(env.world, host, own.as_str(), ":") {
        Answer::Ran { .. } => {}
        Answer::NoServer(errno) => {
            return error(4, "ERROR connecting socket:\nNetwork is unreachable", errno);
        }
        Answer::Unauthorized(text) => {
            let (text, errno) = text.rsplit_once('#').unwrap_or((&text, "0"));
            return error(1, text, errno.parse().unwrap_or(0));
        }
    }
    guest::settle(env.world, host);
    match crate::hosts::files::write(env.world, host, target, &text, false) {
        Ok(()) => Outcome::ok(""),
        Err(errno) => error(16, &format!("FILE_RECEIVED_FAILED {target}: {errno}"), 5),
    }
}
