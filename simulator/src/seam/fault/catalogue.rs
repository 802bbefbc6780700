//! Faults by name: those of the zfcp and SAN specification (`F1` …), those of SMAPI that clients treat in their own way
//! (`smapi-RC-RS`), and those of the connection, the daemon and the remote shell.

use super::smapi::SMAPI_PAIRS;
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

/// Every fault by name.
pub fn catalogue() -> impl Iterator<Item = &'static NamedFault> {
    CATALOGUE.iter().chain(SMAPI_PAIRS)
}

/// The fault of a name.
pub fn named(name: &str) -> Option<&'static NamedFault> {
    catalogue().find(|f| f.name.eq_ignore_ascii_case(name))
}

const SAN: &str = "zfcp-and-san 8.1";
const REST: &str = "rest-and-xcatd 1.6";
const SSH: &str = "scsi-pools 0.8";

pub(super) const fn fault(
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
            ms: None,
        })
    };
    ($name:literal, $title:literal, $scope:expr, $seen:literal, $condition:ident, $ms:literal) => {
        NamedFault {
            for_ms: Some($ms),
            ..condition!($name, $title, $scope, $seen, $condition)
        }
    };
}

/// Those of connection, daemon, remote shell, hardware, guest, fabric and storage.
const CATALOGUE: &[NamedFault] = &[
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
        "REST: 503, `Connection failurexx: Connection refused`; native: the connection is reset",
        REST,
        || Effect::XcatdDown,
    ),
    fault(
        "xcatd-closed",
        "xCAT's daemon closes before its answer is complete",
        &[],
        "REST: 503, `ERROR/WARNING: communication with the xCAT server seems to have been ended prematurely`; \
         native: the connection ends without an answer; \
         with `when: after` the work is done",
        REST,
        || Effect::XcatdClosed,
    ),
    fault(
        "xcatd-error",
        "xCAT's daemon answers with an error of its own",
        &[],
        "REST: 403 with the error; native: one document with `error`, `errorcode` and `serverdone`",
        REST,
        || Effect::XcatdError {
            text: "Unable to process the request".to_owned(),
        },
    ),
    fault(
        "xcatd-stall",
        "xCAT's daemon stalls",
        &[],
        "the client's own time-out, at both doors",
        REST,
        || Effect::XcatdStall { ms: None },
    ),
    fault(
        "xcatd-truncate",
        "the daemon's answer ends in its middle",
        &[],
        "native: the first bytes of the XML, then the end, without `serverdone`; REST: as xcatd-closed after the work",
        REST,
        || Effect::XcatdTruncate { bytes: 20 },
    ),
    fault(
        "xcatd-garbage",
        "what the daemon answers is no XML",
        &[],
        "native: bytes that no parser takes, then the end; REST: as xcatd-closed after the work",
        REST,
        || Effect::XcatdGarbage,
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
    condition!(
        "F8",
        "late machine check",
        &["guest"],
        "`chccwdev` at once: `Device {id} not found`, 1; some seconds later it works",
        LateDevice
    ),
    condition!(
        "F9",
        "the guest notices a detach late",
        &["guest"],
        "the device's directory is still there; a new ATTACH meanwhile uses the same object",
        LateDetach
    ),
    condition!(
        "F10",
        "another device dedicated than asked for",
        &["guest"],
        "VDEV is not RDEV: the tools see the number that was asked for, and another WWPN logs in",
        ShiftedDevice
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
        "F16",
        "channel does not answer at `online`",
        &["device"],
        "`chccwdev` takes over two minutes (virtual), then `Done`, 0, and `failed` 1",
        MuteChannel
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
        "`failed` 1; log: `The FCP device detected a WWPN that is duplicate or not valid`",
        DuplicateWwpn
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
    condition!(
        "F23",
        "excess bit errors",
        &["device"],
        "log: `All paths over this FCP device are disused because of excessive bit errors`; as F15 until off and on",
        BitErrors
    ),
    condition!(
        "F24",
        "channel out of handles",
        &["device"],
        "`unit_add` 0, no disk; log: `No handle is available for LUN …`, for a new port `Not enough FCP adapter resources …`",
        NoHandles
    ),
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
        "F31",
        "name server does not answer",
        &[],
        "the scan takes three seconds, then no ports; `port_rescan` later finds them, as does the scan after the next state change in the fabric",
        NameServerDown
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
    condition!(
        "F34",
        "storm of state changes",
        &["wwpn"],
        "the port is in recovery again and again for half of each `delay_ms`: `in_recovery` 1, rport Blocked, disks `blocked`",
        StateChangeStorm
    ),
    condition!(
        "F35",
        "foreign initiator in the zone",
        &["device"],
        "in the guests zoned with the device, a directory of its WWPN for a second after each scan",
        Stranger
    ),
    condition!(
        "F36",
        "two targets exchanged",
        &["wwpn"],
        "the pool's WWPN is not found on the FCP devices of its range; the other one is",
        TargetsCrossed
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
        "F45",
        "LUN sharing violation (without NPIV)",
        &["device", "lun"],
        "`unit_add` 0, no disk; log: `LUN … is already in use by CSS0, …`; refused for a device in NPIV mode",
        LunOpenElsewhere
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
        "F48",
        "REPORT LUNS fails",
        &["wwpn"],
        "`lsluns`: `Unable to send the REPORT_LUNS command to LUN.`; no automatic LUNs; `unit_add` works",
        ReportLunsFails
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
        UdevLate
    ),
    condition!(
        "F52",
        "udev rules for `ccw-…-zfcp-…` missing",
        &["guest"],
        "only links `ccw-…-fc-…-lun-…`; the disk is there",
        NoZfcpLinks
    ),
    condition!(
        "F52-fc",
        "udev rules for `ccw-…-fc-…-lun-…` missing",
        &["guest"],
        "only links `ccw-…-zfcp-…`; the disk is there",
        NoFcLinks
    ),
    condition!(
        "F53",
        "`udevadm settle` times out",
        &["guest"],
        "exit 1 after 120 s (virtual); a worker is stuck, and there are no links of new disks",
        UdevStalled
    ),
    condition!(
        "F54",
        "SCSI device offline after error recovery",
        &["guest", "lun"],
        "`lszfcp -D` lists it; it does not answer; the by-path link is there",
        DiskOffline
    ),
    condition!(
        "F55",
        "device names shuffle at IPL",
        &["guest"],
        "after the next start by-path links and WWIDs are right, `sdX` are others",
        NamesShuffled
    ),
    condition!(
        "F56",
        "`lszfcp` meets a half-registered device",
        &["guest"],
        "for a second `…/hba_id: No such file or directory` on standard error, and a line with the values of the device before",
        HalfRegistered
    ),
    condition!(
        "F57",
        "`lszfcp -P` is empty for a second",
        &["guest"],
        "no output, 0; then the ports",
        PortsLate
    ),
    condition!(
        "F58",
        "multipathd does not run",
        &["guest"],
        "no map; `multipath -ll` is empty",
        NoMultipathd
    ),
    condition!(
        "F59",
        "multipathd is slow",
        &["guest"],
        "maps ten seconds after their paths; until then `multipathd show …`: `timeout`, 1",
        MultipathdSlow
    ),
    condition!(
        "F60",
        "WWID on the blacklist",
        &["guest", "lun"],
        "no map, plain sdX",
        Blacklisted
    ),
    condition!(
        "F61",
        "map in use at detach",
        &["guest", "lun"],
        "`multipath -f`: `map in use`, 1; nothing is changed",
        MapInUse
    ),
    condition!(
        "F62",
        "map comes back after the flush",
        &["guest"],
        "the flushed map is there again at once; without paths an empty one stays",
        MapsReturn
    ),
    condition!(
        "F63",
        "all paths lost, and the map queues",
        &["lun"],
        "commands that touch the map (`blkid`, `dd`, old `multipath -f`) hang until a path returns or `disablequeueing`; where virtual time takes no real time, for two virtual minutes, then I/O errors",
        PathsLost
    ),
    condition!(
        "F64",
        "remote port blocked at `unit_remove`",
        &["wwpn"],
        "`unit_remove` hangs until I/O is given up: 5 s (virtual) with a map, 60 s without; then 0",
        PortOffline
    ),
    condition!(
        "F65",
        "no room for files of configuration",
        &["guest"],
        "writes below `/etc`: `No space left on device`; sysfs is right, persistence is missing",
        EtcFull
    ),
    NamedFault {
        when: Some(When::After),
        ..fault(
            "F67",
            "guest starts again in the middle",
            &["guest", "command"],
            "ssh drops at the command and is refused for `delay_ms`; sysfs steps are lost; then what was configured persistently",
            SAN,
            || Effect::Reboot { ms: 25_000 },
        )
    },
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
    condition!(
        "F69",
        "sg module missing",
        &["guest"],
        "`lsluns`: `Please load/configure SCSI Generic (sg)`; no `sgN`; disks and links are right",
        NoSg
    ),
    condition!(
        "F70",
        "SCSI IPL with a wrong LOADDEV",
        &["guest"],
        "the next start ends in a disabled wait: logged on, and nobody answers ssh",
        WrongLoaddev
    ),
];

/// A row of the specification's list that is no condition of the site but a mistake of a client: nothing is injected,
/// the simulated system answers it as the real one does.
#[derive(Debug)]
pub struct ClientMistake {
    /// Number of the row.
    pub name: &'static str,
    /// What the client does wrong.
    pub title: &'static str,
    /// What it sees.
    pub seen: &'static str,
}

/// Rows of zfcp-and-san 8.1 that are mistakes of clients.
pub const CLIENT_MISTAKES: &[ClientMistake] = &[
    ClientMistake {
        name: "F11",
        title: "the client forgets to free a device on cio_ignore (the list itself is set by F11)",
        seen: "`Device {id} not found`, 1",
    },
    ClientMistake {
        name: "F66",
        title: "a LUN or WWPN is written without `0x` or with wrong digits",
        seen: "`Invalid argument`; or success with another LUN, read as a decimal or octal number",
    },
];
