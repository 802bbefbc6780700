//! The command line as a person or CI uses it, as real processes.

use std::path::Path;
use std::process::{Command, Output};

use crate::bench::{KIT, said};

fn kit(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(KIT)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// A short run into a folder.
fn run(folder: &Path, out: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["run", "--quiet", "--only", "pool/add", "--out", out];
    arguments.extend(more);
    kit(folder, &arguments)
}

/// As in a container from scratch.
#[test]
fn a_machine_without_certificates_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(KIT);
    command
        .args(["run", "--quiet", "--only", "fault/daemon", "--out", "r"])
        .envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")])
        .current_dir(folder.path());
    let done = command.output().unwrap();
    assert_eq!(code(&done), Some(0), "{}", said(&done));
}

#[test]
fn the_seventh_word_of_a_certificate_changed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    assert_eq!(code(&run(dir, "r", &[])), Some(0));
    assert_eq!(code(&kit(dir, &["keygen", "key"])), Some(0));
    let certify = [
        "certify",
        "--result",
        "r/result.json",
        "--key",
        "key",
        "--out",
        "c.txt",
    ];
    // Only a part was run: no profile is certified, which the exit status says, and yet the certificate is genuine.
    assert_eq!(code(&kit(dir, &certify)), Some(3));
    let healthy = kit(dir, &["verify", "c.txt"]);
    assert!(said(&healthy).starts_with("good: "), "{}", said(&healthy));
    let genuine = said(&healthy);
    let text = std::fs::read_to_string(dir.join("c.txt")).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut told = Vec::new();
    for index in [0, 6, words.len() / 2, words.len() - 1] {
        let at = words[index].as_ptr() as usize - text.as_ptr() as usize;
        let mut changed = text.clone();
        let word = words[index];
        let other = if word.starts_with('x') { "y" } else { "x" };
        changed.replace_range(at..=at, other);
        assert_ne!(changed, text);
        std::fs::write(dir.join("d.txt"), changed).unwrap();
        let verified = kit(dir, &["verify", "d.txt"]);
        assert_ne!(
            code(&verified),
            code(&healthy),
            "word {index}: {}",
            said(&verified)
        );
        if index == 6 {
            let expected = "NOT GOOD: word 7 of the certificate is ";
            assert!(said(&verified).starts_with(expected), "{}", said(&verified));
            assert_eq!(code(&verified), Some(1));
        }
        told.push(said(&verified));
    }
    assert!(told.iter().all(|t| *t != genuine), "{told:#?}");
}

#[test]
fn two_runs_are_compared_and_laid_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    run(dir, "m", &["--seed", "5"]);
    run(dir, "i", &["--seed", "5", "--behaviour", "intended"]);
    let (m, i) = ("m/result.json", "i/result.json");
    let same = kit(dir, &["report", "diff", m, m]);
    assert_eq!(code(&same), Some(0), "{}", said(&same));
    let better = kit(dir, &["report", "diff", m, i]);
    assert_eq!(code(&better), Some(0), "{}", said(&better));
    assert!(
        said(&better).contains("pool/add/status-case"),
        "{}",
        said(&better)
    );
    let worse = kit(dir, &["report", "diff", i, m]);
    assert_eq!(code(&worse), Some(1), "{}", said(&worse));
    let matrix = kit(dir, &["report", "matrix", m, i, m]);
    assert!(
        said(&matrix).contains("pool/add/status-case"),
        "{}",
        said(&matrix)
    );
    assert_eq!(
        code(&kit(dir, &["report", "html", m, "--out", "p.html"])),
        Some(0)
    );
    let page = std::fs::read_to_string(dir.join("p.html")).unwrap();
    assert!(page.contains("Not passed") && page.contains("known: Q14"));
}

#[test]
fn a_list_of_expected_failures_excuses_and_is_held_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let list =
        |case: &str| format!("schema = 1\n[[expect]]\ncase = '{case}'\nreason = 'ticket 7'\n");
    std::fs::write(dir.join("e.toml"), list("pool/add/first-row")).unwrap();
    let surprise = run(dir, "r", &["--expected", "e.toml"]);
    assert_eq!(code(&surprise), Some(1), "{}", said(&surprise));
    std::fs::write(dir.join("e.toml"), list("pool/add/nonsense")).unwrap();
    let unknown = run(dir, "r", &["--expected", "e.toml"]);
    assert_eq!(code(&unknown), Some(2), "{}", said(&unknown));
}

#[test]
fn after_the_first_surprise_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let list = "schema = 1\n[[expect]]\ncase = 'pool/add/first-row'\nreason = 'ticket 7'\n";
    std::fs::write(dir.join("e.toml"), list).unwrap();
    let stopped = run(
        dir,
        "r",
        &["--expected", "e.toml", "--stop-early", "--jobs", "1"],
    );
    assert_eq!(code(&stopped), Some(1), "{}", said(&stopped));
    let result = std::fs::read_to_string(dir.join("r/result.json")).unwrap();
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    let skipped = result["totals"]["skip"].as_u64().unwrap();
    assert!(skipped > 3, "{}", result["totals"]);
}

#[test]
fn an_interrupted_run_goes_on_with_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    run(dir, "r", &["--seed", "77"]);
    let progress = dir.join("r/progress.jsonl");
    let text = std::fs::read_to_string(&progress).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 5);
    // As after a kill: half of the cases, and a line that was not written whole.
    let half = lines.len() / 2;
    let cut = format!("{}\n{}", lines[..half].join("\n"), &lines[half][..20]);
    std::fs::write(&progress, cut).unwrap();
    let resumed = run(dir, "r", &["--resume"]);
    assert_eq!(code(&resumed), Some(0), "{}", said(&resumed));
    let result = std::fs::read_to_string(dir.join("r/result.json")).unwrap();
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["seed"], 77);
    assert_eq!(result["cases"].as_array().unwrap().len(), lines.len() - 1);
}
