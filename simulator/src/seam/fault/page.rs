//! The page of all faults by name: `docs/faults.md`, `xcat-sim reference faults`.

use std::fmt::Write as _;

use super::{CLIENT_MISTAKES, Layer, NamedFault, catalogue};

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
            "\n## {title}\n\n| name | what goes wrong | needs | parameters | what a client sees | source |\n|---|---|---|---|---|---|\n"
        );
        for fault in catalogue().filter(|f| (f.effect)().layer() == layer) {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} |",
                fault.name,
                fault.title,
                fault.scope.join(", "),
                parameters(fault),
                fault.seen,
                fault.source
            );
        }
    }
    out.push_str(
        "\n## Mistakes of clients\n\nRows of the specification that nobody injects: the site answers them as the real one \
         does.\n\n| name | what the client does | what it sees |\n|---|---|---|\n",
    );
    for mistake in CLIENT_MISTAKES {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            mistake.name, mistake.title, mistake.seen
        );
    }
    out
}

/// Parameters of a fault with what they are unless a rule says otherwise; times are virtual milliseconds.
fn parameters(fault: &NamedFault) -> String {
    let mut list = Vec::new();
    if let Some(ms) = (fault.effect)().delay() {
        list.push(format!("`delay_ms` {ms}"));
    }
    if let Some(ms) = fault.for_ms {
        list.push(format!("`for_ms` {ms}"));
    }
    list.join(", ")
}
