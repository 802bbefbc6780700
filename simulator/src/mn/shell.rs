//! The management node's own shell, as far as xCAT's command lines need it: xCAT builds one line for a shell on the
//! MN, and that shell expands variables, strips quotes and cuts the line before `ssh` sees it (Q12, Q61, Q62, GQ2).

use std::borrow::Cow;

use futures_util::future::BoxFuture;

use super::Context;
use super::zvm::contents::Contents;
use super::zvm::remote::Zhcp;
use crate::bytes::ByteSet;
use crate::hosts::shell::{Errno, Machine, Shell, interpret};
use crate::hosts::{ProgramEnv, files, programs};
use crate::seam::{Outcome, RemoteCommand};

/// Longest command line that the kernel takes as one argument of `sh -c` (Q61).
const LONGEST_ARGUMENT: usize = 128 * 1024;

/// Options of ssh and scp that take a value.
const VALUED: &str = "bcDEeFIiJLlmOopQRSWwP";

impl Context {
    /// Fetches pool files with `ssh` and `cat`, as [`Context::ssh`] does. What the files say comes back by rows; standard
    /// output is empty unless the exit status is a failure.
    pub async fn fetch_pools(&self, zhcp: &Zhcp, command: &str) -> (Outcome, Contents) {
        let (outcome, pools) = match plain_command(zhcp, &[], command) {
            // A defect sees what crosses the seam as text.
            Some(command) if self.site.defects.are_active() => (self.remote(command).await, None),
            Some(command) => self.site.fetch_pools(self.request, command).await,
            None => (self.sh(&zhcp.line(command)).await, None),
        };
        match pools {
            Some(pools) => (outcome, Contents::new(pools)),
            None if outcome.rc == 0 => {
                let contents = Contents::of_text(&outcome.stdout);
                (Outcome::default(), contents)
            }
            None => (outcome, Contents::default()),
        }
    }

    /// Runs `ssh {options} {user}@{host} "{sudo} {command}"` as [`Context::sh`] does, without a line where the shell would
    /// change nothing of it.
    pub async fn ssh(&self, zhcp: &Zhcp, options: &[&str], command: &str) -> Outcome {
        match plain_command(zhcp, options, command) {
            Some(command) => self.remote(command).await,
            None => self.sh(&zhcp.line_with(&options.join(" "), command)).await,
        }
    }

    /// Runs a line in the management node's shell; `ssh`, `scp` and `ping` in it cross the seam. A line that is too
    /// long for the kernel is not run: no output, exit status -1 as Perl sees it (Q61).
    pub async fn sh(&self, line: &str) -> Outcome {
        if line.len() >= LONGEST_ARGUMENT && self.settings().quirk("Q61") {
            return Outcome::fail(-1, "");
        }
        if let Some(command) = plain_ssh(line) {
            return self.remote(command).await;
        }
        let mut shell = Shell::login("sh", "root");
        let mut machine = Mn { context: self };
        interpret(&mut machine, &mut shell, line, "").await
    }
}

/// What may stand before the command of a plain line.
const HEAD: ByteSet = ByteSet::of(b" -_.@=").and_alphanumeric();
/// What means something to a shell in double quotes, their end, and a line end.
const QUOTED: ByteSet = ByteSet::of(b"$`\\\n\"");
/// What a word may have outside quotes without the shell changing it.
const PART: ByteSet = ByteSet::of(b"-_.,/").and_alphanumeric();
/// What names of users and hosts are made of.
const NAME: ByteSet = ByteSet::of(b"-_.").and_alphanumeric();

/// What becomes of `ssh {options} {user}@{host} "{sudo} {command}"` when the shell changes nothing of it.
fn plain_command(zhcp: &Zhcp, options: &[&str], command: &str) -> Option<RemoteCommand> {
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('-') && NAME.has_all(name);
    // With room for the rest of the line (Q61).
    if command.len() > LONGEST_ARGUMENT / 2
        || QUOTED.is_in(command)
        || !is_name(&zhcp.user)
        || !is_name(&zhcp.host)
    {
        return None;
    }
    Some(RemoteCommand::Ssh {
        host: zhcp.host.clone(),
        user: zhcp.user.clone(),
        opts: options.iter().map(|&word| word.to_owned()).collect(),
        command: [zhcp.sudo, " ", command].concat(),
    })
}

/// A line that is one `ssh` whose command begins with a double quote, with nothing in it that a shell would change:
/// what the shell would make of it, without the shell. `None`: the shell has to read it.
fn plain_ssh(line: &str) -> Option<RemoteCommand> {
    let (head, mut rest) = line.split_once('"')?;
    let head = head.strip_prefix("ssh ")?;
    if !(head.ends_with(' ') || head.is_empty()) || !HEAD.has_all(head) {
        return None;
    }
    let words: Vec<&str> = head.split_ascii_whitespace().collect();
    let mut command = String::with_capacity(rest.len());
    loop {
        // The text of `rest` is in quotes up to the next one.
        let end = rest.bytes().position(|b| b == b'"')?;
        let quoted = &rest[..end];
        if quoted
            .bytes()
            .any(|b| matches!(b, b'$' | b'`' | b'\\' | b'\n'))
        {
            return None;
        }
        command.push_str(quoted);
        rest = &rest[end + 1..];
        if rest.is_empty() {
            break;
        }
        // Quotes in quotes: what stands between them belongs to the word if it has no blank.
        let end = rest.bytes().position(|b| b == b'"')?;
        let bare = &rest[..end];
        if !PART.has_all(bare) {
            return None;
        }
        command.push_str(bare);
        rest = &rest[end + 1..];
    }
    let (opts, place) = split_options(&words);
    let Some((target, [])) = place.split_first() else {
        return None;
    };
    let (user, host) = target.rsplit_once('@').unwrap_or(("root", target));
    Some(RemoteCommand::Ssh {
        host: host.to_owned(),
        user: user.to_owned(),
        opts: opts.iter().map(|&word| word.to_owned()).collect(),
        command,
    })
}

struct Mn<'a> {
    context: &'a Context,
}

impl Machine for Mn<'_> {
    fn program<'a>(
        &'a mut self,
        shell: &'a Shell,
        words: &'a [String],
        stdin: &'a str,
    ) -> BoxFuture<'a, Option<Outcome>> {
        Box::pin(async move {
            let name = words.first()?.rsplit('/').next()?;
            if let Some(command) = remote(name, &words[1..]) {
                return Some(self.context.remote(command).await);
            }
            self.context.local(|world| {
                let mut env = ProgramEnv {
                    host: world.mn.host.clone(),
                    world,
                    user: "root".into(),
                    variables: shell.variables.clone(),
                    directory: shell.directory.clone(),
                    depth: 0,
                    steps: shell.steps.clone(),
                    merged: shell.merged,
                };
                programs::call(&mut env, words, stdin)
            })
        })
    }

    fn has_program(&mut self, name: &str) -> bool {
        remote(name, &[]).is_some()
            || self
                .context
                .local(|world| programs::exists(world, &world.mn.host, name))
    }

    fn read(&mut self, path: &str) -> Result<String, Errno> {
        self.context
            .local(|world| files::read(world, &world.mn.host, path).map(Cow::into_owned))
    }

    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), Errno> {
        self.context.local(|world| {
            let host = world.mn.host.clone();
            files::write(world, &host, path, text, append)
        })
    }

    fn list(&mut self, path: &str) -> Vec<String> {
        self.context
            .local(|world| files::list(world, &world.mn.host, path).unwrap_or_default())
    }

    fn exists(&mut self, path: &str) -> bool {
        self.context
            .local(|world| files::exists(world, &world.mn.host, path))
    }

    fn is_directory(&mut self, path: &str) -> bool {
        self.context
            .local(|world| files::is_directory(world, &world.mn.host, path))
    }
}

/// The remote command that a program of the MN is, if it is one.
fn remote(name: &str, args: &[String]) -> Option<RemoteCommand> {
    Some(match name {
        "ssh" => ssh(args),
        "scp" => {
            let (opts, places) = split_options(args);
            let (to, from) = places
                .split_last()
                .map_or_else(Default::default, |(to, from)| (to.clone(), from.to_vec()));
            RemoteCommand::Scp {
                opts: opts.to_vec(),
                from,
                to,
            }
        }
        "ping" => RemoteCommand::Ping {
            host: args.last().cloned().unwrap_or_default(),
        },
        "nmap" => RemoteCommand::Nmap {
            args: args.to_vec(),
        },
        "ssh-keygen" => RemoteCommand::SshKeygen {
            args: args.join(" "),
        },
        "sleep" => RemoteCommand::Sleep {
            seconds: args.first().and_then(|s| s.parse().ok()).unwrap_or(0),
        },
        _ => return None,
    })
}

/// Options come first, then the host; what is left is the command, joined by blanks. Without `user@` ssh logs in as
/// the user that calls it, who is root on the MN.
fn ssh(args: &[String]) -> RemoteCommand {
    let (opts, rest) = split_options(args);
    let target = rest.first().map_or("", String::as_str);
    let (user, host) = target.rsplit_once('@').unwrap_or(("root", target));
    RemoteCommand::Ssh {
        host: host.to_owned(),
        user: user.to_owned(),
        opts: opts.to_vec(),
        command: rest.get(1..).unwrap_or_default().join(" "),
    }
}

fn split_options<T: AsRef<str>>(args: &[T]) -> (&[T], &[T]) {
    let mut at = 0;
    while let Some(word) = args.get(at).map(AsRef::as_ref) {
        if word.len() < 2 || !word.starts_with('-') {
            break;
        }
        at += 1;
        if word.chars().last().is_some_and(|c| VALUED.contains(c)) {
            at += 1;
        }
    }
    args.split_at(at.min(args.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::seam::{FarEnd, Playback, Site};
    use crate::world::{HostName, Linux, LinuxRole, World};

    async fn issued(line: &str) -> (Outcome, Vec<RemoteCommand>) {
        let mut world = World::default();
        world.mn.host = HostName::new("xcat");
        world.linuxes.insert(
            HostName::new("xcat"),
            Linux {
                role: LinuxRole::Mn,
                ..Linux::default()
            },
        );
        let mut site = Site::new(world, crate::seam::Settings::default());
        site.far_end = FarEnd::Playback(parking_lot::Mutex::new(Playback::default()));
        let site = Arc::new(site);
        let context = Context::new(Arc::clone(&site), 1, None);
        let outcome = context.sh(line).await;
        let FarEnd::Playback(playback) = &site.far_end else {
            return (outcome, Vec::new());
        };
        let issued = playback.lock().issued.clone();
        (outcome, issued)
    }

    fn to(host: &str, user: &str, opts: &[&str], command: &str) -> RemoteCommand {
        RemoteCommand::Ssh {
            host: host.to_owned(),
            user: user.to_owned(),
            opts: opts.iter().map(|o| (*o).to_owned()).collect(),
            command: command.to_owned(),
        }
    }

    /// A machine that only notes what it is to run.
    #[derive(Default)]
    struct Words(Vec<String>);

    impl Machine for Words {
        fn program<'a>(
            &'a mut self,
            _: &'a Shell,
            words: &'a [String],
            _: &'a str,
        ) -> BoxFuture<'a, Option<Outcome>> {
            self.0 = words.to_vec();
            Box::pin(std::future::ready(Some(Outcome::default())))
        }

        fn read(&mut self, _: &str) -> Result<String, Errno> {
            Err(Errno::NoEntry)
        }

        fn write(&mut self, _: &str, _: &str, _: bool) -> Result<(), Errno> {
            Err(Errno::NoEntry)
        }

        fn list(&mut self, _: &str) -> Vec<String> {
            Vec::new()
        }

        fn exists(&mut self, _: &str) -> bool {
            false
        }

        fn is_directory(&mut self, _: &str) -> bool {
            false
        }
    }

    #[test]
    fn plain_lines_are_what_the_shell_makes_of_them() {
        for line in [
            "ssh root@z.example.com \" cat /p/*.conf\"",
            "ssh -o ConnectTimeout=5 adm@z \"sudo sed -i 's#a;b#c#' /p && echo x > y\"",
            "ssh  root@z \"\"",
            "ssh root@z \" grep -i \"5005,4010\" /p/pool1.conf\"",
            "ssh root@z \" a\"\"b\"\"\"",
        ] {
            let mut words = Words::default();
            let mut shell = Shell::login("sh", "root");
            interpret(&mut words, &mut shell, line, "")
                .now_or_never()
                .expect("nothing to wait for");
            assert_eq!(plain_ssh(line), remote("ssh", &words.0[1..]), "{line}");
        }
        for line in [
            "ssh root@z \" cat $x\"",
            "ssh root@z \" grep -i \"w;l\" /p\"",
            "ssh root@z cat",
            "scp root@z \"x\"",
            "ssh root@$h \"x\"",
            "ssh root@z \"x\" | cat",
            "ssh root@z\"x\"",
            "ssh root@z \" grep \"a b\" /p\"",
            "ssh root@z \" grep \"a*\" /p\"",
            "ssh -o \"x\"",
            "ssh root@z y \"x\"",
            "ssh root@z \" a\"b",
        ] {
            assert_eq!(plain_ssh(line), None, "{line}");
        }
    }

    #[test]
    fn plain_commands_are_what_their_lines_become() {
        let zhcp = |sudo| Zhcp {
            host: "z.example.com".to_owned(),
            user: "adm".to_owned(),
            sudo,
        };
        for (sudo, options, command) in [
            ("", &[][..], "cat /p/*.conf"),
            (
                "sudo",
                &["-o", "ConnectTimeout=5"],
                "sed -i 's#a;b#c#' /p && echo x > y",
            ),
            ("sudo", &[], ""),
        ] {
            let zhcp = zhcp(sudo);
            let made = plain_command(&zhcp, options, command);
            assert!(made.is_some(), "{command}");
            let line = zhcp.line_with(&options.join(" "), command);
            assert_eq!(made, plain_ssh(&line), "{command}");
        }
        for command in ["cat $x", "grep \"a\" b", "a`b`", "a\\b", "a\nb"] {
            assert_eq!(plain_command(&zhcp(""), &[], command), None, "{command}");
        }
    }

    #[tokio::test]
    async fn gq2_a_semicolon_cuts_the_line() {
        let (outcome, issued) = issued("ssh root@h \" grep -i \"w1;w2,lun\" /f\"").await;
        assert_eq!(outcome.rc, 127);
        assert_eq!(
            outcome.stderr,
            "sh: line 1: w2,lun /f: No such file or directory\n"
        );
        assert_eq!(issued, [to("h", "root", &[], " grep -i w1")]);
    }

    #[tokio::test]
    async fn q62_variables_are_expanded_before_ssh() {
        let (_, issued) =
            issued("ssh -o ConnectTimeout=5 root@h \" echo 'lnx$HOME$nothing' \\$x\"").await;
        assert_eq!(
            issued,
            [to(
                "h",
                "root",
                &["-o", "ConnectTimeout=5"],
                " echo 'lnx/root' $x"
            )]
        );
    }

    #[tokio::test]
    async fn inner_quotes_and_pipes() {
        let (_, issued) = issued("ssh root@h \" grep -i -l \\\"a;b,c\\\" /p/*.conf\"").await;
        assert_eq!(
            issued,
            [to("h", "root", &[], " grep -i -l \"a;b,c\" /p/*.conf")]
        );
        let (outcome, _) = super::tests::issued("echo -e 'free,1\nused,2' | egrep -i FREE").await;
        assert_eq!(outcome, Outcome::ok("free,1\n"));
    }

    #[tokio::test]
    async fn q61_a_long_line_is_not_run() {
        let (outcome, _) = issued(&format!("echo {}", "x".repeat(LONGEST_ARGUMENT))).await;
        assert_eq!((outcome.rc, outcome.stdout.as_str()), (-1, ""));
    }
}
