//! Reserving and releasing rows (spec: driver 6.2 RES; scsi-pools 2.2, 2.3, 3).

use super::needs::HV;
use crate::{Address, Case, CaseContext, Row, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("reserve/given/reserved", "A free row can be reserved by its address for an owner, without channel", Must [Volume], "driver" "6.2 RES-01", Reversible [HV], given_reserved),
    case!("reserve/given/used-with-channel", "A free row can be taken into use with a given channel", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], given_used),
    case!("reserve/given/confirmation-order", "The confirmations come in order and name the device", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], confirmation_order),
    case!("reserve/given/other-rows", "Reserving one row leaves the others as they are", Must [Volume], "driver" "6.2 RES-01", Reversible [HV], other_rows),
    case!("reserve/given/used-by-other", "A row in use is not taken over", Must [Volume], "driver" "6.2 RES-04", Reversible [HV], used_by_other),
    case!("reserve/given/reserved-by-other", "Whether a row reserved for one owner is given to another is said as it is (recorded)", Should [Volume], "driver" "6.2 RES-05", Reversible [HV], reserved_by_other),
    case!("reserve/given/absent", "Reserving an absent row is refused in readable words with the node's name", Should [Volume], "scsi-pools-and-hypervisor" "6.3 Q24", Reversible [HV], absent_row),
    case!("reserve/given/absent-unchanged", "Reserving an absent row changes nothing", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], absent_unchanged),
    case!("reserve/given/hex-prefix", "An address with 0x names the same row", Should [Volume], "scsi-pools-and-hypervisor" "6.3 Q22", Reversible [HV], hex_prefix),
    case!("reserve/given/upper-case", "An address in capitals names the same row", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], upper_case),
    case!("reserve/given/shortened", "A shortened address names no row", Should [Volume], "scsi-pools-and-hypervisor" "6.2 Q11", Reversible [HV], shortened),
    case!("reserve/given/one-lun-two-ports", "With one LUN number behind two ports, the named row is changed", Should [Volume], "driver" "6.2 POOL-11", Reversible [HV], one_lun_two_ports),
    case!("reserve/given/keeps-size", "A reservation keeps size and range of the row", Must [Volume], "scsi-pools-and-hypervisor" "1.3", Reversible [HV], keeps_size),
    case!("reserve/argument/status-free", "Reserving with status free is refused", Must [Volume], "driver" "6.2 RES-07", Reversible [HV], status_free),
    case!("reserve/argument/unknown-status", "Reserving with an unknown status is refused and changes nothing", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], unknown_status),
    case!("reserve/argument/wwpn-without-lun", "A WWPN without LUN is refused", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], wwpn_without_lun),
    case!("reserve/argument/too-few", "Too few arguments are refused", Must [Volume], "scsi-pools-and-hypervisor" "2.2", Reversible [HV], too_few),
    case!("reserve/fit/smallest", "By size, the smallest sufficient free row is taken", Must [Volume], "driver" "6.2 RES-03", Reversible [HV], best_fit),
    case!("reserve/fit/exact", "A row of exactly the size is sufficient", Must [Volume], "driver" "6.2 RES-03", Reversible [HV], exact_fit),
    case!("reserve/fit/units", "Sizes in M and G are compared as sizes", Must [Volume], "scsi-pools-and-hypervisor" "3.2", Reversible [HV], fit_units),
    case!("reserve/fit/fraction", "With a size with a fraction in the pool one row is taken; how it is read is recorded", Should [Volume], "scsi-pools-and-hypervisor" "6.3 Q32", Reversible [HV], fit_fraction),
    case!("reserve/fit/tie", "Of rows of one size, one is taken and the others stay free", Must [Volume], "scsi-pools-and-hypervisor" "3.3", Reversible [HV], fit_tie),
    case!("reserve/fit/too-large", "When no row is large enough, the request is refused and nothing changes", Must [Volume], "driver" "6.2 RES-03", Reversible [HV], too_large),
    case!("reserve/fit/free-only", "Rows in use or reserved are not taken by size", Must [Volume], "driver" "6.2 RES-03", Reversible [HV], free_only),
    case!("reserve/fit/without-size", "A row without size is not taken for a size", Must [Volume], "driver" "5 D51", Reversible [HV], without_size),
    case!("reserve/fit/absent-pool", "By size from an absent pool, the request is refused", Must [Volume], "scsi-pools-and-hypervisor" "3.3", Reversible [HV], absent_pool),
    case!("reserve/fit/tag-cleared", "A reservation writes an empty tag", May [Volume], "driver" "6.2 RES-08", Reversible [HV], tag_cleared),
    case!("reserve/release/reserved", "A reserved row becomes free, without owner and channel", Must [Volume], "driver" "6.2 RES-02", Reversible [HV], release_reserved),
    case!("reserve/release/used", "A used row becomes free, without owner and channel", Must [Volume], "driver" "6.2 RES-02", Reversible [HV], release_used),
    case!("reserve/release/twice", "Releasing a free row succeeds and leaves it free", Must [Volume], "driver" "6.2 RES-02", Reversible [HV], release_twice),
    case!("reserve/release/absent", "Releasing an absent row is refused by name", Must [Volume], "scsi-pools-and-hypervisor" "2.3", Reversible [HV], release_absent),
    case!("reserve/release/two-luns", "Two LUNs can be released at once", Should [Volume], "driver" "6.2 RES-09", Reversible [HV], release_two),
    case!("reserve/release/second-absent", "Of two LUNs to release, the present one is released and the absent one refused", Should [Volume], "scsi-pools-and-hypervisor" "2.3", Reversible [HV], release_second_absent),
    case!("reserve/release/hex-prefix", "Releasing with 0x names the device without doubling it", Should [Volume], "scsi-pools-and-hypervisor" "6.3 Q22", Reversible [HV], release_hex_prefix),
    case!("reserve/release/empty-wwpn", "Releasing without WWPN frees no other row", Must [Volume], "scsi-pools-and-hypervisor" "6.3 Q26", Reversible [HV], release_empty_wwpn),
    case!("reserve/cycle/reuse", "A released row can be reserved again", Must [Volume], "driver" "6.2 RES-02", Reversible [HV], reuse),
    case!("reserve/cycle/remove-and-add", "A removed row can be added again", Must [Volume], "driver" "6.2 POOL-06", Reversible [HV], remove_and_add),
    case!("reserve/race/two-by-size", "Two requests by size at once get two rows", Must [Resilience], "driver" "6.2 CON-02", Reversible [HV], race_by_size),
    case!("reserve/race/one-row", "Five requests at once for the only row: one wins", Must [Resilience], "driver" "6.2 CON-03", Reversible [HV], race_one_row),
    case!("reserve/race/adds", "Rows added at once are all there", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q4", Reversible [HV], race_adds),
    case!("reserve/race/list-while-changing", "A list during changes holds whole rows only", Must [Resilience], "driver" "6.2 CON-07", Reversible [HV], race_list),
    case!("reserve/limit/owner-34", "An owner of 34 characters is stored unchanged", Must [Volume], "driver" "6.2 LIM-03", Reversible [HV], owner_34),
    case!("reserve/limit/owner-40", "An owner of 40 characters is stored unchanged", Should [Volume], "driver" "6.2 LIM-03", Reversible [HV], owner_40),
    case!("reserve/limit/eight-ports", "A row of eight target ports is kept whole", Must [Multipath], "driver" "6.2 LIM-01", Reversible [HV], eight_ports),
    case!("reserve/limit/large-lun", "A row of 4 TiB is found by its size", Must [Volume], "driver" "6.2 LIM-05", Reversible [HV], large_lun),
    case!("reserve/limit/calls-in-a-row", "A hundred calls one after the other are all answered alike", Must [Resilience], "driver" "6.2 LIM-09", ReadOnly [HV], hundred_calls),
    case!("reserve/limit/fifty-rows", "A pool of fifty rows is listed whole and in order", Must [Resilience], "driver" "6.2 POOL-12", Reversible [HV], fifty_rows),
];

const OWNER: &str = "cv0123456789abcdef0123456789abcdef";

fn by_address(pool: &str, status: &str, owner: &str, device: &str, at: &Address) -> String {
    format!(
        "--reservezfcp {pool} {status} {owner} {device} 0 {} {}",
        at.wwpn, at.lun
    )
}

async fn row(c: &CaseContext, pool: &str, at: &Address) -> Result<Row, Stop> {
    let read = c.pool(pool).await?;
    let found = read
        .rows
        .iter()
        .find(|r| r.lun.eq_ignore_ascii_case(&at.lun) && r.wwpn.eq_ignore_ascii_case(&at.wwpn));
    found
        .cloned()
        .ok_or_else(|| Stop::fail("row-kept", "the row in the pool", format!("{read:?}")))
}

fn is(c: &CaseContext, row: &Row, status: &str, owner: &str, channel: &str) -> Result<(), Stop> {
    let seen = (
        row.status.as_str(),
        row.owner.as_str(),
        row.channel.as_str(),
    );
    c.equal("row", &seen, &(status, owner, channel))
}

async fn one_free(c: &mut CaseContext) -> Result<(String, Address), Stop> {
    let (pool, mut at) = c.pool_with(&[("free", "1G", "")]).await?;
    Ok((pool, at.remove(0)))
}

/// A reservation that the rest of a case builds on.
async fn reserve(c: &CaseContext, line: &str) -> Result<(), Stop> {
    let a = c.hypervisor(line).await?;
    if a.says("Reserving FCP device... Done") && a.complaints().is_empty() {
        Ok(())
    } else {
        Err(Stop::blocked(format!("no reservation: {}", a.summary())))
    }
}

async fn given_reserved(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let line = format!(
        "--reservezfcp {pool} reserved {OWNER}  0 {} {}",
        at.wwpn, at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    is(c, &row(c, &pool, &at).await?, "reserved", OWNER, "")
}

async fn given_used(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &at))
        .await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    is(c, &row(c, &pool, &at).await?, "used", "kitowner", "1a80")
}

async fn confirmation_order(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &at))
        .await?;
    let host = c.host()?;
    let (w, l) = (&at.wwpn, &at.lun);
    let wanted = vec![
        format!("{host}: Using given WWPN and LUN"),
        format!("{host}: Found FCP device 0x{w}/0x{l}"),
        format!("{host}: Reserving FCP device... Done"),
        format!("{host}: FCP device 1a80/0x{w}/0x{l} was reserved... Done"),
    ];
    c.equal("lines", &a.info(), &wanted)
}

async fn other_rows(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[
            ("free", "1G", ""),
            ("free", "1G", ""),
            ("used", "2G", "kitx"),
        ])
        .await?;
    let before = c.pool(&pool).await?;
    reserve(c, &by_address(&pool, "used", "kitowner", "1a80", &at[1])).await?;
    let after = c.pool(&pool).await?;
    for i in [0, 2] {
        c.equal("other", &after.row(&at[i].lun), &before.row(&at[i].lun))?;
    }
    Ok(())
}

async fn used_by_other(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("used", "1G", "kitfirst")]).await?;
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitsecond", "1a80", &at[0]))
        .await?;
    c.refuses("refused", &a, "is in use")?;
    is(c, &row(c, &pool, &at[0]).await?, "used", "kitfirst", "")
}

async fn reserved_by_other(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("reserved", "1G", "kitfirst")]).await?;
    let a = c
        .hypervisor(&by_address(&pool, "reserved", "kitsecond", "1a80", &at[0]))
        .await?;
    let owner = row(c, &pool, &at[0]).await?.owner;
    c.record("owner afterwards", owner.clone());
    let wanted = if a.complaints().is_empty() {
        "kitsecond"
    } else {
        "kitfirst"
    };
    c.equal("as-said", &owner.as_str(), &wanted)
}

async fn absent_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = one_free(c).await?;
    let absent = c.address();
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &absent))
        .await?;
    let prefix = format!("{}: (Error)", c.host()?);
    c.check(
        "readable",
        a.errors().iter().any(|l| l.starts_with(&prefix)),
        &format!("an error that starts with '{prefix}'"),
        || a.summary(),
    )
}

async fn absent_unchanged(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = one_free(c).await?;
    let before = c.pool(&pool).await?;
    let absent = c.address();
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &absent))
        .await?;
    c.check("refused", !a.complaints().is_empty(), "a refusal", || {
        a.summary()
    })?;
    c.equal("unchanged", &c.pool(&pool).await?, &before)
}

async fn hex_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let line = format!(
        "--reservezfcp {pool} used kitowner 1a80 0 0x{} 0x{}",
        at.wwpn, at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    is(c, &row(c, &pool, &at).await?, "used", "kitowner", "1a80")
}

async fn upper_case(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let upper = Address {
        wwpn: at.wwpn.to_uppercase(),
        lun: at.lun.to_uppercase(),
    };
    let a = c
        .hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &upper))
        .await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    is(c, &row(c, &pool, &at).await?, "used", "kitowner", "1a80")
}

async fn shortened(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let short = Address {
        wwpn: at.wwpn[12..].to_owned(),
        lun: at.lun.clone(),
    };
    c.hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &short))
        .await?;
    let status = row(c, &pool, &at).await?.status;
    c.equal("untouched", &status.as_str(), &"free")
}

async fn one_lun_two_ports(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let twin = Address {
        wwpn: "50050768024b4954".to_owned(),
        lun: at.lun.clone(),
    };
    c.add_row(&pool, "free", &twin.wwpn, &twin.lun, "1G", "")
        .await?;
    c.hypervisor(&by_address(&pool, "used", "kitowner", "1a80", &at))
        .await?;
    let (named, other) = (row(c, &pool, &at).await?, row(c, &pool, &twin).await?);
    c.equal(
        "named",
        &(named.status.as_str(), other.status.as_str()),
        &("used", "free"),
    )
}

async fn keeps_size(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let line = format!(
        "--addzfcp2pool {pool} free {} {} 7G 1A80-1B90",
        at.wwpn, at.lun
    );
    c.hypervisor(&line).await?;
    reserve(c, &by_address(&pool, "used", "kitowner", "1a80", &at)).await?;
    let row = row(c, &pool, &at).await?;
    c.equal("range", &row.range.as_str(), &"1A80-1B90")?;
    c.equal("size", &megabytes(&row.size), &Some(7 * 1024))
}

fn megabytes(size: &str) -> Option<u64> {
    let size = size.to_ascii_uppercase();
    if let Some(g) = size.strip_suffix('G') {
        return g.parse::<u64>().ok().map(|g| g * 1024);
    }
    size.strip_suffix('M')?.parse().ok()
}

async fn status_free(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let a = c
        .hypervisor(&by_address(&pool, "free", "kitowner", "1a80", &at))
        .await?;
    c.refuses("refused", &a, "Status can be used or reserved but not free")
}

async fn unknown_status(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let a = c
        .hypervisor(&by_address(&pool, "kitstatus", "kitowner", "1a80", &at))
        .await?;
    c.refuses("refused", &a, "Status not recognized")?;
    is(c, &row(c, &pool, &at).await?, "free", "", "")
}

async fn wwpn_without_lun(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    // The last word is the LUN; an empty word before it is the WWPN.
    let line = format!("--reservezfcp {pool} used kitowner 1a80 0  {}", at.lun);
    let a = c.hypervisor(&line).await?;
    c.refuses(
        "refused",
        &a,
        "WWPN and LUN must both be specified or both not",
    )?;
    is(c, &row(c, &pool, &at).await?, "free", "", "")
}

async fn too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = one_free(c).await?;
    let a = c.hypervisor(&format!("--reservezfcp {pool} used")).await?;
    c.refuses("refused", &a, "Wrong number of parameters")
}

/// Reserves by size and says which row changed.
async fn fit(c: &mut CaseContext, sizes: &[&str], size: &str, wanted: usize) -> Result<(), Stop> {
    let rows: Vec<_> = sizes.iter().map(|s| ("free", *s, "")).collect();
    let (pool, at) = c.pool_with(&rows).await?;
    let a = c
        .hypervisor(&format!(
            "--reservezfcp {pool} reserved kitowner 1a80 {size}"
        ))
        .await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    let read = c.pool(&pool).await?;
    let taken: Vec<usize> = (0..at.len())
        .filter(|i| read.row(&at[*i].lun).is_some_and(|r| r.status != "free"))
        .collect();
    c.equal("taken", &taken, &vec![wanted])
}

async fn best_fit(c: &mut CaseContext) -> Result<(), Stop> {
    fit(c, &["50G", "20G", "10G"], "15G", 1).await
}

async fn exact_fit(c: &mut CaseContext) -> Result<(), Stop> {
    fit(c, &["20G", "10G"], "10G", 1).await
}

async fn fit_units(c: &mut CaseContext) -> Result<(), Stop> {
    fit(c, &["3G", "2500M", "2G"], "2100M", 1).await
}

async fn fit_fraction(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "2.5G", ""), ("free", "9G", "")])
        .await?;
    let a = c
        .hypervisor(&format!("--reservezfcp {pool} reserved kitowner 1a80 2G"))
        .await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    let taken = row(c, &pool, &at[0]).await?.status == "reserved";
    let read = if taken {
        "as a fraction"
    } else {
        "by its digits, so that it counts ten times"
    };
    c.record("a size of 2.5G is read", read);
    let rows = c.pool(&pool).await?.rows;
    let reserved = rows.iter().filter(|r| r.status == "reserved").count();
    c.equal("one-row", &reserved, &1)
}

async fn fit_tie(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c
        .pool_with(&[("free", "5G", ""), ("free", "5G", ""), ("free", "5G", "")])
        .await?;
    reserve(
        c,
        &format!("--reservezfcp {pool} reserved kitowner 1a80 5G"),
    )
    .await?;
    let free = c
        .pool(&pool)
        .await?
        .rows
        .iter()
        .filter(|r| r.status == "free")
        .count();
    c.equal("free", &free, &2)
}

async fn refused_by_size(
    c: &mut CaseContext,
    rows: &[(&str, &str, &str)],
    size: &str,
) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(rows).await?;
    let before = c.pool(&pool).await?;
    let a = c
        .hypervisor(&format!(
            "--reservezfcp {pool} reserved kitowner 1a80 {size}"
        ))
        .await?;
    c.refuses("refused", &a, "could not be found")?;
    c.equal("unchanged", &c.pool(&pool).await?, &before)
}

async fn too_large(c: &mut CaseContext) -> Result<(), Stop> {
    refused_by_size(c, &[("free", "10G", ""), ("free", "20G", "")], "60G").await
}

async fn free_only(c: &mut CaseContext) -> Result<(), Stop> {
    let rows = [("used", "10G", "kitx"), ("reserved", "10G", "kity")];
    refused_by_size(c, &rows, "10G").await
}

async fn without_size(c: &mut CaseContext) -> Result<(), Stop> {
    refused_by_size(c, &[("free", "M", "")], "1G").await
}

async fn absent_pool(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let a = c
        .hypervisor(&format!("--reservezfcp {pool} reserved kitowner 1a80 1G"))
        .await?;
    c.check("refused", !a.complaints().is_empty(), "a refusal", || {
        a.summary()
    })?;
    let rows = c.pool(&pool).await?.rows.len();
    c.equal("unchanged", &rows, &0)
}

async fn tag_cleared(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    reserve(c, &by_address(&pool, "reserved", "kitowner", "1a80", &at)).await?;
    let tag = row(c, &pool, &at).await?.tag;
    c.equal("tag", &tag.as_str(), &"")
}

async fn release(c: &CaseContext, pool: &str, at: &Address) -> Result<crate::target::Answer, Stop> {
    c.hypervisor(&format!("--releasezfcp {pool} {} {}", at.wwpn, at.lun))
        .await
}

async fn release_from(c: &mut CaseContext, status: &str) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    reserve(c, &by_address(&pool, status, "kitowner", "1a80", &at)).await?;
    let a = release(c, &pool, &at).await?;
    c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    is(c, &row(c, &pool, &at).await?, "free", "", "")
}

async fn release_reserved(c: &mut CaseContext) -> Result<(), Stop> {
    release_from(c, "reserved").await
}

async fn release_used(c: &mut CaseContext) -> Result<(), Stop> {
    release_from(c, "used").await
}

async fn release_twice(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    for _ in 0..2 {
        let a = release(c, &pool, &at).await?;
        c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    }
    is(c, &row(c, &pool, &at).await?, "free", "", "")
}

async fn release_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = one_free(c).await?;
    let absent = c.address();
    let a = release(c, &pool, &absent).await?;
    c.refuses(
        "refused",
        &a,
        &format!("could not be found in zFCP pool {pool}"),
    )
}

async fn release_two(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("used", "1G", "kitx"), ("used", "1G", "kity")])
        .await?;
    let line = format!(
        "--releasezfcp {pool} {} {},{}",
        at[0].wwpn, at[0].lun, at[1].lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    for at in &at {
        is(c, &row(c, &pool, at).await?, "free", "", "")?;
    }
    Ok(())
}

async fn release_second_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("used", "1G", "kitx")]).await?;
    let absent = c.address();
    let line = format!(
        "--releasezfcp {pool} {} {},{}",
        at[0].wwpn, at[0].lun, absent.lun
    );
    let a = c.hypervisor(&line).await?;
    c.refuses("refused", &a, &absent.lun)?;
    is(c, &row(c, &pool, &at[0]).await?, "free", "", "")
}

async fn release_hex_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("used", "1G", "kitx")]).await?;
    let line = format!("--releasezfcp {pool} 0x{} 0x{}", at[0].wwpn, at[0].lun);
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    is(c, &row(c, &pool, &at[0]).await?, "free", "", "")?;
    c.check("text", !a.says("0x0x"), "no doubled 0x", || a.summary())
}

async fn release_empty_wwpn(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("used", "1G", "kitx"), ("free", "1G", "")])
        .await?;
    let before = c.pool(&pool).await?;
    let a = c
        .hypervisor(&format!("--releasezfcp {pool}  {}", at[0].lun))
        .await?;
    c.check(
        "refused",
        !a.says("was released"),
        "no word of a release",
        || a.summary(),
    )?;
    c.equal("unchanged", &c.pool(&pool).await?, &before)
}

async fn reuse(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    for owner in ["kitfirst", "kitsecond", "kitthird"] {
        let a = c
            .hypervisor(&by_address(&pool, "used", owner, "1a80", &at))
            .await?;
        c.confirms("reserved", &a, "Reserving FCP device... Done")?;
        is(c, &row(c, &pool, &at).await?, "used", owner, "1a80")?;
        let a = release(c, &pool, &at).await?;
        c.confirms("released", &a, "Releasing FCP device... Done")?;
    }
    Ok(())
}

async fn remove_and_add(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    for _ in 0..3 {
        let line = format!("--removezfcpfrompool {pool} {} {}", at.lun, at.wwpn);
        let a = c.hypervisor(&line).await?;
        c.confirms("removed", &a, "Removing zFCP device")?;
        let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
        let a = c.hypervisor(&line).await?;
        c.confirms("added", &a, "Adding zFCP device to")?;
    }
    let rows = c.pool(&pool).await?.rows.len();
    c.equal("rows", &rows, &1)
}

async fn race_by_size(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c
        .pool_with(&[("free", "1G", ""), ("free", "1G", "")])
        .await?;
    let requests = ["kitfirst", "kitsecond"]
        .map(|o| c.hypervisor_request(&format!("--reservezfcp {pool} reserved {o} 1a80 1G")));
    let requests: Result<Vec<_>, _> = requests.into_iter().collect();
    let answers = c.send_all(requests?).await?;
    let done = answers
        .iter()
        .filter(|a| a.says("Reserving FCP device... Done"))
        .count();
    let read = c.pool(&pool).await?;
    let mut owners: Vec<&str> = read
        .rows
        .iter()
        .filter(|r| r.status == "reserved")
        .map(|r| r.owner.as_str())
        .collect();
    owners.sort_unstable();
    c.check(
        "own-rows",
        owners.len() == done,
        "a row for each confirmation",
        || format!("{} row for {done} confirmed", owners.len()),
    )?;
    c.equal("both", &owners, &vec!["kitfirst", "kitsecond"])
}

async fn race_one_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    let requests: Result<Vec<_>, _> = (0..5)
        .map(|i| c.hypervisor_request(&by_address(&pool, "used", &format!("kit{i}"), "1a80", &at)))
        .collect();
    let answers = c.send_all(requests?).await?;
    let done = answers
        .iter()
        .filter(|a| a.says("Reserving FCP device... Done"))
        .count();
    c.check("one-winner", done == 1, "one success", || match done {
        0 => "none confirmed".to_owned(),
        _ => format!("{done} rivals confirmed"),
    })
}

async fn race_adds(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let mut requests = Vec::new();
    for _ in 0..6 {
        let at = c.address();
        let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
        requests.push(c.hypervisor_request(&line)?);
    }
    let answers = c.send_all(requests).await?;
    let done = answers
        .iter()
        .filter(|a| a.says("Adding zFCP device to"))
        .count();
    let rows = c.pool(&pool).await?.rows.len();
    c.check(
        "as-told",
        rows == done,
        "as many rows as were confirmed",
        || format!("{rows} row(s) of {done} confirmed"),
    )?;
    c.equal("rows", &rows, &6)
}

async fn race_list(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("free", "1G", ""), ("free", "1G", ""), ("free", "1G", "")])
        .await?;
    let host = c.host()?.to_owned();
    let mut requests = Vec::new();
    for at in &at {
        requests.push(c.hypervisor_request(&by_address(&pool, "used", "kitx", "1a80", at))?);
        requests.push(crate::cleanup::pool_query(&host, &pool, "all"));
    }
    let answers = c.send_all(requests).await?;
    for a in answers.iter().skip(1).step_by(2) {
        let read = crate::Pool::read(&host, a);
        c.check(
            "whole-rows",
            read.rows
                .iter()
                .all(|r| r.text().split(',').count() == 8 && r.lun.len() == 16),
            "rows of eight fields",
            || a.summary(),
        )?;
    }
    Ok(())
}

async fn owner_of(c: &mut CaseContext, owner: &str) -> Result<(), Stop> {
    let (pool, at) = one_free(c).await?;
    reserve(c, &by_address(&pool, "reserved", owner, "1a80", &at)).await?;
    let stored = row(c, &pool, &at).await?.owner;
    c.equal("owner", &stored.as_str(), &owner)
}

async fn owner_34(c: &mut CaseContext) -> Result<(), Stop> {
    owner_of(c, OWNER).await
}

async fn owner_40(c: &mut CaseContext) -> Result<(), Stop> {
    owner_of(c, &format!("{OWNER}abcdef")).await
}

async fn eight_ports(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let ports: Vec<String> = (1..=8).map(|i| format!("50050768{i:02x}4b4954")).collect();
    let ports = ports.join(";");
    c.add_row(&pool, "free", &ports, &at.lun, "1G", "").await?;
    let stored = c
        .pool(&pool)
        .await?
        .row(&at.lun)
        .cloned()
        .unwrap_or_default();
    c.equal("ports", &stored.wwpn, &ports)
}

async fn large_lun(c: &mut CaseContext) -> Result<(), Stop> {
    fit(c, &["100G", "4096G", "2048G"], "3000G", 1).await
}

async fn hundred_calls(c: &mut CaseContext) -> Result<(), Stop> {
    let first = c.get("/version").await?;
    for _ in 0..99 {
        let a = c.get("/version").await?;
        c.equal("alike", &(a.status, &a.body), &(first.status, &first.body))?;
    }
    Ok(())
}

async fn fifty_rows(c: &mut CaseContext) -> Result<(), Stop> {
    let rows: Vec<_> = (0..50).map(|_| ("free", "1G", "")).collect();
    let (pool, at) = c.pool_with(&rows).await?;
    let read = c.pool(&pool).await?;
    let luns: Vec<&str> = read.rows.iter().map(|r| r.lun.as_str()).collect();
    let wanted: Vec<&str> = at.iter().map(|a| a.lun.as_str()).collect();
    c.equal("order", &luns, &wanted)
}
