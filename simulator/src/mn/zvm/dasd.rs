//! Disks that are linked at a zHCP: which addresses are taken, which device has which address (spec: guests 3.8).

use super::guest::{Report, execcmdon_vm};
use super::remote::Zhcp;
use crate::mn::Context;
use crate::seam::RemoteCommand;

/// GQ3, made finite: the real look-up repeats for ever, and the client sees its web server give up. Here it repeats
/// for the web server's usual time-out, every five seconds of virtual time, and the command ends with what it had said.
const LOOKUP_ROUNDS: u64 = 60;
const LOOKUP_PAUSE: u64 = 5;

/// What a look-up of a device node came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceNode {
    /// Name below `/dev`.
    Found(String),
    /// Not there.
    NotThere,
    /// The look-up had not ended when the client gave up (GQ3).
    Endless,
}

/// Device node of a disk at the zHCP (`zvmUtils.pm getDeviceNode`). As executed its filter is an invalid pattern, so
/// that nothing is ever found and it goes on for ever (GQ3).
pub async fn device_node(context: &Context, zhcp: &Zhcp, address: &str) -> DeviceNode {
    let command = format!("{} cat /proc/dasd/devices", zhcp.sudo);
    if !context.settings().quirk("GQ3") {
        let answer = execcmdon_vm(context, &zhcp.host, &command, Report::Silent).await;
        return match node_in(&answer, address) {
            Some(name) => DeviceNode::Found(name),
            None => DeviceNode::NotThere,
        };
    }
    for _ in 0..LOOKUP_ROUNDS {
        execcmdon_vm(context, &zhcp.host, &command, Report::Silent).await;
        let pause = RemoteCommand::Sleep {
            seconds: LOOKUP_PAUSE,
        };
        context.remote(pause).await;
    }
    DeviceNode::Endless
}

/// Word after `is` in the line of the address: `0.0.0200(ECKD) at ( 94:  0) is dasda : active …`.
pub fn node_in(devices: &str, address: &str) -> Option<String> {
    let address = format!("0.0.{:0>4}", address.to_lowercase());
    let line = devices
        .lines()
        .find(|line| line.to_lowercase().starts_with(&address))?;
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == "is")?;
    words.next().map(str::to_owned)
}

/// Whether the zHCP has a disk at the address (`isAddressUsed`).
pub async fn is_address_used(context: &Context, zhcp: &Zhcp, address: u32) -> bool {
    let command = format!("{} /sbin/vmcp q v dasd", zhcp.sudo);
    let answer = execcmdon_vm(context, &zhcp.host, &command, Report::Silent).await;
    let wanted = format!("DASD {address:0>4}");
    answer.lines().any(|line| line.contains(&wanted))
}

/// An address that is free at the zHCP (`getFreeAddress`): always 0001, for its pattern does not match (GQ24).
pub async fn free_address(context: &Context, zhcp: &Zhcp) -> String {
    const KINDS: [&str; 13] = [
        "CONS", "CTCA", "DASD", "FCP", "GRAF", "LINE", "MSGD", "OSA", "PRT", "PUN", "RDR", "SWCH",
        "TAPE",
    ];
    let pattern = KINDS.map(|kind| format!("^{kind}")).join("|");
    let command = format!("/sbin/vmcp q v all | egrep \"{pattern}\"");
    let answer = execcmdon_vm(context, &zhcp.host, &command, Report::Silent).await;
    if context.settings().quirk("GQ24") {
        return "0001".to_owned();
    }
    let used: Vec<u32> = answer
        .lines()
        .filter_map(|line| u32::from_str_radix(super::text::word(line, 1), 16).ok())
        .collect();
    (1..=0xffff)
        .find(|candidate| !used.contains(candidate))
        .map_or_else(|| "0001".to_owned(), |free| format!("{free:04x}"))
}

#[cfg(test)]
mod tests {
    use super::node_in;

    #[test]
    fn device_nodes_are_read_from_the_driver() {
        let devices = "0.0.0100(ECKD) at ( 94:     0) is dasda       : active at blocksize: 4096\n0.0.1000(ECKD) at ( 94: 4) is dasdb : active\n";
        assert_eq!(node_in(devices, "1000").as_deref(), Some("dasdb"));
        assert_eq!(node_in(devices, "100").as_deref(), Some("dasda"));
        assert_eq!(node_in(devices, "0200"), None);
    }
}
