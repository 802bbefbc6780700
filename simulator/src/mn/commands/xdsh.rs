//! `xdsh`: runs a command on nodes (spec: rest-and-xcatd 4.13).
//!
//! The nodes are taken one after the other, in their order: the real program runs them in parallel and answers in the
//! order of completion. Left out: `-K`, `-i`, `-q`, which set up keys, images and a listing of the context; `-t` has
//! no effect, because nothing here waits.

use super::dsh::{chunks, login, node_options, probe, refuse};
use super::options::Options;
use crate::mn::{Context, Document, Request};
use crate::seam::{Outcome, RemoteCommand};

const SPEC: &[&str] = &[
    "devicetype=",
    "e|execute",
    "E|environment=",
    "f|fanout=",
    "h|help",
    "i|rootimg=",
    "K|ssh-setup",
    "L|no-locale",
    "l|user=",
    "m|monitor",
    "o|node-options=",
    "q|show-config",
    "Q|silent",
    "r|node-rsh=",
    "s|stream",
    "S|syntax=",
    "t|timeout=",
    "T|trace",
    "V|version",
    "v|verify",
    "X=",
    "z|exit-status",
];

/// The daemon's locale, which is passed on to every node.
const LOCALE: &str = "export LANG=C LANGUAGE= LC_CTYPE=\"C\" LC_NUMERIC=\"C\" LC_TIME=\"C\" LC_COLLATE=\"C\" LC_MONETARY=\"C\" LC_MESSAGES=\"C\" LC_PAPER=\"C\" LC_NAME=\"C\" LC_ADDRESS=\"C\" LC_TELEPHONE=\"C\" LC_MEASUREMENT=\"C\" LC_IDENTIFICATION=\"C\" LC_ALL=C PERL_BADLANG=0 ; ";
const MARKER: &str = ":DSH_TARGET_RC=";

/// Runs the command; `nodes` is the noderange, `None` when there is none.
pub async fn run(context: &Context, request: &Request, nodes: Option<&[String]>) {
    if request.args.is_empty() {
        let message = "Can't use an undefined value as an ARRAY reference";
        super::global::died(context, "xdsh", message, nodes.unwrap_or_default());
        return;
    }
    let options = Options::read_leading(SPEC, &request.args);
    let Some(nodes) = nodes else {
        refuse(
            context,
            "Unless using -i option,  noderange is required.",
            "0",
        );
        return;
    };
    if let Some(syntax) = options.value("S")
        && !matches!(syntax, "csh" | "ksh")
    {
        let text = format!("Incorrect argument \"{syntax}\" specified on -S flag. ");
        refuse(context, text, "1");
        return;
    }
    if let Some(file) = options.value("E")
        && !exists(context, file)
    {
        refuse(context, format!("File {file} does not exist"), "1");
        return;
    }
    let command = options.operands.join(" ");
    if command.is_empty() {
        refuse(context, "No command argument provided", "0");
        return;
    }
    if options.has("e") {
        let path = options.operands.first().map_or("", String::as_str);
        if !exists(context, path) {
            let text = format!("Remote command: {path} does not exist or is not executable.");
            refuse(context, text, "0");
            return;
        }
    }
    let monitor = |line: String| {
        if options.has("m") {
            context.push(Document::of("info", [format!("dsh>  {line}")]));
        }
    };
    monitor(format!("Dsh_process_id {}", 4000 + context.request));
    monitor("Dsh_initialization_completed".to_owned());
    probe(context).await;
    let user = login(context, request, &options);
    monitor("Dsh_remote_execution_started".to_owned());
    let mut failed = 0;
    for node in nodes {
        monitor(format!("Remote_command_started {node}"));
        let locale = if options.has("L") { "" } else { LOCALE };
        let line = format!(
            "export NODE={node}; {locale}{command}; export DSH_TARGET_RC=$?; echo \":DSH_TARGET_RC=${{DSH_TARGET_RC}}:\""
        );
        let remote = RemoteCommand::Ssh {
            host: node.clone(),
            user: user.clone(),
            opts: node_options(&options),
            command: line,
        };
        let outcome = context.remote(remote).await;
        let succeeded = answer(context, node, &outcome, &options);
        if !succeeded {
            failed += 1;
        }
        let word = if succeeded { "successful" } else { "failed" };
        monitor(format!("Remote_command_{word} {node}"));
    }
    monitor("Remote_command_execution_completed".to_owned());
    context.push(Document::of("errorcode", [failed.to_string()]));
}

/// The documents of one node; whether its command succeeded.
fn answer(context: &Context, node: &str, outcome: &Outcome, options: &Options) -> bool {
    let (output, status) = without_marker(&outcome.stdout);
    let mut data = chunks(node, &output);
    if options.has("z")
        && let Some(status) = status
    {
        data.push(format!("{node}: Remote_command_rc = {status}"));
    }
    if !options.has("Q") {
        if !data.is_empty() {
            context.push(Document::of("data", data));
        }
        let errors = chunks(node, &outcome.stderr);
        if !errors.is_empty() {
            context.push(
                Document::of("error", errors)
                    .with("NoErrorPrefix", ["1"])
                    .with("errorcode", ["0"]),
            );
        }
    }
    if outcome.rc == 0 && status.is_none() {
        context.push(Document::error(format!(
            " A return code for the command run on the host {node} was not received."
        )));
    }
    outcome.rc == 0 && status == Some(0)
}

/// The output without the marker, and the status that stood in it.
fn without_marker(stdout: &str) -> (String, Option<i64>) {
    let Some(at) = stdout.rfind(MARKER) else {
        return (stdout.to_owned(), None);
    };
    let rest = &stdout[at + MARKER.len()..];
    let Some((status, after)) = rest.split_once(':') else {
        return (stdout.to_owned(), None);
    };
    let Ok(status) = status.parse() else {
        return (stdout.to_owned(), None);
    };
    let after = after.strip_prefix('\n').unwrap_or(after);
    (format!("{}{after}", &stdout[..at]), Some(status))
}

/// Whether the management node has the file.
pub(super) fn exists(context: &Context, path: &str) -> bool {
    context.local(|world| {
        let host = &world.mn.host;
        world
            .linuxes
            .get(host)
            .is_some_and(|mn| mn.fs.read(path).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::without_marker;

    #[test]
    fn the_marker_is_taken_out_wherever_it_stands() {
        let cases = [
            ("a\n:DSH_TARGET_RC=0:\n", "a\n", Some(0)),
            ("a:DSH_TARGET_RC=2:\n", "a", Some(2)),
            (":DSH_TARGET_RC=127:\n", "", Some(127)),
            ("a\n", "a\n", None),
            (":DSH_TARGET_RC=x:\n", ":DSH_TARGET_RC=x:\n", None),
        ];
        for (stdout, output, status) in cases {
            assert_eq!(without_marker(stdout), (output.to_owned(), status));
        }
    }
}
