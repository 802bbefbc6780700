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
