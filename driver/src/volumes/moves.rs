//! Retype and migration (spec: driver 2.6.15).

use super::driver::ZvmDriver;
use super::life::{CANDIDATES, adopt, found, no_space};
use super::model::{ModelUpdate, TargetHost, TypeDiff, Volume, same_host};
use super::step::VolumeStep;
use super::world::{Place, RowRef, World};
use crate::config::VerifyCopy;
use crate::error::{Error, Result};
use crate::pool::{Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{NodeName, PoolName, Size, Tag};

/// What stands in front of a back end's place in its figures.
const LOCATION_INFO: &str = "ZVMXCATDriver";

impl ZvmDriver {
    /// Nothing is kept per volume, so a type that differs in nothing but names needs no work.
    pub(super) fn can_retype(&self, diff: &TypeDiff, host: &TargetHost) -> Result<bool> {
        let ready = self.ready()?;
        let backend = &self.shared.backend;
        let here = match &host.location_info {
            Some(text) => location_info(text).is_some_and(|(server, node, pool)| {
                server.eq_ignore_ascii_case(&backend.server)
                    && same_host(&node, &ready.host)
                    && pool == backend.pool
            }),
            None => host
                .host
                .split_once('@')
                .map(|(_, rest)| rest.split('#').next().unwrap_or(rest))
                .is_some_and(|section| section == backend.section),
        };
        Ok(here && !diff.qos_differs && !diff.encryption_differs)
    }

    /// By way of an image: captured here, deployed there, then deleted here. `--copyzfcp` cannot leave its pool, and the Cinder
    /// host has no FCP.
    pub(super) async fn migrate(
        &self,
        volume: &Volume,
        host: &TargetHost,
    ) -> Result<(bool, Option<ModelUpdate>)> {
        let backend = &self.shared.backend;
        let ready = self.ready()?;
        let target = host.location_info.as_deref().and_then(location_info);
        let Some((server, node, pool)) = target else {
            return Ok((false, None));
        };
        let elsewhere = !server.eq_ignore_ascii_case(&backend.server);
        let same = same_host(&node, &ready.host) && pool == backend.pool;
        if elsewhere || same || !backend.copying.migrate_by_image {
            return Ok((false, None));
        }
        let node: NodeName = node
            .parse()
            .map_err(|error: crate::types::ParseError| Error::Backend(error.to_string()))?;
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let place = self.place_of(node, pool).await?;
        let there = world.at(&place);
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let location = Self::location(volume.provider_location.as_deref(), &world)?;
        let listing = world.list().await?;
        let wanted = Size::from_gib(volume.size);
        let source = found(listing.resolve(&tag, location.as_ref())?, volume);
        if source.as_ref().map_or(true, |row| {
            row.owner != tag.as_str() && row.tag != tag.as_str()
        }) {
            // A former attempt may have come to its end without its caller knowing.
            let listing = there.list().await?;
            if let Some(row) = listing.resolve(&tag, None)? {
                return Ok((true, Some(adopt(row, &tag, wanted, &there)?)));
            }
        }
        let source = source?;
        if source.status != RowStatus::Reserved || source.owner != tag.as_str() {
            return Err(Error::Busy {
                what: format!("volume {}", volume.id),
                by: format!(
                    "row {} is {} by '{}'",
                    source.address(),
                    source.status,
                    source.owner
                ),
            });
        }
        let update = self.carry(volume, &tag, source, &world, &place).await?;
        Ok((true, Some(update)))
    }

    /// Brings the data of a row to a row of another pool of the same MN, and deletes it here. One plan: until the new row is
    /// whole and stamped everything is undone; from then on the old one is cleared and released.
    async fn carry(
        &self,
        volume: &Volume,
        tag: &Tag,
        source: &Row,
        world: &World,
        place: &Place,
    ) -> Result<ModelUpdate> {
        let wanted = Size::from_gib(volume.size).max(source.size.unwrap_or_default());
        let gib = wanted.gib_ceil();
        let there = world.at(place);
        let listing = there.list().await?;
        let from = RowRef::of(source);
        let candidates: Vec<RowRef> = listing
            .candidates(wanted)
            .into_iter()
            .filter(|row| row.has_range())
            .take(CANDIDATES)
            .map(|row| RowRef::elsewhere(row, place))
            .collect();
        let mut lost = None;
        for row in candidates {
            // The target's row first: what is lost to somebody else costs nothing yet.
            let profile = self.fresh_profile(tag)?;
            let plan = Plan::new("migrate", tag.as_str(), Recovery::Back)
                .touching(from.touch())
                .touching(row.touch())
                .touching(profile.as_str())
                .step(VolumeStep::Reserve {
                    row: row.clone(),
                    tag: tag.clone(),
                })
                .step(VolumeStep::Capture {
                    row: from.clone(),
                    tag: tag.clone(),
                    profile: profile.clone(),
                    compression: world.copying.compression,
                    gib,
                })
                .step(VolumeStep::Restamp {
                    row: from.clone(),
                    from: None,
                    tag: tag.clone(),
                })
                .step(VolumeStep::Deploy {
                    row: row.clone(),
                    tag: tag.clone(),
                    profile: profile.clone(),
                    content: None,
                    gib,
                })
                .step(VolumeStep::Restamp {
                    row: row.clone(),
                    from: None,
                    tag: tag.clone(),
                });
            let plan = compare(plan, &from, &row, tag, world)
                .committed()
                .step(VolumeStep::RemoveImage { profile })
                .followed_by(Self::delete_plan(source, tag, world));
            match self.run_away(&plan, world, tag, source).await {
                Ok(()) => {
                    let row = there.row(&row).await?;
                    return Ok(Self::update(&row, tag, &there));
                }
                Err(error) => {
                    let first = matches!(&error, Error::Step(step) if step.step == "reserve row");
                    let again = first && Self::is_lost(&row, tag, &there).await;
                    lost = Some(error);
                    if !again {
                        break;
                    }
                }
            }
        }
        Err(lost.unwrap_or_else(|| no_space(&listing, wanted, &there)))
    }

    /// Where another system of the same MN has a pool.
    async fn place_of(&self, host: NodeName, pool: PoolName) -> Result<Place> {
        let zhcp = self.client.zhcp_of(&host).await?;
        Ok(Place { host, zhcp, pool })
    }

    /// Gives the new LUN the stamp that the volume will be known by: its own id's.
    pub(super) async fn rename_migrated(
        &self,
        volume: &Volume,
        new_volume: &Volume,
    ) -> Result<ModelUpdate> {
        let (old, new) = (self.volume_tag(new_volume)?, self.volume_tag(volume)?);
        let world = self.world()?;
        let _objects = world.objects(&[&old, &new]).await?;
        self.settle(&old, &world).await?;
        let (_lock, world) = world.locked().await?;
        let listing = world.list().await?;
        if let [row] = listing.stamped(&new).as_slice() {
            return adopt(row, &new, Size::from_gib(new_volume.size), &world);
        }
        let location = Self::location(new_volume.provider_location.as_deref(), &world)?;
        let row = found(listing.resolve(&old, location.as_ref())?, new_volume)?;
        let target = RowRef::of(row);
        let plan = Plan::new("rename", new.as_str(), Recovery::Forward)
            .touching(old.as_str())
            .touching(target.touch())
            .step(VolumeStep::Restamp {
                row: target.clone(),
                from: Some(old.clone()),
                tag: new.clone(),
            });
        self.run_away(&plan, &world, &old, row).await?;
        let row = world.row(&target).await?;
        Ok(Self::update(&row, &new, &world))
    }
}

/// The MN looks neither at what it captures nor at what it deploys: the new LUN is held against the old one, as a copy is (D27),
/// before the old one is cleared.
fn compare(
    plan: Plan<VolumeStep>,
    from: &RowRef,
    to: &RowRef,
    tag: &Tag,
    world: &World,
) -> Plan<VolumeStep> {
    if world.copying.verify == VerifyCopy::None {
        return plan;
    }
    let attach = |row: &RowRef| VolumeStep::ZhcpAttach {
        row: row.clone(),
        tag: tag.clone(),
    };
    let detach = |row: &RowRef| VolumeStep::ZhcpDetach {
        row: row.clone(),
        tag: tag.clone(),
    };
    plan.step(attach(from))
        .step(attach(to))
        .step(VolumeStep::Compare {
            source: from.clone(),
            target: to.clone(),
        })
        .step(detach(to))
        .step(detach(from))
}

/// `ZVMXCATDriver:{server}:{host}:{pool}`; the server may be an address with colons.
fn location_info(text: &str) -> Option<(String, String, PoolName)> {
    let rest = text.strip_prefix(LOCATION_INFO)?.strip_prefix(':')?;
    let mut parts = rest.rsplitn(3, ':');
    let pool = parts.next()?.parse().ok()?;
    let host = parts.next()?.to_owned();
    Some((parts.next()?.to_owned(), host, pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_with_any_server() {
        let (server, host, pool) = location_info("ZVMXCATDriver:[fe80::1]:zvm1:scsipol1").unwrap();
        assert_eq!(
            (server.as_str(), host.as_str(), pool.as_str()),
            ("[fe80::1]", "zvm1", "scsipol1")
        );
        assert!(location_info("Storwize:a:b:c").is_none());
        assert!(location_info("ZVMXCATDriver:a:b").is_none());
    }
}
