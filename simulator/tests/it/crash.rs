//! The process is killed in the middle of changes: what was acknowledged is there afterwards, and no pool file is torn.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::server::client;

/// A served site.
struct Served {
    child: Child,
    rest: String,
    control: String,
}

impl Served {
    fn start(site: &Path, state: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xcat-sim"))
            .args(["serve", "--http", "--json", "--control", "127.0.0.1:0"])
            .arg("--site")
            .arg(site)
            .arg("--state-dir")
            .arg(state)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| ready[key].as_str().unwrap().to_owned();
        Self {
            rest: text("rest"),
            control: text("control"),
            child,
        }
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Reserves the LUN of this number for an owner of its own; whether that was acknowledged.
async fn reserve(client: &reqwest::Client, rest: &str, row: &str, owner: &str) -> bool {
    let fields: Vec<&str> = row.split(',').collect();
    let body = format!(
        "[\"--reservezfcp\",\"pool1\",\"reserved\",\"{owner}\",\"1a00\",\"1g\",\"{}\",\"{}\"]",
        fields[1], fields[2]
    );
    let url = format!("{rest}/hypervisor/zvm1?userName=admin&password=admin&format=json");
    let sent = client
        .put(url)
        .header("Content-Type", "application/json")
        .body(body)
        .send()
        .await;
    match sent {
        Ok(answer) => match answer.text().await {
            Ok(text) => {
                assert!(text.contains("was reserved... Done"), "{text}");
                true
            }
            Err(_) => false,
        },
        Err(_) => false,
    }
}

async fn pool(client: &reqwest::Client, control: &str) -> String {
    let url = format!("{control}/worlds/default/pools/zhcp1/pool1");
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    value["text"].as_str().unwrap().to_owned()
}

/// Rounds and changes come from `XCAT_SIM_CRASH_ROUNDS` and `XCAT_SIM_CRASH_CHANGES` (changes of each round).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let rounds = number("XCAT_SIM_CRASH_ROUNDS", 10);
    let changes = number("XCAT_SIM_CRASH_CHANGES", 20);
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    let text = xcat_simulator::site::generate(xcat_simulator::site::Scale {
        systems: 1,
        guests: 2,
        luns: (2 * rounds * changes) as u32,
        seed: 7,
    });
    // One path for each LUN: a row then has one WWPN.
    let fixed: String = text
        .lines()
        .map(|line| match line.split_once(", ") {
            Some((first, _)) if line.starts_with("ports = [") => format!("{first}]\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(&site, fixed).unwrap();
    let state = folder.path().join("state");
    let client = client(None);
    let mut acknowledged: Vec<(usize, String)> = Vec::new();
    let mut rows: Vec<String> = Vec::new();
    let next = Arc::new(AtomicUsize::new(1));
    for round in 0..rounds {
        let served = Served::start(&site, &state);
        let text = pool(&client, &served.control).await;
        if rows.is_empty() {
            rows = text.lines().map(str::to_owned).collect();
        }
        check(&text, &rows, &acknowledged);
        let file = state.join("pools/zhcp1/pool1.conf");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            text,
            "round {round}"
        );
        let done = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (client, rest, rows) = (client.clone(), served.rest.clone(), rows.clone());
                let (next, done) = (Arc::clone(&next), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut kept = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let owner = format!("owner{at}");
                        if at >= rows.len() || !reserve(&client, &rest, &rows[at], &owner).await {
                            return kept;
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                        kept.push((at, owner));
                    }
                })
            })
            .collect();
        while done.load(Ordering::Relaxed) < changes {
            tokio::time::timeout(Duration::from_mins(1), tokio::task::yield_now())
                .await
                .unwrap();
        }
        served.kill();
        for task in tasks {
            acknowledged.extend(task.await.unwrap());
        }
        assert!(acknowledged.len() >= (round + 1) * changes);
    }
    let served = Served::start(&site, &state);
    check(&pool(&client, &served.control).await, &rows, &acknowledged);
    served.kill();
}

/// Every row is whole: as it was, or reserved by the one who asked for it; and what was acknowledged is reserved.
fn check(text: &str, rows: &[String], acknowledged: &[(usize, String)]) {
    let now: Vec<&str> = text.lines().collect();
    assert_eq!(now.len(), rows.len());
    assert!(text.ends_with('\n'));
    let reserved = |at: usize| {
        rows[at]
            .replacen("free", "reserved", 1)
            .replace(",,,", &format!(",owner{at},1a00,"))
    };
    for (at, row) in now.iter().enumerate() {
        assert!(
            *row == rows[at] || row.eq_ignore_ascii_case(&reserved(at)),
            "row {at} is '{row}', was '{}'",
            rows[at]
        );
    }
    for (at, owner) in acknowledged {
        assert!(
            now[*at].contains(owner.as_str()),
            "{owner} lost its row: {}",
            now[*at]
        );
    }
}
