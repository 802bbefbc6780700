//! The simulator's process and what its control door says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use xcat_simulator::control;
use xcat_simulator::state::SavedState;
use xcat_simulator::world::World;

use super::Args;
use super::traces::traces;

/// A served site.
pub struct Served {
    child: Child,
    control: control::Client,
    /// Base address of its management node.
    pub rest: String,
}

impl Served {
    /// Starts `xcat-sim serve` on free ports.
    pub fn start(args: &Args) -> anyhow::Result<Self> {
        let mut child = Command::new(&args.xcat_sim)
            .args(["serve", "--http", "--json", "--quiet"])
            .args(["--control", "127.0.0.1:0"])
            .args(["--release", &args.release, "--behaviour", &args.behaviour])
            .arg("--site")
            .arg(&args.site)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", args.xcat_sim.display()))?;
        let mut line = String::new();
        let output = child.stdout.take().context("no standard output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the simulator did not start")?;
        let text = |key: &str| {
            let text = ready[key].as_str().map(str::to_owned);
            text.with_context(|| format!("the simulator tells no {key}"))
        };
        Ok(Self {
            control: control::Client::new(&text("control")?)?,
            rest: text("rest")?,
            child,
        })
    }

    fn world(&self) -> anyhow::Result<World> {
        let state = self
            .control
            .call("GET", "/worlds/default/state", &Value::Null)?;
        Ok(SavedState::from_value(state)?.world)
    }

    /// What the control door tells of the Linux systems that are guests.
    fn linuxes(&self) -> anyhow::Result<Vec<Value>> {
        let answer = self
            .control
            .call("GET", "/worlds/default/guests", &Value::Null)?;
        let mut guests = answer["guests"].as_array().cloned().unwrap_or_default();
        guests.retain(|guest| guest["role"] == "guest");
        ensure!(guests.len() > 1, "the site has no guests: {answer}");
        Ok(guests)
    }

    /// The guests of the site with their operating systems, as Nova names them.
    pub fn guests(&self) -> anyhow::Result<Vec<(String, String)>> {
        let text = |guest: &Value, key: &str| guest[key].as_str().unwrap_or_default().to_owned();
        let guests = self.linuxes()?;
        Ok(guests
            .iter()
            .map(|guest| (text(guest, "host"), text(guest, "distribution")))
            .collect())
    }

    /// Everything that an attachment could leave behind.
    pub fn at_rest(&self) -> anyhow::Result<String> {
        Ok(traces(&self.world()?))
    }

    /// At any moment: no FCP device is dedicated to two guests, and none has another's.
    pub fn no_device_twice(&self) -> anyhow::Result<()> {
        let world = self.world()?;
        for (name, system) in &world.systems {
            let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (user, entry) in &system.directory {
                for line in entry.text().to_uppercase().lines() {
                    if let Some(rest) = line.trim().strip_prefix("DEDICATE ")
                        && let Some(device) = rest.split_whitespace().nth(1)
                    {
                        let device = format!("{device:0>4}");
                        holders.entry(device).or_default().push(user.to_string());
                    }
                }
            }
            if let Some((device, users)) = holders.iter().find(|(_, users)| users.len() > 1) {
                bail!(
                    "{name}: device {device} is dedicated to {}",
                    users.join(" and ")
                );
            }
        }
        Ok(())
    }

    /// Writes into a folder what the site's journal still has of the requests, with their remote commands, and the site's state.
    pub fn keep_evidence(&self, folder: &Path) -> anyhow::Result<()> {
        for what in ["journal", "state"] {
            let path = format!("/worlds/default/{what}");
            let answer = self.control.call("GET", &path, &Value::Null)?;
            let file = folder.join(format!("{what}.json"));
            std::fs::write(&file, serde_json::to_vec_pretty(&answer)?)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// Restarts the guests that are off, so that they read the notices that wait for them, and puts them off again.
    pub fn restart_guests(&self) -> anyhow::Result<()> {
        let list = self.linuxes()?;
        for guest in list.iter().filter(|guest| guest["on"] == false) {
            let host = guest["host"].as_str().unwrap_or_default();
            for on in [true, false] {
                let path = format!("/worlds/default/guests/{}/power", control::part(host));
                self.control.call("PUT", &path, &json!({ "on": on }))?;
            }
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Its own process, by its handle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines that one text has and the other has not.
pub fn difference(before: &str, now: &str) -> String {
    let (then, today): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let gone = then.iter().filter(|line| !today.contains(line));
    let new = today.iter().filter(|line| !then.contains(line));
    let mut lines: Vec<String> = gone.map(|line| format!("- {line}")).collect();
    lines.extend(new.map(|line| format!("+ {line}")));
    lines.join("\n")
}
