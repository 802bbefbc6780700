//! `ip` and `ps` of a Linux: its addresses, and what runs on it.

use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// ip: `addr`, `link`, `route`, each with `show` and a device; `-4`, `-o`. Nothing is changed by it.
pub fn ip(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut object = None;
    let (mut only_inet, mut one_line, mut device) = (false, false, None);
    for word in &words[1..] {
        match word.as_str() {
            "-4" => only_inet = true,
            "-o" | "-oneline" => one_line = true,
            "show" | "list" | "ls" | "dev" => {}
            option if option.starts_with('-') => {
                return Outcome::fail(
                    255,
                    format!("Option \"{option}\" is unknown, try \"ip -help\".\n"),
                );
            }
            word if object.is_none() => object = Some(word),
            word => device = Some(word.to_owned()),
        }
    }
    let Some(object) = object else {
        return Outcome::fail(255, "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n");
    };
    let interfaces = interfaces(env);
    if let Some(name) = &device
        && interfaces.iter().all(|i| i.name != *name)
    {
        return Outcome::fail(1, format!("Device \"{name}\" does not exist.\n"));
    }
    let shown = interfaces
        .iter()
        .enumerate()
        .filter(|(_, i)| device.as_ref().is_none_or(|name| *name == i.name));
    let is = |name: &str| !object.is_empty() && name.starts_with(object);
    let mut out = Outcome::default();
    if is("route") {
        for (_, interface) in shown.filter(|(_, i)| i.name != "lo") {
            let (network, _) = network(&interface.address);
            out.say(format!(
                "{network} dev {} proto kernel scope link src {} ",
                interface.name, interface.address
            ));
        }
        return out;
    }
    if !is("address") && !is("link") {
        return Outcome::fail(
            255,
            format!("Object \"{object}\" is unknown, try \"ip help\".\n"),
        );
    }
    for (index, interface) in shown {
        for line in interface.lines(index + 1, is("address"), only_inet, one_line) {
            out.say(line);
        }
    }
    out
}

/// A network interface.
struct Interface {
    name: String,
    address: String,
    prefix: u8,
    mac: String,
}

impl Interface {
    fn lines(&self, number: usize, address: bool, only_inet: bool, one_line: bool) -> Vec<String> {
        let is_loop = self.name == "lo";
        let (flags, mtu, state, kind, broadcast) = if is_loop {
            (
                "LOOPBACK,UP,LOWER_UP",
                65536,
                "noqueue state UNKNOWN",
                "loopback",
                "00:00:00:00:00:00",
            )
        } else {
            (
                "BROADCAST,MULTICAST,UP,LOWER_UP",
                1500,
                "pfifo_fast state UP qlen 1000",
                "ether",
                "ff:ff:ff:ff:ff:ff",
            )
        };
        let name = &self.name;
        let head = format!("{number}: {name}: <{flags}> mtu {mtu} qdisc {state}");
        let link = format!("    link/{kind} {} brd {broadcast}", self.mac);
        let brd = if is_loop {
            String::new()
        } else {
            format!(" brd {}", network(&self.address).1)
        };
        let scope = if is_loop { "host" } else { "global" };
        let inet = format!(
            "inet {}/{}{brd} scope {scope} {name}",
            self.address, self.prefix
        );
        let forever = "valid_lft forever preferred_lft forever";
        match (address, one_line) {
            (true, true) => vec![format!("{number}: {name}    {inet}\\       {forever}")],
            (false, true) => vec![format!("{head}\\ {link}")],
            (false, false) => vec![head, link],
            (true, false) => {
                let mut lines = vec![head];
                if !only_inet {
                    lines.push(link);
                }
                lines.extend([format!("    {inet}"), format!("       {forever}")]);
                lines
            }
        }
    }
}

/// The loop-back interface, and the first network adapter with the address of the Linux.
fn interfaces(env: &ProgramEnv<'_>) -> Vec<Interface> {
    let mut list = vec![Interface {
        name: "lo".to_owned(),
        address: "127.0.0.1".to_owned(),
        prefix: 8,
        mac: "00:00:00:00:00:00".to_owned(),
    }];
    let Some(linux) = env.linux().filter(|l| !l.ip.is_empty()) else {
        return list;
    };
    let machine = env.system().and_then(|s| s.running.get(&linux.userid));
    let adapter = machine.and_then(|vm| vm.adapters.values().next());
    let mac = adapter.map(|a| a.mac.replace('-', ":").to_lowercase());
    list.push(Interface {
        name: "eth0".to_owned(),
        address: linux.ip.clone(),
        prefix: 16,
        mac: mac
            .filter(|m| !m.is_empty())
            .unwrap_or_else(|| "02:00:00:00:00:01".to_owned()),
    });
    list
}

/// The network of an address with a prefix of sixteen bits, as every address of a site has, and its broadcast address.
fn network(address: &str) -> (String, String) {
    let head: Vec<&str> = address.splitn(4, '.').take(2).collect();
    let head = head.join(".");
    (format!("{head}.0.0/16"), format!("{head}.255.255"))
}

/// ps: what always runs, and the daemons that the model knows. `-e`, `-A`, `ax` and `aux` list all, `-f` and `u` with
/// their users.
pub fn ps(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options: String = words[1..].concat();
    let everything = options.contains(['e', 'A', 'a', 'x']);
    let users = options.contains('u');
    let full = options.contains('f');
    let running = |is: fn(&crate::world::Linux) -> bool| env.linux().is_some_and(is);
    let mut processes = Vec::new();
    if everything {
        processes.extend([
            (1, "/sbin/init"),
            (2, "[kthreadd]"),
            (412, "/usr/lib/systemd/systemd-udevd"),
        ]);
        if running(|l| !l.zfcp.faults.no_multipathd) {
            processes.push((655, "/sbin/multipathd"));
        }
        if running(|l| l.iucv) {
            processes.push((788, "/usr/bin/iucvserv"));
        }
        if running(|l| l.ssh) {
            processes.push((901, "/usr/sbin/sshd -D"));
        }
    }
    processes.extend([(2_101, "-bash"), (2_133, "ps")]);
    let mut out = Outcome::default();
    out.say(if users {
        "USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
    } else if full {
        "UID        PID  PPID  C STIME TTY          TIME CMD"
    } else {
        "  PID TTY          TIME CMD"
    });
    for (pid, command) in processes {
        let parent = match pid {
            1 | 2 => 0,
            2_133 => 2_101,
            2_101 => 901,
            _ => 1,
        };
        let terminal = if pid > 2_000 { "pts/0" } else { "?" };
        let short = command.split(' ').next().unwrap_or_default();
        let short = short
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_matches(['[', ']', '-']);
        out.say(if users {
            format!(
                "root     {pid:>5}  0.0  0.1   9524  3980 {terminal:<8} Ss   00:00   0:00 {command}"
            )
        } else if full {
            format!("root     {pid:>5} {parent:>5}  0 Jan01 {terminal:<8} 00:00:00 {command}")
        } else {
            format!("{pid:>5} {terminal:<8} 00:00:00 {short}")
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::hosts::execute;
    use crate::seam::RemoteCommand;
    use crate::site;

    fn on(host: &str, command: &str) -> String {
        let mut world = site::lab();
        let command = RemoteCommand::Ssh {
            host: host.to_owned(),
            user: "root".to_owned(),
            opts: Vec::new(),
            command: command.to_owned(),
        };
        let outcome = execute(&mut world, &command);
        format!("{}{}[{}]\n", outcome.stdout, outcome.stderr, outcome.rc)
    }

    #[test]
    fn disks_addresses_and_processes_are_shown() {
        let mut page = String::new();
        for command in [
            "lsdasd",
            "lsdasd -s 0.0.0100",
            "cat /proc/dasd/devices",
            "lsblk",
            "lscss",
            "ls /sys/bus/ccw/drivers",
            "cat /sys/bus/ccw/devices/0.0.0100/discipline",
            "cat /sys/block/dasda/size /sys/block/dasda/dasda1/size",
            "ls /dev/dasda1",
            "cat /proc/partitions",
            "ip addr",
            "ip -o -4 addr show eth0",
            "ip link show eth9",
            "ip route",
            "ps -ef | grep -c multipathd",
            "ps",
            "ps aux",
        ] {
            page.push_str(&format!("# {command}\n{}", on("lnx1", command)));
        }
        insta::assert_snapshot!(page);
    }
}
