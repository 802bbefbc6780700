//! What a virtual machine starts from: IPL and LOADDEV (spec: guests 6.7).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::local;
use crate::mn::zvm::nested::{Stderr, command_line};
use crate::mn::zvm::text;

/// An operand, or two apostrophes in place of nothing.
fn or_quotes(value: &str) -> &str {
    if value.is_empty() { "''" } else { value }
}

/// `--setipl {target} [{loadparm}] [{parms}]`.
pub(super) async fn set_ipl(guest: &Guest<'_>) -> Hidden {
    let (target, loadparm, parms) = (guest.arg(1), guest.arg(2), guest.arg(3));
    let words = format!(
        "Image_IPL_Set_DM -T {} -s {target} -l {} -p {}",
        guest.userid,
        or_quotes(loadparm),
        or_quotes(parms)
    );
    guest.smcli_text(&words).await
}

/// `--deleteipl`.
pub(super) async fn delete_ipl(guest: &Guest<'_>) -> Hidden {
    guest
        .smcli_text(&format!("Image_IPL_Delete_DM -T {}", guest.userid))
        .await
}

/// `--setloaddev {wwpn} {lun} [{isHex} {scpdata}]`. Success is announced before SMAPI is called, and its answer never
/// looked at (GQ39).
pub(super) async fn set_loaddev(guest: &Guest<'_>) -> Hidden {
    if !guest.has_count(&[3, 5]) {
        return Hidden::nothing();
    }
    let wwpn = guest.arg(1).replace("0x", "");
    let lun = guest.arg(2).replace("0x", "");
    let (kind, data) = if guest.args.len() == 5 {
        let data = guest.arg(4);
        if text::is_true(guest.arg(3)) {
            ("3", data.to_owned())
        } else {
            ("2", format!("'{data}'"))
        }
    } else {
        ("", String::new())
    };
    let shows_early = guest.context.settings().quirk("GQ39");
    if shows_early {
        guest.say("Setting LOADDEV directory statements");
    }
    let words = format!(
        "Image_SCSI_Characteristics_Define_DM  -T {} -b '' -k '' -l {lun} -p {wwpn} -s {kind} -d {data}",
        guest.userid
    );
    let answer = guest.smcli(&words).await.stdout;
    if !shows_early {
        if text::is_bad(&answer) {
            guest.say(&answer);
        } else {
            guest.say("Setting LOADDEV directory statements");
        }
    }
    Hidden::nothing()
}

/// `--removeloaddev [{wwpn} {lun}]`: the directory entry is rewritten without the statements.
pub(super) async fn remove_loaddev(guest: &Guest<'_>) -> Hidden {
    guest.say("Removing LOADDEV directory statements");
    let (wwpn, lun) = (guest.arg(1), guest.arg(2));
    let query = format!("Image_Query_DM -T {}", guest.userid);
    let answer = guest.smcli(&query).await.stdout;
    let mut lines = text::lines(&answer);
    lines.pop();
    let before = lines.len();
    let goes = |line: &str| {
        if wwpn.is_empty() && lun.is_empty() {
            return line.contains("LOADDEV");
        }
        (!wwpn.is_empty() && line.contains(&format!("LOADDEV PORTNAME {wwpn}")))
            || (!lun.is_empty() && line.contains(&format!("LOADDEV LUN {lun}")))
    };
    lines.retain(|line| !goes(line));
    if lines.len() == before && !answer.is_empty() {
        guest.say("No changes required in the directory entry");
        return Hidden::nothing();
    }
    let path = format!("/tmp/{}.txt", guest.node);
    let mut entry = lines.join("\n");
    entry.push('\n');
    local::write(guest.context, &path, &entry);
    let args = ["--replacevs", path.as_str()];
    let nested = command_line(guest.context, "chvm", guest.node, &args, Stderr::Merged).await;
    local::remove(guest.context, &path);
    guest.context.print_ln(nested);
    Hidden::nothing()
}
