//! The same site, seed and requests give the same bytes: in one run and the next, and with a break in the middle.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use xcat_simulator::seam::{Settings, Site};
use xcat_simulator::state::{Origin, SavedState, StateDir};
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
        "tables/nodelist/rows/node=lnx1",
        r#"["comments=changed"]"#,
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
    assert_eq!(state, state_again);
}

#[tokio::test]
async fn a_break_in_the_middle_changes_nothing() {
    let (answers, _, state) = whole().await;
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
        assert_eq!(serde_json::to_string_pretty(&second.save()).unwrap(), state);
    }
}

#[tokio::test]
async fn a_state_folder_gives_back_the_very_state() {
    let (answers, _, state) = whole().await;
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin {
        source: "lab".into(),
        seed: None,
    };
    let open = || StateDir::open(folder.path(), &origin, Settings::default()).unwrap();
    let mut told = String::new();
    for (at, request) in SCENARIO.iter().enumerate() {
        // The site is left as it is: only what the folder holds goes on.
        let (site, dir) = open();
        if at == 0 {
            arm(&site);
            // These came from the library, past the control door: they are kept with a whole state.
            site.keep_whole();
        }
        told += &ask(&site, request).await;
        drop(dir);
    }
    for (line, (now, before)) in told.lines().zip(answers.lines()).enumerate() {
        assert_eq!(now, before, "answer {}", line + 1);
    }
    let (site, _dir) = open();
    assert_eq!(serde_json::to_string_pretty(&site.save()).unwrap(), state);
}
