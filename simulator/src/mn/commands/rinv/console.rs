//! `--consoleoutput [bytes]`: console spool files of a guest, fetched through the zHCP's reader and deleted there
//! (spec: guests 9).

use super::guest::Guest;
use crate::mn::Document;
use crate::mn::zvm::text::{self, append_hostname, contains_ignoring_case, number};
use crate::mn::zvm::{Zhcp, check_ssh_rc};
use crate::seam::Release;

/// Answers with the console log, or with its last bytes.
pub(super) async fn output(guest: &Guest<'_>, bytes: &str) {
    let Guest {
        context,
        node,
        zhcp,
        userid,
        ..
    } = guest;
    let words = format!("Image_Console_Get -T {userid}");
    zhcp.run(context, &Zhcp::smcli(&words)).await;
    if let Err(output) = online_reader(guest).await {
        return context.print_ln(format!(
            "{node}: (Error) Failed to online the zHCP's reader, cmd output: {output}."
        ));
    }
    zhcp.run(context, "vmcp spool c class \\\\*").await;
    let Some(files) = spool_files(guest).await else {
        return;
    };
    let mut log = String::new();
    for id in files {
        let receive = format!("/usr/sbin/vmur re -t -O {id}");
        log += &zhcp.run(context, &receive).await.stdout;
    }
    if log.is_empty() {
        let text = append_hostname(node, "(Error) No console log avaiable");
        return context.print_ln(text);
    }
    // Whatever the log says, it is no error.
    let text = append_hostname(node, &cut(&log, number(bytes)));
    context.push(Document::of("info", [text]));
}

/// Brings the zHCP's reader online; the error is what the attempt printed.
async fn online_reader(guest: &Guest<'_>) -> Result<(), String> {
    let Guest { context, zhcp, .. } = guest;
    let status = zhcp
        .run(context, "cat /sys/bus/ccw/drivers/vmur/0.0.000c/online")
        .await;
    if number(&status.stdout) as i64 == 1 {
        return Ok(());
    }
    let online = zhcp
        .run(context, "/sbin/cio_ignore -r 000c; /sbin/chccwdev -e 000c")
        .await;
    let output = online.stdout.strip_suffix('\n').unwrap_or(&online.stdout);
    if !output.to_ascii_lowercase().ends_with("done") {
        return Err(output.to_owned());
    }
    zhcp.run(
        context,
        "which udevadm &> /dev/null && udevadm settle || udevsettle",
    )
    .await;
    Ok(())
}

/// Ids of the guest's spool files in the zHCP's reader; `None` when a failure was reported.
async fn spool_files(guest: &Guest<'_>) -> Option<Vec<String>> {
    let Guest {
        context,
        node,
        zhcp,
        userid,
        ..
    } = guest;
    let answer = if context.settings().release == Release::P {
        let list = format!("/usr/sbin/vmur list | egrep -a -i {userid} ");
        zhcp.run(context, &list).await.stdout
    } else {
        let line = zhcp.line("/usr/sbin/vmur list");
        let outcome = context.sh(&line).await;
        if let Some(message) = check_ssh_rc(&outcome, "inventoryVM", &line, &zhcp.host, Some(node))
        {
            context.print_ln(message);
            return None;
        }
        outcome.stdout
    };
    let wanted = format!("{userid} ");
    let mut lines: Vec<&str> = text::lines(&answer)
        .into_iter()
        .filter(|line| contains_ignoring_case(line, &wanted))
        .collect();
    lines.sort_unstable();
    Some(
        lines
            .iter()
            .map(|line| text::word(line, 1).to_owned())
            .collect(),
    )
}

/// The last bytes of a log, with a line on what is missing; the whole log when it is not longer.
fn cut(log: &str, bytes: f64) -> String {
    let length = log.len();
    if bytes < 1.0 || bytes >= length as f64 {
        return log.to_owned();
    }
    let mut start = length - bytes as usize;
    while !log.is_char_boundary(start) {
        start += 1;
    }
    format!(
        "Truncated console log, {start} bytes ignored\n{}",
        &log[start..]
    )
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn logs_are_cut_at_the_front() {
        assert_eq!(
            cut("0123456789", 4.0),
            "Truncated console log, 6 bytes ignored\n6789"
        );
        assert_eq!(cut("0123", 4.0), "0123");
        assert_eq!(cut("0123", 0.0), "0123");
    }
}
