//! The five steps of zfcp configuration (IODF, zones, LUN masks, the device attached under z/VM, the driver in the
//! guest), each in a site file, each absent or wrong in a file that builds on it (`fixtures/sites/zfcp`): the same attach
//! over the REST door fails in ten ways, as in life (spec: zfcp-and-san 3.1, 3.8, 8.1).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use xcat_simulator::rest;
use xcat_simulator::seam::{Settings, Site};
use xcat_simulator::site;

const ADMIN: &str = "userName=admin&password=admin&format=json";

/// The steps, what is the matter with them, and where the spec says what is then seen.
const STEPS: &[(&str, &str)] = &[
    ("good", "6.1"),
    ("iodf-absent", "3.8 P1, 8.1 F2"),
    ("iodf-wrong", "3.2, 3.8 P8, 8.1 F19"),
    ("zones-absent", "3.8 P8, 8.1 F25"),
    ("zones-wrong", "3.8 P8, 8.1 F36"),
    ("masks-absent", "3.8 P10, 8.1 F37"),
    ("masks-wrong", "3.8 P10, 8.1 F37"),
    ("attached-absent", "2.1, 3.8 P3"),
    ("attached-wrong", "3.8 P2, 8.1 F3"),
    ("driver-absent", "3.8 P5 not bound, 8.1 F13"),
    ("driver-wrong", "3.8 P11, 8.1 F20"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sites/zfcp")
}

/// Asks the door; gives every text of the answer.
async fn ask(site: &Arc<Site>, path: &str, body: &str) -> String {
    let request = Request::builder()
        .method("PUT")
        .uri(format!("/xcatws/{path}?{ADMIN}"))
        .header("Content-Type", "application/json")
        .body(Body::from(body.to_owned()))
        .expect("a request");
    let Ok(response) = rest::router(Arc::clone(site)).oneshot(request).await;
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    let json: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut out = String::new();
    for document in json["data"].as_array().into_iter().flatten() {
        for kind in ["info", "error", "data"] {
            for text in document[kind].as_array().into_iter().flatten() {
                for line in text.as_str().unwrap_or_default().trim_end().lines() {
                    out.push_str(&format!("{kind}: {line}\n"));
                }
            }
        }
    }
    out
}

/// What an OpenStack driver does to attach a LUN, what it does with another that the guest's driver is to find by itself,
/// and what a person then looks at.
async fn attach(name: &str) -> String {
    let world = site::load(&folder().join(format!("{name}.toml"))).expect("a site");
    let site = Arc::new(Site::new(world, Settings::default()));
    let mut text = String::new();
    for (what, path, body) in [
        (
            "attach",
            "vms/lnx1",
            r#"["--addzfcp pool1 1a00 0 1G 0 500507630300c562 4010403300000000"]"#,
        ),
        (
            "node",
            "vms/lnx1",
            r#"["--createfilesysnode /dev/disk/by-path/ccw-0.0.1a00-zfcp-0x500507630300c562:0x4010403300000000 /dev/vdb"]"#,
        ),
        (
            "node of the LUN that is scanned for",
            "vms/lnx1",
            r#"["--createfilesysnode /dev/disk/by-path/ccw-0.0.1a00-zfcp-0x500507630300c562:0x4011403300000000 /dev/vdc"]"#,
        ),
        (
            "device in CP",
            "nodes/zhcp1/dsh",
            r#"["command=vmcp q fcp 1a00"]"#,
        ),
        (
            "device",
            "nodes/lnx1/dsh",
            r#"["command=cat /sys/bus/ccw/devices/0.0.1a00/online"]"#,
        ),
        (
            "mode",
            "nodes/lnx1/dsh",
            r#"["command=cat /sys/class/fc_host/host0/port_type"]"#,
        ),
        ("ports", "nodes/lnx1/dsh", r#"["command=lszfcp -P"]"#),
        (
            "unit",
            "nodes/lnx1/dsh",
            r#"["command=cat /sys/bus/ccw/devices/0.0.1a00/0x500507630300c562/0x4010403300000000/failed"]"#,
        ),
        ("disks", "nodes/lnx1/dsh", r#"["command=lszfcp -D"]"#),
        (
            "links",
            "nodes/lnx1/dsh",
            r#"["command=ls /dev/vdb /dev/vdc"]"#,
        ),
        (
            "pool",
            "nodes/zhcp1/dsh",
            r#"["command=grep 4010403300000000 /var/opt/zhcp/zfcp/pool1.conf"]"#,
        ),
    ] {
        text.push_str(&format!("== {what}\n{}", ask(&site, path, body).await));
    }
    text
}

#[tokio::test]
async fn each_step_absent_or_wrong_fails_in_its_own_way() {
    let mut seen = BTreeMap::new();
    for (name, spec) in STEPS {
        let text = attach(name).await;
        if let Some(other) = seen.insert(text.clone(), *name) {
            panic!("{name} looks like {other}");
        }
        insta::with_settings!({description => format!("zfcp-and-san {spec}"), omit_expression => true}, {
            insta::assert_snapshot!(format!("five_steps_{}", name.replace('-', "_")), text);
        });
    }
    let files = std::fs::read_dir(folder()).expect("the folder").count();
    assert_eq!(files, STEPS.len(), "a site that nobody tries");
}
