//! `netboot` and `sysclone`: captured images are unpacked onto a guest's disks, and a transport file is punched to its
//! reader (spec: guests 13.3).

use futures_util::future::join_all;

use super::run::Boot;
use crate::mn::zvm::mount::establish;
use crate::mn::zvm::reader::{self, SpoolRequest, online_punch, punch_to_reader, send_file};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::{Zhcp, local, text};
use crate::seam::RemoteCommand;

/// Longest name, and longest type, of a file in a reader.
const SPOOL_NAME: usize = 8;

/// Deploys.
pub(super) async fn run(boot: &Boot<'_>) -> Option<()> {
    let context = boot.context;
    let action = &boot.operands.action;
    let install = local::install(context);
    let images = images(boot, &install).await?;
    let Target { zhcp, .. } = &boot.target;
    let remote = establish(context, zhcp, action, "ro").await?;
    boot.say("Deploying the image using the zHCP node");
    let unpacked = join_all(
        images
            .iter()
            .map(|(file, vdev)| unpack(boot, &remote, file, vdev)),
    )
    .await;
    if unpacked.contains(&false) {
        return None;
    }
    if text::is_true(&boot.operands.transport) {
        transport(boot, &install).await?;
        let Boot {
            os, arch, profile, ..
        } = boot;
        boot.say(&format!(
            "Completed deploying image({os}-{arch}-{action}-{profile})"
        ));
    }
    Some(())
}

/// Image files with the virtual disks that they go to.
async fn images(boot: &Boot<'_>, install: &str) -> Option<Vec<(String, String)>> {
    let action = &boot.operands.action;
    let directory = format!(
        "{install}/{action}/{}/{}/{}",
        boot.os, boot.arch, boot.profile
    );
    let files = local::images(boot.context, &directory);
    if files.is_empty() {
        return boot.fail(&format!("{directory} does not contain image files"));
    }
    if action == "netboot" {
        let [file] = files.as_slice() else {
            return boot.fail(&format!(
                "{directory} contains more than the expected number of image files"
            ));
        };
        let device = &boot.operands.device;
        if !text::is_true(device) {
            return boot.fail("Image device was not specified");
        }
        return Some(vec![(file.clone(), device.clone())]);
    }
    let disks = disks(boot).await;
    let images: Vec<(String, String)> = files
        .into_iter()
        .map(|file| {
            let vdev = text::field(&file, '.', 0).to_owned();
            (file, vdev)
        })
        .collect();
    let is_there = |vdev: &str| {
        disks
            .iter()
            .any(|disk| disk.eq_ignore_ascii_case(&format!("{vdev:0>4}")))
    };
    if images.iter().any(|(_, vdev)| !is_there(vdev)) {
        return boot.fail(&format!(
            "{directory} contains images for devices that do not exist."
        ));
    }
    Some(images)
}

/// Addresses of the minidisks of the directory entry, four digits, virtual disks left out.
async fn disks(boot: &Boot<'_>) -> Vec<String> {
    let Target { zhcp, userid } = &boot.target;
    let command = format!("/opt/zhcp/bin/getuserentry {userid}");
    let entry = zhcp.run(boot.context, &command).await.stdout;
    entry
        .lines()
        .filter(|line| line.contains("MDISK") && !line.starts_with('*'))
        .filter(|line| !text::contains_ignoring_case(line, "V-DISK"))
        .map(|line| format!("{:0>4}", text::word(line, 1)))
        .collect()
}

/// Unpacks one image; only an `ERROR: ` in the output counts as a failure (GQ20).
async fn unpack(boot: &Boot<'_>, remote: &str, file: &str, vdev: &str) -> bool {
    let Boot {
        context,
        os,
        arch,
        profile,
        ..
    } = boot;
    let Target { zhcp, userid } = &boot.target;
    let command = format!(
        "/opt/zhcp/bin/unpackdiskimage {userid} {vdev} {remote}/{os}/{arch}/{profile}/{file}"
    );
    let outcome = zhcp.run(context, &command).await;
    let reason = match text::error_reason(&outcome.stdout) {
        Some(reason) => reason.to_owned(),
        None if outcome.rc != 0 && !context.settings().quirk("GQ20") => {
            format!("return code {}", outcome.rc)
        }
        None => return true,
    };
    boot.say(&format!(
        "(Error) Unable to deploy the image to {userid} {vdev}. Reason: {reason}"
    ));
    false
}

/// Brings the transport file to the guest: into its reader, or for a guest without xCAT's own agent into a folder that
/// waits for its start.
async fn transport(boot: &Boot<'_>, install: &str) -> Option<()> {
    let context = boot.context;
    let folder = format!(
        "{install}/staging/transport/{}",
        local::random_letters(context, 6)
    );
    let path = &boot.operands.transport;
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    if !fetch(boot, &folder, &name).await {
        local::remove_tree(context, &folder);
        return boot.fail("Unable to copy the transport file");
    }
    let status = crate::mn::zvm::guest::status_of(context, boot.node);
    if status.contains("XCATCONF4Z=0") {
        local::copy(
            context,
            &format!("{folder}/{name}"),
            &format!("/tmp/configdrive/{}/{name}", boot.node),
        );
        local::remove_tree(context, &folder);
        return Some(());
    }
    let Target { zhcp, userid } = &boot.target;
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    reader::purge_reader(context, zhcp, &hcp_userid, userid).await;
    boot.say("Purging reader... Done");
    if let Err(reason) = online_punch(context, zhcp).await {
        boot.say(&format!("Online zHCP's punch device... {reason}"));
        return None;
    }
    let sent = punch(boot, zhcp, &folder, &name).await;
    local::remove_tree(context, &folder);
    sent
}

/// Copies the transport file into the folder, from another host or from the management node.
async fn fetch(boot: &Boot<'_>, folder: &str, name: &str) -> bool {
    let context = boot.context;
    let path = &boot.operands.transport;
    let host = &boot.operands.remotehost;
    if !text::is_true(host) {
        return local::copy(context, path, &format!("{folder}/{name}"));
    }
    context.print_ln(format!("/usr/bin/scp -B {host}:{path} {folder}"));
    local::files(context, |fs, _| {
        fs.directories.insert(folder.to_owned());
    });
    let copy = RemoteCommand::Scp {
        opts: vec!["-v".to_owned(), "-B".to_owned()],
        from: vec![format!("{host}:{path}")],
        to: folder.to_owned(),
    };
    context.remote(copy).await.rc == 0
}

async fn punch(boot: &Boot<'_>, zhcp: &Zhcp, folder: &str, name: &str) -> Option<()> {
    let context = boot.context;
    if !is_spool_name(name) {
        return boot.fail(&format!(
            "{name} contains a file name or file type portion that is longer than 8 characters, or not alphanumeric "
        ));
    }
    let staged = format!("/tmp/{}-{name}", boot.node);
    send_file(context, zhcp, &format!("{folder}/{name}"), &staged).await;
    let is_text = [".txt", ".sh"].iter().any(|kind| name.contains(kind));
    let request = SpoolRequest {
        userid: &boot.target.userid,
        file: &staged,
        name,
        options: if is_text { "-t" } else { "" },
        class: "X",
    };
    let punched = punch_to_reader(context, zhcp, request).await;
    zhcp.run(context, &format!("/bin/rm {staged}")).await;
    let result = match &punched {
        Ok(()) => "Done",
        Err(reason) => reason.as_str(),
    };
    boot.say(&format!("Punching {name} to reader... {result}"));
    punched.ok()
}

/// Whether a file may be in a reader under its name: one dot at most, alphanumeric parts of at most eight characters.
fn is_spool_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    parts.len() <= 2
        && parts
            .iter()
            .all(|part| part.len() <= SPOOL_NAME && part.chars().all(|c| c.is_ascii_alphanumeric()))
        && !parts[0].is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_spool_name;

    #[test]
    fn spool_names_are_short() {
        for (name, fits) in [
            ("cfgdrive.tgz", true),
            ("a", true),
            ("cfgdrive1.tgz", false),
            ("a.b.c", false),
            ("a-b.c", false),
            (".c", false),
        ] {
            assert_eq!(is_spool_name(name), fits, "{name}");
        }
    }
}
