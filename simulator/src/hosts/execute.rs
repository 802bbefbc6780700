//! One remote command, carried out on the world.

use super::zhcp::power;
use super::{files, guest, shell};
use crate::seam::{Outcome, RemoteCommand};
use crate::world::fs::absolute;
use crate::world::zvm::VirtualMachine;
use crate::world::{HostName, Linux, World};

/// Carries out one remote command on the world.
pub fn execute(world: &mut World, command: &RemoteCommand) -> Outcome {
    power::tick(world);
    match command {
        RemoteCommand::Ssh {
            host,
            user,
            command,
            ..
        } => ssh(world, host, user, command),
        RemoteCommand::Scp { from, to, .. } => scp(world, from, to),
        RemoteCommand::Ping { host } => ping(world, host),
        RemoteCommand::Nmap { args } => nmap(world, args),
        RemoteCommand::SshKeygen { .. } => Outcome::ok(""),
        RemoteCommand::Sleep { seconds } => {
            world.now_ms = world.now_ms.saturating_add(seconds.saturating_mul(1_000));
            Outcome::ok("")
        }
    }
}

/// Whether a Linux runs: its userid is logged on to its system and not on its way out. The MN and a Linux without a
/// system are always up.
pub fn is_up(world: &World, host: &HostName) -> bool {
    world
        .linuxes
        .get(host)
        .is_some_and(|linux| is_running(world, linux))
}

fn is_running(world: &World, linux: &Linux) -> bool {
    match world.systems.get(&linux.system) {
        Some(system) => system.running.get(&linux.userid).is_some_and(answers),
        None => true,
    }
}

/// Whether what runs in a virtual machine can answer.
fn answers(machine: &VirtualMachine) -> bool {
    !machine.paused && !machine.logoff_pending && !machine.halted
}

/// The Linux that answers to a name over ssh, or ssh's own failure.
pub(super) fn reach(world: &World, name: &str) -> Result<HostName, String> {
    reach_machine(world, name).map(|(host, ..)| host.clone())
}

/// The same with its virtual machine, when its system is part of the site.
fn reach_machine<'a>(
    world: &'a World,
    name: &str,
) -> Result<(&'a HostName, &'a Linux, Option<&'a VirtualMachine>), String> {
    let Some((host, linux)) = world.find(name) else {
        return Err(format!(
            "ssh: Could not resolve hostname {name}: Name or service not known\r\n"
        ));
    };
    let system = world.systems.get(&linux.system);
    let machine = system.and_then(|system| system.running.get(&linux.userid));
    if system.is_some() && !machine.is_some_and(answers) {
        return Err(format!(
            "ssh: connect to host {name} port 22: No route to host\r\n"
        ));
    }
    if !linux.ssh || linux.starting_until_ms > world.now_ms {
        return Err(format!(
            "ssh: connect to host {name} port 22: Connection refused\r\n"
        ));
    }
    Ok((host, linux, machine))
}

fn ssh(world: &mut World, host: &str, user: &str, command: &str) -> Outcome {
    match reach_machine(world, host) {
        Ok((host, linux, machine)) => {
            let host = host.clone();
            if !linux.zfcp.is_quiet(machine) {
                guest::settle(world, &host);
            }
            shell::run(world, &host, user, command)
        }
        Err(message) => Outcome::fail(255, message),
    }
}

fn ping(world: &World, name: &str) -> Outcome {
    let Some(host) = world.resolve(name) else {
        return Outcome::fail(2, format!("ping: {name}: Name or service not known\n"));
    };
    let Some(linux) = world.linuxes.get(host) else {
        return Outcome::fail(1, "");
    };
    let up = is_up(world, host) && linux.ssh && linux.starting_until_ms <= world.now_ms;
    let (received, loss) = if up { (2, 0) } else { (0, 100) };
    let text = format!(
        "PING {name} ({}) 56(84) bytes of data.\n\n--- {name} ping statistics ---\n\
         2 packets transmitted, {received} received, {loss}% packet loss, time 1001ms\n",
        linux.ip
    );
    Outcome {
        rc: i32::from(!up),
        stdout: text,
        stderr: String::new(),
    }
}

fn nmap(world: &World, args: &[String]) -> Outcome {
    let mut text = String::from("Starting Nmap 6.40 ( http://nmap.org )\n");
    let hosts = args.iter().filter(|a| world.resolve(a).is_some());
    for name in hosts {
        if let Some(host) = world.resolve(name)
            && is_up(world, host)
            && world.linuxes.get(host).is_some_and(|l| l.ssh)
        {
            text.push_str(&format!(
                "Nmap scan report for {name}\nHost is up (0.00020s latency).\nPORT   STATE SERVICE\n22/tcp open  ssh\n\n"
            ));
        }
    }
    text.push_str("Nmap done\n");
    Outcome::ok(text)
}

/// A place of `scp`: a host with the user that logs in there, or this machine, and a path.
fn place<'a>(world: &World, text: &'a str) -> Result<(HostName, &'a str, &'a str), String> {
    let remote = text.split_once(':').filter(|(host, _)| !host.contains('/'));
    match remote {
        None => Ok((world.mn.host.clone(), "/root", text)),
        Some((host, path)) => {
            let (user, host) = host.split_once('@').unwrap_or(("root", host));
            let home = if user == "root" { "/root" } else { "/home" };
            reach(world, host).map(|host| (host, home, path))
        }
    }
}

fn scp(world: &mut World, from: &[String], to: &str) -> Outcome {
    let (to_host, to_home, to_path) = match place(world, to) {
        Ok(place) => place,
        Err(message) => return Outcome::fail(1, message + "lost connection\n"),
    };
    let to_path = absolute(to_home, if to_path.is_empty() { "." } else { to_path });
    let into = files::is_directory(world, &to_host, &to_path);
    let mut outcome = Outcome::default();
    for source in from {
        let (host, home, path) = match place(world, source) {
            Ok(place) => place,
            Err(message) => return Outcome::fail(1, message),
        };
        let path = absolute(home, path);
        let (directory, pattern) = path.rsplit_once('/').unwrap_or(("", &path));
        let sources = if pattern.contains(['*', '?', '[']) {
            let pattern = shell::Pattern::new(pattern);
            files::list(world, &host, directory)
                .unwrap_or_default()
                .into_iter()
                .filter(|name| pattern.matches(name))
                .map(|name| format!("{directory}/{name}"))
                .collect()
        } else {
            vec![path.clone()]
        };
        if sources.is_empty() {
            outcome.rc = 1;
            outcome
                .stderr
                .push_str(&format!("scp: {source}: No such file or directory\n"));
        }
        for path in sources {
            let text = match files::read(world, &host, &path) {
                Ok(text) => text.into_owned(),
                Err(errno) => {
                    outcome.rc = 1;
                    outcome
                        .stderr
                        .push_str(&format!("scp: {source}: {errno}\n"));
                    continue;
                }
            };
            let name = path.rsplit('/').next().unwrap_or_default();
            let target = if into {
                absolute(&to_path, name)
            } else {
                to_path.clone()
            };
            if let Err(errno) = files::write(world, &to_host, &target, &text, false) {
                outcome.rc = 1;
                outcome.stderr.push_str(&format!("scp: {to}: {errno}\n"));
            }
        }
    }
    outcome
}
