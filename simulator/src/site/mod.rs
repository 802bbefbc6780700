//! Site files: a readable description of a site (TOML, with a schema version), and the world that is made of it. A file can
//! build on another and say only what differs. Errors point at the line; all of them are reported at once.
//! `docs/site-file.md` describes every key.

mod build;
mod embedded;
mod error;
mod file;
mod generate;
mod overlay;
pub mod personality;
pub mod preset;
mod rows;

use std::path::Path;

pub use build::build;
pub use embedded::{EMPTY, LAB, PRESETS, ZFCP, names};
pub use error::{SiteError, SiteProblem};
pub use file::{SCHEMA, SiteFile, parse};
pub use generate::{Scale, generate};

use self::file::{PresetFile, SiteText};
use self::overlay::Whole;
use self::preset::Preset;
use crate::world::World;

/// Makes the world that a site file's text describes; `name` is shown in errors.
///
/// # Errors
/// Every problem of the text, each with its line.
pub fn from_text(name: &str, text: &str) -> Result<World, SiteError> {
    from_text_in(name, text, None)
}

/// As [`from_text`], with the folder from which a base is read.
fn from_text_in(name: &str, text: &str, folder: Option<&Path>) -> Result<World, SiteError> {
    world(text, folder).map_err(|problems| SiteError::Invalid {
        name: name.to_owned(),
        problems,
    })
}

fn world(text: &str, folder: Option<&Path>) -> Result<World, Vec<SiteProblem>> {
    match file::read(text)? {
        SiteText::Site(file) => build(&file, text),
        SiteText::Preset(preset) => of_preset(preset, text),
        SiteText::Based => {
            let whole = Whole::gather(text, folder)?;
            whole
                .parse()
                .and_then(|file| build(&file, whole.text()))
                .map_err(|problems| whole.placed(problems))
        }
    }
}

/// The world of a preset under the name that a site file gives it.
fn of_preset(preset: PresetFile, text: &str) -> Result<World, Vec<SiteProblem>> {
    let (at, site, name) = (
        preset.preset.span().start,
        preset.name,
        preset.preset.into_inner(),
    );
    let Some(json) = embedded::preset(&name) else {
        let known: Vec<&str> = PRESETS.iter().map(|(n, _)| *n).collect();
        let message = format!(
            "preset '{name}' is not known; known are: {}",
            known.join(", ")
        );
        return Err(vec![SiteProblem::at(text, at, message)]);
    };
    let world = Preset::parse(json).and_then(|p| p.world());
    world
        .map(|world| World {
            name: site,
            ..world
        })
        .map_err(|error| vec![SiteProblem::at(text, at, error.to_string())])
}

/// Every problem of a site file's text, in order of lines; none when it can be used.
pub fn check(text: &str) -> Vec<SiteProblem> {
    let mut problems = world(text, None).err().unwrap_or_default();
    problems.sort_by_key(|p| p.line);
    problems
}

/// Reads a site file, or one of the sites that come with the program when `path` is its name: `lab`, `empty`, `zfcp`, or that
/// of a preset of the recordings.
///
/// # Errors
/// The file cannot be read, or its problems, each with its line.
pub fn load(path: &Path) -> Result<World, SiteError> {
    if let Some(name) = path.to_str()
        && let Some(text) = embedded::text(name)
    {
        return from_text(name, text);
    }
    match path.to_str() {
        Some(name) if embedded::preset(name).is_some() => {
            let text = format!("schema = {SCHEMA}\nname = \"{name}\"\npreset = \"{name}\"\n");
            return from_text(name, &text);
        }
        _ => {}
    }
    let text = std::fs::read_to_string(path).map_err(|source| SiteError::Read {
        path: path.to_owned(),
        source,
    })?;
    from_text_in(&path.display().to_string(), &text, path.parent())
}

/// The world of the `lab` site.
pub fn lab() -> World {
    from_text("lab", LAB).expect("the site that comes with the program is valid (a test loads it)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{DeviceNumber, UserId};

    #[test]
    fn the_sites_that_come_with_the_program_load() {
        for (name, text) in [("lab", LAB), ("empty", EMPTY), ("zfcp", ZFCP)] {
            if let Err(error) = from_text(name, text) {
                panic!("{error}");
            }
        }
        let world = lab();
        assert_eq!(world.systems.len(), 2);
        assert_eq!(world.linuxes.len(), 7, "MN, two zHCPs, four guests");
    }

    #[test]
    fn every_preset_is_a_site_by_name_and_by_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let presets = std::fs::read_dir(folder.join("recordings/presets"))
            .unwrap()
            .count();
        assert_eq!(
            presets,
            PRESETS.len(),
            "each preset of the recordings comes with the program"
        );
        for (name, _) in PRESETS {
            let by_name = load(Path::new(name)).unwrap();
            let by_file = load(&folder.join(format!("sites/{name}.toml"))).unwrap();
            assert_eq!(by_name, by_file, "{name}");
            assert_eq!(by_name.name, *name);
        }
        let error = from_text("x", "schema = 1\nname = \"x\"\npreset = \"nosuch\"\n").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("x:3: preset 'nosuch' is not known"),
            "{error}"
        );
    }

    #[test]
    fn each_step_of_zfcp_can_be_absent_or_wrong() {
        let broken = |from: &str, to: &str| {
            assert!(LAB.contains(from), "{from}");
            from_text("lab", &LAB.replacen(from, to, 1)).unwrap()
        };
        // 1 IODF: a device that CP has offline. 2 fabric: a link that is down.
        let world = broken(
            "[san]",
            "[san]\nlinks_down = [\"C05076E8A0000050\"]\nlogins_refused = [\"C05076E8A0001A01\"]",
        );
        assert_eq!(world.san.links_down.len(), 1);
        assert_eq!(world.san.logins_refused.len(), 1);
        // 4 a device attached without a directory statement, 5 a guest that is configured on its disk.
        let world = broken(
            "dedicate = []  # lnx1",
            "attach = [\"1A03\"]\nfiles = { \"/etc/zfcp.conf\" = \"0.0.1a03 0x1 0x2\\n\" }",
        );
        let lnx1 = UserId::new("LNX1");
        let device = DeviceNumber(0x1a03);
        let system = &world.systems["ZVM1"];
        assert_eq!(system.running[&lnx1].devices[&device], device);
        assert_eq!(system.fcp[&device].attached_to, Some(lnx1.clone()));
        assert!(!system.directory[&lnx1].defines(device));
        assert!(world.linuxes["lnx1"].fs.read("/etc/zfcp.conf").is_some());
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
