//! The embedded simulator as a target: the site `lab`, with spare LUNs that are in no pool, behind a loopback address of
//! its own for each case. It is met over HTTP, as any other management node.

use std::sync::Arc;
use std::time::Duration;

use xcat_simulator::Simulator;
use xcat_simulator::{seam, site};

use super::client::{Account, Client, Trust};
use super::control::Control;
use super::inventory::Inventory;
use super::open::{Behaviour, Embedded, Release, Session, TargetError};
use super::secret::Secret;

/// LUNs that the kit may overwrite, beside the site `lab`.
pub const SPARE_LUNS: &str = include_str!("../../../fixtures/conformance/spare-luns.toml");
/// What the site lends.
pub const INVENTORY: &str = include_str!("../../../fixtures/conformance/inventory.toml");

/// Bound of one call.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// The site, as text: with [`INVENTORY`] it can be served, and certified at its address.
pub fn site_text() -> String {
    format!("{}{SPARE_LUNS}", site::LAB)
}

/// Starts a simulated site for one case.
pub async fn start(options: Embedded) -> Result<Session, TargetError> {
    let failed = |e: &dyn std::fmt::Display| TargetError::Embedded(e.to_string());
    let text = site_text();
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
        // GQ1 is repaired by name only, since the published releases are as they are; as intended it is a defect.
        .repair((options.behaviour == Behaviour::Intended).then_some("GQ1"))
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
        inventory: Arc::new(Inventory::parse(INVENTORY).map_err(|e| failed(&e))?),
        restricted_password: Some(Secret::new("viewer")),
        control: door.as_deref().map(Control::new).transpose()?,
        _running: Some(Box::new(simulator)),
    })
}
