//! A served site, and the kit's command line against it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xcat_conformance::target::{INVENTORY, site_text};
use xcat_simulator::Simulator;
use xcat_simulator::state::{Difference, diff_states, is_lasting};

/// The command.
pub const KIT: &str = env!("CARGO_BIN_EXE_xcat-conformance");

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A served site, and files for the kit's command line.
pub struct Bench {
    pub simulator: Simulator,
    pub folder: tempfile::TempDir,
    start: Value,
}

impl Bench {
    /// The site of the embedded target, as executed.
    pub async fn new() -> Self {
        Self::with_defects(&[]).await
    }

    /// The same with deliberate defects.
    pub async fn with_defects(defects: &[&str]) -> Self {
        let world = xcat_simulator::site::from_text("lab", &site_text()).unwrap();
        let simulator = Simulator::builder()
            .site(world)
            .defects(defects.iter().copied())
            .http()
            .control(([127, 0, 0, 1], 0).into())
            .start()
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let secrets = folder.path().join("secrets.toml");
        let text =
            "schema = 1\nuser = 'admin'\npassword = 'admin'\nrestricted_password = 'viewer'\n";
        std::fs::write(&secrets, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&secrets, mode).unwrap();
        let start = serde_json::to_value(simulator.site().save()).unwrap();
        let bench = Self {
            simulator,
            folder,
            start,
        };
        bench.lend(INVENTORY);
        bench
    }

    /// What the site lends from now on.
    pub fn lend(&self, inventory: &str) {
        std::fs::write(self.folder.path().join("inventory.toml"), inventory).unwrap();
    }

    /// Folder of the reports.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// A command against the site.
    pub fn kit(&self, verb: &str) -> Command {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(KIT);
        command
            .arg(verb)
            .args(["--url", &self.simulator.url()])
            .args(["--control", &self.simulator.control_url().unwrap()])
            .arg("--inventory")
            .arg(path("inventory.toml"))
            .arg("--secrets")
            .arg(path("secrets.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `run` of these cases, with its reports in the bench's folder.
    pub fn run(&self, only: &[&str], more: &[&str]) -> Command {
        let mut command = self.kit("run");
        for prefix in only {
            command.args(["--only", prefix]);
        }
        command
            .args(["--max-effect", "destructive", "--out"])
            .arg(self.out())
            .args(more);
        command
    }

    /// Runs a command to its end, while the site is served.
    pub async fn output(mut command: Command) -> Output {
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    /// Kills a run as soon as the site was sent so many requests.
    pub async fn kill_after(&self, mut run: Child, requests: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.requests() < requests {
            let now = self.requests();
            assert!(Instant::now() < deadline, "{now} requests");
            assert!(run.try_wait().unwrap().is_none(), "the run was over before");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        run.kill().unwrap();
        self.ended(run).await;
    }

    /// Kills a run while a request of it is held at the first remote command of such an operation.
    pub async fn kill_within(&self, mut run: Child, operation: &str) {
        let site = self.simulator.site();
        let point = json!({"target": {"operation": operation}});
        let id = site
            .add_break(serde_json::from_value(point).unwrap())
            .unwrap();
        let held = tokio::time::timeout(PATIENCE, site.wait_held(&id)).await;
        assert!(held.is_ok(), "no request is held at {operation}");
        run.kill().unwrap();
        site.remove_break(&id);
        self.ended(run).await;
    }

    /// Waits until nothing of a killed run is left.
    async fn ended(&self, mut run: Child) {
        let status = run.wait().unwrap();
        assert!(status.code().is_none(), "killed, not ended: {status}");
        // What was under way goes on without its client, as on the real system: who cleans up comes later. Connections
        // are accepted in turn: after this one, none of the killed run waits to be accepted.
        let address = self.simulator.url().replace("http://", "");
        tokio::task::spawn_blocking(move || {
            let mut last = TcpStream::connect(address).unwrap();
            last.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            last.read_to_end(&mut Vec::new()).unwrap();
        })
        .await
        .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while self.simulator.connections() > 0 || self.under_way() > 0 {
            assert!(Instant::now() < deadline, "a request does not end");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn under_way(&self) -> usize {
        let journal = self.simulator.site().journal.lock();
        let running = journal.requests().filter(|r| r.finished_ms.is_none());
        running.count()
    }

    /// How many requests the site was sent.
    pub fn requests(&self) -> usize {
        self.simulator.site().journal.lock().requests().count()
    }

    /// What the site was asked to change, from its own journal.
    pub fn changes(&self) -> Vec<String> {
        const CHANGING: [&str; 6] = ["chvm", "chhypervisor", "mkdef", "rmdef", "tabch", "mkvm"];
        let journal = self.simulator.site().journal.lock();
        journal
            .requests()
            .filter(|r| CHANGING.contains(&r.facts.command.as_str()))
            .map(|r| {
                let node = r.facts.noderange.as_deref().unwrap_or("-");
                format!("{} {node} {}", r.facts.command, r.facts.args.join(" "))
            })
            .collect()
    }

    /// Lets something behind the site fail.
    pub fn fault(&self, rule: Value) {
        let rule = serde_json::from_value(rule).unwrap();
        self.simulator.site().add_fault(rule).unwrap();
    }

    /// The result file of the last run.
    pub fn result(&self) -> Value {
        let text = std::fs::read_to_string(self.out().join("result.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What lasts of the changes since the start; the content of lent LUNs is lost by agreement.
    pub fn differences(&self) -> Vec<Difference> {
        let now = serde_json::to_value(self.simulator.site().save()).unwrap();
        let mut found = diff_states(self.start.clone(), now);
        found.retain(|d| is_lasting(d) && !d.path.starts_with("/world/san/volumes/spare-"));
        found
    }
}

/// Everything that a process said.
pub fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
