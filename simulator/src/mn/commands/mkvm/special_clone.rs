//! A virtual machine as the copy of one that a list of images names, from one z/VM system's master (spec: guests 10.5).

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::clone_disks::{SourceDisk, detach, free_link, mdisks, pause};
use super::clone_target::{Copy, Stop};
use crate::mn::Context;
use crate::mn::zvm::guest::{Subchannel, disable_enable_disk, set_status};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{self, contains_ignoring_case, is_bad};
use crate::mn::zvm::{Zhcp, check_ssh_rc, mac, vswitch};

/// How often a source disk is linked, the pause between, and where the addresses begin, above their own.
const LINK_TRIES: usize = 5;
const PAUSE: u64 = 5;
const LINK_OFFSET: f64 = 1000.0;

/// Makes the targets; `values` is what the list says of the image.
pub(super) async fn run(
    context: &Context,
    nodes: &[String],
    args: &[String],
    values: &BTreeMap<String, String>,
) {
    // `None` ends the command; what there was to say has been said.
    let _ended: Option<()> = clone_all(context, nodes, args, values).await;
}

async fn clone_all(
    context: &Context,
    nodes: &[String],
    args: &[String],
    values: &BTreeMap<String, String>,
) -> Option<()> {
    let fail = |text: String| {
        context.print_ln(format!("(Error) {text}"));
        None::<()>
    };
    let Some(source) = values.get("CLONE_FROM") else {
        return fail("CLONE_FROM value is missing from DOCLONE COPY on 193.".to_owned());
    };
    let Some(first) = nodes.first() else {
        return fail("Missing target nodes to clone.".to_owned());
    };
    let hcp = context.column("zvm", first, "hcp").unwrap_or_default();
    for node in nodes {
        if context.column("zvm", node, "hcp").unwrap_or_default() != hcp {
            return fail(format!("node {node} does not match zhcp {hcp}."));
        }
        if context.column("zvm", node, "userid").is_none() {
            return fail(format!("node {node} does not have a zVM userid."));
        }
    }
    let zhcp = Zhcp::at(context, hcp);
    let line = zhcp.line(&Zhcp::smcli(&format!("Image_Query_DM -T {source}")));
    let outcome = context.sh(&line).await;
    if check_ssh_rc(&outcome, "specialcloneVM", &line, &zhcp.host, None).is_some()
        || is_bad(&outcome.stdout)
    {
        return fail(format!(
            "Did not get the {source} directory. Return output was: {}.",
            outcome.stdout
        ));
    }
    let mut disks = mdisks(context, &zhcp, source).await;
    if disks.is_empty() {
        return fail(format!(
            "Did not get the {source} mini disks. Return output was: {}.",
            outcome.stdout
        ));
    }
    let pool = |key: &str| values.get(key).cloned().unwrap_or_default();
    let (eckd_pool, fba_pool) = (pool("ECKD_POOL"), pool("FBA_POOL"));
    if fba_pool.is_empty() && disks.iter().any(|disk| disk.kind == "9336") {
        return fail("FBA disk was found but no FBA_POOL was defined in DOCLONE COPY.".to_owned());
    }
    if eckd_pool.is_empty() && disks.iter().any(|disk| disk.kind == "3390") {
        return fail(
            "ECKD disk was found but no ECKD_POOL was defined in DOCLONE COPY.".to_owned(),
        );
    }
    for node in nodes {
        set_apart(context, node);
    }
    for disk in &mut disks {
        link(context, &zhcp, source, disk).await?;
    }
    let switches = vswitch::switches(context, &zhcp).await;
    let mut entry = text::lines(&outcome.stdout);
    entry.retain(|line| !line.contains("MDISK") && !line.starts_with("*DVHOPT"));
    let entry: String = entry
        .iter()
        .map(|line| format!("{}\n", line.trim()))
        .collect::<Vec<_>>()
        .concat();
    let results = join_all(nodes.iter().map(|node| {
        let copy = Copy {
            context,
            node,
            target: Target {
                zhcp: zhcp.clone(),
                userid: context
                    .column("zvm", node, "userid")
                    .unwrap_or_default()
                    .to_uppercase(),
            },
            source,
            eckd_pool: eckd_pool.clone(),
            fba_pool: fba_pool.clone(),
            password: password(args),
        };
        clone(copy, &entry, &switches, &disks)
    }))
    .await;
    // GQ3: the look-up of a device node never ends.
    if results
        .iter()
        .any(|result| matches!(result, Err(Stop::Endless)))
    {
        return None;
    }
    detach(context, &[], &zhcp, &disks).await;
    for SourceDisk { address, link, .. } in &disks {
        context.print_ln(format!("Detatching source disk ({address}) at ({link})"));
    }
    for node in nodes {
        context.print_ln(format!("{node}: Done"));
    }
    Some(())
}

/// Password of the new minidisks.
fn password(args: &[String]) -> String {
    args.iter()
        .find_map(|arg| arg.strip_prefix("pw="))
        .filter(|password| text::is_true(password))
        .map_or_else(|| "''".to_owned(), str::to_owned)
}

/// Marks a target as being cloned, and takes its address out of use: until `rpower on`, `chvm` and `nodeset` do
/// nothing with it.
fn set_apart(context: &Context, node: &str) {
    set_status(context, node, "CLONE_ONLY=1;CLONING=1;");
    context.tables_mut(|tables| {
        for table in ["hosts", "mac"] {
            tables.update(table, &[("node", node)], &[("disable", "yes")]);
        }
    });
}

async fn link(context: &Context, zhcp: &Zhcp, source: &str, disk: &mut SourceDisk) -> Option<()> {
    let address = disk.address.clone();
    for attempt in 0..LINK_TRIES {
        let first = (text::number(&address) + LINK_OFFSET) as u32;
        let link = free_link(context, zhcp, first).await;
        let verb = if attempt == 0 {
            "Linking"
        } else {
            "Retry linking"
        };
        context.print_ln(format!("{verb} source disk ({address}) as ({link})"));
        let command = format!("/sbin/vmcp link {source} {address} {link} RR");
        let answer = zhcp.run_timed(context, &command).await.stdout;
        if !contains_ignoring_case(&answer, "not linked") {
            disk.link = link.to_string();
            let online =
                disable_enable_disk(context, &zhcp.host, Subchannel::Enable, &disk.link).await;
            drop(online);
            return Some(());
        }
        pause(context, PAUSE).await;
    }
    context.print_ln(format!(
        "Failed to link source disk {address} from userid {source}."
    ));
    None
}

async fn clone(
    copy: Copy<'_>,
    entry: &str,
    switches: &[String],
    disks: &[SourceDisk],
) -> Result<(), Stop> {
    let id = mac::next_id(copy.context, &copy.target.zhcp, false).await;
    mac::count(copy.context, &copy.target.zhcp).await;
    copy.define(entry, &id).await?;
    copy.grant(switches).await?;
    copy.add_disks(disks).await?;
    for disk in disks {
        copy.fill(disk).await?;
    }
    Ok(())
}
