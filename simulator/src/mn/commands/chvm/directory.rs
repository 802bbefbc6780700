//! Options on the directory entry as a whole, and SMAPI calls of the client's own making (spec: guests 6.7, 6.8,
//! 6.12).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::{Zhcp, local, text};
use crate::seam::RemoteCommand;

/// `--setpassword {pw}`.
pub(super) async fn set_password(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_Password_Set_DM -T {} -p {}",
        guest.userid,
        guest.arg(1)
    );
    guest.smcli_text(&words).await
}

/// `--replacevs [{file on MN}]`, or with the entry on standard input. Lock and unlock are not looked at, and a failed
/// replacement is invisible (GQ1).
pub(super) async fn replace(guest: &Guest<'_>) -> Hidden {
    let context = guest.context;
    if guest.args.len() != 2 {
        if let Some(entry) = context.stdin() {
            return replace_by_text(guest, &entry).await;
        }
        guest.say("(Error) No directory entry file specified");
        guest.say("(Solution) Specify a text file containing the updated directory entry");
        return Hidden::nothing();
    }
    let file = guest.arg(1);
    if !local::exists(context, file) {
        guest.say("(Error) File does not exist");
        return Hidden::nothing();
    }
    let userid = &guest.userid;
    let copy = RemoteCommand::Scp {
        opts: Vec::new(),
        from: vec![file.to_owned()],
        to: format!("{}@{}:{file}", guest.zhcp.user, guest.zhcp.host),
    };
    context.remote(copy).await;
    guest.smcli(&format!("Image_Lock_DM -T {userid}")).await;
    let replaced = guest
        .smcli_text(&format!("Image_Replace_DM -T {userid} -f {file}"))
        .await;
    guest.smcli(&format!("Image_Unlock_DM -T {userid}")).await;
    let line = format!(
        "ssh {}@{} \"rm -rf {file}\"",
        guest.zhcp.user, guest.zhcp.host
    );
    context.sh(&line).await;
    replaced
}

/// Replaces the entry by a text, which is written to a file on the zHCP line by line.
async fn replace_by_text(guest: &Guest<'_>, entry: &str) -> Hidden {
    let Guest {
        context,
        node,
        zhcp,
        userid,
        ..
    } = guest;
    let file = format!("/tmp/{node}.direct");
    let plain = format!("ssh {}@{}", zhcp.user, zhcp.host);
    context.sh(&format!("{plain} \"rm -rf {file}\"")).await;
    for line in entry.lines().filter(|line| text::is_true(line)) {
        let write = format!("{plain} \"echo '{line}' >> {file}\"");
        context.sh(&write).await;
    }
    guest.smcli(&format!("Image_Lock_DM -T {userid}")).await;
    let smcli = Zhcp::smcli(&format!("Image_Replace_DM -T {userid} -s"));
    let replace = format!("{plain} \"cat {file} | {} {smcli}\"", zhcp.sudo);
    let replaced = Hidden::prefixed(context.sh(&replace).await.stdout);
    guest.smcli(&format!("Image_Unlock_DM -T {userid}")).await;
    context.sh(&format!("{plain} \"rm -rf {file}\"")).await;
    replaced
}

/// `--smcli {api and operands}`: run as typed, without sudo; the output is collected and lost (GQ1).
pub(super) async fn smcli(guest: &Guest<'_>) -> Hidden {
    if guest.args.len() < 2 {
        guest.say_wrong_count();
        return Hidden::nothing();
    }
    let words = guest.args[1..].join(" ").replace("%userid%", &guest.userid);
    let line = format!(
        "ssh {}@{} \"/opt/zhcp/bin/smcli {words}\"",
        guest.zhcp.user, guest.zhcp.host
    );
    let outcome = guest.context.sh(&line).await;
    if outcome.rc == 255 {
        guest.say(format!(
            "(Error) unable to communicate with the zhcp system: {}",
            guest.zhcp.host
        ));
        return Hidden::nothing();
    }
    Hidden::raw(outcome.stdout)
}
