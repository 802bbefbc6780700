//! Minidisks and virtual disks (spec: guests 6.3 to 6.5).

use std::fmt::Write as _;

use super::disk_format;
use super::guest::{Guest, Hidden};
use crate::mn::zvm::guest::{Reachable, Subchannel, disable_enable_disk, ping_node};
use crate::mn::zvm::{Zhcp, nested, text};
use crate::seam::Release;

/// What a disk is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 3390, in cylinders.
    Eckd,
    /// 9336, in blocks of 512 bytes.
    Fba,
}

impl Kind {
    /// Device type, and what the client's texts call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eckd => "3390",
            Self::Fba => "9336",
        }
    }

    /// The directory manager's name for the unit of size.
    fn unit(self) -> &'static str {
        match self {
            Self::Eckd => "1",
            Self::Fba => "2",
        }
    }

    /// Units that hold a size: one with M or G is converted, a bare number kept; nothing for another letter.
    fn units(self, size: &str) -> Option<String> {
        let upper = size.to_uppercase();
        let unit_bytes = match self {
            Self::Eckd => 737_280.0,
            Self::Fba => 512.0,
        };
        let scale = if upper.contains('M') {
            1_048_576.0
        } else if upper.contains('G') {
            1_073_741_824.0
        } else if upper.chars().any(|c| c.is_ascii_alphabetic()) {
            return None;
        } else {
            return Some(size.to_owned());
        };
        let number = (text::number(size) * 10_000.0).round() / 10_000.0;
        Some(format!("{:.0}", (number * scale / unit_bytes).ceil()))
    }

    /// File systems that may be asked for.
    fn file_systems(self) -> &'static [&'static str] {
        match self {
            Self::Eckd => &["ext2", "ext3", "ext4", "xfs", "swap"],
            Self::Fba => &["ext2", "ext3", "ext4", "xfs"],
        }
    }
}

/// The disk that an option adds.
pub(super) struct NewDisk<'a> {
    pub kind: Kind,
    pub vdev: String,
    pub mode: &'a str,
    pub fstype: &'a str,
}

/// `--add3390` and `--add9336 {pool} {vdev|auto} {size} [{mode} [{readpw} [{writepw} [{multipw} [{fstype}]]]]]`.
pub(super) async fn add(guest: &Guest<'_>, kind: Kind) -> Hidden {
    // `None` ends the option; what there was to say has been said.
    let _ended: Option<()> = add_disk(guest, kind).await;
    Hidden::nothing()
}

async fn add_disk(guest: &Guest<'_>, kind: Kind) -> Option<()> {
    let userid = &guest.userid;
    let Some(units) = kind.units(guest.arg(3)) else {
        let unit = match kind {
            Kind::Eckd => "cylinders",
            Kind::Fba => "blocks",
        };
        guest.say(format!(
            "(Error) Size can be Megabytes (M), Gigabytes (G), or number of {unit}"
        ));
        return None;
    };
    let password = |index| match guest.arg(index) {
        "" => "''",
        given => given,
    };
    let disk = NewDisk {
        kind,
        vdev: address(guest, guest.arg(2)).await,
        mode: match guest.arg(4) {
            "" => "MR",
            mode => mode,
        },
        fstype: guest.arg(8),
    };
    let NewDisk { ref vdev, mode, .. } = disk;
    let words = format!(
        "Image_Disk_Create_DM -T {userid} -v {vdev} -t {} -a AUTOG -r {} -u {} -z {units} -m {mode} -f 1 -R {} -W {} -M {}{}",
        kind.name(),
        guest.arg(1),
        kind.unit(),
        password(5),
        password(6),
        password(7),
        if kind == Kind::Fba { " 2>&1" } else { "" }
    );
    create_in_directory(guest, kind, &words).await?;

    // Release P collects its lines for a print that it has lost (GQ1).
    let speaks = guest.context.settings().release != Release::P;
    if !disk.fstype.is_empty() {
        let is_known = kind
            .file_systems()
            .iter()
            .any(|fs| text::contains_ignoring_case(disk.fstype, fs));
        if !is_known {
            guest.say(match kind {
                Kind::Eckd => {
                    "(Warning) File system type can only be ext2, ext3, ext4 ,swap or xfs\n"
                }
                Kind::Fba => "(Warning) File system type can only be ext2, ext3, ext4 or xfs\n",
            });
            return None;
        }
        let formatted = disk_format::make_file_system(guest, &disk).await;
        if formatted.is_none() && speaks {
            return None;
        }
    }
    if speaks {
        guest.say(format!(
            "Adding {} disk to {userid}'s directory entry as {vdev} ... Done",
            kind.name()
        ));
    }
    let is_on = nested::is_on(guest.context, guest.node).await;
    if is_on {
        let smcli = Zhcp::smcli(&format!(
            "Image_Disk_Create -T {userid} -v {vdev} -m {mode}"
        ));
        let line = match kind {
            Kind::Eckd => guest.zhcp.line(&smcli),
            // The quotes begin behind sudo here.
            Kind::Fba => format!(
                "ssh {}@{} {} \"{smcli}\"",
                guest.zhcp.user, guest.zhcp.host, guest.zhcp.sudo
            ),
        };
        if speaks {
            guest.checked(&line).await?;
        } else {
            guest.context.sh(&line).await;
        }
    }
    // GQ17: said of a guest that is off as well.
    if speaks && (is_on || guest.context.settings().quirk("GQ17")) {
        guest.say(format!(
            "Adding disk to {userid}'s active configuration... Done"
        ));
    }
    Some(())
}

/// The directory step; each kind and release reports its failure in its own way.
async fn create_in_directory(guest: &Guest<'_>, kind: Kind, words: &str) -> Option<()> {
    let line = guest.zhcp.line(&Zhcp::smcli(words));
    let is_p = guest.context.settings().release == Release::P;
    if kind == Kind::Eckd && !is_p {
        guest.checked(&line).await?;
        return Some(());
    }
    let outcome = guest.context.sh(&line).await;
    if kind == Kind::Eckd && text::is_bad(&outcome.stdout) {
        guest.say(format!("Error on Image_Disk_Create_DM {}", outcome.stdout));
        return None;
    }
    if kind == Kind::Fba && outcome.rc != 0 {
        guest.say(&outcome.stdout);
        return None;
    }
    Some(())
}

/// The address asked for. `auto` is always 0001 (GQ24); repaired it is the lowest that the directory entry does not
/// use.
async fn address(guest: &Guest<'_>, asked: &str) -> String {
    if asked != "auto" {
        return asked.to_owned();
    }
    if guest.context.settings().quirk("GQ24") {
        return "0001".to_owned();
    }
    let query = format!("Image_Query_DM -T {}", guest.userid);
    let entry = guest.smcli(&query).await.stdout;
    let used: Vec<u32> = entry
        .lines()
        .filter_map(|line| u32::from_str_radix(text::word(line, 1), 16).ok())
        .collect();
    (1..=0xffff)
        .find(|candidate| !used.contains(candidate))
        .map_or_else(|| "0001".to_owned(), |free| format!("{free:04x}"))
}

/// `--add3390active {vdev} {mode}`.
pub(super) async fn add_active(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_Disk_Create -T {} -v {} -m {}",
        guest.userid,
        guest.arg(1),
        guest.arg(2)
    );
    guest.smcli_text(&words).await
}

/// `--addvdisk {vdev} {blocks} {mode}`.
pub(super) async fn add_vdisk(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_Disk_Create_DM -T {} -v {} -t FB-512 -a V-DISK -r NONE -u 2 -z {} -m {} -f 0",
        guest.userid,
        guest.arg(1),
        guest.arg(2),
        guest.arg(3)
    );
    let answer = guest.smcli(&words).await.stdout;
    if text::is_bad(&answer) {
        guest.say(format!(
            "changeVM() Error occurred during 'smcli {words}'. Output: {answer}"
        ));
        return Hidden::nothing();
    }
    Hidden::prefixed(answer)
}

/// `--removedisk {vdev}`.
pub(super) async fn remove(guest: &Guest<'_>) -> Hidden {
    let vdev = guest.arg(1);
    if ping_node(guest.context, guest.node).await == Reachable::Yes {
        let disabled =
            disable_enable_disk(guest.context, guest.node, Subchannel::Disable, vdev).await;
        drop(disabled);
        let line = format!("ssh {} \"/sbin/vmcp det {vdev}\"", guest.node);
        guest.context.sh(&line).await;
    }
    let words = format!("Image_Disk_Delete_DM -T {} -v {vdev} -e 0", guest.userid);
    guest.smcli_text(&words).await
}

/// `--sharevolume {vdev} {YES|NO}`.
pub(super) async fn share_volume(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_Volume_Share -T {} -k img_vol_addr={} -k share_enable={}",
        guest.userid,
        guest.arg(1),
        guest.arg(2)
    );
    guest.smcli_text(&words).await
}

/// `--addpagespool {vol_addr} {volume_label} {volume_use} [{five more}]`.
pub(super) async fn add_page_or_spool(guest: &Guest<'_>) -> Hidden {
    const KEYS: [&str; 8] = [
        "vol_addr",
        "volume_label",
        "volume_use",
        "system_config_name",
        "system_config_type",
        "parm_disk_owner",
        "parm_disk_number",
        "parm_disk_password",
    ];
    let mut words = format!("Page_or_Spool_Volume_Add -T {}", guest.hcp_userid);
    for (key, value) in KEYS.iter().zip(&guest.args[1..]) {
        if !value.is_empty() {
            let _ = write!(words, " -k {key}={value}");
        }
    }
    guest.smcli_text(&words).await
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn sizes_become_units() {
        for (size, cylinders) in [
            ("5G", "7282"),
            ("1.5G", "2185"),
            ("3g", "4370"),
            ("100M", "143"),
            ("2G", "2913"),
            ("100", "100"),
        ] {
            assert_eq!(Kind::Eckd.units(size).as_deref(), Some(cylinders), "{size}");
        }
        assert_eq!(Kind::Fba.units("1G").as_deref(), Some("2097152"));
        assert_eq!(Kind::Eckd.units("5T"), None);
    }
}
