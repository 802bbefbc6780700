//! Mistakes in reading arguments.

use super::defect::Area::{Arguments, Selection, State};
use super::defect::Mistake::Request as Misread;
use super::defect::{Defect, defect};
use super::edit::{argument, arguments};
use crate::mn::Request;

const HV: &str = "chhypervisor";

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("arguments/empty-dropped", "Empty arguments are dropped", Arguments, "protocol/body/double-space", Misread(|r| r.args.retain(|a| !a.is_empty()))),
    defect("arguments/unknown-option-ignored", "An unknown option of chhypervisor does nothing and is no error", Arguments, "protocol/option/unknown", Misread(|r| if r.command.as_deref() == Some(HV) && r.args.first().is_some_and(|a| a.starts_with("--nosuch")) { r.command = Some("lsxcatd".to_owned()); r.args = vec!["-v".to_owned()]; })),
    defect("arguments/add-owner-lost", "A row is added without its owner", Arguments, "pool/add/row-text", Misread(|r| argument(r, HV, "--addzfcp2pool", 7, |_| "nobody".to_owned()))),
    defect("arguments/add-range-lost", "A row is added without its range", Arguments, "pool/add/row-text", Misread(|r| argument(r, HV, "--addzfcp2pool", 6, |_| String::new()))),
    defect("arguments/add-size-converted", "A size in M is stored in K", Arguments, "pool/add/row-text", Misread(|r| argument(r, HV, "--addzfcp2pool", 5, |s| s.strip_suffix('M').and_then(|n| n.parse::<u64>().ok()).map_or_else(|| s.to_owned(), |n| format!("{}KM", n * 1024))))),
    defect("arguments/add-first-port-only", "Of several target ports the first is stored", Arguments, "pool/add/multipath", Misread(|r| argument(r, HV, "--addzfcp2pool", 3, |w| w.split(';').next().unwrap_or_default().to_owned()))),
    defect("arguments/add-short-lun-padded", "A short LUN is filled up with zeros", Arguments, "pool/add/short-lun", Misread(|r| argument(r, HV, "--addzfcp2pool", 4, |l| format!("{l:0<16}")))),
    defect("arguments/add-short-wwpn-padded", "A short WWPN is filled up with zeros", Arguments, "pool/add/short-wwpn", Misread(|r| argument(r, HV, "--addzfcp2pool", 3, |w| format!("{w:0<16}")))),
    defect("arguments/add-size-unit-guessed", "A size without unit is taken as G", Arguments, "pool/add/size-without-unit", Misread(|r| argument(r, HV, "--addzfcp2pool", 5, |s| if s.bytes().all(|b| b.is_ascii_digit()) { format!("{s}G") } else { s.to_owned() }))),
    defect("arguments/add-status-guessed", "An unknown status is taken as free", Arguments, "pool/add/unknown-status", Misread(|r| argument(r, HV, "--addzfcp2pool", 2, |s| if ["free", "used", "reserved"].contains(&s.to_lowercase().as_str()) { s.to_owned() } else { "free".to_owned() }))),
    defect("arguments/add-extra-ignored", "Additional arguments are cut off", Arguments, "pool/add/free-with-owner", Misread(|r| arguments(r, HV, "--addzfcp2pool", |a| a.truncate(6)))),
    defect("arguments/reserve-status-ignored", "A reservation always takes the row into use", Arguments, "reserve/given/reserved", Misread(|r| argument(r, HV, "--reservezfcp", 2, |s| if s == "reserved" { "used".to_owned() } else { s.to_owned() }))),
    defect("arguments/reserve-free-accepted", "Reserving with status free reserves", Arguments, "reserve/argument/status-free", Misread(|r| argument(r, HV, "--reservezfcp", 2, |s| if s == "free" { "reserved".to_owned() } else { s.to_owned() }))),
    defect("arguments/reserve-owner-capitals", "An owner is stored in capitals", Arguments, "reserve/given/reserved", Misread(|r| argument(r, HV, "--reservezfcp", 3, str::to_uppercase))),
    defect("arguments/reserve-owner-cut", "An owner is cut after 32 characters", Arguments, "reserve/limit/owner-34", Misread(|r| argument(r, HV, "--reservezfcp", 3, |o| o.chars().take(32).collect()))),
    defect("arguments/reserve-address-ignored", "A reservation by address takes a row by size", Selection, "reserve/given/other-rows", Misread(|r| arguments(r, HV, "--reservezfcp", |a| if a.len() == 8 { a.truncate(6); "1M".clone_into(&mut a[5]); }))),
    defect("arguments/reserve-size-ignored", "A reservation by size takes any free row", Selection, "reserve/fit/too-large", Misread(|r| arguments(r, HV, "--reservezfcp", |a| if a.len() == 6 { "1M".clone_into(&mut a[5]); }))),
    defect("arguments/reserve-size-doubled", "A reservation by size asks for twice the size", Selection, "reserve/fit/exact", Misread(|r| arguments(r, HV, "--reservezfcp", |a| if a.len() == 6 { a[5] = doubled(&a[5]); }))),
    defect("arguments/reserve-channel-capitals", "A channel is stored in capitals", Arguments, "reserve/given/used-with-channel", Misread(|r| argument(r, HV, "--reservezfcp", 4, str::to_uppercase))),
    defect("arguments/release-first-only", "Of several LUNs the first is released", Arguments, "reserve/release/two-luns", Misread(|r| argument(r, HV, "--releasezfcp", 3, |l| l.split(',').next().unwrap_or_default().to_owned()))),
    defect("arguments/remove-first-only", "Of several LUNs the first is removed", Arguments, "pool/remove/two-luns", Misread(|r| argument(r, HV, "--removezfcpfrompool", 2, |l| l.split(',').next().unwrap_or_default().to_owned()))),
    defect("arguments/list-case-kept", "A pool is listed by its name with capitals only", Arguments, "pool/name/case-add", Misread(|r| arguments(r, "rinv", "--zfcppool", |a| if let Some(p) = a.get_mut(1) && p.contains(char::is_uppercase) { "kitnone".clone_into(p); }))),
    defect("arguments/list-filter-ignored", "The filter of a list is ignored", Selection, "pool/list/filter-status", Misread(|r| arguments(r, "rinv", "--zfcppool", |a| a.truncate(2)))),
    defect("arguments/fcp-state-ignored", "Any state of FCP devices is taken as free", Arguments, "version/fcp/unknown-state", Misread(|r| argument(r, "rinv", "--fcpdevices", 1, |_| "free".to_owned()))),
    defect("arguments/fcp-details-ignored", "Details of FCP devices are not given", Arguments, "version/fcp/free-details", Misread(|r| arguments(r, "rinv", "--fcpdevices", |a| a.truncate(2)))),
    defect("arguments/attach-loaddev-any", "Any loaddev is taken as 0", Arguments, "attach/refused/loaddev", Misread(|r| argument(r, "chvm", "--addzfcp", 3, |_| "0".to_owned()))),
    defect("arguments/attach-tag-lost", "The tag of an attach is lost", Arguments, "attach/running/row-tag", Misread(|r| argument(r, "chvm", "--addzfcp", 5, |_| "0".to_owned()))),
    defect("arguments/attach-first-device-only", "Of several FCP devices the first is attached", Arguments, "multipath/attach/four-units", Misread(|r| argument(r, "chvm", "--addzfcp", 2, |f| f.split(';').next().unwrap_or_default().to_owned()))),
    defect("arguments/detach-persist-ignored", "A detach always frees the row", Arguments, "detach/running/row-reserved", Misread(|r| argument(r, "chvm", "--removezfcp", 4, |p| if p == "1" { "0".to_owned() } else { p.to_owned() }))),
    defect("arguments/detach-persist-any", "Any persist is taken as 0", Arguments, "detach/refused/persist", Misread(|r| argument(r, "chvm", "--removezfcp", 4, |p| if p == "1" { p.to_owned() } else { "0".to_owned() }))),
    defect("arguments/detach-always-reserves", "A detach always keeps the row reserved", Arguments, "detach/running/row-free", Misread(|r| arguments(r, "chvm", "--removezfcp", |a| if a.len() >= 4 { a.truncate(4); a.push("1".to_owned()); }))),
    defect("arguments/dedicate-virtual-only", "A device is dedicated under its number less one", Selection, "dedicate/running/directory", Misread(|r| argument(r, "chvm", "--dedicatedevice", 1, |v| u32::from_str_radix(v, 16).map_or_else(|_| v.to_owned(), |n| format!("{:04x}", n.saturating_sub(1)))))),
    defect("arguments/undedicate-extra-ignored", "Additional arguments of an undedication are ignored", Arguments, "undedicate/refused/too-many", Misread(|r| arguments(r, "chvm", "--undedicatedevice", |a| a.truncate(2)))),
    defect("arguments/capture-compression-ignored", "The compression of a capture is ignored", Arguments, "image/capture/compression", Misread(|r| arguments(r, HV, "--capturezfcp", |a| a.truncate(4)))),
    defect("arguments/loaddev-parameters-lost", "Boot parameters are lost", Arguments, "boot/loaddev/parameters", Misread(|r| arguments(r, "chvm", "--setloaddev", |a| a.truncate(3)))),
    defect("arguments/loaddev-remove-all", "Dropping one port and LUN drops all", Selection, "boot/loaddev/remove-other", Misread(|r| arguments(r, "chvm", "--removeloaddev", |a| a.truncate(1)))),
    defect("arguments/power-unknown-is-stat", "An unknown power operand is taken as stat", Arguments, "power/refused/operand", Misread(|r| if r.command.as_deref() == Some("rpower") && r.args.first().is_some_and(|a| a.starts_with("--")) { r.args = vec!["stat".to_owned()]; })),
    defect("arguments/reachable-is-stat", "The question whether a guest can be reached is answered with its power state", Arguments, "version/guest/reachable", Misread(|r| if r.command.as_deref() == Some("rpower") && r.args.first().is_some_and(|a| a == "isreachable") { r.args = vec!["stat".to_owned()]; })),
    defect("arguments/fields-ignored", "All attributes of a node are given, whichever are asked for", Arguments, "tables/node/fields", Misread(drop_fields)),
    defect("arguments/definition-forced", "A second definition of a node overwrites the first", State, "tables/node/twice", Misread(|r| if r.command.as_deref() == Some("mkdef") { r.args.push("-f".to_owned()); })),
    defect("arguments/row-delete-ignored", "A row that is to be deleted stays", State, "tables/row/delete", Misread(|r| if r.command.as_deref() == Some("tabch") && r.args.first().is_some_and(|a| a == "-d") { r.command = Some("lsxcatd".to_owned()); r.args = vec!["-v".to_owned()]; })),
    defect("arguments/node-delete-ignored", "A node that is to be deleted stays", State, "tables/node/delete", Misread(|r| if r.command.as_deref() == Some("rmdef") { r.command = Some("lsxcatd".to_owned()); r.args = vec!["-v".to_owned()]; })),
];

fn doubled(size: &str) -> String {
    let unit = size.len().saturating_sub(1);
    let (number, unit) = size.split_at_checked(unit).unwrap_or((size, ""));
    number
        .parse::<u64>()
        .map_or_else(|_| size.to_owned(), |n| format!("{}{unit}", n * 2))
}

fn drop_fields(request: &mut Request) {
    if request.command.as_deref() == Some("lsdef")
        && let Some(at) = request.args.iter().position(|a| a == "-i")
    {
        request.args.drain(at..(at + 2).min(request.args.len()));
    }
}
