//! The fence itself: the one place that decides whether a request may leave the kit. It looks at the request itself, not
//! at what a case says about it, and hands out a [`Permit`] that nothing else can make and that holds the very request
//! it was given for.
//!
//! What passes: reads; changes of pools whose name starts with the run's prefix; changes of guests, FCP devices and LUNs
//! that the inventory lends, when the run's ceiling allows it; requests that no release can carry out (a node or an option
//! that carries the kit's own marker). Everything else is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::meta::Effect;
use crate::target::{Inventory, Method, Request};

/// First digits of LUN numbers that the kit invents for pool rows: no LUN of an inventory may begin so.
pub const INVENTED_LUN: &str = "4b4954";

/// First letters of every name that the kit makes.
pub const PREFIX: &str = "kit";

/// The fence of one run.
#[derive(Clone, Debug)]
pub struct Fence {
    inventory: Arc<Inventory>,
    prefix: String,
    ceiling: Effect,
    /// What a lent guest booted from before the first change: its IPL and LOADDEV statements, by node. Clones share it.
    booted: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    /// Whether a lent guest is being given back: its boot settings may then be what its owner had set.
    gives_back: bool,
}

/// Proof that the fence let a request pass.
#[derive(Debug)]
pub struct Permit {
    request: Request,
}

impl Permit {
    /// The request.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }
}

impl Fence {
    /// A fence for a run whose names start with `prefix`, up to `ceiling`.
    pub fn new(inventory: Arc<Inventory>, prefix: String, ceiling: Effect) -> Self {
        Self {
            inventory,
            prefix,
            ceiling,
            booted: Arc::default(),
            gives_back: false,
        }
    }

    /// The same fence for clean-up.
    #[must_use]
    pub(crate) fn giving_back(&self) -> Self {
        Self {
            ceiling: Effect::Destructive,
            gives_back: true,
            ..self.clone()
        }
    }

    /// The same fence for putting back what the owner of a lent guest had set, as the undo ledger has it.
    #[must_use]
    pub(crate) fn giving_back_boot(&self, node: &str, was: &[String]) -> Self {
        let booted = BTreeMap::from([(node.to_owned(), was.to_vec())]);
        Self {
            booted: Arc::new(Mutex::new(booted)),
            ..self.giving_back()
        }
    }

    /// Notes what a guest boots from before it is changed. What was noted first stays.
    pub(super) fn note_boot(&self, node: &str, was: &[String]) {
        let mut booted = self.booted.lock().unwrap_or_else(PoisonError::into_inner);
        booted
            .entry(node.to_owned())
            .or_insert_with(|| was.to_vec());
    }

    /// Operand of a noted statement.
    fn booted(&self, node: &str, verb: &str) -> Option<String> {
        let booted = self.booted.lock().unwrap_or_else(PoisonError::into_inner);
        operand(booted.get(node)?, verb).map(str::to_owned)
    }

    /// The prefix of names of this run.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is lent.
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Lets the request pass or says why not.
    pub fn check(&self, request: Request) -> Result<Permit, String> {
        match self.refusal(&request) {
            None => Ok(Permit { request }),
            Some(why) => Err(format!(
                "the fence refused {} {}: {why}",
                request.method, request.path
            )),
        }
    }

    fn refusal(&self, request: &Request) -> Option<String> {
        let mut parts = request.path.trim_matches('/').split('/');
        let resource = parts.next().unwrap_or_default();
        let name = parts.next().unwrap_or_default();
        let sub = parts.next().unwrap_or_default();
        let words = request.words();
        if request.method == Method::Put && resource == "nodes" && sub == "dsh" {
            // Meant for a shell, and read as one reads it.
            return self.shell(name, request);
        }
        if let Some(bad) = words.iter().find(|w| dangerous(w)) {
            return Some(format!("'{bad}' would mean something to a shell"));
        }
        if request.method == Method::Get {
            return self.reading(resource, sub, request);
        }
        // A thing of the kit, or one that cannot exist: refused by the target, or nobody else's.
        if self.is_marked(name) || resource.starts_with("nosuch") {
            return None;
        }
        if word(&words, 0).starts_with("--nosuch") && request.method == Method::Put {
            return None;
        }
        match (request.method, resource) {
            (Method::Put, "hypervisor") => self.hypervisor(name, &words),
            (Method::Put, "vms") => self.guest(name, &words),
            (Method::Put, "nodes") if sub == "power" => {
                if matches!(word(&words, 0), "stat" | "status" | "isreachable") {
                    return None;
                }
                self.needs(Effect::Destructive)
                    .or_else(|| self.lent_guest(name))
            }
            (Method::Put, "tables") => self.table_row(&words),
            (Method::Post, "images") if name == "import" => self.marked_image(&words),
            (Method::Delete, "images") => self.kit_image(name),
            (Method::Delete, "objects") if name == "osimage" => self.kit_image(sub),
            _ => Some("no case may send it".to_owned()),
        }
    }

    /// GET is not always harmless: some of its query keys become arguments of commands that change things.
    fn reading(&self, resource: &str, sub: &str, request: &Request) -> Option<String> {
        let mut fields = request.query.iter().filter(|(k, _)| k == "field");
        if request.query.iter().any(|(_, v)| dangerous(v)) {
            return Some("a query value would mean something to a shell".to_owned());
        }
        match (resource, sub) {
            // Listing the names of pools deletes files (spec: scsi-pools Q57).
            (_, "inventory") => (fields.any(|(_, v)| v == "--zfcppoolnames")
                && self.ceiling < Effect::Reversible)
                .then(|| "listing pool names deletes files on a zHCP".to_owned()),
            // The fields are power operands (spec: rest-and-xcatd 1.9.1).
            ("nodes", "power") => fields
                .find(|(_, v)| !matches!(v.as_str(), "stat" | "isreachable"))
                .map(|(_, v)| format!("power operand '{v}' in a reading request")),
            ("nodes", "" | "status") => None,
            ("nodes", other) => Some(format!("no case may read /nodes/…/{other}")),
            _ => None,
        }
    }

    fn hypervisor(&self, host: &str, words: &[String]) -> Option<String> {
        if words.is_empty() {
            // Without an array of words the front end has nothing to pass on (spec: rest-and-xcatd 1.8).
            return None;
        }
        if host.is_empty() {
            return (words[0] != "--reservezfcp" || !self.is_marked(word(words, 1)))
                .then(|| "without a node only a reservation in a kit pool may be sent".to_owned());
        }
        let known =
            [&self.inventory.host, &self.inventory.second_host].map(|h| h.as_deref() == Some(host));
        if !known.contains(&true) {
            return Some("the inventory does not lend this hypervisor".to_owned());
        }
        match words[0].as_str() {
            "--addzfcp2pool" | "--reservezfcp" | "--releasezfcp" | "--removezfcpfrompool" => self
                .needs(Effect::Reversible)
                .or_else(|| self.kit_pool(words.iter().skip(1).find(|w| !w.is_empty())))
                .or_else(|| {
                    (words[0] == "--addzfcp2pool")
                        .then(|| self.lent_range(words))
                        .flatten()
                }),
            // With too few words the release refuses; with a target left out it would pick any LUN.
            "--copyzfcp" | "--capturezfcp" | "--deployzfcp" if words.len() < 4 => {
                self.needs(Effect::Reversible)
            }
            "--copyzfcp" => self
                .needs(Effect::Destructive)
                .or_else(|| self.knows_zhcp())
                .or_else(|| self.lent_devices(word(words, 1)))
                .or_else(|| self.lent_lun(word(words, 3)))
                .or_else(|| {
                    words
                        .get(5)
                        .map_or(Some("copy without target picks any LUN".to_owned()), |l| {
                            self.lent_lun(l)
                        })
                }),
            "--capturezfcp" => self
                .needs(Effect::Destructive)
                .or_else(|| self.knows_zhcp())
                .or_else(|| self.kit_name("profile", word(words, 1)))
                .or_else(|| self.lent_lun(word(words, 3))),
            "--deployzfcp" => self
                .needs(Effect::Destructive)
                .or_else(|| self.knows_zhcp())
                .or_else(|| self.kit_image(word(words, 1)))
                .or_else(|| self.lent_lun(word(words, 3))),
            other => Some(format!("option {other} is not the kit's business")),
        }
    }

    /// What a zHCP keeps of a copy can only be taken back from a node that the inventory names.
    fn knows_zhcp(&self) -> Option<String> {
        let missing = self.inventory.zhcp.is_none();
        missing.then(|| "the inventory does not name the node of the zHCP".to_owned())
    }

    /// Lent LUNs on the zHCP itself, over lent devices: nothing else of it is touched.
    fn on_zhcp(&self, words: &[String]) -> Option<String> {
        match word(words, 0) {
            "--undedicatedevice" => self.lent_devices(word(words, 1)),
            // A row of a kit pool has lent devices only: any that the release chooses is lent.
            "--addzfcp" if words.len() > 7 => self
                .kit_pool(words.get(1))
                .or_else(|| self.lent_devices_or(word(words, 2), &["auto"]))
                .or_else(|| self.lent_lun(word(words, 7))),
            "--removezfcp" if words.len() > 3 => self
                .lent_devices(word(words, 1))
                .or_else(|| self.lent_lun(word(words, 3))),
            other => Some(format!(
                "option {other} is not the kit's business on a zHCP"
            )),
        }
    }

    /// The range of a new row: only lent devices, or none of any system.
    fn lent_range(&self, words: &[String]) -> Option<String> {
        let given: Vec<&str> = words
            .iter()
            .skip(1)
            .filter(|w| !w.is_empty())
            .map(String::as_str)
            .collect();
        // Pool, status, ports, LUN, size, range: the last is an owner when the row is used. What no controller has is
        // never attached, whatever its range.
        let lun = given.get(3).copied().unwrap_or_default();
        if is_invented(lun) {
            return None;
        }
        let range = given.get(5).copied().unwrap_or_default();
        let is_range = range.contains('-') || range.contains(';');
        if !is_range {
            return None;
        }
        range.split(';').find_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (
                u32::from_str_radix(first, 16),
                u32::from_str_radix(last, 16),
            ) else {
                // No device is in it: the release refuses, or never finds one.
                return None;
            };
            let others =
                (first..=last).find(|d| *d > 1 && self.lent_devices(&format!("{d:04x}")).is_some());
            others.map(|d| format!("range {part} holds device {d:04x}, which is not lent"))
        })
    }

    fn guest(&self, node: &str, words: &[String]) -> Option<String> {
        if self.inventory.zhcp.as_deref() == Some(node) {
            return self
                .needs(Effect::Destructive)
                .or_else(|| self.on_zhcp(words));
        }
        if let Some(why) = self
            .needs(Effect::Destructive)
            .or_else(|| self.lent_guest(node))
        {
            return Some(why);
        }
        match word(words, 0) {
            "--setloaddev" if self.gives_back => self.noted_loaddev(node, words),
            "--addzfcp" => self
                .kit_pool(words.get(1))
                .or_else(|| self.lent_devices(word(words, 2)))
                .or_else(|| words.get(7).and_then(|l| self.lent_lun(l)))
                .or_else(|| (words.len() == 7).then(|| "a LUN is missing".to_owned())),
            "--removezfcp" if words.len() < 4 => None,
            "--removezfcp" => self
                .lent_devices_or(word(words, 1), &["auto", ""])
                .or_else(|| self.lent_lun(word(words, 3))),
            "--dedicatedevice" => self
                .lent_devices(word(words, 1))
                .or_else(|| words.get(2).and_then(|d| self.lent_devices(d))),
            "--undedicatedevice" => self.lent_devices(word(words, 1)),
            "--setipl" => self.boot_device(node, &words[1..]),
            "--createfilesysnode" => words.get(2).and_then(|path| plain_path(path)),
            "--removefilesysnode" => words.get(1).and_then(|path| plain_path(path)),
            "--setloaddev" => words.get(2).and_then(|lun| self.lent_lun(lun)),
            // Without operands all of a lent guest's statements go; they were written down before the change.
            "--removeloaddev" if words.len() == 1 => None,
            "--removeloaddev" => self.lent_lun(word(words, 2)),
            "--deleteipl" | "--purgerdr" => None,
            "--aemod" if self.is_marked(word(words, 1)) => None,
            "--aemod" if word(words, 1) == "setupDisk" => self.notice(&words[2..]),
            other => Some(format!("option {other} is not the kit's business")),
        }
    }

    /// What a guest may boot from: a lent device, or what it booted from before.
    fn boot_device(&self, node: &str, given: &[String]) -> Option<String> {
        if let [device] = given
            && self.lent_devices(device).is_none()
        {
            return None;
        }
        let given = given.join(" ");
        let was = self.booted(node, "IPL").unwrap_or_default();
        // The driver puts back the device alone, in four digits.
        let device = was.split(' ').next().unwrap_or_default();
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let same = given.eq_ignore_ascii_case(&was)
            || given.eq_ignore_ascii_case(device)
            || number(&given).is_some_and(|n| number(device) == Some(n));
        (was.is_empty() || !same)
            .then(|| format!("'{given}' is neither a lent device nor what {node} booted from"))
    }

    /// Port and LUN that a guest booted from before.
    fn noted_loaddev(&self, node: &str, words: &[String]) -> Option<String> {
        let is = |verb: &str, i: usize| {
            self.booted(node, verb)
                .is_some_and(|was| was.eq_ignore_ascii_case(word(words, i)))
        };
        let same = is("LOADDEV PORTNAME", 1) && is("LOADDEV LUN", 2);
        (!same).then(|| format!("{node} did not boot from that port and LUN"))
    }

    /// Parameters of the worker script that a guest runs at its next start (spec: guests 6.11).
    fn notice(&self, parameters: &[String]) -> Option<String> {
        parameters.iter().find_map(|p| {
            let (key, value) = p.split_once('=').unwrap_or((p.as_str(), ""));
            match key {
                "action" => (!matches!(
                    value,
                    "addScsiVolume"
                        | "removeScsiVolume"
                        | "createfilesysnode"
                        | "removefilesysnode"
                ))
                .then(|| format!("action {value} is not the kit's business")),
                "fcpAddr" => self.lent_devices(&value.replace(',', ";")),
                "lun" => self.lent_lun(value),
                "tgtFile" => plain_path(value),
                "wwpn" | "srcFile" => None,
                other => Some(format!("parameter {other} is not the kit's business")),
            }
        })
    }

    /// A row of a table: only rows of nodes of the kit.
    fn table_row(&self, words: &[String]) -> Option<String> {
        let condition = if word(words, 0) == "-d" {
            word(words, 1)
        } else {
            word(words, 0)
        };
        let own = condition
            .strip_prefix("node=")
            .is_some_and(|node| self.is_marked(node));
        self.needs(Effect::Reversible)
            .or_else(|| (!own).then(|| format!("'{condition}' is not a row of the kit")))
    }

    /// The import of an image whose file cannot exist.
    fn marked_image(&self, words: &[String]) -> Option<String> {
        let marked = words.iter().any(|w| {
            w.strip_prefix("osimage=/tmp/")
                .is_some_and(|file| self.is_marked(file))
        });
        (!marked).then(|| "only a file of the kit may be imported".to_owned())
    }

    /// An image made by the kit: `unknown-s390x-raw-{profile}`, the profile carrying the kit's marker.
    fn kit_image(&self, image: &str) -> Option<String> {
        let profile = image.split('-').nth(3);
        // A name without a fourth part is refused by the release (spec: scsi-pools 2.5).
        profile.and_then(|p| self.kit_name("image profile", p))
    }

    fn kit_name(&self, what: &str, name: &str) -> Option<String> {
        (!self.is_marked(name)).then(|| format!("{what} '{name}' is not of this run"))
    }

    pub(super) fn needs(&self, effect: Effect) -> Option<String> {
        (self.ceiling < effect).then(|| format!("the run is limited to {:?}", self.ceiling))
    }

    fn is_marked(&self, name: &str) -> bool {
        // Letters and digits only: a list or a range could name others beside the kit's own.
        name.to_ascii_lowercase().starts_with(&self.prefix)
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
    }

    fn kit_pool(&self, name: Option<&String>) -> Option<String> {
        match name {
            // Nothing named, nothing changed: the argument check of the release answers.
            None => None,
            Some(name) if self.is_marked(name) => None,
            Some(name) => Some(format!("pool {name} is not of this run")),
        }
    }

    pub(super) fn lent_guest(&self, node: &str) -> Option<String> {
        (!self.inventory.guests.iter().any(|g| g.node == node))
            .then(|| format!("the inventory does not lend guest {node}"))
    }

    fn lent_devices_or(&self, list: &str, also: &[&str]) -> Option<String> {
        if also.contains(&list) {
            return None;
        }
        self.lent_devices(list)
    }

    pub(super) fn lent_devices(&self, list: &str) -> Option<String> {
        list.split(';').find_map(|device| {
            let lent = self
                .inventory
                .fcp_devices
                .iter()
                .any(|f| f.device.eq_ignore_ascii_case(device));
            (!lent).then(|| format!("the inventory does not lend FCP device '{device}'"))
        })
    }

    pub(super) fn lent_lun(&self, lun: &str) -> Option<String> {
        let invented = is_invented(lun);
        let lun = lun.trim_start_matches("0x");
        let lent = self
            .inventory
            .luns
            .iter()
            .any(|l| l.lun.eq_ignore_ascii_case(lun));
        (!invented && !lent).then(|| format!("the inventory does not lend LUN '{lun}'"))
    }
}

/// What follows a verb in the first of these statements that begins with it.
pub fn operand<'a>(statements: &'a [String], verb: &str) -> Option<&'a str> {
    statements.iter().find_map(|line| {
        let (head, rest) = (line.get(..verb.len())?, line.get(verb.len()..)?);
        let whole = head.eq_ignore_ascii_case(verb) && rest.starts_with(' ');
        whole.then(|| rest.trim())
    })
}

/// Whether the kit made the number up.
fn is_invented(lun: &str) -> bool {
    let lun = lun.trim_start_matches("0x").to_ascii_lowercase();
    lun.starts_with(INVENTED_LUN)
}

fn word(words: &[String], i: usize) -> &str {
    words.get(i).map_or("", String::as_str)
}

/// Whether a shell on the way would see more than a word: arguments reach root shells unquoted (spec: driver 5 D54).
fn dangerous(word: &str) -> bool {
    const SPECIAL: &[char] = &[
        '`', '$', '&', '|', '<', '>', '\\', '\'', '\n', '\r', '*', '?', '!', '(', ')',
    ];
    // A list is joined by `;`: what follows one must be a number, never a program's name.
    let list = word.split(';').skip(1).all(|part| {
        let part = part.trim_start_matches("0x");
        part.is_empty() || part.len() >= 4 && part.bytes().take(4).all(|b| b.is_ascii_hexdigit())
    });
    !list || word.contains(SPECIAL)
}

fn plain_path(path: &str) -> Option<String> {
    let plain = path
        .strip_prefix("/dev/")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    (!plain).then(|| format!("'{path}' is not a plain device path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(ceiling: Effect) -> Fence {
        let inventory = Inventory::parse(
            "schema = 1\nhost = 'h'\nzhcp = 'z'\n[[guest]]\nnode = 'g'\nstate = 'running'\n[[fcp]]\ndevice = 'b805'\n[[lun]]\nwwpns = ['5005076801102991']\nlun = '0004000000000000'\nsize = '1G'\n",
        )
        .unwrap();
        Fence::new(Arc::new(inventory), "kit12".to_owned(), ceiling)
    }

    fn put(path: &str, line: &str) -> Request {
        Request::put(path, line)
    }

    #[test]
    fn foreign_things_are_not_touched() {
        let fence = fence(Effect::Destructive);
        for (path, line) in [
            ("/hypervisor/h", "--releasezfcp scsipol1 w l"),
            ("/hypervisor/h", "--addzfcp2pool  scsipol1 free w l 1G"),
            ("/hypervisor/other", "--releasezfcp kit12p w l"),
            ("/hypervisor/h", "--resetsmapi"),
            ("/hypervisor/h", "--deployzfcp img w 0009000000000000"),
            ("/vms/other", "--undedicatedevice b805"),
            ("/vms/g", "--undedicatedevice b806"),
            (
                "/vms/g",
                "--addzfcp kit12p b805;b806 0 1G 0 w 0004000000000000",
            ),
            ("/vms/g", "--addzfcp kit12p b805 0 1G 0 w 0009000000000000"),
            ("/vms/g", "--createfilesysnode /dev/x /dev/vdb;reboot"),
            ("/vms/g", "--setpassword x"),
            ("/nodes/other/power", "off"),
            ("/tables/zvm", "x"),
            ("/tables/zvm", "node=g zvm.hcp=x"),
            ("/nodes/kit12a,g/power", "off"),
            ("/hypervisor/h", "--addzfcp2pool kit12p;reboot free w l 1G"),
            (
                "/hypervisor/h",
                "--addzfcp2pool kit12p free w l 1G  `reboot`",
            ),
            ("/hypervisor/h", "--capturezfcp other w 0004000000000000"),
            (
                "/vms/g",
                "--aemod setupDisk action=addScsiVolume fcpAddr=b806",
            ),
            ("/vms/g", "--aemod setupDisk action=addSwap vaddr=100"),
            ("/vms/g", "--aemod other"),
            ("/vms/other", "--removeloaddev"),
            ("/vms/g", "--removeloaddev w 0009000000000000"),
            ("/vms/z", "--dedicatedevice b805 b805 0"),
            ("/vms/z", "--undedicatedevice b806"),
            ("/vms/z", "--purgerdr"),
            (
                "/hypervisor/h",
                "--addzfcp2pool kit12p free w 0004000000000000 1G b805-b806",
            ),
        ] {
            assert!(
                fence.check(put(path, line)).is_err(),
                "{path} {line} must not pass"
            );
        }
        assert!(fence.check(Request::new(Method::Delete, "/vms/g")).is_err());
        let image = Request::new(Method::Delete, "/images/rhel7-s390x-netboot-prod");
        assert!(fence.check(image).is_err());
        let dsh = |node: &str, command: &str| {
            Request::new(Method::Put, format!("/nodes/{node}/dsh"))
                .with_args(&[&format!("command={command}")])
        };
        let zfcp = "/sys/bus/ccw/drivers/zfcp";
        let lent = "/dev/disk/by-path/ccw-0.0.b805-zfcp-0x5005076801102991:0x0004000000000000";
        for (node, command) in [
            ("g", "reboot"),
            ("g", "cat /etc/zfcp.conf; reboot"),
            ("g", "multipath -F"),
            ("g", "ls > /x"),
            ("g", "rm -f /etc/passwd"),
            ("g", "rm -f /etc/udev/rules.d/../../passwd"),
            ("g", "rm -f /etc/udev/rules.d/51-zfcp-0.0.b805*"),
            ("g", &format!("echo 0x1 > {zfcp}/0.0.b806/0x1/unit_add")),
            ("z", "rm -f /etc/zfcp.conf"),
            ("z", "dd if=/dev/zero of=/dev/sda"),
            ("z", &format!("dd if=/dev/sda of={lent}")),
            ("other", "lszfcp -D"),
        ] {
            assert!(
                fence.check(dsh(node, command)).is_err(),
                "{node}: {command}"
            );
        }
        for (node, command) in [
            ("g", "lszfcp -D"),
            (
                "g",
                &format!("echo 0x1 > {zfcp}/0.0.b805/0x1/unit_add; true"),
            ),
            ("g", "rm -f /etc/udev/rules.d/51-zfcp-0.0.b805.rules"),
            (
                "z",
                &format!("dd if=/dev/zero of={lent} bs=1048576 count=1 seek=0 conv=fsync"),
            ),
            ("z", &format!("cmp -n 5 {lent} /dev/zero")),
        ] {
            assert!(fence.check(dsh(node, command)).is_ok(), "{node}: {command}");
        }
        let off = Request::get("/nodes/g/power").with("field", "off");
        assert!(fence.check(off).is_err());
    }

    #[test]
    fn lent_and_own_things_pass() {
        let fence = fence(Effect::Destructive);
        for (path, line) in [
            ("/hypervisor/h", "--releasezfcp KIT12p w l"),
            ("/hypervisor/h", "--nosuch"),
            ("/hypervisor/kit12none", "--releasezfcp any w l"),
            ("/vms/g", "--addzfcp kit12p B805 0 1G 0 w 0004000000000000"),
            ("/nodes/g/power", "off"),
            ("/nodes/other/power", "stat"),
            ("/vms/z", "--undedicatedevice B805"),
            ("/vms/z", "--addzfcp kit12p auto 0 0M 0 w 0004000000000000"),
            ("/vms/g", "--removeloaddev"),
            ("/vms/g", "--removeloaddev w 0004000000000000"),
        ] {
            assert!(
                fence.check(put(path, line)).is_ok(),
                "{path} {line} must pass"
            );
        }
    }

    #[test]
    fn a_guest_boots_from_a_lent_device_or_as_before() {
        let fence = fence(Effect::Destructive);
        let passes = |fence: &Fence, line: &str| fence.check(put("/vms/g", line)).is_ok();
        for line in [
            "--setipl 0150",
            "--setipl 150",
            "--setipl cms",
            "--setipl",
            "--setipl b806",
        ] {
            assert!(!passes(&fence, line), "{line} before anything is known");
        }
        assert!(passes(&fence, "--setipl B805"));
        let was = ["IPL 0150 PARM AUTOCR".to_owned()];
        fence.note_boot("g", &was);
        fence.note_boot("g", &["IPL 0199".to_owned()]);
        for line in ["--setipl 0150", "--setipl 150", "--setipl 0150 PARM AUTOCR"] {
            assert!(passes(&fence, line), "{line} is what was");
        }
        for line in [
            "--setipl 0199",
            "--setipl 0151",
            "--setipl 0150 PARM OTHER",
            "--setipl b805 x",
        ] {
            assert!(!passes(&fence, line), "{line}");
        }
        let noted = [
            "IPL CMS",
            "LOADDEV PORTNAME 5005076801102991",
            "LOADDEV LUN 0009000000000000",
        ];
        let noted = noted.map(str::to_owned);
        let back = fence.giving_back_boot("g", &noted);
        let foreign = "--setloaddev 5005076801102991 0009000000000000";
        assert!(!passes(&fence, foreign), "only to be put back");
        for line in [
            "--setipl CMS",
            "--setloaddev 5005076801102991 0009000000000000",
            "--removeloaddev",
        ] {
            assert!(passes(&back, line), "{line}");
        }
        for line in [
            "--setipl 0150",
            "--setloaddev 5005076801102991 0008000000000000",
        ] {
            assert!(!passes(&back, line), "{line}");
        }
        let other = put("/vms/other", "--setipl CMS");
        assert!(back.giving_back_boot("other", &noted).check(other).is_err());
    }

    #[test]
    fn the_ceiling_holds() {
        let reversible = fence(Effect::Reversible);
        assert!(
            reversible
                .check(put("/vms/g", "--undedicatedevice b805"))
                .unwrap_err()
                .contains("limited to Reversible")
        );
        let reading = fence(Effect::ReadOnly);
        assert!(
            reading
                .check(put("/hypervisor/h", "--releasezfcp kit12p w l"))
                .is_err()
        );
        let names = Request::get("/nodes/h/inventory").with("field", "--zfcppoolnames");
        assert!(reading.check(names.clone()).is_err());
        assert!(reversible.check(names).is_ok());
    }
}
