//! The keys of the Nova half (spec: driver 1.3.4).

use std::time::Duration;

use super::fields::Fields;
use super::problem::Level;
use crate::types::{DeviceNumber, FcpList};

/// What to do with a guest that is on but cannot be reached (D19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreachablePolicy {
    /// Refuse with an error that may be retried.
    Refuse,
    /// Treat it as shut down.
    Inactive,
}

/// What a connector names as its host (D15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorHost {
    /// The z/VM system: the contract between Nova's and Cinder's plug-ins.
    System,
    /// `{zvm_host}_{node}`: for controllers that keep one host object for each guest.
    Guest,
}

/// Settings of attaching and detaching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compute {
    /// FCP devices handed to guests.
    pub fcp_list: FcpList,
    /// FCP devices of the zHCP; disjoint from the former.
    pub zhcp_fcp_list: FcpList,
    /// Whether each guest gets two devices on different channel paths.
    pub multiple_fcp: bool,
    /// How long a device stays reserved for a guest that asked for a connector.
    pub fcp_reserve_timeout: Duration,
    /// What a connector names as its host.
    pub connector_host: ConnectorHost,
    /// Policy for guests that are on but not reachable.
    pub unreachable: UnreachablePolicy,
}

impl Compute {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let fcp_list: FcpList = fields.parsed("zvm_fcp_list").unwrap_or_default();
        let zhcp_fcp_list: FcpList = fields.parsed("zvm_zhcp_fcp_list").unwrap_or_default();
        let shared: Vec<String> = fcp_list
            .devices()
            .filter(|device| zhcp_fcp_list.contains(*device))
            .map(|device| device.to_string())
            .collect();
        if !shared.is_empty() {
            // D48: the zHCP and a guest would fight for the device.
            let message = format!(
                "names devices that zvm_fcp_list names too: {}",
                shared.join(";")
            );
            fields.report(Level::Error, "zvm_zhcp_fcp_list", message);
        }
        let vdevs = [
            ("zvm_user_root_vdev", "0100"),
            ("zvm_user_adde_vdev", "0101"),
            ("zvm_default_nic_vdev", "1000"),
        ];
        for (key, default) in vdevs {
            let device = match fields.text(key) {
                Some(_) => fields.parsed::<DeviceNumber>(key),
                None => default.parse().ok(),
            };
            if let Some(device) = device.filter(|device| fcp_list.contains(*device)) {
                fields.report(
                    Level::Error,
                    key,
                    format!("{device} is in zvm_fcp_list too"),
                );
            }
        }
        check_carried(fields);
        let multiple_fcp = fields.boolean("zvm_multiple_fcp").unwrap_or(false);
        if multiple_fcp && fcp_list.devices().count() < 2 {
            fields.report(
                Level::Warning,
                "zvm_multiple_fcp",
                "two paths need at least two devices in zvm_fcp_list",
            );
        }
        let unreachable = fields.with("zvm_unreachable_policy", |text| match text {
            "refuse" => Ok(UnreachablePolicy::Refuse),
            "inactive" => Ok(UnreachablePolicy::Inactive),
            _ => Err(format!("'{text}' is not refuse or inactive")),
        });
        let connector_host = fields.with("zvm_connector_host", |text| match text {
            "system" => Ok(ConnectorHost::System),
            "guest" => Ok(ConnectorHost::Guest),
            _ => Err(format!("'{text}' is not system or guest")),
        });
        Self {
            fcp_list,
            connector_host: connector_host.unwrap_or(ConnectorHost::System),
            zhcp_fcp_list,
            multiple_fcp,
            fcp_reserve_timeout: fields.seconds("zvm_fcp_reserve_timeout", 30),
            unreachable: unreachable.unwrap_or(UnreachablePolicy::Refuse),
        }
    }
}

/// Keys that other parts of Nova read: not used here, but a mistake in one is told with those of the others.
fn check_carried(fields: &mut Fields<'_>) {
    fields.boolean("zvm_config_drive_inject_password");
    fields.with("zvm_diskpool_type", |text| match text {
        "ECKD" | "FBA" => Ok(()),
        _ => Err(format!("'{text}' is not ECKD or FBA")),
    });
    for key in [
        "zvm_console_log_size",
        "xcat_free_space_threshold",
        "xcat_image_clean_period",
    ] {
        fields.with(key, |text| match text.parse::<u32>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("'{text}' is not a number")),
        });
    }
}
