//! What a run does with failures, interruptions and bounds: the command as a process, against a served site.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};

use serde_json::{Value, json};

use crate::bench::{Bench, said};

fn verdicts(result: &Value) -> Vec<(&str, &str)> {
    let cases = result["cases"].as_array().unwrap();
    let text = |case: &'_ Value, key: &str| case[key].as_str().unwrap().to_owned();
    cases
        .iter()
        .map(|c| {
            assert!(!text(c, "id").is_empty());
            (c["id"].as_str().unwrap(), c["verdict"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_failed_once_is_run_again() {
    let bench = Bench::new().await;
    // The first request only asks who is there.
    let once =
        || json!({"name": "xcatd-closed", "target": {}, "skip": 1, "times": 1, "id": "once"});
    let only = ["pool/add/first-row"];
    bench.fault(once());
    let failed = Bench::output(bench.run(&only, &[])).await;
    assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    assert_eq!(bench.result()["cases"][0]["attempts"], 1);
    bench.simulator.site().remove_fault("once");
    bench.fault(once());
    let again = Bench::output(bench.run(&only, &["--retries", "2"])).await;
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    let result = bench.result();
    assert_eq!(verdicts(&result), [("pool/add/first-row", "pass")]);
    assert_eq!(result["cases"][0]["attempts"], 2);
    bench.simulator.site().remove_fault("once");
    assert!(bench.differences().is_empty());
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_goes_on_where_it_was() {
    let bench = Bench::new().await;
    let only = ["pool/add", "dedicate"];
    let run = bench.run(&only, &["--seed", "77"]).spawn().unwrap();
    bench.kill_within(run, "chvm --dedicatedevice").await;
    let progress = std::fs::read_to_string(bench.out().join("progress.jsonl")).unwrap();
    let done: BTreeSet<String> = progress
        .lines()
        .skip(1)
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(done.len() > 2, "{done:?}");
    let before = bench.changes().len();
    // Another run into the same folder would hide what the killed one left.
    let refused = Bench::output(bench.run(&only, &[])).await;
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(
        said(&refused).contains("of an interrupted run"),
        "{}",
        said(&refused)
    );
    let resumed = Bench::output(bench.run(&only, &["--resume"])).await;
    assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
    let result = bench.result();
    assert_eq!(result["seed"], 77);
    let selected = xcat_conformance::cases::all()
        .filter(|c| c.id.starts_with("pool/add/") || c.area() == "dedicate")
        .count();
    assert_eq!(verdicts(&result).len(), selected);
    // Names carry the number of their case: none of a finished one comes up again.
    let changes = bench.changes().split_off(before);
    assert!(!changes.is_empty());
    for (number, case) in xcat_conformance::cases::all().enumerate() {
        let name = format!("kit4dc{number}n");
        let again = changes.iter().any(|c| c.to_lowercase().contains(&name));
        assert!(!again || !done.contains(case.id), "{} ran again", case.id);
    }
    let left = bench.differences();
    assert!(left.is_empty(), "{left:#?}");
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_in_a_minute_than_the_budget_has() {
    let bench = Bench::new().await;
    let mut run = bench
        .run(&["pool/add"], &["--budget", "7"])
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let spent = tokio::task::spawn_blocking(move || {
        lines
            .map_while(Result::ok)
            .find(|line| line.starts_with("the budget is spent: the next request goes in "))
    });
    let spent = spent.await.unwrap();
    assert!(spent.is_some(), "the run never waited");
    // The eighth waits, and has said so.
    assert_eq!(bench.requests(), 7);
    run.kill().unwrap();
    run.wait().unwrap();
    let mut command = bench.kit("cleanup");
    command
        .arg("--ledger")
        .arg(bench.out().join("ledger.jsonl"));
    let cleaned = Bench::output(command).await;
    assert_eq!(cleaned.status.code(), Some(0), "{}", said(&cleaned));
    assert!(bench.differences().is_empty());
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_no_case_starts_when_asked_so() {
    let bench = Bench::with_defects(&["text/list-reversed"]).await;
    let only = ["pool/add"];
    let stopped = Bench::output(bench.run(&only, &["--stop-early"])).await;
    assert_eq!(stopped.status.code(), Some(1), "{}", said(&stopped));
    let result = bench.result();
    let seen = verdicts(&result);
    let at = seen.iter().position(|(_, v)| *v == "fail").unwrap();
    assert_eq!(seen[at].0, "pool/add/second-row");
    assert!(seen[..at].iter().all(|(_, v)| *v == "pass"), "{seen:?}");
    assert!(seen.len() > at + 5);
    assert!(seen[at + 1..].iter().all(|(_, v)| *v == "skip"), "{seen:?}");
    // The same failure, expected: a deviation with the caller's reason, and nothing stops.
    let list = bench.folder.path().join("expected.toml");
    let entry = |case: &str| format!("[[expect]]\ncase = '{case}'\nreason = 'ticket 7'\n");
    let text = format!(
        "schema = 1\n{}{}",
        entry("pool/add/second-row"),
        entry("pool/add/duplicate-multipath-part")
    );
    std::fs::write(&list, text).unwrap();
    let expected = ["--stop-early", "--expected", list.to_str().unwrap()];
    let excused = Bench::output(bench.run(&only, &expected)).await;
    assert_eq!(excused.status.code(), Some(0), "{}", said(&excused));
    let result = bench.result();
    let seen = verdicts(&result);
    assert!(
        seen.contains(&("pool/add/second-row", "deviation")),
        "{seen:?}"
    );
    assert!(seen.iter().all(|(_, v)| *v != "skip"), "{seen:?}");
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_fence_too_small_no_request_leaves_it() {
    let bench = Bench::new().await;
    // Nothing is lent but the hypervisor: no guest, no FCP device, no LUN.
    bench.lend("schema = 1\nhost = 'zvm1'\n");
    let run = Bench::output(bench.run(&[], &["--seed", "24301"])).await;
    assert_eq!(run.status.code(), Some(3), "{}", said(&run));
    let result = bench.result();
    let seen = verdicts(&result);
    for verdict in ["pass", "skip"] {
        assert!(seen.iter().any(|(_, v)| *v == verdict), "no {verdict}");
    }
    let changes = bench.changes();
    assert!(!changes.is_empty(), "the run changed pools of its own");
    for change in &changes {
        // What is the run's own, what no release knows, and a copy that names one address only, which is invented.
        let own = change.to_lowercase().contains("kit5eed")
            || change.contains("--nosuch")
            || change.contains("--copyzfcp auto 50050768014b4954");
        assert!(
            own && !change.starts_with("chvm lnx"),
            "left the fence: {change}"
        );
    }
    let left = bench.differences();
    assert!(left.is_empty(), "{left:#?}");
    bench.simulator.stop().await;
}
