//! IPL and SCSI load parameters (spec: zhcp-and-smapi 2.9.10).

use super::call::Call;
use super::reply::{Reply, field};
use crate::world::zvm::{DirectoryEntry, Smapi, code};

/// `Image_IPL_Set_DM`.
pub fn ipl_set_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let (what, load, parm) = (
        call.option('s').to_ascii_uppercase(),
        call.option('l').to_owned(),
        call.option('p').to_owned(),
    );
    let set = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        if what.is_empty() {
            return Err(call.syntax('s', 14));
        }
        let mut statement = format!("IPL {what}");
        if !load.is_empty() {
            statement.push_str(&format!(" LOADPARM {load}"));
        }
        if !parm.is_empty() {
            statement.push_str(&format!(" PARM {parm}"));
        }
        entry.set_general(|s| s.is("IPL"), statement);
        Ok(())
    };
    set(call).into()
}

/// `Image_IPL_Delete_DM`.
pub fn ipl_delete_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        if entry.remove(|s| s.is("IPL")) {
            Ok(())
        } else {
            Err(code(460, 4))
        }
    };
    delete(call).into()
}

/// `Image_IPL_Query_DM`.
pub fn ipl_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let entry = call.system()?.entry(&user)?;
        let statement = entry.find("IPL").ok_or(code(460, 4))?;
        let words = statement.operands();
        let at = words.iter().position(|w| w.eq_ignore_ascii_case("PARM"));
        let parm = at.map_or_else(String::new, |at| {
            let rest = &words[at + 1..];
            let end = rest
                .iter()
                .position(|w| w.eq_ignore_ascii_case("LOADPARM"))
                .unwrap_or(rest.len());
            rest[..end].join(" ")
        });
        Ok(format!(
            "IPL: {}\nLoad parameter: {}\nParameters: {}\n",
            statement.word(1).unwrap_or("(null)"),
            field(statement.value("LOADPARM").unwrap_or_default()),
            field(&parm)
        ))
    };
    query(call).into()
}

/// `Image_IPL_Device_Query`.
pub fn ipl_device_query(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let target = call.target().to_owned();
    call.system()
        .and_then(|s| s.active(&user))
        .map(|m| format!("UserId {target} was IPL'ed from device {:0>4}\n", m.ipl))
        .into()
}

/// Sets, leaves or removes one LOADDEV statement.
fn load_device(entry: &mut DirectoryEntry, what: &str, value: &str) {
    let is = |s: &crate::world::zvm::Statement<'_>| {
        s.is("LOADDEV") && s.word(1).is_some_and(|w| w.eq_ignore_ascii_case(what))
    };
    match value {
        "" => {}
        "DELETE" => {
            entry.remove(is);
        }
        value => entry.set_general(is, format!("LOADDEV {what} {value}")),
    }
}

fn is_hex(text: &str, most: usize) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case("DELETE")
        || (text.len() <= most && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `Image_SCSI_Characteristics_Define_DM`.
pub fn scsi_characteristics_define_dm(call: &mut Call<'_, '_>) -> Reply {
    let (user, caller) = (call.user(), call.caller());
    let kind = call.number('s');
    if matches!(kind, 2 | 3) && !call.has('d') {
        return Reply::Missing;
    }
    let values = ['b', 'k', 'l', 'p', 'd'].map(|letter| call.option(letter).to_owned());
    let define = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let [boot, block, lun, port, data] = &values;
        for (letter, text) in [('k', block), ('l', lun), ('p', port)] {
            if !is_hex(text, 16) {
                return Err(call.syntax(letter, 16));
            }
        }
        let entry = call.system_mut()?.entry_for(&user, &caller)?;
        load_device(entry, "PORTNAME", &port.to_ascii_uppercase());
        load_device(entry, "LUN", &lun.to_ascii_uppercase());
        load_device(entry, "BOOTPROG", boot);
        load_device(entry, "BR_LBA", &block.to_ascii_uppercase());
        match kind {
            1 => load_device(entry, "SCPDATA", "DELETE"),
            2 => load_device(entry, "SCPDATA", &format!("'{data}'")),
            3 => load_device(entry, "SCPDATA", &format!("HEX {data}")),
            _ => {}
        }
        Ok(())
    };
    define(call).into()
}

/// `Image_SCSI_Characteristics_Query_DM`.
pub fn scsi_characteristics_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let user = call.user();
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let entry = call.system()?.entry(&user)?;
        let get = |what: &str| {
            entry
                .parsed()
                .find(|s| {
                    s.is("LOADDEV") && s.word(1).is_some_and(|w| w.eq_ignore_ascii_case(what))
                })
                .map(|s| s.operands()[1..].join(" "))
        };
        if !entry.parsed().any(|s| s.is("LOADDEV")) {
            return Err(code(0, 28));
        }
        let data = get("SCPDATA").unwrap_or_default();
        let (kind, data) = match data.strip_prefix("HEX ") {
            Some(hex) => ("HEX (UTF-8) encoded hex data", hex.to_owned()),
            None if data.is_empty() => ("Unspecified                 ", String::new()),
            None => (
                "EBCDIC (codepage 924) data  ",
                data.trim_matches('\'').to_owned(),
            ),
        };
        let value = |what: &str| get(what).unwrap_or_default();
        Ok(format!(
            "Boot program number: {}\nLogical-block address of the boot record: {}\nLogical unit number: {}\n\
             Port name: {}\nType of data: {kind}\nSCP Data: {}\n",
            field(&value("BOOTPROG")),
            field(&value("BR_LBA")),
            field(&value("LUN")),
            field(&value("PORTNAME")),
            field(&data)
        ))
    };
    query(call).into()
}
