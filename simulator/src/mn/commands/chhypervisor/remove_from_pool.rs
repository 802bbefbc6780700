//! `--removezfcpfrompool pool lun[,lun…] wwpn` (spec: scsi-pools 2.6). Status and owner are not looked at (Q36).

use super::add_to_pool::{is_16_digits, is_wwpn_list};
use super::run::Call;
use crate::mn::zvm::check_ssh_rc;
use crate::mn::zvm::filter::egrep;
use crate::mn::zvm::pool::is_there;
use crate::mn::zvm::pool_file::is_spent;
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::text::{contains_ignoring_case, field};

pub async fn run(call: &Call<'_>) {
    if call.args.len() < 4 {
        return call.say("(Error) WWPN is required.");
    }
    if call.args.len() > 4 {
        return call.wrong_number();
    }
    let settings = call.context.settings();
    let pool = if settings.quirk("Q20") {
        call.arg(1).to_owned()
    } else {
        call.arg(1).to_lowercase()
    };
    let pool = pool.as_str();
    let luns = call.arg(2).replace("0x", "");
    let mut wwpn = call.arg(3).replace("0x", "");
    if !settings.quirk("Q23") {
        wwpn = wwpn.replace('"', "");
    }
    if !is_wwpn_list(&wwpn) {
        return call.say(&format!("(Error) Invalid world wide port name {wwpn}."));
    }
    if !luns.split(',').all(is_16_digits) {
        return call.say(&format!("(Error) Invalid logical unit number {luns}."));
    }
    let file = format!("{ZFCP_POOL}/{pool}.conf");
    if !is_there(call.context, &call.zhcp, &["test -e ", &file]).await {
        return call.say("(Error) zFCP pool does not exist");
    }
    for lun in luns.split(',') {
        if !remove_lun(call, pool, &file, &wwpn, lun).await {
            return;
        }
    }
}

/// Removes every row of a LUN; false ends the command.
async fn remove_lun(call: &Call<'_>, pool: &str, file: &str, wwpn: &str, lun: &str) -> bool {
    let context = call.context;
    let command = format!("cat {file}");
    let line = call.zhcp.line(&command);
    let (outcome, contents) = context.fetch_pools(&call.zhcp, &command).await;
    if let Some(text) = check_ssh_rc(
        &outcome,
        "changeHypervisor",
        &line,
        &call.zhcp.host,
        Some(call.node),
    ) {
        context.print_ln(text);
        return false;
    }
    let rows = egrep(context, &contents, lun).await;
    if rows.is_empty() {
        call.say(&format!("(Error) zFCP device {lun} does not exist"));
        return false;
    }
    let mut any = false;
    for row in rows
        .lines()
        .filter(|row| contains_ignoring_case(field(row, ',', 1), wwpn))
    {
        any = true;
        call.zhcp
            .r_execute(context, &format!("sed -i -e /'{row}'/d {file}"))
            .await;
        call.say(&format!(
            "Removing zFCP device {wwpn}/{lun} from {pool} pool... Done"
        ));
        let left = call
            .zhcp
            .r_execute(context, &format!("cat {file}"))
            .await
            .stdout;
        if is_spent(context, file, &left) {
            call.zhcp.r_execute(context, &format!("rm -f {file}")).await;
            call.say(&format!("Deleting empty zFCP {pool} pool."));
            return false;
        }
    }
    if !any {
        call.say(&format!("(Error) zFCP device {wwpn}/{lun} does not exist."));
    }
    any
}
