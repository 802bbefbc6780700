//! The shape of a site file, as serde reads it. Values that are checked later keep their place in the text.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use super::{SiteProblem, rows};
use crate::world::Distribution;
use crate::world::san::Medium;
use crate::world::zvm::Lan;

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

/// A site file that takes over the world of a preset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetFile {
    /// Schema version.
    #[expect(dead_code, reason = "looked at before; here the key is only known")]
    pub schema: Spanned<u32>,
    /// Name of the site.
    pub name: String,
    /// Name of the preset.
    pub preset: Spanned<String>,
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
    /// SMAPI level; absent: 640.
    pub smapi_level: Option<u16>,
    /// Whether the directory manager answers changes of disk space with an operation that goes on.
    #[serde(default)]
    pub asynchronous_directory: bool,
    /// Guest LANs.
    #[serde(default, rename = "lan")]
    pub lans: Vec<Lan>,
    /// Directory entries of userids that are no nodes.
    #[serde(default, rename = "user")]
    pub users: Vec<EntryFile>,
    /// Profiles of the directory, by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, Vec<String>>,
    /// DASD volumes.
    #[serde(default)]
    pub dasd: Vec<DasdFile>,
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
    /// Whether its kernel has the zfcp driver; without it FCP devices stay unbound.
    #[serde(default = "yes")]
    pub zfcp: bool,
    /// Kernel parameters, such as `zfcp.allow_lun_scan=0` or `cio_ignore=all,!condev`.
    #[serde(default)]
    pub kernel: String,
    /// FCP devices that CP has attached to it without a directory statement.
    #[serde(default)]
    pub attach: Vec<Spanned<String>>,
    /// Further files of its Linux, by path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Further statements of its directory entry.
    #[serde(default)]
    pub directory: Vec<String>,
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
    /// Rows, in order: `status,wwpn,lun,size,range,owner,channel,tag`. A list in the file; here the text of its lines.
    #[serde(default, deserialize_with = "rows::lines")]
    pub rows: String,
    /// Volumes for which free rows follow, by name; a name that ends in `*` stands for all that begin so.
    #[serde(default)]
    pub volumes: Vec<Spanned<String>>,
    /// Range of FCP devices of these rows.
    #[serde(default)]
    pub range: String,
}

/// `[[system.user]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryFile {
    /// The userid.
    pub userid: Spanned<String>,
    /// Whether it is logged on when the site starts.
    #[serde(default)]
    pub on: bool,
    /// Statements of its entry.
    pub directory: Vec<String>,
}

/// `[[system.dasd]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DasdFile {
    /// Device number.
    pub device: Spanned<String>,
    /// Volume label.
    pub label: String,
    /// Device type.
    #[serde(default = "default_dasd")]
    pub kind: String,
    /// Cylinders or blocks.
    pub size: u64,
    /// Whether CP owns it.
    #[serde(default)]
    pub cp_owned: bool,
    /// Whether it is attached to the system for minidisks.
    #[serde(default)]
    pub system: bool,
    /// Whether CP has it offline.
    #[serde(default)]
    pub offline: bool,
}

fn default_dasd() -> String {
    "3390".to_owned()
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
    /// Physical WWPNs of channel paths whose link to the fabric is down.
    #[serde(default)]
    pub links_down: Vec<Spanned<String>>,
    /// NPIV WWPNs whose login the fabric refuses.
    #[serde(default)]
    pub logins_refused: Vec<Spanned<String>>,
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
    /// Whether it refuses logins.
    #[serde(default)]
    pub refuses_login: bool,
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
    /// Whether its medium works: `good`, `reserved`, `offline`, `read-only`.
    #[serde(default)]
    pub medium: Medium,
    /// Whether it does not answer at all.
    #[serde(default)]
    pub silent: bool,
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

/// `[[san.zone]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneFile {
    /// Name.
    pub name: String,
    /// WWPNs, or `SYSTEM:1A00-1A0F` for the initiators of these FCP devices.
    pub members: Vec<Spanned<String>>,
    /// Whether it belongs to the active zone set; one that does not is as good as absent.
    #[serde(default = "yes")]
    pub active: bool,
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

/// What a site file's text is.
#[derive(Debug)]
pub enum SiteText {
    /// A site of its own.
    Site(Box<SiteFile>),
    /// One that takes over a preset.
    Preset(PresetFile),
    /// One that builds on another.
    Based,
}

/// Reads the text; a wrong schema version is reported before anything else. The text is parsed once: it can be as long
/// as a pool.
///
/// # Errors
/// What is wrong, with its line.
pub fn read(text: &str) -> Result<SiteText, Vec<SiteProblem>> {
    let table = table(text)?;
    if table.get_ref().contains_key("preset") {
        return of_table(text, table).map(SiteText::Preset);
    }
    if table.get_ref().contains_key("base") {
        return Ok(SiteText::Based);
    }
    of_table(text, table).map(|site| SiteText::Site(Box::new(site)))
}

/// Reads the text of a site that takes over no preset and builds on no other.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &str) -> Result<SiteFile, Vec<SiteProblem>> {
    of_table(text, table(text)?)
}

/// The table that a text is; its schema version can be read.
pub(super) fn table(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<SiteProblem>> {
    let table = DeTable::parse(text).map_err(|error| problem(text, &error))?;
    check_version(text, table.get_ref())?;
    Ok(table)
}

/// What a table says.
pub(super) fn of_table<'de, T: Deserialize<'de>>(
    text: &str,
    table: Spanned<DeTable<'de>>,
) -> Result<T, Vec<SiteProblem>> {
    T::deserialize(toml::Deserializer::from(table)).map_err(|error| problem(text, &error))
}

pub(super) fn problem(text: &str, error: &toml::de::Error) -> Vec<SiteProblem> {
    vec![SiteProblem::at(
        text,
        error.span().map_or(0, |s| s.start),
        error.message().to_owned(),
    )]
}

/// Whether the schema version can be read.
fn check_version(text: &str, table: &DeTable<'_>) -> Result<(), Vec<SiteProblem>> {
    let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "schema") else {
        return Err(vec![SiteProblem {
            line: 1,
            message: format!("no schema version; write 'schema = {SCHEMA}' at the top"),
        }]);
    };
    let at = value.span().start;
    let version = u32::deserialize(toml::de::ValueDeserializer::from(value.clone()));
    match version {
        Ok(version) if version > SCHEMA => {
            let message = format!(
                "schema {version} is newer than {SCHEMA}, which this program reads; use a newer program"
            );
            Err(vec![SiteProblem::at(text, at, message)])
        }
        Ok(_) => Ok(()),
        Err(error) => Err(vec![SiteProblem::at(text, at, error.message())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of a table, as serde names them when it meets one that it does not know.
    fn keys<T: for<'a> Deserialize<'a>>() -> Vec<String> {
        let error = toml::from_str::<T>("no_such_key = 1").err();
        let text = error.map(|e| e.message().to_owned()).unwrap_or_default();
        let names: Vec<String> = text
            .split('`')
            .skip(3)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert!(names.len() > 1, "{text}");
        names
    }

    #[test]
    fn every_key_is_documented() {
        let page = include_str!("../../../docs/site-file.md");
        let (keys_part, _) = page.split_once("## Building on").expect("the part on keys");
        let all = [
            ("", keys::<SiteFile>()),
            ("", keys::<MnFile>()),
            ("mn.", keys::<UserFile>()),
            ("system.", keys::<SystemFile>()),
            ("", keys::<ZhcpFile>()),
            ("", keys::<FcpFile>()),
            ("", keys::<GuestFile>()),
            ("", keys::<PoolFile>()),
            ("", keys::<EntryFile>()),
            ("", keys::<DasdFile>()),
            ("", keys::<DiskPoolFile>()),
            ("san.", keys::<SanFile>()),
            ("", keys::<PortFile>()),
            ("", keys::<VolumeFile>()),
            ("", keys::<ZoneFile>()),
            ("", keys::<MaskFile>()),
            ("mn.", vec!["user".to_owned()]),
        ];
        for (prefix, key) in all
            .iter()
            .flat_map(|(p, keys)| keys.iter().map(move |k| (p, k)))
        {
            let forms = [
                format!("`{key}`"),
                format!("[{key}]`"),
                format!("[{prefix}{key}]"),
                format!("[[{key}.NAME]]"),
                format!("[[mn.{key}]]"),
            ];
            assert!(
                forms.iter().any(|f| keys_part.contains(f.as_str())),
                "docs/site-file.md lacks {prefix}{key}"
            );
        }
    }

    #[test]
    fn the_example_of_the_page_is_a_site() {
        let page = include_str!("../../../docs/site-file.md");
        let example = page
            .split("```toml\n")
            .nth(1)
            .and_then(|t| t.split("```").next());
        crate::site::from_text("example", example.expect("an example")).unwrap();
    }
}
