//! The five steps of zfcp configuration (IODF, zones, LUN masks, the device attached under z/VM, the driver in the
//! guest): the same attach over the REST door with each of them missing in turn fails in its own way, as in life
//! (spec: zfcp-and-san 3.1, 3.8).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use xcat_simulator::rest;
use xcat_simulator::seam::{Settings, Site};
use xcat_simulator::site;
use xcat_simulator::world::zvm::FcpDevice;
use xcat_simulator::world::{DeviceNumber, UserId, World, Wwpn};

const ADMIN: &str = "userName=admin&password=admin&format=json";
const DEVICE: DeviceNumber = DeviceNumber(0x1a00);
const NPIV: Wwpn = Wwpn(0xc050_76e8_a000_1a00);

fn device(world: &mut World) -> &mut FcpDevice {
    let system = world.systems.get_mut("ZVM1").expect("the system");
    system.fcp.get_mut(&DEVICE).expect("the device")
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

/// What an OpenStack driver does to attach a LUN, and what a person then looks at in the guest.
async fn attach(change: impl FnOnce(&mut World)) -> String {
    let mut world = site::lab();
    change(&mut world);
    let site = Arc::new(Site::new(world, Settings::default()));
    let mut text = String::new();
    for (what, path, body) in [
        (
            "attach",
            "vms/lnx1",
            r#"["--addzfcp scsipol1 1a00 0 1G 0 500507630300c562 4010403300000000"]"#,
        ),
        (
            "node",
            "vms/lnx1",
            r#"["--createfilesysnode /dev/disk/by-path/ccw-0.0.1a00-zfcp-0x500507630300c562:0x4010403300000000 /dev/vdb"]"#,
        ),
        (
            "device",
            "nodes/lnx1/dsh",
            r#"["command=cat /sys/bus/ccw/devices/0.0.1a00/online"]"#,
        ),
        ("ports", "nodes/lnx1/dsh", r#"["command=lszfcp -P"]"#),
        (
            "unit",
            "nodes/lnx1/dsh",
            r#"["command=cat /sys/bus/ccw/devices/0.0.1a00/0x500507630300c562/0x4010403300000000/failed"]"#,
        ),
        (
            "disk",
            "nodes/lnx1/dsh",
            r#"["command=lszfcp -D | grep 4010403300000000"]"#,
        ),
        ("link", "nodes/lnx1/dsh", r#"["command=ls /dev/vdb"]"#),
        (
            "pool",
            "nodes/zhcp1/dsh",
            r#"["command=grep 4010403300000000 /var/opt/zhcp/zfcp/scsipol1.conf"]"#,
        ),
    ] {
        text.push_str(&format!("== {what}\n{}", ask(&site, path, body).await));
    }
    text
}

#[tokio::test]
async fn each_missing_step_fails_in_its_own_way() {
    let good = attach(|_| ()).await;
    let iodf = attach(|world| {
        let system = world.systems.get_mut("ZVM1").expect("the system");
        system.fcp.remove(&DEVICE);
    })
    .await;
    let zone = attach(|world| {
        world
            .san
            .set_zoned("zvm1", NPIV, false)
            .expect("the zone of the system");
    })
    .await;
    let mask = attach(|world| {
        world
            .san
            .set_shown("one0", NPIV, false)
            .expect("the volume");
    })
    .await;
    let attached = attach(|world| device(world).attached_to = Some(UserId::new("OTHERVM"))).await;
    let driver = attach(|world| {
        let linux = world.linuxes.get_mut("lnx1").expect("the guest");
        linux.zfcp.faults.no_zfcp = true;
    })
    .await;

    let all = [&good, &iodf, &zone, &mask, &attached, &driver];
    assert_eq!(
        all.iter().collect::<BTreeSet<_>>().len(),
        all.len(),
        "two of them look the same"
    );
    insta::assert_snapshot!("five_steps_all_there", good);
    insta::assert_snapshot!("five_steps_without_iodf", iodf);
    insta::assert_snapshot!("five_steps_without_zone", zone);
    insta::assert_snapshot!("five_steps_without_mask", mask);
    insta::assert_snapshot!("five_steps_without_attached_device", attached);
    insta::assert_snapshot!("five_steps_without_driver", driver);
}
