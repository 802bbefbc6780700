//! Two requests, two interleavings, two outcomes: the world is locked for a remote command and never for a request.

use std::sync::Arc;
use std::time::Duration;

use xcat_simulator::seam::{BreakPoint, Site, Target};

use crate::site::{lab, pool, run, texts};

/// Arguments of a reservation of 1 GiB or more for a guest, by any free device.
fn reserve(owner: &str) -> [&str; 6] {
    ["--reservezfcp", "scsipol1", "used", owner, "1A0A", "1g"]
}

/// Rows of the pool that belong to somebody, by owner.
fn owners(site: &Site) -> Vec<String> {
    pool(site, "zhcp1", "scsipol1")
        .into_iter()
        .filter(|row| row.starts_with("used"))
        .map(|row| row.split(',').nth(5).unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn one_after_the_other_two_requests_get_two_luns() {
    let site = lab();
    let before = owners(&site).len();
    for owner in ["lnx1", "lnx2"] {
        let answer = run(&site, "chhypervisor", "zvm1", &reserve(owner)).await;
        assert_eq!(answer.first_error(), None, "{}", texts(&answer));
    }
    assert_eq!(owners(&site).len(), before + 2);
}

#[tokio::test]
async fn a_second_request_between_choice_and_update_gets_the_same_lun() {
    let site = lab();
    let before = owners(&site);
    let hold = BreakPoint {
        id: "chosen".to_owned(),
        target: Target {
            operation: Some("chhypervisor --reservezfcp".to_owned()),
            command: Some("sed".to_owned()),
            ..Target::default()
        },
        until: Some(Target {
            operation: Some("chhypervisor --reservezfcp".to_owned()),
            ..Target::default()
        }),
        ..BreakPoint::default()
    };
    site.add_break(hold).unwrap();
    let first = tokio::spawn({
        let site = Arc::clone(&site);
        async move { run(&site, "chhypervisor", "zvm1", &reserve("lnx1")).await }
    });
    let held = tokio::time::timeout(Duration::from_secs(10), site.wait_held("chosen"))
        .await
        .expect("the first request reaches its update")
        .unwrap();
    assert_eq!(held, 1);
    let second = run(&site, "chhypervisor", "zvm1", &reserve("lnx2")).await;
    assert_eq!(second.first_error(), None, "{}", texts(&second));
    let first = first.await.unwrap();
    assert_eq!(first.first_error(), None, "both are told that they have it");
    let line = |answer: &xcat_simulator::mn::Response| texts(answer);
    assert_eq!(lun(&line(&first)), lun(&line(&second)));
    assert_eq!(
        owners(&site).len(),
        before.len() + 1,
        "one row: the late update finds no row as it read it, and nobody looks"
    );
    assert!(owners(&site).contains(&"lnx2".to_owned()));
    assert!(!owners(&site).contains(&"lnx1".to_owned()));
}

/// The LUN that an answer names.
fn lun(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .rfind(|w| w.len() == 16)
        .unwrap_or_else(|| panic!("no LUN in {text}"))
        .to_owned()
}
