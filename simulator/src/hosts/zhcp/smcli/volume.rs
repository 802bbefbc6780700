//! Volumes and the directory manager's space on them (spec: zhcp-and-smapi 2.9.9).

use super::call::Call;
use super::disk::size;
use super::reply::Reply;
use crate::world::zvm::{DasdVolume, Extent, Smapi, code};

/// `Image_Volume_Space_Query_DM`.
pub fn space_query_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let (query, entry) = (call.number('q'), call.number('e'));
        if !(1..=3).contains(&query) {
            return Err(call.syntax('q', 18));
        }
        if !(1..=3).contains(&entry) {
            return Err(call.syntax('e', 18));
        }
        let records = call
            .system()?
            .space(query as u32, entry as u32, call.option('n'))?;
        Ok(records.iter().map(|r| format!("{r}\n")).collect())
    };
    query(call).into()
}

/// `Image_Volume_Space_Query_Extended_DM`.
pub fn space_query_extended_dm(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let number = |name: &str, words: [&str; 3]| {
            let value = call.keyword(name).unwrap_or_default().to_ascii_uppercase();
            words
                .iter()
                .position(|w| *w == value)
                .map(|at| at as u32 + 1)
                .or_else(|| value.parse().ok().filter(|n| (1..=3).contains(n)))
                .ok_or(call.syntax('k', 19))
        };
        let query = number("query_type", ["DEFINITION", "FREE", "USED"])?;
        let entry = number("entry_type", ["VOLUME", "REGION", "GROUP"])?;
        let names = call.keyword("entry_names").unwrap_or_default();
        let records = call.system()?.space(query, entry, names)?;
        Ok(records.iter().map(|r| format!("{r}\n")).collect())
    };
    query(call).into()
}

/// Cylinders or blocks of a whole volume of a type.
fn whole(kind: &str) -> u64 {
    if kind.starts_with("33") {
        10_016
    } else {
        2_097_152
    }
}

fn define(call: &mut Call<'_, '_>, function: i64, extent: Extent, group: &str) -> Reply {
    let Ok(function @ 1..=5) = u32::try_from(function) else {
        return Reply::Early("ERROR: function value is invalid\n".to_owned(), 1);
    };
    let group = group.to_ascii_uppercase();
    let define = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let system = call.system_mut()?;
        system.directory_accepts()?;
        let mut extent = extent;
        if extent.volume.is_empty() {
            extent.volume.clone_from(&extent.region);
        }
        let known = system.volumes.values().find(|v| v.label == extent.volume);
        if known.is_some_and(|v| !v.online) {
            return Err(code(420, 36));
        }
        if let Some(volume) = known {
            extent.kind.clone_from(&volume.kind);
        }
        if matches!(function, 3 | 4) || extent.size == 0 {
            extent.start = 1;
            extent.size = known.map_or_else(|| whole(&extent.kind), |v| v.size);
        }
        system.define_space(function, extent, &group)
    };
    define(call).into()
}

fn kind(code: i64) -> &'static str {
    match code {
        2 => "9336",
        3 => "3380",
        4 => "FB-512",
        _ => "3390",
    }
}

/// `Image_Volume_Space_Define_DM`.
pub fn space_define_dm(call: &mut Call<'_, '_>) -> Reply {
    let extent = Extent {
        volume: call.option('v').to_ascii_uppercase(),
        kind: kind(call.number('y')).to_owned(),
        start: size(call, 's'),
        size: size(call, 'z'),
        region: call.option('g').to_ascii_uppercase(),
    };
    let group = call.option('p').to_owned();
    define(call, call.number('f'), extent, &group)
}

/// `Image_Volume_Space_Define_Extended_DM`.
pub fn space_define_extended_dm(call: &mut Call<'_, '_>) -> Reply {
    let word = |name: &str| call.keyword(name).unwrap_or_default().to_ascii_uppercase();
    let number = |name: &str| super::arguments::atoi(&word(name));
    let extent = Extent {
        volume: word("image_vol_id"),
        kind: kind(number("device_type")).to_owned(),
        start: number("start_cylinder").unsigned_abs(),
        size: number("size").unsigned_abs(),
        region: word("region_name"),
    };
    let (function, group) = (number("function_type"), word("group_name"));
    define(call, function, extent, &group)
}

/// `Image_Volume_Space_Remove_DM`.
pub fn space_remove_dm(call: &mut Call<'_, '_>) -> Reply {
    let function = call.number('f');
    let word = |letter: char| call.option(letter).to_ascii_uppercase();
    let (region, volume, group) = (word('r'), word('v'), word('g'));
    let remove = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let Ok(function @ 1..=7) = u32::try_from(function) else {
            return Err(call.syntax('f', 18));
        };
        let system = call.system_mut()?;
        system.directory_accepts()?;
        system.remove_space(function, &region, &volume, &group)
    };
    remove(call).into()
}

/// `Image_Volume_Add`.
pub fn add(call: &mut Call<'_, '_>) -> Reply {
    let add = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let label = call.option('l').to_ascii_uppercase();
        if label.is_empty() {
            return Err(call.syntax('l', 14));
        }
        call.system_mut()?.add_volume(device, &label)
    };
    add(call).into()
}

/// `Image_Volume_Delete`.
pub fn delete(call: &mut Call<'_, '_>) -> Reply {
    let delete = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.device('v')?;
        let label = call.option('l').to_ascii_uppercase();
        call.system_mut()?.delete_volume(device, &label)
    };
    delete(call).into()
}

/// `Image_Volume_Share`.
pub fn share(call: &mut Call<'_, '_>) -> Reply {
    if call.keyword("img_vol_addr").is_none() {
        return Reply::Missing;
    }
    let enable = match call
        .keyword("share_enable")
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        None | Some("ON") => true,
        Some("OFF") => false,
        _ => return Reply::Failed(call.syntax('k', 19)),
    };
    let share = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.keyword_device("img_vol_addr")?;
        let volume = call
            .system_mut()?
            .volumes
            .get_mut(&device)
            .ok_or(code(8, 18))?;
        if volume.cp_owned {
            return Err(code(8, 19));
        }
        if !volume.online {
            return Err(code(8, 3013));
        }
        volume.shared = enable;
        Ok(())
    };
    share(call).into()
}

/// `Page_or_Spool_Volume_Add`.
pub fn page_or_spool_volume_add(call: &mut Call<'_, '_>) -> Reply {
    let add = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let device = call.keyword_device("vol_addr")?;
        let label = call
            .keyword("volume_label")
            .unwrap_or_default()
            .to_ascii_uppercase();
        let paging = match call
            .keyword("volume_use")
            .map(str::to_ascii_uppercase)
            .as_deref()
        {
            Some("PAGE") => true,
            Some("SPOOL") => false,
            _ => return Err(call.syntax('k', 19)),
        };
        let volume: &mut DasdVolume = call
            .system_mut()?
            .volumes
            .get_mut(&device)
            .ok_or(code(8, 8))?;
        if volume.cp_owned {
            return Err(code(8, 20));
        }
        if !volume.is_free() {
            return Err(code(8, 10));
        }
        volume.cp_owned = true;
        volume.label = label;
        let slots = Some((volume.size * 180, 0));
        if paging {
            volume.paging = slots;
        } else {
            volume.spooling = slots;
        }
        Ok(())
    };
    add(call).into()
}
