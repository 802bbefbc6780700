//! `do_setup` and `check_for_setup_error` (spec: driver 2.6.1, 1.4 V9).

use std::collections::BTreeSet;

use super::driver::{Ready, ZvmDriver, lock};
use super::model::Capabilities;
use crate::client::{Call, Gate, MnVersion, Table};
use crate::config::{SnapshotMode, TlsVerify, VolumeClear};
use crate::error::{Error, Result};
use crate::pool::{Listing, RowStatus};
use crate::types::NodeName;

/// Target of what is said at a start: a service says it once, a program that starts for each command leaves it to its checks.
pub(crate) const START: &str = "zvm_volume::start";

impl ZvmDriver {
    /// Reaches the MN and reads its version.
    pub(super) async fn read_version(&self) -> Result<()> {
        let backend = &self.shared.backend;
        if backend.tls.verify == TlsVerify::None {
            tracing::warn!(
                target: START,
                section = backend.section,
                "the management node's certificate is not verified"
            );
        }
        let done = self.client.call(&Call::Version).await?;
        let text = done.answer.output().next().unwrap_or_default().to_owned();
        let Some(version) = MnVersion::parse(&text) else {
            return Err(Error::Backend(format!(
                "the management node tells no version that can be read: '{text}'"
            )));
        };
        if !version.passes(Gate::Start) {
            let message = format!(
                "{version} is too old: the driver needs 2.8.3.16 of the appliance or 2.13 upstream"
            );
            if !backend.allow_old_version {
                return Err(Error::Config(message));
            }
            tracing::warn!("{message}; used all the same, as configured");
        }
        tracing::info!(section = backend.section, %version, "management node reached");
        *lock(&self.shared.version) = Some(version);
        Ok(())
    }

    /// Finds host, zHCP and pool; says what the back end can do; resolves what a crash left.
    pub(super) async fn check_and_reconcile(&self) -> Result<()> {
        self.check().await?;
        let resolved = self.reconcile().await?;
        if !resolved.is_empty() {
            tracing::warn!(
                section = self.shared.backend.section,
                ?resolved,
                "interrupted operations were resolved"
            );
        }
        Ok(())
    }

    /// Finds host, zHCP and pool; says what the back end can do.
    pub(super) async fn check(&self) -> Result<()> {
        let backend = &self.shared.backend;
        let host = match &backend.host {
            Some(host) => host.clone(),
            None => self.discover_host().await?,
        };
        let definition = Call::NodeDefinition { node: host.clone() };
        let answer = match self.client.call(&definition).await {
            Ok(done) => done.answer,
            Err(error) if error.is_not_found() => {
                return Err(Error::Config(format!(
                    "zvm_host {host} is not known to xCAT"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        let hcp = answer
            .output()
            .find_map(|line| line.trim().strip_prefix("hcp="))
            .map(str::to_owned);
        let zhcp = match (&backend.zhcp_node, &hcp) {
            (Some(node), _) => Some(node.clone()),
            (None, Some(hcp)) => self.client.zhcp_named(hcp).await?,
            (None, None) => None,
        };
        let world = self.world_of(&host, zhcp.clone());
        let listing = world.pool.list().await?;
        listing.require_rows(&host, &backend.pool)?;
        let capabilities = self.judge(&listing, zhcp.as_ref());
        for remark in &capabilities.remarks {
            tracing::warn!(target: START, section = backend.section, "{remark}");
        }
        if let Ok(done) = self
            .client
            .call(&Call::SmapiLevel { host: host.clone() })
            .await
        {
            tracing::info!(
                section = backend.section,
                level = done.answer.summary(),
                "SMAPI"
            );
        }
        *lock(&self.shared.ready) = Some(Ready {
            host,
            zhcp,
            capabilities,
        });
        Ok(())
    }

    /// The one z/VM system whose pool of the configured name has rows. `--zfcppoolnames` would be shorter, but it deletes
    /// empty pool files (D49).
    async fn discover_host(&self) -> Result<NodeName> {
        let table = self.zvm_table().await?;
        let mut names = BTreeSet::new();
        for row in table.rows() {
            let parent = row.get("parent");
            if !parent.is_empty() {
                names.insert(parent.to_owned());
            }
            if row.get("userid").is_empty() {
                names.insert(row.get("node").to_owned());
            }
        }
        let pool = &self.shared.backend.pool;
        let mut found = Vec::new();
        let mut asked = Vec::new();
        for name in names {
            let Ok(host) = NodeName::guest(&name) else {
                continue;
            };
            let world = self.world_of(&host, None);
            match world.pool.list().await {
                Ok(listing) if !listing.rows.is_empty() => found.push(host),
                Ok(_) => asked.push(name),
                Err(Error::Call(error)) if error.executed == crate::client::Executed::Rejected => {
                    asked.push(name);
                }
                Err(error) => return Err(error),
            }
        }
        match found.as_slice() {
            [host] => Ok(host.clone()),
            [] => Err(Error::Config(format!(
                "zvm_host is not set and no z/VM system has rows in pool {pool} (asked: {})",
                asked.join(", ")
            ))),
            several => {
                let several: Vec<&str> = several.iter().map(NodeName::as_str).collect();
                Err(Error::Config(format!(
                    "zvm_host is not set and several z/VM systems have a pool {pool}: {}",
                    several.join(", ")
                )))
            }
        }
    }

    async fn zvm_table(&self) -> Result<Table> {
        let done = self.client.call(&Call::Table { table: "zvm" }).await?;
        Ok(Table::parse(&done.answer))
    }

    /// What the back end can do, and what the operator should know; none of it is fatal.
    fn judge(&self, listing: &Listing, zhcp: Option<&NodeName>) -> Capabilities {
        let backend = &self.shared.backend;
        let copying = &backend.copying;
        let mut remarks = Vec::new();
        let count = |what: &str, rows: Vec<String>, remarks: &mut Vec<String>| {
            if let Some(first) = rows.first() {
                remarks.push(format!("{} {what}, the first is '{first}'", rows.len()));
            }
        };
        let rows_where = |test: &dyn Fn(&crate::pool::Row) -> bool| -> Vec<String> {
            let rows = listing.rows.iter().filter(|row| test(row));
            rows.map(|row| row.line.clone()).collect()
        };
        let malformed = listing.malformed.iter().map(|m| m.line.clone()).collect();
        count("lines of the pool are no rows", malformed, &mut remarks);
        let doubled = rows_where(&|row| !row.is_unique);
        count(
            "rows share their LUN and are not used",
            doubled,
            &mut remarks,
        );
        let unsized_rows = rows_where(&|row| row.size.is_none());
        count(
            "rows have no size and are not used (D51)",
            unsized_rows,
            &mut remarks,
        );
        let reachable = |row: &crate::pool::Row| row.has_range() || copying.channel.is_some();
        let without_range = rows_where(&|row| !reachable(row));
        let any_reachable = without_range.len() < listing.rows.len();
        count(
            "rows have no FCP range of the form min-max: the zHCP cannot copy or clear them",
            without_range,
            &mut remarks,
        );
        if copying.channel.is_none() {
            let guests = &backend.compute.fcp_list;
            let shares = |row: &crate::pool::Row| {
                let range = row.range.parse::<crate::types::FcpList>();
                range.is_ok_and(|range| guests.devices().any(|device| range.contains(device)))
            };
            if listing.rows.iter().any(shares) {
                remarks.push(
                    "the zHCP may take a device of zvm_fcp_list to copy and clear, and keeps it: set zvm_zhcp_fcp_list"
                        .to_owned(),
                );
            }
        }
        let held = rows_where(&|row| {
            row.status == RowStatus::Used
                && zhcp.is_some_and(|zhcp| row.owner.eq_ignore_ascii_case(zhcp.as_str()))
        });
        count(
            "rows are used by the zHCP itself, left by a failed copy or image",
            held,
            &mut remarks,
        );
        let can_reach = zhcp.is_some() && any_reachable;
        if zhcp.is_none() {
            remarks
                .push("the zHCP's node is not known: no copies, no clearing, no images".to_owned());
        }
        let can_image = can_reach && copying.remote.is_some();
        if copying.remote.is_none() {
            remarks.push("zvm_image_remote is not set: no images".to_owned());
        } else if backend.master.is_none() {
            remarks
                .push("zvm_xcat_master is not set: the MN's free space is not checked".to_owned());
        }
        if backend.volume_clear == VolumeClear::None {
            remarks.push(
                "volume_clear is none: deleted volumes can be read by those who get their LUN"
                    .to_owned(),
            );
        } else if !can_reach {
            remarks
                .push("deleted volumes cannot be cleared: their LUNs are quarantined".to_owned());
        }
        let can_copy = can_reach && copying.snapshots == SnapshotMode::Copy;
        if copying.snapshots == SnapshotMode::None {
            remarks.push(
                "zvm_snapshot_mode is none: no snapshots, no volumes from snapshots and no clones: the back end does not meet Cinder's minimum feature list"
                    .to_owned(),
            );
        } else if !can_copy {
            remarks.push(
                "no snapshots and clones: the back end does not meet Cinder's minimum feature list"
                    .to_owned(),
            );
        }
        Capabilities {
            can_copy,
            can_image,
            can_clear: can_reach && backend.volume_clear == VolumeClear::Zero,
            remarks,
        }
    }
}
