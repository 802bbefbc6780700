//! The shape of a site file, as serde reads it. Values that are checked later keep their place in the text.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::SiteProblem;
use crate::world::Distribution;

/// The schema version that this program reads and writes.
pub const SCHEMA: u32 = 1;

/// A whole site file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// Schema version.
    pub schema: Spanned<u32>,
    /// Name of the site.
    pub name: String,
    /// DNS domain.
    #[serde(default = "default_domain")]
    pub domain: String,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// The management node.
    pub mn: MnFile,
    /// z/VM systems.
    #[serde(default, rename = "system")]
    pub systems: Vec<SystemFile>,
    /// The SAN.
    #[serde(default)]
    pub san: SanFile,
    /// Further rows of xCAT's tables, by table.
    #[serde(default)]
    pub tables: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

fn default_domain() -> String {
    "example.com".to_owned()
}

/// `[mn]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MnFile {
    /// Short host name.
    pub host: String,
    /// z/VM system on which it runs.
    pub system: Spanned<String>,
    /// Its virtual machine.
    pub userid: String,
    /// Its address.
    pub ip: String,
    /// Its personality.
    #[serde(default)]
    pub distribution: Distribution,
    /// Users of the REST door.
    #[serde(default, rename = "user")]
    pub users: Vec<UserFile>,
}

/// `[[mn.user]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// Name.
    pub name: String,
    /// Password, as the `passwd` table keeps it.
    pub password: String,
    /// Commands that the policy allows; absent: all.
    pub commands: Option<String>,
}

/// `[[system]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemFile {
    /// Name of the z/VM system.
    pub name: String,
    /// Node name of the hypervisor in xCAT.
    pub node: String,
    /// Its zHCP.
    pub zhcp: ZhcpFile,
    /// FCP devices (the IODF).
    #[serde(default)]
    pub fcp: Vec<FcpFile>,
    /// Guests.
    #[serde(default, rename = "guest")]
    pub guests: Vec<GuestFile>,
    /// SCSI pools on the zHCP.
    #[serde(default, rename = "pool")]
    pub pools: Vec<PoolFile>,
    /// Virtual switches.
    #[serde(default)]
    pub vswitches: Vec<String>,
    /// Disk pools of the directory manager.
    #[serde(default, rename = "diskpool")]
    pub disk_pools: Vec<DiskPoolFile>,
}

/// `[system.zhcp]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZhcpFile {
    /// Short host name.
    pub host: String,
    /// Its virtual machine.
    pub userid: String,
    /// Its address.
    pub ip: String,
    /// Its personality.
    #[serde(default)]
    pub distribution: Distribution,
}

/// `[[system.fcp]]`: a range of FCP devices on one channel path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FcpFile {
    /// `1A00-1A0F` or one device number.
    pub devices: Spanned<String>,
    /// Channel path, two hex digits.
    pub chpid: Spanned<String>,
    /// NPIV WWPN of the first device; the others count up. Absent: NPIV is off.
    pub npiv: Option<Spanned<String>>,
    /// WWPN of the physical port.
    pub physical: Spanned<String>,
    /// Devices that CP has offline.
    #[serde(default)]
    pub offline: Vec<Spanned<String>>,
}

/// `[[system.guest]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestFile {
    /// Node name, also host name.
    pub node: Spanned<String>,
    /// Its virtual machine.
    pub userid: String,
    /// Its address.
    pub ip: String,
    /// Its personality.
    pub distribution: Distribution,
    /// Whether it is logged on when the site starts.
    #[serde(default)]
    pub on: bool,
    /// How the MN reaches it: `ssh` or `iucv`.
    #[serde(default)]
    pub transport: Transport,
    /// FCP devices of DEDICATE statements.
    #[serde(default)]
    pub dedicate: Vec<Spanned<String>>,
    /// Kernel parameters, such as `zfcp.allow_lun_scan=0` or `cio_ignore=all,!condev`.
    #[serde(default)]
    pub kernel: String,
    /// Memory, as in the USER statement.
    #[serde(default = "default_memory")]
    pub memory: String,
}

fn default_memory() -> String {
    "2G".to_owned()
}

/// How the MN reaches a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// ssh.
    #[default]
    Ssh,
    /// IUCV through the zHCP.
    Iucv,
}

/// `[[system.pool]]`: a SCSI pool file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolFile {
    /// Name, without `.conf`.
    pub name: String,
    /// Rows, in order: `status,wwpn,lun,size,range,owner,channel,tag`.
    #[serde(default)]
    pub rows: Vec<String>,
}

/// `[[system.diskpool]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskPoolFile {
    /// Name.
    pub name: String,
    /// Free extents.
    #[serde(default)]
    pub free: Vec<String>,
    /// Used extents.
    #[serde(default)]
    pub used: Vec<String>,
}

/// `[san]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SanFile {
    /// No zoning: every initiator sees every target port.
    #[serde(default)]
    pub open_zoning: bool,
    /// No masking: every LUN is shown to every initiator.
    #[serde(default)]
    pub open_masking: bool,
    /// Target ports.
    #[serde(default, rename = "port")]
    pub ports: Vec<PortFile>,
    /// Volumes.
    #[serde(default, rename = "volume")]
    pub volumes: Vec<VolumeFile>,
    /// Zones.
    #[serde(default, rename = "zone")]
    pub zones: Vec<ZoneFile>,
    /// LUN masking.
    #[serde(default, rename = "mask")]
    pub masks: Vec<MaskFile>,
}

/// `[[san.port]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortFile {
    /// WWPN of the target port.
    pub wwpn: Spanned<String>,
    /// Whether its link is down.
    #[serde(default)]
    pub offline: bool,
}

/// `[[san.volume]]`: one or, with `count`, several volumes with consecutive LUNs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeFile {
    /// Name; with `count`, a prefix to which a number from 0 is added.
    pub name: Spanned<String>,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
    /// LUN of the first; the following count up in the topmost sixteen bits.
    pub lun: Spanned<String>,
    /// Target ports behind which it answers.
    pub ports: Vec<Spanned<String>>,
    /// Size in GiB.
    pub gib: u64,
}

const fn one() -> u32 {
    1
}

/// `[[san.zone]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneFile {
    /// Name.
    pub name: String,
    /// WWPNs, or `SYSTEM:1A00-1A0F` for the initiators of these FCP devices.
    pub members: Vec<Spanned<String>>,
}

/// `[[san.mask]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskFile {
    /// Volumes by name; a name that ends in `*` stands for all that begin so.
    pub volumes: Vec<Spanned<String>>,
    /// WWPNs, or `SYSTEM:1A00-1A0F` for the initiators of these FCP devices.
    pub initiators: Vec<Spanned<String>>,
}

/// Reads the text; a wrong schema version is reported before anything else.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &str) -> Result<SiteFile, Vec<SiteProblem>> {
    #[derive(Deserialize)]
    struct Version {
        schema: Option<Spanned<u32>>,
    }
    let problem = |e: &toml::de::Error| {
        vec![SiteProblem::at(
            text,
            e.span().map_or(0, |s| s.start),
            e.message().to_owned(),
        )]
    };
    let version: Version = toml::from_str(text).map_err(|e| problem(&e))?;
    match version.schema {
        None => {
            return Err(vec![SiteProblem {
                line: 1,
                message: format!("no schema version; write 'schema = {SCHEMA}' at the top"),
            }]);
        }
        Some(v) if *v.get_ref() > SCHEMA => {
            let message = format!(
                "schema {} is newer than {SCHEMA}, which this program reads; use a newer program",
                v.get_ref()
            );
            return Err(vec![SiteProblem::at(text, v.span().start, message)]);
        }
        Some(_) => {}
    }
    toml::from_str(text).map_err(|e| problem(&e))
}
