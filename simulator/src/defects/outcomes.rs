//! Mistakes in what is made of an answer of a zHCP or a guest.

use super::defect::Area::{Persistence, Selection};
use super::defect::Mistake::Outcome as After;
use super::defect::{Defect, defect};
use super::edit::{is, is_pool, replace_output, text};
use crate::seam::{Outcome, RemoteCommand};

const POOL: &str = "/var/opt/zhcp/zfcp/";

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("selection/used-row-taken", "A row in use is taken over", Selection, "reserve/given/used-by-other", After(|a, c, o| if is(a, "chhypervisor", "--reservezfcp") { replace_output(c, o, &[POOL, "grep"], "used,", "free,"); replace_output(c, o, &[POOL, "cat"], "used,", "free,"); })),
    defect("selection/reserved-row-as-free", "A reserved row counts as free when one is chosen by size", Selection, "reserve/fit/free-only", After(|a, c, o| if is(a, "chhypervisor", "--reservezfcp") && a.args.len() == 6 { replace_output(c, o, &[POOL, "cat"], "reserved,", "free,"); })),
    defect("selection/smallest-overlooked", "The smallest free row is overlooked", Selection, "reserve/fit/exact", After(|a, c, o| if is(a, "chhypervisor", "--reservezfcp") && a.args.len() == 6 { without_first_free(c, o); })),
    defect("selection/units-ignored", "Sizes are compared without their units", Selection, "reserve/fit/units", After(|a, c, o| if is(a, "chhypervisor", "--reservezfcp") && a.args.len() == 6 && text(c).is_some_and(|l| is_pool(l) && l.contains("cat")) { o.stdout = o.stdout.replace("M,", "G,"); })),
    defect("selection/duplicate-unseen", "A row that is there already is not seen", Selection, "pool/add/duplicate", After(|a, c, o| if is(a, "chhypervisor", "--addzfcp2pool") && text(c).is_some_and(|l| l.contains("grep") && l.contains(POOL.trim_end_matches('/'))) { *o = Outcome::fail(1, ""); })),
    defect("selection/owner-not-checked", "A disk that another node uses is detached", Selection, "detach/refused/other-owner", After(|a, c, o| if is(a, "chvm", "--removezfcp") { replace_output(c, o, &[POOL, "cat"], "used,", "reserved,"); })),
    defect("selection/active-listed-as-free", "Devices in use are listed as free as well", Selection, "attach/running/inventory", After(|_, c, o| replace_output(c, o, &["System_WWPN_Query"], "Status: Active", "Status: Free"))),
    defect("selection/offline-listed-as-free", "Devices that are offline are listed as free as well", Selection, "version/fcp/one-state", After(|a, c, o| if a.args.iter().any(|x| x == "free") { replace_output(c, o, &["System_WWPN_Query"], "Status: Offline", "Status: Free"); })),
    defect("selection/guest-taken-as-off", "A running guest is taken for one that is off", Selection, "attach/running/unit", After(|a, c, o| if is(a, "chvm", "--addzfcp") && (matches!(c, RemoteCommand::Ping { .. }) || text(c).is_some_and(|l| l.trim_end().ends_with("date"))) { *o = Outcome::fail(1, ""); })),
    defect("persistence/distribution-unknown", "The distribution of a guest is not recognised, and nothing persists", Persistence, "attach/running/persistent-rhel", After(|a, c, o| if is(a, "chvm", "--addzfcp") && text(c).is_some_and(|l| l.contains("release") || l.contains("/etc/issue")) { o.stdout.clear(); })),
    defect("selection/node-exists-unseen", "A device node that exists is made again", Selection, "node/create/exists", After(|a, c, o| if is(a, "chvm", "--createfilesysnode") && text(c).is_some_and(|l| l.contains("stat") && l.contains("/dev/kit")) { *o = Outcome::fail(1, ""); })),
    defect("selection/missing-disk-unseen", "A device node is made for a disk that is not there", Selection, "node/create/absent-disk", After(|a, c, o| if is(a, "chvm", "--createfilesysnode") && text(c).is_some_and(|l| l.contains("stat") && l.contains("by-path")) && let Some(path) = text(c).and_then(|l| l.split_whitespace().find(|w| w.contains("by-path"))) { *o = Outcome::ok(path); })),
    defect("selection/copy-size-unchecked", "A copy to a smaller LUN is tried", Selection, "image/copy/too-small", After(|a, c, o| if is(a, "chhypervisor", "--copyzfcp") { replace_output(c, o, &[POOL], "9216M", "10240M"); })),
];

/// The pool without its first free row.
fn without_first_free(command: &RemoteCommand, outcome: &mut Outcome) {
    if !text(command).is_some_and(|l| is_pool(l) && l.contains("cat")) {
        return;
    }
    let free: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|l| l.starts_with("free,"))
        .collect();
    let smallest = free.iter().min_by_key(|l| {
        let size = l.split(',').nth(3).unwrap_or_default();
        let number: u64 = size
            .trim_end_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .unwrap_or(u64::MAX);
        if size.ends_with('G') {
            number.saturating_mul(1024)
        } else {
            number
        }
    });
    if free.len() > 1
        && let Some(smallest) = smallest
    {
        let kept: String = outcome
            .stdout
            .split_inclusive('\n')
            .filter(|l| l.trim_end() != *smallest)
            .collect();
        outcome.stdout = kept;
    }
}
