//! What a permitted request may change, and so what undoes it. Read off the request itself, so that no case can forget it.

use super::check::Fence;
use super::shell::implied_by_shell;
use crate::ledger::Undo;
use crate::target::{GuestState, Method, Request};

impl Fence {
    /// What undoes a request, in the order in which it is to be registered: undone is the last one first.
    pub(super) fn implied(&self, request: &Request) -> Vec<Undo> {
        let mut parts = request.path.trim_matches('/').split('/');
        let resource = parts.next().unwrap_or_default();
        let name = parts.next().unwrap_or_default();
        let sub = parts.next().unwrap_or_default();
        let words = request.words();
        let word = |i: usize| words.get(i).map_or("", String::as_str);
        match (request.method, resource) {
            (Method::Put, "hypervisor") => self.implied_by_host(name, &words),
            (Method::Put, "vms") => self.implied_by_guest(name, &words),
            (Method::Put, "nodes") if sub == "power" && is_power_change(word(0)) => {
                self.power_of(name).into_iter().collect()
            }
            (Method::Put, "nodes") if sub == "dsh" => implied_by_shell(name, request),
            (Method::Post, "nodes") => vec![Undo::Node {
                name: name.to_owned(),
            }],
            (Method::Put, "tables") => word(0)
                .strip_prefix("node=")
                .map(|node| Undo::Row {
                    table: name.to_owned(),
                    node: node.to_owned(),
                })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn implied_by_host(&self, host: &str, words: &[String]) -> Vec<Undo> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let word = |i: usize| words.get(i).copied().unwrap_or_default();
        match word(0) {
            "--addzfcp2pool" => words
                .iter()
                .skip(1)
                .find(|w| !w.is_empty())
                .map(|pool| Undo::Pool {
                    host: host.to_owned(),
                    name: pool.to_lowercase(),
                })
                .into_iter()
                .collect(),
            "--copyzfcp" if words.len() > 3 => self.zhcp_devices(word(1)),
            "--capturezfcp" if words.len() > 3 => {
                let mut undo = vec![Undo::Image {
                    name: format!("unknown-s390x-raw-{}", word(1)),
                }];
                undo.extend(self.zhcp_devices("auto"));
                undo
            }
            "--deployzfcp" if words.len() > 3 => self.zhcp_devices("auto"),
            _ => Vec::new(),
        }
    }

    fn implied_by_guest(&self, node: &str, words: &[String]) -> Vec<Undo> {
        let word = |i: usize| words.get(i).map_or("", String::as_str);
        let node_name = || node.to_owned();
        if self.lent_guest(node).is_some() && self.inventory().zhcp.as_deref() != Some(node) {
            // A node of the kit's own making is no guest.
            return Vec::new();
        }
        match word(0) {
            "--addzfcp" if words.len() > 7 => {
                let devices = self.devices(word(2));
                let mut undo: Vec<Undo> = devices.iter().map(|d| dedication(node, d)).collect();
                undo.push(Undo::Disk {
                    node: node_name(),
                    devices: devices.join(";"),
                    wwpns: word(6).to_lowercase(),
                    lun: without_prefix(word(7)),
                });
                undo
            }
            // By size: the release chooses among the rows of a kit pool, and those are of lent LUNs.
            "--addzfcp" if words.len() > 3 => {
                let devices = self.devices(word(2));
                let mut undo: Vec<Undo> = devices.iter().map(|d| dedication(node, d)).collect();
                undo.extend(self.inventory().luns.iter().map(|lun| Undo::Disk {
                    node: node_name(),
                    devices: devices.join(";"),
                    wwpns: lun.wwpns.join(";"),
                    lun: lun.lun.clone(),
                }));
                undo
            }
            "--dedicatedevice" => vec![dedication(node, word(1))],
            "--createfilesysnode" if words.len() > 2 => vec![Undo::DeviceNode {
                node: node_name(),
                path: word(2).to_owned(),
            }],
            "--aemod" => implied_by_notice(node, &words[1..]),
            _ => Vec::new(),
        }
    }

    /// The guest whose boot settings a request changes: they are read before, to be put back.
    pub(super) fn reboots<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let node = request.path.strip_prefix("/vms/")?;
        let words = request.words();
        let changes = match words.first().map(String::as_str)? {
            "--setipl" | "--deleteipl" | "--setloaddev" | "--removeloaddev" => true,
            "--addzfcp" => words.get(3).is_some_and(|loaddev| loaddev == "1"),
            _ => false,
        };
        (changes && request.method == Method::Put && self.lent_guest(node).is_none())
            .then_some(node)
    }

    /// The state in which the inventory lends the guest.
    fn power_of(&self, node: &str) -> Option<Undo> {
        let guest = self.inventory().guests.iter().find(|g| g.node == node)?;
        Some(Undo::Power {
            node: node.to_owned(),
            state: match guest.state {
                GuestState::Running => "on",
                GuestState::Off => "off",
            }
            .to_owned(),
        })
    }

    /// The zHCP keeps devices that it worked through.
    fn zhcp_devices(&self, list: &str) -> Vec<Undo> {
        let Some(zhcp) = &self.inventory().zhcp else {
            return Vec::new();
        };
        self.devices(list)
            .iter()
            .map(|device| dedication(zhcp, device))
            .collect()
    }

    /// Devices of an operand; `auto` may be any that is lent.
    fn devices(&self, list: &str) -> Vec<String> {
        if list.eq_ignore_ascii_case("auto") {
            let lent = &self.inventory().fcp_devices;
            return lent.iter().map(|f| f.device.clone()).collect();
        }
        list.split(';').map(str::to_lowercase).collect()
    }
}

/// A notice, and the disk that it gives the guest at its start.
fn implied_by_notice(node: &str, parameters: &[String]) -> Vec<Undo> {
    let value = |key: &str| {
        let mut found = parameters.iter().filter_map(|p| p.strip_prefix(key));
        found.next().unwrap_or_default()
    };
    let mut undo = vec![Undo::Notices {
        node: node.to_owned(),
    }];
    if value("action=") == "addScsiVolume" && !value("lun=").is_empty() {
        undo.push(Undo::Disk {
            node: node.to_owned(),
            devices: value("fcpAddr=").replace(',', ";").to_lowercase(),
            wwpns: value("wwpn=").replace(',', ";").to_lowercase(),
            lun: without_prefix(value("lun=")),
        });
    }
    undo
}

fn dedication(node: &str, device: &str) -> Undo {
    Undo::Dedication {
        node: node.to_owned(),
        device: device.to_owned(),
    }
}

/// The number itself, in the lower case in which the inventory has it.
fn without_prefix(number: &str) -> String {
    let number = number.to_lowercase();
    number.trim_start_matches("0x").to_owned()
}

fn is_power_change(operand: &str) -> bool {
    !matches!(operand, "stat" | "status" | "isreachable" | "")
}
