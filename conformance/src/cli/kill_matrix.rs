//! `kill-matrix`: the kit against every deliberate defect.

use std::time::Instant;

use anyhow::Context as _;

use super::args::KillMatrixArgs;
use crate::matrix::{Extent, kill_matrix};
use crate::result::ExitStatus;
use crate::select::Selection;

/// Carries out `kill-matrix`.
pub async fn run(args: KillMatrixArgs) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let extent = match args.select {
        None if !args.whole => Extent::Named,
        expression => Extent::Selected(Selection {
            expression,
            ..Selection::default()
        }),
    };
    let kills = kill_matrix(&args.only, &extent, args.jobs, &|kill| {
        let word = if kill.survived() {
            "SURVIVED"
        } else if kill.as_named {
            "caught"
        } else {
            "caught elsewhere"
        };
        let by = kill.caught_by.first().map_or("", String::as_str);
        let more = match kill.caught_by.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        println!("{word:<16} {:<42} {by}{more}", kill.defect);
    })
    .await?;
    let survivors = kills.iter().filter(|k| k.survived()).count();
    let elsewhere = kills
        .iter()
        .filter(|k| !k.survived() && !k.as_named)
        .count();
    println!(
        "{} defects, {} caught, {survivors} survived; {elsewhere} not by the case that the catalogue names; {:.1} s",
        kills.len(),
        kills.len() - survivors,
        started.elapsed().as_secs_f64()
    );
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&kills)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(match (kills.is_empty(), survivors) {
        (true, _) => ExitStatus::NothingRan,
        (false, 0) => ExitStatus::Success,
        (false, _) => ExitStatus::Failed,
    })
}
