//! The control door over the network.

use serde_json::{Value, json};
use xcat_simulator::Simulator;
use xcat_simulator::control::ROUTES;

use crate::server::client;

struct Door {
    simulator: Simulator,
    client: reqwest::Client,
}

impl Door {
    async fn open() -> Self {
        Self {
            simulator: Simulator::builder()
                .http()
                .control("127.0.0.1:0".parse().unwrap())
                .start()
                .await
                .unwrap(),
            client: client(None),
        }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = self.simulator.control_url().unwrap() + path;
        let mut request = self.client.request(method.parse().unwrap(), url);
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {value}");
        value
    }

    async fn xcat(&self, prefix: &str, path: &str, args: &str) -> String {
        let url = format!(
            "{}{prefix}/xcatws/{path}?userName=admin&password=admin&format=json",
            self.simulator.url()
        );
        let answer = self
            .client
            .put(url)
            .header("Content-Type", "application/json")
            .body(format!("[\"{args}\"]"))
            .send()
            .await
            .unwrap();
        answer.text().await.unwrap()
    }
}

#[tokio::test]
async fn faults_are_set_counted_refused_and_taken_away() {
    let door = Door::open().await;
    let (status, refusal) = door
        .call(
            "POST",
            "/worlds/default/faults",
            json!({"name": "F37", "target": {"lun": "4099"}}),
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        refusal["error"],
        "target lun: the SAN has no LUN 0000000000004099"
    );
    let rule = json!({"name": "ssh-no-route", "target": {"zhcp": "zhcp1"}, "times": 1});
    assert_eq!(
        door.ok("POST", "/worlds/default/faults", rule).await["id"],
        "f1"
    );
    let reserve = "--reservezfcp scsipol1 used me 1a00 1g";
    let first = door.xcat("", "hypervisor/zvm1", reserve).await;
    let second = door.xcat("", "hypervisor/zvm1", reserve).await;
    assert_ne!(first, second);
    let gone = door
        .ok("DELETE", "/worlds/default/faults/f1", Value::Null)
        .await;
    assert_eq!((&gone["hits"], &gone["layer"]), (&json!(1), &json!("ssh")));
    let journal = door
        .ok("GET", "/worlds/default/journal?limit=2", Value::Null)
        .await;
    assert_eq!(
        journal["requests"][0]["commands"][0]["faults"],
        json!(["f1"])
    );
    assert!(
        journal["requests"][1]
            .to_string()
            .contains("pool zhcp1/scsipol1: +used"),
        "{journal}"
    );
}

#[tokio::test]
async fn the_journal_asserts_and_explains_near_misses() {
    let door = Door::open().await;
    door.xcat(
        "",
        "hypervisor/zvm1",
        "--reservezfcp scsipol1 used me 1a00 1g",
    )
    .await;
    let none = json!({"target": {"zhcp": "zhcp1", "command": "rm "}, "at_most": 0});
    let verdict = door
        .ok("POST", "/worlds/default/journal/assert", none)
        .await;
    assert_eq!(
        (&verdict["holds"], &verdict["count"]),
        (&json!(true), &json!(0))
    );
    let some = json!({"target": {"zhcp": "zhcp2", "command": "sed --in-place"}});
    let verdict = door
        .ok("POST", "/worlds/default/journal/assert", some)
        .await;
    assert_eq!(verdict["holds"], false);
    assert_eq!(verdict["near_misses"][0]["differs"], json!(["zhcp"]));
    let waited = door
        .ok(
            "POST",
            "/worlds/default/journal/wait",
            json!({"target": {"operation": "chhypervisor"}}),
        )
        .await;
    assert_eq!(waited["requests"][0]["http"]["status"], 200);
}

#[tokio::test]
async fn state_is_reset_compared_and_goes_back_to_snapshots() {
    let door = Door::open().await;
    let diff = || door.ok("POST", "/worlds/default/state/diff", Value::Null);
    assert_eq!(diff().await["differences"], json!([]));
    door.ok("PUT", "/worlds/default/snapshots/before", Value::Null)
        .await;
    let path = "/worlds/default/pools/zhcp1/scsipol1";
    let row = "free,500507630300c562,4010403300000000,1G,1A00-1A0F,,,edited";
    door.ok(
        "POST",
        &format!("{path}/rows"),
        json!({"line": 2, "text": row}),
    )
    .await;
    let text = door.ok("GET", path, Value::Null).await["text"].to_string();
    assert!(text.contains("edited"));
    let seen = door
        .xcat(
            "",
            "nodes/zhcp1/dsh",
            "command=grep -c edited /var/opt/zhcp/zfcp/scsipol1.conf",
        )
        .await;
    assert!(seen.contains("zhcp1: 1"), "{seen}");
    let found = diff().await;
    assert!(
        found.to_string().contains("scsipol1.conf/text:2"),
        "{found}"
    );
    door.ok(
        "POST",
        "/worlds/default/snapshots/before/restore",
        Value::Null,
    )
    .await;
    assert_eq!(diff().await["differences"], json!([]));
    let newer = json!({"schema": 9, "world": {}});
    let (status, refusal) = door.call("PUT", "/worlds/default/state", newer).await;
    assert_eq!(status, 400);
    assert!(
        refusal["error"]
            .as_str()
            .unwrap()
            .starts_with("schema 9 is newer")
    );
}

#[tokio::test]
async fn worlds_live_side_by_side() {
    let door = Door::open().await;
    door.ok(
        "POST",
        "/worlds",
        json!({"name": "two", "site": "lab", "seed": 3}),
    )
    .await;
    let reserve = "--reservezfcp scsipol1 used me 1a00 1g";
    let (one, two) = (
        door.xcat("", "hypervisor/zvm1", reserve).await,
        door.xcat("/worlds/two", "hypervisor/zvm1", reserve).await,
    );
    assert_eq!(one, two, "each has its own first LUN");
    door.ok("DELETE", "/worlds/two", Value::Null).await;
    assert!(
        door.xcat("/worlds/two", "hypervisor/zvm1", reserve)
            .await
            .contains("404")
    );
    let (status, _) = door.call("DELETE", "/worlds/default", Value::Null).await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn san_guests_and_time_are_changed_by_hand() {
    let door = Door::open().await;
    let volume = json!({"volume": "fresh", "bytes": 1 << 30});
    door.ok(
        "PUT",
        "/worlds/default/san/luns/500507630300c562/40ff000000000000",
        volume,
    )
    .await;
    door.ok(
        "PUT",
        "/worlds/default/san/masks/fresh",
        json!(["c05076e8a0001a00"]),
    )
    .await;
    door.ok(
        "PUT",
        "/worlds/default/san/zones/z",
        json!(["c05076e8a0001a00", "500507630300c562"]),
    )
    .await;
    door.ok(
        "PUT",
        "/worlds/default/san/ports/500507630300c562",
        json!({"online": true}),
    )
    .await;
    let off = door
        .ok(
            "PUT",
            "/worlds/default/guests/lnx1/power",
            json!({"on": false}),
        )
        .await;
    assert_eq!(off["on"], false);
    let power = door.xcat("", "nodes/lnx1/power", "stat").await;
    assert!(power.contains("off"), "{power}");
    let before = door.ok("GET", "/worlds/default/time", Value::Null).await["now_ms"].as_u64();
    let after = door
        .ok("POST", "/worlds/default/time/step", json!({"ms": 250}))
        .await["now_ms"]
        .as_u64();
    assert_eq!(before.map(|t| t + 250), after);
}

#[tokio::test]
async fn the_description_has_every_route_and_web_pages_are_kept_out() {
    let door = Door::open().await;
    let description = door.ok("GET", "/openapi.json", Value::Null).await;
    for route in ROUTES {
        let operation = &description["paths"][route.path][route.method.to_ascii_lowercase()];
        assert_eq!(
            operation["summary"], route.summary,
            "{} {}",
            route.method, route.path
        );
    }
    let url = door.simulator.control_url().unwrap() + "/worlds";
    let answer = door
        .client
        .get(url)
        .header("Origin", "http://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let (status, _) = door.call("GET", "/nothing", Value::Null).await;
    assert_eq!(status, 404);
}
