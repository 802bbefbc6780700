//! Small changes of which the mistakes are made.

use super::defect::{Asked, HttpReply, Step};
use crate::mn::{Document, Element, Request};
use crate::seam::{Outcome, RemoteCommand};

/// What a remote shell would get.
pub fn text(command: &RemoteCommand) -> Option<&str> {
    match command {
        RemoteCommand::Ssh { command, .. } => Some(command),
        _ => None,
    }
}

/// Whether a shell line is about pool files.
pub fn is_pool(text: &str) -> bool {
    text.contains("/var/opt/zhcp/zfcp/")
}

/// Whether a shell line rewrites a row of a pool.
pub fn rewrites_row(text: &str) -> bool {
    is_pool(text) && text.contains("sed --in-place")
}

/// The command is answered with success and this output, and not carried out, when it contains all these texts.
pub fn skip_if(command: RemoteCommand, all: &[&str], answer: &str) -> Step {
    if text(&command).is_some_and(|line| all.iter().all(|t| line.contains(t))) {
        Step::Skip(Outcome::ok(answer))
    } else {
        Step::Go(command)
    }
}

/// The command with its shell line changed, when it contains all these texts.
pub fn change_if(
    command: RemoteCommand,
    all: &[&str],
    change: impl FnOnce(&str) -> String,
) -> Step {
    match command {
        RemoteCommand::Ssh {
            host,
            user,
            opts,
            command,
        } if all.iter().all(|t| command.contains(t)) => Step::Go(RemoteCommand::Ssh {
            host,
            user,
            opts,
            command: change(&command),
        }),
        other => Step::Go(other),
    }
}

/// The value behind an option letter of an `smcli` line.
pub fn operand<'a>(line: &'a str, letter: &str) -> &'a str {
    line.split(letter)
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_default()
}

/// Replaces text in the output of a command whose line contains all these texts.
pub fn replace_output(
    command: &RemoteCommand,
    outcome: &mut Outcome,
    all: &[&str],
    from: &str,
    to: &str,
) {
    if text(command).is_some_and(|line| all.iter().all(|t| line.contains(t))) {
        outcome.stdout = outcome.stdout.replace(from, to);
    }
}

/// Changes every text under a key, in documents and in `node` elements.
pub fn change_texts(documents: &mut [Document], key: &str, change: &impl Fn(&str) -> String) {
    for document in documents {
        for element in document.0.get_mut(key).into_iter().flatten() {
            if let Element::Text(text) = element {
                *text = change(text);
            }
        }
        for element in document.0.get_mut("node").into_iter().flatten() {
            if let Element::Node(node) = element {
                change_texts(std::slice::from_mut(node), key, change);
            }
        }
    }
}

/// Keeps only the lines of information that pass.
pub fn keep_lines(documents: &mut [Document], keep: impl Fn(&str) -> bool) {
    change_texts(documents, "info", &|text| {
        let mut kept: String = text
            .split_inclusive('\n')
            .filter(|line| keep(line.trim_end()))
            .collect();
        if !text.ends_with('\n') {
            kept.truncate(kept.trim_end_matches('\n').len());
        }
        kept
    });
}

/// Moves every text of one key to another.
pub fn move_key(documents: &mut [Document], from: &str, to: &str) {
    for document in documents {
        if let Some(elements) = document.0.remove(from) {
            document.0.list(to).extend(elements);
        }
    }
}

/// Whether the request is this command with this option.
pub fn is(asked: &Asked, command: &str, option: &str) -> bool {
    asked.command == command && asked.option() == option
}

/// Changes the arguments of one command's option.
pub fn arguments(
    request: &mut Request,
    command: &str,
    option: &str,
    change: impl FnOnce(&mut Vec<String>),
) {
    if request.command.as_deref() == Some(command)
        && request.args.first().map(String::as_str) == Some(option)
    {
        change(&mut request.args);
    }
}

/// Changes one argument when it is there.
pub fn argument(
    request: &mut Request,
    command: &str,
    option: &str,
    index: usize,
    change: impl FnOnce(&str) -> String,
) {
    arguments(request, command, option, |args| {
        if let Some(arg) = args.get_mut(index) {
            *arg = change(arg);
        }
    });
}

/// Gives another status.
pub fn status(reply: &mut HttpReply<'_>, from: u16, to: u16) {
    if reply.status == from {
        reply.status = to;
    }
}

/// Replaces text in the body.
pub fn replace_body(reply: &mut HttpReply<'_>, from: &str, to: &str) {
    let body = String::from_utf8_lossy(&reply.body).replace(from, to);
    reply.body = body.into_bytes();
}
