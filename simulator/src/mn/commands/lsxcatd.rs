//! `lsxcatd`: what the daemon is (spec: rest-and-xcatd 4.11). Everybody may ask.

use super::options::Options;
use crate::mn::{Context, Document};
use crate::seam::Release;

const SPEC: &[&str] = &["v|version", "h|help", "d|database", "t|nodetype", "a|all"];

/// The version line of a 2.8 appliance that the OpenStack clients accept.
const VERSION_E: &str =
    "Version 2.8.3.16 (git commit 0123456789abcdef, built Mon Apr 4 10:00:00 EDT 2016)";
/// The version line of the current code line.
const VERSION_M: &str = "Version 2.19.0 (git commit 0123456789abcdef)";

/// The version line: the site's own, else that of its release.
pub fn version(context: &Context) -> String {
    let own = context.local(|world| world.mn.version.clone());
    match context.settings().release {
        _ if !own.is_empty() => own,
        Release::E => VERSION_E.to_owned(),
        Release::M | Release::P => VERSION_M.to_owned(),
    }
}

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let asked = |name| options.has(name) || options.has("a");
    let mut answered = false;
    let mut say = |text: String| {
        context.push(Document::of("data", [text]));
        answered = true;
    };
    if options.unknown.is_empty() && !options.has("h") {
        if asked("v") {
            say(version(context));
        }
        if asked("t") {
            say("This is a Management Node".to_owned());
        }
        if asked("d") {
            say("dbengine=SQLite".to_owned());
        }
    }
    if !answered {
        let usage = Document::of(
            "data",
            [
                "lsxcatd [-v|--version]",
                "        [-h|--help]",
                "        [-d|--database]",
                "        [-t|--nodetype]",
                "        [-a|--all]",
            ]
            .map(|line| format!("       {line}")),
        );
        context.push(if options.has("h") {
            usage
        } else {
            usage.with("errorcode", ["1"])
        });
    }
}
