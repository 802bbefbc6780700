//! The page of a result file: `docs/performance.md`.

use std::fmt::Write as _;

use super::report::Report;

/// The page in Markdown.
pub fn render(report: &Report) -> String {
    let mut page = String::from(
        "# Performance\n\nMade by `scripts/bench --page` from `docs/performance.json`, the result of the last run that was kept. \
         Medians over interleaved rounds, smallest and largest in brackets; ratios are taken round by round. \
         Servers, load client and bare server are processes of their own.\n\n",
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        page,
        "Machine: {}. Rounds: {}.\n",
        report.machine, report.rounds
    );
    page.push_str("| what | work | measured | target | reached |\n|---|---|---|---|---|\n");
    for m in &report.measurements {
        let figures: Vec<String> = m
            .figures
            .iter()
            .map(|f| format!("{}: {}", f.name, f.text().trim()))
            .collect();
        let reached = match m.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {reached} |",
            m.id,
            m.work,
            figures.join("<br>"),
            m.target
        );
    }
    page
}
