//! Directory entries by keyword (spec: zhcp-and-smapi 2.9.6). Several keywords in one call are one transaction.

use super::call::Call;
use super::reply::Reply;
use crate::world::zvm::{Code, DirectoryEntry, Smapi, Statement, ZvmSystem, code};
use crate::world::{DeviceNumber, UserId};

/// Keywords that a definition takes.
const KEYWORDS: [&str; 22] = [
    "COMMAND_DEFINE_CPU",
    "COMMAND_SET_CPUAFFINITY",
    "COMMAND_SET_SHARE",
    "COMMAND_SET_VCONFIG",
    "CONSOLE",
    "CPU",
    "CPU_MAXIMUM",
    "DEDICATE",
    "INCLUDE",
    "IPL",
    "LINK",
    "MDISK",
    "NICDEF",
    "OPTION",
    "PASSWORD",
    "PRIVILEGE_CLASSES",
    "SHARE",
    "SPOOL",
    "STORAGE_INITIAL",
    "STORAGE_MAXIMUM",
    "VMRELOCATE",
    "*",
];

/// One `-k KEYWORD=SUBKEY=value …`.
struct Definition<'a> {
    keyword: String,
    value: &'a str,
}

impl<'a> Definition<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (keyword, value) = text.split_once('=').unwrap_or((text, ""));
        let keyword = keyword.trim().to_ascii_uppercase();
        KEYWORDS.contains(&keyword.as_str()).then_some(Self {
            keyword,
            value: value.trim(),
        })
    }

    /// Value of a subkey.
    fn get(&self, key: &str) -> Option<&'a str> {
        self.value.split_whitespace().find_map(|pair| {
            let (k, v) = pair.split_once('=')?;
            k.eq_ignore_ascii_case(key).then_some(v)
        })
    }

    /// Whether a word without a value is there.
    fn has(&self, word: &str) -> bool {
        self.value
            .split_whitespace()
            .any(|w| w.eq_ignore_ascii_case(word))
    }

    fn device(&self) -> Option<DeviceNumber> {
        DeviceNumber::parse(self.get("VDEV")?).ok()
    }
}

/// Reads the keywords, or says which are wrong: 24/ppss with a message.
fn definitions<'a>(call: &'a Call<'_, '_>) -> Result<Vec<Definition<'a>>, Reply> {
    call.arguments
        .keywords
        .iter()
        .map(|k| {
            Definition::parse(k).ok_or_else(|| {
                let word = k.split('=').next().unwrap_or_default();
                Reply::FailedWith(
                    call.syntax('k', 19),
                    vec![format!("{word} is not a valid keyword")],
                )
            })
        })
        .collect()
}

/// Adds or changes the statement of one keyword.
fn apply(entry: &mut DirectoryEntry, definition: &Definition<'_>) -> Result<(), i32> {
    let value = definition.value;
    match definition.keyword.as_str() {
        "STORAGE_INITIAL" => entry.set_word("USER", 3, &upper(value)?),
        "STORAGE_MAXIMUM" => entry.set_word("USER", 4, &upper(value)?),
        "PASSWORD" => entry.set_word("USER", 2, &upper(value)?),
        "PRIVILEGE_CLASSES" => entry.set_word("USER", 5, &upper(value)?),
        "CPU_MAXIMUM" => {
            let count: u8 = definition
                .get("COUNT")
                .and_then(|c| c.parse().ok())
                .ok_or(24)?;
            let kind = definition.get("TYPE").unwrap_or("ESA").to_ascii_uppercase();
            entry.set_general(|s| s.is("MACHINE"), format!("MACHINE {kind} {count}"));
        }
        "CPU" => {
            let address = definition
                .get("CPUADDR")
                .and_then(|a| u8::from_str_radix(a, 16).ok())
                .ok_or(24)?;
            let base = if definition.has("BASE") { " BASE" } else { "" };
            let id = definition
                .get("CPUID")
                .map_or(String::new(), |i| format!(" CPUID {i}"));
            entry.set_general(
                |s| {
                    s.is("CPU")
                        && s.word(1).and_then(|a| u8::from_str_radix(a, 16).ok()) == Some(address)
                },
                format!("CPU {address:02X}{base}{id}"),
            );
        }
        "INCLUDE" => {
            entry.remove(|s| s.is("INCLUDE"));
            let at = entry.statements.len().min(1);
            entry
                .statements
                .insert(at, format!("INCLUDE {}", upper(value)?));
        }
        "IPL" => {
            let what = definition
                .get("VDEV")
                .or_else(|| definition.get("SAVEDSYS"))
                .unwrap_or(value);
            let parm = definition
                .get("PARM")
                .map_or(String::new(), |p| format!(" PARM {p}"));
            let load = definition
                .get("LOADPARM")
                .map_or(String::new(), |l| format!(" LOADPARM {l}"));
            entry.set_general(|s| s.is("IPL"), format!("IPL {}{load}{parm}", upper(what)?));
        }
        "OPTION" | "SHARE" | "CONSOLE" => {
            let keyword = definition.keyword.clone();
            let statement = format!("{keyword} {}", plain(value)?);
            entry.set_general(|s| s.is(&keyword), statement);
        }
        "SPOOL" => entry.add_device(format!("SPOOL {}", plain(value)?)),
        "DEDICATE" => {
            let device = definition.device().ok_or(24)?;
            let real = definition
                .get("RDEV")
                .map_or_else(|| format!("{device:X}"), str::to_ascii_uppercase);
            entry.remove_device("DEDICATE", device);
            entry.add_device(format!("DEDICATE {device:X} {real}"));
        }
        "LINK" => {
            let owner = definition.get("USERID").ok_or(24)?.to_ascii_uppercase();
            let from = definition.get("VDEV1").ok_or(24)?.to_ascii_uppercase();
            let to = definition
                .get("VDEV2")
                .unwrap_or(&from)
                .to_ascii_uppercase();
            let mode = definition.get("MODE").unwrap_or("RR").to_ascii_uppercase();
            entry.add_device(format!("LINK {owner} {from} {to} {mode}"));
        }
        "MDISK" => {
            let device = definition.device().ok_or(24)?;
            let word = |key: &str, default: &str| {
                definition.get(key).unwrap_or(default).to_ascii_uppercase()
            };
            entry.remove_device("MDISK", device);
            entry.add_device(format!(
                "MDISK {device:X} {} {} {} {} {}",
                word("DEVTYPE", "3390"),
                word("START", "1"),
                word("COUNT", "1"),
                word("VOLID", "*"),
                word("MODE", "MR")
            ));
        }
        "NICDEF" => {
            let device = definition.device().ok_or(24)?;
            let mut statement = format!("NICDEF {device:X}");
            if let Some(kind) = definition.get("TYPE") {
                statement.push_str(&format!(" TYPE {}", kind.to_ascii_uppercase()));
            }
            if let Some(devices) = definition.get("DEVICES") {
                statement.push_str(&format!(" DEVICES {devices}"));
            }
            let name = definition
                .get("SWITCHNAME")
                .or_else(|| definition.get("LANNAME"));
            if let Some(name) = name {
                let owner = definition.get("LAN").unwrap_or("SYSTEM");
                statement.push_str(&format!(" LAN {owner} {name}").to_ascii_uppercase());
            }
            if let Some(mac) = definition.get("MACID") {
                statement.push_str(&format!(" MACID {}", mac.to_ascii_uppercase()));
            }
            entry.remove_device("NICDEF", device);
            entry.add_device(statement);
        }
        keyword => {
            let command = match keyword {
                "COMMAND_DEFINE_CPU" => "DEFINE CPU",
                "COMMAND_SET_CPUAFFINITY" => "SET CPUAFFINITY",
                "COMMAND_SET_SHARE" => "SET SHARE",
                "COMMAND_SET_VCONFIG" => "SET VCONFIG",
                "VMRELOCATE" => "SET VMRELOCATE",
                _ => return Err(19),
            };
            entry.add_general(format!("COMMAND {command} {}", plain(value)?));
        }
    }
    Ok(())
}

fn upper(value: &str) -> Result<String, i32> {
    if value.is_empty() || value.contains(char::is_whitespace) {
        return Err(24);
    }
    Ok(value.to_ascii_uppercase())
}

/// Subkey pairs as the words of a statement: `CPUADDR=01 TYPE=IFL` becomes `01 TYPE IFL`.
fn plain(value: &str) -> Result<String, i32> {
    if value.is_empty() {
        return Err(24);
    }
    let words = value
        .split_whitespace()
        .map(|pair| match pair.split_once('=') {
            Some(("CPUADDR" | "VDEV" | "SHARE" | "MODE", value)) => value.to_owned(),
            Some((key, value)) => format!("{key} {value}"),
            None => pair.to_owned(),
        });
    Ok(words.collect::<Vec<_>>().join(" ").to_ascii_uppercase())
}

/// Applies all keywords to a copy of the entry and keeps the copy only when all fit.
fn change(call: &mut Call<'_, '_>, create: bool) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let start = call.system_mut().and_then(|system| {
        if create {
            system.directory_accepts()?;
            if system.directory.contains_key(&user) || system.profiles.contains_key(&user) {
                return Err(Code::ENTRY_EXISTS);
            }
            Ok(DirectoryEntry::new(vec![format!(
                "USER {user} NOLOG 32M 32M G"
            )]))
        } else {
            system.entry_for(&user, &caller).map(|e| e.clone())
        }
    });
    let mut entry = match start {
        Ok(entry) => entry,
        Err(code) => return Reply::Failed(code),
    };
    let definitions = match definitions(call) {
        Ok(definitions) => definitions,
        Err(reply) => return reply,
    };
    for definition in &definitions {
        if let Err(kind) = apply(&mut entry, definition) {
            let message = format!("{}={} is not valid", definition.keyword, definition.value);
            return Reply::FailedWith(call.syntax('k', kind), vec![message]);
        }
    }
    let missing = |system: &ZvmSystem| {
        entry
            .profile()
            .is_some_and(|p| !system.profiles.contains_key(&p))
    };
    match call.env.system_mut() {
        Some(system) if missing(system) => Reply::Failed(code(436, 4)),
        Some(system) => {
            system.directory.insert(user, entry);
            Reply::Done
        }
        None => Reply::Failed(code(-108, 0)),
    }
}

/// `Image_Definition_Create_DM`.
pub fn create_dm(call: &mut Call<'_, '_>) -> Reply {
    change(call, true)
}

/// `Image_Definition_Update_DM`.
pub fn update_dm(call: &mut Call<'_, '_>) -> Reply {
    change(call, false)
}

/// `Image_Definition_Delete_DM`: removes the statements that the keywords name; `*` removes the entry.
pub fn delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let definitions: Vec<(String, Option<DeviceNumber>, Option<String>)> = match definitions(call) {
        Ok(definitions) => definitions
            .iter()
            .map(|d| {
                (
                    d.keyword.clone(),
                    d.device(),
                    d.get("CPUADDR").map(str::to_owned),
                )
            })
            .collect(),
        Err(reply) => return reply,
    };
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        if definitions.iter().any(|(k, ..)| k == "*") {
            return system.remove_entry(&user, &caller);
        }
        let entry = system.entry_for(&user, &caller)?;
        for (keyword, device, cpu) in &definitions {
            let keyword = match keyword.as_str() {
                "CPU_MAXIMUM" => "MACHINE",
                k if k.starts_with("COMMAND_") => "COMMAND",
                k => k,
            };
            let found = entry.remove(|s| {
                s.is(keyword)
                    && device.is_none_or(|d| s.device() == Some(d))
                    && cpu
                        .as_ref()
                        .is_none_or(|c| s.word(1).is_some_and(|w| w.eq_ignore_ascii_case(c)))
            });
            if !found {
                return Err(code(8, 4));
            }
        }
        Ok(())
    };
    delete(call).into()
}

/// `Image_Definition_Query_DM`: one line for each statement of the keywords; those of the profile as `…_PROFILE`.
pub fn query_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let user = call.user();
        let entry = system.entry(&user)?;
        let wanted: Vec<String> = call
            .arguments
            .keywords
            .iter()
            .flat_map(|k| k.split_whitespace())
            .map(str::to_ascii_uppercase)
            .collect();
        if wanted.iter().any(|w| !KEYWORDS.contains(&w.as_str())) {
            return Err(call.syntax('k', 19));
        }
        let all = wanted.iter().any(|w| w == "*");
        let mut text = String::new();
        let profile = entry.profile().and_then(|p| system.profiles.get(&p));
        for keyword in KEYWORDS
            .iter()
            .filter(|k| **k != "*" && (all || wanted.iter().any(|w| w == *k)))
        {
            for line in lines(keyword, &entry.statements, &user) {
                text.push_str(&format!("{keyword}={line}\n"));
            }
            for line in profile.into_iter().flat_map(|p| lines(keyword, p, &user)) {
                text.push_str(&format!("{keyword}_PROFILE={line}\n"));
            }
        }
        Ok(text)
    };
    query(call).into()
}

/// The values of a keyword in an entry's statements.
fn lines(keyword: &str, statements: &[String], _: &UserId) -> Vec<String> {
    statements
        .iter()
        .filter_map(|s| Statement::parse(s))
        .filter_map(|s| line(keyword, &s))
        .collect()
}

fn line(keyword: &str, statement: &Statement<'_>) -> Option<String> {
    let word = |at: usize| statement.word(at).unwrap_or_default();
    let user_word = |at: usize| {
        (statement.is("USER") || statement.is("IDENTITY"))
            .then(|| statement.word(at).map(str::to_owned))
            .flatten()
    };
    match keyword {
        "STORAGE_INITIAL" => user_word(3),
        "STORAGE_MAXIMUM" => user_word(4),
        "PASSWORD" => user_word(2),
        "PRIVILEGE_CLASSES" => user_word(5),
        "CPU_MAXIMUM" if statement.is("MACHINE") => {
            Some(format!("COUNT={} TYPE={}", statement.word(2)?, word(1)))
        }
        "CPU" if statement.is("CPU") => {
            let mut text = format!("CPUADDR={}", word(1));
            for extra in statement.operands().get(1..).unwrap_or_default() {
                text.push_str(&format!(" {extra}"));
            }
            Some(text)
        }
        "MDISK" if statement.is("MDISK") => Some(mdisk(statement)),
        "NICDEF" if statement.is("NICDEF") => Some(nicdef(statement)),
        "DEDICATE" if statement.is("DEDICATE") => {
            Some(format!("VDEV={} RDEV={}", word(1), word(2)))
        }
        "LINK" if statement.is("LINK") => Some(format!(
            "USERID={} VDEV1={} VDEV2={} MODE={}",
            word(1),
            word(2),
            word(3),
            word(4)
        )),
        "IPL" if statement.is("IPL") => Some(format!("VDEV={}", word(1))),
        "COMMAND_DEFINE_CPU"
        | "COMMAND_SET_CPUAFFINITY"
        | "COMMAND_SET_SHARE"
        | "COMMAND_SET_VCONFIG" => {
            let command: Vec<&str> = keyword.trim_start_matches("COMMAND_").split('_').collect();
            let operands = statement.operands();
            let fits = statement.is("COMMAND")
                && operands.len() >= command.len()
                && command
                    .iter()
                    .zip(operands)
                    .all(|(c, o)| c.eq_ignore_ascii_case(o));
            fits.then(|| operands[command.len()..].join(" "))
        }
        _ if statement.is(keyword) => Some(statement.operands().join(" ")),
        _ => None,
    }
}

fn mdisk(statement: &Statement<'_>) -> String {
    let word = |at: usize| statement.word(at).unwrap_or_default();
    let head = format!("VDEV={} DEVTYPE={}", word(1), word(2));
    match word(3).to_ascii_uppercase().as_str() {
        place @ ("V-DISK" | "T-DISK") => {
            format!("{head} {place} COUNT={} MODE={}", word(4), word(5))
        }
        "DEVNO" => format!("{head} DEVNO={} MODE={}", word(4), word(5)),
        _ => format!(
            "{head} START={} COUNT={} VOLID={} MODE={}",
            word(3),
            word(4),
            word(5),
            statement.word(6).unwrap_or("MR")
        ),
    }
}

/// A NICDEF with a LAN to a switch prints `SWITCHNAME` as its fourth word unless it has `DEVICES` in front.
fn nicdef(statement: &Statement<'_>) -> String {
    let mut text = format!("VDEV={}", statement.word(1).unwrap_or_default());
    if let Some(kind) = statement.value("TYPE") {
        text.push_str(&format!(" TYPE={kind}"));
    }
    let at = statement
        .operands()
        .iter()
        .position(|w| w.eq_ignore_ascii_case("LAN"));
    let devices_first = statement
        .operands()
        .iter()
        .position(|w| w.eq_ignore_ascii_case("DEVICES"))
        .is_some_and(|d| at.is_none_or(|lan| d < lan));
    if devices_first && let Some(devices) = statement.value("DEVICES") {
        text.push_str(&format!(" DEVICES={devices}"));
    }
    if let Some([owner, name]) = at.and_then(|at| statement.operands().get(at + 1..at + 3)) {
        text.push_str(&format!(" LAN={owner} SWITCHNAME={name}"));
    }
    text
}

/// `Image_Definition_Async_Updates`.
pub fn async_updates(call: &mut Call<'_, '_>) -> Reply {
    match call.keyword("ENABLED") {
        Some("YES" | "NO") => Reply::Done,
        _ => Reply::Failed(call.syntax('k', 19)),
    }
}
