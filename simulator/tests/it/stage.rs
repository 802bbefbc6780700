//! A site on which tests play: the preset from which the recordings start, requests through the management node, and
//! what can be seen of pools and remote commands.

use std::path::Path;
use std::sync::Arc;

use xcat_simulator::mn::{Credentials, Request, dispatch};
use xcat_simulator::seam::{
    Behaviour, Effect, FarEnd, FaultRequest, JournalRequest, Outcome, Playback, Release,
    RemoteCommand, Settings, Site, Target,
};
use xcat_simulator::site::preset::Preset;
use xcat_simulator::world::World;

/// Header of a pool file.
pub const HEADER: &str = "#status,wwpn,lun,size,range,owner,channel,tag";
/// A target port, and a second one.
pub const W1: &str = "5005076801102991";
pub const W2: &str = "5005076801202991";
/// Three LUNs.
pub const L1: &str = "0001000000000000";
pub const L2: &str = "0002000000000000";
pub const L3: &str = "0003000000000000";

/// Settings with these quirks repaired.
pub fn repaired(list: &str) -> Settings {
    Settings::default().repair(list).expect("repairable quirks")
}

/// Settings with every defect repaired.
pub fn intended() -> Settings {
    Settings {
        behaviour: Behaviour::Intended,
        ..Settings::default()
    }
}

/// Settings of another code line.
pub fn release(release: Release) -> Settings {
    Settings {
        release,
        ..Settings::default()
    }
}

pub struct Stage {
    pub site: Arc<Site>,
}

impl Stage {
    /// The base preset.
    pub fn new(settings: Settings) -> Self {
        Self::preset("base", settings)
    }

    /// A preset by name.
    pub fn preset(name: &str, settings: Settings) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../fixtures/recordings/presets/{name}.json"));
        let text = std::fs::read_to_string(path).expect("a preset");
        let world = Preset::parse(&text)
            .and_then(|preset| preset.world())
            .expect("a world");
        Self {
            site: Arc::new(Site::new(world, settings)),
        }
    }

    /// Answers these remote commands as given, each once; every other one fails as ssh itself does. Commands are given
    /// as ssh hands them to the zHCP.
    pub fn scripted(self, answers: &[(&str, i32, &str)]) -> Self {
        let expected = answers.iter().map(|(command, rc, stdout)| {
            let timed = command.strip_prefix("timed:");
            let opts: &[&str] = if timed.is_some() {
                &["-o", "ConnectTimeout=5"]
            } else {
                &[]
            };
            let command = RemoteCommand::Ssh {
                host: "zhcp1.example.com".to_owned(),
                user: "root".to_owned(),
                opts: opts.iter().map(|o| (*o).to_owned()).collect(),
                command: timed.unwrap_or(command).to_owned(),
            };
            let outcome = Outcome {
                rc: *rc,
                stdout: (*stdout).to_owned(),
                stderr: String::new(),
            };
            (command, outcome)
        });
        let playback = Playback {
            expected: expected.collect(),
            ..Playback::default()
        };
        let world = self.site.look().clone();
        let mut site = Site::new(world, self.site.settings.clone());
        site.far_end = FarEnd::Playback(parking_lot::Mutex::new(playback));
        Self {
            site: Arc::new(site),
        }
    }

    /// Changes the world before the play.
    pub fn set(self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self.site.edit());
        self
    }

    /// Writes a pool: the header and these rows.
    pub fn pool(self, name: &str, rows: &[&str]) -> Self {
        let mut text = format!("{HEADER}\n");
        for row in rows {
            text.push_str(row);
            text.push('\n');
        }
        self.file("zhcp1", &format!("/var/opt/zhcp/zfcp/{name}.conf"), &text)
    }

    /// Writes a file of a host.
    pub fn file(self, host: &str, path: &str, text: &str) -> Self {
        self.set(|world| {
            let now = world.now_ms;
            let linux = world.linuxes.get_mut(host).expect("a host");
            linux.fs.write(path, text, now);
        })
    }

    /// Removes every pool.
    pub fn without_pools(self) -> Self {
        self.set(|world| {
            let linux = world.linuxes.get_mut("zhcp1").expect("a zHCP");
            linux
                .fs
                .files
                .retain(|path, _| !path.starts_with("/var/opt/zhcp/zfcp/"));
        })
    }

    /// Takes a host off the network.
    pub fn down(self, host: &str) -> Self {
        self.set(|world| world.linuxes.get_mut(host).expect("a host").ssh = false)
    }

    /// Lets the management node log in as another user than root.
    pub fn sudoer(self, user: &str) -> Self {
        self.set(|world| {
            world
                .mn
                .tables
                .set("passwd", "key", "sudoer", &[("username", user)]);
        })
    }

    /// Lets remote commands that match a regular expression fail.
    pub fn fail(&self, command: &str, effect: Effect) {
        let fault = FaultRequest {
            target: Target {
                command: Some(command.to_owned()),
                ..Target::default()
            },
            effect: Some(effect),
            ..FaultRequest::default()
        };
        self.site.add_fault(fault).expect("a fault");
    }

    /// Text of a file of a host.
    pub fn read(&self, host: &str, path: &str) -> Option<String> {
        let world = self.site.look();
        let linux = world.linuxes.get(host)?;
        linux.fs.read(path).map(std::borrow::Cow::into_owned)
    }

    /// Rows of a pool, without the header; `None` when there is no such file.
    pub fn rows(&self, name: &str) -> Option<Vec<String>> {
        let text = self.read("zhcp1", &format!("/var/opt/zhcp/zfcp/{name}.conf"))?;
        Some(
            text.lines()
                .filter(|line| *line != HEADER)
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Value of a table.
    pub fn column(&self, table: &str, node: &str, column: &str) -> Option<String> {
        let world = self.site.look();
        world
            .mn
            .tables
            .get(table, "node", node, column)
            .map(str::to_owned)
    }

    /// Sends a request; gives its answer, one line per text: `info: …` or `error: …`, and `node: …` for an entry.
    pub async fn run(&self, command: &str, nodes: &str, args: &[&str]) -> Vec<String> {
        self.send(command, nodes, args, None).await
    }

    /// The same with standard input.
    pub async fn send(
        &self,
        command: &str,
        nodes: &str,
        args: &[&str],
        stdin: Option<&str>,
    ) -> Vec<String> {
        let request = Request {
            command: Some(command.to_owned()),
            noderange: Some(nodes.to_owned()),
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            stdin: stdin.map(str::to_owned),
            credentials: Some(Credentials {
                user: "admin".to_owned(),
                password: "admin".to_owned(),
            }),
            client_type: "ws".to_owned(),
            ..Request::default()
        };
        let response = dispatch::serve(Arc::clone(&self.site), request).await;
        let mut lines = Vec::new();
        for document in &response.documents {
            for kind in ["info", "error", "data"] {
                lines.extend(document.texts(kind).map(|text| format!("{kind}: {text}")));
            }
        }
        lines
    }

    /// `chhypervisor` on the first hypervisor.
    pub async fn chhypervisor(&self, args: &[&str]) -> Vec<String> {
        self.run("chhypervisor", "zvmhost1", args).await
    }

    /// Remote command lines of the latest request, as ssh hands them to the far end.
    pub fn commands(&self) -> Vec<String> {
        let journal = self.site.journal.lock();
        let latest: Option<&JournalRequest> = journal.requests().last();
        latest
            .into_iter()
            .flat_map(|request| &request.commands)
            .filter_map(|entry| match &entry.command {
                RemoteCommand::Ssh { command, .. } => Some(command.clone()),
                _ => None,
            })
            .collect()
    }

    /// Everything that the latest request asked of the far end, as xCAT would show it.
    pub fn lines(&self) -> Vec<String> {
        let journal = self.site.journal.lock();
        let latest = journal.requests().last();
        latest
            .into_iter()
            .flat_map(|request| &request.commands)
            .map(|entry| entry.command.to_string())
            .collect()
    }
}

/// Whether some line of an answer contains a text.
pub fn says(answer: &[String], text: &str) -> bool {
    answer.iter().any(|line| line.contains(text))
}
