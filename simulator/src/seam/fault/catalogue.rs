//! Faults by name: those of the zfcp and SAN specification (`F1` …), those of SMAPI that clients treat in their own way
//! (`smapi-RC-RS`), and those of the connection, the daemon and the remote shell.

use super::{Condition, Effect};
use crate::seam::When;

/// A fault that can be asked for by name.
#[derive(Debug)]
pub struct NamedFault {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong.
    pub title: &'static str,
    /// Places that the target must give.
    pub scope: &'static [&'static str],
    /// What a client sees.
    pub seen: &'static str,
    /// Where that is said.
    pub source: &'static str,
    /// The effect.
    pub effect: fn() -> Effect,
    /// Before or after the side effect, when that is not the effect's usual time.
    pub when: Option<When>,
    /// Remote commands that it is about, as a regular expression, unless the target names others.
    pub command: &'static str,
    /// How long it lasts in virtual milliseconds, unless the rule says otherwise.
    pub for_ms: Option<u64>,
}

/// The fault of a name.
pub fn named(name: &str) -> Option<&'static NamedFault> {
    CATALOGUE.iter().find(|f| f.name.eq_ignore_ascii_case(name))
}

const SAN: &str = "zfcp-and-san 8.1";
const SMAPI: &str = "zhcp-and-smapi 6.2";
const REST: &str = "rest-and-xcatd 1.6";
const SSH: &str = "scsi-pools 0.8";

const fn fault(
    name: &'static str,
    title: &'static str,
    scope: &'static [&'static str],
    seen: &'static str,
    source: &'static str,
    effect: fn() -> Effect,
) -> NamedFault {
    NamedFault {
        name,
        title,
        scope,
        seen,
        source,
        effect,
        when: None,
        command: "",
        for_ms: None,
    }
}

macro_rules! condition {
    ($name:literal, $title:literal, $scope:expr, $seen:literal, $condition:ident) => {
        fault($name, $title, $scope, $seen, SAN, || Effect::Condition {
            condition: Condition::$condition,
        })
    };
    ($name:literal, $title:literal, $scope:expr, $seen:literal, $condition:ident, $ms:literal) => {
        NamedFault {
            for_ms: Some($ms),
            ..condition!($name, $title, $scope, $seen, $condition)
        }
    };
}

macro_rules! smapi {
    ($name:literal, $title:literal, $seen:literal, $function:literal, $rc:literal, $rs:literal, $when:ident) => {
        NamedFault {
            when: Some(When::$when),
            ..fault($name, $title, &[], $seen, SMAPI, || Effect::Smapi {
                function: $function.to_owned(),
                rc: $rc,
                rs: $rs,
            })
        }
    };
}

macro_rules! program {
    ($name:literal, $title:literal, $seen:literal, $program:literal, $rc:literal, $stdout:literal, $stderr:literal) => {
        fault($name, $title, &["guest"], $seen, SAN, || Effect::Program {
            program: $program.to_owned(),
            rc: $rc,
            stdout: $stdout.to_owned(),
            stderr: $stderr.to_owned(),
        })
    };
}

/// All faults by name.
pub const CATALOGUE: &[NamedFault] = &[
    // Connection.
    fault(
        "http-refuse",
        "nobody accepts the connection",
        &[],
        "connection reset before a byte of the answer",
        REST,
        || Effect::HttpRefuse,
    ),
    fault(
        "http-reset",
        "the connection is reset, before or after the work",
        &[],
        "connection reset; whether the request was carried out is unknown",
        REST,
        || Effect::HttpReset,
    ),
    fault(
        "http-stall",
        "no answer comes",
        &[],
        "the client's own time-out",
        REST,
        || Effect::HttpStall { ms: None },
    ),
    fault(
        "http-truncate",
        "the answer ends in its middle",
        &[],
        "fewer bytes than Content-Length says, connection closed",
        REST,
        || Effect::HttpTruncate { bytes: 10 },
    ),
    fault(
        "http-garbage",
        "what comes back is no HTTP",
        &[],
        "a protocol error of the client",
        REST,
        || Effect::HttpGarbage,
    ),
    fault(
        "http-slow",
        "the body comes in drips",
        &[],
        "a complete answer, slowly",
        REST,
        || Effect::HttpSlow {
            bytes_per_second: 100,
        },
    ),
    fault(
        "http-500",
        "the REST program dies",
        &[],
        "500 and a page of the web server",
        REST,
        || Effect::HttpStatus { status: 500 },
    ),
    fault(
        "http-503",
        "the web server is overloaded",
        &[],
        "503 and a page of the web server",
        REST,
        || Effect::HttpStatus { status: 503 },
    ),
    // Daemon.
    fault(
        "xcatd-down",
        "xCAT's daemon does not run",
        &[],
        "503, `Connection failurexx: Connection refused`",
        REST,
        || Effect::XcatdDown,
    ),
    fault(
        "xcatd-closed",
        "xCAT's daemon closes before its answer is complete",
        &[],
        "503, `ERROR/WARNING: communication with the xCAT server seems to have been ended prematurely`; \
         with `when: after` the work is done",
        REST,
        || Effect::XcatdClosed,
    ),
    // Remote shell.
    fault(
        "ssh-no-route",
        "the host cannot be reached",
        &[],
        "`SSH communication to HOST failed for command: …` (rc 255)",
        SSH,
        || Effect::SshNoRoute,
    ),
    fault(
        "ssh-refused",
        "nobody listens for ssh",
        &[],
        "as ssh-no-route",
        SSH,
        || Effect::SshRefused,
    ),
    fault(
        "ssh-timeout",
        "the host does not answer in time",
        &[],
        "as ssh-no-route",
        SSH,
        || Effect::SshTimeout,
    ),
    fault(
        "ssh-unknown-host",
        "the host's name is unknown",
        &[],
        "as ssh-no-route",
        SSH,
        || Effect::SshUnknownHost,
    ),
    fault(
        "ssh-denied",
        "the management node's key is not accepted",
        &[],
        "as ssh-no-route",
        SSH,
        || Effect::SshDenied,
    ),
    fault(
        "ssh-host-key",
        "the host's key has changed",
        &[],
        "as ssh-no-route, with the warning on standard error",
        SSH,
        || Effect::SshHostKey,
    ),
    // Hardware, CP.
    condition!(
        "F1",
        "channel path offline",
        &["chpid"],
        "its devices: `availability` `no path`; SMAPI says `Offline`; a dedicate to a running guest fails",
        ChpidOffline
    ),
    condition!(
        "F2",
        "FCP device not in the I/O configuration",
        &["device"],
        "the active dedicate fails; in the guest `Device {id} not found`",
        DeviceMissing
    ),
    condition!(
        "F3",
        "device attached to another guest",
        &["device"],
        "the active dedicate fails, that in the directory succeeds; no directory of the device in the guest",
        DeviceTaken
    ),
    fault(
        "F4",
        "dedicate done in the directory only",
        &[],
        "everything succeeds on the management node; in the guest `Device {id} not found`, until the next logon",
        SAN,
        || Effect::SmapiLost {
            function: "Image_Device_Dedicate".to_owned(),
        },
    ),
    fault(
        "F5",
        "dedicate done in CP only",
        &[],
        "works until the next logoff",
        SAN,
        || Effect::SmapiLost {
            function: "Image_Device_Dedicate_DM".to_owned(),
        },
    ),
    condition!(
        "F6",
        "boxed device",
        &["guest", "device"],
        "`chccwdev -e`: `Failed (No such device)`; `availability` `boxed`",
        Boxed
    ),
    condition!(
        "F7",
        "CP DETACH under a running guest",
        &["device"],
        "paths fail; remote ports go to Blocked, then Not Present",
        DeviceDetached
    ),
    // Guest, channel, adapter.
    condition!(
        "F11",
        "device number on cio_ignore",
        &["guest", "device"],
        "`Device {id} not found`, 1, for a client that does not free it",
        Ignored
    ),
    fault(
        "F12",
        "cio_ignore is missing",
        &["guest"],
        "127, `cio_ignore: command not found`",
        SAN,
        || Effect::Missing {
            program: "cio_ignore".to_owned(),
        },
    ),
    condition!(
        "F13",
        "zfcp module cannot be loaded",
        &["guest"],
        "`chccwdev`: `Failed (Invalid argument)`; `lszfcp`: `No zfcp support available.`",
        NoZfcp
    ),
    condition!(
        "F14",
        "`online` is busy for a while",
        &["guest", "device"],
        "`Failed (Resource temporarily unavailable)`",
        OnlineBusy,
        10_000
    ),
    condition!(
        "F15",
        "link down",
        &["device"],
        "`chccwdev`: `Done`, 0; `failed` 1; no ports",
        LinkDown
    ),
    condition!(
        "F17",
        "NPIV login refused",
        &["device"],
        "`failed` 1; the other devices of the channel path work",
        LoginRefused
    ),
    condition!(
        "F18",
        "WWPN twice in the fabric",
        &["device"],
        "`failed` 1",
        LoginRefused
    ),
    condition!(
        "F19",
        "channel path not in NPIV mode",
        &["device"],
        "no automatic LUNs; zoning by NPIV WWPN does not match; System_WWPN_Query says `NONE`",
        NpivOff
    ),
    condition!(
        "F20",
        "automatic LUN scan off",
        &["guest"],
        "LUNs missing until `unit_add`",
        LunScanOff
    ),
    condition!(
        "F21",
        "adapter recovery gives up",
        &["guest", "device"],
        "`failed` 1; `lsluns`: `not in a good state`; remote ports Blocked",
        AdapterFailed
    ),
    condition!(
        "F22",
        "firmware update of the adapter",
        &["device"],
        "as F15 for half a minute, then as before",
        LinkDown,
        30_000
    ),
    condition!("F23", "excess bit errors", &["device"], "as F15", LinkDown),
    // Fabric, target.
    condition!(
        "F25",
        "zone missing",
        &["wwpn"],
        "silent: no directory of the port; `unit_add`: No such file or directory",
        ZoneMissing
    ),
    condition!(
        "F26",
        "zone comes late",
        &["wwpn"],
        "as F25 for a minute, then `port_rescan` finds the port",
        ZoneMissing,
        60_000
    ),
    condition!(
        "F27",
        "zone with the physical WWPN only",
        &["wwpn", "device"],
        "as F25 for this device",
        ZoneMissing
    ),
    condition!(
        "F28",
        "zone set not activated",
        &["wwpn"],
        "as F25",
        ZoneMissing
    ),
    condition!(
        "F29",
        "zone removed while in use",
        &["wwpn"],
        "remote port Blocked, then Not Present; the port's directory stays",
        ZoneMissing
    ),
    condition!(
        "F30",
        "target port down",
        &["wwpn"],
        "as F25 before the attach, as F29 later; other targets work",
        PortOffline
    ),
    condition!(
        "F32",
        "target is slow to accept the login",
        &["wwpn"],
        "the port is missing for seconds, then there",
        PortBusy,
        5_000
    ),
    condition!(
        "F33",
        "target's WWPN moved to another port",
        &["wwpn"],
        "a gap of some seconds, then as before",
        PortOffline,
        3_000
    ),
    // Masking, LUN, volume.
    condition!(
        "F37",
        "LUN not mapped",
        &["lun"],
        "`unit_add` 0, no disk, `failed` 1; no by-path link",
        Unmapped
    ),
    condition!(
        "F38",
        "LUN not mapped to one initiator",
        &["lun", "device"],
        "one path missing, silently",
        MaskMissing
    ),
    condition!(
        "F39",
        "LUN mapped to the physical WWPN only",
        &["lun", "device"],
        "as F37 for this device",
        MaskMissing
    ),
    condition!(
        "F40",
        "mapping comes late",
        &["lun"],
        "as F37 for ten seconds; later a rescan finds the LUN",
        Unmapped,
        10_000
    ),
    condition!(
        "F41",
        "another volume under the LUN",
        &["lun"],
        "the attach succeeds; size and WWID are others",
        OtherVolume
    ),
    condition!(
        "F42",
        "different volumes under one LUN of two targets",
        &["lun", "wwpn"],
        "two WWIDs, two maps of one path each",
        OtherVolume
    ),
    condition!(
        "F43",
        "volume reserved by another host",
        &["lun"],
        "the disk is there; reads fail with `Invalid exchange`",
        Reserved
    ),
    condition!(
        "F44",
        "volume offline on the storage",
        &["lun"],
        "INQUIRY is answered; READ CAPACITY fails; size 0",
        VolumeOffline
    ),
    condition!(
        "F46",
        "LUN unmapped while in use",
        &["lun"],
        "I/O errors; the SCSI device stays `running`",
        Unmapped
    ),
    condition!(
        "F47",
        "LUN used again for another volume",
        &["lun"],
        "the old disk serves the new volume's data",
        OtherVolume
    ),
    condition!(
        "F49",
        "volume that can only be read",
        &["lun"],
        "`Write Protect is on`; writes fail",
        ReadOnly
    ),
    condition!(
        "F50",
        "capacity differs from the pool's record",
        &["lun"],
        "the disk is smaller than the row says",
        Smaller
    ),
    // SCSI, udev, multipath, environment of the client.
    condition!(
        "F51",
        "udev is late",
        &["guest"],
        "no by-path link for ten seconds; xCAT says at once that it is not found in the OS",
        UdevStalled,
        10_000
    ),
    program!(
        "F53",
        "`udevadm settle` times out",
        "exit 1 after 120 s",
        "udevadm",
        1,
        "",
        ""
    ),
    condition!(
        "F54",
        "SCSI device offline after error recovery",
        &["guest", "lun"],
        "`lszfcp -D` lists it; it does not answer; the by-path link is there",
        DiskOffline
    ),
    program!(
        "F56",
        "`lszfcp` meets a half-registered device",
        "a line on standard error, and a line with an empty value",
        "lszfcp",
        0,
        "0.0.1a00/0x500507630300c562/ 0:0:0:0\n",
        "lszfcp: line 386: /sys/bus/scsi/devices/0:0:0:0/hba_id: No such file or directory\n"
    ),
    program!(
        "F57",
        "`lszfcp -P` is empty for a second",
        "no output, 0",
        "lszfcp",
        0,
        "",
        ""
    ),
    condition!(
        "F58",
        "multipathd does not run",
        &["guest"],
        "no map; `multipath -ll` is empty",
        NoMultipathd
    ),
    program!(
        "F59",
        "multipathd's queue is stuck",
        "`multipathd show …`: `timeout`, 1",
        "multipathd",
        1,
        "timeout\n",
        ""
    ),
    program!(
        "F61",
        "map in use at detach",
        "`map in use`, 1",
        "multipath",
        1,
        "",
        "map in use\n"
    ),
    NamedFault {
        when: Some(When::After),
        ..fault(
            "F68",
            "ssh drops after the command ran",
            &[],
            "an effect without an answer: `SSH communication to HOST failed`; a repetition finds the work done",
            SAN,
            || Effect::SshDropped,
        )
    },
    fault(
        "F69",
        "`lsluns` cannot use sg",
        &["guest"],
        "`lsluns` fails; disks and links are right",
        SAN,
        || Effect::Program {
            program: "lsluns".to_owned(),
            rc: 1,
            stdout: String::new(),
            stderr: "Error: Please load/configure SCSI Generic (sg) to use lsluns.\n".to_owned(),
        },
    ),
    // SMAPI.
    smapi!(
        "smapi-200-8",
        "guest already active",
        "power on: clients count it as success",
        "Image_Activate",
        200,
        8,
        Before
    ),
    smapi!(
        "smapi-200-12",
        "guest not active",
        "power off: clients count it as success",
        "Image_Deactivate",
        200,
        12,
        Before
    ),
    smapi!(
        "smapi-200-16",
        "guest being logged off",
        "power off: xCAT counts it as success",
        "Image_Deactivate",
        200,
        16,
        Before
    ),
    smapi!(
        "smapi-204-4",
        "active dedicate: the virtual device exists",
        "`Return Code: 204`, `Reason Code: 4`",
        "Image_Device_Dedicate",
        204,
        4,
        Before
    ),
    smapi!(
        "smapi-204-8",
        "active dedicate: no such real device",
        "`Return Code: 204`, `Reason Code: 8`",
        "Image_Device_Dedicate",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-16",
        "active dedicate: real device not available",
        "`Return Code: 204`, `Reason Code: 16`",
        "Image_Device_Dedicate",
        204,
        16,
        Before
    ),
    smapi!(
        "smapi-204-8-undedicate",
        "active undedicate: no such device",
        "`Return Code: 204`, `Reason Code: 8`",
        "Image_Device_Undedicate",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-44",
        "active undedicate: device cannot be detached",
        "`Return Code: 204`, `Reason Code: 44`",
        "Image_Device_Undedicate",
        204,
        44,
        Before
    ),
    smapi!(
        "smapi-400-4",
        "no such directory entry",
        "`Return Code: 400`, `Reason Code: 4`",
        "",
        400,
        4,
        Before
    ),
    smapi!(
        "smapi-400-12",
        "directory entry locked",
        "`Return Code: 400`, `Reason Code: 12`; clients unlock and repeat",
        "",
        400,
        12,
        Before
    ),
    smapi!(
        "smapi-404-4",
        "directory dedicate: the device is defined",
        "xCAT treats it as done and skips the active step",
        "Image_Device_Dedicate_DM",
        404,
        4,
        Before
    ),
    smapi!(
        "smapi-404-8",
        "directory undedicate: the device is not defined",
        "`Return Code: 404`, `Reason Code: 8`",
        "Image_Device_Undedicate_DM",
        404,
        8,
        Before
    ),
    smapi!(
        "smapi-404-12",
        "directory device locked",
        "`Return Code: 404`, `Reason Code: 12`",
        "Image_Device_Undedicate_DM",
        404,
        12,
        Before
    ),
    smapi!(
        "smapi-408-12",
        "disk locked",
        "`Return Code: 408`, `Reason Code: 12`; nova unlocks and repeats",
        "Image_Delete_DM",
        408,
        12,
        Before
    ),
    smapi!(
        "smapi-596-1185",
        "directory manager message 1185 (the change is made)",
        "`Return Code: 596`, `Reason Code: 1185`; nova counts it as success",
        "",
        596,
        1185,
        After
    ),
    smapi!(
        "smapi-596-6312",
        "directory manager message 6312 (the change is made)",
        "`Return Code: 596`, `Reason Code: 6312`; nova counts it as success",
        "",
        596,
        6312,
        After
    ),
    smapi!(
        "smapi-596-6831",
        "delete not finished yet",
        "`Return Code: 596`, `Reason Code: 6831`",
        "Image_Delete_DM",
        596,
        6831,
        After
    ),
    smapi!(
        "smapi-4-28",
        "System_WWPN_Query has nothing",
        "`Return Code: 4`, `Reason Code: 28`: no FCP devices",
        "System_WWPN_Query",
        4,
        28,
        Before
    ),
    smapi!(
        "smapi-212-8",
        "no network adapters",
        "`Return Code: 212`, `Reason Code: 8`",
        "Virtual_Network_Adapter_Query_Extended",
        212,
        8,
        Before
    ),
    smapi!(
        "smapi-down",
        "SMAPI does not answer",
        "`Return Code: -101`, `Socket connect refused error`",
        "",
        -101,
        0,
        Before
    ),
];
