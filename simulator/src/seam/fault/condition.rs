//! Conditions of the site: what is out of order as long as a rule is there (spec: zfcp-and-san 8.1).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Layer;
use super::undo::{Step, Undo};
use crate::seam::Place;
use crate::world::San;
use crate::world::san::Medium;
use crate::world::zfcp::{GuestFaults, LinkForm, LinkState};
use crate::world::zvm::FcpDevice;
use crate::world::{DeviceNumber, SystemName, UserId, World, Wwpn};

/// The userid that holds a device that is "attached elsewhere"; no site has it.
const ELSEWHERE: &str = "OTHERVM";

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

/// Why a condition cannot be brought about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// The target does not say where.
    #[error("this condition needs target {0}")]
    Needs(&'static str),
    /// The place is not in a state in which it can get out of order in this way.
    #[error("{0}")]
    Impossible(String),
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

    /// Whether the place says enough.
    pub(super) fn check(self, world: &World, place: &Place) -> Result<(), ConditionError> {
        let need = |given: bool, field| {
            if given {
                Ok(())
            } else {
                Err(ConditionError::Needs(field))
            }
        };
        match self {
            Self::ChpidOffline => need(place.chpid.is_some(), "chpid"),
            Self::DeviceMissing | Self::DeviceTaken | Self::DeviceDetached => {
                need(place.device.is_some(), "device")
            }
            Self::Ignored | Self::NoZfcp => {
                need(place.guest.is_some(), "guest")?;
                if self == Self::Ignored {
                    need(place.device.is_some(), "device")?;
                }
                // The list concerns devices that come, and a module in use is not unloaded.
                let linux = place.guest.as_ref().and_then(|g| world.linuxes.get(g));
                let has_units = linux.is_some_and(|linux| {
                    let adapters = linux.zfcp.adapters.iter();
                    adapters
                        .filter(|(device, _)| {
                            self == Self::NoZfcp || Some(**device) == place.device
                        })
                        .any(|(_, adapter)| adapter.ports.values().any(|p| !p.units.is_empty()))
                });
                if has_units {
                    return Err(ConditionError::Impossible(
                        "the guest has LUNs configured there".to_owned(),
                    ));
                }
                Ok(())
            }
            Self::Boxed | Self::OnlineBusy | Self::AdapterFailed => {
                need(place.guest.is_some(), "guest")?;
                need(place.device.is_some(), "device")
            }
            Self::NameServerDown => Ok(()),
            Self::LunScanOff
            | Self::UdevStalled
            | Self::NoMultipathd
            | Self::LateDevice
            | Self::LateDetach
            | Self::UdevLate
            | Self::NoZfcpLinks
            | Self::NoFcLinks
            | Self::NamesShuffled
            | Self::HalfRegistered
            | Self::PortsLate
            | Self::MultipathdSlow
            | Self::MapsReturn
            | Self::EtcFull
            | Self::NoSg
            | Self::ShiftedDevice
            | Self::WrongLoaddev => need(place.guest.is_some(), "guest"),
            Self::LinkDown | Self::NpivOff | Self::MuteChannel | Self::NoHandles => need(
                place.chpid.is_some() || place.device.is_some(),
                "chpid or device",
            ),
            Self::LoginRefused | Self::DuplicateWwpn | Self::BitErrors | Self::Stranger => {
                need(place.device.is_some(), "device")
            }
            Self::LunOpenElsewhere => {
                need(place.device.is_some(), "device")?;
                need(place.lun.is_some(), "lun")
            }
            Self::ZoneMissing
            | Self::PortOffline
            | Self::PortBusy
            | Self::StateChangeStorm
            | Self::TargetsCrossed
            | Self::ReportLunsFails => {
                need(place.wwpn.is_some(), "wwpn")?;
                let is_port = place.wwpn.is_some_and(|w| world.san.ports.contains_key(&w));
                need(is_port, "wwpn of a target port")
            }
            Self::MaskMissing => {
                need(place.lun.is_some(), "lun")?;
                need(
                    place.device.is_some() || place.wwpn.is_some(),
                    "device or wwpn",
                )
            }
            Self::DiskOffline | Self::Blacklisted | Self::MapInUse => {
                need(place.guest.is_some(), "guest")?;
                need(place.lun.is_some(), "lun")
            }
            Self::PathsLost
            | Self::Unmapped
            | Self::OtherVolume
            | Self::Reserved
            | Self::VolumeOffline
            | Self::ReadOnly
            | Self::Smaller
            | Self::Silent => need(place.lun.is_some(), "lun"),
        }
    }

    /// Brings it about, and says how to put it right.
    pub(super) fn apply(
        self,
        world: &mut World,
        place: &Place,
        delay: Option<u64>,
    ) -> Result<Undo, ConditionError> {
        self.check(world, place)?;
        let delay = delay.or(self.usual_delay()).unwrap_or_default();
        let mut undo = Undo::default();
        match self {
            Self::ChpidOffline
            | Self::LinkDown
            | Self::NpivOff
            | Self::MuteChannel
            | Self::NoHandles => self.channel(world, place, delay, &mut undo),
            Self::DeviceMissing | Self::DeviceTaken | Self::DeviceDetached => {
                self.device(world, place, &mut undo)?;
            }
            Self::LoginRefused | Self::DuplicateWwpn | Self::Stranger | Self::LunOpenElsewhere => {
                self.initiator(world, place, &mut undo)?;
            }
            Self::NameServerDown
            | Self::StateChangeStorm
            | Self::ReportLunsFails
            | Self::TargetsCrossed
            | Self::PathsLost => self.fabric(world, place, delay, &mut undo)?,
            Self::BitErrors => bit_errors(world, place),
            Self::ShiftedDevice | Self::WrongLoaddev => self.directory(world, place, &mut undo)?,
            Self::ZoneMissing | Self::PortOffline | Self::PortBusy => {
                self.port(world, place, &mut undo);
            }
            Self::Unmapped | Self::OtherVolume => self.mapping(world, place, &mut undo),
            Self::MaskMissing => mask_missing(world, place, &mut undo),
            Self::Reserved
            | Self::VolumeOffline
            | Self::ReadOnly
            | Self::Smaller
            | Self::Silent => self.volume(world, place, &mut undo),
            Self::Boxed
            | Self::Ignored
            | Self::NoZfcp
            | Self::OnlineBusy
            | Self::LunScanOff
            | Self::AdapterFailed
            | Self::DiskOffline => self.guest(world, place, &mut undo),
            Self::UdevStalled
            | Self::NoMultipathd
            | Self::LateDevice
            | Self::LateDetach
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
            | Self::NoSg => self.setting(world, place, delay, &mut undo),
        }
        Ok(undo)
    }

    fn channel(self, world: &mut World, place: &Place, delay: u64, undo: &mut Undo) {
        for (system, device, fcp) in devices(world, place) {
            let Some(now) = world
                .systems
                .get_mut(&system)
                .and_then(|s| s.fcp.get_mut(&device))
            else {
                continue;
            };
            match self {
                Self::ChpidOffline if now.online => {
                    now.online = false;
                    undo.push(Step::Online { system, device });
                }
                Self::MuteChannel if now.mute_ms == 0 => {
                    now.mute_ms = delay.max(1);
                    undo.push(Step::Answering { system, device });
                }
                Self::NoHandles if !now.no_handles => {
                    now.no_handles = true;
                    undo.push(Step::Handles { system, device });
                }
                Self::NpivOff => {
                    if let Some(wwpn) = now.npiv_wwpn.take() {
                        undo.push(Step::Npiv {
                            system,
                            device,
                            wwpn,
                        });
                    }
                }
                Self::LinkDown if world.san.links_down.insert(fcp.physical_wwpn) => {
                    undo.push(Step::LinkUp {
                        physical: fcp.physical_wwpn,
                    });
                }
                _ => {}
            }
        }
    }

    fn device(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        for (name, device, fcp) in devices(world, place) {
            let Some(system) = world.systems.get_mut(&name) else {
                continue;
            };
            match self {
                Self::DeviceMissing => {
                    system.fcp.remove(&device);
                    undo.push(Step::Device {
                        system: name,
                        device,
                        fcp,
                    });
                }
                Self::DeviceTaken => {
                    if let Some(user) = &fcp.attached_to {
                        return Err(ConditionError::Impossible(format!(
                            "FCP device {device:X} is attached to {user} already"
                        )));
                    }
                    let user = UserId::new(ELSEWHERE);
                    if let Some(fcp) = system.fcp.get_mut(&device) {
                        fcp.attached_to = Some(user.clone());
                    }
                    undo.push(Step::Detached {
                        system: name,
                        device,
                        from: user,
                    });
                }
                _ => {
                    if let Some(fcp) = system.fcp.get_mut(&device) {
                        fcp.attached_to = None;
                    }
                    for machine in system.running.values_mut() {
                        machine.devices.retain(|_, real| *real != device);
                    }
                }
            }
        }
        Ok(())
    }

    fn port(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(wwpn) = place.wwpn else { return };
        match self {
            Self::ZoneMissing => {
                let initiators: Vec<Wwpn> = devices(world, place)
                    .into_iter()
                    .map(|(_, _, fcp)| fcp.npiv_wwpn.unwrap_or(fcp.physical_wwpn))
                    .collect();
                if world.san.open_zoning {
                    world.san.open_zoning = false;
                    undo.push(Step::OpenZoning);
                }
                let out = if initiators.is_empty() {
                    vec![wwpn]
                } else {
                    initiators
                };
                for (name, members) in &mut world.san.zones {
                    if !members.contains(&wwpn) {
                        continue;
                    }
                    for leaving in &out {
                        if members.remove(leaving) {
                            undo.push(Step::Zoned {
                                zone: name.clone(),
                                wwpn: *leaving,
                            });
                        }
                    }
                }
            }
            Self::PortOffline => {
                if let Some(port) = world.san.ports.get_mut(&wwpn).filter(|p| p.online) {
                    port.online = false;
                    undo.push(Step::PortOnline { wwpn });
                }
            }
            _ => {
                if let Some(port) = world.san.ports.get_mut(&wwpn).filter(|p| !p.refuses_login) {
                    port.refuses_login = true;
                    undo.push(Step::PortAccepts { wwpn });
                }
            }
        }
    }

    fn mapping(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(lun) = place.lun else { return };
        let other = world
            .san
            .volumes
            .keys()
            .find(|name| !volumes(world, place).contains(name))
            .cloned();
        for (wwpn, luns) in &mut world.san.luns {
            if place.wwpn.is_some_and(|w| w != *wwpn) {
                continue;
            }
            let Some(volume) = luns.remove(&lun) else {
                continue;
            };
            undo.push(Step::Mapped {
                wwpn: *wwpn,
                lun,
                volume: volume.clone(),
            });
            if self == Self::OtherVolume
                && let Some(other) = &other
            {
                luns.insert(lun, other.clone());
                // The host object of the storage shows it as it showed the right one.
                let initiators = world.san.masks.get(&volume).cloned().unwrap_or_default();
                let shown = world.san.masks.entry(other.clone()).or_default();
                shown.extend(initiators);
            }
        }
    }

    fn volume(self, world: &mut World, place: &Place, undo: &mut Undo) {
        for name in volumes(world, place) {
            let Some(volume) = world.san.volumes.get_mut(&name) else {
                continue;
            };
            let medium = match self {
                Self::Reserved => Medium::Reserved,
                Self::VolumeOffline => Medium::Offline,
                Self::ReadOnly => Medium::ReadOnly,
                Self::Smaller => {
                    undo.push(Step::Bytes {
                        volume: name,
                        bytes: volume.bytes,
                    });
                    volume.bytes /= 2;
                    continue;
                }
                _ => {
                    if !volume.silent {
                        volume.silent = true;
                        undo.push(Step::Speaks { volume: name });
                    }
                    continue;
                }
            };
            undo.push(Step::Medium {
                volume: name,
                medium: volume.medium,
            });
            volume.medium = medium;
        }
    }

    fn guest(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(host) = place.guest.clone() else {
            return;
        };
        let Some(linux) = world.linuxes.get_mut(&host) else {
            return;
        };
        let now = world.now_ms;
        let zfcp = &mut linux.zfcp;
        let device = place.device.unwrap_or_default();
        let mut faults: Option<GuestFaults> = Some(zfcp.faults.clone());
        match self {
            Self::Boxed => {
                zfcp.faults.boxed.insert(device);
            }
            Self::NoZfcp => zfcp.faults.no_zfcp = true,
            Self::OnlineBusy => {
                zfcp.faults.busy.insert(device, u32::MAX);
            }
            Self::Ignored => {
                faults = None;
                zfcp.ignore(device, device);
                zfcp.recognised.remove(&device);
                undo.push(Step::NotIgnored {
                    host: host.clone(),
                    device,
                });
            }
            Self::LunScanOff => {
                faults = None;
                if !zfcp.no_lun_scan {
                    zfcp.no_lun_scan = true;
                    undo.push(Step::LunScan { host: host.clone() });
                }
            }
            Self::AdapterFailed => {
                faults = None;
                let text = "ERP cannot recover an error on the FCP device";
                zfcp.break_down(device, LinkState::Failed, now, text);
            }
            _ => {
                faults = None;
                for adapter in zfcp.adapters.values_mut() {
                    for (wwpn, port) in &mut adapter.ports {
                        if let Some(lun) = place.lun
                            && place.wwpn.is_none_or(|w| w == *wwpn)
                            && let Some(disk) = port.devices.get_mut(&lun)
                        {
                            disk.offline = true;
                            undo.push(Step::Running {
                                host: host.clone(),
                                wwpn: *wwpn,
                                lun,
                            });
                        }
                    }
                }
            }
        }
        if let Some(before) = faults {
            let after = Box::new(zfcp.faults.clone());
            let before = Box::new(before);
            undo.push(Step::Guest {
                host,
                before,
                after,
            });
        }
    }

    /// What a guest's own settings make of it.
    fn setting(self, world: &mut World, place: &Place, delay: u64, undo: &mut Undo) {
        let Some(host) = place.guest.clone() else {
            return;
        };
        let wwids: Vec<String> = volumes(world, place)
            .iter()
            .filter_map(|name| Some(world.san.volumes.get(name)?.wwid.clone()))
            .collect();
        let Some(linux) = world.linuxes.get_mut(&host) else {
            return;
        };
        let faults = &mut linux.zfcp.faults;
        let before = Box::new(faults.clone());
        match self {
            Self::UdevStalled => faults.udev_stalled = true,
            Self::UdevLate => faults.udev_delay_ms = delay,
            Self::NoMultipathd => faults.no_multipathd = true,
            Self::LateDevice => faults.late_ms = delay,
            Self::LateDetach => faults.vanish_late_ms = delay,
            Self::NoZfcpLinks => faults.link_form = LinkForm::Fc,
            Self::NoFcLinks => faults.link_form = LinkForm::Zfcp,
            Self::NamesShuffled => faults.names_shuffled = true,
            Self::HalfRegistered => faults.half_registered_ms = delay,
            Self::PortsLate => faults.rport_late_ms = delay,
            Self::MultipathdSlow => faults.map_late_ms = delay,
            Self::Blacklisted => faults.blacklisted.extend(wwids),
            Self::MapInUse => faults.open_maps.extend(wwids),
            Self::MapsReturn => faults.maps_return = true,
            Self::EtcFull => faults.etc_full = true,
            _ => faults.no_sg = true,
        }
        let after = Box::new(faults.clone());
        undo.push(Step::Guest {
            host,
            before,
            after,
        });
    }

    /// What is wrong with the WWPN of an FCP device.
    fn initiator(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        for (_, device, fcp) in devices(world, place) {
            let wwpn = fcp.initiator();
            match self {
                Self::LoginRefused => {
                    if let Some(npiv) = fcp.npiv_wwpn
                        && world.san.logins_refused.insert(npiv)
                    {
                        undo.push(Step::LoginAllowed { npiv });
                    }
                }
                Self::DuplicateWwpn => {
                    if world.san.duplicates.insert(wwpn) {
                        undo.push(Step::Unique { wwpn });
                    }
                }
                Self::Stranger => {
                    if world.san.strangers.insert(wwpn) {
                        undo.push(Step::NoStranger { wwpn });
                    }
                }
                _ => {
                    if fcp.npiv_wwpn.is_some() {
                        return Err(ConditionError::Impossible(format!(
                            "FCP device {device:X} is in NPIV mode, in which images share LUNs"
                        )));
                    }
                    let lun = place.lun.unwrap_or_default();
                    let opened = world.san.opened_elsewhere.entry(wwpn).or_default();
                    if opened.insert(lun) {
                        undo.push(Step::Closed {
                            physical: wwpn,
                            lun,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// What is wrong with switches and storage ports.
    fn fabric(
        self,
        world: &mut World,
        place: &Place,
        delay: u64,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        let wwpn = place.wwpn.unwrap_or_default();
        let san = &mut world.san;
        match self {
            Self::NameServerDown => {
                if !std::mem::replace(&mut san.name_server_down, true) {
                    undo.push(Step::NameServer);
                }
            }
            Self::StateChangeStorm => {
                if san.storms.insert(wwpn, delay).is_none() {
                    undo.push(Step::Calm { wwpn });
                }
            }
            Self::ReportLunsFails => {
                if san.reports_failing.insert(wwpn) {
                    undo.push(Step::Reports { wwpn });
                }
            }
            Self::TargetsCrossed => {
                let other = partner(san, wwpn).ok_or_else(|| {
                    ConditionError::Impossible(format!(
                        "no target port stands in other zones than {wwpn}"
                    ))
                })?;
                san.crossed.extend([(wwpn, other), (other, wwpn)]);
                undo.push(Step::Uncrossed {
                    ports: [wwpn, other],
                });
            }
            _ => {
                let lun = place.lun.unwrap_or_default();
                let leading: Vec<Wwpn> = san
                    .luns
                    .iter()
                    .filter(|(_, luns)| luns.contains_key(&lun))
                    .map(|(wwpn, _)| *wwpn)
                    .collect();
                for wwpn in leading {
                    if let Some(port) = san.ports.get_mut(&wwpn).filter(|p| p.online) {
                        port.online = false;
                        undo.push(Step::PortOnline { wwpn });
                    }
                }
            }
        }
        Ok(())
    }

    /// What is wrong with a guest's entry in the directory, or with what CP makes of it.
    fn directory(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        let Some(linux) = place.guest.as_ref().and_then(|g| world.linuxes.get(g)) else {
            return Ok(());
        };
        let (name, user) = (linux.system.clone(), linux.userid.clone());
        let Some(system) = world.systems.get_mut(&name) else {
            return Ok(());
        };
        if self == Self::ShiftedDevice {
            if system.shifted.insert(user.clone()) {
                undo.push(Step::Unshifted { system: name, user });
            }
            return Ok(());
        }
        let entry = system.directory.get_mut(&user);
        let statement = entry.into_iter().flat_map(|e| &mut e.statements).find(|s| {
            s.trim_start()
                .to_ascii_uppercase()
                .starts_with("LOADDEV LUN ")
        });
        let Some(statement) = statement else {
            return Err(ConditionError::Impossible(format!(
                "the directory entry of {user} has no LOADDEV statement"
            )));
        };
        let wrong = "LOADDEV LUN FFFFFFFFFFFFFFFF".to_owned();
        let right = std::mem::replace(statement, wrong.clone());
        undo.push(Step::Statement {
            system: name,
            user,
            wrong,
            right,
        });
        Ok(())
    }
}

/// The first target port that stands in other zones than this one.
fn partner(san: &San, wwpn: Wwpn) -> Option<Wwpn> {
    let zones = |w: &Wwpn| -> Vec<&String> {
        let of = san.zones.iter().filter(|(_, members)| members.contains(w));
        of.map(|(name, _)| name).collect()
    };
    let own = zones(&wwpn);
    san.ports
        .keys()
        .find(|other| **other != wwpn && zones(other) != own)
        .copied()
}

/// The adapter of a device goes out of use in the guest that has it.
fn bit_errors(world: &mut World, place: &Place) {
    let now = world.now_ms;
    for (name, real, fcp) in devices(world, place) {
        let Some(user) = fcp.attached_to else {
            continue;
        };
        let number = world
            .systems
            .get(&name)
            .and_then(|s| s.running.get(&user))
            .and_then(|vm| vm.devices.iter().find(|(_, r)| **r == real))
            .map(|(number, _)| *number);
        let linux = world
            .linuxes
            .values_mut()
            .find(|l| l.userid == user && l.system == name);
        if let (Some(linux), Some(number)) = (linux, number) {
            let text = "All paths over this FCP device are disused because of excessive bit errors";
            linux.zfcp.break_down(number, LinkState::Disused, now, text);
        }
    }
}

/// FCP devices that a place names, by device or by channel path.
fn devices(world: &World, place: &Place) -> Vec<(SystemName, DeviceNumber, FcpDevice)> {
    // A guest knows a device by its virtual number.
    let real = place.device.map(|device| {
        let guest = place.guest.as_ref().and_then(|g| world.linuxes.get(g));
        guest
            .and_then(|l| world.systems.get(&l.system)?.running.get(&l.userid))
            .and_then(|vm| vm.devices.get(&device).copied())
            .unwrap_or(device)
    });
    world
        .systems
        .iter()
        .filter(|(name, _)| place.system.as_ref().is_none_or(|s| s == *name))
        .flat_map(|(name, system)| system.fcp.iter().map(move |(d, f)| (name, *d, f)))
        .filter(|(_, device, fcp)| match (real, &place.chpid) {
            (Some(real), _) => real == *device,
            (None, Some(chpid)) => fcp.chpid.eq_ignore_ascii_case(chpid),
            (None, None) => false,
        })
        .map(|(name, device, fcp)| (name.clone(), device, fcp.clone()))
        .collect()
}

/// Names of the volumes that answer under the place's LUN.
fn volumes(world: &World, place: &Place) -> Vec<String> {
    let Some(lun) = place.lun else {
        return Vec::new();
    };
    let mut names: Vec<String> = world
        .san
        .luns
        .iter()
        .filter(|(wwpn, _)| place.wwpn.is_none_or(|w| w == **wwpn))
        .filter_map(|(_, luns)| luns.get(&lun).cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn mask_missing(world: &mut World, place: &Place, undo: &mut Undo) {
    let mut initiators: Vec<Wwpn> = devices(world, place)
        .into_iter()
        .map(|(_, _, fcp)| fcp.npiv_wwpn.unwrap_or(fcp.physical_wwpn))
        .collect();
    let is_port = |w: &Wwpn| world.san.ports.contains_key(w);
    initiators.extend(place.wwpn.filter(|w| !is_port(w)));
    let names = volumes(
        world,
        &Place {
            wwpn: place.wwpn.filter(is_port),
            ..place.clone()
        },
    );
    if world.san.open_masking {
        // From now on masks count; whoever was seen stays seen.
        let everyone: Vec<Wwpn> = world
            .systems
            .values()
            .flat_map(|s| s.fcp.values())
            .map(|f| f.npiv_wwpn.unwrap_or(f.physical_wwpn))
            .collect();
        for name in world.san.volumes.keys() {
            let mask = world.san.masks.entry(name.clone()).or_default();
            mask.extend(everyone.iter().copied());
        }
        world.san.open_masking = false;
        undo.push(Step::OpenMasking);
    }
    for name in names {
        if let Some(mask) = world.san.masks.get_mut(&name) {
            for initiator in &initiators {
                if mask.remove(initiator) {
                    undo.push(Step::Masked {
                        volume: name.clone(),
                        initiator: *initiator,
                    });
                }
            }
        }
    }
}
