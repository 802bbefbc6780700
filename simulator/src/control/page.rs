//! The reference page `docs/control-api.md`.

use std::fmt::Write as _;

use super::routes::{ROUTES, Verb};

/// The page, as Markdown.
pub fn page() -> String {
    let mut out = String::from(
        "# Control API\n\n\
         Made by `xcat-sim reference control-api`. `xcat-sim serve --control 127.0.0.1:PORT` opens the door: HTTP with JSON, on \
         loopback addresses only. `GET /openapi.json` describes it for programs; `GET /health` says that it is there. A \
         refusal is a status of 400 or more and `{\"error\": why}`. `{world}` is `default` for the world that answers \
         without a prefix.\n\n\
         A *target* is an object of criteria that must all hold: `operation` (`chvm --addzfcp`), `node`, `zhcp`, `guest`, `pool`, \
         `wwpn`, `lun`, `device`, `chpid`, `command` (a regular expression on the remote command's line) and `path` (one on \
         an HTTP request's path). What it names must be there.\n\n\
         Calls marked *kept* survive the end of the process when the simulator has a state folder.\n\n\
         | method | path | what it does | body | |\n|---|---|---|---|---|\n",
    );
    for route in ROUTES {
        let mark = match route.verb {
            Verb::Change(_) => "kept",
            Verb::Look(_) => "",
            Verb::Wait(_) => "waits",
        };
        let body = if route.body.is_empty() {
            String::new()
        } else {
            format!("`{}`", route.body.replace('|', "\\|"))
        };
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {body} | {mark} |",
            route.method, route.path, route.summary
        );
    }
    out
}
