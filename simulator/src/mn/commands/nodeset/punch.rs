//! Kernel, parameters and RAM disk go to a guest's reader (spec: guests 13.1, 13.2).

use super::run::Boot;
use crate::mn::zvm::guest::{Subchannel, disable_enable_disk};
use crate::mn::zvm::reader::{SpoolRequest, punch_to_reader, purge_reader};
use crate::mn::zvm::target::Target;

/// What is punched: its name in the answer, its path on the zHCP, its spool name, options of the punch program.
pub(super) type Piece<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Purges the reader and punches the pieces; the first failure ends it.
pub(super) async fn punch_all(boot: &Boot<'_>, pieces: &[Piece<'_>]) -> Option<()> {
    let context = boot.context;
    let Target { zhcp, userid } = &boot.target;
    for device in ["c", "d"] {
        let online = disable_enable_disk(context, &zhcp.host, Subchannel::Enable, device).await;
        drop(online);
    }
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    purge_reader(context, zhcp, &hcp_userid, userid).await;
    boot.say("Purging reader... Done");
    for (what, file, name, options) in pieces {
        let request = SpoolRequest {
            userid,
            file,
            name,
            options,
            class: "",
        };
        let punched = punch_to_reader(context, zhcp, request).await;
        let result = match &punched {
            Ok(()) => "Done",
            Err(reason) => reason.as_str(),
        };
        boot.say(&format!("Punching {what} to reader... {result}"));
        punched.ok()?;
    }
    Some(())
}

/// Says that everything is there.
pub(super) fn say_ready(boot: &Boot<'_>) {
    boot.say("Kernel, parm, and initrd punched to reader.  Ready for boot.");
}
