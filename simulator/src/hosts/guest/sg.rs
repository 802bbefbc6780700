//! The sg3_utils that people use on LUNs, and `scsi_id` (spec: zfcp-and-san 4.10).

use super::disk::{self, Opened};
use super::lsluns::{Report, report};
use super::tool::{base_name, view};
use crate::hosts::ProgramEnv;
use crate::hosts::coreutils::Options;
use crate::hosts::sysfs::css::inquiry;
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;
use crate::world::Distribution;
use crate::world::zfcp::ScsiDevice;

/// Exit status of "cannot open".
const CANNOT_OPEN: i32 = 15;

/// Opens the device of a tool, or says what the tool says.
fn open(
    env: &ProgramEnv<'_>,
    view: &View<'_>,
    words: &[String],
    name: &str,
) -> Result<Opened, Outcome> {
    let path = disk::canonical(env.world, &env.host, &env.directory, name);
    disk::open(view, &path).ok_or_else(|| {
        let tool = base_name(words);
        let message = match tool {
            "sg_readcap" | "sg_luns" | "sg_turs" => {
                format!("{tool}: error opening file: {name}: No such file or directory\n")
            }
            _ => format!("open error: {name}: No such file or directory\n"),
        };
        Outcome::fail(CANNOT_OPEN, message)
    })
}

fn first_path<'a>(
    view: &'a View<'_>,
    opened: &Opened,
) -> Option<(
    crate::world::DeviceNumber,
    crate::world::Wwpn,
    &'a ScsiDevice,
)> {
    view.zfcp
        .disks()
        .find(|(.., d)| match opened {
            Opened::Disk(name) | Opened::Generic(name) => d.disk == *name,
            Opened::Map(wwid) => d.wwid == *wwid,
        })
        .map(|(device, wwpn, _, disk)| (device, wwpn, disk))
}

fn usage(tool: &str) -> Outcome {
    Outcome::fail(
        1,
        format!("ERROR: No DEVICE argument given\nUsage: {tool} [OPTIONS] DEVICE\n"),
    )
}

/// sg_inq: the standard INQUIRY data, or page 0x80 or 0x83.
pub fn sg_inq(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "pol", &["page"]);
    let Some(name) = options.operands.first() else {
        return usage("sg_inq");
    };
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let opened = match open(env, &view, words, name) {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    let Some((_, _, scsi)) = first_path(&view, &opened) else {
        return Outcome::fail(CANNOT_OPEN, "");
    };
    // INQUIRY is answered whatever the medium does; only a lost path has no answer.
    if let Err(condition @ disk::Condition::NoPath) = disk::volume(&view, &opened, false) {
        return Outcome::fail(
            condition.sg_status(),
            format!("sg_inq: inquiry: {condition}\n"),
        );
    }
    let unmapped = disk::volume(&view, &opened, false) == Err(disk::Condition::Unmapped);
    let naa = scsi.wwid.get(1..).unwrap_or_default();
    let mut out = Outcome::default();
    match options.value(&["-p", "--page"]) {
        Some("0x83" | "di" | "83") => {
            out.say("VPD INQUIRY: Device Identification page");
            out.say("  Designation descriptor number 1, descriptor length: 20");
            out.say("    designator_type: NAA,  code_set: Binary");
            out.say("    associated with the addressed logical unit");
            out.say(format!("      [0x{naa}]"));
            return out;
        }
        Some("0x80" | "sn" | "80") => {
            out.say("VPD INQUIRY: Unit serial number page");
            out.say(format!("  Unit serial number: {}", serial(naa)));
            return out;
        }
        _ => {}
    }
    let (vendor, product) = inquiry(&view, scsi);
    let alua = u8::from(product != "2107900");
    let revision = if product == "2145" { "0000" } else { ".450" };
    let (qualifier, kind) = if unmapped { (1, 31) } else { (0, 0) };
    let word = if unmapped {
        "unknown or no device type"
    } else {
        "disk"
    };
    out.say("standard INQUIRY:");
    out.say(format!(
        "  PQual={qualifier}  Device_type={kind}  RMB=0  LU_CONG=0  version=0x05  [SPC-3]"
    ));
    out.say("  [AERC=0]  [TrmTsk=0]  NormACA=1  HiSUP=1  Resp_data_format=2");
    out.say(format!(
        "  SCCS=0  ACC=0  TPGS={alua}  3PC=1  Protect=0  [BQue=0]"
    ));
    out.say("  EncServ=0  MultiP=1 (VS=0)  [MChngr=0]  [ACKREQQ=0]  Addr16=0");
    out.say("  [RelAdr=0]  WBus16=0  Sync=0  [Linked=0]  [TranDis=0]  CmdQue=1");
    out.say(format!(
        "    length=164 (0xa4)   Peripheral device type: {word}"
    ));
    out.say(format!(" Vendor identification: {vendor:<8}"));
    out.say(format!(" Product identification: {product:<16}"));
    out.say(format!(" Product revision level: {revision}"));
    out.say(format!(" Unit serial number: {}", serial(naa)));
    out
}

/// The storage gives serial numbers that its identifiers contain.
fn serial(naa: &str) -> String {
    naa.get(naa.len().saturating_sub(16)..)
        .unwrap_or_default()
        .to_ascii_uppercase()
}

/// sg_readcap: `-l`/`--long` is answered like the short form.
pub fn sg_readcap(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "L", &[]);
    let Some(name) = options.operands.first() else {
        return usage("sg_readcap");
    };
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let opened = match open(env, &view, words, name) {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    let bytes = match disk::volume(&view, &opened, false) {
        Ok((_, volume)) => volume.bytes,
        Err(condition) => {
            return Outcome::fail(
                condition.sg_status(),
                format!("READ CAPACITY (10) failed: {condition}\n"),
            );
        }
    };
    let blocks = bytes / 512;
    let last = blocks.saturating_sub(1);
    if options.has(&["-b", "--brief"]) {
        return Outcome::ok(format!("0x{blocks:x} 0x200\n"));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the tool prints rounded figures"
    )]
    let (mebi, giga) = (bytes as f64 / 1_048_576.0, bytes as f64 / 1e9);
    let mut out = Outcome::default();
    out.say("Read Capacity results:");
    out.say(format!(
        "   Last logical block address={last} (0x{last:x}), Number of blocks={blocks}"
    ));
    out.say("   Logical block length=512 bytes");
    out.say("Hence:");
    out.say(format!(
        "   Device size: {bytes} bytes, {mebi:.1} MiB, {giga:.2} GB"
    ));
    out
}

/// sg_luns: what the target port of a device reports.
pub fn sg_luns(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "mst", &[]);
    let Some(name) = options.operands.first() else {
        return usage("sg_luns");
    };
    let old = env
        .linux()
        .is_none_or(|l| l.distribution != Distribution::Ubuntu20);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let opened = match open(env, &view, words, name) {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    let Some((device, wwpn, _)) = first_path(&view, &opened) else {
        return Outcome::fail(CANNOT_OPEN, "");
    };
    match report(&view, device, wwpn) {
        Report::Luns(luns) => {
            let length = luns.len() * 8;
            let implies = if old { "imples" } else { "implies" };
            let mut out = Outcome::default();
            out.say(format!(
                "Lun list length = {length} which {implies} {} lun entr{}",
                luns.len(),
                if luns.len() == 1 { "y" } else { "ies" }
            ));
            out.say("Report luns [select_report=0x0]:");
            for lun in luns {
                out.say(format!("    {lun}"));
            }
            out
        }
        Report::NoAnswer | Report::NoAddress => {
            Outcome::fail(5, "Report Luns command not supported\n")
        }
    }
}

/// sg_turs: TEST UNIT READY.
pub fn sg_turs(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let Some(name) = words[1..].iter().find(|w| !w.starts_with('-')) else {
        return usage("sg_turs");
    };
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    match open(env, &view, words, name) {
        Ok(opened) => match disk::volume(&view, &opened, false) {
            Ok(_) => Outcome::default(),
            Err(condition) => Outcome::fail(
                condition.sg_status(),
                format!("{condition}\nCompleted 1 Test Unit Ready commands with 1 errors\n"),
            ),
        },
        Err(outcome) => outcome,
    }
}

/// sg_map: generic devices with the disks behind them.
pub fn sg_map(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let inquire = words.iter().any(|w| w == "-i");
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mut rows: Vec<_> = view.zfcp.disks().map(|(.., d)| d).collect();
    rows.sort_by_key(|d| d.sg);
    let mut out = Outcome::default();
    for disk in rows {
        let mut line = format!("/dev/sg{}  /dev/{}", disk.sg, disk.disk);
        if inquire {
            let (vendor, product) = inquiry(&view, disk);
            line = format!("{line}  {vendor:<8}  {product:<16}  0000");
        }
        out.say(line);
    }
    out
}

/// scsi_id: the WWID of a device.
pub fn scsi_id(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "pd", &["page", "device"]);
    let name = options
        .value(&["-d", "--device"])
        .or_else(|| options.operands.first().map(String::as_str));
    let listed = options.has(&["-g", "--whitelisted", "--allowlisted"]);
    let (Some(name), Some(view), true) = (name, view(env), listed) else {
        return Outcome::fail(1, "");
    };
    match open(env, &view, words, name) {
        Ok(opened) => first_path(&view, &opened).map_or_else(
            || Outcome::fail(1, ""),
            |(_, _, disk)| Outcome::ok(format!("{}\n", disk.wwid)),
        ),
        Err(_) => Outcome::fail(1, ""),
    }
}
