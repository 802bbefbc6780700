//! Processors, memory and console (spec: guests 6.7).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::guest::{Report, execcmdon_vm};
use crate::mn::zvm::reader::send_cp_command;
use crate::mn::zvm::text;

/// `--addprocessor {addr}`.
pub(super) async fn add(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_CPU_Define_DM -T {} -v {} -b 0 -d 1 -y 0",
        guest.userid,
        guest.arg(1)
    );
    guest.smcli_text(&words).await
}

/// `--addprocessoractive {addr} {type}`.
pub(super) async fn add_active(guest: &Guest<'_>) -> Hidden {
    let command = format!(
        "{} /sbin/vmcp define cpu {} type {}",
        guest.zhcp.sudo,
        guest.arg(1),
        guest.arg(2)
    );
    Hidden::prefixed(execcmdon_vm(guest.context, guest.node, &command, Report::Silent).await)
}

/// `--removeprocessor {addr}`.
pub(super) async fn remove(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Image_CPU_Delete_DM -T {} -v {}",
        guest.userid,
        guest.arg(1)
    );
    guest.smcli_text(&words).await
}

/// Addresses that are tried for a new processor: as executed 08, 18, 28 and 38 are missing, and 09, 19, 29 and 39
/// come twice (GQ18).
fn candidates(quirk: bool) -> impl Iterator<Item = String> {
    (0..0x40u32).map(move |address| {
        let shown = if quirk && address & 0xf == 8 {
            address + 1
        } else {
            address
        };
        format!("{shown:02X}")
    })
}

/// Addresses of the processors that an answer of `Image_Definition_Query_DM … -k CPU` names.
fn addresses(answer: &str) -> Vec<String> {
    answer
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once("CPUADDR=")?;
            Some(text::word(rest, 0).to_uppercase())
        })
        .collect()
}

/// `--setprocessor {count}`.
pub(super) async fn set_count(guest: &Guest<'_>) -> Hidden {
    let userid = &guest.userid;
    let query = Zhcp::smcli(&format!("Image_Definition_Query_DM -T {userid} -k CPU"));
    let Some(answer) = guest.checked(&guest.zhcp.line(&query)).await else {
        return Hidden::nothing();
    };
    let mut have = addresses(&answer.stdout);
    let quirk = guest.context.settings().quirk("GQ18");
    let count = text::number(guest.arg(1)).max(0.0) as usize;
    let mut last = String::new();
    if count > have.len() {
        let words = format!(
            "Image_Definition_Update_DM -T {userid} -k CPU_MAXIMUM=COUNT={count} -k TYPE=ESA"
        );
        last = guest.smcli(&words).await.stdout;
        for address in candidates(quirk) {
            if have.len() >= count {
                break;
            }
            if have.contains(&address) {
                continue;
            }
            let words = format!("Image_Definition_Update_DM -T {userid} -k CPU=CPUADDR={address}");
            last = guest.smcli(&words).await.stdout;
            have.push(address);
        }
    } else {
        // GQ18: one deletion too many, the first with an empty address.
        let mut doomed: Vec<String> = have.split_off(count);
        if quirk {
            doomed.push(String::new());
        }
        for address in doomed.iter().rev() {
            let words = format!("Image_Definition_Delete_DM -T {userid} -k CPU=CPUADDR={address}");
            last = guest.smcli(&words).await.stdout;
        }
    }
    guest.say(last);
    Hidden::nothing()
}

/// `--setmemory {size}`: two updates, of which only the second is looked at.
pub(super) async fn set_memory(guest: &Guest<'_>) -> Hidden {
    let size = guest.arg(1);
    if !size.contains(['G', 'M', 'g', 'm']) {
        guest.say("(Error) Size can be Megabytes (M) or Gigabytes (G)");
        return Hidden::nothing();
    }
    let update = format!("Image_Definition_Update_DM -T {}", guest.userid);
    guest
        .smcli(&format!("{update} -k STORAGE_INITIAL=1M"))
        .await;
    let words = format!("{update} -k STORAGE_INITIAL={size} -k STORAGE_MAXIMUM={size}");
    guest.say(guest.smcli(&words).await.stdout);
    Hidden::nothing()
}

/// `--setconsole start|stop`: the result is never known.
pub(super) async fn set_console(guest: &Guest<'_>) -> Hidden {
    let action = guest.arg(1);
    if action != "start" && action != "stop" {
        guest.say("(Error) Option not supported");
        return Hidden::nothing();
    }
    let command = format!("SPOOL CONSOLE {}", action.to_uppercase());
    let Guest {
        context,
        ref zhcp,
        ref hcp_userid,
        ref userid,
        ..
    } = *guest;
    send_cp_command(context, zhcp, hcp_userid, userid, &command).await;
    guest.say("");
    Hidden::nothing()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gq18_some_addresses_are_never_tried() {
        let executed: Vec<String> = candidates(true).collect();
        assert!(!executed.contains(&"08".to_owned()) && !executed.contains(&"38".to_owned()));
        assert_eq!(executed.iter().filter(|a| *a == "09").count(), 2);
        let repaired: Vec<String> = candidates(false).collect();
        assert!(repaired.contains(&"18".to_owned()));
        assert_eq!(repaired.len(), 64);
    }

    #[test]
    fn addresses_are_read_from_the_definition() {
        assert_eq!(addresses("CPU=CPUADDR=00 BASE\nCPUADDR=0a\n"), ["00", "0A"]);
        assert!(addresses("CPU_MAXIMUM=COUNT=4\n").is_empty());
    }
}
