//! `/proc` files of the common I/O layer (spec: zfcp-and-san 4.1).

use crate::world::zfcp::Zfcp;
use crate::world::zfcp::names::bus_id;

use super::tree::{Entries, Node, View};

/// Entries of `/proc`, as far as they belong to the common I/O layer.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    path.is_empty().then(|| {
        let linux = view.machine.linux;
        let sysinfo = view.machine.world.systems.get(&linux.system).map(|system| {
            let cpus = view
                .machine
                .virtual_machine()
                .map_or(1, |vm| vm.processors.len().max(1));
            let text = system.hardware.sysinfo(&linux.userid, cpus);
            ("sysinfo".to_owned(), Node::File(text))
        });
        let mut entries: Entries = vec![
            (
                "cio_ignore".to_owned(),
                Node::ReadWrite(ignore_list(&view.zfcp)),
            ),
            ("cio_settle".to_owned(), Node::WriteOnly),
        ];
        entries.extend(sysinfo);
        entries
    })
}

/// The text of `/proc/cio_ignore`.
pub fn ignore_list(zfcp: &Zfcp) -> String {
    zfcp.ignored
        .iter()
        .map(|(low, high)| {
            if low == high {
                format!("{}\n", bus_id(*low))
            } else {
                format!("{}-{}\n", bus_id(*low), bus_id(*high))
            }
        })
        .collect()
}
