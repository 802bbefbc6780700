//! `lsscsi` and `systool` (spec: zfcp-and-san 4.10).

use super::tool::{attributes, view};
use crate::hosts::ProgramEnv;
use crate::hosts::coreutils::Options;
use crate::hosts::sysfs::css::{hctl, inquiry, scsi_path};
use crate::seam::Outcome;

/// lsscsi: `-t`, `-g`.
pub fn lsscsi(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let transport = options.has(&["-t", "--transport"]);
    let generic = options.has(&["-g", "--generic"]);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mut rows = Vec::new();
    for (device, wwpn, lun, disk) in view.zfcp.disks() {
        let Some(address) = hctl(&view, device, wwpn, lun) else {
            continue;
        };
        let order: Vec<u64> = address
            .split(':')
            .map(|n| n.parse().unwrap_or_default())
            .collect();
        let tuple = format!("[{address}]");
        let middle = if transport {
            format!("fc:0x{wwpn},0x{:06x}  ", wwpn.0 & 0xff_ffff)
        } else {
            let (vendor, product) = inquiry(&view, disk);
            let revision = if product == "2145" { "0000" } else { ".450" };
            format!("{vendor:<8} {product:<16} {revision}  ")
        };
        let node = format!("/dev/{}", disk.disk);
        let sg = if generic {
            format!("  /dev/sg{}", disk.sg)
        } else {
            String::new()
        };
        rows.push((order, format!("{tuple:<13}disk    {middle}{node} {sg}")));
    }
    rows.sort();
    let mut out = Outcome::default();
    for (_, row) in rows {
        out.say(row);
    }
    out
}

/// systool: `-c CLASS [-v] [NAME]`, `-b BUS`, `-m MODULE`.
pub fn systool(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "cbmA", &[]);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let verbose = options.has(&["-v"]);
    if let Some(module) = options.value(&["-m"]) {
        let path = format!("/sys/module/{module}");
        if view.find(&path, true).is_none() {
            return Outcome::fail(1, format!("Error opening module {module}\n"));
        }
        let mut out = Outcome::ok(format!("Module = \"{module}\"\n\n"));
        if verbose {
            out.say("  Parameters:");
            for (name, text) in attributes(&view, &format!("{path}/parameters")) {
                out.say(format!("    {name:<19} = \"{text}\""));
            }
            out.say("");
        }
        return out;
    }
    let Some(class) = options.value(&["-c"]) else {
        return Outcome::fail(1, "Usage: systool [<options> [device]]\n");
    };
    let names: Vec<String> = match view.entries(&["sys", "class", class]) {
        Some(entries) if !entries.is_empty() => entries.into_iter().map(|(n, _)| n).collect(),
        _ => return Outcome::fail(1, format!("Error opening class {class}\n")),
    };
    let mut out = Outcome::ok(format!("Class = \"{class}\"\n\n"));
    for name in names {
        if options
            .operands
            .first()
            .is_some_and(|wanted| *wanted != name)
        {
            continue;
        }
        let path = format!("/sys/class/{class}/{name}");
        out.say(format!("  Class Device = \"{name}\""));
        if verbose {
            let real = view.find(&path, true).map_or_else(
                || path.clone(),
                |found| format!("/{}", found.path.join("/")),
            );
            out.say(format!("  Class Device path = \"{real}\""));
            for (attribute, text) in attributes(&view, &path) {
                out.say(format!("    {attribute:<19} = \"{text}\""));
            }
        }
        out.say("");
        let device = match class {
            "fc_host" | "scsi_host" => Some(name.clone()),
            "scsi_generic" | "block" => view
                .zfcp
                .disks()
                .find(|(.., d)| d.disk == name || format!("sg{}", d.sg) == name)
                .and_then(|(d, w, l, _)| scsi_path(&view, d, w, l))
                .and_then(|p| p.rsplit('/').next().map(str::to_owned)),
            _ => None,
        };
        if let Some(device) = device {
            out.say(format!("    Device = \"{device}\""));
            out.say("");
            out.say("");
        }
    }
    out
}
