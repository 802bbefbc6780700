//! Processors and performance of images (spec: zhcp-and-smapi 2.9.11).

use super::call::Call;
use super::reply::Reply;
use crate::world::UserId;
use crate::world::zvm::{Smapi, code};

/// Types of virtual processors by their codes.
const KINDS: [&str; 5] = ["CP", "CP", "IFL", "ZAAP", "ZIIP"];

/// Identity of the processor at an address: the site's, with the address in the digit that differs.
pub fn identity(id: &str, address: u8) -> String {
    if address == 0 || id.len() < 3 {
        return id.to_owned();
    }
    format!("{}{:X}{}", &id[..2], address & 0xf, &id[3..])
}

fn address(call: &Call<'_, '_>) -> Smapi<u8> {
    u8::from_str_radix(call.option('v'), 16).map_err(|_| call.syntax('v', 16))
}

/// `Image_CPU_Define`.
pub fn cpu_define(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let define = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let cpu = address(call)?;
        let kind = usize::try_from(call.number('t'))
            .ok()
            .and_then(|t| KINDS.get(t));
        let kind = *kind.ok_or(call.syntax('t', 18))?;
        call.system_mut()?.add_processor(&user, cpu, kind)
    };
    define(call).into()
}

/// `Image_CPU_Define_DM`.
pub fn cpu_define_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let define = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let cpu = address(call)?;
        let base = call.number('b') == 1;
        let mut options = String::new();
        if call.has('c') && !call.option('c').is_empty() {
            options.push_str(&format!(" CPUID {}", call.option('c').to_ascii_uppercase()));
        }
        match call.number('d') {
            0 => {}
            1 => options.push_str(" NODEDICATE"),
            2 => options.push_str(" DEDICATE"),
            _ => return Err(call.syntax('d', 18)),
        }
        if call.number('y') == 1 {
            options.push_str(" CRYPTO");
        }
        call.system_mut()?
            .define_cpu(&user, cpu, base, &options, &caller)
    };
    define(call).into()
}

/// `Image_CPU_Delete`.
pub fn cpu_delete(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let cpu = address(call)?;
        call.system_mut()?.remove_processor(&user, cpu)
    };
    delete(call).into()
}

/// `Image_CPU_Delete_DM`.
pub fn cpu_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let cpu = address(call)?;
        call.system_mut()?.undefine_cpu(&user, cpu, &caller)
    };
    delete(call).into()
}

/// `Image_CPU_Set_Maximum_DM`.
pub fn cpu_set_maximum_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller, most) = (call.user(), call.caller(), call.number('m'));
    let set = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        if most > 64 {
            return Err(code(520, 28));
        }
        let mode = entry
            .find("MACHINE")
            .and_then(|s| s.word(1).map(str::to_owned));
        let mode = mode.unwrap_or_else(|| "ESA".to_owned());
        entry.set_general(|s| s.is("MACHINE"), format!("MACHINE {mode} {most}"));
        Ok(())
    };
    set(call).into()
}

/// `Image_CPU_Query`.
pub fn cpu_query(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let machine = system.active(&user)?;
        let mut text = format!("CPU count: {}\nCPUs\n", machine.processors.len());
        for (address, processor) in &machine.processors {
            let status = if *address == 0 {
                "Base"
            } else if processor.stopped {
                "Stopped"
            } else {
                "Non-base, active"
            };
            text.push_str(&format!(
                "  Address: {address}\n    Type: {}\n    ID: {} ({status})\n",
                processor.kind(),
                identity(&system.hardware.cpu_id, *address)
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// `Image_CPU_Query_DM`.
pub fn cpu_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let wanted = address(call)?;
        let entry = call.system()?.entry(&user)?;
        let statement = entry
            .parsed()
            .find(|s| {
                s.is("CPU")
                    && s.word(1).and_then(|a| u8::from_str_radix(a, 16).ok()) == Some(wanted)
            })
            .ok_or(code(520, 30))?;
        let base = if statement.has("BASE") {
            "BASE"
        } else {
            "Unspecified"
        };
        let dedicated = ["NODEDICATE", "DEDICATE"]
            .into_iter()
            .find(|w| statement.has(w))
            .unwrap_or("Unspecified");
        let crypto = if statement.has("CRYPTO") {
            "CRYPTO"
        } else {
            "Unspecified"
        };
        Ok(format!(
            "Address: {wanted:02X} ({base})\nID: {}\nDedicated: {dedicated}\nCCF: {crypto}\n",
            statement.value("CPUID").unwrap_or("(null)")
        ))
    };
    query(call).into()
}

/// Kilobytes of a storage size such as `2G`.
fn kilobytes(text: &str) -> u64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().unwrap_or(0);
    match text.chars().last().map(|c| c.to_ascii_uppercase()) {
        Some('K') => number,
        Some('G') => number << 20,
        Some('T') => number << 30,
        _ => number << 10,
    }
}

/// `Image_Performance_Query`: a guest without data has no record. The stray comma and blank are the program's own.
pub fn performance_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let now = call.now();
        let names: Vec<UserId> = if call.target().trim() == "*" {
            system.running.keys().cloned().collect()
        } else {
            call.target().split_whitespace().map(UserId::new).collect()
        };
        let records: Vec<String> = names
            .iter()
            .filter_map(|name| {
                let machine = system.running.get(name)?;
                let maximum = system
                    .directory
                    .get(name)
                    .and_then(|e| e.find("USER")?.word(4).map(kilobytes))
                    .unwrap_or_else(|| kilobytes(&machine.storage));
                let hardware = &system.hardware;
                Some(format!(
                    "Virtual server ID: {name}\nRecord version: \"1\"\nGuest flags: \"0\"\n\
                     Used CPU time: \"{} uS\"\nElapsed time: \"98765432 uS\"\nMinimum memory: \"0 KB\"\n\
                     Max memory: \"{maximum} KB\"\nShared memory: \"5536 KB\"\nUsed memory: \"{} KB\"\n\
                     Active CPUs in CEC: \"{}\"\nLogical CPUs in VM: \"{}\"\nGuest CPUs: \"{}\"\n\
                     Minimum CPU count: \"1\"\nMax CPU limit: \"10000\"\nProcessor share: \"100\"\n\
                     Samples CPU in use: \"0\"\n,Samples CPU delay: \"0\"\nSamples page wait: \"0\"\n\
                     Samples idle: \"0\"\nSamples other: \"0\"\nSamples total: \"0\"\nGuest name: \"{:<8}\"\n\n",
                    machine.used_cpu_us(now),
                    kilobytes(&machine.storage),
                    hardware.cec_cpus,
                    hardware.lpar_cpus,
                    machine.processors.len().max(1),
                    name.as_str(),
                ))
            })
            .collect();
        Ok(format!(
            "Number of virtual server IDs: {} \n{}",
            records.len(),
            records.concat()
        ))
    };
    query(call).into()
}
