//! What the file layer of the shell asks about a path.

use super::Errno;
use crate::world::{HostName, World};

/// Text of a kernel file; `None` when `path` is not the kernel's.
pub fn read(world: &World, host: &HostName, path: &str) -> Option<Result<String, Errno>> {
    let _ = (world, host, path);
    None
}

/// Writes to a kernel file, with its effects; `None` when `path` is not the kernel's.
pub fn write(
    world: &mut World,
    host: &HostName,
    path: &str,
    data: &str,
) -> Option<Result<(), Errno>> {
    let _ = (world, host, path, data);
    None
}

/// Names in a kernel directory; `None` when `directory` is not one.
pub fn list(world: &World, host: &HostName, directory: &str) -> Option<Vec<String>> {
    let _ = (world, host, directory);
    None
}

/// Whether `path` exists in the kernel's file systems.
pub fn exists(world: &World, host: &HostName, path: &str) -> bool {
    let _ = (world, host, path);
    false
}

/// Where a symbolic link of the kernel's or udev's points; `None` when `path` is not one.
pub fn readlink(world: &World, host: &HostName, path: &str) -> Option<String> {
    let _ = (world, host, path);
    None
}
