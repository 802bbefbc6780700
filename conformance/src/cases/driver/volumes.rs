//! The life of volumes (spec: driver 6.2 POOL, RES, IMG, LIM).

use crate::cases::needs::{F2, G1, HV, L1, L2, Z};
use zvm_volume::attachments::Attachments as _;
use zvm_volume::volumes::{ExistingRef, Snapshot, Volume, VolumeDriver as _};

use super::bench::{Bench, done, instance, refused, volume_id};
use super::wire::{Aim, Harm};
use crate::target::{GuestState, Request};
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("driver/volume/create", "A volume is a row that is reserved and carries its stamp", Must [Driver], "driver" "6.2 RES-01", Reversible [HV], create),
    case!("driver/volume/create-again", "Creating a volume again finds the row that it has", Must [Driver], "driver" "4 I15", Reversible [HV], create_again),
    case!("driver/volume/delete", "A deleted volume's row is free, and deleting it again succeeds", Must [Driver], "driver" "6.2 RES-02", Reversible [HV], delete),
    case!("driver/volume/no-lun-large-enough", "The smallest sufficient LUN is taken, and a sum of free LUNs is none", Must [Driver], "driver" "6.2 POOL-15", Reversible [HV], largest),
    case!("driver/volume/forged-location", "A forged location frees nothing of another volume", Must [Driver], "driver" "6.2 RES-06", Reversible [HV], forged),
    case!("driver/volume/foreign-reservation", "A row that is reserved for somebody else is not taken", Must [Driver], "driver" "6.2 RES-05", Reversible [HV], foreign),
    case!("driver/volume/extend", "A volume grows inside its LUN and no further", Must [Driver], "driver" "6.2 RES-10", Reversible [HV], extend),
    case!("driver/volume/manage", "A LUN of nobody is taken over, sized, and given back without being given out", Must [Driver], "driver" "6.2 RES-11", Reversible [HV], manage),
    case!("driver/volume/stamp-lost", "A stamp that was lost is renewed, a foreign one left alone", Must [Driver], "driver" "6.2 RES-12", Reversible [HV], stamp_lost),
    case!("driver/volume/clear-fails", "When a LUN cannot be cleared its row is not given out, and the deletion can be repeated", Must [Driver], "driver" "6.2 RES-14", Destructive [HV, Z, L1, F2], clear_fails),
    case!("driver/volume/cleared", "A deleted volume's LUN holds zeros", Must [Driver], "driver" "6.2 RES-13", Destructive [HV, Z, L1, F2], cleared),
    case!("driver/volume/huge", "Sizes of 2 TiB and more are counted exactly", Must [Driver], "driver" "6.2 LIM-05", Reversible [HV], huge),
    case!("driver/volume/many-ports", "A row with eight ports is a volume whose location fits Cinder's column", Should [Driver], "driver" "6.2 LIM-01", Reversible [HV], many_ports),
    case!("driver/volume/hundred-calls", "A hundred calls in a row are answered", Must [Driver], "driver" "6.2 LIM-09", Reversible [HV], hundred),
    case!("driver/volume/odd-rows", "Rows of other sizes and owners are counted as they are", Must [Driver], "driver" "6.2 POOL-10", Reversible [HV], odd_rows),
    case!("driver/volume/two-systems", "Pools of one name on two systems are two back ends", Must [Driver], "driver" "6.2 POOL-16", Reversible [HV, Need::SecondHypervisor], two_systems),
    case!("driver/image/clone", "A cloned volume is a stamped row, and the source's row is as before", Must [Driver], "driver" "6.2 IMG-12", Destructive [HV, Z, L2, F2], clone),
    case!("driver/image/snapshot", "A snapshot becomes a volume again, which may be larger", Must [Driver], "driver" "6.2 IMG-17", Destructive [HV, Z, Need::Luns(3), F2], snapshot),
    case!("driver/image/clone-fails", "After a failed copy the source keeps its stamp", Must [Driver], "driver" "6.2 IMG-13", Destructive [HV, Z, L2, F2], clone_fails),
    case!("driver/image/attached", "An attached volume is neither copied nor deleted", Must [Driver], "driver" "6.2 IMG-16", Destructive [HV, Z, G1, L2, F2], attached),
];

async fn create(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    let volume = bench.create(c, 8).await?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    c.equal("status", &row.status.as_str(), &"reserved")?;
    c.equal("owner", &row.owner.starts_with("cv"), &true)?;
    let location = volume.provider_location.clone().unwrap_or_default();
    c.check(
        "location",
        location.contains(&row.lun),
        "the LUN in the location",
        || location.clone(),
    )
}

async fn create_again(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "10G"], "").await?;
    let volume = bench.create(c, 1).await?;
    for _ in 0..3 {
        let again = done("again", bench.driver.create_volume(&volume).await)?;
        c.equal(
            "location",
            &Some(again.provider_location),
            &volume.provider_location,
        )?;
    }
    let taken = c.pool(&bench.pool).await?.rows;
    let taken = taken.iter().filter(|r| r.status == "reserved").count();
    c.equal("rows", &taken, &1)
}

async fn delete(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    let before = bench.traces(c, None).await?;
    let volume = bench.create(c, 1).await?;
    for _ in 0..3 {
        done("delete", bench.driver.delete_volume(&volume).await)?;
        c.equal("rows", &bench.traces(c, None).await?, &before)?;
    }
    Ok(())
}

async fn largest(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "20G", "50G"], "").await?;
    let stats = done("stats", bench.driver.get_volume_stats(true).await)?;
    let figures = &stats.pools[0].figures;
    c.equal("largest", &figures.zvm_largest_free_gb, &50)?;
    let volume = bench.create(c, 15).await?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    c.equal("best-fit", &row.size.as_str(), &"20G")?;
    let wanted = Volume::new(volume_id(c), 60);
    let why = bench.driver.create_volume(&wanted).await;
    let why = refused("refused", why, "VolumeBackendAPIException")?;
    c.check(
        "says-so",
        why.contains("no free LUN"),
        "no free LUN",
        || why.clone(),
    )
}

async fn forged(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G", "10G"], "").await?;
    let victim = bench.create(c, 1).await?;
    let before = bench.traces(c, None).await?;
    let mut forged = Volume::new(volume_id(c), 1);
    forged
        .provider_location
        .clone_from(&victim.provider_location);
    let outcome = bench.driver.delete_volume(&forged).await;
    c.record("outcome", format!("{outcome:?}"));
    c.equal("rows", &bench.traces(c, None).await?, &before)
}

async fn foreign(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("reserved", "10G", "kitother")]).await?;
    let bench = Bench::on_pool(c, pool, "").await?;
    let before = bench.traces(c, None).await?;
    let wanted = Volume::new(volume_id(c), 1);
    refused(
        "refused",
        bench.driver.create_volume(&wanted).await,
        "VolumeBackendAPIException",
    )?;
    c.equal("rows", &bench.traces(c, None).await?, &before)
}

async fn extend(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    let volume = bench.create(c, 5).await?;
    done("inside", bench.driver.extend_volume(&volume, 10).await)?;
    refused(
        "outside",
        bench.driver.extend_volume(&volume, 11).await,
        "ExtendVolumeError",
    )
    .map(drop)
}

async fn manage(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["1536M"], "").await?;
    let row = c.pool(&bench.pool).await?.rows.remove(0);
    let reference = ExistingRef::SourceId(format!("{}/{}", row.wwpn, row.lun));
    let volume = Volume::new(volume_id(c), 2);
    let size = bench
        .driver
        .manage_existing_get_size(&volume, &reference)
        .await;
    c.equal("size", &done("size", size)?, &2)?;
    let update = done(
        "manage",
        bench.driver.manage_existing(&volume, &reference).await,
    )?;
    let volume = volume.updated(&update);
    c.equal("stamped", &bench.row(c, &volume).await?.is_some(), &true)?;
    done("unmanage", bench.driver.unmanage(&volume).await)?;
    let row = c.pool(&bench.pool).await?.rows.remove(0);
    c.equal("owner", &row.owner.as_str(), &"cvunmanaged")?;
    let wanted = Volume::new(volume_id(c), 1);
    refused(
        "kept",
        bench.driver.create_volume(&wanted).await,
        "VolumeBackendAPIException",
    )
    .map(drop)
}

async fn stamp_lost(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    let volume = bench.create(c, 1).await?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    // Somebody releases the row behind the driver's back; a second time he reserves it for himself.
    let release = format!("--releasezfcp {} {} {}", bench.pool, row.wwpn, row.lun);
    c.hypervisor(&release).await?;
    let healed = bench.driver.ensure_export(&volume).await;
    c.record("freed", format!("{healed:?}"));
    c.hypervisor(&release).await?;
    let (pool, wwpn, lun) = (&bench.pool, &row.wwpn, &row.lun);
    let take = format!("--reservezfcp {pool} reserved kitother  0 {wwpn} {lun}");
    c.hypervisor(&take).await?;
    let before = bench.traces(c, None).await?;
    let outcome = bench.driver.ensure_export(&volume).await;
    c.record("foreign", format!("{outcome:?}"));
    c.equal("untouched", &bench.traces(c, None).await?, &before)
}

async fn clear_fails(c: &mut CaseContext) -> Result<(), Stop> {
    let keys = "volume_clear = zero\nvolume_clear_size = 1";
    let bench = Bench::with_luns(c, 1, keys).await?;
    let volume = bench.create(c, 1).await?;
    bench.wire.aim(Aim {
        harm: Harm::Refused,
        at: 0,
        onwards: true,
        text: "of=/dev/disk".to_owned(),
    });
    let outcome = bench.driver.delete_volume(&volume).await;
    let hits = bench.wire.rest();
    c.check("harmed", hits > 0, "the clearing harmed", || {
        "it was not tried".to_owned()
    })?;
    c.record("outcome", format!("{outcome:?}"));
    let row = c.pool(&bench.pool).await?.rows.remove(0);
    c.check(
        "kept",
        row.status != "free",
        "a row that is not free",
        || row.text(),
    )?;
    done("again", bench.driver.delete_volume(&volume).await)
}

async fn cleared(c: &mut CaseContext) -> Result<(), Stop> {
    let keys = "volume_clear = zero\nvolume_clear_size = 1";
    let bench = Bench::with_luns(c, 1, keys).await?;
    let volume = bench.create(c, 1).await?;
    bench.wire.sent();
    done("delete", bench.driver.delete_volume(&volume).await)?;
    let sent = bench.wire.sent();
    let proved = sent.iter().any(|l| l.contains("cmp -n"));
    c.equal("proved", &proved, &true)?;
    let row = c.pool(&bench.pool).await?.rows.remove(0);
    c.equal("row", &row.status.as_str(), &"free")
}

async fn huge(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["2048G", "4097G"], "").await?;
    let stats = done("stats", bench.driver.get_volume_stats(true).await)?;
    let figures = &stats.pools[0].figures;
    c.equal("largest", &figures.zvm_largest_free_gb, &4097)?;
    let exact = (figures.total_capacity_gb - 6145.0).abs() < f64::EPSILON;
    c.check("total", exact, "6145", || {
        figures.total_capacity_gb.to_string()
    })?;
    let volume = bench.create(c, 4096).await?;
    let row = bench.row(c, &volume).await?.unwrap_or_default();
    c.equal("row", &row.size.as_str(), &"4097G")
}

async fn many_ports(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let ports: Vec<String> = (0..8).map(|n| format!("50050768014b49{n:02x}")).collect();
    c.add_row(&pool, "free", &ports.join(";"), &at.lun, "10G", "")
        .await?;
    let bench = Bench::on_pool(c, pool, "").await?;
    let volume = bench.create(c, 1).await?;
    let location = volume.provider_location.unwrap_or_default();
    c.check(
        "location",
        location.len() <= 255,
        "at most 255 characters",
        || format!("{} characters", location.len()),
    )
}

async fn hundred(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    for _ in 0..100 {
        done("stats", bench.driver.get_volume_stats(true).await)?;
    }
    c.forget_evidence();
    Ok(())
}

async fn odd_rows(c: &mut CaseContext) -> Result<(), Stop> {
    let rows = [
        ("free", "8g", ""),
        ("free", "512M", ""),
        ("used", "20G", "free1"),
        ("reserved", "4G", "kitused"),
    ];
    let (pool, _) = c.pool_with(&rows).await?;
    let bench = Bench::on_pool(c, pool, "").await?;
    let stats = done("stats", bench.driver.get_volume_stats(true).await)?;
    let figures = &stats.pools[0].figures;
    let seen = (
        figures.total_capacity_gb,
        figures.free_capacity_gb,
        figures.zvm_largest_free_gb,
    );
    c.equal("figures", &seen, &(32.5, 8.5, 8))
}

async fn two_systems(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at) = c.pool_with(&[("free", "10G", "")]).await?;
    let second = c.inventory.second_host.clone().unwrap_or_default();
    let line = format!(
        "--addzfcp2pool {pool} free {} {} 20G",
        at[0].wwpn, at[0].lun
    );
    let answer = c
        .send(Request::put(format!("/hypervisor/{second}"), &line))
        .await?;
    c.check(
        "second",
        answer.says("... Done"),
        "a pool of the same name",
        || answer.summary(),
    )?;
    let first = Bench::on_pool(c, pool.clone(), "").await?;
    let keys = format!("zvm_host = {second}\nzvm_zhcp_node =");
    let other = Bench::on_pool(c, pool, &keys).await?;
    for (bench, wanted) in [(&first, 10), (&other, 20)] {
        let stats = done("stats", bench.driver.get_volume_stats(true).await)?;
        c.equal(
            "largest",
            &stats.pools[0].figures.zvm_largest_free_gb,
            &wanted,
        )?;
    }
    let volume = first.create(c, 1).await?;
    let stats = done("stats", other.driver.get_volume_stats(true).await)?;
    c.equal("apart", &stats.pools[0].figures.zvm_largest_free_gb, &20)?;
    let guest = instance(c, GuestState::Running, 0)?;
    let connector = done("connector", first.nova.get_volume_connector(&guest).await)?;
    let connector = zvm_volume::volumes::Connector {
        zvm_fcp: connector.zvm_fcp,
        wwpns: connector.wwpns,
        host: second,
        instance: None,
    };
    let outcome = first
        .driver
        .initialize_connection(&volume, &connector)
        .await;
    refused("wrong-host", outcome, "InvalidConnectorException").map(drop)
}

async fn clone(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let source = bench.create(c, 1).await?;
    let before = bench.row(c, &source).await?;
    let target = Volume::new(volume_id(c), 1);
    let update = done(
        "clone",
        bench.driver.create_cloned_volume(&target, &source).await,
    )?;
    let target = target.updated(&update);
    c.equal("source", &bench.row(c, &source).await?, &before)?;
    let row = bench.row(c, &target).await?.unwrap_or_default();
    c.equal("target", &row.status.as_str(), &"reserved")
}

async fn snapshot(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 3, "").await?;
    let source = bench.create(c, 1).await?;
    let mut snapshot = Snapshot {
        id: volume_id(c),
        volume_size: 1,
        volume: source.clone(),
        provider_location: None,
    };
    let update = done("snapshot", bench.driver.create_snapshot(&snapshot).await)?;
    snapshot.provider_location = Some(update.provider_location);
    let volume = Volume::new(volume_id(c), 2);
    let made = bench
        .driver
        .create_volume_from_snapshot(&volume, &snapshot)
        .await;
    let volume = volume.updated(&done("from-snapshot", made)?);
    c.equal("row", &bench.row(c, &volume).await?.is_some(), &true)?;
    done("delete", bench.driver.delete_snapshot(&snapshot).await)?;
    done(
        "delete-again",
        bench.driver.delete_snapshot(&snapshot).await,
    )
}

async fn clone_fails(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let source = bench.create(c, 1).await?;
    let before = bench.traces(c, None).await?;
    bench.wire.aim(Aim {
        harm: Harm::Refused,
        at: 0,
        onwards: false,
        text: "conv=fsync".to_owned(),
    });
    let target = Volume::new(volume_id(c), 1);
    let outcome = bench.driver.create_cloned_volume(&target, &source).await;
    let hits = bench.wire.rest();
    c.check(
        "harmed",
        hits > 0 && outcome.is_err(),
        "a failed copy",
        || format!("{outcome:?}"),
    )?;
    super::matrix::reconcile(&bench).await?;
    let row = bench.row(c, &source).await?.unwrap_or_default().text();
    c.check("source", before.contains(&row), &before.join("\n"), || {
        row.clone()
    })
}

async fn attached(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_luns(c, 2, "").await?;
    let guest = instance(c, GuestState::Running, 0)?;
    let volume = bench.create(c, 1).await?;
    done("attach", bench.attach(&volume, &guest, None).await)?;
    let before = bench.traces(c, None).await?;
    let snapshot = Snapshot {
        id: volume_id(c),
        volume_size: 1,
        volume: volume.clone(),
        provider_location: None,
    };
    refused(
        "snapshot",
        bench.driver.create_snapshot(&snapshot).await,
        "InvalidVolume",
    )?;
    refused(
        "delete",
        bench.driver.delete_volume(&volume).await,
        "VolumeIsBusy",
    )?;
    c.equal("rows", &bench.traces(c, None).await?, &before)
}
