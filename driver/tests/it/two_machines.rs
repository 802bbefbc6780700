//! Volume services on two machines that share a pool. Locks do not reach from one to the other, and xCAT reserves a row that
//! is reserved already (Q2): a create that has read its stamp back can lose its row a moment later (spec: driver 3.8, I1, I5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use xcat_simulator::seam::Behaviour;
use zvm_volume::attachments::{AttachOptions, Attachments as _, VolumeRef};
use zvm_volume::client::{Call, Client, Observer};
use zvm_volume::images::{FolderImages, ImageMeta};
use zvm_volume::volumes::{self, Snapshot, Trouble, Volume, VolumeDriver as _, ZvmDriver};

use crate::check::{DATA, content, write_content};
use crate::guests::{Halves, ONE_PATH, guest, halves};
use crate::rig::{Rig, VARIANTS, Variant, tag, volume};

const PORT: &str = "500507630300c562";
const LUN: &str = "4010403300000000";

/// Holds one reservation back until it is let go: after the pool was read, before the row is written.
#[derive(Default)]
struct Hold {
    armed: AtomicBool,
    reached: Notify,
    go: Notify,
}

impl Observer for Hold {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        let holds =
            matches!(call, Call::Reserve { .. }) && self.armed.swap(false, Ordering::Relaxed);
        async move {
            if holds {
                self.reached.notify_one();
                self.go.notified().await;
            }
        }
        .boxed()
    }
}

/// Two machines, and two volumes that were given one LUN.
struct Clash {
    rig: Rig,
    one: Halves,
    two: ZvmDriver,
    _folder: tempfile::TempDir,
    /// The first machine's volume, which has lost its row.
    lost: Volume,
    /// Its connection, as it was handed out before.
    reference: VolumeRef,
    /// The second machine's volume.
    winner: Volume,
}

/// The second machine: the same back end, but no folder in common.
async fn elsewhere(rig: &Rig, folder: &tempfile::TempDir, hold: Arc<Hold>) -> ZvmDriver {
    let mut backend = rig.backend(ONE_PATH);
    backend.state_dir = folder.path().join("state");
    let client = Client::builder(&backend)
        .base_url(format!("{}/xcatws", rig.simulator.url()))
        .observer(hold)
        .seed(2)
        .build()
        .unwrap();
    let driver = ZvmDriver::builder(&backend)
        .client(client)
        .not_durable()
        .build()
        .unwrap();
    driver.start().await.unwrap();
    driver
}

/// The LUN of a volume of the pool, by its provider location.
pub fn row_of(volume: &Volume) -> String {
    let place = volume.provider_location.clone().unwrap();
    place.split('|').nth(3).unwrap().to_owned()
}

impl Clash {
    /// `None` when the release refuses the second reservation: nothing is lost then.
    async fn new(variant: Variant) -> Option<Self> {
        let rig = Rig::lab(variant).await;
        let one = halves(&rig, ONE_PATH, Vec::new()).await;
        let folder = tempfile::tempdir().unwrap();
        let hold = Arc::new(Hold::default());
        let two = elsewhere(&rig, &folder, Arc::clone(&hold)).await;
        hold.armed.store(true, Ordering::Relaxed);
        let second = tokio::spawn({
            let two = two.clone();
            async move { two.create_volume(&volume(2, 1)).await }
        });
        hold.reached.notified().await;
        let lost = one.create(1, 1).await;
        assert!(rig.line(LUN).contains(&tag(1)), "{variant}: read back");
        let reference = one.connect(&lost, &guest("lnx1")).await.unwrap();
        one.driver.get_volume_stats(true).await.unwrap();
        assert_eq!(one.driver.troubles(), [], "{variant}");
        hold.go.notify_one();
        let update = second.await.unwrap().unwrap();
        let winner = volume(2, 1).updated(&update);
        if row_of(&lost) != row_of(&winner) {
            assert!(rig.line(LUN).contains(&tag(1)), "{variant}: kept");
            one.driver.get_volume_stats(true).await.unwrap();
            assert_eq!(one.driver.troubles(), [], "{variant}");
            return None;
        }
        assert!(rig.line(LUN).contains(&tag(2)), "{variant}: overwritten");
        rig.change(|world| write_content(world, PORT, LUN, &format!("{DATA}volume 2")));
        Some(Self {
            rig,
            one,
            two,
            _folder: folder,
            lost,
            reference,
            winner,
        })
    }

    /// Row and data of the winner, and what its guests have.
    fn state(&self) -> (String, String, String) {
        let pool = self.rig.pool();
        let world = self.rig.simulator.site().look();
        (
            pool,
            content(&world, PORT, LUN),
            crate::guests::traces(&world),
        )
    }

    /// Every operation of the Cinder half on the volume that has lost; each is refused and changes nothing.
    async fn refused_by_cinder(&self, when: &str) {
        let driver = &self.one.driver;
        let lost = &self.lost;
        let before = self.state();
        let connector = self
            .one
            .nova
            .get_volume_connector(&guest("lnx1"))
            .await
            .unwrap();
        let connector = volumes::Connector {
            zvm_fcp: connector.zvm_fcp,
            wwpns: connector.wwpns,
            host: connector.host.to_string(),
            instance: None,
        };
        let snapshot = Snapshot {
            id: volume(3, 1).id,
            volume_size: 1,
            volume: lost.clone(),
            provider_location: None,
        };
        let images = FolderImages::new(self.rig.folder.path());
        let meta = ImageMeta::raw("out");
        let fresh = volume(4, 1);
        let ended: [(&str, zvm_volume::Result<()>); 9] = [
            ("delete", driver.delete_volume(lost).await),
            ("extend", driver.extend_volume(lost, 1).await),
            (
                "clone",
                driver.create_cloned_volume(&fresh, lost).await.map(drop),
            ),
            (
                "snapshot",
                driver.create_snapshot(&snapshot).await.map(drop),
            ),
            ("unmanage", driver.unmanage(lost).await),
            (
                "image out",
                driver.copy_volume_to_image(lost, &images, &meta).await,
            ),
            (
                "connect",
                driver
                    .initialize_connection(lost, &connector)
                    .await
                    .map(drop),
            ),
            (
                "disconnect by force",
                driver
                    .terminate_connection(lost, Some(&connector), true)
                    .await
                    .map(drop),
            ),
            ("export", driver.ensure_export(lost).await),
        ];
        for (what, ended) in ended {
            let error = ended.expect_err(&format!("{} {when}: {what}", self.rig.variant));
            let text = error.to_string();
            assert!(
                text.contains("row ") || text.contains("attached") || text.contains("busy"),
                "{what}: {text}"
            );
        }
        assert_eq!(self.state(), before, "{} {when}", self.rig.variant);
    }

    /// The winner, to a guest.
    async fn attach_winner(&self, name: &str) -> VolumeRef {
        let instance = guest(name);
        let connected = self
            .one
            .nova
            .connect_volume(&self.two, &self.winner, &instance);
        let reference = connected.await.unwrap();
        self.one
            .nova
            .attach_volume(&instance, &reference, None, &AttachOptions::default())
            .await
            .unwrap();
        reference
    }
}

#[tokio::test]
async fn i5_the_next_figures_tell_of_a_row_that_another_machine_took() {
    for variant in VARIANTS {
        let Some(clash) = Clash::new(variant).await else {
            assert_eq!(variant.behaviour, Behaviour::Intended, "{variant}");
            continue;
        };
        let site = clash.rig.simulator.site();
        let first = site.journal.lock().last_id();
        clash.one.driver.get_volume_stats(true).await.unwrap();
        assert_eq!(
            site.journal.lock().last_id(),
            first + 1,
            "the audit costs no call of its own"
        );
        let troubles = clash.one.driver.troubles();
        assert_eq!(troubles.len(), 1, "{variant}: {troubles:?}");
        assert_eq!(troubles[0].trouble, Trouble::ForeignOwner);
        assert_eq!(troubles[0].object.as_ref(), Some(&clash.lost.id));
        assert!(troubles[0].row.as_ref().unwrap().contains(&tag(2)));
        clash.two.get_volume_stats(true).await.unwrap();
        assert_eq!(clash.two.troubles(), [], "{variant}: the winner is well");
    }
}

#[tokio::test]
async fn i1_nothing_that_is_done_with_the_loser_touches_the_winner() {
    for variant in VARIANTS {
        let Some(clash) = Clash::new(variant).await else {
            continue;
        };
        clash.refused_by_cinder("detached").await;
        let before = clash.state();
        let options = AttachOptions::default();
        let error = clash
            .one
            .nova
            .attach_volume(&guest("lnx1"), &clash.reference, None, &options)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(&tag(2)), "{variant}: {error}");
        assert_eq!(clash.state(), before, "{variant}");
        // The winner lives on as if nothing had been.
        clash.two.delete_volume(&clash.winner).await.unwrap();
        assert!(clash.rig.line(LUN).starts_with("free,"), "{variant}");
    }
}

/// While the winner is attached its row does not carry its stamp in the place of the owner; to a guest that was off, nowhere.
#[tokio::test]
async fn i1_an_attached_winner_is_not_touched_either() {
    for variant in VARIANTS {
        for name in ["lnx1", "lnx3"] {
            let Some(clash) = Clash::new(variant).await else {
                continue;
            };
            clash.one.driver.get_volume_stats(true).await.unwrap();
            let reference = clash.attach_winner(name).await;
            clash.refused_by_cinder(name).await;
            let before = clash.state();
            let nova = &clash.one.nova;
            let options = AttachOptions::default();
            let error = nova
                .attach_volume(&guest(name), &clash.reference, None, &options)
                .await
                .unwrap_err();
            assert!(
                error.to_string().contains(&clash.winner.id),
                "{variant} {name}: {error}"
            );
            // A detach finds nothing of the loser's in the guest.
            nova.detach_volume(
                &guest(name),
                &clash.reference.id,
                Some(&clash.reference),
                None,
                &options,
            )
            .await
            .unwrap();
            assert_eq!(clash.state(), before, "{variant} {name}");
            nova.detach_volume(&guest(name), &reference.id, None, None, &options)
                .await
                .unwrap();
            assert!(clash.rig.line(LUN).contains(&tag(2)), "{variant} {name}");
        }
    }
}

/// What goes by an ordinary way is no loss, whichever process of the machine does it.
#[tokio::test]
async fn what_is_deleted_or_given_up_is_not_missed() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let one = halves(&rig, ONE_PATH, Vec::new()).await;
        let again = rig.started(ONE_PATH).await;
        let (a, b, c) = (
            one.create(1, 1).await,
            one.create(2, 1).await,
            one.create(3, 1).await,
        );
        again.delete_volume(&a).await.unwrap();
        again.unmanage(&b).await.unwrap();
        let update = again
            .update_migrated_volume(&volume(4, 1), &c)
            .await
            .unwrap();
        let d = volume(4, 1).updated(&update);
        let reference = one.connect(&d, &guest("lnx1")).await.unwrap();
        let options = AttachOptions::default();
        one.nova
            .attach_volume(&guest("lnx1"), &reference, None, &options)
            .await
            .unwrap();
        for driver in [&one.driver, &again] {
            driver.get_volume_stats(true).await.unwrap();
            assert_eq!(driver.troubles(), [], "{variant}");
        }
        // A stamp that a detach lost on its way is reported until it is renewed.
        one.nova
            .detach_volume(&guest("lnx1"), &d.id, None, None, &options)
            .await
            .unwrap();
        rig.edit(&tag(4), "");
        again.get_volume_stats(true).await.unwrap();
        assert_eq!(again.troubles()[0].trouble, Trouble::StampLost);
        again.ensure_export(&d).await.unwrap();
        again.get_volume_stats(true).await.unwrap();
        assert_eq!(again.troubles(), [], "{variant}");
    }
}
