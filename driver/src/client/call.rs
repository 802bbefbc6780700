//! Every call that the driver makes, with typed operands (spec: driver 2.1.3, 2.3).
//!
//! Three calls of the catalogue are not here: X4 (reserve by size) leaves the choice to the MN and makes a lost answer hard to
//! decide, X11 (`--zfcppoolnames`) deletes empty pool files, and X24 (`--purgerdr`) throws away queued notices.

use super::operands::{CallClass, Channel, FcpQuery, PowerAction, ReserveAs};
use crate::types::{DeviceNumber, Lun, MountPoint, NodeName, PoolName, Size, Tag, Wwpn, WwpnSet};

/// What a command in a guest or on the zHCP prints at its end when it ran and succeeded.
pub const SHELL_DONE: &str = "zvm-done";

/// One call. `{host}` is the z/VM system's node, `{node}` a guest's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "operands are named as in the catalogue, spec driver 2.3"
)]
pub enum Call {
    /// The MN's version.
    Version,
    /// Definition of a node.
    NodeDefinition { node: NodeName },
    /// Directory entry of a guest.
    DirectoryEntry { node: NodeName },
    /// All rows of a table, as CSV.
    Table { table: &'static str },
    /// X9: every row of a pool; filtering is the client's business (D50).
    ListPool { host: NodeName, pool: PoolName },
    /// X10: FCP devices in a state, with details.
    ListFcp { host: NodeName, state: FcpQuery },
    /// X12: LUNs that the zHCP sees through a device.
    ListLuns {
        host: NodeName,
        device: DeviceNumber,
    },
    /// X12: target ports that the zHCP sees through a device.
    ListWwpns {
        host: NodeName,
        device: DeviceNumber,
    },
    /// X25: level of the systems management API.
    SmapiLevel { host: NodeName },
    /// X26: free space of the MN's image repository.
    FreeSpace { master: NodeName },
    /// Images whose profile contains a text.
    FindImage { profile: Tag },
    /// `rpower stat`.
    PowerState { node: NodeName },
    /// `rpower isreachable`.
    IsReachable { node: NodeName },
    /// `nodestat`.
    NodeStatus { node: NodeName },
    /// X1: adds a row.
    AddRow {
        host: NodeName,
        pool: PoolName,
        wwpns: WwpnSet,
        lun: Lun,
        size: Size,
        range: String,
        owner: Option<NodeName>,
    },
    /// X1: writes a free row as it was, the size as text.
    PutBackRow {
        host: NodeName,
        pool: PoolName,
        wwpns: WwpnSet,
        lun: Lun,
        size: String,
        range: String,
    },
    /// X2: removes a row in whatever state it is. `wwpns` in the row's own order.
    RemoveRow {
        host: NodeName,
        pool: PoolName,
        wwpns: WwpnSet,
        lun: Lun,
    },
    /// X3: reserves a row by address. One WWPN: the row's primary, the only one by which the MN finds it.
    Reserve {
        host: NodeName,
        pool: PoolName,
        status: ReserveAs,
        owner: String,
        channel: Channel,
        size: Option<Size>,
        wwpn: Wwpn,
        lun: Lun,
    },
    /// X5: frees a row, whoever owns it.
    Release {
        host: NodeName,
        pool: PoolName,
        wwpn: Wwpn,
        lun: Lun,
    },
    /// X6: copies a whole LUN through the zHCP; `gib` scales the time limit.
    Copy {
        host: NodeName,
        channel: Channel,
        source: (Wwpn, Lun),
        target: (Wwpn, Lun),
        gib: u64,
    },
    /// X7: reads a LUN into an image on the MN.
    Capture {
        host: NodeName,
        profile: Tag,
        wwpn: Wwpn,
        lun: Lun,
        compression: Option<u8>,
        gib: u64,
    },
    /// X8: writes an image of the MN onto a LUN.
    Deploy {
        host: NodeName,
        profile: Tag,
        wwpn: Wwpn,
        lun: Lun,
        gib: u64,
    },
    /// Takes a bundle into the MN's images.
    ImportImage {
        bundle: String,
        profile: Tag,
        remote: String,
        plain: bool,
        gib: u64,
    },
    /// Writes an image of the MN to a file elsewhere.
    ExportImage {
        profile: Tag,
        destination: String,
        remote: String,
        gib: u64,
    },
    /// Removes the files of an image.
    RemoveImageFiles { profile: Tag },
    /// Removes the definition of an image.
    RemoveImage { profile: Tag },
    /// X13: gives a row's LUN to a guest and configures it there when the guest is up.
    AddUnit {
        node: NodeName,
        pool: PoolName,
        channel: Channel,
        loaddev: bool,
        size: Option<Size>,
        tag: String,
        wwpns: WwpnSet,
        lun: Lun,
    },
    /// X14: takes it back; `keep` leaves the row reserved, otherwise it becomes free.
    RemoveUnit {
        node: NodeName,
        channel: Channel,
        wwpns: WwpnSet,
        lun: Lun,
        keep: bool,
    },
    /// X15: dedicates a device to a guest under its own number.
    Dedicate {
        node: NodeName,
        device: DeviceNumber,
    },
    /// X16: takes it back.
    Undedicate {
        node: NodeName,
        device: DeviceNumber,
    },
    /// X17: makes a device node for a path.
    MakeNode {
        node: NodeName,
        source: String,
        target: MountPoint,
    },
    /// X18: removes a device node.
    RemoveNode { node: NodeName, target: MountPoint },
    /// X19: sets what the guest starts from.
    SetIpl { node: NodeName, device: String },
    /// X20: sets the LUN that the guest is loaded from; `parameters` are the hex digits of SCPDATA.
    SetLoaddev {
        node: NodeName,
        wwpn: Wwpn,
        lun: Lun,
        parameters: Option<String>,
    },
    /// X21: removes the statements of one port and LUN, which leaves SCPDATA behind, or every LOADDEV statement (D57).
    RemoveLoaddev {
        node: NodeName,
        only: Option<(Wwpn, Lun)>,
    },
    /// X22: queues a notice for the guest's next start.
    Notice { node: NodeName, parameters: String },
    /// X23: punches a file of another machine to a guest's reader.
    Punch {
        node: NodeName,
        file: String,
        class: char,
        remote: String,
    },
    /// Starts or stops a guest.
    Power { node: NodeName, action: PowerAction },
    /// A command run on a node. `changes` tells a change from a read.
    Shell {
        node: NodeName,
        command: String,
        changes: bool,
        gib: u64,
    },
    /// The same through the IUCV channel.
    GuestShell {
        node: NodeName,
        command: String,
        changes: bool,
    },
    /// Removes a guest from the user directory.
    RemoveGuest { node: NodeName },
    /// Removes a node's definition.
    RemoveDefinition { node: NodeName },
}

impl Call {
    /// The number in the catalogue, or the call's name where it has none (spec: driver 2.3, 2.1.3).
    pub fn id(&self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::NodeDefinition { .. } => "lsdef",
            Self::DirectoryEntry { .. } => "lsvm",
            Self::Table { .. } => "gettab",
            Self::FindImage { .. } => "lsdef_image",
            Self::PowerState { .. } | Self::Power { .. } => "rpower",
            Self::IsReachable { .. } => "isreachable",
            Self::NodeStatus { .. } => "nodestat",
            Self::AddRow { .. } | Self::PutBackRow { .. } => "X1",
            Self::RemoveRow { .. } => "X2",
            Self::Reserve { .. } => "X3",
            Self::Release { .. } => "X5",
            Self::Copy { .. } => "X6",
            Self::Capture { .. } => "X7",
            Self::Deploy { .. } => "X8",
            Self::ListPool { .. } => "X9",
            Self::ListFcp { .. } => "X10",
            Self::ListLuns { .. } | Self::ListWwpns { .. } => "X12",
            Self::AddUnit { .. } => "X13",
            Self::RemoveUnit { .. } => "X14",
            Self::Dedicate { .. } => "X15",
            Self::Undedicate { .. } => "X16",
            Self::MakeNode { .. } => "X17",
            Self::RemoveNode { .. } => "X18",
            Self::SetIpl { .. } => "X19",
            Self::SetLoaddev { .. } => "X20",
            Self::RemoveLoaddev { .. } => "X21",
            Self::Notice { .. } => "X22",
            Self::Punch { .. } => "X23",
            Self::SmapiLevel { .. } => "X25",
            Self::FreeSpace { .. } => "X26",
            Self::ImportImage { .. } => "imgimport",
            Self::ExportImage { .. } => "imgexport",
            Self::RemoveImageFiles { .. } => "rmimage",
            Self::RemoveImage { .. } => "rmobject",
            Self::Shell { .. } => "xdsh",
            Self::GuestShell { .. } => "execcmdonvm",
            Self::RemoveGuest { .. } => "rmvm",
            Self::RemoveDefinition { .. } => "rmdef",
        }
    }

    /// The time-limit class.
    pub fn class(&self) -> CallClass {
        match self {
            Self::Version
            | Self::NodeDefinition { .. }
            | Self::DirectoryEntry { .. }
            | Self::Table { .. }
            | Self::ListPool { .. }
            | Self::ListFcp { .. }
            | Self::ListLuns { .. }
            | Self::ListWwpns { .. }
            | Self::SmapiLevel { .. }
            | Self::FreeSpace { .. }
            | Self::FindImage { .. }
            | Self::PowerState { .. }
            | Self::IsReachable { .. }
            | Self::NodeStatus { .. } => CallClass::Query,
            Self::AddRow { .. }
            | Self::PutBackRow { .. }
            | Self::RemoveRow { .. }
            | Self::Reserve { .. }
            | Self::Release { .. } => CallClass::Row,
            Self::Copy { gib, .. }
            | Self::Capture { gib, .. }
            | Self::Deploy { gib, .. }
            | Self::ImportImage { gib, .. }
            | Self::ExportImage { gib, .. } => CallClass::Image(*gib),
            Self::Shell { gib, .. } if *gib > 0 => CallClass::Image(*gib),
            _ => CallClass::Guest,
        }
    }

    /// Whether the call only reads, so that it may be repeated after any failure of the transport.
    pub fn is_query(&self) -> bool {
        match self {
            Self::Shell { changes, .. } | Self::GuestShell { changes, .. } => !changes,
            _ => self.class() == CallClass::Query,
        }
    }

    /// Whether doing it twice is the same as doing it once (spec: driver 3.7, "blind retry": yes).
    pub fn is_repeatable(&self) -> bool {
        self.is_query()
            || matches!(
                self,
                Self::Dedicate { .. }
                    | Self::Undedicate { .. }
                    | Self::RemoveNode { .. }
                    | Self::SetIpl { .. }
                    | Self::SetLoaddev { .. }
                    | Self::RemoveLoaddev { .. }
                    | Self::ExportImage { .. }
                    | Self::RemoveImageFiles { .. }
                    | Self::RemoveImage { .. }
                    | Self::Power { .. }
                    | Self::RemoveGuest { .. }
                    | Self::RemoveDefinition { .. }
            )
    }

    /// Return and reason codes that mean that the state asked for is there already (spec: driver 2.9).
    pub fn accepted_codes(&self) -> &'static [(u32, u32)] {
        match self {
            // 204/4: the running guest has such a device already; the read-back says whether it is this one.
            Self::Dedicate { .. } => &[(404, 4), (204, 4)],
            Self::Undedicate { .. } => &[(404, 8), (204, 8)],
            Self::Power { action, .. } => match action {
                PowerAction::On => &[(200, 8)],
                _ => &[(200, 12)],
            },
            _ => &[],
        }
    }

    /// Texts that mean that the state asked for is there already: what is to be removed is gone, what is to be made there.
    pub fn accepted_texts(&self) -> &'static [&'static str] {
        match self {
            Self::RemoveImageFiles { .. } => &["does not exist", "Could not find", "Cannot find"],
            Self::RemoveImage { .. } | Self::RemoveDefinition { .. } => &["Could not find"],
            // The profile is the request's own, so an earlier answer was lost; RB7 decides (spec: driver 2.6.9).
            Self::ImportImage { .. } => &["already exists"],
            _ => &[],
        }
    }

    /// Lines that must be in the answer, each as text fragments that follow one another in one line (spec: driver 2.3,
    /// column "Confirm"). The outer list is alternatives: one inner list of lines suffices.
    pub fn confirmations(&self) -> Vec<Vec<Vec<String>>> {
        let line = |fragments: &[&str]| -> Vec<String> {
            fragments.iter().map(|f| (*f).to_owned()).collect()
        };
        let all = |lines: Vec<Vec<String>>| vec![lines];
        match self {
            // Most commands print nothing, and so does one that never ran.
            Self::Shell { .. } => all(vec![line(&[SHELL_DONE])]),
            Self::AddRow { pool, .. } | Self::PutBackRow { pool, .. } => {
                let done = format!("Adding zFCP device to {pool} pool... Done");
                all(vec![line(&[&done])])
            }
            // Legacy leaves the WWPN out.
            Self::RemoveRow { pool, lun, .. } => all(vec![line(&[
                "Removing zFCP device ",
                &format!("{lun} from {pool} pool... Done"),
            ])]),
            Self::Reserve { .. } => all(vec![
                line(&["Reserving FCP device... Done"]),
                line(&["FCP device ", " was reserved"]),
            ]),
            Self::Release { .. } => all(vec![
                line(&["Releasing FCP device... Done"]),
                line(&["FCP device ", " was released"]),
            ]),
            Self::Copy { target, .. } => all(vec![
                line(&["Copying zFCP device... Done"]),
                line(&[
                    "Source disk copied onto zFCP device ",
                    &format!("{}/{}", target.0, target.1),
                ]),
            ]),
            Self::Capture { profile, .. } => all(vec![line(&[&format!(
                "Completed capturing the volume. Image(unknown-s390x-raw-{profile}) is stored at "
            )])]),
            Self::Deploy { profile, .. } => all(vec![line(&[&format!(
                "Completed deploying image(unknown-s390x-raw-{profile})"
            )])]),
            Self::ImportImage { .. } => all(vec![line(&["Successfully imported the image"])]),
            Self::RemoveImageFiles { .. } => {
                all(vec![line(&["Image files have been removed successfully"])])
            }
            Self::RemoveImage { .. } | Self::RemoveDefinition { .. } => {
                all(vec![line(&["object definitions have been removed"])])
            }
            Self::AddUnit { lun, .. } => all(vec![line(&[
                "Adding zFCP device ",
                &format!("/{lun}... Done"),
            ])]),
            Self::RemoveUnit { .. } => vec![
                vec![line(&["De-configuring FCP device on host... Done"])],
                vec![line(&["Found FCP device in "])],
                vec![line(&["Could not find FCP device in any FCP storage pool"])],
            ],
            Self::Dedicate { device, .. } => all(vec![line(&[
                &format!("Dedicating device {device} to "),
                "'s directory entry... Done",
            ])]),
            Self::Undedicate { .. } => all(vec![line(&[
                "Deleting dedicated device from ",
                "'s directory entry... Done",
            ])]),
            Self::MakeNode { target, .. } => all(vec![line(&[&format!(
                "Creating file system node {target}... Done"
            )])]),
            Self::RemoveNode { target, .. } => all(vec![line(&[&format!(
                "Removing file system node {target}... Done"
            )])]),
            Self::SetIpl { .. } | Self::Punch { .. } => all(vec![line(&["Done"])]),
            Self::SetLoaddev { .. } => all(vec![line(&["Setting LOADDEV directory statements"])]),
            Self::RemoveLoaddev { .. } => {
                all(vec![line(&["Removing LOADDEV directory statements"])])
            }
            _ => Vec::new(),
        }
    }
}
