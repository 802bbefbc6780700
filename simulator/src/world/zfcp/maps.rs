//! Multipath maps (spec: zfcp-and-san 2.8, 6.3).

use std::collections::{BTreeMap, BTreeSet};

use crate::world::linux::Family;

use super::event::{Action, Subject};
use super::scsi::first_free;
use super::{Machine, MultipathMap, ScsiDevice, Uevent, Zfcp};

/// What `/etc/multipath.conf` and `/etc/multipath/wwids` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultipathConfig {
    /// Whether a single path gives no map, unless its WWID is known.
    pub find_multipaths: bool,
    /// WWIDs that had a map before.
    pub wwids: BTreeSet<String>,
    /// WWIDs that get no map.
    pub blacklisted: BTreeSet<String>,
    /// Paths that appeared later than this, in virtual milliseconds, are not looked at yet.
    pub known_until_ms: u64,
}

impl MultipathConfig {
    /// Reads the files of a Linux, for its daemon.
    pub fn of_daemon(machine: &Machine<'_>, zfcp: &Zfcp) -> Self {
        let now = machine.world.now_ms;
        Self {
            known_until_ms: now.saturating_sub(zfcp.faults.map_late_ms),
            ..Self::of(machine, zfcp)
        }
    }

    /// Reads the files of a Linux.
    pub fn of(machine: &Machine<'_>, zfcp: &Zfcp) -> Self {
        let fs = &machine.linux.fs;
        let conf = fs.read("/etc/multipath.conf");
        let setting = conf.as_ref().and_then(|text| {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix("find_multipaths"))
                .map(|value| value.trim().trim_matches('"').to_owned())
                .next_back()
        });
        let find_multipaths = match setting.as_deref() {
            Some("no" | "off" | "greedy") => false,
            Some(_) => true,
            // Without a file the daemon of SUSE and Ubuntu is not set up to take single paths.
            None => conf.is_none() || machine.linux.distribution.family() == Family::RedHat,
        };
        let wwids = fs
            .read("/etc/multipath/wwids")
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.trim().strip_prefix('/')?.strip_suffix('/'))
            .map(str::to_owned)
            .collect();
        let mut blacklisted = conf.map(|text| blacklist(&text)).unwrap_or_default();
        blacklisted.extend(zfcp.faults.blacklisted.iter().cloned());
        Self {
            find_multipaths,
            wwids,
            blacklisted,
            known_until_ms: u64::MAX,
        }
    }
}

/// WWIDs of the `blacklist` section of `multipath.conf`.
fn blacklist(conf: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut wwids = BTreeSet::new();
    for line in conf.lines().map(str::trim) {
        if line.starts_with("blacklist") && !line.starts_with("blacklist_exceptions") {
            inside = true;
        } else if line.starts_with('}') {
            inside = false;
        } else if let Some(wwid) = line.strip_prefix("wwid").filter(|_| inside) {
            wwids.insert(wwid.trim().trim_matches('"').to_owned());
        }
    }
    wwids
}

impl Zfcp {
    /// Brings the maps in line with the paths: new ones where the configuration wants them, none without a path.
    pub fn update_maps(&mut self, config: &MultipathConfig, events: &mut Vec<Uevent>) {
        let mut paths: BTreeMap<String, usize> = BTreeMap::new();
        let is_known = |d: &ScsiDevice, maps: &BTreeMap<String, MultipathMap>| {
            d.since_ms <= config.known_until_ms || maps.contains_key(&d.wwid)
        };
        for (_, _, _, disk) in self.disks() {
            let listed = config.blacklisted.contains(&disk.wwid);
            if !disk.wwid.is_empty() && !listed && is_known(disk, &self.maps) {
                *paths.entry(disk.wwid.clone()).or_default() += 1;
            }
        }
        let gone: Vec<String> = self
            .maps
            .keys()
            .filter(|wwid| !paths.contains_key(*wwid))
            .cloned()
            .collect();
        // What is open, or came back after all paths had gone, stays.
        let stays = |wwid: &String| self.faults.maps_return || self.faults.open_maps.contains(wwid);
        let gone: Vec<String> = gone.into_iter().filter(|wwid| !stays(wwid)).collect();
        for wwid in gone {
            self.remove_map(&wwid, events);
        }
        self.flushed.retain(|wwid| paths.contains_key(wwid));
        for (wwid, count) in paths {
            if self.maps.contains_key(&wwid) || self.flushed.contains(&wwid) {
                continue;
            }
            if count > 1 || !config.find_multipaths || config.wwids.contains(&wwid) {
                let used = self
                    .maps
                    .values()
                    .filter_map(|m| usize::try_from(m.dm).ok());
                let dm = u32::try_from(first_free(used)).unwrap_or(u32::MAX);
                self.maps.insert(
                    wwid.clone(),
                    MultipathMap {
                        dm,
                        no_queue: false,
                    },
                );
                events.push(Uevent::new(Action::Add, Subject::Map(wwid.clone(), dm)));
                events.push(Uevent::new(Action::Change, Subject::Map(wwid, dm)));
            }
        }
    }

    /// Removes a map; says whether there was one.
    pub fn remove_map(&mut self, wwid: &str, events: &mut Vec<Uevent>) -> bool {
        let Some(map) = self.maps.remove(wwid) else {
            return false;
        };
        self.symlinks.remove(&format!("dm-{}", map.dm));
        events.push(Uevent::new(
            Action::Remove,
            Subject::Map(wwid.to_owned(), map.dm),
        ));
        true
    }
}
