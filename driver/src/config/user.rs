//! The name of the user that this process works as.

/// The effective user's name, as the machine's own accounts have it, else as the environment says: accounts of a directory service
/// stand in no file.
pub(super) fn effective_user() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    effective_uid(&status)
        .and_then(|uid| name_of(uid, &accounts))
        .or_else(|| {
            let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
            set("LOGNAME").or_else(|| set("USER"))
        })
}

/// The second number of the line `Uid:` of `/proc/self/status`.
fn effective_uid(status: &str) -> Option<u32> {
    let numbers = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    numbers.split_whitespace().nth(1)?.parse().ok()
}

fn name_of(uid: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut cells = line.split(':');
        let name = cells.next()?;
        let number: u32 = cells.nth(1)?.parse().ok()?;
        (number == uid && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_number_counts_and_has_its_name() {
        let status = "Name:\tx\nUmask:\t0022\nUid:\t1000\t165\t1000\t1000\nGid:\t1\t2\t3\t4\n";
        assert_eq!(effective_uid(status), Some(165));
        assert_eq!(effective_uid("Uid:\t1"), None);
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\n# no account\ncinder:x:165:165::/var/lib/cinder:\n";
        assert_eq!(name_of(165, accounts).as_deref(), Some("cinder"));
        assert_eq!(name_of(0, accounts).as_deref(), Some("root"));
        assert_eq!(name_of(7, accounts), None);
    }
}
