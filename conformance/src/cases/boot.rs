//! Boot settings of the directory entry (spec: driver 6.2 BOOT; guests 6.7).

use super::disk::{directory, off};
use super::needs::{F1, L1, L2, O1};
use crate::target::Answer;
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("boot/ipl/set", "The device to boot from is set in the directory entry", Must [Boot], "driver" "6.2 BOOT-02", Destructive [O1, F1], ipl_set),
    case!("boot/ipl/answer", "Setting the device to boot from is confirmed, without complaint", Should [Boot], "guests" "17 GQ1", Destructive [O1, F1], ipl_answer),
    case!("boot/ipl/deleted", "The device to boot from can be dropped again", Must [Boot], "guests" "6.7", Destructive [O1, F1], ipl_deleted),
    case!("boot/loaddev/set", "Port and LUN to boot from are set in the directory entry", Must [Boot], "driver" "6.2 BOOT-02", Destructive [O1, L1], loaddev_set),
    case!("boot/loaddev/confirmed", "Setting port and LUN is confirmed", Must [Boot], "guests" "6.7", Destructive [O1, L1], loaddev_confirmed),
    case!("boot/loaddev/hex-prefix", "Port and LUN with 0x mean the same", Must [Boot], "guests" "6.7", Destructive [O1, L1], loaddev_hex),
    case!("boot/loaddev/replaced", "A second setting takes the place of the first", Must [Boot], "zhcp-and-smapi" "2.9.10", Destructive [O1, L2], loaddev_replaced),
    case!("boot/loaddev/parameters", "Hexadecimal boot parameters are in the directory entry as sent", Must [Boot], "driver" "6.2 BOOT-02", Destructive [O1, L1], loaddev_parameters),
    case!("boot/loaddev/too-few", "A port without LUN is refused", Must [Boot], "guests" "6.7", Destructive [O1, L1], loaddev_too_few),
    case!("boot/loaddev/removed", "Port and LUN can be dropped again", Must [Boot], "driver" "6.2 BOOT-06", Destructive [O1, L1], loaddev_removed),
    case!("boot/loaddev/remove-other", "Dropping another port and LUN changes nothing", Must [Boot], "guests" "6.7", Destructive [O1, L2], loaddev_remove_other),
    case!("boot/loaddev/leftovers", "Dropping port and LUN leaves nothing to boot from; which statements stay is recorded", Should [Boot], "driver" "6.2 BOOT-07", Destructive [O1, L1], loaddev_leftovers),
    case!("boot/directory/other-statements", "Boot settings leave the other statements as they are", Must [Boot], "driver" "6.2 BOOT-02", Destructive [O1, F1, L1], other_statements),
];

fn lent(c: &CaseContext, index: usize) -> Result<(String, String), Stop> {
    let lun = c.lun(1, index)?;
    Ok((lun.wwpns[0].clone(), lun.lun))
}

async fn set_ipl(c: &mut CaseContext, node: &str) -> Result<(String, Answer), Stop> {
    let device = c.fcp(0)?.device;
    let a = c.chvm(node, &format!("--setipl {device}")).await?;
    Ok((device, a))
}

async fn set_loaddev(
    c: &mut CaseContext,
    node: &str,
    index: usize,
    rest: &str,
) -> Result<Answer, Stop> {
    let (wwpn, lun) = lent(c, index)?;
    c.chvm(node, format!("--setloaddev {wwpn} {lun} {rest}").trim_end())
        .await
}

async fn has_ipl(c: &CaseContext, node: &str, device: &str) -> Result<bool, Stop> {
    let wanted = format!("IPL {}", device.to_uppercase());
    Ok(directory(c, node).await?.iter().any(|l| {
        l == &wanted || l.starts_with(&format!("{wanted} ")) || l.contains(&format!(" {wanted}"))
    }))
}

/// The LOADDEV statements.
async fn loaddev(c: &CaseContext, node: &str) -> Result<Vec<String>, Stop> {
    let mut lines = directory(c, node).await?;
    lines.retain(|l| l.starts_with("LOADDEV"));
    Ok(lines)
}

async fn ipl_set(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, _) = set_ipl(c, &node).await?;
    let there = has_ipl(c, &node, &device).await?;
    c.equal("statement", &there, &true)
}

async fn ipl_answer(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (_, a) = set_ipl(c, &node).await?;
    c.check(
        "no-complaint",
        a.complaints().is_empty(),
        "no complaint",
        || a.summary(),
    )?;
    c.check(
        "answered",
        a.says("Done"),
        "a word about what was done",
        || a.summary(),
    )
}

async fn ipl_deleted(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (device, _) = set_ipl(c, &node).await?;
    c.chvm(&node, "--deleteipl").await?;
    let there = has_ipl(c, &node, &device).await?;
    c.equal("statement", &there, &false)
}

async fn names(c: &CaseContext, node: &str, index: usize) -> Result<bool, Stop> {
    let (wwpn, lun) = lent(c, index)?;
    let text = loaddev(c, node).await?.join("\n").replace(' ', "");
    Ok(text.contains(&format!("PORTNAME{}", wwpn.to_uppercase()))
        && text.contains(&format!("LUN{}", lun.to_uppercase())))
}

async fn loaddev_set(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    set_loaddev(c, &node, 0, "").await?;
    let seen = loaddev(c, &node).await?;
    let there = names(c, &node, 0).await?;
    c.check("statements", there, "LOADDEV with port and LUN", || {
        seen.join("\n")
    })
}

async fn loaddev_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let a = set_loaddev(c, &node, 0, "").await?;
    c.confirms("confirmed", &a, "Setting LOADDEV directory statements")
}

async fn loaddev_hex(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (wwpn, lun) = lent(c, 0)?;
    c.chvm(&node, &format!("--setloaddev 0x{wwpn} 0x{lun}"))
        .await?;
    let there = names(c, &node, 0).await?;
    c.equal("statements", &there, &true)
}

async fn loaddev_replaced(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    set_loaddev(c, &node, 0, "").await?;
    set_loaddev(c, &node, 1, "").await?;
    let seen = (names(c, &node, 0).await?, names(c, &node, 1).await?);
    c.equal("statements", &seen, &(false, true))
}

async fn loaddev_parameters(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    // "=root=/dev/sda1" (spec: driver, appendix A).
    let hex = "3d726f6f743d2f6465762f73646131";
    set_loaddev(c, &node, 0, &format!("1 {hex}")).await?;
    let seen = loaddev(c, &node).await?;
    c.check(
        "scpdata",
        seen.iter()
            .any(|l| l.contains("SCPDATA") && l.contains(&hex.to_uppercase())),
        &format!("SCPDATA {hex}"),
        || seen.join("\n"),
    )
}

async fn loaddev_too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let (wwpn, _) = lent(c, 0)?;
    let a = c.chvm(&node, &format!("--setloaddev {wwpn}")).await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn remove(c: &CaseContext, node: &str, index: usize) -> Result<Answer, Stop> {
    let (wwpn, lun) = lent(c, index)?;
    c.chvm(node, &format!("--removeloaddev {wwpn} {lun}")).await
}

async fn loaddev_removed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    set_loaddev(c, &node, 0, "").await?;
    let a = remove(c, &node, 0).await?;
    c.check(
        "said",
        a.says("Removing LOADDEV directory statements"),
        "'Removing LOADDEV directory statements'",
        || a.summary(),
    )?;
    let there = names(c, &node, 0).await?;
    c.equal("statements", &there, &false)
}

async fn loaddev_remove_other(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    set_loaddev(c, &node, 0, "").await?;
    let before = loaddev(c, &node).await?;
    // A LUN that is lent and not set; the port is the same, so only the LUN tells them apart.
    let other = c.lun(1, 1)?;
    let line = format!("--removeloaddev 0000000000000000 {}", other.lun);
    let a = c.chvm(&node, &line).await?;
    c.check(
        "said",
        a.says("No changes required in the directory entry"),
        "'No changes required in the directory entry'",
        || a.summary(),
    )?;
    c.equal("statements", &loaddev(c, &node).await?, &before)
}

async fn loaddev_leftovers(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    set_loaddev(c, &node, 0, "1 3d726f6f743d").await?;
    remove(c, &node, 0).await?;
    let left = loaddev(c, &node).await?;
    c.record("left", left.join("; "));
    let (wwpn, lun) = lent(c, 0)?;
    let both = left.iter().any(|l| l.contains(&wwpn.to_uppercase()))
        && left.iter().any(|l| l.contains(&lun.to_uppercase()));
    c.check("not-both", !both, "no complete port and LUN", || {
        left.join("; ")
    })
}

async fn other_statements(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let keep = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|l| !l.starts_with("LOADDEV") && !l.starts_with("IPL") && !l.is_empty())
            .collect()
    };
    let before = keep(directory(c, &node).await?);
    set_ipl(c, &node).await?;
    set_loaddev(c, &node, 0, "").await?;
    let after = keep(directory(c, &node).await?);
    c.equal("others", &after, &before)
}
