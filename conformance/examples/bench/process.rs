//! Servers as processes of their own; each ends with its handle.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

/// A running server.
pub struct Server {
    child: Child,
    /// Root, without `/xcatws`.
    pub url: String,
    /// Address of the control door, when there is one.
    pub control: Option<String>,
    /// CA file of an https server.
    pub ca: Option<PathBuf>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program that prints `ready rest=URL …` once it answers.
    pub fn start(command: &mut Command, ca: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let word = |key: &str| {
            line.split_ascii_whitespace()
                .find_map(|word| word.strip_prefix(key))
        };
        let url =
            word("rest=").with_context(|| format!("{command:?} did not become ready: {line:?}"))?;
        Ok(Self {
            url: url.trim_end_matches("/xcatws").to_owned(),
            control: word("control=").map(str::to_owned),
            child,
            ca,
        })
    }

    /// A server of another kind, which says nothing: it is ready when its port answers.
    pub fn other(command: &mut Command, url: &str) -> anyhow::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let server = Self {
            child,
            url: url.to_owned(),
            control: None,
            ca: None,
        };
        let address = url.trim_start_matches("http://");
        let end = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < end, "{command:?} did not become ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Asks the server to end, as Ctrl-C does, and waits for that.
    pub fn interrupt(&mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &pid]).status()?;
        ensure!(status.success(), "the server cannot be interrupted");
        self.child.wait()?;
        Ok(())
    }

    /// The simulator with a site and further options.
    pub fn simulator(site: &Path, tls: Option<&Path>, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(program("xcat-sim")?);
        command.arg("--quiet").arg("serve").arg("--site").arg(site);
        match tls {
            None => command.arg("--http"),
            Some(ca) => command.arg("--certificate-out").arg(ca),
        };
        Self::start(command.args(options), tls.map(Path::to_owned))
    }

    /// The bare server.
    pub fn bare(tls: Option<&Path>, answer: usize, text: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("bare")
            .args(["--answer", &answer.to_string(), "--text", &text.to_string()]);
        if let Some(ca) = tls {
            command.arg("--certificate-out").arg(ca);
        }
        Self::start(&mut command, tls.map(Path::to_owned))
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> anyhow::Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }

    /// Resident memory in bytes once it no longer changes: what a start has freed goes back to the system after a
    /// moment.
    pub fn settled(&self) -> anyhow::Result<u64> {
        let start = Instant::now();
        let mut last = (self.resident()?, Instant::now());
        while start.elapsed() < Duration::from_secs(10) && last.1.elapsed() < Duration::from_secs(3)
        {
            std::thread::sleep(Duration::from_millis(100));
            let now = self.resident()?;
            if now != last.0 {
                last = (now, Instant::now());
            }
        }
        Ok(last.0)
    }

    /// Load from a client in a process of its own.
    pub fn load(&self, arguments: &[&str]) -> anyhow::Result<super::load::Taken> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("load")
            .args(["--url", &self.url])
            .args(arguments);
        if let Some(ca) = &self.ca {
            command.arg("--ca").arg(ca);
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the load failed");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Cycles of the driver in a process of its own.
    pub fn cycles(
        &self,
        state: &Path,
        arguments: &[&str],
    ) -> anyhow::Result<super::attach::Cycles> {
        let output = Command::new(std::env::current_exe()?)
            .args(["cycle", "--url", &self.url, "--state"])
            .arg(state)
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the driver failed");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A program that was built beside this one.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let folder = path
        .parent()
        .and_then(Path::parent)
        .context("no build folder")?;
    let program = folder.join(name);
    ensure!(
        program.exists(),
        "{} is not built: run scripts/bench",
        program.display()
    );
    Ok(program)
}
