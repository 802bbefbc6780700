//! Which of its ways the command takes (`zvm.pm process_request`; spec: guests 10.1).

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{clone, define, options, special_clone};
use crate::mn::Context;
use crate::mn::zvm::guest::add_flag;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::{local, text};

/// Images that are made by copying a virtual machine.
const CLONES: &str = "/var/opt/xcat/doclone.txt";

/// Runs the command on all its nodes.
pub async fn run(context: &Context, nodes: &[String], args: &[String]) {
    let source = text::arg(args, 0);
    let is_clone = text::is_true(source) && context.column("zvm", source, "userid").is_some();

    if let Some(at) = args.iter().position(|arg| arg.contains("--imagename")) {
        let image = text::arg(args, at + 1);
        if image.is_empty() {
            return complain(context, nodes, "image name value missing");
        }
        let listed = local::read(context, CLONES).unwrap_or_default();
        let values = clone_values(&listed, image);
        if !values.is_empty() {
            return special_clone::run(context, nodes, args, &values).await;
        }
    }
    if let Some(at) = args.iter().position(|arg| arg.contains("--osimage")) {
        let image = text::arg(args, at + 1);
        if image.is_empty() {
            return complain(context, nodes, "osimage value missing");
        }
        let comments = context.tables(|tables| {
            tables
                .get("osimage", "imagename", image, "comments")
                .map(str::to_lowercase)
        });
        if comments.is_some_and(|text| text.contains("xcatconf4z=0")) {
            for node in nodes {
                add_flag(context, node, "XCATCONF4Z=0");
            }
        }
    }
    if is_clone {
        return clone::run(context, nodes, args).await;
    }
    join_all(nodes.iter().map(|node| make(context, node, args))).await;
}

/// A complaint that shows the list of nodes as Perl shows a reference (GQ25).
fn complain(context: &Context, nodes: &[String], what: &str) {
    let who = if context.settings().quirk("GQ25") {
        let address = context.local(crate::world::World::next_random) & 0xffff_ffff;
        format!("ARRAY(0x55{address:08x})")
    } else {
        nodes.join(",")
    };
    context.print_ln(format!("{who}: (Error) {what}\n"));
}

/// `makeVM` on one node: from options, from an entry in a file or on standard input, or with nothing.
async fn make(context: &Context, node: &str, args: &[String]) {
    let Some(target) = Target::of(context, node) else {
        return;
    };
    let options = options::Options::read(args);
    if options.is_complete_form() {
        options::make(context, node, &target, &options).await;
    } else {
        define::make(context, node, &target, args, options.wants_stdin()).await;
    }
}

/// What a list of images says of one of them: `KEY=value` pairs with semicolons between them, in upper case; comment
/// lines left out (`zvmUtils.pm getSpecialCloneInfo`).
fn clone_values(listed: &str, image: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for line in listed.lines() {
        let start = line.trim_start();
        if start.starts_with('*') || start.starts_with("/*") || !names_image(line, image) {
            continue;
        }
        for pair in line.split(';') {
            let (key, value) = (
                text::field(pair, '=', 0).trim(),
                text::field(pair, '=', 1).trim(),
            );
            if !key.is_empty() && !value.is_empty() {
                values.insert(key.to_uppercase(), value.to_uppercase());
            }
        }
    }
    values
}

/// Whether a line has `IMAGE_NAME = {image}`, as a whole word, in any case.
fn names_image(line: &str, image: &str) -> bool {
    let pattern = format!(
        r"(?i)(^|\W)IMAGE_NAME[ \t]*=[ \t]*{}(\W|$)",
        regex::escape(image)
    );
    regex::Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_to_clone_are_read_from_the_list() {
        let listed = "* IMAGE_NAME=img1; CLONE_FROM=no\nIMAGE_NAME=img1 ; clone_from=maint1;ECKD_POOL=POOL1;FBA_POOL=\nIMAGE_NAME=img12; CLONE_FROM=other\n";
        let values = clone_values(listed, "IMG1");
        assert_eq!(values.get("CLONE_FROM").map(String::as_str), Some("MAINT1"));
        assert_eq!(values.get("ECKD_POOL").map(String::as_str), Some("POOL1"));
        assert_eq!(values.get("FBA_POOL"), None);
        assert!(clone_values(listed, "img").is_empty());
    }
}
