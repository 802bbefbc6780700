//! Concurrency on guests and devices, and what a release shows of it (spec: driver 6.2 CON; scsi-pools 6.1).

use super::disk::{Disk, attached, attached_disk, disk_in, row, running, units_are};
use super::needs::{F1, F2, G1, G2, HV, L1, L2};
use crate::target::{GuestState, Request};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("resilience/attach/two-guests-one-lun", "Of two guests that attach one LUN at once, one gets it", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q2", Destructive [HV, G2, L1, F2], two_guests_one_lun),
    case!("resilience/attach/two-guests-two-luns", "Two guests attach a LUN each at once over devices of their own", Must [Resilience], "driver" "6.2 CON-05", Destructive [HV, G2, L2, F2], two_guests_two_luns),
    case!("resilience/attach/one-guest-two-luns", "One guest attaches two LUNs at once over one device", Must [Resilience], "driver" "6.2 CON-04", Destructive [HV, G1, L2, F1], one_guest_two_luns),
    case!("resilience/attach/then-detach-at-once", "A detach right behind an attach ends detached", Must [Resilience], "driver" "6.2 CON-06", Destructive [HV, G1, L1, F1], attach_then_detach),
    case!("resilience/attach/ten-times", "Attach and detach can be repeated ten times without anything left", Must [Resilience], "driver" "4 I21", Destructive [HV, G1, L1, F1], ten_times),
    case!("resilience/dedicate/two-guests", "Of two guests that ask for one device at once, one has it", Must [Resilience], "driver" "4 I12", Destructive [HV, G2, F1], dedicate_two_guests),
    case!("resilience/detach/twice-at-once", "Two detaches of one disk at once end detached", Must [Resilience], "driver" "4 I21", Destructive [HV, G1, L1, F1], detach_twice),
    case!("resilience/pool/removed-while-added", "Rows added while the last row is removed are there afterwards", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q5", Reversible [HV], removed_while_added),
    case!("resilience/pool/release-and-reserve", "A release and a reservation of other rows at once both take effect", Must [Resilience], "scsi-pools-and-hypervisor" "6.1 Q3", Reversible [HV], release_and_reserve),
    case!("resilience/read/while-attaching", "Reading goes on while a guest attaches", Must [Resilience], "driver" "6.2 CON-07", Destructive [HV, G1, L1, F1], read_while_attaching),
];

fn chvm(node: &str, line: &str) -> Request {
    Request::put(format!("/vms/{node}"), line)
}

async fn two_guests_one_lun(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    let pool = c.new_pool()?;
    let first = disk_in(c, &pool, 0, 0).await?;
    let second = Disk {
        fcp: c.fcp(1)?.device,
        ..first.clone()
    };
    let answers = c
        .send_all([
            chvm(&a, &first.attach_line()),
            chvm(&b, &second.attach_line()),
        ])
        .await?;
    let won = answers
        .iter()
        .filter(|x| x.says("Adding zFCP device"))
        .count();
    c.check("one-wins", won == 1, "one confirmation", || {
        let told: Vec<_> = answers.iter().map(crate::target::Answer::summary).collect();
        format!("{won} confirmed:\n{}", told.join("\n"))
    })
}

async fn two_guests_two_luns(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    // A pool each: two updates of one file at once are another case's business.
    let (mine, theirs) = (c.new_pool()?, c.new_pool()?);
    let first = disk_in(c, &mine, 0, 0).await?;
    let second = disk_in(c, &theirs, 1, 1).await?;
    let answers = c
        .send_all([
            chvm(&a, &first.attach_line()),
            chvm(&b, &second.attach_line()),
        ])
        .await?;
    for answer in &answers {
        c.confirms("confirmed", answer, "Adding zFCP device")?;
    }
    units_are(c, &a, &first, true).await?;
    units_are(c, &b, &second, true).await?;
    units_are(c, &a, &second, false).await
}

async fn one_guest_two_luns(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let (one, two) = (c.new_pool()?, c.new_pool()?);
    let first = disk_in(c, &one, 0, 0).await?;
    let second = disk_in(c, &two, 1, 0).await?;
    c.send_all([
        chvm(&node, &first.attach_line()),
        chvm(&node, &second.attach_line()),
    ])
    .await?;
    units_are(c, &node, &first, true).await?;
    units_are(c, &node, &second, true).await
}

async fn attach_then_detach(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    c.chvm(&node, &disk.detach_line(0)).await?;
    units_are(c, &node, &disk, false).await?;
    let status = row(c, &disk).await?.status;
    c.equal("row", &status.as_str(), &"free")
}

async fn ten_times(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = super::disk::disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    for _ in 0..10 {
        attached(c, &node, &disk).await?;
        let a = c.chvm(&node, &disk.detach_line(0)).await?;
        c.confirms("detached", &a, "De-configuring FCP device on host... Done")?;
    }
    units_are(c, &node, &disk, false).await?;
    c.equal("row", &row(c, &disk).await?, &before)
}

async fn dedicate_two_guests(c: &mut CaseContext) -> Result<(), Stop> {
    let (a, b) = (
        c.guest(GuestState::Running, 0)?,
        c.guest(GuestState::Running, 1)?,
    );
    let device = c.fcp(0)?.device;
    let line = format!("--dedicatedevice {device} {device} 0");
    let answers = c.send_all([chvm(&a, &line), chvm(&b, &line)]).await?;
    let won = answers
        .iter()
        .filter(|x| x.says("'s active configuration... Done"))
        .count();
    let text = || {
        answers
            .iter()
            .map(crate::target::Answer::summary)
            .collect::<Vec<_>>()
            .join("\n")
    };
    c.check(
        "one-wins",
        won == 1,
        "one confirmation for a running guest",
        text,
    )
}

async fn detach_twice(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, disk) = attached_disk(c).await?;
    let line = disk.detach_line(0);
    c.send_all([chvm(&node, &line), chvm(&node, &line)]).await?;
    units_are(c, &node, &disk, false).await?;
    let status = row(c, &disk).await?.status;
    c.equal("row", &status.as_str(), &"free")
}

async fn removed_while_added(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "1G", "")]).await?;
    let new = c.address();
    let remove = format!("--removezfcpfrompool {pool} {} {}", at[0].lun, at[0].wwpn);
    let add = format!("--addzfcp2pool {pool} free {} {} 1G", new.wwpn, new.lun);
    let requests = [c.hypervisor_request(&remove)?, c.hypervisor_request(&add)?];
    let answers = c.send_all(requests).await?;
    c.confirms("added", &answers[1], "Adding zFCP device to")?;
    let there = c.pool(&pool).await?.row(&new.lun).is_some();
    c.equal("row", &there, &true)
}

async fn release_and_reserve(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c
        .pool_with(&[("used", "1G", "kitx"), ("free", "1G", "")])
        .await?;
    let release = format!("--releasezfcp {pool} {} {}", at[0].wwpn, at[0].lun);
    let reserve = format!(
        "--reservezfcp {pool} reserved kity  0 {} {}",
        at[1].wwpn, at[1].lun
    );
    let requests = [
        c.hypervisor_request(&release)?,
        c.hypervisor_request(&reserve)?,
    ];
    c.send_all(requests).await?;
    let read = c.pool(&pool).await?;
    let status = |lun: &str| read.row(lun).map(|r| r.status.clone()).unwrap_or_default();
    let seen = (status(&at[0].lun), status(&at[1].lun));
    c.equal("both", &seen, &("free".to_owned(), "reserved".to_owned()))
}

async fn read_while_attaching(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = super::disk::disk(c, 0, 0).await?;
    let host = c.host()?.to_owned();
    let mut requests = vec![chvm(&node, &disk.attach_line())];
    requests.extend((0..5).map(|_| crate::cleanup::pool_query(&host, &disk.pool, "all")));
    let answers = c.send_all(requests).await?;
    for answer in &answers[1..] {
        let rows = crate::Pool::read(&host, answer).rows;
        c.check(
            "whole-rows",
            rows.len() == 1,
            "the row in every list",
            || answer.summary(),
        )?;
    }
    c.confirms("confirmed", &answers[0], "Adding zFCP device")
}
