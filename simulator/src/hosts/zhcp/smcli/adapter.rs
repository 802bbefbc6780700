//! Virtual network adapters (spec: zhcp-and-smapi 2.9.14).

use super::call::Call;
use super::reply::Reply;
use crate::world::DeviceNumber;
use crate::world::zvm::{Smapi, VirtualAdapter, code};

/// Adapter type of an option: 1 HiperSockets, 2 QDIO.
fn hipersockets(call: &Call<'_, '_>, letter: char) -> Smapi<bool> {
    match call.number(letter) {
        1 => Ok(true),
        2 => Ok(false),
        _ => Err(call.syntax(letter, 18)),
    }
}

fn kind_word(hipersockets: bool) -> &'static str {
    if hipersockets { "HIPERS" } else { "QDIO" }
}

/// `Virtual_Network_Adapter_Create_DM`.
pub fn network_adapter_create_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let kind = kind_word(hipersockets(call, 'a')?);
        let mut operands = format!("TYPE {kind} DEVICES {}", call.number('n'));
        for (letter, word) in [('c', "CHPID"), ('m', "MACID")] {
            if !call.option(letter).is_empty() {
                operands.push_str(&format!(
                    " {word} {}",
                    call.option(letter).to_ascii_uppercase()
                ));
            }
        }
        call.system_mut()?
            .define_adapter(&user, device, &operands, &caller)
    };
    create(call).into()
}

/// `Virtual_Network_Adapter_Create`.
pub fn network_adapter_create(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let kind = hipersockets(call, 't')?;
        let devices = u16::try_from(call.number('d')).ok().filter(|d| *d > 0);
        let devices = devices.ok_or(call.syntax('d', 15))?;
        call.system_mut()?.add_adapter(&user, device, kind, devices)
    };
    create(call).into()
}

/// Device, type and number of devices of the keyword forms.
fn keywords(call: &Call<'_, '_>) -> Smapi<(DeviceNumber, bool, u16)> {
    let device = call.keyword_device("image_device_number")?;
    let kind = match call
        .keyword("adapter_type")
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        Some("QDIO") => false,
        Some("HIPERS" | "HIPERSOCKETS") => true,
        None => return Err(code(8, 3004)),
        Some(_) => return Err(code(8, 3003)),
    };
    let devices = call
        .keyword("devices")
        .and_then(|d| d.parse().ok())
        .unwrap_or(3);
    Ok((device, kind, devices))
}

/// `Virtual_Network_Adapter_Create_Extended`.
pub fn network_adapter_create_extended(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (device, kind, devices) = keywords(call)?;
        call.system_mut()?.add_adapter(&user, device, kind, devices)
    };
    create(call).into()
}

/// `Virtual_Network_Adapter_Create_Extended_DM`.
pub fn network_adapter_create_extended_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (device, kind, devices) = keywords(call)?;
        let mut operands = format!("TYPE {} DEVICES {devices}", kind_word(kind));
        for (keyword, word) in [("channel_path_id", "CHPID"), ("mac_id", "MACID")] {
            if let Some(value) = call.keyword(keyword) {
                operands.push_str(&format!(" {word} {}", value.to_ascii_uppercase()));
            }
        }
        call.system_mut()?
            .define_adapter(&user, device, &operands, &caller)
    };
    create(call).into()
}

/// Sets the LAN of a NICDEF statement.
fn connect_dm(call: &mut Call<'_, '_>, owner: &str) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let name = call.option('n').to_ascii_uppercase();
    let connect = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        if name.is_empty() {
            return Err(call.syntax('n', 14));
        }
        call.system_mut()?
            .connect_definition(&user, device, Some((owner, &name)), &caller)
    };
    connect(call).into()
}

/// `Virtual_Network_Adapter_Connect_Vswitch_DM`.
pub fn network_adapter_connect_vswitch_dm(call: &mut Call<'_, '_>) -> Reply {
    connect_dm(call, "SYSTEM")
}

/// `Virtual_Network_Adapter_Connect_LAN_DM`.
pub fn network_adapter_connect_lan_dm(call: &mut Call<'_, '_>) -> Reply {
    let owner = call.option('o').to_ascii_uppercase();
    connect_dm(call, &owner)
}

/// `Virtual_Network_Adapter_Connect_Vswitch`.
pub fn network_adapter_connect_vswitch(call: &mut Call<'_, '_>) -> Reply {
    let (user, name) = (call.user(), call.option('n').to_owned());
    let couple = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.couple(&user, device, None, &name)
    };
    couple(call).into()
}

/// `Virtual_Network_Adapter_Connect_Vswitch_Extended`.
pub fn network_adapter_connect_vswitch_extended(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let couple = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.keyword_device("image_device_number")?;
        let name = call.keyword("switch_name").ok_or(code(8, 3004))?.to_owned();
        call.system_mut()?.couple(&user, device, None, &name)
    };
    couple(call).into()
}

/// `Virtual_Network_Adapter_Connect_LAN`.
pub fn network_adapter_connect_lan(call: &mut Call<'_, '_>) -> Reply {
    let (user, name, owner) = (
        call.user(),
        call.option('l').to_owned(),
        call.option('o').to_owned(),
    );
    let couple = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?
            .couple(&user, device, Some(&owner), &name)
    };
    couple(call).into()
}

/// `Virtual_Network_Adapter_Disconnect`.
pub fn network_adapter_disconnect(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let uncouple = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.uncouple(&user, device)
    };
    uncouple(call).into()
}

/// `Virtual_Network_Adapter_Disconnect_DM`: 212/32 when the statement names no LAN.
pub fn network_adapter_disconnect_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let disconnect = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let system = call.system_mut()?;
        let entry = system.entry_for(&user, &caller)?;
        let defined = entry.of_device("NICDEF", device).count() > 0;
        if defined && !entry.of_device("NICDEF", device).any(|s| s.has("LAN")) {
            return Err(code(212, 32));
        }
        system.connect_definition(&user, device, None, &caller)
    };
    disconnect(call).into()
}

/// `Virtual_Network_Adapter_Delete`.
pub fn network_adapter_delete(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.remove_adapter(&user, device).map(|_| ())
    };
    delete(call).into()
}

/// `Virtual_Network_Adapter_Delete_DM`.
pub fn network_adapter_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        call.system_mut()?.undefine_adapter(&user, device, &caller)
    };
    delete(call).into()
}

/// The adapters that a query is about.
fn wanted(call: &Call<'_, '_>, text: &str) -> Smapi<Vec<(DeviceNumber, VirtualAdapter)>> {
    let user = call.user();
    let machine = call.system()?.active(&user)?;
    let device = if text.trim() == "*" {
        None
    } else {
        Some(DeviceNumber::parse(text).map_err(|_| call.syntax('v', 16))?)
    };
    let adapters: Vec<_> = machine
        .adapters
        .iter()
        .filter(|(n, _)| device.is_none_or(|d| d == **n))
        .map(|(n, a)| (*n, a.clone()))
        .collect();
    if adapters.is_empty() {
        Err(code(212, 8))
    } else {
        Ok(adapters)
    }
}

/// `Virtual_Network_Adapter_Query`. The status text of a coupled adapter follows its *type*, as in the real program
/// (spec: zhcp-and-smapi Appendix C 6).
pub fn network_adapter_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let mut text = String::new();
        for (number, adapter) in wanted(call, call.option('v'))? {
            let status = match (&adapter.coupled, adapter.hipersockets) {
                (None, _) => "Not coupled",
                (Some(_), true) => "Coupled but not active",
                (Some(_), false) => "Coupled and active",
            };
            let (owner, name) = adapter
                .coupled
                .map_or(("(null)".to_owned(), "(null)".to_owned()), |c| {
                    (c.owner.to_string(), c.name)
                });
            text.push_str(&format!(
                "Adapter:\n  Address: {number:X}\n  Device count: {}\n  Adapter type: {}\n  Adapter status: {status}\n  \
                 LAN owner: {owner}\n  LAN name: {name}\n",
                adapter.devices,
                if adapter.hipersockets { "HiperSockets" } else { "QDIO" },
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Network_Adapter_Query_Extended`.
pub fn network_adapter_query_extended(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let adapters = wanted(
            call,
            call.keyword("image_device_number").unwrap_or_default(),
        )?;
        let mut text = format!("adapter_count={}\n", adapters.len());
        for (number, adapter) in adapters {
            let status = if adapter.coupled.is_some() {
                "02"
            } else {
                "00"
            };
            let (owner, name) = adapter
                .coupled
                .map_or(("NONE".to_owned(), "NONE".to_owned()), |c| {
                    (c.owner.to_string(), c.name)
                });
            text.push_str(&format!(
                "adapter_address={number:X}\nadapter_status={status}\nlan_name={name}\nlan_owner={owner}\nmac_count=1\n\
                 mac_address={}\n",
                adapter.mac
            ));
            let ip = call
                .env
                .world
                .linuxes
                .values()
                .find(|l| l.userid == call.user())
                .map(|l| l.ip.clone())
                .filter(|ip| !ip.is_empty());
            match ip {
                Some(ip) => text.push_str(&format!(
                    "mac_ip_count=1\nmac_ip_version=4\nmac_ip_address={ip}\n"
                )),
                None => text.push_str("mac_ip_count=0\n"),
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Channel_Connection_Create_DM`: a SPECIAL statement.
pub fn channel_connection_create_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let partner = call.name('c')?;
        let system = call.system_mut()?;
        let known = system.directory.contains_key(&partner);
        let entry = system.entry_for(&user, &caller)?;
        if !known {
            return Err(code(412, 4));
        }
        if entry.defines(device) {
            return Err(crate::world::zvm::Code::DEVICE_DEFINED);
        }
        entry.add_device(format!("SPECIAL {device:X} CTCA {partner}"));
        Ok(())
    };
    create(call).into()
}

/// `Virtual_Channel_Connection_Delete_DM`.
pub fn channel_connection_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        if entry.remove_device("SPECIAL", device) {
            Ok(())
        } else {
            Err(crate::world::zvm::Code::DEVICE_NOT_DEFINED)
        }
    };
    delete(call).into()
}

/// `Virtual_Channel_Connection_Create`: running guests have no channel adapters here, so a partner is never ready.
pub fn channel_connection_create(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let check = |call: &Call<'_, '_>| -> Smapi<()> {
        let partner = call.name('c')?;
        let system = call.system()?;
        system.active(&user)?;
        if system.running.contains_key(&partner) {
            Err(crate::world::zvm::Code::NO_DEVICE)
        } else {
            Err(code(212, 4))
        }
    };
    check(call).into()
}

/// `Virtual_Channel_Connection_Delete`.
pub fn channel_connection_delete(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let check = call.system().and_then(|s| s.active(&user)).map(|_| ());
    check
        .and(Err::<(), _>(crate::world::zvm::Code::NO_DEVICE))
        .into()
}
