//! Site files: a readable description of a site (TOML, with a schema version), and the world that is made of it.
//! Errors point at the line; all of them are reported at once.

mod build;
mod error;
mod file;
pub mod personality;
pub mod preset;

use std::path::Path;

pub use build::build;
pub use error::{SiteError, SiteProblem};
pub use file::{SCHEMA, SiteFile, parse};

use crate::world::World;

/// Text of the `lab` site: one MN, two z/VM systems, four guests, two target ports, three pools.
pub const LAB: &str = include_str!("../../../fixtures/sites/lab.toml");
/// Text of the `empty` site: one MN and one z/VM system with its zHCP, and nothing else.
pub const EMPTY: &str = include_str!("../../../fixtures/sites/empty.toml");

/// Makes the world that a site file's text describes; `name` is shown in errors.
///
/// # Errors
/// Every problem of the text, each with its line.
pub fn from_text(name: &str, text: &str) -> Result<World, SiteError> {
    let file = parse(text).map_err(|problems| SiteError::Invalid {
        name: name.to_owned(),
        problems,
    })?;
    build(&file, text).map_err(|problems| SiteError::Invalid {
        name: name.to_owned(),
        problems,
    })
}

/// Reads a site file, or one of the sites that come with the program (`lab`, `empty`) when `path` is its name.
///
/// # Errors
/// The file cannot be read, or its problems, each with its line.
pub fn load(path: &Path) -> Result<World, SiteError> {
    match path.to_str() {
        Some("lab") => return from_text("lab", LAB),
        Some("empty") => return from_text("empty", EMPTY),
        _ => {}
    }
    let text = std::fs::read_to_string(path).map_err(|source| SiteError::Read {
        path: path.to_owned(),
        source,
    })?;
    from_text(&path.display().to_string(), &text)
}

/// The world of the `lab` site.
pub fn lab() -> World {
    from_text("lab", LAB).expect("the site that comes with the program is valid (a test loads it)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_that_come_with_the_program_load() {
        for (name, text) in [("lab", LAB), ("empty", EMPTY)] {
            if let Err(error) = from_text(name, text) {
                panic!("{error}");
            }
        }
        let world = lab();
        assert_eq!(world.systems.len(), 2);
        assert_eq!(world.linuxes.len(), 7, "MN, two zHCPs, four guests");
    }

    #[test]
    fn a_site_survives_serialisation() {
        let world = lab();
        let text = serde_json::to_string(&world).unwrap();
        assert_eq!(serde_json::from_str::<World>(&text).unwrap(), world);
    }

    #[test]
    fn every_problem_is_reported_with_its_line() {
        let text = LAB
            .replace("devices = \"1A00-1A0F\"", "devices = \"1A00-19FF\"")
            .replace("dedicate = []  # lnx1", "dedicate = [\"9999\"]");
        let error = from_text("x.toml", &text).unwrap_err().to_string();
        insta::assert_snapshot!(error);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let text = LAB.replacen("schema = 1", "schema = 2", 1);
        let error = from_text("x.toml", &text).unwrap_err().to_string();
        assert!(error.contains("schema 2 is newer than 1"), "{error}");
    }
}
