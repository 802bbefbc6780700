//! The page of all faults by name: `docs/faults.md`, `xcat-sim reference faults`.

use std::fmt::Write as _;

use super::{CATALOGUE, Layer};

/// The page, as Markdown.
pub fn page() -> String {
    let mut out = String::from(
        "# Faults by name\n\n\
         Made by `xcat-sim reference faults`. A rule names a fault and a target: \
         `xcat-sim fault add F37 --lun 4010400000000000`. *Needs* lists what the target must say; every other criterion \
         narrows the rule. Rules can be skipped, limited in number, time and probability.\n",
    );
    let layers = [
        (Layer::Http, "HTTP"),
        (Layer::Xcatd, "xcatd"),
        (Layer::Ssh, "Remote shell"),
        (Layer::Smapi, "SMAPI and directory manager"),
        (Layer::Cp, "CP and hardware"),
        (Layer::Guest, "Guest"),
        (Layer::Fabric, "Fabric"),
        (Layer::Storage, "Storage"),
    ];
    for (layer, title) in layers {
        let _ = write!(
            out,
            "\n## {title}\n\n| name | what goes wrong | needs | what a client sees | source |\n|---|---|---|---|---|\n"
        );
        for fault in CATALOGUE.iter().filter(|f| (f.effect)().layer() == layer) {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                fault.name,
                fault.title,
                fault.scope.join(", "),
                fault.seen,
                fault.source
            );
        }
    }
    out
}
