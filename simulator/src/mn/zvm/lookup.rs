//! Finding a LUN in the pool files of a zHCP by remote `grep` (spec: scsi-pools 3.5, 3.6; guests 3.11).

use super::remote::{ZFCP_POOL, Zhcp, check_ssh_rc};
use super::text;
use crate::mn::Context;
use crate::seam::Release;

/// What a pool row says of a LUN; empty fields where the row has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceAttributes {
    /// `free`, `used` or `reserved`, as written.
    pub status: String,
    /// One or several WWPNs.
    pub wwpn: String,
    /// Logical unit number.
    pub lun: String,
    /// Size text.
    pub size: String,
    /// Range of FCP devices.
    pub range: String,
    /// Owning node.
    pub owner: String,
    /// FCP device or devices.
    pub channel: String,
    /// Free text.
    pub tag: String,
}

impl DeviceAttributes {
    /// Splits a row at its commas.
    pub fn of_row(row: &str) -> Self {
        let mut fields = row.split(',');
        let mut field = || fields.next().unwrap_or_default().to_owned();
        Self {
            status: field(),
            wwpn: field(),
            lun: field(),
            size: field(),
            range: field(),
            owner: field(),
            channel: field(),
            tag: field(),
        }
    }
}

/// Name of the first pool (alphabetically) with a row that contains `{wwpn},{lun}` (`findzFcpDevicePool`).
///
/// `Err` is the text to report: no row at all is a failed command to it (Q24). Release P answers an empty name then.
pub async fn device_pool(
    context: &Context,
    zhcp: &Zhcp,
    wwpn: &str,
    lun: &str,
) -> Result<String, String> {
    let line = zhcp.line(&format!(
        "grep -i -l \\\"{wwpn},{lun}\\\" {ZFCP_POOL}/*.conf"
    ));
    let outcome = context.sh(&line).await;
    let is_mere_absence = outcome.rc == 1 && !context.settings().quirk("Q24");
    if context.settings().release != Release::P
        && !is_mere_absence
        && let Some(text) = check_ssh_rc(&outcome, "findzFcpDevicePool", &line, &zhcp.host, None)
    {
        return Err(text);
    }
    let path = outcome.stdout.lines().next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    Ok(file
        .rsplit_once('.')
        .map_or(file, |(stem, _)| stem)
        .to_owned())
}

/// Attributes of the first row of a pool that contains `{wwpn},{lun}` (`findzFcpDeviceAttr`).
///
/// `Err` is the text to report, also for a LUN or pool that is not there (Q24). The quotes around the pattern are
/// lost in the management node's shell, so a list of WWPNs cuts the line (Q12). Release P does not look at the exit
/// status and answers empty attributes.
pub async fn device_attributes(
    context: &Context,
    node: &str,
    zhcp: &Zhcp,
    pool: &str,
    wwpn: &str,
    lun: &str,
) -> Result<DeviceAttributes, String> {
    let grep = [
        "grep -i \"",
        wwpn,
        ",",
        lun,
        "\" ",
        ZFCP_POOL,
        "/",
        pool,
        ".conf",
    ];
    let said = zhcp.line(&grep.concat());
    let outcome = if context.settings().quirk("Q12") {
        context.sh(&said).await
    } else {
        let quoted = format!("grep -i \\\"{wwpn},{lun}\\\" {ZFCP_POOL}/{pool}.conf");
        zhcp.run(context, &quoted).await
    };
    if !context.settings().quirk("Q24") {
        match outcome.rc {
            1 => return Err(not_found(node, pool, wwpn, lun)),
            2 => return Err(format!("{node}: (Error) FCP storage pool does not exist")),
            _ => {}
        }
    }
    if context.settings().release != Release::P
        && let Some(text) = check_ssh_rc(&outcome, "findzFcpDeviceAttr", &said, &zhcp.host, None)
    {
        return Err(text);
    }
    let mut rows = outcome.stdout.lines();
    if context.settings().quirk("Q11") {
        return Ok(DeviceAttributes::of_row(rows.next().unwrap_or_default()));
    }
    rows.find(|row| names(row, wwpn, lun))
        .map(DeviceAttributes::of_row)
        .ok_or_else(|| not_found(node, pool, wwpn, lun))
}

/// What is said of a LUN that a pool does not have.
pub fn not_found(node: &str, pool: &str, wwpn: &str, lun: &str) -> String {
    format!("{node}: (Error) zFCP device 0x{wwpn}/0x{lun} could not be found in zFCP pool {pool}")
}

/// Whether a row is that of a LUN, with all its digits, and of every one of these ports: the comparison that the
/// substring search of the real programs stands for (Q11).
pub fn names(row: &str, wwpn: &str, lun: &str) -> bool {
    let ports = text::field(row, ',', 1);
    let has = |port: &str| {
        text::split(ports, ';')
            .iter()
            .any(|p| p.eq_ignore_ascii_case(port))
    };
    text::field(row, ',', 2).eq_ignore_ascii_case(lun)
        && text::split(wwpn, ';').into_iter().all(has)
}
