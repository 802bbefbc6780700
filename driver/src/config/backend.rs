//! One back end: one z/VM system, one zHCP, one SCSI pool (spec: driver 1.2, 1.3).

use std::path::PathBuf;
use std::time::Duration;

use super::compute::Compute;
use super::fields::Fields;
use super::problem::Level;
use super::tls::{Tls, TlsVerify};
use super::user::effective_user;
use crate::secret::Secret;
use crate::types::{DeviceNumber, FcpList, NodeName, PoolName};

/// The class path of the seed's sample, the only value of `volume_driver` besides the crate's own name.
const VOLUME_DRIVER: &str = "cinder.volume.drivers.zvm.volumedriver.ZVMVolumeDriver";

/// Said of a back end whose management node is not verified.
const UNVERIFIED: &str = "the management node's certificate is not verified";

/// Where the credentials travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthIn {
    /// In the query string, as every release understands it.
    Query,
    /// In request headers, which stay out of the web server's access log.
    Header,
}

/// Whether data is overwritten before a row is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeClear {
    /// Overwrite with zeros.
    Zero,
    /// Release as it is; a risk that is logged.
    None,
}

/// How a LUN is copied onto another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyMethod {
    /// One command of the MN, where its defects allow it (D26 to D28).
    CopyZfcp,
    /// The driver's own sequence of calls.
    Stepwise,
}

/// How a copy is compared with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyCopy {
    /// Not at all: the MN's word is trusted.
    None,
    /// Head, tail and 16 pieces between.
    Sample,
    /// Every byte.
    Full,
}

/// What a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotMode {
    /// A full copy on a second LUN.
    Copy,
    /// Nothing: refused, and so are clones.
    None,
}

/// Settings of copies and images (spec: driver 1.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copying {
    /// How LUNs are copied.
    pub method: CopyMethod,
    /// The zHCP's channel for copying and clearing: `zvm_copy_fcp`, else the first device of `zvm_zhcp_fcp_list`, else one
    /// that the MN chooses from the row's range. The zHCP keeps the device.
    pub channel: Option<DeviceNumber>,
    /// How copies are compared.
    pub verify: VerifyCopy,
    /// What a snapshot is.
    pub snapshots: SnapshotMode,
    /// Compression of captured images, 0 to 9.
    pub compression: Option<u8>,
    /// `user@address` from which the MN fetches bundles and to which it brings them: `zvm_image_remote`, else the effective user at
    /// `my_ip` of `[DEFAULT]`; `None` when neither is set.
    pub remote: Option<String>,
    /// Work area for bundles.
    pub work_area: PathBuf,
    /// Whether an imported image stays on the MN.
    pub keep_image: bool,
    /// Whether a volume may be moved to another system of the same MN by way of an image.
    pub migrate_by_image: bool,
}

/// Time limits by class of call (spec: driver 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// Queries.
    pub query: Duration,
    /// Changes of a pool row.
    pub row: Duration,
    /// Changes of a guest.
    pub guest: Duration,
    /// Image and copy calls: the base.
    pub image_base: Duration,
    /// Image and copy calls: for each GB.
    pub image_per_gb: Duration,
    /// Upper bound of any call.
    pub total: Duration,
}

/// A back end as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The section's name, free text.
    pub section: String,
    /// Published name.
    pub volume_backend_name: String,
    /// MN's host name or address; an IPv6 address in brackets.
    pub server: String,
    /// HTTPS port.
    pub port: u16,
    /// xCAT account.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The SCSI pool.
    pub pool: PoolName,
    /// xCAT node of the z/VM system; discovered when not set.
    pub host: Option<NodeName>,
    /// xCAT node of the zHCP; discovered when not set.
    pub zhcp_node: Option<NodeName>,
    /// xCAT node of the MN.
    pub master: Option<NodeName>,
    /// Verification of the MN's certificate.
    pub tls: Tls,
    /// Where the credentials travel.
    pub auth_in: AuthIn,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Ownership stamp of volumes, two letters.
    pub row_tag_prefix: String,
    /// Journal, locks and attachment records.
    pub state_dir: PathBuf,
    /// How long to wait for a lock.
    pub lock_timeout: Duration,
    /// Whether deleted volumes are overwritten.
    pub volume_clear: VolumeClear,
    /// How much of them, in MiB; 0 means all.
    pub volume_clear_size: u64,
    /// Share of the capacity that Cinder keeps back, in percent.
    pub reserved_percentage: u32,
    /// Scheduler's filter, when configured.
    pub filter_function: Option<String>,
    /// Scheduler's weigher, when configured.
    pub goodness_function: Option<String>,
    /// Availability zone, when it is not the service's.
    pub availability_zone: Option<String>,
    /// Copies and images.
    pub copying: Copying,
    /// Whether an MN below the minimal version is used all the same.
    pub allow_old_version: bool,
    /// The Nova half's settings.
    pub compute: Compute,
}

impl Backend {
    /// Reads one section; what is wrong is in `fields.problems`, and `None` means that too much is missing.
    /// `service` reads `[DEFAULT]`, where the keys of the whole service stand.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        compute: &mut Fields<'_>,
        service: &mut Fields<'_>,
    ) -> Option<Self> {
        let section = fields.section().to_owned();
        if let Some(driver) = fields
            .text("volume_driver")
            .filter(|text| ![VOLUME_DRIVER, "zvm_volume"].contains(text))
        {
            fields.report(
                Level::Error,
                "volume_driver",
                format!("'{driver}' is not this driver ({VOLUME_DRIVER})"),
            );
        }
        let server = fields.required("zvm_xcat_server", parse_server);
        let username = fields.required("zvm_xcat_username", |text| {
            if text.chars().any(char::is_control) {
                Err("holds a control character")
            } else {
                Ok(text.to_owned())
            }
        });
        let password = fields.secret("zvm_xcat_password");
        let pool: Option<PoolName> = fields.required("zvm_scsi_pool", str::parse);
        let port = fields.with("zvm_xcat_port", |text| match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("'{text}' is not a port")),
        });
        let auth_in = fields.with("zvm_xcat_auth_in", |text| match text {
            "query" => Ok(AuthIn::Query),
            "header" => Ok(AuthIn::Header),
            _ => Err(format!("'{text}' is not query or header")),
        });
        let prefix = fields.with("zvm_row_tag_prefix", |text| {
            let fits = text.len() == 2
                && text.bytes().all(|byte| byte.is_ascii_lowercase())
                && text != "cs";
            if fits {
                Ok(text.to_owned())
            } else {
                Err(format!(
                    "'{text}' is not two lower-case letters other than cs"
                ))
            }
        });
        let volume_clear = fields.with("volume_clear", |text| match text {
            "zero" => Ok(VolumeClear::Zero),
            "none" => Ok(VolumeClear::None),
            _ => Err(format!("'{text}' is not zero or none")),
        });
        let mut copying = Copying::read(fields, service);
        check_without_effect(fields);
        if let Some(ratio) = fields.parsed::<f64>("max_over_subscription_ratio")
            && (ratio - 1.0).abs() > f64::EPSILON
        {
            fields.report(
                Level::Warning,
                "max_over_subscription_ratio",
                "has no effect: LUNs are thick, the driver reports 1.0",
            );
        }
        let timeouts = Timeouts {
            connect: fields.seconds("zvm_xcat_connect_timeout", 10),
            query: fields.seconds("zvm_timeout_query", 60),
            row: fields.seconds("zvm_timeout_row", 120),
            guest: fields.seconds("zvm_timeout_guest", 600),
            image_base: fields.seconds("zvm_timeout_image_base", 300),
            image_per_gb: fields.seconds("zvm_timeout_image_per_gb", 60),
            total: fields.seconds("zvm_xcat_connection_timeout", 3600),
        };
        let tls = Tls::read(fields);
        if tls.verify == TlsVerify::None && server.is_some() {
            fields.report(Level::Warning, "zvm_xcat_tls_verify", UNVERIFIED);
        }
        let compute = Compute::read(compute);
        // A device of the zHCP's own, rather than one that the MN takes where a guest's may stand.
        copying.channel = copying
            .channel
            .or_else(|| compute.zhcp_fcp_list.devices().next());
        let volume_backend_name = fields
            .text("volume_backend_name")
            .unwrap_or(&section)
            .to_owned();
        let backend = Self {
            volume_backend_name,
            port: port.unwrap_or(443),
            host: fields.with("zvm_host", NodeName::guest),
            zhcp_node: fields.parsed("zvm_zhcp_node"),
            master: fields.parsed("zvm_xcat_master"),
            tls,
            auth_in: auth_in.unwrap_or(AuthIn::Query),
            timeouts,
            row_tag_prefix: prefix.unwrap_or_else(|| "cv".to_owned()),
            state_dir: PathBuf::from(
                fields
                    .text("zvm_state_dir")
                    .unwrap_or("/var/lib/cinder/zvm/state"),
            ),
            lock_timeout: fields.seconds("zvm_lock_timeout", 900),
            volume_clear: volume_clear.unwrap_or(VolumeClear::Zero),
            volume_clear_size: fields.parsed("volume_clear_size").unwrap_or(0),
            reserved_percentage: fields.parsed("reserved_percentage").unwrap_or(0),
            filter_function: fields.text("filter_function").map(str::to_owned),
            goodness_function: fields.text("goodness_function").map(str::to_owned),
            availability_zone: fields.text("backend_availability_zone").map(str::to_owned),
            copying,
            allow_old_version: fields
                .boolean("zvm_xcat_allow_old_version")
                .unwrap_or(false),
            compute,
            server: server?,
            username: username?,
            password: password?,
            pool: pool?,
            section,
        };
        Some(backend)
    }
}

impl Backend {
    /// What to tell an operator when the management node's certificate is not verified.
    pub fn unverified(&self) -> Option<String> {
        (self.tls.verify == TlsVerify::None).then(|| UNVERIFIED.to_owned())
    }
}

/// Reads the address of an account on another machine, as it stands in a command of which a shell of the MN reads every word (D54).
pub(crate) fn user_at_address(text: &str) -> Result<String, String> {
    let admitted = |c: char| c.is_ascii_alphanumeric() || "._-:[]".contains(c);
    let fits = text.split_once('@').is_some_and(|(user, address)| {
        !user.is_empty()
            && !address.is_empty()
            && !user.starts_with('-')
            && user.chars().chain(address.chars()).all(admitted)
    });
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not user@address"))
    }
}

/// Keys of the specification that nothing depends on here: a wrong value is told all the same (spec: driver 1.3.3, 2.12).
fn check_without_effect(fields: &mut Fields<'_>) {
    let semantics = fields.with("zvm_xcat_semantics", |text| match text {
        "legacy" | "modern" => Ok(()),
        _ => Err(format!("'{text}' is not legacy or modern")),
    });
    if semantics.is_some() {
        fields.report(
            Level::Warning,
            "zvm_xcat_semantics",
            "has no effect: the texts and behaviours of both kinds of release are understood side by side",
        );
    }
    let range: Option<FcpList> = fields.parsed("zvm_zhcp_fcp_range");
    if range.is_some_and(|range| !range.is_empty()) {
        fields.report(
            Level::Warning,
            "zvm_zhcp_fcp_range",
            "has no effect: which rows the zHCP can reach is told by their ranges and zvm_copy_fcp",
        );
    }
}

impl Copying {
    fn read(fields: &mut Fields<'_>, service: &mut Fields<'_>) -> Self {
        let method = fields.with("zvm_copy_method", |text| match text {
            "copyzfcp" => Ok(CopyMethod::CopyZfcp),
            "stepwise" => Ok(CopyMethod::Stepwise),
            _ => Err(format!("'{text}' is not copyzfcp or stepwise")),
        });
        let channel = fields.with("zvm_copy_fcp", |text| match text {
            "auto" => Ok(None),
            _ => text.parse().map(Some),
        });
        let verify = fields.with("zvm_verify_copy", |text| match text {
            "none" => Ok(VerifyCopy::None),
            "sample" => Ok(VerifyCopy::Sample),
            "full" => Ok(VerifyCopy::Full),
            _ => Err(format!("'{text}' is not none, sample or full")),
        });
        let snapshots = fields.with("zvm_snapshot_mode", |text| match text {
            "copy" => Ok(SnapshotMode::Copy),
            "none" => Ok(SnapshotMode::None),
            _ => Err(format!("'{text}' is not copy or none")),
        });
        let compression = fields.with("zvm_image_compression_level", |text| {
            match text.parse::<u8>() {
                Ok(level) if level <= 9 => Ok(level),
                _ => Err(format!("'{text}' is not a digit")),
            }
        });
        let remote = match fields.text("zvm_image_remote") {
            Some(_) => fields.with("zvm_image_remote", user_at_address),
            None => this_machine(service),
        };
        let work_area = fields.with("zvm_image_tmp_path", |text| {
            let admitted = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
            if text.starts_with('/') && text.chars().all(admitted) {
                Ok(PathBuf::from(text))
            } else {
                Err(format!(
                    "'{text}' is not an absolute path of letters, digits and ._-/"
                ))
            }
        });
        Self {
            method: method.unwrap_or(CopyMethod::CopyZfcp),
            channel: channel.flatten(),
            verify: verify.unwrap_or(VerifyCopy::Sample),
            snapshots: snapshots.unwrap_or(SnapshotMode::Copy),
            compression,
            remote,
            work_area: work_area.unwrap_or_else(|| PathBuf::from("/var/lib/cinder/zvm")),
            keep_image: fields.boolean("zvm_keep_xcat_image").unwrap_or(false),
            migrate_by_image: fields.boolean("zvm_migrate_by_image").unwrap_or(false),
        }
    }
}

/// The default of `zvm_image_remote`: the effective user at Cinder's `my_ip`. The latter is another's key, so one that cannot be used
/// is told of and is no error.
fn this_machine(service: &mut Fields<'_>) -> Option<String> {
    let address = service.text("my_ip")?;
    let user = effective_user().ok_or_else(|| "the user's name is not known".to_owned());
    let remote = parse_server(address).and_then(|address| {
        let user = user?;
        user_at_address(&format!("{user}@{address}"))
    });
    remote
        .map_err(|error| {
            let message = format!("gives no default of zvm_image_remote: {error}");
            service.report(Level::Warning, "my_ip", message);
        })
        .ok()
}

/// A host name or an address literal: no scheme, no path, no port (V1).
fn parse_server(text: &str) -> Result<String, String> {
    let name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = bracketed.or(text.contains(':').then_some(text))
        && inner.parse::<std::net::Ipv6Addr>().is_ok()
    {
        return Ok(format!("[{inner}]"));
    }
    if name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "'{text}' is not a host name or address (no scheme, port or path)"
        ))
    }
}
