//! The kit as a process that is killed in the middle of its work against a served site; then `cleanup`, and what differs
//! from the start.

use std::path::Path;

use crate::bench::Bench;

fn open_entries(ledger: &Path) -> usize {
    let text = std::fs::read_to_string(ledger).unwrap();
    xcat_conformance::LedgerFile::unfinished(&text).len()
}

/// Kills a run after so many requests; gives how many changes were open then.
async fn killed_after(area: &str, requests: usize) -> usize {
    let bench = Bench::new().await;
    let run = bench
        .kit("run")
        .args(["--area", area, "--max-effect", "destructive", "--out"])
        .arg(bench.out())
        .spawn()
        .unwrap();
    bench.kill_after(run, requests).await;
    let ledger = bench.out().join("ledger.jsonl");
    let open = open_entries(&ledger);
    let mut command = bench.kit("cleanup");
    command.arg("--ledger").arg(&ledger);
    let done = Bench::output(command).await;
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{area} after {requests}: {said}");
    assert_eq!(open_entries(&ledger), 0);
    let left = bench.differences();
    assert!(
        left.is_empty(),
        "{area} after {requests}: {left:#?}\n{said}"
    );
    bench.simulator.stop().await;
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_cleanup_puts_everything_back() {
    let mut open = 0;
    for (area, requests) in [
        ("pool", 40),
        ("reserve", 111),
        ("tables", 20),
        ("attach", 30),
        ("attach", 77),
        ("attach", 140),
        ("node", 60),
        ("detach", 45),
        ("offline", 52),
        ("offline", 101),
        ("power", 12),
        ("multipath", 70),
        ("image", 64),
        ("image", 131),
        ("boot", 23),
        ("boot", 61),
        ("resilience", 83),
    ] {
        open += killed_after(area, requests).await;
    }
    assert!(
        open > 20,
        "only {open} changes were open at the kills: nothing was shown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_run_leaves_nothing_that_lasts() {
    let bench = Bench::new().await;
    let mut command = bench.kit("run");
    command
        .args(["--max-effect", "destructive", "--quiet", "--out"])
        .arg(bench.out());
    let done = Bench::output(command).await;
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{said}");
    let seen = bench.differences();
    assert!(seen.is_empty(), "{seen:#?}");
    bench.simulator.stop().await;
}
