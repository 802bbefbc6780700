//! Steps of boot from volume.

use super::directory::Directory;
use super::nova::Nova;
use super::step::Target;
use crate::client::{Call, Executed};
use crate::error::{Error, Result};
use crate::steps::Proof;
use crate::types::{DeviceNumber, NodeName};

impl Nova {
    /// B4: X19.
    pub(super) async fn set_ipl(&self, node: &NodeName, device: DeviceNumber) -> Result<()> {
        let call = Call::SetIpl {
            node: node.clone(),
            device: device.to_string(),
        };
        self.call_unlocked(call).await?;
        Ok(())
    }

    pub(super) async fn has_ipl(&self, node: &NodeName, device: DeviceNumber) -> Result<Proof> {
        let entry = self.directory(node).await?.unwrap_or_default();
        Ok(Proof::of(ipl_device(&entry) == Some(device)))
    }

    /// Puts back what the guest started from, unless something else stands there by now.
    pub(super) async fn restore_ipl(
        &self,
        node: &NodeName,
        device: DeviceNumber,
        before: Option<&str>,
    ) -> Result<()> {
        let Some(entry) = self.directory(node).await? else {
            return Ok(());
        };
        // The call takes one word; what stood behind it cannot be put back.
        let word = before.and_then(|text| text.split_whitespace().next());
        match word {
            // It started from this device before as well.
            Some(word) if word.parse() == Ok(device) => Ok(()),
            Some(word) if ipl_device(&entry) == Some(device) => {
                let call = Call::SetIpl {
                    node: node.clone(),
                    device: word.to_owned(),
                };
                // Current releases print nothing (GQ1): the directory tells.
                let outcome = self.call_unlocked(call).await;
                let entry = self.directory(node).await?.unwrap_or_default();
                match outcome {
                    _ if ipl_device(&entry) != Some(device) => Ok(()),
                    Err(error) => Err(error.into()),
                    Ok(_) => Err(Error::Backend(format!(
                        "the directory entry of {node} still starts from {device} although the management node reported no error"
                    ))),
                }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn loaddev_call(target: &Target, parameters: &str) -> Call {
        Call::SetLoaddev {
            node: target.node.clone(),
            // One path only (D24): the first port.
            wwpn: target.attachment.wwpns.ports()[0],
            lun: target.attachment.lun,
            parameters: Some(parameters.to_owned()),
        }
    }

    /// B5: X20. The management node does not look at the result (D35); [`Self::has_loaddev`] does.
    pub(super) async fn set_loaddev(&self, target: &Target, parameters: &str) -> Result<()> {
        self.call_unlocked(Self::loaddev_call(target, parameters))
            .await?;
        Ok(())
    }

    /// RB6: port, LUN and parameters as sent.
    pub(super) async fn has_loaddev(&self, target: &Target, parameters: &str) -> Result<Proof> {
        let entry = self.directory(&target.node).await?.unwrap_or_default();
        let text = |hex: &str| -> String {
            let byte = |at: usize| {
                hex.get(at..at + 2)
                    .and_then(|d| u8::from_str_radix(d, 16).ok())
            };
            (0..hex.len() / 2)
                .filter_map(|n| byte(2 * n))
                .map(char::from)
                .collect()
        };
        let port = target.attachment.wwpns.ports()[0].to_string();
        let lun = target.attachment.lun.to_string();
        let same_parameters = entry.scpdata.as_deref().is_some_and(|found| {
            let found: String = found
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '\'')
                .collect();
            let found = found.trim_start_matches("HEX").to_ascii_lowercase();
            let plain: String = text(parameters)
                .chars()
                .filter(|c| !c.is_whitespace())
                .collect();
            // Directory managers show the hex digits or the text, and cut a statement at 72 columns.
            let begins =
                |whole: &str| found.len() >= whole.len().min(40) && whole.starts_with(&found);
            begins(&parameters.to_ascii_lowercase()) || begins(&plain.to_ascii_lowercase())
        });
        Ok(Proof::of(
            entry.portname.as_deref() == Some(port.as_str())
                && entry.lun.as_deref() == Some(lun.as_str())
                && same_parameters,
        ))
    }

    /// The root volume goes while its guest stays: the guest must not start from what will be another volume's LUN.
    pub(super) async fn unload(&self, target: &Target) -> Result<()> {
        self.drop_loaddev(target).await?;
        let Some(device) = target.fcp.first() else {
            return Ok(());
        };
        let before = target.attachment.ipl_before.as_deref();
        self.restore_ipl(&target.node, *device, before).await
    }

    /// The calls of [`Self::unload`].
    pub(super) fn unload_calls(target: &Target) -> Vec<Call> {
        let remove = Call::RemoveLoaddev {
            node: target.node.clone(),
            only: None,
        };
        let before = target.attachment.ipl_before.as_deref();
        let word = before.and_then(|text| text.split_whitespace().next());
        let restore = word.map(|word| Call::SetIpl {
            node: target.node.clone(),
            device: word.to_owned(),
        });
        std::iter::once(remove).chain(restore).collect()
    }

    /// RB6: the directory names neither the volume's port nor its LUN, and not its device where it named another before.
    pub(super) async fn is_unloaded(&self, target: &Target) -> Result<Proof> {
        let entry = self.directory(&target.node).await?.unwrap_or_default();
        let starts = target.attachment.ipl_before.is_some()
            && ipl_device(&entry).is_some()
            && ipl_device(&entry) == target.fcp.first().copied();
        Ok(Proof::of(!loads(&entry, target) && !starts))
    }

    /// X21, only while port and LUN are this volume's. A removal by port and LUN leaves SCPDATA, which the next boot would
    /// take for its own, and whose end becomes a line by itself when the entry is written anew (D57): so all LOADDEV
    /// statements go, unless somebody has added one that this driver never sets.
    pub(super) async fn drop_loaddev(&self, target: &Target) -> Result<()> {
        let Some(entry) = self.directory(&target.node).await? else {
            return Ok(());
        };
        if !loads(&entry, target) {
            return Ok(());
        }
        let own = (target.attachment.wwpns.ports()[0], target.attachment.lun);
        let call = Call::RemoveLoaddev {
            node: target.node.clone(),
            only: entry.has_foreign_loaddev.then_some(own),
        };
        let outcome = self.call_unlocked(call).await;
        if outcome
            .as_ref()
            .is_err_and(|error| error.executed != Executed::Unknown)
        {
            return Ok(outcome.map(drop)?);
        }
        // The management node does not look at the result of the replacement (spec: guests 6.8).
        let entry = self.directory(&target.node).await?.unwrap_or_default();
        match outcome {
            _ if !loads(&entry, target) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Error::Backend(format!(
                "{} still starts from LUN {} although the management node said that its LOADDEV statements were removed",
                target.node, target.attachment.lun
            ))),
        }
    }

    /// B6: X23. A script that is queued twice does the same twice.
    pub(super) async fn punch(
        &self,
        node: &NodeName,
        file: &str,
        remote: &str,
        id: u64,
    ) -> Result<()> {
        let call = Call::Punch {
            node: node.clone(),
            file: file.to_owned(),
            class: 'X',
            remote: remote.to_owned(),
        };
        match self.call(call.clone()).await {
            Ok(_) => {}
            Err(error) if error.executed == Executed::Unknown => {
                if let Err(error) = self.call(call).await {
                    return Err(Error::Backend(error.to_string()));
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.note_sent(id);
        Ok(())
    }
}

/// Whether the directory names the volume's port and LUN.
fn loads(entry: &Directory, target: &Target) -> bool {
    let port = target.attachment.wwpns.ports()[0].to_string();
    let lun = target.attachment.lun.to_string();
    entry.portname.as_deref() == Some(port.as_str()) && entry.lun.as_deref() == Some(lun.as_str())
}

/// The device in an IPL statement, when it names one.
fn ipl_device(entry: &Directory) -> Option<DeviceNumber> {
    entry
        .ipl
        .as_deref()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}
