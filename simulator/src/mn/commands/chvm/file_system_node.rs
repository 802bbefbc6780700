//! `--createfilesysnode` and `--removefilesysnode` (spec: guests 5.3, 5.4): a name of the client's choice for a LUN, as
//! a udev rule in the guest.

use super::guest::{Guest, Hidden};
use crate::mn::zvm::guest::{Report, execcmdon_vm};
use crate::mn::zvm::os_version::{OsSeen, get_os_version};
use crate::mn::zvm::text;
use crate::seam::Release;

/// The guest's file of such rules.
const RULES: &str = "/etc/udev/rules.d/56-zfcp.rules";

/// The parts of a pseudo path that names a LUN by lists of FCP devices and target ports.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    devices: Vec<String>,
    wwpns: String,
    lun: String,
    ubuntu: bool,
}

impl Source {
    /// Takes a pseudo path apart; one of another shape has no parts.
    fn parse(path: &str, os: &OsSeen) -> Self {
        Self::parts(path, os.is_ubuntu()).unwrap_or_default()
    }

    fn parts(path: &str, ubuntu: bool) -> Option<Self> {
        let (before_port, before_lun) = if ubuntu {
            ("-fc-", "-lun-")
        } else {
            ("-zfcp-", ":")
        };
        let rest = path.split_once("/dev/disk/by-path/ccw-0.0.")?.1;
        let (devices, rest) = rest.split_once(before_port)?;
        let (wwpns, lun) = rest.split_once(before_lun)?;
        let hex = |c: char| c.is_ascii_alphanumeric() || c == ';';
        let sound = [devices, wwpns, lun]
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(hex));
        sound.then(|| Self {
            devices: text::split(devices, ';')
                .into_iter()
                .map(str::to_owned)
                .collect(),
            wwpns: wwpns.to_owned(),
            lun: lun.to_owned(),
            ubuntu,
        })
    }

    /// The path of the LUN by one FCP device and one port.
    fn path(&self, device: &str, wwpn: &str) -> String {
        let lun = &self.lun;
        if self.ubuntu {
            format!("/dev/disk/by-path/ccw-0.0.{device}-fc-{wwpn}-lun-{lun}")
        } else {
            format!("/dev/disk/by-path/ccw-0.0.{device}-zfcp-{wwpn}:{lun}")
        }
    }

    /// The LUN as sysfs spells it: on Ubuntu the path has the number that SCSI gives it, low 16 bits first.
    fn sysfs_lun(&self) -> String {
        match self.lun.parse::<u64>() {
            Ok(number) if self.ubuntu => {
                let word = |i: u32| (number >> (16 * i)) & 0xffff;
                format!(
                    "0x{:04x}{:04x}{:04x}{:04x}",
                    word(0),
                    word(1),
                    word(2),
                    word(3)
                )
            }
            _ => self.lun.clone(),
        }
    }
}

/// `--createfilesysnode {source} {target}`.
pub(super) async fn create(guest: &Guest<'_>) -> Hidden {
    // `None` ends the option; what there was to say has been said.
    let _ended: Option<()> = create_node(guest).await;
    Hidden::nothing()
}

async fn create_node(guest: &Guest<'_>) -> Option<()> {
    if !guest.has_count(&[3]) {
        return None;
    }
    let target = guest.arg(2);
    let os = get_os_version(guest.context, guest.node).await;
    let source = Source::parse(guest.arg(1), &os);
    if stat(guest, target).await {
        guest.say(format!("(Error) {target} already exists"));
        return None;
    }
    let name = target.replacen("/dev/", "", 1);
    let (rule, trigger) = if source.wwpns.contains(';') {
        let wwid = find_multipath(guest, &source).await?;
        let rule =
            format!(r#"KERNEL==\"dm-*\", ENV{{DM_UUID}}==\"mpath-{wwid}\", SYMLINK+=\"{name}\""#);
        (rule, "dm-*")
    } else {
        find_single(guest, &source).await?;
        let lun = if guest.context.settings().quirk("GQ15") {
            source.lun.clone()
        } else {
            source.sysfs_lun()
        };
        let rule = format!(
            r#"KERNEL==\"sd*\", ATTRS{{wwpn}}==\"{}\", ATTRS{{fcp_lun}}==\"{lun}\", SYMLINK+=\"{name}\%n\""#,
            source.wwpns
        );
        (rule, "sd*")
    };
    prepare_rules(guest, &os).await?;
    let sudo = guest.zhcp.sudo;
    let command = format!(
        "{sudo} echo {rule}>>{RULES} ; {sudo} udevadm control --reload ; {sudo} udevadm trigger --sysname-match={trigger}"
    );
    good(&in_guest(guest, &command, Report::Callback).await)?;
    guest.say(format!("Creating file system node {target}... Done"));
    Some(())
}

/// Whether a path exists in the guest.
async fn stat(guest: &Guest<'_>, path: &str) -> bool {
    let sudo = guest.zhcp.sudo;
    let command = format!("{sudo} /usr/bin/stat --printf=%n {path}");
    in_guest(guest, &command, Report::Silent).await == path
}

fn say_not_found(guest: &Guest<'_>, source: &Source) {
    let Source { wwpns, lun, .. } = source;
    guest.say(format!("(Error) zfcp device {wwpns}:{lun} not found in OS"));
}

/// One target port: at least one FCP device must show the LUN.
async fn find_single(guest: &Guest<'_>, source: &Source) -> Option<()> {
    let mut found = false;
    for device in &source.devices {
        let path = source.path(device, &source.wwpns);
        if stat(guest, &path).await {
            found = true;
        } else {
            guest.say(format!("(warning) {path} does not exist"));
        }
    }
    if !found {
        say_not_found(guest, source);
        return None;
    }
    Some(())
}

/// Several target ports: the WWID that the first path with one has.
async fn find_multipath(guest: &Guest<'_>, source: &Source) -> Option<String> {
    let sudo = guest.zhcp.sudo;
    for wwpn in text::split(&source.wwpns, ';') {
        let wwpn = format!("0x{}", wwpn.replace("0x", ""));
        for device in &source.devices {
            let path = source.path(device, &wwpn);
            if !stat(guest, &path).await {
                guest.say(format!("(Warning) {path} does not exist"));
                continue;
            }
            let filter = match guest.context.settings().release {
                Release::P => " | grep -a \"ID_SERIAL=\"",
                Release::E | Release::M => "",
            };
            let command = format!("{sudo} /sbin/udevadm info --query=all --name={path}{filter}");
            let answer = in_guest(guest, &command, Report::Silent).await;
            if let Some((_, rest)) = answer.split_once("ID_SERIAL=") {
                let wwid = rest.lines().next().unwrap_or_default().trim();
                if !wwid.is_empty() {
                    return Some(wwid.to_owned());
                }
            }
        }
    }
    say_not_found(guest, source);
    None
}

/// Makes the file of rules when it is missing, on RHEL with two helpers in it.
async fn prepare_rules(guest: &Guest<'_>, os: &OsSeen) -> Option<()> {
    let sudo = guest.zhcp.sudo;
    let test = format!("{sudo} test -e {RULES} && echo Exists");
    let answer = in_guest(guest, &test, Report::Silent).await;
    // GQ16: over IUCV a missing file is an error text, which counts as a file that is there.
    let exists = if guest.context.settings().quirk("GQ16") {
        !answer.is_empty()
    } else {
        answer.contains("Exists")
    };
    if exists {
        return Some(());
    }
    good(&in_guest(guest, &format!("{sudo} touch {RULES}"), Report::Callback).await)?;
    if os.is_rhel() {
        for helper in ["/sbin/zfcpconf.sh", "/sbin/multipath -r"] {
            let command = format!(r#"{sudo} echo KERNEL==\"zfcp\", RUN+=\"{helper}\" >> {RULES}"#);
            in_guest(guest, &command, Report::Silent).await;
        }
    }
    Some(())
}

/// `--removefilesysnode {target}`.
pub(super) async fn remove(guest: &Guest<'_>) -> Hidden {
    if !guest.has_count(&[2]) {
        return Hidden::nothing();
    }
    let sudo = guest.zhcp.sudo;
    let target = guest.arg(1);
    let name = target.replacen("/dev/", "", 1);
    let command = format!(
        r#"{sudo} sed -i -e /SYMLINK+=\"{name}\%n\"/d {RULES} ; {sudo} sed -i -e /SYMLINK+=\"{name}\"/d {RULES} ; {sudo} udevadm control --reload ; {sudo} udevadm trigger --sysname-match=sd* ; {sudo} udevadm trigger --sysname-match=dm-*"#
    );
    if good(&in_guest(guest, &command, Report::Callback).await).is_some() {
        guest.say(format!("Removing file system node {target}... Done"));
    }
    Hidden::nothing()
}

async fn in_guest(guest: &Guest<'_>, command: &str, report: Report) -> String {
    execcmdon_vm(guest.context, guest.node, command, report).await
}

/// `None` for a bad answer.
fn good(answer: &str) -> Option<()> {
    (!text::is_bad(answer)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str, os: &str) -> Source {
        Source::parse(path, &OsSeen(os.to_owned()))
    }

    #[test]
    fn sources_are_taken_apart_by_the_distribution() {
        let source = parse(
            "/dev/disk/by-path/ccw-0.0.b806;b826-zfcp-0x5005;5006:0x0010000000000000",
            "rhel7.2",
        );
        assert_eq!(source.devices, ["b806", "b826"]);
        assert_eq!(source.wwpns, "0x5005;5006");
        assert_eq!(
            source.path("b806", "0x5005"),
            "/dev/disk/by-path/ccw-0.0.b806-zfcp-0x5005:0x0010000000000000"
        );
        assert_eq!(
            parse("/dev/disk/by-path/ccw-0.0.b806-zfcp-0x5:0x1", "ubuntu16"),
            Source::default()
        );
    }

    #[test]
    fn gq15_ubuntu_luns_are_numbers_that_sysfs_spells_otherwise() {
        let lun = |text: &str| {
            parse(
                &format!("/dev/disk/by-path/ccw-0.0.b80d-fc-0x5005-lun-{text}"),
                "ubuntu16.04",
            )
            .sysfs_lun()
        };
        assert_eq!(lun("32"), "0x0020000000000000");
        assert_eq!(lun("1073758224"), "0x4010400000000000");
    }
}
