//! What the z/VM commands find on the management node itself: its files, its site table, its idea of addresses.

use std::borrow::Cow;

use crate::mn::Context;
use crate::world::SimFs;

/// Works on the files of the management node; `R::default()` when it has none.
pub fn files<R: Default>(context: &Context, work: impl FnOnce(&mut SimFs, u64) -> R) -> R {
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

/// Text of a file of the management node.
pub fn read(context: &Context, path: &str) -> Option<String> {
    files(context, |fs, _| fs.read(path).map(Cow::into_owned))
}

/// Whether the management node has a file (no directory) of that name.
pub fn exists(context: &Context, path: &str) -> bool {
    files(context, |fs, _| fs.read(path).is_some())
}

/// Writes a file on the management node.
pub fn write(context: &Context, path: &str, text: &str) {
    files(context, |fs, now_ms| fs.write(path, text, now_ms));
}

/// Copies a file on the management node; says whether it was there.
pub fn copy(context: &Context, from: &str, to: &str) -> bool {
    files(context, |fs, now_ms| {
        let Some(text) = fs.read(from).map(Cow::into_owned) else {
            return false;
        };
        fs.write(to, text, now_ms);
        true
    })
}

/// Deletes a file on the management node.
pub fn remove(context: &Context, path: &str) {
    files(context, |fs, _| {
        fs.files.remove(path);
    });
}

/// Deletes a directory and what it holds on the management node.
pub fn remove_tree(context: &Context, directory: &str) {
    let prefix = format!("{directory}/");
    files(context, |fs, _| {
        fs.files.retain(|path, _| !path.starts_with(&prefix));
        fs.directories
            .retain(|path| path != directory && !path.starts_with(&prefix));
    });
}

/// Names in a directory that the shell's `*.img` matches: the case counts, hidden files do not.
pub fn images(context: &Context, directory: &str) -> Vec<String> {
    files(context, |fs, _| fs.list(directory))
        .into_iter()
        .filter(|name| name.strip_suffix(".img").is_some() && !name.starts_with('.'))
        .collect()
}

/// Value of the site table.
pub fn site(context: &Context, key: &str) -> Option<String> {
    context.tables(|tables| tables.get("site", "key", key, "value").map(str::to_owned))
}

/// Where xCAT keeps what it installs (`site.installdir`).
pub fn install(context: &Context) -> String {
    site(context, "installdir").unwrap_or_else(|| "/install".to_owned())
}

/// Address of a host as the management node resolves it; an address stands for itself.
pub fn ip_of(context: &Context, host: &str) -> Option<String> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Some(host.to_owned());
    }
    let known = context.local(|world| {
        world
            .resolve(host)
            .and_then(|name| world.linuxes.get(name))
            .map(|linux| linux.ip.clone())
    });
    known.filter(|ip| !ip.is_empty()).or_else(|| {
        let short = host.split('.').next().unwrap_or(host);
        context.column("hosts", short, "ip")
    })
}

/// Whether a node is the management node: its address is that of `site.master`.
pub fn is_master(context: &Context, node: &str) -> bool {
    let master = site(context, "master");
    master.is_some() && ip_of(context, node) == master
}

/// Letters and digits of the site's generator, as `mktemp` draws them.
pub fn random_letters(context: &Context, count: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = context.local(crate::world::World::next_random);
    let mut out = String::new();
    for _ in 0..count {
        let index = (number % ALPHABET.len() as u64) as usize;
        out.push(char::from(ALPHABET[index]));
        number /= ALPHABET.len() as u64;
    }
    out
}
