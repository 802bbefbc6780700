//! Guest LANs and OSA devices (spec: zhcp-and-smapi 2.9.14).

use super::call::Call;
use super::reply::Reply;
use crate::world::UserId;
use crate::world::zvm::{Lan, LanKind, Smapi, code};

/// `Virtual_Network_LAN_Create`: types 1 and 3 are HiperSockets, 2 and 4 QDIO.
pub fn lan_create(call: &mut Call<'_, '_>) -> Reply {
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let kind = match call.number('t') {
            1 | 3 => LanKind::Hipers,
            2 | 4 => LanKind::Qdio,
            _ => return Err(call.syntax('t', 18)),
        };
        let lan = Lan {
            name: call.option('n').to_ascii_uppercase(),
            owner: call.name('o')?,
            kind,
            ethernet: call.number('p') == 2,
            authorised: Vec::new(),
        };
        call.system_mut()?.create_lan(lan)
    };
    create(call).into()
}

/// `Virtual_Network_LAN_Delete`.
pub fn lan_delete(call: &mut Call<'_, '_>) -> Reply {
    let (name, owner) = (call.option('n').to_owned(), call.option('o').to_owned());
    call.system_mut()
        .and_then(|s| s.delete_lan(&owner, &name))
        .into()
}

/// `Virtual_Network_LAN_Query`.
pub fn lan_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let (name, owner) = (call.option('n').trim(), call.option('o').trim());
        let mut text = String::new();
        for lan in &system.lans {
            let named = name == "*" || lan.name.eq_ignore_ascii_case(name);
            let owned = owner == "*" || lan.owner == UserId::new(owner);
            if !(named && owned) {
                continue;
            }
            let kind = match lan.kind {
                LanKind::Qdio => "QDIO NIC",
                LanKind::Hipers => "HiperSockets NIC",
            };
            text.push_str(&format!(
                "LAN:\n  Name: {}\n  Owner: {}\n  LAN type: {kind}\n  Connections:\n",
                lan.name, lan.owner
            ));
            for (user, device, _) in system.coupled(lan.owner.as_str(), &lan.name) {
                text.push_str(&format!("    Adapter owner: {user}  Address: {device:X}\n"));
            }
        }
        if text.is_empty() {
            Err(code(212, 12))
        } else {
            Ok(text)
        }
    };
    query(call).into()
}

/// `Virtual_Network_LAN_Access`.
pub fn lan_access(call: &mut Call<'_, '_>) -> Reply {
    let (name, owner) = (call.option('n').to_owned(), call.option('o').to_owned());
    let access = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let user = call.name('u')?;
        let grant = match call.option('a').to_ascii_uppercase().as_str() {
            "GRANT" => true,
            "REVOKE" => false,
            _ => return Err(code(8, 3)),
        };
        if !matches!(
            call.option('p').to_ascii_uppercase().as_str(),
            "PROM" | "NONPROM" | "PROMISCUOUS" | "NONPROMISCUOUS"
        ) {
            return Err(code(8, 4));
        }
        let system = call.system_mut()?;
        let lan = system
            .lans
            .iter_mut()
            .find(|l| l.name.eq_ignore_ascii_case(&name) && l.owner == UserId::new(&owner))
            .ok_or(code(212, 12))?;
        lan.authorised.retain(|u| *u != user);
        if grant {
            lan.authorised.push(user);
        }
        Ok(())
    };
    access(call).into()
}

/// `Virtual_Network_LAN_Access_Query`.
pub fn lan_access_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let lan = call
            .system()?
            .lan(call.option('o'), call.option('n'))
            .ok_or(code(212, 12))?;
        if lan.authorised.is_empty() {
            return Err(code(4, 5));
        }
        Ok(lan.authorised.iter().map(|u| format!("{u}\n")).collect())
    };
    query(call).into()
}

/// `Virtual_Network_OSA_Query`: a blank follows the address.
pub fn osa_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        if system.osa.is_empty() {
            return Err(code(4, 4));
        }
        Ok(system
            .osa
            .iter()
            .map(|(number, osa)| {
                let status = match (&osa.attached_to, osa.online) {
                    (Some(user), _) => format!("ATTACHED {user}"),
                    (None, true) => "FREE".to_owned(),
                    (None, false) => "OFFLINE".to_owned(),
                };
                let kind = if osa.hipersockets { "HIPER" } else { "OSA" };
                let agent = if osa.attached_to.is_some() { "YES" } else { "NO" };
                format!(
                    "  OSA Address: {number:X} \n  OSA Status: {status}\n  OSA Type: {kind}\n  CHPID Address: {}\n  \
                     Agent Status: {agent}\n",
                    osa.chpid
                )
            })
            .collect())
    };
    query(call).into()
}

/// `Virtual_Network_Query_LAN`.
pub fn query_lan(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .map(|s| {
            let head = format!("LAN count: {}\n", s.lans.len());
            let lines = s
                .lans
                .iter()
                .map(|l| format!("LAN list: {} {}\n", l.owner, l.name));
            std::iter::once(head).chain(lines).collect::<String>()
        })
        .into()
}

/// `Virtual_Network_Query_OSA`.
pub fn query_osa(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .map(|s| {
            let head = format!("OSA count: {}\n", s.osa.len());
            let lines = s.osa.keys().map(|n| format!("OSA list: {n:X}\n"));
            std::iter::once(head).chain(lines).collect::<String>()
        })
        .into()
}
