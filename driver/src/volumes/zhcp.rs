//! Work on a LUN through the zHCP: attach it there, find its device, overwrite, copy, compare (spec: driver 2.6.4, 2.6.6).
//!
//! The commands hold no quotes and no variables: they pass a shell on the MN and one on the zHCP.

use super::content::{Content, Piece, compared, pieces, sample_offsets};
use super::world::{RowRef, World};
use crate::attachments::Units;
use crate::client::{Answer, Call, CallError, Channel, Reason};
use crate::config::VerifyCopy;
use crate::error::{Error, Result};
use crate::pool::{Row, RowStatus};
use crate::steps::Proof;
use crate::types::{DeviceNumber, Lun, NodeName, Tag, Wwpn};

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// The SHA-256 of no bytes: what is piped of a device that cannot be read.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl World {
    /// X13 on the zHCP. What an attempt left that broke off or brought no disk is taken away first, and its FCP device, which
    /// may have failed while nobody used it, is started anew: so a repetition finds the disk where the first attempt did not.
    pub(super) async fn attach_to_zhcp(&self, row: &RowRef, tag: &Tag) -> Result<()> {
        let node = self.zhcp()?.clone();
        let now = self.row(row).await?;
        if now.status == RowStatus::Used {
            if !self.is_zhcps(&now) {
                return Err(Error::Busy {
                    what: format!("row {}", now.address()),
                    by: format!("used by {}", now.owner),
                });
            }
            self.take_from_zhcp(&now).await?;
            self.restart_devices(&now).await?;
        }
        let _lock = self.row_change().await?;
        self.send(&self.zhcp_call(node, row, tag)).await
    }

    /// [`Self::attach_to_zhcp`] with its repetition, where no step of a plan repeats it.
    pub(super) async fn attach_with_disk(&self, row: &RowRef, tag: &Tag) -> Result<()> {
        self.attach_to_zhcp(row, tag).await?;
        if self.is_on_zhcp(row).await? != Proof::Done {
            self.attach_to_zhcp(row, tag).await?;
        }
        Ok(())
    }

    /// The zHCP's channel as configured, or the MN's choice.
    pub(super) fn zhcp_channel(&self) -> Channel {
        self.copying
            .channel
            .map_or(Channel::Auto, |device| Channel::Devices(vec![device]))
    }

    /// X13 on the zHCP.
    pub(super) fn zhcp_call(&self, node: NodeName, row: &RowRef, tag: &Tag) -> Call {
        Call::AddUnit {
            node,
            pool: self.pool.name.clone(),
            channel: self.zhcp_channel(),
            loaddev: false,
            size: None,
            tag: tag.to_string(),
            // One path is enough for the zHCP, and a list never matches on current releases (Q12).
            wwpns: row.wwpns.primary().into(),
            lun: row.lun,
        }
    }

    /// Makes a row's devices look for their ports again, and sets those off and on that carry no running disk of the zHCP: a port or an adapter that Linux has
    /// given up comes back by nothing else (spec: zfcp-and-san 8.1 F21, F23). What does not come back is taken from the zHCP's
    /// directory entry (X16): the MN's image commands and CP leave devices there that its Linux does not have, and X13
    /// takes such a device for dedicated and finds no disk behind it for ever.
    async fn restart_devices(&self, row: &Row) -> Result<()> {
        let units = match self.shell("lszfcp -D", false, 0).await {
            Ok(answer) => Units::parse(answer.output_of(self.zhcp()?.as_str())),
            Err(error) if error.is_command_failure() => Units::default(),
            Err(error) => return Err(error.into()),
        };
        for device in row.channels() {
            if self.has_running_disk(&units.disks_over(device)).await? {
                // Ports that were not there when the device was set online are looked for by nothing else (F28, F31).
                let rescan = format!(
                    "echo 1 > /sys/bus/ccw/drivers/zfcp/{}/port_rescan",
                    device.bus_id()
                );
                match self.shell(&rescan, true, 0).await {
                    Err(error) if !error.is_command_failure() => return Err(error.into()),
                    _ => continue,
                }
            }
            let mut comes_back = false;
            for direction in ["-d", "-e"] {
                let command = format!("/sbin/chccwdev {direction} {}", device.bus_id());
                comes_back = match self.shell(&command, true, 0).await {
                    Ok(_) => true,
                    Err(error) if error.is_command_failure() => false,
                    Err(error) => return Err(error.into()),
                };
            }
            if comes_back {
                continue;
            }
            let call = Call::Undedicate {
                node: self.zhcp()?.clone(),
                device,
            };
            // What it says is no matter: the live part fails where nothing is live, and the next X13 shows.
            if let Err(error) = self.pool.client.call(&call).await {
                tracing::info!(%device, %error, "taken from the zHCP's directory entry");
            }
        }
        Ok(())
    }

    /// Whether one of the zHCP's disks, by SCSI address, is in order. When an adapter has failed none of its disks is, so
    /// that some of many tell.
    async fn has_running_disk(&self, addresses: &[&str]) -> Result<bool> {
        const SOME: usize = 64;
        if addresses.is_empty() {
            return Ok(false);
        }
        let states = addresses.iter().take(SOME);
        let states: Vec<String> = states
            .map(|address| format!("/sys/bus/scsi/devices/{address}/state"))
            .collect();
        match self
            .shell(&format!("grep -l running {}", states.join(" ")), false, 0)
            .await
        {
            Ok(answer) => {
                let mut lines = answer.output_of(self.zhcp()?.as_str());
                Ok(lines.any(|line| line.trim().ends_with("/state")))
            }
            Err(error) if error.is_command_failure() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the zHCP has the row and its Linux has the disk.
    pub(super) async fn is_on_zhcp(&self, row: &RowRef) -> Result<Proof> {
        let now = self.row(row).await?;
        if now.status != RowStatus::Used || !self.is_zhcps(&now) {
            return Ok(Proof::Missing);
        }
        Ok(Proof::of(self.device(&now).await?.is_some()))
    }

    /// X14 on the zHCP with the row's own channel (never `auto`, D60), then the stamp; nothing when the zHCP has neither row nor unit.
    pub(super) async fn detach_from_zhcp(&self, row: &RowRef, tag: &Tag) -> Result<()> {
        let now = self.row(row).await?;
        if now.status == RowStatus::Used && self.is_zhcps(&now) {
            self.take_from_zhcp(&now).await?;
        } else {
            self.drop_stray_units(row).await?;
        }
        let now = self.row(row).await?;
        let ours = now.owner.is_empty() || self.is_zhcps(&now);
        if ours && now.status != RowStatus::Used {
            self.restamp(row, tag).await?;
        }
        Ok(())
    }

    /// X14 for a row that is used by the zHCP.
    async fn take_from_zhcp(&self, now: &Row) -> Result<()> {
        let channels = now.channels();
        let row = RowRef::of(now);
        {
            let _lock = self.row_change().await?;
            let call = Call::RemoveUnit {
                node: self.zhcp()?.clone(),
                channel: Channel::Devices(channels.clone()),
                wwpns: now.wwpns.primary().into(),
                lun: now.lun,
                keep: true,
            };
            if channels.is_empty() {
                return Err(Error::Backend(format!(
                    "row {} is used by the zHCP without a channel: it cannot be taken back",
                    now.address()
                )));
            }
            match self.pool.client.call(&call).await {
                Ok(_) => {}
                Err(error) => {
                    // The row is changed before the unit: look before giving up.
                    if self.row(&row).await?.status == RowStatus::Used {
                        return Err(error.into());
                    }
                }
            }
        }
        self.drop_stray_units(&row).await
    }

    /// Removes units of the LUN that are configured on the zHCP although no row says so (D26).
    pub(super) async fn drop_stray_units(&self, row: &RowRef) -> Result<()> {
        let Some(node) = self.zhcp.clone() else {
            return Ok(());
        };
        // What is written down comes back with the next attach of any LUN, whether the kernel has it now or not.
        let recorded = format!("grep -i 0x{} /etc/zfcp.conf 2>/dev/null", row.lun);
        let command = format!("{recorded}; {}", Units::COMMAND);
        let answer = self.shell(&command, false, 0).await?;
        let is_recorded = |line: &str| {
            let line = line.to_lowercase();
            let mut ports = row.wwpns.ports().iter();
            !line.contains('/')
                && ports.any(|port| line.contains(&format!("0x{port} 0x{}", row.lun)))
        };
        if answer.output_of(node.as_str()).any(is_recorded) {
            self.forget_on_zhcp(row).await?;
        }
        let units = Units::parse(answer.output_of(node.as_str()));
        for (fcp, wwpn, lun) in units.iter() {
            if *lun == row.lun && row.wwpns.ports().contains(wwpn) {
                let command = format!(
                    "echo 0x{lun} > /sys/bus/ccw/drivers/zfcp/{}/0x{wwpn}/unit_remove",
                    fcp.bus_id(),
                );
                match self.shell(&command, true, 0).await {
                    Ok(_) => {}
                    // A LUN that the kernel found by itself is no unit and cannot be removed as one.
                    Err(error) if error.is_command_failure() => {
                        tracing::info!(%error, "a LUN stays on the zHCP");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Takes a LUN out of the zHCP's own record of its units.
    async fn forget_on_zhcp(&self, row: &RowRef) -> Result<()> {
        for port in row.wwpns.ports() {
            let command = format!("sed -i -e /0x{port}.0x{}/Id /etc/zfcp.conf", row.lun);
            match self.shell(&command, true, 0).await {
                Ok(_) => {}
                Err(error) if error.is_command_failure() => {
                    return Err(Error::Backend(format!(
                        "the zHCP keeps LUN {} in /etc/zfcp.conf and would configure it again: {error}",
                        row.lun
                    )));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The block device of a row that the zHCP uses, by its name under by-path.
    pub(super) async fn device(&self, row: &Row) -> Result<Option<String>> {
        let node = self.zhcp()?.clone();
        let listed = match self.shell("ls /dev/disk/by-path", false, 0).await {
            Ok(answer) => answer,
            Err(error) if error.is_command_failure() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let names: Vec<&str> = listed.output_of(node.as_str()).map(str::trim).collect();
        for channel in row.channels() {
            for wwpn in row.wwpns.ports() {
                for name in by_path_names(channel, *wwpn, row.lun) {
                    if names.contains(&name.as_str()) {
                        return Ok(Some(format!("/dev/disk/by-path/{name}")));
                    }
                }
            }
        }
        Ok(None)
    }

    async fn device_of(&self, row: &RowRef) -> Result<String> {
        let now = self.row(row).await?;
        self.device(&now).await?.ok_or_else(|| {
            Error::Backend(format!(
                "the zHCP has no block device for row {}/{}",
                row.wwpns, row.lun
            ))
        })
    }

    /// Size of a device in bytes. A disk whose storage did not tell its size when the disk was found (F44) has none until it is
    /// found anew: to write or compare nothing of it would pass for all of it.
    async fn bytes(&self, device: &str) -> Result<u64> {
        match self.told_bytes(device).await? {
            0 => Err(Error::Backend(format!(
                "{device} has no size on the zHCP: its storage does not tell one"
            ))),
            bytes => Ok(bytes),
        }
    }

    /// Size of a device in bytes, 0 when the kernel does not know it.
    async fn told_bytes(&self, device: &str) -> Result<u64> {
        let node = self.zhcp()?.clone();
        let answer = self
            .shell(&format!("blockdev --getsize64 {device}"), false, 0)
            .await?;
        let text = answer.output_of(node.as_str()).next().unwrap_or_default();
        text.trim().parse().map_err(|_| {
            Error::Backend(format!(
                "the zHCP tells no size of {device}: '{}'",
                text.trim()
            ))
        })
    }

    /// How much of a device of so many bytes is cleared.
    fn cleared(&self, bytes: u64) -> u64 {
        match self.clear_mib {
            0 => bytes,
            mib => bytes.min(mib.saturating_mul(MIB)),
        }
    }

    /// Overwrites a LUN that is on the zHCP with zeros, down to the medium.
    /// When the zHCP's FCP device fails meanwhile, the LUN is attached anew and overwritten from its beginning, once.
    pub(super) async fn wipe(&self, row: &RowRef, tag: &Tag) -> Result<()> {
        let Err(error) = self.overwrite(row).await else {
            return Ok(());
        };
        let now = self.row(row).await?;
        let cell = if self.is_zhcps(&now) {
            &now.tag
        } else {
            &now.owner
        };
        if now.status == RowStatus::Free || cell != tag.as_str() {
            return Err(error);
        }
        tracing::warn!(row = now.address(), %error, "attached to the zHCP anew");
        self.attach_with_disk(row, tag).await?;
        self.overwrite(row).await
    }

    async fn overwrite(&self, row: &RowRef) -> Result<()> {
        let device = self.device_of(row).await?;
        let bytes = self.cleared(self.bytes(&device).await?);
        for Piece { block, count, skip } in pieces(bytes) {
            let command = format!(
                "dd if=/dev/zero of={device} bs={block} count={count} seek={skip} conv=fsync"
            );
            self.shell(&command, true, gib(bytes)).await?;
        }
        Ok(())
    }

    /// Whether only zeros are read where [`Self::wipe`] writes.
    pub(super) async fn is_wiped(&self, row: &RowRef) -> Result<Proof> {
        let Some(device) = self.device(&self.row(row).await?).await? else {
            return Ok(Proof::Missing);
        };
        let bytes = self.cleared(self.told_bytes(&device).await?);
        if bytes == 0 {
            return Ok(Proof::Missing);
        }
        let command = format!("cmp -n {bytes} {device} /dev/zero");
        self.holds(&command, gib(bytes)).await.map(Proof::of)
    }

    /// Copies one LUN onto another, both on the zHCP, whole and down to the medium. A target that is too small is refused by
    /// the devices' real sizes.
    pub(super) async fn block_copy(&self, source: &RowRef, target: &RowRef) -> Result<()> {
        let (from, to) = (self.device_of(source).await?, self.device_of(target).await?);
        let (have, need) = (self.bytes(&to).await?, self.bytes(&from).await?);
        if have < need {
            return Err(Error::Backend(format!(
                "LUN {} has {have} bytes, fewer than the {need} of LUN {}",
                target.lun, source.lun
            )));
        }
        let command = format!("dd if={from} of={to} bs={MIB} conv=fsync");
        self.shell(&command, true, gib(need)).await?;
        Ok(())
    }

    /// Whether the target begins with the source, by the configured effort. Each is read where its zHCP has it.
    pub(super) async fn is_equal(&self, source: &RowRef, target: &RowRef) -> Result<Proof> {
        if self.copying.verify == VerifyCopy::None {
            return Ok(Proof::Done);
        }
        let (here, there) = (self.of(source), self.of(target));
        let (from, to) = (
            here.device_of(source).await?,
            there.device_of(target).await?,
        );
        let bytes = here.bytes(&from).await?;
        if here.zhcp != there.zhcp {
            let wanted = here.digests(&from, bytes).await?;
            return Ok(Proof::of(there.digests(&to, bytes).await? == wanted));
        }
        let command = match self.copying.verify {
            VerifyCopy::None => return Ok(Proof::Done),
            VerifyCopy::Full => format!("cmp -n {bytes} {from} {to}"),
            VerifyCopy::Sample => {
                let compare = |offset: u64| format!("cmp -i {offset} -n {MIB} {from} {to}");
                sample_offsets(bytes)
                    .into_iter()
                    .map(compare)
                    .collect::<Vec<_>>()
                    .join(" && ")
            }
        };
        self.holds(&command, gib(bytes)).await.map(Proof::of)
    }

    /// Digests of what is compared of a device, for two LUNs that no single zHCP has.
    async fn digests(&self, device: &str, bytes: u64) -> Result<Vec<String>> {
        let read = compared(self.copying.verify, bytes);
        self.digests_of(device, &read, bytes).await
    }

    /// Digests of pieces of a device.
    async fn digests_of(&self, device: &str, read: &[Piece], bytes: u64) -> Result<Vec<String>> {
        let node = self.zhcp()?.clone();
        let commands: Vec<String> = read
            .iter()
            .map(|Piece { block, count, skip }| {
                format!(
                    "dd if={device} bs={block} count={count} skip={skip} status=none | sha256sum"
                )
            })
            .collect();
        let answer = self.shell(&commands.join("; "), false, gib(bytes)).await?;
        let digests: Vec<String> = answer
            .output_of(node.as_str())
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| word.len() == 64 && *word != OF_NOTHING)
            .map(str::to_owned)
            .collect();
        if digests.len() == read.len() {
            return Ok(digests);
        }
        Err(Error::Backend(format!(
            "{node} could read {} of {} pieces of {device}",
            digests.len(),
            read.len()
        )))
    }

    /// Whether a detached LUN holds what an image holds: it is attached to the zHCP for that, and given back.
    pub(super) async fn holds_content(
        &self,
        row: &RowRef,
        tag: &Tag,
        content: &Content,
    ) -> Result<bool> {
        let read = async {
            self.attach_with_disk(row, tag).await?;
            let device = self.device_of(row).await?;
            self.digests_of(&device, &content.pieces, content.bytes())
                .await
        };
        let read = read.await;
        let detached = self.detach_from_zhcp(row, tag).await;
        let holds = read? == content.digests;
        detached?;
        Ok(holds)
    }

    /// Whether a test on the zHCP succeeds.
    async fn holds(&self, command: &str, gib: u64) -> Result<bool> {
        match self.shell(command, false, gib).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_command_failure() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A command on the zHCP.
    async fn shell(
        &self,
        command: &str,
        changes: bool,
        gib: u64,
    ) -> std::result::Result<Answer, CallError> {
        let Some(node) = self.zhcp.clone() else {
            return Ok(Answer::default());
        };
        let call = Call::Shell {
            node,
            command: command.to_owned(),
            changes,
            gib,
        };
        self.pool.client.call(&call).await.map(|done| done.answer)
    }
}

impl CallError {
    /// The command itself ran and failed; ssh did not.
    pub(crate) fn is_command_failure(&self) -> bool {
        const UNREACHABLE: [&str; 4] = ["ssh", "timed out", "unreachable", "255"];
        match &self.reason {
            Reason::Xcat { complaints } => !complaints
                .iter()
                .any(|c| UNREACHABLE.iter().any(|text| c.text.contains(text))),
            _ => false,
        }
    }
}

/// The names under by-path that one path to a LUN can have: the old form of zfcp and the newer of fc.
fn by_path_names(channel: DeviceNumber, wwpn: Wwpn, lun: Lun) -> [String; 3] {
    let bus = channel.bus_id();
    [
        format!("ccw-{bus}-zfcp-0x{wwpn}:0x{lun}"),
        format!("ccw-{bus}-fc-0x{wwpn}-lun-0x{lun}"),
        format!("ccw-{bus}-fc-0x{wwpn}-lun-{}", lun.target_lun()),
    ]
}

fn gib(bytes: u64) -> u64 {
    bytes.div_ceil(MIB * 1024).max(1)
}
