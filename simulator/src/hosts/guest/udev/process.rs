//! Processing of events: links, attribute writes, programs, and multipathd, which listens too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::device::{Device, Link};
use super::rules::{Operator, Rule, Token, matches, rules};
use crate::hosts::shell::{Steps, Variables};
use crate::hosts::sysfs::dev::map_name;
use crate::hosts::sysfs::tree::View;
use crate::hosts::{ProgramEnv, guest, sysfs};
use crate::world::linux::{Distribution, Family};
use crate::world::zfcp::event::{Action, Subject};
use crate::world::zfcp::names::{fc_link, zfcp_link};
use crate::world::zfcp::{LinkForm, MultipathConfig, ScsiDevice, Uevent, Zfcp, act};
use crate::world::{HostName, World};

/// Most events that follow from one cause; more can only come from rules that trigger themselves.
const LIMIT: usize = 20_000;

/// Processes events of a Linux in order, and everything that follows from them, until nothing is left.
///
/// A program that a rule runs may cause events while this is going on: they are queued and processed in their turn.
pub fn process(world: &mut World, host: &HostName, events: Vec<Uevent>) {
    let Some(linux) = world.linuxes.get_mut(host) else {
        return;
    };
    let zfcp = &mut linux.zfcp;
    zfcp.pending.extend(events);
    if std::mem::replace(&mut zfcp.udev_busy, true) {
        return;
    }
    // Rules are read once; a program that one of them runs may change them.
    let mut known = None;
    for _ in 0..LIMIT {
        let Some(linux) = world.linuxes.get_mut(host) else {
            return;
        };
        if let Some(event) = linux.zfcp.pending.pop_front() {
            one(world, host, &event, &mut known);
        } else if !follow(world, host) {
            break;
        }
    }
    if let Some(linux) = world.linuxes.get_mut(host) {
        linux.zfcp.pending = VecDeque::new();
        linux.zfcp.udev_busy = false;
    }
}

/// When udev gets to the events of a disk; `None` while it is stalled.
fn due(zfcp: &Zfcp, disk: &ScsiDevice) -> Option<u64> {
    (!zfcp.faults.udev_stalled).then(|| disk.since_ms.saturating_add(zfcp.faults.udev_delay_ms))
}

/// Whether there are disks whose events waited and are due.
pub fn has_waiting(zfcp: &Zfcp, now_ms: u64) -> bool {
    // Links are those of disks and maps that are there: when there are as many, nobody waits.
    let ports = zfcp.adapters.values().flat_map(|a| a.ports.values());
    let disks: usize = ports.map(|port| port.devices.len()).sum();
    if zfcp.symlinks.len() >= disks + zfcp.maps.len() {
        return false;
    }
    zfcp.disks().any(|(.., d)| {
        !zfcp.symlinks.contains_key(&d.disk) && due(zfcp, d).is_some_and(|due| due <= now_ms)
    })
}

/// Whether multipathd has come to paths that have no map yet.
pub fn has_new_paths(zfcp: &Zfcp, now_ms: u64) -> bool {
    let late = zfcp.faults.map_late_ms;
    late > 0
        && zfcp.disks().any(|(.., d)| {
            !zfcp.maps.contains_key(&d.wwid) && now_ms.saturating_sub(d.since_ms) >= late
        })
}

/// When the last of the events that wait is due.
pub fn last_due(zfcp: &Zfcp) -> Option<u64> {
    zfcp.disks()
        .filter(|(.., d)| !zfcp.symlinks.contains_key(&d.disk))
        .filter_map(|(.., d)| due(zfcp, d))
        .max()
}

/// What comes after the last event: disks whose events waited, and multipathd. Says whether there are new events.
fn follow(world: &mut World, host: &HostName) -> bool {
    let Some(((), mut events)) = act(world, host, |machine, zfcp, events| {
        if !zfcp.faults.udev_stalled {
            let now = machine.world.now_ms;
            let waiting: Vec<_> = zfcp
                .disks()
                .filter(|(.., d)| {
                    !zfcp.symlinks.contains_key(&d.disk)
                        && due(zfcp, d).is_some_and(|due| due <= now)
                })
                .map(|(d, w, l, disk)| Subject::Disk(d, w, l, disk.disk.clone()))
                .collect();
            events.extend(
                waiting
                    .into_iter()
                    .map(|subject| Uevent::new(Action::Change, subject)),
            );
        }
        if events.is_empty() && !zfcp.faults.no_multipathd {
            let config = MultipathConfig::of_daemon(machine, zfcp);
            zfcp.update_maps(&config, events);
        }
    }) else {
        return false;
    };
    let more = !events.is_empty();
    if let Some(linux) = world.linuxes.get_mut(host) {
        linux.zfcp.pending.extend(events.drain(..));
    }
    more
}

/// What the rules ask for, apart from what they write at once.
#[derive(Default)]
struct Wishes {
    links: BTreeSet<String>,
    run: Vec<String>,
}

fn one(world: &mut World, host: &HostName, event: &Uevent, known: &mut Option<Vec<Rule>>) {
    let now = world.now_ms;
    let stalled = world
        .linuxes
        .get(host)
        .is_none_or(|l| match &event.subject {
            Subject::Disk(.., name) => l
                .zfcp
                .disk(name)
                .and_then(|(.., disk)| due(&l.zfcp, disk))
                .is_none_or(|due| due > now),
            _ => l.zfcp.faults.udev_stalled,
        });
    let is_block = matches!(event.subject, Subject::Disk(..) | Subject::Map(..));
    if event.action == Action::Remove || (is_block && stalled) {
        return;
    }
    let Some((device, mut wishes)) = View::of(world, host).and_then(|view| {
        let device = Device::of(&view, &event.subject)?;
        let wishes = Wishes {
            links: standard_links(&view, &event.subject),
            run: Vec::new(),
        };
        Some((device, wishes))
    }) else {
        return;
    };
    if let Subject::Map(wwid, _) = &event.subject {
        remember_wwid(world, host, wwid);
    }
    let all = known.get_or_insert_with(|| world.linuxes.get(host).map(rules).unwrap_or_default());
    evaluate(world, host, event.action, &device, all, &mut wishes);
    if is_block && let Some(linux) = world.linuxes.get_mut(host) {
        linux
            .zfcp
            .symlinks
            .insert(device.own().kernel, wishes.links);
    }
    for line in wishes.run {
        run(world, host, &line);
        *known = None;
    }
}

/// The links that every distribution's own rules make (spec: zfcp-and-san 2.7).
fn standard_links(view: &View<'_>, subject: &Subject) -> BTreeSet<String> {
    match subject {
        Subject::Disk(device, wwpn, lun, name) => {
            let distribution = view.machine.linux.distribution;
            let mut links = BTreeSet::new();
            let form = view.zfcp.faults.link_form;
            if distribution.family() != Family::Ubuntu && form != LinkForm::Fc {
                links.insert(format!("disk/by-path/{}", zfcp_link(*device, *wwpn, *lun)));
            }
            if !matches!(distribution, Distribution::Rhel6 | Distribution::Sles11)
                && form != LinkForm::Zfcp
            {
                links.insert(format!("disk/by-path/{}", fc_link(*device, *wwpn, *lun)));
            }
            if let Some((.., disk)) = view.zfcp.disk(name)
                && let Some(naa) = disk.wwid.get(1..)
            {
                links.insert(format!("disk/by-id/scsi-{}", disk.wwid));
                links.insert(format!("disk/by-id/wwn-0x{naa}"));
            }
            links
        }
        Subject::Map(wwid, _) => [
            format!("disk/by-id/dm-name-{}", map_name(view, wwid)),
            format!("disk/by-id/dm-uuid-mpath-{wwid}"),
            format!("disk/by-id/scsi-{wwid}"),
            format!("disk/by-id/wwn-0x{}", wwid.get(1..).unwrap_or_default()),
        ]
        .into(),
        _ => BTreeSet::new(),
    }
}

/// Head of the file of WWIDs.
pub const WWIDS_HEAD: &str = "# Multipath wwids, Version : 1.0\n# NOTE: This file is automatically maintained by \
                        multipath and multipathd.\n# You should not need to edit this file in normal circumstances.\
                        \n#\n# Valid WWIDs:\n";

/// multipathd keeps the WWIDs of the maps that it made.
pub fn remember_wwid(world: &mut World, host: &HostName, wwid: &str) {
    const PATH: &str = "/etc/multipath/wwids";
    let now = world.now_ms;
    let Some(linux) = world.linuxes.get_mut(host) else {
        return;
    };
    let text = linux.fs.read(PATH).unwrap_or(WWIDS_HEAD.into());
    let line = format!("/{wwid}/");
    if text.lines().all(|l| l != line) {
        let text = format!("{text}{line}\n");
        linux.fs.write(PATH, text, now);
    }
}

/// Goes through all rules for one device.
fn evaluate(
    world: &mut World,
    host: &HostName,
    action: Action,
    device: &Device,
    rules: &[Rule],
    wishes: &mut Wishes,
) {
    let mut env = device.env.clone();
    env.insert("ACTION".into(), action.word().into());
    let mut attributes = Attributes::default();
    let mut skip: Option<(&str, &str)> = None;
    for rule in rules {
        if let Some((file, label)) = skip {
            let here = rule.file == file
                && rule
                    .tokens
                    .iter()
                    .any(|t| t.key == "LABEL" && t.value == label);
            if rule.file == file && !here {
                continue;
            }
            skip = None;
        }
        let matched = matching(world, host, device, &env, &rule.tokens, &mut attributes);
        let Some(parent) = matched else {
            continue;
        };
        for token in &rule.tokens {
            let value = || substitute(&token.value, device, &parent, &env);
            match (token.key.as_str(), token.operator) {
                (_, Operator::Equal | Operator::Unequal) => {}
                ("SYMLINK", Operator::Remove) => {
                    for name in value().split_whitespace() {
                        wishes.links.remove(name);
                    }
                }
                ("SYMLINK", _) => wishes
                    .links
                    .extend(value().split_whitespace().map(str::to_owned)),
                ("RUN", _) => wishes.run.push(value()),
                ("ENV", _) => {
                    env.insert(token.attribute.clone().unwrap_or_default(), value());
                }
                ("IMPORT", _) => collect(world, host, &value(), &mut env),
                ("ATTR", Operator::Assign) => {
                    let path = attribute_path(device, token.attribute.as_deref());
                    // udev logs a failed write and goes on.
                    let _ = sysfs::write(world, host, &path, &value());
                    attributes = Attributes::default();
                }
                ("GOTO", _) => skip = Some((&rule.file, &token.value)),
                _ => {}
            }
        }
    }
}

/// Attributes that the rules for one device have read: most rules ask for the same. Forgotten when one is written.
#[derive(Default)]
struct Attributes(BTreeMap<String, Option<String>>);

impl Attributes {
    fn read(&mut self, world: &World, host: &HostName, path: String) -> Option<&str> {
        let text = self.0.entry(path).or_insert_with_key(|path| {
            let text = sysfs::read(world, host, path)?.ok()?;
            Some(text.trim_end().to_owned())
        });
        text.as_deref()
    }
}

/// The parent that the plural keys of a rule chose (the device itself without any), if all its conditions hold.
fn matching(
    world: &World,
    host: &HostName,
    device: &Device,
    env: &BTreeMap<String, String>,
    tokens: &[Token],
    attributes: &mut Attributes,
) -> Option<Link> {
    let conditions = tokens
        .iter()
        .filter(|t| matches!(t.operator, Operator::Equal | Operator::Unequal));
    let (plural, single): (Vec<_>, Vec<_>) = conditions.partition(|t| {
        matches!(
            t.key.as_str(),
            "KERNELS" | "SUBSYSTEMS" | "DRIVERS" | "ATTRS"
        )
    });
    let own = device.own();
    let mut read = |path: String| attributes.read(world, host, path).map(str::to_owned);
    let holds = |token: &Token, actual: Option<&str>| {
        let equal = actual.is_some_and(|text| matches(&token.value, text.trim_end()));
        equal == (token.operator == Operator::Equal)
    };
    for token in single {
        let attribute = token.attribute.as_deref();
        let good = match token.key.as_str() {
            "ACTION" => holds(token, env.get("ACTION").map(String::as_str)),
            "KERNEL" => holds(token, Some(&own.kernel)),
            "SUBSYSTEM" => holds(token, Some(own.subsystem)),
            "DRIVER" => holds(token, Some(own.driver)),
            "ENV" => {
                let name = attribute.unwrap_or_default();
                holds(token, Some(env.get(name).map_or("", String::as_str)))
            }
            "ATTR" => holds(token, read(attribute_path(device, attribute)).as_deref()),
            "TEST" => {
                let path = attribute_path(device, Some(&token.value));
                sysfs::exists(world, host, &path) == (token.operator == Operator::Equal)
            }
            // Network and program keys never hold for the devices of this model.
            _ => false,
        };
        if !good {
            return None;
        }
    }
    if plural.is_empty() {
        return Some(own);
    }
    device
        .chain
        .iter()
        .find(|link| {
            plural.iter().all(|token| match token.key.as_str() {
                "KERNELS" => holds(token, Some(&link.kernel)),
                "SUBSYSTEMS" => holds(token, Some(link.subsystem)),
                "DRIVERS" => holds(token, Some(link.driver)),
                _ => {
                    let name = token.attribute.as_deref().unwrap_or_default();
                    holds(token, read(format!("{}/{name}", link.path)).as_deref())
                }
            })
        })
        .cloned()
}

/// Path of an attribute: of the device itself, of another one (`[ccw/0.0.1b00]online`), or absolute.
fn attribute_path(device: &Device, attribute: Option<&str>) -> String {
    let attribute = attribute.unwrap_or_default();
    if let Some((bus_and_name, rest)) = attribute.strip_prefix('[').and_then(|a| a.split_once(']'))
    {
        let (bus, name) = bus_and_name.split_once('/').unwrap_or((bus_and_name, ""));
        let rest = rest.trim_start_matches('/');
        return format!("/sys/bus/{bus}/devices/{name}/{rest}");
    }
    if attribute.starts_with('/') {
        return attribute.to_owned();
    }
    format!("{}/{attribute}", device.own().path)
}

/// Replaces `%k`, `%n`, `$id` and the like.
fn substitute(
    text: &str,
    device: &Device,
    parent: &Link,
    env: &BTreeMap<String, String>,
) -> String {
    let own = device.own();
    let digits = own
        .kernel
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .len();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['%', '$']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let long = [
            ("$kernel", own.kernel.as_str()),
            ("$number", &own.kernel[digits..]),
            ("$id", &parent.kernel),
            ("$$", "$"),
            ("%k", &own.kernel),
            ("%n", &own.kernel[digits..]),
            ("%b", &parent.kernel),
            ("%%", "%"),
        ];
        if let Some((name, value)) = long.iter().find(|(name, _)| rest.starts_with(name)) {
            out.push_str(value);
            rest = &rest[name.len()..];
        } else if let Some((name, after)) = rest
            .strip_prefix("$env{")
            .or_else(|| rest.strip_prefix("%E{"))
            .and_then(|r| r.split_once('}'))
        {
            out.push_str(env.get(name).map_or("", String::as_str));
            rest = after;
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// `IMPORT{program}="collect CHECKPOINT ID LIST..."`: says how many of the list have not announced themselves yet. An id
/// that is not in the list makes it fail, so that nothing is imported.
fn collect(world: &mut World, host: &HostName, line: &str, env: &mut BTreeMap<String, String>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [program, checkpoint, id, list @ ..] = words.as_slice() else {
        return;
    };
    if program.rsplit('/').next() != Some("collect") || !list.contains(id) {
        return;
    }
    let Some(linux) = world.linuxes.get_mut(host) else {
        return;
    };
    let seen = linux
        .zfcp
        .collected
        .entry((*checkpoint).to_owned())
        .or_default();
    seen.insert((*id).to_owned());
    let missing = list.iter().filter(|name| !seen.contains(**name)).count();
    env.insert(format!("COLLECT_{checkpoint}"), missing.to_string());
}

/// Runs a program of a rule; nobody looks at what it says.
fn run(world: &mut World, host: &HostName, line: &str) {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let Some(program) = words.first().and_then(|name| {
        let linux = world.linuxes.get(host)?;
        guest::lookup(name, linux)
    }) else {
        return;
    };
    let mut env = ProgramEnv {
        world,
        host: host.clone(),
        user: "root".into(),
        variables: Variables::default(),
        directory: "/".into(),
        depth: 0,
        steps: Steps::default(),
        merged: false,
    };
    program(&mut env, &words, "");
}
