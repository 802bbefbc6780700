//! Replays recordings of the real programs and says what differs.
//!
//! `cargo run -p xcat-simulator --example replay -- [--world] [--quiet] ['chhy-*' ...]`
//! `--world`: the simulated hosts answer, not the recording. `--quiet`: only ids that match (`OK`) or do not (`--`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xcat_simulator::replay::{self, Recording};
use xcat_simulator::site::preset::Preset;

/// Most characters of one difference that are shown.
const SHOWN: usize = 1_500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (flags, patterns): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let world = flags.iter().any(|f| f == "--world");
    let quiet = flags.iter().any(|f| f == "--quiet");
    let full = flags.iter().any(|f| f == "--full");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings");
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (id, path) in files(&root)? {
        if !patterns.is_empty() && !patterns.iter().any(|p| glob(p.as_bytes(), id.as_bytes())) {
            continue;
        }
        let recording: Recording = serde_json::from_str(&std::fs::read_to_string(&path)?)
            .with_context(|| path.display().to_string())?;
        let preset = root.join(format!("presets/{}.json", recording.preset));
        let preset = Preset::parse(&std::fs::read_to_string(&preset)?)?;
        let report = if world {
            replay::in_world(&recording, &preset).await?
        } else {
            replay::at_seam(&recording, &preset).await?
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

/// Recordings by id; those of the older z/VM modules are called `zvm-2017-02/ID`.
fn files(root: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for (folder, prefix) in [
        (root.to_owned(), ""),
        (root.join("zvm-2017-02"), "zvm-2017-02/"),
    ] {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "json")
                && let Some(stem) = path.file_stem()
            {
                files.insert(format!("{prefix}{}", stem.to_string_lossy()), path);
            }
        }
    }
    Ok(files)
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
