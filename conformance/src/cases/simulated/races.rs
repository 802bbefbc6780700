//! Two requests about one pool, the second one between any two remote commands of the first (spec: scsi-pools 6.1). Each case
//! goes through all the gaps; as executed, some gap shows the quirk.

use super::bench::between;
use crate::cases::disk::{Disk, disk_in, row_of};
use crate::cases::needs::{F2, HELD, HV};
use crate::target::{Answer, GuestState, Request};
use crate::{Address, Case, CaseContext, Need, Pool, Stop};

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

/// The gaps of a request, one after the other.
struct Gaps {
    operation: &'static str,
    /// How the second request falls into the first: before a remote command, or while one edits a file.
    places: &'static [&'static str],
    step: u64,
    /// Place and number of the remote command of the gap that was taken last.
    at: (usize, u64),
}

impl Gaps {
    /// All gaps of an operation.
    fn of(operation: &'static str) -> Self {
        Self {
            operation,
            places: &["before", "during"],
            step: 1,
            at: (0, 0),
        }
    }

    /// Only every `step`th gap, and only before remote commands.
    fn before(operation: &'static str, step: u64) -> Self {
        Self {
            places: &["before"],
            step,
            ..Self::of(operation)
        }
    }

    /// Goes on to the next gap; false after the last.
    fn more(&mut self) -> bool {
        self.at.1 += if self.at.1 == 0 { 1 } else { self.step };
        if self.at.1 >= GAPS {
            self.at = (self.at.0 + 1, 1);
        }
        self.at.0 < self.places.len()
    }

    /// Both answers, the second request in this gap of the first. Nothing, and on with the next place, when the first has
    /// no such gap.
    async fn race(
        &mut self,
        c: &mut CaseContext,
        first: Request,
        second: Request,
    ) -> Result<Option<(Answer, Answer)>, Stop> {
        let (place, nth) = self.at;
        let at = (self.operation, nth, self.places[place]);
        let answers = between(c, at, first, second).await?;
        if answers.is_none() {
            self.at.1 = GAPS;
        }
        Ok(answers)
    }

    /// What was seen in this gap.
    fn seen(&self, told: &str, pool: &Pool) -> String {
        let (place, nth) = self.at;
        let rows: Vec<String> = pool.rows.iter().map(crate::Row::text).collect();
        let (place, rows) = (self.places[place], rows.join(" "));
        format!(
            "{told}, gap {place} {nth}: header {:?}, rows {rows}",
            pool.header
        )
    }
}

const RESERVE: &str = "chhypervisor --reservezfcp";

fn reserve(pool: &str, status: &str, owner: &str, rest: &str) -> String {
    format!("--reservezfcp {pool} {status} {owner}  {rest}")
}

/// The line that reserves one LUN.
fn reserve_at(pool: &str, status: &str, owner: &str, at: &Address) -> String {
    reserve(pool, status, owner, &format!("0 {} {}", at.wwpn, at.lun))
}

fn owner<'p>(pool: &'p Pool, lun: &str) -> &'p str {
    pool.row(lun).map_or("", |row| &row.owner)
}

fn owned_by(pool: &Pool, owner: &str) -> usize {
    pool.rows.iter().filter(|r| r.owner == owner).count()
}

async fn by_size(c: &mut CaseContext) -> Result<(), Stop> {
    let mut gaps = Gaps::of(RESERVE);
    while gaps.more() {
        let free = [("free", "10G", ""); 2];
        let (pool, _) = c.pool_with(&free).await?;
        let a = c.hypervisor_request(&reserve(&pool, "reserved", "kita", "5G"))?;
        let b = c.hypervisor_request(&reserve(&pool, "reserved", "kitb", "5G"))?;
        let Some((mine, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let told = mine.says("was reserved") && other.says("was reserved");
        let own = owned_by(&now, "kita") == 1 && owned_by(&now, "kitb") == 1;
        let wanted = "a LUN for each of both who are told so";
        c.check("own-lun", !told || own, wanted, || {
            gaps.seen("both told", &now)
        })?;
    }
    Ok(())
}

async fn given(c: &mut CaseContext) -> Result<(), Stop> {
    let mut gaps = Gaps::of(RESERVE);
    while gaps.more() {
        let (pool, at) = c.pool_with(&[("free", "10G", "")]).await?;
        let a = c.hypervisor_request(&reserve_at(&pool, "used", "kita", &at[0]))?;
        let b = c.hypervisor_request(&reserve_at(&pool, "used", "kitb", &at[0]))?;
        let Some((mine, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let both = mine.says("was reserved") && other.says("was reserved");
        c.check("one-wins", !both, "one refusal", || {
            gaps.seen("both told that it is theirs", &now)
        })?;
    }
    Ok(())
}

async fn two_changes(c: &mut CaseContext) -> Result<(), Stop> {
    let mut gaps = Gaps::of(RESERVE);
    while gaps.more() {
        let free = [("free", "10G", ""); 2];
        let (pool, at) = c.pool_with(&free).await?;
        let a = c.hypervisor_request(&reserve_at(&pool, "reserved", "kita", &at[0]))?;
        let b = c.hypervisor_request(&reserve_at(&pool, "reserved", "kitb", &at[1]))?;
        let Some((mine, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let told = mine.says("was reserved") && other.says("was reserved");
        let both = owner(&now, &at[0].lun) == "kita" && owner(&now, &at[1].lun) == "kitb";
        let wanted = "both changes in the file";
        c.check("both-there", !told || both, wanted, || {
            gaps.seen("both told", &now)
        })?;
    }
    Ok(())
}

async fn two_creations(c: &mut CaseContext) -> Result<(), Stop> {
    let mut gaps = Gaps::of("chhypervisor --addzfcp2pool");
    while gaps.more() {
        let pool = c.new_pool()?;
        let (one, two) = (c.address(), c.address());
        let line = |at: &Address| format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
        let a = c.hypervisor_request(&line(&one))?;
        let b = c.hypervisor_request(&line(&two))?;
        let Some((mine, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let told = mine.says("... Done") && other.says("... Done");
        let both = now.rows.len() == 2;
        c.check("both-there", !told || both, "two rows", || {
            gaps.seen("both told", &now)
        })?;
    }
    Ok(())
}

async fn last_and_new(c: &mut CaseContext) -> Result<(), Stop> {
    let mut gaps = Gaps::of("chhypervisor --removezfcpfrompool");
    while gaps.more() {
        let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
        let new = c.address();
        let remove = format!("--removezfcpfrompool {pool} {} {}", at[0].lun, at[0].wwpn);
        let add = format!("--addzfcp2pool {pool} free {} {} 1G", new.wwpn, new.lun);
        let (a, b) = (c.hypervisor_request(&remove)?, c.hypervisor_request(&add)?);
        let Some((_, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let there = now.row(&new.lun).is_some() && now.header.is_some();
        let fine = !other.says("... Done") || there;
        c.check("new-row", fine, "the new row below a header", || {
            gaps.seen("told", &now)
        })?;
    }
    Ok(())
}

async fn removed_meanwhile(c: &mut CaseContext) -> Result<(), Stop> {
    let (lent, fcp) = (c.lun(1, 0)?, c.fcp(0)?.device);
    let mut gaps = Gaps::of(RESERVE);
    while gaps.more() {
        // The same LUN is in each round's pool.
        c.clean_up().await?;
        let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
        let wwpn = lent.wwpns[0].clone();
        row_of(c, &pool, &lent, &wwpn, &fcp, "10G").await?;
        let address = format!("0 {wwpn} {}", lent.lun);
        let a = c.hypervisor_request(&reserve(&pool, "reserved", "kita", &address))?;
        let remove = format!("--removezfcpfrompool {pool} {} {wwpn}", lent.lun);
        let b = c.hypervisor_request(&remove)?;
        let Some((_, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let back = now.row(&lent.lun).is_some_and(|row| row.range.is_empty());
        let fine = !(other.says("... Done") && back);
        c.check("not-back", fine, "no row without a range", || {
            gaps.seen("removed and back", &now)
        })?;
    }
    Ok(())
}

/// Two nodes of one request are carried out side by side: here they are two requests that the kit sends at once, and the
/// gaps are the same (spec: scsi-pools 6.1 Q8). A noderange of two guests would be outside what each of them is lent for.
async fn one_request(c: &mut CaseContext) -> Result<(), Stop> {
    let guests = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    let mut gaps = Gaps::before("chvm --addzfcp", 1);
    while gaps.more() {
        let pool = c.new_pool()?;
        let first = disk_in(c, &pool, 0, 0).await?;
        let second = disk_in(c, &pool, 1, 1).await?;
        let line = |disk: &Disk, node: &str| {
            let line = format!("--addzfcp {pool} {} 0 1G", disk.fcp);
            Request::put(format!("/vms/{node}"), &line)
        };
        let (a, b) = (line(&first, &guests.0), line(&second, &guests.1));
        let Some((mine, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let told = mine.says("Adding zFCP device") && other.says("Adding zFCP device");
        let own = owned_by(&now, &guests.0) == 1 && owned_by(&now, &guests.1) == 1;
        c.check("own-lun", !told || own, "a LUN for each", || {
            gaps.seen("both told", &now)
        })?;
        c.clean_up().await?;
    }
    Ok(())
}

async fn copy_writes_back(c: &mut CaseContext) -> Result<(), Stop> {
    // A healthy copy takes sizes in M as executed (Q48).
    let fcp = c.fcp(0)?.device;
    let (one, two) = (c.lun(1, 0)?, c.lun(1, 1)?);
    let mut gaps = Gaps::before("chhypervisor --copyzfcp", 4);
    while gaps.more() {
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
        let Some((_, other)) = gaps.race(c, a, b).await? else {
            continue;
        };
        let now = c.pool(&pool).await?;
        let fine = !other.says("was reserved") || owner(&now, &source.lun) == "kitb";
        let wanted = "the reservation made meanwhile";
        c.check("kept", fine, wanted, || gaps.seen("told", &now))?;
        c.clean_up().await?;
    }
    Ok(())
}
