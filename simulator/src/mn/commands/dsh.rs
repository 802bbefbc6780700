//! What `xdsh` and `xdcp` have in common: who logs in, how output comes back (spec: rest-and-xcatd 4.13).

use super::options::Options;
use crate::mn::{Context, Document, Request};
use crate::seam::{Release, RemoteCommand};

/// Most bytes of output that are taken at once.
const READ: usize = 4096;

/// Value of one of the request's `NAME=value` settings.
fn setting<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .env
        .iter()
        .filter_map(|setting| setting.split_once('='))
        .find_map(|(n, value)| (n == name).then_some(value))
}

/// The user that logs in on the nodes. RQ19: the newer line takes the authenticated user, whatever `-l` says, unless a
/// password for the nodes came along.
pub(super) fn login(context: &Context, request: &Request, options: &Options) -> String {
    let asked = options.value("l").unwrap_or("root");
    let takes_own = context.settings().release != Release::E
        && context.settings().quirk("RQ19")
        && setting(request, "DSH_REMOTE_PASSWORD").is_none();
    match &context.user {
        Some(user) if takes_own => user.clone(),
        _ => asked.to_owned(),
    }
}

/// The probe for the version of `ssh` with which both commands begin.
pub(super) async fn probe(context: &Context) {
    let probe = RemoteCommand::Ssh {
        host: String::new(),
        user: "root".to_owned(),
        opts: vec!["-V".to_owned()],
        command: String::new(),
    };
    context.remote(probe).await;
}

/// Options for `ssh` and `scp` as given with `-o`.
pub(super) fn node_options(options: &Options) -> Vec<String> {
    options
        .values("o")
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect()
}

/// An argument error: the message and the closing document.
pub(super) fn refuse(context: &Context, text: impl Into<String>, closing: &str) {
    context.push(Document::error(text));
    context.push(Document::of("errorcode", [closing]));
}

/// Output as the daemon passes it on: one text per read, of whole lines, each line with the node's name before it.
pub(super) fn chunks(node: &str, output: &str) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut seen = 0;
    while seen < output.len() {
        seen = (seen + READ).min(output.len());
        while !output.is_char_boundary(seen) {
            seen -= 1;
        }
        let end = if seen == output.len() {
            seen
        } else {
            match output[start..seen].rfind('\n') {
                Some(at) => start + at + 1,
                None => continue,
            }
        };
        let text = &output[start..end];
        let lines: Vec<String> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .map(|line| format!("{node}: {line}"))
            .collect();
        chunks.push(lines.join("\n"));
        start = end;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::chunks;

    #[test]
    fn lines_carry_the_name_of_their_node() {
        assert_eq!(chunks("n1", "one\n\ntwo\n"), ["n1: one\nn1: \nn1: two"]);
        assert_eq!(chunks("n1", "no newline"), ["n1: no newline"]);
        assert!(chunks("n1", "").is_empty());
    }

    #[test]
    fn long_output_comes_in_pieces_of_whole_lines() {
        let output = format!("{}\n", "x".repeat(99)).repeat(100);
        let chunks = chunks("n1", &output);
        let lines: Vec<usize> = chunks.iter().map(|c| c.lines().count()).collect();
        assert_eq!(lines, [40, 41, 19]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(output in "[aä\n]{0,9000}") {
            let lines: Vec<String> = chunks("n", &output)
                .iter()
                .flat_map(|chunk| chunk.split('\n').map(str::to_owned).collect::<Vec<_>>())
                .collect();
            let text = output.strip_suffix('\n').unwrap_or(&output);
            let wanted: Vec<String> = if output.is_empty() {
                Vec::new()
            } else {
                text.split('\n').map(|line| format!("n: {line}")).collect()
            };
            prop_assert_eq!(lines, wanted);
        }
    }
}
