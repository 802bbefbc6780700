//! `--addzfcp2pool pool status wwpn lun size [range] [owner]` (spec: scsi-pools 2.1).

use super::run::Call;
use crate::mn::zvm::check_ssh_rc;
use crate::mn::zvm::pool::{self, is_there};
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::size;
use crate::mn::zvm::text::{contains_ignoring_case, is_true};

pub async fn run(call: &Call<'_>) {
    if !(6..=8).contains(&call.args.len()) {
        return call.wrong_number();
    }
    let pool = call.arg(1).to_lowercase();
    let status = call.arg(2).strip_suffix('\n').unwrap_or(call.arg(2));
    let (size, range, owner) = (call.arg(5), call.arg(6), call.arg(7));
    if is_true(size) && !size::has_unit(size) {
        return call.say("(Error) Size not recognized. Size can be M(egabytes) or G(igabytes).");
    }
    if !pool::is_status(status) {
        return call.say("(Error) Status not recognized. Status can be free, used, or reserved.");
    }
    let wwpn = call.arg(3).replace('"', "").replace("0x", "");
    let lun = call.arg(4).replace("0x", "");
    if !is_wwpn_list(&wwpn) {
        return call.say(&format!("(Error) Invalid world wide portname {wwpn}."));
    }
    if !is_16_digits(&lun) {
        return call.say(&format!("(Error) Invalid logical unit number {lun}."));
    }
    for path in wwpn.split(';') {
        let found = call
            .run(&format!("grep -a -i -l ,{path},{lun} {ZFCP_POOL}/*.conf"))
            .await
            .stdout;
        for file in found.lines() {
            let name = file.rsplit('/').next().unwrap_or_default();
            let other = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            call.say(&format!(
                "(Error) zFCP device {path}/{lun} already exists in {other}."
            ));
        }
        if !found.is_empty() {
            return;
        }
    }
    let is_range = |c: char| c.is_ascii_hexdigit() || c == ';' || c == '-';
    if !range.chars().all(is_range) {
        return call.say("(Error) Invalid FCP device range. An acceptable range can be specified as 1A80-1B90 or 1A80-1B90;2A80-2B90.");
    }
    if contains_ignoring_case(status, "used") && !is_true(owner) {
        return call.say("(Error) Owner must be specified if status is used.");
    }
    if contains_ignoring_case(status, "free") && is_true(owner) {
        return call.say("(Error) Owner must not be specified if status is free.");
    }

    // `None` ends the command, where results are looked at; as executed none is (Q35).
    let _ended: Option<()> = add(call, &pool, &[status, &wwpn, &lun, size, range, owner]).await;
}

/// Appends the row, to a new file if there is none.
async fn add(call: &Call<'_>, pool: &str, fields: &[&str; 6]) -> Option<()> {
    if !is_there(call.context, &call.zhcp, &["test -d ", ZFCP_POOL]).await {
        step(call, &format!("mkdir -p {ZFCP_POOL}")).await?;
    }
    let user = &call.zhcp.user;
    if user != "root" {
        let owner = call
            .run("/usr/bin/stat -c %G:%U /var/opt/zhcp")
            .await
            .stdout;
        if !owner.contains(&format!("{user}:users")) {
            call.run(&format!("chown -R {user}:users /var/opt/zhcp"))
                .await;
        }
    }
    let file = format!("{ZFCP_POOL}/{pool}.conf");
    if !is_there(call.context, &call.zhcp, &["test -e ", &file]).await {
        step(call, &format!("echo '{}' > {file}", pool::HEADER)).await?;
        call.say(&format!("New zFCP device pool {pool} created"));
    }
    let row = fields.join(",");
    step(call, &format!("echo '{row},,' >> {file}")).await?;
    call.say(&format!("Adding zFCP device to {pool} pool... Done"));
    Some(())
}

/// A step whose failure is noticed only where Q35 is repaired.
async fn step(call: &Call<'_>, command: &str) -> Option<()> {
    let line = call.zhcp.line(command);
    let outcome = call.context.sh(&line).await;
    if call.context.settings().quirk("Q35") {
        return Some(());
    }
    let failure = check_ssh_rc(
        &outcome,
        "changeHypervisor",
        &line,
        &call.zhcp.host,
        Some(call.node),
    );
    if let Some(text) = failure {
        call.context.print_ln(text);
        return None;
    }
    Some(())
}

/// Groups of 16 hex digits joined by `;`.
pub fn is_wwpn_list(text: &str) -> bool {
    text.split(';').all(is_16_digits)
}

/// Exactly 16 hex digits.
pub fn is_16_digits(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
