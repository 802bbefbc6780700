//! `--reservezfcp` and `--releasezfcp` (spec: scsi-pools 2.2, 2.3). The argument order differs: mind the two.

use super::run::Call;
use crate::mn::zvm::lookup::device_attributes;
use crate::mn::zvm::pool::{Criteria, find_and_update};
use crate::mn::zvm::text::is_true;

/// `--reservezfcp pool status owner device size [wwpn lun]`.
pub async fn reserve(call: &Call<'_>) {
    let settings = call.context.settings();
    let count = call.args.len();
    if count != 6 && count != 8 {
        return call.wrong_number();
    }
    let pool = call.arg(1).to_lowercase();
    let (status, owner, device) = (call.arg(2), call.arg(3), call.arg(4));
    let mut size = call.arg(5);
    let mut wwpn = call.arg(6).to_lowercase();
    let mut lun = call.arg(7).to_lowercase();
    if status.eq_ignore_ascii_case("free") {
        return call.say("(Error) Status can be used or reserved but not free.");
    }
    if is_true(&wwpn) != is_true(&lun) {
        return call.say("(Error) WWPN and LUN must both be specified or both not.");
    }
    let is_given = is_true(&wwpn) && is_true(&lun);
    // Q25: the size counts for nothing as soon as there are eight arguments.
    if count == 8 && (is_given || settings.quirk("Q25")) {
        size = "";
    }
    if is_given {
        if !settings.quirk("Q22") {
            wwpn = wwpn.replace("0x", "");
            lun = lun.replace("0x", "");
        }
        let row = match device_attributes(call.context, call.node, &call.zhcp, &pool, &wwpn, &lun)
            .await
        {
            Ok(row) => row,
            Err(text) => return call.context.print_ln(text),
        };
        let is_used = if settings.quirk("Q14") {
            row.status == "used"
        } else {
            row.status.eq_ignore_ascii_case("used")
        };
        if is_used {
            return call.say(&format!("(Error) FCP device 0x{wwpn}/0x{lun} is in use."));
        }
    }
    let criteria = Criteria {
        status,
        fcp: device,
        wwpn: &wwpn,
        lun: &lun,
        size,
        owner,
        tag: "",
    };
    let Some(selected) =
        find_and_update(call.context, call.node, &call.zhcp, &pool, &criteria).await
    else {
        return call.say("(Error) Reserving FCP device... Failed");
    };
    call.say("Reserving FCP device... Done");
    let channel = if is_true(&selected.channel) {
        format!("{}/", selected.channel)
    } else {
        String::new()
    };
    let (wwpn, lun) = (&*selected.wwpn, &*selected.lun);
    let parts = [
        "FCP device ",
        &channel,
        "0x",
        wwpn,
        "/0x",
        lun,
        " was reserved... Done",
    ];
    call.say(&parts.concat());
}

/// `--releasezfcp pool wwpn lun[,lun…]`. Nobody asks whose LUN it is (Q33).
pub async fn release(call: &Call<'_>) {
    if call.args.len() != 4 {
        return call.wrong_number();
    }
    let strip = |text: &str| {
        let text = text.to_lowercase();
        if call.context.settings().quirk("Q22") {
            text
        } else {
            text.replace("0x", "")
        }
    };
    let settings = call.context.settings();
    let pool = call.arg(1).to_lowercase();
    let mut wwpn = strip(call.arg(2));
    if !settings.quirk("Q23") {
        wwpn = wwpn.replace('"', "");
    }
    let luns = strip(call.arg(3));
    // Q26: without a WWPN the smallest free LUN is taken instead.
    if !is_true(&wwpn) && !settings.quirk("Q26") {
        call.say(&format!("(Error) Invalid world wide portname {wwpn}."));
        return call.say("Releasing FCP device... Failed");
    }
    for lun in luns.split(',').filter(|lun| !lun.is_empty()) {
        let criteria = Criteria {
            status: "free",
            wwpn: &wwpn,
            lun,
            ..Criteria::default()
        };
        let done = find_and_update(call.context, call.node, &call.zhcp, &pool, &criteria).await;
        if done.is_some() {
            call.say("Releasing FCP device... Done");
            call.say(&["FCP device 0x", &wwpn, "/0x", lun, " was released"].concat());
        } else {
            call.say("Releasing FCP device... Failed");
        }
    }
}
