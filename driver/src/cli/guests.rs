//! Commands of the Nova half.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::Ended;
use super::args::{AttachArgs, BootCommand, ConnectionArgs, DetachArgs, NodeArgs};
use super::exit::{ExitStatus, UsageError};
use super::session::Session;
use super::table::{Table, facts, lines};
use super::volumes::volume;
use crate::Error;
use crate::attachments::{
    AttachOptions, Attached, Attachments as _, BootMetadata, BootVolume, Connection, GuestPath,
    Instance, ScriptPlace, VolumeRef,
};
use crate::fcp::Ledger;
use crate::pool::{Pool, Row, RowStatus};
use crate::types::{DeviceNumber, Lifecycle, MountPoint, NodeName, Size};
use crate::volumes::Volume;

/// Connection data as typed, or as the Cinder half gives them for a volume of the pool. The guest gets devices if it has none.
async fn volume_ref(
    session: &Session,
    id: &str,
    node: &NodeName,
    args: &ConnectionArgs,
) -> anyhow::Result<VolumeRef> {
    let size = args.size.map(Size::from_gib);
    let info = if let Some(path) = &args.connection {
        let mut info = read_json(path)?;
        complete(session, &mut info, node, args).await?;
        info
    } else {
        let (volume, _) = volume(session, id).await?;
        let instance = Instance::new(node.clone());
        let nova = &session.nova;
        let connected = nova.connect_volume(&session.driver, &volume, &instance);
        return Ok(VolumeRef {
            size,
            ..connected.await?
        });
    };
    Ok(VolumeRef {
        id: id.to_owned(),
        connection: connection_of(&info)?,
        size,
    })
}

fn connection_of(info: &Value) -> anyhow::Result<Connection> {
    Connection::from_json(info).map_err(|error| Error::Connector(error.to_string()).into())
}

/// Fills in what another controller's driver does not know: the devices, and the lifecycle when it was typed.
async fn complete(
    session: &Session,
    info: &mut Value,
    node: &NodeName,
    args: &ConnectionArgs,
) -> anyhow::Result<()> {
    let map = data_of(info)?;
    if !map.contains_key("zvm_fcp") {
        let connector = session
            .nova
            .get_volume_connector(&Instance::new(node.clone()))
            .await?;
        map.insert(
            "zvm_fcp".to_owned(),
            serde_json::to_value(connector.zvm_fcp)?,
        );
    }
    add_lifecycle(map, args);
    Ok(())
}

/// The keys of connection data, which may stand below `data`.
fn data_of(info: &mut Value) -> anyhow::Result<&mut Map<String, Value>> {
    let data = if info.get("data").is_some() {
        &mut info["data"]
    } else {
        info
    };
    data.as_object_mut()
        .ok_or_else(|| UsageError("the connection data are no JSON object".to_owned()).into())
}

fn add_lifecycle(map: &mut Map<String, Value>, args: &ConnectionArgs) {
    if let Some(lifecycle) = args.lifecycle {
        map.entry("zvm_lifecycle")
            .or_insert_with(|| lifecycle.to_string().into());
    }
}

/// What a detach is told of a volume when the ledger may have no record of it: what a file says, or else the volume's row. A
/// detach never reserves devices: those by which the guest has the volume are the ones that count. `None` leaves it to the ledger.
async fn detach_ref(
    session: &Session,
    id: &str,
    node: &NodeName,
    args: &ConnectionArgs,
) -> anyhow::Result<Option<VolumeRef>> {
    // Read before the rows: what another process attaches in between is not taken for a lost record.
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let is_recorded = ledger.find(id).is_some();
    let connection = match &args.connection {
        Some(path) => typed_for_detach(session, id, node, args, path, &ledger).await?,
        None if is_recorded => None,
        None => connection_of_row(session, id, node, &ledger).await?,
    };
    let Some(connection) = connection else {
        return Ok(None);
    };
    Ok(Some(VolumeRef {
        id: id.to_owned(),
        connection,
        size: args.size.map(Size::from_gib),
    }))
}

/// The connection data of a file, with the devices of the volume's row when the file names none.
async fn typed_for_detach(
    session: &Session,
    id: &str,
    node: &NodeName,
    args: &ConnectionArgs,
    path: &Path,
    ledger: &Ledger,
) -> anyhow::Result<Option<Connection>> {
    let mut info = read_json(path)?;
    let map = data_of(&mut info)?;
    add_lifecycle(map, args);
    if map.contains_key("zvm_fcp") {
        return connection_of(&info).map(Some);
    }
    // The reader wants devices, and only what it reads tells the row that names them: any number holds their place.
    map.insert("zvm_fcp".to_owned(), json!(["0000"]));
    let connection = connection_of(&info)?;
    if ledger.find(id).is_some() {
        return Ok(None);
    }
    let backend = session.driver.backend();
    let pool = Pool {
        client: session.driver.client().clone(),
        host: session.nova.host().clone(),
        name: connection.pool.as_ref().unwrap_or(&backend.pool).clone(),
        prefix: backend.row_tag_prefix.clone(),
    };
    let listing = pool.list().await?;
    let row = listing.find(&connection.wwpns, connection.lun);
    if let Some(row) = row.filter(|row| is_used_by(row, node)) {
        let fcp = devices_of(row, id, node)?;
        return Ok(Some(Connection { fcp, ..connection }));
    }
    // Its row may be gone while the guest still has the units: they are looked for on the devices that it is known to have.
    if let Some(entry) = ledger.entry(node).filter(|entry| !entry.fcp.is_empty()) {
        let fcp = entry.fcp.clone();
        return Ok(Some(Connection { fcp, ..connection }));
    }
    // The management node lists nothing as well when it cannot read the pool.
    if listing.has_header || !listing.rows.is_empty() {
        return Ok(None);
    }
    Err(Error::InvalidVolume(format!(
        "the connection data of volume {id} lack zvm_fcp, and pool {} lists no row that names its devices",
        pool.name
    ))
    .into())
}

/// The connection data of a volume of which the record is lost, as its row has them. `None` when the guest does not have it.
async fn connection_of_row(
    session: &Session,
    id: &str,
    node: &NodeName,
    ledger: &Ledger,
) -> anyhow::Result<Option<Connection>> {
    // Volumes of other controllers need not have an id of which a stamp can be made.
    let Ok(tag) = session.driver.volume_tag(&Volume::new(id, 0)) else {
        return Ok(None);
    };
    let listing = session.driver.list_rows().await?;
    let Some(row) = listing.resolve(&tag, None)? else {
        // A row that a guest was given while it was off names no volume: it may be this one's.
        let mut nameless = listing.rows.iter().filter(|row| row.tag.is_empty());
        return match nameless.find(|row| is_used_by(row, node) && ledger.at(&row.wwpns, row.lun).is_none())
        {
            None => Ok(None),
            Some(row) => Err(Error::InvalidVolume(format!(
                "volume {id} is neither recorded nor stamped on a row, and row {} is used by {node} without a record of \
                 its volume: if it is this one, detach it with its connection data (--connection)",
                row.address()
            ))
            .into()),
        };
    };
    if !is_used_by(row, node) {
        return Ok(None);
    }
    if let Some((_, known)) = ledger.at(&row.wwpns, row.lun) {
        return Err(Error::InvalidVolume(format!(
            "row {} of volume {id} is recorded as attached under the id {}",
            row.address(),
            known.volume_id
        ))
        .into());
    }
    let zhcp = session.driver.zhcp()?;
    if zhcp.is_some_and(|zhcp| row.owner.eq_ignore_ascii_case(zhcp.as_str())) {
        return Err(Error::Busy {
            what: format!("volume {id}"),
            by: format!(
                "the zHCP {node} copies it or was interrupted in it; reconcile takes it back"
            ),
        }
        .into());
    }
    Ok(Some(Connection {
        volume_id: Some(id.to_owned()),
        lifecycle: Lifecycle::PoolOwned,
        pool: Some(session.driver.backend().pool.clone()),
        lun: row.lun,
        wwpns: row.wwpns.clone(),
        fcp: devices_of(row, id, node)?,
        tag: Some(tag),
    }))
}

fn is_used_by(row: &Row, node: &NodeName) -> bool {
    row.status == RowStatus::Used && row.owner == node.as_str()
}

/// The devices by which a guest has a volume, as the row names them.
fn devices_of(row: &Row, id: &str, node: &NodeName) -> anyhow::Result<Vec<DeviceNumber>> {
    let devices = row.channels();
    if devices.is_empty() {
        return Err(Error::InvalidVolume(format!(
            "row {} of volume {id} is used by {node} and names no FCP device: give its connection data with zvm_fcp \
             (--connection)",
            row.address()
        ))
        .into());
    }
    Ok(devices)
}

fn read_json(path: &Path) -> anyhow::Result<Value> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    serde_json::from_str(&text)
        .map_err(|error| UsageError(format!("{} is no JSON: {error}", path.display())).into())
}

pub(super) async fn connector(session: &Session, args: NodeArgs) -> Ended {
    let connector = session
        .nova
        .get_volume_connector(&Instance::new(args.node))
        .await?;
    let mut table = Table::new(&["FCP", "WWPN"]);
    for (device, port) in connector.zvm_fcp.iter().zip(&connector.wwpns) {
        table.row([device.to_string(), port.to_string()]);
    }
    session.print(&table.text(), &json!({ "connector": connector }));
    Ok(ExitStatus::Done)
}

pub(super) async fn attach(session: &Session, args: AttachArgs) -> Ended {
    let mount_point: Option<MountPoint> =
        match args.mount.as_deref() {
            None => None,
            Some("auto") => Some(
                session
                    .nova
                    .get_device_name_for_instance(&args.node)
                    .await?,
            ),
            Some(text) => Some(text.parse().map_err(|error: crate::types::ParseError| {
                UsageError(format!("--mount: {error}"))
            })?),
        };
    let mut instance = Instance::new(args.node.clone());
    instance.os_version = args.os.clone();
    if instance.os_version.is_none() {
        instance.os_version = match session.nova.distribution_of(&args.node).await {
            Ok(distribution) => distribution.map(|found| found.to_string()),
            // The attach itself says it better.
            Err(_) => None,
        };
    }
    let volume = volume_ref(session, &args.id, &args.node, &args.connection).await?;
    let attached = session
        .nova
        .attach_volume(
            &instance,
            &volume,
            mount_point.as_ref(),
            &AttachOptions::default(),
        )
        .await?;
    show_attached(session, &attached);
    Ok(ExitStatus::Done)
}

fn show_attached(session: &Session, attached: &Attached) {
    let devices: Vec<String> = attached.fcp.iter().map(ToString::to_string).collect();
    let mount = attached
        .mount_point
        .as_ref()
        .map_or("", |mount| mount.as_str());
    let when = match (attached.already, attached.path) {
        (true, _) => "it was attached before",
        (false, GuestPath::Active) => "now",
        (false, GuestPath::Inactive) => "at the guest's next start",
    };
    let text = facts([
        ("volume", attached.volume_id.clone()),
        ("node", attached.node.to_string()),
        ("fcp", devices.join(";")),
        ("device", mount.to_owned()),
        ("usable", when.to_owned()),
    ]);
    session.print(&text, &json!({ "attached": attached }));
}

pub(super) async fn detach(session: &Session, args: DetachArgs) -> Ended {
    let node = if let Some(node) = args.node {
        node
    } else {
        let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
        let found = ledger.find(&args.id).map(|(node, _)| node.clone());
        found.ok_or_else(|| {
            Error::NotFound(format!(
                "no guest is recorded for volume {}: name it",
                args.id
            ))
        })?
    };
    let volume = detach_ref(session, &args.id, &node, &args.connection).await?;
    let detached = session
        .nova
        .detach_volume(
            &Instance::new(node),
            &args.id,
            volume.as_ref(),
            args.mount.as_ref(),
            &AttachOptions::default(),
        )
        .await?;
    if detached.already {
        session.printer.say(&format!(
            "volume {} was not attached to {}",
            args.id, detached.node
        ));
    }
    session.print("", &json!({ "detached": detached }));
    if detached.pending.is_empty() {
        return Ok(ExitStatus::Done);
    }
    let devices: Vec<String> = detached.pending.iter().map(ToString::to_string).collect();
    session.printer.say(&format!(
        "the volume is detached; FCP devices {} could not be taken back yet: zvm-volume reconcile does it",
        devices.join(";")
    ));
    Ok(ExitStatus::Incomplete)
}

pub(super) async fn attachments(session: &Session) -> Ended {
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let mut table = Table::new(&["NODE", "FCP", "PHASE", "VOLUME", "DEVICE", "STATE"]);
    let mut values = Vec::new();
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    for (node, entry) in ledger.entries() {
        let devices: Vec<String> = entry.fcp.iter().map(ToString::to_string).collect();
        let phase = word(serde_json::to_value(entry.phase)?);
        let first = [node.to_string(), devices.join(";"), phase];
        if entry.attachments.is_empty() {
            table.row(
                first
                    .iter()
                    .cloned()
                    .chain([String::new(), String::new(), String::new()]),
            );
        }
        for attachment in entry.attachments.values() {
            let mount = attachment
                .mount_point
                .as_ref()
                .map_or("", |mount| mount.as_str());
            let state = word(serde_json::to_value(attachment.state)?);
            table.row(first.iter().cloned().chain([
                attachment.volume_id.clone(),
                mount.to_owned(),
                state,
            ]));
        }
        values.push(json!({"node": node, "entry": entry}));
    }
    session.print(&table.text(), &json!({ "attachments": values }));
    Ok(ExitStatus::Done)
}

pub(super) async fn fcp(session: &Session) -> Ended {
    let inventory = session.nova.inventory().await?;
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let list = &session.driver.backend().compute.fcp_list;
    let mut table = Table::new(&["FCP", "CHPID", "WWPN", "Z/VM", "LISTED", "GUEST", "REMARK"]);
    let mut values = Vec::new();
    let words = |value: Value| value.as_str().unwrap_or_default().to_owned();
    for device in inventory.devices() {
        let guest = ledger.owner(device.number).or_else(|| device.owner.clone());
        let listed = list.contains(device.number);
        table.row([
            device.number.to_string(),
            device
                .chpid
                .map_or(String::new(), |chpid| chpid.to_string()),
            device.wwpn().map_or(String::new(), |port| port.to_string()),
            words(serde_json::to_value(device.status)?),
            if listed { "yes" } else { "" }.to_owned(),
            guest.clone().unwrap_or_default(),
            device.unusable().unwrap_or_default().to_owned(),
        ]);
        values.push(json!({"device": device, "listed": listed, "guest": guest}));
    }
    session.print(&table.text(), &json!({ "fcp": values }));
    Ok(ExitStatus::Done)
}

pub(super) async fn boot(session: &Session, command: BootCommand) -> Ended {
    match command {
        BootCommand::Prepare {
            id,
            node,
            root,
            image,
            ramdisk,
            os,
            remote,
        } => {
            let metadata = BootMetadata::read(|key| match key {
                "root" => root.as_deref(),
                "image" => image.as_deref(),
                "ramdisk" => ramdisk.as_deref(),
                "os_version" => os.as_deref(),
                _ => None,
            })
            .map_err(|error| UsageError(error.to_string()))?;
            let none = ConnectionArgs {
                connection: None,
                size: None,
                lifecycle: None,
            };
            let volume = volume_ref(session, &id, &node, &none).await?;
            let script = remote.map(|remote| ScriptPlace {
                remote,
                dir: session.driver.backend().state_dir.join("zipl"),
            });
            let boot = BootVolume {
                volume,
                metadata,
                script,
            };
            let options = AttachOptions::default();
            let attached = session
                .nova
                .prepare_boot(&Instance::new(node), &boot, &options)
                .await?;
            show_attached(session, &attached);
            Ok(ExitStatus::Done)
        }
        BootCommand::Cleanup(args) => {
            let problems = session
                .nova
                .destroy_cleanup(&Instance::new(args.node))
                .await?;
            session.print(&lines(&problems), &json!({ "left": problems }));
            Ok(if problems.is_empty() {
                ExitStatus::Done
            } else {
                ExitStatus::Incomplete
            })
        }
    }
}
