//! Connections: what Nova is told, and what a force does.

use zvm_volume::client::{Call, Channel};
use zvm_volume::volumes::{Connector, VolumeDriver};

use crate::check::{Expected, assert_holds};
use crate::rig::{CURRENT, Rig, VARIANTS, tag, volume};

fn connector() -> Connector {
    Connector {
        zvm_fcp: vec!["1a01".parse().unwrap(), "1b01".parse().unwrap()],
        wwpns: vec![
            "c05076e8a0001a01".parse().unwrap(),
            "c05076e8a0001b01".parse().unwrap(),
        ],
        host: "zvm1".to_owned(),
        instance: None,
    }
}

#[tokio::test]
async fn connection_data_of_one_and_of_two_target_ports() {
    let rows = [
        "free,500507630300c562,4010403300000000,1G,1A00-1A0F,,,",
        "free,500507630300c562;500507630b00c562,0021000000000000,10G,1A00-1A0F,,,",
    ];
    let rig = Rig::rows(CURRENT, &rows).await;
    let driver = rig.started("volume_clear = none").await;
    let before = rig.pool();
    let one = volume(1, 1);
    let one = one
        .clone()
        .updated(&driver.create_volume(&one).await.unwrap());
    let two = volume(2, 10);
    let two = two
        .clone()
        .updated(&driver.create_volume(&two).await.unwrap());
    let stamped = rig.pool();
    assert_ne!(before, stamped);
    let first = driver
        .initialize_connection(&one, &connector())
        .await
        .unwrap();
    let second = driver
        .initialize_connection(&two, &connector())
        .await
        .unwrap();
    assert_eq!(
        driver
            .initialize_connection(&two, &connector())
            .await
            .unwrap(),
        second
    );
    assert_eq!(rig.pool(), stamped, "nothing is changed");
    insta::assert_json_snapshot!([first, second]);
}

#[tokio::test]
async fn d12_d13_connectors_without_what_they_need_are_refused() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started("").await;
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    let cases: [(Connector, &str); 5] = [
        (Connector::default(), "missing=zvm_fcp"),
        (
            Connector {
                wwpns: Vec::new(),
                ..connector()
            },
            "missing=wwpns",
        ),
        (
            Connector {
                host: String::new(),
                ..connector()
            },
            "missing=host",
        ),
        (
            Connector {
                wwpns: connector().wwpns[..1].to_vec(),
                ..connector()
            },
            "1 initiator ports for 2",
        ),
        (
            Connector {
                host: "zvm2".to_owned(),
                ..connector()
            },
            "one z/VM system only",
        ),
    ];
    for (connector, text) in cases {
        let error = driver
            .initialize_connection(&record, &connector)
            .await
            .unwrap_err();
        assert_eq!(error.exception(), "InvalidConnectorException");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn terminate_succeeds_for_what_is_not_connected_and_takes_by_force_what_is() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started("").await;
        assert_eq!(
            driver
                .terminate_connection(&volume(9, 1), None, false)
                .await
                .unwrap(),
            None
        );
        let record = volume(1, 1);
        let record = record
            .clone()
            .updated(&driver.create_volume(&record).await.unwrap());
        let answer = driver
            .terminate_connection(&record, Some(&connector()), false)
            .await
            .unwrap();
        assert!(answer.unwrap().data.initiator_target_map.is_some());
        // A guest has it.
        let add = Call::AddUnit {
            node: "lnx1".parse().unwrap(),
            pool: "scsipol1".parse().unwrap(),
            channel: Channel::Devices(vec!["1a01".parse().unwrap()]),
            loaddev: false,
            size: None,
            tag: tag(1),
            wwpns: "500507630300c562".parse().unwrap(),
            lun: "4010403300000000".parse().unwrap(),
        };
        driver
            .client()
            .call(&add)
            .await
            .unwrap_or_else(|e| panic!("{variant}: {e}"));
        let used = rig.line("4010403300000000");
        assert!(used.starts_with("used,"), "{used}");
        driver
            .initialize_connection(&record, &connector())
            .await
            .unwrap();
        driver
            .terminate_connection(&record, Some(&connector()), false)
            .await
            .unwrap();
        assert_eq!(rig.line("4010403300000000"), used, "left to Nova");
        driver
            .terminate_connection(&record, None, true)
            .await
            .unwrap_or_else(|e| panic!("{variant}: {e}"));
        let line = rig.line("4010403300000000");
        assert!(
            line.starts_with("reserved,") && line.contains(&tag(1)),
            "{line}"
        );
        driver
            .terminate_connection(&record, None, true)
            .await
            .unwrap();
        let device = Call::Undedicate {
            node: "lnx1".parse().unwrap(),
            device: "1a01".parse().unwrap(),
        };
        driver.client().call(&device).await.unwrap();
        let expected = Expected {
            exist: vec![tag(1)],
            ..Expected::default()
        };
        assert_holds(&rig, &expected, "forced detach");
    }
}

#[tokio::test]
async fn exports_and_attach_volume_have_nothing_to_do() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started("").await;
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    let before = rig.pool();
    driver.create_export(&record).await.unwrap();
    driver.remove_export(&record).await.unwrap();
    driver
        .attach_volume(&record, "instance", "/dev/vdb")
        .await
        .unwrap();
    driver.detach_volume(&record).await.unwrap();
    assert_eq!(rig.pool(), before);
    // What a detach leaves: reserved, and nobody's.
    rig.edit(&tag(1), "");
    driver.detach_volume(&record).await.unwrap();
    assert_eq!(rig.pool(), before);
}

/// The guest's name follows the system's, and may have the separator in it (D15, G3).
#[tokio::test]
async fn a_connector_of_a_guest_may_have_an_underscore_in_its_name() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started("zvm_connector_host = guest").await;
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    for (host, fits) in [
        ("zvm1_lnx1", true),
        ("ZVM1_my_vm", true),
        ("zvm1", false),
        ("zvm11_lnx1", false),
        ("zvm2_lnx1", false),
    ] {
        let connector = Connector {
            host: host.to_owned(),
            ..connector()
        };
        let answer = driver.initialize_connection(&record, &connector).await;
        assert_eq!(answer.is_ok(), fits, "{host}: {answer:?}");
    }
}
