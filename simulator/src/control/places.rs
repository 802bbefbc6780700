//! Verbs of the places of a site: pool files, SAN, guests.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use crate::seam::{LineEdit, PlaceError};
use crate::world::san::{SanError, TargetPort};
use crate::world::{HostName, Lun, Wwpn};

impl From<PlaceError> for Refusal {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::NoLine { .. } => Self::bad(error),
            PlaceError::Cp(_)
            | PlaceError::San(SanError::VolumeExists(_) | SanError::ZoneExists(_)) => {
                Self::conflict(error)
            }
            _ => Self::missing(error),
        }
    }
}

pub(super) fn pools(call: &Call) -> Result<Value, Refusal> {
    let pools: Vec<Value> = call
        .site
        .pool_files()
        .into_iter()
        .map(|(zhcp, pool)| json!({"zhcp": zhcp, "pool": pool}))
        .collect();
    Ok(json!({ "pools": pools }))
}

pub(super) fn pool(call: &Call) -> Result<Value, Refusal> {
    let text = call
        .site
        .pool_text(call.param("zhcp"), call.param("pool"))?;
    Ok(json!({ "text": text }))
}

pub(super) fn set_pool(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        text: String,
    }
    let text = call.body::<Text>()?.text;
    call.site
        .verbs()
        .set_pool_text(call.param("zhcp"), call.param("pool"), text)?;
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
    let change = match (edit.text, edit.insert) {
        (Some(text), true) => LineEdit::Insert(text),
        (Some(text), false) => LineEdit::Replace(text),
        (None, false) => LineEdit::Delete,
        (None, true) => return Err(Refusal::bad("an insertion needs a text")),
    };
    let (zhcp, name) = (call.param("zhcp"), call.param("pool"));
    call.site
        .verbs()
        .edit_pool_line(zhcp, name, edit.line, change)?;
    pool(call)
}

pub(super) fn san(call: &Call) -> Result<Value, Refusal> {
    to_json(&call.site.san())
}

fn wwpn(text: &str) -> Result<Wwpn, Refusal> {
    Wwpn::parse(text).map_err(Refusal::bad)
}

fn lun(text: &str) -> Result<Lun, Refusal> {
    Lun::parse(text).map_err(Refusal::bad)
}

fn wwpns(call: &Call) -> Result<BTreeSet<Wwpn>, Refusal> {
    call.body::<Vec<String>>()?
        .iter()
        .map(|w| wwpn(w))
        .collect()
}

pub(super) fn set_zone(call: &Call) -> Result<Value, Refusal> {
    let members = wwpns(call)?;
    call.site.verbs().set_zone(call.param("name"), members);
    to_json(&call.site.world.lock().san.zones)
}

pub(super) fn remove_zone(call: &Call) -> Result<Value, Refusal> {
    call.site.verbs().remove_zone(call.param("name"))?;
    to_json(&call.site.world.lock().san.zones)
}

pub(super) fn set_mask(call: &Call) -> Result<Value, Refusal> {
    let initiators = wwpns(call)?;
    let volume = call.param("volume");
    call.site.verbs().set_mask(volume, initiators)?;
    to_json(&call.site.world.lock().san.masks.get(volume))
}

pub(super) fn set_port(call: &Call) -> Result<Value, Refusal> {
    let port: TargetPort = call.body()?;
    call.site.verbs().set_port(wwpn(call.param("wwpn"))?, port);
    to_json(&call.site.world.lock().san.ports)
}

pub(super) fn set_lun(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Mapping {
        volume: String,
        bytes: Option<u64>,
    }
    let mapping: Mapping = call.body()?;
    let (wwpn, lun) = (wwpn(call.param("wwpn"))?, lun(call.param("lun"))?);
    call.site
        .verbs()
        .set_lun(wwpn, lun, &mapping.volume, mapping.bytes)?;
    to_json(&call.site.world.lock().san.luns.get(&wwpn))
}

pub(super) fn remove_lun(call: &Call) -> Result<Value, Refusal> {
    let (wwpn, lun) = (wwpn(call.param("wwpn"))?, lun(call.param("lun"))?);
    let volume = call.site.verbs().remove_lun(wwpn, lun)?;
    Ok(json!({ "removed": volume }))
}

pub(super) fn guests(call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"guests": to_json(&call.site.guests())?}))
}

pub(super) fn power(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Power {
        on: bool,
    }
    let power: Power = call.body()?;
    let host = HostName::new(call.param("host"));
    let on = call.site.verbs().set_power(&host, power.on)?;
    Ok(json!({"host": host, "on": on}))
}
