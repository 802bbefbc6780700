//! `imgcapture`: an image from a node's disk (spec: rest-and-xcatd 4.14). The definition and the files are there
//! afterwards; how the real program gets there is not modelled.

use super::mn_files;
use super::options::Options;
use crate::mn::{Context, Document};

const SPEC: &[&str] = &[
    "c|compress=",
    "d|device=",
    "h|help",
    "i=",
    "n=",
    "o|osimage=",
    "p|profile=",
    "V|verbose",
    "v|version",
];
/// Device of the disk that is captured when none is named.
const ROOT_DEVICE: &str = "0100";

/// Runs the command; `nodes` is the noderange.
pub fn run(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(SPEC, args);
    for node in nodes.unwrap_or_default() {
        let value = |column: &str| context.column("nodetype", node, column);
        let (Some(os), Some(arch)) = (value("os"), value("arch")) else {
            context.push(Document::error(format!(
                "{node}: (Error) Missing os or arch in the nodetype table"
            )));
            continue;
        };
        let profile = options
            .value("p")
            .map(str::to_owned)
            .or_else(|| value("profile"))
            .unwrap_or_else(|| "default".to_owned());
        let install = context
            .tables(|db| db.site("installdir").map(str::to_owned))
            .unwrap_or_else(|| "/install".to_owned());
        let image = options
            .value("o")
            .map_or_else(|| format!("{os}-{arch}-netboot-{profile}"), str::to_owned);
        let directory = format!("{install}/netboot/{os}/{arch}/{profile}");
        let device = options.value("d").unwrap_or(ROOT_DEVICE);
        mn_files::write(
            context,
            &format!("{directory}/{device}.img"),
            format!("xCAT FBA Part Image: disk {device} of {node}\n"),
        );
        context.tables_mut(|db| {
            let columns = [
                ("profile", profile.as_str()),
                ("imagetype", "linux"),
                ("provmethod", "netboot"),
                ("osname", "Linux"),
                ("osvers", &os),
                ("osarch", &arch),
            ];
            db.set("osimage", "imagename", &image, &columns);
            db.set(
                "linuximage",
                "imagename",
                &image,
                &[("rootimgdir", &directory)],
            );
        });
        context.print_ln(format!(
            "{node}: Completed capturing the image({image}) and stored at {directory}"
        ));
    }
}
