//! Runs a recording's requests through the REST door in process.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use parking_lot::Mutex;
use tower::ServiceExt;

use super::compare::{Answer, Report};
use super::exceptions::Exception;
use super::model::{RecordedRequest, Recording, Step};
use super::state;
use crate::rest;
use crate::seam::{
    Effect, FarEnd, FaultRequest, Playback, Release, RemoteCommand, RuleError, Settings, Site,
    Target, When,
};
use crate::site::preset::{Preset, PresetError, set_distribution};
use crate::world::World;

/// Revision of the z/VM modules that the P releases have.
const ZVM_MODULES_2017: &str = "f205e85dcbdc";

/// File by which the recorder marks a guest without a server for IUCV.
const NO_IUCV: &str = "/.no_iucvserv";

/// Why a recording cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The preset has no world.
    #[error("the preset cannot be used")]
    Preset(#[from] PresetError),
    /// A request of the recording is not an HTTP request.
    #[error("a recorded request cannot be sent")]
    Request(#[from] axum::http::Error),
    /// A fault of the recording cannot be put in force.
    #[error("a recorded fault cannot be put in force")]
    Fault(#[from] RuleError),
    /// The answer's body could not be read.
    #[error("the answer cannot be read")]
    Body(#[from] axum::Error),
}

/// Replays at the seam: the far end answers as recorded; answers, remote commands and changed tables must be equal.
///
/// # Errors
/// [`ReplayError`] when the recording or the preset cannot be used at all.
pub async fn at_seam(recording: &Recording, preset: &Preset) -> Result<Report, ReplayError> {
    let mut site = Site::new(world(recording, preset)?, settings(recording));
    site.far_end = FarEnd::Playback(Mutex::default());
    let site = Arc::new(site);
    let before = site.world.lock().mn.tables.clone();
    let mut report = Report::new(recording);
    for (number, step) in recording.steps.iter().enumerate() {
        load(&site, step);
        let answer = send(&site, &step.request).await?;
        report.compare_response(recording, number, step, &answer, &mut str::to_owned);
        report.compare_commands(recording, number, step, &issued(&site));
    }
    let after = site.world.lock().mn.tables.clone();
    report.compare_tables(recording, &before, &after);
    Ok(report)
}

/// Replays at the door: the simulator's own hosts answer, with the recording's faults in force. Responses, tables and the
/// state afterwards must be equal, with the texts of `exceptions` in their places.
///
/// # Errors
/// As [`at_seam`].
pub async fn at_door(
    recording: &Recording,
    preset: &Preset,
    exceptions: &[&Exception],
) -> Result<Report, ReplayError> {
    let site = Arc::new(Site::new(world(recording, preset)?, settings(recording)));
    disturb(&site, recording)?;
    let before = site.world.lock().clone();
    let mut used = vec![false; exceptions.len()];
    let mut rewrite = |text: &str| {
        let mut text = text.to_owned();
        for (exception, used) in exceptions.iter().zip(&mut used) {
            if !exception.recorded.is_empty() && text.contains(&exception.recorded) {
                *used = true;
                text = text.replace(&exception.recorded, &exception.simulated);
            }
        }
        text
    };
    let mut report = Report::new(recording);
    let mut plain = Report::new(recording);
    for (number, step) in recording.steps.iter().enumerate() {
        let answer = send(&site, &step.request).await?;
        report.compare_response(recording, number, step, &answer, &mut rewrite);
        plain.compare_response(recording, number, step, &answer, &mut str::to_owned);
    }
    let after = site.world.lock().clone();
    report.compare_tables(recording, &before.mn.tables, &after.mn.tables);
    let (recorded, simulated) = state::without_shipped(
        state::recorded(recording),
        state::simulated(&before, &after),
    );
    plain.compare_state(&recorded, &simulated, &mut str::to_owned);
    let mut expected: state::Lines = recorded.iter().map(|l| rewrite(l)).collect();
    expected.remove("");
    for (exception, used) in exceptions.iter().zip(&mut used) {
        if exception.recorded.is_empty() {
            *used = expected.insert(exception.simulated.clone());
        }
    }
    report.compare_state(&expected, &simulated, &mut str::to_owned);
    for (exception, _) in exceptions.iter().zip(&used).filter(|(_, used)| !**used) {
        report.differences.push(format!(
            "stale exception ({}): the recording does not hold {:?}",
            exception.spec, exception.recorded
        ));
    }
    if !exceptions.is_empty() && plain.differences.is_empty() {
        report
            .differences
            .push("stale exceptions: the recording matches without them".to_owned());
    }
    Ok(report)
}

/// Replays at the door without a list of exceptions.
///
/// # Errors
/// As [`at_seam`].
pub async fn in_world(recording: &Recording, preset: &Preset) -> Result<Report, ReplayError> {
    at_door(recording, preset, &[]).await
}

/// Replays at the door and compares the outputs of remote commands as well, up to the first command that differs: shows
/// where the recorder's made-up hosts and the simulator's go apart.
///
/// # Errors
/// As [`at_seam`].
pub async fn with_outputs(recording: &Recording, preset: &Preset) -> Result<Report, ReplayError> {
    let site = Arc::new(Site::new(world(recording, preset)?, settings(recording)));
    let mut report = Report::new(recording);
    for (number, step) in recording.steps.iter().enumerate() {
        let seen = site.journal.lock().requests().map(|r| r.id).max();
        let answer = send(&site, &step.request).await?;
        report.compare_response(recording, number, step, &answer, &mut str::to_owned);
        let entries: Vec<_> = site
            .journal
            .lock()
            .requests()
            .filter(|r| seen.is_none_or(|s| r.id > s))
            .flat_map(|r| r.commands.clone())
            .collect();
        report.compare_outcomes(number, step, &entries);
    }
    Ok(report)
}

fn settings(recording: &Recording) -> Settings {
    Settings {
        release: if recording.xcat.zvm_modules_commit == ZVM_MODULES_2017 {
            Release::P
        } else {
            Release::M
        },
        ..Settings::default()
    }
}

fn world(recording: &Recording, preset: &Preset) -> Result<World, PresetError> {
    let mut world = preset.world()?;
    let now = world.now_ms;
    world.mn.daemon_stopped = recording.stop_xcatd;
    let mn = world.mn.host.clone();
    if let Some(linux) = world.linuxes.get_mut(&mn) {
        set_distribution(linux, recording.mn_release_files, now);
    }
    let files = recording
        .host_files
        .iter()
        .map(|(host, files)| (host.as_str(), files))
        .chain([(mn.as_str(), &recording.mn_files)]);
    for (host, files) in files {
        let Some(linux) = world.linuxes.get_mut(host) else {
            continue;
        };
        for (path, text) in files {
            // The recorder's mark of a guest without a server for IUCV.
            if path == NO_IUCV {
                linux.iucv = false;
                continue;
            }
            match text {
                Some(text) => linux.fs.write(path, text.clone(), now),
                None => {
                    linux.fs.files.remove(path);
                }
            }
        }
    }
    for fault in recording.faults.iter().filter(|f| f.down) {
        if let Some(linux) = fault.host.as_deref().and_then(|h| world.linuxes.get_mut(h)) {
            linux.ssh = false;
        }
    }
    Ok(world)
}

/// Puts the recording's faults in force: remote commands of a host that hold a text end as recorded. Hosts that are down
/// are so in the world already.
fn disturb(site: &Site, recording: &Recording) -> Result<(), ReplayError> {
    for fault in recording.faults.iter().filter(|f| !f.down) {
        let (command, outcome) = if let Some(copies) = &fault.scp {
            (format!("^{copies} "), (1, "", "scp: injected failure\n"))
        } else if let Some(text) = &fault.matches {
            (regex::escape(text), (fault.rc, fault.stdout.as_str(), ""))
        } else {
            continue;
        };
        let host = fault.host.as_deref().filter(|h| *h != "none");
        let request = FaultRequest {
            target: Target {
                command: Some(match host {
                    Some(host) => format!("{}[ .].*{command}", regex::escape(host)),
                    None => command,
                }),
                ..Target::default()
            },
            effect: Some(Effect::SshExit {
                rc: outcome.0,
                stdout: outcome.1.to_owned(),
                stderr: outcome.2.to_owned(),
            }),
            when: Some(When::Before),
            times: fault.times.map(u64::from),
            ..FaultRequest::default()
        };
        site.faults.add(request, &mut site.world.lock())?;
    }
    site.rearm();
    Ok(())
}

fn load(site: &Site, step: &Step) {
    if let FarEnd::Playback(playback) = &site.far_end {
        *playback.lock() = Playback {
            expected: step
                .commands
                .iter()
                .map(|c| (c.command.clone(), c.outcome()))
                .collect(),
            ..Playback::default()
        };
    }
}

fn issued(site: &Site) -> Vec<RemoteCommand> {
    match &site.far_end {
        FarEnd::Playback(playback) => playback.lock().issued.clone(),
        FarEnd::World => Vec::new(),
    }
}

async fn send(site: &Arc<Site>, recorded: &RecordedRequest) -> Result<Answer, ReplayError> {
    let mut request = Request::builder()
        .method(recorded.method.as_str())
        .uri(recorded.path.as_str());
    let typed = recorded
        .headers
        .keys()
        .any(|k| k.eq_ignore_ascii_case("content-type"));
    for (name, value) in &recorded.headers {
        request = request.header(name, value);
    }
    if recorded.body.is_some() && !typed {
        request = request.header("Content-Type", "text/plain");
    }
    let body = recorded.body.clone().map_or_else(Body::empty, Body::from);
    let Ok(response) = rest::router(Arc::clone(site))
        .oneshot(request.body(body)?)
        .await;
    answer(response).await
}

async fn answer(response: Response<Body>) -> Result<Answer, ReplayError> {
    let status = response.status();
    let content_type = response
        .headers()
        .get("content-type")
        .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
        .unwrap_or_default();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    Ok(Answer {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        content_type,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
