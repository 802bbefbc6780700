//! The table of verbs.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::call::{Call, Refusal};
use super::{faults, journal, places, state, world};

/// What a route does.
#[derive(Clone, Copy, Debug)]
pub enum Verb {
    /// It changes the world; such calls are kept in the change log and carried out again after a crash.
    Change(fn(&Call) -> Result<Value, Refusal>),
    /// It changes nothing that is kept, or replaces everything.
    Look(fn(&Call) -> Result<Value, Refusal>),
    /// It waits for something.
    Wait(fn(Call) -> BoxFuture<'static, Result<Value, Refusal>>),
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path, with `{name}` for variable parts.
    pub path: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The body, in words; empty when there is none.
    pub body: &'static str,
    /// What it does.
    pub verb: Verb,
}

const fn route(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    verb: Verb,
) -> Route {
    Route {
        method,
        path,
        summary,
        body,
        verb,
    }
}

use Verb::{Change, Look, Wait};

/// All routes. `{world}` is `default` for the world that answers without a prefix.
pub const ROUTES: &[Route] = &[
    route(
        "GET",
        "/faults",
        "Every fault by name: what it needs and what a client sees.",
        "",
        Look(faults::names),
    ),
    route(
        "GET",
        "/pages/{page}",
        "A reference page: quirks, coverage, faults, xcat-sim, control-api.",
        "",
        Look(world::page),
    ),
    route(
        "GET",
        "/worlds",
        "Names of the worlds of this process, and the addresses of those that have a REST or native door of their own.",
        "",
        Look(world::list),
    ),
    route(
        "POST",
        "/worlds",
        "Add a world; it answers below /worlds/NAME/xcatws, and at addresses of its own when they are given.",
        "{name, site: name or file | text: site file, release, behaviour, repaired, seed, listen: ADDRESS:PORT, xcatd: ADDRESS:PORT}",
        Look(world::add),
    ),
    route(
        "GET",
        "/worlds/{world}",
        "A world: its settings, time and counts.",
        "",
        Look(world::show),
    ),
    route(
        "DELETE",
        "/worlds/{world}",
        "Take a world away.",
        "",
        Look(world::remove),
    ),
    route(
        "GET",
        "/worlds/{world}/faults",
        "Fault rules in force, with their counts.",
        "",
        Look(faults::list),
    ),
    route(
        "POST",
        "/worlds/{world}/faults",
        "Set a fault rule.",
        "{name | effect, target, when: before|after, skip, times, probability, for_ms, delay_ms, id, layer}",
        Change(faults::add),
    ),
    route(
        "DELETE",
        "/worlds/{world}/faults",
        "Take all fault rules away.",
        "",
        Change(faults::clear),
    ),
    route(
        "DELETE",
        "/worlds/{world}/faults/{id}",
        "Take a fault rule away and put right what it changed.",
        "",
        Change(faults::remove),
    ),
    route(
        "GET",
        "/worlds/{world}/breaks",
        "Break points, and the requests that they hold.",
        "",
        Look(faults::breaks),
    ),
    route(
        "POST",
        "/worlds/{world}/breaks",
        "Set a break point.",
        "{id, target, nth, when: before|after, until: target, times}",
        Change(faults::add_break),
    ),
    route(
        "GET",
        "/worlds/{world}/breaks/{id}/wait",
        "Wait until a break point holds a request.",
        "",
        Wait(faults::wait_break),
    ),
    route(
        "POST",
        "/worlds/{world}/breaks/{id}/release",
        "Let go what a break point holds.",
        "",
        Look(faults::release_break),
    ),
    route(
        "DELETE",
        "/worlds/{world}/breaks/{id}",
        "Take a break point away.",
        "",
        Change(faults::remove_break),
    ),
    route(
        "GET",
        "/worlds/{world}/latency",
        "Latency profiles.",
        "",
        Look(faults::latency),
    ),
    route(
        "PUT",
        "/worlds/{world}/latency",
        "Replace the latency profiles; none: no latency.",
        "{profiles: [{command, time: {kind: constant, ms} | {kind: uniform, min, max} | {kind: log-normal, p50, p95, min, max}}], random_state}",
        Change(faults::set_latency),
    ),
    route(
        "GET",
        "/worlds/{world}/time",
        "Virtual time and how it passes.",
        "",
        Look(faults::time),
    ),
    route(
        "PUT",
        "/worlds/{world}/time",
        "Freeze the clock, or set how many real seconds a virtual one takes.",
        "{frozen, scale}",
        Change(faults::set_time),
    ),
    route(
        "POST",
        "/worlds/{world}/time/step",
        "Move the clock forward.",
        "{ms}",
        Change(faults::step),
    ),
    route(
        "GET",
        "/worlds/{world}/journal",
        "Requests with their remote commands; query: since, limit, failed.",
        "",
        Look(journal::list),
    ),
    route(
        "POST",
        "/worlds/{world}/journal/query",
        "Requests that match.",
        "{since, limit, failed, target, fault}",
        Look(journal::query),
    ),
    route(
        "POST",
        "/worlds/{world}/journal/assert",
        "Whether remote commands that match were issued so often; says what came near.",
        "{target, since, at_least, at_most}",
        Look(journal::assert),
    ),
    route(
        "POST",
        "/worlds/{world}/journal/wait",
        "Wait until requests after `since` that match and are not among `seen` have ended.",
        "{since, target, fault, timeout_ms, seen: [number, …]}",
        Wait(journal::wait),
    ),
    route(
        "GET",
        "/worlds/{world}/state",
        "The whole state.",
        "",
        Look(state::save),
    ),
    route(
        "PUT",
        "/worlds/{world}/state",
        "Load a saved state.",
        "a saved state",
        Change(state::load),
    ),
    route(
        "POST",
        "/worlds/{world}/state/reset",
        "Go back to the first state; faults, break points, latencies and the journal are gone.",
        "",
        Change(state::reset),
    ),
    route(
        "POST",
        "/worlds/{world}/state/diff",
        "What differs between a state and now.",
        "nothing: the first state; {snapshot: name}; or a saved state",
        Look(state::diff),
    ),
    route(
        "GET",
        "/worlds/{world}/snapshots",
        "Names of snapshots.",
        "",
        Look(state::snapshots),
    ),
    route(
        "PUT",
        "/worlds/{world}/snapshots/{name}",
        "Keep the state under a name.",
        "",
        Change(state::snapshot),
    ),
    route(
        "POST",
        "/worlds/{world}/snapshots/{name}/restore",
        "Go back to a snapshot.",
        "",
        Change(state::restore),
    ),
    route(
        "DELETE",
        "/worlds/{world}/snapshots/{name}",
        "Forget a snapshot.",
        "",
        Change(state::forget),
    ),
    route(
        "GET",
        "/worlds/{world}/pools",
        "SCSI pool files: zHCP and name.",
        "",
        Look(places::pools),
    ),
    route(
        "GET",
        "/worlds/{world}/pools/{zhcp}/{pool}",
        "Text of a pool file.",
        "",
        Look(places::pool),
    ),
    route(
        "PUT",
        "/worlds/{world}/pools/{zhcp}/{pool}",
        "Replace a pool file, as a person with an editor does.",
        "{text}",
        Change(places::set_pool),
    ),
    route(
        "POST",
        "/worlds/{world}/pools/{zhcp}/{pool}/rows",
        "Replace, insert or delete one line; lines count from 1.",
        "{line, text: new text or null, insert: true|false}",
        Change(places::edit_row),
    ),
    route(
        "GET",
        "/worlds/{world}/san",
        "The SAN: ports, zones, masks, LUNs, links.",
        "",
        Look(places::san),
    ),
    route(
        "PUT",
        "/worlds/{world}/san/zones/{name}",
        "Set the members of a zone.",
        "[WWPN, …]",
        Change(places::set_zone),
    ),
    route(
        "DELETE",
        "/worlds/{world}/san/zones/{name}",
        "Take a zone away.",
        "",
        Change(places::remove_zone),
    ),
    route(
        "PUT",
        "/worlds/{world}/san/masks/{volume}",
        "Set the initiators that see a volume.",
        "[WWPN, …]",
        Change(places::set_mask),
    ),
    route(
        "PUT",
        "/worlds/{world}/san/ports/{wwpn}",
        "Set a target port.",
        "{online, refuses_login}",
        Change(places::set_port),
    ),
    route(
        "PUT",
        "/worlds/{world}/san/luns/{wwpn}/{lun}",
        "Let a volume answer under a LUN; a new one is made with a size.",
        "{volume, bytes}",
        Change(places::set_lun),
    ),
    route(
        "DELETE",
        "/worlds/{world}/san/luns/{wwpn}/{lun}",
        "Take a LUN away from a port.",
        "",
        Change(places::remove_lun),
    ),
    route(
        "GET",
        "/worlds/{world}/guests",
        "Linux systems: userid, z/VM system, whether they run.",
        "",
        Look(places::guests),
    ),
    route(
        "PUT",
        "/worlds/{world}/guests/{host}/power",
        "Log a guest on or off, outside of xCAT.",
        "{on: true|false}",
        Change(places::power),
    ),
];
