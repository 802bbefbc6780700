//! Disks of the source of a copy: found in its directory entry, linked to the zHCP, given back (spec: guests 10.4).

use super::clone::say_all;
use crate::mn::Context;
use crate::mn::zvm::dasd::is_address_used;
use crate::mn::zvm::guest::{Subchannel, disable_enable_disk};
use crate::mn::zvm::{Zhcp, text};
use crate::seam::RemoteCommand;

/// How often a link is tried.
const LINK_TRIES: usize = 5;
/// Pause between two tries, in seconds.
pub(super) const PAUSE: u64 = 5;
/// Where the addresses of linked source disks begin, above their own.
const LINK_OFFSET: f64 = 1000.0;

/// One minidisk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SourceDisk {
    /// Address in the virtual machine, four digits.
    pub address: String,
    /// `3390` or `9336`.
    pub kind: String,
    /// Link mode.
    pub mode: String,
    /// Cylinders or blocks.
    pub size: String,
    /// Address at the zHCP.
    pub link: String,
}

/// Waits.
pub(super) async fn pause(context: &Context, seconds: u64) {
    context.remote(RemoteCommand::Sleep { seconds }).await;
}

/// Minidisks of a virtual machine with their sizes.
pub(super) async fn mdisks(context: &Context, zhcp: &Zhcp, userid: &str) -> Vec<SourceDisk> {
    let entry = zhcp
        .run(context, &format!("/opt/zhcp/bin/getuserentry {userid}"))
        .await
        .stdout;
    let words = format!("Image_Definition_Query_DM -T {userid} -k MDISK");
    let details = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    disks_of(&entry, &details)
}

fn disks_of(entry: &str, details: &str) -> Vec<SourceDisk> {
    let sizes: Vec<(String, String)> = details
        .lines()
        .map(|line| {
            let line = line.replace("MDISK=", "");
            let value = |index| text::field(text::word(&line, index), '=', 1).to_owned();
            (value(0), value(3))
        })
        .collect();
    entry
        .lines()
        .filter(|line| line.contains("MDISK") && !line.starts_with('*'))
        .map(|line| {
            let address = format!("{:0>4}", text::word(line, 1));
            let size = sizes
                .iter()
                .find(|(of, _)| *of == address)
                .map(|(_, size)| size.clone())
                .unwrap_or_default();
            SourceDisk {
                kind: text::word(line, 2).to_owned(),
                mode: match text::word(line, 6) {
                    "" => "MR".to_owned(),
                    mode => mode.to_owned(),
                },
                size,
                link: String::new(),
                address,
            }
        })
        .collect()
}

/// An address at the zHCP that is free, from `first` on.
pub(super) async fn free_link(context: &Context, zhcp: &Zhcp, first: u32) -> u32 {
    let mut link = first;
    while is_address_used(context, zhcp, link).await {
        pause(context, PAUSE).await;
        link += 1;
    }
    link
}

/// Links the disks to the zHCP and brings them online; false when one could not be linked.
pub(super) async fn link_all(
    context: &Context,
    nodes: &[String],
    zhcp: &Zhcp,
    userid: &str,
    disks: &mut [SourceDisk],
) -> bool {
    for disk in disks {
        let mut is_linked = false;
        for _ in 0..LINK_TRIES {
            // The address is read as a decimal number: 0A00 is 0.
            let first = (text::number(&disk.address) + LINK_OFFSET) as u32;
            disk.link = free_link(context, zhcp, first).await.to_string();
            let SourceDisk { address, link, .. } = disk;
            say_all(
                context,
                nodes,
                &format!("Linking source disk ({address}) as ({link})"),
            );
            let command = format!("/sbin/vmcp link {userid} {address} {link} RR");
            let answer = zhcp.run_timed(context, &command).await.stdout;
            if !text::contains_ignoring_case(&answer, "not linked") {
                is_linked = true;
                break;
            }
            pause(context, PAUSE).await;
        }
        if !is_linked {
            say_all(context, nodes, "Failed");
            return false;
        }
        let online = disable_enable_disk(context, &zhcp.host, Subchannel::Enable, &disk.link).await;
        drop(online);
    }
    true
}

/// Gives the disks back.
pub(super) async fn detach(context: &Context, nodes: &[String], zhcp: &Zhcp, disks: &[SourceDisk]) {
    for SourceDisk { address, link, .. } in disks {
        let offline = disable_enable_disk(context, &zhcp.host, Subchannel::Disable, link).await;
        drop(offline);
        zhcp.run_timed(context, &format!("/sbin/vmcp det {link}"))
            .await;
        say_all(
            context,
            nodes,
            &format!("Detatching source disk ({address}) at ({link})"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_have_their_size_from_the_definition() {
        let entry = "USER X\n*MDISK 0300 3390\nMDISK 100 3390 0001 10016 VOL1 MR\nMDISK 0200 9336 16 100 VOL2\n";
        let details = "MDISK=VDEV=0100 DEVTYPE=3390 START=0001 COUNT=10016 VOLID=VOL1 MODE=MR\n";
        let disks = disks_of(entry, details);
        assert_eq!(disks.len(), 2);
        assert_eq!(
            (disks[0].address.as_str(), disks[0].size.as_str()),
            ("0100", "10016")
        );
        assert_eq!(
            (disks[1].kind.as_str(), disks[1].mode.as_str()),
            ("9336", "MR")
        );
    }
}
