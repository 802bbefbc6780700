//! `--capturezfcp` and `--deployzfcp`: a LUN's contents to and from an image on the management node (spec: scsi-pools
//! 2.5).

use super::run::Call;
use crate::mn::zvm::local::{files, images, install, remove_tree};
use crate::mn::zvm::lookup::{DeviceAttributes, device_attributes, device_pool};
use crate::mn::zvm::mount::establish;
use crate::mn::zvm::pool::{Criteria, find_and_update};
use crate::mn::zvm::remote::ZHCP_BIN;
use crate::mn::zvm::text;

/// `--capturezfcp profile wwpn lun [compression]`.
pub async fn capture(call: &Call<'_>) {
    if call.args.len() < 4 {
        return call.wrong_number();
    }
    let profile = call.arg(1);
    let mut compression = String::new();
    if call.args.len() >= 5 {
        match compression_option(call).await {
            Some(option) => compression = option,
            None => return,
        }
    }
    let wwpn = call.arg(2).replace("0x", "");
    let lun = call.arg(3).replace("0x", "");
    let staging = format!("{}/staging/unknown/s390x/{profile}", install(call.context));
    remove_tree(call.context, &staging);
    files(call.context, |fs, _| {
        fs.directories.insert(staging.clone());
    });
    let Some(remote) = establish(call.context, &call.zhcp, "staging", "rw").await else {
        return;
    };
    let Some(pool) = locate(call, &wwpn, &lun).await else {
        return;
    };
    let before =
        match device_attributes(call.context, call.node, &call.zhcp, &pool, &wwpn, &lun).await {
            Ok(row) => row,
            Err(text) => return call.context.print_ln(text),
        };
    let Some(channel) = take(call, &pool, &wwpn, &lun).await else {
        remove_tree(call.context, &staging);
        return call.say("(Error) zFCP device cannot be reserved");
    };
    call.say("Capturing volume using zHCP node");
    let output = call
        .run(&format!(
            "{ZHCP_BIN}/creatediskimage {channel} 0x{wwpn} 0x{lun} {remote}/unknown/s390x/{profile}/{wwpn}_{lun}.img {compression}"
        ))
        .await
        .stdout;
    if let Some(reason) = text::error_reason(&output) {
        call.say(&format!(
            "(Error) Image capture of volume 0x{wwpn}/0x{lun} failed on the zHCP node. Reason: {reason}"
        ));
        remove_tree(call.context, &staging);
        return;
    }
    if !restore(call, &pool, &wwpn, &lun, &before).await {
        call.say("(Error) Source disk attributes cannot be restored in table");
    }
    let deployable = format!("{}/raw/unknown/s390x/{profile}", install(call.context));
    call.say(&format!(
        "Moving the image files to the deployable directory: {deployable}"
    ));
    files(call.context, |fs, now_ms| {
        for name in fs.list(&staging) {
            if let Some(file) = fs.files.remove(&format!("{staging}/{name}")) {
                fs.write(&format!("{deployable}/{name}"), file.text.text(), now_ms);
            }
        }
        fs.directories.insert(deployable.clone());
    });
    remove_tree(call.context, &staging);
    let image = format!("unknown-s390x-raw-{profile}");
    call.context.tables_mut(|tables| {
        tables.set(
            "osimage",
            "imagename",
            &image,
            &[
                ("provmethod", "raw"),
                ("profile", profile),
                ("osvers", "unknown"),
                ("osarch", "s390x"),
                ("imagetype", "linux"),
            ],
        );
        tables.set(
            "linuximage",
            "imagename",
            &image,
            &[("rootimgdir", &deployable)],
        );
    });
    call.say(&format!(
        "Completed capturing the volume. Image({image}) is stored at {deployable}"
    ));
}

/// `--deployzfcp image wwpn lun`. A LUN in use is overwritten (Q50).
pub async fn deploy(call: &Call<'_>) {
    if call.args.len() < 4 {
        return call.say("(Error) Missing one or more arguments: image name, wwpn, or lun");
    }
    let image = call.arg(1);
    let parts: Vec<&str> = image.split('-').collect();
    let Some(fourth) = parts.get(3) else {
        return call.say("(Error) The image name is not valid");
    };
    // Q50: a profile with a hyphen in it is cut there.
    let profile = if call.context.settings().quirk("Q50") {
        (*fourth).to_owned()
    } else {
        parts[3..].join("-")
    };
    let wwpn = call.arg(2).replace("0x", "");
    let lun = call.arg(3).replace("0x", "");
    let directory = format!("{}/raw/unknown/s390x/{profile}", install(call.context));
    let images = images(call.context, &directory);
    let file = match images.as_slice() {
        [file] => file,
        [] => return call.say(&format!("(Error) {directory} does not contain image files")),
        _ => {
            return call.say(&format!(
                "(Error) {directory} contains more than the expected number of image files"
            ));
        }
    };
    let Some(remote) = establish(call.context, &call.zhcp, "raw", "ro").await else {
        return;
    };
    let Some(pool) = locate(call, &wwpn, &lun).await else {
        return;
    };
    let Some(channel) = take(call, &pool, &wwpn, &lun).await else {
        return call.say("(Error) zFCP device cannot be reserved");
    };
    call.say("Deploying volume using zHCP node");
    let output = call
        .run(&format!(
            "{ZHCP_BIN}/unpackdiskimage {channel} 0x{wwpn} 0x{lun} {remote}/unknown/s390x/{profile}/{file}"
        ))
        .await
        .stdout;
    let criteria = Criteria {
        status: "reserved",
        wwpn: &wwpn,
        lun: &lun,
        ..Criteria::default()
    };
    find_and_update(call.context, call.node, &call.zhcp, &pool, &criteria).await;
    match text::error_reason(&output) {
        Some(reason) => call.say(&format!(
            "(Error) Image deploy to volume 0x{wwpn}/0x{lun} failed on the zHCP node. Reason: {reason}"
        )),
        None => call.say(&format!("Completed deploying image({image})")),
    }
}

/// The compression word of the capture program; `None` when the command ends here.
async fn compression_option(call: &Call<'_>) -> Option<String> {
    let line = call.zhcp.line_with(
        "-o ConnectTimeout=30",
        &format!("{ZHCP_BIN}/creatediskimage -V"),
    );
    let outcome = call.context.sh(&line).await;
    if outcome.rc == 255 {
        call.context.print_ln(format!(
            "{}: changeHypervisor() is unable to communicate with zHCP agent: {}",
            call.node, call.zhcp.host
        ));
        return None;
    }
    let version = outcome.stdout.trim_end_matches('\n');
    let is_new = !text::is_bad(version) && !version.contains('\n') && text::number(version) >= 2.0;
    if !is_new {
        return Some(String::new());
    }
    let digit = call.arg(4);
    if digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit()) {
        return Some(format!("--compression {digit}"));
    }
    call.say("(Error) compression property is not a single digit from 0 to 9");
    None
}

/// Pool of the LUN, reported either way.
async fn locate(call: &Call<'_>, wwpn: &str, lun: &str) -> Option<String> {
    match device_pool(call.context, &call.zhcp, wwpn, lun).await {
        Ok(pool) if pool.is_empty() => {
            call.say("(Error) Failed to find FCP device in any zFCP storage pool");
            None
        }
        Ok(pool) => {
            call.say(&format!("Found FCP device in {pool}"));
            Some(pool)
        }
        Err(text) => {
            call.context.print_ln(text);
            None
        }
    }
}

/// Marks the LUN as used by the zHCP; gives its FCP device. Whether it is in use is not asked.
async fn take(call: &Call<'_>, pool: &str, wwpn: &str, lun: &str) -> Option<String> {
    let criteria = Criteria {
        status: "used",
        fcp: "auto",
        wwpn,
        lun,
        owner: call.zhcp.short(),
        ..Criteria::default()
    };
    find_and_update(call.context, call.node, &call.zhcp, pool, &criteria)
        .await
        .map(|selected| selected.channel)
}

/// Writes a row's attributes back as they were (Q9); says whether that worked.
pub async fn restore(
    call: &Call<'_>,
    pool: &str,
    wwpn: &str,
    lun: &str,
    before: &DeviceAttributes,
) -> bool {
    let criteria = Criteria {
        status: &before.status,
        fcp: &before.channel,
        wwpn,
        lun,
        size: &before.size,
        owner: &before.owner,
        tag: &before.tag,
    };
    find_and_update(call.context, call.node, &call.zhcp, pool, &criteria)
        .await
        .is_some()
}
