//! Choice of an FCP device for a LUN (`zvmUtils.pm selectFcpDevice`; spec: scsi-pools 3.7, guests 3.11).

use super::contents::Contents;
use super::filter::{Way, egrep, way};
use super::remote::{ZFCP_POOL, Zhcp, check_ssh_rc};
use super::text::{self, contains_ignoring_case};
use crate::mn::Context;
use crate::seam::Release;
use crate::world::pool_text::ChannelClass;

/// Numeric value of a device number as Perl's `hex` gives it: up to the first character that is no hexadecimal digit.
pub fn hex(text: &str) -> u64 {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    digits
        .chars()
        .map_while(|c| c.to_digit(16))
        .fold(0u64, |sum, digit| {
            sum.wrapping_mul(16).wrapping_add(u64::from(digit))
        })
}

/// Whether a device lies in a range such as `1A80-1A8F;1B80-1B8F`. A missing end is 0, so an address without a hyphen
/// (Q29) and an empty range hold nothing but device 0.
pub fn is_in_range(context: &Context, device: &str, range: &str) -> bool {
    let device = hex(device);
    let intervals = if range.contains(';') {
        text::split(range, ';')
    } else {
        vec![range]
    };
    intervals.iter().any(|interval| {
        let low = text::field(interval, '-', 0);
        let high = if interval.contains('-') || context.settings().quirk("Q29") {
            text::field(interval, '-', 1)
        } else {
            low
        };
        let is_blank = interval.is_empty() && !context.settings().quirk("Q30");
        !is_blank && (hex(low)..=hex(high)).contains(&device)
    })
}

/// Real devices of the owner's DEDICATE statements, in directory order (`getDedicates`). When the entry cannot be
/// read, the failure text itself is taken for a statement and its third word is `(Error)` (Q30).
pub async fn dedicates(context: &Context, owner: &str) -> Vec<String> {
    let host = context.column("zvm", owner, "hcp").unwrap_or_default();
    let userid = context.column("zvm", owner, "userid").unwrap_or_default();
    let zhcp = Zhcp::at(context, host);
    let line = zhcp.line(&Zhcp::smcli(&format!("Image_Query_DM -T {userid}")));
    let outcome = context.sh(&line).await;
    let failure = check_ssh_rc(
        &outcome,
        "getMdisks",
        "commandString",
        &zhcp.host,
        Some(owner),
    );
    if let Some(text) = failure
        && context.settings().release != Release::P
    {
        return if context.settings().quirk("Q30") {
            vec![text::word(&text, 2).to_owned()]
        } else {
            Vec::new()
        };
    }
    outcome
        .stdout
        .lines()
        .filter(|line| contains_ignoring_case(line, "DEDICATE"))
        .map(|line| text::word(line, 2).to_owned())
        .collect()
}

/// FCP devices in the channel field of a used or allocated row of any pool, in upper case (`getUsedFcpDevices`).
async fn busy(context: &Context, header: &str, zhcp: &Zhcp) -> Option<Vec<String>> {
    let command = format!("cat {ZFCP_POOL}/*.conf");
    let line = zhcp.line(&command);
    let (outcome, contents) = context.fetch_pools(zhcp, &command).await;
    if context.settings().release != Release::P
        && let Some(text) = check_ssh_rc(&outcome, "getUsedFcpDevices", &line, &zhcp.host, None)
    {
        context.print_ln(format!("{header}: {text}"));
        return None;
    }
    // Q15, Q16: the words are looked for in the whole row, and a list of devices is one text.
    let (pattern, class) = match (
        context.settings().quirk("Q15"),
        context.settings().quirk("Q16"),
    ) {
        (true, true) => ("used|allocated", ChannelClass::UsedAnywhere),
        (true, false) => ("^(used|allocated),", ChannelClass::Used),
        (false, true) => ("used|allocated|reserved", ChannelClass::HeldAnywhere),
        (false, false) => ("^(used|allocated|reserved),", ChannelClass::Held),
    };
    let filtered;
    let rows = if way(context, &contents, pattern) == Way::Plain {
        &contents
    } else {
        filtered = Contents::of_text(&egrep(context, &contents, pattern).await);
        &filtered
    };
    let fields = rows.channels(class);
    let devices: Vec<&str> = if context.settings().quirk("Q15") {
        fields.collect()
    } else {
        fields.flat_map(|field| field.split(';')).collect()
    };
    Some(
        devices
            .into_iter()
            .map(|device| device.trim().to_ascii_uppercase())
            .filter(|device| !device.is_empty())
            .collect(),
    )
}

/// Chooses a device for a LUN with this range of devices: one that the owner already has, else a free one. Says what
/// it found or why it found none; `None` is failure.
pub async fn select(
    context: &Context,
    header: &str,
    zhcp: &Zhcp,
    range: &str,
    owner: &str,
) -> Option<String> {
    let owned = dedicates(context, owner).await;
    if let Some(device) = owned
        .iter()
        .find(|device| is_in_range(context, device, range))
    {
        let device = device.to_uppercase();
        context.print_ln(format!("{header}: Found eligible FCP channel {device}"));
        return Some(pad(&device));
    }

    let busy = busy(context, header, zhcp).await?;
    let userid = zhcp.userid(context).await.to_uppercase();
    let line = zhcp.line(&Zhcp::smcli(&format!("System_WWPN_Query -T {userid}")));
    let outcome = context.sh(&line).await;
    if context.settings().release != Release::P
        && let Some(text) = check_ssh_rc(&outcome, "selectFcpDevice", &line, &zhcp.host, None)
    {
        context.print_ln(text);
        return None;
    }
    let free = devices(&outcome.stdout)
        .into_iter()
        .filter(|(_, status)| contains_ignoring_case(status, "free"))
        .map(|(device, _)| device.to_uppercase())
        .find(|device| is_in_range(context, device, range) && !busy.contains(device));
    if let Some(device) = free {
        context.print_ln(format!(
            "{header}: Found FCP channel within acceptable range {device}"
        ));
        return Some(pad(&device));
    }
    context.print_ln(format!(
        "{header}: (Error) A suitable FCP channel could not be found"
    ));
    None
}

/// Device numbers and status texts of a `System_WWPN_Query` answer, in its order.
pub fn devices(answer: &str) -> Vec<(&str, &str)> {
    let mut devices: Vec<(&str, &str)> = Vec::new();
    for line in answer.lines() {
        if let Some(number) = line.strip_prefix("FCP device number:") {
            devices.push((number.trim(), ""));
        } else if let Some(status) = line.trim_start().strip_prefix("Status:")
            && let Some(device) = devices.last_mut()
        {
            device.1 = status.trim();
        }
    }
    devices
}

fn pad(device: &str) -> String {
    format!("{device:0>4}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::seam::{Behaviour, Settings, Site};
    use crate::world::World;

    fn context(behaviour: Behaviour) -> Context {
        let settings = Settings {
            behaviour,
            ..Settings::default()
        };
        Context::new(Arc::new(Site::new(World::default(), settings)), 1, None)
    }

    #[test]
    fn ranges_are_inclusive_in_any_case() {
        let context = context(Behaviour::Executed);
        for (device, range, expected) in [
            ("1A80", "1a80-1a8f", true),
            ("1a8F", "1A80-1A8F", true),
            ("1A90", "1A80-1A8F", false),
            ("2B01", "1A80-1A8F;2B00-2BFF", true),
            ("1A80", "", false),
            ("(Error)", "", true),
            ("0000", "1A80-1A8F", false),
        ] {
            assert_eq!(
                is_in_range(&context, device, range),
                expected,
                "{device} {range}"
            );
        }
    }

    #[test]
    fn q29_a_single_address_holds_nothing() {
        assert!(!is_in_range(&context(Behaviour::Executed), "1A80", "1A80"));
        assert!(is_in_range(&context(Behaviour::Intended), "1A80", "1A80"));
    }

    #[test]
    fn devices_have_the_status_below_them() {
        let answer = "FCP device number: B801\n  Status: Active\n  Owner: X\nFCP device number: B802\n  Status: Free\n";
        assert_eq!(devices(answer), [("B801", "Active"), ("B802", "Free")]);
    }
}
