//! The device node under which a guest sees a volume.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// A device node such as `/dev/vdb` (spec: driver 2.8.9).
///
/// Nova suggests `/dev/sdX`; exactly the patterns `/dev/sd[a-z]+` and `/dev/d[a-z]` become `/dev/vd…`, everything else is
/// left alone (D37). The text reaches a shell in the guest, so only `[A-Za-z0-9/_.-]` is admitted (D54).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountPoint(String);

impl MountPoint {
    /// The node's path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The disk that a guest starts from when it has no root volume (spec: driver 2.8.13).
    pub fn first_dasd() -> Self {
        Self("/dev/dasda".to_owned())
    }
}

impl FromStr for MountPoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new(text, "a device node such as /dev/vdb");
        let name = text.strip_prefix("/dev/").ok_or_else(error)?;
        let admitted =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'-');
        let climbs = name
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..");
        if name.len() > 200 || climbs || !name.bytes().all(admitted) {
            return Err(error());
        }
        let letters =
            |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase());
        let node = match (name.strip_prefix("sd"), name.strip_prefix('d')) {
            (Some(rest), _) if letters(rest) => format!("/dev/vd{rest}"),
            (_, Some(rest)) if rest.len() == 1 && letters(rest) => format!("/dev/vd{rest}"),
            _ => text.to_owned(),
        };
        Ok(Self(node))
    }
}

impl fmt::Display for MountPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(MountPoint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d37_only_the_two_known_patterns_are_rewritten() {
        let cases = [
            ("/dev/sdb", "/dev/vdb"),
            ("/dev/sdab", "/dev/vdab"),
            ("/dev/db", "/dev/vdb"),
            ("/dev/vdc", "/dev/vdc"),
            ("/dev/dasdb", "/dev/dasdb"),
            ("/dev/disk/by-path/x", "/dev/disk/by-path/x"),
        ];
        for (given, node) in cases {
            assert_eq!(given.parse::<MountPoint>().unwrap().as_str(), node);
        }
    }

    #[test]
    fn d54_shell_characters_are_refused() {
        for bad in [
            "/dev/vd;reboot",
            "/dev/$(x)",
            "/dev/v b",
            "vdb",
            "/dev/",
            "/dev/../etc/passwd",
            "/dev/vd\nb",
        ] {
            assert!(bad.parse::<MountPoint>().is_err(), "{bad}");
        }
    }
}
