//! Several runs beside each other: what changed between two releases, and a matrix of many.

use std::fmt::Write as _;

use crate::result::{CaseResult, RunResult};
use crate::verdict::Verdict;

/// One case that came out differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Id.
    pub case: String,
    /// Verdict in the first run; nothing when the case is not in it.
    pub before: Option<Verdict>,
    /// Verdict in the second.
    pub after: Option<Verdict>,
    /// The failed check or quirk of the second, or of the first when the case is only there.
    pub detail: String,
}

impl Change {
    /// Whether the second run is the worse one.
    pub fn is_worse(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => {
                after > before && after > Verdict::Pass || after < Verdict::Pass && before.ran()
            }
            (Some(before), None) => before.ran(),
            (None, Some(after)) => after > Verdict::Pass,
            (None, None) => false,
        }
    }
}

/// What differs between two runs, in the order of the first, then what only the second has.
pub fn changes(a: &RunResult, b: &RunResult) -> Vec<Change> {
    let mut out = Vec::new();
    for case in &a.cases {
        let other = find(b, &case.id);
        let same = other.is_some_and(|o| o.verdict == case.verdict && detail(o) == detail(case));
        if !same {
            out.push(Change {
                case: case.id.clone(),
                before: Some(case.verdict),
                after: other.map(|o| o.verdict),
                detail: other.map_or_else(|| detail(case), detail),
            });
        }
    }
    for case in &b.cases {
        if find(a, &case.id).is_none() {
            out.push(Change {
                case: case.id.clone(),
                before: None,
                after: Some(case.verdict),
                detail: detail(case),
            });
        }
    }
    out
}

fn find<'a>(run: &'a RunResult, id: &str) -> Option<&'a CaseResult> {
    run.cases.iter().find(|c| c.id == id)
}

fn detail(case: &CaseResult) -> String {
    match (&case.quirk, &case.failure, &case.reason) {
        (Some(quirk), ..) => quirk.clone(),
        (None, Some(failure), _) => failure.check.clone(),
        (None, None, Some(reason)) => reason.clone(),
        (None, None, None) => String::new(),
    }
}

fn word(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("absent", Verdict::word)
}

/// The difference as text.
pub fn diff(a: &RunResult, b: &RunResult) -> String {
    let mut out = String::new();
    let changes = changes(a, b);
    for change in &changes {
        let _ = writeln!(
            out,
            "{} {:<10} {:<10} {} {}",
            if change.is_worse() { "-" } else { "+" },
            word(change.before),
            word(change.after),
            change.case,
            change.detail
        );
    }
    for profile in &b.profiles {
        let before = a.profiles.iter().find(|p| p.profile == profile.profile);
        if before.is_some_and(|p| p.certified != profile.certified) {
            let _ = writeln!(
                out,
                "{} profile {:?} is {}certified now",
                if profile.certified { "+" } else { "-" },
                profile.profile,
                if profile.certified { "" } else { "not " }
            );
        }
    }
    let worse = changes.iter().filter(|c| c.is_worse()).count();
    let _ = writeln!(out, "{} differ, {worse} for the worse", changes.len());
    out
}

/// Verdicts of several runs by case, as a Markdown table; cases that are alike in all are counted, not shown, unless
/// `all`.
pub fn matrix(runs: &[(String, RunResult)], all: bool) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for (_, run) in runs {
        for case in &run.cases {
            if !ids.contains(&case.id.as_str()) {
                ids.push(&case.id);
            }
        }
    }
    let mut out = String::from("| case |");
    for (name, _) in runs {
        let _ = write!(out, " {} |", name.replace('|', "\\|"));
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(runs.len()));
    out.push('\n');
    let mut alike = 0;
    for id in ids {
        let cells: Vec<String> = runs
            .iter()
            .map(|(_, run)| match find(run, id) {
                None => "absent".to_owned(),
                Some(case) => match &case.quirk {
                    Some(quirk) => format!("{} ({quirk})", case.verdict.word()),
                    None => case.verdict.word().to_owned(),
                },
            })
            .collect();
        if !all && cells.iter().all(|c| *c == cells[0]) {
            alike += 1;
            continue;
        }
        let _ = writeln!(out, "| `{id}` | {} |", cells.join(" | "));
    }
    let _ = writeln!(out, "\n{alike} case(s) came out alike in all runs.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level::Must;
    use crate::result::tests::{case, run};

    #[test]
    fn what_got_worse_is_marked() {
        let a = run(vec![
            case("a/1", Must, Verdict::Pass),
            case("a/2", Must, Verdict::Fail),
            case("a/3", Must, Verdict::Pass),
        ]);
        let b = run(vec![
            case("a/1", Must, Verdict::Fail),
            case("a/2", Must, Verdict::Pass),
            case("a/3", Must, Verdict::Skip),
            case("a/4", Must, Verdict::Pass),
        ]);
        insta::assert_snapshot!(diff(&a, &b));
        let named = [("one".to_owned(), a), ("two".to_owned(), b)];
        insta::assert_snapshot!(matrix(&named, false));
    }

    #[test]
    fn equal_runs_do_not_differ() {
        let a = run(vec![case("a/1", Must, Verdict::Pass)]);
        assert_eq!(diff(&a, &a), "0 differ, 0 for the worse\n");
    }
}
