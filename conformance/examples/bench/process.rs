//! Servers as processes of their own; each ends with its handle.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

/// A running server.
pub struct Server {
    child: Child,
    /// Root, without `/xcatws`.
    pub url: String,
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
        let url = line
            .split_ascii_whitespace()
            .find_map(|word| word.strip_prefix("rest="))
            .with_context(|| format!("{command:?} did not become ready: {line:?}"))?;
        Ok(Self {
            url: url.trim_end_matches("/xcatws").to_owned(),
            child,
            ca,
        })
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
