//! What a condition needs to know, and who brings it about.

use thiserror::Error;

use super::kind::Needs;
use super::{Condition, guest, storage};
use crate::seam::Place;
use crate::seam::fault::undo::Undo;
use crate::world::World;

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
    /// Whether the place says enough.
    pub(in crate::seam::fault) fn check(
        self,
        world: &World,
        place: &Place,
    ) -> Result<(), ConditionError> {
        let missing = |need: &Needs| need.missing(world, place);
        if let Some(field) = self.facts().needs.iter().find_map(missing) {
            return Err(ConditionError::Needs(field));
        }
        // The list concerns devices that come, and a module in use is not unloaded.
        if matches!(self, Self::Ignored | Self::NoZfcp) {
            let linux = place.guest.as_ref().and_then(|g| world.linuxes.get(g));
            let has_units = linux.is_some_and(|linux| {
                let adapters = linux.zfcp.adapters.iter();
                adapters
                    .filter(|(device, _)| self == Self::NoZfcp || Some(**device) == place.device)
                    .any(|(_, adapter)| adapter.ports.values().any(|p| !p.units.is_empty()))
            });
            if has_units {
                return Err(ConditionError::Impossible(
                    "the guest has LUNs configured there".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// Brings it about, and says how to put it right.
    pub(in crate::seam::fault) fn apply(
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
            Self::BitErrors => guest::bit_errors(world, place),
            Self::ShiftedDevice | Self::WrongLoaddev => self.directory(world, place, &mut undo)?,
            Self::ZoneMissing | Self::PortOffline | Self::PortBusy => {
                self.port(world, place, &mut undo);
            }
            Self::Unmapped | Self::OtherVolume => self.mapping(world, place, &mut undo),
            Self::MaskMissing => storage::mask_missing(world, place, &mut undo),
            Self::Reserved
            | Self::VolumeOffline
            | Self::ReadOnly
            | Self::Smaller
            | Self::Silent => self.volume(world, place, &mut undo),
            Self::Ignored | Self::LunScanOff | Self::AdapterFailed | Self::DiskOffline => {
                self.guest(world, place, &mut undo);
            }
            Self::Boxed
            | Self::NoZfcp
            | Self::OnlineBusy
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
            | Self::Blacklisted
            | Self::MapInUse
            | Self::MapsReturn
            | Self::EtcFull
            | Self::NoSg => self.setting(world, place, delay, &mut undo),
        }
        Ok(undo)
    }
}
