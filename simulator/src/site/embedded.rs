//! The sites that come with the program.

/// Text of the `lab` site: one MN, two z/VM systems, four guests, two target ports, three pools.
pub const LAB: &str = include_str!("../../../fixtures/sites/lab.toml");
/// Text of the `empty` site: one MN and one z/VM system with its zHCP, and nothing else.
pub const EMPTY: &str = include_str!("../../../fixtures/sites/empty.toml");
/// Text of the `zfcp` site: one guest, one FCP device, one target port, and the five steps of zfcp configuration.
pub const ZFCP: &str = include_str!("../../../fixtures/sites/zfcp/good.toml");

/// The worlds from which the recordings start, by name (`fixtures/recordings/presets`).
#[rustfmt::skip]
pub const PRESETS: &[(&str, &str)] = &[
    ("attached", include_str!("../../../fixtures/recordings/presets/attached.json")),
    ("attachedmp", include_str!("../../../fixtures/recordings/presets/attachedmp.json")),
    ("base", include_str!("../../../fixtures/recordings/presets/base.json")),
    ("discovered", include_str!("../../../fixtures/recordings/presets/discovered.json")),
    ("fresh", include_str!("../../../fixtures/recordings/presets/fresh.json")),
    ("iucv", include_str!("../../../fixtures/recordings/presets/iucv.json")),
    ("nopools", include_str!("../../../fixtures/recordings/presets/nopools.json")),
    ("oddhv", include_str!("../../../fixtures/recordings/presets/oddhv.json")),
    ("oddnodes", include_str!("../../../fixtures/recordings/presets/oddnodes.json")),
    ("oddpools", include_str!("../../../fixtures/recordings/presets/oddpools.json")),
    ("shorthcp", include_str!("../../../fixtures/recordings/presets/shorthcp.json")),
    ("sudoer", include_str!("../../../fixtures/recordings/presets/sudoer.json")),
    ("ubuntuon", include_str!("../../../fixtures/recordings/presets/ubuntuon.json")),
    ("xcatconf4z0", include_str!("../../../fixtures/recordings/presets/xcatconf4z0.json")),
];

/// The text of a site file that comes with the program.
pub fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "lab" => LAB,
        "empty" => EMPTY,
        "zfcp" => ZFCP,
        _ => return None,
    })
}

/// The text of a preset.
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, text)| *text)
}

/// Names of all sites that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    ["lab", "empty", "zfcp"]
        .into_iter()
        .chain(PRESETS.iter().map(|(name, _)| *name))
}
