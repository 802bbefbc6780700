//! `cat` of SCSI pool files, answered by rows: what is read is shared with the file, not copied.

use crate::bytes::ByteSet;
use crate::hosts::execute;
use crate::hosts::files;
use crate::seam::RemoteCommand;
use crate::world::fs::POOL_DIRECTORY;
use crate::world::{PoolText, World};

/// The pool files that a remote command prints, one behind the other, when it is a plain `cat` of one of them or of
/// all (`*.conf`) and would succeed. `None`: it is something else, to be carried out in the ordinary way. Whatever is
/// answered here, [`execute`] would print too.
pub fn pools(world: &World, command: &RemoteCommand) -> Option<Vec<PoolText>> {
    let RemoteCommand::Ssh {
        host,
        user,
        command,
        ..
    } = command
    else {
        return None;
    };
    let mut words = command.split(' ').filter(|word| !word.is_empty());
    let path = match (words.next()?, words.next()?) {
        ("cat", path) if user == "root" => path,
        ("sudo", "cat") => words.next()?,
        _ => return None,
    };
    if words.next().is_some() {
        return None;
    }
    let name = path
        .strip_prefix(POOL_DIRECTORY)?
        .strip_prefix('/')?
        .strip_suffix(".conf")?;
    let host = execute::reach(world, host).ok()?;
    let fs = &world.linuxes.get(&host)?.fs;
    if name != "*" {
        const PLAIN: ByteSet = ByteSet::of(b"._-").and_alphanumeric();
        return PLAIN
            .has_all(name)
            .then(|| fs.pool(path).cloned())
            .flatten()
            .map(|pool| vec![pool]);
    }
    let names = files::list(world, &host, POOL_DIRECTORY).ok()?;
    let pools: Vec<PoolText> = names
        .iter()
        .filter(|name| name.strip_suffix(".conf").is_some() && !name.starts_with('.'))
        .map(|name| fs.pool(&format!("{POOL_DIRECTORY}/{name}")).cloned())
        .collect::<Option<_>>()?;
    (!pools.is_empty()).then_some(pools)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site;

    #[test]
    fn what_is_answered_by_rows_is_what_cat_prints() {
        let mut world = site::lab();
        let ask = |user: &str, command: &str| RemoteCommand::Ssh {
            host: "zhcp1.example.com".to_owned(),
            user: user.to_owned(),
            opts: Vec::new(),
            command: command.to_owned(),
        };
        let mut answered = 0;
        for (user, command) in [
            ("root", " cat /var/opt/zhcp/zfcp/*.conf"),
            ("root", " cat /var/opt/zhcp/zfcp/pool1.conf"),
            ("root", " cat /var/opt/zhcp/zfcp/none.conf"),
            ("adm", "sudo cat /var/opt/zhcp/zfcp/*.conf"),
            ("root", "cat /etc/hosts"),
        ] {
            let command = ask(user, command);
            let printed = execute::execute(&mut world.clone(), &command);
            let Some(pools) = pools(&world, &command) else {
                continue;
            };
            answered += 1;
            let text: String = pools.iter().map(ToString::to_string).collect();
            assert_eq!((printed.rc, printed.stdout), (0, text));
        }
        assert!(answered >= 2, "the lab has pools");
        // A zHCP that is down prints nothing.
        world
            .linuxes
            .values_mut()
            .for_each(|linux| linux.ssh = false);
        assert!(pools(&world, &ask("root", " cat /var/opt/zhcp/zfcp/*.conf")).is_none());
    }
}
