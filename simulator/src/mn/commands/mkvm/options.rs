//! A virtual machine from options: a directory entry is written for it, and the command calls itself with that (spec:
//! guests 10.2).

use std::fmt::Write as _;

use crate::mn::Context;
use crate::mn::commands::getopt::{Given, Takes};
use crate::mn::zvm::nested::{Stderr, command_line};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::{local, text};

/// Most user IDs that may log on by their own password.
const LOGON_BY: usize = 8;
/// Longest user ID.
const USERID: usize = 8;

/// What was asked for.
pub(super) struct Options {
    given: Given,
}

impl Options {
    /// Reads arguments.
    pub(super) fn read(args: &[String]) -> Self {
        let given = Given::read(
            &[
                ("s|stdin", Takes::Nothing),
                ("p|profile", Takes::Text),
                ("w|password", Takes::Text),
                ("c|cpus", Takes::Number),
                ("m|mem", Takes::Text),
                ("d|diskpool", Takes::Text),
                ("z|size", Takes::Text),
                ("v|diskvdev", Takes::Text),
                ("r|privilege", Takes::Text),
                ("q|requestid", Takes::Text),
                ("j|objectid", Takes::Text),
                ("i|ipl", Takes::Text),
                ("l|logonby", Takes::Text),
            ],
            args,
        );
        Self { given }
    }

    /// Whether the entry is to come from standard input.
    pub(super) fn wants_stdin(&self) -> bool {
        self.given.has("s")
    }

    /// Whether one of the three options is there that make a whole entry together.
    pub(super) fn is_complete_form(&self) -> bool {
        ["p", "w", "m"]
            .iter()
            .any(|name| text::is_true(self.given.value(name)))
    }

    /// An option, or what stands for it when it is false.
    fn or(&self, name: &str, default: &str) -> String {
        let value = self.given.value(name);
        let value = if text::is_true(value) { value } else { default };
        value.to_owned()
    }

    /// The directory entry.
    fn entry(&self, userid: &str) -> String {
        let (profile, password, memory) = (
            self.given.value("p"),
            self.given.value("w"),
            self.given.value("m"),
        );
        let privilege = self.or("r", "G");
        let mut entry = format!(
            "USER {userid} {password} {memory} {memory} {privilege}\nINCLUDE {profile}\nCPU 00 BASE\n"
        );
        let cpus = match self.given.value("c") {
            "" => 1,
            count => text::number(count) as i64,
        };
        for address in 1..cpus.min(256) {
            let _ = writeln!(entry, "CPU {address:02X}");
        }
        let ipl = self.given.value("i");
        if text::is_true(ipl) {
            let _ = writeln!(entry, "IPL {ipl:0>4}");
        }
        let logon_by = self.given.value("l");
        if text::is_true(logon_by) {
            let _ = writeln!(entry, "LOGONBY {logon_by}");
        }
        entry
    }
}

/// Makes the virtual machine, and its first disk if one is wanted.
pub(super) async fn make(context: &Context, node: &str, target: &Target, options: &Options) {
    let value = |name| options.given.value(name);
    if ["p", "w", "m"]
        .iter()
        .any(|name| !text::is_true(value(name)))
    {
        return context.print_ln(format!(
            "{node}: (Error) Missing one or more required parameter(s)"
        ));
    }
    let logon_by = value("l");
    if text::is_true(logon_by) && !is_logon_by(context, node, logon_by) {
        return;
    }
    let file = format!("/tmp/{}.txt", target.userid);
    local::write(context, &file, &options.entry(&target.userid));
    from_written(context, node, options, &file).await;
    local::remove(context, &file);
}

/// Makes the virtual machine of an entry that has been written, and its first disk if one is wanted.
async fn from_written(context: &Context, node: &str, options: &Options, file: &str) {
    let value = |name| options.given.value(name);
    let answer = command_line(context, "mkvm", node, &[file], Stderr::Merged).await;
    context.print_ln(&answer);
    if text::is_bad(&answer) {
        return;
    }
    let (pool, size) = (value("d"), value("z"));
    if text::is_true(pool) || text::is_true(size) {
        if !text::is_true(pool) || !text::is_true(size) {
            return context.print_ln(format!(
                "{node}: (Error) Missing one or more required parameter(s) for adding disk"
            ));
        }
        let vdev = options.or("v", "0100");
        let args = ["--add3390", pool, &vdev, size];
        let answer = command_line(context, "chvm", node, &args, Stderr::Merged).await;
        context.print_ln(&answer);
    }
}

/// Whether the user IDs may stand in a LOGONBY statement; a long one is no error to the client (GQ32).
fn is_logon_by(context: &Context, node: &str, userids: &str) -> bool {
    let userids: Vec<&str> = userids.split_ascii_whitespace().collect();
    if userids.len() > LOGON_BY {
        context.print_ln(format!(
            "{node}: (Error) logonby statement contains more than 8 users which is not allowed, the value is: {}",
            userids.join(" ")
        ));
        return false;
    }
    for userid in userids {
        if userid.len() > USERID {
            context.print_ln(format!(
                "{node}: logonby userid {userid} contains more than 8 chars"
            ));
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn entries_are_written_from_options() {
        let args: Vec<String> = [
            "-p",
            "osdflt",
            "--password",
            "LBYONLY",
            "--mem",
            "1024m",
            "--cpus",
            "3",
            "--ipl",
            "100",
            "-l",
            "IBMVM1 OPS",
        ]
        .iter()
        .map(|a| (*a).to_owned())
        .collect();
        let options = Options::read(&args);
        assert!(options.is_complete_form());
        assert_eq!(
            options.entry("LNX1"),
            "USER LNX1 LBYONLY 1024m 1024m G\nINCLUDE osdflt\nCPU 00 BASE\nCPU 01\nCPU 02\nIPL 0100\nLOGONBY IBMVM1 OPS\n"
        );
    }
}
