//! The conditions, and what is to be known of each.

use serde::{Deserialize, Serialize};

use crate::seam::{Layer, Place};
use crate::world::World;

/// What is out of order. The places come from the rule's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// All FCP devices of a channel path are offline (F1).
    ChpidOffline,
    /// An FCP device is not in the I/O configuration (F2).
    DeviceMissing,
    /// An FCP device is attached to another virtual machine (F3).
    DeviceTaken,
    /// CP has detached an FCP device from a running guest (F7).
    DeviceDetached,
    /// A device that CP attaches appears late in the guest (F8).
    LateDevice,
    /// The guest notices late that CP has detached a device (F9).
    LateDetach,
    /// CP and the directory give a guest the device after the one that was asked for (F10).
    ShiftedDevice,
    /// The channel does not answer when a device is opened (F16).
    MuteChannel,
    /// Another port has logged in with the device's WWPN (F18).
    DuplicateWwpn,
    /// The adapter is out of use because of bit errors (F23).
    BitErrors,
    /// The channel has no handles left (F24).
    NoHandles,
    /// The fabric's name server does not answer (F31).
    NameServerDown,
    /// State changes of a target port are notified without end (F34).
    StateChangeStorm,
    /// A device's initiator stands in the zones of the others and appears in their scans (F35).
    Stranger,
    /// A target port is plugged in the place of another (F36).
    TargetsCrossed,
    /// Another image has the LUN open through the same channel (F45).
    LunOpenElsewhere,
    /// A target port does not answer REPORT LUNS (F48).
    ReportLunsFails,
    /// A device's control unit does not answer (F6).
    Boxed,
    /// A device number is on the guest's `cio_ignore` list (F11).
    Ignored,
    /// The zfcp module cannot be loaded (F13).
    NoZfcp,
    /// Writes to `online` of a device get EAGAIN (F14).
    OnlineBusy,
    /// The link between channel and switch is down (F15).
    LinkDown,
    /// The switch refuses the NPIV login (F17).
    LoginRefused,
    /// The channel path is not in NPIV mode (F19).
    NpivOff,
    /// Automatic LUN scan is off in the guest (F20).
    LunScanOff,
    /// The adapter's recovery has given up (F21).
    AdapterFailed,
    /// No zone holds the target port; with a device, only its initiator is left out (F25 to F29).
    ZoneMissing,
    /// A target port is offline (F30).
    PortOffline,
    /// A target port refuses logins (F32).
    PortBusy,
    /// The storage has no such LUN behind the port (F37, F40, F46).
    Unmapped,
    /// The LUN is not mapped to one initiator (F38, F39).
    MaskMissing,
    /// Another volume answers under the LUN (F41, F47).
    OtherVolume,
    /// The volume is reserved by another host (F43).
    Reserved,
    /// The storage has the volume offline (F44).
    VolumeOffline,
    /// The volume can only be read (F49).
    ReadOnly,
    /// The volume is half as large as recorded (F50).
    Smaller,
    /// The volume does not answer INQUIRY (P13).
    Silent,
    /// udev does not process events of disks: a worker is stuck (F53).
    UdevStalled,
    /// udev makes the links of disks late (F51).
    UdevLate,
    /// udev makes no links of the form `ccw-…-zfcp-…` (F52).
    NoZfcpLinks,
    /// udev makes no links of the form `ccw-…-fc-…-lun-…` (F52).
    NoFcLinks,
    /// At the next start of the guest its disks get other names (F55).
    NamesShuffled,
    /// Attributes of a new SCSI device cannot be read for a moment (F56).
    HalfRegistered,
    /// `lszfcp -P` does not see a new port for a moment (F57).
    PortsLate,
    /// multipathd makes maps late and answers nobody meanwhile (F59).
    MultipathdSlow,
    /// The WWID of the LUN is on multipath's blacklist (F60).
    Blacklisted,
    /// A process holds the map of the LUN open (F61).
    MapInUse,
    /// multipathd makes a map again that was flushed (F62).
    MapsReturn,
    /// All ports that lead to the LUN are offline (F63).
    PathsLost,
    /// There is no room for files below `/etc` (F65).
    EtcFull,
    /// There is no generic SCSI driver (F69).
    NoSg,
    /// The directory's LOADDEV statement names another LUN (F70).
    WrongLoaddev,
    /// multipathd does not run (F58).
    NoMultipathd,
    /// The SCSI device is offline after error recovery (F54).
    DiskOffline,
}

/// What a condition's target has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Chpid,
    Device,
    ChpidOrDevice,
    Guest,
    Lun,
    /// A WWPN that a target port of the site has.
    TargetPort,
    DeviceOrWwpn,
}

impl Needs {
    /// The field that is missing, in words.
    pub(super) fn missing(self, world: &World, place: &Place) -> Option<&'static str> {
        let (given, field) = match self {
            Self::Chpid => (place.chpid.is_some(), "chpid"),
            Self::Device => (place.device.is_some(), "device"),
            Self::ChpidOrDevice => {
                let given = place.chpid.is_some() || place.device.is_some();
                (given, "chpid or device")
            }
            Self::Guest => (place.guest.is_some(), "guest"),
            Self::Lun => (place.lun.is_some(), "lun"),
            Self::TargetPort => match place.wwpn {
                None => (false, "wwpn"),
                Some(wwpn) => (world.san.ports.contains_key(&wwpn), "wwpn of a target port"),
            },
            Self::DeviceOrWwpn => {
                let given = place.device.is_some() || place.wwpn.is_some();
                (given, "device or wwpn")
            }
        };
        (!given).then_some(field)
    }
}

/// What is to be known of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    layer: Layer,
    pub(super) needs: &'static [Needs],
    delay: Option<u64>,
    is_guarded: bool,
}

impl Facts {
    const fn of(layer: Layer, needs: &'static [Needs]) -> Self {
        Self {
            layer,
            needs,
            delay: None,
            is_guarded: false,
        }
    }

    const fn late(mut self, ms: u64) -> Self {
        self.delay = Some(ms);
        self
    }

    const fn guarded(mut self) -> Self {
        self.is_guarded = true;
        self
    }
}

impl Condition {
    /// The table of the conditions.
    #[rustfmt::skip]
    pub(super) const fn facts(self) -> Facts {
        use Layer::{Cp, Fabric, Guest as Linux, Storage};
        use Needs::{Chpid, ChpidOrDevice, Device, DeviceOrWwpn, Guest, Lun, TargetPort};
        match self {
            Self::ChpidOffline => Facts::of(Cp, &[Chpid]).guarded(),
            Self::DeviceMissing => Facts::of(Cp, &[Device]).guarded(),
            Self::DeviceTaken => Facts::of(Cp, &[Device]),
            Self::DeviceDetached => Facts::of(Cp, &[Device]),
            Self::LateDevice => Facts::of(Linux, &[Guest]).late(5_000),
            Self::LateDetach => Facts::of(Linux, &[Guest]).late(5_000),
            Self::ShiftedDevice => Facts::of(Cp, &[Guest]).guarded(),
            // Four tries of thirty seconds with a pause of eight between them (spec: zfcp-and-san 2.9, 6.5).
            Self::MuteChannel => Facts::of(Fabric, &[ChpidOrDevice]).late(144_000).guarded(),
            Self::DuplicateWwpn => Facts::of(Fabric, &[Device]).guarded(),
            Self::BitErrors => Facts::of(Linux, &[Device]),
            Self::NoHandles => Facts::of(Fabric, &[ChpidOrDevice]).guarded(),
            Self::NameServerDown => Facts::of(Fabric, &[]).guarded(),
            Self::StateChangeStorm => Facts::of(Fabric, &[TargetPort]).late(2_000).guarded(),
            Self::Stranger => Facts::of(Fabric, &[Device]).guarded(),
            Self::TargetsCrossed => Facts::of(Fabric, &[TargetPort]),
            Self::LunOpenElsewhere => Facts::of(Storage, &[Device, Lun]).guarded(),
            Self::ReportLunsFails => Facts::of(Storage, &[TargetPort]).guarded(),
            Self::Boxed => Facts::of(Linux, &[Guest, Device]),
            Self::Ignored => Facts::of(Linux, &[Guest, Device]),
            Self::NoZfcp => Facts::of(Linux, &[Guest]),
            Self::OnlineBusy => Facts::of(Linux, &[Guest, Device]),
            Self::LinkDown => Facts::of(Fabric, &[ChpidOrDevice]).guarded(),
            Self::LoginRefused => Facts::of(Fabric, &[Device]).guarded(),
            Self::NpivOff => Facts::of(Fabric, &[ChpidOrDevice]).guarded(),
            Self::LunScanOff => Facts::of(Linux, &[Guest]).guarded(),
            Self::AdapterFailed => Facts::of(Linux, &[Guest, Device]),
            Self::ZoneMissing => Facts::of(Fabric, &[TargetPort]).guarded(),
            Self::PortOffline => Facts::of(Fabric, &[TargetPort]).guarded(),
            Self::PortBusy => Facts::of(Fabric, &[TargetPort]).guarded(),
            Self::Unmapped => Facts::of(Storage, &[Lun]).guarded(),
            Self::MaskMissing => Facts::of(Storage, &[Lun, DeviceOrWwpn]).guarded(),
            Self::OtherVolume => Facts::of(Storage, &[Lun]),
            Self::Reserved => Facts::of(Storage, &[Lun]),
            Self::VolumeOffline => Facts::of(Storage, &[Lun]),
            Self::ReadOnly => Facts::of(Storage, &[Lun]),
            Self::Smaller => Facts::of(Storage, &[Lun]),
            Self::Silent => Facts::of(Storage, &[Lun]).guarded(),
            Self::UdevStalled => Facts::of(Linux, &[Guest]),
            Self::UdevLate => Facts::of(Linux, &[Guest]).late(10_000),
            Self::NoZfcpLinks => Facts::of(Linux, &[Guest]),
            Self::NoFcLinks => Facts::of(Linux, &[Guest]),
            Self::NamesShuffled => Facts::of(Linux, &[Guest]),
            Self::HalfRegistered => Facts::of(Linux, &[Guest]).late(1_000),
            Self::PortsLate => Facts::of(Linux, &[Guest]).late(1_000),
            Self::MultipathdSlow => Facts::of(Linux, &[Guest]).late(10_000),
            Self::Blacklisted => Facts::of(Linux, &[Guest, Lun]),
            Self::MapInUse => Facts::of(Linux, &[Guest, Lun]),
            Self::MapsReturn => Facts::of(Linux, &[Guest]),
            Self::PathsLost => Facts::of(Fabric, &[Lun]).guarded(),
            Self::EtcFull => Facts::of(Linux, &[Guest]),
            Self::NoSg => Facts::of(Linux, &[Guest]),
            Self::WrongLoaddev => Facts::of(Cp, &[Guest]),
            Self::NoMultipathd => Facts::of(Linux, &[Guest]),
            Self::DiskOffline => Facts::of(Linux, &[Guest, Lun]),
        }
    }

    /// The layer in which it shows.
    pub fn layer(self) -> Layer {
        self.facts().layer
    }

    /// How long what it delays is late, in virtual milliseconds, unless the rule says otherwise; `None` for a condition
    /// that delays nothing.
    pub fn usual_delay(self) -> Option<u64> {
        self.facts().delay
    }

    /// Whether it puts nothing aside where it finds everything out of order already. Bringing it about again is then safe,
    /// and needed when another rule has put right what both are about.
    pub(in crate::seam::fault) fn is_guarded(self) -> bool {
        self.facts().is_guarded
    }
}
