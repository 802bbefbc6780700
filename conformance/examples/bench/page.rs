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
        let mut figures = figures;
        figures.extend(m.skipped.iter().map(|why| format!("skipped: {why}")));
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
    page.push_str("\n## Where the time goes\n\n");
    if report.layers.is_empty() {
        page.push_str("Not counted in this run.\n");
    } else {
        page.push_str(
            "Instructions of one request, the mean of `--reservezfcp` and `--releasezfcp` of a named LUN, counted by Valgrind in the server: \
             500 requests less 100, so that its start does not count. The kernel's part is not in it.\n\n| layer | instructions | share |\n|---|---|---|\n",
        );
        for layer in &report.layers {
            let _ = writeln!(
                page,
                "| {} | {} | {:.1} % |",
                layer.name,
                layer.instructions,
                layer.share * 100.0
            );
        }
    }
    for why in &report.skipped {
        let _ = writeln!(page, "\nSkipped: {why}.");
    }
    for why in &report.failed {
        let _ = writeln!(page, "\n**Failed**: {why}.");
    }
    page.push_str(NOTES);
    page
}

/// What the figures do not say.
const NOTES: &str = include_str!("notes.md");
