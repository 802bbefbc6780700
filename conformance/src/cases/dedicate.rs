//! Dedicating FCP devices to guests and taking them back (spec: driver 2.3 X15, X16; guests 6.1, 6.2).

use super::disk::{dedicated_is, listed, off, running};
use super::needs::{F1, F2, G1, G2, HV, O1};
use crate::target::{Answer, GuestState};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("dedicate/running/confirmed", "A running guest gets a device in its directory entry and at once", Must [Attach], "guests" "6.1", Destructive [G1, F1], confirmed),
    case!("dedicate/running/directory", "The directory entry names the device", Must [Attach], "driver" "2.4 RB2", Destructive [G1, F1], in_directory),
    case!("dedicate/running/active", "The device is listed as active", Must [Attach], "driver" "2.4 RB3", Destructive [HV, G1, F1], active),
    case!("dedicate/running/two", "Two devices can be dedicated to one guest", Must [Attach], "guests" "6.1", Destructive [G1, F2], two),
    case!("dedicate/off/directory-only", "A guest that is off gets the device in its directory entry only", Must [Attach], "guests" "6.1", Destructive [O1, F1], off_directory),
    case!("dedicate/off/stays-free", "A device in the directory entry of a guest that is off stays free", Must [Attach], "driver" "2.4 RB3", Destructive [HV, O1, F1], off_free),
    case!("dedicate/off/at-start", "A device in the directory entry is the guest's when it starts", Must [Attach], "zfcp-and-san" "5.5", Destructive [HV, O1, F1], off_start),
    case!("dedicate/again/confirmed", "Dedicating what is dedicated is confirmed", Must [Attach], "driver" "2.3 X15", Destructive [G1, F1], again),
    case!("dedicate/again/once", "A device is in the directory entry once, however often it is dedicated", Must [Attach], "driver" "4 I21", Destructive [G1, F1], again_once),
    case!("dedicate/refused/other-guest", "A device that another running guest has is not given to a second one", Must [Attach], "driver" "6.2 OFF-07", Destructive [HV, G2, F1], other_guest),
    case!("dedicate/refused/too-few", "Too few parameters are refused", Must [Attach], "guests" "6.1", Destructive [G1, F1], too_few),
    case!("undedicate/running/confirmed", "Taking a device from a running guest is confirmed for directory and running guest", Must [Attach], "guests" "6.2", Destructive [G1, F1], undedicate_confirmed),
    case!("undedicate/running/gone", "The directory entry names the device no more, and it is free", Must [Attach], "driver" "2.3 X16", Destructive [HV, G1, F1], undedicate_gone),
    case!("undedicate/running/other-stays", "Taking one of two devices leaves the other", Must [Attach], "driver" "4 I11", Destructive [G1, F2], undedicate_other),
    case!("undedicate/off/directory-only", "Taking a device from a guest that is off changes its directory entry only", Must [Attach], "guests" "6.2", Destructive [O1, F1], undedicate_off),
    case!("undedicate/absent/codes", "Taking a device that is not there gives a code that says so", Must [Attach], "driver" "6.2 DET-07", Destructive [G1, F1], undedicate_absent),
    case!("undedicate/refused/too-many", "Too many parameters are refused", Must [Attach], "guests" "6.2", Destructive [G1, F1], undedicate_too_many),
];

async fn dedicate(c: &mut CaseContext, node: &str, fcp: usize) -> Result<(String, Answer), Stop> {
    let device = c.fcp(fcp)?.device;
    let a = c
        .chvm(node, &format!("--dedicatedevice {device} {device} 0"))
        .await?;
    Ok((device, a))
}

async fn undedicate(c: &CaseContext, node: &str, device: &str) -> Result<Answer, Stop> {
    c.chvm(node, &format!("--undedicatedevice {device}")).await
}

async fn confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (device, a) = dedicate(c, &node, 0).await?;
    c.confirms("directory", &a, &format!("Dedicating device {device} to "))?;
    c.confirms("directory", &a, "'s directory entry... Done")?;
    c.confirms("active", &a, "'s active configuration... Done")
}

async fn in_directory(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    dedicated_is(c, &node, &device, true).await
}

async fn active(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    let seen = (
        listed(c, "active", &device).await?,
        listed(c, "free", &device).await?,
    );
    c.equal("active-not-free", &seen, &(true, false))
}

async fn two(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (first, _) = dedicate(c, &node, 0).await?;
    let (second, a) = dedicate(c, &node, 1).await?;
    c.confirms("second", &a, "'s active configuration... Done")?;
    dedicated_is(c, &node, &first, true).await?;
    dedicated_is(c, &node, &second, true).await
}

async fn off_directory(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, a) = dedicate(c, &node, 0).await?;
    c.confirms("directory", &a, "'s directory entry... Done")?;
    c.check(
        "not-active",
        !a.says("active configuration"),
        "no word of an active configuration",
        || a.summary(),
    )?;
    dedicated_is(c, &node, &device, true).await
}

async fn off_free(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    let free = listed(c, "free", &device).await?;
    c.equal("free", &free, &true)
}

async fn off_start(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    super::disk::start(c, &node).await?;
    let active = listed(c, "active", &device).await?;
    c.equal("active", &active, &true)
}

async fn again(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    dedicate(c, &node, 0).await?;
    let (_, a) = dedicate(c, &node, 0).await?;
    c.confirms("confirmed", &a, "'s directory entry... Done")
}

async fn again_once(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    dedicate(c, &node, 0).await?;
    let (device, _) = dedicate(c, &node, 0).await?;
    let wanted = device.to_uppercase();
    let statements = super::disk::directory(c, &node).await?;
    let count = statements
        .iter()
        .filter(|l| l.starts_with("DEDICATE") && l.contains(&wanted))
        .count();
    c.equal("statements", &count, &1)
}

async fn other_guest(c: &mut CaseContext) -> Result<(), Stop> {
    let (owner, other) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    dedicate(c, &owner, 0).await?;
    let (device, a) = dedicate(c, &other, 0).await?;
    c.check("refused", !a.complaints().is_empty(), "a complaint", || {
        a.summary()
    })?;
    c.check(
        "not-active",
        !a.says("'s active configuration... Done"),
        "no confirmation for the running guest",
        || a.summary(),
    )?;
    dedicated_is(c, &owner, &device, true).await
}

async fn too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let a = c.chvm(&node, &format!("--dedicatedevice {device}")).await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn undedicate_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    let a = undedicate(c, &node, &device).await?;
    c.confirms("directory", &a, "'s directory entry... Done")?;
    c.confirms("active", &a, "'s active configuration... Done")
}

async fn undedicate_gone(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    undedicate(c, &node, &device).await?;
    dedicated_is(c, &node, &device, false).await?;
    let seen = (
        listed(c, "active", &device).await?,
        listed(c, "free", &device).await?,
    );
    c.equal("free-again", &seen, &(false, true))
}

async fn undedicate_other(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (first, _) = dedicate(c, &node, 0).await?;
    let (second, _) = dedicate(c, &node, 1).await?;
    undedicate(c, &node, &second).await?;
    dedicated_is(c, &node, &first, true).await?;
    dedicated_is(c, &node, &second, false).await
}

async fn undedicate_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, _) = dedicate(c, &node, 0).await?;
    let a = undedicate(c, &node, &device).await?;
    c.confirms("directory", &a, "'s directory entry... Done")?;
    dedicated_is(c, &node, &device, false).await
}

async fn undedicate_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let a = undedicate(c, &node, &device).await?;
    let known = [("404", "8"), ("204", "8")].iter().any(|(rc, rs)| {
        a.says(&format!("Return Code: {rc}")) && a.says(&format!("Reason Code: {rs}"))
    });
    c.check("codes", known, "404/8 or 204/8", || a.summary())?;
    c.record("codes", a.summary());
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })
}

async fn undedicate_too_many(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let a = c
        .chvm(&node, &format!("--undedicatedevice {device} x"))
        .await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}
