//! Presets: the worlds from which the recordings start (`fixtures/recordings/presets`). A preset is data made for the
//! recordings, not a site file; this module reads it and builds the same world.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::personality::{
    authorize_iucv, write_hosts_files, write_release_files, write_zhcp_files,
};
use crate::world::san::{TargetPort, Volume};
use crate::world::tables::Row;
use crate::world::zfcp::{Adapter, LinkState, Port, PortState, ScsiDevice};
use crate::world::zvm::{
    DasdVolume, DirectoryEntry, DiskPool, Extent, FcpDevice, Hardware, Lan, LanKind, ScsiDisk,
    ScsiPath, Vswitch, ZvmSystem,
};
use crate::world::{
    DeviceNumber, Distribution, HostName, Linux, LinuxRole, Lun, San, SystemName, UserId, World,
    Wwpn,
};

/// Folder of a zHCP's pool files.
const POOL_FOLDER: &str = "/var/opt/zhcp/zfcp";
/// Virtual time at which a preset's world starts: 2026-11-23 20:00:00 UTC.
const START_MS: u64 = 1_795_464_000_000;
/// How long guests that run have been up: 3 days, 4 hours, 47 minutes.
const UP_MS: u64 = ((3 * 24 + 4) * 60 + 47) * 60_000;
/// Number of the first DASD volume.
const FIRST_VOLUME: u16 = 0x9c70;
/// Last spool file id that was given before a recording.
const SPOOL_ID: u16 = 41;
/// Bytes of one GiB; sizes of storage are given in it.
const GIB: u64 = 1 << 30;

/// Why a preset cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// The text is not a preset.
    #[error("not a preset")]
    Json(#[from] serde_json::Error),
    /// A field holds a value that has no meaning.
    #[error("preset field {field}: {message}")]
    Value {
        /// Where.
        field: String,
        /// What is wrong.
        message: String,
    },
}

/// A preset as written in its file.
#[derive(Clone, Debug, Deserialize)]
pub struct Preset {
    /// Name of the preset.
    pub name: String,
    domain: String,
    mn: PresetMn,
    mn_release: Distribution,
    #[serde(default)]
    hosts: BTreeMap<String, PresetHost>,
    #[serde(default)]
    files: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    luns_in_guest: BTreeMap<String, Vec<(String, String, String)>>,
    #[serde(default)]
    pools: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    storage: BTreeMap<String, BTreeMap<String, u64>>,
    #[serde(default)]
    tables: indexmap::IndexMap<String, PresetTable>,
    #[serde(default)]
    zvm: BTreeMap<String, PresetSystem>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetMn {
    name: String,
    ip: String,
    userid: String,
    zhost: String,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetHost {
    kind: LinuxRole,
    ip: String,
    os: Distribution,
    userid: String,
    zhost: String,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetTable {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetSystem {
    #[serde(default)]
    cplevel: Vec<String>,
    #[serde(default)]
    diskpools: BTreeMap<String, PresetDiskPool>,
    #[serde(default)]
    fcp_devices: Vec<PresetFcp>,
    #[serde(default)]
    profiles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    users: BTreeMap<String, PresetUser>,
    #[serde(default)]
    vswitches: Vec<String>,
    /// Name, owner and type of each guest LAN.
    #[serde(default)]
    lans: Vec<(String, String, String)>,
    smapi_level: Option<u16>,
    storage_line: Option<String>,
    sysinfo: Option<PresetSysinfo>,
    perf: Option<PresetPerformance>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetSysinfo {
    cp: String,
    lpar: String,
    lpar_cpus: u32,
    lpar_cpus_conf: u32,
    manufacturer: String,
    #[serde(rename = "type")]
    model: String,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetPerformance {
    configured_pages: u64,
    cpu_utilization: u32,
    memory_paging_rate: u32,
    used_pages: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetDiskPool {
    #[serde(default)]
    free: Vec<String>,
    #[serde(default)]
    used: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetFcp {
    devno: String,
    chpid: String,
    status: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    npiv_wwpn: String,
    phys_wwpn: String,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetUser {
    #[serde(default)]
    on: bool,
    #[serde(default)]
    directory: Vec<String>,
    #[serde(default)]
    cpu_us: u64,
    #[serde(default)]
    attached: BTreeMap<String, PresetAttached>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresetAttached {
    #[serde(default)]
    online: bool,
    real: String,
}

impl Preset {
    /// Reads a preset.
    ///
    /// # Errors
    /// [`PresetError::Json`] when the text is not a preset.
    pub fn parse(json: &str) -> Result<Self, PresetError> {
        Ok(serde_json::from_str(json)?)
    }

    /// Builds the world that the preset describes. Zoning and masking are open: presets say nothing of them.
    ///
    /// # Errors
    /// [`PresetError::Value`] when a device number, WWPN or LUN is malformed.
    pub fn world(&self) -> Result<World, PresetError> {
        let mut world = World {
            name: self.name.clone(),
            now_ms: START_MS,
            random_state: 1,
            ..World::default()
        };
        world.mn.host = HostName::new(&self.mn.name);
        "Version 2.19.0 (git commit oracle)".clone_into(&mut world.mn.version);
        world.mn.domain.clone_from(&self.domain);
        world.mn.tables = self
            .tables
            .iter()
            .map(|(name, table)| (name.clone(), table.rows.clone()))
            .collect();
        let mn = PresetHost {
            kind: LinuxRole::Mn,
            ip: self.mn.ip.clone(),
            os: self.mn_release,
            userid: self.mn.userid.clone(),
            zhost: self.mn.zhost.clone(),
        };
        world
            .linuxes
            .insert(world.mn.host.clone(), linux(&mn, START_MS));
        for (name, host) in &self.hosts {
            world
                .linuxes
                .insert(HostName::new(name), linux(host, START_MS));
        }
        for (name, system) in &self.zvm {
            world
                .systems
                .insert(SystemName::new(name), zvm_system(system)?);
        }
        self.write_files(&mut world)?;
        world.san = self.san()?;
        self.configure_guests(&mut world)?;
        authorize_iucv(&mut world);
        Ok(world)
    }

    fn write_files(&self, world: &mut World) -> Result<(), PresetError> {
        write_hosts_files(world);
        for linux in world
            .linuxes
            .values_mut()
            .filter(|l| l.role == LinuxRole::Zhcp)
        {
            let level = world
                .systems
                .get(&linux.system)
                .map_or(640, |s| s.smapi.level);
            write_zhcp_files(&mut linux.fs, level, START_MS);
            // The recorder put files of these names there.
            for name in ["iucvserv", "iucvserd", "iucvserd.service"] {
                let path = format!("/opt/zhcp/bin/IUCV/{name}");
                linux.fs.write(&path, format!("fake {name}\n"), START_MS);
            }
        }
        for (host, pools) in &self.pools {
            let linux = linux_mut(world, "pools", host)?;
            linux.fs.directories.insert(POOL_FOLDER.to_owned());
            for (pool, rows) in pools {
                let mut text = rows.join("\n");
                text.push('\n');
                linux
                    .fs
                    .write(&format!("{POOL_FOLDER}/{pool}.conf"), text, START_MS);
            }
        }
        for (host, files) in &self.files {
            let linux = linux_mut(world, "files", host)?;
            for (path, text) in files {
                linux.fs.write(path, text.clone(), START_MS);
            }
        }
        Ok(())
    }

    fn san(&self) -> Result<San, PresetError> {
        let mut san = San {
            open_zoning: true,
            open_masking: true,
            ..San::default()
        };
        // One LUN number behind ports of one controller pair is one volume when it has one size: that is how the
        // recordings' multipath LUNs are described.
        let mut volumes: Vec<(String, Lun, u64, Vec<Wwpn>)> = Vec::new();
        for (port, luns) in &self.storage {
            let port = wwpn("storage", port)?;
            san.ports.insert(
                port,
                TargetPort {
                    online: true,
                    ..TargetPort::default()
                },
            );
            for (lun, gib) in luns {
                let number = Lun::parse(lun).map_err(|m| value("storage", m))?;
                let known = volumes.iter_mut().find(|(_, l, size, ports)| {
                    *l == number && *size == *gib && ports.iter().all(|p| same_controller(*p, port))
                });
                let name = if let Some((name, _, _, ports)) = known {
                    ports.push(port);
                    name.clone()
                } else {
                    let name = format!("{port}-{number}");
                    volumes.push((name.clone(), number, *gib, vec![port]));
                    san.volumes.insert(
                        name.clone(),
                        Volume {
                            bytes: gib * GIB,
                            content: name.clone(),
                            wwid: format!(
                                "3{:016x}{:016x}",
                                port.0 ^ 0x1000_0000_0000_0000,
                                number.0
                            ),
                            ..Volume::default()
                        },
                    );
                    name
                };
                san.luns.entry(port).or_default().insert(number, name);
            }
        }
        Ok(san)
    }

    /// What the guests' zfcp drivers know at the start.
    fn configure_guests(&self, world: &mut World) -> Result<(), PresetError> {
        for system in self.zvm.values() {
            for (user, facts) in &system.users {
                if !facts.on {
                    continue;
                }
                let userid = UserId::new(user);
                let Some(linux) = world.linuxes.values_mut().find(|l| l.userid == userid) else {
                    continue;
                };
                for (device, attached) in &facts.attached {
                    let device = device_number("attached", device)?;
                    linux.zfcp.recognised.insert(device);
                    if attached.online {
                        let host = linux.zfcp.next_host;
                        linux.zfcp.next_host += 1;
                        linux.zfcp.adapters.insert(
                            device,
                            Adapter {
                                online: true,
                                host,
                                link: LinkState::Open,
                                ..Adapter::default()
                            },
                        );
                    }
                }
            }
        }
        for (guest, luns) in &self.luns_in_guest {
            let field = "luns_in_guest";
            for (index, (device, port, lun)) in luns.iter().enumerate() {
                let (port, lun) = (
                    wwpn(field, port)?,
                    Lun::parse(lun).map_err(|m| value(field, m))?,
                );
                let scsi = scsi_device(&world.san, index, port, lun)?;
                let linux = linux_mut(world, field, guest)?;
                let adapter = linux
                    .zfcp
                    .adapters
                    .entry(device_number(field, device)?)
                    .or_default();
                let known = adapter.next_rport;
                let entry = adapter.ports.entry(port).or_insert_with(|| Port {
                    rport: Some(known),
                    state: PortState::Online,
                    ..Port::default()
                });
                adapter.next_rport += u32::from(entry.rport == Some(known));
                let target = adapter.targets.len() as u32;
                adapter.targets.entry(port).or_insert(target);
                entry.units.insert(lun);
                entry.devices.insert(lun, scsi);
            }
        }
        Ok(())
    }
}

/// The SCSI disk number `index` of a guest, for a LUN that the storage has.
fn scsi_device(san: &San, index: usize, port: Wwpn, lun: Lun) -> Result<ScsiDevice, PresetError> {
    let name = san.luns.get(&port).and_then(|luns| luns.get(&lun));
    let (name, volume) = name
        .and_then(|name| Some((name, san.volumes.get(name)?)))
        .ok_or_else(|| value("luns_in_guest", format!("no storage behind {port}/{lun}")))?;
    let letter = char::from(b'a' + (index % 26) as u8);
    Ok(ScsiDevice {
        disk: format!("sd{letter}"),
        sg: index as u32,
        volume: name.clone(),
        wwid: volume.wwid.clone(),
        bytes: volume.bytes,
        ..ScsiDevice::default()
    })
}

/// Gives a Linux the personality of a distribution: its release files and nothing else.
pub fn set_distribution(linux: &mut Linux, distribution: Distribution, now_ms: u64) {
    linux.fs.files.retain(|path, _| !is_release_file(path));
    linux.distribution = distribution;
    write_release_files(&mut linux.fs, distribution, now_ms);
}

fn is_release_file(path: &str) -> bool {
    path.strip_prefix("/etc/").is_some_and(|name| {
        name.ends_with("-release") || matches!(name, "issue" | "debian_version")
    })
}

fn linux(host: &PresetHost, now_ms: u64) -> Linux {
    let mut linux = Linux {
        role: host.kind,
        userid: UserId::new(&host.userid),
        system: SystemName::new(&host.zhost),
        ip: host.ip.clone(),
        ssh: true,
        iucv: true,
        // Storage is shown to everyone: guests of the recordings take the LUNs that they are told of.
        kernel_parameters: "zfcp.allow_lun_scan=0".to_owned(),
        ..Linux::default()
    };
    linux.zfcp.no_lun_scan = true;
    set_distribution(&mut linux, host.os, now_ms);
    linux
}

fn zvm_system(preset: &PresetSystem) -> Result<ZvmSystem, PresetError> {
    let mut system = ZvmSystem {
        cp_level: preset.cplevel.clone(),
        hardware: hardware(preset),
        last_spool_id: SPOOL_ID,
        ..ZvmSystem::default()
    };
    system.smapi.level = preset.smapi_level.unwrap_or(640);
    system.lans = preset
        .lans
        .iter()
        .map(|(name, owner, kind)| Lan {
            name: name.clone(),
            owner: UserId::new(owner),
            kind: if kind == "HIPERS" {
                LanKind::Hipers
            } else {
                LanKind::Qdio
            },
            ..Lan::default()
        })
        .collect();
    for (name, lines) in &preset.profiles {
        system.profiles.insert(UserId::new(name), lines.clone());
    }
    for (name, pool) in &preset.diskpools {
        system.disk_pools.insert(
            name.clone(),
            DiskPool {
                free: pool.free.clone(),
                used: pool.used.clone(),
                ..DiskPool::default()
            },
        );
    }
    for name in &preset.vswitches {
        let _ = system.create_vswitch(name, Vswitch::default());
    }
    for fcp in &preset.fcp_devices {
        let attached_to = (!fcp.owner.is_empty()).then(|| UserId::new(&fcp.owner));
        let npiv_wwpn = if matches!(fcp.npiv_wwpn.as_str(), "" | "NONE") {
            None
        } else {
            Some(wwpn("npiv_wwpn", &fcp.npiv_wwpn)?)
        };
        system.fcp.insert(
            device_number("devno", &fcp.devno)?,
            FcpDevice {
                chpid: fcp.chpid.clone(),
                npiv_wwpn,
                physical_wwpn: wwpn("phys_wwpn", &fcp.phys_wwpn)?,
                online: !fcp.status.eq_ignore_ascii_case("offline"),
                attached_to,
                ..FcpDevice::default()
            },
        );
    }
    for (name, user) in &preset.users {
        let userid = UserId::new(name);
        system.directory.insert(
            userid.clone(),
            DirectoryEntry {
                statements: user.directory.clone(),
                ..DirectoryEntry::default()
            },
        );
    }
    volumes(&mut system);
    for (name, user) in preset.users.iter().filter(|(_, u)| u.on) {
        let mut devices = BTreeMap::new();
        for (virtual_device, attached) in &user.attached {
            devices.insert(
                device_number("attached", virtual_device)?,
                device_number("real", &attached.real)?,
            );
        }
        let userid = UserId::new(name);
        system.put_on(&userid, devices, START_MS);
        if let Some(machine) = system.running.get_mut(&userid) {
            machine.cpu_us = user.cpu_us;
            machine.logged_on_ms = START_MS - UP_MS;
            machine.console = format!(
                "Logon at 12:00:00 UTC Monday 01/23/17\nWelcome to {host}\n{host} login:\n",
                host = name.to_ascii_lowercase()
            );
        }
    }
    Ok(system)
}

fn hardware(preset: &PresetSystem) -> Hardware {
    let mut hardware = Hardware::default();
    if let Some(info) = &preset.sysinfo {
        hardware.control_program.clone_from(&info.cp);
        hardware.lpar_name.clone_from(&info.lpar);
        hardware.lpar_cpus = info.lpar_cpus;
        hardware.lpar_cpus_configured = info.lpar_cpus_conf;
        hardware.manufacturer.clone_from(&info.manufacturer);
        hardware.model.clone_from(&info.model);
    }
    if let Some(performance) = &preset.perf {
        hardware.configured_pages = performance.configured_pages;
        hardware.used_pages = performance.used_pages;
        hardware.cpu_utilisation = performance.cpu_utilization;
        hardware.paging_rate = performance.memory_paging_rate;
    }
    if let Some(storage) = &preset.storage_line {
        hardware.storage.clone_from(storage);
    }
    hardware
}

/// DASD volumes for the labels that the directory and the pools name. Presets do not list them; the recordings name three
/// real disks by number: OPN001, a volume OPN020 that is not in use yet, and an emulated disk.
fn volumes(system: &mut ZvmSystem) {
    let mut labels: Vec<(String, String, u64)> = Vec::new();
    for statement in system.directory.values().flat_map(DirectoryEntry::parsed) {
        if statement.is("MDISK")
            && let (Some(kind), Some(size), Some(label)) =
                (statement.word(2), statement.word(4), statement.word(5))
        {
            labels.push((label.to_owned(), kind.to_owned(), size.parse().unwrap_or(0)));
        }
    }
    for pool in system.disk_pools.values() {
        for extent in pool
            .free
            .iter()
            .chain(&pool.used)
            .filter_map(|r| Extent::parse(r))
        {
            let kind = extent.kind.split('-').next().unwrap_or_default().to_owned();
            labels.push((extent.volume, kind, extent.size));
        }
    }
    labels.sort();
    labels.dedup_by(|a, b| a.0 == b.0);
    let has_disks = labels.iter().any(|(label, ..)| label == "OPN001");
    if has_disks {
        labels.retain(|(label, ..)| label != "OPN001");
        labels.insert(0, ("OPN001".to_owned(), "3390".to_owned(), 10_016));
        labels.insert(1, ("OPN020".to_owned(), "3390".to_owned(), 10_016));
    }
    for (at, (label, kind, size)) in labels.into_iter().enumerate() {
        let is_new = label == "OPN020";
        if is_new {
            let extent = Extent {
                volume: label.clone(),
                kind: kind.clone(),
                start: 1,
                size,
                region: label.clone(),
            };
            system.regions.insert(label.clone(), extent);
        }
        let number = DeviceNumber(FIRST_VOLUME + at as u16);
        system.volumes.insert(
            number,
            DasdVolume {
                label,
                kind,
                size,
                online: true,
                system: !is_new,
                ..DasdVolume::default()
            },
        );
    }
    if has_disks {
        let path = ScsiPath {
            device: DeviceNumber(0xb810),
            wwpn: Wwpn(0x5005_0768_0110_2991),
            lun: Lun(0x0001_0000_0000_0000),
        };
        system.scsi_disks.insert(
            DeviceNumber(0x12a3),
            ScsiDisk {
                kind: "9336".to_owned(),
                attribute: "2145".to_owned(),
                blocks: 2_097_152,
                paths: vec![path],
            },
        );
    }
}

/// Ports of one storage controller differ in the digits that number the port, not in the serial number.
fn same_controller(a: Wwpn, b: Wwpn) -> bool {
    const PORT_DIGITS: u64 = 0x0000_0000_00f0_0000;
    (a.0 ^ b.0) & !PORT_DIGITS == 0
}

fn linux_mut<'a>(
    world: &'a mut World,
    field: &str,
    host: &str,
) -> Result<&'a mut Linux, PresetError> {
    world
        .linuxes
        .get_mut(host)
        .ok_or_else(|| value(field, format!("there is no host {host}")))
}

fn wwpn(field: &str, text: &str) -> Result<Wwpn, PresetError> {
    Wwpn::parse(text).map_err(|m| value(field, m))
}

fn device_number(field: &str, text: &str) -> Result<DeviceNumber, PresetError> {
    DeviceNumber::parse(text).map_err(|m| value(field, m))
}

fn value(field: &str, message: impl Into<String>) -> PresetError {
    PresetError::Value {
        field: field.to_owned(),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> World {
        Preset::parse(include_str!(
            "../../../fixtures/recordings/presets/base.json"
        ))
        .and_then(|p| p.world())
        .unwrap()
    }

    #[test]
    fn pools_users_and_devices_are_there() {
        let world = base();
        let zhcp = &world.linuxes["zhcp1"];
        let pool = zhcp.fs.read("/var/opt/zhcp/zfcp/scsipol1.conf").unwrap();
        assert_eq!(pool.lines().count(), 16);
        let system = &world.systems["ZVMHOST1"];
        assert!(system.running.contains_key("OPNSTK1"));
        assert!(!system.running.contains_key("OPNSTK3"));
        let device = &system.fcp[&DeviceNumber(0xb803)];
        assert!(!device.online);
        let guest = &world.linuxes["opnstk2"];
        assert!(guest.zfcp.adapters[&DeviceNumber(0xb80a)].online);
    }

    #[test]
    fn a_multipath_lun_is_one_volume() {
        let world = base();
        let one = Wwpn::parse("5005076801102991").unwrap();
        let two = Wwpn::parse("5005076801202991").unwrap();
        let lun = Lun::parse("0010000000000000").unwrap();
        assert_eq!(world.san.luns[&one][&lun], world.san.luns[&two][&lun]);
    }
}
