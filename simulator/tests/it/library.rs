//! Whatever the control door can do, a program that holds the site can do with a method, to the same effect.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use xcat_simulator::control::{self, JournalQuery, ROUTES, Verb};
use xcat_simulator::seam::{BreakPoint, ClockSettings, FaultRequest, LatencyState, LineEdit, Site};
use xcat_simulator::server::{Hosted, WorldOptions, Worlds};
use xcat_simulator::state::SavedState;
use xcat_simulator::world::{Lun, Wwpn};
use xcat_simulator::{Simulator, cli};

use crate::parity::fits;

const PORT: Wwpn = Wwpn(0x5005_0763_0300_c562);
const INITIATOR: Wwpn = Wwpn(0xc050_76e8_a000_1a00);
const LUN: Lun = Lun(0x40ff_0000_0000_0000);

/// What a method gives, as the door gives it; null where the door gives more than the method, which is then compared by
/// its effect only.
type Method = fn(&Hosted, &Worlds) -> Value;

/// Does something with the site and gives nothing that is compared.
fn done<T>(_: T) -> Value {
    Value::Null
}

/// The same for what may fail and did not.
fn ok<E: std::fmt::Debug>(result: Result<(), E>) -> Value {
    result.unwrap();
    Value::Null
}

fn site(hosted: &Hosted) -> &Site {
    &hosted.site
}

fn value<T: serde::Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Routes as they are asked, and the method that does the same; in an order in which each finds what it needs.
#[rustfmt::skip]
const METHODS: &[(&str, &str, &str, Method)] = &[
    ("GET", "/faults", "", |_, _| done(xcat_simulator::seam::catalogue())),
    ("GET", "/pages/faults", "", |_, _| json!({"page": "faults", "markdown": cli::reference("faults")})),
    ("GET", "/worlds", "", |_, w| json!({"worlds": w.names(), "urls": w.urls(), "xcatd": w.native_addresses()})),
    ("POST", "/worlds", r#"{"name":"two","site":"empty"}"#, |_, w| {
        done(w.add("two", WorldOptions { source: "empty".into(), ..WorldOptions::default() }).unwrap())
    }),
    ("GET", "/worlds/{world}", "", |h, _| done(site(h).look().name.clone())),
    ("DELETE", "/worlds/two", "", |_, w| { assert!(w.remove("two")); json!({"removed": "two"}) }),
    ("POST", "/worlds/{world}/faults", r#"{"name":"F15","target":{"device":"1a00"}}"#, |h, _| {
        let request: FaultRequest = serde_json::from_str(r#"{"name":"F15","target":{"device":"1a00"}}"#).unwrap();
        value(site(h).add_fault(request).unwrap())
    }),
    ("GET", "/worlds/{world}/faults", "", |h, _| json!({"faults": site(h).fault_rules()})),
    ("DELETE", "/worlds/{world}/faults/f1", "", |h, _| value(site(h).remove_fault("f1").unwrap())),
    ("DELETE", "/worlds/{world}/faults", "", |h, _| json!({"removed": site(h).clear_faults()})),
    ("POST", "/worlds/{world}/breaks", r#"{"id":"b","nth":3}"#, |h, _| {
        let point: BreakPoint = serde_json::from_str(r#"{"id":"b","nth":3}"#).unwrap();
        json!({"id": site(h).add_break(point).unwrap()})
    }),
    ("GET", "/worlds/{world}/breaks", "", |h, _| json!({"breaks": site(h).break_points()})),
    ("POST", "/worlds/{world}/breaks/b/release", "", |h, _| json!({"released": site(h).release_break("b")})),
    ("DELETE", "/worlds/{world}/breaks/b", "", |h, _| { assert!(site(h).remove_break("b")); json!({"removed": "b"}) }),
    ("PUT", "/worlds/{world}/latency", r#"{"profiles":[{"command":"smcli","time":{"kind":"constant","ms":5}}]}"#, |h, _| {
        let text = r#"{"profiles":[{"command":"smcli","time":{"kind":"constant","ms":5}}]}"#;
        let state: LatencyState = serde_json::from_str(text).unwrap();
        site(h).set_latency(state).unwrap();
        value(site(h).latencies())
    }),
    ("GET", "/worlds/{world}/latency", "", |h, _| value(site(h).latencies())),
    ("PUT", "/worlds/{world}/time", r#"{"frozen":true}"#, |h, _| {
        site(h).set_clock(ClockSettings { frozen: true, scale: 0.0 });
        Value::Null
    }),
    ("POST", "/worlds/{world}/time/step", r#"{"ms":250}"#, |h, _| done(site(h).step_clock(250))),
    ("GET", "/worlds/{world}/time", "", |h, _| {
        let settings = site(h).clock_settings();
        json!({"now_ms": site(h).now_ms(), "frozen": settings.frozen, "scale": settings.scale})
    }),
    ("GET", "/worlds/{world}/journal", "", |h, _| done(JournalQuery::default().run(site(h)).unwrap())),
    ("POST", "/worlds/{world}/journal/query", "{}", |h, _| done(JournalQuery::default().run(site(h)).unwrap())),
    ("POST", "/worlds/{world}/journal/assert", r#"{"at_most":0}"#, |h, _| {
        let assertion: control::Assertion = serde_json::from_str(r#"{"at_most":0}"#).unwrap();
        value(assertion.check(site(h)).unwrap())
    }),
    ("PUT", "/worlds/{world}/snapshots/one", "", |h, _| { site(h).take_snapshot("one"); json!({"snapshot": "one"}) }),
    ("GET", "/worlds/{world}/snapshots", "", |h, _| json!({"snapshots": site(h).snapshot_names()})),
    ("GET", "/worlds/{world}/pools", "", |h, _| {
        let pools: Vec<Value> = site(h).pool_files().iter().map(|(z, p)| json!({"zhcp": z, "pool": p})).collect();
        json!({"pools": pools})
    }),
    ("PUT", "/worlds/{world}/pools/zhcp1/mine", "{\"text\":\"#status\\nfree\\n\"}", |h, _| {
        ok(site(h).set_pool_text("zhcp1", "mine", "#status\nfree\n"))
    }),
    ("POST", "/worlds/{world}/pools/zhcp1/mine/rows", r#"{"line":2,"text":"used"}"#, |h, _| {
        ok(site(h).edit_pool_line("zhcp1", "mine", 2, LineEdit::Replace("used".to_owned())))
    }),
    ("POST", "/worlds/{world}/pools/zhcp1/mine/rows", r#"{"line":3,"text":"last","insert":true}"#, |h, _| {
        ok(site(h).edit_pool_line("zhcp1", "mine", 3, LineEdit::Insert("last".to_owned())))
    }),
    ("POST", "/worlds/{world}/pools/zhcp1/mine/rows", r#"{"line":2}"#, |h, _| {
        ok(site(h).edit_pool_line("zhcp1", "mine", 2, LineEdit::Delete))
    }),
    ("GET", "/worlds/{world}/pools/zhcp1/mine", "", |h, _| json!({"text": site(h).pool_text("zhcp1", "mine").unwrap()})),
    ("PUT", "/worlds/{world}/san/zones/z", r#"["500507630300c562"]"#, |h, _| {
        site(h).set_zone("z", [PORT]);
        value(site(h).san().zones)
    }),
    ("DELETE", "/worlds/{world}/san/zones/z", "", |h, _| {
        assert_eq!(site(h).remove_zone("z").unwrap(), [PORT].into());
        value(site(h).san().zones)
    }),
    ("PUT", "/worlds/{world}/san/luns/500507630300c562/40ff000000000000", r#"{"volume":"fresh","bytes":4096}"#, |h, _| {
        site(h).set_lun(PORT, LUN, "fresh", Some(4096)).unwrap();
        value(site(h).san().luns.get(&PORT))
    }),
    ("PUT", "/worlds/{world}/san/masks/fresh", r#"["c05076e8a0001a00"]"#, |h, _| {
        site(h).set_mask("fresh", [INITIATOR]).unwrap();
        value(site(h).san().masks.get("fresh"))
    }),
    ("PUT", "/worlds/{world}/san/ports/500507630300c562", r#"{"online":false}"#, |h, _| {
        site(h).set_port(PORT, xcat_simulator::world::san::TargetPort::default());
        value(site(h).san().ports)
    }),
    ("GET", "/worlds/{world}/san", "", |h, _| value(site(h).san())),
    ("DELETE", "/worlds/{world}/san/luns/500507630300c562/40ff000000000000", "", |h, _| {
        json!({"removed": site(h).remove_lun(PORT, LUN).unwrap()})
    }),
    ("GET", "/worlds/{world}/guests", "", |h, _| json!({"guests": site(h).guests()})),
    ("PUT", "/worlds/{world}/guests/lnx1/power", r#"{"on":false}"#, |h, _| {
        json!({"host": "lnx1", "on": site(h).set_power("lnx1", false).unwrap()})
    }),
    ("POST", "/worlds/{world}/state/diff", "", |h, _| json!({"differences": h.changed().unwrap()})),
    ("GET", "/worlds/{world}/state", "", |h, _| value(site(h).save())),
    ("POST", "/worlds/{world}/snapshots/one/restore", "", |h, _| {
        let state = site(h).snapshot("one").unwrap();
        ok(site(h).restore(state))
    }),
    ("DELETE", "/worlds/{world}/snapshots/one", "", |h, _| { assert!(site(h).forget_snapshot("one")); json!({"removed": "one"}) }),
    ("POST", "/worlds/{world}/state/reset", "", |h, _| ok(h.reset())),
    ("PUT", "/worlds/{world}/state", "{state}", |h, _| {
        let state = SavedState::from_value(value(site(h).save())).unwrap();
        ok(site(h).restore(state))
    }),
];

/// Methods that wait, each with a test of its own.
const WAITING: &[(&str, &str)] = &[
    ("/worlds/{world}/breaks/{id}/wait", "Site::wait_held"),
    ("/worlds/{world}/journal/wait", "Site::wait_for"),
];

#[tokio::test]
async fn every_verb_of_the_door_has_a_method_to_the_same_effect() {
    for route in ROUTES {
        let has_method = METHODS
            .iter()
            .any(|(m, p, ..)| *m == route.method && fits(route.path, p));
        let waits =
            matches!(route.verb, Verb::Wait(_)) && WAITING.iter().any(|(p, _)| *p == route.path);
        assert!(
            has_method || waits,
            "no method for {} {}",
            route.method,
            route.path
        );
    }
    let asked = Simulator::builder().http().start().await.unwrap();
    let called = Simulator::builder().http().start().await.unwrap();
    let door = control::router(asked.worlds().clone());
    for (method, path, body, call) in METHODS {
        let path = path.replace("{world}", "default");
        let body = match *body {
            "{state}" => value(asked.site().save()).to_string(),
            body => body.to_owned(),
        };
        let what = format!("{method} {path}");
        let request = Request::builder()
            .method(*method)
            .uri(&path)
            .body(Body::from(body))
            .unwrap();
        let answer = door.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let text = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        let told: Value = serde_json::from_slice(&text).unwrap();
        assert!(status.is_success(), "{what}: {told}");
        let given = call(&called.worlds().get("default").unwrap(), called.worlds());
        if !given.is_null() {
            assert_eq!(told, given, "{what}");
        }
        assert_eq!(
            value(asked.site().save()),
            value(called.site().save()),
            "{what}"
        );
        assert_eq!(asked.worlds().names(), called.worlds().names(), "{what}");
    }
}
