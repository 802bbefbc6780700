//! Which commands xcatd knows and how it finds the plugin for a node (spec: rest-and-xcatd 3.5).

use crate::seam::Release;
use crate::world::Database;

/// How a command finds its plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The plugin is the same for every node, and for none.
    Global,
    /// Columns of the node's rows decide; the first value that is set selects the plugin.
    Lookup(&'static [Lookup]),
}

/// One table and its columns, in the order in which they are asked; the value must contain `zvm` or, with `starts`,
/// begin with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    table: &'static str,
    columns: &'static [&'static str],
    starts: bool,
}

const MGT: Registration = Registration::Lookup(&[Lookup {
    table: "nodehm",
    columns: &["mgt"],
    starts: false,
}]);
const POWER: Registration = Registration::Lookup(&[Lookup {
    table: "nodehm",
    columns: &["power", "mgt"],
    starts: false,
}]);
const GETMAC: Registration = Registration::Lookup(&[Lookup {
    table: "nodehm",
    columns: &["getmac", "mgt"],
    starts: false,
}]);
const NETBOOT: Registration = Registration::Lookup(&[Lookup {
    table: "noderes",
    columns: &["netboot"],
    starts: false,
}]);
const HYPERVISOR: Registration = Registration::Lookup(&[
    Lookup {
        table: "hypervisor",
        columns: &["type"],
        starts: false,
    },
    Lookup {
        table: "nodetype",
        columns: &["os"],
        starts: true,
    },
]);

/// Commands that only other platforms' plugins carry out: a z/VM node finds none.
const FOREIGN: Registration = Registration::Lookup(&[]);

/// How `command` is registered; `None` when no plugin knows it.
pub fn registration(command: &str) -> Option<Registration> {
    Some(match command {
        "rpower" => POWER,
        "rinv" | "mkvm" | "rmvm" | "lsvm" | "chvm" | "rscan" | "execcmdonvm" | "rnetboot"
        | "rmigrate" | "reventlog" => MGT,
        "nodeset" => NETBOOT,
        "getmacs" => GETMAC,
        "chhypervisor" | "revacuate" => HYPERVISOR,
        "renergy" | "rvitals" | "rbootseq" | "rsetboot" | "rbeacon" | "rspconfig" => FOREIGN,
        "lsdef" | "mkdef" | "chdef" | "rmdef" | "tabdump" | "tabch" | "gettab" | "tabprune"
        | "lsxcatd" | "nodels" | "nodech" | "nodeadd" | "noderm" | "nodestat" | "nodegrpch"
        | "rnoderange" | "xdsh" | "xdcp" | "makehosts" | "makedns" | "rmimage" | "imgcapture"
        | "imgexport" | "imgimport" | "chkosimage" | "monls" | "monadd" | "monrm" | "monstart"
        | "monstop" | "moncfg" | "mondeconfig" | "regnotif" | "unregnotif" | "diagnostics"
        | "groupfiles4dsh" => Registration::Global,
        _ => return None,
    })
}

/// Whether xcatd knows the command.
pub fn is_command(command: &str) -> bool {
    registration(command).is_some()
}

/// Whether the z/VM plugin carries out the command on the node.
pub fn is_zvm(tables: &Database, lookups: &[Lookup], node: &str) -> bool {
    for lookup in lookups {
        let value = lookup
            .columns
            .iter()
            .find_map(|column| tables.node_value(lookup.table, node, column));
        if let Some(value) = value {
            let fits = if lookup.starts {
                value.starts_with("zvm")
            } else {
                value.contains("zvm")
            };
            if fits {
                return true;
            }
        }
    }
    false
}

/// What xcatd says of a node for which there is no plugin. The list names every registration of the command, those of
/// other platforms included, so it depends on the release.
pub fn no_plugin(command: &str, release: Release) -> String {
    let list = match (command, release) {
        ("rpower", Release::E) => "nodehm.power,mgt",
        ("rpower", _) => "nodehm.mgt;nodehm.mgt=openbmc;pduoutlet.pdu=.*;nodehm.power,mgt",
        ("chhypervisor", Release::E) => {
            "hypervisor.type;nodetype.os=(esx.*);nodetype.os=(rhev.*);nodetype.os=(zvm.*)"
        }
        ("chhypervisor", _) => "hypervisor.type;nodetype.os=(zvm.*)",
        ("revacuate", _) => "hypervisor.type",
        ("nodeset", _) => "noderes.netboot",
        ("getmacs", _) => "nodehm.getmac,mgt",
        _ => "nodehm.mgt",
    };
    format!("Unable to identify plugin for this command, check relevant tables: {list}")
}
