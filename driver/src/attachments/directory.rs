//! A guest's directory entry, as `lsvm` gives it (read-backs RB2 and RB6).

use std::collections::BTreeMap;

use crate::types::DeviceNumber;

/// The statements of a directory entry that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// `DEDICATE`: virtual device and the real one behind it.
    pub dedicated: BTreeMap<DeviceNumber, DeviceNumber>,
    /// The text after `IPL`.
    pub ipl: Option<String>,
    /// `LOADDEV PORTNAME`.
    pub portname: Option<String>,
    /// `LOADDEV LUN`.
    pub lun: Option<String>,
    /// `LOADDEV SCPDATA`: the text after the word, all lines joined.
    pub scpdata: Option<String>,
    /// Whether there is a `LOADDEV` statement of another kind, such as `BOOTPROG`.
    pub has_foreign_loaddev: bool,
}

impl Directory {
    /// Reads the lines of the answer; each may begin with the node's name.
    pub fn parse<'a>(node: &str, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut entry = Self::default();
        for line in lines {
            let line = line.trim();
            let line = line
                .strip_prefix(node)
                .and_then(|rest| rest.strip_prefix(':'))
                .unwrap_or(line);
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some((first, rest)) = words.split_first() else {
                continue;
            };
            match first.to_ascii_uppercase().as_str() {
                "DEDICATE" => {
                    let number = |index: usize| rest.get(index).and_then(|word| word.parse().ok());
                    if let (Some(virtual_device), Some(real)) = (number(0), number(1)) {
                        entry.dedicated.insert(virtual_device, real);
                    }
                }
                "IPL" => entry.ipl = Some(rest.join(" ")),
                "LOADDEV" => entry.loaddev(rest),
                _ => {}
            }
        }
        entry
    }

    fn loaddev(&mut self, words: &[&str]) {
        let Some((key, values)) = words.split_first() else {
            return;
        };
        let value = values.join(" ");
        match key.to_ascii_uppercase().as_str() {
            // Some directory managers write the long words.
            "PORTNAME" | "PORT" => self.portname = Some(value.to_ascii_lowercase()),
            "LUN" => self.lun = Some(value.to_ascii_lowercase()),
            "SCPDATA" | "SCPD" | "SCP" => {
                self.scpdata.get_or_insert_default().push_str(&value);
            }
            _ => self.has_foreign_loaddev = true,
        }
    }

    /// Whether the guest has the device: under its own number, as this driver dedicates it, or under another one.
    pub fn has(&self, device: DeviceNumber) -> bool {
        match self.dedicated.get(&device) {
            Some(real) => *real == device,
            None => self.dedicated.values().any(|real| *real == device),
        }
    }

    /// Whether a statement names the device, as a virtual or as a real one.
    pub fn names(&self, device: DeviceNumber) -> bool {
        self.dedicated.contains_key(&device) || self.dedicated.values().any(|real| *real == device)
    }

    /// What the guest has under the device's number when that is another device (F10): its paths lead through another WWPN.
    pub fn instead_of(&self, device: DeviceNumber) -> Option<DeviceNumber> {
        let real = *self.dedicated.get(&device)?;
        (real != device).then_some(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_that_matter() {
        let lines = "opnstk3: USER OPNSTK3 XXXXXXXX 1G 1G G\nopnstk3: LOADDEV PORTNAME 5005076801102991\n\
            opnstk3: LOADDEV LUN 0004000000000000\nopnstk3: INCLUDE OSDFLT\nopnstk3: IPL 0100\n\
            opnstk3: DEDICATE B80D B80D\nopnstk3: MDISK 0100 3390 0001 10016 OPN003 MR";
        let entry = Directory::parse("opnstk3", lines.lines());
        assert!(entry.has("b80d".parse().unwrap()));
        let other = Directory::parse("x", ["DEDICATE 1A00 1A01"]);
        let (asked, given) = ("1a00".parse().unwrap(), "1a01".parse().unwrap());
        assert!(!other.has(asked) && other.names(asked) && other.has(given));
        assert_eq!(other.instead_of(asked), Some(given));
        assert!(!entry.has("0100".parse().unwrap()));
        assert_eq!(entry.ipl.as_deref(), Some("0100"));
        assert_eq!(entry.portname.as_deref(), Some("5005076801102991"));
        assert_eq!(entry.lun.as_deref(), Some("0004000000000000"));
        assert_eq!(
            Directory::parse("x", ["DEDICATE", "IPL", "LOADDEV", ""])
                .dedicated
                .len(),
            0
        );
    }
}
