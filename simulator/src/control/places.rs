//! Verbs of the places of a site: pool files, SAN, guests. They change the world as a person beside it would.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use crate::hosts;
use crate::seam;
use crate::world::fs::POOL_DIRECTORY;
use crate::world::san::{TargetPort, Volume};
use crate::world::{HostName, Lun, Wwpn};

pub(super) fn pools(call: &Call) -> Result<Value, Refusal> {
    let world = call.site.world.lock();
    let pools: Vec<Value> = seam::pools(&world)
        .map(|(zhcp, pool)| json!({"zhcp": zhcp, "pool": pool}))
        .collect();
    Ok(json!({ "pools": pools }))
}

fn pool_path(call: &Call) -> (HostName, String) {
    let name = call.param("pool");
    (
        HostName::new(call.param("zhcp")),
        format!("{POOL_DIRECTORY}/{name}.conf"),
    )
}

fn no_pool(call: &Call) -> Refusal {
    Refusal::missing(format!(
        "zHCP '{}' has no pool '{}'",
        call.param("zhcp"),
        call.param("pool")
    ))
}

pub(super) fn pool(call: &Call) -> Result<Value, Refusal> {
    let (host, path) = pool_path(call);
    let world = call.site.world.lock();
    let text = world
        .linuxes
        .get(&host)
        .and_then(|l| l.fs.read(&path))
        .ok_or_else(|| no_pool(call))?;
    Ok(json!({ "text": text }))
}

pub(super) fn set_pool(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        text: String,
    }
    let text = call.body::<Text>()?.text;
    let (host, path) = pool_path(call);
    let mut world = call.site.world.lock();
    let now = world.now_ms;
    let linux = world
        .linuxes
        .get_mut(&host)
        .filter(|l| l.role == crate::world::LinuxRole::Zhcp)
        .ok_or_else(|| no_pool(call))?;
    linux.fs.write(&path, text, now);
    drop(world);
    pool(call)
}

pub(super) fn edit_row(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Edit {
        line: usize,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        insert: bool,
    }
    let edit: Edit = call.body()?;
    let (host, path) = pool_path(call);
    let mut world = call.site.world.lock();
    let now = world.now_ms;
    let linux = world.linuxes.get_mut(&host).ok_or_else(|| no_pool(call))?;
    let text = linux.fs.read(&path).ok_or_else(|| no_pool(call))?;
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let last = lines.len() + usize::from(edit.insert);
    if edit.line == 0 || edit.line > last {
        return Err(Refusal::bad(format!(
            "line {} is not between 1 and {last}",
            edit.line
        )));
    }
    let new = edit.text.map(|t| format!("{t}\n"));
    let at = edit.line - 1;
    match (&new, edit.insert) {
        (Some(new), true) => lines.insert(at, new),
        (Some(new), false) => lines[at] = new,
        (None, false) => {
            lines.remove(at);
        }
        (None, true) => return Err(Refusal::bad("an insertion needs a text")),
    }
    let text = lines.concat();
    linux.fs.write(&path, text, now);
    drop(world);
    pool(call)
}

pub(super) fn san(call: &Call) -> Result<Value, Refusal> {
    let san = call.site.world.lock().san.clone();
    to_json(&san)
}

fn wwpn(text: &str) -> Result<Wwpn, Refusal> {
    Wwpn::parse(text).map_err(Refusal::bad)
}

fn wwpns(call: &Call) -> Result<BTreeSet<Wwpn>, Refusal> {
    call.body::<Vec<String>>()?
        .iter()
        .map(|w| wwpn(w))
        .collect()
}

pub(super) fn set_zone(call: &Call) -> Result<Value, Refusal> {
    let members = wwpns(call)?;
    let mut world = call.site.world.lock();
    world
        .san
        .zones
        .insert(call.param("name").to_owned(), members);
    to_json(&world.san.zones)
}

pub(super) fn remove_zone(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("name");
    let mut world = call.site.world.lock();
    if world.san.zones.remove(name).is_none() {
        return Err(Refusal::missing(format!("no zone '{name}'")));
    }
    to_json(&world.san.zones)
}

pub(super) fn set_mask(call: &Call) -> Result<Value, Refusal> {
    let initiators = wwpns(call)?;
    let name = call.param("volume");
    let mut world = call.site.world.lock();
    if !world.san.volumes.contains_key(name) {
        return Err(Refusal::missing(format!("no volume '{name}'")));
    }
    world.san.masks.insert(name.to_owned(), initiators);
    to_json(&world.san.masks.get(name))
}

pub(super) fn set_port(call: &Call) -> Result<Value, Refusal> {
    let port: TargetPort = call.body()?;
    let wwpn = wwpn(call.param("wwpn"))?;
    let mut world = call.site.world.lock();
    world.san.ports.insert(wwpn, port);
    to_json(&world.san.ports)
}

pub(super) fn set_lun(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Mapping {
        volume: String,
        bytes: Option<u64>,
    }
    let mapping: Mapping = call.body()?;
    let wwpn = wwpn(call.param("wwpn"))?;
    let lun = Lun::parse(call.param("lun")).map_err(Refusal::bad)?;
    let mut world = call.site.world.lock();
    if !world.san.ports.contains_key(&wwpn) {
        return Err(Refusal::missing(format!("no target port {wwpn}")));
    }
    match (
        world.san.volumes.contains_key(&mapping.volume),
        mapping.bytes,
    ) {
        (true, None) => {}
        (true, Some(bytes)) => {
            if let Some(volume) = world.san.volumes.get_mut(&mapping.volume) {
                volume.bytes = bytes;
            }
        }
        (false, Some(bytes)) => {
            let (high, low) = (world.next_random(), world.next_random());
            let volume = Volume {
                bytes,
                content: format!("blank-{low:016x}"),
                wwid: format!("3600507{:09x}{low:016x}", high & 0xf_ffff_ffff),
                ..Volume::default()
            };
            world.san.volumes.insert(mapping.volume.clone(), volume);
        }
        (false, None) => {
            return Err(Refusal::missing(format!(
                "no volume '{}'; with a size it would be made",
                mapping.volume
            )));
        }
    }
    world
        .san
        .luns
        .entry(wwpn)
        .or_default()
        .insert(lun, mapping.volume);
    to_json(&world.san.luns.get(&wwpn))
}

pub(super) fn remove_lun(call: &Call) -> Result<Value, Refusal> {
    let wwpn = wwpn(call.param("wwpn"))?;
    let lun = Lun::parse(call.param("lun")).map_err(Refusal::bad)?;
    let mut world = call.site.world.lock();
    let removed = world
        .san
        .luns
        .get_mut(&wwpn)
        .and_then(|luns| luns.remove(&lun));
    match removed {
        Some(volume) => Ok(json!({ "removed": volume })),
        None => Err(Refusal::missing(format!("no LUN {lun} behind {wwpn}"))),
    }
}

pub(super) fn guests(call: &Call) -> Result<Value, Refusal> {
    let world = call.site.world.lock();
    let guests: Vec<Value> = world
        .linuxes
        .iter()
        .map(|(host, linux)| {
            json!({
                "host": host,
                "userid": linux.userid,
                "system": linux.system,
                "role": linux.role,
                "distribution": linux.distribution,
                "on": hosts::is_up(&world, host),
            })
        })
        .collect();
    Ok(json!({ "guests": guests }))
}

pub(super) fn power(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Power {
        on: bool,
    }
    let power: Power = call.body()?;
    let host = HostName::new(call.param("host"));
    let mut world = call.site.world.lock();
    let Some(linux) = world.linuxes.get(&host) else {
        return Err(Refusal::missing(format!("no Linux '{host}'")));
    };
    let (system, userid) = (linux.system.clone(), linux.userid.clone());
    let is_on = hosts::is_up(&world, &host);
    if power.on != is_on {
        let done = if power.on {
            hosts::zhcp::power::log_on(&mut world, &system, &userid)
        } else {
            hosts::zhcp::power::log_off(&mut world, &system, &userid)
        };
        done.map_err(|code| Refusal::conflict(format!("CP refuses: {}/{}", code.rc, code.rs)))?;
    }
    Ok(json!({"host": host, "on": hosts::is_up(&world, &host)}))
}
