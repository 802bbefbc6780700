//! Boot from volume: the plan that lets a guest start from its root volume (spec: driver 2.8.12).

use super::api::{AttachOptions, Attached, BootVolume, GuestPath, Instance, ScriptPlace};
use super::guest::missing_instance;
use super::nova::Nova;
use super::operations::fresh_id;
use super::step::{NovaStep, Target};
use crate::error::{Error, Result};
use crate::fcp::AttachmentState;
use crate::steps::{Plan, Recovery};
use crate::types::DeviceNumber;

impl Nova {
    /// Lets a guest that is shut down start from a volume.
    pub(super) async fn boot_from(
        &self,
        instance: &Instance,
        boot: &BootVolume,
        options: &AttachOptions,
    ) -> Result<Attached> {
        let node = &instance.node;
        let volume = &boot.volume;
        let distribution = Some(boot.metadata.distribution);
        let mut attachment = self.attachment(volume, None, distribution)?;
        attachment.root = true;
        let fcp = volume.connection.fcp.clone();
        let (first, port) = match (fcp.first(), attachment.wwpns.ports().first()) {
            (Some(first), Some(port)) => (*first, *port),
            _ => {
                return Err(Error::Connector(
                    "no FCP device or WWPN is given".to_owned(),
                ));
            }
        };
        let parameters = boot
            .metadata
            .scpdata_hex(first, port, attachment.lun)
            .map_err(|error| Error::InvalidVolume(error.to_string()))?;
        let _lock = self.lock_instance(node).await?;
        let _volume = self.lock_volume(volume.connection.tag.as_ref()).await?;
        self.settle_first(&volume.id, node).await?;
        match self.path(node).await? {
            Some(GuestPath::Inactive) => {}
            Some(GuestPath::Active) => {
                return Err(Error::Instance {
                    text: format!(
                        "{node} is running: boot from volume is prepared while it is off"
                    ),
                    missing: false,
                    retryable: false,
                });
            }
            None => return Err(missing_instance(node)),
        }
        let known = self
            .ledger
            .read()
            .await?
            .find(&volume.id)
            .map(|(at, known)| (at.clone(), known.clone()));
        if let Some((at, known)) = known
            && at == *node
            && known.root
            && known.state == AttachmentState::Attached
        {
            return self.already(node, known).await;
        }
        self.check_row(node, &mut attachment).await?;
        let directory = self.directory(node).await?.unwrap_or_default();
        attachment.ipl_before.clone_from(&directory.ipl);
        let fresh: Vec<DeviceNumber> = fcp
            .iter()
            .copied()
            .filter(|device| !directory.has(*device))
            .collect();
        let target = Target {
            node: node.clone(),
            fcp,
            attachment,
        };
        let script = match &boot.script {
            Some(place) => Some(write_script(place, &volume.id, boot, first, port, &target)?),
            None => None,
        };
        let plan = Plan::new("boot", volume.id.clone(), Recovery::Ask)
            .touching(node.to_string())
            .step(NovaStep::Record(target.clone()))
            .step(NovaStep::Hold {
                target: target.clone(),
                fresh: fresh.clone(),
                active: false,
            });
        let plan = fresh.into_iter().fold(plan, |plan, device| {
            plan.step(NovaStep::Dedicate {
                node: node.clone(),
                device,
                volume: volume.id.clone(),
            })
        });
        let plan = plan
            .step(NovaStep::Row(target.clone()))
            .step(NovaStep::Use(target.clone()))
            .step(NovaStep::Ipl {
                node: node.clone(),
                device: first,
                before: directory.ipl.clone(),
            })
            .step(NovaStep::Loaddev {
                target: target.clone(),
                parameters,
            })
            .maybe(script.map(|(file, remote)| NovaStep::Script {
                node: node.clone(),
                file,
                remote,
                id: fresh_id(self.now()),
            }))
            .step(NovaStep::Settle(target.clone()));
        if let Err(error) = self.run_plan(&plan, options).await {
            if !options.rollback {
                self.correct_ledger(node, &volume.id).await?;
            }
            return Err(error);
        }
        Ok(Attached {
            volume_id: volume.id.clone(),
            node: node.clone(),
            fcp: target.fcp,
            mount_point: None,
            path: GuestPath::Inactive,
            already: false,
        })
    }
}

/// Writes the zipl script of a volume where the management node can fetch it.
fn write_script(
    place: &ScriptPlace,
    volume: &str,
    boot: &BootVolume,
    fcp: DeviceNumber,
    port: crate::types::Wwpn,
    target: &Target,
) -> Result<(String, String)> {
    let fail = |source| Error::State {
        what: format!("cannot write the zipl script of volume {volume}"),
        source,
    };
    let plain: String = volume
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let dir = place.dir.join(plain);
    // Its name is a word of a command that a shell of the management node reads (D54).
    let admitted = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !dir.to_str().is_some_and(|path| path.chars().all(admitted)) {
        return Err(Error::Config(format!(
            "{}: a folder from which the management node fetches a script has letters, digits and ._-/ in its name only",
            dir.display()
        )));
    }
    std::fs::create_dir_all(&dir).map_err(fail)?;
    let file = dir.join("ziplset.sh");
    let script = boot.metadata.zipl_script(fcp, port, target.attachment.lun);
    std::fs::write(&file, script).map_err(fail)?;
    Ok((file.display().to_string(), place.remote.clone()))
}
