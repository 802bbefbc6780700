//! FCP devices: bringing one online and offline (spec: zfcp-and-san 4.6).

use super::id::exit;
use crate::hosts::ProgramEnv;
use crate::hosts::guest::tool::{ccw_path, exists, get, put, view};
use crate::world::DeviceNumber;
use crate::world::zfcp::Errno;
use crate::world::zfcp::names::bus_id;

/// Pauses before the tries of a busy device, in milliseconds.
const TRIES_MS: [u64; 4] = [0, 100, 200, 500];

/// Why a step failed: cause lines and the exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Lines without their indentation.
    pub lines: Vec<String>,
    /// Exit status.
    pub rc: i32,
}

impl Cause {
    /// One line.
    pub fn new(line: impl Into<String>, rc: i32) -> Self {
        Self {
            lines: vec![line.into()],
            rc,
        }
    }
}

/// Whether the device is online.
pub fn is_online(env: &ProgramEnv<'_>, device: DeviceNumber) -> bool {
    get(env, &format!("{}/online", ccw_path(device))).as_deref() == Some("1")
}

/// Whether LUNs of the device appear by themselves.
pub fn scans_automatically(env: &ProgramEnv<'_>, device: DeviceNumber) -> bool {
    view(env).is_some_and(|view| view.zfcp.scans_automatically(&view.machine, device))
}

/// Frees the id if it is ignored, and makes sure that the device is there and bound.
fn prepare(env: &mut ProgramEnv<'_>, device: DeviceNumber) -> Result<(), Cause> {
    let path = ccw_path(device);
    let (ignored, no_zfcp) = view(env).map_or((false, false), |view| {
        (view.zfcp.is_ignored(device), view.zfcp.faults.no_zfcp)
    });
    if no_zfcp {
        return Err(Cause::new(
            "Error: Could not load module zfcp",
            exit::LOAD_FAILED,
        ));
    }
    if ignored && !exists(env, &path) {
        let _ = put(env, "/proc/cio_ignore", &format!("free {}", bus_id(device)));
        let _ = put(env, "/proc/cio_settle", "1");
    }
    if !exists(env, &path) {
        return Err(Cause::new(
            "Error: Device not found",
            exit::DEVICE_NOT_FOUND,
        ));
    }
    if !exists(env, &format!("{path}/driver")) {
        return Err(Cause::new(
            "Error: CCW device is not bound to a driver",
            exit::INVALID_CONFIG,
        ));
    }
    Ok(())
}

/// Switches a device; a busy one is tried again. Says whether its state changed.
pub fn switch(env: &mut ProgramEnv<'_>, device: DeviceNumber, on: bool) -> Result<bool, Cause> {
    if on {
        prepare(env, device)?;
    }
    if is_online(env, device) == on {
        return Ok(false);
    }
    let file = format!("{}/online", ccw_path(device));
    let mut last = Errno::Again;
    for pause in TRIES_MS {
        env.world.now_ms = env.world.now_ms.saturating_add(pause);
        match put(env, &file, if on { "1" } else { "0" }) {
            Ok(()) => return Ok(true),
            Err(errno) => last = errno,
        }
        if last != Errno::Again {
            break;
        }
    }
    Err(Cause::new(
        format!("Error: Could not write file {file}: {last}"),
        exit::SETTING_FAILED,
    ))
}
