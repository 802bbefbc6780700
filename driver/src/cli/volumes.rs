//! Commands of the Cinder half.

use std::io::Read as _;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::Ended;
use super::args::{
    CloneArgs, CreateArgs, ExtendArgs, ListArgs, ManageArgs, RetypeArgs, SnapshotCommand,
    VolumeArgs,
};
use super::exit::{ExitStatus, UsageError};
use super::session::Session;
use super::table::{Table, facts};
use crate::Error;
use crate::fcp::{Attachment, Ledger};
use crate::pool::{Owner, ProviderLocation, Row};
use crate::types::{NodeName, Tag, TagKind};
use crate::volumes::{
    ExistingRef, ModelUpdate, Page, Snapshot, TargetHost, TypeDiff, Volume, VolumeDriver as _,
};

/// A UUID of version 4 from the machine's generator.
pub(super) fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot make up an id")?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    Ok([
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-"))
}

/// The id that was typed, or a new one.
fn id_or_new(id: Option<String>) -> anyhow::Result<String> {
    id.map_or_else(new_id, Ok)
}

/// The row that carries a stamp, and the volume as Cinder would have it.
pub(super) async fn find(session: &Session, tag: &Tag) -> anyhow::Result<Option<Row>> {
    let listing = session.driver.list_rows().await?;
    let reserved = listing.resolve(tag, None)?.cloned();
    Ok(reserved)
}

/// A volume of the pool by its id.
pub(super) async fn volume(session: &Session, id: &str) -> anyhow::Result<(Volume, Row)> {
    let tag = session.driver.volume_tag(&Volume::new(id, 0))?;
    // A volume that a guest has since it was off carries no stamp in its row, only the ledger knows it.
    let row = match find(session, &tag).await? {
        Some(row) => Some(row),
        None => attached_row(session, id, &tag).await?,
    };
    let row = row.ok_or_else(|| Error::NotFound(format!("volume {id} is not in the pool")))?;
    let size = row.size.map_or(0, crate::types::Size::gib_floor);
    Ok((located(session, Volume::new(id, size), &row)?, row))
}

/// The volume with the location that Cinder's record would have. A row without a stamp is found by nothing else.
fn located(session: &Session, volume: Volume, row: &Row) -> anyhow::Result<Volume> {
    let (host, pool) = (session.driver.host()?, &session.driver.backend().pool);
    let location = ProviderLocation::of(row, &host, pool);
    Ok(Volume {
        provider_location: Some(location.to_string()),
        ..volume
    })
}

/// Who has a volume by the ledger. An id may be typed in other letters than it was attached with; its stamp is the same.
fn recorded<'a>(ledger: &'a Ledger, id: &str, tag: &Tag) -> Option<(&'a NodeName, &'a Attachment)> {
    ledger.find(id).or_else(|| {
        ledger
            .entries()
            .flat_map(|(node, entry)| entry.attachments.values().map(move |known| (node, known)))
            .find(|(_, known)| known.tag.as_ref() == Some(tag))
    })
}

async fn attached_row(session: &Session, id: &str, tag: &Tag) -> anyhow::Result<Option<Row>> {
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let own = &session.driver.backend().pool;
    let Some((_, attachment)) = recorded(&ledger, id, tag).filter(|(_, known)| known.pool == *own)
    else {
        return Ok(None);
    };
    let listing = session.driver.list_rows().await?;
    Ok(listing.find(&attachment.wwpns, attachment.lun).cloned())
}

/// A volume or snapshot as a table row and as JSON.
fn described(session: &Session, row: &Row, attached: Option<&str>) -> (Vec<String>, Value) {
    let prefix = &session.driver.backend().row_tag_prefix;
    let owner = Owner::parse(&row.owner, prefix);
    let stamp = match &owner {
        Owner::Stamp(tag, kind) => Some((tag.clone(), *kind)),
        _ => row
            .tag
            .parse::<Tag>()
            .ok()
            .and_then(|tag| tag.kind(prefix).map(|kind| (tag, kind))),
    };
    let id = stamp
        .as_ref()
        .and_then(|(tag, _)| tag.id())
        .or_else(|| attached.map(str::to_owned));
    let kind = match (&stamp, attached) {
        (Some((_, TagKind::Volume)), _) | (None, Some(_)) => "volume",
        (Some((_, TagKind::Snapshot)), _) => "snapshot",
        (Some((_, TagKind::Unmanaged)), _) => "unmanaged",
        (Some((_, TagKind::Dirty)), _) => "dirty",
        (None, None) => "",
    };
    let holder = match &owner {
        Owner::Other(name) => name.clone(),
        _ => String::new(),
    };
    let size = row.size.map_or(String::new(), |size| size.to_string());
    let cells = vec![
        id.clone().unwrap_or_default(),
        kind.to_owned(),
        size.clone(),
        row.status.to_string(),
        holder.clone(),
        row.channel.clone(),
        row.lun.to_string(),
        row.wwpns.to_string(),
    ];
    let value = json!({
        "id": id,
        "kind": kind,
        "size": size,
        "status": row.status.to_string(),
        "node": if holder.is_empty() { Value::Null } else { holder.into() },
        "fcp": row.channels(),
        "lun": row.lun,
        "wwpns": row.wwpns.ports(),
    });
    (cells, value)
}

const HEAD: [&str; 8] = ["ID", "KIND", "SIZE", "ROW", "NODE", "FCP", "LUN", "WWPN"];

fn made(session: &Session, id: &str, size: u64, update: &ModelUpdate) -> ExitStatus {
    let value = json!({"volume": {
        "id": id, "size": size,
        "provider_location": update.provider_location, "provider_id": update.provider_id,
    }});
    session.print(&format!("{id}\n"), &value);
    ExitStatus::Done
}

pub(super) async fn create(session: &Session, args: CreateArgs) -> Ended {
    let volume = Volume::new(id_or_new(args.id)?, args.size);
    let update = session.driver.create_volume(&volume).await?;
    Ok(made(session, &volume.id, volume.size, &update))
}

pub(super) async fn delete(session: &Session, args: &VolumeArgs) -> Ended {
    let volume = Volume::new(&args.id, 0);
    let tag = session.driver.volume_tag(&volume)?;
    let volume = if let Some(row) = find(session, &tag).await? {
        located(session, volume, &row)?
    } else {
        // The row of a guest that was off carries no stamp: the driver would find nothing to delete, and call that done.
        let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
        if let Some((node, _)) = recorded(&ledger, &args.id, &tag) {
            return Err(Error::Busy {
                what: format!("volume {}", args.id),
                by: format!("{node} has it, detach it first"),
            }
            .into());
        }
        volume
    };
    session.driver.delete_volume(&volume).await?;
    session.print("", &json!({"deleted": args.id}));
    Ok(ExitStatus::Done)
}

pub(super) async fn list(session: &Session, args: &ListArgs) -> Ended {
    let listing = session.driver.list_rows().await?;
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let mut table = Table::new(&HEAD).right(2);
    let mut values = Vec::new();
    for row in &listing.rows {
        let attached = ledger
            .entries()
            .flat_map(|(_, entry)| entry.attachments.values())
            .find(|attachment| attachment.lun == row.lun && attachment.wwpns == row.wwpns)
            .map(|attachment| attachment.volume_id.as_str());
        let (cells, value) = described(session, row, attached);
        if args.all || !cells[0].is_empty() {
            table.row(cells);
            values.push(value);
        }
    }
    for malformed in &listing.malformed {
        session.printer.say(&format!(
            "warning: not a row ({}): {}",
            malformed.reason, malformed.line
        ));
    }
    session.print(&table.text(), &json!({ "volumes": values }));
    Ok(ExitStatus::Done)
}

pub(super) async fn show(session: &Session, args: &VolumeArgs) -> Ended {
    let (volume, row) = volume(session, &args.id).await?;
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let attached = ledger.find(&volume.id);
    let (cells, mut value) = described(session, &row, attached.map(|_| volume.id.as_str()));
    let mut lines: Vec<(&str, String)> = vec![
        ("id", cells[0].clone()),
        ("kind", cells[1].clone()),
        ("size", cells[2].clone()),
        ("row", cells[3].clone()),
        ("node", cells[4].clone()),
        ("fcp", cells[5].clone()),
        ("lun", cells[6].clone()),
        ("wwpn", cells[7].clone()),
        ("range", row.range.clone()),
    ];
    if let Some((node, attachment)) = attached {
        let mount = attachment
            .mount_point
            .as_ref()
            .map_or("", |mount| mount.as_str());
        lines.push(("attached to", node.to_string()));
        lines.push(("device", mount.to_owned()));
        value["attachment"] =
            json!({"node": node, "mount_point": attachment.mount_point, "state": attachment.state});
    }
    session.print(&facts(lines), &json!({ "volume": value }));
    Ok(ExitStatus::Done)
}

pub(super) async fn extend(session: &Session, args: &ExtendArgs) -> Ended {
    let (volume, _) = volume(session, &args.id).await?;
    session.driver.extend_volume(&volume, args.size).await?;
    session.print("", &json!({"extended": {"id": args.id, "size": args.size}}));
    Ok(ExitStatus::Done)
}

pub(super) async fn clone(session: &Session, args: CloneArgs) -> Ended {
    let (source, _) = volume(session, &args.source).await?;
    let id = id_or_new(args.id)?;
    let copy = Volume::new(id, args.size.unwrap_or(source.size));
    let update = session.driver.create_cloned_volume(&copy, &source).await?;
    Ok(made(session, &copy.id, copy.size, &update))
}

pub(super) async fn snapshot(session: &Session, command: SnapshotCommand) -> Ended {
    match command {
        SnapshotCommand::Create {
            volume: id,
            id: snapshot,
        } => {
            let (volume, _) = volume(session, &id).await?;
            let snapshot = Snapshot {
                id: id_or_new(snapshot)?,
                volume_size: volume.size,
                volume,
                provider_location: None,
            };
            let update = session.driver.create_snapshot(&snapshot).await?;
            let value = json!({"snapshot": {
                "id": snapshot.id, "volume": id, "provider_location": update.provider_location,
            }});
            session.print(&format!("{}\n", snapshot.id), &value);
        }
        SnapshotCommand::Delete { id } => {
            session
                .driver
                .delete_snapshot(&bare_snapshot(&id, 0))
                .await?;
            session.print("", &json!({"deleted": id}));
        }
        SnapshotCommand::Restore { id, volume, size } => {
            let tag = session.driver.snapshot_tag(&bare_snapshot(&id, 0))?;
            let row = find(session, &tag)
                .await?
                .ok_or_else(|| Error::NotFound(format!("snapshot {id} is not in the pool")))?;
            let own = row.size.map_or(0, crate::types::Size::gib_floor);
            let volume = Volume::new(id_or_new(volume)?, size.unwrap_or(own));
            let update = session
                .driver
                .create_volume_from_snapshot(&volume, &bare_snapshot(&id, own))
                .await?;
            return Ok(made(session, &volume.id, volume.size, &update));
        }
    }
    Ok(ExitStatus::Done)
}

/// A snapshot of which only the id is known.
fn bare_snapshot(id: &str, size: u64) -> Snapshot {
    Snapshot {
        id: id.to_owned(),
        volume_size: size,
        volume: Volume::new("", size),
        provider_location: None,
    }
}

pub(super) async fn manage(session: &Session, args: ManageArgs) -> Ended {
    let reference = if args.reference.contains('/') {
        ExistingRef::SourceId(args.reference)
    } else {
        ExistingRef::SourceName(args.reference)
    };
    let mut volume = Volume::new(id_or_new(args.id)?, 0);
    volume.size = session
        .driver
        .manage_existing_get_size(&volume, &reference)
        .await?;
    let update = session.driver.manage_existing(&volume, &reference).await?;
    Ok(made(session, &volume.id, volume.size, &update))
}

pub(super) async fn manageable(session: &Session) -> Ended {
    let found = session
        .driver
        .get_manageable_volumes(&Page::default())
        .await?;
    let mut table = Table::new(&["REFERENCE", "GIB", "SAFE", "REASON", "VOLUME"]).right(1);
    for row in &found {
        let reference = match &row.reference {
            ExistingRef::SourceId(text) | ExistingRef::SourceName(text) => text.clone(),
        };
        table.row([
            reference,
            row.size.to_string(),
            if row.safe_to_manage { "yes" } else { "no" }.to_owned(),
            row.reason_not_safe.clone().unwrap_or_default(),
            row.cinder_id.clone().unwrap_or_default(),
        ]);
    }
    session.print(&table.text(), &json!({ "manageable": found }));
    Ok(ExitStatus::Done)
}

pub(super) async fn unmanage(session: &Session, args: &VolumeArgs) -> Ended {
    let (volume, _) = volume(session, &args.id).await?;
    session.driver.unmanage(&volume).await?;
    session.print("", &json!({"unmanaged": args.id}));
    Ok(ExitStatus::Done)
}

pub(super) async fn retype(session: &Session, args: &RetypeArgs) -> Ended {
    let (volume, _) = volume(session, &args.id).await?;
    let diff: Value = serde_json::from_str(&args.diff)
        .map_err(|error| UsageError(format!("--diff is no JSON: {error}")))?;
    let filled = |key: &str| {
        diff.get(key)
            .and_then(Value::as_object)
            .is_some_and(|map| !map.is_empty())
    };
    let specs = diff.get("extra_specs").and_then(Value::as_object);
    let text =
        |pair: &Value, index: usize| pair.get(index).and_then(Value::as_str).map(str::to_owned);
    let diff = TypeDiff {
        extra_specs: specs
            .into_iter()
            .flatten()
            .map(|(key, pair)| (key.clone(), text(pair, 0), text(pair, 1)))
            .collect(),
        qos_differs: filled("qos_specs"),
        encryption_differs: filled("encryption"),
    };
    let backend = session.driver.backend();
    let own = format!(
        "{}@{}#{}",
        session.driver.host()?,
        backend.section,
        backend.pool
    );
    let stats = session.driver.get_volume_stats(true).await?;
    let host = TargetHost {
        location_info: args.host.is_none().then_some(stats.figures.location_info),
        host: args.host.clone().unwrap_or(own),
    };
    let possible = session.driver.retype(&volume, &diff, &host).await?;
    let word = if possible {
        "possible in place\n"
    } else {
        "needs a migration\n"
    };
    session.print(word, &json!({"retype": possible}));
    Ok(if possible {
        ExitStatus::Done
    } else {
        ExitStatus::Refused
    })
}

pub(super) async fn stats(session: &Session) -> Ended {
    let stats = session.driver.get_volume_stats(true).await?;
    let figures = &stats.figures;
    let capabilities = session.driver.capabilities()?;
    let unverified = session.driver.backend().unverified();
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let text = facts([
        ("back end", stats.volume_backend_name.clone()),
        ("location", figures.location_info.clone()),
        ("total GiB", format!("{:.1}", figures.total_capacity_gb)),
        ("free GiB", format!("{:.1}", figures.free_capacity_gb)),
        ("largest free GiB", figures.zvm_largest_free_gb.to_string()),
        (
            "provisioned GiB",
            format!("{:.1}", figures.provisioned_capacity_gb),
        ),
        ("volumes", figures.total_volumes.to_string()),
        ("copies", yes(capabilities.can_copy)),
        ("images", yes(capabilities.can_image)),
        ("clears deleted volumes", yes(capabilities.can_clear)),
    ]);
    for remark in capabilities.remarks.iter().chain(&unverified) {
        session.printer.say(&format!("note: {remark}"));
    }
    let troubles = session.driver.troubles();
    for trouble in &troubles {
        session.printer.say(&format!(
            "warning: {}: {}",
            trouble.object.as_deref().unwrap_or("a stamp"),
            trouble.trouble.meaning()
        ));
    }
    session.print(
        &text,
        &json!({"stats": stats, "capabilities": capabilities, "troubles": troubles}),
    );
    Ok(ExitStatus::Done)
}
