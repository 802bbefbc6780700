//! Profiles and prototypes of the directory (spec: zhcp-and-smapi 2.9.4, 2.9.5).

use super::call::Call;
use super::reply::Reply;
use crate::world::zvm::{Code, Smapi, code};

fn records(call: &Call<'_, '_>) -> Result<Vec<String>, Reply> {
    match call.file('f') {
        Ok(text) => Ok(text
            .lines()
            .map(|l| l.chars().take(72).collect::<String>())
            .collect()),
        Err(name) => Err(Reply::Early(
            format!("\nERROR: Failed to open file {name}\n"),
            2,
        )),
    }
}

/// `Profile_Query_DM`: an empty line comes first.
pub fn profile_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        system.directory_is_up()?;
        let statements = system.profiles.get(&call.user()).ok_or(code(436, 4))?;
        let lines = statements.iter().map(|s| format!("{}\n", s.trim()));
        Ok(std::iter::once("\n".to_owned()).chain(lines).collect())
    };
    query(call).into()
}

/// `Profile_Create_DM`.
pub fn profile_create_dm(call: &mut Call<'_, '_>) -> Reply {
    let records = match records(call) {
        Ok(records) => records,
        Err(reply) => return reply,
    };
    let profile = call.user();
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        if system.profiles.contains_key(&profile) || system.directory.contains_key(&profile) {
            return Err(Code::ENTRY_EXISTS);
        }
        system.profiles.insert(profile, records);
        Ok(())
    };
    create(call).into()
}

/// `Profile_Replace_DM`: as for users, the profile must have been locked.
pub fn profile_replace_dm(call: &mut Call<'_, '_>) -> Reply {
    let records = match records(call) {
        Ok(records) => records,
        Err(reply) => return reply,
    };
    let (profile, caller) = (call.user(), call.caller());
    let replace = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        let known = system.profiles.get_mut(&profile).ok_or(Code::NO_ENTRY)?;
        match system.profile_locks.get(&profile) {
            None => return Err(Code::ENTRY_NOT_LOCKED),
            Some(holder) if *holder != caller => return Err(Code::ENTRY_LOCKED),
            Some(_) => {}
        }
        *known = records;
        system.profile_locks.remove(&profile);
        Ok(())
    };
    replace(call).into()
}

/// `Profile_Delete_DM`.
pub fn profile_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (profile, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        if system
            .profile_locks
            .get(&profile)
            .is_some_and(|h| *h != caller)
        {
            return Err(Code::ENTRY_LOCKED);
        }
        system.profiles.remove(&profile).ok_or(Code::NO_ENTRY)?;
        system.profile_locks.remove(&profile);
        Ok(())
    };
    delete(call).into()
}

/// `Profile_Lock_DM`.
pub fn profile_lock_dm(call: &mut Call<'_, '_>) -> Reply {
    let (profile, caller) = (call.user(), call.caller());
    let lock = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        if !system.profiles.contains_key(&profile) {
            return Err(Code::NO_ENTRY);
        }
        if system.profile_locks.contains_key(&profile) {
            return Err(Code::ENTRY_LOCKED);
        }
        system.profile_locks.insert(profile, caller);
        Ok(())
    };
    lock(call).into()
}

/// `Profile_Unlock_DM`.
pub fn profile_unlock_dm(call: &mut Call<'_, '_>) -> Reply {
    let profile = call.user();
    let unlock = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        if !system.profiles.contains_key(&profile) {
            return Err(Code::NO_ENTRY);
        }
        system
            .profile_locks
            .remove(&profile)
            .map(|_| ())
            .ok_or(Code::ENTRY_NOT_LOCKED)
    };
    unlock(call).into()
}

/// `Profile_Lock_Query_DM`.
pub fn profile_lock_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let profile = call.user();
    let target = call.target().to_owned();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        system.directory_is_up()?;
        if !system.profiles.contains_key(&profile) {
            return Err(Code::NO_ENTRY);
        }
        Ok(match system.profile_locks.get(&profile) {
            Some(holder) => format!("Locked type: PROFILE\nProfile locked by: {holder}\n"),
            None => format!("{target} is Unlocked...\n"),
        })
    };
    query(call).into()
}

/// `Prototype_Create_DM`.
pub fn prototype_create_dm(call: &mut Call<'_, '_>) -> Reply {
    write_prototype(call, false)
}

/// `Prototype_Replace_DM`.
pub fn prototype_replace_dm(call: &mut Call<'_, '_>) -> Reply {
    write_prototype(call, true)
}

fn write_prototype(call: &mut Call<'_, '_>, replace: bool) -> Reply {
    let records = match records(call) {
        Ok(records) => records,
        Err(reply) => return reply,
    };
    let prototype = call.user();
    let write = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        match (system.prototypes.contains_key(&prototype), replace) {
            (false, true) => return Err(code(416, 4)),
            (true, false) => return Err(code(416, 8)),
            _ => {}
        }
        system.prototypes.insert(prototype, records);
        Ok(())
    };
    write(call).into()
}

/// `Prototype_Delete_DM`.
pub fn prototype_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let prototype = call.user();
    call.system_mut()
        .and_then(|s| {
            s.directory_accepts()
                .map(|()| s.prototypes.remove(&prototype))
        })
        .and_then(|old| old.map(|_| ()).ok_or(code(416, 4)))
        .into()
}

/// `Prototype_Query_DM`.
pub fn prototype_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let prototype = call.user();
    call.system()
        .and_then(|s| s.prototypes.get(&prototype).ok_or(code(416, 4)))
        .map(|lines| {
            lines
                .iter()
                .map(|l| format!("{}\n", l.trim()))
                .collect::<String>()
        })
        .into()
}

/// `Prototype_Name_Query_DM`.
pub fn prototype_name_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let names = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        if system.prototypes.is_empty() {
            return Err(code(0, 28));
        }
        Ok(system.prototypes.keys().map(|n| format!("{n}\n")).collect())
    };
    names(call).into()
}
