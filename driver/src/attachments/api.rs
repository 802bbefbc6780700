//! The contract of the Nova half, in types that a Nova developer recognises.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::boot::BootMetadata;
use super::connection::Connection;
use crate::error::Result;
use crate::fcp::Connector;
use crate::types::{DeviceNumber, Distribution, MountPoint, NodeName, Size};

/// A guest as Nova knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// xCAT node.
    pub node: NodeName,
    /// `os_version` of its image; needed when a device node is to be made.
    pub os_version: Option<String>,
    /// Whether Nova has it paused (also: resized, soft-deleted).
    pub paused: bool,
}

impl Instance {
    /// A guest of which nothing but its node is known.
    pub fn new(node: NodeName) -> Self {
        Self {
            node,
            os_version: None,
            paused: false,
        }
    }

    /// With the version of its operating system.
    #[must_use]
    pub fn with_os(mut self, version: impl Into<String>) -> Self {
        self.os_version = Some(version.into());
        self
    }
}

/// A volume to be attached, or that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeRef {
    /// Cinder's volume id.
    pub id: String,
    /// What `initialize_connection` said.
    pub connection: Connection,
    /// Its size; needed where the driver makes the pool row.
    pub size: Option<Size>,
}

/// How an operation treats a failure of its own.
#[derive(Clone, Debug)]
pub struct AttachOptions {
    /// Undo what was done when a step fails. Off inside resize, migrate and destroy, where Nova cleans up by itself: then
    /// only the ledger is corrected.
    pub rollback: bool,
    /// OpenStack's request id.
    pub request_id: Option<String>,
}

impl Default for AttachOptions {
    fn default() -> Self {
        Self {
            rollback: true,
            request_id: None,
        }
    }
}

/// By which path an operation went (spec: driver 2.8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestPath {
    /// The guest runs and was configured.
    Active,
    /// The guest is shut down; notices wait for its next start.
    Inactive,
}

/// A volume that a guest has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attached {
    /// The volume.
    pub volume_id: String,
    /// The guest.
    pub node: NodeName,
    /// The guest's FCP devices.
    pub fcp: Vec<DeviceNumber>,
    /// The device node, when one was asked for.
    pub mount_point: Option<MountPoint>,
    /// By which path.
    pub path: GuestPath,
    /// It was attached before, and nothing was changed.
    pub already: bool,
}

/// What became of a detach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detached {
    /// The volume.
    pub volume_id: String,
    /// The guest.
    pub node: NodeName,
    /// Devices that the guest still holds although no volume needs them; `reconcile` takes them back.
    pub pending: Vec<DeviceNumber>,
    /// It was not attached, and nothing was changed.
    pub already: bool,
}

/// What Nova remembers of an attachment, for the start of the service (spec: driver 2.8.2 step 5).
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRecord {
    /// The guest.
    pub instance: Instance,
    /// The volume.
    pub volume_id: String,
    /// Connection information as stored; may be broken.
    pub connection_info: serde_json::Value,
    /// Its size.
    pub size: Option<Size>,
    /// The device node as stored.
    pub mount_point: Option<String>,
    /// Whether the guest boots from it.
    pub root: bool,
}

/// Root volumes and the files that their guests start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootVolume {
    /// The root volume.
    pub volume: VolumeRef,
    /// Its metadata.
    pub metadata: BootMetadata,
    /// Where the management node fetches the zipl script from, as `user@address`, and the folder there; `None` leaves
    /// the script out.
    pub script: Option<ScriptPlace>,
}

/// A folder of this machine that the management node can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptPlace {
    /// `user@address`.
    pub remote: String,
    /// The folder.
    pub dir: std::path::PathBuf,
}

/// Attaching volumes to Linux guests and detaching them: what Nova calls.
///
/// Each operation may be repeated after an error, a time-out or a crash, and converges (I21). An error of an attach
/// means that nothing is left behind, or names what is and which journal entry `reconcile` resolves; a detach goes
/// forward once the pool row has changed (spec: driver 2.8.8).
pub trait Attachments {
    /// Prepares the host: FCP devices of the zHCP, inventory, ledger from Nova's records. Gives what an operator should
    /// know.
    fn init_host(
        &self,
        records: &[SourceRecord],
    ) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// FCP devices and WWPNs of a guest; reserves them when it has none. The same at each call while it has volumes.
    fn get_volume_connector(
        &self,
        instance: &Instance,
    ) -> impl Future<Output = Result<Connector>> + Send;

    /// Gives a volume to a guest.
    fn attach_volume(
        &self,
        instance: &Instance,
        volume: &VolumeRef,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> impl Future<Output = Result<Attached>> + Send;

    /// Takes a volume back. `volume` is Nova's record of it; without one the ledger's is used.
    fn detach_volume(
        &self,
        instance: &Instance,
        volume_id: &str,
        volume: Option<&VolumeRef>,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> impl Future<Output = Result<Detached>> + Send;

    /// The next free device node of a guest.
    fn get_device_name_for_instance(
        &self,
        node: &NodeName,
    ) -> impl Future<Output = Result<MountPoint>> + Send;

    /// The default name of the root disk: the mount point of the root volume when the guest starts from one, else the first DASD.
    fn default_root_device_name(&self, root_volume: Option<&MountPoint>) -> MountPoint;

    /// Lets a guest that is shut down start from a volume.
    fn prepare_boot(
        &self,
        instance: &Instance,
        boot: &BootVolume,
        options: &AttachOptions,
    ) -> impl Future<Output = Result<Attached>> + Send;

    /// Takes back everything of a guest that is being destroyed: data volumes, then the root volume, then its devices.
    /// Gives what could not be taken back.
    fn destroy_cleanup(
        &self,
        instance: &Instance,
    ) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// The distribution of a guest, asked of itself when it runs and of xCAT's tables when not.
    fn distribution_of(
        &self,
        node: &NodeName,
    ) -> impl Future<Output = Result<Option<Distribution>>> + Send;
}
