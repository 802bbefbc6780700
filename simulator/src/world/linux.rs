//! A Linux of the site: the MN, a zHCP or a guest.

use serde::{Deserialize, Serialize};

use super::Shared;
use super::zfcp::Zfcp;
use super::{SimFs, SystemName, UserId};

/// What a Linux is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinuxRole {
    /// The xCAT management node.
    Mn,
    /// A zHCP, with `/opt/zhcp` and the pool files.
    Zhcp,
    /// An ordinary guest.
    #[default]
    Guest,
}

/// Distribution and version, as the personality of a Linux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    Rhel6,
    #[default]
    Rhel7,
    Sles11,
    Sles12,
    Ubuntu16,
    Ubuntu20,
}

/// Families of distributions that keep their zfcp configuration in the same way (spec: zfcp-and-san 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `/etc/zfcp.conf`.
    RedHat,
    /// `51-zfcp-*.rules`.
    Suse,
    /// `41-zfcp-*.rules`, written by chzdev.
    Ubuntu,
}

/// Kernel eras of the zfcp driver (spec: zfcp-and-san, opening table). K1 ships with no modelled distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// 2.6.25 to 2.6.36: no automatic LUN scan, the unit owns the LUN.
    K2,
    /// 2.6.37 to 4.17: a unit is a wish, the SCSI device owns the LUN.
    K3,
    /// 4.18 and later.
    K4,
}

impl Distribution {
    /// Its family.
    pub fn family(self) -> Family {
        match self {
            Self::Rhel6 | Self::Rhel7 => Family::RedHat,
            Self::Sles11 | Self::Sles12 => Family::Suse,
            Self::Ubuntu16 | Self::Ubuntu20 => Family::Ubuntu,
        }
    }

    /// The era of its kernel.
    pub fn era(self) -> Era {
        match self {
            Self::Rhel6 => Era::K2,
            Self::Rhel7 | Self::Sles11 | Self::Sles12 | Self::Ubuntu16 => Era::K3,
            Self::Ubuntu20 => Era::K4,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One Linux.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linux {
    /// What it is there for.
    pub role: LinuxRole,
    /// The virtual machine it runs in.
    pub userid: UserId,
    /// The z/VM system of that virtual machine.
    pub system: SystemName,
    /// Its address.
    pub ip: String,
    /// Its personality.
    pub distribution: Distribution,
    /// Whether ssh (and ping) answers while it is up.
    pub ssh: bool,
    /// Whether its IUCV server answers while it is up.
    pub iucv: bool,
    /// Persistent files (everything that is not sysfs, procfs or udev's).
    pub fs: SimFs,
    /// Kernel parameters of the next boot, such as `cio_ignore=all,!condev zfcp.allow_lun_scan=0`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel_parameters: String,
    /// Until when it is starting and does not answer, in virtual milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub starting_until_ms: u64,
    /// The zfcp driver's state; empty while the guest is down.
    #[serde(default)]
    pub zfcp: Shared<Zfcp>,
}
