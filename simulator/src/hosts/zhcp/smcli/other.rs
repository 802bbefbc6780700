//! The rest: what SMAPI keeps for its clients, IUO commands (spec: zhcp-and-smapi 2.9.16, 2.9.17).

use super::call::Call;
use super::reply::Reply;
use crate::hosts::zhcp::cp;
use crate::world::UserId;
use crate::world::zvm::{Authorisation, Registry, Smapi, code};

/// Most bytes of a metadata value.
const METADATA: usize = 1_024;
/// Smallest id of an event of one's own.
const EVENT: i64 = 16_777_215;

/// Changes SMAPI's tables.
fn with(call: &mut Call<'_, '_>, change: impl FnOnce(&mut Registry) -> Smapi<()>) -> Reply {
    call.system_mut()
        .and_then(|s| change(&mut s.registry))
        .into()
}

/// Looks into SMAPI's tables; lines of the answer.
fn look(call: &Call<'_, '_>, read: impl FnOnce(&Registry) -> Smapi<Vec<String>>) -> Reply {
    call.system()
        .and_then(|s| read(&s.registry))
        .map(|lines| lines.iter().map(|l| format!("{l}\n")).collect::<String>())
        .into()
}

/// `Name_List_Add`.
pub fn name_list_add(call: &mut Call<'_, '_>) -> Reply {
    let (list, name) = (
        call.target().to_ascii_uppercase(),
        call.option('n').to_ascii_uppercase(),
    );
    if list.starts_with(':') {
        return Reply::Failed(call.syntax('T', 1));
    }
    let Ok(system) = call.system_mut() else {
        return Reply::Failed(code(-108, 0));
    };
    let new = !system.registry.lists.contains_key(&list);
    let names = system.registry.lists.entry(list).or_default();
    if names.contains(&name) {
        return Reply::Failed(code(0, 36));
    }
    names.push(name);
    if new {
        Reply::Printed("Done. New list created. \n".to_owned(), 0)
    } else {
        Reply::Done
    }
}

/// `Name_List_Remove`.
pub fn name_list_remove(call: &mut Call<'_, '_>) -> Reply {
    let (list, name) = (
        call.target().to_ascii_uppercase(),
        call.option('n').to_ascii_uppercase(),
    );
    let Ok(system) = call.system_mut() else {
        return Reply::Failed(code(-108, 0));
    };
    let Some(names) = system.registry.lists.get_mut(&list) else {
        return Reply::Failed(code(28, 0));
    };
    let Some(at) = names.iter().position(|n| *n == name) else {
        return Reply::Failed(code(0, 32));
    };
    names.remove(at);
    if names.is_empty() {
        system.registry.lists.remove(&list);
        return Reply::Printed("Done. No more entries, list destroyed. \n".to_owned(), 0);
    }
    Reply::Done
}

/// `Name_List_Destroy`.
pub fn name_list_destroy(call: &mut Call<'_, '_>) -> Reply {
    let list = call.target().to_ascii_uppercase();
    with(call, |r| {
        r.lists.remove(&list).map(|_| ()).ok_or(code(28, 0))
    })
}

/// `Name_List_Query`.
pub fn name_list_query(call: &mut Call<'_, '_>) -> Reply {
    let list = call.target().to_ascii_uppercase();
    look(call, |r| r.lists.get(&list).cloned().ok_or(code(28, 0)))
}

fn authorisation(call: &Call<'_, '_>) -> Authorisation {
    Authorisation {
        requester: call.option('i').to_ascii_uppercase(),
        target: call.target().to_ascii_uppercase(),
        function: call.option('f').to_ascii_uppercase(),
    }
}

/// `Authorization_List_Add`.
pub fn authorization_list_add(call: &mut Call<'_, '_>) -> Reply {
    let entry = authorisation(call);
    with(call, |r| {
        if r.authorisations.contains(&entry) {
            return Err(code(108, 0));
        }
        r.authorisations.push(entry);
        Ok(())
    })
}

/// `Authorization_List_Remove`.
pub fn authorization_list_remove(call: &mut Call<'_, '_>) -> Reply {
    let entry = authorisation(call);
    with(call, |r| {
        let at = r
            .authorisations
            .iter()
            .position(|a| *a == entry)
            .ok_or(code(112, 0))?;
        r.authorisations.remove(at);
        Ok(())
    })
}

/// `Authorization_List_Query`: enforces nothing; what is not given matches all.
pub fn authorization_list_query(call: &mut Call<'_, '_>) -> Reply {
    let wanted = authorisation(call);
    look(call, |r| {
        let fits = |wanted: &str, has: &str| wanted.is_empty() || wanted == has;
        let entries: Vec<String> = r
            .authorisations
            .iter()
            .filter(|a| {
                fits(&wanted.requester, &a.requester)
                    && fits(&wanted.target, &a.target)
                    && fits(&wanted.function, &a.function)
            })
            .map(|a| {
                format!(
                    "Entry:\n  Requesting userid: {}\n  For userid: {}\n  Function: {}",
                    a.requester, a.target, a.function
                )
            })
            .collect();
        if entries.is_empty() {
            Err(code(112, 0))
        } else {
            Ok(entries)
        }
    })
}

/// A subscription as the words of its request.
fn subscription(call: &Call<'_, '_>) -> String {
    ['t', 'c', 'p', 'i', 'e', 's']
        .map(|l| call.option(l))
        .join(" ")
}

/// `Asynchronous_Notification_Enable_DM`.
pub fn asynchronous_notification_enable_dm(call: &mut Call<'_, '_>) -> Reply {
    let entry = format!(
        "{} {}",
        call.target().to_ascii_uppercase(),
        subscription(call)
    );
    with(call, |r| {
        if r.subscriptions.contains(&entry) {
            return Err(code(428, 4));
        }
        r.subscriptions.push(entry);
        Ok(())
    })
}

/// `Asynchronous_Notification_Disable_DM`.
pub fn asynchronous_notification_disable_dm(call: &mut Call<'_, '_>) -> Reply {
    let entry = format!(
        "{} {}",
        call.target().to_ascii_uppercase(),
        subscription(call)
    );
    with(call, |r| {
        let at = r
            .subscriptions
            .iter()
            .position(|s| *s == entry)
            .ok_or(code(428, 8))?;
        r.subscriptions.remove(at);
        Ok(())
    })
}

/// `Asynchronous_Notification_Query_DM`.
pub fn asynchronous_notification_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let target = call.target().to_ascii_uppercase();
    look(call, |r| {
        let own: Vec<String> = r
            .subscriptions
            .iter()
            .filter(|s| s.starts_with(&target))
            .cloned()
            .collect();
        if own.is_empty() {
            Err(code(0, 28))
        } else {
            Ok(own)
        }
    })
}

/// `Directory_Manager_Local_Tag_Define_DM`.
pub fn directory_manager_local_tag_define_dm(call: &mut Call<'_, '_>) -> Reply {
    let (tag, ordinal) = (call.option('n').to_ascii_uppercase(), call.number('o'));
    let change = call.number('a') == 1;
    with(call, |r| {
        let ordinal = u32::try_from(ordinal).unwrap_or(0);
        match (r.tags.contains_key(&tag), change) {
            (true, false) => return Err(code(432, 4)),
            (false, true) => return Err(code(432, 8)),
            _ => {}
        }
        if r.tags.iter().any(|(t, o)| *o == ordinal && *t != tag) {
            return Err(code(432, 12));
        }
        r.tags.insert(tag, ordinal);
        Ok(())
    })
}

/// `Directory_Manager_Local_Tag_Delete_DM`.
pub fn directory_manager_local_tag_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let tag = call.option('n').to_ascii_uppercase();
    with(call, |r| {
        if r.tag_values.values().any(|v| v.contains_key(&tag)) {
            return Err(code(432, 16));
        }
        r.tags.remove(&tag).map(|_| ()).ok_or(code(432, 8))
    })
}

/// `Directory_Manager_Local_Tag_Set_DM`.
pub fn directory_manager_local_tag_set_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, tag, value) = (
        call.target().to_ascii_uppercase(),
        call.option('n').to_ascii_uppercase(),
        call.option('v').to_owned(),
    );
    with(call, |r| {
        if !r.tags.contains_key(&tag) {
            return Err(code(432, 8));
        }
        if value.len() > 240 {
            return Err(code(432, 16));
        }
        r.tag_values.entry(user).or_default().insert(tag, value);
        Ok(())
    })
}

/// `Directory_Manager_Local_Tag_Query_DM`.
pub fn directory_manager_local_tag_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, tag) = (
        call.target().to_ascii_uppercase(),
        call.option('n').to_ascii_uppercase(),
    );
    look(call, |r| {
        let value = r
            .tag_values
            .get(&user)
            .and_then(|v| v.get(&tag))
            .ok_or(code(432, 8))?;
        Ok(vec![value.clone()])
    })
}

/// `Directory_Manager_Task_Cancel_DM`.
pub fn directory_manager_task_cancel_dm(call: &mut Call<'_, '_>) -> Reply {
    let id = u32::try_from(call.number('i')).unwrap_or(0);
    call.system_mut()
        .and_then(|s| {
            s.dirmaint
                .operations
                .remove(&id)
                .map(|_| ())
                .ok_or(code(452, 4))
        })
        .into()
}

/// `Event_Stream_Add`.
pub fn event_stream_add(call: &mut Call<'_, '_>) -> Reply {
    if call.number('e') <= EVENT {
        return Reply::Missing;
    }
    Reply::Done
}

fn not_implemented() -> Reply {
    Reply::Printed("Not implemented.\n".to_owned(), 0)
}

/// `Event_Subscribe`.
pub fn event_subscribe(_: &mut Call<'_, '_>) -> Reply {
    not_implemented()
}

/// `Event_Unsubscribe`.
pub fn event_unsubscribe(_: &mut Call<'_, '_>) -> Reply {
    not_implemented()
}

/// `IPaddr_Get`: the address of the system's TCP/IP stack; that of the zHCP is next to it.
pub fn ipaddr_get(call: &mut Call<'_, '_>) -> Reply {
    let ip = call.env.linux().map(|l| l.ip.clone()).unwrap_or_default();
    Reply::Text(format!(
        "Obtaining the TCP/IP address of the zVM system that the zHCP is running on... IP count: 1\nIP Address = {ip}\n"
    ))
}

/// `Metadata_Set`.
pub fn metadata_set(call: &mut Call<'_, '_>) -> Reply {
    let user = call.target().to_ascii_uppercase();
    let entries: Vec<(String, String)> = call
        .arguments
        .keywords
        .iter()
        .filter_map(|k| k.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    if entries.iter().any(|(k, _)| k.len() > METADATA) {
        return Reply::Failed(code(24, 13));
    }
    with(call, |r| {
        r.metadata.entry(user).or_default().extend(entries);
        Ok(())
    })
}

/// `Metadata_Delete`.
pub fn metadata_delete(call: &mut Call<'_, '_>) -> Reply {
    let user = call.target().to_ascii_uppercase();
    let names: Vec<String> = call
        .option('k')
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    with(call, |r| {
        let entries = r.metadata.entry(user).or_default();
        for name in names {
            entries.remove(&name);
        }
        Ok(())
    })
}

/// `Metadata_Get`.
pub fn metadata_get(call: &mut Call<'_, '_>) -> Reply {
    let user = call.target().to_ascii_uppercase();
    let names: Vec<String> = call
        .option('k')
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    look(call, |r| {
        let entries = r.metadata.get(&user);
        Ok(names
            .iter()
            .map(|n| {
                format!(
                    "{n}:{}",
                    entries.and_then(|e| e.get(n)).map_or("", String::as_str)
                )
            })
            .collect())
    })
}

/// `Metadata_Space_Query`.
pub fn metadata_space_query(call: &mut Call<'_, '_>) -> Reply {
    look(call, |r| {
        let used: usize = r
            .metadata
            .values()
            .flatten()
            .map(|(k, v)| k.len() + v.len())
            .sum();
        Ok(vec![
            format!("metadata_bytes_used={used}"),
            "metadata_bytes_free=1048576".to_owned(),
        ])
    })
}

fn interface(call: &Call<'_, '_>) -> Option<String> {
    call.keyword("interface_id").map(str::to_ascii_uppercase)
}

/// `Network_IP_Interface_Create`.
pub fn network_ip_interface_create(call: &mut Call<'_, '_>) -> Reply {
    let words = call.arguments.keywords.join(" ");
    match interface(call) {
        None => Reply::FailedWith(code(8, 3004), vec!["interface_id is missing".to_owned()]),
        Some(name) => with(call, |r| {
            r.interfaces.insert(name, words);
            Ok(())
        }),
    }
}

/// `Network_IP_Interface_Modify`.
pub fn network_ip_interface_modify(call: &mut Call<'_, '_>) -> Reply {
    let words = call.arguments.keywords.join(" ");
    let name = interface(call).unwrap_or_default();
    with(call, |r| {
        let old = r.interfaces.get_mut(&name).ok_or(code(8, 12))?;
        *old = words;
        Ok(())
    })
}

/// `Network_IP_Interface_Remove`.
pub fn network_ip_interface_remove(call: &mut Call<'_, '_>) -> Reply {
    let name = interface(call).unwrap_or_default();
    with(call, |r| {
        r.interfaces.remove(&name).map(|_| ()).ok_or(code(8, 12))
    })
}

/// `Network_IP_Interface_Query`.
pub fn network_ip_interface_query(call: &mut Call<'_, '_>) -> Reply {
    let name = interface(call);
    look(call, |r| {
        let found: Vec<String> = r
            .interfaces
            .iter()
            .filter(|(n, _)| name.as_ref().is_none_or(|w| w == *n))
            .map(|(_, words)| words.clone())
            .collect();
        if found.is_empty() {
            Err(code(4, 28))
        } else {
            Ok(found)
        }
    })
}

/// `Shared_Memory_Create`.
pub fn shared_memory_create(call: &mut Call<'_, '_>) -> Reply {
    let segment = call.option('s').to_ascii_uppercase();
    let words = ['b', 'e', 't', 'm'].map(|l| call.option(l)).join(" ");
    with(call, |r| {
        r.segments.insert(segment, words);
        Ok(())
    })
}

/// `Shared_Memory_Delete`.
pub fn shared_memory_delete(call: &mut Call<'_, '_>) -> Reply {
    let segment = call.option('s').to_ascii_uppercase();
    with(call, |r| {
        r.segments.remove(&segment).map(|_| ()).ok_or(code(600, 28))
    })
}

/// `Shared_Memory_Replace`.
pub fn shared_memory_replace(call: &mut Call<'_, '_>) -> Reply {
    let segment = call.option('s').to_ascii_uppercase();
    with(call, |r| {
        r.segments.get(&segment).map(|_| ()).ok_or(code(600, 28))
    })
}

/// `Shared_Memory_Query`.
pub fn shared_memory_query(call: &mut Call<'_, '_>) -> Reply {
    let segment = call.option('s').to_ascii_uppercase();
    look(call, |r| {
        let words = r.segments.get(&segment).ok_or(code(0, 28))?;
        Ok(vec![
            format!("Memory segment name: {segment}"),
            format!("Page range: {words}"),
        ])
    })
}

/// `Shared_Memory_Access_Add_DM`.
pub fn shared_memory_access_add_dm(call: &mut Call<'_, '_>) -> Reply {
    let (segment, user) = (
        call.option('s').to_ascii_uppercase(),
        call.target().to_ascii_uppercase(),
    );
    with(call, |r| {
        let users = r.segment_access.entry(segment).or_default();
        if users.contains(&user) {
            return Err(code(424, 4));
        }
        users.push(user);
        Ok(())
    })
}

/// `Shared_Memory_Access_Remove_DM`.
pub fn shared_memory_access_remove_dm(call: &mut Call<'_, '_>) -> Reply {
    let (segment, user) = (
        call.option('s').to_ascii_uppercase(),
        call.target().to_ascii_uppercase(),
    );
    with(call, |r| {
        let users = r.segment_access.get_mut(&segment).ok_or(code(424, 8))?;
        let at = users.iter().position(|u| *u == user).ok_or(code(424, 8))?;
        users.remove(at);
        Ok(())
    })
}

/// `Shared_Memory_Access_Query_DM`.
pub fn shared_memory_access_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let segment = call.option('s').to_ascii_uppercase();
    look(call, |r| {
        let users = r.segment_access.get(&segment).filter(|u| !u.is_empty());
        Ok(users.ok_or(code(0, 20))?.clone())
    })
}

/// Name of a VMRM configuration file.
fn vmrm_file(call: &Call<'_, '_>) -> String {
    ['c', 't', 'd'].map(|l| call.option(l)).join(" ")
}

/// `VMRM_Configuration_Query`.
pub fn vmrm_configuration_query(call: &mut Call<'_, '_>) -> Reply {
    let file = vmrm_file(call);
    look(call, |r| {
        let text = r.vmrm.get(&file).ok_or(code(800, 28))?;
        Ok(text.lines().map(str::to_owned).collect())
    })
}

/// `VMRM_Configuration_Update`.
pub fn vmrm_configuration_update(call: &mut Call<'_, '_>) -> Reply {
    let text = match call.file('u') {
        Ok(text) => text,
        Err(name) => return Reply::Early(format!("\nERROR: Failed to open file {name}\n"), 2),
    };
    let (file, check) = (vmrm_file(call), call.number('s') == 1);
    with(call, |r| {
        if !check {
            r.vmrm.insert(file, text);
        }
        Ok(())
    })
}

/// `VMRM_Measurement_Query`: nothing is measured.
pub fn vmrm_measurement_query(_: &mut Call<'_, '_>) -> Reply {
    Reply::Failed(code(800, 8))
}

/// `xCAT_Commands_IUO`: an empty command is refused with 8/3002, by which xCAT knows that the exec is installed.
pub fn xcat_commands_iuo(call: &mut Call<'_, '_>) -> Reply {
    let command = call.option('c').trim().to_owned();
    let Some(command) = command
        .strip_prefix("CMD=")
        .map(str::trim)
        .filter(|c| !c.is_empty())
    else {
        return Reply::Failed(code(8, 3002));
    };
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        [
            "FLASHCOPY",
            source,
            from,
            "0",
            "END",
            target,
            to,
            "0",
            "END",
            ..,
        ] => {
            let disk = |user: &str, device: &str| {
                let device = crate::world::DeviceNumber::parse(device).ok()?;
                call.system()
                    .ok()?
                    .minidisk(&UserId::new(user), device)
                    .ok()
            };
            match (disk(source, from), disk(target, to)) {
                (Some(a), Some(b)) if a.size <= b.size => Reply::Done,
                (Some(_), Some(_)) => Reply::FailedWith(
                    code(8, 296),
                    vec!["HCPNFC296E Status is not as required".to_owned()],
                ),
                _ => Reply::FailedWith(
                    code(8, 40),
                    vec!["HCPNFC040E Device does not exist".to_owned()],
                ),
            }
        }
        ["PURGE", user, "RDR", "ALL"] => {
            let user = UserId::new(user);
            if let Ok(system) = call.system_mut() {
                system.take_files(&user, None);
            }
            Reply::Done
        }
        ["SEND", "CP", user, rest @ ..] => {
            let user = UserId::new(user);
            let line = rest.join(" ");
            let answer = cp::command(call.env, &user, &line);
            if answer.code == 0 {
                Reply::Done
            } else {
                Reply::FailedWith(
                    code(8, answer.code),
                    answer.text.lines().map(str::to_owned).collect(),
                )
            }
        }
        _ => Reply::Failed(code(8, 3003)),
    }
}
