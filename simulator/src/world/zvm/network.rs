//! Virtual switches, guest LANs and the adapters that are coupled to them (spec: zhcp-and-smapi 2.9.14).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Code, Smapi, Statement, VirtualAdapter, ZvmSystem, code};
use crate::world::{DeviceNumber, UserId};

/// A virtual switch. The words are those of `Virtual_Network_Vswitch_Query_Extended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vswitch {
    /// Whether it is an Ethernet (layer 2) switch.
    pub ethernet: bool,
    /// Whether ports are trunk ports by default.
    pub trunk: bool,
    /// Megabytes of storage for queues.
    pub queue_memory: u32,
    /// Whether its device acts as a router.
    pub router: bool,
    /// Default VLAN; 0 when the switch is not aware of VLANs.
    pub vlan: u16,
    /// Native VLAN; 0 for none.
    pub native_vlan: u16,
    /// Its MAC address, with `-`.
    pub mac: String,
    /// Whether GVRP is requested.
    pub gvrp: bool,
    /// Seconds until an IP address is forgotten.
    pub ip_timeout: u32,
    /// Real devices.
    pub devices: Vec<String>,
    /// Port name of its devices.
    pub port_name: String,
    /// Controller.
    pub controller: String,
    /// Whether its devices are connected.
    pub connected: bool,
    /// Userids that are granted access, with their VLANs.
    pub authorised: BTreeMap<UserId, Vec<u16>>,
}

impl Default for Vswitch {
    fn default() -> Self {
        Self {
            ethernet: true,
            trunk: false,
            queue_memory: 8,
            router: false,
            vlan: 0,
            native_vlan: 0,
            mac: String::new(),
            gvrp: false,
            ip_timeout: 5,
            devices: Vec::new(),
            port_name: String::new(),
            controller: String::new(),
            connected: false,
            authorised: BTreeMap::new(),
        }
    }
}

/// Kind of a guest LAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanKind {
    /// QDIO adapters.
    #[default]
    Qdio,
    /// HiperSockets adapters.
    Hipers,
}

/// A guest LAN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lan {
    /// Name.
    pub name: String,
    /// Userid that owns it.
    pub owner: UserId,
    /// Kind of its adapters.
    #[serde(default)]
    pub kind: LanKind,
    /// Whether it is an Ethernet (layer 2) LAN.
    #[serde(default)]
    pub ethernet: bool,
    /// Userids that are granted access; nobody: everybody.
    #[serde(default)]
    pub authorised: Vec<UserId>,
}

/// What an adapter is coupled to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupling {
    /// Owner of the LAN; `SYSTEM` for a switch.
    pub owner: UserId,
    /// Name of the LAN or switch.
    pub name: String,
}

/// A MAC address of a prefix of six hex digits and a number, with `-`.
pub(super) fn macs(prefix: &str, id: u32) -> String {
    let digits = format!("{prefix}{:06X}", id & 0x00ff_ffff).to_ascii_uppercase();
    digits
        .as_bytes()
        .chunks(2)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join("-")
}

impl ZvmSystem {
    /// A switch by name, any case.
    ///
    /// # Errors
    /// 212/40.
    pub fn vswitch(&self, name: &str) -> Smapi<(&String, &Vswitch)> {
        self.vswitches
            .get_key_value(&name.to_ascii_uppercase())
            .ok_or(code(212, 40))
    }

    /// A switch to change.
    ///
    /// # Errors
    /// 212/40.
    pub fn vswitch_mut(&mut self, name: &str) -> Smapi<&mut Vswitch> {
        self.vswitches
            .get_mut(&name.to_ascii_uppercase())
            .ok_or(code(212, 40))
    }

    /// Defines a switch.
    ///
    /// # Errors
    /// 212/36.
    pub fn create_vswitch(&mut self, name: &str, mut switch: Vswitch) -> Smapi<()> {
        let name = name.to_ascii_uppercase();
        if self.vswitches.contains_key(&name) {
            return Err(code(212, 36));
        }
        if switch.mac.is_empty() {
            switch.mac = macs(&self.hardware.mac_prefix, self.vswitches.len() as u32 + 1);
        }
        self.vswitches.insert(name, switch);
        Ok(())
    }

    /// Deletes a switch; its adapters are left uncoupled.
    ///
    /// # Errors
    /// 212/40.
    pub fn delete_vswitch(&mut self, name: &str) -> Smapi<()> {
        let name = name.to_ascii_uppercase();
        self.vswitches.remove(&name).ok_or(code(212, 40))?;
        self.uncouple_all(&Coupling {
            owner: UserId::new("SYSTEM"),
            name,
        });
        Ok(())
    }

    fn uncouple_all(&mut self, from: &Coupling) {
        for adapter in self
            .running
            .values_mut()
            .flat_map(|m| m.adapters.values_mut())
        {
            if adapter.coupled.as_ref() == Some(from) {
                adapter.coupled = None;
            }
        }
    }

    /// Adapters of running guests that are coupled to a LAN or switch.
    pub fn coupled<'a>(
        &'a self,
        owner: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a UserId, DeviceNumber, &'a VirtualAdapter)> {
        self.running.iter().flat_map(move |(user, machine)| {
            machine
                .adapters
                .iter()
                .filter(move |(_, a)| {
                    a.coupled
                        .as_ref()
                        .is_some_and(|c| c.owner.as_str() == owner && c.name == name)
                })
                .map(move |(at, a)| (user, *at, a))
        })
    }

    /// A guest LAN, any case.
    pub fn lan(&self, owner: &str, name: &str) -> Option<&Lan> {
        self.lans
            .iter()
            .find(|l| l.name.eq_ignore_ascii_case(name) && l.owner == UserId::new(owner))
    }

    /// Defines a guest LAN.
    ///
    /// # Errors
    /// 212/24 there is one of that name and owner.
    pub fn create_lan(&mut self, lan: Lan) -> Smapi<()> {
        if self.lan(lan.owner.as_str(), &lan.name).is_some() {
            return Err(code(212, 24));
        }
        self.lans.push(lan);
        Ok(())
    }

    /// Deletes a guest LAN.
    ///
    /// # Errors
    /// 212/16 there is none of that name and owner.
    pub fn delete_lan(&mut self, owner: &str, name: &str) -> Smapi<()> {
        let at = self
            .lans
            .iter()
            .position(|l| l.name.eq_ignore_ascii_case(name) && l.owner == UserId::new(owner))
            .ok_or(code(212, 16))?;
        let lan = self.lans.remove(at);
        self.uncouple_all(&Coupling {
            owner: lan.owner,
            name: lan.name,
        });
        Ok(())
    }

    /// Adds a NICDEF statement (`Virtual_Network_Adapter_Create_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 404/4.
    pub fn define_adapter(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        operands: &str,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.defines(device) {
            return Err(Code::DEVICE_DEFINED);
        }
        entry.add_device(format!("NICDEF {device:X} {operands}"));
        Ok(())
    }

    /// Removes the NICDEF statements of a device.
    ///
    /// # Errors
    /// 400/4, 400/12, 404/8.
    pub fn undefine_adapter(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.remove_device("NICDEF", device) {
            Ok(())
        } else {
            Err(Code::DEVICE_NOT_DEFINED)
        }
    }

    /// Sets or, with `None`, removes the LAN of a NICDEF statement.
    ///
    /// # Errors
    /// 400/4, 400/12, 404/8.
    pub fn connect_definition(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        lan: Option<(&str, &str)>,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        let mut found = false;
        let mut keep = Vec::with_capacity(entry.statements.len());
        for text in std::mem::take(&mut entry.statements) {
            let Some(statement) =
                Statement::parse(&text).filter(|s| s.is("NICDEF") && s.device() == Some(device))
            else {
                keep.push(text);
                continue;
            };
            let mut words: Vec<&str> = vec!["NICDEF"];
            let mut operands = statement.operands().iter();
            while let Some(word) = operands.next() {
                if word.eq_ignore_ascii_case("LAN") {
                    operands.next();
                    operands.next();
                } else {
                    words.push(word);
                }
            }
            if let Some((owner, name)) = lan.filter(|_| !found) {
                words.extend(["LAN", owner, name]);
            }
            // A record of its own that held the LAN only is gone with it.
            if !found || words.len() > 2 {
                keep.push(words.join(" "));
            }
            found = true;
        }
        entry.statements = keep;
        if found {
            Ok(())
        } else {
            Err(Code::DEVICE_NOT_DEFINED)
        }
    }

    /// Gives a running guest an adapter.
    ///
    /// # Errors
    /// 200/12, 204/4.
    pub fn add_adapter(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        hipersockets: bool,
        devices: u16,
    ) -> Smapi<()> {
        let prefix = self.hardware.mac_prefix.clone();
        let place = self
            .running
            .values()
            .map(|m| m.adapters.len())
            .sum::<usize>() as u32;
        let machine = self.running.get_mut(user).ok_or(Code::NOT_ACTIVE)?;
        if machine.has_device(device) {
            return Err(Code::DEVICE_EXISTS);
        }
        machine.adapters.insert(
            device,
            VirtualAdapter {
                hipersockets,
                devices,
                mac: macs(&prefix, place + 0x100),
                coupled: None,
            },
        );
        Ok(())
    }

    /// Takes an adapter from a running guest.
    ///
    /// # Errors
    /// 200/12, 204/8, 204/28 the device is no adapter.
    pub fn remove_adapter(&mut self, user: &UserId, device: DeviceNumber) -> Smapi<VirtualAdapter> {
        self.adapter_of(user, device)?;
        self.running
            .get_mut(user)
            .and_then(|m| m.adapters.remove(&device))
            .ok_or(Code::NO_DEVICE)
    }

    /// An adapter of a running guest, by its base device number.
    ///
    /// # Errors
    /// 200/12, 204/8, 204/28 the device is something else.
    pub fn adapter_of(&self, user: &UserId, device: DeviceNumber) -> Smapi<&VirtualAdapter> {
        let machine = self.active(user)?;
        match machine.adapters.get(&device) {
            Some(adapter) => Ok(adapter),
            None if machine.has_device(device) => Err(code(204, 28)),
            None => Err(Code::NO_DEVICE),
        }
    }

    /// Couples an adapter of a running guest to a switch or a LAN.
    ///
    /// # Errors
    /// 200/12, 204/8, 204/28, 204/20 coupled already, 212/40 no such switch, 212/16 no such LAN, 212/8 not granted, 212/28
    /// wrong kind of adapter.
    pub fn couple(
        &mut self,
        user: &UserId,
        device: DeviceNumber,
        owner: Option<&str>,
        name: &str,
    ) -> Smapi<()> {
        let adapter = self.adapter_of(user, device)?;
        let (coupled, hipersockets) = (adapter.coupled.is_some(), adapter.hipersockets);
        let name = name.to_ascii_uppercase();
        let (owner, kind, granted) = match owner {
            None => {
                let (_, switch) = self.vswitch(&name)?;
                (
                    UserId::new("SYSTEM"),
                    LanKind::Qdio,
                    switch.authorised.contains_key(user),
                )
            }
            Some(owner) => {
                let lan = self.lan(owner, &name).ok_or(code(212, 16))?;
                let granted = lan.authorised.is_empty() || lan.authorised.contains(user);
                (lan.owner.clone(), lan.kind, granted)
            }
        };
        if hipersockets != (kind == LanKind::Hipers) {
            return Err(code(212, 28));
        }
        if coupled {
            return Err(code(204, 20));
        }
        if !granted {
            return Err(code(212, 8));
        }
        if let Some(adapter) = self
            .running
            .get_mut(user)
            .and_then(|m| m.adapters.get_mut(&device))
        {
            adapter.coupled = Some(Coupling { owner, name });
        }
        Ok(())
    }

    /// Uncouples an adapter of a running guest.
    ///
    /// # Errors
    /// 200/12, 204/8, 204/28, 204/48 not coupled.
    pub fn uncouple(&mut self, user: &UserId, device: DeviceNumber) -> Smapi<()> {
        if self.adapter_of(user, device)?.coupled.is_none() {
            return Err(code(204, 48));
        }
        if let Some(adapter) = self
            .running
            .get_mut(user)
            .and_then(|m| m.adapters.get_mut(&device))
        {
            adapter.coupled = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::DirectoryEntry;
    use super::*;

    #[test]
    fn a_connection_is_set_in_the_statement_and_taken_out_again() {
        let (me, lnx1, nic) = (
            UserId::new("ZHCP1"),
            UserId::new("LNX1"),
            DeviceNumber(0x600),
        );
        let mut system = ZvmSystem::default();
        let entry = DirectoryEntry::new(vec!["USER LNX1 X 1G 1G G".to_owned()]);
        system.directory.insert(lnx1.clone(), entry);
        let lan = Some(("SYSTEM", "VSW1"));
        assert_eq!(
            system.connect_definition(&lnx1, nic, lan, &me),
            Err(Code::DEVICE_NOT_DEFINED)
        );
        system
            .define_adapter(&lnx1, nic, "TYPE QDIO DEVICES 3", &me)
            .unwrap();
        system.connect_definition(&lnx1, nic, lan, &me).unwrap();
        assert_eq!(
            system.directory[&lnx1].statements[1],
            "NICDEF 0600 TYPE QDIO DEVICES 3 LAN SYSTEM VSW1"
        );
        system.connect_definition(&lnx1, nic, None, &me).unwrap();
        assert_eq!(
            system.directory[&lnx1].statements[1],
            "NICDEF 0600 TYPE QDIO DEVICES 3"
        );
    }

    #[test]
    fn an_adapter_is_coupled_only_with_a_grant() {
        let (lnx1, nic) = (UserId::new("LNX1"), DeviceNumber(0x600));
        let mut system = ZvmSystem::default();
        system.create_vswitch("VSW1", Vswitch::default()).unwrap();
        system
            .running
            .insert(lnx1.clone(), super::super::VirtualMachine::default());
        system.add_adapter(&lnx1, nic, false, 3).unwrap();
        assert_eq!(system.couple(&lnx1, nic, None, "NONE"), Err(code(212, 40)));
        assert_eq!(system.couple(&lnx1, nic, None, "vsw1"), Err(code(212, 8)));
        system
            .vswitch_mut("VSW1")
            .unwrap()
            .authorised
            .insert(lnx1.clone(), Vec::new());
        system.couple(&lnx1, nic, None, "vsw1").unwrap();
        assert_eq!(system.couple(&lnx1, nic, None, "vsw1"), Err(code(204, 20)));
        assert_eq!(system.coupled("SYSTEM", "VSW1").count(), 1);
        system.delete_vswitch("VSW1").unwrap();
        assert_eq!(system.uncouple(&lnx1, nic), Err(code(204, 48)));
    }
}
