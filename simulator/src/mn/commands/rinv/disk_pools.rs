//! `--diskpool`, `--diskpoolnames`, `--diskpoolspace`: pools of the directory manager (spec: scsi-pools 4.2 to 4.4).

use std::fmt::Write as _;

use super::hypervisor::Inventory;
use crate::mn::dispatch;
use crate::mn::zvm::remote::ZHCP_BIN;
use crate::mn::zvm::text::{contains_ignoring_case, number, word};

/// Where the names are kept on the zHCP.
const CACHE: &str = "/var/opt/zhcp/cache";
/// How long they are believed, in seconds.
const CACHE_SECONDS: f64 = 300.0;
/// Bytes of a cylinder of a 3390.
const CYLINDER: f64 = 737_280.0;
/// Bytes of a block of a 9336.
const BLOCK: f64 = 512.0;

/// `--diskpoolnames`: at most five minutes old by the management node's clock and the zHCP's file time (Q59).
pub async fn names(inventory: &Inventory<'_>) -> Option<String> {
    let file = format!("{CACHE}/diskpoolnames");
    let probe = inventory
        .run(&format!("test -d {CACHE} && echo Exists"))
        .await;
    let mut is_down = probe.rc == 255;
    if !is_down && !probe.stdout.contains("Exists") {
        is_down = inventory.run(&format!("mkdir -p {CACHE}")).await.rc == 255;
    }
    if is_down {
        inventory.say(&format!(
            "(Error) unable to communicate with the zhcp system: {}",
            inventory.zhcp.host
        ));
        return None;
    }
    let is_cached = !inventory.run(&format!("ls {file}")).await.stdout.is_empty();
    let is_fresh = is_cached && {
        let changed = inventory.run(&format!("stat -c %Z {file}")).await.stdout;
        let now = inventory.context.local(|world| world.now_ms) as f64 / 1000.0;
        now.floor() <= number(&changed) + CACHE_SECONDS
    };
    if !is_fresh {
        inventory
            .run(&format!(
                "{ZHCP_BIN}/getdiskpoolnames {} > {file}",
                inventory.hcp_userid
            ))
            .await;
    }
    Some(inventory.run(&format!("cat {file}")).await.stdout)
}

/// `--diskpool pool [all|free|used]`: extents; no failure is checked.
pub async fn extents(inventory: &Inventory<'_>) -> String {
    let pool = inventory.arg(1);
    let which = inventory.arg(2);
    let tool = format!("{ZHCP_BIN}/getdiskpool {} {pool}", inventory.hcp_userid);
    if !which.is_empty() && which != "all" {
        return inventory.run(&format!("{tool} {which}")).await.stdout;
    }
    let free = inventory.run(&format!("{tool} free")).await.stdout;
    let used = inventory.run(&format!("{tool} used")).await.stdout;
    let without_header = used.split_once('\n').map_or("", |(_, rest)| rest);
    format!("{free}{without_header}")
}

/// `--diskpoolspace [pool]`: total, used and free space of one pool or of all.
pub async fn space(inventory: &Inventory<'_>) -> Option<String> {
    let pools = if inventory.args.len() > 1 {
        let pool = inventory.arg(1).to_uppercase();
        let answer = query(inventory, 1, &pool, &inventory.hcp_userid).await;
        if answer.is_empty() {
            inventory.say("(Error) Unable to communicate with zHCP agent");
            return None;
        }
        if contains_ignoring_case(&answer, "failed") {
            inventory.say(&format!("(Error) Unable to obtain disk pool information for {pool}, additional information: {answer}"));
            return None;
        }
        vec![pool]
    } else {
        all_pools(inventory).await
    };
    let mut out = String::new();
    for pool in pools {
        let mut cylinders = [0.0, 0.0];
        for (sum, kind) in cylinders.iter_mut().zip([2, 3]) {
            let user = inventory.zhcp.userid(inventory.context).await;
            *sum = count_cylinders(&query(inventory, kind, &pool, &user).await);
        }
        let [free, used] = cylinders;
        for (label, value) in [("Total", free + used), ("Used", used), ("Free", free)] {
            let _ = writeln!(out, "{pool} {label}: {}", show(value));
        }
    }
    Some(out)
}

async fn query(inventory: &Inventory<'_>, kind: u8, pool: &str, user: &str) -> String {
    inventory
        .smcli(&format!(
            "Image_Volume_Space_Query_DM -q {kind} -e 3 -n {pool} -T {user}"
        ))
        .await
}

/// Names of all pools, as the command `rinv {node} --diskpoolnames` shows them.
async fn all_pools(inventory: &Inventory<'_>) -> Vec<String> {
    let nested = inventory.context.nested();
    dispatch::run(
        &nested,
        "rinv",
        &[inventory.node.to_owned()],
        &["--diskpoolnames".to_owned()],
    )
    .await;
    let prefix = format!("{}: ", inventory.node);
    nested
        .take_documents()
        .iter()
        .flat_map(|document| {
            document
                .texts("info")
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| {
            line.strip_prefix(&prefix)
                .unwrap_or(&line)
                .trim()
                .to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Cylinders in an answer: those of 3390s, and the blocks of 9336s as cylinders.
fn count_cylinders(answer: &str) -> f64 {
    answer
        .lines()
        .map(|line| {
            let kind = word(line, 1);
            let amount = number(word(line, 3));
            if kind.starts_with("3390") {
                amount
            } else if kind.starts_with("9336") {
                amount * BLOCK / CYLINDER
            } else {
                0.0
            }
        })
        .sum()
}

/// Cylinders as gigabytes with one decimal above 5120 MB, else as whole megabytes (Q60).
fn show(cylinders: f64) -> String {
    let megabytes = cylinders * CYLINDER / (1024.0 * 1024.0);
    if megabytes > 5120.0 {
        format!("{:.1}G", megabytes / 1024.0)
    } else {
        format!("{:.0}M", megabytes.trunc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q60_units_are_mixed() {
        assert_eq!(
            show(count_cylinders(
                "OPN010 3390-09 0001 10016 P 01\nOPN011 3390-09 0001 20032 P 02\n"
            )),
            "20.6G"
        );
        assert_eq!(
            show(count_cylinders("FBA002 9336 16 2097152 U 0101 P 02\n")),
            "1024M"
        );
        assert_eq!(show(count_cylinders("Failed\n")), "0M");
    }
}
