//! Discovery: version, tables, device inventory (spec: driver 6.2 VER).

use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("version/text/numbers", "The version text holds a dotted number of at least three parts", Must [Core], "driver" "6.2 VER-01", ReadOnly [], numbers),
    case!("version/text/stable", "The version text is the same each time", Must [Core], "driver" "6.2 VER-01", ReadOnly [], stable),
    case!("version/tables/zvm", "Table zvm comes with a column line and quoted cells, and names the hypervisor with its zHCP", Must [Core], "driver" "6.2 VER-05", ReadOnly [Need::Hypervisor], table_zvm),
    case!("version/tables/attribute", "One attribute of table zvm can be asked for by node", Must [Core], "rest-and-xcatd" "4.4", ReadOnly [Need::Hypervisor], attribute),
    case!("version/fcp/free-details", "Free FCP devices come as records of device, status, port names and channel path", Must [Attach], "driver" "6.2 VER-07", ReadOnly [Need::Hypervisor, Need::FcpDevices(1)], fcp_free),
    case!("version/fcp/active-details", "Active FCP devices come in the same records", Must [Attach], "driver" "6.2 VER-07", ReadOnly [Need::Hypervisor], fcp_active),
    case!("version/fcp/lent-are-free", "Each device that is lent is listed as free", Must [Attach], "driver" "6.1", ReadOnly [Need::Hypervisor, Need::FcpDevices(1)], fcp_lent),
    case!("version/fcp/one-state", "No FCP device is in two lists at once", Must [Attach], "zhcp-and-smapi" "5.2", ReadOnly [Need::Hypervisor, Need::FcpDevices(1)], fcp_one_state),
    case!("version/fcp/plain-list", "Without details the list holds device numbers only", Should [Attach], "scsi-pools-and-hypervisor" "4.5", ReadOnly [Need::Hypervisor, Need::FcpDevices(1)], fcp_plain),
    case!("version/fcp/unknown-state", "An unknown device state is refused by name", Must [Attach], "scsi-pools-and-hypervisor" "4.5", ReadOnly [Need::Hypervisor], fcp_unknown_state),
    case!("version/directory/entry", "The directory entry of a lent guest can be read", Must [Attach], "driver" "2.3", ReadOnly [Need::RunningGuests(1)], directory),
    case!("version/guest/reachable", "A running guest is reported as reachable", Must [Attach], "driver" "2.8.5", ReadOnly [Need::RunningGuests(1)], reachable),
    case!("version/guest/off", "A shut-down guest is reported as off and not reachable", Must [Attach], "driver" "2.8.5", ReadOnly [Need::StoppedGuests(1)], guest_off),
];

async fn numbers(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/version").await?;
    let text = a.lines("data").join(" ");
    let number = text
        .split(|ch: char| !ch.is_ascii_digit() && ch != '.')
        .find(|w| w.contains('.'))
        .unwrap_or_default();
    let parts: Vec<Result<u32, _>> = number.split('.').map(str::parse::<u32>).collect();
    c.check(
        "parts",
        parts.len() >= 3 && parts.iter().all(Result::is_ok),
        "three numbers or more, joined by dots",
        || a.summary(),
    )
}

async fn stable(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/version").await?;
    let b = c.get("/version").await?;
    c.equal("same", &b.body, &a.body)
}

async fn table_zvm(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/tables/zvm").await?;
    c.status("status", &a, 200)?;
    let lines = a.lines("data");
    c.check(
        "header",
        lines.first().is_some_and(|l| l.starts_with("#node,hcp")),
        "a first line that starts with #node,hcp",
        || a.summary(),
    )?;
    let start = format!("\"{}\",\"", c.host()?);
    c.check(
        "row",
        lines.iter().any(|l| l.starts_with(&start)),
        &format!("a row that starts with {start}"),
        || a.summary(),
    )
}

async fn attribute(c: &mut CaseContext) -> Result<(), Stop> {
    let host = c.host()?.to_owned();
    let request = crate::target::Request::get("/tables/zvm")
        .with("col", "node")
        .with("value", &host)
        .with("attribute", "hcp");
    let a = c.send(request).await?;
    c.status("status", &a, 200)?;
    let table = c.get("/tables/zvm").await?;
    let line = table
        .lines("data")
        .into_iter()
        .find(|l| l.starts_with(&format!("\"{host}\",")))
        .unwrap_or_default();
    let hcp = line.split('"').nth(3).unwrap_or_default().to_owned();
    c.equal("value", &a.lines("data"), &vec![hcp])
}

/// Records of the inventory: device, status, NPIV port, channel path, physical port (spec: scsi-pools 4.5).
fn records(c: &CaseContext, a: &crate::target::Answer) -> Result<Vec<Vec<String>>, Stop> {
    const FIELDS: [&str; 5] = [
        "FCP device number:",
        "Status:",
        "NPIV world wide port number:",
        "Channel path ID:",
        "Physical world wide port number:",
    ];
    let prefix = format!("{}:", c.host()?);
    let mut out: Vec<Vec<String>> = Vec::new();
    for line in a.info() {
        let line = line.strip_prefix(&prefix).unwrap_or(&line).trim();
        let Some((index, value)) = FIELDS
            .iter()
            .enumerate()
            .find_map(|(i, f)| Some((i, line.strip_prefix(f)?)))
        else {
            // A newer release adds a line for the owner, which a client passes over.
            continue;
        };
        if index == 0 {
            out.push(Vec::new());
        }
        let in_order = out.last_mut().is_some_and(|r| {
            let fits = r.len() == index;
            r.push(value.trim().to_owned());
            fits
        });
        c.check(
            "record",
            in_order,
            "five fields for each device, in order",
            || a.summary(),
        )?;
    }
    c.check(
        "complete",
        out.iter().all(|r| r.len() == FIELDS.len()),
        "five fields for each device",
        || a.summary(),
    )?;
    Ok(out)
}

async fn fcp_free(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c
        .inventory_of_host(&["--fcpdevices", "free", "details"])
        .await?;
    let records = records(c, &a)?;
    c.check("some", !records.is_empty(), "at least one device", || {
        a.summary()
    })?;
    c.check(
        "status",
        records.iter().all(|r| r[1].eq_ignore_ascii_case("free")),
        "only free devices",
        || a.summary(),
    )?;
    c.check(
        "device",
        records.iter().all(|r| is_hex(&r[0], 4) && is_hex(&r[3], 2)),
        "four hex digits of device, two of channel path",
        || a.summary(),
    )
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
}

async fn fcp_active(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c
        .inventory_of_host(&["--fcpdevices", "active", "details"])
        .await?;
    let records = records(c, &a)?;
    c.check(
        "status",
        records.iter().all(|r| r[1].eq_ignore_ascii_case("active")),
        "only active devices",
        || a.summary(),
    )
}

async fn fcp_lent(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c
        .inventory_of_host(&["--fcpdevices", "free", "details"])
        .await?;
    let records = records(c, &a)?;
    let lent = c.inventory.fcp_devices.clone();
    for fcp in lent {
        let found = records
            .iter()
            .find(|r| r[0].eq_ignore_ascii_case(&fcp.device));
        c.check(
            "free",
            found.is_some(),
            &format!("{} free", fcp.device),
            || a.summary(),
        )?;
        c.check(
            "chpid",
            fcp.chpid.is_empty() || found.is_some_and(|r| r[3].eq_ignore_ascii_case(&fcp.chpid)),
            &format!("{} on channel path {}", fcp.device, fcp.chpid),
            || a.summary(),
        )?;
    }
    Ok(())
}

async fn fcp_plain(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.inventory_of_host(&["--fcpdevices", "free"]).await?;
    let prefix = format!("{}: ", c.host()?);
    let lines = a.info();
    c.check(
        "numbers",
        !lines.is_empty()
            && lines
                .iter()
                .all(|l| l.strip_prefix(&prefix).is_some_and(|d| is_hex(d.trim(), 4))),
        "device numbers only",
        || a.summary(),
    )
}

async fn fcp_unknown_state(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.inventory_of_host(&["--fcpdevices", "busy"]).await?;
    c.refuses(
        "text",
        &a,
        "Query supported on active, free, or offline devices",
    )
}

async fn directory(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.guest(crate::target::GuestState::Running, 0)?;
    let a = c.get(format!("/vms/{node}")).await?;
    c.status("status", &a, 200)?;
    let start = format!("{node}: USER ");
    c.check(
        "user",
        a.info()
            .iter()
            .any(|l| l.starts_with(&start) || l.starts_with(&format!("{node}: IDENTITY "))),
        &start,
        || a.summary(),
    )
}

async fn reachable(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.guest(crate::target::GuestState::Running, 0)?;
    power_line(c, &node, "isreachable", "reachable").await
}

async fn guest_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.guest(crate::target::GuestState::Off, 0)?;
    power_line(c, &node, "stat", "off").await?;
    power_line(c, &node, "isreachable", "unreachable").await
}

async fn power_line(c: &CaseContext, node: &str, what: &str, word: &str) -> Result<(), Stop> {
    let request = crate::target::Request::put(format!("/nodes/{node}/power"), what);
    let a = c.send(request).await?;
    let wanted = format!("{node}: {word}");
    c.check(
        "state",
        a.info().iter().any(|l| l.trim_end() == wanted),
        &wanted,
        || a.summary(),
    )
}

async fn fcp_one_state(c: &mut CaseContext) -> Result<(), Stop> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for state in ["free", "active", "offline"] {
        let a = c.inventory_of_host(&["--fcpdevices", state]).await?;
        let prefix = format!("{}: ", c.host()?);
        for line in a.info() {
            let device = line
                .strip_prefix(&prefix)
                .unwrap_or(&line)
                .trim()
                .to_lowercase();
            if !is_hex(&device, 4) {
                continue;
            }
            let other = seen.iter().find(|(d, _)| *d == device);
            c.check(
                "one-list",
                other.is_none(),
                "each device in one list",
                || {
                    format!(
                        "{device} is in {} and in {state}",
                        other.map_or("", |(_, s)| s)
                    )
                },
            )?;
            seen.push((device, state));
        }
    }
    c.check("some", !seen.is_empty(), "at least one device", || {
        "none".to_owned()
    })
}
