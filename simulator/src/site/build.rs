//! From a site file to a world.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use toml::Spanned;

use super::SiteProblem;
use super::file::{GuestFile, SiteFile, SystemFile, Transport};
use super::personality::{
    authorize_iucv, os_name, write_hosts_files, write_release_files, write_zhcp_files,
};
use crate::hosts::guest;
use crate::world::san::{TargetPort, Volume};
use crate::world::zvm::{DasdVolume, DirectoryEntry, DiskPool, FcpDevice, Vswitch, ZvmSystem};
use crate::world::{
    Database, DeviceNumber, Distribution, HostName, Linux, LinuxRole, Lun, SystemName, UserId,
    World, Wwpn,
};

/// Where a site's clock starts: 2017-01-23 12:00:00 UTC, in milliseconds.
const START_MS: u64 = 1_485_172_800_000;
/// SMAPI level of the z/VM release.
const SMAPI_LEVEL: u16 = 640;
/// First line of a pool file.
const POOL_HEADER: &str = "#status,wwpn,lun,size,range,owner,channel,tag";
/// Directory of the pool files on a zHCP.
const POOL_DIRECTORY: &str = "/var/opt/zhcp/zfcp";

/// Makes the world; `text` is the file's text, for the lines of problems.
///
/// # Errors
/// Every value that does not fit, with its line.
pub fn build(file: &SiteFile, text: &str) -> Result<World, Vec<SiteProblem>> {
    let mut builder = Builder {
        text,
        world: World::default(),
        problems: Vec::new(),
    };
    builder.world.name.clone_from(&file.name);
    builder.world.now_ms = START_MS;
    builder.world.random_state = file.seed;
    builder.world.mn.domain.clone_from(&file.domain);
    builder.world.mn.host = HostName::new(&file.mn.host);
    builder.base_tables(file);
    for system in &file.systems {
        builder.system(system);
    }
    builder.management_node(file);
    builder.san(file);
    builder.fill_pools(file);
    builder.boot_configured(file);
    for (table, rows) in &file.tables {
        for row in rows {
            let row = row.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            builder.tables().insert(table, row);
        }
    }
    write_hosts_files(&mut builder.world);
    authorize_iucv(&mut builder.world);
    if builder.problems.is_empty() {
        Ok(builder.world)
    } else {
        Err(builder.problems)
    }
}

struct Builder<'t> {
    text: &'t str,
    world: World,
    problems: Vec<SiteProblem>,
}

impl Builder<'_> {
    fn problem(&mut self, at: &std::ops::Range<usize>, message: impl Into<String>) {
        self.problems
            .push(SiteProblem::at(self.text, at.start, message));
    }

    /// The parsed value, or a problem at its place.
    fn parsed<T>(
        &mut self,
        value: &Spanned<String>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(value.get_ref())
            .map_err(|message| self.problem(&value.span(), message))
            .ok()
    }

    fn tables(&mut self) -> &mut Database {
        &mut self.world.mn.tables
    }

    fn base_tables(&mut self, file: &SiteFile) {
        let ip = file.mn.ip.clone();
        let domain = file.domain.clone();
        for (key, value) in [
            ("domain", domain.as_str()),
            ("master", &ip),
            ("nameservers", &ip),
            ("xcatdport", "3001"),
            ("xcatiport", "3002"),
            ("xcatconfdir", "/etc/xcat"),
            ("installdir", "/install"),
            ("tftpdir", "/tftpboot"),
            ("timezone", "UTC"),
            ("useNmapfromMN", "no"),
            ("auditskipcmds", "ALL"),
            ("auditnosyslog", "0"),
            ("dnshandler", "ddns"),
            ("sshbetweennodes", "ALLGROUPS"),
        ] {
            self.tables().set("site", "key", key, &[("value", value)]);
        }
        self.tables().set(
            "policy",
            "priority",
            "1",
            &[("name", "root"), ("rule", "allow")],
        );
        self.tables().set(
            "policy",
            "priority",
            "1.2",
            &[("name", &file.mn.host), ("rule", "trusted")],
        );
        for (priority, command) in [
            ("2", "getbmcconfig"),
            ("2.1", "remoteimmsetup"),
            ("2.3", "lsxcatd"),
            ("3", "nextdestiny"),
            ("4", "getdestiny"),
            ("4.4", "getpostscript"),
            ("4.5", "getcredentials"),
            ("4.6", "syncfiles"),
            ("4.7", "litefile"),
            ("4.8", "litetree"),
        ] {
            self.tables().set(
                "policy",
                "priority",
                priority,
                &[("commands", command), ("rule", "allow")],
            );
        }
        for (i, user) in file.mn.users.iter().enumerate() {
            let row = [
                ("key", "xcat"),
                ("username", user.name.as_str()),
                ("password", &user.password),
            ];
            let row = row
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            self.tables().insert("passwd", row);
            let mut columns = vec![("name", user.name.as_str())];
            columns.extend(user.commands.as_deref().map(|c| ("commands", c)));
            columns.push(("rule", "allow"));
            self.tables()
                .set("policy", "priority", &(6 + i).to_string(), &columns);
        }
        let mask = [
            ("netname", "net1"),
            ("mask", "255.255.0.0"),
            ("mgtifname", "eth0"),
        ];
        let network = ip.splitn(4, '.').take(2).collect::<Vec<_>>().join(".") + ".0.0";
        self.tables().set("networks", "net", &network, &mask);
    }

    /// Table rows of a node that is a virtual machine.
    fn node(&mut self, node: &str, ip: &str, userid: &str, hcp: &str, extra: &[(&str, &str)]) {
        let domain = self.world.mn.domain.clone();
        let tables = self.tables();
        tables.set("nodelist", "node", node, &[("groups", "all")]);
        tables.set("nodehm", "node", node, &[("mgt", "zvm")]);
        tables.set(
            "nodetype",
            "node",
            node,
            &[("arch", "s390x"), ("nodetype", "vm")],
        );
        tables.set(
            "hosts",
            "node",
            node,
            &[("ip", ip), ("hostnames", &format!("{node}.{domain}"))],
        );
        let mut columns = vec![("hcp", hcp), ("userid", userid), ("nodetype", "vm")];
        columns.extend_from_slice(extra);
        tables.set("zvm", "node", node, &columns);
    }

    fn management_node(&mut self, file: &SiteFile) {
        let mn = &file.mn;
        let system = SystemName::new(mn.system.get_ref());
        let Some(zhcp) = file
            .systems
            .iter()
            .find(|s| SystemName::new(&s.name) == system)
            .map(|s| &s.zhcp)
        else {
            let known = file
                .systems
                .iter()
                .map(|s| s.name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!(
                "z/VM system '{}' is not defined; defined are: {known}",
                mn.system.get_ref()
            );
            self.problem(&mn.system.span(), message);
            return;
        };
        let hcp = format!("{}.{}", zhcp.host, file.domain);
        self.node(&mn.host, &mn.ip, &mn.userid, &hcp, &[]);
        let userid = UserId::new(&mn.userid);
        self.linux(
            LinuxRole::Mn,
            &mn.host,
            &mn.ip,
            &userid,
            &system,
            mn.distribution,
        );
        self.user(&system, &userid, "8G", &[], &[], true);
    }

    fn linux(
        &mut self,
        role: LinuxRole,
        host: &str,
        ip: &str,
        userid: &UserId,
        system: &SystemName,
        distribution: Distribution,
    ) -> &mut Linux {
        let now_ms = self.world.now_ms;
        let mut linux = Linux {
            role,
            userid: userid.clone(),
            system: system.clone(),
            ip: ip.to_owned(),
            distribution,
            ssh: true,
            ..Linux::default()
        };
        write_release_files(&mut linux.fs, distribution, now_ms);
        self.world
            .linuxes
            .entry(HostName::new(host))
            .insert_entry(linux)
            .into_mut()
    }

    /// A directory entry, and the virtual machine when it is logged on.
    fn user(
        &mut self,
        system: &SystemName,
        userid: &UserId,
        memory: &str,
        dedicate: &[DeviceNumber],
        further: &[String],
        on: bool,
    ) {
        let Some(zvm) = self.world.systems.get_mut(system) else {
            return;
        };
        let mut statements = vec![
            format!("USER {userid} XXXXXXXX {memory} {memory} G"),
            "INCLUDE OSDFLT".to_owned(),
            "CPU 00 BASE".to_owned(),
            "IPL 0100".to_owned(),
        ];
        statements.extend(dedicate.iter().map(|d| format!("DEDICATE {d:X} {d:X}")));
        statements.push("MDISK 0100 3390 0001 10016 LAB001 MR".to_owned());
        statements.extend(further.iter().cloned());
        zvm.directory.insert(
            userid.clone(),
            DirectoryEntry {
                statements,
                ..DirectoryEntry::default()
            },
        );
        if on {
            let _ = zvm.logon(userid, START_MS);
        }
    }

    fn system(&mut self, file: &SystemFile) {
        let name = SystemName::new(&file.name);
        let mut zvm = ZvmSystem {
            cp_level: vec![
                "z/VM Version 6 Release 4.0, service level 1601 (64-bit)".to_owned(),
                "Generated at 10/26/16 15:11:11 EST".to_owned(),
                "IPL at 01/16/17 08:45:42 EST".to_owned(),
            ],
            ..ZvmSystem::default()
        };
        zvm.profiles.insert(
            UserId::new("OSDFLT"),
            [
                "PROFILE OSDFLT",
                "CONSOLE 0009 3215 T",
                "SPOOL 000C 3505 A",
                "SPOOL 000D 3525 A",
                "SPOOL 000E 1403 A",
            ]
            .map(str::to_owned)
            .to_vec(),
        );
        zvm.vswitches.extend(
            file.vswitches
                .iter()
                .map(|v| (v.to_ascii_uppercase(), Vswitch::default())),
        );
        for pool in &file.disk_pools {
            let extents = DiskPool {
                free: pool.free.clone(),
                used: pool.used.clone(),
                ..DiskPool::default()
            };
            zvm.disk_pools
                .insert(pool.name.to_ascii_uppercase(), extents);
        }
        self.fcp_devices(file, &mut zvm);
        self.facts(file, &mut zvm);
        if self.world.systems.insert(name.clone(), zvm).is_some() {
            self.problems.push(SiteProblem {
                line: 0,
                message: format!("z/VM system '{name}' is defined twice"),
            });
        }

        let zhcp = &file.zhcp;
        let hcp = format!("{}.{}", zhcp.host, self.world.mn.domain);
        let tables = self.tables();
        tables.set("nodelist", "node", &file.node, &[("groups", "hosts,all")]);
        tables.set("nodehm", "node", &file.node, &[("mgt", "zvm")]);
        let os = [("os", "zvm6.4.0"), ("arch", "s390x"), ("nodetype", "zvm")];
        tables.set("nodetype", "node", &file.node, &os);
        tables.set("hypervisor", "node", &file.node, &[("type", "zvm")]);
        let row = [
            ("hcp", hcp.as_str()),
            ("nodetype", "zvm"),
            ("parent", "lpar1"),
        ];
        tables.set("zvm", "node", &file.node, &row);
        self.node(&zhcp.host, &zhcp.ip, &zhcp.userid, &hcp, &[]);
        let userid = UserId::new(&zhcp.userid);
        let now_ms = self.world.now_ms;
        let linux = self.linux(
            LinuxRole::Zhcp,
            &zhcp.host,
            &zhcp.ip,
            &userid,
            &name,
            zhcp.distribution,
        );
        write_zhcp_files(
            &mut linux.fs,
            file.smapi_level.unwrap_or(SMAPI_LEVEL),
            now_ms,
        );
        linux.fs.directories.insert(POOL_DIRECTORY.to_owned());
        for pool in &file.pools {
            let path = format!("{POOL_DIRECTORY}/{}.conf", pool.name);
            linux.fs.write(&path, format!("{POOL_HEADER}\n"), now_ms);
            linux.fs.append(&path, &pool.rows, now_ms);
        }
        self.user(&name, &userid, "2G", &[], &[], true);
        if let Some(entry) = self
            .world
            .systems
            .get_mut(&name)
            .and_then(|z| z.directory.get_mut(&userid))
        {
            entry.statements.insert(2, "IUCV ANY".to_owned());
        }
        for guest in &file.guests {
            self.guest(&name, &file.node, &hcp, guest);
        }
    }

    /// What a system has beside guests and FCP devices.
    fn facts(&mut self, file: &SystemFile, zvm: &mut ZvmSystem) {
        zvm.smapi.level = file.smapi_level.unwrap_or(SMAPI_LEVEL);
        zvm.dirmaint.asynchronous = file.asynchronous_directory;
        zvm.lans.clone_from(&file.lans);
        for (name, statements) in &file.profiles {
            zvm.profiles.insert(UserId::new(name), statements.clone());
        }
        for dasd in &file.dasd {
            let Some(number) = self.parsed(&dasd.device, DeviceNumber::parse) else {
                continue;
            };
            let volume = DasdVolume {
                label: dasd.label.to_ascii_uppercase(),
                kind: dasd.kind.clone(),
                size: dasd.size,
                online: !dasd.offline,
                cp_owned: dasd.cp_owned,
                system: dasd.system,
                ..DasdVolume::default()
            };
            if zvm.volumes.insert(number, volume).is_some() || zvm.fcp.contains_key(&number) {
                self.problem(
                    &dasd.device.span(),
                    format!("device {number:X} is defined twice"),
                );
            }
        }
        for user in &file.users {
            let userid = UserId::new(user.userid.get_ref());
            let entry = DirectoryEntry::new(user.directory.clone());
            if zvm.directory.insert(userid.clone(), entry).is_some() {
                self.problem(
                    &user.userid.span(),
                    format!("userid {userid} is defined twice"),
                );
            }
            if user.on {
                let _ = zvm.logon(&userid, START_MS);
            }
        }
    }

    fn fcp_devices(&mut self, file: &SystemFile, zvm: &mut ZvmSystem) {
        for range in &file.fcp {
            let Some((first, last)) = self.parsed(&range.devices, device_range) else {
                continue;
            };
            let chpid = self.parsed(&range.chpid, |t| {
                let hex = t.len() == 2 && t.bytes().all(|b| b.is_ascii_hexdigit());
                if hex {
                    Ok(t.to_ascii_uppercase())
                } else {
                    Err(format!("'{t}' is not a CHPID: expected two hex digits"))
                }
            });
            let npiv = range
                .npiv
                .as_ref()
                .and_then(|w| self.parsed(w, Wwpn::parse));
            let physical = self.parsed(&range.physical, Wwpn::parse);
            let mut offline = BTreeSet::new();
            for device in &range.offline {
                offline.extend(self.parsed(device, DeviceNumber::parse));
            }
            let (Some(chpid), Some(physical)) = (chpid, physical) else {
                continue;
            };
            for number in first.0..=last.0 {
                let device = FcpDevice {
                    chpid: chpid.clone(),
                    npiv_wwpn: npiv.map(|w| Wwpn(w.0.wrapping_add(u64::from(number - first.0)))),
                    physical_wwpn: physical,
                    online: !offline.contains(&DeviceNumber(number)),
                    attached_to: None,
                    ..FcpDevice::default()
                };
                zvm.fcp.insert(DeviceNumber(number), device);
            }
        }
    }

    fn guest(&mut self, system: &SystemName, hypervisor: &str, hcp: &str, file: &GuestFile) {
        let mut dedicate = Vec::new();
        for device in &file.dedicate {
            let Some(number) = self.parsed(device, DeviceNumber::parse) else {
                continue;
            };
            if self
                .world
                .systems
                .get(system)
                .is_some_and(|z| z.fcp.contains_key(&number))
            {
                dedicate.push(number);
            } else {
                let message =
                    format!("FCP device {number:X} is not defined in z/VM system {system}");
                self.problem(&device.span(), message);
            }
        }
        let node = file.node.get_ref().as_str();
        if self.world.linuxes.contains_key(node) {
            self.problem(&file.node.span(), format!("node '{node}' is defined twice"));
        }
        let status = match file.transport {
            Transport::Ssh => "SSH=1",
            Transport::Iucv => "IUCV=1",
        };
        self.node(
            node,
            &file.ip,
            &file.userid,
            hcp,
            &[("parent", hypervisor), ("status", status)],
        );
        let os = [
            ("os", os_name(file.distribution)),
            ("profile", "default"),
            ("provmethod", "netboot"),
        ];
        self.tables().set("nodetype", "node", node, &os);
        self.tables()
            .set("noderes", "node", node, &[("netboot", "zvm")]);
        let userid = UserId::new(&file.userid);
        let linux = self.linux(
            LinuxRole::Guest,
            node,
            &file.ip,
            &userid,
            system,
            file.distribution,
        );
        linux.iucv = file.transport == Transport::Iucv;
        linux.ssh = file.transport == Transport::Ssh;
        linux.zfcp.faults.no_zfcp = !file.zfcp;
        linux.kernel_parameters.clone_from(&file.kernel);
        guest::apply_kernel_parameters(linux);
        for (path, text) in &file.files {
            linux.fs.write(path, text.clone(), START_MS);
        }
        let further = file.directory.clone();
        self.user(system, &userid, &file.memory, &dedicate, &further, file.on);
        self.attach(system, &userid, &file.attach);
    }

    /// Attaches FCP devices to a guest without a directory statement.
    fn attach(&mut self, system: &SystemName, userid: &UserId, devices: &[Spanned<String>]) {
        for device in devices {
            let Some(number) = self.parsed(device, DeviceNumber::parse) else {
                continue;
            };
            let attached = self
                .world
                .systems
                .get_mut(system)
                .is_some_and(|z| z.attach(userid, number, number).is_ok());
            if !attached {
                let message = format!(
                    "FCP device {number:X} cannot be attached to {userid}: it must be free and the guest must be on"
                );
                self.problem(&device.span(), message);
            }
        }
    }

    /// Adds free rows for volumes to pools.
    fn fill_pools(&mut self, file: &SiteFile) {
        let wanted = || {
            file.systems
                .iter()
                .flat_map(|s| s.pools.iter().map(move |p| (s, p)))
        };
        if wanted().all(|(_, p)| p.volumes.is_empty()) {
            return;
        }
        let mut paths: HashMap<&str, (Lun, Vec<Wwpn>)> = HashMap::new();
        for (port, luns) in self.world.san.luns.iter() {
            for (lun, name) in luns {
                let entry = paths.entry(name).or_insert_with(|| (*lun, Vec::new()));
                entry.1.push(*port);
            }
        }
        let mut problems = Vec::new();
        let mut texts = Vec::new();
        for (system, pool) in wanted() {
            let mut rows = Vec::new();
            for pattern in &pool.volumes {
                let text = pattern.get_ref().as_str();
                let prefix = text.strip_suffix('*');
                let volumes = self
                    .world
                    .san
                    .volumes
                    .range::<str, _>((Bound::Included(prefix.unwrap_or(text)), Bound::Unbounded))
                    .take_while(|(name, _)| {
                        prefix.map_or(name.as_str() == text, |p| name.starts_with(p))
                    });
                let before = rows.len();
                for (name, volume) in volumes {
                    if let Some((lun, ports)) = paths.get(name.as_str()) {
                        rows.push((ports, *lun, volume.bytes >> 30));
                    }
                }
                if rows.len() == before {
                    problems.push((pattern.span(), format!("no volume is called '{text}'")));
                }
            }
            rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
            let mut text = String::with_capacity(rows.len() * 80);
            for (ports, lun, gib) in rows {
                let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
                text.push_str(&format!(
                    "free,{},{lun},{gib}G,{},,,\n",
                    ports.join(";"),
                    pool.range
                ));
            }
            texts.push((HostName::new(&system.zhcp.host), pool.name.clone(), text));
        }
        let now_ms = self.world.now_ms;
        for (host, pool, rows) in texts {
            let path = format!("{POOL_DIRECTORY}/{pool}.conf");
            if let Some(linux) = self.world.linuxes.get_mut(&host) {
                let old = linux
                    .fs
                    .read(&path)
                    .map(|t| t.to_string())
                    .unwrap_or_default();
                linux.fs.write(&path, old + &rows, now_ms);
            }
        }
        for (span, message) in problems {
            self.problem(&span, message);
        }
    }

    /// Lets guests that are on and configured on their disk take over that configuration, as at their boot.
    fn boot_configured(&mut self, file: &SiteFile) {
        let configured = file
            .systems
            .iter()
            .flat_map(|s| &s.guests)
            .filter(|g| g.on && !g.files.is_empty());
        for guest in configured {
            guest::boot(&mut self.world, &HostName::new(guest.node.get_ref()));
        }
    }

    fn san(&mut self, file: &SiteFile) {
        for wwpn in &file.san.links_down {
            let wwpn = self.parsed(wwpn, Wwpn::parse);
            self.world.san.links_down.extend(wwpn);
        }
        for wwpn in &file.san.logins_refused {
            let wwpn = self.parsed(wwpn, Wwpn::parse);
            self.world.san.logins_refused.extend(wwpn);
        }
        self.world.san.open_zoning = file.san.open_zoning;
        self.world.san.open_masking = file.san.open_masking;
        for port in &file.san.ports {
            if let Some(wwpn) = self.parsed(&port.wwpn, Wwpn::parse) {
                self.world.san.ports.insert(
                    wwpn,
                    TargetPort {
                        online: !port.offline,
                        refuses_login: port.refuses_login,
                    },
                );
            }
        }
        for volume in &file.san.volumes {
            let Some(first) = self.parsed(&volume.lun, Lun::parse) else {
                continue;
            };
            let mut ports = Vec::new();
            for port in &volume.ports {
                let Some(wwpn) = self.parsed(port, Wwpn::parse) else {
                    continue;
                };
                if self.world.san.ports.contains_key(&wwpn) {
                    ports.push(wwpn);
                } else {
                    self.problem(
                        &port.span(),
                        format!("target port {wwpn} is not defined; add a [[san.port]]"),
                    );
                }
            }
            for i in 0..volume.count {
                let lun = Lun(first.0.wrapping_add(u64::from(i) << 48));
                let name = if volume.count == 1 {
                    volume.name.get_ref().clone()
                } else {
                    format!("{}{i}", volume.name.get_ref())
                };
                for port in &ports {
                    if self
                        .world
                        .san
                        .luns
                        .entry(*port)
                        .or_default()
                        .insert(lun, name.clone())
                        .is_some()
                    {
                        let message =
                            format!("LUN {lun} of target port {port} is given to two volumes");
                        self.problem(&volume.lun.span(), message);
                    }
                }
                let serial = ports.first().map_or(0, |p| p.0 & 0xff_ffff_ffff);
                let entry = Volume {
                    bytes: volume.gib << 30,
                    content: format!("blank-{name}"),
                    wwid: format!("36{serial:010x}0000000000{:010x}", lun.0 >> 24),
                    medium: volume.medium,
                    silent: volume.silent,
                    ..Volume::default()
                };
                if self.world.san.volumes.insert(name.clone(), entry).is_some() {
                    self.problem(
                        &volume.name.span(),
                        format!("volume '{name}' is defined twice"),
                    );
                }
            }
        }
        for zone in &file.san.zones {
            let members = zone
                .members
                .iter()
                .flat_map(|m| self.initiators(m))
                .collect::<BTreeSet<_>>();
            if zone.active {
                self.world.san.zones.insert(zone.name.clone(), members);
            }
        }
        for mask in &file.san.masks {
            let initiators = mask
                .initiators
                .iter()
                .flat_map(|i| self.initiators(i))
                .collect::<BTreeSet<_>>();
            for pattern in &mask.volumes {
                let text = pattern.get_ref();
                let names: Vec<String> = match text.strip_suffix('*') {
                    Some(prefix) => self
                        .world
                        .san
                        .volumes
                        .keys()
                        .filter(|n| n.starts_with(prefix))
                        .cloned()
                        .collect(),
                    None => self
                        .world
                        .san
                        .volumes
                        .keys()
                        .filter(|n| *n == text)
                        .cloned()
                        .collect(),
                };
                if names.is_empty() {
                    self.problem(&pattern.span(), format!("no volume is called '{text}'"));
                }
                for name in names {
                    self.world
                        .san
                        .masks
                        .entry(name)
                        .or_default()
                        .extend(&initiators);
                }
            }
        }
    }

    /// The WWPNs of a zone or mask member: itself, or those with which FCP devices of a system log in.
    fn initiators(&mut self, member: &Spanned<String>) -> Vec<Wwpn> {
        let Some((system, range)) = member.get_ref().split_once(':') else {
            return self.parsed(member, Wwpn::parse).into_iter().collect();
        };
        let Some(zvm) = self.world.systems.get(&SystemName::new(system)) else {
            self.problem(
                &member.span(),
                format!("z/VM system '{system}' is not defined"),
            );
            return Vec::new();
        };
        match device_range(range) {
            Ok((first, last)) => {
                let devices = zvm.fcp.range(first..=last);
                let wwpns: Vec<_> = devices
                    .map(|(_, d)| d.npiv_wwpn.unwrap_or(d.physical_wwpn))
                    .collect();
                if wwpns.is_empty() {
                    self.problem(
                        &member.span(),
                        format!("z/VM system {system} has no FCP device in {range}"),
                    );
                }
                wwpns
            }
            Err(message) => {
                self.problem(&member.span(), message);
                Vec::new()
            }
        }
    }
}

/// `1A00-1A0F`, or one device number.
fn device_range(text: &str) -> Result<(DeviceNumber, DeviceNumber), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (DeviceNumber::parse(first)?, DeviceNumber::parse(last)?);
    if first > last {
        return Err(format!(
            "'{text}' is not a range: {first:X} is above {last:X}"
        ));
    }
    Ok((first, last))
}
