//! Which operating system a guest has, as xCAT finds out and mostly gets wrong (spec: guests 3.7, GQ4).

use std::collections::BTreeMap;

use super::guest::{Report, execcmdon_vm};
use super::remote::Zhcp;
use super::text;
use crate::mn::Context;
use crate::seam::Release;

/// The command that lists the release files.
pub const RELEASE_FILES: &str =
    "ls /dev/null /etc/*-release /etc/issue /etc/debian_version 2>/dev/null";

/// The operating system that the management node believes to see: `rhel7.2`, `sles12`, `ubuntu16.04.1`, `unknown`, or
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsSeen(pub String);

impl OsSeen {
    /// Any SLES.
    pub fn is_sles(&self) -> bool {
        text::contains_ignoring_case(&self.0, "sles")
    }

    /// SLES 11 or 12.
    pub fn is_sles_11_or_12(&self) -> bool {
        text::contains_ignoring_case(&self.0, "sles11")
            || text::contains_ignoring_case(&self.0, "sles12")
    }

    /// Any RHEL.
    pub fn is_rhel(&self) -> bool {
        text::contains_ignoring_case(&self.0, "rhel")
    }

    /// Any Ubuntu.
    pub fn is_ubuntu(&self) -> bool {
        text::contains_ignoring_case(&self.0, "ubuntu")
    }
}

/// Asks a guest for its operating system (`zvmUtils.pm getOsVersion`). As executed, the current release gets only the
/// names of the guest's release files and reads files of these names on the management node (GQ4); release P, and GQ4
/// repaired, read the guest's.
pub async fn get_os_version(context: &Context, node: &str) -> OsSeen {
    let sudo = Zhcp::at(context, node).sudo;
    let reads_guest = context.settings().release == Release::P || !context.settings().quirk("GQ4");
    let command = if reads_guest {
        format!("{sudo} {RELEASE_FILES} | xargs grep \"\"")
    } else {
        format!("{sudo} {RELEASE_FILES}")
    };
    let answer = execcmdon_vm(context, node, &command, Report::Silent).await;
    if judged_bad(&answer, reads_guest) {
        return OsSeen::default();
    }
    if reads_guest {
        return OsSeen(from_listing(&answer));
    }
    let files: BTreeMap<String, String> = context.local(|world| {
        let mn = world.linuxes.get(&world.mn.host);
        text::lines(&answer)
            .into_iter()
            .filter_map(|path| {
                let content = mn?.fs.read(path.trim())?;
                Some((path.trim().to_owned(), content.into_owned()))
            })
            .collect()
    });
    OsSeen(build(&files))
}

/// The usual words make an answer bad; a listing with contents may hold them in the contents (a `BUG_REPORT_URL`, say),
/// so there only the transport's own texts count.
fn judged_bad(answer: &str, with_contents: bool) -> bool {
    if with_contents {
        answer.contains("(Error)")
    } else {
        text::is_bad(answer)
    }
}

/// Operating system from `path:line` lines, as `grep ''` over several files prints them.
pub fn from_listing(listing: &str) -> String {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in listing.lines() {
        if let Some((path, content)) = line.split_once(':') {
            let file = files.entry(path.to_owned()).or_default();
            file.push_str(content);
            file.push('\n');
        }
    }
    build(&files)
}

/// Operating system from the contents of release files (`zvmUtils.pm buildOsVersion`; spec: guests 3.7).
pub fn build(files: &BTreeMap<String, String>) -> String {
    let get = |name: &str| files.get(&format!("/etc/{name}")).map(String::as_str);
    if let Some(release) = get("os-release")
        && let Some(id) = setting(release, "ID").or_else(|| setting(release, "ID_LIKE"))
    {
        let version = setting(release, "VERSION")
            .map(leading_version)
            .filter(|v| !v.is_empty())
            .or_else(|| setting(release, "VERSION_ID").map(leading_version))
            .unwrap_or_default();
        return format!("{id}{version}");
    }
    if let Some(release) = get("redhat-release")
        && release.contains("Server")
    {
        let version = release
            .split_ascii_whitespace()
            .map(leading_version)
            .find(|v| !v.is_empty())
            .unwrap_or_default();
        return format!("rhel{version}");
    }
    if let Some(release) = get("SuSE-release") {
        let value = |key: &str| {
            release
                .lines()
                .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))
                .map_or("", str::trim)
        };
        return match value("PATCHLEVEL") {
            "" => format!("sles{}", value("VERSION")),
            level => format!("sles{}.{level}", value("VERSION")),
        };
    }
    if let Some(release) = get("lsb-release")
        && setting(release, "DISTRIB_ID") == Some("Ubuntu")
    {
        return format!(
            "ubuntu{}",
            setting(release, "DISTRIB_RELEASE").unwrap_or_default()
        );
    }
    "unknown".to_owned()
}

/// Value of `KEY=value` without quotes.
fn setting<'a>(file: &'a str, key: &str) -> Option<&'a str> {
    file.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .map(|value| value.trim().trim_matches('"'))
}

/// Digits and points at the start of a text.
fn leading_version(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn os_release_comes_first() {
        let of = |text| build(&files(&[("/etc/os-release", text)]));
        assert_eq!(of("ID=\"rhel\"\nVERSION=\"7.2 (Maipo)\"\n"), "rhel7.2");
        assert_eq!(of("ID=\"sles\"\nVERSION=\"12-SP1\"\n"), "sles12");
        assert_eq!(
            of("ID=ubuntu\nVERSION=\"16.04.1 LTS (Xenial Xerus)\"\n"),
            "ubuntu16.04.1"
        );
        assert_eq!(of("ID=sles\nVERSION_ID=\"11.4\"\n"), "sles11.4");
    }

    #[test]
    fn older_releases_are_told_by_their_own_files() {
        assert_eq!(
            build(&files(&[(
                "/etc/redhat-release",
                "Red Hat Enterprise Linux Server release 6.5 (Santiago)\n"
            )])),
            "rhel6.5"
        );
        assert_eq!(
            build(&files(&[(
                "/etc/SuSE-release",
                "SUSE Linux Enterprise Server 11 (s390x)\nVERSION = 11\nPATCHLEVEL = 4\n"
            )])),
            "sles11.4"
        );
        assert_eq!(build(&files(&[("/etc/issue", "x")])), "unknown");
    }

    #[test]
    fn a_listing_with_contents_is_taken_apart() {
        assert_eq!(
            from_listing(
                "/etc/issue:\\S\n/etc/os-release:VERSION=\"7.2 (Maipo)\"\n/etc/os-release:ID=\"rhel\"\n"
            ),
            "rhel7.2"
        );
        assert_eq!(from_listing(""), "unknown");
    }
}
