//! The checks before a command, in xcatd's order: password, token, policy, command, noderange
//! (spec: rest-and-xcatd 3.3).

use super::policy::{self, Decision, Peer};
use super::registry::{self, Registration};
use super::{Document, Request, Response, audit, crypt, noderange, token};
use crate::seam::{Release, Settings, Site};
use crate::world::{Database, World};

/// A request that passed every check that precedes its command.
pub(super) struct Admitted {
    /// Authenticated name, if any.
    pub user: Option<String>,
    /// The nodes in the order in which a plugin gets them; `None` when the request names none.
    pub nodes: Option<Vec<String>>,
    /// How the command finds its plugin.
    pub registration: Registration,
}

/// Makes the checks; the error is the whole answer.
pub(super) fn admit(site: &Site, request: &Request) -> Result<Admitted, Response> {
    let release = site.settings.release;
    for credentials in request.credentials.iter().chain(&request.wants_token) {
        let hashes = policy::hashes(&site.world.lock().mn.tables, &credentials.user);
        // Milliseconds of work, which nobody else is to wait for.
        for hash in hashes {
            crypt::matches(&credentials.password, &hash);
        }
    }
    let _turn = site.turn();
    let mut world = site.world.lock();
    let name = identify(&mut world, &site.settings, request)?;
    let tables = &world.mn.tables;
    let peer = Peer {
        name: name.as_deref(),
        // Every client comes from this machine.
        host: world.mn.host.as_str(),
    };
    let decision = policy::decide(tables, release, peer, request);
    audit::record(
        &mut world,
        name.as_deref(),
        request,
        decision != Decision::Denied,
    );
    if decision == Decision::Denied {
        let text = "Permission denied for request";
        return Err(Response::single(match release {
            Release::E => Document::of("error", [text]),
            Release::M | Release::P => Document::error(text),
        }));
    }
    let user = match (decision, &request.claimed_user) {
        (Decision::Trusted, Some(claimed)) => Some(claimed.clone()),
        _ => name,
    };
    let registration = registration(&world.mn.tables, release, request, user.as_deref())?;
    let nodes = nodes(&world.mn.tables, release, request)?;
    Ok(Admitted {
        user,
        nodes,
        registration,
    })
}

/// Who asks: the user to become, the owner of a token, or the name in the certificate.
fn identify(
    world: &mut World,
    settings: &Settings,
    request: &Request,
) -> Result<Option<String>, Response> {
    let failure = || Response::last(Document::error("Authentication failure"));
    let mut name = request.certificate.clone();
    if let Some(credentials) = &request.credentials {
        if !policy::authenticates(&world.mn.tables, settings, credentials) {
            return Err(failure());
        }
        name = Some(credentials.user.clone());
    }
    if let Some(credentials) = &request.wants_token {
        if !policy::authenticates(&world.mn.tables, settings, credentials) {
            return Err(failure());
        }
        return Err(Response::last(token::give(
            world,
            settings.release,
            &credentials.user,
        )));
    }
    if let Some(id) = &request.token {
        name = Some(token::owner(world, id).ok_or_else(failure)?);
    }
    Ok(name)
}

/// The command's registration, or the answer of xcatd itself.
fn registration(
    tables: &Database,
    release: Release,
    request: &Request,
    user: Option<&str>,
) -> Result<Registration, Response> {
    let command = request.command.as_deref().unwrap_or_default();
    if command == "authcheck" {
        return Err(Response::single(match user {
            Some(user) => Document::of("data", ["Authenticated"]).with("username", [user]),
            None => Document::of("data", ["Unauthenticated"]),
        }));
    }
    if let Some(registration) = registry::registration(command) {
        return Ok(registration);
    }
    let range = request.noderange.as_deref().filter(|r| !r.is_empty());
    if let (Some(range), "noderange" | "extnoderange") = (range, command) {
        let expansion = noderange::expand(tables, release, range);
        let mut document = Document::of("node", expansion.nodes);
        if !expansion.missing.is_empty() {
            let text = format!("Invalid nodes in noderange:{}", expansion.missing.join(","));
            document = document.with("warning", [text]);
        }
        return Err(Response::single(document));
    }
    Err(Response::single(Document::of(
        "error",
        ["Unsupported request"],
    )))
}

/// The nodes asked for: all or none.
fn nodes(
    tables: &Database,
    release: Release,
    request: &Request,
) -> Result<Option<Vec<String>>, Response> {
    let mut nodes = match request.noderange.as_deref().filter(|r| !r.is_empty()) {
        None if request.nodes.is_empty() => return Ok(None),
        None => request.nodes.clone(),
        Some(range) => {
            let expansion = noderange::expand(tables, release, range);
            if !expansion.missing.is_empty() {
                return Err(Response::single(Document::error(format!(
                    "Invalid nodes and/or groups in noderange: {}",
                    expansion.missing.join(",")
                ))));
            }
            expansion.nodes
        }
    };
    if nodes.len() > 1 {
        nodes.sort_by_cached_key(|n| (first_number(n), n.clone()));
    }
    if !nodes.is_empty() && release != Release::E && tables.site("master").is_none() {
        return Err(Response::single(Document::error(format!(
            "site.master is not set, unable to dispatch '{}'",
            request.command.as_deref().unwrap_or_default()
        ))));
    }
    Ok(Some(nodes))
}

/// Nodes are handed to a plugin by the first number in the name; a name without a number counts as 0.
fn first_number(name: &str) -> u64 {
    let digits: String = name
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}
