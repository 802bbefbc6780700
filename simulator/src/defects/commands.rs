//! Mistakes in what is done on a zHCP or in a guest: a step that is left out, or done to the wrong thing.

use super::defect::Area::{Persistence, RollBack, Selection, State};
use super::defect::Mistake::Command;
use super::defect::{Defect, Step, defect};
use super::edit::{change_if, is, is_pool, operand, rewrites_row, skip_if, text};
use crate::seam::{Outcome, RemoteCommand};

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("state/row-not-added", "A new row is confirmed and not written", State, "pool/add/first-row", Command(|a, c| if is(a, "chhypervisor", "--addzfcp2pool") { skip_if(c, &["/var/opt/zhcp/zfcp/", ">> "], "") } else { Step::Go(c) })),
    defect("state/header-each-row", "Each new row begins the pool anew", State, "pool/add/second-row", Command(|a, c| if is(a, "chhypervisor", "--addzfcp2pool") { change_if(c, &["/var/opt/zhcp/zfcp/", ">> "], |l| l.replace(">> ", "> ")) } else { Step::Go(c) })),
    defect("state/reservation-not-written", "A reservation is confirmed and not written", State, "reserve/given/reserved", Command(|a, c| if is(a, "chhypervisor", "--reservezfcp") { skip_rewrite(c) } else { Step::Go(c) })),
    defect("state/release-not-written", "A release is confirmed and not written", State, "reserve/release/reserved", Command(|a, c| if is(a, "chhypervisor", "--releasezfcp") { skip_rewrite(c) } else { Step::Go(c) })),
    defect("state/release-keeps-owner", "A released row keeps its owner", State, "reserve/release/used", Command(|a, c| if is(a, "chhypervisor", "--releasezfcp") { change_if(c, &["sed --in-place"], |l| l.replacen(",,#i", ",,,#i", 1).replace(",,,,#i", ",kitold,,#i")) } else { Step::Go(c) })),
    defect("state/row-not-removed", "A removed row stays", State, "pool/remove/row", Command(|a, c| if is(a, "chhypervisor", "--removezfcpfrompool") { skip_if(c, &["sed -i", "/d "], "") } else { Step::Go(c) })),
    defect("selection/remove-whole-port", "Removing a row removes every row of its target port", Selection, "pool/remove/row", Command(|a, c| if is(a, "chhypervisor", "--removezfcpfrompool") { change_if(c, &["sed -i", "/d "], every_row_of_port) } else { Step::Go(c) })),
    defect("selection/reserve-all-free", "A reservation marks every row of the pool", Selection, "reserve/given/other-rows", Command(|a, c| if is(a, "chhypervisor", "--reservezfcp") { change_if(c, &["sed --in-place", "'s#free,"], every_free_row) } else { Step::Go(c) })),
    defect("state/dedication-not-in-directory", "A dedication is confirmed and not in the directory", State, "dedicate/running/directory", Command(|_, c| done(c, "Image_Device_Dedicate_DM", "Dedicating device", "directory entry"))),
    defect("state/dedication-not-live", "A dedication is confirmed and the running guest does not get the device", State, "dedicate/running/active", Command(|_, c| done(c, "Image_Device_Dedicate ", "Dedicating device", "active configuration"))),
    defect("state/undedication-not-in-directory", "An undedication is confirmed and still in the directory", State, "undedicate/running/gone", Command(|_, c| done(c, "Image_Device_Undedicate_DM", "Deleting dedicated device", "directory entry"))),
    defect("state/undedication-not-live", "An undedication is confirmed and the running guest keeps the device", State, "undedicate/running/gone", Command(|_, c| done(c, "Image_Device_Undedicate ", "Deleting dedicated device", "active configuration"))),
    defect("selection/undedicate-all", "Taking one device takes the next one as well", Selection, "undedicate/running/other-stays", Command(undedicate_neighbour)),
    defect("state/unit-not-added", "An attach is confirmed and the guest has no unit", State, "attach/running/unit", Command(|a, c| if is(a, "chvm", "--addzfcp") { without(c, &["unit_add", "uevent", "zfcp_disk_configure"]) } else { Step::Go(c) })),
    defect("state/unit-not-removed", "A detach is confirmed and the guest keeps the unit", State, "detach/running/unit-gone", Command(|_, c| skip_if(c, &["unit_remove"], ""))),
    defect("selection/unit-of-next-lun", "The guest gets the LUN beside the one that was asked for", Selection, "attach/running/unit", Command(next_lun)),
    defect("state/device-not-enabled", "The device is not set online in the guest", State, "attach/running/unit", Command(|a, c| if is(a, "chvm", "--addzfcp") { without(c, &["chccwdev -e", "uevent", "zfcp_host_configure"]) } else { Step::Go(c) })),
    defect("persistence/zfcp-conf-not-written", "/etc/zfcp.conf does not get the disk", Persistence, "attach/running/persistent-rhel", Command(|a, c| if is(a, "chvm", "--addzfcp") { skip_if(c, &["/etc/zfcp.conf", ">>"], "") } else { Step::Go(c) })),
    defect("persistence/zfcp-conf-overwritten", "/etc/zfcp.conf holds the last disk only", Persistence, "detach/second/persistent-stays", Command(|_, c| change_if(c, &["/etc/zfcp.conf", ">>"], |l| l.replace(">>", ">")))),
    defect("persistence/zfcp-conf-not-cleaned", "/etc/zfcp.conf keeps the disk", Persistence, "detach/running/persistent-gone", Command(|a, c| if is(a, "chvm", "--removezfcp") { skip_if(c, &["/etc/zfcp.conf", "sed"], "") } else { Step::Go(c) })),
    defect("persistence/zfcp-conf-emptied", "A detach empties /etc/zfcp.conf", Persistence, "detach/second/persistent-stays", Command(|a, c| if is(a, "chvm", "--removezfcp") { change_if(c, &["/etc/zfcp.conf", "sed"], |_| " sed -i -e /0x/d /etc/zfcp.conf".to_owned()) } else { Step::Go(c) })),
    defect("persistence/rule-not-written", "A SLES guest gets no rule for the disk", Persistence, "attach/running/persistent-sles", Command(|a, c| if is(a, "chvm", "--addzfcp") { without_sles_rules(c) } else { Step::Go(c) })),
    defect("persistence/node-rule-not-written", "A device node is confirmed and not made", Persistence, "node/create/leads-to-disk", Command(|a, c| if is(a, "chvm", "--createfilesysnode") { skip_if(c, &["SYMLINK+", ">>"], "") } else { Step::Go(c) })),
    defect("persistence/node-rule-not-removed", "A device node is confirmed as removed and stays", Persistence, "node/remove/gone", Command(|a, c| if is(a, "chvm", "--removefilesysnode") { skip_if(c, &["SYMLINK+"], "") } else { Step::Go(c) })),
    defect("persistence/node-rules-all-removed", "Removing one device node removes all", Persistence, "node/remove/other-stays", Command(|a, c| if is(a, "chvm", "--removefilesysnode") { change_if(c, &["SYMLINK+"], |_| " sed -i -e /SYMLINK/d /etc/udev/rules.d/56-zfcp.rules ;  udevadm control --reload ;  udevadm trigger --sysname-match=sd*".to_owned()) } else { Step::Go(c) })),
    defect("persistence/notice-lost", "A notice for a guest that is off is lost", Persistence, "offline/start/unit", Command(|a, c| if is(a, "chvm", "--aemod") { skip_if(c, &["vmur"], "rdr spool file transferred to reader queue\n") } else { Step::Go(c) })),
    defect("state/ipl-not-set", "The device to boot from is not set", State, "boot/ipl/set", Command(|_, c| skip_if(c, &["Image_IPL_Set_DM"], ""))),
    defect("state/ipl-not-deleted", "The device to boot from cannot be dropped", State, "boot/ipl/deleted", Command(|_, c| skip_if(c, &["Image_IPL_Delete_DM"], ""))),
    defect("state/loaddev-not-set", "Port and LUN to boot from are not set", State, "boot/loaddev/set", Command(|_, c| skip_if(c, &["Image_SCSI_Characteristics_Define_DM"], ""))),
    defect("selection/loaddev-lun-zero", "The LUN to boot from is always 0", Selection, "boot/loaddev/set", Command(|_, c| change_if(c, &["Image_SCSI_Characteristics_Define_DM"], |l| l.replace(operand(l, "-l "), "0000000000000000")))),
    defect("state/loaddev-not-removed", "Port and LUN to boot from cannot be dropped", State, "boot/loaddev/removed", Command(|_, c| skip_if(c, &["Image_Replace_DM"], ""))),
    defect("state/not-started", "A guest's start is confirmed and it stays off", State, "power/on/confirmed", Command(|_, c| activate(c))),
    defect("state/not-stopped", "A guest's stop is confirmed and it stays on", State, "power/off/confirmed", Command(|_, c| deactivate(c))),
    defect("roll-back/row-kept", "After a failed attach the row stays in use", RollBack, "attach/refused/other-guests-device", Command(|a, c| if is(a, "chvm", "--addzfcp") && text(&c).is_some_and(|l| rewrites_row(l) && l.contains("'s#used,")) { Step::Skip(Outcome::ok("")) } else { Step::Go(c) })),
    defect("roll-back/all-undedicated", "A failed attach takes every device of the guest", RollBack, "attach/refused/first-disk-kept", Command(undedicate_first)),
    defect("roll-back/capture-row-kept", "After a capture the row stays in use", RollBack, "image/capture/row-restored", Command(|a, c| if is(a, "chhypervisor", "--capturezfcp") && text(&c).is_some_and(|l| rewrites_row(l) && l.contains("'s#used,")) { Step::Skip(Outcome::ok("")) } else { Step::Go(c) })),
    defect("roll-back/copy-source-kept", "After a copy the source's row stays in use", RollBack, "image/copy/source-row", Command(|a, c| if is(a, "chhypervisor", "--copyzfcp") && text(&c).is_some_and(|l| rewrites_row(l) && l.contains("'s#used,")) { Step::Skip(Outcome::ok("")) } else { Step::Go(c) })),
];

/// No command with one of these texts is carried out.
fn without(command: RemoteCommand, any: &[&str]) -> Step {
    if text(&command).is_some_and(|l| any.iter().any(|t| l.contains(t))) {
        Step::Skip(Outcome::ok("Done\n"))
    } else {
        Step::Go(command)
    }
}

/// Neither the distribution's program nor the management node writes rules.
fn without_sles_rules(command: RemoteCommand) -> Step {
    let writes = text(&command).is_some_and(|l| {
        l.contains("zfcp_disk_configure") || l.contains("51-zfcp") && l.contains(">>")
    });
    if writes {
        Step::Skip(Outcome::ok(""))
    } else {
        Step::Go(command)
    }
}

fn skip_rewrite(command: RemoteCommand) -> Step {
    if text(&command).is_some_and(rewrites_row) {
        Step::Skip(Outcome::ok(""))
    } else {
        Step::Go(command)
    }
}

/// `sed -i -e /'{row}'/d {file}` with the row cut down to its target port.
fn every_row_of_port(line: &str) -> String {
    let row = line.split("/'").nth(1).and_then(|r| r.split("'/d").next());
    match row {
        Some(row) if is_pool(line) => {
            let port = row.split(',').nth(1).unwrap_or(row);
            line.replace(&format!("'{row}'"), &format!("',{port},'"))
        }
        _ => line.to_owned(),
    }
}

/// `s#free,…#{status},…#i` applied to every free row: only the status changes.
fn every_free_row(line: &str) -> String {
    let Some(new) = line.split('#').nth(2) else {
        return line.to_owned();
    };
    let status = new.split(',').next().unwrap_or("used");
    let file = line.rsplit(' ').next().unwrap_or_default();
    format!(" sed --in-place -e 's#free,#{status},#i' {file}")
}

/// The answer of a program that did its work, without the work.
fn done(command: RemoteCommand, program: &str, verb: &str, what: &str) -> Step {
    let Some(line) = text(&command).filter(|l| l.contains(program)) else {
        return Step::Go(command);
    };
    let (user, device) = (operand(line, "-T "), operand(line, "-v "));
    let preposition = if verb.starts_with("Dedicating") {
        "to"
    } else {
        "from"
    };
    Step::Skip(Outcome::ok(format!(
        "{verb} {device} {preposition} {user}'s {what}... Done\n"
    )))
}

fn undedicate_neighbour(asked: &super::Asked, command: RemoteCommand) -> Step {
    if !is(asked, "chvm", "--undedicatedevice") {
        return Step::Go(command);
    }
    change_if(command, &["Image_Device_Undedicate_DM"], |line| {
        let device = operand(line, "-v ");
        let other = u32::from_str_radix(device, 16)
            .unwrap_or_default()
            .saturating_sub(1);
        format!("{line}; {}", line.replace(device, &format!("{other:04x}")))
    })
}

/// A dedication that is going to fail takes the guest's first device away.
fn undedicate_first(asked: &super::Asked, command: RemoteCommand) -> Step {
    if !is(asked, "chvm", "--addzfcp") {
        return Step::Go(command);
    }
    let first = asked
        .args
        .get(2)
        .and_then(|list| list.split_once(';'))
        .map(|(first, _)| first.to_owned());
    let Some(first) = first else {
        return Step::Go(command);
    };
    change_if(command, &["Image_Device_Undedicate_DM"], |line| {
        let device = operand(line, "-v ");
        format!("{line}; {}", line.replace(device, &first))
    })
}

/// Whatever an attach does in the guest, it does to the LUN counted up by one.
fn next_lun(asked: &super::Asked, command: RemoteCommand) -> Step {
    let lun = asked.args.get(7).map_or("", String::as_str);
    let Ok(number) = u64::from_str_radix(lun, 16) else {
        return Step::Go(command);
    };
    if !is(asked, "chvm", "--addzfcp") || text(&command).is_some_and(is_pool) {
        return Step::Go(command);
    }
    let next = format!("{:016x}", number.wrapping_add(0x0001_0000_0000_0000));
    change_if(command, &[lun], |line| line.replace(lun, &next))
}

fn activate(command: RemoteCommand) -> Step {
    let user = text(&command)
        .filter(|l| l.contains("Image_Activate "))
        .map(|l| operand(l, "-T ").to_owned());
    match user {
        Some(user) => Step::Skip(Outcome::ok(format!("Activating {user}... Done\n"))),
        None => Step::Go(command),
    }
}

fn deactivate(command: RemoteCommand) -> Step {
    let user = text(&command)
        .filter(|l| l.contains("Image_Deactivate "))
        .map(|l| operand(l, "-T ").to_owned());
    match user {
        Some(user) => Step::Skip(Outcome::ok(format!("Stopping {user}... Done\n"))),
        None => Step::Go(command),
    }
}
