//! Verbs of worlds and pages.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Refusal};
use crate::seam::{Behaviour, Release, Settings};
use crate::server::{SiteSource, WorldError, WorldOptions};

pub(super) fn list(call: &Call) -> Result<Value, Refusal> {
    Ok(
        json!({"worlds": call.worlds.names(), "urls": call.worlds.urls(), "xcatd": call.worlds.native_addresses()}),
    )
}

pub(super) fn add(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        name: String,
        #[serde(default)]
        site: Option<PathBuf>,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        release: Release,
        #[serde(default)]
        behaviour: Behaviour,
        #[serde(default)]
        repaired: Vec<String>,
        #[serde(default)]
        seed: Option<u64>,
        #[serde(default)]
        listen: Option<SocketAddr>,
        #[serde(default)]
        xcatd: Option<SocketAddr>,
    }
    let new: New = call.body()?;
    let source = match (new.site, new.text) {
        (Some(_), Some(_)) => return Err(Refusal::bad("give a site or a text, not both")),
        (_, Some(text)) => SiteSource::Text {
            name: new.name.clone(),
            text,
        },
        (site, None) => site.map_or_else(SiteSource::default, SiteSource::from),
    };
    let settings = Settings {
        release: new.release,
        behaviour: new.behaviour,
        repaired: new.repaired,
        ..Settings::default()
    };
    let options = WorldOptions {
        source,
        settings,
        seed: new.seed,
        listen: new.listen,
        xcatd: new.xcatd,
    };
    call.worlds.add(&new.name, options).map_err(|e| match e {
        WorldError::Name(_) | WorldError::Listen { .. } | WorldError::NoNative => {
            Refusal::conflict(e)
        }
        e => Refusal::bad(e),
    })?;
    let mut answer = json!({"name": new.name, "path": format!("/worlds/{}/xcatws", new.name)});
    if let Some(url) = call.worlds.urls().remove(&new.name) {
        answer["url"] = url.into();
    }
    if let Some(address) = call.worlds.native_addresses().remove(&new.name) {
        answer["xcatd"] = address.to_string().into();
    }
    Ok(answer)
}

pub(super) fn show(call: &Call) -> Result<Value, Refusal> {
    let site = &call.site;
    let now_ms = site.now_ms();
    let world = site.world.lock();
    let (name, systems, linuxes) = (world.name.clone(), world.systems.len(), world.linuxes.len());
    let (volumes, pools) = (world.san.volumes.len(), crate::seam::pools(&world).count());
    drop(world);
    let journal = site.journal.lock();
    Ok(json!({
        "site": name,
        "release": site.settings.release,
        "behaviour": site.settings.behaviour,
        "repaired": site.settings.repaired,
        "now_ms": now_ms,
        "systems": systems,
        "linuxes": linuxes,
        "volumes": volumes,
        "pools": pools,
        "requests": journal.last_id(),
        "journal_bytes": journal.bytes(),
    }))
}

pub(super) fn remove(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("world");
    if call.worlds.remove(name) {
        Ok(json!({ "removed": name }))
    } else {
        Err(Refusal::conflict(format!("world '{name}' stays")))
    }
}

pub(super) fn page(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("page");
    let text =
        crate::cli::reference(name).ok_or_else(|| Refusal::missing(format!("no page '{name}'")))?;
    Ok(json!({"page": name, "markdown": text}))
}
