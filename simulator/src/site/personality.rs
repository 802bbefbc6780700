//! Files that every Linux of a distribution has (spec: guests 3.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hosts::guest::iucvserv::AUTHORIZED;
use crate::world::{Distribution, LinuxRole, SimFs, World};

/// Lets the zHCP of a guest's system talk to the guest's IUCV server, where it has one (spec: zhcp-and-smapi 1.8).
pub fn authorize_iucv(world: &mut World) {
    let now_ms = world.now_ms;
    let clients: BTreeMap<_, _> = world
        .linuxes
        .values()
        .filter(|l| l.role == LinuxRole::Zhcp)
        .map(|l| (l.system.clone(), l.userid.clone()))
        .collect();
    for linux in world.linuxes.values_mut() {
        if linux.role == LinuxRole::Guest
            && linux.iucv
            && let Some(client) = clients.get(&linux.system)
        {
            linux.fs.write(AUTHORIZED, format!("{client}\n"), now_ms);
        }
    }
}

/// Writes `/etc/hosts`, the same on every Linux: one line for each, by address.
pub fn write_hosts_files(world: &mut World) {
    let (now_ms, domain) = (world.now_ms, world.mn.domain.clone());
    let address = |ip: &str| ip.parse::<std::net::IpAddr>().ok();
    let mut hosts: Vec<_> = world
        .linuxes
        .iter()
        .filter(|(_, l)| !l.ip.is_empty())
        .map(|(host, l)| (address(&l.ip), l.ip.clone(), host.clone()))
        .collect();
    hosts.sort();
    let mut text = "127.0.0.1 localhost\n".to_owned();
    for (_, ip, host) in hosts {
        text.push_str(&format!("{ip} {host} {host}.{domain}\n"));
    }
    // As long as the site is large, and there are as many: one text for all of them.
    let text = Arc::new(text);
    for linux in world.linuxes.values_mut() {
        linux.fs.write_shared("/etc/hosts", &text, now_ms);
    }
}

/// Files that every zHCP has (spec: zhcp-and-smapi 1.2).
pub fn write_zhcp_files(fs: &mut SimFs, smapi_level: u16, now_ms: u64) {
    let level = smapi_level.to_string();
    for (path, text) in [
        (
            "/opt/zhcp/version",
            "zhcp version: 2.0 Built on: 2017-01-10\n",
        ),
        ("/opt/zhcp/conf/next_macid", "FFFFF0\n"),
        ("/opt/zhcp/bin/IUCV/iucvserv", "iucvserv 0.0.0.1\n"),
        ("/opt/zhcp/bin/IUCV/iucvserd", "iucvserd 0.0.0.1\n"),
        (
            "/opt/zhcp/bin/IUCV/iucvserd.service",
            "iucvserd.service 0.0.0.1\n",
        ),
        ("/opt/zhcp/bin/IUCV/iucvupgrade.sh", "iucvupgrade 0.0.0.1\n"),
        ("/etc/ld.so.conf.d/zhcp.conf", "/opt/zhcp/lib\n"),
        (
            "/var/opt/zhcp/settings.conf",
            "keepOldTraces=10\n#gzipCompression=6\n#saveAllLogs=1\n",
        ),
        ("/var/opt/zhcp/tracing.conf", "smcli error\n"),
        ("/var/opt/zhcp/smapi.level", &level),
        ("/var/log/zhcp/zhcp.log", ""),
    ] {
        fs.write(path, text, now_ms);
    }
    fs.directories.insert("/var/run".to_owned());
}

/// Writes the release files of a distribution.
pub fn write_release_files(fs: &mut SimFs, distribution: Distribution, now_ms: u64) {
    for (path, text) in release_files(distribution) {
        fs.write(path, *text, now_ms);
    }
    for directory in [
        "/root",
        "/tmp",
        "/etc/udev/rules.d",
        "/etc/modprobe.d",
        "/mnt",
        "/usr/bin",
        "/var/log",
    ] {
        fs.directories.insert(directory.to_owned());
    }
}

/// xCAT's name of the distribution and version, as in `nodetype.os`.
pub const fn os_name(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::Rhel6 => "rhel6.8",
        Distribution::Rhel7 => "rhel7.2",
        Distribution::Sles11 => "sles11.4",
        Distribution::Sles12 => "sles12.1",
        Distribution::Ubuntu16 => "ubuntu16.04",
        Distribution::Ubuntu20 => "ubuntu20.04",
    }
}

const fn release_files(distribution: Distribution) -> &'static [(&'static str, &'static str)] {
    match distribution {
        Distribution::Rhel6 => &[
            (
                "/etc/issue",
                "Red Hat Enterprise Linux Server release 6.8 (Santiago)\nKernel \\r on an \\m\n\n",
            ),
            (
                "/etc/redhat-release",
                "Red Hat Enterprise Linux Server release 6.8 (Santiago)\n",
            ),
            (
                "/etc/system-release",
                "Red Hat Enterprise Linux Server release 6.8 (Santiago)\n",
            ),
        ],
        Distribution::Rhel7 => &[
            ("/etc/issue", "\\S\nKernel \\r on an \\m\n\n"),
            (
                "/etc/os-release",
                "NAME=\"Red Hat Enterprise Linux Server\"\nVERSION=\"7.2 (Maipo)\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\n\
                 VERSION_ID=\"7.2\"\nPRETTY_NAME=\"Red Hat Enterprise Linux Server 7.2 (Maipo)\"\n",
            ),
            (
                "/etc/redhat-release",
                "Red Hat Enterprise Linux Server release 7.2 (Maipo)\n",
            ),
            (
                "/etc/system-release",
                "Red Hat Enterprise Linux Server release 7.2 (Maipo)\n",
            ),
        ],
        Distribution::Sles11 => &[
            (
                "/etc/issue",
                "\nWelcome to SUSE Linux Enterprise Server 11 SP4  (s390x) - Kernel \\r (\\l).\n\n\n",
            ),
            (
                "/etc/SuSE-release",
                "SUSE Linux Enterprise Server 11 (s390x)\nVERSION = 11\nPATCHLEVEL = 4\n",
            ),
        ],
        Distribution::Sles12 => &[
            (
                "/etc/issue",
                "\nWelcome to SUSE Linux Enterprise Server 12 SP1  (s390x) - Kernel \\r (\\l).\n\n\n",
            ),
            (
                "/etc/SuSE-release",
                "SUSE Linux Enterprise Server 12 (s390x)\nVERSION = 12\nPATCHLEVEL = 1\n",
            ),
            (
                "/etc/os-release",
                "NAME=\"SLES\"\nVERSION=\"12-SP1\"\nVERSION_ID=\"12.1\"\n\
                 PRETTY_NAME=\"SUSE Linux Enterprise Server 12 SP1\"\nID=\"sles\"\nANSI_COLOR=\"0;32\"\n",
            ),
        ],
        Distribution::Ubuntu16 => &[
            ("/etc/debian_version", "stretch/sid\n"),
            ("/etc/issue", "Ubuntu 16.04.1 LTS \\n \\l\n\n"),
            (
                "/etc/lsb-release",
                "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=16.04\nDISTRIB_CODENAME=xenial\n\
                 DISTRIB_DESCRIPTION=\"Ubuntu 16.04.1 LTS\"\n",
            ),
            (
                "/etc/os-release",
                "NAME=\"Ubuntu\"\nVERSION=\"16.04.1 LTS (Xenial Xerus)\"\nID=ubuntu\nID_LIKE=debian\n\
                 PRETTY_NAME=\"Ubuntu 16.04.1 LTS\"\nVERSION_ID=\"16.04\"\n",
            ),
        ],
        Distribution::Ubuntu20 => &[
            ("/etc/debian_version", "bullseye/sid\n"),
            ("/etc/issue", "Ubuntu 20.04.6 LTS \\n \\l\n\n"),
            (
                "/etc/lsb-release",
                "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=20.04\nDISTRIB_CODENAME=focal\n\
                 DISTRIB_DESCRIPTION=\"Ubuntu 20.04.6 LTS\"\n",
            ),
            (
                "/etc/os-release",
                "NAME=\"Ubuntu\"\nVERSION=\"20.04.6 LTS (Focal Fossa)\"\nID=ubuntu\nID_LIKE=debian\n\
                 PRETTY_NAME=\"Ubuntu 20.04.6 LTS\"\nVERSION_ID=\"20.04\"\n",
            ),
        ],
    }
}
