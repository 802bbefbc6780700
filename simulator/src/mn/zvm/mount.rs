//! Where a zHCP sees a directory of the management node (`zvmUtils.pm establishMount`; spec: scsi-pools 2.5, guests
//! 13.3).

use super::local::{install, ip_of, site};
use super::remote::{Zhcp, check_ssh_rc};
use super::text::number;
use crate::mn::Context;
use crate::seam::Release;

/// Path of `{installdir}/{what}` on the zHCP; `None` when a failure was reported. The current release never mounts it:
/// its check says of every directory that it is mounted already (Q49).
pub async fn establish(context: &Context, zhcp: &Zhcp, what: &str, mode: &str) -> Option<String> {
    let install = install(context);
    let Some(hcp_ip) = ip_of(context, &zhcp.host) else {
        context.print_ln("(Error) Unable to obtain the IP address of the hcp node");
        return None;
    };
    let master = ["internalmaster", "master"]
        .iter()
        .find_map(|key| site(context, key));
    let Some(master) = master else {
        context.print_ln(format!(
            "{}: (Error) Unable to obtain the management node IP address from the site table",
            zhcp.host
        ));
        return None;
    };
    if ip_of(context, &master).unwrap_or_else(|| master.clone()) == hcp_ip {
        return Some(format!("{install}/{what}"));
    }
    let mn = context.local(|world| world.mn.host.to_string());
    let directory = format!("/mnt/{mn}{install}/{what}");
    if context.settings().release != Release::P {
        let line = zhcp.line("mount");
        let outcome = context.sh(&line).await;
        if let Some(text) = check_ssh_rc(&outcome, "establishMount", &line, &zhcp.host, None) {
            context.print_ln(text);
            return None;
        }
        let is_mounted = outcome.stdout.contains(&directory);
        if is_mounted || context.settings().quirk("Q49") {
            return Some(directory);
        }
    } else {
        let probe = format!("mount | grep {directory} > /dev/null; echo \\$?");
        let mounted = zhcp.run(context, &probe).await;
        if number(&mounted.stdout) == 0.0 {
            return Some(directory);
        }
    }
    let mount = format!(
        "mkdir -p {directory} && mount -t nfs -o {mode} {master}:/{what} {directory}; echo \\$?"
    );
    let mounted = zhcp.run(context, &mount).await;
    if number(&mounted.stdout) != 0.0 {
        context.print_ln(format!(
            "{}: (Error) Unable to establish zHCP mount point: {directory}",
            zhcp.host
        ));
        return None;
    }
    Some(directory)
}
