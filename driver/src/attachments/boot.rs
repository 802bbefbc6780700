//! Texts of boot from volume: loader data and the zipl script (spec: driver 2.8.12).

use std::fmt::Write as _;

use thiserror::Error;

use crate::types::{DeviceNumber, Distribution, Family, Lun, ParseError, Wwpn};

/// Most bytes of SCPDATA that z/VM takes.
pub const SCPDATA_LIMIT: usize = 4096;

/// What a root volume's metadata say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootMetadata {
    /// The kernel's root device.
    pub root: String,
    /// The kernel image.
    pub image: String,
    /// The initial RAM disk.
    pub ramdisk: String,
    /// The distribution.
    pub distribution: Distribution,
}

/// What is wrong with a root volume's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BootError {
    /// A key is missing.
    #[error("the boot volume's metadata lack {0}")]
    Missing(&'static str),
    /// A value holds a character that a shell would read (D54).
    #[error("the boot volume's metadata, {key}: '{value}' holds a character that is not allowed")]
    Character {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// `os_version` is not supported.
    #[error(transparent)]
    Distribution(#[from] ParseError),
    /// The loader data are too long.
    #[error("SCPDATA has {0} bytes, z/VM takes {SCPDATA_LIMIT}")]
    TooLong(usize),
}

impl BootMetadata {
    /// Reads the keys `root`, `image`, `ramdisk` and `os_version`, before any call is made.
    ///
    /// # Errors
    /// The first key that is missing or not allowed, by name.
    pub fn read<'a>(key: impl Fn(&str) -> Option<&'a str>) -> Result<Self, BootError> {
        let value = |name: &'static str| {
            let value = key(name)
                .filter(|value| !value.is_empty())
                .ok_or(BootError::Missing(name))?;
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.=:,@+-".contains(&byte);
            if value.bytes().all(allowed) {
                Ok(value.to_owned())
            } else {
                Err(BootError::Character {
                    key: name,
                    value: value.to_owned(),
                })
            }
        };
        let version = key("os_version")
            .filter(|value| !value.is_empty())
            .ok_or(BootError::Missing("os_version"))?;
        Ok(Self {
            root: value("root")?,
            image: value("image")?,
            ramdisk: value("ramdisk")?,
            distribution: version.parse()?,
        })
    }

    /// The string for the loader, in plain text. Only one path is named: the first device and the first port (D24).
    pub fn scpdata(&self, fcp: DeviceNumber, wwpn: Wwpn, lun: Lun) -> String {
        let path = format!("0.0.{fcp},0x{wwpn},0x{lun}");
        let root = &self.root;
        match self.distribution {
            Distribution::Rhel6 => {
                format!("=root={root} selinux=0 zfcp.allow_lun_scan=0 rd_ZFCP={path}")
            }
            Distribution::Rhel7 => {
                format!("=root={root} selinux=0 zfcp.allow_lun_scan=0 rd.zfcp={path}")
            }
            _ => format!("=root={root} zfcp.allow_lun_scan=0 zfcp.device={path}"),
        }
    }

    /// The same in the form that `--setloaddev` takes: lower-case hex.
    ///
    /// # Errors
    /// The text is longer than z/VM takes.
    pub fn scpdata_hex(
        &self,
        fcp: DeviceNumber,
        wwpn: Wwpn,
        lun: Lun,
    ) -> Result<String, BootError> {
        let text = self.scpdata(fcp, wwpn, lun);
        if text.len() > SCPDATA_LIMIT {
            return Err(BootError::TooLong(text.len()));
        }
        Ok(text.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// The script that is punched to the guest, so that a later restart of its own finds the volume too.
    pub fn zipl_script(&self, fcp: DeviceNumber, wwpn: Wwpn, lun: Lun) -> String {
        let Self {
            root,
            image,
            ramdisk,
            distribution,
        } = self;
        let path = format!("0.0.{fcp},0x{wwpn},0x{lun}");
        let (prelude, lines) = match distribution.family() {
            Family::Rhel => {
                let word = match distribution {
                    Distribution::Rhel6 => "rd_ZFCP=",
                    _ => "rd.zfcp=",
                };
                let parameters =
                    format!("root={root} {word}{path} zfcp.allow_lun_scan=0 selinux=0");
                let lines = vec![
                    "[defaultboot]".to_owned(),
                    "timeout=5".to_owned(),
                    "default=boot-from-volume".to_owned(),
                    "target=/boot/".to_owned(),
                    "[boot-from-volume]".to_owned(),
                    format!("image={image}"),
                    format!("ramdisk={ramdisk}"),
                    format!("parameters=\"{parameters}\""),
                ];
                ("", lines)
            }
            Family::Sles | Family::Ubuntu => {
                let parameters = format!("root={root} zfcp.device={path} zfcp.allow_lun_scan=0");
                let lines = vec![
                    "[defaultboot]".to_owned(),
                    "default=boot-from-volume".to_owned(),
                    "[boot-from-volume]".to_owned(),
                    format!("image={image}"),
                    "target = /boot/zipl".to_owned(),
                    format!("ramdisk={ramdisk}"),
                    format!("parameters=\"{parameters}\""),
                ];
                ("mkinitrd\n", lines)
            }
        };
        let mut script = "#!/bin/bash\n".to_owned();
        for (index, line) in lines.iter().enumerate() {
            let sign = if index == 0 { ">" } else { ">>" };
            let _ = writeln!(script, "echo '{line}' {sign} /etc/zipl_volume.conf");
        }
        script.push_str(prelude);
        script.push_str("zipl -c /etc/zipl_volume.conf\n");
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(version: &str) -> BootMetadata {
        BootMetadata::read(|key| match key {
            "root" => Some("/dev/sda1"),
            "image" => Some("/boot/vmlinuz"),
            "ramdisk" => Some("/boot/initrd"),
            "os_version" => Some(version),
            _ => None,
        })
        .unwrap()
    }

    fn path() -> (DeviceNumber, Wwpn, Lun) {
        (
            "1faa".parse().unwrap(),
            "5005076801102991".parse().unwrap(),
            "0021000000000000".parse().unwrap(),
        )
    }

    #[test]
    fn loader_data_and_scripts_of_the_distributions() {
        let (fcp, wwpn, lun) = path();
        let mut all = String::new();
        for version in ["rhel6", "rhel7", "sles12", "ubuntu16"] {
            let boot = metadata(version);
            let _ = writeln!(all, "{version}: {}", boot.scpdata(fcp, wwpn, lun));
            all.push_str(&boot.zipl_script(fcp, wwpn, lun));
        }
        insta::assert_snapshot!(all);
        let hex = metadata("rhel7").scpdata_hex(fcp, wwpn, lun).unwrap();
        assert!(
            hex.starts_with("3d726f6f743d"),
            "the leading = is part of it"
        );
    }

    #[test]
    fn boot_05_a_missing_key_is_named() {
        for missing in ["root", "image", "ramdisk", "os_version"] {
            let error = BootMetadata::read(|key| (key != missing).then_some("rhel7")).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the boot volume's metadata lack {missing}")
            );
        }
    }

    #[test]
    fn d54_metadata_cannot_reach_a_shell() {
        for bad in ["/dev/sda1;reboot", "$(x)", "a b", "'", "\n"] {
            let error = BootMetadata::read(|key| match key {
                "root" => Some(bad),
                _ => Some("rhel7"),
            });
            assert!(
                matches!(error, Err(BootError::Character { key: "root", .. })),
                "{bad}"
            );
        }
    }
}
