//! Directory entries as text, and their locks (spec: zhcp-and-smapi 2.9.4, 2.9.5).

use super::call::Call;
use super::reply::Reply;
use crate::world::UserId;
use crate::world::zvm::{Acceptance, Code, Smapi, code};

/// Longest line of an input file, its newline included.
const LINE: usize = 72;
/// Lines that fit when they come from standard input.
const STDIN_LINES: usize = 100;

/// `Image_Query_DM`.
pub fn image_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| {
        let (user, caller) = (call.user(), call.caller());
        let entry = call.system()?.entry(&user)?;
        if entry.is_locked_for(&caller) {
            return Err(Code::ENTRY_LOCKED);
        }
        Ok(entry.text())
    };
    query(call).into()
}

/// Lines that end in a newline; what follows the last one is not counted.
fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n')
        .filter_map(|l| l.strip_suffix('\n'))
        .map(str::to_owned)
        .collect()
}

/// `Image_Create_DM`.
pub fn image_create_dm(call: &mut Call<'_, '_>) -> Reply {
    let records = if call.has('f') {
        let text = match call.file('f') {
            Ok(text) => text,
            Err(name) => return Reply::Early(format!("\nERROR: Failed to open file {name}\n"), 2),
        };
        for (at, line) in text.split_inclusive('\n').enumerate() {
            if line.len() > LINE {
                let message = format!(
                    "\nERROR: Input file {} line {} contains {} chars of input and the max is {LINE}\n",
                    call.option('f'),
                    at + 1,
                    line.len()
                );
                return Reply::Early(message, 3);
            }
        }
        lines(&text)
    } else if call.has('s') {
        let records = lines(call.stdin);
        if records.len() >= STDIN_LINES {
            let message = format!("ERROR: stdin contains more then {STDIN_LINES} lines of input\n");
            return Reply::Early(message, 4);
        }
        records
    } else {
        Vec::new()
    };
    let user = call.user();
    let prototype = call.has('p').then(|| UserId::new(call.option('p')));
    let (password, account) = (call.option('w').to_owned(), call.option('a').to_owned());
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        call.name('T')?;
        let system = call.system_mut()?;
        let mut records = records.clone();
        if let Some(prototype) = prototype {
            let text = system.prototypes.get(&prototype).ok_or(code(416, 4))?;
            records = text.clone();
            for record in &mut records {
                let words: Vec<&str> = record.split_whitespace().collect();
                if words
                    .first()
                    .is_some_and(|w| w.eq_ignore_ascii_case("USER"))
                {
                    let mut words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
                    words.resize(words.len().max(3), "*".to_owned());
                    words[1] = user.to_string();
                    if !password.is_empty() {
                        words[2].clone_from(&password);
                    }
                    *record = words.join(" ");
                }
            }
        }
        if !account.is_empty() {
            records.insert(records.len().min(1), format!("ACCOUNT {account}"));
        }
        system.define(&user, &records)
    };
    create(call).into()
}

/// `Image_Replace_DM`. Long lines are split at 71.
pub fn image_replace_dm(call: &mut Call<'_, '_>) -> Reply {
    let text = if call.has('f') {
        match call.file('f') {
            Ok(text) => text,
            Err(name) => return Reply::Early(format!("\nERROR: Failed to open file {name}\n"), 2),
        }
    } else {
        call.stdin.to_owned()
    };
    let records: Vec<String> = lines(&text)
        .iter()
        .flat_map(|line| {
            let chars: Vec<char> = line.chars().collect();
            if chars.is_empty() {
                return vec![String::new()];
            }
            chars.chunks(LINE - 1).map(|c| c.iter().collect()).collect()
        })
        .collect();
    let (user, caller) = (call.user(), call.caller());
    call.system_mut()
        .and_then(|s| s.replace(&user, &records, &caller))
        .into()
}

/// `Image_Delete_DM`.
pub fn image_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    if !(0..=2).contains(&call.number('e')) {
        return Reply::Failed(call.syntax('e', 19));
    }
    let (user, caller) = (call.user(), call.caller());
    let result = call
        .system_mut()
        .and_then(|s| s.remove_entry(&user, &caller));
    call.finish(result)
}

/// `Image_Name_Query_DM`. Always fresh: the cache of the real program is not kept (spec: zhcp-and-smapi 2.9.2).
pub fn image_name_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        system.directory_is_up()?;
        Ok(system.directory.keys().map(|u| format!("{u}\n")).collect())
    };
    query(call).into()
}

/// `Image_Password_Set_DM`.
pub fn image_password_set_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let password = call.option('p').to_owned();
    let set = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        match password.len() {
            0 => return Err(code(444, 8)),
            1..=8 => {}
            _ => return Err(code(444, 4)),
        }
        if password.contains(char::is_whitespace) {
            return Err(code(444, 12));
        }
        entry.set_word("USER", 2, &password.to_ascii_uppercase());
        Ok(())
    };
    set(call).into()
}

/// `Query_All_DM`: profiles are entries of type 2, users of type 1.
pub fn query_all_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        system.directory_is_up()?;
        if !call
            .keyword("FORMAT")
            .is_some_and(|f| matches!(f, "YES" | "NO"))
        {
            return Err(call.syntax('k', 19));
        }
        let mut text = String::new();
        let profiles = system.profiles.iter().map(|(n, s)| (2, n, s));
        let users = system.directory.iter().map(|(n, e)| (1, n, &e.statements));
        for (kind, name, statements) in profiles.chain(users) {
            text.push_str(&format!(
                "Directory Entry_type: {kind}\nDirectory Entry ID: {name}\n"
            ));
            for statement in statements {
                text.push_str(statement.trim());
                text.push('\n');
            }
            text.push('\n');
        }
        Ok(text)
    };
    query(call).into()
}

/// `Directory_Manager_Search_DM`.
pub fn directory_manager_search_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        system.directory_is_up()?;
        let pattern = call.option('s').to_ascii_uppercase();
        let mut text = String::new();
        let profiles = system.profiles.iter();
        let users = system.directory.iter().map(|(n, e)| (n, &e.statements));
        for (name, statements) in profiles.chain(users) {
            for statement in statements
                .iter()
                .filter(|s| s.to_ascii_uppercase().contains(&pattern))
            {
                text.push_str(&format!("{name}: {}\n", printable(statement.trim_end())));
            }
        }
        if text.is_empty() {
            return Err(code(0, 28));
        }
        Ok(text)
    };
    query(call).into()
}

/// Bytes outside printable ASCII as `%xx`.
fn printable(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if (0x20..0x7f).contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02x}")
            }
        })
        .collect()
}

/// `Query_Directory_Manager_Level_DM`.
pub fn query_directory_manager_level_dm(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .and_then(crate::world::ZvmSystem::directory_is_up)
        .map(|()| "Directory Maintenance Facility Function Level 6 Release 4\n".to_owned())
        .into()
}

fn lock_device(call: &Call<'_, '_>) -> Smapi<Option<crate::world::DeviceNumber>> {
    if call.option('v').is_empty() {
        Ok(None)
    } else {
        call.device('v').map(Some)
    }
}

/// `Image_Lock_DM`.
pub fn image_lock_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let lock = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = lock_device(call)?;
        let system = call.system_mut()?;
        system.directory_accepts()?;
        let entry = system.directory.get_mut(&user).ok_or(Code::NO_ENTRY)?;
        entry.lock(device, &caller)
    };
    lock(call).into()
}

/// `Image_Unlock_DM`.
pub fn image_unlock_dm(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let unlock = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = lock_device(call)?;
        let system = call.system_mut()?;
        system.directory_accepts()?;
        let entry = system.directory.get_mut(&user).ok_or(Code::NO_ENTRY)?;
        entry.unlock(device)
    };
    unlock(call).into()
}

/// `Image_Lock_Query_DM`: locked (0/12) and not locked (0/24) both exit 0.
pub fn image_lock_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let target = call.target().to_owned();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let entry = call.system()?.entry(&user)?;
        if let Some(holder) = &entry.locked_by {
            return Ok(format!("Locked type: IMAGE\nImage locked by: {holder}\n"));
        }
        if entry.device_locks.is_empty() {
            return Ok(format!("{target} is Unlocked...\n"));
        }
        let mut text = "Locked type: DEVICE\n".to_owned();
        for (device, holder) in &entry.device_locks {
            text.push_str(&format!(
                "Device address: {device:X}\nDevice locked by: {holder}\n\n"
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// Takes changes over into the object directory, or stops doing so.
fn object_directory(call: &mut Call<'_, '_>, offline: Option<bool>) -> Reply {
    let change = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        if system.dirmaint.acceptance == Acceptance::NotAvailable {
            return Err(code(500, 8));
        }
        if let Some(offline) = offline {
            system.dirmaint.offline = offline;
        }
        Ok(())
    };
    change(call).into()
}

/// `Static_Image_Changes_Activate_DM`.
pub fn static_image_changes_activate_dm(call: &mut Call<'_, '_>) -> Reply {
    object_directory(call, Some(false))
}

/// `Static_Image_Changes_Deactivate_DM`.
pub fn static_image_changes_deactivate_dm(call: &mut Call<'_, '_>) -> Reply {
    object_directory(call, Some(true))
}

/// `Static_Image_Changes_Immediate_DM`.
pub fn static_image_changes_immediate_dm(call: &mut Call<'_, '_>) -> Reply {
    object_directory(call, None)
}
