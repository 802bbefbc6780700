//! Steps on the units of a guest: giving it a LUN, and taking the LUN back.

use super::devices::other_device;
use super::guest::GuestState;
use super::nova::Nova;
use super::rows::Holder;
use super::step::{Direction, Target};
use super::units::{Unit, Units, paths};
use crate::client::{Call, CallError, Channel, Executed};
use crate::error::{Error, Result};
use crate::fcp::{Attachment, AttachmentState};
use crate::steps::Proof;
use crate::types::{Lifecycle, WwpnSet};

/// The text with which current releases refuse a list of WWPNs (Q12, GQ2): the list is cut by a shell of theirs.
const LIST_REFUSED: [&str; 2] = ["findzFcpDeviceAttr", "return code 127"];

/// The failure of a read after a change: nothing is known of the change's outcome by it.
fn doubted(error: Error, sent: bool) -> Error {
    match error {
        Error::Call(mut call) if sent => {
            call.executed = Executed::Unknown;
            Error::Call(call)
        }
        other => other,
    }
}

impl Nova {
    /// X13 with the volume's whole list of ports, or with the one by which the row is found.
    pub(super) fn add_unit_call(&self, target: &Target) -> Call {
        let attachment = &target.attachment;
        let wwpns = if self.finds_single_wwpns_only() {
            WwpnSet::from(attachment.wwpns.primary())
        } else {
            attachment.wwpns.clone()
        };
        let tag = match (attachment.lifecycle, &attachment.tag) {
            (Lifecycle::PoolOwned, Some(tag)) => tag.to_string(),
            _ => "0".to_owned(),
        };
        Call::AddUnit {
            node: target.node.clone(),
            pool: attachment.pool.clone(),
            channel: Channel::Devices(target.fcp.clone()),
            loaddev: false,
            size: attachment.size,
            tag,
            wwpns,
            lun: attachment.lun,
        }
    }

    /// X13. A release that refuses lists is asked again with the last port of the row, and the other paths are made in
    /// the guest.
    async fn add_unit(&self, target: &Target) -> std::result::Result<(), CallError> {
        match self.call_unlocked(self.add_unit_call(target)).await {
            Err(error)
                if target.attachment.wwpns.is_multipath()
                    && !self.finds_single_wwpns_only()
                    && LIST_REFUSED.iter().all(|text| error.says(text)) =>
            {
                self.note_single_wwpns_only();
                self.call_unlocked(self.add_unit_call(target))
                    .await
                    .map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    /// A3: X13, and then every path that the devices and ports promise, with a disk behind it (I16).
    pub(super) async fn make_units(&self, target: &Target) -> Result<()> {
        let mut target = target.clone();
        // The row is read, changed and read back under one lock (spec: driver 3.8).
        let lock = self.lock_pool(&target.attachment.pool).await?;
        let (holder, row) = self.holder(&target).await?;
        if let Some(row) = row {
            target.attachment.wwpns = row.wwpns;
        }
        if let Holder::Other(owner) = holder {
            return Err(Error::Busy {
                what: format!("row {}/{}", target.attachment.wwpns, target.attachment.lun),
                by: format!("owned by '{owner}'"),
            });
        }
        let refused = if holder == Holder::Guest {
            // A crash came after X13: what is missing is made in the guest.
            None
        } else {
            match self.add_unit(&target).await {
                Ok(()) => None,
                // The row decides whether it was carried out; if it was, the rest is still to be made sure of.
                Err(error) if error.executed == Executed::Unknown => {
                    if self.holder(&target).await?.0 != Holder::Guest {
                        return Err(error.into());
                    }
                    None
                }
                Err(error) => Some(error),
            }
        };
        let (holder, _) = self.holder(&target).await?;
        drop(lock);
        let Some(refused) = refused else {
            if holder != Holder::Guest {
                // The edit of the row was lost to another one (D32): the units are there, the row says nothing of it.
                self.give_row(&target).await?;
            }
            return self.complete_paths(&target).await;
        };
        if holder != Holder::Guest {
            return Err(refused.into());
        }
        // Refused, and yet the row is the guest's: a later step of the command failed (D31). When that was only the
        // reload of multipath, the paths are all there (GQ38).
        let units = self.units(&target.node).await?;
        let attachment = &target.attachment;
        let (_, lacks) = units.split(&target.fcp, &attachment.wwpns, attachment.lun);
        if lacks.is_empty() && (refused.says("multipath") || refused.says("Reason code 127")) {
            tracing::warn!(%refused, "every path is there in spite of the error");
            return self.complete_paths(&target).await;
        }
        let why = match lacks.first() {
            Some(unit) => self.diagnose(&target.node, *unit).await,
            None => return Err(refused.into()),
        };
        Err(Error::Backend(format!("{refused}; {why}")))
    }

    /// RB2 after X13: a device that works but is not in the directory entry is gone after the guest's next logoff.
    async fn keep_devices(&self, target: &Target) -> Result<()> {
        let node = &target.node;
        let directory = self.directory(node).await?.unwrap_or_default();
        for device in &target.fcp {
            if let Some(other) = directory.instead_of(*device) {
                return Err(Error::Backend(other_device(node, *device, other)));
            }
        }
        for device in target.fcp.iter().filter(|device| !directory.has(**device)) {
            let call = Call::Dedicate {
                node: node.clone(),
                device: *device,
            };
            let outcome = self.call_unlocked(call).await;
            // The live part fails, because the guest has the device: the entry is what counts.
            if !self.is_dedicated(node, *device).await? {
                outcome?;
                return Err(Error::Backend(format!(
                    "{device} is not in the directory entry of {node} although the management node said that it was dedicated"
                )));
            }
        }
        Ok(())
    }

    /// Adds the paths that X13 was not asked for, keeps all of them over a restart, and waits for their disks.
    async fn complete_paths(&self, target: &Target) -> Result<()> {
        self.keep_devices(target).await?;
        let attachment = &target.attachment;
        let split = |units: &Units| units.split(&target.fcp, &attachment.wwpns, attachment.lun);
        let (has, lacks) = split(&self.units(&target.node).await?);
        let all: Vec<Unit> = has.iter().chain(&lacks).copied().collect();
        if !lacks.is_empty() && attachment.wwpns.is_multipath() {
            self.add_units(&target.node, &lacks, attachment.distribution)
                .await?;
            self.shell(
                &target.node,
                "/sbin/multipath -r >/dev/null 2>&1; true",
                true,
            )
            .await?;
        }
        let mut lacks = split(&self.units(&target.node).await?).1;
        for _ in 0..self.patience.tries {
            if lacks.is_empty() {
                break;
            }
            self.client.clock().sleep(self.patience.pause).await;
            lacks = split(&self.units(&target.node).await?).1;
        }
        if let Some(unit) = lacks.first() {
            return Err(Error::Backend(self.diagnose(&target.node, *unit).await));
        }
        if let Some(distribution) = attachment.distribution {
            self.ensure_persistent(&target.node, &all, distribution)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn has_units(&self, target: &Target) -> Result<Proof> {
        match self.holder(target).await?.0 {
            Holder::Guest => {}
            Holder::Other(owner) => {
                return Ok(Proof::Conflict(format!(
                    "row {}/{} is owned by '{owner}'",
                    target.attachment.wwpns, target.attachment.lun
                )));
            }
            _ => return Ok(Proof::Missing),
        }
        let Some(units) = self.units_if_on(&target.node).await? else {
            return Ok(Proof::Missing);
        };
        let attachment = &target.attachment;
        let (_, lacks) = units.split(&target.fcp, &attachment.wwpns, attachment.lun);
        Ok(Proof::of(lacks.is_empty()))
    }

    /// Takes away what X13 did, in whatever state it stopped: units, row, devices of other volumes.
    pub(super) async fn unmake_units(&self, target: &Target) -> Result<()> {
        let ours = self.is_recorded(target).await? == Proof::Done;
        if ours {
            let (holder, _) = self.holder(target).await?;
            match holder {
                Holder::Guest => self.withdraw_row(target).await?,
                Holder::Other(_) => return self.heal_others(target).await,
                _ => {}
            }
            self.clear_units(target).await?;
            self.keep_same_numbers(target).await?;
            if target.attachment.lifecycle == Lifecycle::PoolOwned {
                let _lock = self.lock_pool(&target.attachment.pool).await?;
                self.restamp(target).await?;
            }
        }
        self.heal_others(target).await
    }

    /// Removes by the guest's own means every unit of the volume that is left in it, and disks that its own scan has
    /// found: the LUN behind them will be somebody else's.
    async fn clear_units(&self, target: &Target) -> Result<()> {
        let attachment = &target.attachment;
        if self.is_anothers_disk(target).await? {
            return Ok(());
        }
        let Some(units) = self.units_if_on(&target.node).await? else {
            return Ok(());
        };
        let left = Self::own_units(target, &units);
        if !left.is_empty() {
            self.remove_units(&target.node, &left).await?;
        }
        let mut units = self.units(&target.node).await?;
        let disks = units.disks(&target.fcp, &attachment.wwpns, attachment.lun);
        if !disks.is_empty() {
            self.delete_disks(&target.node, &disks).await?;
            units = self.units(&target.node).await?;
        }
        // The management node cleans the files of its own distribution only (GQ4).
        let all: Vec<Unit> = paths(&target.fcp, &attachment.wwpns, attachment.lun).collect();
        self.forget_units(&target.node, &all).await?;
        match Self::own_units(target, &units).first() {
            None => Ok(()),
            Some((fcp, wwpn, lun)) => Err(Error::Backend(format!(
                "unit {}/0x{wwpn}/0x{lun} cannot be removed in {}",
                fcp.bus_id(),
                target.node
            ))),
        }
    }

    /// X14 deletes every line with the LUN's number from the guest's files, whatever port stands in it (D53): disks of the
    /// same number behind other controllers are written down again.
    async fn keep_same_numbers(&self, target: &Target) -> Result<()> {
        let node = &target.node;
        let ledger = self.ledger.read().await?;
        let Some(entry) = ledger.entry(node) else {
            return Ok(());
        };
        let gone = &target.attachment;
        for other in entry.attachments.values().filter(|other| {
            other.volume_id != gone.volume_id
                && other.lun == gone.lun
                && other.state == AttachmentState::Attached
        }) {
            let found = match other.distribution {
                Some(distribution) => Some(distribution),
                None => self.find_distribution(node).await?,
            };
            let Some(distribution) = found else {
                return Err(Error::Unsupported(format!(
                    "the distribution of {node} is not known: volume {} may be lost at its next start",
                    other.volume_id
                )));
            };
            let units: Vec<Unit> = paths(&entry.fcp, &other.wwpns, other.lun).collect();
            self.ensure_persistent(node, &units, distribution).await?;
        }
        Ok(())
    }

    /// The volume's units over the guest's devices.
    fn own_units(target: &Target, units: &Units) -> Vec<Unit> {
        units.configured(&target.fcp, &target.attachment.wwpns, target.attachment.lun)
    }

    /// Whether the guest has the LUN as another volume: two were given it (Q2), and its paths are the other's.
    pub(super) async fn is_anothers_disk(&self, target: &Target) -> Result<bool> {
        let ledger = self.ledger.read().await?;
        let other = ledger.other_of_lun(&target.attachment);
        Ok(other.is_some_and(|(node, _)| *node == target.node))
    }

    /// Whether the guest runs and has a unit of the volume.
    pub(super) async fn has_any_unit(&self, target: &Target) -> Result<bool> {
        if self.is_anothers_disk(target).await? {
            return Ok(false);
        }
        let units = self.units_if_on(&target.node).await?;
        Ok(units.is_some_and(|units| !Self::own_units(target, &units).is_empty()))
    }

    /// X14 with the row's own text. Any word for the channel but its devices would be taken for a device (D60).
    pub(super) fn remove_unit_call(target: &Target) -> Call {
        Call::RemoveUnit {
            node: target.node.clone(),
            channel: Channel::Devices(target.fcp.clone()),
            wwpns: target.attachment.wwpns.clone(),
            lun: target.attachment.lun,
            keep: true,
        }
    }

    /// X14 until the row is not the guest's any more.
    pub(super) async fn withdraw_row(&self, target: &Target) -> Result<()> {
        let mut first: Option<CallError> = None;
        let mut sent = false;
        for _ in 0..3 {
            let _lock = self.lock_pool(&target.attachment.pool).await?;
            // After the call a read that fails leaves it in doubt: the row may have changed.
            let (holder, row) = self
                .holder(target)
                .await
                .map_err(|error| doubted(error, sent))?;
            let (Holder::Guest, Some(row)) = (holder, row) else {
                return Ok(());
            };
            sent = true;
            let mut target = target.clone();
            let channels = row.channels();
            if !channels.is_empty() {
                target.fcp = channels;
            }
            target.attachment.wwpns = row.wwpns;
            match self.call_unlocked(Self::remove_unit_call(&target)).await {
                Ok(_) => {}
                Err(error) => {
                    let unknown = error.executed == Executed::Unknown;
                    first.get_or_insert(error);
                    // The row is changed before the guest is: look again before giving up.
                    if !unknown {
                        break;
                    }
                }
            }
        }
        let (holder, _) = self
            .holder(target)
            .await
            .map_err(|error| doubted(error, sent))?;
        match (holder, first) {
            (Holder::Guest, Some(error)) => Err(error.into()),
            (Holder::Guest, None) => Err(Error::Backend(format!(
                "row {}/{} still belongs to {} although the management node said that it was taken back",
                target.attachment.wwpns, target.attachment.lun, target.node
            ))),
            _ => Ok(()),
        }
    }

    /// T2. A row that is gone while units are left is put back first, or the management node would not touch the guest
    /// (D52); a row that somebody else has by now is left alone (DET-05).
    pub(super) async fn take_back(&self, target: &Target) -> Result<()> {
        let (holder, row) = self.holder(target).await?;
        let mut target = target.clone();
        if let Some(row) = row {
            target.attachment.wwpns = row.wwpns;
        }
        match holder {
            Holder::Guest => match self.guest_state(&target.node).await? {
                GuestState::Unknown => self.seize_row(&target).await,
                _ => self.withdraw_row(&target).await,
            },
            Holder::Absent
                if target.attachment.lifecycle == Lifecycle::AttachOwned
                    && self.has_any_unit(&target).await? =>
            {
                {
                    let _lock = self.lock_pool(&target.attachment.pool).await?;
                    let before = self.listing(&target.attachment.pool).await?;
                    self.add_row(&target, true, &before).await?;
                }
                self.withdraw_row(&target).await
            }
            _ => Ok(()),
        }
    }

    /// Takes the row of a guest that xCAT does not know any more: X14 is refused there, and a used row cannot be
    /// stamped, so it is released and stamped under the pool's lock.
    async fn seize_row(&self, target: &Target) -> Result<()> {
        let attachment = &target.attachment;
        let _lock = self.lock_pool(&attachment.pool).await?;
        let (Holder::Guest, Some(row)) = self.holder(target).await? else {
            return Ok(());
        };
        if attachment.lifecycle == Lifecycle::AttachOwned {
            let before = self.listing(&attachment.pool).await?;
            return self.remove_row(target, &before).await;
        }
        let release = Call::Release {
            host: self.host.clone(),
            pool: attachment.pool.clone(),
            wwpn: row.wwpns.primary(),
            lun: attachment.lun,
        };
        self.call(release).await?;
        if let Some(tag) = &attachment.tag {
            let pool = self.pool(&attachment.pool);
            pool.stamp(&row.wwpns, attachment.lun, tag, &[""]).await?;
        }
        Ok(())
    }

    pub(super) async fn is_taken_back(&self, target: &Target) -> Result<Proof> {
        Ok(Proof::of(self.holder(target).await?.0 != Holder::Guest))
    }

    /// T2, the guest's side: nothing of the volume is left in it. A guest that was shut down meanwhile gets notices.
    pub(super) async fn clean_guest(&self, target: &Target, id: u64) -> Result<()> {
        match self.guest_state(&target.node).await? {
            GuestState::Unknown => Ok(()),
            GuestState::Off => {
                self.notify(target, Direction::Remove, id).await?;
                Ok(())
            }
            GuestState::Reachable | GuestState::Unreachable => {
                self.clear_units(target).await?;
                self.keep_same_numbers(target).await?;
                // A rule that the first step could not remove would make the node again for the next LUN of this number.
                self.drop_node(target).await?;
                self.note_sent(id);
                Ok(())
            }
        }
    }

    pub(super) async fn is_clean(&self, target: &Target, id: u64) -> Result<Proof> {
        match self.guest_state(&target.node).await? {
            GuestState::Unknown => Ok(Proof::Done),
            GuestState::Off => Ok(Proof::of(self.was_sent(id))),
            GuestState::Reachable | GuestState::Unreachable => {
                // Units are gone before the lines that would bring them back: another process's work is done once more.
                let done = self.was_sent(id);
                Ok(Proof::of(done && !self.has_any_unit(target).await?))
            }
        }
    }

    /// A5: the other volumes of the guest still have devices and paths. X13 takes *every* listed device away when one of
    /// them fails (D30), so this is asked after a failure above all.
    pub(super) async fn heal_others(&self, target: &Target) -> Result<()> {
        let ledger = self.ledger.read().await?;
        let others: Vec<_> = ledger
            .entry(&target.node)
            .into_iter()
            .flat_map(|entry| entry.attachments.values())
            .filter(|other| {
                other.volume_id != target.attachment.volume_id
                    && other.state == AttachmentState::Attached
            })
            .cloned()
            .collect();
        if others.is_empty() || self.guest_state(&target.node).await? != GuestState::Reachable {
            return Ok(());
        }
        let node = &target.node;
        let Some(directory) = self.directory(node).await? else {
            return Ok(());
        };
        for fcp in &target.fcp {
            if !directory.has(*fcp) {
                let call = Call::Dedicate {
                    node: node.clone(),
                    device: *fcp,
                };
                self.call_unlocked(call).await?;
                self.online(node, *fcp).await?;
            }
        }
        let mut units = self.units(node).await?;
        let is_whole = |other: &Attachment| {
            let (_, lacks) = units.split(&target.fcp, &other.wwpns, other.lun);
            lacks.is_empty()
        };
        if !others.iter().all(is_whole) {
            // A path that is being registered is listed wrongly for a moment (F56).
            self.client.clock().sleep(self.patience.pause).await;
            units = self.units(node).await?;
        }
        for other in others {
            let (_, lacks) = units.split(&target.fcp, &other.wwpns, other.lun);
            if lacks.is_empty() {
                continue;
            }
            for fcp in &target.fcp {
                self.online(node, *fcp).await?;
            }
            tracing::warn!(volume = other.volume_id, node = %node, "paths of another volume were lost, adding them again");
            self.add_units(node, &lacks, other.distribution).await?;
            self.shell(node, "/sbin/multipath -r >/dev/null 2>&1; true", true)
                .await?;
        }
        Ok(())
    }
}
