//! The conditions, the layer in which each shows, and what it delays.

use serde::{Deserialize, Serialize};

use crate::seam::Layer;

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

impl Condition {
    /// The layer in which it shows.
    pub fn layer(self) -> Layer {
        match self {
            Self::ChpidOffline
            | Self::DeviceMissing
            | Self::DeviceTaken
            | Self::DeviceDetached
            | Self::ShiftedDevice
            | Self::WrongLoaddev => Layer::Cp,
            Self::LateDevice
            | Self::LateDetach
            | Self::BitErrors
            | Self::UdevLate
            | Self::NoZfcpLinks
            | Self::NoFcLinks
            | Self::NamesShuffled
            | Self::HalfRegistered
            | Self::PortsLate
            | Self::MultipathdSlow
            | Self::Blacklisted
            | Self::MapInUse
            | Self::MapsReturn
            | Self::EtcFull
            | Self::NoSg
            | Self::Boxed
            | Self::Ignored
            | Self::NoZfcp
            | Self::OnlineBusy
            | Self::LunScanOff
            | Self::AdapterFailed
            | Self::UdevStalled
            | Self::NoMultipathd
            | Self::DiskOffline => Layer::Guest,
            Self::LinkDown
            | Self::MuteChannel
            | Self::NoHandles
            | Self::LoginRefused
            | Self::DuplicateWwpn
            | Self::NameServerDown
            | Self::StateChangeStorm
            | Self::Stranger
            | Self::TargetsCrossed
            | Self::PathsLost
            | Self::NpivOff
            | Self::ZoneMissing
            | Self::PortOffline
            | Self::PortBusy => Layer::Fabric,
            Self::LunOpenElsewhere
            | Self::ReportLunsFails
            | Self::Unmapped
            | Self::MaskMissing
            | Self::OtherVolume
            | Self::Reserved
            | Self::VolumeOffline
            | Self::ReadOnly
            | Self::Smaller
            | Self::Silent => Layer::Storage,
        }
    }

    /// How long what it delays is late, in virtual milliseconds, unless the rule says otherwise; `None` for a condition
    /// that delays nothing.
    pub fn usual_delay(self) -> Option<u64> {
        Some(match self {
            Self::LateDevice | Self::LateDetach => 5_000,
            // Four tries of thirty seconds with a pause of eight between them (spec: zfcp-and-san 2.9, 6.5).
            Self::MuteChannel => 144_000,
            Self::StateChangeStorm => 2_000,
            Self::UdevLate | Self::MultipathdSlow => 10_000,
            Self::HalfRegistered | Self::PortsLate => 1_000,
            _ => return None,
        })
    }

    /// Whether it puts nothing aside where it finds everything out of order already. Bringing it about again is then safe,
    /// and needed when another rule has put right what both are about.
    pub(in crate::seam::fault) fn is_guarded(self) -> bool {
        matches!(
            self,
            Self::ChpidOffline
                | Self::DeviceMissing
                | Self::MuteChannel
                | Self::DuplicateWwpn
                | Self::NoHandles
                | Self::NameServerDown
                | Self::StateChangeStorm
                | Self::Stranger
                | Self::LunOpenElsewhere
                | Self::ReportLunsFails
                | Self::LinkDown
                | Self::LoginRefused
                | Self::NpivOff
                | Self::LunScanOff
                | Self::ZoneMissing
                | Self::PortOffline
                | Self::PortBusy
                | Self::Unmapped
                | Self::MaskMissing
                | Self::Silent
                | Self::PathsLost
                | Self::ShiftedDevice
        )
    }
}
