//! One HTML file that needs nothing else: verdicts, expected against observed, every exchange.

use std::fmt::Write as _;

use crate::meta::Level;
use crate::result::{CaseResult, RunResult};
use crate::verdict::Verdict;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d232b;background:#fff}\
table{border-collapse:collapse}td,th{padding:.25rem .75rem;border-bottom:1px solid #d5dae1;text-align:left}\
details{border-bottom:1px solid #d5dae1;padding:.3rem 0}summary{cursor:pointer}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f3f5f7;padding:.5rem;font-size:12px}\
.v{display:inline-block;min-width:5.5rem;font-weight:600}.pass{color:#1a7f37}.fail,.error{color:#b42318}.deviation{color:#8a5a00}.skip{color:#5b6572}\
@media(prefers-color-scheme:dark){body{background:#14181d;color:#dde3ea}pre{background:#1e242b}td,th,details{border-color:#333b45}}";

/// The result as a single HTML page.
pub fn html(run: &RunResult) -> String {
    let mut out = String::new();
    let name = escape(&run.target.name);
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Conformance of {name}</title><style>{STYLE}</style></head><body><h1>Conformance of {name}</h1>"
    );
    let _ = write!(
        out,
        "<p>Release {:?}, seed {}, kit {}, started {}.{}</p>",
        run.target.release,
        run.seed,
        escape(&run.kit),
        escape(&run.started),
        run.target
            .version
            .as_deref()
            .map(|v| format!(
                " The management node calls itself <code>{}</code>.",
                escape(v)
            ))
            .unwrap_or_default()
    );
    let counts: Vec<String> = run
        .totals
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(v, n)| format!("<span class=\"{v}\">{n} {v}</span>"))
        .collect();
    let _ = write!(
        out,
        "<p class=\"sum\">{} of {} cases in {:.1} s</p>",
        counts.join(", "),
        run.cases.len(),
        std::time::Duration::from_millis(run.millis).as_secs_f64()
    );
    if run.target.simulated {
        out.push_str("<p>A run against a simulator certifies the simulator, never a release.</p>");
    }
    out.push_str("<table><tr><th>profile</th><th>certificate</th><th>mandatory passed</th></tr>");
    for p in &run.profiles {
        let (class, word) = if p.certified {
            ("pass", "certified")
        } else {
            ("fail", "not certified")
        };
        let _ = write!(
            out,
            "<tr><td>{:?}</td><td class=\"{class}\">{word}</td><td>{} of {}</td></tr>",
            p.profile, p.passed, p.mandatory
        );
    }
    out.push_str("</table>");
    write_reasons(&mut out, run);
    write_matrix(&mut out, run);
    out.push_str("<h2>Cases</h2>");
    for case in &run.cases {
        write_case(&mut out, case);
    }
    out.push_str("</body></html>\n");
    out
}

/// Why profiles are not certified.
fn write_reasons(out: &mut String, run: &RunResult) {
    for p in run.profiles.iter().filter(|p| !p.certified) {
        let _ = write!(
            out,
            "<details><summary>Why {:?} is not certified ({})</summary><ul>",
            p.profile,
            p.reasons.len()
        );
        for reason in &p.reasons {
            let _ = write!(out, "<li>{}</li>", escape(reason));
        }
        out.push_str("</ul></details>");
    }
}

/// Areas by levels: how many of the cases passed, and the worst verdict as colour.
fn write_matrix(out: &mut String, run: &RunResult) {
    let mut areas: Vec<&str> = Vec::new();
    for case in &run.cases {
        if !areas.contains(&case.area()) {
            areas.push(case.area());
        }
    }
    out.push_str(
        "<h2>Areas</h2><table><tr><th>area</th><th>MUST</th><th>SHOULD</th><th>MAY</th></tr>",
    );
    for area in areas {
        let _ = write!(out, "<tr><td>{}</td>", escape(area));
        for level in [Level::Must, Level::Should, Level::May] {
            let cell: Vec<&CaseResult> = run
                .cases
                .iter()
                .filter(|c| c.area() == area && c.level == level)
                .collect();
            if cell.is_empty() {
                out.push_str("<td></td>");
                continue;
            }
            let worst = Verdict::worst(cell.iter().map(|c| c.verdict));
            let passed = cell.iter().filter(|c| c.verdict == Verdict::Pass).count();
            let _ = write!(
                out,
                "<td class=\"{worst}\">{passed} of {}{}</td>",
                cell.len(),
                if worst == Verdict::Pass {
                    String::new()
                } else {
                    format!(", {worst}")
                }
            );
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

fn write_case(out: &mut String, case: &CaseResult) {
    let verdict = case.verdict.word();
    let _ = write!(
        out,
        "<details id=\"{id}\"><summary><span class=\"v {verdict}\">{verdict}</span> <code>{id}</code> {title}{quirk}</summary>\
         <p>{level:?}, {requirement}, {millis} ms</p>",
        id = escape(&case.id),
        title = escape(&case.title),
        quirk = case
            .quirk
            .as_ref()
            .map(|q| format!(" ({q})"))
            .unwrap_or_default(),
        level = case.level,
        requirement = escape(&case.requirement),
        millis = case.millis
    );
    if let Some(reason) = &case.reason {
        let _ = write!(out, "<p>{}</p>", escape(reason));
    }
    for note in &case.recorded {
        let _ = write!(
            out,
            "<p>Recorded: {}: <code>{}</code></p>",
            escape(&note.what),
            escape(&note.seen)
        );
    }
    if let Some(f) = &case.failure {
        let _ = write!(
            out,
            "<p>Check <code>{}</code></p><pre>expected {}\nobserved {}</pre>",
            escape(&f.check),
            escape(&f.expected),
            escape(&f.observed)
        );
    }
    for e in &case.exchanges {
        let _ = write!(
            out,
            "<pre>{} {}\n{}\n→ {} {}\n{}{}</pre>",
            e.method,
            escape(&e.path),
            escape(e.body.as_deref().unwrap_or_default()),
            e.status
                .map_or_else(|| "no answer".to_owned(), |s| s.to_string()),
            escape(&e.content_type),
            escape(&e.answer),
            escape(e.error.as_deref().unwrap_or_default())
        );
    }
    out.push_str("</details>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::{case, run};

    #[test]
    fn what_the_target_says_is_text_not_markup() {
        let mut failing = case("a/1", Level::Must, Verdict::Fail);
        failing.reason = Some("<script>alert(1)</script>".to_owned());
        let page = html(&run(vec![failing]));
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("<script>"));
    }
}
