//! Volumes: what answers under a LUN.

use serde::{Deserialize, Serialize};

/// A logical unit behind one or more target ports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Size in bytes.
    pub bytes: u64,
    /// Identity of the content: travels with a copy.
    pub content: String,
    /// World wide identifier (`ID_SERIAL`), as multipath shows it.
    pub wwid: String,
    /// Vendor of the INQUIRY data; `IBM` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Product of the INQUIRY data; `2145` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Why INQUIRY is answered but the medium is not (spec: zfcp-and-san 3.1 P14).
    #[serde(default, skip_serializing_if = "Medium::is_good")]
    pub medium: Medium,
    /// Whether INQUIRY itself is answered with "not there" (spec: zfcp-and-san 3.1 P13).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// Access to the medium of a volume whose INQUIRY is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Reads and writes work.
    #[default]
    Good,
    /// Reserved by a system outside the site: RESERVATION CONFLICT.
    Reserved,
    /// The storage has the volume offline: NOT READY.
    Offline,
    /// A copy target: WRITE PROTECT.
    ReadOnly,
}

impl Medium {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_good(&self) -> bool {
        *self == Self::Good
    }
}

impl Volume {
    /// Vendor as INQUIRY gives it, not padded.
    pub fn vendor(&self) -> &str {
        if self.vendor.is_empty() {
            "IBM"
        } else {
            &self.vendor
        }
    }

    /// Product as INQUIRY gives it, not padded.
    pub fn product(&self) -> &str {
        if self.product.is_empty() {
            "2145"
        } else {
            &self.product
        }
    }
}
