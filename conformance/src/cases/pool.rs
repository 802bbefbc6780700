//! SCSI pools: creation, rows, listing, removal (spec: driver 6.2 POOL; scsi-pools 1, 2.1, 2.6, 4.13, 4.14).

use super::needs::HV;
use crate::pool::HEADER;
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("pool/add/first-row", "The first row makes the pool, with its column line", Must [Volume], "driver" "6.2 POOL-01", Reversible [HV], first_row),
    case!("pool/add/second-row", "A further row is added at the end and the pool is not made anew", Must [Volume], "driver" "6.2 POOL-01", Reversible [HV], second_row),
    case!("pool/add/row-text", "A row holds every field as given", Must [Volume], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], row_text),
    case!("pool/add/duplicate", "The same row cannot be added twice", Must [Volume], "driver" "6.2 POOL-02", Reversible [HV], duplicate),
    case!("pool/add/duplicate-other-pool", "A LUN that is in one pool cannot be added to another", Must [Volume], "driver" "6.2 POOL-03", Reversible [HV], duplicate_other_pool),
    case!("pool/add/duplicate-case", "The same LUN in other letters is the same LUN", Should [Volume], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], duplicate_case),
    case!("pool/add/duplicate-multipath-part", "One path of a multipath row is refused as a row of its own; what happens is said as it is", Should [Multipath], "driver" "6.2 POOL-04", Reversible [HV], duplicate_multipath_part),
    case!("pool/add/duplicate-multipath-list", "A multipath row that is added again is refused; what happens is said as it is", Should [Multipath], "driver" "6.2 POOL-04", Reversible [HV], duplicate_multipath_list),
    case!("pool/add/size-without-unit", "A size without unit is refused", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], bad_size),
    case!("pool/add/unknown-status", "An unknown status is refused", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], bad_status),
    case!("pool/add/short-wwpn", "A WWPN of 15 digits is refused", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], short_wwpn),
    case!("pool/add/short-lun", "A LUN of 15 digits is refused", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], short_lun),
    case!("pool/add/bad-range", "A range with letters beyond hex digits is refused", Must [Volume], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], bad_range),
    case!("pool/add/free-with-owner", "A free row must not have an owner", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], free_with_owner),
    case!("pool/add/used-without-owner", "A used row must have an owner", Must [Volume], "driver" "6.2 POOL-05", Reversible [HV], used_without_owner),
    case!("pool/add/too-few", "Too few arguments are refused", Must [Volume], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], too_few),
    case!("pool/add/hex-prefix", "Addresses with 0x are taken without it", Must [Volume], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], hex_prefix),
    case!("pool/add/multipath", "A row can name several target ports", Must [Multipath], "scsi-pools-and-hypervisor" "2.1", Reversible [HV], multipath_row),
    case!("pool/add/status-case", "A status in capitals is stored so that it still protects the row", Should [Volume], "scsi-pools-and-hypervisor" "6.2 Q14", Reversible [HV], status_case),
    case!("pool/remove/row", "A row can be removed and the others stay", Must [Volume], "driver" "6.2 POOL-06", Reversible [HV], remove_row),
    case!("pool/remove/last-row", "With its last row the pool goes", Must [Volume], "driver" "6.2 POOL-06", Reversible [HV], remove_last),
    case!("pool/remove/absent-row", "Removing a row that is not there is refused", Must [Volume], "scsi-pools-and-hypervisor" "2.6", Reversible [HV], remove_absent),
    case!("pool/remove/other-wwpn", "Removing a LUN behind another target port is refused", Must [Volume], "scsi-pools-and-hypervisor" "2.6", Reversible [HV], remove_other_wwpn),
    case!("pool/remove/absent-pool", "Removing from a pool that is not there is refused", Must [Volume], "scsi-pools-and-hypervisor" "2.6", Reversible [HV], remove_absent_pool),
    case!("pool/remove/used-row", "A row in use is not removed; what happens is said as it is", Should [Volume], "scsi-pools-and-hypervisor" "6.3 Q36", Reversible [HV], remove_used),
    case!("pool/remove/multipath-one-port", "A multipath row is removed by any one of its ports", Must [Multipath], "scsi-pools-and-hypervisor" "2.6", Reversible [HV], remove_multipath),
    case!("pool/remove/two-luns", "Two LUNs can be removed at once", Should [Volume], "scsi-pools-and-hypervisor" "2.6", Reversible [HV], remove_two),
    case!("pool/name/case-add", "A pool name in capitals names the same pool for adding and listing", Must [Volume], "driver" "6.2 POOL-07", Reversible [HV], case_add),
    case!("pool/name/case-remove", "A pool name in capitals names the same pool for removing", Should [Volume], "driver" "6.2 POOL-07", Reversible [HV], case_remove),
    case!("pool/list/absent", "An absent pool is listed as empty, with status 200", Must [Volume], "driver" "6.2 POOL-08", ReadOnly [HV], list_absent),
    case!("pool/list/filter-status", "A status filter gives the rows of that status", Must [Volume], "driver" "6.2 POOL-09", Reversible [HV], filter_status),
    case!("pool/list/filter-owner", "A status filter does not take a row for its owner's name", Should [Volume], "driver" "6.2 POOL-09", Reversible [HV], filter_owner),
    case!("pool/list/names", "The list of pool names holds a pool that has rows", Must [Volume], "scsi-pools-and-hypervisor" "4.13", Reversible [HV, Need::Alone], names),
    case!("pool/list/names-read-only", "Listing pool names changes no pool", Must [Volume], "driver" "6.2 POOL-13", Reversible [HV, Need::Alone], names_read_only),
    case!("pool/second-host/separate", "A pool belongs to one zHCP only", Must [Volume], "driver" "6.2 POOL-16", Reversible [HV, Need::SecondHypervisor], second_host),
];

async fn add(c: &CaseContext, pool: &str, rest: &str) -> Result<crate::target::Answer, Stop> {
    c.hypervisor(&format!("--addzfcp2pool {pool} {rest}")).await
}

async fn count(c: &CaseContext, check: &'static str, pool: &str, rows: usize) -> Result<(), Stop> {
    let found = c.pool(pool).await?.rows.len();
    c.equal(check, &found, &rows)
}

async fn first_row(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let a = add(c, &pool, &format!("free {} {} 1G", at.wwpn, at.lun)).await?;
    c.confirms(
        "created",
        &a,
        &format!("New zFCP device pool {pool} created"),
    )?;
    c.confirms(
        "added",
        &a,
        &format!("Adding zFCP device to {pool} pool... Done"),
    )?;
    let read = c.pool(&pool).await?;
    c.equal("header", &read.header.as_deref(), &Some(HEADER))?;
    c.equal("rows", &read.rows.len(), &1)
}

async fn second_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, first) = c.pool_with(&[("free", "1G", "")]).await?;
    let at = c.address();
    let a = add(c, &pool, &format!("free {} {} 2G", at.wwpn, at.lun)).await?;
    c.confirms("added", &a, "Adding zFCP device to")?;
    c.check("not-anew", !a.says("created"), "no 'created'", || {
        a.summary()
    })?;
    let luns: Vec<String> = c
        .pool(&pool)
        .await?
        .rows
        .into_iter()
        .map(|r| r.lun)
        .collect();
    c.equal("order", &luns, &vec![first[0].lun.clone(), at.lun])
}

async fn row_text(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let rest = format!(
        "used {} {} 512M 1A80-1B90;2A80-2B90 kitowner",
        at.wwpn, at.lun
    );
    let a = add(c, &pool, &rest).await?;
    c.confirms("added", &a, "Adding zFCP device to")?;
    let text = c
        .pool(&pool)
        .await?
        .rows
        .first()
        .map(crate::Row::text)
        .unwrap_or_default();
    let wanted = format!(
        "used,{},{},512M,1A80-1B90;2A80-2B90,kitowner,,",
        at.wwpn, at.lun
    );
    c.equal("row", &text, &wanted)
}

async fn duplicate(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let a = add(c, &pool, &format!("free {} {} 1G", at[0].wwpn, at[0].lun)).await?;
    c.refuses("refused", &a, &format!("already exists in {pool}"))?;
    count(c, "unchanged", &pool, 1).await
}

async fn duplicate_other_pool(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let other = c.new_pool()?;
    let a = add(c, &other, &format!("free {} {} 1G", at[0].wwpn, at[0].lun)).await?;
    c.refuses("refused", &a, &format!("already exists in {pool}"))?;
    count(c, "unchanged", &other, 0).await
}

async fn duplicate_case(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let (wwpn, lun) = (at[0].wwpn.to_uppercase(), at[0].lun.to_uppercase());
    let a = add(c, &pool, &format!("free {wwpn} {lun} 1G")).await?;
    c.refuses("refused", &a, "already exists in")?;
    count(c, "unchanged", &pool, 1).await
}

/// A pool with one row of two ports.
async fn two_ports(c: &mut CaseContext) -> Result<(String, String, String), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let ports = format!("{};50050768024b4954", at.wwpn);
    c.add_row(&pool, "free", &ports, &at.lun, "1G", "").await?;
    Ok((pool, ports, at.lun))
}

/// What a release does with a duplicate of a multipath row is recorded: it refuses, or it has a second row; never does it
/// touch the first.
async fn duplicate_multipath(
    c: &mut CaseContext,
    pool: &str,
    lun: &str,
    ports: &str,
) -> Result<(), Stop> {
    let before = c.pool(pool).await?;
    let a = add(c, pool, &format!("free {ports} {lun} 1G")).await?;
    let after = c.pool(pool).await?;
    let refused = a.errors().iter().any(|l| l.contains("already exists in"));
    c.equal(
        "rows",
        &after.rows.len(),
        &(before.rows.len() + usize::from(!refused)),
    )?;
    c.equal("first-row", &after.rows.first(), &before.rows.first())?;
    let seen = if refused {
        "refused"
    } else {
        "added as a second row"
    };
    c.check_as_executed("duplicate", refused, "a refusal", seen)
}

async fn duplicate_multipath_part(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, ports, lun) = two_ports(c).await?;
    for port in ports.split(';') {
        duplicate_multipath(c, &pool, &lun, port).await?;
    }
    Ok(())
}

async fn duplicate_multipath_list(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, ports, lun) = two_ports(c).await?;
    duplicate_multipath(c, &pool, &lun, &ports).await
}

/// Adds what must be refused with this text, and proves that nothing was added.
async fn refused(
    c: &mut CaseContext,
    rest: impl FnOnce(&crate::Address) -> String,
    text: &str,
) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let a = add(c, &pool, &rest(&at)).await?;
    c.refuses("refused", &a, text)?;
    count(c, "unchanged", &pool, 0).await
}

async fn bad_size(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {} {} 10", at.wwpn, at.lun);
    refused(c, rest, "Size not recognized").await
}

async fn bad_status(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("busy {} {} 1G", at.wwpn, at.lun);
    refused(c, rest, "Status not recognized").await
}

async fn short_wwpn(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {} {} 1G", &at.wwpn[..15], at.lun);
    refused(c, rest, "Invalid world wide portname").await
}

async fn short_lun(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {} {} 1G", at.wwpn, &at.lun[..15]);
    refused(c, rest, "Invalid logical unit number").await
}

async fn bad_range(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {} {} 1G 1A80-xyz", at.wwpn, at.lun);
    refused(c, rest, "Invalid FCP device range").await
}

async fn free_with_owner(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {} {} 1G  kitowner", at.wwpn, at.lun);
    refused(c, rest, "Owner must not be specified").await
}

async fn used_without_owner(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("used {} {} 1G", at.wwpn, at.lun);
    refused(c, rest, "Owner must be specified").await
}

async fn too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let rest = |at: &crate::Address| format!("free {}", at.wwpn);
    refused(c, rest, "Wrong number of parameters").await
}

async fn hex_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let a = add(c, &pool, &format!("free 0x{} 0x{} 1G", at.wwpn, at.lun)).await?;
    c.confirms("added", &a, "Adding zFCP device to")?;
    let row = c
        .pool(&pool)
        .await?
        .rows
        .into_iter()
        .next()
        .unwrap_or_default();
    c.equal("address", &(row.wwpn, row.lun), &(at.wwpn, at.lun))
}

async fn multipath_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, ports, lun) = two_ports(c).await?;
    let row = c.pool(&pool).await?.row(&lun).cloned().unwrap_or_default();
    c.equal("ports", &row.wwpn, &ports)
}

async fn status_case(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    c.add_row(&pool, "USED", &at.wwpn, &at.lun, "1G", "kitowner")
        .await?;
    let line = format!(
        "--reservezfcp {pool} used kitother 1a80 1G {} {}",
        at.wwpn, at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.refuses("protected", &a, "is in use")
}

async fn remove(
    c: &CaseContext,
    pool: &str,
    lun: &str,
    wwpn: &str,
) -> Result<crate::target::Answer, Stop> {
    c.hypervisor(&format!("--removezfcpfrompool {pool} {lun} {wwpn}"))
        .await
}

async fn remove_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "1G", ""), ("free", "2G", "")])
        .await?;
    let a = remove(c, &pool, &at[0].lun, &at[0].wwpn).await?;
    c.confirms("removed", &a, "Removing zFCP device")?;
    let luns: Vec<String> = c
        .pool(&pool)
        .await?
        .rows
        .into_iter()
        .map(|r| r.lun)
        .collect();
    c.equal("others", &luns, &vec![at[1].lun.clone()])
}

async fn remove_last(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let a = remove(c, &pool, &at[0].lun, &at[0].wwpn).await?;
    c.confirms("removed", &a, "Removing zFCP device")?;
    c.confirms("pool", &a, "Deleting empty zFCP")?;
    let read = c.pool(&pool).await?;
    c.equal("gone", &(read.header, read.rows.len()), &(None, 0))
}

async fn remove_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let at = c.address();
    let a = remove(c, &pool, &at.lun, &at.wwpn).await?;
    c.refuses("refused", &a, "does not exist")?;
    count(c, "unchanged", &pool, 1).await
}

async fn remove_other_wwpn(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let a = remove(c, &pool, &at[0].lun, "50050768094b4954").await?;
    c.refuses("refused", &a, "does not exist")?;
    count(c, "unchanged", &pool, 1).await
}

async fn remove_absent_pool(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.name();
    let at = c.address();
    let a = remove(c, &pool, &at.lun, &at.wwpn).await?;
    c.refuses("refused", &a, "zFCP pool does not exist")
}

async fn remove_used(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "1G", ""), ("free", "1G", "")])
        .await?;
    let line = format!(
        "--reservezfcp {pool} used kitowner 1a80 1G {} {}",
        at[0].wwpn, at[0].lun
    );
    c.hypervisor(&line).await?;
    let used = c.pool(&pool).await?.row(&at[0].lun).cloned();
    if used.is_none_or(|r| r.status != "used") {
        return Err(Stop::blocked("the row could not be made used"));
    }
    let a = remove(c, &pool, &at[0].lun, &at[0].wwpn).await?;
    let refused = !a.complaints().is_empty();
    let rows = c.pool(&pool).await?.rows.len();
    c.equal("as-said", &rows, &(1 + usize::from(refused)))?;
    let seen = if refused { "kept" } else { "removed" };
    c.check_as_executed("used-row", refused, "a refusal", seen)
}

async fn remove_multipath(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, ports, lun) = two_ports(c).await?;
    let second = ports.split(';').nth(1).unwrap_or_default();
    let a = remove(c, &pool, &lun, second).await?;
    c.confirms("removed", &a, "Removing zFCP device")?;
    count(c, "gone", &pool, 0).await
}

async fn remove_two(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "1G", ""), ("free", "1G", ""), ("free", "1G", "")])
        .await?;
    let luns = format!("{},{}", at[0].lun, at[1].lun);
    let a = remove(c, &pool, &luns, &at[0].wwpn).await?;
    c.confirms("removed", &a, "Removing zFCP device")?;
    count(c, "rest", &pool, 1).await
}

async fn case_add(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let upper = pool.to_uppercase();
    let a = add(c, &upper, &format!("free {} {} 1G", at.wwpn, at.lun)).await?;
    c.confirms("added", &a, &format!("Adding zFCP device to {pool} pool"))?;
    count(c, "lower", &pool, 1).await?;
    count(c, "upper", &upper, 1).await
}

async fn case_remove(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let a = remove(c, &pool.to_uppercase(), &at[0].lun, &at[0].wwpn).await?;
    c.confirms("removed", &a, "Removing zFCP device")?;
    count(c, "gone", &pool, 0).await
}

async fn list_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.name();
    let a = c.inventory_of_host(&["--zfcppool", &pool, "all"]).await?;
    c.status("status", &a, 200)?;
    c.check(
        "empty",
        a.info().is_empty() && a.errors().is_empty(),
        "no lines",
        || a.summary(),
    )
}

async fn filter_status(c: &mut CaseContext) -> Result<(), Stop> {
    let rows = [
        ("free", "1G", ""),
        ("used", "2G", "kitowner"),
        ("reserved", "3G", "kitowner"),
    ];
    let (pool, at) = c.pool_with(&rows).await?;
    for (i, (status, _, _)) in rows.iter().enumerate() {
        let read = c.pool_where(&pool, status).await?;
        let luns: Vec<&str> = read.rows.iter().map(|r| r.lun.as_str()).collect();
        c.equal("rows", &luns, &vec![at[i].lun.as_str()])?;
        c.equal("header", &read.header.as_deref(), &Some(HEADER))?;
    }
    Ok(())
}

async fn filter_owner(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "1G", ""), ("used", "2G", "kitfree1")])
        .await?;
    let read = c.pool_where(&pool, "free").await?;
    let luns: Vec<&str> = read.rows.iter().map(|r| r.lun.as_str()).collect();
    c.equal("rows", &luns, &vec![at[0].lun.as_str()])
}

async fn names(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let a = c.inventory_of_host(&["--zfcppoolnames"]).await?;
    let wanted = format!("{}: {pool}", c.host()?);
    c.check(
        "name",
        a.info().iter().any(|l| l.trim_end() == wanted),
        &wanted,
        || a.summary(),
    )
}

async fn names_read_only(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c
        .pool_with(&[("free", "1G", ""), ("free", "2G", "")])
        .await?;
    let before = c.pool(&pool).await?;
    c.inventory_of_host(&["--zfcppoolnames"]).await?;
    let after = c.pool(&pool).await?;
    c.equal("same", &after, &before)
}

async fn second_host(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let other = c.inventory.second_host.clone().unwrap_or_default();
    let a = c
        .send(crate::cleanup::pool_query(&other, &pool, "all"))
        .await?;
    let read = crate::Pool::read(&other, &a);
    c.equal("elsewhere", &read.rows.len(), &0)
}
