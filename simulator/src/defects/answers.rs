//! Mistakes in what the management node says.

use super::defect::Area::{RollBack, Selection, Text};
use super::defect::Mistake::Answer;
use super::defect::{Asked, Defect, defect};
use super::edit::{change_texts, is, keep_lines, move_key};
use crate::mn::Document;

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("text/confirmation-lost", "The confirmation of a new row is lost", Text, "protocol/put/confirmations", Answer(|a, d| if is(a, "chhypervisor", "--addzfcp2pool") { d.retain(|doc| !doc.texts("info").any(|t| t.contains("Adding"))); })),
    defect("text/prefix-lost", "Lines come without the node's name", Text, "reserve/given/confirmation-order", Answer(|a, d| { let prefix = format!("{}: ", a.noderange); change_texts(d, "info", &|t| t.replace(&prefix, "")); })),
    defect("text/errors-as-information", "Errors come as information", Text, "pool/add/duplicate", Answer(|_, d| move_key(d, "error", "info"))),
    defect("text/errors-lost", "Errors are swallowed", Text, "pool/add/duplicate", Answer(|_, d| d.retain(|doc| !doc.0.contains_key("error")))),
    defect("text/information-as-errors", "Confirmations come as errors", Text, "protocol/put/confirmations", Answer(|a, d| if a.command == "chhypervisor" { move_key(d, "info", "error"); })),
    defect("text/done-on-failure", "A failed attach is confirmed as well", Text, "attach/refused/absent-row", Answer(|a, d| if is(a, "chvm", "--addzfcp") && d.iter().any(|doc| doc.0.contains_key("error")) { d.push(Document::of("info", [format!("{}: Adding zFCP device... Done", a.noderange)])); })),
    defect("text/reserve-device-unnamed", "The confirmation of a reservation does not name the device", Text, "reserve/given/confirmation-order", Answer(|a, d| if is(a, "chhypervisor", "--reservezfcp") { d.retain(|doc| !doc.texts("info").any(|t| t.contains("was reserved"))); })),
    defect("text/list-header-lost", "A list of rows comes without its column line", Text, "pool/add/first-row", Answer(|a, d| if is(a, "rinv", "--zfcppool") { keep_lines(d, |l| !l.contains("#status")); })),
    defect("text/list-last-row-lost", "A list of rows lacks the last one", Text, "protocol/body/split-words", Answer(|a, d| if is(a, "rinv", "--zfcppool") { drop_last_line(d); })),
    defect("text/list-cut-at-25", "A list of rows ends after 25", Text, "reserve/limit/fifty-rows", Answer(|a, d| if is(a, "rinv", "--zfcppool") { change_texts(d, "info", &|t| t.split_inclusive('\n').take(26).collect()); })),
    defect("text/list-reversed", "Rows are listed from last to first", Text, "reserve/limit/fifty-rows", Answer(|a, d| if is(a, "rinv", "--zfcppool") { reverse_rows(d); })),
    defect("text/list-tag-lost", "A list of rows lacks the tags", Text, "attach/running/row-tag", Answer(|a, d| if is(a, "rinv", "--zfcppool") { change_texts(d, "info", &|t| t.replace(",kittag", ",")); })),
    defect("text/pool-names-empty", "The list of pool names is empty", Text, "pool/list/names", Answer(|a, d| if is(a, "rinv", "--zfcppoolnames") { keep_lines(d, |_| false); })),
    defect("text/fcp-path-lost", "Records of FCP devices lack the channel path", Text, "version/fcp/free-details", Answer(|a, d| if is(a, "rinv", "--fcpdevices") { keep_lines(d, |l| !l.contains("Channel path ID")); })),
    defect("text/fcp-path-constant", "Every FCP device is reported on one channel path", Text, "multipath/inventory/channel-paths", Answer(|a, d| if is(a, "rinv", "--fcpdevices") { change_texts(d, "info", &|t| t.replace("Channel path ID: 51", "Channel path ID: 50")); })),
    defect("text/fcp-first-only", "Only the first FCP device is listed", Selection, "version/fcp/lent-are-free", Answer(|a, d| if is(a, "rinv", "--fcpdevices") { change_texts(d, "info", &|t| t.split_inclusive('\n').take(5).collect()); })),
    defect("text/directory-without-devices", "A directory entry is shown without its devices", Text, "attach/running/directory", Answer(|a, d| if a.command == "lsvm" { keep_lines(d, |l| !l.to_uppercase().contains("DEDICATE")); })),
    defect("text/directory-empty", "A directory entry is shown as empty", Text, "version/directory/entry", Answer(|a, d| if a.command == "lsvm" { keep_lines(d, |_| false); })),
    defect("text/power-words", "A running guest is called running, not on", Text, "power/stat/on", Answer(|a, d| if power(a, "stat") { change_texts(d, "info", &|t| t.replace(": on", ": running")); })),
    defect("text/power-always-on", "Every guest is on", Text, "power/stat/off", Answer(|a, d| if power(a, "stat") { change_texts(d, "info", &|t| t.replace(": off", ": on")); })),
    defect("text/always-reachable", "Every guest can be reached", Text, "power/reachable/off", Answer(|a, d| if power(a, "isreachable") { change_texts(d, "info", &|t| t.replace("unreachable", "reachable")); })),
    defect("text/table-unquoted", "Cells of a table come without quotes", Text, "version/tables/zvm", Answer(|a, d| if a.command == "tabdump" { change_texts(d, "data", &|t| t.replace('"', "")); })),
    defect("text/attribute-with-name", "A single attribute comes with its name", Text, "version/tables/attribute", Answer(|a, d| if a.command == "gettab" { change_texts(d, "data", &|t| format!("value={t}")); })),
    defect("text/version-as-information", "The version comes as information", Text, "protocol/version/json-shape", Answer(|a, d| if a.command == "lsxcatd" { move_key(d, "data", "info"); })),
    defect("text/no-change-unsaid", "That nothing had to be changed is not said", Text, "boot/loaddev/remove-other", Answer(|a, d| if is(a, "chvm", "--removeloaddev") { d.retain(|doc| !doc.texts("info").any(|t| t.contains("No changes"))); })),
    defect("roll-back/add-done-while-down", "A row is said to be added although the zHCP did not answer", RollBack, "fault/zhcp-down/add-not-done", Answer(|a, d| if is(a, "chhypervisor", "--addzfcp2pool") { done_all_the_same(d, "Adding zFCP device to pool... Done"); })),
];

/// Confirms what failed for want of an answer.
fn done_all_the_same(documents: &mut [Document], confirmation: &str) {
    let lost = |text: &str| text.contains("SSH") || text.contains("ommunicat");
    let failed = documents.iter().any(|d| d.texts("error").any(lost));
    if failed {
        change_texts(documents, "error", &|_| confirmation.to_owned());
        move_key(documents, "error", "info");
    }
}

fn power(asked: &Asked, operand: &str) -> bool {
    asked.command == "rpower" && asked.option() == operand
}

fn drop_last_line(documents: &mut [Document]) {
    change_texts(documents, "info", &|text| {
        let lines: Vec<&str> = text.trim_end().split('\n').collect();
        lines[..lines.len().saturating_sub(1)].join("\n")
    });
}

fn reverse_rows(documents: &mut [Document]) {
    change_texts(documents, "info", &|text| {
        let mut lines: Vec<&str> = text.trim_end().split('\n').collect();
        if lines.len() > 1 {
            lines[1..].reverse();
        }
        lines.join("\n")
    });
}
