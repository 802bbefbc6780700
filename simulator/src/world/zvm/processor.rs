//! Virtual processors.

use serde::{Deserialize, Serialize};

use super::{Code, DirectoryEntry, Smapi, Statement, ZvmSystem, code};
use crate::world::UserId;

/// Most processors a virtual machine may have.
const MOST: u8 = 64;

/// A virtual processor of a running guest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Processor {
    /// `CP`, `IFL`, `ZAAP` or `ZIIP`; empty: `CP`.
    pub kind: String,
    /// Whether it is stopped.
    pub stopped: bool,
}

impl Processor {
    /// Its type as CP names it.
    pub fn kind(&self) -> &str {
        if self.kind.is_empty() {
            "CP"
        } else {
            &self.kind
        }
    }
}

/// Address of a CPU statement.
fn address(statement: &Statement<'_>) -> Option<u8> {
    u8::from_str_radix(statement.word(1)?, 16).ok()
}

impl DirectoryEntry {
    /// Addresses of its CPU statements.
    pub fn cpus(&self) -> Vec<u8> {
        self.parsed()
            .filter(|s| s.is("CPU"))
            .filter_map(|s| address(&s))
            .collect()
    }

    /// How many processors `MACHINE` allows.
    pub fn cpu_maximum(&self) -> u8 {
        self.find("MACHINE")
            .and_then(|s| s.word(2)?.parse().ok())
            .unwrap_or(MOST)
    }
}

impl ZvmSystem {
    /// Adds or replaces a CPU statement (`Image_CPU_Define_DM`). `options` are further operands of it.
    ///
    /// # Errors
    /// 400/4, 400/12, 520/24 a second base CPU, 520/28 address out of range, 520/32 too many.
    pub fn define_cpu(
        &mut self,
        user: &UserId,
        cpu: u8,
        base: bool,
        options: &str,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if cpu >= MOST {
            return Err(code(520, 28));
        }
        let other_base = entry
            .parsed()
            .any(|s| s.is("CPU") && s.has("BASE") && address(&s) != Some(cpu));
        if base && other_base {
            return Err(code(520, 24));
        }
        let cpus = entry.cpus();
        if !cpus.contains(&cpu) && cpus.len() >= usize::from(entry.cpu_maximum()) {
            return Err(code(520, 32));
        }
        let base = if base { " BASE" } else { "" };
        entry.set_general(
            |s| s.is("CPU") && address(s) == Some(cpu),
            format!("CPU {cpu:02X}{base}{options}"),
        );
        Ok(())
    }

    /// Removes a CPU statement.
    ///
    /// # Errors
    /// 400/4, 400/12, 520/30.
    pub fn undefine_cpu(&mut self, user: &UserId, cpu: u8, by: &UserId) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.remove(|s| s.is("CPU") && address(s) == Some(cpu)) {
            Ok(())
        } else {
            Err(code(520, 30))
        }
    }

    /// Adds a processor to a running guest.
    ///
    /// # Errors
    /// 216/12 not active, 216/24 there is one, 216/28 above the maximum of the directory.
    pub fn add_processor(&mut self, user: &UserId, cpu: u8, kind: &str) -> Smapi<()> {
        let most = self
            .directory
            .get(user)
            .map_or(MOST, DirectoryEntry::cpu_maximum);
        let machine = self.running.get_mut(user).ok_or(code(216, 12))?;
        if cpu >= MOST {
            return Err(code(216, 2));
        }
        if machine.processors.contains_key(&cpu) {
            return Err(code(216, 24));
        }
        if cpu >= most {
            return Err(code(216, 28));
        }
        machine.processors.insert(
            cpu,
            Processor {
                kind: kind.to_owned(),
                stopped: true,
            },
        );
        Ok(())
    }

    /// Takes a processor from a running guest.
    ///
    /// # Errors
    /// 216/12, 216/4.
    pub fn remove_processor(&mut self, user: &UserId, cpu: u8) -> Smapi<()> {
        let machine = self.running.get_mut(user).ok_or(code(216, 12))?;
        machine
            .processors
            .remove(&cpu)
            .map(|_| ())
            .ok_or(code(216, 4))
    }

    /// The running machine, for calls about a guest.
    ///
    /// # Errors
    /// 200/12.
    pub fn active(&self, user: &UserId) -> Smapi<&super::VirtualMachine> {
        self.running.get(user).ok_or(Code::NOT_ACTIVE)
    }
}
