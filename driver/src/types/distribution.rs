//! The Linux distributions whose guests can be given volumes.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// A supported distribution with its major release (spec: driver 2.8.12).
///
/// ```
/// use zvm_volume::types::Distribution;
/// assert_eq!("Red Hat 7.2".parse::<Distribution>().unwrap(), Distribution::Rhel7);
/// assert!("fedora23".parse::<Distribution>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    /// Red Hat Enterprise Linux 6.
    Rhel6,
    /// Red Hat Enterprise Linux 7.
    Rhel7,
    /// SUSE Linux Enterprise Server 11.
    Sles11,
    /// SUSE Linux Enterprise Server 12.
    Sles12,
    /// Ubuntu 16.
    Ubuntu16,
}

/// Which tools keep a unit's configuration over a restart of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `/etc/zfcp.conf`.
    Rhel,
    /// `zfcp_disk_configure` and rule files of udev.
    Sles,
    /// `chzdev`.
    Ubuntu,
}

impl Distribution {
    /// The short name, as `os_version` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rhel6 => "rhel6",
            Self::Rhel7 => "rhel7",
            Self::Sles11 => "sles11",
            Self::Sles12 => "sles12",
            Self::Ubuntu16 => "ubuntu16",
        }
    }

    /// Its family.
    pub fn family(self) -> Family {
        match self {
            Self::Rhel6 | Self::Rhel7 => Family::Rhel,
            Self::Sles11 | Self::Sles12 => Family::Sles,
            Self::Ubuntu16 => Family::Ubuntu,
        }
    }
}

impl FromStr for Distribution {
    type Err = ParseError;

    /// Reads an `os_version`: a known vendor's name, then the major release, in any case, with or without blanks.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const KNOWN: [(&str, &str, Distribution); 12] = [
            ("rhel", "6", Distribution::Rhel6),
            ("rhel", "7", Distribution::Rhel7),
            ("redhat", "6", Distribution::Rhel6),
            ("redhat", "7", Distribution::Rhel7),
            ("red hat", "6", Distribution::Rhel6),
            ("red hat", "7", Distribution::Rhel7),
            ("suse", "11", Distribution::Sles11),
            ("suse", "12", Distribution::Sles12),
            ("sles", "11", Distribution::Sles11),
            ("sles", "12", Distribution::Sles12),
            ("ubuntu", "16", Distribution::Ubuntu16),
            ("ubuntu", "1604", Distribution::Ubuntu16),
        ];
        let lower = text.trim().to_ascii_lowercase();
        let found = KNOWN.iter().find(|(vendor, release, _)| {
            lower.strip_prefix(vendor).is_some_and(|rest| {
                let rest = rest.trim_start_matches([' ', '-']);
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                &rest[..digits] == *release
            })
        });
        found
            .map(|(_, _, distribution)| *distribution)
            .ok_or_else(|| {
                ParseError::new(
                    text,
                    "a supported OS (rhel6, rhel7, sles11, sles12, ubuntu16)",
                )
            })
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(Distribution);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_versions_as_images_carry_them() {
        let cases = [
            ("rhel6.7", Distribution::Rhel6),
            ("RHEL7", Distribution::Rhel7),
            ("redhat7.2", Distribution::Rhel7),
            ("Red Hat 6", Distribution::Rhel6),
            ("sles11.4", Distribution::Sles11),
            ("SUSE12sp1", Distribution::Sles12),
            ("ubuntu16.04", Distribution::Ubuntu16),
        ];
        for (text, distribution) in cases {
            assert_eq!(
                text.parse::<Distribution>().unwrap(),
                distribution,
                "{text}"
            );
            assert_eq!(
                distribution.as_str().parse::<Distribution>().unwrap(),
                distribution
            );
        }
    }

    #[test]
    fn off_08_what_is_not_supported_is_refused() {
        for text in [
            "",
            "rhel",
            "rhel8",
            "rhel71",
            "sles10",
            "ubuntu14.04",
            "fedora23",
            "7",
        ] {
            assert!(text.parse::<Distribution>().is_err(), "{text}");
        }
    }
}
