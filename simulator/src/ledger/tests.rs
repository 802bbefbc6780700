use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;
use crate::seam::Settings;

fn numbered(letters: &str, last: usize) -> BTreeSet<String> {
    (1..=last)
        .map(|number| format!("{letters}{number}"))
        .collect()
}

#[test]
fn every_numbered_quirk_is_in_the_ledger_once() {
    let mut wanted = BTreeSet::new();
    for (letters, last) in [("Q", 62), ("GQ", 42), ("RQ", 36), ("C", 38)] {
        wanted.extend(numbered(letters, last));
    }
    let ids: Vec<String> = quirks().map(|quirk| quirk.id.to_owned()).collect();
    let unique: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(unique, wanted);
    assert_eq!(ids.len(), unique.len(), "an id is there twice");
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn text_of(folders: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders {
        sources(&root.join(folder), &mut files);
    }
    files
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a readable source"))
        .collect()
}

#[test]
fn every_test_that_is_named_exists() {
    let text = text_of(&["src", "tests"]);
    let missing: Vec<String> = quirks()
        .filter_map(|quirk| match quirk.standing {
            Standing::Proved(test) if !text.contains(&format!("fn {test}(")) => {
                Some(format!("{}: {test}", quirk.id))
            }
            _ => None,
        })
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn a_test_names_its_quirk() {
    for quirk in quirks() {
        if let Standing::Proved(test) = quirk.standing {
            let id = quirk.id.to_ascii_lowercase();
            let names = test.split('_').any(|word| word == id);
            assert!(names, "{test} does not name {id}");
        }
    }
}

#[test]
fn what_is_absent_has_a_reason() {
    for quirk in quirks() {
        if let Standing::Absent(why) = quirk.standing {
            assert!(!why.is_empty() && !quirk.is_repairable(), "{}", quirk.id);
        }
    }
}

#[test]
fn exactly_the_defects_are_asked_for_in_the_code() {
    let text = text_of(&["src"]);
    for quirk in quirks() {
        let asked = |id: &str| text.contains(&format!("quirk(\"{id}\")"));
        let is_asked = asked(quirk.id) || quirk.twin.is_some_and(asked);
        let is_race = crate::seam::RACES.contains(&quirk.id);
        let by_name = text.contains(&format!("is_repaired(\"{}\")", quirk.id));
        assert_eq!(
            is_asked || is_race || by_name,
            quirk.is_repairable(),
            "{}: asked for {is_asked}, race {is_race}, by name {by_name}",
            quirk.id
        );
    }
    let unknown: Vec<&str> = text
        .split("quirk(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| find(id).is_none() && *id != "{id}\\")
        .collect();
    assert!(unknown.is_empty(), "not in the ledger: {unknown:?}");
}

#[test]
fn twins_are_mutual() {
    for quirk in quirks() {
        if let Some(twin) = quirk.twin {
            let twin = find(twin).expect("a known twin");
            assert_eq!(twin.twin, Some(quirk.id), "{}", quirk.id);
            assert_eq!(twin.kind, quirk.kind, "{}", quirk.id);
        }
    }
}

#[test]
fn repairs_are_checked() {
    let settings = Settings::default()
        .repair("GQ3, q12")
        .expect("both can be repaired");
    assert!(!settings.quirk("GQ3") && !settings.quirk("Q12") && !settings.quirk("GQ2"));
    assert!(settings.quirk("Q6"));
    let error = Settings::default().repair("Q99").unwrap_err().to_string();
    assert_eq!(error, "no quirk is called Q99");
    let error = Settings::default()
        .repair("Q33,GQ3")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("Q33 is no defect and cannot be repaired: "),
        "{error}"
    );
    assert_eq!(Settings::default().repair("").unwrap(), Settings::default());
}

#[test]
fn the_page_has_a_line_for_each() {
    let page = page();
    for quirk in quirks() {
        assert!(page.contains(&format!("| {} |", quirk.id)), "{}", quirk.id);
    }
}
