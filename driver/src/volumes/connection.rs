//! Connections and their bookkeeping (spec: driver 2.6.11 to 2.6.13).

use super::driver::ZvmDriver;
use super::life::{by_place, found, not_lost};
use super::model::{
    ConnectionData, ConnectionInfo, Connector, InitiatorTargetMap, TerminatedConnection,
    TerminatedData, Volume, same_host, target_wwn,
};
use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::config::ConnectorHost;
use crate::error::{Error, Result};
use crate::pool::{Listing, Owner, Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{Lifecycle, NodeName, Tag, WwpnSet};

const FIBRE_CHANNEL: &str = "fibre_channel";

impl ZvmDriver {
    pub(super) async fn connect(
        &self,
        volume: &Volume,
        connector: &Connector,
    ) -> Result<ConnectionInfo> {
        let world = self.world()?;
        let naming = self.shared.backend.compute.connector_host;
        check_connector(connector, naming, &world)?;
        let tag = self.volume_tag(volume)?;
        let location = Self::location(volume.provider_location.as_deref(), &world)?;
        let listing = world.list().await?;
        let row = found(listing.resolve(&tag, location.as_ref())?, volume)?;
        if let Some(reason) = row.unsafe_reason() {
            return Err(Error::Backend(format!("row {}: {reason}", row.address())));
        }
        not_lost(row, &tag, &world)?;
        let is_ours = match row.status {
            RowStatus::Reserved => row.owner == tag.as_str(),
            // Attached already: the answer of a former call was lost. Its stamp, or its location, says that it is this volume's.
            RowStatus::Used => {
                by_place(row, &tag, &world)?;
                (row.tag == tag.as_str() || (row.tag.is_empty() && location.is_some()))
                    && !world.is_zhcps(row)
            }
            RowStatus::Free => false,
        };
        if !is_ours {
            return Err(Error::Backend(format!(
                "row {} is {} by '{}', not reserved for {tag}",
                row.address(),
                row.status,
                row.owner
            )));
        }
        Ok(ConnectionInfo {
            driver_volume_type: FIBRE_CHANNEL.to_owned(),
            data: ConnectionData {
                target_discovered: false,
                target_lun: row.lun.target_lun(),
                target_wwn: target_wwn(&row.wwpns),
                volume_id: volume.id.clone(),
                initiator_target_map: map(connector, &row.wwpns),
                zvm_fcp: connector.zvm_fcp.clone(),
                zvm_lifecycle: Lifecycle::PoolOwned,
                zvm_pool: world.pool.name.clone(),
                zvm_lun: row.lun,
                zvm_tag: tag,
                discard: false,
            },
        })
    }

    pub(super) async fn disconnect(
        &self,
        volume: &Volume,
        connector: Option<&Connector>,
        force: bool,
    ) -> Result<Option<TerminatedConnection>> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        let location = Self::location(volume.provider_location.as_deref(), &world)?;
        let listing = world.list().await?;
        let Some(row) = listing.resolve(&tag, location.as_ref())? else {
            return Ok(None);
        };
        if row.status != RowStatus::Free {
            not_lost(row, &tag, &world)?;
        }
        let answer = connector.map(|connector| {
            let needed = is_needed(&listing, row, connector);
            TerminatedConnection {
                driver_volume_type: FIBRE_CHANNEL.to_owned(),
                data: TerminatedData {
                    initiator_target_map: (!needed).then(|| map(connector, &row.wwpns)),
                },
            }
        });
        let target = RowRef::of(row);
        match row.status {
            RowStatus::Free => {}
            RowStatus::Reserved => {
                if row.owner.is_empty() && location.is_some() {
                    by_place(row, &tag, &world)?;
                    world.restamp(&target, &tag).await?;
                }
            }
            RowStatus::Used if force => {
                by_place(row, &tag, &world)?;
                let node: NodeName = row.owner.parse().map_err(|_| {
                    Error::Backend(format!(
                        "row {} is used by '{}', which is no node",
                        row.address(),
                        row.owner
                    ))
                })?;
                let plan = Plan::new("force-detach", tag.as_str(), Recovery::Forward)
                    .touching(target.touch())
                    .touching(node.as_str())
                    .step(VolumeStep::TakeFromGuest {
                        row: target,
                        node,
                        tag,
                    });
                self.run(&plan, &world).await?;
            }
            // Nova detaches first; what it has not detached is its own.
            RowStatus::Used => tracing::warn!(
                row = row.address(),
                owner = row.owner,
                "the volume is still attached; left to Nova"
            ),
        }
        Ok(answer)
    }

    /// Verifies a volume's row and renews a stamp that a detach emptied. Only a foreign owner is an error; a slow MN, a lock that is
    /// held for long and a listing that cannot be read are not (spec: driver 2.6.13).
    pub(super) async fn renew_stamp(&self, volume: &Volume, what: &'static str) -> Result<()> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        match self.verify_stamp(volume, &tag, &world).await {
            Ok(StampState::Kept) => Ok(()),
            Ok(StampState::Absent) => {
                tracing::warn!(volume = volume.id, "no row carries the volume's stamp");
                Ok(())
            }
            Ok(StampState::Foreign(error)) => Err(error),
            Err(error) => {
                tracing::warn!(what, volume = volume.id, %error, "not verified");
                Ok(())
            }
        }
    }

    /// Looks whose the volume's row is, and renews a stamp that is empty. An error means that it could not be told.
    async fn verify_stamp(&self, volume: &Volume, tag: &Tag, world: &World) -> Result<StampState> {
        let _object = world.objects(&[tag]).await?;
        let location = Self::location(volume.provider_location.as_deref(), world)?;
        let listing = world.list().await?;
        let Some(row) = listing.resolve(tag, location.as_ref())? else {
            return Ok(StampState::Absent);
        };
        if let Err(foreign) = not_foreign(row, volume, tag, world) {
            return Ok(StampState::Foreign(foreign));
        }
        if row.status == RowStatus::Reserved && world.pool.owner(row) == Owner::Nobody {
            let row = world.restamp(&RowRef::of(row), tag).await?;
            world.stamps.note(tag, &row);
        } else {
            world.stamps.note(tag, row);
        }
        Ok(StampState::Kept)
    }
}

/// What the stamp on a volume's row is found to be.
enum StampState {
    /// There, or there again.
    Kept,
    /// No row carries it, and no location leads to one.
    Absent,
    /// The row is another's, or may be; the error says whose.
    Foreign(Error),
}

/// Refuses a row that is not the volume's, or that may be another's.
fn not_foreign(row: &Row, volume: &Volume, tag: &Tag, world: &World) -> Result<()> {
    match (row.status, world.pool.owner(row)) {
        (RowStatus::Used, _) => {
            not_lost(row, tag, world)?;
            by_place(row, tag, world)
        }
        (RowStatus::Reserved, Owner::Nobody) => by_place(row, tag, world),
        (RowStatus::Reserved, Owner::Stamp(stamp, _)) if stamp == *tag => Ok(()),
        (RowStatus::Free, _) => Err(Error::Backend(format!(
            "row {} of volume {} is free: it may be given to another volume",
            row.address(),
            volume.id
        ))),
        (RowStatus::Reserved, _) => Err(Error::Backend(format!(
            "row {} of volume {} belongs to '{}'",
            row.address(),
            volume.id,
            row.owner
        ))),
    }
}

/// The connector must name devices, ports, and this system: LUNs are reachable from one z/VM system only.
fn check_connector(connector: &Connector, naming: ConnectorHost, world: &World) -> Result<()> {
    let missing = if connector.zvm_fcp.is_empty() {
        Some("zvm_fcp")
    } else if connector.wwpns.is_empty() {
        Some("wwpns")
    } else if connector.host.is_empty() {
        Some("host")
    } else {
        None
    };
    if let Some(missing) = missing {
        return Err(Error::Connector(format!("missing={missing}")));
    }
    if connector.wwpns.len() != connector.zvm_fcp.len() {
        return Err(Error::Connector(format!(
            "{} initiator ports for {} FCP devices",
            connector.wwpns.len(),
            connector.zvm_fcp.len()
        )));
    }
    let system = match naming {
        ConnectorHost::System => connector.host.as_str(),
        // The guest's name follows (D15).
        ConnectorHost::Guest => {
            let length = world.pool.host.as_str().len();
            match connector.host.split_at_checked(length) {
                Some((host, guest)) if guest.starts_with('_') => host,
                _ => "",
            }
        }
    };
    if !same_host(system, &world.pool.host) {
        return Err(Error::Connector(format!(
            "host {} is not {}: a LUN is reachable from one z/VM system only",
            connector.host, world.pool.host
        )));
    }
    Ok(())
}

fn map(connector: &Connector, ports: &WwpnSet) -> InitiatorTargetMap {
    connector
        .wwpns
        .iter()
        .map(|initiator| (*initiator, ports.ports().to_vec()))
        .collect()
}

/// Whether another row is used through one of the connector's devices: its zone must stay.
fn is_needed(listing: &Listing, row: &Row, connector: &Connector) -> bool {
    listing.rows.iter().any(|other| {
        other.status == RowStatus::Used
            && other.line != row.line
            && other
                .channels()
                .iter()
                .any(|channel| connector.zvm_fcp.contains(channel))
    })
}
