//! One HTML file that needs nothing else: verdicts, expected against observed, every exchange.

use std::fmt::Write as _;

use crate::meta::Level;
use crate::result::{CaseResult, RunResult};
use crate::verdict::Verdict;

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1d232b;--soft:#5b6572;--paper:#fff;--tint:#f3f5f7;--line:#d5dae1;--pass:#1a7f37;--fail:#b42318;--dev:#8a5a00}\
@media(prefers-color-scheme:dark){:root{--ink:#dde3ea;--soft:#98a4b3;--paper:#14181d;--tint:#1e242b;--line:#333b45;--pass:#57c079;--fail:#ff8a7a;--dev:#e0b050}}\
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1.5rem 1rem 4rem;color:var(--ink);background:var(--paper)}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1.5rem 0 .25rem}.soft{color:var(--soft)}\
.bar{display:flex;height:.6rem;border-radius:.3rem;overflow:hidden;margin:1rem 0 .5rem;background:var(--tint)}.bar i{display:block}\
.bar .pass{background:var(--pass)}.bar .deviation{background:var(--dev)}.bar .fail,.bar .error{background:var(--fail)}.bar .skip,.bar .disabled{background:var(--soft)}\
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem;margin:1rem 0;padding:0;list-style:none}\
.tiles li{border:1px solid var(--line);border-radius:.4rem;padding:.5rem .75rem}.tiles b{display:block}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}\
details{border-bottom:1px solid var(--line);padding:.3rem 0}summary{cursor:pointer;overflow-wrap:anywhere}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--tint);padding:.5rem;font-size:12px;margin:.4rem 0}code{font-size:.9em;overflow-wrap:anywhere}\
.v{display:inline-block;min-width:5.5rem;font-weight:600}.pass{color:var(--pass)}.fail,.error{color:var(--fail)}.deviation{color:var(--dev)}.skip,.disabled{color:var(--soft)}a{color:inherit}\
@media(max-width:40rem){.v{min-width:0;margin-right:.4rem}summary code{display:block}}";

/// The result as a single HTML page.
pub fn html(run: &RunResult) -> String {
    let mut out = String::new();
    let name = escape(&run.target.name);
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Conformance of {name}</title><style>{STYLE}</style></head><body><h1>Conformance of {name}</h1>"
    );
    let _ = write!(
        out,
        "<p class=\"soft\">Release {:?}, seed {}, kit {}, started {}.{}</p>",
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
    write_counts(&mut out, run);
    if run.target.simulated {
        out.push_str("<p class=\"soft\">A run against a simulator certifies the simulator, never a release.</p>");
    }
    out.push_str("<h2>Profiles</h2><ul class=\"tiles\">");
    for p in &run.profiles {
        let (class, word) = if p.certified {
            ("pass", "certified")
        } else {
            ("fail", "not certified")
        };
        let _ = write!(
            out,
            "<li><b>{:?}</b><span class=\"{class}\">{word}</span> <span class=\"soft\">{} of {} mandatory</span></li>",
            p.profile, p.passed, p.mandatory
        );
    }
    out.push_str("</ul>");
    write_reasons(&mut out, run);
    write_matrix(&mut out, run);
    write_attention(&mut out, run);
    out.push_str("<h2>Cases</h2>");
    let mut area = "";
    for case in &run.cases {
        if case.area() != area {
            area = case.area();
            let _ = write!(out, "<h3 id=\"area-{0}\">{0}</h3>", escape(area));
        }
        write_case(&mut out, case);
    }
    out.push_str("</body></html>\n");
    out
}

/// How many cases came out how, as text and as a bar.
fn write_counts(out: &mut String, run: &RunResult) {
    let some: Vec<(&Verdict, &usize)> = run.totals.iter().filter(|(_, n)| **n > 0).collect();
    out.push_str("<div class=\"bar\" aria-hidden=\"true\">");
    for (verdict, count) in some.iter().rev() {
        let _ = write!(out, "<i class=\"{verdict}\" style=\"flex:{count}\"></i>");
    }
    out.push_str("</div>");
    let counts: Vec<String> = some
        .iter()
        .rev()
        .map(|(v, n)| format!("<b class=\"{v}\">{n} {v}</b>"))
        .collect();
    let _ = write!(
        out,
        "<p class=\"sum\">{} of {} cases in {:.1} s</p>",
        counts.join(", "),
        run.cases.len(),
        std::time::Duration::from_millis(run.millis).as_secs_f64()
    );
}

/// What is not a pass, by name, before the long list.
fn write_attention(out: &mut String, run: &RunResult) {
    let others: Vec<&CaseResult> = run
        .cases
        .iter()
        .filter(|c| c.verdict != Verdict::Pass || c.surprise.is_some())
        .collect();
    if others.is_empty() {
        return;
    }
    let _ = write!(out, "<h2>Not passed ({})</h2>", others.len());
    out.push_str("<div class=\"wide\"><table><tr><th>verdict</th><th>case</th><th>why</th></tr>");
    for case in others {
        let why = match (&case.quirk, &case.surprise, &case.failure, &case.reason) {
            (Some(quirk), ..) => format!("known: {quirk}"),
            (_, Some(surprise), ..) => format!("expected to fail: {surprise}"),
            (.., Some(failure), _) => format!("check {}", failure.check),
            (.., Some(reason)) => reason.clone(),
            _ => String::new(),
        };
        let _ = write!(
            out,
            "<tr><td class=\"{0}\">{0}</td><td><a href=\"#{1}\"><code>{1}</code></a></td><td>{2}</td></tr>",
            case.verdict.word(),
            escape(&case.id),
            escape(&why)
        );
    }
    out.push_str("</table></div>");
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
        "<h2>Areas</h2><div class=\"wide\"><table><tr><th>area</th><th>MUST</th><th>SHOULD</th><th>MAY</th></tr>",
    );
    for area in areas {
        let _ = write!(
            out,
            "<tr><td><a href=\"#area-{0}\">{0}</a></td>",
            escape(area)
        );
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
    out.push_str("</table></div>");
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
