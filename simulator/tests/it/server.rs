//! A simulator started in process, met over the network.

use xcat_simulator::{Simulator, StartError};

/// A client that trusts this certificate, and plain HTTP.
pub fn client(certificate: Option<&str>) -> reqwest::Client {
    // A second call finds the provider in place.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(pem) = certificate {
        let ca = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        builder = builder.tls_certs_only([ca]);
    }
    builder.build().unwrap()
}

const NODES: &str = "/xcatws/nodes?userName=admin&password=admin&format=json";

#[tokio::test]
async fn it_answers_over_http_and_https_alike() {
    let plain = Simulator::builder().http().start().await.unwrap();
    assert_eq!(plain.certificate_pem(), None);
    let secure = Simulator::builder().site("lab").start().await.unwrap();
    assert!(secure.url().starts_with("https://127.0.0.1:"));
    let mut bodies = Vec::new();
    for simulator in [&plain, &secure] {
        let client = client(simulator.certificate_pem());
        let answer = client.get(simulator.url() + NODES).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        bodies.push(answer.text().await.unwrap());
    }
    assert!(bodies[0].contains("lnx1"), "{}", bodies[0]);
    assert_eq!(bodies[0], bodies[1]);
    secure.stop().await;
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let simulator = Simulator::builder().http().start().await.unwrap();
    let url = simulator.url() + NODES;
    drop(simulator);
    tokio::task::yield_now().await;
    let error = client(None).get(url).send().await.unwrap_err();
    assert!(error.is_connect() || error.is_request(), "{error}");
}

#[tokio::test]
async fn an_address_of_the_world_is_refused_without_leave() {
    let open = Simulator::builder().listen("0.0.0.0:0".parse().unwrap());
    assert!(matches!(
        open.clone().start().await,
        Err(StartError::Remote(_))
    ));
    open.allow_remote().http().start().await.unwrap();
}

async fn put(client: &reqwest::Client, url: &str, path: &str, args: &str) -> String {
    let url = format!("{url}/xcatws/{path}?userName=admin&password=admin&format=json");
    let request = client.put(url).header("Content-Type", "application/json");
    let answer = request.body(format!("[\"{args}\"]")).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn worlds_by_port_do_not_see_each_other() {
    let any = "127.0.0.1:0".parse().unwrap();
    let simulator = Simulator::builder()
        .world("two", "lab", Some(any))
        .world("three", "empty", None)
        .start()
        .await
        .unwrap();
    let client = client(simulator.certificate_pem());
    let url = |name: &str| simulator.world_url(name).unwrap();
    assert!(url("two").starts_with("https://127.0.0.1:"));
    assert!(!url("two").contains("worlds") && url("three").ends_with("/worlds/three"));
    assert_eq!(simulator.world_url("four"), None);
    let reserve = "--reservezfcp scsipol1 used me 1a00 1g";
    let one = put(&client, &url("default"), "hypervisor/zvm1", reserve).await;
    let two = put(&client, &url("two"), "hypervisor/zvm1", reserve).await;
    assert_eq!(one, two, "each has its own first LUN");
    // The path and the port lead to the same world.
    let by_path = format!("{}/worlds/two", simulator.url());
    let again = put(&client, &by_path, "hypervisor/zvm1", reserve).await;
    assert_ne!(again, two);
    let site = |name: &str| simulator.worlds().get(name).unwrap().site;
    let requests = |name: &str| site(name).journal.lock().last_id();
    assert_eq!(
        (requests("default"), requests("two"), requests("three")),
        (1, 2, 0)
    );
    // A fault, a clock and a state of one are not another's.
    let fault = r#"{"name":"ssh-no-route","target":{"zhcp":"zhcp1"}}"#;
    site("two")
        .add_fault(serde_json::from_str(fault).unwrap())
        .unwrap();
    site("two").step_clock(1_000);
    let fine = put(&client, &url("default"), "hypervisor/zvm1", reserve).await;
    let failing = put(&client, &url("two"), "hypervisor/zvm1", reserve).await;
    assert!(
        fine.contains("Done") && !failing.contains("Done"),
        "{fine} {failing}"
    );
    assert_ne!(site("default").now_ms(), site("two").now_ms());
    // A world that is taken away takes its port with it.
    let gone = url("two");
    assert!(simulator.worlds().remove("two"));
    let sent = client.get(gone + NODES).send().await;
    assert!(sent.is_err(), "{sent:?}");
    let answer = client.get(simulator.url() + NODES).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn worlds_are_kept_in_the_state_folder_and_go_with_their_removal() {
    let folder = tempfile::tempdir().unwrap();
    let control = "127.0.0.1:0".parse().unwrap();
    let start = || {
        Simulator::builder()
            .http()
            .control(control)
            .state_dir(folder.path())
            .start()
    };
    let simulator = start().await.unwrap();
    let client = client(None);
    for name in ["kept", "gone"] {
        let url = simulator.control_url().unwrap() + "/worlds";
        let body = format!(
            r#"{{"name":"{name}","text":{},"listen":"127.0.0.1:0","repaired":["Q1"]}}"#,
            serde_json::to_string(xcat_simulator::site::LAB).unwrap()
        );
        let answer = client.post(url).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let reserve = "--reservezfcp scsipol1 used me 1a00 1g";
    let first = put(
        &client,
        &simulator.world_url("kept").unwrap(),
        "hypervisor/zvm1",
        reserve,
    )
    .await;
    assert!(first.contains("Done"));
    assert!(simulator.worlds().remove("gone"));
    let state = |simulator: &Simulator| {
        let site = simulator.worlds().get("kept").unwrap().site;
        serde_json::to_string(&site.save()).unwrap()
    };
    let before = state(&simulator);
    simulator.stop().await;
    let simulator = start().await.unwrap();
    assert_eq!(simulator.worlds().names(), ["default", "kept"]);
    assert!(state(&simulator) == before);
    let kept = simulator.worlds().get("kept").unwrap();
    assert!(kept.address().is_some());
    assert_eq!(kept.site.settings.repaired, ["Q1"]);
    assert_eq!(kept.site.journal.lock().last_id(), 1);
}

#[tokio::test]
async fn changes_by_the_library_are_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Simulator::builder()
            .http()
            .state_dir(folder.path())
            .durability(xcat_simulator::state::Durability::Power)
            .start()
    };
    let simulator = start().await.unwrap();
    let site = simulator.site();
    let path = "/var/opt/zhcp/zfcp/new.conf";
    {
        let mut world = site.edit();
        let now = world.now_ms;
        let zhcp = world.linuxes.get_mut("zhcp1").unwrap();
        zhcp.fs
            .write(path, "#status,wwpn,lun,size,range,owner,channel,tag\n", now);
    }
    let point = r#"{"id":"b","target":{"zhcp":"zhcp1"}}"#;
    site.add_break(serde_json::from_str(point).unwrap())
        .unwrap();
    site.step_clock(77);
    let before = serde_json::to_string(&site.save()).unwrap();
    drop(simulator);
    let simulator = start().await.unwrap();
    let after = serde_json::to_string(&simulator.site().save()).unwrap();
    assert!(after == before);
    assert!(
        simulator.site().look().linuxes["zhcp1"]
            .fs
            .pool(path)
            .is_some()
    );
}
