//! Pages that are written from code, and the promise that every known defect and every method has its test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zvm_volume::volumes::table::{CONTRACT, markdown};

/// All sources of the driver and its tests.
fn sources() -> String {
    fn read(folder: &Path, text: &mut String) {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "tests"] {
        read(&root.join(folder), &mut text);
    }
    text
}

#[test]
fn the_contract_page_is_as_the_code_says() {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cinder-contract.md");
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
    let sources = sources();
    for row in CONTRACT {
        assert!(
            sources.contains(&format!("fn {}(", row.test)),
            "{}: there is no test {}",
            row.method,
            row.test
        );
    }
}

#[test]
fn every_known_defect_has_a_test_that_names_it() {
    let sources = sources();
    let mut named = BTreeSet::new();
    for line in sources.lines().filter(|line| line.contains("fn ")) {
        let Some(name) = line
            .split("fn ")
            .nth(1)
            .and_then(|rest| rest.split('(').next())
        else {
            continue;
        };
        for part in name.split('_') {
            if let Some(number) = part.strip_prefix('d').and_then(|n| n.parse::<u8>().ok()) {
                named.insert(number);
            }
        }
    }
    let missing: Vec<u8> = (1..=62).filter(|number| !named.contains(number)).collect();
    assert!(missing.is_empty(), "defects without a test: {missing:?}");
}
