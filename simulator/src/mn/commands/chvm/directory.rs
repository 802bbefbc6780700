//! Options on the directory entry as a whole, and SMAPI calls of the client's own making (spec: guests 6.7, 6.8,
//! 6.12).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::local;
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

/// `--replacevs {file on MN}`. Lock and unlock are not looked at, and a failed replacement is invisible (GQ1). The
/// form that reads standard input has none here: it ends in the error that an empty one gets.
pub(super) async fn replace(guest: &Guest<'_>) -> Hidden {
    let context = guest.context;
    if guest.args.len() != 2 {
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
