//! What a release must answer when something behind it fails.

use crate::cases::needs::{CLOCK, F1, FAULTS, G1, HV, L1, Z};
use serde_json::{Value, json};

use super::bench::{fault, heal};
use crate::cases::disk::{
    attach, attached_disk, dedicated, dedicated_is, disk, row, row_is, running, units_are,
};
use crate::target::GuestState;
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("fault/zhcp-down/pool-not-empty", "What a pool looks like while its zHCP does not answer is known, and its rows are listed afterwards (recorded)", Must [Resilience], "scsi-pools-and-hypervisor" "4.14", Reversible [HV, Z, FAULTS, Need::Alone], pool_not_empty),
    case!("fault/zhcp-down/add-not-done", "A row is not said to be added while the zHCP is down", Must [Resilience], "scsi-pools-and-hypervisor" "6.3 Q35", Reversible [HV, Z, FAULTS, Need::Alone], add_not_done),
    case!("fault/zhcp-down/reserve-not-done", "Nothing is said to be reserved while the zHCP is down, and nothing is", Must [Resilience], "scsi-pools-and-hypervisor" "6.3", Reversible [HV, Z, FAULTS, Need::Alone], reserve_not_done),
    case!("fault/zhcp-down/remove-not-done", "Nothing is said to be removed while the zHCP is down, and nothing is", Must [Resilience], "scsi-pools-and-hypervisor" "6.3", Reversible [HV, Z, FAULTS, Need::Alone], remove_not_done),
    case!("fault/zhcp-down/attach-undone", "An attach while the zHCP is down is no success", Must [Resilience], "driver" "4 I9", Destructive [HV, Z, G1, L1, F1, FAULTS], attach_undone),
    case!("fault/smapi/dedicate-done-1185", "Directory message 1185 of a dedicate is no failure: the change is made", Must [Resilience], "driver" "6.2 ROL-12", Destructive [HV, G1, F1, FAULTS], done_1185),
    case!("fault/smapi/dedicate-done-6312", "Directory message 6312 of a dedicate is no failure: the change is made", Must [Resilience], "driver" "6.2 ROL-12", Destructive [HV, G1, F1, FAULTS], done_6312),
    case!("fault/smapi/dedicate-locked", "A dedicate that meets a locked directory says so and leaves the guest alone", Must [Resilience], "guests" "17 GQ27", Destructive [HV, G1, F1, FAULTS], dedicate_locked),
    case!("fault/smapi/undedicate-locked", "An undedicate that meets a locked directory leaves the running guest its device", Must [Resilience], "guests" "17 GQ27", Destructive [HV, G1, L1, F1, FAULTS], undedicate_locked),
    case!("fault/guest/tool-missing", "An attach that fails in the guest at last is undone", Must [Resilience], "driver" "6.2 ROL-10", Destructive [HV, G1, L1, F1, FAULTS], tool_missing),
    case!("fault/guest/link-down", "A link that is down makes an attach fail, and it succeeds when the link is back", Must [Resilience], "zfcp-and-san" "3.1", Destructive [HV, G1, L1, F1, FAULTS], link_down),
    case!("fault/daemon/down", "Without its daemon the release answers 503 and says that the connection failed", Must [Core Resilience], "driver" "6.2 PRO-10", ReadOnly [FAULTS, Need::Alone], daemon_down),
    case!("fault/daemon/ended-prematurely", "When the daemon ends during a request the release answers 503 and says so", Must [Core Resilience], "driver" "6.2 PRO-11", ReadOnly [FAULTS, Need::Alone], daemon_ended),
    case!("fault/time/rows-stay", "Rows, dedications and units are the same an hour later", Must [Resilience], "driver" "4 I21", Destructive [HV, G1, L1, F1, CLOCK], an_hour_later),
];

/// The zHCP does not answer by ssh.
async fn zhcp_down(c: &mut CaseContext) -> Result<String, Stop> {
    let zhcp = c.inventory.zhcp.clone().unwrap_or_default();
    fault(c, "ssh-no-route", json!({"zhcp": zhcp}), Value::Null).await
}

async fn pool_not_empty(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let down = zhcp_down(c).await?;
    let host = c.host()?.to_owned();
    let a = c
        .send(crate::cleanup::pool_query(&host, &pool, "all"))
        .await?;
    heal(c, &down).await?;
    // An empty answer is all that a client gets (Q41): it must not be taken for an empty pool.
    c.record("answer", a.summary());
    let listed = crate::Pool::read(&host, &a).rows;
    c.check(
        "no-rows",
        listed.is_empty(),
        "no rows that nobody could read",
        || a.summary(),
    )?;
    c.equal("afterwards", &c.pool(&pool).await?.rows.len(), &1)
}

async fn add_not_done(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = (c.new_pool()?, c.address());
    let down = zhcp_down(c).await?;
    let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
    let a = c.hypervisor(&line).await?;
    heal(c, &down).await?;
    c.check(
        "not-done",
        !a.says("... Done"),
        "no word of a success",
        || a.summary(),
    )
}

async fn reserve_not_done(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let before = c.pool(&pool).await?;
    let down = zhcp_down(c).await?;
    let a = c
        .hypervisor(&format!("--reservezfcp {pool} reserved kitx  1G"))
        .await?;
    heal(c, &down).await?;
    c.check(
        "not-done",
        !a.says("was reserved"),
        "no word of a success",
        || a.summary(),
    )?;
    c.equal("rows", &c.pool(&pool).await?, &before)
}

async fn remove_not_done(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let before = c.pool(&pool).await?;
    let down = zhcp_down(c).await?;
    let line = format!("--removezfcpfrompool {pool} {} {}", at[0].lun, at[0].wwpn);
    let a = c.hypervisor(&line).await?;
    heal(c, &down).await?;
    c.check(
        "not-done",
        !a.says("... Done"),
        "no word of a success",
        || a.summary(),
    )?;
    c.equal("rows", &c.pool(&pool).await?, &before)
}

async fn attach_undone(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    let down = zhcp_down(c).await?;
    let a = attach(c, &node, &disk).await?;
    heal(c, &down).await?;
    let success = a.says("Adding zFCP device") && a.complaints().is_empty();
    c.check("no-success", !success, "no success", || a.summary())?;
    c.equal("row", &row(c, &disk).await?, &before)?;
    dedicated_is(c, &node, &disk.fcp, false).await
}

async fn dedicate_with(c: &mut CaseContext, name: &str) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let operation = json!({"operation": "chvm --dedicatedevice"});
    fault(c, name, operation, json!({"times": 1})).await?;
    let a = c
        .chvm(&node, &format!("--dedicatedevice {device} {device} 0"))
        .await?;
    c.record("answer", a.summary());
    dedicated_is(c, &node, &device, true).await
}

async fn done_1185(c: &mut CaseContext) -> Result<(), Stop> {
    dedicate_with(c, "smapi-596-1185").await
}

async fn done_6312(c: &mut CaseContext) -> Result<(), Stop> {
    dedicate_with(c, "smapi-596-6312").await
}

/// The devices that CP gives a guest, as the inventory lists them.
async fn is_active(c: &CaseContext, device: &str) -> Result<bool, Stop> {
    crate::cases::disk::listed(c, "active", device).await
}

async fn dedicate_locked(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    let operation = json!({"operation": "chvm --dedicatedevice"});
    fault(c, "smapi-400-12", operation, Value::Null).await?;
    let a = c
        .chvm(&node, &format!("--dedicatedevice {device} {device} 0"))
        .await?;
    c.check("says-so", !a.complaints().is_empty(), "a complaint", || {
        a.summary()
    })?;
    dedicated_is(c, &node, &device, false).await?;
    let active = is_active(c, &device).await?;
    c.check(
        "active",
        !active,
        "the running guest without the device",
        || a.summary(),
    )
}

async fn undedicate_locked(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let device = c.fcp(0)?.device;
    c.chvm(&node, &format!("--dedicatedevice {device} {device} 0"))
        .await?;
    let operation = json!({"operation": "chvm --undedicatedevice"});
    let locked = fault(c, "smapi-400-12", operation, Value::Null).await?;
    let a = c
        .chvm(&node, &format!("--undedicatedevice {device}"))
        .await?;
    heal(c, &locked).await?;
    let in_directory = dedicated(c, &node, &device).await?;
    let active = is_active(c, &device).await?;
    c.check(
        "alike",
        in_directory == active,
        "directory and running guest alike",
        || {
            format!(
                "directory {in_directory}, running guest {active}: {}",
                a.summary()
            )
        },
    )
}

async fn undone(c: &mut CaseContext, name: &str, target: Value, rest: Value) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    let id = fault(c, name, target, rest).await?;
    let a = attach(c, &node, &disk).await?;
    heal(c, &id).await?;
    let success = a.says("Adding zFCP device") && a.complaints().is_empty();
    c.check("no-success", !success, "no success", || a.summary())?;
    let now = row(c, &disk).await?;
    c.check("row", now == before, &before.text(), || now.text())?;
    dedicated_is(c, &node, &disk.fcp, false).await
}

async fn tool_missing(c: &mut CaseContext) -> Result<(), Stop> {
    let guest = c.guest(GuestState::Running, 0)?;
    undone(c, "F13", json!({"guest": guest}), Value::Null).await
}

async fn link_down(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    let id = fault(c, "F15", json!({"device": disk.fcp}), Value::Null).await?;
    let a = attach(c, &node, &disk).await?;
    c.record("answer", a.summary());
    units_are(c, &node, &disk, false).await?;
    heal(c, &id).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    c.chvm(&node, &format!("--undedicatedevice {}", disk.fcp))
        .await?;
    let a = attach(c, &node, &disk).await?;
    c.record("afterwards", a.summary());
    units_are(c, &node, &disk, true).await
}

async fn daemon_down(c: &mut CaseContext) -> Result<(), Stop> {
    let down = fault(c, "xcatd-down", json!({}), Value::Null).await?;
    let a = c.get("/version").await?;
    heal(c, &down).await?;
    c.status("status", &a, 503)?;
    c.check(
        "text",
        a.body.contains("Connection failure"),
        "Connection failure",
        || a.summary(),
    )?;
    let a = c.get("/version").await?;
    c.status("afterwards", &a, 200)
}

async fn daemon_ended(c: &mut CaseContext) -> Result<(), Stop> {
    fault(c, "xcatd-closed", json!({}), json!({"times": 1})).await?;
    let a = c.get("/version").await?;
    c.status("status", &a, 503)?;
    c.check(
        "text",
        a.body.contains("ended prematurely"),
        "ended prematurely",
        || a.summary(),
    )
}

async fn an_hour_later(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let Some(control) = c.control.clone() else {
        return Err(Stop::Skip("the target has no control door".to_owned()));
    };
    let hour = std::time::Duration::from_hours(1);
    control.step(hour).await.map_err(Stop::Error)?;
    row_is(c, &disk, "used", &node, &disk.fcp).await?;
    dedicated_is(c, &node, &disk.fcp, true).await?;
    units_are(c, &node, &disk, true).await
}
