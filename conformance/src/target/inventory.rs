//! What the owner of a target lends to the kit. Whatever is not named here is not touched: the fence asks nothing else.

use serde::{Deserialize, Serialize};

use crate::meta::{Capability, Need};

/// Newest inventory schema that is understood.
pub const SCHEMA: u32 = 1;

/// What may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Schema version of the file.
    pub schema: u32,
    /// xCAT node name of the hypervisor.
    #[serde(default)]
    pub host: Option<String>,
    /// xCAT node name of that hypervisor's zHCP. Copies and images work through it; what it keeps of them (lent FCP
    /// devices) is taken back from this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zhcp: Option<String>,
    /// xCAT node name of a second hypervisor.
    #[serde(default)]
    pub second_host: Option<String>,
    /// A second account that may read and must not change guests; its password stands in the secrets file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted_user: Option<String>,
    /// Guests lent to the kit.
    #[serde(default, rename = "guest")]
    pub guests: Vec<Guest>,
    /// Free FCP devices lent to the kit.
    #[serde(default, rename = "fcp")]
    pub fcp_devices: Vec<Fcp>,
    /// Spare LUNs lent to the kit: their content will be lost.
    #[serde(default, rename = "lun")]
    pub luns: Vec<LentLun>,
}

/// A guest lent to the kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// xCAT node name.
    pub node: String,
    /// Whether it runs at the start of the run.
    pub state: GuestState,
    /// Its Linux, for cases about what persists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

/// Families of distributions that configure zfcp alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Red Hat Enterprise Linux.
    Rhel,
    /// SUSE Linux Enterprise Server.
    Sles,
    /// Ubuntu.
    Ubuntu,
}

/// Whether a guest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestState {
    /// Logged on, its Linux answers.
    Running,
    /// Logged off.
    Off,
}

/// An FCP device lent to the kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fcp {
    /// Device number, four hex digits.
    pub device: String,
    /// Channel path id, two hex digits.
    #[serde(default)]
    pub chpid: String,
}

/// A spare LUN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LentLun {
    /// Target ports, sixteen hex digits each.
    pub wwpns: Vec<String>,
    /// LUN, sixteen hex digits.
    pub lun: String,
    /// Size as a pool row holds it (`10G`).
    pub size: String,
}

/// Why an inventory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// Not TOML, or not of this shape.
    #[error("not an inventory")]
    Shape(#[from] toml::de::Error),
    /// Written by a newer kit.
    #[error("inventory schema {0} is newer than {SCHEMA}, the newest this kit understands")]
    Newer(u32),
    /// A field has a value that cannot be right.
    #[error("{0}")]
    Value(String),
}

impl Inventory {
    /// Reads an inventory and checks what can be checked without the target.
    pub fn parse(text: &str) -> Result<Self, InventoryError> {
        let inventory: Self = toml::from_str(text)?;
        if inventory.schema > SCHEMA {
            return Err(InventoryError::Newer(inventory.schema));
        }
        for fcp in &inventory.fcp_devices {
            hex("FCP device", &fcp.device, 4)?;
        }
        for lun in &inventory.luns {
            hex("LUN", &lun.lun, 16)?;
            for wwpn in &lun.wwpns {
                hex("WWPN", wwpn, 16)?;
            }
            if lun.wwpns.is_empty() {
                return Err(InventoryError::Value(format!(
                    "LUN {} has no WWPN",
                    lun.lun
                )));
            }
        }
        Ok(inventory)
    }

    /// Why a need cannot be met, if so.
    pub fn lacks(&self, need: Need, capabilities: &[Capability]) -> Option<String> {
        let have = match need {
            Need::Hypervisor => self.host.is_some(),
            Need::Zhcp => self.zhcp.is_some(),
            Need::SecondHypervisor => self.second_host.is_some(),
            Need::RunningGuests(n) => self.guests_in(GuestState::Running).count() >= n,
            Need::StoppedGuests(n) => self.guests_in(GuestState::Off).count() >= n,
            Need::FcpDevices(n) => self.fcp_devices.len() >= n,
            Need::TwoChannelPaths => self.channel_pair().is_some(),
            Need::Luns(n) => self.luns.len() >= n,
            Need::MultipathLuns(n) => self.luns.iter().filter(|l| l.wwpns.len() >= 2).count() >= n,
            Need::Alone => true,
            Need::RestrictedAccount => self.restricted_user.is_some(),
            Need::Distribution(d) => self
                .guests_in(GuestState::Running)
                .any(|g| g.distribution == Some(d)),
            Need::Capability(c) => capabilities.contains(&c),
        };
        (!have).then(|| format!("the target does not offer: {need}"))
    }

    /// Guests in a state.
    pub fn guests_in(&self, state: GuestState) -> impl Iterator<Item = &Guest> {
        self.guests.iter().filter(move |g| g.state == state)
    }

    /// Two lent FCP devices on different channel paths.
    pub fn channel_pair(&self) -> Option<(&Fcp, &Fcp)> {
        let first = self.fcp_devices.iter().find(|f| !f.chpid.is_empty())?;
        let second = self
            .fcp_devices
            .iter()
            .find(|f| !f.chpid.is_empty() && f.chpid != first.chpid)?;
        Some((first, second))
    }
}

fn hex(what: &str, text: &str, digits: usize) -> Result<(), InventoryError> {
    if text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(InventoryError::Value(format!(
        "{what} '{text}' is not {digits} hex digits"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
schema = 1
host = "zvmhost1"
[[guest]]
node = "opnstk1"
state = "running"
[[fcp]]
device = "b805"
chpid = "59"
[[lun]]
wwpns = ["5005076801102991"]
lun = "0004000000000000"
size = "10G"
"#;

    #[test]
    fn says_what_is_missing() {
        let inventory = Inventory::parse(SAMPLE).unwrap();
        assert_eq!(inventory.lacks(Need::RunningGuests(1), &[]), None);
        assert_eq!(
            inventory.lacks(Need::StoppedGuests(1), &[]).unwrap(),
            "the target does not offer: 1 shut-down guest(s)"
        );
        assert!(inventory.lacks(Need::TwoChannelPaths, &[]).is_some());
        assert!(
            inventory
                .lacks(Need::Capability(Capability::Clock), &[Capability::Clock])
                .is_none()
        );
    }

    #[test]
    fn refuses_what_cannot_be_right() {
        assert!(matches!(
            Inventory::parse("schema = 9"),
            Err(InventoryError::Newer(9))
        ));
        let short = SAMPLE.replace("b805", "b80");
        assert!(
            Inventory::parse(&short)
                .unwrap_err()
                .to_string()
                .contains("'b80' is not 4 hex digits")
        );
        assert!(Inventory::parse("schema = 1\nhots = 'x'").is_err());
    }
}
