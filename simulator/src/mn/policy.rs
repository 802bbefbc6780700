//! Who may do what: passwords and the policy table (spec: rest-and-xcatd 3.6, 3.7).

use std::collections::BTreeSet;

use regex::Regex;

use super::{Credentials, Request, crypt, noderange};
use crate::seam::{Release, Settings};
use crate::world::Database;
use crate::world::tables::Row;

/// Whether xCAT knows the user and the password is right. RQ18: the stored text itself is right, too, even when it is
/// a hash.
pub fn authenticates(tables: &Database, settings: &Settings, credentials: &Credentials) -> bool {
    if credentials.user.is_empty() || credentials.password.is_empty() {
        return false;
    }
    let given = credentials.password.as_str();
    stored(tables, &credentials.user).any(|stored| {
        let itself = !crypt::is_hash(stored) || settings.quirk("RQ18");
        (itself && stored == given) || crypt::matches(given, stored)
    })
}

/// What is stored as passwords of a user.
fn stored<'a>(tables: &'a Database, user: &'a str) -> impl Iterator<Item = &'a str> {
    tables
        .find("passwd", &[("key", "xcat")])
        .filter(move |row| row.get("username").is_some_and(|u| u == user))
        .filter_map(|row| row.get("password"))
        .map(String::as_str)
}

/// The hashes that are stored for a user. Who is about to ask [`authenticates`] under a lock works them out before it
/// with [`crypt::matches`], which remembers.
pub fn hashes(tables: &Database, user: &str) -> Vec<String> {
    stored(tables, user)
        .filter(|text| crypt::is_hash(text))
        .map(str::to_owned)
        .collect()
}

/// Who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer<'a> {
    /// Authenticated name.
    pub name: Option<&'a str>,
    /// Short host name.
    pub host: &'a str,
}

/// What the policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No.
    Denied,
    /// Yes.
    Allowed,
    /// Yes, and what the peer says of its user is believed.
    Trusted,
}

/// Asks the policy table: the first row, in numerical order of priority, of which every condition holds decides;
/// without one the answer is no.
pub fn decide(tables: &Database, release: Release, peer: Peer<'_>, request: &Request) -> Decision {
    let command = request.command.as_deref().unwrap_or_default();
    let rules = tables.derived("policy", |rows| -> Vec<Rule> {
        rows.map(Rule::of).collect()
    });
    // Nodes that no row has covered yet; found out once a row asks.
    let mut open: Option<BTreeSet<String>> = None;
    for rule in rules.into_iter().flatten() {
        let name_holds = match rule.name.as_str() {
            "" => true,
            "*" => peer.name.is_some(),
            name => peer.name == Some(name),
        };
        if !name_holds
            || set(&rule.host).is_some_and(|host| host != peer.host)
            || set(&rule.commands).is_some_and(|list| !list.split(',').any(|c| c == command))
        {
            continue;
        }
        if !rule.parameters.hold(&request.args) {
            continue;
        }
        if let Some(range) = set(&rule.noderange) {
            let open = open.get_or_insert_with(|| {
                let range = request.noderange.as_deref().unwrap_or_default();
                let nodes = noderange::expand(tables, release, range).nodes;
                nodes.into_iter().chain(request.nodes.clone()).collect()
            });
            let covered = noderange::expand(tables, release, range).nodes;
            let covers = covered.iter().filter(|n| open.contains(*n)).count();
            if covers == 0 {
                continue;
            }
            if rule.decision != Decision::Denied && covers < open.len() {
                if release != Release::E {
                    for node in &covered {
                        open.remove(node);
                    }
                }
                continue;
            }
        }
        return rule.decision;
    }
    Decision::Denied
}

/// A row of the policy as it is looked at with every request; an unset condition is empty.
struct Rule {
    name: String,
    host: String,
    commands: String,
    parameters: Parameters,
    noderange: String,
    decision: Decision,
}

impl Rule {
    fn of(row: &Row) -> Self {
        let column = |name: &str| row.get(name).cloned().unwrap_or_default();
        Self {
            name: column("name"),
            host: column("host"),
            commands: column("commands"),
            parameters: match set(&column("parameters")) {
                None => Parameters::Any,
                Some(text) => Regex::new(text).map_or(Parameters::Never, Parameters::Matching),
            },
            noderange: column("noderange"),
            decision: decision(&column("rule")),
        }
    }
}

/// What the arguments must be.
enum Parameters {
    Any,
    Matching(Regex),
    /// The expression is none.
    Never,
}

impl Parameters {
    fn hold(&self, args: &[String]) -> bool {
        match self {
            Self::Any => true,
            Self::Matching(regex) => regex.is_match(&args.join(" ")),
            Self::Never => false,
        }
    }
}

/// A condition that restricts something.
fn set(condition: &str) -> Option<&str> {
    Some(condition).filter(|text| !text.is_empty() && *text != "*")
}

/// What a row says when it decides.
fn decision(text: &str) -> Decision {
    let text = text.to_ascii_lowercase();
    if text.contains("trusted") {
        Decision::Trusted
    } else if text.contains("allow") || text.contains("accept") {
        Decision::Allowed
    } else {
        Decision::Denied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(rows: &[&[(&str, &str)]]) -> Database {
        let mut tables = Database::default();
        for row in rows {
            let row: Row = row
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            tables.insert("policy", row);
        }
        for node in ["n1", "n2"] {
            tables.set("nodelist", "node", node, &[("groups", "all")]);
        }
        tables
    }

    fn ask(tables: &Database, name: Option<&str>, command: &str, nodes: Option<&str>) -> bool {
        let request = Request {
            command: Some(command.to_owned()),
            noderange: nodes.map(str::to_owned),
            ..Request::default()
        };
        decide(tables, Release::M, Peer { name, host: "" }, &request) == Decision::Allowed
    }

    #[test]
    fn the_lowest_priority_number_decides() {
        let tables = tables(&[
            &[("priority", "10"), ("name", "a"), ("rule", "allow")],
            &[
                ("priority", "9"),
                ("name", "a"),
                ("commands", "chvm,rmvm"),
                ("rule", "deny"),
            ],
        ]);
        assert!(ask(&tables, Some("a"), "lsvm", None));
        assert!(!ask(&tables, Some("a"), "chvm", None));
        assert!(!ask(&tables, Some("b"), "lsvm", None));
    }

    #[test]
    fn a_row_without_name_is_for_everybody_and_a_star_for_somebody() {
        let open = tables(&[&[
            ("priority", "1"),
            ("commands", "lsxcatd"),
            ("rule", "allow"),
        ]]);
        assert!(ask(&open, None, "lsxcatd", None));
        let named = tables(&[&[("priority", "1"), ("name", "*"), ("rule", "allow")]]);
        assert!(!ask(&named, None, "lsxcatd", None));
        assert!(ask(&named, Some("x"), "lsxcatd", None));
    }

    #[test]
    fn a_changed_table_is_seen() {
        let mut tables = tables(&[&[("priority", "2"), ("name", "a"), ("rule", "allow")]]);
        assert!(ask(&tables, Some("a"), "lsvm", None));
        tables.update("policy", &[("priority", "2")], &[("rule", "deny")]);
        assert!(!ask(&tables, Some("a"), "lsvm", None));
        let row = [("priority", "1"), ("parameters", "^$"), ("rule", "allow")];
        let row: Row = row
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into_iter()
            .collect();
        tables.insert("policy", row);
        assert!(ask(&tables, Some("a"), "lsvm", None));
        let copy = tables.clone();
        tables.delete("policy", "priority", "1");
        assert!(!ask(&tables, Some("a"), "lsvm", None));
        assert!(ask(&copy, Some("a"), "lsvm", None));
        tables.replace_rows("policy", Vec::new());
        assert!(!ask(&tables, Some("a"), "lsvm", None));
    }

    #[test]
    fn nodes_may_be_covered_by_several_rows() {
        let tables = tables(&[
            &[("priority", "1"), ("noderange", "n1"), ("rule", "allow")],
            &[("priority", "2"), ("noderange", "n2"), ("rule", "allow")],
        ]);
        assert!(ask(&tables, None, "lsvm", Some("n1,n2")));
        assert!(ask(&tables, None, "lsvm", Some("n1")));
        assert!(!ask(&tables, None, "lsvm", None));
    }
}
