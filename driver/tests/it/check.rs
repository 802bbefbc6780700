//! The invariants of spec driver 4, checked by reading the whole site and the driver's folder.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use xcat_simulator::world::san::Volume;
use xcat_simulator::world::{Lun, World, Wwpn};

use crate::rig::{Rig, pool_text};

/// What must be true of the site when no call is running.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Stamps of volumes and snapshots that exist: exactly one row each, reserved or used.
    pub exist: Vec<String>,
    /// Stamps of objects that may exist or not.
    pub may_exist: Vec<String>,
    /// Stamps of objects whose row may be used by a guest.
    pub attached: Vec<String>,
    /// Whether rows may be quarantined.
    pub may_quarantine: bool,
    /// Whether rows may keep a stamp of an administrator (`cvunmanaged`).
    pub may_be_unmanaged: bool,
    /// Whether an image may stay on the MN, as configured.
    pub may_keep_image: bool,
    /// Pool files of the first zHCP that the operation may change besides the first pool.
    pub pools: Vec<&'static str>,
    /// What the LUN of a stamp holds.
    pub content: Vec<(String, String)>,
}

/// Columns of a row.
struct Cells<'a>(Vec<&'a str>);

impl Cells<'_> {
    fn get(&self, index: usize) -> &str {
        self.0.get(index).copied().unwrap_or_default()
    }
}

fn rows(text: &str) -> Vec<Cells<'_>> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| Cells(line.split(',').collect())).collect()
}

/// Everything that is wrong; empty when all invariants hold.
pub fn violations(rig: &Rig, expected: &Expected) -> Vec<String> {
    let world = rig.simulator.site().look().clone();
    let mut wrong = Vec::new();
    let text = pools_text(&world, expected);
    let now = rows(&text);
    ownership(&now, expected, &mut wrong);
    administrators_columns(&pools_text(&rig.before, expected), &now, &mut wrong);
    nothing_of_the_dead(&world, &now, &mut wrong);
    contents(&world, &now, expected, &mut wrong);
    zhcp_is_idle(&world, &mut wrong);
    images(&world, expected, &mut wrong);
    fcp_devices(&rig.before, &world, &mut wrong);
    other_pools(&rig.before, &world, expected, &mut wrong);
    files(&rig.folder.path().join("state"), &mut wrong);
    work_area(rig, &world, &mut wrong);
    wrong
}

/// The first pool and those that the operation may change besides.
fn pools_text(world: &World, expected: &Expected) -> String {
    let zhcp = world.resolve("zhcp1").unwrap();
    let others = expected
        .pools
        .iter()
        .filter_map(|path| world.linuxes[zhcp].fs.read(path));
    std::iter::once(pool_text(world))
        .chain(others.map(std::borrow::Cow::into_owned))
        .collect()
}

/// The LUN of each stamp holds what it should.
fn contents(world: &World, now: &[Cells<'_>], expected: &Expected, wrong: &mut Vec<String>) {
    for (stamp, wanted) in &expected.content {
        for row in now
            .iter()
            .filter(|row| row.get(5) == stamp || row.get(7) == stamp)
        {
            let found = content(world, row.get(1), row.get(2));
            if found.trim_end() != wanted {
                wrong.push(format!("LUN {} of {stamp} holds '{found}'", row.get(2)));
            }
        }
    }
}

/// Nothing of an image request is left on the driver's machine, or on the one from which the MN copies.
fn work_area(rig: &Rig, world: &World, wrong: &mut Vec<String>) {
    let area = std::fs::read_dir(rig.folder.path().join("images"));
    for item in area.into_iter().flatten().flatten() {
        wrong.push(format!("left in the work area: {}", item.path().display()));
    }
    let guest = world.resolve("lnx1").unwrap();
    let bundles = world.linuxes[guest].fs.files.keys();
    for path in bundles.filter(|path| path.starts_with("/tmp/") && path.contains("_images_")) {
        wrong.push(format!("bundle left where it was offered: {path}"));
    }
}

/// I1, I2, I5, I6: one row a stamp, no row of a known volume free, none left by the zHCP, none leaked.
fn ownership(now: &[Cells<'_>], expected: &Expected, wrong: &mut Vec<String>) {
    let mut stamps: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in now {
        let (status, owner, tag) = (row.get(0).to_ascii_lowercase(), row.get(5), row.get(7));
        let line = row.0.join(",");
        if owner.eq_ignore_ascii_case("zhcp1") {
            wrong.push(format!("I6: left by the zHCP: {line}"));
        }
        for cell in [owner, tag] {
            if (cell.starts_with("cv") || cell.starts_with("cs")) && cell.len() == 34 {
                stamps.entry(cell).or_default().push(line.clone());
            }
        }
        let known = |cell: &str| {
            expected.exist.iter().any(|t| t == cell) || expected.may_exist.iter().any(|t| t == cell)
        };
        let fine = match (status.as_str(), owner) {
            ("free", "") => true,
            ("reserved", "cvdirty") => expected.may_quarantine,
            ("reserved", "cvunmanaged") => expected.may_be_unmanaged,
            ("reserved", owner) => known(owner),
            ("used", _) => expected.attached.iter().any(|t| t == tag) || known(tag),
            _ => false,
        };
        if !fine {
            wrong.push(format!("I5: nobody's row: {line}"));
        }
    }
    for (stamp, lines) in &stamps {
        if lines.len() > 1 {
            wrong.push(format!("I1: {stamp} on {}", lines.join(" and ")));
        }
    }
    for stamp in &expected.exist {
        if !stamps.contains_key(stamp.as_str()) {
            wrong.push(format!("I2: {stamp} has no row"));
        }
    }
}

/// I8: WWPN, LUN, size and range as the administrator wrote them (the `M` in an empty size excepted), and no row more or less.
fn administrators_columns(before: &str, now: &[Cells<'_>], wrong: &mut Vec<String>) {
    let key = |row: &Cells<'_>| format!("{} {} {}", row.get(1), row.get(2), row.get(4));
    let sizes = |rows: &[Cells<'_>]| -> BTreeMap<String, String> {
        rows.iter()
            .map(|row| (key(row), row.get(3).replace(['M', 'm'], "M")))
            .collect()
    };
    let then = sizes(&rows(before));
    let now = sizes(now);
    for (row, size) in &then {
        match now.get(row) {
            None => wrong.push(format!("I8: row gone: {row}")),
            Some(found) if found == size || (size.is_empty() && found == "M") => {}
            Some(found) => wrong.push(format!("I8: size of {row} was '{size}', is '{found}'")),
        }
    }
    for row in now.keys().filter(|row| !then.contains_key(*row)) {
        wrong.push(format!("I8: row added: {row}"));
    }
}

/// I4: a free LUN holds nothing that belonged to a volume.
fn nothing_of_the_dead(world: &World, now: &[Cells<'_>], wrong: &mut Vec<String>) {
    for row in now
        .iter()
        .filter(|row| row.get(0).eq_ignore_ascii_case("free"))
    {
        let content = content(world, row.get(1), row.get(2));
        if content.starts_with(DATA) {
            wrong.push(format!("I4: free LUN {} holds '{content}'", row.get(2)));
        }
    }
}

/// Beginning of the content that tests write to a volume.
pub const DATA: &str = "data of ";

/// Content of a LUN by its first port.
pub fn content(world: &World, wwpns: &str, lun: &str) -> String {
    let volume = volume_of(world, wwpns, lun);
    volume.map_or_else(String::new, |volume| volume.content.clone())
}

/// The storage's volume under a LUN of the first of some ports.
pub fn volume_of<'a>(world: &'a World, wwpns: &str, lun: &str) -> Option<&'a Volume> {
    let port = Wwpn::parse(wwpns.split(';').next()?).ok()?;
    let name = world.san.luns.get(&port)?.get(&Lun::parse(lun).ok()?)?;
    world.san.volumes.get(name)
}

/// Writes a content to a LUN, as a guest would have.
pub fn write_content(world: &mut World, wwpns: &str, lun: &str, content: &str) {
    let first = wwpns.split(';').next().unwrap_or_default();
    let name = world.san.luns[&Wwpn::parse(first).unwrap()][&Lun::parse(lun).unwrap()].clone();
    content.clone_into(&mut world.san.volumes.get_mut(&name).unwrap().content);
}

/// No unit is left configured on the zHCP.
fn zhcp_is_idle(world: &World, wrong: &mut Vec<String>) {
    let name = world.resolve("zhcp1").unwrap();
    for (device, adapter) in &world.linuxes[name].zfcp.adapters {
        for (wwpn, port) in &adapter.ports {
            for lun in &port.units {
                wrong.push(format!("I6: the zHCP has unit {device}/{wwpn}/{lun}"));
            }
        }
    }
}

/// No image, staging folder or definition of the driver's is left on the MN.
fn images(world: &World, expected: &Expected, wrong: &mut Vec<String>) {
    let prefixes: &[&str] = if expected.may_keep_image {
        &["cv"]
    } else {
        &["cv", "ci"]
    };
    for table in ["osimage", "linuximage"] {
        for row in world.mn.tables.rows(table) {
            let text = format!("{row:?}");
            if prefixes.iter().any(|p| text.contains(&format!("-raw-{p}"))) {
                wrong.push(format!("definition left on the MN: {text}"));
            }
        }
    }
    let mn = &world.linuxes[&world.mn.host];
    for path in mn.fs.files.keys() {
        let ours = ["/install/raw/", "/install/staging/"]
            .iter()
            .any(|folder| path.starts_with(folder))
            && prefixes.iter().any(|p| path.contains(&format!("/{p}")));
        if ours {
            wrong.push(format!("image left on the MN: {path}"));
        }
    }
}

/// I9, I12: no FCP device was given to or taken from a guest. What the zHCP takes and loses is its own.
fn fcp_devices(before: &World, now: &World, wrong: &mut Vec<String>) {
    for (name, system) in &now.systems {
        for (number, device) in &system.fcp {
            let then = before.systems[name].fcp[number].attached_to.as_ref();
            let holders = [then, device.attached_to.as_ref()];
            let a_guest_is_in_it = holders
                .into_iter()
                .flatten()
                .any(|user| !user.to_string().starts_with("ZHCP"));
            if holders[0] != holders[1] && a_guest_is_in_it {
                wrong.push(format!(
                    "I12: device {number} went to {:?}",
                    device.attached_to
                ));
            }
        }
    }
}

/// Pools of other back ends are as they were.
fn other_pools(before: &World, now: &World, expected: &Expected, wrong: &mut Vec<String>) {
    for (host, linux) in &now.linuxes {
        for path in linux
            .fs
            .files
            .keys()
            .filter(|path| path.starts_with("/var/opt/zhcp/zfcp/"))
        {
            if path == crate::rig::POOL || expected.pools.contains(&path.as_str()) {
                continue;
            }
            if before.linuxes[host].fs.read(path) != linux.fs.read(path) {
                wrong.push(format!("I7: {path} of {host:?} changed"));
            }
        }
    }
}

/// I14, I20, I23: no journal entry is open, no lock is held, files are the owner's only.
pub fn files(state: &Path, wrong: &mut Vec<String>) {
    let read = |folder: &str| {
        std::fs::read_dir(state.join(folder))
            .into_iter()
            .flatten()
            .flatten()
    };
    for item in read("journal") {
        wrong.push(format!("I14: open entry {}", item.path().display()));
    }
    for item in read("locks") {
        let path = item.path();
        let file = std::fs::File::open(&path).unwrap();
        if file.try_lock().is_err() {
            wrong.push(format!("I20: held lock {}", path.display()));
        }
        let mode = item.metadata().unwrap().permissions().mode() & 0o777;
        if mode != 0o600 {
            wrong.push(format!("I23: mode {mode:o} of {}", path.display()));
        }
    }
}

/// Fails the test when an invariant does not hold.
#[track_caller]
pub fn assert_holds(rig: &Rig, expected: &Expected, when: &str) {
    let wrong = violations(rig, expected);
    assert!(
        wrong.is_empty(),
        "{when} ({}):\n{}\npool:\n{}",
        rig.variant,
        wrong.join("\n"),
        rig.pool()
    );
}
