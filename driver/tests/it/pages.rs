//! Pages that are written from code, and the promise that every known defect and every method has its test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zvm_volume::volumes::table::{CONTRACT, markdown};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all tests of the driver that are compiled and run: functions with a test's attribute, not ignored, in files
/// that are modules.
fn tests() -> BTreeSet<String> {
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                read(&path, found);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                let declared = ["main", "mod", "lib"].contains(&name)
                    || ["main.rs", "mod.rs", "lib.rs"].iter().any(|parent| {
                        std::fs::read_to_string(folder.join(parent))
                            .is_ok_and(|text| text.contains(&format!("mod {name};")))
                    });
                if declared {
                    collect(&std::fs::read_to_string(&path).unwrap(), found);
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["src", "tests/it"] {
        read(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "{}", found.len());
    found
}

/// Names of the tests in a file.
fn collect(text: &str, found: &mut BTreeSet<String>) {
    let (mut test, mut ignored) = (false, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            ignored |= line.contains("ignore");
        } else if !line.starts_with("//") {
            let line = line.trim_start_matches("async ");
            if test
                && !ignored
                && let Some(rest) = line.strip_prefix("fn ")
            {
                found.extend(rest.split('(').next().map(str::to_owned));
            }
            (test, ignored) = (false, false);
        }
    }
}

#[test]
fn the_contract_page_is_as_the_code_says() {
    let path: PathBuf = root().join("../docs/cinder-contract.md");
    if std::env::var("UPDATE_PAGES").is_ok() {
        std::fs::write(&path, markdown()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        markdown(),
        "write it anew with UPDATE_PAGES=1"
    );
}

#[test]
fn every_method_of_the_contract_has_the_test_that_its_row_names() {
    let tests = tests();
    for row in CONTRACT {
        assert!(
            tests.contains(row.test),
            "{}: there is no test {}",
            row.method,
            row.test
        );
    }
}

#[test]
fn every_known_defect_has_a_test_that_names_it() {
    let mut named = BTreeSet::new();
    for name in tests() {
        for part in name.split('_') {
            if let Some(number) = part.strip_prefix('d').and_then(|n| n.parse::<u8>().ok()) {
                named.insert(number);
            }
        }
    }
    let missing: Vec<u8> = (1..=62).filter(|number| !named.contains(number)).collect();
    assert!(missing.is_empty(), "defects without a test: {missing:?}");
}

/// The table has every method of the trait, and no other but what it says is beyond Cinder's.
#[test]
fn the_contract_has_every_method_of_the_trait() {
    let text = std::fs::read_to_string(root().join("src/volumes/contract.rs")).unwrap();
    let of_trait: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("fn "))
        .filter_map(|rest| rest.split('(').next())
        .collect();
    let of_table: BTreeSet<&str> = CONTRACT
        .iter()
        .map(|row| row.method)
        .filter(|method| !method.contains("beyond Cinder"))
        .collect();
    assert_eq!(of_table, of_trait);
}
