//! `get_volume_stats` (spec: driver 2.6.2), and the audit of stamps that its listing allows (3.8).

use super::audit::Finding;
use super::driver::{ZvmDriver, lock};
use super::model::{Figures, PoolStats, Stats};
use crate::error::Result;
use crate::pool::{Listing, Owner};
use crate::types::{Size, TagKind};

/// What the scheduler is told when the configuration names no filter: one create gets one LUN (D55).
const FILTER: &str = "capabilities.zvm_largest_free_gb >= volume.size";

/// The last figures.
#[derive(Debug, Default)]
pub(super) struct StatsCache {
    last: Option<Stats>,
    failures: u32,
    findings: Vec<Finding>,
    /// Lines of the pool that were no rows.
    malformed: Vec<String>,
}

impl StatsCache {
    /// What the last listing showed of lost stamps.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl ZvmDriver {
    pub(super) async fn stats(&self, refresh: bool) -> Result<Stats> {
        if !refresh && let Some(stats) = lock(&self.shared.stats).last.clone() {
            return Ok(stats);
        }
        let world = self.world()?;
        let expected = self.expected(&world)?;
        match world.list().await {
            Ok(listing) => {
                let stats = self.figures(&listing)?;
                let findings = self.audit_stamps(&listing, &world, &expected)?;
                let mut cache = lock(&self.shared.stats);
                // Once for each, not once a minute.
                for finding in findings.iter().filter(|new| !cache.findings.contains(new)) {
                    tracing::warn!(
                        object = finding.object,
                        row = finding.row,
                        "a stamp is lost: {}",
                        finding.trouble.meaning()
                    );
                }
                let malformed: Vec<String> =
                    listing.malformed.into_iter().map(|m| m.line).collect();
                for line in malformed
                    .iter()
                    .filter(|new| !cache.malformed.contains(new))
                {
                    tracing::warn!(line, "a line of the pool is no row");
                }
                *cache = StatsCache {
                    last: Some(stats.clone()),
                    failures: 0,
                    findings,
                    malformed,
                };
                Ok(stats)
            }
            Err(error) => {
                let mut cache = lock(&self.shared.stats);
                cache.failures += 1;
                match (&cache.last, cache.failures) {
                    (Some(stats), 1) => {
                        tracing::warn!(%error, "no new figures; the last ones are reported once more");
                        Ok(stats.clone())
                    }
                    _ => Err(error),
                }
            }
        }
    }

    fn figures(&self, listing: &Listing) -> Result<Stats> {
        let backend = &self.shared.backend;
        let ready = self.ready()?;
        let sums = listing.capacity();
        let gb = |mib: u64| mib as f64 / 1024.0;
        let is_volume = |owner: &Owner| matches!(owner, Owner::Stamp(_, TagKind::Volume));
        let prefix = &backend.row_tag_prefix;
        let total_volumes = listing
            .rows
            .iter()
            .filter(|row| {
                is_volume(&Owner::parse(&row.owner, prefix))
                    || is_volume(&Owner::parse(&row.tag, prefix))
            })
            .count();
        let figures = Figures {
            total_capacity_gb: gb(sums.total_mib),
            free_capacity_gb: gb(sums.free_mib),
            provisioned_capacity_gb: gb(sums.provisioned_mib),
            zvm_largest_free_gb: sums.largest_free.map_or(0, Size::gib_floor),
            reserved_percentage: backend.reserved_percentage,
            max_over_subscription_ratio: 1.0,
            thick_provisioning_support: true,
            thin_provisioning_support: false,
            multiattach: false,
            sparse_copy_volume: false,
            online_extend_support: false,
            qos_support: false,
            total_volumes,
            location_info: format!(
                "ZVMXCATDriver:{}:{}:{}",
                backend.server, ready.host, backend.pool
            ),
            filter_function: backend
                .filter_function
                .clone()
                .unwrap_or_else(|| FILTER.to_owned()),
            goodness_function: backend.goodness_function.clone(),
            backend_availability_zone: backend.availability_zone.clone(),
        };
        Ok(Stats {
            volume_backend_name: backend.volume_backend_name.clone(),
            vendor_name: "IBM",
            driver_version: env!("CARGO_PKG_VERSION"),
            storage_protocol: "FC",
            pools: vec![PoolStats {
                pool_name: backend.pool.to_string(),
                figures: figures.clone(),
            }],
            figures,
        })
    }
}
