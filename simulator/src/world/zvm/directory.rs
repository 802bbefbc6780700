//! One user's entry in the user directory (spec: zhcp-and-smapi 7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statement::{Statement, device_of};
use super::{Code, Smapi, code};
use crate::world::{DeviceNumber, UserId};

/// The directory manager's own comment, last record of every entry. Clients drop the last line of what they get.
pub const DVHOPT: &str = "*DVHOPT LNK0 LOG1 RCM1 SMS0 NPW1 LNGAMENG PWC20160808 CRC@b";

/// Keywords of statements that come before the device statements.
const GENERAL: [&str; 22] = [
    "USER",
    "IDENTITY",
    "PROFILE",
    "INCLUDE",
    "COMMAND",
    "ACCOUNT",
    "MACHINE",
    "CPU",
    "IPL",
    "LOGONBY",
    "SHARE",
    "OPTION",
    "IUCV",
    "NAMESAVE",
    "LOADDEV",
    "POSIXINFO",
    "STORAGE",
    "MAXSTORAGE",
    "VMRELOCATE",
    "XAUTOLOG",
    "CRYPTO",
    "SCREEN",
];

/// One user's directory entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// Statements in order, without the trailing `*DVHOPT` line. Kept as they were sent.
    pub statements: Vec<String>,
    /// Userid that holds a lock, if any.
    #[serde(default)]
    pub locked_by: Option<UserId>,
    /// Userids that hold a lock on one device, by device.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub device_locks: BTreeMap<DeviceNumber, UserId>,
}

impl DirectoryEntry {
    /// An entry of these statements, not locked.
    pub fn new(statements: Vec<String>) -> Self {
        Self {
            statements,
            ..Self::default()
        }
    }

    /// Its statements as words, comments left out.
    pub fn parsed(&self) -> impl Iterator<Item = Statement<'_>> {
        self.statements.iter().filter_map(|s| Statement::parse(s))
    }

    /// The first statement of a keyword.
    pub fn find(&self, keyword: &str) -> Option<Statement<'_>> {
        self.parsed().find(|s| s.is(keyword))
    }

    /// The profile that it includes.
    pub fn profile(&self) -> Option<UserId> {
        self.find("INCLUDE")
            .and_then(|s| s.word(1))
            .map(UserId::new)
    }

    /// Whether any device statement defines a virtual device.
    pub fn defines(&self, device: DeviceNumber) -> bool {
        self.statements.iter().any(|s| device_of(s) == Some(device))
    }

    /// The statements of one keyword for one device. Several `NICDEF` records of one device add up.
    pub fn of_device(
        &self,
        keyword: &str,
        device: DeviceNumber,
    ) -> impl Iterator<Item = Statement<'_>> {
        self.parsed()
            .filter(move |s| s.is(keyword) && s.device() == Some(device))
    }

    /// Adds a device statement: the directory manager appends it.
    pub fn add_device(&mut self, statement: String) {
        self.statements.push(statement);
    }

    /// Adds a general statement in front of the first device statement.
    pub fn add_general(&mut self, statement: String) {
        let at = self
            .statements
            .iter()
            .position(|s| Statement::parse(s).is_some_and(|s| !GENERAL.iter().any(|g| s.is(g))))
            .unwrap_or(self.statements.len());
        self.statements.insert(at, statement);
    }

    /// Replaces the first statement for which `is` holds, or adds a general one.
    pub fn set_general(&mut self, is: impl Fn(&Statement<'_>) -> bool, statement: String) {
        let found = self
            .statements
            .iter_mut()
            .find(|s| Statement::parse(s).is_some_and(|s| is(&s)));
        match found {
            Some(old) => *old = statement,
            None => self.add_general(statement),
        }
    }

    /// Removes the statements for which `is` holds; says whether there were any.
    pub fn remove(&mut self, is: impl Fn(&Statement<'_>) -> bool) -> bool {
        let before = self.statements.len();
        self.statements
            .retain(|s| !Statement::parse(s).is_some_and(|s| is(&s)));
        self.statements.len() < before
    }

    /// Removes the statements of one keyword for one device; says whether there were any.
    pub fn remove_device(&mut self, keyword: &str, device: DeviceNumber) -> bool {
        self.remove(|s| s.is(keyword) && s.device() == Some(device))
    }

    /// Replaces a word of the first statement of a keyword (0 is the keyword).
    pub fn set_word(&mut self, keyword: &str, index: usize, value: &str) {
        for text in &mut self.statements {
            let Some(statement) = Statement::parse(text).filter(|s| s.is(keyword)) else {
                continue;
            };
            let mut words: Vec<&str> = std::iter::once(statement.keyword())
                .chain(statement.operands().iter().copied())
                .collect();
            while words.len() <= index {
                words.push("*");
            }
            words[index] = value;
            *text = words.join(" ");
            return;
        }
    }

    /// What `Image_Query_DM` prints: columns 1 to 72 of each record, trimmed, and the manager's comment at the end.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for statement in &self.statements {
            let shown: String = statement.chars().take(72).collect();
            text.push_str(shown.trim());
            text.push('\n');
        }
        text.push_str(DVHOPT);
        text.push('\n');
        text
    }

    /// Whether somebody other than `by` has the entry locked.
    pub fn is_locked_for(&self, by: &UserId) -> bool {
        self.locked_by.as_ref().is_some_and(|holder| holder != by)
    }

    /// Whether somebody other than `by` has a device locked.
    pub fn is_device_locked_for(&self, device: DeviceNumber, by: &UserId) -> bool {
        self.device_locks
            .get(&device)
            .is_some_and(|holder| holder != by)
    }

    /// Locks the entry or one device of it (spec: zhcp-and-smapi 2.9.5). A lock that is held already, by whomever, is an
    /// error.
    ///
    /// # Errors
    /// 400/12, 404/8 for a device that is not defined, 404/12.
    pub fn lock(&mut self, device: Option<DeviceNumber>, by: &UserId) -> Smapi<()> {
        match device {
            None if self.locked_by.is_some() => Err(Code::ENTRY_LOCKED),
            None => {
                self.locked_by = Some(by.clone());
                Ok(())
            }
            Some(_) if self.is_locked_for(by) => Err(Code::ENTRY_LOCKED),
            Some(device) if !self.defines(device) => Err(Code::DEVICE_NOT_DEFINED),
            Some(device) if self.device_locks.contains_key(&device) => Err(code(404, 12)),
            Some(device) => {
                self.device_locks.insert(device, by.clone());
                Ok(())
            }
        }
    }

    /// Releases a lock of the entry or of one device, whoever holds it: an administrator may break any.
    ///
    /// # Errors
    /// 400/24, 404/24.
    pub fn unlock(&mut self, device: Option<DeviceNumber>) -> Smapi<()> {
        match device {
            None => self
                .locked_by
                .take()
                .map(|_| ())
                .ok_or(Code::ENTRY_NOT_LOCKED),
            Some(device) => self
                .device_locks
                .remove(&device)
                .map(|_| ())
                .ok_or(code(404, 24)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> DirectoryEntry {
        DirectoryEntry::new(
            [
                "USER LNX1 LBYONLY 1G 64G G",
                "INCLUDE LNXDFLT",
                "IPL 0100",
                "* a comment",
                "NICDEF 0600 TYPE QDIO",
                "NICDEF 0600 LAN SYSTEM XCATVSW1",
                "LINK MAINT 0190 0191 RR",
                "MDISK 0100 3390 0001 10016 EMC2C4 MR",
            ]
            .map(str::to_owned)
            .to_vec(),
        )
    }

    #[test]
    fn devices_are_found_in_every_kind_of_statement() {
        let entry = entry();
        for device in [0x0600, 0x0191, 0x0100] {
            assert!(entry.defines(DeviceNumber(device)), "{device:04x}");
        }
        assert!(!entry.defines(DeviceNumber(0x0190)));
        assert_eq!(entry.of_device("NICDEF", DeviceNumber(0x600)).count(), 2);
    }

    #[test]
    fn general_statements_go_before_devices_and_devices_to_the_end() {
        let mut entry = entry();
        entry.add_general("CPU 01".to_owned());
        entry.add_device("DEDICATE 1B00 1B00".to_owned());
        assert_eq!(entry.statements[3], "* a comment");
        assert_eq!(entry.statements[4], "CPU 01");
        assert_eq!(entry.statements.last().unwrap(), "DEDICATE 1B00 1B00");
        entry.set_general(|s| s.is("IPL"), "IPL LOADDEV".to_owned());
        assert_eq!(entry.statements[2], "IPL LOADDEV");
    }

    #[test]
    fn a_lock_belongs_to_a_userid() {
        let (me, other) = (UserId::new("ZHCP1"), UserId::new("MAINT"));
        let mut entry = entry();
        assert_eq!(entry.unlock(None), Err(Code::ENTRY_NOT_LOCKED));
        entry.lock(None, &me).unwrap();
        assert!(!entry.is_locked_for(&me));
        assert!(entry.is_locked_for(&other));
        assert_eq!(entry.lock(None, &me), Err(Code::ENTRY_LOCKED));
        entry.unlock(None).unwrap();
        let disk = DeviceNumber(0x100);
        entry.lock(Some(disk), &me).unwrap();
        assert!(entry.is_device_locked_for(disk, &other));
        assert_eq!(entry.lock(Some(disk), &other), Err(code(404, 12)));
        assert_eq!(
            entry.lock(Some(DeviceNumber(1)), &me),
            Err(Code::DEVICE_NOT_DEFINED)
        );
    }

    proptest::proptest! {
        /// What goes into an entry comes out again, and every device in it is found.
        #[test]
        fn an_entry_reads_back(
            devices in proptest::collection::btree_set(0x0010_u16..0x2000, 0..12),
            kinds in proptest::collection::vec(0_usize..4, 12),
        ) {
            let mut statements = vec!["USER LNX1 LBYONLY 1G 64G G".to_owned(), "INCLUDE LNXDFLT".to_owned()];
            for (device, kind) in devices.iter().zip(kinds) {
                statements.push(match kind {
                    0 => format!("DEDICATE {device:04X} {device:04X}"),
                    1 => format!("NICDEF {device:04X} TYPE QDIO LAN SYSTEM XCATVSW1"),
                    2 => format!("LINK MAINT 0190 {device:04X} RR"),
                    _ => format!("MDISK {device:04X} 3390 0001 10016 EMC2C4 MR"),
                });
            }
            let entry = DirectoryEntry::new(statements.clone());
            let text = entry.text();
            let lines: Vec<&str> = text.lines().collect();
            proptest::prop_assert_eq!(lines.last().copied(), Some(DVHOPT));
            proptest::prop_assert_eq!(&lines[..lines.len() - 1], &statements);
            let found: Vec<u16> = entry.parsed().filter_map(|s| s.device()).map(|d| d.0).collect();
            proptest::prop_assert_eq!(found, devices.into_iter().collect::<Vec<_>>());
        }

        /// Any record can be looked at.
        #[test]
        fn any_record_can_be_read(text in "\\PC{0,90}") {
            let entry = DirectoryEntry::new(vec![text]);
            let _ = (entry.text(), entry.profile(), entry.cpus(), entry.defines(DeviceNumber(1)));
        }
    }
}
