//! How numbers are written and read: LUNs as SCSI integers, links by path, the kernel's number syntax.

use crate::world::{DeviceNumber, Lun, Wwpn};

/// Bus id of a CCW device (`0.0.1b00`).
pub fn bus_id(device: DeviceNumber) -> String {
    format!("0.0.{device}")
}

/// The device number in a bus id that is written in full, any case.
pub fn parse_bus_id(text: &str) -> Option<DeviceNumber> {
    let digits = text.strip_prefix("0.0.")?;
    (digits.len() == 4)
        .then(|| DeviceNumber::parse(digits).ok())
        .flatten()
}

/// The L of H:C:T:L: the levels of the LUN in ascending significance (spec: zfcp-and-san 3.5).
pub fn scsi_lun(lun: Lun) -> u64 {
    let level = |n: u32| (lun.0 >> (48 - 16 * n)) & 0xffff;
    level(0) | level(1) << 16 | level(2) << 32 | level(3) << 48
}

/// The LUN whose SCSI integer is `number`; inverse of [`scsi_lun`].
pub fn lun_of_scsi(number: u64) -> Lun {
    Lun(scsi_lun(Lun(number)))
}

/// The `lun-` part of a current by-path link (spec: zfcp-and-san 2.7).
pub fn path_lun(lun: Lun) -> String {
    let number = scsi_lun(lun);
    if number < 256 {
        number.to_string()
    } else {
        format!(
            "0x{:04x}{:04x}00000000",
            number & 0xffff,
            (number >> 16) & 0xffff
        )
    }
}

/// Name of the by-path link in the old form, `ccw-{id}-zfcp-{w}:{l}`.
pub fn zfcp_link(device: DeviceNumber, port: Wwpn, lun: Lun) -> String {
    format!("ccw-{}-zfcp-0x{port}:0x{lun}", bus_id(device))
}

/// Name of the by-path link in the current form, `ccw-{id}-fc-{w}-lun-{n}`.
pub fn fc_link(device: DeviceNumber, port: Wwpn, lun: Lun) -> String {
    format!("ccw-{}-fc-0x{port}-lun-{}", bus_id(device), path_lun(lun))
}

/// A 64-bit number as the kernel reads it: `0x` hex, leading `0` octal, else decimal; one trailing newline is allowed
/// (spec: zfcp-and-san 2.5). `None` is EINVAL.
pub fn parse_number(text: &str) -> Option<u64> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (digits, radix) =
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            (hex, 16)
        } else if text.len() > 1 && text.starts_with('0') {
            (&text[1..], 8)
        } else {
            (text, 10)
        };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// The name of the disk with this index: `sda`, ..., `sdz`, `sdaa`, ...
pub fn disk_name(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(
            b'a' + u8::try_from(rest % 26).unwrap_or_default(),
        ));
        rest /= 26;
    }
    letters.push('d');
    letters.push('s');
    letters.iter().rev().collect()
}

/// The index of a disk name; inverse of [`disk_name`].
pub fn disk_index(name: &str) -> Option<usize> {
    let letters = name.strip_prefix("sd")?;
    if letters.is_empty() || letters.len() > 8 || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0, |n, b| n * 26 + usize::from(b - b'a') + 1);
    Some(number - 1)
}

/// Major and minor number of the disk with this index (Documentation/admin-guide/devices.txt: 8, 65-71, 128-135).
pub fn disk_numbers(index: usize) -> (usize, usize) {
    let major = match index / 16 {
        0 => 8,
        n @ 1..=7 => 64 + n,
        n @ 8..=15 => 120 + n,
        n => 65 + (n - 1) % 7,
    };
    (major, index % 16 * 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of spec: zfcp-and-san 3.5.
    #[test]
    fn luns_as_scsi_integers_and_links() {
        for (lun, number, path) in [
            (0, 0, "0"),
            (0x0001_0000_0000_0000, 1, "1"),
            (0x0021_0000_0000_0000, 33, "33"),
            (0x00ff_0000_0000_0000, 255, "255"),
            (0x0100_0000_0000_0000, 256, "0x0100000000000000"),
            (0x4010_4000_0000_0000, 1_073_758_224, "0x4010400000000000"),
            (0x4010_4033_0000_0000, 1_077_100_560, "0x4010403300000000"),
            (0xc101_0000_0000_0000, 49_409, "0xc101000000000000"),
        ] {
            assert_eq!(scsi_lun(Lun(lun)), number);
            assert_eq!(lun_of_scsi(number), Lun(lun));
            assert_eq!(path_lun(Lun(lun)), path);
        }
    }

    /// spec: zfcp-and-san 2.5, number parsing.
    #[test]
    fn numbers_are_read_as_in_c() {
        assert_eq!(
            parse_number("0x4010403300000000\n"),
            Some(0x4010_4033_0000_0000)
        );
        assert_eq!(
            parse_number("4010403300000000"),
            Some(0x000e_3f70_c81a_4100)
        );
        assert_eq!(
            parse_number("0021000000000000"),
            Some(0x0000_0110_0000_0000)
        );
        for bad in [
            "",
            "\n",
            "4a",
            "09",
            "0x",
            "0x1 ",
            "1 2",
            "+1",
            "-1",
            "0x10000000000000000",
        ] {
            assert_eq!(parse_number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn disks_are_lettered() {
        for (index, name) in [
            (0, "sda"),
            (25, "sdz"),
            (26, "sdaa"),
            (701, "sdzz"),
            (702, "sdaaa"),
        ] {
            assert_eq!(disk_name(index), name);
            assert_eq!(disk_index(name), Some(index));
        }
        assert_eq!(disk_numbers(1), (8, 16));
        assert_eq!(disk_numbers(16), (65, 0));
        assert_eq!(disk_numbers(128), (128, 0));
    }
}
