//! A run through the library against a served simulator, as against any management node.

use xcat_conformance::target::{
    Account, Behaviour, Fcp, Guest, GuestState, Inventory, LentLun, Release, Remote, Secret, Trust,
};
use xcat_conformance::{Options, Selection, Target, Verdict, run_with};
use xcat_simulator::Simulator;

fn inventory() -> Inventory {
    Inventory {
        schema: 1,
        host: Some("zvm1".into()),
        guests: vec![Guest {
            node: "lnx1".into(),
            state: GuestState::Running,
            distribution: None,
        }],
        fcp_devices: vec![Fcp {
            device: "1a08".into(),
            chpid: "50".into(),
        }],
        luns: vec![LentLun {
            wwpns: vec!["500507630300c562".into()],
            lun: "4017403300000000".into(),
            size: "100G".into(),
        }],
        ..Inventory::default()
    }
}

fn remote(simulator: &Simulator, inventory: Inventory) -> Target {
    Target::Remote(Box::new(Remote {
        url: simulator.url(),
        account: Account {
            user: "admin".into(),
            password: Secret::new("admin"),
        },
        trust: Trust::Anything,
        inventory,
        restricted_password: None,
        release: Release::M,
        behaviour: Behaviour::Executed,
        call_timeout: std::time::Duration::from_mins(1),
        control: None,
        budget: None,
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_leaves_the_site_as_it_was() {
    let simulator = Simulator::builder().http().start().await.unwrap();
    let lent = inventory();
    // The lent LUN is in a pool of the site; the kit's own pools are to hold it for a while.
    let pools = |simulator: &Simulator| {
        let world = simulator.site().look();
        let mut texts: Vec<(String, String)> = Vec::new();
        for (host, linux) in &world.linuxes {
            for (path, file) in &linux.fs.files {
                if path.starts_with("/var/opt/zhcp/zfcp/") {
                    texts.push((format!("{host}{path}"), file.text.text().into_owned()));
                }
            }
        }
        let systems = serde_json::to_value(&world.systems).unwrap();
        for (name, system) in systems.as_object().unwrap() {
            for part in ["directory", "fcp"] {
                assert!(!system[part].is_null(), "{name} has no {part}");
                texts.push((format!("{name} {part}"), system[part].to_string()));
            }
        }
        texts
    };
    let before = pools(&simulator);
    let selection = Selection {
        areas: vec![
            "pool".into(),
            "reserve".into(),
            "dedicate".into(),
            "undedicate".into(),
        ],
        ceiling: Some(xcat_conformance::Effect::Destructive),
        ..Selection::default()
    };
    let target = remote(&simulator, lent);
    let result = run_with(&target, &selection, &Options::default(), &|_| {})
        .await
        .unwrap();
    let left: Vec<_> = result
        .cases
        .iter()
        .filter(|c| !c.left_behind.is_empty())
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    assert!(result.count(Verdict::Pass) > 50);
    assert_eq!(pools(&simulator), before);
    simulator.stop().await;
}
