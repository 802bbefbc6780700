//! The cases, one file for each area.

/// Declares one case: id, title, level, profiles, requirement, effect, needs, function.
macro_rules! case {
    ($id:literal, $title:literal, $level:ident [$($profile:ident)*], $document:literal $section:literal, $effect:ident [$($need:expr),*], $run:path) => {
        $crate::Case {
            id: $id,
            title: $title,
            level: $crate::Level::$level,
            profiles: &[$($crate::Profile::$profile),*],
            requirement: $crate::Requirement { document: $document, section: $section },
            effect: $crate::Effect::$effect,
            needs: &[$($need),*],
            run: |c| Box::pin($run(c)),
        }
    };
}

mod attach;
mod boot;
mod coverage;
mod dedicate;
mod detach;
mod deviations;
mod device_node;
mod disk;
mod driver;
mod image;
mod multipath;
mod needs;
mod offline;
mod pool;
mod power;
mod protocol;
mod reserve;
mod resilience;
mod security;
mod simulated;
mod tables;
mod version;

use crate::Case;

pub use deviations::DEVIATIONS;

/// All cases, area by area, in the order of reports.
pub const ALL: &[&[Case]] = &[
    protocol::CASES,
    version::CASES,
    security::CASES,
    pool::CASES,
    reserve::CASES,
    tables::CASES,
    power::CASES,
    dedicate::CASES,
    attach::CASES,
    device_node::CASES,
    detach::CASES,
    offline::CASES,
    multipath::CASES,
    image::CASES,
    boot::CASES,
    resilience::CASES,
    simulated::RACES,
    simulated::FAULTS,
    driver::SETTINGS,
    driver::VOLUMES,
    driver::GUESTS,
    driver::CONCURRENCY,
    driver::ROLLBACK,
];

/// Every case, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static Case> {
    ALL.iter().flat_map(|area| area.iter())
}

/// The case with an id.
pub fn find(id: &str) -> Option<&'static Case> {
    all().find(|c| c.id == id)
}

/// Every case as a Markdown page, area by area.
pub fn markdown() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# Conformance cases\n\nMade by `xcat-conformance reference cases` from the program itself; do not edit.\n\n",
    );
    let _ = writeln!(
        out,
        "{} cases. Effect: *read-only* only reads; *reversible* makes objects of the kit and removes them; *destructive* also\n\
         changes guests, FCP devices and LUNs that were lent. A case whose title ends in (recorded) keeps what the release\n\
         does in the report, where the requirement leaves it open.",
        all().count()
    );
    for area in ALL {
        let Some(first) = area.first() else {
            continue;
        };
        let _ = writeln!(
            out,
            "\n## {}\n\n| case | level | profiles | what is required | where | effect | needs |\n|---|---|---|---|---|---|---|",
            first.area()
        );
        for c in *area {
            let profiles: Vec<String> = c
                .profiles
                .iter()
                .map(|p| format!("{p:?}").to_lowercase())
                .collect();
            let needs: Vec<String> = c.needs.iter().map(ToString::to_string).collect();
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                c.id,
                format!("{:?}", c.level).to_uppercase(),
                profiles.join(", "),
                c.title.replace('|', "\\|"),
                c.requirement,
                c.effect.word(),
                needs.join(", ")
            );
        }
    }
    out.push_str(&coverage::markdown());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_hierarchical() {
        let mut ids: Vec<&str> = all().map(|c| c.id).collect();
        assert!(ids.len() >= 200, "{} cases", ids.len());
        for id in &ids {
            assert!(id.split('/').count() >= 3, "{id}");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/-".contains(c);
            assert!(id.chars().all(plain), "{id}");
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn every_defect_names_a_case_that_exists() {
        for defect in xcat_simulator::defects::all() {
            assert!(
                find(defect.caught_by).is_some(),
                "{}: {}",
                defect.id,
                defect.caught_by
            );
        }
    }
}
