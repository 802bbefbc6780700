//! `replay`: recorded requests against the simulator.

use std::collections::BTreeMap;

use anyhow::bail;
use xcat_simulator::replay::{Folder, Place};

use super::args::{At, ReplayArgs};
use crate::result::ExitStatus;

/// Most characters of one difference that are shown.
const SHOWN: usize = 1_500;

/// Carries out `replay`.
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitStatus> {
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let place = match args.at {
        At::Seam => Place::Seam,
        At::Door => Place::Door,
    };
    let folder = Folder::open(&args.dir)?;
    if folder.ids().next().is_none() {
        bail!("{} holds no recordings", args.dir.display());
    }
    for id in folder.ids() {
        if !args.only.is_empty() && !args.only.iter().any(|text| id.contains(text.as_str())) {
            continue;
        }
        let report = folder.replay(id, place).await?;
        let (matching, all) = areas.entry(report.area.clone()).or_default();
        *all += 1;
        if report.matches() {
            *matching += 1;
            if !args.quiet {
                println!("same    {id}");
            }
            continue;
        }
        println!("differs {id}");
        if !args.quiet {
            for difference in &report.differences {
                let shown: String = difference.chars().take(SHOWN).collect();
                println!("        {}", shown.replace('\n', "\n        "));
            }
        }
    }
    let (mut matching, mut all) = (0, 0);
    for (area, (same, count)) in &areas {
        println!("{area:<16} {same:>4} of {count:>4}");
        matching += same;
        all += count;
    }
    println!("{:<16} {matching:>4} of {all:>4}", "all");
    Ok(match (all, matching == all) {
        (0, _) => ExitStatus::NothingRan,
        (_, true) => ExitStatus::Success,
        (_, false) => ExitStatus::Failed,
    })
}
