//! What volumes and attachments could leave behind on a site.
//!
//! Lines stand in the order of the alphabet: rows of a pool, lines of `zfcp.conf`, rules that each match one path, and the
//! `DEDICATE` statements of a directory entry mean the same in any order.

use xcat_simulator::world::World;

/// Everything that a volume, an attachment and a detach could leave behind: pool files, directory, FCP devices, units and
/// files of guests; without clocks and logs.
pub fn traces(world: &World) -> String {
    let mut text = String::new();
    for (name, linux) in &world.linuxes {
        for path in linux.fs.files.keys() {
            // The configuration of a device itself stays in the guest, as with xCAT's own commands.
            let watched = path.starts_with("/var/opt/zhcp/zfcp/")
                || path.starts_with("/etc/zfcp.conf")
                || (path.starts_with("/etc/udev/rules.d/") && !path.contains("zfcp-host"));
            if watched {
                let content = linux.fs.read(path).unwrap_or_default();
                let lines: Vec<&str> = content.lines().filter(|line| !line.is_empty()).collect();
                // An empty file, and the lines that belong to the device and not to a volume, are nobody's trace.
                let mut lines: Vec<&str> = lines
                    .into_iter()
                    .filter(|line| {
                        !line.contains("COLLECT") && !line.contains("IMPORT{program}=\"collect")
                    })
                    .filter(|line| {
                        !line.contains("zfcpconf.sh") && !line.contains("/sbin/multipath -r")
                    })
                    .filter(|line| !line.contains("online"))
                    .filter(|line| !line.starts_with('#') || !path.starts_with("/etc/"))
                    .collect();
                lines.sort_unstable();
                // A rule or a path that is written down twice is one; a row of a pool is not.
                if path.starts_with("/etc/") {
                    lines.dedup();
                }
                if !lines.is_empty() {
                    text.push_str(&format!("{name} {path}\n{}\n", lines.join("\n")));
                }
            }
        }
        for (device, adapter) in &linux.zfcp.adapters {
            for (port, state) in &adapter.ports {
                for unit in &state.units {
                    text.push_str(&format!("{name} unit {device}/{port}/{unit}\n"));
                }
            }
        }
    }
    for (name, system) in &world.systems {
        for (number, device) in &system.fcp {
            if let Some(user) = &device.attached_to {
                text.push_str(&format!("{name} {number} attached to {user}\n"));
            }
        }
        for (user, entry) in &system.directory {
            let statements = entry.text();
            let mut statements: Vec<&str> = statements
                .lines()
                .filter(|line| line.to_uppercase().starts_with("DEDICATE"))
                .collect();
            statements.sort_unstable();
            for line in statements {
                text.push_str(&format!("{name} {user} {line}\n"));
            }
        }
    }
    text
}
