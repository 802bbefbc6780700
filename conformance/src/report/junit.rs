//! JUnit XML for CI servers: one suite for each area. A deviation is a failure there, since the format knows nothing
//! between a pass and a failure; its type says which.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::result::{CaseResult, RunResult};
use crate::verdict::Verdict;

/// The result as JUnit XML.
pub fn junit(run: &RunResult) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("xcat-conformance");
    let mut areas: Vec<&str> = Vec::new();
    for case in &run.cases {
        let area = area(case);
        if !areas.contains(&area) {
            areas.push(area);
        }
    }
    for name in areas {
        let mut suite = TestSuite::new(name);
        for case in run.cases.iter().filter(|c| area(c) == name) {
            let mut test = TestCase::new(case.id.as_str(), status(case));
            test.set_classname(name);
            test.set_time(std::time::Duration::from_millis(case.millis));
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn area(case: &CaseResult) -> &str {
    case.id.split('/').next().unwrap_or(&case.id)
}

fn status(case: &CaseResult) -> TestCaseStatus {
    let mut status = match case.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Skip | Verdict::Disabled => TestCaseStatus::skipped(),
        Verdict::Deviation | Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if case.verdict != Verdict::Pass {
        status.set_type(case.verdict.word());
        status.set_message(message(case));
    }
    status
}

fn message(case: &CaseResult) -> String {
    let mut parts = Vec::new();
    if let Some(quirk) = &case.quirk {
        parts.push(format!("known deviation {quirk}"));
    }
    if let Some(failure) = &case.failure {
        parts.push(format!(
            "{}: expected {}; observed {}",
            failure.check, failure.expected, failure.observed
        ));
    }
    parts.extend(case.reason.clone());
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};

    #[test]
    fn only_a_pass_is_a_success() {
        let run = run(vec![
            case("a/1", Level::Must, Verdict::Pass),
            case("a/2", Level::Must, Verdict::Deviation),
            case("b/3", Level::Must, Verdict::Skip),
            case("b/4", Level::Must, Verdict::Error),
        ]);
        let xml = junit(&run).unwrap();
        assert!(
            xml.contains(r#"tests="4" skipped="1" failures="1" errors="1""#),
            "{xml}"
        );
        assert!(xml.contains("<skipped"));
        assert!(xml.contains(r#"type="deviation""#));
    }
}
