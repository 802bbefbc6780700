//! A driver on a pool of the case: both halves, their state in a folder of their own, and what they are asked to do.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use zvm_volume::attachments::{
    AttachOptions, Attached, Attachments as _, Detached, Instance, Nova, Patience, VolumeRef,
};
use zvm_volume::client::Client;
use zvm_volume::config::{Backend, Config};
use zvm_volume::types::{MountPoint, NodeName};
use zvm_volume::volumes::{Volume, VolumeDriver as _, ZvmDriver};

use super::clock::DriverClock;
use super::wire::Wire;
use crate::cases::disk::{Disk, directory, in_guest};
use crate::target::{Distribution, GuestState};
use crate::{CaseContext, Row, Stop};

/// Both halves of the driver.
pub struct Bench {
    /// The Cinder half.
    pub driver: ZvmDriver,
    /// The Nova half.
    pub nova: Nova,
    /// How they reach the target.
    pub wire: Arc<Wire>,
    /// The driver's clock.
    pub clock: Arc<DriverClock>,
    /// Pool of the case.
    pub pool: String,
    folder: Arc<TempDir>,
    keys: String,
}

/// A driver's failure as that of a case.
pub fn done<T>(what: &'static str, result: zvm_volume::Result<T>) -> Result<T, Stop> {
    result.map_err(|error| Stop::fail(what, "success of the driver", error.to_string()))
}

/// The refusal that a case expects.
pub fn refused<T: std::fmt::Debug>(
    what: &'static str,
    result: zvm_volume::Result<T>,
    exception: &str,
) -> Result<String, Stop> {
    match result {
        Err(error) if error.exception() == exception => Ok(error.to_string()),
        Err(error) => {
            let observed = format!("{}: {error}", error.exception());
            Err(Stop::fail(what, exception, observed))
        }
        Ok(value) => Err(Stop::fail(what, exception, format!("{value:?}"))),
    }
}

/// Ranges of every lent FCP device, as a row holds them.
pub fn lent_range(c: &CaseContext) -> String {
    let devices = c.inventory.fcp_devices.iter();
    let ranges: Vec<String> = devices.map(|f| format!("{0}-{0}", f.device)).collect();
    ranges.join(";")
}

impl Bench {
    /// A driver on a new pool that holds the first `luns` lent LUNs as free rows, each by one port.
    pub async fn with_luns(c: &mut CaseContext, luns: usize, keys: &str) -> Result<Self, Stop> {
        let pool = c.new_pool()?;
        for index in 0..luns {
            let lent = c.lun(1, index)?;
            add(c, &pool, &lent.wwpns[0], &lent.lun, &lent.size).await?;
        }
        Self::on_pool(c, pool, keys).await
    }

    /// A driver on a new pool with one lent LUN of two ports; two paths.
    pub async fn with_paths(c: &mut CaseContext) -> Result<Self, Stop> {
        let pool = c.new_pool()?;
        let lent = c.lun(2, 0)?;
        add(c, &pool, &lent.wwpns.join(";"), &lent.lun, &lent.size).await?;
        Self::on_pool(c, pool, "zvm_multiple_fcp = true").await
    }

    /// A driver on a new pool with free rows of these sizes at addresses that no controller has.
    pub async fn with_rows(c: &mut CaseContext, sizes: &[&str], keys: &str) -> Result<Self, Stop> {
        let rows: Vec<(&str, &str, &str)> = sizes.iter().map(|s| ("free", *s, "")).collect();
        let (pool, _) = c.pool_with(&rows).await?;
        Self::on_pool(c, pool, keys).await
    }

    /// A driver on a pool, set up.
    pub async fn on_pool(c: &CaseContext, pool: String, keys: &str) -> Result<Self, Stop> {
        let folder = tempfile::tempdir().map_err(|e| Stop::Error(e.to_string()))?;
        let bench = Self::open(c, Arc::new(folder), pool, keys)?;
        done("start", bench.driver.start().await)?;
        Ok(bench)
    }

    /// Another process of the same driver: it finds what the first one wrote down.
    pub fn successor(&self, c: &CaseContext) -> Result<Self, Stop> {
        Self::open(c, Arc::clone(&self.folder), self.pool.clone(), &self.keys)
    }

    /// Another driver on the same pool, which shares nothing with this one.
    pub async fn stranger(&self, c: &CaseContext) -> Result<Self, Stop> {
        Self::on_pool(c, self.pool.clone(), &self.keys).await
    }

    /// The same driver with other keys in its configuration.
    pub fn with_keys(&self, c: &CaseContext, keys: &str) -> Result<Self, Stop> {
        Self::open(c, Arc::clone(&self.folder), self.pool.clone(), keys)
    }

    /// Where the driver keeps its state.
    pub fn state_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    fn open(c: &CaseContext, folder: Arc<TempDir>, pool: String, keys: &str) -> Result<Self, Stop> {
        let backend = backend(c, &folder, &pool, keys)?;
        let wire = Arc::new(Wire::new(c.gate.clone(), false));
        let clock = Arc::new(DriverClock::new(c.pace.clone()));
        let kit = |e: &dyn std::fmt::Display| Stop::Error(format!("the driver: {e}"));
        let client = Client::builder(&backend)
            .transport(Arc::clone(&wire) as Arc<_>)
            .clock(Arc::clone(&clock) as Arc<_>)
            .seed(1)
            .build()
            .map_err(|e| kit(&e))?;
        let driver = ZvmDriver::builder(&backend)
            .client(client.clone())
            .not_durable()
            .build()
            .map_err(|e| kit(&e))?;
        let host = node(c.host()?)?;
        // Its folder goes with the process: nothing of it is to survive the machine.
        let nova = Nova::open(client, &backend, &host).map_err(|e| kit(&e))?;
        let nova = nova.not_durable();
        let nova = if !c.pace.is_real() {
            nova.patience(Patience {
                tries: 4,
                pause: Duration::from_millis(500),
            })
        } else {
            nova
        };
        Ok(Self {
            driver,
            nova,
            wire,
            clock,
            pool,
            folder,
            keys: keys.to_owned(),
        })
    }

    /// A volume of the pool.
    pub async fn create(&self, c: &mut CaseContext, gib: u64) -> Result<Volume, Stop> {
        let volume = Volume::new(volume_id(c), gib);
        let update = done("create", self.driver.create_volume(&volume).await)?;
        Ok(volume.updated(&update))
    }

    /// Connector and connection data, as Nova and Cinder exchange them.
    pub async fn connect(
        &self,
        volume: &Volume,
        instance: &Instance,
    ) -> zvm_volume::Result<VolumeRef> {
        self.nova
            .connect_volume(&self.driver, volume, instance)
            .await
    }

    /// Connects and attaches.
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

    /// Detaches.
    pub async fn detach(
        &self,
        volume: &Volume,
        instance: &Instance,
    ) -> zvm_volume::Result<Detached> {
        self.nova
            .detach_volume(instance, &volume.id, None, None, &AttachOptions::default())
            .await
    }

    /// The row that carries a volume's stamp.
    pub async fn row(&self, c: &CaseContext, volume: &Volume) -> Result<Option<Row>, Stop> {
        let tag = self.driver.volume_tag(volume);
        let tag = tag.map_err(|e| Stop::Error(e.to_string()))?;
        let rows = c.pool(&self.pool).await?.rows;
        let location = volume.provider_location.as_deref().unwrap_or_default();
        // A row that is reserved for a guest by address has no room for a stamp.
        let is_its = |r: &Row| {
            r.owner == tag.as_str()
                || r.tag == tag.as_str()
                || (r.status == "used" && location.contains(&r.lun))
        };
        Ok(rows.into_iter().find(is_its))
    }

    /// A volume's LUN with the devices through which a guest has it.
    pub async fn disk(
        &self,
        c: &CaseContext,
        volume: &Volume,
        attached: &Attached,
    ) -> Result<Disk, Stop> {
        let row = self.row(c, volume).await?;
        let row = row.ok_or_else(|| Stop::fail("row", "a row with the volume's stamp", "none"))?;
        let devices: Vec<String> = attached.fcp.iter().map(ToString::to_string).collect();
        Ok(Disk {
            pool: self.pool.clone(),
            wwpn: row.wwpn,
            lun: row.lun,
            size: row.size,
            fcp: devices.join(";"),
        })
    }

    /// Everything that the driver could leave behind: rows, dedications, units, lists of disks. Read by the kit itself.
    pub async fn traces(&self, c: &CaseContext, guest: Option<&str>) -> Result<Vec<String>, Stop> {
        let mut seen: Vec<String> = c
            .pool(&self.pool)
            .await?
            .rows
            .iter()
            .map(Row::text)
            .collect();
        seen.sort();
        let Some(guest) = guest else {
            return Ok(seen);
        };
        let entry = directory(c, guest).await?;
        // LOADDEV stays with the directory entry until the guest is destroyed or prepared anew (D25).
        seen.extend(entry.into_iter().filter(|l| l.starts_with("DEDICATE")));
        if c.inventory
            .guests_in(GuestState::Running)
            .any(|g| g.node == guest)
        {
            for fcp in &c.inventory.fcp_devices {
                let port = "/sys/bus/ccw/drivers/zfcp/0.0.";
                for wwpn in wwpns(c) {
                    let folder = format!("{port}{}/0x{wwpn}", fcp.device);
                    let units =
                        in_guest(c, guest, &format!("ls {folder} 2>/dev/null; true")).await?;
                    let units = units.iter().filter(|u| u.starts_with("0x"));
                    seen.extend(units.map(|u| format!("{folder}/{u}")));
                }
            }
            let lists = "cat /etc/zfcp.conf 2>/dev/null; grep SYMLINK /etc/udev/rules.d/56-zfcp.rules 2>/dev/null; true";
            seen.extend(
                in_guest(c, guest, lists)
                    .await?
                    .into_iter()
                    .filter(|l| !l.trim().is_empty()),
            );
        }
        Ok(seen)
    }
}

/// Target ports of the lent LUNs.
fn wwpns(c: &CaseContext) -> Vec<String> {
    let mut all: Vec<String> = c
        .inventory
        .luns
        .iter()
        .flat_map(|l| l.wwpns.clone())
        .collect();
    all.sort();
    all.dedup();
    all
}

async fn add(c: &CaseContext, pool: &str, wwpn: &str, lun: &str, size: &str) -> Result<(), Stop> {
    let range = lent_range(c);
    let line = format!("--addzfcp2pool {pool} free {wwpn} {lun} {size} {range}");
    let answer = c.hypervisor(&line).await?;
    if answer.says("Adding zFCP device to") && answer.complaints().is_empty() {
        return Ok(());
    }
    Err(Stop::blocked(answer.summary()))
}

/// The configuration of a driver on a pool; the account stays with the kit's client.
pub fn backend(c: &CaseContext, folder: &TempDir, pool: &str, keys: &str) -> Result<Backend, Stop> {
    let devices: Vec<&str> = c
        .inventory
        .fcp_devices
        .iter()
        .map(|f| f.device.as_str())
        .collect();
    let mut text = format!(
        "zvm_xcat_server = mn.example.com\nzvm_xcat_username = kit\nzvm_xcat_password = kept-by-the-kit\n\
         zvm_scsi_pool = {pool}\nzvm_state_dir = {}\nzvm_lock_timeout = 20\n",
        folder.path().join("state").display(),
    );
    for (key, value) in [
        ("zvm_fcp_list", devices.join(";")),
        ("zvm_host", c.host()?.to_owned()),
        ("volume_clear", "none".to_owned()),
        (
            "zvm_zhcp_node",
            c.inventory.zhcp.clone().unwrap_or_default(),
        ),
    ] {
        if !keys.contains(key) && !value.is_empty() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text.push_str(keys);
    let config = Config::parse(&text).map_err(|e| Stop::Error(e.to_string()))?;
    let mut backends = config.backends.into_iter();
    backends
        .next()
        .ok_or_else(|| Stop::Error("no back end".to_owned()))
}

/// A volume id of the case.
pub fn volume_id(c: &mut CaseContext) -> String {
    let lun = c.address().lun;
    format!("00000000-0000-4000-8000-{}", &lun[4..16])
}

/// A node's name as the driver takes it.
pub fn node(name: &str) -> Result<NodeName, Stop> {
    name.parse()
        .map_err(|_| Stop::Skip(format!("the driver takes no node called {name}")))
}

/// A lent guest as Nova knows it.
pub fn instance(c: &CaseContext, state: GuestState, index: usize) -> Result<Instance, Stop> {
    let name = c.guest(state, index)?;
    let guest = c.inventory.guests.iter().find(|g| g.node == name);
    let os = match guest.and_then(|g| g.distribution) {
        Some(Distribution::Sles) => "sles12",
        Some(Distribution::Ubuntu) => "ubuntu16.04",
        Some(Distribution::Rhel) | None => "rhel7",
    };
    Ok(Instance::new(node(&name)?).with_os(os))
}

/// A device node.
pub fn mount(name: &str) -> Result<MountPoint, Stop> {
    name.parse()
        .map_err(|_| Stop::Error(format!("{name} is no device node")))
}
