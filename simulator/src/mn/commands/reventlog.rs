//! `reventlog`: a log of a guest is fetched, cleared, or has its options set (`zvm.pm eventLog`; spec: guests 15).

use super::getopt::{Given, Takes};
use crate::mn::Context;
use crate::mn::zvm::guest::{Report, execcmdon_vm, status_of};
use crate::mn::zvm::remote::remote_user;
use crate::mn::zvm::{local, text};
use crate::seam::RemoteCommand;

/// Where logs and their options may be.
const ALLOWED: [&str; 2] = ["/var/log/", "/var/opt/"];

/// One log of one node.
struct Log<'a> {
    context: &'a Context,
    node: &'a str,
    path: &'a str,
    /// Whether the node is the management node.
    is_here: bool,
}

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let given = Given::read(
        &[
            ("s", Takes::Text),
            ("t", Takes::Text),
            ("c", Takes::Nothing),
            ("o", Takes::Text),
        ],
        args,
    );
    let path = given.value("s");
    if !text::is_true(path) {
        return context.print_ln(format!("{node}: (Error) Missing event log"));
    }
    if !ALLOWED.iter().any(|start| path.starts_with(start)) {
        return context.print_ln(format!(
            "{node}: (Error) Files are restricted to those in /var/log and /var/opt"
        ));
    }
    let log = Log {
        context,
        node,
        path,
        is_here: local::is_master(context, node),
    };
    if log.is_here {
        log.say("This is the management node");
    }
    if given.has("c") {
        log.clear().await;
    } else if text::is_true(given.value("o")) {
        log.set_options(given.value("o")).await;
    } else {
        log.fetch(given.value("t")).await;
    }
}

impl Log<'_> {
    fn say(&self, text: &str) {
        self.context.print_ln(format!("{}: {text}", self.node));
    }

    async fn in_guest(&self, command: &str, report: Report) -> String {
        execcmdon_vm(self.context, self.node, command, report).await
    }

    async fn clear(&self) {
        let path = self.path;
        if self.is_here {
            local::write(self.context, path, "");
        } else {
            let command = format!("cat /dev/null > {path}");
            let answer = self.in_guest(&command, Report::Callback).await;
            if text::is_bad(&answer) {
                return;
            }
        }
        self.say(&format!("Clearing event log ({path})... Done"));
    }

    async fn set_options(&self, options: &str) {
        let path = self.path;
        if self.is_here {
            local::write(self.context, path, &format!("{options}\n"));
            return self.say("Setting event logging options... Done");
        }
        let status = status_of(self.context, self.node);
        if !status.contains("SSH=1") && !status.contains("IUCV=1") {
            return self.say("Not set communicate type.");
        }
        self.in_guest(&format!("rm -rf {path}"), Report::Silent)
            .await;
        let command = format!("echo -e \"{options}\" > {path}");
        self.in_guest(&command, Report::Silent).await;
        self.say("Setting event logging options... Done");
    }

    async fn fetch(&self, folder: &str) {
        let (context, path) = (self.context, self.path);
        let folder = if text::is_true(folder) {
            folder.to_owned()
        } else {
            let logs = format!("{}/logs/", local::install(context));
            local::files(context, |fs, _| {
                fs.directories.insert(logs.trim_end_matches('/').to_owned());
            });
            logs
        };
        self.say(&format!("Retrieving event log ({path})"));
        let name = path.rsplit('/').next().unwrap_or_default();
        let target = format!("{}/{name}", folder.trim_end_matches('/'));
        if self.is_here {
            if !local::exists(context, path) {
                return self.say("(Error) Specified log does not exist");
            }
            local::copy(context, path, &target);
        } else {
            let probe = format!("test -e {path} && echo Exists");
            let answer = self.in_guest(&probe, Report::Callback).await;
            if text::is_bad(&answer) {
                return;
            }
            if answer.is_empty() {
                return self.say("(Error) Specified log does not exist");
            }
            let copy = RemoteCommand::Scp {
                opts: Vec::new(),
                from: vec![format!("{}@{}:{path}", remote_user(context), self.node)],
                to: folder.clone(),
            };
            context.remote(copy).await;
        }
        // Only the folder is looked for, not the log in it.
        let is_there = local::files(context, |fs, _| {
            fs.is_directory(folder.trim_end_matches('/'))
        });
        if is_there {
            self.say(&format!("Log copied to {folder}"));
        } else {
            self.say("(Error) Failed to copy log");
        }
    }
}
