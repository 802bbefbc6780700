//! LUNs behind several target ports (spec: driver 6.2 MPA; guests 5.1; scsi-pools 6.2 Q12).

use super::disk::{
    attach, attached, dedicated_is, in_guest, multipath_disk, row_is, running, units_are,
};
use super::needs::{C2, F2, G1, HV, M1};
use crate::{Address, Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("multipath/inventory/channel-paths", "Free devices on two channel paths are told apart by their channel path", Must [Multipath], "driver" "6.2 MPA-01", ReadOnly [HV, F2, C2], channel_paths),
    case!("multipath/reserve/list", "A row of several ports can be reserved by its list of ports", Must [Multipath], "scsi-pools-and-hypervisor" "6.2 Q12", Reversible [HV], reserve_list),
    case!("multipath/reserve/last-port", "A row of several ports can be reserved by its last port", Should [Multipath], "scsi-pools-and-hypervisor" "6.2 Q12", Reversible [HV], reserve_last),
    case!("multipath/reserve/by-size", "A row of several ports can be reserved by size and names all its ports", Must [Multipath], "scsi-pools-and-hypervisor" "3.3", Reversible [HV], reserve_size),
    case!("multipath/release/list", "A row of several ports can be released by its list of ports", Must [Multipath], "scsi-pools-and-hypervisor" "6.2 Q12", Reversible [HV], release_list),
    case!("multipath/release/last-port", "A row of several ports can be released by its last port", Should [Multipath], "scsi-pools-and-hypervisor" "6.2 Q12", Reversible [HV], release_last),
    case!("multipath/attach/confirmed", "A LUN behind two ports is attached over two devices and confirmed", Must [Multipath], "driver" "6.2 MPA-02", Destructive [HV, G1, M1, F2, C2], confirmed),
    case!("multipath/attach/four-units", "The guest has a unit for each device and port", Must [Multipath], "driver" "4 I16", Destructive [HV, G1, M1, F2, C2], four_units),
    case!("multipath/attach/row", "The row is used by the guest over both devices", Must [Multipath], "driver" "6.2 MPA-02", Destructive [HV, G1, M1, F2, C2], row),
    case!("multipath/attach/directory", "Both devices are dedicated in the directory entry", Must [Multipath], "driver" "6.2 MPA-02", Destructive [HV, G1, M1, F2, C2], directory),
    case!("multipath/attach/one-map", "The guest makes one multipath device of the paths", Must [Multipath], "driver" "6.2 MPA-02", Destructive [HV, G1, M1, F2, C2], one_map),
    case!("multipath/detach/clean", "Detaching removes every path", Must [Multipath], "driver" "6.2 DET-01", Destructive [HV, G1, M1, F2, C2], detach_clean),
    case!("multipath/detach/other-order", "Detaching with the ports in another order removes every path", Should [Multipath], "driver" "6.2 MPA-04", Destructive [HV, G1, M1, F2, C2], detach_other_order),
    case!("multipath/refused/loaddev", "A LUN of several ports cannot be the one to boot from", Must [Multipath], "driver" "6.2 MPA-09", Destructive [HV, G1, M1, F2, C2], loaddev),
];

async fn channel_paths(c: &mut CaseContext) -> Result<(), Stop> {
    let Some((a, b)) = c
        .inventory
        .channel_pair()
        .map(|(a, b)| (a.clone(), b.clone()))
    else {
        return Err(Stop::Skip("no devices on two channel paths".to_owned()));
    };
    let answer = c
        .inventory_of_host(&["--fcpdevices", "free", "details"])
        .await?;
    let mut path_of: Vec<(String, String)> = Vec::new();
    for line in answer.info() {
        let value = |key: &str| {
            let (_, value) = line.split_once(key)?;
            Some(value.trim().to_lowercase())
        };
        if let Some(device) = value("FCP device number:") {
            path_of.push((device, String::new()));
        } else if let Some(path) = value("Channel path ID:")
            && let Some(last) = path_of.last_mut()
        {
            last.1 = path;
        }
    }
    for fcp in [&a, &b] {
        let wanted = (fcp.device.to_lowercase(), fcp.chpid.to_lowercase());
        c.check(
            "channel-path",
            path_of.contains(&wanted),
            &format!("{wanted:?}"),
            || answer.summary(),
        )?;
    }
    Ok(())
}

/// A free row of two invented ports.
async fn two_ports(c: &mut CaseContext) -> Result<(String, Address, String), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let other = "50050768024b4954";
    let list = format!("{};{other}", at.wwpn);
    c.add_row(&pool, "free", &list, &at.lun, "1G", "").await?;
    Ok((pool, at, other.to_owned()))
}

async fn status_of(c: &CaseContext, pool: &str, lun: &str) -> Result<String, Stop> {
    let row = c.pool(pool).await?.row(lun).cloned().unwrap_or_default();
    Ok(row.status)
}

async fn reserve_list(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at, other) = two_ports(c).await?;
    let line = format!(
        "--reservezfcp {pool} reserved kitowner  0 {};{other} {}",
        at.wwpn, at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    let status = status_of(c, &pool, &at.lun).await?;
    c.equal("row", &status.as_str(), &"reserved")
}

async fn reserve_last(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at, other) = two_ports(c).await?;
    let line = format!(
        "--reservezfcp {pool} reserved kitowner  0 {other} {}",
        at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    let status = status_of(c, &pool, &at.lun).await?;
    c.equal("row", &status.as_str(), &"reserved")
}

async fn reserve_size(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at, other) = two_ports(c).await?;
    let a = c
        .hypervisor(&format!("--reservezfcp {pool} reserved kitowner  1G"))
        .await?;
    c.confirms("confirmed", &a, "Reserving FCP device... Done")?;
    let wanted = format!("Found FCP device 0x{};{other}/0x{}", at.wwpn, at.lun);
    c.check("names-all", a.says(&wanted), &wanted, || a.summary())
}

async fn reserved_two_ports(c: &mut CaseContext) -> Result<(String, Address, String), Stop> {
    let (pool, at, other) = two_ports(c).await?;
    c.hypervisor(&format!("--reservezfcp {pool} reserved kitowner  1G"))
        .await?;
    if status_of(c, &pool, &at.lun).await? == "reserved" {
        Ok((pool, at, other))
    } else {
        Err(Stop::blocked("the row could not be reserved"))
    }
}

async fn release_list(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at, other) = reserved_two_ports(c).await?;
    let a = c
        .hypervisor(&format!(
            "--releasezfcp {pool} {};{other} {}",
            at.wwpn, at.lun
        ))
        .await?;
    c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    let status = status_of(c, &pool, &at.lun).await?;
    c.equal("row", &status.as_str(), &"free")
}

async fn release_last(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, at, other) = reserved_two_ports(c).await?;
    let a = c
        .hypervisor(&format!("--releasezfcp {pool} {other} {}", at.lun))
        .await?;
    c.confirms("confirmed", &a, "Releasing FCP device... Done")?;
    let status = status_of(c, &pool, &at.lun).await?;
    c.equal("row", &status.as_str(), &"free")
}

async fn confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    let a = attach(c, &node, &disk).await?;
    let wanted = format!("Adding zFCP device {}... Done", disk.name());
    c.confirms("confirmed", &a, &wanted)
}

async fn four_units(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    units_are(c, &node, &disk, true).await
}

async fn row(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    row_is(c, &disk, "used", &node, &disk.fcp).await
}

async fn directory(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    for device in disk.fcp.split(';') {
        dedicated_is(c, &node, device, true).await?;
    }
    Ok(())
}

async fn one_map(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    // `lszfcp -D` has the SCSI address of each unit, `multipath -ll` the addresses of each device's paths.
    let units = in_guest(c, &node, "lszfcp -D").await?;
    let lun = disk.lun.to_lowercase();
    let addresses: Vec<String> = units
        .iter()
        .map(|l| l.to_lowercase())
        .filter(|l| l.contains(&lun))
        .filter_map(|l| l.split_whitespace().nth(1).map(str::to_owned))
        .collect();
    c.equal("paths", &addresses.len(), &disk.paths().len())?;
    let lines = in_guest(c, &node, "multipath -ll").await?;
    let map_of = |address: &str| {
        let mut map = None;
        for line in &lines {
            if line.contains(" dm-") {
                map = line.split_whitespace().next().map(str::to_owned);
            } else if line.split_whitespace().any(|w| w == address) {
                return map;
            }
        }
        None
    };
    let maps: Vec<Option<String>> = addresses.iter().map(|a| map_of(a)).collect();
    c.check(
        "one-device",
        maps.iter().all(|m| m.is_some() && *m == maps[0]),
        "every path in one multipath device",
        || format!("{addresses:?} in {maps:?}"),
    )
}

async fn detach_clean(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    let a = c.chvm(&node, &disk.detach_line(0)).await?;
    c.confirms("confirmed", &a, "De-configuring FCP device on host... Done")?;
    units_are(c, &node, &disk, false).await?;
    row_is(c, &disk, "free", "", "").await
}

async fn detach_other_order(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    attached(c, &node, &disk).await?;
    let mut ports: Vec<&str> = disk.wwpn.split(';').collect();
    ports.reverse();
    let line = format!(
        "--removezfcp {} {} {} 0",
        disk.fcp,
        ports.join(";"),
        disk.lun
    );
    let a = c.chvm(&node, &line).await?;
    let outcome = c.confirms("confirmed", &a, "De-configuring FCP device on host... Done");
    if outcome.is_err() {
        c.chvm(&node, &disk.detach_line(0)).await?;
        return outcome;
    }
    units_are(c, &node, &disk, false).await
}

async fn loaddev(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let disk = multipath_disk(c, 0).await?;
    let line = format!(
        "--addzfcp {} {} 1 {} 0 {} {}",
        disk.pool, disk.fcp, disk.size, disk.wwpn, disk.lun
    );
    let a = c.chvm(&node, &line).await?;
    c.refuses(
        "refused",
        &a,
        "It's not supported to ipl from a multipath device",
    )
}
