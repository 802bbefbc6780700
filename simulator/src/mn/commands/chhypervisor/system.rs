//! The options that hand their arguments to the zHCP's `smcli` and show what it says: disks, volumes, networks, any
//! SMAPI call, and the restart of SMAPI (spec: scsi-pools 2.7 to 2.11, 7.2). Exit statuses are not looked at.

use super::run::Call;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::text::{append_hostname, contains_ignoring_case, is_true, number};

pub async fn run(call: &Call<'_>) {
    let user = &call.hcp_userid;
    let count = call.args.len();
    let (a, b, c, d) = (call.arg(1), call.arg(2), call.arg(3), call.arg(4));
    match call.arg(0) {
        "--adddisk2pool" => add_disk_to_pool(call).await,
        "--removediskfrompool" => remove_disk_from_pool(call).await,
        "--addvolume" if count == 3 => {
            smcli(call, &format!("Image_Volume_Add -T {user} -v {a} -l {b}")).await;
        }
        "--removevolume" if count == 3 => {
            smcli(
                call,
                &format!("Image_Volume_Delete -T {user} -v {a} -l {b}"),
            )
            .await;
        }
        "--addeckd" if count == 2 => {
            smcli(call, &format!("System_Disk_Add -T {user} -k dev_num={a}")).await;
        }
        "--addscsi" => add_scsi(call).await,
        "--removescsi" if count == 3 => {
            smcli(
                call,
                &format!("System_SCSI_Disk_Delete -T {user} -k dev_num={a} -k persist={b}"),
            )
            .await;
        }
        "--addvlan" if count == 5 => {
            smcli(
                call,
                &format!("Virtual_Network_LAN_Create -T {user} -n {a} -o {b} -t {c} -p {d}"),
            )
            .await;
        }
        "--removevlan" => {
            plain_smcli(
                call,
                &format!("Virtual_Network_LAN_Delete -T {user} -n {a} -o {b}"),
            )
            .await;
        }
        "--addvswitch" if count >= 5 => add_vswitch(call).await,
        "--removevswitch" => {
            plain_smcli(
                call,
                &format!("Virtual_Network_Vswitch_Delete -T {user} -n {a}"),
            )
            .await;
        }
        "--smcli" => {
            let words = call.args.join(" ").replace("--smcli", "");
            smcli(call, words.trim()).await;
        }
        "--resetsmapi" => reset_smapi(call).await,
        "--addvolume" | "--removevolume" | "--addeckd" | "--removescsi" | "--addvlan"
        | "--addvswitch" => call.wrong_number(),
        _ => call.say("(Error) Option not supported"),
    }
}

/// Shows a tool's output: every line with the node in front, nothing at all for an empty one (spec: scsi-pools 0.5).
fn show(call: &Call<'_>, output: &str) {
    if is_true(output) {
        let text = append_hostname(call.node, output);
        call.context
            .print_ln(text.strip_suffix('\n').unwrap_or(&text));
    }
}

async fn smcli(call: &Call<'_>, words: &str) {
    let output = call.run(&Zhcp::smcli(words)).await.stdout;
    show(call, &output);
}

/// Sent as the daemon's own user, without sudo (Q44).
async fn plain_smcli(call: &Call<'_>, words: &str) {
    if !call.context.settings().quirk("Q44") {
        return smcli(call, words).await;
    }
    let line = format!("ssh {} \"{}\"", call.zhcp.host, Zhcp::smcli(words));
    let output = call.context.sh(&line).await.stdout;
    show(call, &output);
}

/// `--adddisk2pool function region[,region…] [volume] group`.
async fn add_disk_to_pool(call: &Call<'_>) {
    let regions: Vec<&str> = call.arg(2).split(',').collect();
    let function = call.arg(1);
    let mut output = String::new();
    for region in regions.iter().map(|r| r.trim()).filter(|r| !r.is_empty()) {
        let rest = match function {
            "4" => {
                let volume = if regions.len() > 1 {
                    region
                } else {
                    call.arg(3)
                };
                format!("-g {region} -v {volume} -p {}", call.arg(4))
            }
            "5" => format!("-g {region} -p {}", call.arg(3)),
            _ => continue,
        };
        let words = format!(
            "Image_Volume_Space_Define_DM -T {} -f {function} {rest} -y 0",
            call.hcp_userid
        );
        output += &call.run(&Zhcp::smcli(&words)).await.stdout;
    }
    show(call, &output);
}

/// `--removediskfrompool function region[,region…] [group]`.
async fn remove_disk_from_pool(call: &Call<'_>) {
    let function = call.arg(1);
    let mut output = String::new();
    for region in call
        .arg(2)
        .split(',')
        .map(str::trim)
        .filter(|r| !r.is_empty())
    {
        let group = match function {
            "2" | "7" => format!(" -g {}", call.arg(3)),
            "1" | "3" => String::new(),
            _ => continue,
        };
        let words = format!(
            "Image_Volume_Space_Remove_DM -T {} -f {function} -r {region}{group}",
            call.hcp_userid
        );
        output += &call.run(&Zhcp::smcli(&words)).await.stdout;
    }
    show(call, &output);
}

/// `--addscsi device fcp,wwpn,lun[;…] option persist`; the number of arguments is not checked (Q42).
async fn add_scsi(call: &Call<'_>) {
    let (device, paths, option, persist) = (call.arg(1), call.arg(2), call.arg(3), call.arg(4));
    if call.args.len() != 5 && !call.context.settings().quirk("Q42") {
        return call.wrong_number();
    }
    let chosen = number(option);
    if ![1.0, 2.0, 3.0].contains(&chosen) {
        return call.say("(Error) Options can be one of the following:\n  (1) Add new SCSI disk (default)\n  (2) Add new path to existing disk\n  (3) Delete path from existing disk");
    }
    if persist != "YES" && persist != "NO" {
        return call.say("(Error) Persist can be one of the following:\n  (YES) SCSI device updated in active and configured system\n  (NO) SCSI device updated only in active system");
    }
    let mut array = String::new();
    for path in crate::mn::zvm::text::split(paths, ';') {
        let part = |index| crate::mn::zvm::text::field(path, ',', index);
        for part in [part(0), " ", part(1), " ", part(2), ";"] {
            array.push_str(part);
        }
    }
    smcli(
        call,
        &format!(
            "System_SCSI_Disk_Add -T {} -k dev_num={device} -k dev_path_array='{array}' -k option={option} -k persist={persist}",
            call.hcp_userid
        ),
    )
    .await;
}

/// `--addvswitch name osa port controller […]`: false arguments are left out, a `0` too (Q43).
async fn add_vswitch(call: &Call<'_>) {
    const LETTERS: [&str; 13] = [
        "-n", "-r", "-a", "-i", "-c", "-q", "-e", "-t", "-v", "-p", "-u", "-G", "-V",
    ];
    let keeps_zero = !call.context.settings().quirk("Q43");
    let mut words = format!("Virtual_Network_Vswitch_Create -T {} ", call.hcp_userid);
    for (index, value) in call.args.iter().enumerate().skip(1) {
        if is_true(value) || (keeps_zero && value == "0") {
            if let Some(letter) = LETTERS.get(index - 1) {
                words.push_str(letter);
                words.push(' ');
            }
            words.push_str(value);
            words.push(' ');
        }
    }
    smcli(call, &words).await;
}

/// `--resetsmapi`: results ignored (Q54).
async fn reset_smapi(call: &Call<'_>) {
    let context = call.context;
    let query = call
        .zhcp
        .run_timed(context, "/sbin/vmcp q users VSMGUARD")
        .await;
    if query.rc == 255 && !context.settings().quirk("Q54") {
        return call.say(&format!(
            "(Error) unable to communicate with the zhcp system: {}",
            call.zhcp.host
        ));
    }
    let answer = query.stdout;
    let users: &[&str] = if contains_ignoring_case(&answer, "HCPCQU045E") {
        &["VSMWORK1", "VSMWORK2", "VSMWORK3", "VSMREQIN", "VSMREQIU"]
    } else {
        &["VSMGUARD"]
    };
    for user in users {
        call.run(&format!("/sbin/vmcp force {user} logoff immediate"))
            .await;
    }
    call.run(&format!("/sbin/vmcp xautolog {}", users[0])).await;
    call.say("Resetting SMAPI... Done");
}
