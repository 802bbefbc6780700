//! `--zfcppool` and `--zfcppoolnames` (spec: scsi-pools 4.13, 4.14).

use super::hypervisor::Inventory;
use crate::mn::zvm::contents::Contents;
use crate::mn::zvm::filter::{egrep, matching_rows};
use crate::mn::zvm::pool::{HEADER, is_status};
use crate::mn::zvm::pool_file::{is_spent, without_conf};
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::text::append_hostname;

/// Reports the rows of a pool: the file as it is, or the header and the rows that match a filter anywhere (Q18).
pub async fn rows(inventory: &Inventory<'_>) {
    let (context, node) = (inventory.context, inventory.node);
    let pool = inventory.arg(1).to_lowercase();
    let filter = inventory.arg(2);
    let command = format!("cat {ZFCP_POOL}/{pool}.conf");
    if filter.is_empty() || filter == "all" {
        let (outcome, contents) = context.fetch_pools(&inventory.zhcp, &command).await;
        if outcome.rc == 0 {
            context.print_rows(node, &contents);
        } else {
            context.print_ln(append_hostname(node, &outcome.stdout));
        }
        return;
    }
    let Some(contents) = inventory.checked(&command, "inventoryHypervisor").await else {
        return;
    };
    let contents = Contents::of_text(&contents);
    // Q18: the word is looked for in the whole row, and in the header.
    let is_status = is_status(filter) || filter.eq_ignore_ascii_case("status");
    let rows = if is_status && !context.settings().quirk("Q18") {
        matching_rows(&contents, &format!("^{filter},"))
    } else {
        egrep(context, &contents, filter).await
    };
    context.print_ln(append_hostname(node, &format!("{HEADER}\n{rows}\n")));
}

/// Names of the pools. A query that deletes: files without a row are removed (Q57).
pub async fn names(inventory: &Inventory<'_>) -> String {
    let context = inventory.context;
    let files = inventory.run(&format!("ls {ZFCP_POOL}")).await.stdout;
    let mut names = String::new();
    for file in files.lines() {
        let path = format!("{ZFCP_POOL}/{file}");
        let contents = inventory
            .zhcp
            .r_execute(context, &format!("cat {path}"))
            .await;
        if is_spent(context, &path, &contents.stdout) {
            let was_read = contents.rc == 0;
            if was_read || context.settings().quirk("Q57") {
                inventory
                    .zhcp
                    .r_execute(context, &format!("rm -f {path}"))
                    .await;
                continue;
            }
        }
        let name = if context.settings().quirk("Q19") {
            without_conf(file)
        } else {
            file.strip_suffix(".conf").unwrap_or(file).to_owned()
        };
        names.push_str(&name);
        names.push('\n');
    }
    names
}
