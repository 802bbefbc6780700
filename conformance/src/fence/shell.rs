//! Commands for the shell of a lent guest or of the zHCP. A command passes when every program in it is known, everything
//! it writes to belongs to a lent device or a lent LUN, and nothing in it is left to the shell to work out.

use super::check::Fence;
use crate::ledger::Undo;
use crate::meta::Effect;
use crate::target::Request;

/// Programs that only read, with every operand.
const READERS: [&str; 13] = [
    "lszfcp", "cat", "ls", "stat", "readlink", "lsluns", "lscss", "grep", "test", "true",
    "blockdev", "cmp", "echo",
];

/// Files of a guest that describe its disks.
const RULES: &str = "/etc/udev/rules.d/";

/// Takes away a list of disks that is empty: the release made it, and on a zHCP too it is left so.
pub const DROP_EMPTY_LIST: &str = "test -s /etc/zfcp.conf || rm -f /etc/zfcp.conf; true";

/// One program with its operands, and the files that its output goes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Simple {
    words: Vec<String>,
    writes: Vec<String>,
    /// Whether a word is a pattern of file names.
    is_pattern: bool,
}

/// The command of a request to a shell.
pub(super) fn command_of(request: &Request) -> Option<String> {
    let body = request.body.as_deref().unwrap_or_default();
    let elements: Vec<String> = serde_json::from_str(body).unwrap_or_default();
    elements
        .iter()
        .find_map(|e| e.strip_prefix("command="))
        .map(str::to_owned)
}

impl Simple {
    /// Whether it does more than read.
    fn changes(&self) -> bool {
        let program = self.words.first().map_or("true", String::as_str);
        let reads = READERS.contains(&program)
            || program == "multipath" && self.words.get(1).is_some_and(|w| w == "-ll");
        !reads || self.writes.iter().any(|w| w != "/dev/null")
    }
}

impl Fence {
    /// Why a command may not run on a node, if so.
    pub(super) fn shell(&self, node: &str, request: &Request) -> Option<String> {
        let inventory = self.inventory();
        let is_zhcp = inventory.zhcp.as_deref() == Some(node);
        if !is_zhcp && let Some(why) = self.lent_guest(node) {
            return Some(why);
        }
        // Without a command the release has nothing to run.
        let command = command_of(request)?;
        if is_zhcp && command == DROP_EMPTY_LIST {
            return self.needs(Effect::Destructive);
        }
        let Some(parts) = parse(&command) else {
            return Some(format!("'{command}' leaves something to the shell"));
        };
        parts.iter().find_map(|part| {
            self.simple(part, is_zhcp)
                .or_else(|| {
                    let needs = || self.needs(Effect::Destructive);
                    part.changes().then(needs).flatten()
                })
                .map(|why| format!("'{command}': {why}"))
        })
    }

    fn simple(&self, part: &Simple, is_zhcp: bool) -> Option<String> {
        if let Some(file) = part.writes.iter().find(|f| !self.may_write(f, is_zhcp)) {
            return Some(format!("{file} is not the kit's to write"));
        }
        let program = part.words.first()?;
        if part.is_pattern && part.changes() {
            return Some(format!(
                "{program} with a pattern may reach what is not lent"
            ));
        }
        let operands = &part.words[1..];
        let last = operands.last().map_or("", String::as_str);
        let good = match program.rsplit('/').next().unwrap_or_default() {
            "multipath" => matches!(last, "-ll" | "-r"),
            "dd" => operands.iter().all(|o| match o.split_once('=') {
                Some(("of", file)) => self.is_lent_disk(file),
                Some(("if", file)) => file == "/dev/zero" || self.is_lent_disk(file),
                Some((key, _)) => matches!(key, "bs" | "count" | "seek" | "conv"),
                None => false,
            }),
            "sed" if !is_zhcp => {
                operands.len() == 4
                    && operands[0] == "-i"
                    && operands[1] == "-e"
                    && operands[2].starts_with('/')
                    && operands[2].ends_with("/d")
                    && self.may_write(&operands[3], is_zhcp)
            }
            "rm" if !is_zhcp => {
                operands.first().is_some_and(|o| o == "-f")
                    && operands[1..].iter().all(|f| self.may_write(f, is_zhcp))
            }
            "udevadm" if !is_zhcp => true,
            "chccwdev" | "cio_ignore" => self.is_lent_bus(last),
            "zfcp_disk_configure" if !is_zhcp => {
                operands.len() == 4 && self.is_lent_bus(&operands[0]) && self.is_lun(&operands[2])
            }
            "chzdev" if !is_zhcp => operands.iter().any(|o| {
                let mut parts = o.split(":0x");
                parts.next().is_some_and(|bus| self.is_lent_bus(bus))
                    && parts.nth(1).is_some_and(|lun| self.is_lun(lun))
            }),
            name => READERS.contains(&name),
        };
        (!good).then(|| format!("{program} may do more than the kit's business"))
    }

    /// Whether a file belongs to a lent device or says which disks a lent guest has.
    fn may_write(&self, file: &str, is_zhcp: bool) -> bool {
        if file == "/dev/null" {
            return true;
        }
        if let Some(rest) = file.strip_prefix("/sys/bus/ccw/drivers/zfcp/") {
            return self.is_lent_bus(rest.split('/').next().unwrap_or_default());
        }
        if is_zhcp || file.contains("..") {
            return false;
        }
        if let Some(rest) = file.strip_prefix("/sys/bus/scsi/devices/") {
            return rest.ends_with("/delete");
        }
        if let Some(name) = file.strip_prefix(RULES) {
            return match name {
                "56-zfcp.rules" | "56-zfcp.rules.new" => true,
                _ => {
                    let bus = name
                        .strip_prefix("51-zfcp-")
                        .or_else(|| name.strip_prefix("41-zfcp-lun-"))
                        .or_else(|| name.strip_prefix("41-zfcp-host-"));
                    bus.and_then(|b| b.get(..8))
                        .is_some_and(|b| self.is_lent_bus(b))
                }
            };
        }
        file == "/etc/zfcp.conf"
    }

    fn is_lent_bus(&self, bus: &str) -> bool {
        bus.strip_prefix("0.0.")
            .is_some_and(|device| self.lent_devices(device).is_none())
    }

    fn is_lun(&self, lun: &str) -> bool {
        self.lent_lun(lun).is_none()
    }

    /// A name below by-path that holds a lent device and a lent LUN.
    fn is_lent_disk(&self, file: &str) -> bool {
        let Some(name) = file.strip_prefix("/dev/disk/by-path/ccw-") else {
            return false;
        };
        let bus = name.get(..8).unwrap_or_default();
        let luns = &self.inventory().luns;
        self.is_lent_bus(bus)
            && luns.iter().any(|l| {
                let lun = l.lun.to_lowercase();
                name.ends_with(&format!("0x{lun}"))
            })
    }
}

/// Units and device nodes that a command adds by itself.
pub(super) fn implied_by_shell(node: &str, request: &Request) -> Vec<Undo> {
    let Some(parts) = command_of(request).and_then(|c| parse(&c)) else {
        return Vec::new();
    };
    let mut undo = Vec::new();
    for part in &parts {
        for file in &part.writes {
            let mut path = file
                .strip_prefix("/sys/bus/ccw/drivers/zfcp/0.0.")
                .unwrap_or_default()
                .split('/');
            let (device, port, verb) = (path.next(), path.next(), path.next());
            if let (Some(device), Some(port), Some("unit_add"), Some(lun)) =
                (device, port, verb, part.words.get(1))
            {
                undo.push(Undo::Disk {
                    node: node.to_owned(),
                    devices: device.to_owned(),
                    wwpns: port.trim_start_matches("0x").to_owned(),
                    lun: lun.trim_start_matches("0x").to_owned(),
                });
            }
            let link = part
                .words
                .get(1)
                .and_then(|w| w.split("SYMLINK+=\"").nth(1));
            if let Some(name) = link.and_then(|l| l.split(['%', '"']).next()) {
                undo.push(Undo::DeviceNode {
                    node: node.to_owned(),
                    path: format!("/dev/{name}"),
                });
            }
        }
    }
    undo
}

/// The parts of a command line; `None` when the shell would work something out: variables, patterns, here documents.
fn parse(command: &str) -> Option<Vec<Simple>> {
    // One loop is known: over the block devices of one SCSI address.
    let loops = "for disk in $(ls /sys/bus/scsi/devices/";
    let unrolled;
    let command = if let Some(rest) = command.strip_prefix(loops) {
        let (address, rest) = rest.split_once("/block 2>/dev/null); do ")?;
        let plain = address.bytes().all(|b| b.is_ascii_digit() || b == b':');
        let rest = rest.strip_prefix("udevadm info --query=all --name=/dev/$disk; done; ")?;
        unrolled = format!("ls {address}; {rest}");
        plain.then_some(unrolled.as_str())?
    } else {
        command
    };
    let mut parts = vec![Simple::default()];
    let mut word: Option<String> = None;
    let mut to_file = false;
    let mut chars = command.chars().peekable();
    let end_word = |parts: &mut Vec<Simple>, word: &mut Option<String>, to_file: &mut bool| {
        if let (Some(text), Some(part)) = (word.take(), parts.last_mut()) {
            if std::mem::take(to_file) {
                part.writes.push(text);
            } else {
                part.words.push(text);
            }
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        inner => text.push(inner),
                    }
                }
            }
            ' ' => end_word(&mut parts, &mut word, &mut to_file),
            ';' | '|' | '&' => {
                if c == '&' && chars.peek() != Some(&'&') {
                    return None;
                }
                while chars.peek().is_some_and(|n| "|&".contains(*n)) {
                    chars.next();
                }
                end_word(&mut parts, &mut word, &mut to_file);
                parts.push(Simple::default());
            }
            '>' => {
                // `2>file` and `2>&1`: the descriptor is no operand.
                if word.as_deref().is_some_and(|w| w == "2" || w == "1") {
                    word = None;
                }
                end_word(&mut parts, &mut word, &mut to_file);
                if chars.peek() == Some(&'>') {
                    chars.next();
                }
                if chars.peek() == Some(&'&') {
                    chars.next();
                    if !chars.next()?.is_ascii_digit() {
                        return None;
                    }
                } else {
                    to_file = true;
                }
            }
            '`' | '$' | '<' | '\\' | '"' | '?' | '!' | '(' | ')' | '{' | '}' | '\n' | '\r'
            | '~' | '#' => return None,
            other => {
                if let Some(part) = parts.last_mut().filter(|_| other == '*') {
                    part.is_pattern = true;
                }
                word.get_or_insert_default().push(other);
            }
        }
    }
    end_word(&mut parts, &mut word, &mut to_file);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_targets_are_told_apart() {
        let parts = parse("test -d /a || echo 'x y' >> /b 2>/dev/null; true").unwrap();
        assert_eq!(parts[0].words, ["test", "-d", "/a"]);
        assert_eq!(parts[1].words, ["echo", "x y"]);
        assert_eq!(parts[1].writes, ["/b", "/dev/null"]);
        assert_eq!(parts[2].words, ["true"]);
        for bad in ["ls $HOME", "ls `x`", "ls & reboot", "ls 'x", "ls (x)"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
