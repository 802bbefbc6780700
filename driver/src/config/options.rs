//! Every key of the driver's own, as data: what the loader knows and what Cinder is told (spec: driver 1.3, 2.5.1).

use serde::Serialize;

/// What a key's value is, by the names of oslo's configuration types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OptionType {
    /// `StrOpt`.
    String,
    /// `StrOpt` with `secret`: never shown.
    Secret,
    /// `StrOpt` with `choices`.
    Choice(&'static [&'static str]),
    /// `IntOpt`.
    Integer,
    /// `IntOpt`, in seconds.
    Seconds,
    /// `PortOpt`.
    Port,
    /// `BoolOpt`.
    Boolean,
    /// A path on the service's machine.
    Path,
    /// FCP devices: addresses and ranges such as `1a00-1a0f;1b00`.
    FcpList,
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OptionGroup {
    /// Of a back end: in its section of `cinder.conf`, or in `[backend_defaults]`.
    Backend,
    /// Of the Nova half: in `[DEFAULT]` of `nova.conf`, or in a back end's section of a file that serves both halves.
    Compute,
    /// Of Nova's z/VM driver: known and left alone.
    Carried,
}

/// One key, as Cinder's `get_driver_options()` lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DriverOption {
    /// The key.
    pub name: &'static str,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: OptionType,
    /// What counts when it is not set, as it would be written; `None`: there is no value.
    pub default: Option<&'static str>,
    /// Whether a back end cannot be without it.
    pub required: bool,
    /// Whose key it is.
    pub group: OptionGroup,
    /// What it is for.
    pub help: &'static str,
}

impl DriverOption {
    const fn new(
        name: &'static str,
        group: OptionGroup,
        kind: OptionType,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            default: if default.is_empty() {
                None
            } else {
                Some(default)
            },
            required: false,
            group,
            help,
        }
    }

    const fn required(name: &'static str, kind: OptionType, help: &'static str) -> Self {
        Self {
            required: true,
            ..Self::new(name, OptionGroup::Backend, kind, "", help)
        }
    }

    /// The option of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|option| option.name == name)
    }
}

use OptionGroup::{Backend, Carried, Compute};
use OptionType::{Boolean, Choice, FcpList, Integer, Path, Port, Seconds, Secret, String};

/// Every `zvm_` key, by name.
pub static OPTIONS: [DriverOption; 58] = [
    DriverOption::new(
        "zvm_config_drive_inject_password",
        Carried,
        Boolean,
        "false",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_connector_host",
        Compute,
        Choice(&["system", "guest"]),
        "system",
        "What a connector names as its host: the z/VM system, or one host for each guest. Both halves need the same value.",
    ),
    DriverOption::new(
        "zvm_console_log_size",
        Carried,
        Integer,
        "100",
        "Has nothing to do with volumes; in KB.",
    ),
    DriverOption::new(
        "zvm_copy_fcp",
        Backend,
        String,
        "auto",
        "The zHCP's FCP device for copying and clearing; auto: the first of zvm_zhcp_fcp_list, else xCAT's choice.",
    ),
    DriverOption::new(
        "zvm_copy_method",
        Backend,
        Choice(&["copyzfcp", "stepwise"]),
        "copyzfcp",
        "Whether xCAT copies by one command or the driver by its own steps.",
    ),
    DriverOption::new(
        "zvm_default_ephemeral_mntdir",
        Carried,
        Path,
        "/mnt/ephemeral",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_default_nic_vdev",
        Compute,
        String,
        "1000",
        "Address of a guest's network device; may not be in zvm_fcp_list.",
    ),
    DriverOption::new(
        "zvm_diskpool",
        Carried,
        String,
        "",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_diskpool_type",
        Carried,
        Choice(&["ECKD", "FBA"]),
        "ECKD",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_fcp_list",
        Compute,
        FcpList,
        "",
        "FCP devices that are given to guests. Without any, no volume can be attached.",
    ),
    DriverOption::new(
        "zvm_fcp_reserve_timeout",
        Compute,
        Seconds,
        "30",
        "How long a device stays reserved for a guest that has no volume yet.",
    ),
    DriverOption::new(
        "zvm_host",
        Backend,
        String,
        "",
        "xCAT node of the z/VM system; found by the pool when not set.",
    ),
    DriverOption::new(
        "zvm_image_compression_level",
        Backend,
        Integer,
        "",
        "Compression of captured images, 0 to 9; xCAT's own when not set.",
    ),
    DriverOption::new(
        "zvm_image_default_password",
        Carried,
        Secret,
        "rootpass",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_image_remote",
        Backend,
        String,
        "",
        "user@address by which the management node reaches this machine; without it there are no images.",
    ),
    DriverOption::new(
        "zvm_image_tmp_path",
        Backend,
        Path,
        "/var/lib/cinder/zvm",
        "Work area for image bundles.",
    ),
    DriverOption::new(
        "zvm_keep_xcat_image",
        Backend,
        Boolean,
        "false",
        "Whether imported images stay on the management node.",
    ),
    DriverOption::new(
        "zvm_lock_timeout",
        Backend,
        Seconds,
        "900",
        "How long to wait for a lock before an operation fails.",
    ),
    DriverOption::new(
        "zvm_migrate_by_image",
        Backend,
        Boolean,
        "false",
        "Whether volumes are migrated to another pool of the same management node by way of an image.",
    ),
    DriverOption::new(
        "zvm_multiple_fcp",
        Compute,
        Boolean,
        "false",
        "Whether each guest gets two paths, on different channel paths.",
    ),
    DriverOption::new(
        "zvm_reachable_timeout",
        Carried,
        Seconds,
        "300",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_row_tag_prefix",
        Backend,
        String,
        "cv",
        "Two letters at the beginning of the stamps on rows; another one for each cloud on one management node.",
    ),
    DriverOption::required(
        "zvm_scsi_pool",
        String,
        "The SCSI pool on the zHCP: its file's name without .conf.",
    ),
    DriverOption::new(
        "zvm_snapshot_mode",
        Backend,
        Choice(&["copy", "none"]),
        "copy",
        "Whether snapshots are full copies or refused.",
    ),
    DriverOption::new(
        "zvm_state_dir",
        Backend,
        Path,
        "/var/lib/cinder/zvm/state",
        "Journal, locks and records of attachments; shared by all services of a machine.",
    ),
    DriverOption::new(
        "zvm_timeout_guest",
        Backend,
        Seconds,
        "600",
        "Time limit of one attempt of a call that changes a guest.",
    ),
    DriverOption::new(
        "zvm_timeout_image_base",
        Backend,
        Seconds,
        "300",
        "Time limit of one attempt of a call that copies or moves data: its fixed part.",
    ),
    DriverOption::new(
        "zvm_timeout_image_per_gb",
        Backend,
        Seconds,
        "60",
        "Time limit of one attempt of a call that copies or moves data: what each GiB adds.",
    ),
    DriverOption::new(
        "zvm_timeout_query",
        Backend,
        Seconds,
        "60",
        "Time limit of one attempt of a call that only reads.",
    ),
    DriverOption::new(
        "zvm_timeout_row",
        Backend,
        Seconds,
        "120",
        "Time limit of one attempt of a call that changes a pool row.",
    ),
    DriverOption::new(
        "zvm_unreachable_policy",
        Compute,
        Choice(&["refuse", "inactive"]),
        "refuse",
        "What to do with a guest that is on and cannot be reached: refuse, or treat it as shut down.",
    ),
    DriverOption::new(
        "zvm_user_adde_vdev",
        Compute,
        String,
        "0101",
        "Address of a guest's ephemeral disk; may not be in zvm_fcp_list.",
    ),
    DriverOption::new(
        "zvm_user_default_password",
        Carried,
        Secret,
        "dfltpass",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_user_default_privilege",
        Carried,
        String,
        "G",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_user_profile",
        Carried,
        String,
        "osdflt",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_user_root_vdev",
        Compute,
        String,
        "0100",
        "Address of a guest's root disk; may not be in zvm_fcp_list.",
    ),
    DriverOption::new(
        "zvm_verify_copy",
        Backend,
        Choice(&["none", "sample", "full"]),
        "sample",
        "How a copy is compared with its source.",
    ),
    DriverOption::new(
        "zvm_vmrelocate_force",
        Carried,
        String,
        "",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_vmrelocate_immediate",
        Carried,
        String,
        "no",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_vmrelocate_max_quiesce",
        Carried,
        String,
        "nolimit",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_vmrelocate_max_total",
        Carried,
        String,
        "nolimit",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_xcat_allow_old_version",
        Backend,
        Boolean,
        "false",
        "Whether releases before 2.8.3.16 (appliance) and 2.13 (upstream) are used all the same.",
    ),
    DriverOption::new(
        "zvm_xcat_auth_in",
        Backend,
        Choice(&["query", "header"]),
        "query",
        "Where the credentials travel; in headers they stay out of the web server's log.",
    ),
    DriverOption::new(
        "zvm_xcat_ca_file",
        Backend,
        Path,
        "",
        "Certificates (PEM) to verify the management node with; with them zvm_xcat_tls_verify is full unless set.",
    ),
    DriverOption::new(
        "zvm_xcat_connect_timeout",
        Backend,
        Seconds,
        "10",
        "Time limit of connecting: TCP and TLS.",
    ),
    DriverOption::new(
        "zvm_xcat_connection_timeout",
        Backend,
        Seconds,
        "3600",
        "Upper bound of any call, all its attempts together.",
    ),
    DriverOption::new(
        "zvm_xcat_group",
        Carried,
        String,
        "all",
        "Has nothing to do with volumes.",
    ),
    DriverOption::new(
        "zvm_xcat_master",
        Backend,
        String,
        "",
        "xCAT node of the management node itself: its free space is checked before an image is imported.",
    ),
    DriverOption::required("zvm_xcat_password", Secret, "Password of the xCAT account."),
    DriverOption::new(
        "zvm_xcat_port",
        Backend,
        Port,
        "443",
        "HTTPS port of the management node.",
    ),
    DriverOption::new(
        "zvm_xcat_semantics",
        Backend,
        Choice(&["legacy", "modern"]),
        "",
        "Checked and without effect: the driver understands both kinds of release side by side.",
    ),
    DriverOption::required(
        "zvm_xcat_server",
        String,
        "Host name or address of the management node.",
    ),
    DriverOption::new(
        "zvm_xcat_tls_server_name",
        Backend,
        String,
        "",
        "The name in the management node's certificate, when the server is given as an address.",
    ),
    DriverOption::new(
        "zvm_xcat_tls_verify",
        Backend,
        Choice(&["full", "ca", "none"]),
        "none",
        "How far the management node's certificate is verified; full when there is a CA file.",
    ),
    DriverOption::required("zvm_xcat_username", String, "The xCAT account."),
    DriverOption::new(
        "zvm_zhcp_fcp_list",
        Compute,
        FcpList,
        "",
        "FCP devices of the zHCP, none of them a guest's; the first one is its channel for copying and clearing.",
    ),
    DriverOption::new(
        "zvm_zhcp_fcp_range",
        Backend,
        FcpList,
        "",
        "Checked and without effect: the rows' ranges tell which LUNs the zHCP can reach.",
    ),
    DriverOption::new(
        "zvm_zhcp_node",
        Backend,
        String,
        "",
        "xCAT node of the zHCP; found in xCAT's tables when not set.",
    ),
];
