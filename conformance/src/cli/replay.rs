//! `replay`: recorded requests against the simulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use xcat_simulator::replay::{self, Recording};
use xcat_simulator::site::preset::Preset;

use super::args::{At, ReplayArgs};
use crate::result::ExitStatus;

/// Most characters of one difference that are shown.
const SHOWN: usize = 1_500;

/// Carries out `replay`.
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitStatus> {
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut presets: BTreeMap<String, Preset> = BTreeMap::new();
    for (id, path) in files(&args.dir)? {
        if !args.only.is_empty() && !args.only.iter().any(|text| id.contains(text.as_str())) {
            continue;
        }
        let text = read(&path)?;
        let recording: Recording = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a recording", path.display()))?;
        if !presets.contains_key(&recording.preset) {
            let file = args.dir.join(format!("presets/{}.json", recording.preset));
            let preset = Preset::parse(&read(&file)?)
                .with_context(|| format!("{} is not a preset", file.display()))?;
            presets.insert(recording.preset.clone(), preset);
        }
        let preset = &presets[&recording.preset];
        let report = match args.at {
            At::Seam => replay::at_seam(&recording, preset).await,
            At::Door => replay::in_world(&recording, preset).await,
        }
        .with_context(|| format!("cannot replay {id}"))?;
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

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Recordings by id, those in a folder beneath with the folder's name before theirs; presets are left out.
fn files(root: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_stem()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default();
            if path.is_dir() {
                if name != "presets" && prefix.is_empty() {
                    folders.push((path, format!("{name}/")));
                }
            } else if path.extension().is_some_and(|e| e == "json") {
                found.insert(format!("{prefix}{name}"), path);
            }
        }
    }
    if found.is_empty() {
        bail!("{} holds no recordings", root.display());
    }
    Ok(found)
}
