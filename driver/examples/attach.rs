//! Makes a volume, gives it to a running guest, takes it back and deletes it.
//!
//! ```sh
//! xcat-sim serve --site lab --http --listen 127.0.0.1:8080 &
//! ZVM_XCAT_PASSWORD=admin cargo run -p zvm-volume --example attach -- http://127.0.0.1:8080 lnx1
//! ```

use zvm_volume::attachments::{
    AttachOptions, Attachments as _, Connection, Instance, Nova, VolumeRef,
};
use zvm_volume::client::Client;
use zvm_volume::config::Config;
use zvm_volume::volumes::{Connector, Volume, VolumeDriver as _, ZvmDriver};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args
        .next()
        .unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let node = args.next().unwrap_or_else(|| "lnx1".to_owned());
    let state = std::env::temp_dir().join("zvm-volume-example");
    let password = std::env::var("ZVM_XCAT_PASSWORD").unwrap_or_else(|_| "admin".to_owned());
    let config = Config::parse(&format!(
        "zvm_xcat_server = 127.0.0.1\nzvm_xcat_username = admin\nzvm_xcat_password = {password}\n\
         zvm_scsi_pool = scsipol1\nzvm_host = zvm1\nzvm_fcp_list = 1a00-1a0d\n\
         zvm_zhcp_fcp_list = 1a0e\nzvm_state_dir = {}\n",
        state.display()
    ))?;
    let backend = &config.backends[0];

    // Cinder: a volume.
    let client = Client::builder(backend)
        .base_url(format!("{url}/xcatws"))
        .build()?;
    let cinder = ZvmDriver::builder(backend).client(client.clone()).build()?;
    cinder.start().await?;
    let volume = Volume::new("6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11", 1);
    let volume = volume
        .clone()
        .updated(&cinder.create_volume(&volume).await?);

    // Nova: the guest's FCP devices; Cinder: the way to the LUN.
    let nova = Nova::open(client, backend, &cinder.host()?)?;
    nova.init_host(&[]).await?;
    let mut guest = Instance::new(node.parse()?);
    guest.os_version = nova
        .distribution_of(&guest.node)
        .await?
        .map(|found| found.to_string());
    let devices = nova.get_volume_connector(&guest).await?;
    let connector = Connector {
        zvm_fcp: devices.zvm_fcp,
        wwpns: devices.wwpns,
        host: devices.host.to_string(),
        instance: Some(node),
    };
    let info = cinder.initialize_connection(&volume, &connector).await?;
    let reference = VolumeRef {
        id: volume.id.clone(),
        connection: Connection::from_json(&serde_json::to_value(info)?)?,
        size: None,
    };

    // Nova: there and back.
    let options = AttachOptions::default();
    let mount = "/dev/vdb".parse()?;
    let attached = nova
        .attach_volume(&guest, &reference, Some(&mount), &options)
        .await?;
    let fcp: Vec<String> = attached.fcp.iter().map(ToString::to_string).collect();
    println!(
        "{} has {mount} on FCP devices {}",
        attached.node,
        fcp.join(";")
    );
    nova.detach_volume(&guest, &volume.id, None, None, &options)
        .await?;
    cinder.delete_volume(&volume).await?;
    println!("and gave it back");
    Ok(())
}
