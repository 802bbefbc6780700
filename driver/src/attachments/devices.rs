//! Steps on the FCP devices of a guest.

use super::guest::GuestState;
use super::nova::Nova;
use super::step::Target;
use crate::client::Call;
use crate::error::{Error, Result};
use crate::fcp::{FcpStatus, Phase};
use crate::steps::Proof;
use crate::types::{DeviceNumber, NodeName};

impl Nova {
    /// Writes down which devices an attach lets be dedicated, before it does so; and clears away a half-done dedication:
    /// a device that the directory names and the running guest does not see would never reach it (D58).
    pub(super) async fn hold(
        &self,
        target: &Target,
        fresh: &[DeviceNumber],
        active: bool,
    ) -> Result<()> {
        let (node, devices) = (target.node.clone(), fresh.to_vec());
        self.ledger
            .update(move |ledger| {
                for device in devices {
                    ledger.dedicated(&node, device);
                }
                Ok(())
            })
            .await?;
        if !active {
            return Ok(());
        }
        let Some(directory) = self.directory(&target.node).await? else {
            return Ok(());
        };
        for device in &target.fcp {
            if directory.has(*device) && !self.sees_device(&target.node, *device).await? {
                self.take_device(&target.node, *device).await?;
                let (node, device) = (target.node.clone(), *device);
                self.ledger
                    .update(move |ledger| {
                        ledger.dedicated(&node, device);
                        Ok(())
                    })
                    .await?;
            }
        }
        Ok(())
    }

    pub(super) async fn is_held(&self, target: &Target, fresh: &[DeviceNumber]) -> Result<Proof> {
        let ledger = self.ledger.read().await?;
        let entry = ledger.entry(&target.node);
        Ok(Proof::of(entry.is_some_and(|entry| {
            fresh.iter().all(|device| entry.dedicated.contains(device))
        })))
    }

    /// C5: takes back what was dedicated, when no other volume of the guest remains.
    pub(super) async fn unhold(&self, target: &Target, fresh: &[DeviceNumber]) -> Result<()> {
        let ledger = self.ledger.read().await?;
        let volume = &target.attachment.volume_id;
        let needed = ledger
            .entry(&target.node)
            .is_some_and(|entry| entry.attachments.keys().any(|other| other != volume));
        if needed {
            return Ok(());
        }
        // With no other volume left, everything that is noted as dedicated is this operation's, or an earlier one's rest.
        let mut devices = fresh.to_vec();
        if let Some(entry) = ledger.entry(&target.node) {
            devices.extend(
                entry
                    .dedicated
                    .iter()
                    .filter(|device| !fresh.contains(device)),
            );
        }
        let mut first = None;
        for device in devices {
            if let Err(error) = self.take_device(&target.node, device).await {
                first.get_or_insert(error);
            }
        }
        match first {
            None => {
                self.release_if_clean(&target.node).await?;
                Ok(())
            }
            Some(error) => Err(error),
        }
    }

    /// X15 for a guest that is off; the directory alone.
    pub(super) async fn dedicate(
        &self,
        node: &NodeName,
        device: DeviceNumber,
        _volume: &str,
    ) -> Result<()> {
        if self.is_dedicated(node, device).await? {
            return Ok(());
        }
        let (name, number) = (node.clone(), device);
        self.ledger
            .update(move |ledger| {
                ledger.dedicated(&name, number);
                Ok(())
            })
            .await?;
        let call = Call::Dedicate {
            node: node.clone(),
            device,
        };
        self.call_unlocked(call).await?;
        Ok(())
    }

    /// Whether the directory entry gives the guest the device, and not another one under its number (F10).
    pub(super) async fn is_dedicated_as_asked(
        &self,
        node: &NodeName,
        device: DeviceNumber,
    ) -> Result<Proof> {
        let entry = self.directory(node).await?.unwrap_or_default();
        Ok(match entry.instead_of(device) {
            Some(other) => Proof::Conflict(other_device(node, device, other)),
            None => Proof::of(entry.has(device)),
        })
    }

    /// The compensation of [`Self::dedicate`]: only what this operation has dedicated, and only while no other volume of
    /// the guest is recorded.
    pub(super) async fn undedicate_for(
        &self,
        node: &NodeName,
        device: DeviceNumber,
        volume: &str,
    ) -> Result<()> {
        let ledger = self.ledger.read().await?;
        let Some(entry) = ledger.entry(node) else {
            return Ok(());
        };
        let needed = entry.attachments.keys().any(|other| other != volume);
        if needed || !entry.dedicated.contains(&device) {
            return Ok(());
        }
        self.take_device(node, device).await
    }

    /// X16 with its proof, and the ledger told of it. "Not there" is done; a guest that is gone has nothing.
    async fn take_device(&self, node: &NodeName, device: DeviceNumber) -> Result<()> {
        let state = self.guest_state(node).await?;
        if state == GuestState::Unknown {
            let inventory = self.inventory().await?;
            let status = inventory.get(device).map(|device| device.status);
            if status == Some(FcpStatus::Active) {
                return Err(Error::Backend(format!(
                    "xCAT does not know {node} any more, but z/VM reports {device} as in use"
                )));
            }
            return self.note_undedicated(node, device).await;
        }
        let call = Call::Undedicate {
            node: node.clone(),
            device,
        };
        let outcome = self.call_unlocked(call).await;
        let is_confirmed = outcome.as_ref().is_ok_and(|done| !done.already);
        // The directory goes first and the running guest second, so an error may have left either behind (GQ27).
        if let Err(error) = outcome
            && (error.executed != crate::client::Executed::Unknown
                || self.is_named(node, device).await?)
        {
            return Err(error.into());
        }
        if self.is_named(node, device).await? {
            return Err(Error::Backend(format!(
                "{device} is still dedicated to {node} although the management node said that it was taken back"
            )));
        }
        // The directory was read. What CP has is asked (I12), for the confirmation of a running guest covers a device that
        // could not be detached as well (GQ27). What z/VM does not list may be the guest's again as soon as it is listed.
        if !is_confirmed || state != GuestState::Off {
            let inventory = self.inventory().await?;
            match inventory.get(device).map(|device| device.status) {
                Some(FcpStatus::Free | FcpStatus::Offline) => {}
                Some(FcpStatus::Active) => {
                    return Err(Error::Backend(format!(
                        "{device} was taken from {node}, but z/VM still reports it as in use; reconcile takes it back later"
                    )));
                }
                None => {
                    return Err(Error::Backend(format!(
                        "z/VM does not list {device}, so whether {node} still has it cannot be seen; reconcile looks again once the device is back"
                    )));
                }
            }
        }
        self.note_undedicated(node, device).await
    }

    async fn note_undedicated(&self, node: &NodeName, device: DeviceNumber) -> Result<()> {
        let node = node.clone();
        self.ledger
            .update(move |ledger| {
                ledger.undedicated(&node, device);
                if ledger
                    .withheld()
                    .any(|(known, why)| known == device && why.node == node)
                {
                    ledger.release(device);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// T5: takes a device back unless a volume needs it again by now.
    pub(super) async fn undedicate_unneeded(
        &self,
        node: &NodeName,
        device: DeviceNumber,
    ) -> Result<()> {
        if self.is_undedicated(node, device).await? == Proof::Done {
            return Ok(());
        }
        self.take_device(node, device).await
    }

    pub(super) async fn is_undedicated(
        &self,
        node: &NodeName,
        device: DeviceNumber,
    ) -> Result<Proof> {
        let ledger = self.ledger.read().await?;
        // A destroyed guest has no entry; what could not be taken back from it is withheld.
        let withheld = ledger
            .withheld()
            .any(|(known, why)| known == device && why.node == *node);
        let done = ledger.entry(node).map_or(!withheld, |entry| {
            entry.phase != Phase::UndedicatePending || !entry.dedicated.contains(&device)
        });
        Ok(Proof::of(done))
    }

    /// T6: gives the devices free, after all of them are proven to be taken back.
    pub(super) async fn release(&self, node: &NodeName) -> Result<()> {
        if self.release_if_clean(node).await? {
            return Ok(());
        }
        Err(Error::Backend(format!("{node} still holds FCP devices")))
    }

    /// Whether the entry of a guest without volumes is gone, or does not concern this detach any more.
    pub(super) async fn release_if_clean(&self, node: &NodeName) -> Result<bool> {
        let node = node.clone();
        let clean = self
            .ledger
            .update(move |ledger| {
                let Some(entry) = ledger.entry(&node) else {
                    return Ok(true);
                };
                if entry.phase != Phase::UndedicatePending {
                    return Ok(true);
                }
                if !entry.dedicated.is_empty() {
                    return Ok(false);
                }
                ledger.remove(&node)?;
                Ok(true)
            })
            .await?;
        Ok(clean)
    }

    pub(super) async fn is_released(&self, node: &NodeName) -> Result<Proof> {
        let ledger = self.ledger.read().await?;
        let pending = |phase| phase == Phase::UndedicatePending;
        Ok(Proof::of(
            ledger.entry(node).is_none_or(|entry| !pending(entry.phase)),
        ))
    }
}

/// What is said when z/VM gave another device than was asked for.
pub(super) fn other_device(node: &NodeName, device: DeviceNumber, other: DeviceNumber) -> String {
    format!(
        "{node} has FCP device {other} under the number {device}: its paths would lead through another WWPN"
    )
}
