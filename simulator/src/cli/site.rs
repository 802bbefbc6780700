//! `xcat-sim site`.

use std::path::Path;

use super::args::{Example, SiteCommand};
use super::exit::{Exit, Failure};
use super::talk::Talk;
use crate::hosts;
use crate::seam;
use crate::site::{self, Scale};
use crate::world::World;

/// Runs a command on site files.
pub fn run(command: SiteCommand, talk: &Talk) -> Result<(), Failure> {
    match command {
        SiteCommand::New { from } => Talk::text(match from {
            Example::Lab => site::LAB,
            Example::Empty => site::EMPTY,
            Example::Zfcp => site::ZFCP,
        })?,
        SiteCommand::Check { site } => {
            let world = load(&site)?;
            talk.note(&format!("site {} is good", world.name));
        }
        SiteCommand::Show { site, json } => {
            let world = load(&site)?;
            if json {
                Talk::data(&serde_json::to_string(&world).map_err(anyhow::Error::from)?)?;
            } else {
                show(&world)?;
            }
        }
        SiteCommand::Generate {
            zvm,
            guests,
            luns,
            seed,
        } => Talk::text(&site::generate(Scale {
            systems: zvm,
            guests,
            luns,
            seed,
        }))?,
    }
    Ok(())
}

fn load(path: &Path) -> Result<World, Failure> {
    site::load(path).map_err(|e| Failure::new(Exit::Site, e))
}

fn show(world: &World) -> Result<(), Failure> {
    let mut lines = vec![format!(
        "site {}: management node {}.{}",
        world.name, world.mn.host, world.mn.domain
    )];
    for (name, system) in &world.systems {
        let free = system
            .fcp
            .values()
            .filter(|f| f.online && f.attached_to.is_none())
            .count();
        lines.push(format!(
            "system {name}: {} users, {} logged on, {} FCP devices ({free} free)",
            system.directory.len(),
            system.running.len(),
            system.fcp.len()
        ));
        for (host, linux) in world.linuxes.iter().filter(|(_, l)| l.system == *name) {
            let state = if hosts::is_up(world, host) {
                "on"
            } else {
                "off"
            };
            lines.push(format!(
                "  {host}: userid {}, {:?}, {:?}, {}, {state}",
                linux.userid, linux.role, linux.distribution, linux.ip
            ));
        }
    }
    for (host, pool) in seam::pools(world) {
        let path = format!("{}/{pool}.conf", crate::world::fs::POOL_DIRECTORY);
        let rows = world
            .linuxes
            .get(host)
            .and_then(|l| l.fs.pool(&path))
            .map_or(0, crate::world::PoolText::line_count);
        lines.push(format!("pool {host}/{pool}: {rows} lines"));
    }
    lines.push(format!(
        "SAN: {} target ports, {} volumes, {} zones, zoning {}, masking {}",
        world.san.ports.len(),
        world.san.volumes.len(),
        world.san.zones.len(),
        if world.san.open_zoning {
            "open"
        } else {
            "in force"
        },
        if world.san.open_masking {
            "open"
        } else {
            "in force"
        }
    ));
    Ok(Talk::data(&lines.join("\n"))?)
}
