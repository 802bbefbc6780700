//! What the programs of a guest share: reading and writing kernel files, ids as people type them.

use crate::hosts::sysfs::tree::{Node, View};
use crate::hosts::{ProgramEnv, files};
use crate::world::zfcp::Errno;
use crate::world::zfcp::names::bus_id;
use crate::world::{DeviceNumber, Lun, Wwpn};

/// The kernel's files of the Linux on which the program runs.
pub fn view<'a>(env: &'a ProgramEnv<'_>) -> Option<View<'a>> {
    View::of(env.world, &env.host)
}

/// Text of a file without the line end at its end.
pub fn get(env: &ProgramEnv<'_>, path: &str) -> Option<String> {
    let text = files::read(env.world, &env.host, path).ok()?;
    Some(text.trim_end().to_owned())
}

/// Writes to a kernel file; what follows from it (events, udev) has happened when this returns.
pub fn put(env: &mut ProgramEnv<'_>, path: &str, data: &str) -> Result<(), Errno> {
    files::write(env.world, &env.host, path, data, false)
}

/// Whether a path exists.
pub fn exists(env: &ProgramEnv<'_>, path: &str) -> bool {
    files::exists(env.world, &env.host, path)
}

/// Whether the program may do what root may: `xdsh` logs in as the user of the REST call (RQ19), and a site that works
/// has given those users root's rights.
pub fn is_root(env: &ProgramEnv<'_>) -> bool {
    let user = &*env.user;
    let is_rest_user = |row: &crate::world::tables::Row| {
        row.get("key").is_some_and(|k| k == "xcat")
            && row.get("username").is_some_and(|u| u == user)
    };
    user.is_empty() || user == "root" || env.world.mn.tables.rows("passwd").iter().any(is_rest_user)
}

/// Directory of a CCW device.
pub fn ccw_path(device: DeviceNumber) -> String {
    format!("/sys/bus/ccw/devices/{}", bus_id(device))
}

/// Directory of a remote port below its CCW device.
pub fn port_path(device: DeviceNumber, wwpn: Wwpn) -> String {
    format!("{}/0x{wwpn}", ccw_path(device))
}

/// Directory of a unit.
pub fn unit_path(device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> String {
    format!("{}/0x{lun}", port_path(device, wwpn))
}

/// A device number as people type it: `1b00`, `0.0.1B00`, any case.
pub fn device_number(text: &str) -> Option<DeviceNumber> {
    let lower = text.to_ascii_lowercase();
    let digits = match lower.strip_prefix("0.0.") {
        Some(digits) if digits.len() == 4 => digits,
        Some(_) => return None,
        None => &lower,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| DeviceNumber::parse(digits).ok()).flatten()
}

/// 16 hex digits with or without `0x`, any case: how tools that add the prefix themselves take WWPNs and LUNs.
pub fn sixteen_digits(text: &str) -> Option<u64> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    if digits.len() != 16 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// The last part of a program's name as called.
pub fn base_name(words: &[String]) -> &str {
    let name = words.first().map_or("", String::as_str);
    name.rsplit('/').next().unwrap_or(name)
}

/// Readable attributes of a kernel directory in the order of `ls`, without write-only and empty ones.
pub fn attributes(view: &View<'_>, path: &str) -> Vec<(String, String)> {
    let Some(found) = view.find(path, true) else {
        return Vec::new();
    };
    let parts: Vec<&str> = found.path.iter().map(String::as_str).collect();
    let mut list: Vec<(String, String)> = view
        .entries(&parts)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, node)| match node {
            Node::File(text) | Node::ReadWrite(text) => Some((name, text.trim_end().to_owned())),
            _ => None,
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    list.sort();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_as_people_type_them() {
        for (text, number) in [
            ("1b00", Some(0x1b00)),
            ("0.0.1B00", Some(0x1b00)),
            ("0.0.1b0", None),
            ("0.1.1b00", None),
            ("xyz", None),
            ("0x1b", None),
            ("", None),
            ("12345", None),
        ] {
            assert_eq!(device_number(text), number.map(DeviceNumber), "{text}");
        }
        assert_eq!(sixteen_digits("0X00000000000000aB"), Some(0xab));
        assert_eq!(sixteen_digits("ab"), None);
    }
}
