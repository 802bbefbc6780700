//! The start of a host, and the connectors that it gives (spec: driver 2.8.2, 2.8.4).

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::api::{Instance, SourceRecord, VolumeRef};
use super::connection::Connection;
use super::nova::Nova;
use crate::client::Call;
use crate::error::{Error, Result};
use crate::fcp::{
    Attachment, AttachmentState, Connector, FcpError, Inventory, StateError, free_by_chpid,
};
use crate::steps::{Entry, Known, Records};
use crate::types::{DeviceNumber, NodeName};

/// Nova's records as the authority on what was done.
struct Recorded<'a>(&'a [SourceRecord]);

impl Records for Recorded<'_> {
    fn known<'a>(&'a self, entry: &'a Entry) -> BoxFuture<'a, Known> {
        let is_recorded = self.0.iter().any(|record| {
            let node = record.instance.node.as_str();
            record.volume_id == entry.subject && entry.touches.iter().any(|touched| touched == node)
        });
        let known = if is_recorded {
            Known::Done
        } else {
            Known::Unknown
        };
        std::future::ready(known).boxed()
    }
}

impl Nova {
    /// Prepares the host.
    pub(super) async fn start_host(&self, records: &[SourceRecord]) -> Result<Vec<String>> {
        if self.compute.fcp_list.is_empty() {
            return Err(FcpError::NoList.into());
        }
        let mut news = Vec::new();
        if !self.compute.zhcp_fcp_list.is_empty() {
            match self.zhcp_node().await {
                Ok(zhcp) => {
                    for device in self.compute.zhcp_fcp_list.devices() {
                        news.extend(self.ready_zhcp_device(&zhcp, device).await);
                    }
                }
                Err(error) => news.push(format!("devices of the zHCP are not ready: {error}")),
            }
        }
        let inventory = self.inventory().await?;
        news.extend(self.judge_inventory(&inventory));
        news.extend(self.take_records(records).await?);
        // Before the first request is served (spec: driver 4.1).
        match self.reconcile(&Recorded(records)).await {
            Ok(report) => news.extend(report.news()),
            Err(error) => news.push(format!("interrupted operations are not resolved: {error}")),
        }
        for line in &news {
            tracing::warn!("{line}");
        }
        Ok(news)
    }

    /// FCP devices and WWPNs of a guest.
    pub(super) async fn connector(&self, instance: &Instance) -> Result<Connector> {
        let inventory = self.inventory().await?;
        self.release_withheld(&inventory).await?;
        let paths = if self.compute.multiple_fcp { 2 } else { 1 };
        let timeout =
            i64::try_from(self.compute.fcp_reserve_timeout.as_millis()).unwrap_or(i64::MAX);
        let (node, list) = (instance.node.clone(), self.compute.fcp_list.clone());
        let (known, now) = (inventory.clone(), self.now());
        let fcp = if self.engine.is_rehearsing() {
            let mut ledger = self.ledger.read().await?;
            ledger.reserve(&node, paths, &known, &list, (now, timeout), |node| {
                self.is_busy(node)
            })?
        } else {
            let half = self.clone();
            self.ledger
                .update(move |ledger| {
                    ledger.reserve(&node, paths, &known, &list, (now, timeout), |node| {
                        half.is_busy(node)
                    })
                })
                .await?
        };
        match Connector::new(&fcp, &inventory, &self.connector_host(&instance.node)) {
            Ok(connector) => Ok(connector),
            Err(error) => {
                // A connector that cannot be used holds nothing back (D14).
                let node = instance.node.clone();
                if !self.engine.is_rehearsing() {
                    self.ledger
                        .update(move |ledger| {
                            ledger.unreserve(&node);
                            Ok(())
                        })
                        .await?;
                }
                Err(StateError::from(error).into())
            }
        }
    }

    /// The zHCP as configured, or as xCAT knows it.
    pub(super) async fn zhcp_node(&self) -> Result<NodeName> {
        if let Some(zhcp) = &self.zhcp {
            return Ok(zhcp.clone());
        }
        self.client.zhcp_of(&self.host).await?.ok_or_else(|| {
            Error::Unsupported(format!(
                "xCAT names no zHCP of {}: set zvm_zhcp_node",
                self.host
            ))
        })
    }

    /// Brings a device of `zvm_zhcp_fcp_list` online in the zHCP. Every failure is a warning.
    async fn ready_zhcp_device(&self, zhcp: &NodeName, device: DeviceNumber) -> Option<String> {
        let bus = device.bus_id();
        let probe = format!("cat /sys/bus/ccw/devices/{bus}/online 2>/dev/null; true");
        if let Ok(lines) = self.shell(zhcp, probe, false).await
            && lines.first().is_some_and(|line| line.trim() == "1")
        {
            return None;
        }
        let call = Call::Dedicate {
            node: zhcp.clone(),
            device,
        };
        let steps = async {
            self.call_unlocked(call).await.map_err(Error::from)?;
            self.shell(zhcp, format!("cio_ignore -r {device}"), true)
                .await?;
            self.shell(zhcp, format!("chccwdev -e {device}"), true)
                .await?;
            Ok::<(), Error>(())
        };
        let error = steps.await.err()?;
        Some(format!(
            "FCP device {device} of the zHCP {zhcp} is not ready: {error}"
        ))
    }

    /// Takes Nova's records over into the ledger; a broken one is reported and the others go on (D1).
    async fn take_records(&self, records: &[SourceRecord]) -> Result<Vec<String>> {
        let mut news = Vec::new();
        let mut known = Vec::new();
        for record in records {
            let node = &record.instance.node;
            let mut told = |what: String| {
                news.push(format!(
                    "record of volume {} on {node}: {what}",
                    record.volume_id
                ));
            };
            let connection = match Connection::from_json(&record.connection_info) {
                Ok(connection) => connection,
                Err(error) => {
                    told(error.to_string());
                    continue;
                }
            };
            let mount_point = match record
                .mount_point
                .as_deref()
                .filter(|text| !text.is_empty())
            {
                Some(text) => match text.parse() {
                    Ok(mount_point) => Some(mount_point),
                    Err(error) => {
                        let error: crate::types::ParseError = error;
                        told(error.to_string());
                        None
                    }
                },
                None => None,
            };
            let distribution = Self::distribution(&record.instance, false).unwrap_or_default();
            let volume = VolumeRef {
                id: record.volume_id.clone(),
                size: record.size.or(Some(crate::types::Size::default())),
                connection: connection.clone(),
            };
            match self.attachment(&volume, mount_point.as_ref(), distribution) {
                Ok(attachment) => {
                    let attachment = Attachment {
                        root: record.root,
                        state: AttachmentState::Attached,
                        ..attachment
                    };
                    known.push((node.clone(), connection.fcp, attachment));
                }
                Err(error) => told(error.to_string()),
            }
        }
        let now = self.now();
        let conflicts = self
            .ledger
            .update(move |ledger| {
                for (node, fcp, attachment) in known {
                    if ledger.find(&attachment.volume_id).is_none() {
                        ledger.adopt(&node, &fcp, attachment, now);
                    }
                }
                let mut conflicts: Vec<String> = ledger
                    .entries()
                    .filter(|(_, entry)| entry.conflict)
                    .map(|(node, _)| format!("the volumes of {node} name different FCP devices"))
                    .collect();
                conflicts.extend(ledger.contradictions());
                Ok(conflicts)
            })
            .await?;
        news.extend(conflicts);
        Ok(news)
    }

    /// What the inventory says about the configured list.
    fn judge_inventory(&self, inventory: &Inventory) -> Vec<String> {
        let list = &self.compute.fcp_list;
        let mut news = Vec::new();
        let absent: Vec<String> = list
            .devices()
            .filter(|device| inventory.get(*device).is_none())
            .map(|device| device.to_string())
            .collect();
        if !absent.is_empty() {
            news.push(format!(
                "zvm_fcp_list names devices that {} does not report (offline, or of another system): {}",
                self.host,
                absent.join(";")
            ));
        }
        if self.compute.multiple_fcp && free_by_chpid(inventory, list).len() < 2 {
            news.push(
                "zvm_multiple_fcp is set, but usable devices lie on fewer than two channel paths: no connector can be given"
                    .to_owned(),
            );
        }
        news
    }
}
