//! Real devices: FCP, SCSI, DASD (spec: zhcp-and-smapi 2.9.12, 5.3, 5.4).

use super::call::Call;
use super::reply::Reply;
use crate::world::zvm::{FcpState, ScsiDisk, ScsiPath, Smapi, code};
use crate::world::{DeviceNumber, Lun, Wwpn};

/// Lowest level at which owners and sizes are printed.
const LEVEL_630: u16 = 630;

/// `System_WWPN_Query`: owners only when `OWNER=YES` was asked for (spec: zhcp-and-smapi 5.3).
pub fn wwpn_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let owners = match call
            .keyword("OWNER")
            .map(str::to_ascii_uppercase)
            .as_deref()
        {
            Some("YES") => system.smapi.level >= LEVEL_630,
            None | Some("NO")
                if call
                    .arguments
                    .keywords
                    .iter()
                    .all(|k| k.to_ascii_uppercase().starts_with("OWNER=")) =>
            {
                false
            }
            _ => return Err(call.syntax('k', 19)),
        };
        if system.fcp.is_empty() {
            return Err(code(4, 28));
        }
        let mut text = String::with_capacity(system.fcp.len() * 190);
        for (number, device) in &system.fcp {
            let npiv = device
                .npiv_wwpn
                .map_or_else(|| "NONE".to_owned(), |w| format!("{w:X}"));
            text.push_str(&format!(
                "FCP device number: {number:X}\n  Status: {}\n  NPIV world wide port number: {npiv}\n  \
                 Channel path ID: {}\n  Physical world wide port number: {:X}\n",
                device.state().text(),
                device.chpid,
                device.physical_wwpn
            ));
            if owners {
                let owner = device.attached_to.as_ref().map_or("NONE", |u| u.as_str());
                text.push_str(&format!("  Owner: {owner}\n"));
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// `System_FCP_Free_Query`: the LUNs that a free FCP device sees.
pub fn fcp_free_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let number = call.keyword_device("fcp_dev")?;
        let device = call.system()?.fcp.get(&number).ok_or(code(8, 8))?;
        if device.state() != FcpState::Free {
            return Err(code(8, 10));
        }
        let san = &call.env.world.san;
        let mut text = String::new();
        if san.links_down.contains(&device.physical_wwpn)
            || device
                .npiv_wwpn
                .is_some_and(|w| san.logins_refused.contains(&w))
        {
            return Err(code(4, 28));
        }
        for seen in san.visible_luns(device.initiator()) {
            let (target, lun, volume) = (seen.target, seen.lun, seen.volume);
            let uuid = volume
                .wwid
                .get(1..)
                .filter(|w| !w.is_empty())
                .unwrap_or("NONE");
            let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
            text.push_str(&format!(
                "FCP device number: {number:X}\n  World wide port number: {target:X}\n  Logical unit number: {lun:X}\n  \
                 Universally unique number in printed hex: {}\n  Vendor name: {}\n  Product number: {}\n  \
                 Model number: 0000\n  Serial number: {}\n  Device code: 0000\n  Block size, in bytes: 512\n  \
                 Number of blocks residing on the logical unit: {}\n  \
                 Number of bytes residing on the logical unit: {}\n",
                uuid.to_ascii_uppercase(),
                cut(volume.vendor(), 8),
                cut(volume.product(), 4),
                cut(&format!("{:08X}", target.0 >> 16 & 0xffff_ffff), 8),
                volume.bytes / 512,
                volume.bytes,
            ));
        }
        if text.is_empty() {
            return Err(code(4, 28));
        }
        Ok(text)
    };
    query(call).into()
}

/// `System_SCSI_Disk_Query`.
pub fn scsi_disk_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let all = call
            .keyword("dev_num")
            .is_some_and(|d| d.eq_ignore_ascii_case("ALL"));
        let wanted = if all {
            None
        } else {
            Some(call.keyword_device("dev_num")?)
        };
        let mut text = String::new();
        for (number, disk) in &system.scsi_disks {
            if wanted.is_some_and(|w| w != *number) {
                continue;
            }
            text.push_str(&format!(
                "  Device ID: {number:X}\n  Device type: {}\n  Device attribute: {}\n  Device size, in blocks: {}\n",
                disk.kind, disk.attribute, disk.blocks
            ));
            for path in &disk.paths {
                text.push_str(&format!(
                    "  FCP device number: {:X}\n  World wide port number: {:X}\n  Logical unit number: {:X}\n",
                    path.device, path.wwpn, path.lun
                ));
            }
            text.push('\n');
        }
        match (text.is_empty(), all) {
            (true, true) => Err(code(4, 28)),
            (true, false) => Err(code(8, 8)),
            _ => Ok(text),
        }
    };
    query(call).into()
}

/// `dev_path_array`: `FCP WWPN LUN;…`.
fn paths(text: &str) -> Option<Vec<ScsiPath>> {
    text.split(';')
        .filter(|p| !p.trim().is_empty())
        .map(|path| {
            let words: Vec<&str> = path.split_whitespace().collect();
            let [device, wwpn, lun] = words.as_slice() else {
                return None;
            };
            Some(ScsiPath {
                device: DeviceNumber::parse(device).ok()?,
                wwpn: Wwpn::parse(wwpn).ok()?,
                lun: Lun::parse(lun).ok()?,
            })
        })
        .collect()
}

/// `System_SCSI_Disk_Add`: option 1 defines, 2 and 3 define and bring into use.
pub fn scsi_disk_add(call: &mut Call<'_, '_>) -> Reply {
    let add = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let number = call.keyword_device("dev_num")?;
        let paths = call
            .keyword("dev_path_array")
            .and_then(paths)
            .filter(|p| !p.is_empty())
            .ok_or(code(8, 3003))?;
        if !matches!(call.keyword("option"), None | Some("1" | "2" | "3")) {
            return Err(code(8, 3));
        }
        let san = &call.env.world.san;
        let system = call.system()?;
        let mut volume = None;
        for path in &paths {
            let initiator = system.fcp.get(&path.device).ok_or(code(8, 8))?.initiator();
            volume =
                volume.or_else(|| san.lun(initiator, path.wwpn, path.lun).ok().map(|(_, v)| v));
        }
        let volume = volume.ok_or(code(8, 8))?;
        let disk = ScsiDisk {
            kind: "9336".to_owned(),
            attribute: volume.product().chars().take(4).collect(),
            blocks: volume.bytes / 512,
            paths,
        };
        call.system_mut()?.add_scsi_disk(number, disk)
    };
    add(call).into()
}

/// `System_SCSI_Disk_Delete`.
pub fn scsi_disk_delete(call: &mut Call<'_, '_>) -> Reply {
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let number = call.keyword_device("dev_num")?;
        call.system_mut()?.delete_scsi_disk(number)
    };
    delete(call).into()
}

/// `System_Disk_Query`.
pub fn disk_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let all = call
            .keyword("dev_num")
            .is_some_and(|d| d.eq_ignore_ascii_case("ALL"));
        let wanted = if all {
            None
        } else {
            Some(call.keyword_device("dev_num")?)
        };
        let mut text = String::new();
        for (number, volume) in &system.volumes {
            if wanted.is_some_and(|w| w != *number) {
                continue;
            }
            text.push_str(&format!(
                "Device ID: {number:X}\n  Device type: {}\n  Device status: {}\n  Device volume serial number: {}\n",
                volume.kind,
                volume.status(),
                volume.label
            ));
            if system.smapi.level >= LEVEL_630 && volume.size > 0 {
                text.push_str(&format!("  Device size: {}\n", volume.size));
            }
        }
        match (text.is_empty(), all) {
            (true, true) => Err(code(4, 28)),
            (true, false) => Err(code(8, 8)),
            _ => Ok(text),
        }
    };
    query(call).into()
}

/// `System_Disk_Accessibility`.
pub fn disk_accessibility(call: &mut Call<'_, '_>) -> Reply {
    let check = |call: &Call<'_, '_>| -> Smapi<()> {
        let number = call.keyword_device("dev_num")?;
        let volume = call.system()?.volume(number)?;
        if volume.is_free() {
            Ok(())
        } else {
            Err(code(8, 10))
        }
    };
    check(call).into()
}

/// `System_Disk_Add`: varies a disk online.
pub fn disk_add(call: &mut Call<'_, '_>) -> Reply {
    let add = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let number = call.keyword_device("dev_num")?;
        let volume = call
            .system_mut()?
            .volumes
            .get_mut(&number)
            .ok_or(code(8, 8))?;
        if volume.cp_owned || volume.system || volume.attached_to.is_some() {
            return Err(code(8, 10));
        }
        volume.online = true;
        Ok(())
    };
    add(call).into()
}

/// `System_Disk_IO_Query`.
pub fn disk_io_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let wanted: Vec<DeviceNumber> = call
            .keyword("RDEV")
            .filter(|w| w.trim() != "*")
            .into_iter()
            .flat_map(str::split_whitespace)
            .filter_map(|w| DeviceNumber::parse(w).ok())
            .collect();
        let text: String = system
            .volumes
            .iter()
            .filter(|(n, _)| wanted.is_empty() || wanted.contains(n))
            .map(|(n, v)| format!("DASD={n:X} VOLID={} IO=0\n", v.label))
            .collect();
        if text.is_empty() {
            Err(code(4, 28))
        } else {
            Ok(text)
        }
    };
    query(call).into()
}

/// `System_EQID_Query`: FCP devices have the EQID of their channel path.
pub fn eqid_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let name = |chpid: &str| format!("FCP{chpid}");
        let target = call
            .keyword("eqid_target")
            .unwrap_or_default()
            .to_ascii_uppercase();
        let pair = |number: &DeviceNumber, chpid: &str| {
            format!("  Eqid Name: {}\n  Eqid Rdev: {number:X}\n", name(chpid))
        };
        match call
            .keyword("eqid_for")
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "ALL" if system.fcp.is_empty() => Err(code(4, 28)),
            "ALL" => Ok(system.fcp.iter().map(|(n, d)| pair(n, &d.chpid)).collect()),
            "RDEV" => {
                let number = DeviceNumber::parse(&target).map_err(|_| call.syntax('k', 16))?;
                let device = system.fcp.get(&number).ok_or(code(8, 8))?;
                Ok(pair(&number, &device.chpid))
            }
            "EQID" => {
                let devices: Vec<String> = system
                    .fcp
                    .iter()
                    .filter(|(_, d)| name(&d.chpid) == target)
                    .map(|(n, _)| format!("{n:X}"))
                    .collect();
                match devices.as_slice() {
                    [] => Err(code(8, 8)),
                    [one] => Ok(format!("  Eqid Name: {target}\n  Eqid Rdev: {one}\n")),
                    many => Ok(format!(
                        "  Eqid Name: {target}\n  List of Eqid Rdevs: {}\n",
                        many.join(" ")
                    )),
                }
            }
            _ => Err(call.syntax('k', 19)),
        }
    };
    query(call).into()
}

/// `System_IO_Query`: channel paths of a real device; the target is the device.
pub fn io_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let target = call.target();
        let number = call.device('T')?;
        let system = call.system()?;
        let chpids: Vec<&str> = if let Some(fcp) = system.fcp.get(&number) {
            vec![&fcp.chpid]
        } else if let Some(osa) = system.osa.get(&number) {
            vec![&osa.chpid]
        } else if system.volumes.contains_key(&number) {
            vec!["40", "41", "42", "43"]
        } else {
            return Err(code(8, 8));
        };
        let mut text = format!(
            "Real device address {target}. CHIPID count: {} \n",
            chpids.len()
        );
        for (at, chpid) in chpids.iter().enumerate() {
            text.push_str(&format!(
                "Real device address {target} CHIPID list[{at}]: {chpid}\n"
            ));
        }
        Ok(text)
    };
    query(call).into()
}
