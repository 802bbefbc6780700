//! `--fcpdevices`, `--luns`, `--wwpns` (spec: scsi-pools 4.5, 4.6).

use super::hypervisor::Inventory;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::fcp;
use crate::mn::zvm::pool::HEADER;
use crate::mn::zvm::text::number;
use crate::seam::Release;

/// Lines that a device has in the detailed form.
const DETAIL_LINES: usize = 5;
/// Bytes of a gibibyte.
const GIB: f64 = 1_073_741_824.0;

/// `--fcpdevices active|free|offline [details]`.
pub async fn devices(inventory: &Inventory<'_>) -> Option<String> {
    let state = inventory.arg(1);
    if !["active", "free", "offline"].contains(&state) {
        inventory.say("(Error) Query supported on active, free, or offline devices");
        // Q40: the empty result is printed all the same.
        return inventory.context.settings().quirk("Q40").then(String::new);
    }
    let command = Zhcp::smcli(&format!("System_WWPN_Query -T {}", inventory.hcp_userid));
    let wants_details = inventory.args.len() == 3 && inventory.arg(2) == "details";
    if !wants_details {
        let answer = inventory.checked(&command, "inventoryHypervisor").await?;
        return Some(
            fcp::devices(&answer)
                .into_iter()
                .filter(|(_, status)| status.eq_ignore_ascii_case(state))
                .map(|(device, _)| format!("{device}\n"))
                .collect::<Vec<_>>()
                .concat(),
        );
    }
    let answer = inventory.run(&command).await.stdout;
    Some(details(&answer, state))
}

/// The lines of every device in a state, as SMAPI said them.
fn details(answer: &str, state: &str) -> String {
    let lines: Vec<&str> = answer.lines().collect();
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if !line.starts_with("FCP device number:") {
            continue;
        }
        let block = &lines[at..lines.len().min(at + DETAIL_LINES)];
        let is_in_state = block.iter().any(|line| {
            line.trim_start()
                .strip_prefix("Status:")
                .is_some_and(|status| status.trim().eq_ignore_ascii_case(state))
        });
        if is_in_state {
            for line in block {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// `--luns fcp`: rows for a pool, each an answer of its own without the node in front (Q58).
pub async fn luns(inventory: &Inventory<'_>) -> Option<String> {
    let answer = free_query(inventory, "inventoryHypervisor").await?;
    inventory.context.print_ln(HEADER);
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    let (mut wwpn, mut lun) = ("", "");
    for line in answer.lines().map(str::trim_start) {
        if let Some(value) = line.strip_prefix("World wide port number:") {
            wwpn = value.trim();
        } else if let Some(value) = line.strip_prefix("Logical unit number:") {
            lun = value.trim();
        } else if let Some(value) =
            line.strip_prefix("Number of bytes residing on the logical unit:")
        {
            let size = format!("{:.1}G", number(value) / GIB);
            if size != "0.0G" {
                rows.push((wwpn, lun, size));
            }
        }
    }
    rows.sort();
    for (wwpn, lun, size) in rows {
        inventory
            .context
            .print_ln(format!("unknown,{wwpn},{lun},{size},,,,"));
    }
    Some(String::new())
}

/// `--wwpns fcp`: the ports that a free device sees, each once.
pub async fn wwpns(inventory: &Inventory<'_>) -> Option<String> {
    let answer = free_query(inventory, "inventorHypervisor").await?;
    let mut seen: Vec<&str> = Vec::new();
    for line in answer.lines() {
        if let Some(wwpn) = line.trim_start().strip_prefix("World wide port number:")
            && !seen.contains(&wwpn.trim())
        {
            seen.push(wwpn.trim());
        }
    }
    Some(
        seen.iter()
            .map(|wwpn| format!("{wwpn}\n"))
            .collect::<Vec<_>>()
            .concat(),
    )
}

/// What SMAPI says of a free device's LUNs; `None` when a failure was reported.
async fn free_query(inventory: &Inventory<'_>, function: &str) -> Option<String> {
    if inventory.args.len() < 2 {
        inventory.say("(Error) Wrong number of parameters");
        return None;
    }
    let command = Zhcp::smcli(&format!(
        "System_FCP_Free_Query -T {} -k fcp_dev={}",
        inventory.hcp_userid,
        inventory.arg(1).to_lowercase()
    ));
    if inventory.context.settings().release == Release::P {
        return Some(inventory.run(&command).await.stdout);
    }
    inventory.checked(&command, function).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_five_lines_of_each_device_in_the_state() {
        let device = |number, status| {
            format!(
                "FCP device number: {number}\n  Status: {status}\n  NPIV world wide port number: A\n  Channel path ID: 59\n  Physical world wide port number: B\n"
            )
        };
        let answer = format!(
            "{}  Owner: X\n{}",
            device("B801", "Active"),
            device("B802", "Free")
        );
        assert_eq!(details(&answer, "active"), device("B801", "Active"));
        assert_eq!(details(&answer, "free"), device("B802", "Free"));
        assert_eq!(details(&answer, "offline"), "");
    }
}
