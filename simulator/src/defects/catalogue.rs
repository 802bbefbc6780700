//! The catalogue of deliberate defects.

use std::fmt::Write as _;

use super::defect::Defect;
use super::{admission, answers, arguments, commands, http, outcomes, races};

const PARTS: [&[Defect]; 7] = [
    http::DEFECTS,
    answers::DEFECTS,
    arguments::DEFECTS,
    outcomes::DEFECTS,
    commands::DEFECTS,
    races::DEFECTS,
    admission::DEFECTS,
];

/// Every defect.
pub fn all() -> impl Iterator<Item = &'static Defect> {
    PARTS.iter().flat_map(|part| part.iter())
}

/// The defect with an id.
pub fn find(id: &str) -> Option<&'static Defect> {
    all().find(|defect| defect.id == id)
}

/// The catalogue as a Markdown page.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Deliberate defects\n\n\
         Plausible mistakes of an xCAT release, by which the conformance kit is proved: `xcat-sim serve --defect ID` has one,\n\
         and `xcat-conformance kill-matrix` shows which case catches which.\n\n",
    );
    let _ = writeln!(out, "{} defects.\n", all().count());
    out.push_str(
        "| id | area | what the release does | hooked at | caught by |\n|---|---|---|---|---|\n",
    );
    for d in all() {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | `{}` |",
            d.id,
            d.area.word(),
            d.title.replace('|', "\\|"),
            d.mistake.place(),
            d.caught_by
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_there_are_enough() {
        let mut ids: Vec<&str> = all().map(|d| d.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id is used twice");
        assert!(count >= 80, "{count} defects");
    }

    #[test]
    fn every_area_has_its_defects() {
        let mut areas: Vec<_> = all().map(|d| d.area).collect();
        areas.sort_unstable();
        areas.dedup();
        assert_eq!(areas.len(), 9);
    }
}
