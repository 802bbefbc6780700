//! Operands and the checks before every action (`zvm.pm nodeSet`; spec: guests 13).

use super::{deploy, install, statelite};
use crate::mn::Context;
use crate::mn::zvm::guest::status_of;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text;

/// One node on which an action is carried out.
pub(super) struct Boot<'a> {
    pub context: &'a Context,
    pub node: &'a str,
    pub target: Target,
    /// Operating system, architecture and profile of the node.
    pub os: String,
    pub arch: String,
    pub profile: String,
    pub operands: Operands,
}

impl Boot<'_> {
    /// Says a line with the node in front.
    pub(super) fn say(&self, text: &str) {
        self.context.print_ln(format!("{}: {text}", self.node));
    }

    /// Says an error; there is nothing to go on with then.
    pub(super) fn fail<T>(&self, text: &str) -> Option<T> {
        self.say(&format!("(Error) {text}"));
        None
    }
}

/// What was asked for, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Operands {
    pub action: String,
    pub osimage: String,
    pub device: String,
    pub transport: String,
    pub remotehost: String,
}

impl Operands {
    /// A key is recognised in any case, but only its lower-case spelling is taken away.
    fn read(args: &[String]) -> Self {
        let mut operands = Self::default();
        for arg in args {
            let value = |key: &str| {
                let starts = arg
                    .get(..key.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(key));
                starts.then(|| arg.strip_prefix(key).unwrap_or(arg).to_owned())
            };
            if let Some(value) = value("osimage=") {
                operands.osimage = value;
            } else if let Some(value) = value("device=") {
                operands.device = value;
            } else if let Some(value) = value("transport=") {
                operands.transport = value;
            } else if let Some(value) = value("remotehost=") {
                operands.remotehost = value;
            } else {
                operands.action.clone_from(arg);
            }
        }
        operands
    }
}

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let status = status_of(context, node);
    if status.contains("CLONING=1") && status.contains("CLONE_ONLY=1") {
        return;
    }
    let Some(target) = Target::of(context, node) else {
        return;
    };
    let mut operands = Operands::read(args);
    if text::is_true(&operands.osimage) && !take_image(context, node, &mut operands) {
        return;
    }
    let column = |name| context.column("nodetype", node, name).unwrap_or_default();
    let (os, arch, profile) = (column("os"), column("arch"), column("profile"));
    if [&os, &arch, &profile]
        .iter()
        .any(|value| !text::is_true(value))
    {
        return context.print_ln(format!(
            "{node}: (Error) Missing node OS, arch, and profile in nodetype table"
        ));
    }
    let boot = Boot {
        context,
        node,
        target,
        os,
        arch,
        profile,
        operands,
    };
    // `None` ends an action; what there was to say has been said.
    let _ended: Option<()> = match boot.operands.action.as_str() {
        "install" => install::run(&boot).await,
        "statelite" => statelite::run(&boot).await,
        "netboot" | "sysclone" => deploy::run(&boot).await,
        _ => boot.fail("Option not supported"),
    };
}

/// Gives the node the attributes of an image definition; its provisioning method replaces the action.
fn take_image(context: &Context, node: &str, operands: &mut Operands) -> bool {
    let image = &operands.osimage;
    let attribute = |column| {
        context.tables(|tables| {
            tables
                .get("osimage", "imagename", image, column)
                .unwrap_or_default()
                .to_owned()
        })
    };
    let profile = attribute("profile");
    let method = attribute("provmethod");
    let (os, arch) = (attribute("osvers"), attribute("osarch"));
    if [&profile, &method, &os, &arch]
        .iter()
        .any(|value| !text::is_true(value))
    {
        context.print_ln(format!(
            "{node}: (Error) Missing profile, provmethod, osvers, or osarch for osimage"
        ));
        context.print_ln(format!(
            "{node}: (Solution) Provide profile, provmethod, osvers, and osarch in the osimage definition"
        ));
        return false;
    }
    context.tables_mut(|tables| {
        tables.set(
            "nodetype",
            "node",
            node,
            &[
                ("os", &os),
                ("arch", &arch),
                ("profile", &profile),
                ("provmethod", &method),
            ],
        );
    });
    operands.action = method;
    true
}

#[cfg(test)]
mod tests {
    use super::Operands;

    #[test]
    fn operands_come_in_any_order() {
        let args: Vec<String> = [
            "device=0100",
            "netboot",
            "OSIMAGE=img",
            "transport=/a/b.tgz",
        ]
        .iter()
        .map(|a| (*a).to_owned())
        .collect();
        let operands = Operands::read(&args);
        assert_eq!(operands.action, "netboot");
        assert_eq!(operands.device, "0100");
        assert_eq!(operands.osimage, "OSIMAGE=img");
        assert_eq!(operands.transport, "/a/b.tgz");
    }
}
