//! Exit statuses: what `run --help` documents, each produced; and `doctor`, whose statuses say what is wrong with an inventory.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use xcat_conformance::target::INVENTORY;

use crate::bench::{Bench, KIT, said};

fn embedded(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(KIT);
    command
        .args(["run", "--quiet", "--out", "e"])
        .args(arguments)
        .current_dir(folder);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn each_documented_exit_status_is_produced() {
    let mut help = Command::new(KIT);
    help.args(["run", "--help"]);
    let help = said(&Bench::output(help).await);
    let documented: Vec<i32> = help
        .lines()
        .skip_while(|l| !l.starts_with("Exit status of `run`"))
        .take_while(|l| !l.starts_with("Exit status of the others"))
        .filter_map(|l| l.strip_prefix("  ")?.split("  ").next()?.parse().ok())
        .collect();
    assert_eq!(documented, [0, 1, 2, 3, 4, 5], "{help}");

    let healthy = Bench::new().await;
    let broken = Bench::with_defects(&["text/list-reversed"]).await;
    let folder = healthy.folder.path();
    let list = "schema = 1\n[[expect]]\ncase = 'pool/add/first-row'\nreason = 'ticket 7'\n";
    std::fs::write(folder.join("expected.toml"), list).unwrap();
    let one = ["pool/add/first-row"];
    let mut silent = Command::new(KIT);
    silent
        .args(["run", "--url", "http://127.0.0.1:1", "--out", "e"])
        .env("XCAT_PASSWORD", "x")
        .current_dir(folder);
    let with_guest = Bench::new().await;
    with_guest.lend("schema = 1\nhost = 'zvm1'\n");
    let kept = Bench::new().await;
    kept.fault(json!({"name": "ssh-no-route", "target": {"operation": "chhypervisor --removezfcpfrompool"}, "id": "kept"}));
    let produced = [
        (0, "a case passed", embedded(folder, &["--only", one[0]])),
        (
            0,
            "a known deviation",
            healthy.run(&["pool/add/status-case"], &[]),
        ),
        (
            1,
            "a case failed",
            broken.run(&["pool/add/second-row"], &[]),
        ),
        (
            1,
            "a pass was not expected",
            embedded(folder, &["--only", one[0], "--expected", "expected.toml"]),
        ),
        (
            2,
            "an unknown option",
            embedded(folder, &["--onyl", "pool"]),
        ),
        (
            2,
            "an expression without end",
            embedded(folder, &["--select", "area=pool and ("]),
        ),
        (
            2,
            "a missing file",
            embedded(folder, &["--expected", "nowhere.toml"]),
        ),
        (
            2,
            "an inventory without address",
            embedded(folder, &["--inventory", "inventory.toml"]),
        ),
        (2, "no answer", silent),
        (
            3,
            "a mandatory case skipped",
            with_guest.run(&["pool/add/first-row", "power/stat/on"], &[]),
        ),
        (
            3,
            "a part is not certified",
            embedded(folder, &["--only", one[0], "--certify"]),
        ),
        (4, "no case", embedded(folder, &["--only", "no/such"])),
        (
            4,
            "every case skipped",
            with_guest.run(&["power/stat/on"], &[]),
        ),
        (5, "something is left behind", kept.run(&one, &[])),
    ];
    for (status, what, command) in produced {
        let output = Bench::output(command).await;
        assert_eq!(
            output.status.code(),
            Some(status),
            "{what}: {}",
            said(&output)
        );
    }
    // What was left behind is in the ledger until it can be taken back.
    let cleanup = || {
        let mut command = kept.kit("cleanup");
        command.arg("--ledger").arg(kept.out().join("ledger.jsonl"));
        command
    };
    let still = Bench::output(cleanup()).await;
    assert_eq!(still.status.code(), Some(5), "{}", said(&still));
    kept.simulator.site().remove_fault("kept");
    let done = Bench::output(cleanup()).await;
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let left = kept.differences();
    assert!(left.is_empty(), "{left:#?}");
    for bench in [healthy, broken, with_guest, kept] {
        bench.simulator.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_an_inventory_has_wrong() {
    let bench = Bench::new().await;
    let doctor = async |inventory: &str| {
        bench.lend(inventory);
        let output = Bench::output(bench.kit("doctor")).await;
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (status, text) = doctor(INVENTORY).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.ends_with("\nevery case can run\n"), "{text}");
    // A guest that is not there, one in another state, a device of nobody, another system.
    let wrong = INVENTORY
        .replace("\"zvm2\"", "\"zvm9\"")
        .replace("\"lnx2\"", "\"nosuch1\"")
        .replace("\"1a09\"", "\"1fff\"")
        .replace("state = \"off\"", "state = \"running\"");
    let (status, text) = doctor(&wrong).await;
    assert_eq!(status, Some(1), "{text}");
    let looked: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).collect();
    insta::assert_snapshot!(looked.join("\n"));
    let (status, text) = doctor("schema = 1\nhost = 'zvm1'\n").await;
    assert_eq!(status, Some(3), "{text}");
    assert!(
        text.contains("case(s) cannot run: the target does not offer: 1 running guest(s)"),
        "{text}"
    );
    let (status, text) = doctor("schema = 1\nhots = 'zvm1'\n").await;
    assert_eq!((status, text.as_str()), (Some(2), ""));
    assert_eq!(bench.changes(), Vec::<String>::new(), "doctor only reads");
    bench.simulator.stop().await;
}
