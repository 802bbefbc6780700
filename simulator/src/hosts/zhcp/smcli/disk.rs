//! Minidisks (spec: zhcp-and-smapi 2.9.8).

use super::arguments::atoi;
use super::call::Call;
use super::reply::Reply;
use crate::world::zvm::cp::{LinkFailure, LinkMode};
use crate::world::zvm::{Allocation, Code, DiskUnit, NewDisk, Smapi, code, size_in_units};
use crate::world::{DeviceNumber, UserId};

const MODES: [&str; 14] = [
    "R", "RR", "W", "WR", "M", "MR", "MW", "RV", "RRV", "WV", "WRV", "MV", "MRV", "MWV",
];

fn mode(call: &Call<'_, '_>, letter: char) -> Smapi<String> {
    let mode = call.option(letter).to_ascii_uppercase();
    if MODES.contains(&mode.as_str()) {
        Ok(mode)
    } else {
        Err(call.syntax(letter, if mode.is_empty() { 14 } else { 19 }))
    }
}

fn allocation(call: &Call<'_, '_>, kind: char, name: char) -> Smapi<Allocation> {
    let area = call.option(name).to_ascii_uppercase();
    Ok(match call.option(kind).to_ascii_uppercase().as_str() {
        "AUTOG" => Allocation::Group(area),
        "AUTOR" => Allocation::Region(area),
        "AUTOV" => Allocation::Volume(area),
        "V-DISK" => Allocation::Virtual,
        "T-DISK" => Allocation::Temporary,
        "DEVNO" => {
            Allocation::Device(DeviceNumber::parse(&area).map_err(|_| call.syntax(name, 16))?)
        }
        text => match text.parse() {
            Ok(start) => Allocation::At(area, start),
            Err(_) => return Err(call.syntax(kind, if text.is_empty() { 14 } else { 19 })),
        },
    })
}

/// `Image_Disk_Create_DM`.
pub fn disk_create_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let kind = call.option('t').to_ascii_uppercase();
        if kind.is_empty() {
            return Err(call.syntax('t', 14));
        }
        let unit = call.number('u');
        if !(1..=5).contains(&unit) {
            return Err(call.syntax('u', 18));
        }
        let size = u64::try_from(call.number('z')).unwrap_or(0);
        let disk = NewDisk {
            device: call.device('v')?,
            allocation: allocation(call, 'a', 'r')?,
            size: size_in_units(&kind, unit as u32, size),
            mode: mode(call, 'm')?,
            passwords: ['R', 'W', 'M'].map(|p| call.option(p).to_owned()),
            kind,
        };
        call.system_mut()?.create_minidisk(&user, &disk, &caller)
    };
    let result = create(call);
    call.finish(result)
}

/// The pair for a link that CP refused.
fn refused(failure: &LinkFailure) -> Code {
    match failure {
        LinkFailure::NotLoggedOn => Code::NOT_ACTIVE,
        LinkFailure::NoOwner | LinkFailure::NoDisk => code(208, 36),
        LinkFailure::NotMounted(_) => code(208, 12),
        LinkFailure::ReadWriteBy(_) | LinkFailure::ReadOnlyBy(_) => code(208, 16),
        LinkFailure::Defined => Code::DEVICE_EXISTS,
    }
}

/// `Image_Disk_Create`: links the guest's own minidisk.
pub fn disk_create(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let mode = LinkMode::parse(&mode(call, 'm')?).ok_or(call.syntax('m', 19))?;
        let system = call.system_mut()?;
        system
            .link(&user, &user, device, device, mode)
            .map(|_| ())
            .map_err(|f| refused(&f))
    };
    create(call).into()
}

/// `Image_Disk_Delete_DM`.
pub fn disk_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        if !(0..=2).contains(&call.number('e')) {
            return Err(call.syntax('e', 18));
        }
        call.system_mut()?.delete_minidisk(&user, device, &caller)
    };
    let result = delete(call);
    call.finish(result)
}

/// `Image_Disk_Delete`.
pub fn disk_delete(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.unlink(&user, device).map(|_| ())
    };
    delete(call).into()
}

/// `Image_Disk_Copy_DM`.
pub fn disk_copy_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let copy = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (device, source) = (call.device('t')?, call.device('s')?);
        let owner = call.name('S')?;
        let place = call
            .has('a')
            .then(|| allocation(call, 'a', 'n'))
            .transpose()?;
        let mode = if call.has('m') {
            mode(call, 'm')?
        } else {
            "MR".to_owned()
        };
        call.system_mut()?
            .copy_minidisk(&user, device, (&owner, source), place, &mode, &caller)
    };
    let result = copy(call);
    call.finish(result)
}

/// `Image_Disk_Copy`: the copy has been made in the directory; here it is linked.
pub fn disk_copy(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let copy = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?
            .link(&user, &user, device, device, LinkMode::MR)
            .map(|_| ())
            .map_err(|f| refused(&f))
    };
    copy(call).into()
}

/// Owner, owner's device and mode of a share.
fn share(call: &Call<'_, '_>) -> Smapi<(DeviceNumber, UserId, DeviceNumber, String)> {
    Ok((
        call.device('v')?,
        call.name('t')?,
        call.device('r')?,
        mode(call, 'a')?,
    ))
}

/// `Image_Disk_Share_DM`: adds a LINK statement.
pub fn disk_share_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let add = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (device, owner, owner_device, mode) = share(call)?;
        let password = call.option('p').to_owned();
        let system = call.system_mut()?;
        system.entry_for(&user, &caller)?;
        let theirs = system.directory.get(&owner).ok_or(Code::NO_ENTRY)?;
        let disk = theirs
            .of_device("MDISK", owner_device)
            .next()
            .ok_or(code(408, 8))?;
        match disk.word(7) {
            Some(wanted) if !password.is_empty() && !wanted.eq_ignore_ascii_case(&password) => {
                return Err(code(408, 32));
            }
            _ => {}
        }
        let entry = system.entry_for(&user, &caller)?;
        if entry.defines(device) {
            return Err(code(408, 4));
        }
        entry.add_device(format!("LINK {owner} {owner_device:X} {device:X} {mode}"));
        Ok(())
    };
    add(call).into()
}

/// `Image_Disk_Share`: CP LINK for the running guest.
pub fn disk_share(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let link = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (device, owner, owner_device, mode) = share(call)?;
        let mode = LinkMode::parse(&mode).unwrap_or(LinkMode::RR);
        call.system_mut()?
            .link(&user, &owner, owner_device, device, mode)
            .map(|_| ())
            .map_err(|f| refused(&f))
    };
    link(call).into()
}

/// `Image_Disk_Unshare_DM`.
pub fn disk_unshare_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let remove = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        if entry.remove_device("LINK", device) {
            Ok(())
        } else {
            Err(code(408, 8))
        }
    };
    remove(call).into()
}

/// `Image_Disk_Unshare`.
pub fn disk_unshare(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let remove = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let system = call.system_mut()?;
        match system.active(&user)?.disks.get(&device) {
            Some(disk) if disk.owner == user => Err(code(208, 8)),
            _ => system.unlink(&user, device).map(|_| ()),
        }
    };
    remove(call).into()
}

/// `Image_Disk_Query`.
pub fn disk_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let machine = system.running.get(&call.user()).ok_or(code(8, 45))?;
        let all = call
            .keyword("vdasd_id")
            .is_some_and(|v| v.eq_ignore_ascii_case("ALL"));
        let wanted = if all {
            None
        } else {
            Some(call.keyword_device("vdasd_id")?)
        };
        let mut text = String::new();
        for (device, disk) in &machine.disks {
            if wanted.is_some_and(|w| w != *device) {
                continue;
            }
            let real = system
                .volume_device(&disk.volume)
                .map_or_else(|| "VDSK".to_owned(), |r| format!("{r:X}"));
            let unit = match disk.unit {
                DiskUnit::Cylinders => "Cylinders",
                DiskUnit::Blocks => "Blocks",
            };
            text.push_str(&format!(
                "DASD VDEV: {device:X}\n  RDEV: {real}\n  Access type: {}\n  Device type: {}\n  Device size: {}\n  \
                 Device units: {unit}\n  Device volume label: {}\n\n",
                if disk.read_only { "R/O" } else { "R/W" },
                disk.kind,
                disk.size,
                disk.volume,
            ));
        }
        if text.is_empty() {
            return Err(code(8, 8));
        }
        Ok(text)
    };
    query(call).into()
}

/// `Image_MDISK_Link_Query`.
pub fn mdisk_link_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let user = call.user();
        let device = call.keyword_device("vdev")?;
        let name = call
            .env
            .linux()
            .map(|l| l.system.clone())
            .unwrap_or_default();
        let system = call.system()?;
        if !system.running.contains_key(&user) {
            return Err(code(8, 12));
        }
        let links = system.links_to(&user, device);
        if links.is_empty() {
            return Err(code(4, 8));
        }
        Ok(links
            .iter()
            .map(|(by, at, read_only)| {
                let access = if *read_only { "R/O" } else { "R/W" };
                format!("System name: {name}\nUser: {by}\nVaddr: {at:X}\nAccess Mode: {access}\n")
            })
            .collect())
    };
    query(call).into()
}

/// A size option as `atoi` reads it, never negative.
pub fn size(call: &Call<'_, '_>, letter: char) -> u64 {
    u64::try_from(atoi(call.option(letter))).unwrap_or(0)
}
