//! The connector: what the Nova half tells Cinder of a guest's FCP devices.

use serde::{Deserialize, Serialize};

use super::error::FcpError;
use super::inventory::Inventory;
use crate::types::{DeviceNumber, NodeName, Wwpn};

/// FCP devices and their WWPNs in the same order, and the z/VM system (spec: driver 2.8.4). Its JSON form is the wire
/// contract with Cinder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connector {
    /// The devices, in the order of allocation.
    pub zvm_fcp: Vec<DeviceNumber>,
    /// One WWPN for each device.
    pub wwpns: Vec<Wwpn>,
    /// The xCAT node of the z/VM system.
    pub host: NodeName,
}

impl Connector {
    /// Makes the connector of a list of devices.
    ///
    /// # Errors
    /// A device that is not in the inventory or has no WWPN: a connector for fewer paths than configured would be a
    /// silent single path (D13).
    pub fn new(
        devices: &[DeviceNumber],
        inventory: &Inventory,
        host: &NodeName,
    ) -> Result<Self, FcpError> {
        let port = |device: &DeviceNumber| {
            let unusable = |reason| FcpError::Unusable {
                device: *device,
                reason,
            };
            let found = inventory
                .get(*device)
                .ok_or_else(|| unusable("is not reported by the z/VM system"))?;
            found
                .wwpn()
                .ok_or_else(|| unusable("has no world wide port name"))
        };
        Ok(Self {
            zvm_fcp: devices.to_vec(),
            wwpns: devices.iter().map(port).collect::<Result<_, _>>()?,
            host: host.clone(),
        })
    }
}
