//! `lszdev`: what is configured, now and for the next boot (spec: zfcp-and-san 4.7).

use std::collections::BTreeSet;

use super::id::{self, DeviceId, exit};
use super::rules;
use crate::hosts::ProgramEnv;
use crate::hosts::guest::mounts;
use crate::hosts::guest::tool::view;
use crate::hosts::sysfs::css::{is_failed, scsi_state};
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;

/// One device as the table shows it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the table"
)]
struct Row {
    id: DeviceId,
    on: bool,
    exists: bool,
    persistent: bool,
    block: Vec<String>,
    character: Vec<String>,
    failed: bool,
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (mut kinds, mut ids): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut info, mut no_head, mut columns) = (false, false, None);
    let (mut online_only, mut offline_only) = (false, false);
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        match word.as_str() {
            "-i" | "--info" => info = true,
            "-n" | "--no-headings" => no_head = true,
            "-c" | "--columns" => columns = args.next().cloned(),
            "--online" => online_only = true,
            "--offline" => offline_only = true,
            "-h" | "--help" => {
                return Outcome::ok(
                    "Usage: lszdev [TYPE] [SELECTION] [OPTIONS]\n\nDisplay z Systems specific device configuration data.\n",
                );
            }
            "-v" | "--version" => return Outcome::ok("lszdev: version 2.3.0\n"),
            "-a" | "-p" | "--active" | "--persistent" | "-b" | "--base" => {}
            option if option.starts_with('-') => {
                return Outcome::fail(
                    exit::USAGE,
                    format!(
                        "lszdev: Unrecognized option: {option}\nTry 'lszdev --help' for more information.\n"
                    ),
                );
            }
            "zfcp" => kinds.extend(["zfcp-host", "zfcp-lun"]),
            "zfcp-host" => kinds.push("zfcp-host"),
            "zfcp-lun" => kinds.push("zfcp-lun"),
            text => ids.push(text.to_owned()),
        }
    }
    let mut wanted = BTreeSet::new();
    for text in ids.iter().flat_map(|t| t.split(',')) {
        let parsed = if text.contains(':') {
            id::lun(text)
        } else {
            id::host(text).map(DeviceId::Host)
        };
        match parsed {
            Ok(id) => {
                wanted.insert(id);
            }
            Err((message, rc)) => return Outcome::fail(rc, format!("lszdev: {message}\n")),
        }
    }
    let rows: Vec<Row> = rows(env)
        .into_iter()
        .filter(|row| {
            (kinds.is_empty() || kinds.contains(&row.id.type_name()))
                && (wanted.is_empty() || wanted.contains(&row.id))
                && (row.on || !online_only)
                && !(row.on && offline_only)
        })
        .collect();
    if rows.is_empty() {
        return Outcome::fail(exit::EMPTY_SELECTION, "lszdev: No device was selected!\n");
    }
    if info {
        let texts: Vec<String> = rows.iter().map(|row| details(env, row)).collect();
        return Outcome::ok(texts.join("\n"));
    }
    let columns: Vec<String> = columns.map_or_else(
        || {
            ["TYPE", "ID", "ON", "PERS", "NAMES"]
                .map(str::to_owned)
                .to_vec()
        },
        |text| text.split(',').map(str::to_uppercase).collect(),
    );
    let mut table: Vec<Vec<String>> = Vec::new();
    if !no_head {
        table.push(columns.clone());
    }
    for row in &rows {
        let mut cells = Vec::new();
        for column in &columns {
            match cell(row, column) {
                Some(text) => cells.push(text),
                None => {
                    return Outcome::fail(13, format!("lszdev: Unknown column: {column}\n"));
                }
            }
        }
        table.push(cells);
    }
    Outcome::ok(layout(&table))
}

fn cell(row: &Row, column: &str) -> Option<String> {
    let yes = |is: bool| (if is { "yes" } else { "no" }).to_owned();
    Some(match column {
        "TYPE" => row.id.type_name().to_owned(),
        "ID" => row.id.to_string(),
        "ON" => yes(row.on),
        "EXISTS" => yes(row.exists),
        "PERS" => yes(row.persistent),
        "AUTO" => "no".to_owned(),
        "FAILED" => yes(row.failed),
        "NAMES" => [row.block.clone(), row.character.clone()]
            .concat()
            .join(" "),
        "BLOCKDEVS" => row.block.join(" "),
        "CHARDEVS" => row.character.join(" "),
        "NETDEVS" => String::new(),
        "MODULES" => "zfcp".to_owned(),
        _ => return None,
    })
}

/// Columns as wide as their widest cell, two blanks between, the last one not padded.
fn layout(table: &[Vec<String>]) -> String {
    let count = table.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|c| table.iter().map(|r| r[c].len()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in table {
        for (index, cell) in row.iter().enumerate() {
            if index + 1 == count {
                out.push_str(cell);
            } else {
                out.push_str(&format!("{cell:<width$}  ", width = widths[index]));
            }
        }
        out.push('\n');
    }
    out
}

fn rows(env: &ProgramEnv<'_>) -> Vec<Row> {
    let Some(view) = view(env) else {
        return Vec::new();
    };
    let mut ids: BTreeSet<DeviceId> = view
        .zfcp
        .recognised
        .iter()
        .map(|d| DeviceId::Host(*d))
        .collect();
    for (device, adapter) in &view.zfcp.adapters {
        for (wwpn, port) in &adapter.ports {
            for lun in port.units.iter().chain(port.devices.keys()) {
                ids.insert(DeviceId::Lun(*device, *wwpn, *lun));
            }
        }
    }
    ids.extend(rules::persistent(env));
    ids.into_iter().map(|id| row(env, &view, id)).collect()
}

fn row(env: &ProgramEnv<'_>, view: &View<'_>, id: DeviceId) -> Row {
    let persistent = rules::is_persistent(env, id);
    match id {
        DeviceId::Host(device) => {
            let adapter = view.zfcp.adapters.get(&device);
            Row {
                id,
                on: adapter.is_some_and(|a| a.online),
                exists: view.zfcp.recognised.contains(&device),
                persistent,
                block: Vec::new(),
                character: Vec::new(),
                failed: adapter.is_some_and(is_failed),
            }
        }
        DeviceId::Lun(device, wwpn, lun) => {
            let port = view
                .zfcp
                .adapters
                .get(&device)
                .and_then(|a| a.ports.get(&wwpn));
            let disk = port.and_then(|p| p.devices.get(&lun));
            let unit = port.is_some_and(|p| p.units.contains(&lun));
            Row {
                id,
                on: disk.is_some(),
                exists: unit || disk.is_some(),
                persistent,
                block: disk.map(|d| d.disk.clone()).into_iter().collect(),
                character: disk.map(|d| format!("sg{}", d.sg)).into_iter().collect(),
                failed: unit && disk.is_none(),
            }
        }
    }
}

fn details(env: &ProgramEnv<'_>, row: &Row) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let mut out = Outcome::default();
    out.say(format!("DEVICE {} {}", row.id.type_name(), row.id));
    let names = [row.block.clone(), row.character.clone()].concat();
    out.say(format!("  Names              : {}", names.join(" ")));
    if !row.block.is_empty() {
        out.say(format!("  Block devices      : {}", row.block.join(" ")));
        out.say(format!(
            "  Character devices  : {}",
            row.character.join(" ")
        ));
    }
    for mount in row.block.iter().flat_map(|disk| mounts::of_disk(env, disk)) {
        out.say(format!("  Resources provided : Mount point {mount}"));
    }
    out.say("  Modules            : zfcp");
    out.say(format!("  Online             : {}", yes(row.on)));
    out.say(format!("  Exists             : {}", yes(row.exists)));
    out.say(format!("  Persistent         : {}", yes(row.persistent)));
    if let Some(error) = error(env, row) {
        out.say(format!("  Errors             : {error}"));
    }
    out.say("");
    out.say("  ATTRIBUTE                      ACTIVE       PERSISTENT");
    let line = |name: &str, active: &str, persistent: &str| {
        format!("  {name:<29}  {active:<11}  {persistent}")
    };
    match row.id {
        DeviceId::Host(_) => {
            out.say(line("cmb_enable", "\"0\"", "-"));
            out.say(line(
                "failed",
                if row.failed { "\"1\"" } else { "\"0\"" },
                "-",
            ));
        }
        DeviceId::Lun(..) => {
            let configured = rules::attributes(env, row.id);
            let depth = configured
                .iter()
                .find(|(name, _)| name == "queue_depth")
                .map_or_else(|| "-".to_owned(), |(_, value)| format!("\"{value}\""));
            out.say(line(
                "failed",
                if row.failed { "\"1\"" } else { "\"0\"" },
                "-",
            ));
            if row.on {
                out.say(line("scsi_dev/queue_depth", "\"32\"", &depth));
                out.say(line(
                    "scsi_dev/state",
                    &format!("\"{}\"", state(env, row)),
                    "-",
                ));
            }
        }
    }
    out.stdout
}

fn state(env: &ProgramEnv<'_>, row: &Row) -> String {
    let DeviceId::Lun(device, wwpn, lun) = row.id else {
        return String::new();
    };
    view(env)
        .and_then(|view| {
            let port = view.zfcp.adapters.get(&device)?.ports.get(&wwpn)?;
            Some(scsi_state(&view, port, port.devices.get(&lun)?).to_owned())
        })
        .unwrap_or_default()
}

/// What the details say is wrong with a device.
fn error(env: &ProgramEnv<'_>, row: &Row) -> Option<String> {
    let view = view(env)?;
    let device = row.id.fcp();
    let fcp = DeviceId::Host(device);
    if !view.zfcp.recognised.contains(&device) {
        return Some(format!("CCW device {fcp} does not exist"));
    }
    match view.machine.fcp_device(device) {
        None => return Some(format!("CCW device {fcp} has been detached or removed")),
        Some(real) if !real.online => {
            return Some(format!("CCW device {fcp} does not have any usable paths"));
        }
        Some(_) => {}
    }
    if view.zfcp.faults.no_zfcp {
        return Some(format!("CCW device {fcp} is not bound to a driver"));
    }
    match row.id {
        DeviceId::Lun(..) if row.failed => Some("FCP LUN is in a failed state".to_owned()),
        DeviceId::Lun(..) if row.on && state(env, row) != "running" => {
            Some("SCSI device is not operational".to_owned())
        }
        _ => None,
    }
}
