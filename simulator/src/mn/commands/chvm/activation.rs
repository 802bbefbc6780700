//! `--aemod` (spec: guests 6.11): a worker script that the guest runs at its next start, sent to its reader as an
//! archive.

use std::fmt::Write as _;

use super::guest::{Guest, Hidden};
use crate::mn::Context;
use crate::mn::zvm::local;
use crate::mn::zvm::reader::{SpoolRequest, online_punch, punch_to_reader, send_file};

/// Where xCAT's scripts are.
const SCRIPTS: &str = "/opt/xcat/share/xcat/scripts";
/// The worker that xCAT brings along; what it does is the guests' affair.
const SHIPPED: &str = "setupDisk";
/// Name of the archive, in the reader too.
const ARCHIVE: &str = "aemod.doscript";
/// Script in the archive that calls the worker.
const INVOKE: &str = "invokeScript.sh";

/// `--aemod {script} [parm …]`.
pub(super) async fn run_at_start(guest: &Guest<'_>) -> Hidden {
    let context = guest.context;
    let script = guest.arg(1);
    let parameters = guest.args.get(2..).unwrap_or_default().join(" ");
    let name = format!("aemod.{}", local::random_letters(context, 8));
    let directory = format!("/tmp/{name}");
    let invoke = format!("#!/bin/bash\n/bin/bash {script} {parameters}\n");
    local::write(context, &format!("{directory}/{INVOKE}"), &invoke);
    let Some(worker) = worker(context, script) else {
        guest.say(format!(
            "(Error) The worker script {script} does not exist on xCAT server"
        ));
        return Hidden::nothing();
    };
    let archive = tar(&[(INVOKE, &invoke), (script, &worker)]);
    local::write(context, &format!("{directory}/{script}"), &worker);
    local::write(context, &format!("{directory}/{ARCHIVE}"), &archive);

    if guest.is_without_xcatconf4z() {
        for file in [INVOKE, script, ARCHIVE] {
            let from = format!("{directory}/{file}");
            let to = format!("/tmp/configdrive/{}/{name}/{file}", guest.node);
            local::copy(context, &from, &to);
            local::remove(context, &from);
        }
        return Hidden::nothing();
    }
    if let Err(reason) = online_punch(context, &guest.zhcp).await {
        guest.say(format!("Online zHCP's punch device... {reason}"));
        local::remove_tree(context, &directory);
        return Hidden::nothing();
    }
    // The program stands in the temporary folder and names the archive relatively; across the seam a relative name
    // means root's home.
    let at_home = format!("/root/{ARCHIVE}");
    local::write(context, &at_home, &archive);
    send_file(context, &guest.zhcp, ARCHIVE, ARCHIVE).await;
    local::remove(context, &at_home);
    let request = SpoolRequest {
        userid: &guest.userid,
        file: ARCHIVE,
        name: ARCHIVE,
        options: "",
        class: "X",
    };
    if let Err(reason) = punch_to_reader(context, &guest.zhcp, request).await {
        // Only after success is the folder left behind.
        guest.say(format!("Punching file to reader... {reason}"));
        local::remove_tree(context, &directory);
    }
    Hidden::nothing()
}

/// Text of a worker script; the one that xCAT ships is there even when the site does not spell it out.
fn worker(context: &Context, script: &str) -> Option<String> {
    let path = format!("{SCRIPTS}/{script}");
    local::read(context, &path)
        .or_else(|| (script == SHIPPED).then(|| "#!/bin/bash\n# setupDisk\n".to_owned()))
}

/// A tar archive (ustar) of text files, owned by root.
fn tar(files: &[(&str, &str)]) -> String {
    const BLOCK: usize = 512;
    let mut out = String::new();
    for (name, text) in files {
        let field = |value: &str, width: usize| {
            let mut field: String = value.chars().take(width).collect();
            while field.len() < width {
                field.push('\0');
            }
            field
        };
        let before = [
            field(name, 100),
            field("0000755", 8),
            field("0000000", 8),
            field("0000000", 8),
            field(&format!("{:011o}", text.len()), 12),
            field("00000000000", 12),
        ]
        .concat();
        let after = [
            "0".to_owned(),
            field("", 100),
            field("ustar", 6),
            "00".to_owned(),
            field("root", 32),
            field("root", 32),
            field("0000000", 8),
            field("0000000", 8),
            field("", 155),
            field("", 12),
        ]
        .concat();
        let sum: u32 = before
            .bytes()
            .chain(after.bytes())
            .map(u32::from)
            .sum::<u32>()
            + 8 * u32::from(b' ');
        out.push_str(&before);
        let _ = write!(out, "{sum:06o}\0 ");
        out.push_str(&after);
        out.push_str(text);
        out.push_str(&"\0".repeat(text.len().next_multiple_of(BLOCK) - text.len()));
    }
    out.push_str(&"\0".repeat(2 * BLOCK));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_whole_blocks_with_a_sound_sum() {
        let archive = tar(&[("a", "hello\n")]);
        assert_eq!(archive.len(), 512 * 4);
        let header = &archive.as_bytes()[..512];
        let stored = u32::from_str_radix(&archive[148..154], 8).expect("octal");
        let sum: u32 = header
            .iter()
            .enumerate()
            .map(|(i, b)| {
                if (148..156).contains(&i) {
                    32
                } else {
                    u32::from(*b)
                }
            })
            .sum();
        assert_eq!(stored, sum);
        assert!(archive[512..].starts_with("hello\n\0"));
    }
}
