//! The embedded simulator as a target: the site `lab`, with spare LUNs that are in no pool, behind a loopback address of
//! its own for each case. It is met over HTTP, as any other management node.

use std::sync::Arc;
use std::time::Duration;

use xcat_simulator::Simulator;
use xcat_simulator::{seam, site};

use super::client::{Account, Client, Trust};
use super::control::Control;
use super::inventory::{Distribution, Fcp, Guest, GuestState, Inventory, LentLun, SCHEMA};
use super::open::{Behaviour, Embedded, Release, Session, TargetError};
use super::secret::Secret;

/// LUNs that the kit may overwrite: in the SAN, zoned and masked, in no pool.
const SPARE_LUNS: &str = r#"
[[san.volume]]
name = "spare-one"
count = 4
lun = "4050403300000000"
ports = ["500507630300c562"]
gib = 10

[[san.volume]]
name = "spare-two"
count = 3
lun = "4060403300000000"
ports = ["500507630300c562", "500507630b00c562"]
gib = 10

[[san.mask]]
volumes = ["spare*"]
initiators = ["ZVM1:1A00-1A0F", "ZVM1:1B00-1B0F"]
"#;

/// Bound of one call.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// Starts a simulated site for one case.
pub async fn start(options: Embedded) -> Result<Session, TargetError> {
    let failed = |e: &dyn std::fmt::Display| TargetError::Embedded(e.to_string());
    let text = format!("{}{SPARE_LUNS}", site::LAB);
    let world = site::from_text("lab", &text).map_err(|e| failed(&e))?;
    let simulator = Simulator::builder()
        .site(world)
        .release(match options.release {
            Release::E => seam::Release::E,
            Release::M => seam::Release::M,
            Release::P => seam::Release::P,
        })
        .behaviour(match options.behaviour {
            Behaviour::Executed => seam::Behaviour::Executed,
            Behaviour::Intended => seam::Behaviour::Intended,
        })
        .defects(options.defect)
        .http()
        .control(([127, 0, 0, 1], 0).into())
        .start()
        .await
        .map_err(|e| failed(&e))?;
    let account = Account {
        user: "admin".to_owned(),
        password: Secret::new("admin"),
    };
    let client = Client::new(&simulator.url(), account, &Trust::Anything, CALL_TIMEOUT)?;
    let door = simulator.control_url();
    Ok(Session {
        client,
        inventory: Arc::new(inventory()),
        restricted_password: Some(Secret::new("viewer")),
        control: door.as_deref().map(Control::new).transpose()?,
        _running: Some(Box::new(simulator)),
    })
}

/// What the embedded site lends.
fn inventory() -> Inventory {
    const FIRST: &str = "500507630300c562";
    const SECOND: &str = "500507630b00c562";
    let guest = |node: &str, state, distribution| Guest {
        node: node.to_owned(),
        state,
        distribution: Some(distribution),
    };
    let lun = |ports: &[&str], lun: &str| LentLun {
        wwpns: ports.iter().map(|p| (*p).to_owned()).collect(),
        lun: format!("{lun}403300000000"),
        size: "10G".to_owned(),
    };
    let fcp = |(device, chpid): &(&str, &str)| Fcp {
        device: (*device).to_owned(),
        chpid: (*chpid).to_owned(),
    };
    Inventory {
        schema: SCHEMA,
        host: Some("zvm1".to_owned()),
        zhcp: Some("zhcp1".to_owned()),
        second_host: Some("zvm2".to_owned()),
        restricted_user: Some("viewer".to_owned()),
        guests: vec![
            guest("lnx1", GuestState::Running, Distribution::Rhel),
            guest("lnx2", GuestState::Running, Distribution::Sles),
            guest("lnx3", GuestState::Off, Distribution::Ubuntu),
        ],
        fcp_devices: [
            ("1a08", "50"),
            ("1a09", "50"),
            ("1a0a", "50"),
            ("1b08", "51"),
            ("1b09", "51"),
            ("1b0a", "51"),
        ]
        .iter()
        .map(fcp)
        .collect(),
        luns: vec![
            lun(&[FIRST], "4050"),
            lun(&[FIRST], "4051"),
            lun(&[FIRST], "4052"),
            lun(&[FIRST], "4053"),
            lun(&[FIRST, SECOND], "4060"),
            lun(&[FIRST, SECOND], "4061"),
            lun(&[FIRST, SECOND], "4062"),
        ],
    }
}
