//! Every call that the driver makes, with typed operands (spec: driver 2.1.3, 2.3).
//!
//! Two calls of the catalogue are not here: X4 (reserve by size) leaves the choice to the MN and makes a lost answer hard to
//! decide, X11 (`--zfcppoolnames`) deletes empty pool files, and X24 (`--purgerdr`) throws away queued notices.

use std::fmt;

use super::request::{Method, Request};
use crate::types::{DeviceNumber, Lun, MountPoint, NodeName, PoolName, Size, Tag, Wwpn, WwpnSet};

/// The FCP devices of an operand: a list, or the MN's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The MN chooses (only for `used`), or no channel at all (for `reserved`).
    Auto,
    /// These, in path order.
    Devices(Vec<DeviceNumber>),
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Devices(devices) => {
                let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
                f.write_str(&devices.join(";"))
            }
        }
    }
}

/// What a row is reserved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveAs {
    /// Given to a guest.
    Used,
    /// Held.
    Reserved,
}

/// State of FCP devices that a listing asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FcpQuery {
    /// In use.
    Active,
    /// Nobody's.
    Free,
    /// Not usable now.
    Offline,
}

/// Power words that change a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Start.
    On,
    /// Stop at once.
    Off,
    /// Shut down.
    SoftOff,
    /// Start anew.
    Reset,
}

impl PowerAction {
    fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::SoftOff => "softoff",
            Self::Reset => "reset",
        }
    }
}

/// Time-limit class (spec: driver 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallClass {
    /// Reads.
    Query,
    /// Changes of a pool row.
    Row,
    /// Changes of a guest.
    Guest,
    /// Copies and images of so many GiB.
    Image(u64),
}

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
            Self::AddRow { .. } => "X1",
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
            Self::Dedicate { .. } => &[(404, 4)],
            Self::Undedicate { .. } => &[(404, 8), (204, 8)],
            Self::Power { action, .. } => match action {
                PowerAction::On => &[(200, 8)],
                _ => &[(200, 12)],
            },
            _ => &[],
        }
    }

    /// Texts that mean that the thing to be removed is not there.
    pub fn accepted_texts(&self) -> &'static [&'static str] {
        match self {
            Self::RemoveImageFiles { .. } => &["does not exist", "Could not find", "Cannot find"],
            Self::RemoveImage { .. } | Self::RemoveDefinition { .. } => &["Could not find"],
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
            Self::AddRow { pool, .. } => all(vec![line(&[&format!(
                "Adding zFCP device to {pool} pool... Done"
            )])]),
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

    /// The request without credentials.
    pub fn request(&self) -> Request {
        let get = |path: String| Request::new(Method::Get, path);
        let put = |path: String| Request::new(Method::Put, path);
        let delete = |path: String| Request::new(Method::Delete, path);
        let inventory = |node: &NodeName, fields: &[&str]| {
            fields
                .iter()
                .fold(get(format!("/nodes/{node}/inventory")), |request, field| {
                    request.pair("field", *field)
                })
        };
        let host_change =
            |host: &NodeName, words: String| put(format!("/hypervisor/{host}")).word(words);
        let guest_change = |node: &NodeName, words: String| put(format!("/vms/{node}")).word(words);
        let size_word = |size: &Option<Size>| size.map_or("0M".to_owned(), |s| s.to_string());
        match self {
            Self::Version => get("/version".to_owned()),
            Self::NodeDefinition { node } => get(format!("/nodes/{node}")),
            Self::DirectoryEntry { node } => get(format!("/vms/{node}")),
            Self::Table { table } => get(format!("/tables/{table}")),
            Self::ListPool { host, pool } => inventory(host, &["--zfcppool", pool.as_str(), "all"]),
            Self::ListFcp { host, state } => {
                let state = match state {
                    FcpQuery::Active => "active",
                    FcpQuery::Free => "free",
                    FcpQuery::Offline => "offline",
                };
                inventory(host, &["--fcpdevices", state, "details"])
            }
            Self::ListLuns { host, device } => inventory(host, &["--luns", &device.to_string()]),
            Self::ListWwpns { host, device } => inventory(host, &["--wwpns", &device.to_string()]),
            Self::SmapiLevel { host } => inventory(host, &["--smapilevel"]),
            Self::FreeSpace { master } => inventory(master, &["--freerepospace"]),
            Self::FindImage { profile } => {
                get("/images".to_owned()).pair("criteria", format!("profile=~{profile}"))
            }
            Self::PowerState { node } => get(format!("/nodes/{node}/power")),
            Self::IsReachable { node } => put(format!("/nodes/{node}/power")).word("isreachable"),
            Self::NodeStatus { node } => get(format!("/nodes/{node}/status")),
            Self::AddRow {
                host,
                pool,
                wwpns,
                lun,
                size,
                range,
                owner,
            } => {
                let status = if owner.is_some() { "used" } else { "free" };
                let mut words = format!("--addzfcp2pool {pool} {status} {wwpns} {lun} {size}");
                if !range.is_empty() {
                    words.push(' ');
                    words.push_str(range);
                }
                if let Some(owner) = owner {
                    words.push(' ');
                    words.push_str(owner.as_str());
                }
                host_change(host, words)
            }
            Self::RemoveRow {
                host,
                pool,
                wwpns,
                lun,
            } => host_change(host, format!("--removezfcpfrompool {pool} {lun} {wwpns}")),
            Self::Reserve {
                host,
                pool,
                status,
                owner,
                channel,
                size,
                wwpn,
                lun,
            } => {
                let status = match status {
                    ReserveAs::Used => "used",
                    ReserveAs::Reserved => "reserved",
                };
                let size = size_word(size);
                host_change(
                    host,
                    format!("--reservezfcp {pool} {status} {owner} {channel} {size} {wwpn} {lun}"),
                )
            }
            Self::Release {
                host,
                pool,
                wwpn,
                lun,
            } => host_change(host, format!("--releasezfcp {pool} {wwpn} {lun}")),
            Self::Copy {
                host,
                channel,
                source,
                target,
                ..
            } => host_change(
                host,
                format!(
                    "--copyzfcp {channel} {} {} {} {}",
                    source.0, source.1, target.0, target.1
                ),
            ),
            Self::Capture {
                host,
                profile,
                wwpn,
                lun,
                compression,
                ..
            } => {
                let words = format!("--capturezfcp {profile} {wwpn} {lun}");
                let level = compression.map(|level| format!(" {level}"));
                host_change(host, words + &level.unwrap_or_default())
            }
            Self::Deploy {
                host,
                profile,
                wwpn,
                lun,
                ..
            } => host_change(
                host,
                format!("--deployzfcp unknown-s390x-raw-{profile} {wwpn} {lun}"),
            ),
            Self::ImportImage {
                bundle,
                profile,
                remote,
                plain,
                ..
            } => {
                let request = Request::new(Method::Post, "/images/import")
                    .word(format!("osimage={bundle}"))
                    .word(format!("profile={profile}"))
                    .word(format!("remotehost={remote}"));
                if *plain {
                    request.word("nozip")
                } else {
                    request
                }
            }
            Self::ExportImage {
                profile,
                destination,
                remote,
                ..
            } => Request::new(Method::Post, "/images/export")
                .word(format!("osimage=unknown-s390x-raw-{profile}"))
                .word(format!("destination={destination}"))
                .word(format!("remotehost={remote}")),
            Self::RemoveImageFiles { profile } => {
                delete(format!("/images/unknown-s390x-raw-{profile}"))
            }
            Self::RemoveImage { profile } => {
                delete(format!("/objects/osimage/unknown-s390x-raw-{profile}"))
            }
            Self::AddUnit {
                node,
                pool,
                channel,
                loaddev,
                size,
                tag,
                wwpns,
                lun,
            } => guest_change(
                node,
                format!(
                    "--addzfcp {pool} {channel} {} {} {tag} {wwpns} {lun}",
                    u8::from(*loaddev),
                    size_word(size)
                ),
            ),
            Self::RemoveUnit {
                node,
                channel,
                wwpns,
                lun,
                keep,
            } => guest_change(
                node,
                format!("--removezfcp {channel} {wwpns} {lun} {}", u8::from(*keep)),
            ),
            Self::Dedicate { node, device } => {
                guest_change(node, format!("--dedicatedevice {device} {device} 0"))
            }
            Self::Undedicate { node, device } => {
                guest_change(node, format!("--undedicatedevice {device}"))
            }
            Self::MakeNode {
                node,
                source,
                target,
            } => guest_change(node, format!("--createfilesysnode {source} {target}")),
            Self::RemoveNode { node, target } => {
                guest_change(node, format!("--removefilesysnode {target}"))
            }
            Self::SetIpl { node, device } => guest_change(node, format!("--setipl {device}")),
            Self::SetLoaddev {
                node,
                wwpn,
                lun,
                parameters,
            } => {
                let mut words = format!("--setloaddev {wwpn} {lun}");
                if let Some(hex) = parameters {
                    words.push_str(" 1 ");
                    words.push_str(hex);
                }
                guest_change(node, words)
            }
            Self::RemoveLoaddev { node, only } => {
                let operands = only.map_or_else(String::new, |(wwpn, lun)| {
                    // The statements are compared as text, and directories are in upper case.
                    format!(" {wwpn} {lun}").to_ascii_uppercase()
                });
                guest_change(node, format!("--removeloaddev{operands}"))
            }
            Self::Notice { node, parameters } => {
                guest_change(node, format!("--aemod setupDisk {parameters}"))
            }
            Self::Punch {
                node,
                file,
                class,
                remote,
            } => guest_change(node, format!("--punchfile {file} {class} {remote}")),
            Self::Power { node, action } => put(format!("/nodes/{node}/power")).word(action.word()),
            Self::Shell { node, command, .. } => put(format!("/nodes/{node}/dsh"))
                .word(format!("command={command}"))
                .word("options=-q"),
            Self::GuestShell { node, command, .. } => {
                put(format!("/nodes/{node}/execcmdonvm")).word(command.clone())
            }
            Self::RemoveGuest { node } => delete(format!("/vms/{node}")),
            Self::RemoveDefinition { node } => delete(format!("/nodes/{node}")),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.request())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(call: &Call) -> String {
        call.request().body.unwrap().join("|")
    }

    #[test]
    fn the_seeds_wire_sequences_come_out_word_for_word() {
        let lun: Lun = "0021000000000000".parse().unwrap();
        let wwpns: WwpnSet = "5005076801102991;5005076801102992".parse().unwrap();
        let host: NodeName = "zvm1".parse().unwrap();
        let pool: PoolName = "scsipol1".parse().unwrap();
        let devices = vec!["1faa".parse().unwrap(), "1fab".parse().unwrap()];
        let add = Call::AddRow {
            host: host.clone(),
            pool: pool.clone(),
            wwpns: wwpns.clone(),
            lun,
            size: Size::from_gib(10),
            range: "1faa;1fab".to_owned(),
            owner: None,
        };
        assert_eq!(
            words(&add),
            "--addzfcp2pool scsipol1 free 5005076801102991;5005076801102992 0021000000000000 10G 1faa;1fab"
        );
        let attach = Call::AddUnit {
            node: "lnx1".parse().unwrap(),
            pool: pool.clone(),
            channel: Channel::Devices(devices),
            loaddev: false,
            size: Some(Size::from_gib(10)),
            tag: "0".to_owned(),
            wwpns: wwpns.clone(),
            lun,
        };
        assert_eq!(
            words(&attach),
            "--addzfcp scsipol1 1faa;1fab 0 10G 0 5005076801102991;5005076801102992 0021000000000000"
        );
        let stamp = Call::Reserve {
            host,
            pool,
            status: ReserveAs::Reserved,
            owner: "cv01".to_owned(),
            channel: Channel::Auto,
            size: None,
            wwpn: wwpns.primary(),
            lun,
        };
        assert_eq!(
            words(&stamp),
            "--reservezfcp scsipol1 reserved cv01 auto 0M 5005076801102992 0021000000000000"
        );
    }
}
