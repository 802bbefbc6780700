//! The process is killed in the middle of changes: what was acknowledged is there afterwards, and no pool file is torn.
//!
//! Each round plans so many changes and sends them over several connections at once: rows of a pool that are reserved, rows
//! of xCAT's tables, zones of the SAN through the control door. The process gets SIGKILL when a part of them, another
//! one each time, has been acknowledged.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

use crate::process::Served;
use crate::server::client;

/// Connections that send changes.
const CONNECTIONS: usize = 8;
/// Rows of the pools: each round has one of its own, on a z/VM system of its own. Of a pool of more than 128 KiB no row
/// can be chosen by its LUN (Q61).
type Pools = Vec<Vec<String>>;

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

fn serve(site: &Path, state: &Path) -> Served {
    Served::start(&[
        "--site".as_ref(),
        site.as_os_str(),
        "--state-dir".as_ref(),
        state.as_os_str(),
    ])
}

/// What one change does; its number is in all that it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reservation,
    TableRow,
    Zone,
}

fn kind(at: usize) -> Kind {
    match at % 10 {
        0..=5 => Kind::Reservation,
        6..=7 => Kind::TableRow,
        _ => Kind::Zone,
    }
}

/// How far a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Acknowledged,
    InFlight,
}

/// Sends the change of this number.
async fn change(client: &reqwest::Client, served: &Addresses, row: &str, (pool, line): At) -> Sent {
    let at = name((pool, line));
    let (rest, control) = (&served.rest, &served.control);
    let xcat = |path: &str| format!("{rest}/{path}?userName=admin&password=admin&format=json");
    let (url, body, done) = match kind(line) {
        Kind::Reservation => {
            let fields: Vec<&str> = row.split(',').collect();
            let args = format!(
                "[\"--reservezfcp\",\"pool{pool}\",\"reserved\",\"owner{at}\",\"1a00\",\"1g\",\"{}\",\"{}\"]",
                fields[1], fields[2]
            );
            (
                xcat(&format!("hypervisor/zvm{pool}")),
                args,
                "was reserved... Done",
            )
        }
        Kind::TableRow => (
            xcat("tables/hosts"),
            format!("[\"node=host{at} hosts.comments=change-{at}\"]"),
            "",
        ),
        Kind::Zone => (
            format!("{control}/worlds/default/san/zones/zone-{at}"),
            "[\"c05076e8a0001a00\"]".to_owned(),
            "zone-",
        ),
    };
    let sent = client
        .put(url)
        .header("Content-Type", "application/json")
        .body(body)
        .send()
        .await;
    let Ok(answer) = sent else {
        return Sent::InFlight;
    };
    let status = answer.status();
    let Ok(text) = answer.text().await else {
        return Sent::InFlight;
    };
    assert_eq!(status, 200, "change {at}: {text}");
    assert!(text.contains(done) && !text.contains("rror"), "{text}");
    Sent::Acknowledged
}

#[derive(Clone)]
struct Addresses {
    rest: String,
    control: String,
}

/// The state of a served site.
async fn state(client: &reqwest::Client, served: &Served) -> Value {
    let url = format!("{}/worlds/default/state", served.control);
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

fn pool_text(state: &Value, pool: usize) -> &str {
    let files = &state["world"]["linuxes"][format!("zhcp{pool}")]["fs"]["files"];
    files[format!("/var/opt/zhcp/zfcp/pool{pool}.conf")]["text"]
        .as_str()
        .unwrap()
}

/// The rows of so many pools; with the header, so that a row's number is that of its line.
fn pools(state: &Value, count: usize) -> Arc<Pools> {
    let rows = |pool| pool_text(state, pool).lines().map(str::to_owned).collect();
    Arc::new((1..=count).map(rows).collect())
}

/// A change: number of its pool, from 1, and the line there, from 1 beside the header.
type At = (usize, usize);

/// What a change leaves behind, to be found again.
fn name((pool, line): At) -> String {
    format!("{pool}-{line}")
}

/// The row of a pool once its reservation is done.
fn reserved(row: &str, at: At) -> String {
    row.replacen("free", "reserved", 1)
        .replace(",,,", &format!(",owner{},1a00,", name(at)))
}

/// What of the changes is in a state. Every row of every pool must be whole: as it was, or as its reservation left it.
fn found(state: &Value, pools: &Pools) -> impl Fn(At) -> bool + use<> {
    let mut is_reserved = HashSet::new();
    for (pool, rows) in (1..).zip(pools) {
        let text = pool_text(state, pool);
        assert!(text.ends_with('\n'));
        assert_eq!(text.lines().count(), rows.len(), "rows of pool {pool}");
        for (line, (now, row)) in text.lines().zip(rows).enumerate() {
            let at = (pool, line);
            if now.eq_ignore_ascii_case(&reserved(row, at)) && kind(line) == Kind::Reservation {
                is_reserved.insert(at);
            } else {
                let is_whole = now.eq_ignore_ascii_case(row);
                assert!(is_whole, "row {at:?} is torn: '{now}', was '{row}'");
            }
        }
    }
    let tables = state["world"]["mn"]["tables"].to_string();
    let zones = state["world"]["san"]["zones"].clone();
    move |at| match kind(at.1) {
        Kind::Reservation => is_reserved.contains(&at),
        Kind::TableRow => tables.contains(&format!("\"change-{}\"", name(at))),
        Kind::Zone => zones.get(format!("zone-{}", name(at))).is_some(),
    }
}

/// A site with pools of so many rows each, one path for each row.
fn write_site(path: &Path, pools: usize, rows: usize) {
    let text = xcat_simulator::site::generate(xcat_simulator::site::Scale {
        systems: pools as u32,
        guests: 2,
        luns: (pools * rows) as u32,
        seed: 7,
    });
    let fixed: String = text
        .lines()
        .map(|line| match line.split_once(", ") {
            Some((first, _)) if line.starts_with("ports = [") => format!("{first}]\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(path, fixed).unwrap();
}

/// Sends a change for each row of a pool over several connections, and kills the process once so many are acknowledged.
async fn round(served: Served, pools: &Arc<Pools>, pool: usize, kill_at: usize) -> Vec<(At, Sent)> {
    // The first line is the header.
    let next = Arc::new(AtomicUsize::new(1));
    let done = Arc::new(AtomicUsize::new(0));
    let addresses = Addresses {
        rest: served.rest.clone(),
        control: served.control.clone(),
    };
    let served = Arc::new(Mutex::new(Some(served)));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            // Each its own connections.
            let (client, addresses, pools) = (client(None), addresses.clone(), Arc::clone(pools));
            let (next, done, served) = (Arc::clone(&next), Arc::clone(&done), Arc::clone(&served));
            tokio::spawn(async move {
                let mut sent = Vec::new();
                loop {
                    let line = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = pools[pool - 1].get(line) else {
                        return sent;
                    };
                    let how = change(&client, &addresses, row, (pool, line)).await;
                    sent.push(((pool, line), how));
                    if how == Sent::InFlight {
                        return sent;
                    }
                    if done.fetch_add(1, Ordering::Relaxed) + 1 == kill_at {
                        // The others are in the middle of theirs.
                        if let Some(served) = served.lock().unwrap().take() {
                            served.kill();
                        }
                    }
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}

/// Rounds and changes come from `XCAT_SIM_CRASH_ROUNDS` and `XCAT_SIM_CRASH_CHANGES` (changes of each round).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let rounds = number("XCAT_SIM_CRASH_ROUNDS", 10);
    let changes = number("XCAT_SIM_CRASH_CHANGES", 60);
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    write_site(&site, rounds, changes);
    let kept = folder.path().join("state");
    let client = client(None);
    let mut served = serve(&site, &kept);
    let first = state(&client, &served).await;
    let pools = pools(&first, rounds);
    let mut sent: Vec<(At, Sent)> = Vec::new();
    let (mut acknowledged, mut in_flight, mut took_effect) = (0, 0, 0);
    for number in 0..rounds {
        let kill_at = changes * (2 * number + 1) * 9 / (2 * rounds * 10);
        let this = round(served, &pools, number + 1, kill_at.max(1)).await;
        let began = Instant::now();
        served = serve(&site, &kept);
        let recovery = began.elapsed();
        let now = state(&client, &served).await;
        let found = found(&now, &pools);
        for pool in 1..=rounds {
            let file = kept.join(format!("pools/zhcp{pool}/pool{pool}.conf"));
            let file = std::fs::read_to_string(file).unwrap();
            let is_same = file == pool_text(&now, pool);
            assert!(is_same, "file of pool {pool}, round {number}");
        }
        sent.extend(&this);
        let lost: Vec<At> = sent
            .iter()
            .filter(|(at, how)| *how == Sent::Acknowledged && !found(*at))
            .map(|(at, _)| *at)
            .collect();
        let count = |how: Sent| this.iter().filter(|(_, h)| *h == how).count();
        let (acked, flying) = (count(Sent::Acknowledged), count(Sent::InFlight));
        let effective = this
            .iter()
            .filter(|(at, how)| *how == Sent::InFlight && found(*at))
            .count();
        println!(
            "kill {:2}: {changes} changes planned over {CONNECTIONS} connections: {acked} acknowledged, {} of them found again, \
             {flying} in flight ({effective} took effect), {} not sent; up again after {} ms",
            number + 1,
            this.iter()
                .filter(|(at, how)| *how == Sent::Acknowledged && found(*at))
                .count(),
            changes - acked - flying,
            recovery.as_millis()
        );
        assert_eq!(
            lost,
            Vec::<At>::new(),
            "acknowledged and lost, round {number}"
        );
        assert!(
            flying > 0,
            "the process was killed in the middle of changes"
        );
        // Nothing that nobody asked for.
        let asked: HashSet<At> = sent.iter().map(|(at, _)| *at).collect();
        for (pool, rows) in (1..).zip(&*pools) {
            for line in 1..rows.len() {
                let at = (pool, line);
                assert!(!found(at) || asked.contains(&at), "nobody asked for {at:?}");
            }
        }
        (acknowledged, in_flight, took_effect) = (
            acknowledged + acked,
            in_flight + flying,
            took_effect + effective,
        );
    }
    served.kill();
    println!(
        "{rounds} kills: {acknowledged} changes acknowledged, all of them found again; {in_flight} in flight, of which \
         {took_effect} took effect; no pool file torn"
    );
}

/// The check above finds what is lost: with the last part of the log gone it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    write_site(&site, 1, 60);
    let kept = folder.path().join("state");
    let client = client(None);
    let served = serve(&site, &kept);
    let first = state(&client, &served).await;
    let pools = pools(&first, 1);
    let sent = round(served, &pools, 1, 40).await;
    let log = kept.join("changes-1.log");
    let text = std::fs::read(&log).unwrap();
    std::fs::write(&log, &text[..text.len() / 2]).unwrap();
    let served = serve(&site, &kept);
    let now = state(&client, &served).await;
    let found = found(&now, &pools);
    let lost = sent
        .iter()
        .filter(|(at, how)| *how == Sent::Acknowledged && !found(*at))
        .count();
    assert!(lost >= 5, "{lost} lost");
    served.kill();
}

/// A folder that another schema began is refused with a reason, and so is one that is in use.
#[test]
fn folders_that_cannot_be_gone_on_from_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    write_site(&site, 1, 3);
    let kept = folder.path().join("state");
    let served = serve(&site, &kept);
    let start = || {
        let output = Command::new(env!("CARGO_BIN_EXE_xcat-sim"))
            .args(["serve", "--http", "--state-dir"])
            .arg(&kept)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start().contains("is in use by another process"));
    served.kill();
    let snapshot = kept.join("snapshot-1.json");
    let text = std::fs::read_to_string(&snapshot).unwrap();
    for (schema, reason) in [
        (1, "schema 1 is older than 2"),
        (3, "schema 3 is newer than 2"),
    ] {
        let other = text.replacen("\"schema\":2", &format!("\"schema\":{schema}"), 1);
        std::fs::write(&snapshot, other).unwrap();
        let said = start();
        assert!(said.contains(reason), "{said}");
    }
}
