//! One HTML file that needs nothing else and loads nothing: the outcome first, then areas by level, what did not pass, and
//! each case with its requirement, its steps and the evidence, folded. Without scripts: it is read where scripts do not run,
//! and what a target says is shown in it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::meta::Level;
use crate::result::{CaseResult, ExitStatus, RunResult};
use crate::target::{Exchange, Phase};
use crate::verdict::Verdict;

const STYLE: &str = include_str!("report.css");

/// Nothing is fetched and nothing runs, whatever text of the target stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Most characters of a request's body in the line of its step; all of it is in the evidence.
const STEP_CHARACTERS: usize = 160;

/// The result as a single HTML page.
pub fn html(run: &RunResult) -> String {
    let title = format!("Conformance of {}", run.target.name);
    let others = not_passed(run);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    (outcome(run))
                    (facts(run))
                }
                @if !run.cases.is_empty() {
                    (contents(run, &others))
                    main {
                        (profiles(run))
                        (areas(run))
                        (attention(&others))
                        (cases(run, &others))
                    }
                }
            }
        }
    }
    .into_string()
}

/// What is not a pass, the worst first.
fn not_passed(run: &RunResult) -> Vec<&CaseResult> {
    let mut others: Vec<&CaseResult> = run.cases.iter().filter(|c| !is_good(c)).collect();
    others.sort_by_key(|c| std::cmp::Reverse(c.verdict));
    others
}

fn is_good(case: &CaseResult) -> bool {
    case.verdict == Verdict::Pass && case.surprise.is_none()
}

/// The end of the run in one sentence, and how many cases came out how, as a bar and as text.
fn outcome(run: &RunResult) -> Markup {
    let (class, sentence) = match run.exit_status() {
        ExitStatus::Success => ("pass", "Nothing unexpected happened"),
        ExitStatus::Failed if run.verdict == Verdict::Fail => ("fail", "Cases failed"),
        ExitStatus::Failed => ("fail", "Cases passed that were expected to fail"),
        ExitStatus::Incomplete => ("skip", "Mandatory cases were skipped"),
        ExitStatus::NothingRan => ("skip", "No case ran"),
        ExitStatus::KitError | ExitStatus::Usage => ("error", "The kit could not judge every case"),
    };
    let some: Vec<(&Verdict, &usize)> = run.totals.iter().rev().filter(|(_, n)| **n > 0).collect();
    html! {
        p.headline.(class) { (sentence) }
        @if !some.is_empty() {
            div.bar aria-hidden="true" {
                @for (verdict, count) in &some { i.(verdict.word()) style=(format!("flex:{count}")) {} }
            }
            p {
                @for (at, (verdict, count)) in some.iter().enumerate() {
                    @if at > 0 { ", " }
                    b.(verdict.word()) { (count) " " (verdict) }
                }
                " of " (run.cases.len()) " cases in " (seconds(run.millis))
            }
        }
        @if run.target.simulated {
            p.soft { "A run against a simulator certifies the simulator, never a release." }
        }
    }
}

fn facts(run: &RunResult) -> Markup {
    let behaviour = format!("{:?}", run.target.behaviour).to_lowercase();
    html! {
        dl.facts {
            dt { "Measured as" } dd { "release " (format!("{:?}", run.target.release)) ", as " (behaviour) }
            @if let Some(version) = &run.target.version { dt { "Calls itself" } dd { code { (version) } } }
            dt { "Started" } dd { (moment(&run.started)) }
            dt { "Seed, kit" } dd { (run.seed) ", " (run.kit) }
        }
    }
}

fn contents(run: &RunResult, others: &[&CaseResult]) -> Markup {
    html! {
        nav aria-label="Parts of the page" {
            ul {
                @if !run.profiles.is_empty() { li { a href="#profiles" { "Profiles" } } }
                li { a href="#areas" { "Areas" } }
                @if !others.is_empty() { li { a href="#not-passed" { "Not passed (" (others.len()) ")" } } }
                li { a href="#cases" { "Cases (" (run.cases.len()) ")" } }
            }
        }
    }
}

/// Certificates, and why some are refused.
fn profiles(run: &RunResult) -> Markup {
    if run.profiles.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="profiles" {
            h2 #profiles { "Profiles" }
            ul.tiles {
                @for p in &run.profiles {
                    li {
                        b { (format!("{:?}", p.profile)) }
                        @if p.certified { span.pass { "certified" } } @else { span.fail { "not certified" } }
                        span.soft { (p.passed) " of " (p.mandatory) " mandatory" }
                    }
                }
            }
            @for p in run.profiles.iter().filter(|p| !p.certified) {
                details {
                    summary { "Why " (format!("{:?}", p.profile)) " is not certified (" (p.reasons.len()) ")" }
                    ul { @for reason in &p.reasons { li { (with_link(run, reason)) } } }
                }
            }
        }
    }
}

/// A reason whose first word is a case leads to it.
fn with_link(run: &RunResult, reason: &str) -> Markup {
    let end = reason.find([':', ' ']).unwrap_or(reason.len());
    let (id, rest) = reason.split_at(end);
    html! {
        @if run.cases.iter().any(|c| c.id == id) { (link(id)) (rest) } @else { (reason) }
    }
}

fn link(id: &str) -> Markup {
    html! { a href={ "#" (id) } { code { (id) } } }
}

/// Areas by levels: how many of the cases passed, and what the others came to.
fn areas(run: &RunResult) -> Markup {
    html! {
        section aria-labelledby="areas" {
            h2 #areas { "Areas" }
            table {
                thead { tr { th scope="col" { "Area" } th scope="col" { "MUST" } th scope="col" { "SHOULD" } th scope="col" { "MAY" } } }
                tbody {
                    @for area in names_of_areas(run) {
                        tr {
                            th scope="row" { a href={ "#area-" (area) } { (area) } }
                            @for level in [Level::Must, Level::Should, Level::May] { (cell(run, area, level)) }
                        }
                    }
                }
            }
        }
    }
}

fn names_of_areas(run: &RunResult) -> Vec<&str> {
    let mut areas: Vec<&str> = Vec::new();
    for case in &run.cases {
        if !areas.contains(&case.area()) {
            areas.push(case.area());
        }
    }
    areas
}

fn cell(run: &RunResult, area: &str, level: Level) -> Markup {
    let cases: Vec<&CaseResult> = run
        .cases
        .iter()
        .filter(|c| c.area() == area && c.level == level)
        .collect();
    let count = |verdict: Verdict| cases.iter().filter(|c| c.verdict == verdict).count();
    let worst = Verdict::worst(cases.iter().map(|c| c.verdict));
    html! {
        td {
            @if !cases.is_empty() {
                span.(worst.word()) { (count(Verdict::Pass)) " of " (cases.len()) }
                @for verdict in Verdict::ALL.into_iter().rev().filter(|v| *v != Verdict::Pass && count(*v) > 0) {
                    " " small.(verdict.word()) { (count(verdict)) " " (verdict) }
                }
            }
        }
    }
}

/// What is not a pass, by name, before the long list.
fn attention(others: &[&CaseResult]) -> Markup {
    if others.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="not-passed" {
            h2 #not-passed { "Not passed (" (others.len()) ")" }
            table.list {
                thead { tr { th scope="col" { "Verdict" } th scope="col" { "Case" } th scope="col" { "Why" } } }
                tbody {
                    @for case in others {
                        tr {
                            td { b.(case.verdict.word()) { (case.verdict) } }
                            th scope="row" { (link(&case.id)) br; (case.title) }
                            td { (why(case)) }
                        }
                    }
                }
            }
        }
    }
}

fn why(case: &CaseResult) -> String {
    match (&case.quirk, &case.surprise, &case.failure, &case.reason) {
        (Some(quirk), ..) => format!("known: {quirk}"),
        (_, Some(surprise), ..) => format!("expected to fail: {surprise}"),
        (.., Some(failure), None) => format!("check {}", failure.check),
        (.., Some(failure), Some(reason)) => format!("check {}; {reason}", failure.check),
        (.., Some(reason)) => reason.clone(),
        _ => String::new(),
    }
}

fn cases(run: &RunResult, others: &[&CaseResult]) -> Markup {
    html! {
        section aria-labelledby="cases" {
            h2 #cases { "Cases" }
            // With nothing to hide or nothing to be left there is nothing to choose.
            @if !others.is_empty() && others.len() < run.cases.len() {
                fieldset {
                    legend { "Show" }
                    label { input type="radio" name="show" checked; " all" }
                    label { input #show-others type="radio" name="show"; " those that did not pass" }
                }
            }
            @for area in names_of_areas(run) {
                section.area aria-labelledby={ "area-" (area) } {
                    h3 id={ "area-" (area) } { (area) }
                    @for case in run.cases.iter().filter(|c| c.area() == area) { (one(case)) }
                }
            }
        }
    }
}

/// A case: folded, unless it failed.
fn one(case: &CaseResult) -> Markup {
    let verdict = case.verdict.word();
    let class = if is_good(case) { "case good" } else { "case" };
    html! {
        details class=(class) open[case.verdict >= Verdict::Fail] {
            summary {
                span.v.(verdict) { (verdict) } " " code { (case.id) } " " (case.title)
                @if let Some(quirk) = &case.quirk { " (" (quirk) ")" }
            }
            // The target of links stands inside, so that following one unfolds the case.
            div id=(case.id) {
                p.soft { (about(case)) }
                @if let Some(reason) = &case.reason { p { (reason) } }
                @if let Some(surprise) = &case.surprise { p.fail { "Passed, although it was expected to fail: " (surprise) } }
                @for left in &case.left_behind { p.error { "Left behind: " (left) } }
                @if let Some(failure) = &case.failure {
                    p { "Check " code { (failure.check) } }
                    dl {
                        dt { "expected" } dd { pre { (failure.expected) } }
                        dt { "observed" } dd { pre { (failure.observed) } }
                    }
                }
                @for note in &case.recorded { p { "Recorded: " (note.what) ": " code { (note.seen) } } }
                (steps(case))
            }
        }
    }
}

/// What stands behind the case, and how it was run.
fn about(case: &CaseResult) -> String {
    let level = format!("{:?}", case.level).to_uppercase();
    let profiles: Vec<String> = case
        .profiles
        .iter()
        .map(|p| format!("{p:?}").to_lowercase())
        .collect();
    let mut parts = vec![
        format!("{level} by {}", case.requirement),
        profiles.join(", "),
        case.effect.word().to_owned(),
        seconds(case.millis),
    ];
    if case.attempts > 1 {
        parts.push(format!("{} attempts", case.attempts));
    }
    parts.retain(|p| !p.is_empty());
    parts.join(" · ")
}

/// Requests in their order, each with its evidence.
fn steps(case: &CaseResult) -> Markup {
    if case.exchanges.is_empty() {
        return html! {};
    }
    let own = case
        .exchanges
        .iter()
        .filter(|e| e.phase == Phase::Case)
        .count();
    let cleaning = case.exchanges.len() - own;
    html! {
        details.steps {
            summary {
                (own) @if own == 1 { " step" } @else { " steps" }
                @if cleaning > 0 { ", " (cleaning) " of clean-up" }
            }
            ol { @for exchange in &case.exchanges { li { (step(exchange)) } } }
        }
    }
}

fn step(exchange: &Exchange) -> Markup {
    let status = exchange
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    html! {
        details {
            summary {
                @if exchange.phase == Phase::CleanUp { span.soft { "clean-up " } }
                code { (exchange.method) " " (without_account(&exchange.path)) }
                @if let Some(body) = &exchange.body { " " code { (shortened(body)) } }
                span.soft { " → " (status) ", " (exchange.millis) " ms" }
            }
            pre {
                (exchange.method) " " (exchange.path) "\n"
                @if let Some(body) = &exchange.body { (body) "\n" }
                "→ " (status) " " (exchange.content_type) "\n" (exchange.answer)
                @if let Some(error) = &exchange.error { (error) }
            }
        }
    }
}

/// The path without what is alike in every request.
fn without_account(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let own: Vec<&str> = query
        .split('&')
        .filter(|pair| !matches!(*pair, "format=json" | "userName=***" | "password=***"))
        .collect();
    if own.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", own.join("&"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(STEP_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A moment of RFC 3339 to the second, for people.
fn moment(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(
        |_| text.to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

fn seconds(millis: u64) -> String {
    if millis < 1000 {
        return format!("{millis} ms");
    }
    let time = std::time::Duration::from_millis(millis);
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::FailureResult;
    use crate::result::tests::{case, run};
    use crate::target::Method;

    fn asked(body: &str) -> Exchange {
        Exchange {
            phase: Phase::Case,
            method: Method::Put,
            path: "/hypervisor/h?format=json&userName=***&password=***".to_owned(),
            body: Some(body.to_owned()),
            status: Some(200),
            content_type: "application/json".to_owned(),
            answer: "{}".to_owned(),
            error: None,
            millis: 3,
        }
    }

    #[test]
    fn what_the_target_says_is_text_not_markup() {
        let hostile = "<script>alert(1)</script>\"'&";
        let mut failing = case("a/1", Level::Must, Verdict::Fail);
        failing.reason = Some(hostile.to_owned());
        failing.failure = Some(FailureResult {
            check: "c".to_owned(),
            expected: "e".to_owned(),
            observed: hostile.to_owned(),
        });
        failing.left_behind = vec![hostile.to_owned()];
        let mut exchange = asked(hostile);
        exchange.answer = hostile.to_owned();
        exchange.error = Some(hostile.to_owned());
        failing.exchanges = vec![exchange];
        let mut hostile_run = run(vec![failing]);
        hostile_run.target.version = Some(hostile.to_owned());
        hostile_run.target.name = hostile.to_owned();
        let page = html(&hostile_run);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.matches("&lt;script&gt;").count() >= 8, "{page}");
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_failed_case_is_open_and_comes_first_among_the_others() {
        let mut failing = case("b/2", Level::Must, Verdict::Fail);
        failing.failure = Some(FailureResult {
            check: "there".to_owned(),
            expected: "one".to_owned(),
            observed: "none".to_owned(),
        });
        failing.exchanges = vec![asked("[\"--x\"]")];
        let mut known = case("a/1", Level::Should, Verdict::Deviation);
        known.quirk = Some("Q14".to_owned());
        let mut page = html(&run(vec![
            known,
            failing,
            case("b/3", Level::Must, Verdict::Pass),
        ]));
        page = page.replace(STYLE, "");
        insta::assert_snapshot!(page.replace("><", ">\n<"));
    }

    #[test]
    fn nothing_is_shown_of_which_there_is_nothing() {
        let page = html(&run(Vec::new())).replace(STYLE, "");
        assert!(page.contains("No case ran"));
        for part in ["<nav", "<table", "<fieldset", "<ul", "class=\"bar\""] {
            assert!(!page.contains(part), "{part}");
        }
        let page = html(&run(vec![case("a/1", Level::Must, Verdict::Pass)])).replace(STYLE, "");
        for part in ["<fieldset", "Not passed", "MAY</th></tr></thead></table"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn links_lead_to_what_is_there() {
        let mut skipped = case("b/2", Level::Must, Verdict::Skip);
        skipped.reason = Some("nothing: lent".to_owned());
        let page = html(&run(vec![case("a/1", Level::Must, Verdict::Pass), skipped]));
        let targets: Vec<&str> = page
            .split("href=\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(targets.len() > 6, "{targets:?}");
        for target in targets {
            let found = page.matches(&format!("id=\"{target}\"")).count();
            assert_eq!(found, 1, "{target}");
        }
    }

    #[test]
    fn a_step_shows_what_is_its_own() {
        assert_eq!(
            without_account("/nodes/h/inventory?field=a&format=json&userName=***&password=***"),
            "/nodes/h/inventory?field=a"
        );
        assert_eq!(
            shortened(&"é".repeat(STEP_CHARACTERS + 1)).chars().count(),
            STEP_CHARACTERS + 1
        );
    }
}
