//! `--punchfile` (spec: guests 6.9): a file reaches the guest's reader.

use super::guest::{Guest, Hidden};
use crate::mn::zvm::guest::{Subchannel, disable_enable_disk};
use crate::mn::zvm::local;
use crate::mn::zvm::reader::{SpoolRequest, punch_to_reader, send_file, unignore};
use crate::seam::RemoteCommand;

/// `--punchfile {path} [{class} [{user@host}]]`.
pub(super) async fn punch_file(guest: &Guest<'_>) -> Hidden {
    // `None` ends the option; what there was to say has been said.
    let _ended: Option<()> = punch(guest).await;
    Hidden::nothing()
}

async fn punch(guest: &Guest<'_>) -> Option<()> {
    if !guest.has_count(&[2, 3, 4]) {
        return None;
    }
    let context = guest.context;
    let path = guest.arg(1);
    let class = match guest.arg(2) {
        "" => "A",
        class => class,
    };
    if class.len() != 1 || !class.chars().all(|c| c.is_ascii_alphanumeric()) {
        guest.say(format!(
            "(Error) Invalid spool class: {class}. It should be 1-character alphanumeric"
        ));
        return None;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let staged = format!("/tmp/{}-{name}", guest.node);
    let copied = match guest.arg(3) {
        "" => local::copy(context, path, &staged),
        remote => {
            let copy = RemoteCommand::Scp {
                opts: Vec::new(),
                from: vec![format!("{remote}:{path}")],
                to: staged.clone(),
            };
            context.remote(copy).await.rc == 0
        }
    };
    // GQ8: what is looked at is the status of the query of the zHCP's user id, not that of the copy.
    let looks_copied = if context.settings().quirk("GQ8") {
        !guest.hcp_userid.is_empty()
    } else {
        copied
    };
    if !looks_copied {
        guest.say("(Error) Failed to copy over source file");
        return None;
    }
    if guest.is_without_xcatconf4z() {
        let kept = format!("/tmp/configdrive/{}/{name}", guest.node);
        local::copy(context, &staged, &kept);
        local::remove(context, &staged);
        return None;
    }
    let zhcp = &guest.zhcp;
    unignore(context, zhcp, "d").await;
    let online = disable_enable_disk(context, &zhcp.host, Subchannel::Enable, "d").await;
    drop(online);
    send_file(context, zhcp, &staged, &staged).await;
    let request = SpoolRequest {
        userid: &guest.userid,
        file: &staged,
        name,
        options: "",
        class,
    };
    let result = match punch_to_reader(context, zhcp, request).await {
        Ok(()) => "Done".to_owned(),
        Err(message) => message,
    };
    guest.say(format!("Punching {name} to reader... {result}"));
    guest.on_zhcp(&format!("rm -f {staged}")).await;
    local::remove(context, &staged);
    Some(())
}
