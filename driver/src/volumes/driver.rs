//! The driver of one back end.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::builder::DriverBuilder;
use super::contract::VolumeDriver;
use super::model::{
    Capabilities, ConnectionInfo, Connector, ExistingRef, Manageable, ModelUpdate, Page, Snapshot,
    Stats, TargetHost, TerminatedConnection, TypeDiff, Volume,
};
use super::stats::StatsCache;
use super::step::VolumeStep;
use super::world::World;
use crate::client::{Client, MnVersion};
use crate::config::{Backend, DriverOption, OPTIONS};
use crate::error::{Error, Result};
use crate::images::{FileMover, ImageMeta, ImageService, WorkFolder};
use crate::pool::{Listing, ProviderLocation, Row};
use crate::steps::{Engine, Locks, Plan, Records, Resolution, Resolved, RunOptions};
use crate::types::{NodeName, Tag};

/// Volumes of one back end. Clones share everything.
///
/// ```no_run
/// # async fn example() -> zvm_volume::Result<()> {
/// use zvm_volume::config::Config;
/// use zvm_volume::volumes::{Volume, VolumeDriver, ZvmDriver};
///
/// let config = Config::load("/etc/cinder/cinder.conf".as_ref())?;
/// let driver = ZvmDriver::new(&config.backends[0])?;
/// driver.do_setup().await?;
/// driver.check_for_setup_error().await?;
/// let volume = Volume::new("5f0a5c0e-6c1f-4f3e-9d7a-0c7a4d1f2b3c", 10);
/// let update = driver.create_volume(&volume).await?;
/// println!("{}", update.provider_location);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ZvmDriver {
    pub(super) shared: Arc<Shared>,
    pub(super) client: Client,
}

impl std::fmt::Debug for ZvmDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZvmDriver")
            .field("section", &self.shared.backend.section)
            .finish_non_exhaustive()
    }
}

pub(super) struct Shared {
    pub(super) backend: Backend,
    pub(super) engine: Engine,
    pub(super) locks: Locks,
    pub(super) mover: Arc<dyn FileMover>,
    pub(super) records: Arc<dyn Records>,
    pub(super) version: Mutex<Option<MnVersion>>,
    pub(super) ready: Mutex<Option<Ready>>,
    pub(super) stats: Mutex<StatsCache>,
}

/// What the set-up found.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) host: NodeName,
    pub(super) zhcp: Option<NodeName>,
    pub(super) capabilities: Capabilities,
}

impl ZvmDriver {
    /// A driver as configured.
    pub fn new(backend: &Backend) -> Result<Self> {
        Self::builder(backend).build()
    }

    /// A driver with more to say.
    pub fn builder(backend: &Backend) -> DriverBuilder<'_> {
        DriverBuilder::new(backend)
    }

    /// The same driver for one OpenStack request: its id goes with every call, journal entry and error.
    #[must_use]
    pub fn for_request(&self, request_id: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            client: self.client.for_request(request_id),
        }
    }

    /// Sets up and checks, as Cinder does at its start.
    pub async fn start(&self) -> Result<()> {
        self.do_setup().await?;
        self.check_for_setup_error().await
    }

    /// The same, and leaves what a crash interrupted as it is: to look at it, or to resolve it by [`Self::reconcile`].
    pub async fn start_without_reconcile(&self) -> Result<()> {
        self.do_setup().await?;
        self.check().await
    }

    /// The back end.
    pub fn backend(&self) -> &Backend {
        &self.shared.backend
    }

    /// The journal's engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the back end can do; after the set-up.
    pub fn capabilities(&self) -> Result<Capabilities> {
        Ok(self.ready()?.capabilities)
    }

    /// The MN's version; after the set-up.
    pub fn version(&self) -> Option<MnVersion> {
        lock(&self.shared.version).clone()
    }

    /// The z/VM system's node; after the set-up.
    pub fn host(&self) -> Result<NodeName> {
        Ok(self.ready()?.host)
    }

    /// The zHCP's node, when known; after the set-up.
    pub fn zhcp(&self) -> Result<Option<NodeName>> {
        Ok(self.ready()?.zhcp)
    }

    /// Resolves every operation of the Cinder half that a crash interrupted (spec: driver 4.1).
    pub async fn reconcile(&self) -> Result<Vec<Resolved>> {
        let records = Arc::clone(&self.shared.records);
        self.reconcile_with(&*records).await
    }

    /// The same with records of the caller's.
    pub async fn reconcile_with(&self, records: &dyn Records) -> Result<Vec<Resolved>> {
        let world = self.world()?;
        let resolved = self
            .shared
            .engine
            .reconcile::<VolumeStep>(&world, records)
            .await?;
        WorkFolder::sweep(&world.copying.work_area, &*world.mover).await;
        Ok(resolved)
    }

    /// Every row of the pool, now.
    pub async fn list_rows(&self) -> Result<Listing> {
        self.world()?.list().await
    }

    /// The stamp of a volume.
    pub fn volume_tag(&self, volume: &Volume) -> Result<Tag> {
        Tag::volume(&self.shared.backend.row_tag_prefix, volume.object_id())
            .map_err(|error| Error::InvalidVolume(error.to_string()))
    }

    /// The stamp of a snapshot.
    pub fn snapshot_tag(&self, snapshot: &Snapshot) -> Result<Tag> {
        Tag::volume("cs", &snapshot.id).map_err(|error| Error::InvalidVolume(error.to_string()))
    }

    pub(super) fn ready(&self) -> Result<Ready> {
        lock(&self.shared.ready)
            .clone()
            .ok_or_else(|| Error::Backend("the driver is not set up".to_owned()))
    }

    /// The world of an operation.
    pub(super) fn world(&self) -> Result<World> {
        let ready = self.ready()?;
        Ok(self.world_of(&ready.host, ready.zhcp))
    }

    pub(super) fn world_of(&self, host: &NodeName, zhcp: Option<NodeName>) -> World {
        World::new(
            &self.shared.backend,
            self.client.clone(),
            host,
            zhcp,
            Arc::clone(&self.shared.mover),
            self.shared.locks.clone(),
        )
    }

    /// Runs a plan with this request's id.
    pub(super) async fn run(&self, plan: &Plan<VolumeStep>, world: &World) -> Result<()> {
        let options = RunOptions {
            request_id: self.client.request_id().map(str::to_owned),
            rollback: true,
        };
        self.shared.engine.run_with(plan, world, &options).await
    }

    /// Resolves what a crash left of an object before new work on it begins; the operations that it finished by that.
    pub(super) async fn settle(&self, tag: &Tag, world: &World) -> Result<Vec<String>> {
        let resolved = self
            .shared
            .engine
            .settle::<VolumeStep>(tag.as_str(), world)
            .await?;
        let mut finished = Vec::new();
        for entry in resolved {
            match entry.resolution {
                Resolution::Stuck { why } => {
                    return Err(Error::Backend(format!(
                        "an interrupted {} of {} cannot be resolved: {why}",
                        entry.operation, entry.subject
                    )));
                }
                Resolution::Finished if entry.subject == tag.as_str() => {
                    finished.push(entry.operation);
                }
                _ => {}
            }
        }
        Ok(finished)
    }

    /// The location that Cinder's record holds, if it is one of this driver's and this pool's.
    pub(super) fn location(text: Option<&str>, world: &World) -> Result<Option<ProviderLocation>> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let location: ProviderLocation = text
            .parse()
            .map_err(|error: crate::types::ParseError| Error::InvalidVolume(error.to_string()))?;
        let same = location.pool == world.pool.name
            && super::model::same_host(location.host.as_str(), &world.pool.host);
        if same {
            Ok(Some(location))
        } else {
            Err(Error::InvalidVolume(format!(
                "the volume is in pool {} of {}, not in {} of {}",
                location.pool, location.host, world.pool.name, world.pool.host
            )))
        }
    }

    /// What Cinder keeps of a row that has become an object's, or is it still; its stamp is expected there from now on.
    pub(super) fn update(row: &Row, tag: &Tag, world: &World) -> ModelUpdate {
        world.stamps.note(tag, row);
        ModelUpdate {
            provider_location: ProviderLocation::of(row, &world.pool.host, &world.pool.name)
                .to_string(),
            provider_id: tag.clone(),
        }
    }

    /// A result as Cinder sees it: an error names the operation, its subject, a step and this request (spec: driver 2.10).
    fn named<T>(&self, operation: &str, subject: &str, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.in_operation(operation, subject, self.client.request_id()))
    }

    /// Where the journal stands.
    pub fn state_folder(&self) -> &Path {
        &self.shared.backend.state_dir
    }
}

/// A lock that a panic elsewhere does not make useless.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl VolumeDriver for ZvmDriver {
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const CI_WIKI_NAME: &'static str = "Cinder-zvm-plugin";

    fn get_driver_options() -> &'static [DriverOption] {
        &OPTIONS
    }

    async fn do_setup(&self) -> Result<()> {
        self.named(
            "do_setup",
            &self.shared.backend.section,
            self.read_version().await,
        )
    }

    async fn check_for_setup_error(&self) -> Result<()> {
        self.named(
            "check_for_setup_error",
            &self.shared.backend.section,
            self.check_and_reconcile().await,
        )
    }

    async fn get_volume_stats(&self, refresh: bool) -> Result<Stats> {
        self.named(
            "get_volume_stats",
            &self.shared.backend.section,
            self.stats(refresh).await,
        )
    }

    async fn create_volume(&self, volume: &Volume) -> Result<ModelUpdate> {
        self.named("create_volume", &volume.id, self.create(volume).await)
    }

    async fn delete_volume(&self, volume: &Volume) -> Result<()> {
        let work = async {
            let tag = self.volume_tag(volume)?;
            self.delete(&tag, volume.provider_location.as_deref(), "volume")
                .await
        };
        self.named("delete_volume", &volume.id, work.await)
    }

    async fn create_snapshot(&self, snapshot: &Snapshot) -> Result<ModelUpdate> {
        self.named(
            "create_snapshot",
            &snapshot.id,
            self.snapshot(snapshot).await,
        )
    }

    async fn delete_snapshot(&self, snapshot: &Snapshot) -> Result<()> {
        let work = async {
            let tag = self.snapshot_tag(snapshot)?;
            self.delete(&tag, snapshot.provider_location.as_deref(), "snapshot")
                .await
        };
        self.named("delete_snapshot", &snapshot.id, work.await)
    }

    async fn create_volume_from_snapshot(
        &self,
        volume: &Volume,
        snapshot: &Snapshot,
    ) -> Result<ModelUpdate> {
        self.named(
            "create_volume_from_snapshot",
            &volume.id,
            self.volume_of_snapshot(volume, snapshot).await,
        )
    }

    async fn create_cloned_volume(&self, volume: &Volume, source: &Volume) -> Result<ModelUpdate> {
        self.named(
            "create_cloned_volume",
            &volume.id,
            self.clone_volume(volume, source).await,
        )
    }

    async fn extend_volume(&self, volume: &Volume, new_size: u64) -> Result<()> {
        self.named(
            "extend_volume",
            &volume.id,
            self.extend(volume, new_size).await,
        )
    }

    fn local_path(&self, volume: &Volume) -> Result<String> {
        self.named(
            "local_path",
            &volume.id,
            Err(Error::Unsupported(
                "the Cinder host has no path to the LUN: there is no local path".to_owned(),
            )),
        )
    }

    async fn ensure_export(&self, volume: &Volume) -> Result<()> {
        self.named(
            "ensure_export",
            &volume.id,
            self.renew_stamp(volume, "ensure_export").await,
        )
    }

    async fn create_export(&self, _: &Volume) -> Result<()> {
        Ok(())
    }

    async fn remove_export(&self, _: &Volume) -> Result<()> {
        Ok(())
    }

    async fn initialize_connection(
        &self,
        volume: &Volume,
        connector: &Connector,
    ) -> Result<ConnectionInfo> {
        self.named(
            "initialize_connection",
            &volume.id,
            self.connect(volume, connector).await,
        )
    }

    async fn terminate_connection(
        &self,
        volume: &Volume,
        connector: Option<&Connector>,
        force: bool,
    ) -> Result<Option<TerminatedConnection>> {
        self.named(
            "terminate_connection",
            &volume.id,
            self.disconnect(volume, connector, force).await,
        )
    }

    async fn attach_volume(&self, _: &Volume, _: &str, _: &str) -> Result<()> {
        Ok(())
    }

    async fn detach_volume(&self, volume: &Volume) -> Result<()> {
        self.named(
            "detach_volume",
            &volume.id,
            self.renew_stamp(volume, "detach_volume").await,
        )
    }

    async fn copy_image_to_volume(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image_id: &str,
    ) -> Result<()> {
        self.named(
            "copy_image_to_volume",
            &volume.id,
            self.image_to_volume(volume, images, image_id)
                .await
                .map_err(Error::image_copy),
        )
    }

    async fn copy_volume_to_image(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image: &ImageMeta,
    ) -> Result<()> {
        self.named(
            "copy_volume_to_image",
            &volume.id,
            self.volume_to_image(volume, images, image)
                .await
                .map_err(Error::image_copy),
        )
    }

    async fn manage_existing(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> Result<ModelUpdate> {
        self.named(
            "manage_existing",
            &volume.id,
            self.manage(volume, reference).await,
        )
    }

    async fn manage_existing_get_size(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> Result<u64> {
        self.named(
            "manage_existing_get_size",
            &volume.id,
            self.manage_size(volume, reference).await,
        )
    }

    async fn unmanage(&self, volume: &Volume) -> Result<()> {
        self.named("unmanage", &volume.id, self.give_up(volume).await)
    }

    async fn get_manageable_volumes(&self, page: &Page) -> Result<Vec<Manageable>> {
        self.named(
            "get_manageable_volumes",
            &self.shared.backend.section,
            self.manageable(page).await,
        )
    }

    async fn retype(&self, volume: &Volume, diff: &TypeDiff, host: &TargetHost) -> Result<bool> {
        self.named("retype", &volume.id, self.can_retype(diff, host))
    }

    async fn migrate_volume(
        &self,
        volume: &Volume,
        host: &TargetHost,
    ) -> Result<(bool, Option<ModelUpdate>)> {
        self.named(
            "migrate_volume",
            &volume.id,
            self.migrate(volume, host).await,
        )
    }

    async fn update_migrated_volume(
        &self,
        volume: &Volume,
        new_volume: &Volume,
    ) -> Result<ModelUpdate> {
        self.named(
            "update_migrated_volume",
            &volume.id,
            self.rename_migrated(volume, new_volume).await,
        )
    }

    fn backup_volume(&self, volume: &Volume) -> Result<()> {
        self.named(
            "backup_volume",
            &volume.id,
            Err(Error::Unsupported(
                "backup needs a path to the LUN on the Cinder host, which has none".to_owned(),
            )),
        )
    }

    fn restore_backup(&self, volume: &Volume) -> Result<()> {
        self.named(
            "restore_backup",
            &volume.id,
            Err(Error::Unsupported(
                "restoring a backup needs a path to the LUN on the Cinder host, which has none"
                    .to_owned(),
            )),
        )
    }
}
