//! Update of a SCSI pool: choose or find a LUN, choose its FCP device, rewrite its row (`zvmUtils.pm
//! findAndUpdatezFcpPool`; spec: scsi-pools 3.1 to 3.4, guests 3.11). Nothing is locked from the first read to the
//! last write, so two updates race as they do in xCAT (Q1 to Q3).

use std::borrow::Cow;

use super::contents::Contents;
use super::filter::{Way, egrep, matches, matching_rows, way};
use super::lookup::{names, not_found};
use super::remote::{ZFCP_POOL, Zhcp, check_ssh_rc};
use super::text::{self, contains_ignoring_case, is_true, number};
use super::{fcp, size};
use crate::mn::Context;

/// Header of every pool file.
pub const HEADER: &str = "#status,wwpn,lun,size,range,owner,channel,tag";

/// What is wanted of a pool; an absent value is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Criteria<'a> {
    /// `free`, `used` or `reserved` in any case; stored as typed.
    pub status: &'a str,
    /// `auto…`, FCP device numbers joined by `;`, or nothing.
    pub fcp: &'a str,
    /// WWPN or list of WWPNs; together with `lun` it names the LUN.
    pub wwpn: &'a str,
    /// Logical unit number.
    pub lun: &'a str,
    /// Size with unit; best fit looks for the smallest LUN that has it.
    pub size: &'a str,
    /// Owning node.
    pub owner: &'a str,
    /// Free text.
    pub tag: &'a str,
}

/// What was found and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// FCP device or devices; empty when there is none.
    pub channel: String,
    /// WWPN or list of WWPNs.
    pub wwpn: String,
    /// Logical unit number.
    pub lun: String,
}

/// A LUN that was picked from the first reading of the pool.
struct Picked {
    wwpn: String,
    lun: String,
    range: String,
}

/// Finds a LUN and updates its row. Every line is reported as it arises, `header` (a node name) in front; `None` is
/// failure, already reported.
pub async fn find_and_update(
    context: &Context,
    header: &str,
    zhcp: &Zhcp,
    pool: &str,
    criteria: &Criteria<'_>,
) -> Option<Selected> {
    let requested = check(context, header, pool, criteria)?;
    let given = given(context, header, criteria)?;

    if !is_there(context, zhcp, &["test -d ", ZFCP_POOL]).await {
        zhcp.run(context, &format!("mkdir -p {ZFCP_POOL}")).await;
    }
    if !is_there(context, zhcp, &["test -e ", ZFCP_POOL, "/", pool, ".conf"]).await {
        context.print_ln(format!("{header}: (Error) FCP storage pool does not exist"));
        return None;
    }
    let contents = read(context, zhcp, pool).await?;
    let picked = match given {
        Some((wwpn, lun)) => {
            find_given(context, header, pool, &contents, wwpn, lun, &requested).await?
        }
        None => best_fit(context, header, &contents, &requested).await?,
    };
    let Picked { wwpn, lun, range } = picked;
    context.print_ln([header, ": Found FCP device 0x", &wwpn, "/0x", &lun].concat());

    let mut owner = criteria.owner;
    let channel =
        if contains_ignoring_case(criteria.status, "used") && starts_with_auto(criteria.fcp) {
            fcp::select(context, header, zhcp, &range, owner).await?
        } else if contains_ignoring_case(criteria.status, "free") {
            owner = "";
            String::new()
        } else {
            criteria.fcp.to_owned()
        };

    let contents = read(context, zhcp, pool).await?;
    let selected = select_rows(context, &contents, &wwpn, &lun).await;
    let Criteria { status, tag, .. } = *criteria;
    if selected.is_empty() {
        // Q10: the row went away between the two readings; it comes back at the end, without its range.
        let row = format!("{status},{wwpn},{lun},{requested}M,,{owner},{channel},{tag}");
        zhcp.run(
            context,
            &format!("echo \"{row}\" >> {ZFCP_POOL}/{pool}.conf"),
        )
        .await;
    } else {
        let old = selected.as_str();
        let field = |index| text::field(old, ',', index);
        let is_wanted = if context.settings().quirk("Q11") {
            matches(field(1), &wwpn)
        } else {
            names(old, &wwpn, &lun)
        };
        if !is_wanted {
            context.print_ln(format!(
                "{header}: (Error) FCP device {wwpn}/{lun} does not exists"
            ));
            return None;
        }
        let row_size = if is_true(field(3)) {
            field(3).to_owned()
        } else if requested.is_empty() && !context.settings().quirk("Q32") {
            String::new()
        } else {
            format!("{requested}M")
        };
        let new = [
            status,
            field(1),
            field(2),
            &row_size,
            field(4),
            owner,
            &channel,
            tag,
        ]
        .join(",");
        rewrite(context, zhcp, pool, old, &new).await;
    }
    Some(Selected { channel, wwpn, lun })
}

/// Steps P1 to P5: what is wanted makes sense. Gives the size as it is carried on.
fn check(context: &Context, header: &str, pool: &str, criteria: &Criteria<'_>) -> Option<String> {
    let Criteria {
        status,
        fcp,
        size,
        owner,
        ..
    } = *criteria;
    let fail = |text: &str| {
        context.print_ln(format!("{header}: (Error) {text}"));
        None
    };
    if !is_true(pool) && !is_true(status) {
        return None;
    }
    if !is_status(status) {
        return fail("Status not recognized. Status can be free, used, or reserved.");
    }
    let is_device_list = fcp.chars().all(|c| c.is_ascii_hexdigit() || c == ';');
    if is_true(fcp) && !starts_with_auto(fcp) && !is_device_list {
        return fail(&format!("Invalid FCP channel address {fcp}."));
    }
    if contains_ignoring_case(status, "used") && !is_true(owner) {
        return fail("Owner must be specified if status is used.");
    }
    if contains_ignoring_case(status, "free") && is_true(owner) {
        return fail("Owner must not be specified if status is free.");
    }
    if !is_true(size) {
        return Some(size.to_owned());
    }
    match size::requested(size) {
        Some(requested) => Some(requested),
        None => fail("Size not recognized. Size can be M(egabytes) or G(igabytes)."),
    }
}

/// Step P6: WWPN and LUN when both are given, without `0x`. The outer `None` is failure.
#[expect(clippy::option_option, reason = "failure, best fit, given")]
fn given(
    context: &Context,
    header: &str,
    criteria: &Criteria<'_>,
) -> Option<Option<(String, String)>> {
    if !is_true(criteria.wwpn) || !is_true(criteria.lun) {
        return Some(None);
    }
    context.print_ln([header, ": Using given WWPN and LUN"].concat());
    let wwpn = without_0x(criteria.wwpn);
    let lun = without_0x(criteria.lun);
    if !wwpn.chars().all(|c| c.is_ascii_hexdigit() || c == ';') {
        context.print_ln(format!(
            "{header}: (Error) Invalid world wide portname {wwpn}."
        ));
        return None;
    }
    if !lun.chars().all(|c| c.is_ascii_hexdigit()) {
        context.print_ln(format!(
            "{header}: (Error) Invalid logical unit number {lun}."
        ));
        return None;
    }
    Some(Some((wwpn, lun)))
}

/// Best fit: the earliest of the smallest sufficient free rows (spec: scsi-pools 3.3).
async fn best_fit(
    context: &Context,
    header: &str,
    contents: &Contents,
    requested: &str,
) -> Option<Picked> {
    const FREE: &str = "^free";
    let wanted = number(requested);
    let filtered;
    let kept = if way(context, contents, FREE) == Way::Plain {
        contents.best_fit(wanted)
    } else {
        filtered = Contents::of_text(&egrep(context, contents, FREE).await);
        filtered.best_fit(wanted)
    };
    let field = |index| {
        kept.map_or("", |row| text::field(row, ',', index))
            .to_owned()
    };
    let picked = Picked {
        wwpn: field(1),
        lun: field(2),
        range: field(4),
    };
    if !is_true(&picked.wwpn) || !is_true(&picked.lun) {
        context.print_ln(format!(
            "{header}: (Error) A suitable device of {requested}M or larger could not be found"
        ));
        return None;
    }
    Some(picked)
}

/// The row with the WWPN and LUN given; its status is not looked at (spec: scsi-pools 3.4).
async fn find_given(
    context: &Context,
    header: &str,
    pool: &str,
    contents: &Contents,
    wwpn: String,
    lun: String,
    requested: &str,
) -> Option<Picked> {
    let by_substring = context.settings().quirk("Q11");
    let rows = if by_substring {
        egrep(context, contents, &[&*wwpn, ",", &lun].concat()).await
    } else {
        matching_rows(contents, &lun)
    };
    let found = rows
        .lines()
        .find(|row| by_substring || names(row, &wwpn, &lun));
    let Some(row) = found else {
        context.print_ln(not_found(header, pool, &wwpn, &lun));
        return None;
    };
    let is_too_small = size::of_given_row(text::field(row, ',', 3)) < number(requested);
    if is_true(requested) && is_too_small {
        context.print_ln(format!(
            "{header}: (Error) FCP device {wwpn}/{lun} is not large enough"
        ));
        return None;
    }
    Some(Picked {
        range: text::field(row, ',', 4).to_owned(),
        wwpn,
        lun,
    })
}

/// Rows that the update is made on: all that contain the LUN, whatever their WWPN (Q6).
async fn select_rows(context: &Context, contents: &Contents, wwpn: &str, lun: &str) -> String {
    if context.settings().quirk("Q6") {
        return egrep(context, contents, lun).await;
    }
    let is_wanted = |row: &&str| {
        names(row, wwpn, lun) || text::contains_ignoring_case(row, &format!("{wwpn},{lun}"))
    };
    matching_rows(contents, lun)
        .lines()
        .find(is_wanted)
        .unwrap_or_default()
        .to_owned()
}

/// Step P16: the first match of the old text in each line becomes the new text. Nobody looks at the result. The old
/// text is a regular expression in a `sed` expression in a shell line in a shell line (Q7).
async fn rewrite(context: &Context, zhcp: &Zhcp, pool: &str, old: &str, new: &str) {
    let is_raw = context.settings().quirk("Q7") && context.settings().quirk("GQ12");
    let (old, new) = if is_raw {
        (Cow::Borrowed(old), Cow::Borrowed(new))
    } else {
        (escape_for_sed(old).into(), escape_for_sed(new).into())
    };
    let sed = [
        "sed --in-place -e 's#",
        &*old,
        "#",
        &*new,
        "#i' ",
        ZFCP_POOL,
        "/",
        pool,
        ".conf",
    ];
    zhcp.run(context, &sed.concat()).await;
}

/// A text that `sed`, in single quotes in a double-quoted line, takes literally on either side of `s#…#…#`.
pub fn escape_for_sed(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '$' | '\\' => out.push_str("\\\\\\"),
            '#' | '*' | '.' | '[' | ']' | '^' | '&' => out.push_str("\\\\"),
            '"' | '`' => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Reads a pool file; a failure is reported.
async fn read(context: &Context, zhcp: &Zhcp, pool: &str) -> Option<Contents> {
    let command = ["cat ", ZFCP_POOL, "/", pool, ".conf"].concat();
    let (outcome, contents) = context.fetch_pools(zhcp, &command).await;
    if outcome.rc == 0 {
        return Some(contents);
    }
    // Only a failure quotes the line.
    let line = zhcp.line(&command);
    match check_ssh_rc(&outcome, "findAndUpdatezFcpPool", &line, &zhcp.host, None) {
        Some(text) => {
            context.print_ln(text);
            None
        }
        None => Some(contents),
    }
}

/// A text without any `0x`.
pub fn without_0x(text: &str) -> String {
    if memchr::memchr(b'x', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    text.replace("0x", "")
}

/// Whether a remote `test`, given in parts, succeeds; silence is no, also when ssh failed.
pub async fn is_there(context: &Context, zhcp: &Zhcp, test: &[&str]) -> bool {
    let command = test.concat() + " && echo Exists";
    zhcp.run(context, &command).await.stdout.contains("Exists")
}

/// Whether a text is a row status: free, used or reserved in any case, perhaps with a newline behind it.
pub fn is_status(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    ["free", "used", "reserved"]
        .iter()
        .any(|status| text.eq_ignore_ascii_case(status))
}

/// Whether a device is left to xCAT: the text begins with `auto` in any case.
pub fn starts_with_auto(fcp: &str) -> bool {
    fcp.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("auto"))
}
