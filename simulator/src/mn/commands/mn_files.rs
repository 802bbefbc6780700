//! Files of the management node, as its own commands read and write them. Nothing here crosses the seam: these are
//! the files beside the daemon.

use crate::mn::Context;
use crate::world::SimFs;

/// Works on the files; the second argument is the time of a change, in virtual milliseconds.
pub(super) fn with<R: Default>(context: &Context, work: impl FnOnce(&mut SimFs, u64) -> R) -> R {
    context.local(|world| {
        let now_ms = world.now_ms;
        let host = world.mn.host.clone();
        world
            .linuxes
            .get_mut(&host)
            .map(|linux| work(&mut linux.fs, now_ms))
            .unwrap_or_default()
    })
}

/// Text of a file, if there is one.
pub(super) fn read(context: &Context, path: &str) -> Option<String> {
    with(context, |fs, _| {
        fs.read(path).map(std::borrow::Cow::into_owned)
    })
}

/// Creates or replaces a file.
pub(super) fn write(context: &Context, path: &str, text: String) {
    with(context, |fs, now_ms| fs.write(path, text, now_ms));
}

/// Whether the path is a directory.
pub(super) fn is_directory(context: &Context, path: &str) -> bool {
    with(context, |fs, _| fs.is_directory(path))
}

/// Files below a directory, path and text, in byte order.
pub(super) fn tree(context: &Context, directory: &str) -> Vec<(String, String)> {
    let prefix = format!("{}/", directory.trim_end_matches('/'));
    with(context, |fs, _| {
        fs.files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, file)| (path.clone(), file.text.text().into_owned()))
            .collect()
    })
}

/// Removes a file.
pub(super) fn remove(context: &Context, path: &str) {
    with(context, |fs, _| {
        fs.files.remove(path);
    });
}

/// Removes a directory and what is below it.
pub(super) fn remove_tree(context: &Context, directory: &str) {
    let directory = directory.trim_end_matches('/');
    let prefix = format!("{directory}/");
    with(context, |fs, _| {
        fs.files.retain(|path, _| !path.starts_with(&prefix));
        fs.directories
            .retain(|path| path != directory && !path.starts_with(&prefix));
    });
}
