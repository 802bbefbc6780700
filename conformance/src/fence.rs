//! The safety fence: the one place that decides whether a request may leave the kit. It looks at the request itself, not
//! at what a case says about it, and hands out a [`Permit`] that nothing else can make and that holds the very request
//! it was given for.
//!
//! What passes: reads; changes of pools whose name starts with the run's prefix; changes of guests, FCP devices and LUNs
//! that the inventory lends, when the run's ceiling allows it; requests that no release can carry out (a node or an option
//! that carries the kit's own marker). Everything else is refused.

use std::sync::Arc;

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
        }
    }

    /// The prefix of names of this run.
    pub fn prefix(&self) -> &str {
        &self.prefix
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
        let word = |i: usize| words.get(i).map_or("", String::as_str);
        if request.method == Method::Get {
            // Listing the names of pools deletes files (spec: scsi-pools Q57).
            let deletes = request.query.iter().any(|(_, v)| v == "--zfcppoolnames");
            return (deletes && self.ceiling < Effect::Reversible)
                .then(|| "listing pool names deletes files on a zHCP".to_owned());
        }
        // A node that cannot exist, an option that no release knows: refused by the target before anything is done.
        if !name.is_empty() && self.is_marked(name) {
            return None;
        }
        if word(0).starts_with("--nosuch") && request.method == Method::Put {
            return None;
        }
        if resource.starts_with("nosuch") {
            return None;
        }
        match (request.method, resource) {
            (Method::Put, "hypervisor") => self.hypervisor(name, &words),
            (Method::Put, "vms") => self.guest(name, &words),
            (Method::Put, "nodes") if sub == "power" => {
                if matches!(word(0), "stat" | "status" | "isreachable") {
                    return None;
                }
                self.needs(Effect::Destructive)
                    .or_else(|| self.lent_guest(name))
            }
            (Method::Put, "nodes") if sub == "dsh" => self
                .needs(Effect::Destructive)
                .or_else(|| self.lent_guest(name)),
            _ => Some("no case may send it".to_owned()),
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
                .or_else(|| self.kit_pool(words.iter().skip(1).find(|w| !w.is_empty()))),
            "--copyzfcp" => self
                .needs(Effect::Destructive)
                .or_else(|| self.lent_lun(word(words, 3)))
                .or_else(|| {
                    words
                        .get(5)
                        .map_or(Some("copy without target picks any LUN".to_owned()), |l| {
                            self.lent_lun(l)
                        })
                }),
            "--capturezfcp" | "--deployzfcp" => self
                .needs(Effect::Destructive)
                .or_else(|| self.lent_lun(word(words, 3))),
            other => Some(format!("option {other} is not the kit's business")),
        }
    }

    fn guest(&self, node: &str, words: &[String]) -> Option<String> {
        if let Some(why) = self
            .needs(Effect::Destructive)
            .or_else(|| self.lent_guest(node))
        {
            return Some(why);
        }
        match word(words, 0) {
            "--addzfcp" => self
                .kit_pool(words.get(1))
                .or_else(|| self.lent_devices(word(words, 2)))
                .or_else(|| self.lent_lun(word(words, 7))),
            "--removezfcp" => self
                .lent_devices(word(words, 1))
                .or_else(|| self.lent_lun(word(words, 3))),
            "--dedicatedevice" => self.lent_devices(word(words, 2)),
            "--undedicatedevice" => self.lent_devices(word(words, 1)),
            "--createfilesysnode" => plain_path(word(words, 2)),
            "--removefilesysnode" => plain_path(word(words, 1)),
            "--aemod" if word(words, 1) == "setupDisk" => None,
            other => Some(format!("option {other} is not the kit's business")),
        }
    }

    fn needs(&self, effect: Effect) -> Option<String> {
        (self.ceiling < effect).then(|| format!("the run is limited to {:?}", self.ceiling))
    }

    fn is_marked(&self, name: &str) -> bool {
        name.to_ascii_lowercase().starts_with(&self.prefix)
    }

    fn kit_pool(&self, name: Option<&String>) -> Option<String> {
        match name {
            // Nothing named, nothing changed: the argument check of the release answers.
            None => None,
            Some(name) if self.is_marked(name) => None,
            Some(name) => Some(format!("pool {name} is not of this run")),
        }
    }

    fn lent_guest(&self, node: &str) -> Option<String> {
        (!self.inventory.guests.iter().any(|g| g.node == node))
            .then(|| format!("the inventory does not lend guest {node}"))
    }

    fn lent_devices(&self, list: &str) -> Option<String> {
        list.split(';').find_map(|device| {
            let lent = self
                .inventory
                .fcp_devices
                .iter()
                .any(|f| f.device.eq_ignore_ascii_case(device));
            (!lent).then(|| format!("the inventory does not lend FCP device '{device}'"))
        })
    }

    fn lent_lun(&self, lun: &str) -> Option<String> {
        let lun = lun.trim_start_matches("0x");
        let invented = lun.to_ascii_lowercase().starts_with(INVENTED_LUN);
        let lent = self
            .inventory
            .luns
            .iter()
            .any(|l| l.lun.eq_ignore_ascii_case(lun));
        (!invented && !lent).then(|| format!("the inventory does not lend LUN '{lun}'"))
    }
}

fn word(words: &[String], i: usize) -> &str {
    words.get(i).map_or("", String::as_str)
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
            "schema = 1\nhost = 'h'\n[[guest]]\nnode = 'g'\nstate = 'running'\n[[fcp]]\ndevice = 'b805'\n[[lun]]\nwwpns = ['5005076801102991']\nlun = '0004000000000000'\nsize = '1G'\n",
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
        ] {
            assert!(
                fence.check(put(path, line)).is_err(),
                "{path} {line} must not pass"
            );
        }
        assert!(fence.check(Request::new(Method::Delete, "/vms/g")).is_err());
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
        ] {
            assert!(
                fence.check(put(path, line)).is_ok(),
                "{path} {line} must pass"
            );
        }
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
