//! The steps of the Nova half as data: what the journal keeps, and what each of them means.
//!
//! The work itself stands in [`rows`](super::rows), [`unit_steps`](super::unit_steps), [`node_steps`](super::node_steps),
//! [`devices`](super::devices) and [`boot_steps`](super::boot_steps); this file is the table that leads there.

use serde::{Deserialize, Serialize};

use super::nova::Nova;
use crate::client::{Call, Channel, ReserveAs};
use crate::error::Result;
use crate::fcp::Attachment;
use crate::steps::{LockGuard, OnFailure, Plan, Proof, Step};
use crate::types::{DeviceNumber, Lifecycle, NodeName};

/// A volume, its guest and the guest's FCP devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The guest.
    pub node: NodeName,
    /// Its devices, in path order.
    pub fcp: Vec<DeviceNumber>,
    /// The volume.
    pub attachment: Attachment,
}

/// Which way a notice changes the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Units and node are made.
    Add,
    /// They are removed.
    Remove,
}

/// One step of the Nova half (spec: driver 2.8.7 to 2.8.12; the letters are the spec's).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum NovaStep {
    /// A1: the volume is recorded for the guest.
    Record(Target),
    /// C5 (compensation only): devices that this operation lets be dedicated.
    Hold {
        /// The volume.
        target: Target,
        /// Devices that the guest did not have before.
        fresh: Vec<DeviceNumber>,
        /// Whether the guest runs.
        active: bool,
    },
    /// A2: the pool row is there.
    Row(Target),
    /// A3: the guest has the units.
    Units(Target),
    /// A3′: the row is given to a guest that is off.
    Use(Target),
    /// A5′, B2: one device is dedicated to a guest that is off.
    Dedicate {
        /// The guest.
        node: NodeName,
        /// The device.
        device: DeviceNumber,
        /// The volume that needs it.
        volume: String,
    },
    /// A4: the device node.
    Node(Target),
    /// A4′: notices for the next start.
    Notify {
        /// The volume.
        target: Target,
        /// Which way.
        direction: Direction,
        /// Tells the notices of one operation from those of another.
        id: u64,
    },
    /// A5: the guest's other volumes still have their paths.
    Others(Target),
    /// The volume is recorded as attached.
    Settle(Target),
    /// The volume is recorded as being detached.
    Leaving(Target),
    /// T1: the device node goes.
    DropNode(Target),
    /// T2: the row is taken from the guest, and what X14 removes in the guest goes with it.
    TakeBack(Target),
    /// The same for a guest that is being destroyed: it only goes forward.
    Seize(Target),
    /// X21 and X19: the guest does not start from the volume any more.
    Unload(Target),
    /// T2: nothing of the volume is left in the guest.
    Clean {
        /// The volume.
        target: Target,
        /// Tells the notices of one operation from those of another.
        id: u64,
    },
    /// T3: the row goes back to where a detached volume's row is.
    FreeRow(Target),
    /// T4: the record goes.
    Forget(Target),
    /// T5: one device is taken back, unless a volume needs it again.
    Undedicate {
        /// The guest.
        node: NodeName,
        /// The device.
        device: DeviceNumber,
    },
    /// T6: the devices are free.
    Release {
        /// The guest.
        node: NodeName,
    },
    /// B4: the guest starts from its first FCP device.
    Ipl {
        /// The guest.
        node: NodeName,
        /// The device.
        device: DeviceNumber,
        /// What it started from before.
        before: Option<String>,
    },
    /// B5: and from this LUN.
    Loaddev {
        /// The volume.
        target: Target,
        /// SCPDATA, in hex.
        parameters: String,
    },
    /// B6: the zipl script.
    Script {
        /// The guest.
        node: NodeName,
        /// The file.
        file: String,
        /// Where it is.
        remote: String,
        /// Tells the scripts of one operation from those of another.
        id: u64,
    },
}

impl Step for NovaStep {
    type World = Nova;
    const HALF: &'static str = "nova";

    fn name(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Hold { .. } => "hold devices",
            Self::Row(_) => "pool row",
            Self::Units(_) => "add units",
            Self::Use(_) => "give row",
            Self::Dedicate { .. } => "dedicate",
            Self::Node(_) => "make node",
            Self::Notify { .. } => "notices",
            Self::Others(_) => "check other volumes",
            Self::Settle(_) => "settle",
            Self::Leaving(_) => "begin detach",
            Self::DropNode(_) => "remove node",
            Self::TakeBack(_) | Self::Seize(_) => "remove units",
            Self::Unload(_) => "remove loaddev",
            Self::Clean { .. } => "clean guest",
            Self::FreeRow(_) => "free row",
            Self::Forget(_) => "forget",
            Self::Undedicate { .. } => "undedicate",
            Self::Release { .. } => "release devices",
            Self::Ipl { .. } => "set ipl",
            Self::Loaddev { .. } => "set loaddev",
            Self::Script { .. } => "punch zipl script",
        }
    }

    async fn run(&self, nova: &Nova) -> Result<()> {
        match self {
            Self::Record(target) => nova.record(target).await,
            Self::Hold {
                target,
                fresh,
                active,
            } => nova.hold(target, fresh, *active).await,
            Self::Row(target) => nova.make_row(target).await,
            Self::Units(target) => nova.make_units(target).await,
            Self::Use(target) => nova.give_row(target).await,
            Self::Dedicate {
                node,
                device,
                volume,
            } => nova.dedicate(node, *device, volume).await,
            Self::Node(target) => nova.make_node(target).await,
            Self::Notify {
                target,
                direction,
                id,
            } => nova.notify(target, *direction, *id).await,
            Self::Others(target) => nova.heal_others(target).await,
            Self::Settle(target) => nova.settle(target, true).await,
            Self::Leaving(target) => nova.leaving(target, true).await,
            Self::DropNode(target) => nova.drop_node(target).await,
            Self::TakeBack(target) | Self::Seize(target) => nova.take_back(target).await,
            Self::Unload(target) => nova.unload(target).await,
            Self::Clean { target, id } => nova.clean_guest(target, *id).await,
            Self::FreeRow(target) => nova.free_row(target).await,
            Self::Forget(target) => nova.forget(target).await,
            Self::Undedicate { node, device } => nova.undedicate_unneeded(node, *device).await,
            Self::Release { node } => nova.release(node).await,
            Self::Ipl { node, device, .. } => nova.set_ipl(node, *device).await,
            Self::Loaddev { target, parameters } => nova.set_loaddev(target, parameters).await,
            Self::Script {
                node,
                file,
                remote,
                id,
            } => nova.punch(node, file, remote, *id).await,
        }
    }

    async fn proof(&self, nova: &Nova) -> Result<Proof> {
        match self {
            Self::Record(target) => nova.is_recorded(target).await,
            Self::Hold { target, fresh, .. } => nova.is_held(target, fresh).await,
            Self::Row(target) => nova.is_row_ready(target).await,
            Self::Units(target) => nova.has_units(target).await,
            Self::Use(target) => nova.is_row_given(target).await,
            Self::Dedicate { node, device, .. } => nova.is_dedicated_as_asked(node, *device).await,
            Self::Node(target) => nova.has_node(target).await,
            Self::Notify { id, .. } | Self::Script { id, .. } => Ok(Proof::of(nova.was_sent(*id))),
            // Their run is a check that repairs; a second look proves nothing more.
            Self::Others(_) => Ok(Proof::Done),
            Self::Settle(target) => nova.is_settled(target).await,
            Self::Leaving(target) => nova.is_leaving(target).await,
            Self::DropNode(target) => nova.is_node_gone(target).await,
            Self::TakeBack(target) | Self::Seize(target) => nova.is_taken_back(target).await,
            Self::Unload(target) => nova.is_unloaded(target).await,
            Self::Clean { target, id } => nova.is_clean(target, *id).await,
            Self::FreeRow(target) => nova.is_row_freed(target).await,
            Self::Forget(target) => nova.is_forgotten(target).await,
            Self::Undedicate { node, device } => nova.is_undedicated(node, *device).await,
            Self::Release { node } => nova.is_released(node).await,
            Self::Ipl { node, device, .. } => nova.has_ipl(node, *device).await,
            Self::Loaddev { target, parameters } => nova.has_loaddev(target, parameters).await,
        }
    }

    /// Locks of the guest and the volume of a plan, in the order of an attach.
    async fn lock(nova: &Nova, plan: &Plan<Self>) -> Result<Vec<LockGuard>> {
        let Some(target) = plan.steps.iter().find_map(Self::target) else {
            return Ok(Vec::new());
        };
        let mut locks = vec![nova.lock_instance(&target.node).await?];
        locks.extend(nova.lock_volume(target.attachment.tag.as_ref()).await?);
        Ok(locks)
    }

    async fn undo(&self, nova: &Nova) -> Result<()> {
        match self {
            Self::Record(target) => nova.unrecord(target).await,
            Self::Hold { target, fresh, .. } => nova.unhold(target, fresh).await,
            Self::Row(target) => nova.unmake_row(target).await,
            Self::Units(target) => nova.unmake_units(target).await,
            Self::Use(target) => nova.ungive_row(target).await,
            Self::Dedicate {
                node,
                device,
                volume,
            } => nova.undedicate_for(node, *device, volume).await,
            Self::Node(target) => nova.unmake_node(target).await,
            Self::Notify {
                target, direction, ..
            } => nova.counter_notify(target, *direction).await,
            Self::Settle(target) => nova.settle(target, false).await,
            Self::Leaving(target) => nova.leaving(target, false).await,
            Self::DropNode(target) => nova.restore_node(target).await,
            Self::Ipl {
                node,
                device,
                before,
            } => nova.restore_ipl(node, *device, before.as_deref()).await,
            Self::Loaddev { target, .. } => nova.drop_loaddev(target).await,
            // Nothing to take away: checks, the local end of a detach, and a script that does nothing without a boot.
            Self::Others(_)
            | Self::TakeBack(_)
            | Self::Seize(_)
            | Self::Unload(_)
            | Self::Clean { .. }
            | Self::FreeRow(_)
            | Self::Forget(_)
            | Self::Undedicate { .. }
            | Self::Release { .. }
            | Self::Script { .. } => Ok(()),
        }
    }

    fn is_record(&self) -> bool {
        matches!(self, Self::Record(_) | Self::Hold { .. })
    }

    fn on_failure(&self) -> OnFailure {
        match self {
            Self::DropNode(_) => OnFailure::GoOn,
            Self::TakeBack(_) => OnFailure::RollBackUnlessDone,
            Self::Seize(_) | Self::Clean { .. } | Self::FreeRow(_) | Self::Forget(_) => {
                OnFailure::RollForward
            }
            Self::Notify {
                direction: Direction::Remove,
                ..
            } => OnFailure::RollForward,
            Self::Unload(_) | Self::Undedicate { .. } | Self::Release { .. } => OnFailure::Pend,
            _ => OnFailure::RollBack,
        }
    }

    fn repeats(&self) -> usize {
        match self {
            // An edit that another one swallowed is made again (D32).
            Self::Row(_) | Self::Use(_) => 4,
            // The second call would only say that the row is in use, and hide the cause.
            Self::Units(_) | Self::Others(_) => 0,
            _ => 1,
        }
    }

    fn calls(&self, nova: &Nova) -> Vec<String> {
        self.wire_calls(nova)
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

impl NovaStep {
    /// The volume and guest of a step that begins a plan.
    fn target(&self) -> Option<&Target> {
        match self {
            Self::Record(target) | Self::Leaving(target) => Some(target),
            _ => None,
        }
    }

    /// The changing calls of the step when nothing is in its way.
    fn wire_calls(&self, nova: &Nova) -> Vec<Call> {
        match self {
            Self::Row(target) if target.attachment.lifecycle == Lifecycle::AttachOwned => {
                vec![nova.add_row_call(target, false)]
            }
            Self::Units(target) => vec![nova.add_unit_call(target)],
            Self::Use(target) => vec![nova.give_row_call(target)],
            Self::Dedicate { node, device, .. } => vec![Call::Dedicate {
                node: node.clone(),
                device: *device,
            }],
            Self::Node(target) => Nova::make_node_call(target).into_iter().collect(),
            Self::Notify {
                target, direction, ..
            } => Nova::notices(target, *direction),
            Self::DropNode(target) => Nova::drop_node_call(target).into_iter().collect(),
            Self::TakeBack(target) | Self::Seize(target) => vec![Nova::remove_unit_call(target)],
            Self::FreeRow(target) => match (target.attachment.lifecycle, &target.attachment.tag) {
                (Lifecycle::AttachOwned, _) => vec![nova.remove_row_call(target)],
                (Lifecycle::PoolOwned, Some(tag)) => vec![Call::Reserve {
                    host: nova.host.clone(),
                    pool: target.attachment.pool.clone(),
                    status: ReserveAs::Reserved,
                    owner: tag.to_string(),
                    channel: Channel::Auto,
                    size: None,
                    wwpn: target.attachment.wwpns.primary(),
                    lun: target.attachment.lun,
                }],
                (Lifecycle::PoolOwned, None) => Vec::new(),
            },
            Self::Unload(target) => Nova::unload_calls(target),
            Self::Undedicate { node, device } => vec![Call::Undedicate {
                node: node.clone(),
                device: *device,
            }],
            Self::Ipl { node, device, .. } => vec![Call::SetIpl {
                node: node.clone(),
                device: device.to_string(),
            }],
            Self::Loaddev { target, parameters } => target
                .fcp
                .first()
                .map(|_| Nova::loaddev_call(target, parameters))
                .into_iter()
                .collect(),
            Self::Script {
                node, file, remote, ..
            } => vec![Call::Punch {
                node: node.clone(),
                file: file.clone(),
                class: 'X',
                remote: remote.clone(),
            }],
            _ => Vec::new(),
        }
    }
}
