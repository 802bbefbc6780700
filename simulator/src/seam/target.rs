//! What a rule of the control door is about: requests, remote commands, and places of the site. A target that names
//! something the site does not have is refused when it is written.

use regex::Regex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{RemoteCommand, RequestFacts};
use crate::world::{DeviceNumber, HostName, LinuxRole, Lun, SystemName, UserId, World, Wwpn};

/// Criteria; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// xCAT command, or command and option: `chvm`, `chvm --addzfcp`, `--reservezfcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Node of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Host name of the zHCP on which the remote command runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zhcp: Option<String>,
    /// Guest (node, host name or userid) on which the remote command runs, or which it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// SCSI pool that the remote command names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// WWPN that the remote command names: of a target port or of an FCP device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wwpn: Option<String>,
    /// LUN that the remote command names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lun: Option<String>,
    /// FCP device that the remote command names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Channel path, as a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chpid: Option<String>,
    /// Regular expression that the remote command's line must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Regular expression that the path of an HTTP request must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Target {
    /// How many criteria it has.
    pub fn criteria(&self) -> usize {
        [
            &self.operation,
            &self.node,
            &self.zhcp,
            &self.guest,
            &self.pool,
            &self.wwpn,
            &self.lun,
            &self.device,
            &self.chpid,
            &self.command,
            &self.path,
        ]
        .into_iter()
        .flatten()
        .count()
    }
}

/// A target that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("target {field}: {reason}")]
pub struct BadTarget {
    /// Which criterion.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl BadTarget {
    fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self {
            field,
            reason: reason.into(),
        }
    }
}

/// A target that was checked against a site and is ready to be compared.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    target: Target,
    command: Option<Regex>,
    path: Option<Regex>,
    /// Host names under which the guest is addressed, and its userid.
    guest: Option<(Option<HostName>, UserId)>,
}

/// Places of the site that a target names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Linux of the guest.
    pub guest: Option<HostName>,
    /// z/VM system: of the guest, of the zHCP, or that which has the device.
    pub system: Option<SystemName>,
    /// FCP device.
    pub device: Option<DeviceNumber>,
    /// Channel path.
    pub chpid: Option<String>,
    /// Target port or initiator.
    pub wwpn: Option<Wwpn>,
    /// LUN.
    pub lun: Option<Lun>,
}

impl Matcher {
    /// Checks a target against a site.
    ///
    /// # Errors
    /// The first criterion that names what the site does not have.
    pub fn new(target: Target, world: &World) -> Result<Self, BadTarget> {
        let regex = |field, text: &Option<String>| {
            text.as_ref()
                .map(|t| Regex::new(t).map_err(|e| BadTarget::new(field, e.to_string())))
                .transpose()
        };
        if let Some(operation) = &target.operation {
            let first = operation.split_whitespace().next().unwrap_or_default();
            if first.is_empty() {
                return Err(BadTarget::new("operation", "is empty"));
            }
            if !first.starts_with('-') && !crate::mn::is_command(first) {
                return Err(BadTarget::new(
                    "operation",
                    format!("'{first}' is no xCAT command"),
                ));
            }
        }
        if let Some(node) = &target.node
            && !world.mn.tables.is_node(node)
        {
            return Err(BadTarget::new("node", format!("no node '{node}'")));
        }
        if let Some(zhcp) = &target.zhcp {
            let known = world
                .resolve(zhcp)
                .and_then(|host| world.linuxes.get(host))
                .is_some_and(|linux| linux.role == LinuxRole::Zhcp);
            if !known {
                return Err(BadTarget::new("zhcp", format!("no zHCP '{zhcp}'")));
            }
        }
        let guest = target
            .guest
            .as_ref()
            .map(|name| {
                guest_of(world, name)
                    .ok_or_else(|| BadTarget::new("guest", format!("no guest '{name}'")))
            })
            .transpose()?;
        if let Some(pool) = &target.pool
            && !pools(world).any(|(_, name)| name.eq_ignore_ascii_case(pool))
        {
            return Err(BadTarget::new("pool", format!("no SCSI pool '{pool}'")));
        }
        let matcher = Self {
            command: regex("command", &target.command)?,
            path: regex("path", &target.path)?,
            guest,
            target,
        };
        matcher.place(world)?;
        Ok(matcher)
    }

    /// The target as written.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The places that the target names.
    ///
    /// # Errors
    /// The first that the site does not have.
    pub fn place(&self, world: &World) -> Result<Place, BadTarget> {
        let bad = |field| move |reason: String| BadTarget::new(field, reason);
        let target = &self.target;
        let parse = |field, text: &Option<String>| {
            text.as_deref()
                .map(|t| Wwpn::parse(t).map_err(bad(field)))
                .transpose()
        };
        let wwpn = parse("wwpn", &target.wwpn)?;
        let lun = target
            .lun
            .as_deref()
            .map(|t| Lun::parse(t).map_err(bad("lun")))
            .transpose()?;
        let device = target
            .device
            .as_deref()
            .map(|t| DeviceNumber::parse(t).map_err(bad("device")))
            .transpose()?;
        let fcp = || world.systems.values().flat_map(|s| s.fcp.values());
        if let Some(wwpn) = wwpn
            && !world.san.ports.contains_key(&wwpn)
            && !fcp().any(|f| f.npiv_wwpn == Some(wwpn) || f.physical_wwpn == wwpn)
        {
            return Err(BadTarget::new(
                "wwpn",
                format!("neither a target port nor an FCP device has {wwpn}"),
            ));
        }
        if let Some(lun) = lun {
            let known = match wwpn.and_then(|w| world.san.luns.get(&w)) {
                Some(luns) => luns.contains_key(&lun),
                None => world.san.luns.values().any(|luns| luns.contains_key(&lun)),
            };
            if !known {
                return Err(BadTarget::new("lun", format!("the SAN has no LUN {lun}")));
            }
        }
        let guest = self.guest.as_ref().and_then(|(host, _)| host.clone());
        let host = guest
            .as_ref()
            .or_else(|| target.zhcp.as_deref().and_then(|z| world.resolve(z)));
        let mut system = host
            .and_then(|h| world.linuxes.get(h))
            .map(|l| l.system.clone());
        if let Some(device) = device {
            system = system.or_else(|| {
                let has = |s: &crate::world::ZvmSystem| s.fcp.contains_key(&device);
                world
                    .systems
                    .iter()
                    .find(|(_, s)| has(s))
                    .map(|(name, _)| name.clone())
            });
            let known = system
                .as_ref()
                .and_then(|s| world.systems.get(s))
                .is_some_and(|s| {
                    s.fcp.contains_key(&device)
                        || s.running
                            .values()
                            .any(|vm| vm.devices.contains_key(&device))
                });
            if !known {
                return Err(BadTarget::new(
                    "device",
                    format!("no FCP device {device:X} there"),
                ));
            }
        }
        if let Some(chpid) = &target.chpid
            && !fcp().any(|f| f.chpid.eq_ignore_ascii_case(chpid))
        {
            return Err(BadTarget::new(
                "chpid",
                format!("no FCP device has channel path {chpid}"),
            ));
        }
        Ok(Place {
            guest,
            system,
            device,
            chpid: target.chpid.clone(),
            wwpn,
            lun,
        })
    }

    /// Which criteria on the request itself do not hold.
    pub fn request_misses(&self, request: &RequestFacts) -> Vec<&'static str> {
        let mut misses = Vec::new();
        if let Some(operation) = &self.target.operation
            && !is_operation(operation, request)
        {
            misses.push("operation");
        }
        if let Some(node) = &self.target.node
            && !request
                .noderange
                .as_deref()
                .is_some_and(|range| range.split(',').any(|n| n == node))
        {
            misses.push("node");
        }
        misses
    }

    /// Which criteria do not hold for a remote command of a request; none: it is meant.
    pub fn misses(&self, request: &RequestFacts, command: &RemoteCommand) -> Vec<&'static str> {
        let mut misses = self.request_misses(request);
        let line = command.to_string();
        let lower = line.to_ascii_lowercase();
        let host = command
            .host()
            .map(|h| h.split('.').next().unwrap_or(h).to_ascii_lowercase());
        let mut check = |field, holds: bool| {
            if !holds {
                misses.push(field);
            }
        };
        if let Some(zhcp) = &self.target.zhcp {
            let short = zhcp.split('.').next().unwrap_or(zhcp);
            check(
                "zhcp",
                host.as_deref()
                    .is_some_and(|h| h.eq_ignore_ascii_case(short)),
            );
        }
        if let Some((name, userid)) = &self.guest {
            let addressed = name
                .as_ref()
                .is_some_and(|n| host.as_deref() == Some(n.as_str()));
            check(
                "guest",
                addressed || has_word(&lower, &userid.as_str().to_ascii_lowercase()),
            );
        }
        let named = |text: &Option<String>| {
            text.as_ref().is_none_or(|t| {
                let t = t.to_ascii_lowercase();
                lower.contains(t.strip_prefix("0x").unwrap_or(&t))
            })
        };
        check("wwpn", named(&self.target.wwpn));
        check("lun", named(&self.target.lun));
        check("device", named(&self.target.device));
        check(
            "pool",
            self.target
                .pool
                .as_ref()
                .is_none_or(|p| has_word(&lower, &p.to_ascii_lowercase())),
        );
        check(
            "command",
            self.command.as_ref().is_none_or(|r| r.is_match(&line)),
        );
        misses
    }

    /// Whether an HTTP request is meant, as far as its path tells.
    pub fn is_http(&self, path: &str) -> bool {
        let element = |wanted: &Option<String>| {
            wanted
                .as_ref()
                .is_none_or(|w| path.split('/').any(|e| e.split(',').any(|n| n == w)))
        };
        self.path.as_ref().is_none_or(|r| r.is_match(path)) && element(&self.target.node)
    }
}

/// Whether every word of `operation` is the command (the first, unless it is an option) or one of the arguments.
fn is_operation(operation: &str, request: &RequestFacts) -> bool {
    let mut words = operation.split_whitespace().peekable();
    if let Some(first) = words.peek()
        && !first.starts_with('-')
    {
        if *first != request.command {
            return false;
        }
        words.next();
    }
    words.all(|word| request.args.iter().any(|arg| arg == word))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_part)
            && !text[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

/// A guest by node, host name or userid.
fn guest_of(world: &World, name: &str) -> Option<(Option<HostName>, UserId)> {
    if let Some(host) = world.resolve(name)
        && let Some(linux) = world.linuxes.get(host)
    {
        return Some((Some(host.clone()), linux.userid.clone()));
    }
    let userid = world
        .mn
        .tables
        .get("zvm", "node", name, "userid")
        .map_or_else(|| UserId::new(name), UserId::new);
    if let Some((host, _)) = world.linuxes.iter().find(|(_, l)| l.userid == userid) {
        return Some((Some(host.clone()), userid));
    }
    world
        .systems
        .values()
        .any(|s| s.directory.contains_key(&userid))
        .then_some((None, userid))
}

/// Pool files of all zHCPs: host and pool name.
pub fn pools(world: &World) -> impl Iterator<Item = (&HostName, &str)> {
    const DIRECTORY: &str = "/var/opt/zhcp/zfcp/";
    world
        .linuxes
        .iter()
        .filter(|(_, l)| l.role == LinuxRole::Zhcp)
        .flat_map(|(host, l)| {
            l.fs.files
                .range(DIRECTORY.to_owned()..)
                .map_while(move |(path, _)| path.strip_prefix(DIRECTORY))
                .filter_map(move |name| Some((host, name.strip_suffix(".conf")?)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site;

    fn facts(command: &str, range: &str, args: &[&str]) -> RequestFacts {
        RequestFacts {
            command: command.to_owned(),
            noderange: Some(range.to_owned()),
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            user: None,
        }
    }

    fn ssh(host: &str, command: &str) -> RemoteCommand {
        RemoteCommand::Ssh {
            host: host.to_owned(),
            user: "root".to_owned(),
            opts: Vec::new(),
            command: command.to_owned(),
        }
    }

    #[test]
    fn unknown_places_are_refused() {
        let world = site::lab();
        let bad: [(&str, Target); 7] = [
            (
                "operation",
                Target {
                    operation: Some("chwm".into()),
                    ..Target::default()
                },
            ),
            (
                "node",
                Target {
                    node: Some("lnx9".into()),
                    ..Target::default()
                },
            ),
            (
                "zhcp",
                Target {
                    zhcp: Some("lnx1".into()),
                    ..Target::default()
                },
            ),
            (
                "guest",
                Target {
                    guest: Some("nobody".into()),
                    ..Target::default()
                },
            ),
            (
                "pool",
                Target {
                    pool: Some("nopool".into()),
                    ..Target::default()
                },
            ),
            (
                "lun",
                Target {
                    lun: Some("4099000000000000".into()),
                    ..Target::default()
                },
            ),
            (
                "command",
                Target {
                    command: Some("(".into()),
                    ..Target::default()
                },
            ),
        ];
        for (field, target) in bad {
            assert_eq!(Matcher::new(target, &world).unwrap_err().field, field);
        }
    }

    #[test]
    fn criteria_say_what_does_not_hold() {
        let world = site::lab();
        let target = Target {
            operation: Some("chvm --addzfcp".into()),
            node: Some("lnx1".into()),
            zhcp: Some("zhcp1".into()),
            guest: Some("lnx1".into()),
            command: Some("smcli Image_Device_Dedicate ".into()),
            ..Target::default()
        };
        let matcher = Matcher::new(target, &world).unwrap();
        let request = facts("chvm", "lnx1", &["--addzfcp", "pool1"]);
        let dedicate = ssh(
            "zhcp1.example.com",
            "smcli Image_Device_Dedicate -T LNX1 -v 1A00",
        );
        assert_eq!(matcher.misses(&request, &dedicate), [""; 0]);
        let other = ssh(
            "zhcp2.example.com",
            "smcli Image_Device_Dedicate_DM -T LNX11",
        );
        assert_eq!(
            matcher.misses(&facts("chvm", "lnx2", &["--removezfcp"]), &other),
            ["operation", "node", "zhcp", "guest", "command"]
        );
    }
}
