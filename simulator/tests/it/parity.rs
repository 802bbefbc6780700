//! Whatever the control door can do, `xcat-sim` can do; and what comes to the door as nonsense is refused with a reason.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use proptest::prelude::*;
use serde_json::{Value, json};
use xcat_simulator::Simulator;
use xcat_simulator::control::{self, ROUTES};
use xcat_simulator::server::{Listener, Worlds};

use crate::process::xcat_sim;
use crate::server::client;

const LUN: &str = "4010403300000000";
const WWPN: &str = "500507630300c562";

/// Routes and the command that calls them, in an order in which each finds what it needs. `{saved}` is a file with a saved
/// state, `{rows}` one with a pool.
#[rustfmt::skip]
const COMMANDS: &[(&str, &str, &str)] = &[
    ("POST", "/worlds", "world add two --site empty --repair Q1 --listen 127.0.0.1:0"),
    ("GET", "/worlds", "world list"),
    ("GET", "/worlds/{world}", "world show --world two"),
    ("DELETE", "/worlds/{world}", "world remove two"),
    ("POST", "/worlds/{world}/faults", "fault add ssh-no-route --zhcp zhcp2 --times 1"),
    ("GET", "/worlds/{world}/faults", "fault list"),
    ("DELETE", "/worlds/{world}/faults/{id}", "fault remove f1"),
    ("DELETE", "/worlds/{world}/faults", "fault remove"),
    ("GET", "/worlds/{world}/breaks", "break list"),
    ("GET", "/worlds/{world}/breaks/{id}/wait", "break wait held"),
    ("POST", "/worlds/{world}/breaks/{id}/release", "break release held"),
    ("DELETE", "/worlds/{world}/breaks/{id}", "break remove held"),
    ("GET", "/worlds/{world}/latency", "latency show"),
    ("PUT", "/worlds/{world}/latency", r#"latency set {"profiles":[{"command":"smcli","time":{"kind":"constant","ms":5}}]}"#),
    ("PUT", "/worlds/{world}/latency", "latency clear"),
    ("GET", "/worlds/{world}/time", "time show"),
    ("PUT", "/worlds/{world}/time", "time freeze"),
    ("PUT", "/worlds/{world}/time", "time scale 0"),
    ("POST", "/worlds/{world}/time/step", "time step 250"),
    ("POST", "/worlds/{world}/journal/wait", "wait --operation chhypervisor"),
    ("GET", "/worlds/{world}/journal", "journal --limit 3"),
    ("POST", "/worlds/{world}/journal/assert", "assert --zhcp zhcp1 --command sed"),
    ("GET", "/worlds/{world}/state", "state save {saved}"),
    ("PUT", "/worlds/{world}/state", "state load {saved}"),
    ("PUT", "/worlds/{world}/snapshots/{name}", "state snapshot one"),
    ("GET", "/worlds/{world}/snapshots", "state snapshots"),
    ("POST", "/worlds/{world}/snapshots/{name}/restore", "state restore one"),
    ("DELETE", "/worlds/{world}/snapshots/{name}", "state forget one"),
    ("POST", "/worlds/{world}/state/reset", "state reset"),
    ("POST", "/worlds/{world}/state/diff", "state diff"),
    ("GET", "/worlds/{world}/pools", "pool list"),
    ("GET", "/worlds/{world}/pools/{zhcp}/{pool}", "pool show zhcp1 scsipol1"),
    ("PUT", "/worlds/{world}/pools/{zhcp}/{pool}", "pool set zhcp1 scsipol1 {rows}"),
    ("POST", "/worlds/{world}/pools/{zhcp}/{pool}/rows", "pool row zhcp1 scsipol1 2 free,a,b,1G,,,, --insert"),
    ("POST", "/worlds/{world}/pools/{zhcp}/{pool}/rows", "pool row zhcp1 scsipol1 2 --delete"),
    ("GET", "/worlds/{world}/san", "san show"),
    ("PUT", "/worlds/{world}/san/zones/{name}", "san zone z 500507630300c562 c05076e8a0001a00"),
    ("DELETE", "/worlds/{world}/san/zones/{name}", "san unzone z"),
    ("PUT", "/worlds/{world}/san/luns/{wwpn}/{lun}", "san lun 500507630300c562 40ff000000000000 fresh --bytes 1073741824"),
    ("PUT", "/worlds/{world}/san/masks/{volume}", "san mask fresh c05076e8a0001a00"),
    ("DELETE", "/worlds/{world}/san/luns/{wwpn}/{lun}", "san unlun 500507630300c562 40ff000000000000"),
    ("PUT", "/worlds/{world}/san/ports/{wwpn}", "san port 500507630300c562 --refuses-login"),
    ("GET", "/worlds/{world}/guests", "guest list"),
    ("PUT", "/worlds/{world}/guests/{host}/power", "guest power lnx1 off"),
];

/// Routes without a command that asks the door, and why.
const LOCAL: &[(&str, &str, &str)] = &[
    ("GET", "/faults", "'fault names' knows them itself"),
    ("GET", "/pages/{page}", "'reference' writes them itself"),
    (
        "POST",
        "/worlds/{world}/journal/query",
        "'journal' and 'wait' ask the same",
    ),
    (
        "POST",
        "/worlds/{world}/breaks",
        "set while a request is sent, below",
    ),
];

/// Whether a path is one of a route's.
pub fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(want, is)| want.starts_with('{') || *want == is)
}

/// Methods and paths.
type Asked = Vec<(String, String)>;

/// A control door that notes what it is asked.
fn noting(worlds: &Worlds) -> (Listener, Arc<Mutex<Asked>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&asked);
    let router =
        control::router(worlds.clone()).layer(from_fn(move |request: Request, next: Next| {
            let path = request.uri().path().to_owned();
            note.lock()
                .unwrap()
                .push((request.method().to_string(), path));
            next.run(request)
        }));
    let door = Listener::start("127.0.0.1:0".parse().unwrap(), None, router).unwrap();
    (door, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_of_the_door_has_a_command() {
    for route in ROUTES {
        let listed = COMMANDS.iter().chain(LOCAL);
        assert!(
            listed
                .clone()
                .any(|(m, p, _)| (*m, *p) == (route.method, route.path)),
            "no command for {} {}",
            route.method,
            route.path
        );
    }
    let simulator = Simulator::builder().http().start().await.unwrap();
    let (door, asked) = noting(simulator.worlds());
    let address = door.address().to_string();
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows");
    std::fs::write(
        &rows,
        "#status,wwpn,lun,size,range,owner,channel,tag\nfree,a,b,1G,,,,\n",
    )
    .unwrap();
    let run = |line: &str, expected: &[i32]| {
        let words: Vec<String> = line
            .split(' ')
            .map(|w| w.replace("{saved}", folder.path().join("saved").to_str().unwrap()))
            .map(|w| w.replace("{rows}", rows.to_str().unwrap()))
            .collect();
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.extend(["--control", &address]);
        let output = xcat_sim(&args);
        let status = output.status.code().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            expected.contains(&status),
            "xcat-sim {line}: {status}, {said}"
        );
    };
    run(
        "break add --id held --operation chhypervisor --command sed --until rmvm --times 1",
        &[0],
    );
    let url = format!(
        "{}/xcatws/hypervisor/zvm1?userName=admin&password=admin&format=json",
        simulator.url()
    );
    let reserve = client(None)
        .put(url)
        .header("Content-Type", "application/json")
        .body(r#"["--reservezfcp scsipol1 used me 1a00 1g"]"#);
    let held = tokio::spawn(reserve.send());
    for (method, pattern, line) in COMMANDS {
        asked.lock().unwrap().clear();
        // A diff finds something after all that.
        run(
            line,
            if line.starts_with("state diff") {
                &[0, 6]
            } else {
                &[0]
            },
        );
        let asked = asked.lock().unwrap().clone();
        assert!(
            asked
                .iter()
                .any(|(m, path)| m == method && fits(pattern, path)),
            "xcat-sim {line} asked {asked:?}, not {method} {pattern}"
        );
    }
    held.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_that_does_not_hold_has_its_own_status() {
    let simulator = Simulator::builder()
        .http()
        .control("127.0.0.1:0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let door = simulator.control_url().unwrap();
    let ask = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--control", &door]);
        let output = xcat_sim(&all);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), verdict)
    };
    let untouched = ["assert", "--lun", LUN, "--wwpn", WWPN, "--at-most", "0"];
    assert_eq!(ask(&untouched).0, 0);
    let attach = format!("--addzfcp scsipol1 1a00 0 1G 0 {WWPN} {LUN}");
    let url = format!(
        "{}/xcatws/vms/lnx1?userName=admin&password=admin&format=json",
        simulator.url()
    );
    let request = client(None)
        .put(url)
        .header("Content-Type", "application/json");
    request
        .body(format!("[\"{attach}\"]"))
        .send()
        .await
        .unwrap();
    let (status, verdict) = ask(&untouched);
    assert_eq!((status, &verdict["holds"]), (6, &json!(false)));
    let (status, verdict) = ask(&["assert", "--zhcp", "zhcp2", "--command", "smcli"]);
    assert_eq!(status, 6);
    assert_eq!(verdict["near_misses"][0]["differs"], json!(["zhcp"]));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "name",
            "target",
            "effect",
            "kind",
            "lun",
            "times",
            "ms",
            "profiles",
            "time",
            "schema",
            "world",
            "text",
            "line",
            "frozen",
            "scale",
            "volume",
            "bytes",
            "on",
            "online",
            "since",
            "limit",
            "snapshot",
            "site",
            "when",
            "id",
            "command",
            "random_state",
            "settings",
            "faults",
            "until",
            "nth",
            "timeout_ms",
            "listen",
            "release",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "F37",
            "ssh-timeout",
            "(",
            "constant",
            "before",
            "lab",
            LUN,
            "-1",
            "\u{0}"
        ])
        .prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Whatever is sent to any route, it is done or refused with a reason, and the door still answers.
#[test]
fn nonsense_is_refused_with_a_reason() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let simulator = runtime
        .block_on(
            Simulator::builder()
                .http()
                .control("127.0.0.1:0".parse().unwrap())
                .start(),
        )
        .unwrap();
    let door = simulator.control_url().unwrap();
    let client = client(None);
    let send = |method: &str, path: &str, body: String| {
        let request = client
            .request(method.parse().unwrap(), format!("{door}{path}"))
            .body(body);
        runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    };
    let judge = |what: &str, (status, text): (u16, String)| {
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{what}: {e}: {text}"));
        if status == 200 {
            return;
        }
        assert!((400..500).contains(&status), "{what}: {status} {text}");
        let reason = value["error"].as_str().unwrap_or_default();
        assert!(!reason.is_empty(), "{what}: {text}");
    };
    let part = "[a-z0-9%./ \u{e9}-]{0,8}";
    // Waiting is what those are for.
    let routes: Vec<_> = ROUTES
        .iter()
        .filter(|r| !r.path.ends_with("/wait"))
        .collect();
    let config = ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(route in prop::sample::select(routes.clone()), body in any_json(), name in part, cut in 0_usize..40)| {
        let path: Vec<String> = route
            .path
            .split('/')
            .map(|p| match p {
                "{world}" => "default".to_owned(),
                p if p.starts_with('{') => control::part(&name),
                p => p.to_owned(),
            })
            .collect();
        let path = path.join("/");
        let what = format!("{} {path} {body}", route.method);
        let text = body.to_string();
        judge(&what, send(route.method, &path, text.clone()));
        // A body that ends too early.
        let end = (0..=cut.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        judge(&what, send(route.method, &path, text[..end].to_owned()));
    });
    let deep = "[".repeat(100_000);
    judge("deep", send("POST", "/worlds/default/faults", deep));
    let (status, text) = send(
        "POST",
        "/worlds/default/faults",
        r#"{"name":"F37","target":{"lun":"1","colour":"red"}}"#.to_owned(),
    );
    assert_eq!(status, 400);
    assert!(text.contains("unknown field `colour`"), "{text}");
    assert_eq!(send("GET", "/health", String::new()).0, 200);
}
