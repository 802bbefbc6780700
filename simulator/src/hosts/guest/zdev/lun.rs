//! zFCP LUNs: adding and removing one in the running system (spec: zfcp-and-san 4.6, "Steps").

use super::host::Cause;
use super::id::{DeviceId, exit};
use crate::hosts::ProgramEnv;
use crate::hosts::guest::tool::{exists, get, port_path, put, unit_path, view};
use crate::hosts::sysfs::css::hctl;
use crate::world::zfcp::names::bus_id;
use crate::world::{DeviceNumber, Lun, Wwpn};

/// Sysfs directory of the SCSI device of a LUN, if there is one.
pub fn scsi_path(
    env: &ProgramEnv<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
) -> Option<String> {
    let view = view(env)?;
    let port = view.zfcp.adapters.get(&device)?.ports.get(&wwpn)?;
    port.devices.get(&lun)?;
    let address = hctl(&view, device, wwpn, lun)?;
    Some(format!("/sys/bus/scsi/devices/{address}"))
}

/// Configures a LUN. Says whether anything changed.
pub fn add(env: &mut ProgramEnv<'_>, id: DeviceId, force: bool) -> Result<bool, Cause> {
    let DeviceId::Lun(device, wwpn, lun) = id else {
        return Ok(false);
    };
    let unit = unit_path(device, wwpn, lun);
    let configured = exists(env, &unit);
    if configured && scsi_path(env, device, wwpn, lun).is_some() {
        return Ok(false);
    }
    if configured {
        let _ = put(env, &format!("{unit}/failed"), "0");
    } else {
        let port = port_path(device, wwpn);
        if !exists(env, &port) {
            return Err(Cause::new(
                "Error: Target port not found",
                exit::WWPN_NOT_FOUND,
            ));
        }
        let file = format!("{port}/unit_add");
        if let Err(errno) = put(env, &file, &format!("0x{lun}")) {
            return Err(Cause {
                lines: vec![
                    format!("Error: Could not write file {file}: {errno}"),
                    // The missing blank is real.
                    format!(
                        "Warning: Could not add LUN {lun} to WWPN 0x{wwpn}of FCP device {}",
                        bus_id(device)
                    ),
                ],
                rc: exit::RUN_TIME,
            });
        }
        if get(env, &format!("{unit}/failed")).as_deref() == Some("1") {
            let _ = put(env, &format!("{unit}/failed"), "0");
        }
    }
    if scsi_path(env, device, wwpn, lun).is_some() {
        return Ok(true);
    }
    if !force {
        let _ = put(
            env,
            &format!("{}/unit_remove", port_path(device, wwpn)),
            &format!("0x{lun}"),
        );
    }
    Err(Cause::new(
        "Error: No SCSI device found - check FCP LUN ID and SAN settings",
        exit::SCSI_NOT_FOUND,
    ))
}

/// Deconfigures a LUN in the running system. Says whether anything changed.
pub fn remove(env: &mut ProgramEnv<'_>, id: DeviceId) -> bool {
    let DeviceId::Lun(device, wwpn, lun) = id else {
        return false;
    };
    let mut changed = false;
    if let Some(scsi) = scsi_path(env, device, wwpn, lun) {
        changed |= put(env, &format!("{scsi}/delete"), "1").is_ok();
    }
    if exists(env, &unit_path(device, wwpn, lun)) {
        let file = format!("{}/unit_remove", port_path(device, wwpn));
        changed |= put(env, &file, &format!("0x{lun}")).is_ok();
    }
    changed
}
