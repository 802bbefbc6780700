//! The same site, seed and requests give the same bytes: in one run and the next, and with a break in the middle.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use xcat_simulator::seam::{Settings, Site};
use xcat_simulator::state::{Durability, Origin, SavedState, StateDir};
use xcat_simulator::{rest, site};

const ADMIN: &str = "userName=admin&password=admin&format=json";

/// A scenario with everything that counts or draws: faults by chance, latency, time, attach, copies, power.
const SCENARIO: &[(&str, &str, &str)] = &[
    (
        "PUT",
        "hypervisor/zvm1",
        r#"["--reservezfcp scsipol1 used me 1a01 1g"]"#,
    ),
    (
        "PUT",
        "vms/lnx1",
        r#"["--addzfcp scsipol1 1a00 0 5G 0 500507630300c562 4012403300000000"]"#,
    ),
    (
        "PUT",
        "nodes/lnx1/dsh",
        r#"["command=lszfcp -D; ls /dev/disk/by-path"]"#,
    ),
    ("PUT", "nodes/lnx3/power", r#"["on"]"#),
    ("PUT", "vms/lnx2", r#"["--dedicatedevice 1a05 1a05 0"]"#),
    ("PUT", "nodes/lnx2/dsh", r#"["command=echo here"]"#),
    ("PUT", "nodes/lnx2/dsh", r#"["command=echo here"]"#),
    ("PUT", "nodes/lnx2/dsh", r#"["command=echo here"]"#),
    (
        "PUT",
        "tables/nodelist",
        r#"["node=lnx1 nodelist.comments=changed"]"#,
    ),
    (
        "PUT",
        "vms/lnx1",
        r#"["--removezfcp 1a00 500507630300c562 4012403300000000 0"]"#,
    ),
    (
        "PUT",
        "hypervisor/zvm1",
        r#"["--releasezfcp scsipol1 500507630300c562 4012403300000000"]"#,
    ),
    ("PUT", "nodes/lnx3/power", r#"["off"]"#),
    ("GET", "vms/lnx2", ""),
    (
        "PUT",
        "hypervisor/zvm1",
        r#"["--reservezfcp scsipol1 used you 1a02 1g"]"#,
    ),
];

async fn ask(site: &Arc<Site>, (method, path, body): &(&str, &str, &str)) -> String {
    let request = Request::builder()
        .method(*method)
        .uri(format!("/xcatws/{path}?{ADMIN}"))
        .header("Content-Type", "application/json")
        .body(Body::from((*body).to_owned()))
        .unwrap();
    let Ok(response) = rest::router(Arc::clone(site)).oneshot(request).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    format!("{status} {}\n", String::from_utf8_lossy(&bytes))
}

fn arm(site: &Site) {
    let chance = r#"{"name":"ssh-timeout","target":{"command":"echo here"},"probability":0.5}"#;
    site.add_fault(serde_json::from_str(chance).unwrap())
        .unwrap();
    let lost = r#"{"name":"F68","target":{"command":"smcli Image_Device_Dedicate_DM"},"skip":1,"times":1}"#;
    site.add_fault(serde_json::from_str(lost).unwrap()).unwrap();
    let latency = r#"{"profiles":[{"command":"","time":{"kind":"log-normal","p50":20,"p95":80}}],"random_state":5}"#;
    site.set_latency(serde_json::from_str(latency).unwrap())
        .unwrap();
    let point = r#"{"id":"later","target":{"operation":"rmvm"},"nth":1}"#;
    site.add_break(serde_json::from_str(point).unwrap())
        .unwrap();
    site.take_snapshot("armed");
}

/// Answers, journal and state as bytes.
fn outcome(site: &Site, answers: String) -> (String, String, String) {
    let journal: Vec<_> = site.journal.lock().requests().cloned().collect();
    (
        answers,
        serde_json::to_string_pretty(&journal).unwrap(),
        serde_json::to_string_pretty(&site.save()).unwrap(),
    )
}

async fn run(site: &Arc<Site>, requests: &[(&str, &str, &str)]) -> String {
    let mut answers = String::new();
    for request in requests {
        answers.push_str(&ask(site, request).await);
    }
    answers
}

async fn whole() -> (String, String, String) {
    let site = Arc::new(Site::new(site::lab(), Settings::default()));
    arm(&site);
    let answers = run(&site, SCENARIO).await;
    outcome(&site, answers)
}

#[tokio::test]
async fn two_runs_give_the_same_bytes() {
    let (answers, journal, state) = whole().await;
    let (again, journal_again, state_again) = whole().await;
    assert!(
        answers.contains("Done") && journal.contains("\"faults\""),
        "{answers}"
    );
    assert_eq!(answers, again);
    assert_eq!(journal, journal_again);
    assert!(state == state_again);
}

#[tokio::test]
async fn a_break_in_the_middle_changes_nothing() {
    let (answers, journal, state) = whole().await;
    for middle in 0..SCENARIO.len() {
        let first = Arc::new(Site::new(site::lab(), Settings::default()));
        arm(&first);
        let mut told = run(&first, &SCENARIO[..middle]).await;
        let saved = serde_json::to_vec(&first.save()).unwrap();
        drop(first);
        let second = Arc::new(Site::new(site::lab(), Settings::default()));
        second
            .restore(SavedState::from_slice(&saved).unwrap())
            .unwrap();
        told += &run(&second, &SCENARIO[middle..]).await;
        assert_eq!(told, answers, "broken after {middle} requests");
        let (_, journal_now, state_now) = outcome(&second, told);
        assert_eq!(journal_now, journal);
        assert!(
            state_now == state,
            "the state differs after {middle} requests"
        );
    }
}

#[tokio::test]
async fn a_state_folder_gives_back_the_very_state() {
    let (answers, journal, state) = whole().await;
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin {
        source: "lab".into(),
        seed: None,
    };
    let open = || {
        StateDir::open(
            folder.path(),
            &origin,
            Settings::default(),
            Durability::Process,
        )
        .unwrap()
    };
    let mut told = String::new();
    for (at, request) in SCENARIO.iter().enumerate() {
        // The site is left as it is: only what the folder holds goes on.
        let (site, dir) = open();
        if at == 0 {
            arm(&site);
            // These came from the library, past the control door: they are kept with a whole state.
        }
        told += &ask(&site, request).await;
        drop(dir);
    }
    for (line, (now, before)) in told.lines().zip(answers.lines()).enumerate() {
        assert_eq!(now, before, "answer {}", line + 1);
    }
    let (site, _dir) = open();
    let (_, journal_now, state_now) = outcome(&site, told);
    assert_eq!(journal_now, journal);
    let parsed = |text: &str| serde_json::from_str(text).unwrap();
    let differs = xcat_simulator::state::diff(&parsed(&state), &parsed(&state_now));
    assert!(differs.is_empty(), "{differs:?}");
}

/// A scenario of two requests of which a break point holds the first, on a frozen clock, met over the network: asked
/// through processes of which one saves, one loads, and which are ended in between.
mod processes {
    use std::path::Path;

    use serde_json::{Value, json};

    use crate::process::{Served, xcat_sim};
    use crate::server::client;

    const WORLD: &str = "/worlds/default";

    struct Play {
        served: Served,
        client: reqwest::Client,
        told: String,
    }

    impl Play {
        fn start(state_dir: Option<&Path>) -> Self {
            let mut args = vec![
                "--site".as_ref(),
                "lab".as_ref(),
                "--seed".as_ref(),
                "9".as_ref(),
            ];
            if let Some(folder) = state_dir {
                args.extend(["--state-dir".as_ref(), folder.as_os_str()]);
            }
            Self {
                served: Served::start(&args),
                client: client(None),
                told: String::new(),
            }
        }

        async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
            let url = format!("{}{WORLD}{path}", self.served.control);
            let request = self.client.request(method.parse().unwrap(), url);
            let answer = request.body(body.to_string()).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, 200, "{method} {path}: {text}");
            serde_json::from_str(&text).unwrap()
        }

        fn send(&self, path: &str, args: &str) -> impl Future<Output = String> + use<> {
            let url = format!(
                "{}/{path}?userName=admin&password=admin&format=json",
                self.served.rest
            );
            let request = self
                .client
                .put(url)
                .header("Content-Type", "application/json")
                .body(format!("[\"{args}\"]"));
            async move { request.send().await.unwrap().text().await.unwrap() }
        }

        async fn ask(&mut self, path: &str, args: &str) {
            let answer = self.send(path, args).await;
            self.told.push_str(&answer);
            self.told.push('\n');
        }

        async fn begin(&mut self) {
            let world = [
                ("PUT", "/time", json!({"frozen": false, "scale": 0.0})),
                (
                    "PUT",
                    "/latency",
                    json!({"profiles": [{"command": "", "time": {"kind": "uniform", "min": 5, "max": 90}}], "random_state": 77}),
                ),
                (
                    "POST",
                    "/faults",
                    json!({"name": "ssh-timeout", "target": {"command": "echo here"}, "skip": 1, "times": 2}),
                ),
                (
                    "POST",
                    "/faults",
                    json!({"name": "F68", "target": {"operation": "chvm"}, "probability": 0.5}),
                ),
                // Held twice: once before the break, once after it.
                (
                    "POST",
                    "/breaks",
                    json!({"id": "twice", "target": {"operation": "chhypervisor --reservezfcp", "command": "sed --in-place"}, "times": 2}),
                ),
                (
                    "POST",
                    "/breaks",
                    json!({"target": {"operation": "rpower"}, "nth": 7}),
                ),
            ];
            for (method, path, body) in &world {
                self.control(method, path, body).await;
            }
            self.held("--reservezfcp scsipol1 used me 1a00 1g").await;
            self.ask("nodes/lnx2/dsh", "command=echo here").await;
            self.ask("nodes/lnx2/dsh", "command=echo here").await;
            self.control("PUT", "/snapshots/middle", &Value::Null).await;
            self.control("POST", "/time/step", &json!({"ms": 1234}))
                .await;
        }

        /// A request that the break point holds, and another one that overtakes it.
        async fn held(&mut self, args: &str) {
            let first = tokio::spawn(self.send("hypervisor/zvm1", args));
            self.control("GET", "/breaks/twice/wait", &Value::Null)
                .await;
            self.ask("vms/lnx1", "--dedicatedevice 1a07 1a07 0").await;
            self.control("POST", "/breaks/twice/release", &Value::Null)
                .await;
            // It is held nowhere else.
            let patience = std::time::Duration::from_mins(1);
            let first = tokio::time::timeout(patience, first).await;
            self.told.push_str(&first.unwrap().unwrap());
        }

        async fn end(&mut self) -> (String, String) {
            self.held("--reservezfcp scsipol1 used you 1a01 1g").await;
            for _ in 0..3 {
                self.ask("nodes/lnx2/dsh", "command=echo here").await;
            }
            self.ask("vms/lnx2", "--dedicatedevice 1a05 1a05 0").await;
            // No break point holds any more.
            self.ask(
                "hypervisor/zvm1",
                "--reservezfcp scsipol1 used last 1a02 1g",
            )
            .await;
            let state = self.control("GET", "/state", &Value::Null).await;
            // The snapshot holds the break point as it was: it holds once more.
            self.control("POST", "/snapshots/middle/restore", &Value::Null)
                .await;
            self.held("--reservezfcp scsipol1 used again 1a01 1g").await;
            (std::mem::take(&mut self.told), state.to_string())
        }
    }

    async fn unbroken() -> (String, String) {
        let mut play = Play::start(None);
        play.begin().await;
        play.end().await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn saved_stopped_started_and_loaded_it_goes_on_with_the_same_bytes() {
        let (told, state) = unbroken().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saved.json");
        let file = file.to_str().unwrap();
        let mut first = Play::start(None);
        first.begin().await;
        let begun = std::mem::take(&mut first.told);
        let run = |args: &[&str]| {
            let output = xcat_sim(args);
            assert!(output.status.success(), "{output:?}");
        };
        run(&["state", "save", file, "--control", &first.served.control]);
        first.served.kill();
        let mut second = Play::start(None);
        run(&["state", "load", file, "--control", &second.served.control]);
        second.told = begun;
        let (told_now, state_now) = second.end().await;
        assert_eq!(told_now, told);
        assert!(state_now == state, "the state differs");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn killed_and_started_on_its_folder_it_goes_on_with_the_same_bytes() {
        let (told, state) = unbroken().await;
        let folder = tempfile::tempdir().unwrap();
        let mut first = Play::start(Some(folder.path()));
        first.begin().await;
        let begun = std::mem::take(&mut first.told);
        first.served.kill();
        let mut second = Play::start(Some(folder.path()));
        second.told = begun;
        let (told_now, state_now) = second.end().await;
        assert_eq!(told_now, told);
        assert!(state_now == state, "the state differs");
    }
}
