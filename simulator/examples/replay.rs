//! Replays recordings and says what differs.
//!
//! `cargo run -q --example replay -- [--world | --outputs] [--quiet | --full] [--dir FOLDER] [PATTERN…]`: at the seam, or
//! with `--world` at the door; with `--outputs` the outputs of remote commands are compared as well, which shows where the
//! recorder's made-up hosts differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xcat_simulator::replay::{self, Folder, Place};
use xcat_simulator::site::preset::Preset;

/// Characters of a difference that are shown without `--full`.
const SHOWN: usize = 1_200;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (mut patterns, mut world, mut outputs, mut quiet, mut full) =
        (Vec::new(), false, false, false, false);
    let mut root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--world" => world = true,
            "--outputs" => outputs = true,
            "--quiet" => quiet = true,
            "--full" => full = true,
            "--dir" => root = PathBuf::from(arguments.next().unwrap_or_default()),
            _ => patterns.push(argument),
        }
    }
    let folder = Folder::open(&root)?;
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for id in folder.ids() {
        if !patterns.is_empty() && !patterns.iter().any(|p| glob(p.as_bytes(), id.as_bytes())) {
            continue;
        }
        let report = if outputs {
            let recording = folder.recording(id)?;
            let preset =
                std::fs::read_to_string(root.join(format!("presets/{}.json", recording.preset)))?;
            replay::with_outputs(&recording, &Preset::parse(&preset)?).await?
        } else {
            folder
                .replay(id, if world { Place::Door } else { Place::Seam })
                .await?
        };
        let (matching, all) = areas.entry(report.area.clone()).or_default();
        *all += 1;
        if report.matches() {
            *matching += 1;
            println!("OK {id}");
            continue;
        }
        println!("-- {id}");
        if !quiet {
            for difference in &report.differences {
                let shown: String = if full {
                    difference.clone()
                } else {
                    difference.chars().take(SHOWN).collect()
                };
                println!("  {shown}");
            }
        }
    }
    println!();
    let (mut matching, mut all) = (0, 0);
    for (area, (m, a)) in &areas {
        println!("{area:16} {m:4} of {a:4}");
        matching += m;
        all += a;
    }
    println!("{:16} {matching:4} of {all:4}", "all");
    Ok(())
}

/// Shell patterns with `*` and `?` only; `*` matches any text, `/` included.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text) || (!text.is_empty() && glob(pattern, &text[1..]))
        }
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((p, rest)), Some((t, text))) if p == t => glob(rest, text),
        _ => false,
    }
}
