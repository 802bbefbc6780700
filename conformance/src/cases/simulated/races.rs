//! Two requests about one pool, the second one between any two remote commands of the first (spec: scsi-pools 6.1). Each case
//! goes through all the gaps; as executed, some gap shows the quirk.

use super::bench::between;
use crate::cases::disk::{disk_in, row_of};
use crate::target::Request;
use crate::{Address, Capability, Case, CaseContext, Need, Pool, Stop};

const HV: Need = Need::Hypervisor;
const HELD: Need = Need::Capability(Capability::BreakPoints);
const F2: Need = Need::FcpDevices(2);

/// Most remote commands of one request; each is a gap.
const GAPS: u64 = 40;

/// The cases.
pub const CASES: &[Case] = &[
    case!("race/reserve/by-size", "Two reservations by size never get one LUN", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q1", Reversible [HV, HELD, Need::Alone], by_size),
    case!("race/reserve/given", "Of two reservations of one given LUN as used, one is refused", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q2", Reversible [HV, HELD, Need::Alone], given),
    case!("race/pool/two-changes", "Of two changes of one pool none is lost", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q3", Reversible [HV, HELD, Need::Alone], two_changes),
    case!("race/pool/two-creations", "Two first rows of a new pool are both there", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q4", Reversible [HV, HELD, Need::Alone], two_creations),
    case!("race/pool/last-row-and-new", "A row that is added while the last one goes stays, below a header", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q5", Reversible [HV, HELD, Need::Alone], last_and_new),
    case!("race/pool/removed-meanwhile", "A row that is removed while it is updated does not come back without its range", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q10", Reversible [HV, HELD, Need::Alone, Need::Luns(1), Need::FcpDevices(1)], removed_meanwhile),
    case!("race/nodes/one-request", "Two nodes of one request that share a zHCP get a LUN each", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q8", Destructive [HV, HELD, Need::Alone, Need::RunningGuests(2), Need::Luns(2), F2], one_request),
    case!("race/image/copy-writes-back", "What others change during a copy is not undone by it", Must [Resilience Image], "scsi-pools-and-hypervisor" "6.1 Q9", Destructive [HV, HELD, Need::Zhcp, Need::Alone, Need::Luns(2), F2], copy_writes_back),
];

/// How the second request falls into the first.
const PLACES: [&str; 2] = ["before", "during"];

fn owner_lines(pool: &Pool) -> Vec<String> {
    pool.rows.iter().map(crate::Row::text).collect()
}

fn reserve(pool: &str, status: &str, owner: &str, rest: &str) -> String {
    format!("--reservezfcp {pool} {status} {owner}  {rest}")
}

async fn by_size(c: &mut CaseContext) -> Result<(), Stop> {
    for place in PLACES {
        for nth in 1..GAPS {
            let (pool, _) = c
                .pool_with(&[("free", "10G", ""), ("free", "10G", "")])
                .await?;
            let line = |owner: &str| format!("--reservezfcp {pool} reserved {owner}  5G");
            let (a, b) = (
                c.hypervisor_request(&line("kita"))?,
                c.hypervisor_request(&line("kitb"))?,
            );
            let at = ("chhypervisor --reservezfcp", nth, place);
            let Some((mine, other)) = between(c, at, a, b).await? else {
                break;
            };
            let rows = c.pool(&pool).await?;
            let owned = |owner: &str| rows.rows.iter().filter(|r| r.owner == owner).count();
            let told = mine.says("was reserved") && other.says("was reserved");
            c.check(
                "own-lun",
                !told || (owned("kita") == 1 && owned("kitb") == 1),
                "a LUN for each of both who are told so",
                || {
                    format!(
                        "both told, gap {place} {nth}: {}",
                        owner_lines(&rows).join(" ")
                    )
                },
            )?;
        }
    }
    Ok(())
}

async fn given(c: &mut CaseContext) -> Result<(), Stop> {
    for place in PLACES {
        for nth in 1..GAPS {
            let (pool, at) = c.pool_with(&[("free", "10G", "")]).await?;
            let address = format!("0 {} {}", at[0].wwpn, at[0].lun);
            let a = c.hypervisor_request(&reserve(&pool, "used", "kita", &address))?;
            let b = c.hypervisor_request(&reserve(&pool, "used", "kitb", &address))?;
            let at = ("chhypervisor --reservezfcp", nth, place);
            let Some((mine, other)) = between(c, at, a, b).await? else {
                break;
            };
            let both = mine.says("was reserved") && other.says("was reserved");
            c.check("one-wins", !both, "one refusal", || {
                format!("both told that it is theirs, gap {place} {nth}")
            })?;
        }
    }
    Ok(())
}

async fn two_changes(c: &mut CaseContext) -> Result<(), Stop> {
    for place in PLACES {
        for nth in 1..GAPS {
            let (pool, at) = c
                .pool_with(&[("free", "10G", ""), ("free", "10G", "")])
                .await?;
            let line = |owner: &str, at: &Address| {
                reserve(
                    &pool,
                    "reserved",
                    owner,
                    &format!("0 {} {}", at.wwpn, at.lun),
                )
            };
            let a = c.hypervisor_request(&line("kita", &at[0]))?;
            let b = c.hypervisor_request(&line("kitb", &at[1]))?;
            let point = ("chhypervisor --reservezfcp", nth, place);
            let Some((mine, other)) = between(c, point, a, b).await? else {
                break;
            };
            let rows = c.pool(&pool).await?;
            let owner = |at: &Address| {
                rows.row(&at.lun)
                    .map(|r| r.owner.clone())
                    .unwrap_or_default()
            };
            let seen = (owner(&at[0]), owner(&at[1]));
            let told = mine.says("was reserved") && other.says("was reserved");
            c.check(
                "both-there",
                !told || seen == ("kita".to_owned(), "kitb".to_owned()),
                "both changes in the file",
                || {
                    format!(
                        "both told, gap {place} {nth}: {}",
                        owner_lines(&rows).join(" ")
                    )
                },
            )?;
        }
    }
    Ok(())
}

async fn two_creations(c: &mut CaseContext) -> Result<(), Stop> {
    for place in PLACES {
        for nth in 1..GAPS {
            let pool = c.new_pool()?;
            let (one, two) = (c.address(), c.address());
            let line =
                |at: &Address| format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
            let (a, b) = (
                c.hypervisor_request(&line(&one))?,
                c.hypervisor_request(&line(&two))?,
            );
            let point = ("chhypervisor --addzfcp2pool", nth, place);
            let Some((mine, other)) = between(c, point, a, b).await? else {
                break;
            };
            let rows = c.pool(&pool).await?;
            let told = mine.says("... Done") && other.says("... Done");
            c.check(
                "both-there",
                !told || rows.rows.len() == 2,
                "two rows",
                || {
                    format!(
                        "both told, gap {place} {nth}: {}",
                        owner_lines(&rows).join(" ")
                    )
                },
            )?;
        }
    }
    Ok(())
}

async fn last_and_new(c: &mut CaseContext) -> Result<(), Stop> {
    for place in PLACES {
        for nth in 1..GAPS {
            let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
            let new = c.address();
            let remove = format!("--removezfcpfrompool {pool} {} {}", at[0].lun, at[0].wwpn);
            let add = format!("--addzfcp2pool {pool} free {} {} 1G", new.wwpn, new.lun);
            let (a, b) = (c.hypervisor_request(&remove)?, c.hypervisor_request(&add)?);
            let point = ("chhypervisor --removezfcpfrompool", nth, place);
            let Some((_, other)) = between(c, point, a, b).await? else {
                break;
            };
            let rows = c.pool(&pool).await?;
            let told = other.says("... Done");
            let there = rows.row(&new.lun).is_some() && rows.header.is_some();
            c.check(
                "new-row",
                !told || there,
                "the new row below a header",
                || {
                    format!(
                        "told, gap {place} {nth}: header {:?}, rows {}",
                        rows.header,
                        owner_lines(&rows).join(" ")
                    )
                },
            )?;
        }
    }
    Ok(())
}

async fn removed_meanwhile(c: &mut CaseContext) -> Result<(), Stop> {
    let (lent, fcp) = (c.lun(1, 0)?, c.fcp(0)?.device);
    for place in PLACES {
        for nth in 1..GAPS {
            // The same LUN is in each round's pool.
            c.clean_up().await?;
            let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
            let wwpn = lent.wwpns[0].clone();
            row_of(c, &pool, &lent, &wwpn, &fcp, "10G").await?;
            let address = format!("0 {wwpn} {}", lent.lun);
            let a = c.hypervisor_request(&reserve(&pool, "reserved", "kita", &address))?;
            let remove = format!("--removezfcpfrompool {pool} {} {wwpn}", lent.lun);
            let b = c.hypervisor_request(&remove)?;
            let point = ("chhypervisor --reservezfcp", nth, place);
            let Some((_, other)) = between(c, point, a, b).await? else {
                break;
            };
            let rows = c.pool(&pool).await?;
            let back = rows.row(&lent.lun).filter(|r| r.range.is_empty());
            c.check(
                "not-back",
                !(other.says("... Done") && back.is_some()),
                "no row without a range",
                || {
                    format!(
                        "removed and back, gap {place} {nth}: {}",
                        owner_lines(&rows).join(" ")
                    )
                },
            )?;
        }
    }
    Ok(())
}

/// Two nodes of one request are carried out side by side: here they are two requests that the kit sends at once, and the
/// gaps are the same (spec: scsi-pools 6.1 Q8). A noderange of two guests would be outside what each of them is lent for.
async fn one_request(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = (
        c.guest(crate::target::GuestState::Running, 0)?,
        c.guest(crate::target::GuestState::Running, 1)?,
    );
    for nth in 1..GAPS {
        let pool = c.new_pool()?;
        let first = disk_in(c, &pool, 0, 0).await?;
        let second = disk_in(c, &pool, 1, 1).await?;
        let line = |disk: &crate::cases::disk::Disk, node: &str| {
            let line = format!("--addzfcp {pool} {} 0 1G", disk.fcp);
            Request::put(format!("/vms/{node}"), &line)
        };
        let (mine, other) = (line(&first, &a), line(&second, &b));
        let Some((mine, other)) =
            between(c, ("chvm --addzfcp", nth, "before"), mine, other).await?
        else {
            break;
        };
        let rows = c.pool(&pool).await?;
        let owned = |node: &str| rows.rows.iter().filter(|r| r.owner == node).count();
        let told = mine.says("Adding zFCP device") && other.says("Adding zFCP device");
        let seen = (owned(&a), owned(&b));
        c.check("own-lun", !told || seen == (1, 1), "a LUN for each", || {
            format!("both told, gap {nth}: {}", owner_lines(&rows).join(" "))
        })?;
        c.clean_up().await?;
    }
    Ok(())
}

async fn copy_writes_back(c: &mut CaseContext) -> Result<(), Stop> {
    // A healthy copy takes sizes in M as executed (Q48).
    let fcp = c.fcp(0)?.device;
    let (one, two) = (c.lun(1, 0)?, c.lun(1, 1)?);
    for nth in (1..GAPS).step_by(4) {
        let pool = c.new_pool()?;
        let source = row_of(c, &pool, &one, &one.wwpns[0].clone(), &fcp, "10240M").await?;
        let target = row_of(c, &pool, &two, &two.wwpns[0].clone(), &fcp, "10240M").await?;
        let copy = format!(
            "--copyzfcp {fcp} {} {} {} {}",
            source.wwpn, source.lun, target.wwpn, target.lun
        );
        let a = c.hypervisor_request(&copy)?;
        let address = format!("0 {} {}", source.wwpn, source.lun);
        let b = c.hypervisor_request(&reserve(&pool, "reserved", "kitb", &address))?;
        let point = ("chhypervisor --copyzfcp", nth, "before");
        let Some((_, other)) = between(c, point, a, b).await? else {
            break;
        };
        let rows = c.pool(&pool).await?;
        let owner = rows
            .row(&source.lun)
            .map(|r| r.owner.clone())
            .unwrap_or_default();
        c.check(
            "kept",
            !other.says("was reserved") || owner == "kitb",
            "the reservation made meanwhile",
            || format!("told, gap {nth}: {}", owner_lines(&rows).join(" ")),
        )?;
        c.clean_up().await?;
    }
    Ok(())
}
