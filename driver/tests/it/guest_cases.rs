//! The operations of the Nova half as the crash and fault matrices run them: every way of giving a volume to a guest and of
//! taking it back, for both lifecycles.

use std::fmt;

use xcat_simulator::world::World;
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, BootMetadata, BootVolume, Instance, VolumeRef,
};
use zvm_volume::{Error, Result};

use crate::guests::{ONE_PATH, TWO_PATHS, controller_volume, guest, mount};
use crate::rig::volume;
use crate::stage::{Process, Subject};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Devices are chosen and named.
    Connector,
    /// A volume is given, with a device node.
    Attach,
    /// The same without a device node.
    AttachPlain,
    /// A volume is taken back.
    Detach,
    /// A guest is to boot from a volume.
    Boot,
    /// Everything of a guest is taken back.
    Destroy,
}

/// To whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// A running RHEL.
    Rhel,
    /// A running SLES.
    Sles,
    /// An Ubuntu that is shut down.
    Off,
}

/// One operation on one guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    pub action: Action,
    pub guest: Guest,
    /// Two paths over two CHPIDs.
    pub paths: bool,
    /// The volume is a storage controller's: its row exists while it is attached (AttachOwned).
    pub controller: bool,
    /// The guest has another volume.
    pub beside: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = if self.paths { "two paths" } else { "one path" };
        let owner = if self.controller {
            "AttachOwned"
        } else {
            "PoolOwned"
        };
        write!(f, "{:?} {:?}, {paths}, {owner}", self.action, self.guest)?;
        if self.beside {
            write!(f, ", beside another")?;
        }
        Ok(())
    }
}

/// LUNs of controllers' volumes, by path count.
const LUNS: [[&str; 2]; 2] = [
    ["4010403300000000", "4011403300000000"],
    ["4021403300000000", "4022403300000000"],
];
const PORTS: [&str; 2] = ["500507630300c562", "500507630b00c562"];

impl Case {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for controller in [false, true] {
            for paths in [false, true] {
                for guest in [Guest::Rhel, Guest::Sles, Guest::Off] {
                    let case = |action, beside| Self {
                        action,
                        guest,
                        paths,
                        controller,
                        beside,
                    };
                    cases.extend([case(Action::Attach, false), case(Action::Detach, false)]);
                    // What a second volume changes does not depend on the distribution.
                    if guest != Guest::Sles {
                        cases.extend([case(Action::Attach, true), case(Action::Detach, true)]);
                    }
                    if guest != Guest::Sles && !paths {
                        cases.push(case(Action::AttachPlain, false));
                    }
                    if guest == Guest::Off {
                        cases.extend([
                            case(Action::Boot, false),
                            case(Action::Destroy, false),
                            case(Action::Destroy, true),
                        ]);
                    }
                    if guest == Guest::Rhel && !controller {
                        cases.push(case(Action::Connector, false));
                    }
                }
            }
        }
        cases
    }

    /// The site that the case needs: a controller's LUNs are in no pool.
    pub fn world(self) -> World {
        let mut world = xcat_simulator::site::lab();
        if self.controller {
            let zhcp = world.resolve("zhcp1").unwrap().clone();
            let pool = ["scsipol1", "scsipol2"][usize::from(self.paths)];
            let pool = format!("/var/opt/zhcp/zfcp/{pool}.conf");
            let fs = &mut world.linuxes.get_mut(&zhcp).unwrap().fs;
            let text = fs.read(&pool).unwrap().into_owned();
            let luns = LUNS[usize::from(self.paths)];
            let kept: String = text
                .lines()
                .filter(|line| !luns.iter().any(|lun| line.contains(lun)))
                .map(|line| format!("{line}\n"))
                .collect();
            fs.write(&pool, kept, 0);
        }
        world
    }

    /// Keys of the back end's section.
    pub fn keys(self) -> &'static str {
        if self.paths { TWO_PATHS } else { ONE_PATH }
    }

    pub fn instance(self) -> Instance {
        guest(match self.guest {
            Guest::Rhel => "lnx1",
            Guest::Sles => "lnx2",
            Guest::Off => "lnx3",
        })
    }

    /// Whether the operation takes away.
    pub fn takes_back(self) -> bool {
        matches!(self.action, Action::Detach | Action::Destroy)
    }

    /// Whether it changes nothing but a reservation in the ledger.
    pub fn only_reserves(self) -> bool {
        self.action == Action::Connector
    }

    /// The n-th volume, ready to be given.
    async fn make(self, process: &Process, n: u8) -> VolumeRef {
        let instance = self.instance();
        if !self.controller {
            let made = process.create(n).await;
            return process.connect(&made, &instance).await;
        }
        let connector = process.nova.get_volume_connector(&instance).await.unwrap();
        let lun = LUNS[usize::from(self.paths)][usize::from(n - 1)];
        let ports = &PORTS[..=usize::from(self.paths)];
        controller_volume(n, lun, ports, &connector.zvm_fcp)
    }

    /// Makes what the case needs, with a healthy driver.
    pub async fn prepare(self, process: &Process) -> Subject {
        let mut subject = Subject::of(volume(1, 1));
        if self.action == Action::Connector {
            return subject;
        }
        if self.beside {
            let other = self.make(process, 2).await;
            self.attach(process, &other, Some("/dev/vdc"))
                .await
                .unwrap();
        }
        let volume = self.make(process, 1).await;
        match self.action {
            Action::Detach => self
                .attach(process, &volume, Some("/dev/vdb"))
                .await
                .unwrap(),
            Action::Destroy => self.boot(process, &volume).await.unwrap(),
            _ => {}
        }
        subject.reference = Some(volume);
        subject
    }

    async fn attach(self, process: &Process, volume: &VolumeRef, at: Option<&str>) -> Result<()> {
        let at = at.map(mount);
        process
            .nova
            .attach_volume(
                &self.instance(),
                volume,
                at.as_ref(),
                &AttachOptions::default(),
            )
            .await
            .map(drop)
    }

    async fn boot(self, process: &Process, volume: &VolumeRef) -> Result<()> {
        let metadata = BootMetadata::read(|key| match key {
            "os_version" => Some("ubuntu16.04"),
            _ => Some("/x"),
        })
        .unwrap();
        let boot = BootVolume {
            volume: volume.clone(),
            metadata,
            script: None,
        };
        process
            .nova
            .prepare_boot(&self.instance(), &boot, &AttachOptions::default())
            .await
            .map(drop)
    }

    /// The operation.
    pub async fn run(self, process: &Process, subject: &Subject) -> Result<()> {
        let nova = &process.nova;
        let Some(volume) = &subject.reference else {
            return nova.get_volume_connector(&self.instance()).await.map(drop);
        };
        match self.action {
            Action::Attach => self.attach(process, volume, Some("/dev/vdb")).await,
            Action::AttachPlain | Action::Connector => self.attach(process, volume, None).await,
            Action::Boot => self.boot(process, volume).await,
            Action::Destroy => {
                let left = nova.destroy_cleanup(&self.instance()).await?;
                if left.is_empty() {
                    Ok(())
                } else {
                    Err(Error::Backend(left.join("; ")))
                }
            }
            Action::Detach => {
                let options = AttachOptions::default();
                let gone = nova
                    .detach_volume(&self.instance(), &volume.id, None, None, &options)
                    .await?;
                if gone.pending.is_empty() {
                    Ok(())
                } else {
                    let devices: Vec<String> =
                        gone.pending.iter().map(ToString::to_string).collect();
                    Err(Error::Backend(format!(
                        "devices pending: {}",
                        devices.join(", ")
                    )))
                }
            }
        }
    }

    /// I12, I13, I15: what is wrong with the ledger: it has the volume exactly when the guest has it.
    pub async fn ledger(self, process: &Process, subject: &Subject, done: bool) -> Vec<String> {
        let ledger = match process.nova.ledger().read().await {
            Ok(ledger) => ledger,
            Err(error) => return vec![error.to_string()],
        };
        let mut wrong = ledger.contradictions();
        let Some(volume) = &subject.reference else {
            return wrong;
        };
        let wanted = done != self.takes_back();
        if ledger.find(&volume.id).is_some() != wanted {
            wrong.push(format!(
                "I15: the ledger should have it: {wanted}: {ledger:?}"
            ));
        }
        let last = self.takes_back() && done && (!self.beside || self.action == Action::Destroy);
        if last && (ledger.entries().count() > 0 || ledger.withheld().count() > 0) {
            wrong.push(format!("I12: devices are not free: {ledger:?}"));
        }
        wrong
    }
}
