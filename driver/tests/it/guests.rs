//! What the tests of the Nova half stand on: both halves on one site, and what a guest shows of a volume.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use zvm_volume::attachments::{
    AttachOptions, Attached, Attachments as _, Connection, Detached, Instance, Nova, Patience,
    VolumeRef,
};
use zvm_volume::client::{Call, Client, LineKind, ManualClock, Observer, Transport};
use zvm_volume::types::{MountPoint, NodeName, Size};
use zvm_volume::volumes::{Volume, VolumeDriver as _, ZvmDriver};

use crate::rig::{Rig, volume};
pub use crate::traces::traces;

/// Keys of a back end with one path.
pub const ONE_PATH: &str =
    "zvm_host = zvm1\nzvm_fcp_list = 1a00-1a0e;1b00-1b0e\nvolume_clear = none";
/// Keys of a back end with two paths and LUNs behind two ports.
pub const TWO_PATHS: &str = "zvm_host = zvm1\nzvm_fcp_list = 1a00-1a0e;1b00-1b0e\nzvm_multiple_fcp = true\n\
                             zvm_scsi_pool = scsipol2\nvolume_clear = none";

/// Both halves of one back end.
pub struct Halves {
    pub driver: ZvmDriver,
    pub nova: Nova,
    pub client: Client,
}

/// Makes both halves; with observers, they watch the Nova half only.
pub async fn halves(rig: &Rig, keys: &str, observers: Vec<Arc<dyn Observer>>) -> Halves {
    halves_over(rig, keys, observers, None).await
}

/// The same; the Nova half over another transport.
pub async fn halves_over(
    rig: &Rig,
    keys: &str,
    observers: Vec<Arc<dyn Observer>>,
    transport: Option<Arc<dyn Transport>>,
) -> Halves {
    let backend = rig.backend(keys);
    let client = |observers: Vec<Arc<dyn Observer>>, transport: Option<Arc<dyn Transport>>| {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let builder = Client::builder(&backend)
            .base_url(format!("{}/xcatws", rig.simulator.url()))
            .clock(clock)
            .seed(1);
        let builder = observers
            .into_iter()
            .fold(builder, zvm_volume::client::ClientBuilder::observer);
        match transport {
            Some(transport) => builder.transport(transport).build().unwrap(),
            None => builder.build().unwrap(),
        }
    };
    let plain = client(Vec::new(), None);
    let driver = ZvmDriver::builder(&backend)
        .client(plain.clone())
        .not_durable()
        .build()
        .unwrap();
    driver.start().await.unwrap();
    let nova = Nova::open(
        client(observers, transport),
        &backend,
        &driver.host().unwrap(),
    )
    .unwrap()
    .patience(Patience {
        tries: 4,
        pause: Duration::from_millis(500),
    });
    Halves {
        driver,
        nova,
        client: plain,
    }
}

pub fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}

pub fn mount(name: &str) -> MountPoint {
    name.parse().unwrap()
}

/// A guest of the site with its operating system.
pub fn guest(name: &str) -> Instance {
    let os = match name {
        "lnx2" => "sles12",
        "lnx3" => "ubuntu16.04",
        _ => "rhel7",
    };
    Instance::new(node(name)).with_os(os)
}

impl Halves {
    /// A volume of the pool.
    pub async fn create(&self, n: u8, gib: u64) -> Volume {
        let volume = volume(n, gib);
        let update = self.driver.create_volume(&volume).await.unwrap();
        volume.updated(&update)
    }

    /// Connector and connection data for a guest, as Nova and Cinder exchange them.
    pub async fn connect(
        &self,
        volume: &Volume,
        instance: &Instance,
    ) -> zvm_volume::Result<VolumeRef> {
        self.nova
            .connect_volume(&self.driver, volume, instance)
            .await
    }

    pub async fn attach(
        &self,
        volume: &Volume,
        instance: &Instance,
        mount_point: Option<&MountPoint>,
    ) -> zvm_volume::Result<Attached> {
        let volume = self.connect(volume, instance).await?;
        self.nova
            .attach_volume(instance, &volume, mount_point, &AttachOptions::default())
            .await
    }

    /// The same volume once more, with the connector that the guest has.
    pub async fn connect_again(
        &self,
        volume: &Volume,
        instance: &Instance,
    ) -> zvm_volume::Result<Attached> {
        let again = self.connect(volume, instance).await?;
        self.nova
            .attach_volume(instance, &again, None, &AttachOptions::default())
            .await
    }

    pub async fn detach(&self, volume: &Volume, instance: &Instance) -> zvm_volume::Result<()> {
        let detached = self.take(&volume.id, instance).await?;
        assert!(detached.pending.is_empty(), "{detached:?}");
        Ok(())
    }

    /// A detach beside others of the same guest, whose last one takes the devices back.
    pub async fn detach_loosely(&self, volume: &Volume, instance: &Instance) {
        self.take(&volume.id, instance)
            .await
            .unwrap_or_else(|error| panic!("detach from {}: {error}", instance.node));
    }

    /// A controller's volume for a guest: its connector, and the connection data that the controller makes of it.
    pub async fn of_controller(
        &self,
        n: u8,
        lun: &str,
        ports: &[&str],
        instance: &Instance,
    ) -> VolumeRef {
        let connector = self.nova.get_volume_connector(instance).await.unwrap();
        controller_volume(n, lun, ports, &connector.zvm_fcp)
    }

    /// Gives a volume with its connection data, without a device node.
    pub async fn give(
        &self,
        volume: &VolumeRef,
        instance: &Instance,
    ) -> zvm_volume::Result<Attached> {
        let options = AttachOptions::default();
        let given = self.nova.attach_volume(instance, volume, None, &options);
        given.await
    }

    /// Takes it back.
    pub async fn take(&self, id: &str, instance: &Instance) -> zvm_volume::Result<Detached> {
        let options = AttachOptions::default();
        let taken = self.nova.detach_volume(instance, id, None, None, &options);
        taken.await
    }

    /// Whether no guest has a volume or a device by the ledger.
    pub async fn holds_nothing(&self) -> bool {
        let ledger = self.nova.ledger().read().await.unwrap();
        ledger.entries().next().is_none()
    }

    /// What a command prints in a guest.
    pub async fn shell(&self, name: &str, command: &str) -> String {
        let call = Call::Shell {
            node: node(name),
            command: command.to_owned(),
            changes: true,
            gib: 0,
        };
        let done = self.client.call(&call).await.unwrap();
        let lines: Vec<&str> = done
            .answer
            .lines(LineKind::Data)
            .map(|line| line.trim_start_matches(&format!("{name}: ")))
            .collect();
        lines.join("\n")
    }

    pub async fn power(&self, name: &str, action: zvm_volume::client::PowerAction) {
        let call = Call::Power {
            node: node(name),
            action,
        };
        self.client.call(&call).await.unwrap();
    }
}

/// A volume whose row does not exist while it is detached (AttachOwned): LUNs of the lab that no pool names.
pub fn controller_volume(
    n: u8,
    lun: &str,
    ports: &[&str],
    fcp: &[zvm_volume::types::DeviceNumber],
) -> VolumeRef {
    let info = serde_json::json!({"data": {"zvm_lun": lun, "target_lun": 0, "target_wwn": ports, "zvm_fcp": fcp}});
    VolumeRef {
        id: volume(n, 1).id,
        connection: Connection::from_json(&info).unwrap(),
        size: Some(Size::from_gib(10)),
    }
}
