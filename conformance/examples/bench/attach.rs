//! The driver's full cycle on a running guest: make a volume, attach it, detach it, delete it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, Connection, Instance, Nova, VolumeRef,
};
use zvm_volume::client::Client;
use zvm_volume::config::Config;
use zvm_volume::volumes::{Connector, Volume, VolumeDriver as _, ZvmDriver};

/// Cycles of one driver, one behind the other.
#[derive(clap::Args)]
pub struct Cycle {
    /// Root of the server.
    #[arg(long)]
    url: String,
    /// The guest.
    #[arg(long, default_value = "lnx1")]
    node: String,
    /// Folder of the driver's state.
    #[arg(long)]
    state: PathBuf,
    /// Bound in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    milliseconds: u64,
    /// Bound in cycles.
    #[arg(long, default_value_t = u64::MAX)]
    cycles: u64,
}

/// What it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cycles {
    /// Cycles that ended well.
    pub cycles: u64,
    /// Seconds.
    pub seconds: f64,
}

/// Runs the cycles.
pub async fn run(cycle: &Cycle) -> anyhow::Result<()> {
    let config = Config::parse(&format!(
        "zvm_xcat_server = 127.0.0.1\nzvm_xcat_username = admin\nzvm_xcat_password = admin\n\
         zvm_scsi_pool = scsipol1\nzvm_host = zvm1\nzvm_fcp_list = 1a00-1a0e\nzvm_state_dir = {}\n",
        cycle.state.display()
    ))?;
    let backend = config.backends.first().context("no back end")?;
    let client = Client::builder(backend)
        .base_url(format!("{}/xcatws", cycle.url))
        .build()?;
    let cinder = ZvmDriver::builder(backend).client(client.clone()).build()?;
    cinder.start().await?;
    let nova = Nova::open(client, backend, &cinder.host()?)?;
    let guest = Instance::new(cycle.node.parse()?).with_os("rhel7");
    let start = Instant::now();
    let end = start + Duration::from_millis(cycle.milliseconds);
    let mut cycles = 0;
    while cycles < cycle.cycles && Instant::now() < end {
        one(&cinder, &nova, &guest, cycles).await?;
        cycles += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&Cycles { cycles, seconds })?);
    Ok(())
}

async fn one(cinder: &ZvmDriver, nova: &Nova, guest: &Instance, number: u64) -> anyhow::Result<()> {
    let volume = Volume::new(format!("6f1c6b0e-2d3a-4b7e-9b0a-{number:012x}"), 1);
    let update = cinder.create_volume(&volume).await?;
    let volume = volume.updated(&update);
    let devices = nova.get_volume_connector(guest).await?;
    let connector = Connector {
        zvm_fcp: devices.zvm_fcp,
        wwpns: devices.wwpns,
        host: devices.host.to_string(),
        instance: Some(guest.node.to_string()),
    };
    let info = cinder.initialize_connection(&volume, &connector).await?;
    let reference = VolumeRef {
        id: volume.id.clone(),
        connection: Connection::from_json(&serde_json::to_value(info)?)?,
        size: None,
    };
    let options = AttachOptions::default();
    let mount = "/dev/vdb".parse()?;
    nova.attach_volume(guest, &reference, Some(&mount), &options)
        .await?;
    nova.detach_volume(guest, &volume.id, None, None, &options)
        .await?;
    cinder.delete_volume(&volume).await?;
    Ok(())
}
