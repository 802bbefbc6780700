//! A virtual machine from a directory entry in a file or on standard input, or one without a logon (spec: guests 10.3).

use crate::mn::Context;
use crate::mn::zvm::mac::{self, NoMac};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::{Zhcp, local, text, vswitch};
use crate::seam::RemoteCommand;

/// File that names, in its first line, the switch to which nobody is granted access.
const INTERNAL_SWITCH: &str = "/opt/xcat/internalVswitch";

/// Makes the virtual machine.
pub(super) async fn make(
    context: &Context,
    node: &str,
    target: &Target,
    args: &[String],
    from_stdin: bool,
) {
    let file = if from_stdin {
        ""
    } else {
        args.first().map_or("", String::as_str)
    };
    let macid = match mac::suffix_of(context, &target.zhcp, node, "makeVM").await {
        Ok(macid) => macid,
        Err(NoMac::Reported) => return,
        Err(NoMac::Counter) => {
            return context.print_ln(format!("{node}: (Error) Could not generate MACID"));
        }
    };
    if text::is_true(file) {
        from_file(context, node, target, file, &macid).await;
    } else if from_stdin {
        let entry = context.stdin().unwrap_or_default();
        from_text(context, node, target, &entry, &macid).await;
    } else {
        let Target { zhcp, userid } = target;
        let answer = zhcp
            .run(context, &format!("/opt/zhcp/bin/createvs {userid}"))
            .await
            .stdout;
        context.print_ln(format!("{node}: {answer}"));
    }
}

async fn from_file(context: &Context, node: &str, target: &Target, file: &str, macid: &str) {
    let Target { zhcp, userid } = target;
    let staged = format!("/tmp/{node}.txt");
    if let Some(entry) = local::read(context, file) {
        let entry = with_macid(context, zhcp, &entry, macid).await;
        local::write(context, &staged, &with_userid(&entry, userid));
    }
    let copy = RemoteCommand::Scp {
        opts: Vec::new(),
        from: vec![staged.clone()],
        to: format!("{}@{}:{staged}", zhcp.user, zhcp.host),
    };
    context.remote(copy).await;
    let words = format!("Image_Create_DM -T {userid} -f {staged}");
    let answer = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    context.print_ln(format!("{node}: {answer}"));
    if !text::is_bad(&answer) {
        let internal = local::read(context, INTERNAL_SWITCH)
            .and_then(|text| text.lines().next().map(|line| line.trim().to_owned()));
        let mut granted: Vec<String> = Vec::new();
        for switch in vswitch::switches(context, zhcp).await {
            let is_internal = internal
                .as_ref()
                .is_some_and(|internal| internal.eq_ignore_ascii_case(&switch));
            if !is_internal && !granted.contains(&switch) {
                grant(context, node, target, &switch).await;
                granted.push(switch);
            }
        }
        zhcp.run_timed(context, &format!("rm {staged}")).await;
    }
    local::remove(context, &staged);
}

/// The entry on standard input: its user ID is kept, and every switch of the zHCP is granted, once for each adapter.
async fn from_text(context: &Context, node: &str, target: &Target, entry: &str, macid: &str) {
    let Target { zhcp, userid } = target;
    let entry = with_macid(context, zhcp, entry, macid).await;
    let file = format!("/tmp/{node}.direct");
    let plain = format!("ssh {}@{}", zhcp.user, zhcp.host);
    context.sh(&format!("{plain} \"rm -rf {file}\"")).await;
    for line in entry.lines().filter(|line| text::is_true(line)) {
        context
            .sh(&format!("{plain} \"echo '{line}' >> {file}\""))
            .await;
    }
    let smcli = Zhcp::smcli(&format!("Image_Create_DM -T {userid} -s"));
    let create = format!("{plain} \"cat {file} | {} {smcli}\"", zhcp.sudo);
    let answer = context.sh(&create).await.stdout;
    context.print_ln(format!("{node}: {answer}"));
    if text::is_bad(&answer) {
        return;
    }
    for switch in vswitch::switches(context, zhcp).await {
        grant(context, node, target, &switch).await;
    }
    let remove = format!(
        "ssh {} {}@{} \"rm -rf {file}\"",
        crate::mn::zvm::remote::TIMEOUT,
        zhcp.user,
        zhcp.host
    );
    context.sh(&remove).await;
}

async fn grant(context: &Context, node: &str, target: &Target, switch: &str) {
    let Target { zhcp, userid } = target;
    let result = vswitch::grant(context, zhcp, userid, switch, "", "").await;
    context.print_ln(format!(
        "{node}: Granting VSwitch ({switch}) access for {userid}... {result}"
    ));
}

/// The entry with the MAC suffix behind the name of the first network that the zHCP is on too.
pub(super) async fn with_macid(context: &Context, zhcp: &Zhcp, entry: &str, macid: &str) -> String {
    let nics: Vec<&str> = entry
        .lines()
        .filter(|line| text::contains_ignoring_case(line, "NICDEF"))
        .collect();
    if nics.is_empty() {
        return entry.to_owned();
    }
    let networks = vswitch::network_names(context, zhcp).await;
    let shared = networks.iter().find(|network| {
        nics.iter()
            .any(|nic| text::contains_ignoring_case(nic, &format!(" {network}")))
    });
    let Some(network) = shared else {
        return entry.to_owned();
    };
    let on_it: Vec<&&str> = nics
        .iter()
        .filter(|nic| text::contains_ignoring_case(nic, network))
        .collect();
    // With several statements the pattern holds a newline, and sed changes nothing.
    let [statement] = on_it[..] else {
        return entry.to_owned();
    };
    let statement = statement.trim();
    let changed = statement.replace(network, &format!("{network} MACID {macid}"));
    entry.replace(statement, &changed)
}

/// The entry with the user ID of its first line replaced, once in every line that has it.
pub(super) fn with_userid(entry: &str, userid: &str) -> String {
    let old = text::word(entry.lines().next().unwrap_or_default(), 1);
    if old.is_empty() {
        return entry.to_owned();
    }
    entry
        .split_inclusive('\n')
        .map(|line| match text::find_ignoring_case(line, old) {
            Some(at) => format!("{}{userid}{}", &line[..at], &line[at + old.len()..]),
            None => line.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::with_userid;

    #[test]
    fn user_ids_are_replaced_once_a_line() {
        assert_eq!(
            with_userid("USER tmpl PW 1G\nLINK TMPL 191 TMPL\nCPU 00\n", "LNX1"),
            "USER LNX1 PW 1G\nLINK LNX1 191 TMPL\nCPU 00\n"
        );
        assert_eq!(with_userid("", "LNX1"), "");
    }
}
