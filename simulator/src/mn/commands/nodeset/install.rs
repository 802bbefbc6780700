//! `install`: a guest is prepared to run its distribution's installer (spec: guests 13.1).

use std::fmt::Write as _;

use super::network::{self, Network};
use super::parameters;
use super::punch::{punch_all, say_ready};
use super::run::Boot;
use super::zfcp::{Disk, disks};
use crate::mn::zvm::reader::send_file;
use crate::mn::zvm::text::{self, contains_ignoring_case};
use crate::mn::zvm::{fcp, local, mac};

/// Longest list of disks in a line of a parameter file.
const DISK_LIST: usize = 50;

/// The two families of installers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distro {
    Suse,
    RedHat,
}

impl Distro {
    /// Folder of its templates and package lists.
    fn folder(self) -> &'static str {
        match self {
            Self::Suse => "sles",
            Self::RedHat => "rh",
        }
    }

    /// First part of its spool names.
    fn spool(self) -> &'static str {
        match self {
            Self::Suse => "sles",
            Self::RedHat => "rhel",
        }
    }

    /// Kernel and RAM disk below a repository.
    fn boot_files(self) -> [&'static str; 2] {
        match self {
            Self::Suse => ["boot/s390x/vmrdr.ikr", "boot/s390x/initrd"],
            Self::RedHat => ["images/kernel.img", "images/initrd.img"],
        }
    }

    /// Repository and sample parameter file below the release's folder.
    fn places(self) -> (&'static str, &'static str) {
        match self {
            Self::Suse => ("s390x/1", "s390x/1/boot/s390x/parmfile"),
            Self::RedHat => ("s390x", "s390x/images/generic.prm"),
        }
    }
}

/// Prepares the guest.
pub(super) async fn run(boot: &Boot<'_>) -> Option<()> {
    let Boot {
        context, node, os, ..
    } = boot;
    let password = context.tables(|tables| {
        tables
            .get("passwd", "key", "system", "password")
            .map(str::to_owned)
    });
    let Some(password) = password else {
        return boot.fail("Missing root password for this node");
    };
    let distro = if contains_ignoring_case(os, "sles") {
        Distro::Suse
    } else if contains_ignoring_case(os, "rhel") {
        Distro::RedHat
    } else {
        let none = boot.fail("Unable to determine node Linux distribution");
        boot.say("(Solution) Verify the node Linux distribution is either sles* or rh*");
        return none;
    };
    let install = local::install(context);
    let template = template(boot, distro, &install)?;
    let text = local::read(context, &template).unwrap_or_default();
    let network = network::find(boot, uses_dhcp(distro, &text)).await?;
    mac::load_vmcp(context, &boot.target.zhcp).await;
    postscript(boot)?;
    let packages = packages(boot, distro)?;

    let master = context
        .column("noderes", node, "xcatmaster")
        .or_else(|| local::site(context, "master"))
        .unwrap_or_default();
    let (place, sample) = distro.places();
    let repository = context
        .column("noderes", node, "nfsserver")
        .unwrap_or_else(|| format!("http://{master}{install}/{os}/{place}"));
    let custom = format!(
        "{install}/custom/install/{}/{node}.{}.tmpl",
        distro.folder(),
        boot.profile
    );
    let disks = disks(boot).await;
    let text = fill(distro, &text, &packages, boot, &network, &password, &master);
    let text = with_disks(distro, &text, &disks);
    local::write(context, &custom, &text);
    if !disks.is_empty() {
        boot.say("Inserting FCP devices into template... Done");
    }
    let sample = local::read(context, &format!("{install}/{os}/{sample}")).unwrap_or_default();
    let profile = format!("http://{master}{custom}");
    let parameters = match distro {
        Distro::Suse => parameters::suse(
            &parameters::header(&sample),
            &profile,
            &repository,
            &network,
        ),
        Distro::RedHat => {
            let mut header = parameters::header(&sample);
            if !contains_ignoring_case(os, "rhel6.1") {
                header = header.replace("cio_ignore=all,!0.0.0009", "");
            }
            let domain = local::site(context, "domain").unwrap_or_default();
            let devices = dasd_list(boot).await;
            parameters::red_hat(&header, &profile, &devices, &domain, &network)
        }
    };
    send(boot, distro, &install, &repository, &parameters).await
}

/// The template for the node's profile: the most special there is.
fn template(boot: &Boot<'_>, distro: Distro, install: &str) -> Option<String> {
    let Boot {
        os, arch, profile, ..
    } = boot;
    let base = os_base(os);
    let folder = format!("{install}/custom/install/{}", distro.folder());
    let candidates = [
        format!("{profile}.{os}.{arch}.tmpl"),
        format!("{profile}.{base}.{arch}.tmpl"),
        format!("{profile}.{arch}.tmpl"),
        format!("{profile}.tmpl"),
    ];
    let found = candidates
        .iter()
        .map(|name| format!("{folder}/{name}"))
        .find(|path| local::exists(boot.context, path));
    if found.is_none() {
        boot.say(&format!(
            "(Error) Missing autoyast/kickstart template: {folder}/{profile}.{os}.{arch}.tmpl"
        ));
        boot.say(&format!("(Solution) Create a template under {folder}/"));
    }
    found
}

/// Release without service pack or minor version.
fn os_base(os: &str) -> &str {
    let end = os.find("sp").or_else(|| os.find('.')).unwrap_or(os.len());
    &os[..end]
}

fn uses_dhcp(distro: Distro, template: &str) -> bool {
    template.lines().any(|line| match distro {
        Distro::Suse => {
            contains_ignoring_case(line, "<bootproto>") && contains_ignoring_case(line, "dhcp")
        }
        Distro::RedHat => contains_ignoring_case(line, "--bootproto dhcp"),
    })
}

/// Only some releases have a postscript.
fn postscript(boot: &Boot<'_>) -> Option<()> {
    let os = &boot.os;
    let is_known = ["sles10", "sles11", "sles12", "rhel5", "rhel6", "rhel7"]
        .iter()
        .any(|release| contains_ignoring_case(os, release));
    if is_known {
        return Some(());
    }
    boot.fail(&format!("No postscript available for {os}"))
}

/// Lines of the package list.
fn packages(boot: &Boot<'_>, distro: Distro) -> Option<Vec<String>> {
    let Boot {
        os, arch, profile, ..
    } = boot;
    let folder = format!("/install/custom/install/{}", distro.folder());
    let path = format!("{folder}/{profile}.{}.{arch}.pkglist", os_base(os));
    let Some(list) = local::read(boot.context, &path) else {
        let none = boot.fail(&format!("Missing package list for {os} in {folder}/"));
        boot.say(&format!(
            "(Solution) Please create one or copy default one from /opt/xcat/share/xcat/install/{}/",
            distro.folder()
        ));
        return none;
    };
    Some(
        list.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
    )
}

/// The template with the node's values in the place of the words for them.
fn fill(
    distro: Distro,
    template: &str,
    packages: &[String],
    boot: &Boot<'_>,
    network: &Network,
    password: &str,
    master: &str,
) -> String {
    let tags = |of_groups: bool, tag: &str| -> String {
        packages
            .iter()
            .filter(|package| package.contains('@') == of_groups)
            .map(|package| format!("<{tag}>{}</{tag}>", package.replace('@', "")))
            .collect::<Vec<_>>()
            .concat()
    };
    let [read, write, data] = network.channels();
    let (hostname, node) = (network.hostname.as_str(), boot.node);
    let install = local::install(boot.context);
    let domain = local::site(boot.context, "domain").unwrap_or_default();
    let chan_ids = format!("{read} {write} {data}");
    let broadcast = network.broadcast();
    let (list, patterns) = match distro {
        Distro::Suse => (tags(false, "package"), tags(true, "pattern")),
        Distro::RedHat => (
            packages.iter().fold(String::new(), |mut list, package| {
                let _ = writeln!(list, "{package}");
                list
            }),
            String::new(),
        ),
    };
    // `replace_hostname` is the node for the one and its full name for the other.
    let name = match distro {
        Distro::Suse => node,
        Distro::RedHat => hostname,
    };
    let mut text = template.to_owned();
    for (word, value) in [
        ("replace_software_packages", list.as_str()),
        ("replace_software_patterns", &patterns),
        ("replace_host_address", &network.ip),
        ("replace_long_name", hostname),
        ("replace_short_name", node),
        ("replace_domain", &domain),
        ("replace_hostname", name),
        ("replace_nameserver", &network.nameserver),
        ("replace_broadcast", &broadcast),
        ("replace_device", "eth0"),
        ("replace_ipaddr", &network.ip),
        ("replace_ip", &network.ip),
        ("replace_lladdr", &network.mac),
        ("replace_netmask", &network.mask),
        ("replace_network", &network.net),
        ("replace_ccw_chan_ids", &chan_ids),
        ("replace_ccw_chan_mode", "FOOBAR"),
        ("replace_gateway", &network.gateway),
        ("replace_root_password", password),
        ("replace_rootpw", password),
        ("replace_nic_addr", &read),
        ("replace_master", master),
        ("replace_install_dir", &install),
    ] {
        text = text.replace(word, value);
    }
    text
}

/// The template with the node's SCSI disks.
fn with_disks(distro: Distro, template: &str, disks: &[Disk]) -> String {
    let mut text = template.to_owned();
    let mut list = String::new();
    for Disk {
        device,
        wwpn,
        lun,
        tag,
    } in disks
    {
        let named = match distro {
            Distro::Suse => format!("/dev/disk/by-path/ccw-0.0.{device}-zfcp-0x{wwpn}:0x{lun}"),
            Distro::RedHat => {
                format!("zfcp --devnum 0.0.{device} --wwpn 0x{wwpn} --fcplun 0x{lun}\n")
            }
        };
        if !tag.is_empty() {
            text = text.replacen(tag.as_str(), &named, 1);
        }
        let _ = write!(
            list,
            "      <listentry>\n        <controller_id>0.0.{device}</controller_id>\n        <fcp_lun>0x{lun}</fcp_lun>\n        <wwpn>0x{wwpn}</wwpn>\n      </listentry>\n"
        );
    }
    if distro == Distro::Suse && !disks.is_empty() {
        let devices = format!("    <devices config:type=\"list\">\n{list}    </devices>\n");
        text = text.replacen("replace_zfcp", &devices, 1);
    }
    text
}

/// Bus ids of the minidisks and dedicated devices; a long list becomes a range.
async fn dasd_list(boot: &Boot<'_>) -> String {
    let zhcp = &boot.target.zhcp;
    let command = format!("/opt/zhcp/bin/getuserentry {}", boot.target.userid);
    let entry = zhcp.run(boot.context, &command).await.stdout;
    let mut disks: Vec<String> = entry
        .lines()
        .filter(|line| line.contains("MDISK") && !line.starts_with('*'))
        .map(|line| format!("0.0.{}", text::word(line, 1)))
        .collect();
    disks.sort();
    let mut dedicated: Vec<String> = fcp::dedicates(boot.context, boot.node)
        .await
        .iter()
        .map(|device| format!("0.0.{device}"))
        .collect();
    dedicated.sort();
    [disks, dedicated]
        .iter()
        .filter(|list| !list.is_empty())
        .map(|list| {
            let all = list.join(",");
            if all.len() > DISK_LIST {
                format!("{}-{}", list[0], list[list.len() - 1])
            } else {
                all
            }
        })
        .collect::<Vec<_>>()
        .join(",")
}

/// Fetches kernel and RAM disk, sends all three files to the zHCP and punches them.
async fn send(
    boot: &Boot<'_>,
    distro: Distro,
    install: &str,
    repository: &str,
    parameters: &str,
) -> Option<()> {
    let Boot {
        context, node, os, ..
    } = boot;
    let zhcp = &boot.target.zhcp;
    let [kernel, parm, initrd] =
        ["Kernel", "Parm", "Initrd"].map(|kind| format!("/tmp/{node}{kind}"));
    local::write(context, &parm, parameters);
    let (place, _) = distro.places();
    for (path, file) in distro.boot_files().iter().zip([&kernel, &initrd]) {
        context.print_ln(format!("Attempting to copy {repository}/{path} to {file}"));
        let source = format!("{install}/{os}/{place}/{path}");
        if !local::copy(context, &source, file) {
            context.print_ln("(Failed) Did not copy the file. Did you forget to process the ISO?");
            return None;
        }
    }
    for file in [&kernel, &parm, &initrd] {
        send_file(context, zhcp, file, file).await;
    }
    let spool = distro.spool();
    let [kernel_name, parm_name, initrd_name] =
        ["kernel", "parm", "initrd"].map(|kind| format!("{spool}.{kind}"));
    punch_all(
        boot,
        &[
            ("kernel", &kernel, &kernel_name, ""),
            ("parm", &parm, &parm_name, "-t"),
            ("initrd", &initrd, &initrd_name, ""),
        ],
    )
    .await?;
    for file in [&parm, &kernel, &initrd] {
        local::remove(context, file);
    }
    zhcp.run_timed(context, &format!("rm {parm} {kernel} {initrd}"))
        .await;
    say_ready(boot);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_the_scsi_disks() {
        let disk = Disk {
            device: "1fb3".into(),
            wwpn: "500a".into(),
            lun: "0021".into(),
            tag: "$root_device$".into(),
        };
        let text = with_disks(
            Distro::Suse,
            "<device>$root_device$</device>\nreplace_zfcp",
            std::slice::from_ref(&disk),
        );
        assert!(
            text.starts_with(
                "<device>/dev/disk/by-path/ccw-0.0.1fb3-zfcp-0x500a:0x0021</device>\n"
            )
        );
        assert!(text.contains("<devices config:type=\"list\">\n      <listentry>\n"));
        let text = with_disks(Distro::RedHat, "$root_device$", &[disk]);
        assert_eq!(
            text,
            "zfcp --devnum 0.0.1fb3 --wwpn 0x500a --fcplun 0x0021\n"
        );
    }

    #[test]
    fn releases_have_a_base() {
        for (os, base) in [
            ("sles11sp2", "sles11"),
            ("rhel6.2", "rhel6"),
            ("rhel7", "rhel7"),
        ] {
            assert_eq!(os_base(os), base);
        }
    }
}
