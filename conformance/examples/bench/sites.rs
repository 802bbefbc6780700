//! Sites of the measurements: the `lab` with one more pool.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The WWPN of every LUN of the pool: a target port of the lab.
pub const WWPN: &str = "500507630300c562";
/// The first LUN of the pool.
pub const FIRST_LUN: u64 = 0x5000_4033_0000_0000;
/// Name of the pool.
pub const POOL: &str = "bench";

/// Rows of the pool, as its file has them.
pub fn rows(luns: u64) -> impl Iterator<Item = String> {
    (0..luns).map(|n| format!("free,{WWPN},{:016x},8G,1A00-1A0F,,,", FIRST_LUN + n))
}

/// Writes a site file with a pool of this many LUNs.
pub fn write(folder: &Path, luns: u64) -> anyhow::Result<PathBuf> {
    let mut text = String::from("[[system.pool]]\nname = \"bench\"\nrows = [\n");
    for row in rows(luns) {
        writeln!(text, "\"{row}\",")?;
    }
    text.push_str("]\n\n");
    // The pools of the first z/VM system end where its disk pool begins.
    let site = xcat_simulator::site::LAB.replacen(
        "[[system.diskpool]]",
        &(text + "[[system.diskpool]]"),
        1,
    );
    let path = folder.join(format!("site-{luns}.toml"));
    std::fs::write(&path, site)?;
    Ok(path)
}
