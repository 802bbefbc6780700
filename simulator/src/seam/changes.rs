//! What a remote command changed, in words, for the journal. Only the places that the command addresses are compared,
//! of pool files only those that were written and only what differs: the cost does not grow with the site.

use std::fmt;

use crate::world::zfcp::Zfcp;
use crate::world::{
    DeviceNumber, HostName, LinuxRole, Lun, Shared, SystemName, UserId, World, Wwpn,
};

use super::RemoteCommand;

/// Most changes that are told of one command.
const TOLD: usize = 32;

/// The places that a command addresses, before it ran.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The zHCP, which keeps the pools that it writes as they were.
    zhcp: Option<HostName>,
    /// A guest and its driver's state, which is copied only if the command changes it.
    guest: Option<(HostName, Shared<Zfcp>)>,
    user: Option<UserBefore>,
}

#[derive(Debug)]
struct UserBefore {
    system: SystemName,
    user: UserId,
    state: UserState,
}

/// A user as directory and CP know it.
#[derive(Debug, Default, PartialEq)]
struct UserState {
    statements: Option<Vec<String>>,
    devices: Option<Vec<(DeviceNumber, DeviceNumber)>>,
}

impl Before {
    /// Looks at the places that the command addresses.
    pub(super) fn new(world: &mut World, command: &RemoteCommand) -> Self {
        let mut before = Self::default();
        let Some((host, linux)) = command.host().and_then(|h| world.find(h)) else {
            return before;
        };
        if linux.fs.has_touched() {
            // What others wrote than remote commands.
            let host = host.clone();
            if let Some(linux) = world.linuxes.get_mut(&host) {
                linux.fs.take_touched();
            }
            return Self::new(world, command);
        }
        let line = match command {
            RemoteCommand::Ssh { command, .. } => command.as_str(),
            _ => "",
        };
        match linux.role {
            LinuxRole::Zhcp => {
                before.zhcp = Some(host.clone());
                if has_word(line, "smcli", 1)
                    && let Some(user) = user_of(line)
                {
                    before.user = Some(UserBefore {
                        state: UserState::of(world, &linux.system, &user),
                        system: linux.system.clone(),
                        user,
                    });
                }
                if has_word(line, "iucvclnt", 3) {
                    before.guest = world
                        .linuxes
                        .iter()
                        .find(|(_, l)| {
                            l.role == LinuxRole::Guest
                                && !l.userid.as_str().is_empty()
                                && line.contains(l.userid.as_str())
                        })
                        .map(|(host, l)| (host.clone(), l.zfcp.clone()));
                }
            }
            LinuxRole::Guest => {
                before.guest = Some((host.clone(), linux.zfcp.clone()));
            }
            LinuxRole::Mn => {}
        }
        before
    }

    /// What is different now; takes the notes of files that were written.
    pub(super) fn changes(self, world: &mut World) -> Vec<String> {
        let mut told = Vec::new();
        for note in world.scratch.take_notes() {
            if !crate::world::fs::is_pool_file(&note.path) {
                told.push(format!("file {}:{}: {}", note.host, note.path, note.change));
            }
        }
        if let Some(host) = self.zhcp
            && let Some(linux) = world.linuxes.get_mut(&host)
            && linux.fs.has_touched()
        {
            for (path, old) in linux.fs.take_touched() {
                let name = path
                    .rsplit('/')
                    .next()
                    .and_then(|n| n.strip_suffix(".conf"))
                    .unwrap_or(&path);
                let line = |sign: &str, what: &str| {
                    ["pool ", host.as_str(), "/", name, ": ", sign, what].concat()
                };
                let Some(new) = linux.fs.pool(&path) else {
                    told.push(line("", "removed"));
                    continue;
                };
                if new.shares_all(&old) {
                    continue;
                }
                let (gone, came) = new.changed_since(&old, TOLD);
                told.extend(gone.iter().map(|row| line("-", row)));
                told.extend(came.iter().map(|row| line("+", row)));
            }
        }
        if let Some((host, old)) = self.guest
            && let Some(linux) = world.linuxes.get(&host)
            && !linux.zfcp.is_same(&old)
        {
            let places = [places(&old), places(&linux.zfcp)];
            for (these, those, sign) in [(0, 1, '-'), (1, 0, '+')] {
                let only = |place: &&Place| places[those].binary_search(place).is_err();
                let only = places[these].iter().filter(only).take(TOLD);
                told.extend(only.map(|place| format!("guest {host}: {sign}{place}")));
            }
        }
        if let Some(before) = self.user {
            let now = UserState::of(world, &before.system, &before.user);
            before.state.differences(&now, &before.user, &mut told);
        }
        told.truncate(TOLD);
        told
    }
}

/// What a driver can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Lun(DeviceNumber, Wwpn, Lun),
    Online(DeviceNumber),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lun(device, wwpn, lun) => write!(f, "lun {device}/{wwpn}/{lun}"),
            Self::Online(device) => write!(f, "online {device}"),
        }
    }
}

/// What a driver has, in order.
fn places(zfcp: &Zfcp) -> Vec<Place> {
    let luns = zfcp.disks().map(|(d, w, l, _)| Place::Lun(d, w, l));
    let online = zfcp.adapters.iter().filter(|(_, a)| a.online);
    luns.chain(online.map(|(device, _)| Place::Online(*device)))
        .collect()
}

/// Whether a line has a word anywhere; it is looked for by its letter at `rare`, which command lines hardly have.
fn has_word(line: &str, word: &str, rare: usize) -> bool {
    let (line, word) = (line.as_bytes(), word.as_bytes());
    memchr::memchr_iter(word[rare], line)
        .any(|at| at >= rare && line[at - rare..].starts_with(word))
}

/// The userid behind `-T`.
fn user_of(line: &str) -> Option<UserId> {
    let mut words = line.split_whitespace().skip_while(|w| *w != "-T");
    words.next()?;
    let word = words.next()?;
    Some(UserId::new(
        word.trim_matches(|c| matches!(c, '\'' | '"' | ';')),
    ))
}

impl UserState {
    fn of(world: &World, system: &SystemName, user: &UserId) -> Self {
        let Some(system) = world.systems.get(system) else {
            return Self::default();
        };
        Self {
            statements: system.directory.get(user).map(|e| e.statements.clone()),
            devices: system
                .running
                .get(user)
                .map(|vm| vm.devices.iter().map(|(v, r)| (*v, *r)).collect()),
        }
    }

    fn differences(&self, now: &Self, user: &UserId, told: &mut Vec<String>) {
        match (&self.statements, &now.statements) {
            (None, Some(_)) => told.push(format!("directory {user}: created")),
            (Some(_), None) => told.push(format!("directory {user}: deleted")),
            (Some(old), Some(new)) if old != new => {
                let only = |these: &[String], those: &[String], sign: char| -> Vec<String> {
                    these
                        .iter()
                        .filter(|s| !those.contains(s))
                        .map(|s| format!("directory {user}: {sign}{s}"))
                        .collect()
                };
                told.extend(only(old, new, '-'));
                told.extend(only(new, old, '+'));
            }
            _ => {}
        }
        match (&self.devices, &now.devices) {
            (None, Some(_)) => told.push(format!("cp {user}: logged on")),
            (Some(_), None) => told.push(format!("cp {user}: logged off")),
            (Some(old), Some(new)) if old != new => {
                for (v, r) in old.iter().filter(|d| !new.contains(d)) {
                    told.push(format!("cp {user}: -device {v:X} (real {r:X})"));
                }
                for (v, r) in new.iter().filter(|d| !old.contains(d)) {
                    told.push(format!("cp {user}: +device {v:X} (real {r:X})"));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_one_letter() {
        assert!(has_word("/opt/zhcp/bin/smcli X", "smcli", 1));
        assert!(has_word("mm smcli", "smcli", 1) && has_word("smcli", "smcli", 1));
        assert!(!has_word("mcli smcl", "smcli", 1) && !has_word("", "smcli", 1));
    }

    #[test]
    fn what_a_command_writes_is_told_and_what_others_wrote_is_not() {
        let mut world = crate::site::lab();
        let pool = "/var/opt/zhcp/zfcp/pool1.conf";
        let mut told = |work: &dyn Fn(&mut World), line: &str| {
            work(&mut world);
            let command = RemoteCommand::Ssh {
                host: "zhcp1".to_owned(),
                user: "root".to_owned(),
                opts: Vec::new(),
                command: line.to_owned(),
            };
            let before = Before::new(&mut world, &command);
            let outcome = crate::hosts::execute(&mut world, &command);
            assert_eq!(outcome.stderr, "", "{line}");
            before.changes(&mut world)
        };
        let nothing = |_: &mut World| ();
        let by_hand = |world: &mut World| {
            let zhcp = world.linuxes.get_mut("zhcp1").unwrap();
            zhcp.fs.append(pool, "by hand\n", 0);
        };
        assert!(told(&by_hand, &format!("cat {pool}")).is_empty());
        assert_eq!(
            told(&by_hand, &format!("echo x >> {pool}")),
            ["pool zhcp1/pool1: +x"]
        );
        assert_eq!(
            told(&nothing, &format!("sed -i 's/^x$/y/' {pool}")),
            ["pool zhcp1/pool1: -x", "pool zhcp1/pool1: +y"]
        );
        assert!(told(&nothing, &format!("sed -i 's/no such text/y/' {pool}")).is_empty());
        assert_eq!(
            told(&nothing, &format!("rm {pool}")),
            ["pool zhcp1/pool1: removed"]
        );
    }
}
