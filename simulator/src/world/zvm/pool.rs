//! Disk space that the directory manager gives out: groups (pools), regions, extents (spec: zhcp-and-smapi 2.9.9).
//!
//! A pool keeps its extents as the records that `Image_Volume_Space_Query_DM` answers, because clients see them raw.

use serde::{Deserialize, Serialize};

use super::{Code, Smapi, ZvmSystem, code};
use crate::world::{DeviceNumber, UserId};

/// Bytes of a 3390 cylinder, as clients convert them.
const CYLINDER_BYTES: u64 = 737_280;

/// A pool of the directory manager.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskPool {
    /// Free extents: `VOLID DEVTYPE START SIZE GROUP REGION`.
    pub free: Vec<String>,
    /// Used extents: `VOLID DEVTYPE START SIZE OWNER VDEV SYSTEM GROUP REGION`; a site may leave out words.
    pub used: Vec<String>,
    /// Regions that belong to the pool and hold no extent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_regions: Vec<String>,
}

/// Unit of a disk's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskUnit {
    /// Cylinders of an ECKD disk.
    #[default]
    Cylinders,
    /// Blocks of 512 bytes of an FBA disk.
    Blocks,
}

/// A run of cylinders or blocks on a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Volume.
    pub volume: String,
    /// Device type, such as `3390-09`.
    pub kind: String,
    /// First cylinder or block.
    pub start: u64,
    /// How many.
    pub size: u64,
    /// Region to which it belongs.
    pub region: String,
}

impl Extent {
    /// Reads the first four words of a record, and the region, which is the last one.
    pub fn parse(record: &str) -> Option<Self> {
        let words: Vec<&str> = record.split_whitespace().collect();
        let [volume, kind, start, size, rest @ ..] = words.as_slice() else {
            return None;
        };
        Some(Self {
            volume: (*volume).to_owned(),
            kind: (*kind).to_owned(),
            start: start.parse().ok()?,
            size: size.parse().ok()?,
            region: rest.last().unwrap_or(volume).to_string(),
        })
    }

    fn head(&self) -> String {
        format!(
            "{} {} {:04} {}",
            self.volume, self.kind, self.start, self.size
        )
    }

    fn free_record(&self, group: &str) -> String {
        format!("{} {group} {}", self.head(), self.region)
    }

    fn used_record(&self, group: &str, owner: &UserId, device: DeviceNumber) -> String {
        format!(
            "{} {owner} {device:X} * {group} {}",
            self.head(),
            self.region
        )
    }

    fn is_eckd(&self) -> bool {
        self.kind.starts_with("33")
    }
}

impl DiskPool {
    /// Its volumes, each once, in order of appearance.
    pub fn volumes(&self) -> Vec<&str> {
        let mut volumes: Vec<&str> = Vec::new();
        let records = self
            .free
            .iter()
            .chain(&self.used)
            .chain(&self.empty_regions);
        for volume in records.filter_map(|r| r.split_whitespace().next()) {
            if !volumes.contains(&volume) {
                volumes.push(volume);
            }
        }
        volumes
    }

    /// Takes the first free extent that fits.
    fn take(
        &mut self,
        group: &str,
        eckd: bool,
        size: u64,
        wanted: &dyn Fn(&Extent) -> bool,
    ) -> Option<Extent> {
        let (at, free) = self.free.iter().enumerate().find_map(|(at, record)| {
            let extent = Extent::parse(record)?;
            (extent.size >= size && extent.is_eckd() == eckd && wanted(&extent))
                .then_some((at, extent))
        })?;
        let taken = Extent {
            size,
            ..free.clone()
        };
        if free.size == size {
            self.free.remove(at);
        } else {
            self.free[at] = Extent {
                start: free.start + size,
                size: free.size - size,
                ..free
            }
            .free_record(group);
        }
        Some(taken)
    }

    /// Gives an extent back, merged with free neighbours on its volume.
    fn give(&mut self, group: &str, extent: Extent) {
        let mut extent = extent;
        let mut kept = Vec::with_capacity(self.free.len() + 1);
        let mut at = None;
        for record in self.free.drain(..) {
            match Extent::parse(&record) {
                Some(free)
                    if free.volume == extent.volume && free.start + free.size == extent.start =>
                {
                    extent.size += free.size;
                    extent.start = free.start;
                    extent.region = free.region;
                    at.get_or_insert(kept.len());
                }
                Some(free)
                    if free.volume == extent.volume && extent.start + extent.size == free.start =>
                {
                    extent.size += free.size;
                    extent.region = free.region;
                    at.get_or_insert(kept.len());
                }
                _ => kept.push(record),
            }
        }
        kept.insert(at.unwrap_or(kept.len()), extent.free_record(group));
        self.free = kept;
    }
}

/// Where the directory manager is to find space for a minidisk (`-a` of `Image_Disk_Create_DM`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// Anywhere in a group.
    Group(String),
    /// Anywhere in a region.
    Region(String),
    /// Anywhere on a volume.
    Volume(String),
    /// At a place on a volume; the caller answers for it.
    At(String, u64),
    /// A disk in storage.
    Virtual,
    /// A disk for one session.
    Temporary,
    /// A real device, whole.
    Device(DeviceNumber),
}

/// A minidisk to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDisk {
    /// Address.
    pub device: DeviceNumber,
    /// Device type, as in the MDISK statement.
    pub kind: String,
    /// Where.
    pub allocation: Allocation,
    /// How much, in the unit of its type.
    pub size: u64,
    /// Mode of the statement.
    pub mode: String,
    /// Read, write and multi password; empty ones end the list.
    pub passwords: [String; 3],
}

impl ZvmSystem {
    /// Adds a minidisk to an entry and takes its space (`Image_Disk_Create_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 408/4, 408/12, 420/8 unknown group, region or volume, 408/24 no space.
    pub fn create_minidisk(&mut self, user: &UserId, disk: &NewDisk, by: &UserId) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.defines(disk.device) {
            return Err(code(408, 4));
        }
        if entry.is_device_locked_for(disk.device, by) {
            return Err(code(408, 12));
        }
        let (device, kind, mode) = (disk.device, disk.kind.as_str(), disk.mode.as_str());
        let mut statement = match &disk.allocation {
            Allocation::Virtual => format!("MDISK {device:X} FB-512 V-DISK {} {mode}", disk.size),
            Allocation::Temporary => format!("MDISK {device:X} {kind} T-DISK {} {mode}", disk.size),
            Allocation::Device(real) => format!("MDISK {device:X} {kind} DEVNO {real:X} {mode}"),
            Allocation::At(volume, start) => {
                format!(
                    "MDISK {device:X} {kind} {start:04} {} {volume} {mode}",
                    disk.size
                )
            }
            _ => {
                let extent = self.allocate(user, disk)?;
                format!(
                    "MDISK {device:X} {kind} {:04} {} {} {mode}",
                    extent.start, extent.size, extent.volume
                )
            }
        };
        for password in disk.passwords.iter().take_while(|p| !p.is_empty()) {
            statement.push(' ');
            statement.push_str(password);
        }
        self.entry_for(user, by)?.add_device(statement);
        Ok(())
    }

    fn allocate(&mut self, user: &UserId, disk: &NewDisk) -> Smapi<Extent> {
        let eckd = disk.kind.starts_with("33");
        let groups: Vec<String> = match &disk.allocation {
            Allocation::Group(name) => {
                if !self.disk_pools.contains_key(name) {
                    return Err(code(420, 8));
                }
                vec![name.clone()]
            }
            _ => self.disk_pools.keys().cloned().collect(),
        };
        let wanted = |extent: &Extent| match &disk.allocation {
            Allocation::Region(region) => extent.region.eq_ignore_ascii_case(region),
            Allocation::Volume(volume) => extent.volume.eq_ignore_ascii_case(volume),
            _ => true,
        };
        for group in groups {
            let Some(pool) = self.disk_pools.get_mut(&group) else {
                continue;
            };
            if let Some(extent) = pool.take(&group, eckd, disk.size, &wanted) {
                pool.used
                    .push(extent.used_record(&group, user, disk.device));
                return Ok(extent);
            }
        }
        Err(code(408, 24))
    }

    /// Removes a minidisk from an entry and frees its space (`Image_Disk_Delete_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 408/8, 408/12.
    pub fn delete_minidisk(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.of_device("MDISK", device).next().is_none() {
            return Err(code(408, 8));
        }
        if entry.is_device_locked_for(device, by) {
            return Err(code(408, 12));
        }
        entry.remove_device("MDISK", device);
        entry.device_locks.remove(&device);
        self.free_extents(user, Some(device));
        Ok(())
    }

    /// Frees the extents of one minidisk, or of all minidisks of a userid.
    pub(super) fn free_extents(&mut self, user: &UserId, device: Option<DeviceNumber>) {
        for (group, pool) in &mut self.disk_pools {
            let is_of = |record: &str| {
                let words: Vec<&str> = record.split_whitespace().collect();
                words
                    .get(4)
                    .is_some_and(|u| u.eq_ignore_ascii_case(user.as_str()))
                    && device.is_none_or(|d| {
                        words.get(5).and_then(|w| DeviceNumber::parse(w).ok()) == Some(d)
                    })
            };
            let (freed, used) = std::mem::take(&mut pool.used)
                .into_iter()
                .partition(|record| is_of(record));
            pool.used = used;
            let freed: Vec<String> = freed;
            for extent in freed.iter().filter_map(|r| Extent::parse(r)) {
                pool.give(group, extent);
            }
        }
    }

    /// Adds an existing region, or a new one, to a group (functions 1 to 5 of `Image_Volume_Space_Define_DM`).
    ///
    /// # Errors
    /// 420/4 the region is defined already, 420/8 it is not and should be.
    pub fn define_space(&mut self, function: u32, extent: Extent, group: &str) -> Smapi<()> {
        let region = extent.region.clone();
        let known = self.regions.contains_key(&region) || self.has_region(&region);
        let extent = if function == 5 {
            self.regions.get(&region).cloned().ok_or(code(420, 8))?
        } else if known {
            return Err(code(420, 4));
        } else {
            extent
        };
        self.regions.insert(region, extent.clone());
        if matches!(function, 2 | 4 | 5) {
            let pool = self.disk_pools.entry(group.to_owned()).or_default();
            if pool
                .free
                .iter()
                .chain(&pool.used)
                .any(|r| Extent::parse(r).is_some_and(|e| e.region == extent.region))
            {
                return Err(code(420, 4));
            }
            pool.free.push(extent.free_record(group));
        }
        Ok(())
    }

    fn has_region(&self, region: &str) -> bool {
        self.disk_pools
            .values()
            .flat_map(|p| p.free.iter().chain(&p.used))
            .any(|r| Extent::parse(r).is_some_and(|e| e.region == region || e.volume == region))
    }

    /// Removes regions from groups (`Image_Volume_Space_Remove_DM`): `function` as its `-f`.
    ///
    /// # Errors
    /// 420/8, 420/12 the region is not in the group.
    pub fn remove_space(
        &mut self,
        function: u32,
        region: &str,
        volume: &str,
        group: &str,
    ) -> Smapi<()> {
        if function == 7 {
            return self
                .disk_pools
                .remove(group)
                .map(|_| ())
                .ok_or(code(420, 8));
        }
        let by_volume = (4..=6).contains(&function);
        let name = if by_volume { volume } else { region };
        let is_it = |record: &String| {
            Extent::parse(record)
                .is_some_and(|e| e.volume == name || (!by_volume && e.region == name))
        };
        let known = self.regions.remove(name).is_some();
        let one_group = matches!(function, 2 | 5);
        let mut found = false;
        for (pool_name, pool) in &mut self.disk_pools {
            if one_group && pool_name != group {
                continue;
            }
            let before = pool.free.len();
            pool.free.retain(|r| !is_it(r));
            found |= pool.free.len() < before;
        }
        match (found, known, one_group) {
            (true, _, _) | (false, true, false) => Ok(()),
            (false, true, true) => Err(code(420, 12)),
            (false, false, true) if self.has_region(name) => Err(code(420, 12)),
            _ => Err(code(420, 8)),
        }
    }

    /// Records of `Image_Volume_Space_Query_DM`: `query` 1 definition, 2 free, 3 used; `entry` 1 volume, 2 region, 3
    /// group; `names` blank-separated, `*` or nothing for all.
    ///
    /// # Errors
    /// 500/8, 420/8 a name is not defined, 0/28 nothing matches.
    pub fn space(&self, query: u32, entry: u32, names: &str) -> Smapi<Vec<String>> {
        self.directory_is_up()?;
        let names: Vec<String> = names
            .split_whitespace()
            .map(str::to_ascii_uppercase)
            .collect();
        let all = names.is_empty() || names.iter().any(|n| n == "*");
        let wants = |name: &str| all || names.iter().any(|n| n == name);
        let mut found = Vec::new();
        let mut known = all;
        for (group, pool) in &self.disk_pools {
            if entry == 3 {
                if !wants(group) {
                    continue;
                }
                known = true;
            }
            if query == 1 && entry == 3 {
                found.push(
                    std::iter::once(group.as_str())
                        .chain(pool.volumes())
                        .collect::<Vec<_>>()
                        .join(" "),
                );
                continue;
            }
            let records: Vec<&String> = match query {
                2 => pool.free.iter().collect(),
                3 => pool.used.iter().collect(),
                _ => pool.free.iter().chain(&pool.used).collect(),
            };
            for record in records {
                let Some(extent) = Extent::parse(record) else {
                    continue;
                };
                let matches = match entry {
                    1 => wants(&extent.volume),
                    2 => wants(&extent.region) || wants(&extent.volume),
                    _ => true,
                };
                if !matches {
                    continue;
                }
                known = true;
                if query == 1 {
                    let line = format!("{} {} {}", extent.volume, extent.kind, extent.size);
                    if !found.contains(&line) {
                        found.push(line);
                    }
                } else {
                    found.push(record.clone());
                }
            }
        }
        if !known && entry == 3 {
            Err(code(420, 8))
        } else if found.is_empty() {
            Err(code(0, 28))
        } else {
            Ok(found)
        }
    }
}

/// Converts a size in blocks to the unit of a device type.
pub fn size_in_units(kind: &str, unit: u32, size: u64) -> u64 {
    let block = match unit {
        2 => 512,
        3 => 1_024,
        4 => 2_048,
        5 => 4_096,
        _ => return size,
    };
    let bytes = size.saturating_mul(block);
    if kind.starts_with("33") {
        bytes.div_ceil(CYLINDER_BYTES)
    } else {
        bytes / 512
    }
}

impl ZvmSystem {
    /// Copies a minidisk's definition to another entry (`Image_Disk_Copy_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 408/4 the target exists, 408/8 the source does not, 408/24.
    pub fn copy_minidisk(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        source: (&UserId, DeviceNumber),
        allocation: Option<Allocation>,
        mode: &str,
        by: &UserId,
    ) -> Smapi<()> {
        let from = self.entry(source.0)?;
        let statement = from
            .of_device("MDISK", source.1)
            .next()
            .ok_or(code(408, 8))?;
        let number = |at: usize| statement.word(at).and_then(|w| w.parse().ok()).unwrap_or(0);
        let volume = statement.word(5).unwrap_or_default().to_owned();
        let group = self
            .disk_pools
            .iter()
            .find(|(_, p)| p.volumes().contains(&volume.as_str()))
            .map(|(g, _)| g.clone());
        let disk = NewDisk {
            device,
            kind: statement.word(2).unwrap_or("3390").to_owned(),
            allocation: allocation
                .or(group.map(Allocation::Group))
                .ok_or(Code { rc: 408, rs: 24 })?,
            size: number(4),
            mode: mode.to_owned(),
            passwords: <[String; 3]>::default(),
        };
        self.create_minidisk(user, &disk, by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn system() -> ZvmSystem {
        let mut system = ZvmSystem::default();
        system.disk_pools.insert(
            "POOL1".to_owned(),
            DiskPool {
                free: vec!["OPN010 3390-09 0001 10016 POOL1 01".to_owned()],
                ..DiskPool::default()
            },
        );
        let entry = super::super::DirectoryEntry::new(vec!["USER LNX1 X 1G 1G G".to_owned()]);
        system.directory.insert(UserId::new("LNX1"), entry);
        system
    }

    fn disk(device: u16, size: u64) -> NewDisk {
        NewDisk {
            device: DeviceNumber(device),
            kind: "3390".to_owned(),
            allocation: Allocation::Group("POOL1".to_owned()),
            size,
            mode: "MR".to_owned(),
            passwords: <[String; 3]>::default(),
        }
    }

    #[test]
    fn space_is_taken_first_fit_and_merged_when_freed() {
        let (me, lnx1) = (UserId::new("ZHCP1"), UserId::new("LNX1"));
        let mut system = system();
        system
            .create_minidisk(&lnx1, &disk(0x100, 16), &me)
            .unwrap();
        system
            .create_minidisk(&lnx1, &disk(0x101, 100), &me)
            .unwrap();
        assert_eq!(
            system.directory[&lnx1].statements[1..],
            [
                "MDISK 0100 3390 0001 16 OPN010 MR",
                "MDISK 0101 3390 0017 100 OPN010 MR"
            ]
        );
        assert_eq!(
            system.disk_pools["POOL1"].used[1],
            "OPN010 3390-09 0017 100 LNX1 0101 * POOL1 01"
        );
        assert_eq!(
            system.create_minidisk(&lnx1, &disk(0x100, 1), &me),
            Err(code(408, 4))
        );
        assert_eq!(
            system.create_minidisk(&lnx1, &disk(0x102, 99_999), &me),
            Err(code(408, 24))
        );
        system
            .delete_minidisk(&lnx1, DeviceNumber(0x100), &me)
            .unwrap();
        system.remove_entry(&lnx1, &me).unwrap();
        assert_eq!(
            system.disk_pools["POOL1"].free,
            ["OPN010 3390-09 0001 10016 POOL1 01"]
        );
    }

    #[test]
    fn queries_say_what_is_unknown_and_what_is_empty() {
        let system = system();
        assert_eq!(system.space(2, 3, "POOL1").unwrap().len(), 1);
        assert_eq!(system.space(1, 3, "POOL1").unwrap(), ["POOL1 OPN010"]);
        assert_eq!(system.space(3, 3, "POOL1"), Err(code(0, 28)));
        assert_eq!(system.space(2, 3, "NOPOOL"), Err(code(420, 8)));
    }

    proptest! {
        #[test]
        fn space_is_neither_lost_nor_given_twice(sizes in prop::collection::vec(1u64..4_000, 1..12), order in any::<u64>()) {
            let (me, lnx1) = (UserId::new("ZHCP1"), UserId::new("LNX1"));
            let mut system = system();
            let mut made = Vec::new();
            for (at, size) in sizes.iter().enumerate() {
                if system.create_minidisk(&lnx1, &disk(0x100 + at as u16, *size), &me).is_ok() {
                    made.push(0x100 + at as u16);
                }
            }
            let total = |s: &ZvmSystem| s.disk_pools["POOL1"].free.iter().chain(&s.disk_pools["POOL1"].used)
                .filter_map(|r| Extent::parse(r)).map(|e| e.size).sum::<u64>();
            prop_assert_eq!(total(&system), 10_016);
            let mut order = order;
            while !made.is_empty() {
                let device = made.swap_remove(order as usize % made.len());
                order = order.rotate_left(7);
                system.delete_minidisk(&lnx1, DeviceNumber(device), &me).unwrap();
                prop_assert_eq!(total(&system), 10_016);
            }
            prop_assert_eq!(&system.disk_pools["POOL1"].free, &["OPN010 3390-09 0001 10016 POOL1 01"]);
        }
    }
}
