//! What a request to the daemon may hold (spec: rest-and-xcatd 3).

use super::{Area, Entry, State};

const ELEMENTS: &[(&str, State)] = &[
    ("command", State::Full),
    ("noderange", State::Full),
    ("node", State::Full),
    ("arg", State::Full),
    ("env", State::Full),
    (
        "environment",
        State::Declined {
            reason: "no command that is there reads a variable of its client",
        },
    ),
    (
        "stdin",
        State::Partial {
            missing: "stanza files of mkdef and chdef; mkvm and chvm --replacevs read it",
        },
    ),
    (
        "cwd",
        State::Declined {
            reason: "files named by a client are files of the management node, by absolute path",
        },
    ),
    ("clienttype", State::Full),
    ("becomeuser", State::Full),
    ("gettoken", State::Full),
    ("tokens", State::Full),
    ("username", State::Full),
    ("transid", State::Full),
    ("abortcommand", State::Full),
    (
        "table, keys, attr, data, addrows, sequential",
        TABLE_COMMANDS,
    ),
    ("client certificate", State::Full),
    ("policy table", State::Full),
    ("audit log", State::Full),
    (
        "ports 3002 and 3003, UDP 3001",
        State::Declined {
            reason: "not needed by clients of z/VM: install monitor, command log, discovery",
        },
    ),
];

const TABLE_COMMANDS: State = State::Declined {
    reason: "they belong to getAllEntries, getNodesAttribs, setAttribs and tabrestore, whose answers are not specified",
};

/// Every entry of the daemon's protocol.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    ELEMENTS.iter().map(|(name, state)| Entry {
        area: Area::Xcatd,
        group: "request",
        name,
        spec: "3",
        state: *state,
        probe: "",
    })
}
