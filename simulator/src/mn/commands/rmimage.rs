//! `rmimage`: removes the files of an image from the management node (spec: rest-and-xcatd 4.14).

use super::mn_files;
use super::options::Options;
use crate::mn::{Context, Document};

const SPEC: &[&str] = &["a=", "h|help", "o=", "p=", "v|V|verbose", "x|xcatdef"];
/// Ways of provisioning whose images have files of their own.
const METHODS: [&str; 4] = ["netboot", "statelite", "sysclone", "raw"];

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let Some(image) = options.operands.first() else {
        usage(context, &options);
        return;
    };
    let attribute = |table: &str, column: &str| {
        context.tables(|db| db.get(table, "imagename", image, column).map(str::to_owned))
    };
    if context.tables(|db| db.find("osimage", &[("imagename", image)]).next().is_none()) {
        context.push(Document::error(format!("Invalid image name {image}")));
        return;
    }
    let method = attribute("osimage", "provmethod").unwrap_or_default();
    if !METHODS.contains(&method.as_str()) {
        context.push(Document::error(format!(
            "Invalid method \"{method}\", the rmimage command can only be used to remove the netboot, statelite, sysclone or raw image files"
        )));
        return;
    }
    let directory = attribute("linuximage", "rootimgdir").unwrap_or_else(|| {
        let part = |column| attribute("osimage", column).unwrap_or_default();
        let install = context
            .tables(|db| db.site("installdir").map(str::to_owned))
            .unwrap_or_else(|| "/install".to_owned());
        format!(
            "{install}/{method}/{}/{}/{}",
            part("osvers"),
            part("osarch"),
            part("profile")
        )
    });
    if !mn_files::is_directory(context, &directory) {
        context.push(Document::error(format!(
            "Image directory {directory} does not exist"
        )));
        return;
    }
    if options.has("v") {
        context.push(Document::of(
            "info",
            [format!("Removing directory {directory}")],
        ));
    }
    mn_files::remove_tree(context, &directory);
    context.push(Document::of(
        "info",
        ["Image files have been removed successfully from this management node."],
    ));
    if options.has("x") {
        context.tables_mut(|db| {
            for table in ["osimage", "linuximage"] {
                db.delete(table, "imagename", image);
            }
        });
    }
}

fn usage(context: &Context, options: &Options) {
    let usage = Document::of(
        "info",
        [
            "Usage:",
            "       rmimage [-V|--verbose] imagename [--xcatdef]",
            "       rmimage [-h|--help]",
        ],
    );
    context.push(if options.has("h") {
        usage
    } else {
        usage.with("errorcode", ["1"])
    });
}
