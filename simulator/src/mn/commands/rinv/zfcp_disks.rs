//! SCSI disks of a guest: `lszfcp`, `lsscsi`, `sg_readcap` (`zvmUtils.pm getZfcpInfo`; spec: guests 3.8).

use std::fmt::Write as _;

use super::guest::Guest;
use super::guest_facts::indent;
use crate::mn::zvm::filter::matches;
use crate::mn::zvm::text::{self, contains_ignoring_case, is_bad};
use crate::seam::Release;

/// One line per LUN; nothing without any, an error text when a question fails.
pub(super) async fn listing(guest: &Guest<'_>) -> String {
    let luns = guest.in_guest("/sbin/lszfcp -D").await;
    let is_none = contains_ignoring_case(&luns, "No zfcp support")
        || contains_ignoring_case(&luns, "No fcp devices found");
    if luns.is_empty() || is_none {
        return String::new();
    }
    let disks = guest.in_guest("/usr/bin/lsscsi").await;
    // The first answer is judged here, not the second.
    if is_bad(&luns) {
        return luns;
    }
    let mut out = String::new();
    for line in text::lines(&luns) {
        let (path, address) = (text::word(line, 0), text::word(line, 1));
        let part = |index| text::field(path, '/', index).replace("0x", "");
        let size = match size(guest, &disks, address).await {
            Ok(size) => size,
            Err(answer) => return answer,
        };
        let _ = writeln!(
            out,
            "Device: {}  WWPN: 0x{}  LUN: 0x{}  Size: {size}",
            text::field(path, '/', 0),
            part(1),
            part(2)
        );
    }
    indent(&out)
}

/// Size of the disk at a SCSI address, in MiB; the error is an answer that stands for the whole listing.
async fn size(guest: &Guest<'_>, disks: &str, address: &str) -> Result<String, String> {
    // The name keeps the blank behind it, as lsscsi prints it.
    let found: Vec<&str> = disks
        .lines()
        .filter(|line| matches(line, address))
        .collect();
    let found = found.join("\n");
    let name = found.find("/dev/").map_or("", |at| &found[at..]);
    let command = if guest.context.settings().release == Release::P {
        // Without quotes `size:` is a file to search in, and there is none.
        format!("/usr/bin/sg_readcap {name} | egrep -i Device size:")
    } else {
        format!("/usr/bin/sg_readcap {name}")
    };
    let answer = guest.in_guest(&command).await;
    if is_bad(&answer) {
        return Err(answer);
    }
    let line = answer
        .lines()
        .find(|line| contains_ignoring_case(line, "Device size:"))
        .unwrap_or_default();
    Ok(text::field(line, ',', 1).trim().to_owned())
}
