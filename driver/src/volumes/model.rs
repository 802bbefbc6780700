//! What Cinder hands to a driver and takes back (spec: driver 2.5.1, 2.6.2, 2.6.11, 2.6.14).

use serde::{Deserialize, Serialize};

use crate::types::{DeviceNumber, Lifecycle, Lun, NodeName, PoolName, Tag, Wwpn, WwpnSet};

/// A volume as Cinder's record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Cinder's id.
    pub id: String,
    /// The id of the back end's object when it is not `id`: after a migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_id: Option<String>,
    /// Size in GiB.
    pub size: u64,
    /// What a former model update said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_location: Option<String>,
}

impl Volume {
    /// A volume that has no back-end object yet.
    pub fn new(id: impl Into<String>, size: u64) -> Self {
        Self {
            id: id.into(),
            name_id: None,
            size,
            provider_location: None,
        }
    }

    /// The id of the back end's object.
    pub fn object_id(&self) -> &str {
        self.name_id.as_deref().unwrap_or(&self.id)
    }

    /// The same volume with the update that the driver gave for it.
    #[must_use]
    pub fn updated(mut self, update: &ModelUpdate) -> Self {
        self.provider_location = Some(update.provider_location.clone());
        self
    }
}

/// A snapshot as Cinder's record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Cinder's id.
    pub id: String,
    /// Size of its volume in GiB.
    pub volume_size: u64,
    /// The volume.
    pub volume: Volume,
    /// What a former model update said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_location: Option<String>,
}

/// What Cinder should keep with the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelUpdate {
    /// Pointer to the row.
    pub provider_location: String,
    /// The stamp.
    pub provider_id: Tag,
}

/// What Nova tells of the instance's side (spec: driver 2.8.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connector {
    /// FCP devices of the instance, in path order.
    #[serde(default)]
    pub zvm_fcp: Vec<DeviceNumber>,
    /// Their initiator ports, in the same order.
    #[serde(default)]
    pub wwpns: Vec<Wwpn>,
    /// The z/VM system.
    #[serde(default)]
    pub host: String,
    /// The instance's node, when Nova tells it: only for messages and for a forced detach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// Target ports by initiator port: what a fabric zone manager wants.
pub type InitiatorTargetMap = std::collections::BTreeMap<Wwpn, Vec<Wwpn>>;

/// One port as a text, several as a list: old consumers know only the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TargetWwn {
    /// One port.
    One(Wwpn),
    /// Several.
    Several(Vec<Wwpn>),
}

/// `data` of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionData {
    /// Always false: nobody logs in by discovery.
    pub target_discovered: bool,
    /// First four hex digits of the LUN, by Nova's convention.
    pub target_lun: u64,
    /// Target ports.
    pub target_wwn: TargetWwn,
    /// Cinder's id.
    pub volume_id: String,
    /// For the zone manager.
    pub initiator_target_map: InitiatorTargetMap,
    /// FCP devices, passed through from the connector.
    pub zvm_fcp: Vec<DeviceNumber>,
    /// Who writes the pool row.
    pub zvm_lifecycle: Lifecycle,
    /// The pool.
    pub zvm_pool: PoolName,
    /// All 16 digits.
    pub zvm_lun: Lun,
    /// The stamp.
    pub zvm_tag: Tag,
    /// Whether the guest may discard blocks.
    pub discard: bool,
}

/// What `initialize_connection` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionInfo {
    /// `fibre_channel`.
    pub driver_volume_type: String,
    /// The rest.
    pub data: ConnectionData,
}

/// What `terminate_connection` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TerminatedConnection {
    /// `fibre_channel`.
    pub driver_volume_type: String,
    /// The map, or nothing while other volumes need the same FCP devices.
    pub data: TerminatedData,
}

/// `data` of a connection that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TerminatedData {
    /// For the zone manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator_target_map: Option<InitiatorTargetMap>,
}

/// Figures for the scheduler (spec: driver 2.6.2).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Published name.
    pub volume_backend_name: String,
    /// `IBM`.
    pub vendor_name: &'static str,
    /// Version of this crate.
    pub driver_version: &'static str,
    /// `FC`.
    pub storage_protocol: &'static str,
    /// One pool.
    pub pools: Vec<PoolStats>,
    /// The same figures as the pool's.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The one pool of a back end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolStats {
    /// The SCSI pool.
    pub pool_name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures that stand in both places.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the capabilities are Cinder's"
)]
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// All LUNs with a size.
    pub total_capacity_gb: f64,
    /// Free LUNs that can be given out.
    pub free_capacity_gb: f64,
    /// LUNs that are not free.
    pub provisioned_capacity_gb: f64,
    /// Largest LUN that one create can get.
    pub zvm_largest_free_gb: u64,
    /// From the configuration.
    pub reserved_percentage: u32,
    /// Always 1: LUNs are thick.
    pub max_over_subscription_ratio: f64,
    /// Yes.
    pub thick_provisioning_support: bool,
    /// No.
    pub thin_provisioning_support: bool,
    /// No.
    pub multiattach: bool,
    /// No.
    pub sparse_copy_volume: bool,
    /// No.
    pub online_extend_support: bool,
    /// No.
    #[serde(rename = "QoS_support")]
    pub qos_support: bool,
    /// Rows with a volume's stamp.
    pub total_volumes: usize,
    /// `ZVMXCATDriver:{server}:{host}:{pool}`.
    pub location_info: String,
    /// A free sum says nothing when LUNs are indivisible (D55).
    pub filter_function: String,
    /// From the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodness_function: Option<String>,
    /// From the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_availability_zone: Option<String>,
}

/// Which existing LUN to take over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExistingRef {
    /// `{wwpn[;wwpn]}/{lun}`.
    #[serde(rename = "source-id")]
    SourceId(String),
    /// `{lun}`.
    #[serde(rename = "source-name")]
    SourceName(String),
}

/// One LUN that could be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manageable {
    /// How to name it.
    pub reference: ExistingRef,
    /// Size in GiB, rounded up; 0 when not known.
    pub size: u64,
    /// Whether it may be taken.
    pub safe_to_manage: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_not_safe: Option<String>,
    /// The volume that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cinder_id: Option<String>,
}

/// What `get_manageable_volumes` is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Reference after which the page begins.
    pub marker: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Left out at the beginning.
    pub offset: usize,
    /// By `size` instead of by reference.
    pub by_size: bool,
    /// Largest first.
    pub descending: bool,
}

/// What changes with a retype.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeDiff {
    /// Extra specs that differ: key, old and new value.
    pub extra_specs: Vec<(String, Option<String>, Option<String>)>,
    /// Whether QoS specs differ.
    pub qos_differs: bool,
    /// Whether encryption differs.
    pub encryption_differs: bool,
}

/// A back end elsewhere, as Cinder describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHost {
    /// `{host}@{backend}#{pool}`.
    pub host: String,
    /// `location_info` of its figures.
    pub location_info: Option<String>,
}

/// What the back end can do besides rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Copies: snapshots, clones.
    pub can_copy: bool,
    /// Images in and out.
    pub can_image: bool,
    /// Clearing deleted volumes.
    pub can_clear: bool,
    /// What the operator should know.
    pub remarks: Vec<String>,
}

/// The ports of a set, as connection data write them.
pub fn target_wwn(ports: &WwpnSet) -> TargetWwn {
    match ports.ports() {
        [one] => TargetWwn::One(*one),
        several => TargetWwn::Several(several.to_vec()),
    }
}

/// Where a volume's system is known by another name than its node's.
pub(crate) fn same_host(a: &str, host: &NodeName) -> bool {
    a.eq_ignore_ascii_case(host.as_str())
}
