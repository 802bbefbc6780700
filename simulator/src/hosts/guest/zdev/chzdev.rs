//! `chzdev`: configures FCP devices and LUNs, now and for the next boot (spec: zfcp-and-san 4.6).

use super::host::{self, Cause};
use super::id::{self, DeviceId, exit};
use super::{lun, rules};
use crate::hosts::ProgramEnv;
use crate::hosts::guest::mounts;
use crate::hosts::guest::tool::{put, view};
use crate::seam::Outcome;

const FORCE_NOTE: &str = "Note: You can use --force to override safety checks (*)";

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the tool"
)]
#[derive(Default)]
struct Wishes {
    enable: bool,
    disable: bool,
    active: bool,
    persistent: bool,
    force: bool,
    yes: bool,
    dry: bool,
    quiet: bool,
    kind: Option<&'static str>,
    ids: Vec<String>,
    settings: Vec<(String, String)>,
}

impl Wishes {
    /// `-e`, or settings alone, mean both unless one scope was chosen.
    fn scopes(&self) -> (bool, bool) {
        if self.active || self.persistent {
            (self.active, self.persistent)
        } else {
            (true, true)
        }
    }
}

/// The program. Its name in messages about ids is the one it was called by.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let called = words.first().map_or("chzdev", String::as_str);
    let wishes = match options(words) {
        Ok(wishes) => wishes,
        Err(outcome) => return outcome,
    };
    let Some(kind) = wishes.kind else {
        return Outcome::fail(
            exit::USAGE,
            format!("{called}: Please specify a device type or a device selection\n"),
        );
    };
    if wishes.enable && wishes.disable {
        return Outcome::fail(
            exit::USAGE,
            format!(
                "{called}: Only one of the following options may be specified: --enable, --disable\n"
            ),
        );
    }
    if wishes.ids.is_empty() {
        return Outcome::fail(
            exit::EMPTY_SELECTION,
            format!("{called}: No device was selected!\n"),
        );
    }
    let mut selected = Vec::new();
    for text in wishes.ids.iter().flat_map(|t| t.split(',')) {
        let parsed = match kind {
            "zfcp-host" => hosts_of(env, text),
            _ => id::lun(text).map(|id| vec![id]),
        };
        match parsed {
            Ok(ids) => selected.extend(ids),
            Err((message, rc)) => return Outcome::fail(rc, format!("{called}: {message}\n")),
        }
    }
    let mut out = Outcome::default();
    let mut overridable = false;
    let mut answers = stdin.lines();
    for id in selected {
        if wishes.dry {
            out.say(format!("{} {id} configured", id.shown_type()));
            continue;
        }
        let rc = if wishes.disable {
            deconfigure(env, id, &wishes, &mut answers, &mut out, &mut overridable)
        } else {
            configure(env, id, &wishes, &mut out)
        };
        if out.rc == 0 {
            out.rc = rc;
        }
    }
    if overridable {
        out.say(FORCE_NOTE);
    }
    if wishes.quiet {
        out.stdout.clear();
    }
    out
}

fn options(words: &[String]) -> Result<Wishes, Outcome> {
    let called = words.first().map_or("chzdev", String::as_str);
    let mut wishes = Wishes::default();
    for word in &words[1..] {
        match word.as_str() {
            "-e" | "--enable" => wishes.enable = true,
            "-d" | "--disable" => wishes.disable = true,
            "-a" | "--active" => wishes.active = true,
            "-p" | "--persistent" => wishes.persistent = true,
            "-f" | "--force" => wishes.force = true,
            "-y" | "--yes" => wishes.yes = true,
            "-q" | "--quiet" => wishes.quiet = true,
            "--dry-run" => wishes.dry = true,
            "--no-root-update" | "--no-settle" | "-V" | "--verbose" => {}
            "-h" | "--help" => {
                return Err(Outcome::ok(
                    "Usage: chzdev TYPE DEVICE [SELECTION] [SETTINGS] [ACTIONS] [OPTIONS]\n\nConfigure z Systems specific devices and device drivers.\n",
                ));
            }
            "-v" | "--version" => return Err(Outcome::ok("chzdev: version 2.3.0\n")),
            option if option.starts_with('-') => {
                return Err(Outcome::fail(
                    exit::USAGE,
                    format!(
                        "{called}: Unrecognized option: {option}\nTry '{called} --help' for more information.\n"
                    ),
                ));
            }
            "zfcp-host" => wishes.kind = Some("zfcp-host"),
            "zfcp-lun" => wishes.kind = Some("zfcp-lun"),
            setting if setting.contains('=') => {
                let (name, value) = setting.split_once('=').unwrap_or_default();
                wishes.settings.push((name.to_owned(), value.to_owned()));
            }
            text => wishes.ids.push(text.to_owned()),
        }
    }
    if wishes.kind.is_none() && !wishes.ids.is_empty() {
        let first = wishes.ids.remove(0);
        // An id alone tells its type.
        wishes.kind = match first.matches(':').count() {
            2 => Some("zfcp-lun"),
            0 if crate::hosts::guest::tool::device_number(&first).is_some() => Some("zfcp-host"),
            _ => {
                return Err(Outcome::fail(
                    exit::UNKNOWN_TYPE,
                    format!("{called}: Unknown device type: {first}\n"),
                ));
            }
        };
        wishes.ids.insert(0, first);
    }
    Ok(wishes)
}

/// One FCP device, or the members of a range that are there.
fn hosts_of(env: &ProgramEnv<'_>, text: &str) -> Result<Vec<DeviceId>, id::IdError> {
    match text.split_once('-') {
        None => id::host(text).map(|d| vec![DeviceId::Host(d)]),
        Some((low, high)) => {
            let (low, high) = (id::host(low)?, id::host(high)?);
            Ok(view(env)
                .map(|v| {
                    v.zfcp
                        .recognised
                        .iter()
                        .filter(|d| (low..=high).contains(d))
                        .map(|d| DeviceId::Host(*d))
                        .collect()
                })
                .unwrap_or_default())
        }
    }
}

fn fail(out: &mut Outcome, id: DeviceId, verb: &str, prerequisite: bool, cause: &Cause) {
    let tail = if prerequisite { " (prerequisite)" } else { "" };
    out.complain(format!("{} {id} {verb} failed{tail}", id.shown_type()));
    for line in &cause.lines {
        out.complain(format!("    {line}"));
    }
}

fn success(out: &mut Outcome, id: DeviceId, verb: &str, changed: bool, force: bool) {
    let already = if changed || force { "" } else { "already " };
    out.say(format!("{} {id} {already}{verb}", id.shown_type()));
}

fn configure(env: &mut ProgramEnv<'_>, id: DeviceId, wishes: &Wishes, out: &mut Outcome) -> i32 {
    let (active, persistent) = wishes.scopes();
    let mut changed = false;
    if active {
        match activate(env, id, wishes, out) {
            Ok(did) => changed |= did,
            Err(rc) => return rc,
        }
    }
    if persistent {
        changed |= !rules::is_persistent(env, id);
        let settings: Vec<(String, String)> = wishes
            .settings
            .iter()
            .map(|(name, value)| {
                let name = name.strip_prefix("scsi_dev/").unwrap_or(name);
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let kept = if settings.is_empty() {
            rules::attributes(env, id)
        } else {
            settings
        };
        if let DeviceId::Lun(device, ..) = id {
            let host = DeviceId::Host(device);
            if !rules::is_persistent(env, host) {
                let _ = rules::write(env, host, &[]);
            }
        }
        if let Err(errno) = rules::write(env, id, &kept) {
            let cause = Cause::new(
                format!("Error: Could not write file {}: {errno}", rules::path(id)),
                exit::RUN_TIME,
            );
            fail(out, id, "configure", false, &cause);
            return cause.rc;
        }
    }
    success(out, id, "configured", changed, wishes.force);
    if active {
        notes(env, id, out);
    }
    0
}

fn activate(
    env: &mut ProgramEnv<'_>,
    id: DeviceId,
    wishes: &Wishes,
    out: &mut Outcome,
) -> Result<bool, i32> {
    if let DeviceId::Host(device) = id {
        return host::switch(env, device, true).map_err(|cause| {
            fail(out, id, "configure", false, &cause);
            cause.rc
        });
    }
    let fcp = DeviceId::Host(id.fcp());
    match host::switch(env, id.fcp(), true) {
        Ok(false) => {}
        Ok(true) => {
            if wishes.scopes().1 {
                let _ = rules::write(env, fcp, &[]);
            }
            out.say(format!(
                "{} {fcp} configured (prerequisite)",
                fcp.shown_type()
            ));
        }
        Err(cause) => {
            fail(out, fcp, "configure", true, &cause);
            let rc = if cause.rc == exit::DEVICE_NOT_FOUND {
                exit::FCP_NOT_FOUND
            } else {
                cause.rc
            };
            let why = Cause::new(
                format!("Error: Could not configure prerequisite FCP device {fcp}"),
                rc,
            );
            fail(out, id, "configure", false, &why);
            return Err(rc);
        }
    }
    match lun::add(env, id, wishes.force) {
        Ok(changed) => {
            if let DeviceId::Lun(device, wwpn, number) = id
                && let Some(scsi) = lun::scsi_path(env, device, wwpn, number)
            {
                for (name, value) in &wishes.settings {
                    let name = name.strip_prefix("scsi_dev/").unwrap_or(name);
                    let _ = put(env, &format!("{scsi}/{name}"), value);
                }
            }
            Ok(changed)
        }
        Err(cause) => {
            fail(out, id, "configure", false, &cause);
            Err(cause.rc)
        }
    }
}

fn notes(env: &ProgramEnv<'_>, id: DeviceId, out: &mut Outcome) {
    let Some(view) = view(env) else {
        return;
    };
    let npiv = view.machine.has_npiv(id.fcp());
    match id {
        DeviceId::Host(_) if !npiv => {
            out.say("    Note: NPIV mode disabled - LUNs must be configured manually");
        }
        DeviceId::Host(_) if view.zfcp.no_lun_scan => {
            out.say("    Note: Automatic LUN scan disabled - LUNs must be configured manually");
        }
        DeviceId::Lun(device, ..) if view.zfcp.scans_automatically(&view.machine, device) => {
            out.say(format!(
                "    Note: Auto LUN scan enabled - manual LUN configuration is redundant for FCP device {}",
                DeviceId::Host(device)
            ));
        }
        _ => {}
    }
}

fn deconfigure(
    env: &mut ProgramEnv<'_>,
    id: DeviceId,
    wishes: &Wishes,
    answers: &mut std::str::Lines<'_>,
    out: &mut Outcome,
    overridable: &mut bool,
) -> i32 {
    let (active, persistent) = wishes.scopes();
    let mut changed = false;
    let mut warning = None;
    if active {
        let checked = in_use(env, id, wishes, answers, out).and_then(|()| match id {
            DeviceId::Host(device) => {
                let absent = view(env).is_none_or(|v| !v.zfcp.recognised.contains(&device));
                match (absent, rules::is_persistent(env, id)) {
                    (true, false) => Err(Cause::new(
                        "Error: Device not found",
                        exit::DEVICE_NOT_FOUND,
                    )),
                    (true, true) => Ok(false),
                    (false, _) => host::switch(env, device, false),
                }
            }
            DeviceId::Lun(device, wwpn, number) => {
                let there = lun::scsi_path(env, device, wwpn, number).is_some();
                if there && host::scans_automatically(env, device) {
                    let text = "Auto LUN scan enabled - cannot permanently deconfigure LUN";
                    if !wishes.force {
                        *overridable = true;
                        return Err(Cause::new(
                            format!("Error: {text} (*)"),
                            exit::INVALID_CONFIG,
                        ));
                    }
                    warning = Some(format!("    Warning: {text}"));
                }
                Ok(lun::remove(env, id))
            }
        });
        match checked {
            Ok(did) => changed |= did,
            Err(cause) => {
                fail(out, id, "deconfigure", false, &cause);
                return cause.rc;
            }
        }
    }
    if persistent && rules::is_persistent(env, id) {
        let path = rules::path(id);
        changed |= crate::hosts::files::remove(env.world, &env.host, &path).is_ok();
    }
    success(out, id, "deconfigured", changed, wishes.force);
    if let Some(line) = warning {
        out.say(line);
    }
    0
}

/// Asks when something would lose its disk. Without an answer the operation is aborted.
fn in_use(
    env: &ProgramEnv<'_>,
    id: DeviceId,
    wishes: &Wishes,
    answers: &mut std::str::Lines<'_>,
    out: &mut Outcome,
) -> Result<(), Cause> {
    let DeviceId::Lun(device, wwpn, number) = id else {
        return Ok(());
    };
    if wishes.force || wishes.yes {
        return Ok(());
    }
    let disk = view(env).and_then(|v| {
        let port = v.zfcp.adapters.get(&device)?.ports.get(&wwpn)?;
        Some(port.devices.get(&number)?.disk.clone())
    });
    let users = disk.map_or_else(Vec::new, |disk| mounts::of_disk(env, &disk));
    if users.is_empty() {
        return Ok(());
    }
    out.say(format!("Warning: {} {id} is in use!", id.shown_type()));
    out.say("         The following resources may be affected:");
    for user in users {
        out.say(format!("          - Mount point {user}"));
    }
    out.stdout.push_str("Continue with operation? (yes/no) ");
    match answers.next().map(str::trim) {
        Some("yes" | "y") => return Ok(()),
        Some(_) => out.complain("Operation canceled on user request"),
        None => out.complain("Operation canceled due to missing input"),
    }
    Err(Cause::new(
        "Error: Operation aborted on user request",
        exit::ABORTED,
    ))
}
