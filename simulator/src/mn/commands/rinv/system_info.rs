//! `config` and `all` of a hypervisor, and what an LPAR is made of (spec: scsi-pools 4.1). The same files are read
//! anew for each value.

use super::hypervisor::Inventory;
use crate::mn::zvm::remote::TIMEOUT;
use crate::mn::zvm::text::{number, word};
use crate::mn::zvm::{Zhcp, check_ssh_rc};

/// Bytes of a page of memory.
const PAGE: f64 = 4096.0;

/// `config`.
pub async fn config(inventory: &Inventory<'_>) -> Option<String> {
    let host = host(inventory).await;
    let cpu_total = cpu_total(inventory).await?;
    let cpu_used = cpu_used(inventory).await?;
    let memory = memory(inventory).await?;
    let node = inventory.node;
    let hcp = &inventory.zhcp.host;
    Some(format!(
        "z/VM Host: {host}\nzHCP: {hcp}\nLPAR CPU Total: {cpu_total}\nLPAR CPU Used: {cpu_used}\n{memory}xCAT Hypervisor Node: {node}\n"
    ))
}

/// `all`.
pub async fn all(inventory: &Inventory<'_>) -> Option<String> {
    let context = inventory.context;
    let zvm_host = host(inventory).await;
    let cpu_total = cpu_total(inventory).await?;
    let cpu_used = cpu_used(inventory).await?;
    let model = sysinfo(
        inventory,
        "getCecModel",
        |line| line.starts_with("Type:"),
        &[1],
    )
    .await?;
    let vendor = sysinfo(
        inventory,
        "getCecVendor",
        |line| line.contains("Manufacturer"),
        &[1],
    )
    .await?;
    let os = sysinfo(
        inventory,
        "getHypervisorInfo",
        |line| line.contains("VM00 Control Program"),
        &[3, 4],
    )
    .await?;
    let architecture = inventory.zhcp.run_timed(context, "uname -m").await.stdout;
    let architecture = architecture.trim();
    let name = host(inventory).await;
    let memory = memory(inventory).await?;
    let level = inventory
        .zhcp
        .run_timed(context, "/sbin/vmcp q cplevel")
        .await
        .stdout;
    let ipl = level.lines().nth(2).unwrap_or_default();
    let node = inventory.node;
    let hcp = &inventory.zhcp.host;
    Some(format!(
        "z/VM Host: {zvm_host}\nzHCP: {hcp}\nArchitecture: {architecture}\nCEC Vendor: {vendor}\nCEC Model: {model}\nHypervisor OS: {os}\nHypervisor Name: {name}\nLPAR CPU Total: {cpu_total}\nLPAR CPU Used: {cpu_used}\n{memory}IPL Time: {ipl}\nxCAT Hypervisor Node: {node}\n"
    ))
}

/// Name of the z/VM system: the third word of `ZHCP1    AT ZVMHOST1`.
async fn host(inventory: &Inventory<'_>) -> String {
    let answer = inventory.zhcp.query_userid(inventory.context).await;
    word(&answer, 2).to_owned()
}

async fn cpu_total(inventory: &Inventory<'_>) -> Option<String> {
    sysinfo(
        inventory,
        "getLparCpuTotal",
        |line| line.contains("LPAR CPUs Total"),
        &[3],
    )
    .await
}

async fn cpu_used(inventory: &Inventory<'_>) -> Option<String> {
    sysinfo(
        inventory,
        "getLparCpuUsed",
        |line| line.contains("LPAR CPUs Configured"),
        &[3],
    )
    .await
}

/// Words of the first line of `/proc/sysinfo` that qualifies; empty without one, `None` when a failure was reported.
async fn sysinfo(
    inventory: &Inventory<'_>,
    function: &str,
    qualifies: impl Fn(&str) -> bool,
    words: &[usize],
) -> Option<String> {
    let line = inventory.zhcp.line_with(TIMEOUT, "cat /proc/sysinfo");
    let text = output(inventory, function, &line).await?;
    let found = text
        .lines()
        .find(|line| qualifies(line))
        .unwrap_or_default();
    Some(
        words
            .iter()
            .map(|index| word(found, *index))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// The three lines on memory.
async fn memory(inventory: &Inventory<'_>) -> Option<String> {
    let info = inventory.zhcp.line(&Zhcp::smcli("System_Info_Query"));
    let storage = |text: &str, index| {
        let line = text
            .lines()
            .find(|line| line.contains("real storage"))
            .unwrap_or_default();
        word(line, index).to_owned()
    };
    let total = storage(&output(inventory, "getLparMemoryTotal", &info).await?, 5);
    let offline = storage(&output(inventory, "getLparMemoryOffline", &info).await?, 14);
    let performance = inventory
        .zhcp
        .line(&Zhcp::smcli("System_Performance_Info_Query "));
    let answer = output(inventory, "getLparMemoryUsed", &performance).await?;
    let pages = answer
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("Used memory pages:"))
        .map_or(0.0, number);
    let used = show_bytes(pages * PAGE);
    Some(format!(
        "LPAR Memory Total: {total}\nLPAR Memory Used: {used}\nLPAR Memory Offline: {offline}\n"
    ))
}

/// Output of a line; a failure is reported, without the node, and is `None`.
async fn output(inventory: &Inventory<'_>, function: &str, line: &str) -> Option<String> {
    let outcome = inventory.context.sh(line).await;
    match check_ssh_rc(&outcome, function, line, &inventory.zhcp.host, None) {
        Some(text) => {
            inventory.context.print_ln(text);
            None
        }
        None => Some(outcome.stdout),
    }
}

/// Bytes as gigabytes with one decimal above 5120 MB, else as whole megabytes.
fn show_bytes(bytes: f64) -> String {
    let megabytes = bytes / (1024.0 * 1024.0);
    if megabytes > 5120.0 {
        format!("{:.1}G", megabytes / 1024.0)
    } else {
        format!("{:.0}M", megabytes.trunc())
    }
}
