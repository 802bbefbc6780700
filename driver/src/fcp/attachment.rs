//! What the ledger remembers of an attached volume: everything that a detach needs, also after a restart.

use serde::{Deserialize, Serialize};

use crate::types::{Distribution, Lifecycle, Lun, MountPoint, PoolName, Size, Tag, WwpnSet};

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentState {
    /// An attach has begun and not ended.
    Attaching,
    /// The guest has the volume.
    Attached,
    /// A detach has begun; it only goes forward (spec: driver 2.8.8).
    Detaching,
}

/// A volume of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Cinder's volume id: the key.
    pub volume_id: String,
    /// Who writes the pool row.
    pub lifecycle: Lifecycle,
    /// The pool of the row.
    pub pool: PoolName,
    /// Target ports, in the order of the row.
    pub wwpns: WwpnSet,
    /// The LUN.
    pub lun: Lun,
    /// The row's size; `None` when the row has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The volume's stamp, for rows of the pool-owned lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// The device node in the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_point: Option<MountPoint>,
    /// The guest's distribution, when it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// Whether the guest boots from the volume.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub root: bool,
    /// What the guest started from before it started from the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipl_before: Option<String>,
    /// How far it has come.
    pub state: AttachmentState,
}
