//! The guest's side of the IUCV agent (spec: zhcp-and-smapi 1.8): `iucvserv` takes a command line from the zHCP that the
//! guest has authorized, and answers with its output.

use super::settle;
use crate::hosts::{is_up, shell};
use crate::world::{HostName, World};

/// File that names the userid from which commands are taken.
pub const AUTHORIZED: &str = "/etc/iucv_authorized_userid";
/// Version of the agent.
pub const VERSION: &str = "0.0.0.1";

/// What the client reads from its socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nobody answers: the errno of `connect()`.
    NoServer(i32),
    /// The caller may not: what the server says.
    Unauthorized(String),
    /// The command ran: standard output and standard error as one text, and its exit status.
    Ran {
        /// What it said.
        output: String,
        /// How it ended.
        status: i32,
    },
}

/// What stands before the exit status at the end of the output.
const STATUS: &str = "iucvcmdrc=";

/// ENETUNREACH, which the client gets when the guest is off or has no server.
const UNREACHABLE: i32 = 101;
/// ENOENT.
const NO_ENTRY: i32 = 2;

/// Takes a command line from `client`.
pub fn serve(world: &mut World, host: &HostName, client: &str, command: &str) -> Answer {
    if !is_up(world, host) || !world.linuxes.get(host).is_some_and(|l| l.iucv) {
        return Answer::NoServer(UNREACHABLE);
    }
    let authorized = world
        .linuxes
        .get(host)
        .and_then(|l| l.fs.read(AUTHORIZED))
        .map(|text| text.trim().chars().take(16).collect::<String>());
    match authorized {
        None => {
            return Answer::Unauthorized(format!(
                "UNAUTHORIZED_ERROR: Authorized path {AUTHORIZED} doesn't exist on iucv server.#{NO_ENTRY}"
            ));
        }
        Some(user) if !user.eq_ignore_ascii_case(client) => {
            return Answer::Unauthorized(format!(
                "UNAUTHORIZED_ERROR: Userid {client} is not authorized, IUCV agent only can communicate with \
                 specified open cloud user!#0"
            ));
        }
        Some(_) => {}
    }
    settle(world, host);
    // Only the last command of a list has its standard error taken along; what others complain is the server's.
    let line = format!("{command}  2>&1; echo {STATUS}$?");
    let outcome = shell::run(world, host, "root", &line);
    match outcome.stdout.rsplit_once(STATUS) {
        Some((output, status)) => Answer::Ran {
            output: output.to_owned(),
            status: status.trim().parse().unwrap_or(outcome.rc),
        },
        // The command ended the shell.
        None => Answer::Ran {
            output: outcome.stdout,
            status: outcome.rc,
        },
    }
}
