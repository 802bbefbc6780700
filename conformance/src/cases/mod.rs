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
mod dedicate;
mod detach;
mod deviations;
mod device_node;
mod disk;
mod image;
mod multipath;
mod offline;
mod pool;
mod power;
mod protocol;
mod reserve;
mod resilience;
mod security;
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
];

/// Every case, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static Case> {
    ALL.iter().flat_map(|area| area.iter())
}

/// The case with an id.
pub fn find(id: &str) -> Option<&'static Case> {
    all().find(|c| c.id == id)
}
