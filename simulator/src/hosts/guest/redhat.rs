//! Red Hat's `zfcpconf.sh` and `device_cio_free` (spec: zfcp-and-san 5.3).

use super::tool::{ccw_path, exists, get, put, view};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// The file that lists FCP LUNs.
pub const CONF: &str = "/etc/zfcp.conf";

/// One line of the file: device, and WWPN and LUN where given. As the script does, words are lower-cased and not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bus id.
    pub device: String,
    /// WWPN and LUN.
    pub lun: Option<(String, String)>,
}

/// The lines of `/etc/zfcp.conf`, and the warnings about old ones.
pub fn lines(env: &ProgramEnv<'_>) -> (Vec<Line>, Vec<String>) {
    let text = env.read(CONF).unwrap_or_default().to_ascii_lowercase();
    let mut warnings = Vec::new();
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [device, id, wwpn, scsi, lun, ..] => {
                    warnings.push(format!(
                        "Warning: Deprecated values in {CONF}, ignoring SCSI ID {id} and SCSI LUN {scsi}"
                    ));
                    Line {
                        device: (*device).to_owned(),
                        lun: Some(((*wwpn).to_owned(), (*lun).to_owned())),
                    }
                }
                [device, wwpn, lun, ..] => Line {
                    device: (*device).to_owned(),
                    lun: Some(((*wwpn).to_owned(), (*lun).to_owned())),
                },
                [device, ..] => Line {
                    device: (*device).to_owned(),
                    lun: None,
                },
                [] => Line {
                    device: String::new(),
                    lun: None,
                },
            }
        })
        .collect();
    (lines, warnings)
}

/// zfcpconf.sh: goes through the whole file; what cannot be done is complained about and skipped. Exit status 0.
pub fn zfcpconf(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const SCRIPT: &str = "/sbin/zfcpconf.sh";
    let script = words
        .first()
        .filter(|w| w.contains('/'))
        .map_or(SCRIPT, String::as_str);
    let mut out = Outcome::default();
    if env.read(CONF).is_err() || view(env).is_some_and(|v| v.zfcp.faults.no_zfcp) {
        return out;
    }
    let (lines, warnings) = lines(env);
    for warning in warnings {
        out.say(warning);
    }
    for line in lines {
        let base = format!("/sys/bus/ccw/drivers/zfcp/{}", line.device);
        let online = format!("{base}/online");
        if get(env, &online).as_deref() == Some("0")
            && let Err(errno) = put(env, &online, "1")
        {
            out.complain(format!("{script}: line 38: echo: write error: {errno}"));
        }
        let Some((wwpn, lun)) = line.lun else {
            without_lun(env, &line.device, &mut out);
            continue;
        };
        if exists(env, &format!("{base}/{wwpn}/{lun}")) {
            continue;
        }
        let file = format!("{base}/{wwpn}/unit_add");
        if let Err(errno) = put(env, &file, &lun) {
            out.complain(if errno.is_open_failure() {
                format!("{script}: line 49: {file}: {errno}")
            } else {
                format!("{script}: line 49: echo: write error: {errno}")
            });
        }
    }
    out
}

/// A line with a device only is good when LUNs appear by themselves.
fn without_lun(env: &ProgramEnv<'_>, device: &str, out: &mut Outcome) {
    let Some(view) = view(env) else {
        return;
    };
    let number = super::tool::device_number(device);
    if !number.is_some_and(|d| view.machine.has_npiv(d)) {
        out.say(format!(
            "Error: Only device ID ({device}) given, but port not in NPIV mode"
        ));
    } else if view.zfcp.no_lun_scan {
        out.say(format!(
            "Error: Only device ID ({device}) given, but LUN scan is disabled for the zfcp module"
        ));
    }
}

/// Frees the devices that the configuration file names; returns them with what could not be freed.
fn free_listed(env: &mut ProgramEnv<'_>) -> (Vec<String>, Outcome) {
    let mut out = Outcome::default();
    let mut devices: Vec<String> = lines(env).0.into_iter().map(|l| l.device).collect();
    devices.dedup();
    for device in &devices {
        if put(env, "/proc/cio_ignore", &format!("free {device}")).is_err() {
            out.complain(format!("Error: can't free device(s) {device}"));
            out.rc = 1;
        }
    }
    let _ = put(env, "/proc/cio_settle", "1");
    (devices, out)
}

/// What the service of the same purpose does during a boot, whose duration is not the site's.
pub fn free_configured(env: &mut ProgramEnv<'_>) {
    free_listed(env);
}

/// device_cio_free: frees the devices that the configuration files name. A device that does not appear costs 15 s.
pub fn device_cio_free(env: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    const PATIENCE_MS: u64 = 15_000;
    let (devices, mut out) = free_listed(env);
    for device in devices {
        let there = super::tool::device_number(&device)
            .is_some_and(|d| exists(env, &format!("{}/online", ccw_path(d))));
        if !there {
            env.world.now_ms = env.world.now_ms.saturating_add(PATIENCE_MS);
            out.complain(format!("Error: device {device} still not ready"));
        }
    }
    out
}
