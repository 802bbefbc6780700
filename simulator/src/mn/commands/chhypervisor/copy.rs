//! `--copyzfcp device srcwwpn srclun [tgtwwpn tgtlun]`: attaches two LUNs to the zHCP, copies one onto the other,
//! detaches them (spec: scsi-pools 2.4, Q48).

use super::image::restore;
use super::run::Call;
use crate::mn::zvm::lookup::{DeviceAttributes, device_attributes, device_pool};
use crate::mn::zvm::text::{self, contains_ignoring_case, digits, number, show_number};
use crate::mn::{Context, dispatch};
use crate::seam::{Release, RemoteCommand};

pub async fn run(call: &Call<'_>) {
    let count = call.args.len();
    if count != 4 && count != 6 {
        return call.wrong_number();
    }
    let context = call.context;
    let device = call.arg(1);
    let (source_wwpn, source_lun) = (call.arg(2), call.arg(3));
    let mut target_wwpn = call.arg(4).replace("0x", "");
    let mut target_lun = call.arg(5).replace("0x", "");
    let has_target = count == 6;

    let pool = match device_pool(context, &call.zhcp, source_wwpn, source_lun).await {
        Ok(pool) if pool.is_empty() => {
            return call.say("(Error) Failed to find FCP device in any zFCP storage pool");
        }
        Ok(pool) => pool,
        Err(text) => return context.print_ln(text),
    };
    call.say(&format!("Found FCP device in {pool}"));
    let before = match device_attributes(
        context,
        call.node,
        &call.zhcp,
        &pool,
        source_wwpn,
        source_lun,
    )
    .await
    {
        Ok(row) => row,
        Err(text) => return context.print_ln(text),
    };
    let mut source_size = before.size.clone();
    let mut target_size = String::new();
    if has_target {
        let target = match device_attributes(
            context,
            call.node,
            &call.zhcp,
            &pool,
            &target_wwpn,
            &target_lun,
        )
        .await
        {
            Ok(row) => row,
            Err(text) => return context.print_ln(text),
        };
        if context.settings().release == Release::P && target == DeviceAttributes::default() {
            return call.say(&format!(
                "(Error) Target zFCP device {target_wwpn}/{target_lun} does not exists"
            ));
        }
        target_size = target.size;
        if !is_large_enough(context, &mut source_size, &mut target_size) {
            return call.say(&format!(
                "(Error) Target zFCP device {target_wwpn}/{target_lun} is not large enough"
            ));
        }
    }

    let source = attach(
        call,
        &[&pool, device, "0", &source_size],
        &[source_wwpn, source_lun],
    )
    .await;
    let Some(source) = source else {
        return call.say(&format!(
            "(Error) Source zFCP device {source_wwpn}/{source_lun} cannot be attached"
        ));
    };
    let target = if has_target {
        attach(
            call,
            &[&pool, device, "0", &target_size],
            &[&target_wwpn, &target_lun],
        )
        .await
    } else {
        attach(call, &[&pool, device, "0", &source_size], &[]).await
    };
    let Some(target) = target else {
        if has_target {
            call.say(&format!(
                "(Error) Target zFCP device {target_wwpn}/{target_lun} cannot be attached"
            ));
        } else {
            call.say("(Error) Cannot find a suitable target zFCP device");
        }
        detach(call, &[device, source_wwpn, source_lun, "0"]).await;
        return;
    };
    let source_channel = source.channel;
    let target_channel = target.channel;
    target_wwpn = target.wwpn;
    target_lun = target.lun;
    let source_wwpn = source_wwpn.to_lowercase();
    let source_lun = source_lun.to_lowercase();

    let source_node = block_device(call, &source_channel, &source_wwpn, &source_lun).await;
    let target_node = block_device(call, &target_channel, &target_wwpn, &target_lun).await;
    let shown_channel = if context.settings().quirk("Q48") {
        &target_channel
    } else {
        &source_channel
    };
    call.say(&format!(
        "Device name of {shown_channel}/{source_wwpn}/{source_lun} is {source_node}"
    ));
    call.say(&format!(
        "Device name of {target_channel}/{target_wwpn}/{target_lun} is {target_node}"
    ));
    let is_copied = !source_node.is_empty() && !target_node.is_empty();
    if is_copied {
        call.say(&format!(
            "Copying source disk ({source_node}) to target disk ({target_node})"
        ));
        call.run(&format!(
            "/bin/dd if=/dev/{source_node} of=/dev/{target_node} bs=512 oflag=sync && {} echo 0",
            call.zhcp.sudo
        ))
        .await;
        context.remote(RemoteCommand::Sleep { seconds: 2 }).await;
    } else {
        call.say("(Error) Could not find device nodes for source or target disk.");
    }
    let persist = if is_copied { "1" } else { "0" };
    call.say("Detatching source and target disks");
    detach(call, &[&source_channel, &source_wwpn, &source_lun, persist]).await;
    detach(call, &[&target_channel, &target_wwpn, &target_lun, persist]).await;
    let before = DeviceAttributes {
        size: source_size,
        ..before
    };
    if !restore(call, &pool, &source_wwpn, &source_lun, &before).await {
        call.say("(Error) Source disk attributes cannot be restored in table");
    }
    if is_copied {
        call.say("Copying zFCP device... Done");
        call.say(&format!(
            "Source disk copied onto zFCP device {target_wwpn}/{target_lun}"
        ));
    } else {
        call.say("Copying zFCP device... Failed");
    }
}

/// Compares the sizes and leaves them as they are handed on: a size in `G` becomes a bare number of megabytes, the
/// target's by mistake that of the source times 1024 (Q48).
fn is_large_enough(context: &Context, source: &mut String, target: &mut String) -> bool {
    let is_in_g = |size: &str| contains_ignoring_case(size, "g");
    if !context.settings().quirk("Q48") {
        let megabytes = crate::mn::zvm::size::of_given_row;
        return megabytes(target) >= megabytes(source);
    }
    if is_in_g(source) {
        *source = show_number(number(&digits(source)) * 1024.0);
    }
    if is_in_g(target) {
        *target = show_number(number(&digits(source)) * 1024.0);
    }
    number(target) >= number(source)
}

/// A LUN that chvm attached.
struct Attached {
    channel: String,
    wwpn: String,
    lun: String,
}

/// Runs `chvm {zHCP} --addzfcp …`; `None` unless its output, the first line left out, says that it is done.
async fn attach(call: &Call<'_>, words: &[&str], device: &[&str]) -> Option<Attached> {
    // Words without quotes: an empty one is none at all to the shell; the tag is written as a pair of quotes.
    let mut args = vec!["--addzfcp".to_owned()];
    let plain = |word: &&&str| !word.is_empty();
    args.extend(words.iter().filter(plain).map(|w| (*w).to_owned()));
    if !device.is_empty() {
        args.push(String::new());
        args.extend(device.iter().filter(plain).map(|w| (*w).to_owned()));
    }
    let output = chvm(call, &args).await;
    let output = output.split_once('\n').map_or("", |(_, rest)| rest);
    if !output.contains("Done") {
        return None;
    }
    let named = output
        .lines()
        .find_map(|line| line.split_once("Adding zFCP device ").map(|(_, rest)| rest))
        .unwrap_or_default();
    let named = named.split("...").next().unwrap_or_default().to_lowercase();
    let part = |index| text::field(&named, '/', index).to_owned();
    Some(Attached {
        channel: part(0),
        wwpn: part(1).replace("0x", ""),
        lun: part(2).replace("0x", ""),
    })
}

async fn detach(call: &Call<'_>, words: &[&str]) {
    let mut args = vec!["--removezfcp".to_owned()];
    args.extend(words.iter().map(|w| (*w).to_owned()));
    chvm(call, &args).await;
}

/// What `chvm` on the zHCP's node writes to standard output (spec: guests 1.5).
async fn chvm(call: &Call<'_>, args: &[String]) -> String {
    let node = call.zhcp.short().to_owned();
    let is_node = call
        .context
        .tables(|tables| tables.get("nodelist", "node", &node, "node").is_some());
    if !is_node {
        return String::new();
    }
    let nested = call.context.nested();
    dispatch::run(&nested, "chvm", &[node], args).await;
    nested
        .take_documents()
        .iter()
        .flat_map(|document| {
            document
                .texts("info")
                .map(|text| format!("{text}\n"))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Name of the block device of a LUN on the zHCP (`sda`); empty when there is none.
async fn block_device(call: &Call<'_>, channel: &str, wwpn: &str, lun: &str) -> String {
    let output = call
        .run(&format!(
            "/usr/bin/readlink /dev/disk/by-path/ccw-0.0.{channel}-zfcp-0x{wwpn}:0x{lun}"
        ))
        .await
        .stdout;
    output
        .trim_end()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::seam::{Settings, Site};
    use crate::world::World;

    /// Whether the target is large enough, and both sizes as chvm gets them.
    fn compared(settings: Settings, source: &str, target: &str) -> (bool, String, String) {
        let context = Context::new(Arc::new(Site::new(World::default(), settings)), 1, None);
        let (mut source, mut target) = (source.to_owned(), target.to_owned());
        let fits = is_large_enough(&context, &mut source, &mut target);
        (fits, source, target)
    }

    #[test]
    fn q48_copies_confuse_source_and_target() {
        let executed = |source, target| compared(Settings::default(), source, target);
        let text = |fits, source: &str, target: &str| (fits, source.to_owned(), target.to_owned());
        assert_eq!(executed("2048M", "1024M"), text(false, "2048M", "1024M"));
        // A target in G gets the source's number, and chvm refuses sizes without a unit.
        assert_eq!(executed("10G", "1G"), text(true, "10240", "10485760"));
        assert_eq!(executed("2048M", "1G"), text(true, "2048M", "2097152"));
        let repaired = Settings::default().repair("Q48").unwrap();
        assert_eq!(compared(repaired, "10G", "1G"), text(false, "10G", "1G"));
    }
}
