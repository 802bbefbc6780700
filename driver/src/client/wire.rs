//! What each call is on the wire: method, path and words (spec: driver 2.1.3, 2.3).

use std::fmt;

use super::call::{Call, SHELL_DONE};
use super::operands::{FcpQuery, ReserveAs};
use super::request::{Method, Request};
use crate::types::{Lun, NodeName, PoolName, Size, WwpnSet};

impl Call {
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
                let owner = owner.as_ref().map_or("", |owner| owner.as_str());
                let words = add_row(pool, wwpns, *lun, &size.to_string(), range, owner);
                host_change(host, words)
            }
            Self::PutBackRow {
                host,
                pool,
                wwpns,
                lun,
                size,
                range,
            } => {
                // A size is asked for, and an empty word would be none: 0 stands for one that is not known.
                let size = if size.is_empty() { "0M" } else { size };
                host_change(host, add_row(pool, wwpns, *lun, size, range, ""))
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
                .word(format!("command={command} && echo {SHELL_DONE}"))
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

/// The words of X1. Without an owner the row is free; a range may be missing then.
fn add_row(
    pool: &PoolName,
    wwpns: &WwpnSet,
    lun: Lun,
    size: &str,
    range: &str,
    owner: &str,
) -> String {
    let status = if owner.is_empty() { "free" } else { "used" };
    let row = ["--addzfcp2pool", pool.as_str(), status];
    let mut words = row.join(" ");
    for word in [&wwpns.to_string(), &lun.to_string(), size, range, owner] {
        if !word.is_empty() {
            words.push(' ');
            words.push_str(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Channel;

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
