//! What happens to a guest without a command of its own: changes around it, IPL, shutdown.

use super::udev;
use crate::world::zfcp::act;
use crate::world::{HostName, World};

/// Lets the kernel of a Linux notice what changed around it (devices attached and detached by CP, links, zones, time),
/// and udev process the events that come of it.
pub fn settle(world: &mut World, host: &HostName) {
    let Some(((), events)) = act(world, host, |_, _, _| ()) else {
        return;
    };
    let waits = world.linuxes.get(host).is_some_and(|linux| {
        linux
            .zfcp
            .disks()
            .any(|(.., disk)| !linux.zfcp.symlinks.contains_key(&disk.disk))
    });
    if waits || !events.is_empty() {
        udev::process(world, host, events);
    }
}
