//! `/proc` files of the common I/O layer (spec: zfcp-and-san 4.1).

use crate::world::zfcp::Zfcp;
use crate::world::zfcp::names::bus_id;

use super::tree::{Entries, Node, View};

/// Entries of `/proc`, as far as they belong to the common I/O layer.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    path.is_empty().then(|| {
        vec![
            (
                "cio_ignore".to_owned(),
                Node::ReadWrite(ignore_list(&view.zfcp)),
            ),
            ("cio_settle".to_owned(), Node::WriteOnly),
        ]
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
