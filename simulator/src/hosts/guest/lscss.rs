//! `lscss` and `lschp` (spec: zfcp-and-san 4.5).

use std::collections::BTreeSet;

use super::tool::{device_number, view};
use crate::hosts::ProgramEnv;
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;

/// One row of the table.
struct Row {
    device: String,
    subchannel: String,
    device_type: String,
    control_unit: String,
    online: bool,
    masks: (&'static str, &'static str, &'static str),
    paths: String,
    availability: String,
}

fn rows(view: &View<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut subchannels: Vec<String> = view
        .entries(&["sys", "devices", "css0"])
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name != "defunct")
        .collect();
    subchannels.sort();
    for subchannel in subchannels {
        let base = ["sys", "devices", "css0", subchannel.as_str()];
        let Some((device, _)) = view
            .entries(&base)
            .unwrap_or_default()
            .into_iter()
            .find(|(name, _)| name.starts_with("0.0."))
        else {
            continue;
        };
        let text = |name: &str| {
            view.text(&format!("/sys/devices/css0/{subchannel}/{device}/{name}"))
                .unwrap_or_default()
        };
        let chpids = view
            .text(&format!("/sys/devices/css0/{subchannel}/chpids"))
            .unwrap_or_default();
        let mut paths: String = chpids.split_whitespace().collect();
        while paths.len() < 16 {
            paths.push('0');
        }
        paths.insert(8, ' ');
        rows.push(Row {
            device_type: text("devtype"),
            control_unit: text("cutype"),
            online: text("online") == "1",
            availability: text("availability"),
            masks: ("80", "80", "ff"),
            device,
            subchannel,
            paths,
        });
    }
    rows
}

/// lscss: `-t`, `-d`, `-u`, `--avail`, subchannel ids as arguments.
pub fn lscss(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (mut types, mut devices, mut subchannels) = (Vec::new(), Vec::new(), Vec::new());
    let (mut by_device, mut upper, mut avail) = (false, false, false);
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        match word.as_str() {
            "-t" | "--type" => {
                let list = args.next().map_or("", String::as_str);
                types.extend(list.split(',').map(str::to_ascii_lowercase));
            }
            "-d" | "--devrange" => by_device = true,
            "-s" | "--short" => {}
            "-u" | "--uppercase" => upper = true,
            "-a" | "--avail" => avail = true,
            "-h" | "--help" => {
                return Outcome::ok("Usage: lscss [OPTIONS] [RANGE]\n\nList subchannels.\n");
            }
            "-v" | "--version" => return Outcome::ok("lscss: version 2.3.0\n"),
            option if option.starts_with('-') => {
                return Outcome::fail(
                    1,
                    format!(
                        "lscss: unrecognized option '{option}'\nTry 'lscss --help' for more information.\n"
                    ),
                );
            }
            list => {
                for item in list.split(',') {
                    let (low, high) = item.split_once('-').unwrap_or((item, item));
                    let (Some(low), Some(high)) = (device_number(low), device_number(high)) else {
                        return Outcome::fail(1, format!("lscss: Invalid ID specified: {item}\n"));
                    };
                    let target = if by_device {
                        &mut devices
                    } else {
                        &mut subchannels
                    };
                    target.push((low, high));
                }
            }
        }
    }
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mut out = Outcome::default();
    let line = |cells: [&str; 9]| {
        let widths = [8, 9, 7, 7, 4, 3, 3, 4, 17];
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join(" ")
    };
    let mut head = line([
        "Device", "Subchan.", "DevType", "CU Type", "Use", "PIM", "PAM", "POM", "CHPIDs",
    ]);
    if avail {
        head.push_str(" Avail.");
    }
    out.say(head);
    out.say("-".repeat(70));
    for row in rows(&view) {
        let within = |id: &str, ranges: &[(_, _)]| {
            ranges.is_empty()
                || device_number(id).is_some_and(|id| {
                    ranges
                        .iter()
                        .any(|(low, high)| (*low..=*high).contains(&id))
                })
        };
        let of_type = types.is_empty()
            || types.iter().any(|t| {
                *t == row.device_type || row.device_type.split('/').next() == Some(t.as_str())
            });
        if !of_type || !within(&row.device, &devices) || !within(&row.subchannel, &subchannels) {
            continue;
        }
        let mut text = line([
            &row.device,
            &row.subchannel,
            &row.device_type,
            &row.control_unit,
            if row.online { "yes" } else { "" },
            row.masks.0,
            row.masks.1,
            row.masks.2,
            &row.paths,
        ]);
        if avail {
            text.push(' ');
            text.push_str(&row.availability);
        }
        out.say(if upper { text.to_uppercase() } else { text });
    }
    out
}

/// lschp: channel paths of type FCP that lead to devices of the system.
pub fn lschp(env: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    let mut out = Outcome::ok(
        "CHPID  Vary  Cfg.  Type  Cmg  Shared  PCHID\n===========================================\n",
    );
    let chpids: BTreeSet<String> = env
        .system()
        .into_iter()
        .flat_map(|system| system.fcp.values())
        .map(|fcp| fcp.chpid.to_ascii_lowercase())
        .collect();
    for chpid in chpids {
        out.say(format!("0.{chpid}   1     1     25    3    1       -"));
    }
    out
}
