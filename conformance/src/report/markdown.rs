//! A summary for people and pull requests.

use std::fmt::Write as _;

use crate::result::RunResult;
use crate::verdict::Verdict;

/// The result as Markdown.
pub fn markdown(run: &RunResult) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# Conformance of {}\n", run.target.name);
    let _ = writeln!(
        out,
        "Measured as release {:?}, behaviour {}, seed {}, kit {}, started {}.",
        run.target.release,
        serde_json::to_value(run.target.behaviour)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default(),
        run.seed,
        run.kit,
        run.started
    );
    if let Some(version) = &run.target.version {
        let _ = writeln!(out, "The management node calls itself `{version}`.");
    }
    if run.target.simulated {
        let _ = writeln!(
            out,
            "\nA run against a simulator certifies the simulator, never a release."
        );
    }
    let _ = writeln!(out, "\n| verdict | cases |\n|---|---|");
    for (verdict, count) in run.totals.iter().filter(|(_, n)| **n > 0) {
        let _ = writeln!(out, "| {verdict} | {count} |");
    }
    let _ = writeln!(
        out,
        "\n## Profiles\n\n| profile | certificate | mandatory passed |\n|---|---|---|"
    );
    for profile in &run.profiles {
        let word = if profile.certified {
            "certified"
        } else {
            "not certified"
        };
        let _ = writeln!(
            out,
            "| {:?} | {word} | {} of {} |",
            profile.profile, profile.passed, profile.mandatory
        );
    }
    for (title, verdict) in [
        ("Failures", Verdict::Fail),
        ("Errors of the kit", Verdict::Error),
        ("Known deviations", Verdict::Deviation),
        ("Skipped", Verdict::Skip),
    ] {
        let cases: Vec<_> = run.cases.iter().filter(|c| c.verdict == verdict).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n## {title}\n");
        for case in cases {
            let quirk = case
                .quirk
                .as_ref()
                .map(|q| format!(" (**{q}**)"))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "* `{}`{quirk}: {} [{}]",
                case.id, case.title, case.requirement
            );
            if let Some(failure) = &case.failure {
                let _ = writeln!(
                    out,
                    "  * `{}`: expected {}\n  * observed {}",
                    failure.check,
                    one_line(&failure.expected),
                    one_line(&failure.observed)
                );
            }
            if let Some(reason) = &case.reason {
                let _ = writeln!(out, "  * {}", one_line(reason));
            }
        }
    }
    let surprises: Vec<_> = run
        .cases
        .iter()
        .filter_map(|c| Some((&c.id, c.surprise.as_ref()?)))
        .collect();
    if !surprises.is_empty() {
        let _ = writeln!(out, "\n## Surprises\n");
        for (id, quirk) in surprises {
            let _ = writeln!(out, "* `{id}` passes although {quirk} was expected");
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split('\n').collect::<Vec<_>>().join(" ⏎ ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};

    #[test]
    fn names_what_is_in_the_way() {
        let mut deviating = case("a/2", Level::Must, Verdict::Deviation);
        deviating.quirk = Some("Q12".to_owned());
        let text = markdown(&run(vec![
            case("a/1", Level::Must, Verdict::Pass),
            deviating,
        ]));
        insta::assert_snapshot!(text);
    }
}
