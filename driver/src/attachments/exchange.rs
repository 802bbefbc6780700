//! What Nova and Cinder tell each other before an attach: the guest's connector, and for it the volume's connection data
//! (spec: driver 2.6.11, 2.8.4).

use super::api::{Attachments as _, Instance, VolumeRef};
use super::connection::Connection;
use super::nova::Nova;
use crate::error::{Error, Result};
use crate::volumes::{Connector, Volume, VolumeDriver};

impl Nova {
    /// Reserves the guest's devices and asks `cinder` for the volume's connection data: what a program does that has both
    /// halves. The volume is ready to be attached to this guest.
    ///
    /// # Errors
    /// No devices are left, or the volume is not one that can be given out.
    pub async fn connect_volume(
        &self,
        cinder: &impl VolumeDriver,
        volume: &Volume,
        instance: &Instance,
    ) -> Result<VolumeRef> {
        let connector = self.get_volume_connector(instance).await?;
        let connector = Connector {
            zvm_fcp: connector.zvm_fcp,
            wwpns: connector.wwpns,
            host: connector.host.to_string(),
            instance: Some(instance.node.to_string()),
        };
        let info = cinder.initialize_connection(volume, &connector).await?;
        let wire = serde_json::to_value(info).map_err(|e| Error::Connector(e.to_string()))?;
        let connection =
            Connection::from_json(&wire).map_err(|error| Error::Connector(error.to_string()))?;
        Ok(VolumeRef {
            id: volume.id.clone(),
            connection,
            size: None,
        })
    }
}
