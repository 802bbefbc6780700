//! The table of these programs.

use super::{dasd, disks, helpers, image, iucv, smcli, vmcp, vmur};
use crate::hosts::Program;
use crate::world::LinuxRole;

/// The program of a name on a Linux of this role.
pub fn lookup(name: &str, role: LinuxRole) -> Option<Program> {
    match name {
        "vmcp" => return Some(vmcp::run),
        "vmur" => return Some(vmur::run),
        // A guest's is its distribution's.
        "lsdasd" if role == LinuxRole::Guest => return None,
        "lsdasd" | "dasdfmt" | "fdasd" | "dasdview" => return Some(dasd::run),
        _ => {}
    }
    if role != LinuxRole::Zhcp {
        return None;
    }
    Some(match name {
        "smcli" => smcli::run,
        "iucvclnt" => iucv::client,
        "iucvserv" => iucv::server,
        "linkdiskandbringonline" => disks::link,
        "offlinediskanddetach" => disks::offline,
        "unpackdiskimage" => image::unpack,
        "creatediskimage" => image::create,
        "syncfileutil" => helpers::syncfileutil,
        "getdiskpool" => helpers::getdiskpool,
        "getdiskpoolnames" => helpers::getdiskpoolnames,
        "getuserentry" => helpers::getuserentry,
        "createvs" => helpers::createvs,
        _ => return None,
    })
}
