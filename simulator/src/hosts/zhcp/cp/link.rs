//! LINK and FLASHCOPY.

use super::command::{Answer, Context, device};
use crate::world::zvm::cp::{LinkFailure, LinkMode};
use crate::world::{DeviceNumber, UserId};

/// LINK: `LINK [TO] owner vdev [AS] vdev [mode [password]]`.
pub(super) fn link(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .filter(|w| !matches!(*w, "TO" | "AS"))
        .collect();
    let [owner, from, to, rest @ ..] = words.as_slice() else {
        return Answer::message("LNM", 26, "Operand missing or invalid");
    };
    let (Some(from), Some(to)) = (device(from), device(to)) else {
        return Answer::message(
            "LNM",
            22,
            "A virtual device number was not supplied or it was invalid.",
        );
    };
    let Some(mode) = LinkMode::parse(rest.first().unwrap_or(&"RR")) else {
        return Answer::message(
            "LNM",
            3,
            &format!("Invalid option - {}", rest.first().unwrap_or(&"")),
        );
    };
    let user = context.user.clone();
    let owner = if *owner == "*" {
        user.clone()
    } else {
        UserId::new(owner)
    };
    let Some(zvm) = context.zvm_mut() else {
        return Answer::default();
    };
    match zvm.link(&user, &owner, from, to, mode) {
        Ok(None) => Answer::default(),
        Ok(Some(by)) => {
            Answer::message("LNM", 101, &format!("DASD {to:X} forced R/O; R/W by {by}"))
        }
        Err(failure) => refused(&failure, &owner, from, to),
    }
}

/// The message for a link that was refused.
fn refused(failure: &LinkFailure, owner: &UserId, from: DeviceNumber, to: DeviceNumber) -> Answer {
    let not_linked = |number, why: &str| {
        Answer::message(
            "LNM",
            number,
            &format!("{owner} {from:X} not linked; {why}"),
        )
    };
    match failure {
        LinkFailure::NotLoggedOn => Answer::message("LNM", 45, "not logged on"),
        LinkFailure::NoOwner => Answer::message("LNM", 53, &format!("{owner} not in CP directory")),
        LinkFailure::NoDisk => not_linked(107, "not in CP directory"),
        LinkFailure::NotMounted(volume) => not_linked(108, &format!("volid {volume} not mounted")),
        LinkFailure::ReadWriteBy(user) => not_linked(104, &format!("R/W by {user}")),
        LinkFailure::ReadOnlyBy(user) => not_linked(105, &format!("R/O by {user}")),
        LinkFailure::Defined => not_linked(110, &format!("device {to:X} already defined")),
    }
}

/// FLASHCOPY between two disks of the guest.
pub(super) fn flashcopy(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words: Vec<&str> = words.iter().copied().filter(|w| *w != "TO").collect();
    let ([source, ..], Some(target)) = (words.as_slice(), words.get(3)) else {
        return Answer::message("CMM", 26, "Operand missing or invalid");
    };
    let Some(machine) = context.zvm().running.get(&context.user) else {
        return Answer::message("CMM", 45, "not logged on");
    };
    let disk = |text: &str| device(text).and_then(|n| machine.disks.get(&n));
    match (disk(source), disk(target)) {
        (Some(a), Some(b)) if !b.read_only && a.kind == b.kind && a.size <= b.size => Answer::ok(
            format!("Command complete: FLASHCOPY {source} 0 END TO {target} 0 END SYNCHRONOUS\n"),
        ),
        (Some(_), Some(_)) => Answer::message("NFC", 296, "Status is not as required"),
        (None, _) => Answer::message("NFC", 40, &format!("Device {source:0>4} does not exist")),
        (_, None) => Answer::message("NFC", 40, &format!("Device {target:0>4} does not exist")),
    }
}
