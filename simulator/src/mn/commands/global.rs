//! The commands that xCAT's own plugins carry out, whatever the node's kind (spec: rest-and-xcatd 3.5, 4.3 to 4.13).

use super::{
    defs, gettab, imgcapture, imgport, lsxcatd, makedns, makehosts, monitors, nodech, nodels,
    nodestat, notif, rmimage, rnoderange, tabch, tabdump, tabprune, xdcp, xdsh,
};
use crate::mn::{Context, Document, Request};
use crate::seam::Release;

/// Carries out such a command. `nodes` is the expanded noderange, sorted; `None` when the request has none.
pub async fn run(context: &Context, request: &Request, nodes: Option<&[String]>) {
    let args = &request.args[..];
    match request.command.as_deref().unwrap_or_default() {
        "chdef" => defs::chdef::run(context, args),
        "chkosimage" => check_image(context, args),
        // They do their work where no client of z/VM looks, and say nothing.
        "diagnostics" | "groupfiles4dsh" | "moncfg" | "mondeconfig" | "monstart" | "monstop" => {}
        "gettab" => gettab::run(context, args),
        "imgcapture" => imgcapture::run(context, nodes, args),
        "imgexport" => imgport::export(context, args).await,
        "imgimport" => imgport::import(context, args).await,
        "lsdef" => defs::lsdef::run(context, args),
        "lsxcatd" => lsxcatd::run(context, args),
        "mkdef" => defs::mkdef::run(context, args),
        "makedns" => makedns::run(context, nodes, args),
        "makehosts" => makehosts::run(context, nodes, args),
        "monadd" => monitors::add(context, args),
        "monls" => monitors::list(context, args),
        "monrm" => monitors::remove(context, args),
        "nodeadd" => nodech::add(context, args),
        "nodech" => nodech::change(context, nodes, args),
        "nodegrpch" => nodech::change_groups(context, args),
        "nodels" => nodels::run(context, nodes, args),
        "noderm" => nodech::remove(context, nodes, args),
        "nodestat" => nodestat::run(context, nodes).await,
        "regnotif" => notif::register(context, args),
        "rmdef" => defs::rmdef::run(context, args),
        "rmimage" => rmimage::run(context, args),
        "rnoderange" => rnoderange::run(context, nodes),
        "tabch" => tabch::run(context, args).await,
        "tabdump" => tabdump::run(context, args),
        "tabprune" => tabprune::run(context, args),
        "unregnotif" => notif::unregister(context, args),
        "xdcp" => xdcp::run(context, request, nodes).await,
        "xdsh" => xdsh::run(context, request, nodes).await,
        other => context.push(Document::error(format!("(Error) {other} is not simulated"))),
    }
}

/// `chkosimage [-c] {image}`: of AIX images only, so there is nothing to say of any other.
fn check_image(context: &Context, args: &[String]) {
    let image = args.iter().find(|arg| !arg.starts_with('-'));
    let known = image.is_some_and(|image| {
        context.tables(|db| db.find("osimage", &[("imagename", image)]).next().is_some())
    });
    if !known {
        context.push(Document::error("Could not get xCAT image definition."));
    }
}

/// What xcatd reports of a plugin that died (spec: rest-and-xcatd 3.5).
pub fn died(context: &Context, plugin: &str, message: &str, nodes: &[String]) {
    let nodes = nodes.join(",");
    let text = if context.settings().release == Release::E {
        let mut text = format!(
            "{plugin} plugin bug, pid {}, process description: 'xcatd SSL: {plugin}' with error '{message}'",
            4000 + context.request
        );
        if !nodes.is_empty() {
            text += " while trying to fulfill request for the following nodes: ";
            text += &nodes;
        }
        text
    } else if nodes.is_empty() {
        format!("{plugin}: {message}")
    } else {
        format!("{plugin}: {message} [nodes: {nodes}]")
    };
    context.push(Document::error(text));
}
