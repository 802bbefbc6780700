//! The coverage page is held against a list taken from the specifications, and against the simulator itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xcat_simulator::coverage::{Area, Entry, State, coverage, markdown};
use xcat_simulator::mn::{Credentials, Element, Request, dispatch};
use xcat_simulator::seam::{Behaviour, Release, Settings};

use crate::doors::Doors;

/// What an answer says of a command or option that is not known.
const UNKNOWN: [&str; 6] = [
    "Option not supported",
    "not supported on chvm",
    "is not simulated",
    "Unsupported request",
    "Invalid flag specified",
    "Usage:",
];

const NAMED: &str = include_str!("../../../fixtures/coverage/options.txt");

fn is_declined(entry: &Entry) -> bool {
    matches!(entry.state, State::Declined { .. })
}

#[test]
fn no_option_that_the_specifications_name_is_missing() {
    let mut listed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let coverage = coverage();
    for entry in coverage.entries.iter().filter(|e| e.area == Area::Command) {
        let names = listed.entry(entry.group.replace(' ', "")).or_default();
        names.insert(entry.name);
    }
    let mut missing = Vec::new();
    let mut count = 0;
    for line in NAMED
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap();
        let Some(names) = listed.get(command) else {
            missing.push(command.to_owned());
            continue;
        };
        for option in words {
            count += 1;
            if !names.contains(option) {
                missing.push(format!("{command} {option}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count > 200, "only {count} options are named");
}

#[test]
fn no_entry_stands_twice() {
    let mut seen = BTreeSet::new();
    for entry in coverage().entries {
        assert!(
            seen.insert((entry.group, entry.name)),
            "{} {}",
            entry.group,
            entry.name
        );
    }
}

#[tokio::test]
async fn every_option_that_is_not_declined_is_carried_out() {
    let mut unknown = Vec::new();
    let coverage = coverage();
    for entry in coverage
        .entries
        .iter()
        .filter(|e| e.area == Area::Command && !is_declined(e))
    {
        for command in entry.group.split(", ") {
            let answer = probe(command, entry.probe).await;
            let foreign = entry.group.contains("renergy");
            // What only other platforms do finds no plugin on a z/VM node.
            if foreign {
                assert!(
                    answer.contains("Unable to identify plugin"),
                    "{command}: {answer}"
                );
            } else if let Some(text) = UNKNOWN.iter().find(|text| answer.contains(*text)) {
                let is_help = entry.name == "-h" && *text == "Usage:";
                if !is_help {
                    unknown.push(format!("{command} {}: {answer}", entry.probe));
                }
            }
        }
    }
    assert_eq!(unknown, Vec::<String>::new());
}

/// The texts of the answer to one command on a fresh site.
async fn probe(command: &str, arguments: &str) -> String {
    let doors = Doors::with(Settings {
        behaviour: Behaviour::Intended,
        ..Settings::default()
    })
    .await;
    let node = match command {
        "chhypervisor" | "rinv" | "revacuate" => "zvmhost1",
        _ => "opnstk1",
    };
    let global = [
        "lsdef",
        "mkdef",
        "chdef",
        "rmdef",
        "nodeadd",
        "makehosts",
        "makedns",
    ];
    let request = Request {
        command: Some(command.split(' ').next().unwrap_or_default().to_owned()),
        noderange: (!global.contains(&command)).then(|| node.to_owned()),
        args: arguments.split_whitespace().map(str::to_owned).collect(),
        credentials: Some(Credentials {
            user: "admin".to_owned(),
            password: "admin".to_owned(),
        }),
        ..Request::default()
    };
    let response = dispatch::serve(Arc::clone(&doors.site), request).await;
    let mut texts = Vec::new();
    for document in &response.documents {
        for element in document.0.values().flatten() {
            texts.push(match element {
                Element::Node(node) => format!("{node:?}"),
                leaf => leaf.text().unwrap_or_default().to_owned(),
            });
        }
    }
    texts.join(" | ")
}

#[tokio::test]
async fn every_resource_that_is_not_declined_answers() {
    let coverage = coverage();
    for entry in coverage
        .entries
        .iter()
        .filter(|e| e.area == Area::Rest && !e.probe.is_empty())
    {
        assert!(!is_declined(entry));
        let doors = Doors::open(Release::M).await;
        let (request, body) = entry.probe.split_once('|').unwrap_or((entry.probe, ""));
        let (method, path) = request.split_once(' ').unwrap();
        let path = [
            (
                "{nr}",
                if request.contains("hypervisor") {
                    "zvmhost1"
                } else {
                    "opnstk1"
                },
            ),
            ("{command}", "rpower"),
            ("{table}", "hosts"),
            ("{image}", "rhel7.2-s390x-netboot-default"),
            ("{network}", "net1"),
            ("{group}", "all"),
            ("{priority}", "6"),
            ("{type}", "osimage"),
            ("{object}", "rhel7.2-s390x-netboot-default"),
            ("{log}", "auditlog"),
            ("{monitor}", "m"),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
        let answer = if body.starts_with('[') || body.is_empty() {
            doors.send(method, &path, body).await
        } else {
            doors.form(method, &path, body).await
        };
        // What the daemon does not know is refused by it, not by the program.
        let refused = entry.group == "debug"
            || entry.name.contains("clusterUser")
            || path.starts_with("/accounts") && body.contains("clusterUser");
        let allowed: &[u16] = if refused { &[403] } else { &[200, 201] };
        assert!(
            allowed.contains(&answer.status),
            "{} -> {} {}",
            entry.probe,
            answer.status,
            answer.body
        );
    }
}

#[test]
fn the_page_and_the_data_tell_the_same() {
    let page = markdown();
    let data = serde_json::to_value(coverage()).unwrap();
    let entries = data["entries"].as_array().unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| | | Section"))
        .count();
    assert_eq!(rows, entries.len());
    let declined = page.matches("| declined: ").count();
    assert_eq!(declined as u64, data["declined"].as_u64().unwrap());
    assert!(page.lines().all(|line| line.len() < 400));
}
