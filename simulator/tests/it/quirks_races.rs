//! Races for a pool (spec: scsi-pools-and-hypervisor 7.1): Q1 to Q5, Q8 to Q10, each as it is executed and as it was
//! meant. A break point holds the first request at the place where the second one comes between.

use std::sync::Arc;
use std::time::Duration;

use xcat_simulator::seam::{BreakPoint, Settings, Site, Target, When};

use crate::stage::{L1, L2, Stage, W1, repaired, says};

type Answer = Vec<String>;

/// Where a request is held.
fn at(command: &str, when: When) -> BreakPoint {
    BreakPoint {
        id: "here".to_owned(),
        target: Target {
            command: Some(command.to_owned()),
            ..Target::default()
        },
        when,
        ..BreakPoint::default()
    }
}

fn free(lun: &str) -> String {
    format!("free,{W1},{lun},10G,b804-b80f,,,")
}

fn site(settings: Settings, rows: &[&str]) -> Stage {
    Stage::new(settings).without_pools().pool("p", rows)
}

/// Sends the first request, which is held; sends the second, which ends if it can; lets the first go.
async fn race(stage: &Stage, hold: BreakPoint, requests: [&[&str]; 2]) -> [Answer; 2] {
    stage.site.add_break(hold).unwrap();
    let send = |args: &[&str]| {
        let stage = Stage {
            site: Arc::clone(&stage.site),
        };
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        tokio::spawn(async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            stage.chhypervisor(&args).await
        })
    };
    let first = send(requests[0]);
    wait(&stage.site).await;
    let mut second = send(requests[1]);
    // Where the race is repaired the second waits for its turn.
    let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    stage.site.remove_break("here");
    let first = first.await.unwrap();
    let second = match early {
        Ok(answer) => answer.unwrap(),
        Err(_) => second.await.unwrap(),
    };
    [first, second]
}

async fn wait(site: &Site) {
    tokio::time::timeout(Duration::from_secs(10), site.wait_held("here"))
        .await
        .expect("the first request comes to the place");
}

fn reserve(owner: &str) -> [&str; 6] {
    ["--reservezfcp", "p", "used", owner, "auto", "10g"]
}

#[tokio::test]
async fn q1_two_reservations_get_the_same_lun() {
    // One LUN is left. The first has chosen it; before it says so in the pool, the second comes.
    let rows = [&*free(L1)];
    let hold = || at(" sed --in-place", When::Before);
    let both = [&reserve("lnx1")[..], &reserve("lnx2")];
    let stage = site(Settings::default(), &rows);
    let answers = race(&stage, hold(), both).await;
    let reserved = format!("FCP device B804/0x{W1}/0x{L1} was reserved... Done");
    assert!(answers.iter().all(|a| says(a, &reserved)), "{answers:?}");
    assert_eq!(
        stage.rows("p").unwrap(),
        [format!("used,{W1},{L1},10G,b804-b80f,lnx2,B804,")],
        "the first one's row is not as it was read: nothing is written, and nobody looks"
    );
    // Held between its two readings the first writes over the second.
    let stage = site(Settings::default(), &rows);
    let again = BreakPoint {
        nth: Some(second_reading(&rows).await),
        ..at("", When::Before)
    };
    let answers = race(&stage, again, both).await;
    assert!(
        answers.iter().all(|a| says(a, "was reserved... Done")),
        "{answers:?}"
    );
    assert!(stage.rows("p").unwrap()[0].contains(",lnx1,"));

    let stage = site(repaired("Q1"), &rows);
    let answers = race(&stage, hold(), both).await;
    assert!(says(&answers[0], &reserved), "{answers:?}");
    assert_eq!(
        answers[1],
        [
            "error: zvmhost1: (Error) A suitable device of 10240M or larger could not be found",
            "error: zvmhost1: (Error) Reserving FCP device... Failed"
        ]
    );
    assert!(stage.rows("p").unwrap()[0].contains(",lnx1,"));
}

/// The number of the remote command in which a reservation reads its pool the second time.
async fn second_reading(rows: &[&str]) -> u64 {
    let stage = site(Settings::default(), rows);
    stage.chhypervisor(&reserve("lnx1")).await;
    let lines = stage.lines();
    let readings = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains(" cat "));
    let at = readings.map(|(at, _)| at).nth(1).expect("two readings");
    at as u64 + 1
}

#[tokio::test]
async fn q2_the_check_and_the_write_are_apart() {
    let give = |owner: &'static str| ["--reservezfcp", "p", "used", owner, "auto", "10g", W1, L1];
    for (settings, is_refused) in [(Settings::default(), false), (repaired("Q2"), true)] {
        let stage = site(settings, &[&free(L1)]);
        let hold = at(" grep -i", When::After);
        let answers = race(&stage, hold, [&give("lnx1"), &give("lnx2")]).await;
        assert!(says(&answers[0], "was reserved... Done"), "{answers:?}");
        let in_use = format!("(Error) FCP device 0x{W1}/0x{L1} is in use.");
        assert_eq!(says(&answers[1], &in_use), is_refused, "{answers:?}");
        assert_eq!(says(&answers[1], "was reserved... Done"), !is_refused);
        assert!(stage.rows("p").unwrap()[0].contains(",lnx1,"));
    }
}

#[tokio::test]
async fn q3_an_update_on_an_old_reading_is_lost() {
    let give =
        |owner: &'static str, lun| ["--reservezfcp", "p", "used", owner, "auto", "10g", W1, lun];
    for (settings, is_kept) in [(Settings::default(), false), (repaired("Q3"), true)] {
        let stage = site(settings, &[&free(L1), &free(L2)]);
        let hold = at(" sed --in-place", When::During);
        let answers = race(&stage, hold, [&give("lnx1", L1), &give("lnx2", L2)]).await;
        assert!(
            answers.iter().all(|a| says(a, "was reserved... Done")),
            "{answers:?}"
        );
        let rows = stage.rows("p").unwrap();
        assert!(rows[0].contains(",lnx1,"), "{rows:?}");
        assert_eq!(rows[1].contains(",lnx2,"), is_kept, "{rows:?}");
    }
}

#[tokio::test]
async fn an_edit_that_never_ran_puts_nothing_back() {
    let give =
        |owner: &'static str, lun| ["--reservezfcp", "p", "used", owner, "auto", "10g", W1, lun];
    // The connection fails before the command; the shell has no sed; sed fails before and after its work.
    for (effect, when, is_kept) in [
        (r#"{"kind":"ssh-timeout"}"#, "before", true),
        (r#"{"kind":"missing","program":"sed"}"#, "before", true),
        (
            r#"{"kind":"program","program":"sed","rc":4}"#,
            "before",
            true,
        ),
        (
            r#"{"kind":"program","program":"sed","rc":4}"#,
            "after",
            false,
        ),
        (r#"{"kind":"ssh-dropped"}"#, "after", false),
    ] {
        let stage = site(Settings::default(), &[&free(L1), &free(L2)]);
        let rule = format!(
            r#"{{"effect":{effect},"when":"{when}","times":1,"target":{{"command":"sed --in-place.*{L1}"}}}}"#
        );
        stage
            .site
            .add_fault(serde_json::from_str(&rule).unwrap())
            .unwrap();
        let hold = at(" sed --in-place", When::During);
        let answers = race(&stage, hold, [&give("lnx1", L1), &give("lnx2", L2)]).await;
        assert_eq!(stage.site.fault_rules()[0].hits, 1, "{effect} {when}");
        let rows = stage.rows("p").unwrap();
        assert_eq!(
            rows[0].contains(",lnx1,"),
            !is_kept,
            "{effect} {when}: {rows:?}"
        );
        assert_eq!(
            rows[1].contains(",lnx2,"),
            is_kept,
            "{effect} {when}: {rows:?}, {answers:?}"
        );
    }
}

#[tokio::test]
async fn q4_a_pool_is_created_twice() {
    let add = |lun| ["--addzfcp2pool", "new", "free", W1, lun, "10G"];
    for (settings, creators, rows) in [(Settings::default(), 2, 1), (repaired("Q4"), 1, 2)] {
        let stage = site(settings, &[]);
        let hold = at("echo .* > ", When::Before);
        let answers = race(&stage, hold, [&add(L1), &add(L2)]).await;
        let created = |answer: &Answer| says(answer, "New zFCP device pool new created");
        assert_eq!(answers.iter().filter(|a| created(a)).count(), creators);
        assert!(
            answers
                .iter()
                .all(|a| says(a, "Adding zFCP device to new pool... Done"))
        );
        let luns = [L1, L2].into_iter().take(rows);
        let rows: Vec<String> = luns.map(|lun| format!("free,{W1},{lun},10G,,,,")).collect();
        assert_eq!(stage.rows("new").unwrap(), rows);
    }
}

#[tokio::test]
async fn q5_a_fresh_row_goes_with_the_empty_pool() {
    let remove = ["--removezfcpfrompool", "p", L1, W1];
    let add = ["--addzfcp2pool", "p", "free", W1, L2, "10G"];
    for (settings, is_kept) in [(Settings::default(), false), (repaired("Q5"), true)] {
        let stage = site(settings, &[&free(L1)]);
        let hold = at("rm -f", When::Before);
        let answers = race(&stage, hold, [&remove, &add]).await;
        assert!(
            says(&answers[1], "Adding zFCP device to p pool... Done"),
            "{answers:?}"
        );
        let fresh = [format!("free,{W1},{L2},10G,,,,")];
        assert_eq!(stage.rows("p").as_deref(), is_kept.then_some(&fresh[..]));
    }
}

#[tokio::test]
async fn q8_nodes_of_one_request_race() {
    for (settings, luns) in [(Settings::default(), 1), (repaired("Q8"), 2)] {
        let stage = site(settings, &[&free(L1), &free(L2)]).set(|world| {
            for (table, columns) in [
                ("nodelist", &[("groups", "all")][..]),
                ("nodehm", &[("mgt", "zvm")]),
                ("hypervisor", &[("type", "zvm")]),
                ("nodetype", &[("os", "zvm6.4")]),
                ("zvm", &[("hcp", "zhcp1.example.com"), ("nodetype", "zvm")]),
            ] {
                world.mn.tables.set(table, "node", "zvmhost3", columns);
            }
        });
        stage
            .site
            .add_break(at(" sed --in-place", When::Before))
            .unwrap();
        let both = tokio::spawn({
            let stage = Stage {
                site: Arc::clone(&stage.site),
            };
            async move {
                stage
                    .run("chhypervisor", "zvmhost1,zvmhost3", &reserve("lnx1"))
                    .await
            }
        });
        wait(&stage.site).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.site.remove_break("here");
        let answer = both.await.unwrap();
        let done = |answer: &[String]| answer.iter().filter(|l| l.contains("was reserved")).count();
        assert_eq!(done(&answer), 2, "{answer:?}");
        let rows = stage.rows("p").unwrap();
        let used = rows.iter().filter(|row| row.starts_with("used,")).count();
        assert_eq!(used, luns, "{rows:?}");
    }
}

#[tokio::test]
async fn q9_a_long_operation_writes_back_what_it_read() {
    let copy = ["--copyzfcp", "b804", W1, L1, W1, L2];
    let take = ["--reservezfcp", "p", "used", "lnx9", "b805", "1g", W1, L1];
    let rows = [L1, L2].map(|lun| format!("free,{W1},{lun},1024M,b804-b80f,,,"));
    for (settings, is_kept) in [(Settings::default(), false), (repaired("Q9"), true)] {
        let stage = site(settings, &[&rows[0], &rows[1]]);
        let hold = at("unit_remove", When::Before);
        let answers = race(&stage, hold, [&copy, &take]).await;
        assert!(
            says(&answers[0], "Copying zFCP device... Done"),
            "{answers:?}"
        );
        assert!(says(&answers[1], "was reserved... Done"), "{answers:?}");
        let taken = format!("used,{W1},{L1},1024M,b804-b80f,lnx9,b805,");
        let source = if is_kept { &taken } else { &rows[0] };
        assert_eq!(&stage.rows("p").unwrap()[0], source);
    }
}

#[tokio::test]
async fn q10_a_row_that_went_away_comes_back() {
    let remove = ["--removezfcpfrompool", "p", L1, W1];
    for (settings, is_back) in [(Settings::default(), true), (repaired("Q10"), false)] {
        let stage = site(settings, &[&free(L1), &free(L2)]);
        let hold = at(" cat /var", When::After);
        let answers = race(&stage, hold, [&reserve("lnx1"), &remove]).await;
        assert!(says(&answers[0], "was reserved... Done"), "{answers:?}");
        assert!(says(&answers[1], "from p pool... Done"), "{answers:?}");
        let rows = stage.rows("p").unwrap();
        assert_eq!(rows[0], free(L2));
        let back: &[String] = &[format!("used,{W1},{L1},10240M,,lnx1,B804,")];
        assert_eq!(rows[1..], *if is_back { back } else { &[] });
    }
}
