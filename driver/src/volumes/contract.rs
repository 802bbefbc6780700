//! The Cinder driver contract.

use std::future::Future;

use super::model::{
    ConnectionInfo, Connector, ExistingRef, Manageable, ModelUpdate, Page, Snapshot, Stats,
    TargetHost, TerminatedConnection, TypeDiff, Volume,
};
use crate::config::DriverOption;
use crate::error::Result;
use crate::images::{ImageMeta, ImageService};

/// What Cinder's volume manager calls, method by method (spec: driver 2.5.1). A developer of Cinder drivers finds the names of
/// `cinder.volume.driver`; the differences are Rust's: model updates are types, refusals are [`crate::Error`] and
/// [`crate::Error::exception`] gives the name of the exception that stands for one.
///
/// The manager relies on these promises, and so does every caller:
///
/// * a failed [`do_setup`](Self::do_setup) or [`check_for_setup_error`](Self::check_for_setup_error) leaves the driver fit for another try;
/// * `delete_*` of something that is not there succeeds;
/// * [`initialize_connection`](Self::initialize_connection) may come any number of times, [`terminate_connection`](Self::terminate_connection)
///   without a connector and for a volume that is not connected;
/// * repeating any method after an error, a time-out or a crash is safe (spec: driver I21);
/// * an error names its operation, its subject, a step and OpenStack's request id, as far as it is known (spec: driver 2.10);
///   [`crate::Error::root`] is the cause by itself;
/// * success is reported after the management node's confirmation *and* a read-back (I18).
pub trait VolumeDriver: Send + Sync {
    /// `VERSION`.
    const VERSION: &'static str;
    /// `CI_WIKI_NAME`.
    const CI_WIKI_NAME: &'static str;

    /// `get_driver_options()`: the driver's own keys, each with type, default and help, in the order of their names. The generic
    /// ones that it honours, such as `volume_clear`, are Cinder's.
    fn get_driver_options() -> &'static [DriverOption];

    /// `do_setup(context)`: reaches the management node, reads its version, and refuses one that is too old.
    fn do_setup(&self) -> impl Future<Output = Result<()>> + Send;

    /// `check_for_setup_error()`: finds host, zHCP and pool, resolves what a crash left, decides what the back end can do.
    fn check_for_setup_error(&self) -> impl Future<Output = Result<()>> + Send;

    /// `get_volume_stats(refresh)`: one listing of the pool; the last figures when `refresh` is false. One failed refresh is
    /// bridged with the last figures, the second in a row is an error.
    fn get_volume_stats(&self, refresh: bool) -> impl Future<Output = Result<Stats>> + Send;

    /// `create_volume(volume)`: reserves the smallest free LUN that is large enough. A LUN that carries the volume's stamp
    /// already is adopted.
    fn create_volume(&self, volume: &Volume) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `delete_volume(volume)`: overwrites the LUN, then frees it; or quarantines it when it cannot be overwritten.
    fn delete_volume(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `create_snapshot(snapshot)`: a full copy on another LUN. Refused for a volume that is attached, and when snapshots are
    /// switched off.
    fn create_snapshot(
        &self,
        snapshot: &Snapshot,
    ) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `delete_snapshot(snapshot)`.
    fn delete_snapshot(&self, snapshot: &Snapshot) -> impl Future<Output = Result<()>> + Send;

    /// `create_volume_from_snapshot(volume, snapshot)`: a full copy; a larger volume lands on a larger LUN.
    fn create_volume_from_snapshot(
        &self,
        volume: &Volume,
        snapshot: &Snapshot,
    ) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `create_cloned_volume(volume, src_vref)`: a full copy of a volume that is not attached.
    fn create_cloned_volume(
        &self,
        volume: &Volume,
        source: &Volume,
    ) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `extend_volume(volume, new_size)`: succeeds inside the LUN's real size, which never changes; `new_size` in GiB.
    fn extend_volume(
        &self,
        volume: &Volume,
        new_size: u64,
    ) -> impl Future<Output = Result<()>> + Send;

    /// `local_path(volume)`: not supported, the Cinder host has no path to the LUN.
    fn local_path(&self, volume: &Volume) -> Result<String>;

    /// `ensure_export(context, volume)`: at service start; renews a stamp that was lost, reports a foreign one.
    fn ensure_export(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `create_export(context, volume, connector)`: nothing to do.
    fn create_export(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `remove_export(context, volume)`: nothing to do.
    fn remove_export(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `initialize_connection(volume, connector)`: the data by which Nova attaches; changes nothing.
    fn initialize_connection(
        &self,
        volume: &Volume,
        connector: &Connector,
    ) -> impl Future<Output = Result<ConnectionInfo>> + Send;

    /// `terminate_connection(volume, connector, force)`: with `force`, takes the LUN from the guest that has it.
    fn terminate_connection(
        &self,
        volume: &Volume,
        connector: Option<&Connector>,
        force: bool,
    ) -> impl Future<Output = Result<Option<TerminatedConnection>>> + Send;

    /// `attach_volume(context, volume, instance_uuid, host_name, mountpoint)`: nothing to do, Nova does it.
    fn attach_volume(
        &self,
        volume: &Volume,
        instance: &str,
        mount_point: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// `detach_volume(context, volume, attachment)`: renews a stamp that the detach emptied.
    fn detach_volume(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `copy_image_to_volume(context, volume, image_service, image_id)`.
    fn copy_image_to_volume(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image_id: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// `copy_volume_to_image(context, volume, image_service, image_meta)`.
    fn copy_volume_to_image(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image: &ImageMeta,
    ) -> impl Future<Output = Result<()>> + Send;

    /// `clone_image(…)`: never possible here; no update, and false.
    fn clone_image(&self) -> (Option<ModelUpdate>, bool) {
        (None, false)
    }

    /// `manage_existing(volume, existing_ref)`: puts the volume's stamp on a LUN that is nobody's.
    fn manage_existing(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `manage_existing_get_size(volume, existing_ref)`: in GiB, rounded up.
    fn manage_existing_get_size(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// `unmanage(volume)`: the LUN keeps its data, is stamped as unmanaged, and is not given out.
    fn unmanage(&self, volume: &Volume) -> impl Future<Output = Result<()>> + Send;

    /// `get_manageable_volumes(cinder_volumes, marker, limit, offset, sort_keys, sort_dirs)`.
    fn get_manageable_volumes(
        &self,
        page: &Page,
    ) -> impl Future<Output = Result<Vec<Manageable>>> + Send;

    /// `retype(context, volume, new_type, diff, host)`: true when nothing has to be done, false when Cinder has to migrate.
    fn retype(
        &self,
        volume: &Volume,
        diff: &TypeDiff,
        host: &TargetHost,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// `migrate_volume(context, volume, host)`: by way of an image, when switched on and the target is a pool of the same
    /// management node; otherwise (false, no update) and Cinder looks for another way.
    fn migrate_volume(
        &self,
        volume: &Volume,
        host: &TargetHost,
    ) -> impl Future<Output = Result<(bool, Option<ModelUpdate>)>> + Send;

    /// `update_migrated_volume(ctxt, volume, new_volume, original_volume_status)`: gives the new LUN the stamp of the
    /// volume's own id.
    fn update_migrated_volume(
        &self,
        volume: &Volume,
        new_volume: &Volume,
    ) -> impl Future<Output = Result<ModelUpdate>> + Send;

    /// `backup_volume(context, backup, backup_service)`: not supported, it needs a path on the Cinder host.
    fn backup_volume(&self, volume: &Volume) -> Result<()>;

    /// `restore_backup(context, backup, volume, backup_service)`: not supported either.
    fn restore_backup(&self, volume: &Volume) -> Result<()>;
}
