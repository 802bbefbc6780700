//! Whole runs on the embedded site.

use xcat_conformance::target::{Behaviour, Embedded, Release};
use xcat_conformance::{ExitStatus, Selection, Target, Verdict, run};

fn embedded(release: Release, behaviour: Behaviour) -> Target {
    Target::Embedded(Embedded {
        defect: None,
        release,
        behaviour,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_passes_as_intended() {
    let target = embedded(Release::M, Behaviour::Intended);
    let result = run(&target, &Selection::default()).await.unwrap();
    let others: Vec<_> = result
        .cases
        .iter()
        .filter(|c| c.verdict != Verdict::Pass)
        .map(|c| (&c.id, c.verdict, &c.failure, &c.reason))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(result.exit_status(), ExitStatus::Success);
    assert!(result.certified());
}

async fn only_known_deviations(release: Release) {
    let target = embedded(release, Behaviour::Executed);
    // P differs from M in what the driver goes round anyway: its matrices run on the other two.
    let selection = Selection {
        expression: (release == Release::P).then(|| {
            "not (id~driver/rollback or id~driver/crash)"
                .parse()
                .unwrap()
        }),
        ..Selection::default()
    };
    let result = run(&target, &selection).await.unwrap();
    let unexpected: Vec<_> = result
        .cases
        .iter()
        .filter(|c| {
            !matches!(c.verdict, Verdict::Pass | Verdict::Deviation) || c.surprise.is_some()
        })
        .map(|c| (&c.id, c.verdict, &c.surprise, &c.failure, &c.reason))
        .collect();
    assert!(unexpected.is_empty(), "{release:?}: {unexpected:#?}");
    assert_eq!(result.exit_status(), ExitStatus::Success);
    assert!(
        !result.certified(),
        "a profile with a deviation is not certified"
    );
    assert!(result.count(Verdict::Deviation) > 0);
    for case in &result.cases {
        let is_named = case.quirk.as_ref().is_some_and(|q| !q.is_empty());
        assert_eq!(is_named, case.verdict == Verdict::Deviation, "{}", case.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_executed_only_known_deviations_come_up_and_their_profiles_are_refused() {
    for release in [Release::M, Release::P, Release::E] {
        only_known_deviations(release).await;
    }
}

#[tokio::test]
async fn one_seed_gives_the_same_verdicts_and_requests() {
    let target = embedded(Release::M, Behaviour::Executed);
    let selection = Selection {
        areas: vec!["reserve".into()],
        expression: Some("not id~race".parse().unwrap()),
        ..Selection::default()
    };
    let seen = async || {
        let result = run(&target, &selection).await.unwrap();
        result
            .cases
            .iter()
            .map(|c| {
                let sent: Vec<_> = c
                    .exchanges
                    .iter()
                    .map(|e| (e.path.clone(), e.body.clone(), e.answer.clone()))
                    .collect();
                (c.id.clone(), c.verdict, sent)
            })
            .collect::<Vec<_>>()
    };
    let (first, second) = (seen().await, seen().await);
    assert!(!first.is_empty());
    assert_eq!(first, second);
}

#[tokio::test]
async fn nothing_selected_is_no_success() {
    let target = embedded(Release::M, Behaviour::Executed);
    let selection = Selection {
        only: vec!["no/such/case".into()],
        ..Selection::default()
    };
    let result = run(&target, &selection).await.unwrap();
    assert_eq!(result.exit_status(), ExitStatus::NothingRan);
    assert!(!result.certified());
}
