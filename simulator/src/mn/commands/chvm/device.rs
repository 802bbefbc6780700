//! `--dedicatedevice` and `--undedicatedevice` (spec: guests 6.1, 6.2): first the directory entry, then the running
//! virtual machine, each whatever became of the other (GQ27).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::{nested, text};

/// `--dedicatedevice {vdev} {rdev} {readonly}`.
pub(super) async fn dedicate(guest: &Guest<'_>) -> Hidden {
    if !guest.has_count(&[4]) {
        return Hidden::nothing();
    }
    let userid = &guest.userid;
    let (vdev, rdev, mode) = (guest.arg(1), guest.arg(2), guest.arg(3));
    let operands = format!("-T {userid} -v {vdev} -r {rdev} -R {mode}");
    let answer = guest
        .smcli(&format!("Image_Device_Dedicate_DM {operands}"))
        .await
        .stdout;
    let is_there = answer.contains("Return Code: 404") && answer.contains("Reason Code: 4\n");
    if is_there {
        guest.say(format!(
            "Dedicating device {rdev} to {userid}'s directory entry... Done"
        ));
    } else {
        guest.say(&answer);
    }
    let is_on = nested::is_on(guest.context, guest.node).await;
    let goes_on = guest.context.settings().quirk("GQ27") || !text::is_bad(&answer);
    if is_on && !is_there && goes_on {
        let active = guest
            .smcli(&format!("Image_Device_Dedicate {operands}"))
            .await
            .stdout;
        guest.say(&active);
        if text::is_bad(&active) && !guest.context.settings().quirk("GQ27") {
            guest
                .smcli(&format!("Image_Device_Undedicate_DM -T {userid} -v {vdev}"))
                .await;
        }
    }
    Hidden::nothing()
}

/// `--undedicatedevice {vdev}`.
pub(super) async fn undedicate(guest: &Guest<'_>) -> Hidden {
    if !guest.has_count(&[2]) {
        return Hidden::nothing();
    }
    let operands = format!("-T {} -v {}", guest.userid, guest.arg(1));
    let answer = guest
        .smcli(&format!("Image_Device_Undedicate_DM {operands}"))
        .await
        .stdout;
    guest.say(answer);
    if nested::is_on(guest.context, guest.node).await {
        let active = guest
            .smcli(&format!("Image_Device_Undedicate {operands}"))
            .await
            .stdout;
        guest.say(active);
    }
    Hidden::nothing()
}
