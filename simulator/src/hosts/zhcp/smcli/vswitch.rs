//! Virtual switches (spec: zhcp-and-smapi 2.9.14).

use super::call::Call;
use super::reply::Reply;
use crate::world::UserId;
use crate::world::zvm::{Smapi, Vswitch, code};

/// Longest list of VLANs.
const VLANS: usize = 19;

/// Real devices of an option, blank-separated; `NONE` is none.
fn devices(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|d| !d.eq_ignore_ascii_case("NONE"))
        .map(str::to_ascii_uppercase)
        .collect()
}

/// Settings that Create and Set have in common, by option letter.
fn settings(call: &Call<'_, '_>, switch: &mut Vswitch, create: bool) {
    if call.has('r') {
        switch.devices = devices(call.option('r'));
    }
    if call.has('a') {
        call.option('a').clone_into(&mut switch.port_name);
    }
    if call.has('i') {
        switch.controller = call.option('i').to_ascii_uppercase();
    }
    match call.number('c') {
        1 => switch.connected = true,
        2 => switch.connected = false,
        _ => {}
    }
    if call.number('q') > 0 {
        switch.queue_memory = u32::try_from(call.number('q')).unwrap_or(8);
    }
    match call.number('e') {
        1 => switch.router = false,
        2 => switch.router = true,
        _ => {}
    }
    match call.number('p') {
        1 => switch.trunk = false,
        2 => switch.trunk = true,
        _ => {}
    }
    match call.number('G') {
        1 => switch.gvrp = true,
        2 => switch.gvrp = false,
        _ => {}
    }
    if create {
        match call.number('t') {
            1 => switch.ethernet = false,
            2 => switch.ethernet = true,
            _ => {}
        }
        switch.vlan = u16::try_from(call.number('v')).unwrap_or(0);
        switch.native_vlan = u16::try_from(call.number('V')).unwrap_or(0);
    }
}

/// Settings by keyword.
fn keyword_settings(call: &Call<'_, '_>, switch: &mut Vswitch) {
    let upper = |name: &str| call.keyword(name).map(str::to_ascii_uppercase);
    if let Some(text) = call.keyword("real_device_address") {
        switch.devices = devices(text);
    }
    if let Some(text) = call.keyword("port_name") {
        text.clone_into(&mut switch.port_name);
    }
    if let Some(text) = upper("controller_name") {
        switch.controller = text;
    }
    match upper("connection_value").as_deref() {
        Some("CONNECT") => switch.connected = true,
        Some("DISCONNECT") => switch.connected = false,
        _ => {}
    }
    if let Some(memory) = call
        .keyword("queue_memory_limit")
        .and_then(|q| q.parse().ok())
    {
        switch.queue_memory = memory;
    }
    match upper("routing_value").as_deref() {
        Some("PRIROUTER") => switch.router = true,
        Some("NONROUTER") => switch.router = false,
        _ => {}
    }
    match upper("transport_type").as_deref() {
        Some("IP") => switch.ethernet = false,
        Some("ETHERNET") => switch.ethernet = true,
        _ => {}
    }
    match upper("port_type").as_deref() {
        Some("ACCESS") => switch.trunk = false,
        Some("TRUNK") => switch.trunk = true,
        _ => {}
    }
    match upper("gvrp_value").as_deref() {
        Some("GVRP") => switch.gvrp = true,
        Some("NOGVRP") => switch.gvrp = false,
        _ => {}
    }
    if let Some(vlan) = upper("vlan_id") {
        switch.vlan = vlan.parse().unwrap_or(u16::from(vlan == "AWARE"));
    }
    if let Some(vlan) = call.keyword("native_vlanid").and_then(|v| v.parse().ok()) {
        switch.native_vlan = vlan;
    }
    if let Some(timeout) = call.keyword("iptimeout").and_then(|t| t.parse().ok()) {
        switch.ip_timeout = timeout;
    }
}

/// `Virtual_Network_Vswitch_Create`.
pub fn vswitch_create(call: &mut Call<'_, '_>) -> Reply {
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let name = call.option('n').to_owned();
        if name.is_empty() || name.len() > 8 {
            return Err(call.syntax('n', if name.is_empty() { 14 } else { 13 }));
        }
        let mut switch = Vswitch::default();
        settings(call, &mut switch, true);
        call.system_mut()?.create_vswitch(&name, switch)
    };
    create(call).into()
}

/// `Virtual_Network_Vswitch_Create_Extended`.
pub fn vswitch_create_extended(call: &mut Call<'_, '_>) -> Reply {
    let create = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let name = call.keyword("switch_name").ok_or(code(8, 3004))?.to_owned();
        let mut switch = Vswitch::default();
        keyword_settings(call, &mut switch);
        call.system_mut()?.create_vswitch(&name, switch)
    };
    create(call).into()
}

fn vlans(text: &str) -> Vec<u16> {
    text.split([' ', ','])
        .filter_map(|v| v.parse().ok())
        .collect()
}

/// Grants or revokes access; 396/2846 for a VLAN on a switch that knows none.
fn access(switch: &mut Vswitch, grant: &str, list: &str, revoke: &str) -> Smapi<()> {
    let numbers = vlans(list);
    if !numbers.is_empty() && switch.vlan == 0 {
        return Err(code(396, 2846));
    }
    if !grant.is_empty() {
        switch.authorised.insert(UserId::new(grant), numbers);
    }
    if !revoke.is_empty() {
        switch.authorised.remove(&UserId::new(revoke));
    }
    Ok(())
}

/// `Virtual_Network_Vswitch_Set`.
pub fn vswitch_set(call: &mut Call<'_, '_>) -> Reply {
    let list = call.option('v').replace(',', " ");
    if call.option('v').len() > VLANS {
        return Reply::Early(
            "ERROR: vlanId cannot be longer than 19 characters\n".to_owned(),
            1,
        );
    }
    if !list.is_empty() && list.trim().is_empty() {
        return Reply::Early(
            "ERROR: vlanId has only commas, must contain vlan id numbers\n".to_owned(),
            1,
        );
    }
    let set = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let (name, grant, revoke) = (
            call.option('n').to_owned(),
            call.option('I').to_owned(),
            call.option('U').to_owned(),
        );
        let mut switch = call.system()?.vswitch(&name)?.1.clone();
        if !grant.is_empty() && switch.authorised.contains_key(&UserId::new(&grant)) {
            return Err(code(212, 44));
        }
        access(&mut switch, &grant, &list, &revoke)?;
        settings(call, &mut switch, false);
        *call.system_mut()?.vswitch_mut(&name)? = switch;
        Ok(())
    };
    set(call).into()
}

/// `Virtual_Network_Vswitch_Set_Extended`.
pub fn vswitch_set_extended(call: &mut Call<'_, '_>) -> Reply {
    let set = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let word = |name: &str| call.keyword(name).unwrap_or_default().to_owned();
        let name = call.keyword("switch_name").ok_or(code(8, 3004))?.to_owned();
        let mut switch = call.system()?.vswitch(&name)?.1.clone();
        access(
            &mut switch,
            &word("grant_userid"),
            &word("user_vlan_id"),
            &word("revoke_userid"),
        )?;
        keyword_settings(call, &mut switch);
        *call.system_mut()?.vswitch_mut(&name)? = switch;
        Ok(())
    };
    set(call).into()
}

/// `Virtual_Network_Vswitch_Delete`.
pub fn vswitch_delete(call: &mut Call<'_, '_>) -> Reply {
    let name = call.option('n').to_owned();
    call.system_mut()
        .and_then(|s| s.delete_vswitch(&name))
        .into()
}

/// `Virtual_Network_Vswitch_Delete_Extended`.
pub fn vswitch_delete_extended(call: &mut Call<'_, '_>) -> Reply {
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let name = call.keyword("switch_name").ok_or(code(8, 3004))?.to_owned();
        call.system_mut()?.delete_vswitch(&name)
    };
    delete(call).into()
}

/// The switches of a name, or all for `*`.
fn wanted<'a>(call: &'a Call<'_, '_>, name: &str) -> Smapi<Vec<(&'a String, &'a Vswitch)>> {
    let system = call.system()?;
    if name.trim() != "*" {
        return system.vswitch(name).map(|s| vec![s]);
    }
    if system.vswitches.is_empty() {
        return Err(code(212, 40));
    }
    Ok(system.vswitches.iter().collect())
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// `Virtual_Network_Vswitch_Query`: `VSWITCH:` and the name share a line.
pub fn vswitch_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let mut text = String::new();
        for (name, switch) in wanted(call, call.option('s'))? {
            text.push_str(&format!(
                "VSWITCH:  Name: {name}\n  Transport type: {}\n  Port type: {}\n  Queue memory limit: {}\n  \
                 Routing value: The device will {}act as a router\n  VLAN ID: {}\n  Native VLAN ID: {}\n  \
                 MAC ID: {}\n  GVRP request attributes: GVRP {}requested\n  GVRP enabled attributes: GVRP {}enabled\n  \
                 Switch status: {}\n  Devices:\n",
                if switch.ethernet { "Ethernet" } else { "IP" },
                if switch.trunk { "Trunk" } else { "Access" },
                switch.queue_memory,
                if switch.router { "" } else { "not " },
                switch.vlan,
                switch.native_vlan,
                switch.mac.replace('-', ""),
                if switch.gvrp { "" } else { "not " },
                if switch.gvrp { "" } else { "not " },
                if switch.connected { "OSA device ready" } else { "Virtual switch defined" },
            ));
            for device in &switch.devices {
                text.push_str(&format!(
                    "    Real device: {device}\n    Controller name: {}\n    Port name: {}\n    Device status: {}\n    \
                     Device error status: No error\n\n",
                    or(&switch.controller, "(null)"),
                    or(&switch.port_name, "(null)"),
                    if switch.connected { "Device is active" } else { "Device is not active" },
                ));
            }
            text.push_str("  Authorized users:\n");
            for user in switch.authorised.keys() {
                text.push_str(&format!("    User: {user}\n"));
            }
            text.push_str("  Connections:\n");
            for (user, device, _) in system.coupled("SYSTEM", name) {
                text.push_str(&format!(
                    "    Adapter owner: {user}  Device number: {device:X}\n"
                ));
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Network_Vswitch_Query_Extended`: one leading blank on attribute lines, no colon behind
/// `device_error_status`, always one `user_vlan_id` (spec: zhcp-and-smapi Appendix C 7, 36).
pub fn vswitch_query_extended(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let name = call.keyword("switch_name").ok_or(code(8, 3004))?;
        let vepa =
            call.keyword("VEPA_STATUS").is_some_and(|v| v == "YES") && system.smapi.level >= 630;
        let mut text = String::new();
        for (name, switch) in wanted(call, name)? {
            let vlan = |v: u16| {
                if v == 0 {
                    "NONE".to_owned()
                } else {
                    format!("{v:04}")
                }
            };
            let gvrp = if switch.gvrp { "GVRP" } else { "NOGVRP" };
            let attributes = [
                ("switch_name", name.clone()),
                (
                    "transport_type",
                    if switch.ethernet { "ETHERNET" } else { "IP" }.to_owned(),
                ),
                (
                    "port_type",
                    if switch.trunk { "TRUNK" } else { "ACCESS" }.to_owned(),
                ),
                ("queue_memory_limit", switch.queue_memory.to_string()),
                (
                    "routing_value",
                    if switch.router {
                        "PRIROUTER"
                    } else {
                        "NONROUTER"
                    }
                    .to_owned(),
                ),
                (
                    "vlan_awareness",
                    if switch.vlan == 0 { "UNAWARE" } else { "AWARE" }.to_owned(),
                ),
                ("vlan_id", vlan(switch.vlan)),
                ("native_vlan_id", vlan(switch.native_vlan)),
                ("mac_address", or(&switch.mac, "NONE").to_owned()),
                ("gvrp_request_attribute", gvrp.to_owned()),
                ("gvrp_enabled_attribute", gvrp.to_owned()),
                (
                    "switch_status",
                    if switch.connected { "8" } else { "1" }.to_owned(),
                ),
                ("link_ag", "NOAG".to_owned()),
                ("lag_interval", "0".to_owned()),
                ("lag_group", "(NONE)".to_owned()),
                ("IP_timeout", switch.ip_timeout.to_string()),
                ("switch_type", "QDIO".to_owned()),
                ("isolation_status", "NOISOLATION".to_owned()),
                ("MAC_protect", "NOMACPROTECT".to_owned()),
                ("user_port_based", "USERBASED".to_owned()),
                ("VLAN_counters", "OFF".to_owned()),
            ];
            for (label, value) in attributes {
                text.push_str(&format!(" {label}: {value}\n"));
            }
            if vepa {
                text.push_str(" vepa_status: NO\n");
            }
            for device in &switch.devices {
                text.push_str(&format!(
                    "real_device_address: {device}\nvirtual_device_address: 0600\ncontroller_name: {}\nport_name: {}\n\
                     device_status: {}\ndevice_error_status 0\n",
                    or(&switch.controller, "NONE"),
                    or(&switch.port_name, "NONE"),
                    u8::from(switch.connected),
                ));
            }
            for (user, list) in &switch.authorised {
                text.push_str(&format!(
                    "port_num: 0\ngrant_userid: {user}\npromiscuous_mode: NOPROM\nosd_sim: NOOSDSIM\nvlan_count: {}\n",
                    list.len()
                ));
                for vlan in list {
                    text.push_str(&format!("user_vlan_id: {vlan:04}\n"));
                }
                if list.is_empty() {
                    text.push_str("user_vlan_id: 0\n");
                }
            }
            for (user, device, adapter) in system.coupled("SYSTEM", name) {
                text.push_str(&format!(
                    "adapter_owner: {user}\nadapter_vdev: {device:X}\nadapter_macaddr: {}\nadapter_type: QDIO\n",
                    adapter.mac
                ));
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Network_Vswitch_Query_Stats`: one segment for each real device, nothing counted.
pub fn vswitch_query_stats(call: &mut Call<'_, '_>) -> Reply {
    const LABELS: [&str; 12] = [
        "seg_vlanid",
        "seg_rx",
        "seg_rx_disc",
        "seg_tx",
        "seg_tx_disc",
        "seg_activated_TOD",
        "seg_config_update_TOD",
        "seg_vlan_interfaces",
        "seg_vlan_deletes",
        "seg_device_type",
        "seg_device_addr",
        "seg_device_status",
    ];
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let name = call.keyword("switch_name").unwrap_or("*");
        let mut text = String::new();
        for (name, switch) in wanted(call, name).map_err(|_| code(8, 8))? {
            text.push_str(&format!(
                "switch_name = {name}\nsegmentCount = {}\n",
                switch.devices.len()
            ));
            for (at, device) in switch.devices.iter().enumerate() {
                text.push_str(&format!("segmentData number {at}\n"));
                for label in LABELS {
                    let value = match label {
                        "seg_vlanid" => format!("{:04}", switch.vlan),
                        "seg_device_addr" => device.clone(),
                        "seg_device_type" => "OSA".to_owned(),
                        "seg_device_status" => u8::from(switch.connected).to_string(),
                        _ => "0".to_owned(),
                    };
                    text.push_str(&format!("{label:<22}= {value}\n"));
                }
                text.push('\n');
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Network_VLAN_Query_Stats`.
pub fn vlan_query_stats(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let user = UserId::new(call.keyword("userid").unwrap_or_default());
        let machine = system.running.get(&user).ok_or(code(8, 8))?;
        let mut text = format!("portNicArrayCount = {}\n\n", machine.adapters.len());
        for number in machine.adapters.keys() {
            text.push_str(&format!(
                "type = NIC\nnic_addr = {number:X}\nnic_num = 0\n\n"
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// `Virtual_Network_Vswitch_Query_IUO_Stats`.
pub fn vswitch_query_iuo_stats(call: &mut Call<'_, '_>) -> Reply {
    const COUNTERS: [&str; 8] = [
        "fr_rx:     ",
        "fr_rx_dsc: ",
        "fr_rx_err: ",
        "fr_tx:     ",
        "fr_tx_dsc: ",
        "fr_tx_err: ",
        "rx:        ",
        "tx:        ",
    ];
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let switches =
            wanted(call, call.keyword("switch_name").unwrap_or("*")).map_err(|_| code(8, 8))?;
        let mut text = format!("vswitch count: {}\n\n", switches.len());
        for (at, (name, switch)) in switches.into_iter().enumerate() {
            text.push_str(&format!(
                "vswitch number: {}\nvswitch name: {name}\nuplink count: {}\n",
                at + 1,
                switch.devices.len()
            ));
            for device in &switch.devices {
                text.push_str(&format!("uplink_conn: {device}\n"));
                for counter in COUNTERS {
                    text.push_str(&format!("uplink_{counter}0\n"));
                }
            }
            for counter in COUNTERS {
                text.push_str(&format!("bridge_{counter}0\n"));
            }
            let nics: Vec<_> = system.coupled("SYSTEM", name).collect();
            text.push_str(&format!("nic count: {}\n", nics.len()));
            for (user, device, _) in nics {
                text.push_str(&format!("nic_id: {user} {device:X}\n"));
                for counter in COUNTERS {
                    text.push_str(&format!("nic_{:<14}0\n", counter.trim_end()));
                }
            }
            text.push_str("vlan count: 0\n\n");
        }
        Ok(text)
    };
    query(call).into()
}
