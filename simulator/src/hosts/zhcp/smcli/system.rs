//! System information and SMAPI itself (spec: zhcp-and-smapi 2.9.13).

use super::call::Call;
use super::reply::Reply;
use crate::hosts::zhcp::clock;
use crate::world::zvm::{Code, DasdVolume, OperationState, Smapi, code};

/// `Query_API_Functional_Level`: any level above the known ones is V6.4.
pub fn query_api_functional_level(call: &mut Call<'_, '_>) -> Reply {
    let level = match call.system() {
        Ok(system) => system.smapi.level,
        Err(code) => return Reply::Failed(code),
    };
    let what = match level {
        0 => "z/VM V5.3",
        540 => "z/VM V5.4",
        610 => "z/VM V6.1",
        611 | 612 => "the updated z/VM V6.1 SPE release",
        620 | 621 => "z/VM V6.2",
        630..=632 => "z/VM V6.3",
        _ => "z/VM V6.4",
    };
    Reply::Text(format!("The API functional level is {what}\n"))
}

/// A line of `q cplevel` without its first words.
fn time_of(line: Option<&String>, words: &str) -> String {
    line.map_or_else(String::new, |l| {
        l.strip_prefix(words).unwrap_or(l).to_owned()
    })
}

/// `System_Info_Query`.
pub fn system_info_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let level = &system.cp_level;
        Ok(format!(
            "The z/VM timezone: {}\nThe z/VM time: {}\nThe z/VM version: {}\nThe z/VM CP Gen time: {}\n\
             The z/VM CP IPL time: {}\nThe z/VM real storage size: {}\n",
            system.hardware.timezone,
            clock::format(call.now(), "%Y-%m-%d %H:%M:%S"),
            level.first().map_or("", String::as_str),
            time_of(level.get(1), "Generated at "),
            time_of(level.get(2), "IPL at "),
            system.hardware.storage,
        ))
    };
    query(call).into()
}

/// `System_Performance_Info_Query`: the line that xCAT looks for, `Used memory pages:`, never comes.
pub fn system_performance_info_query(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .map(|s| {
            let hardware = &s.hardware;
            format!(
                "Performance field count: 4\nCPUs: {}\nCPU utilization: {}\nMemory paging rate: {}\n\
                 Configured memory pages: {}\n",
                hardware.lpar_cpus, hardware.cpu_utilisation, hardware.paging_rate, hardware.configured_pages
            )
        })
        .into()
}

/// `System_Information_Query`: the keyword is not sent; `FORMAT=YES` breaks the lines at blanks.
pub fn system_information_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let system = call.system()?;
        let hardware = &system.hardware;
        let words: Vec<&str> = hardware.storage.split_whitespace().collect();
        let total = words.first().copied().unwrap_or("0");
        let standby = hardware
            .storage
            .split("STANDBY =")
            .nth(1)
            .and_then(|s| s.split_whitespace().next())
            .unwrap_or("0");
        let ipl = time_of(system.cp_level.get(2), "IPL at ");
        let parts: Vec<&str> = ipl.split_whitespace().collect();
        let date = parts.first().map_or_else(String::new, |d| iso_date(d));
        let time = parts.get(1).copied().unwrap_or("00:00:00");
        let lines = [
            format!("STORAGE=CONFIGURED={total} INC=256M RESERVED=0 MAX={total} STANDBY={standby}"),
            format!(
                "VERSION=6 RELEASE=4.0 SERVICE_LEVEL=1601 BITS=64 CP=z/VM IPL_TIME={time} IPL_DATE={date} TIMEZONE={}",
                hardware.timezone
            ),
        ];
        let one_word = call.keyword("FORMAT").is_some_and(|f| f == "YES");
        Ok(lines
            .iter()
            .map(|l| {
                if one_word {
                    l.replace(' ', "\n") + "\n"
                } else {
                    format!("{l}\n")
                }
            })
            .collect())
    };
    query(call).into()
}

/// `05/02/16` as `2016-05-02`.
fn iso_date(date: &str) -> String {
    match date.split('/').collect::<Vec<_>>().as_slice() {
        [month, day, year] => format!("20{year}-{month}-{day}"),
        _ => date.to_owned(),
    }
}

/// `System_Performance_Information_Query`.
pub fn system_performance_information_query(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .map(|s| {
            let hardware = &s.hardware;
            format!(
                "CPUS={} CPU_UTILIZATION={}%\nMEMORY_IN_USE={}\nMEMORY_CONFIGURED={}\nPAGING_RATE={}\n",
                hardware.lpar_cpus,
                hardware.cpu_utilisation,
                hardware.used_pages,
                hardware.configured_pages,
                hardware.paging_rate
            )
        })
        .into()
}

/// Totals and volumes of page or spool space.
type Usage<'a> = (
    u64,
    u64,
    Vec<(crate::world::DeviceNumber, &'a DasdVolume, u64, u64)>,
);

fn usage<'a>(
    call: &'a Call<'_, '_>,
    slots: fn(&DasdVolume) -> Option<(u64, u64)>,
) -> Smapi<Usage<'a>> {
    let volumes: Vec<_> = call
        .system()?
        .volumes
        .iter()
        .filter_map(|(n, v)| slots(v).map(|(all, used)| (*n, v, all, used)))
        .collect();
    let all = volumes.iter().map(|v| v.2).sum();
    let used = volumes.iter().map(|v| v.3).sum();
    Ok((all, used, volumes))
}

fn percent(used: u64, all: u64) -> u64 {
    (used * 100).div_ceil(all.max(1))
}

/// `System_Page_Utilization_Query`.
pub fn system_page_utilization_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let (all, used, volumes) = usage(call, |v| v.paging)?;
        let mut text = format!(
            "Total allocated: {all}\nTotal used: {used}\nAvailable percentage: {}%\n",
            percent(used, all)
        );
        for (number, volume, all, used) in volumes {
            text.push_str(&format!(
                "Volume ID: {}\nRDEV: {number:X}\nVolume total pages: {all}\nVolume pages in use: {used}\n\
                 Available percentage: {}%\nDrain: NO\n",
                volume.label,
                percent(used, all)
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// `System_Spool_Utilization_Query`: an empty line comes first.
pub fn system_spool_utilization_query(call: &mut Call<'_, '_>) -> Reply {
    let query = |call: &Call<'_, '_>| -> Smapi<String> {
        let (all, used, volumes) = usage(call, |v| v.spooling)?;
        let mut text = format!(
            "\nTotal allocated: {all}\nTotal used: {used}\nAvailable percentage: {}%\n",
            percent(used, all)
        );
        for (number, volume, all, used) in volumes {
            text.push_str(&format!(
                "  Volume ID: {}\n  RDEV: {number:X}\n  Volume total pages: {all}\n  Volume pages in use: {used}\n  \
                 Available percentage: {}%\n  Dump: NO\n  Drain: NO\n",
                volume.label,
                percent(used, all)
            ));
        }
        Ok(text)
    };
    query(call).into()
}

/// `System_Service_Query`.
pub fn system_service_query(call: &mut Call<'_, '_>) -> Reply {
    call.system()
        .map(|s| {
            format!(
                "SERVICE_LEVEL={}\n",
                s.cp_level.first().map_or("", String::as_str)
            )
        })
        .into()
}

/// `System_Config_Syntax_Check`: SYSTEM CONFIG is not modelled as text; it is always right.
pub fn system_config_syntax_check(_: &mut Call<'_, '_>) -> Reply {
    Reply::Done
}

/// `System_Shutdown`: all guests are signalled.
pub fn system_shutdown(call: &mut Call<'_, '_>) -> Reply {
    let now = call.now();
    let shutdown = |call: &mut Call<'_, '_>| -> Smapi<()> {
        let caller = call.caller();
        let system = call.system_mut()?;
        let users: Vec<_> = system
            .running
            .keys()
            .filter(|u| **u != caller)
            .cloned()
            .collect();
        for user in users {
            let _ = system.shutdown(&user, now, 300_000);
        }
        Ok(())
    };
    shutdown(call).into()
}

/// `System_Performance_Threshold_Enable`: there is no performance monitor.
pub fn system_performance_threshold_enable(_: &mut Call<'_, '_>) -> Reply {
    Reply::Failed(code(8, 4))
}

/// `System_Performance_Threshold_Disable`.
pub fn system_performance_threshold_disable(_: &mut Call<'_, '_>) -> Reply {
    Reply::Failed(code(8, 4))
}

/// `Query_ABEND_Dump`: there are none.
pub fn query_abend_dump(call: &mut Call<'_, '_>) -> Reply {
    match call
        .keyword("location")
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        Some("RDR" | "SFS" | "ALL") => Reply::Failed(code(4, 28)),
        _ => Reply::Failed(call.syntax('k', 19)),
    }
}

/// `Process_ABEND_Dump`.
pub fn process_abend_dump(_: &mut Call<'_, '_>) -> Reply {
    Reply::Failed(code(4, 4))
}

/// `Delete_ABEND_Dump`.
pub fn delete_abend_dump(call: &mut Call<'_, '_>) -> Reply {
    if call
        .arguments
        .keywords
        .first()
        .is_some_and(|k| k.starts_with("id="))
    {
        Reply::Failed(code(4, 4))
    } else {
        Reply::Missing
    }
}

/// `Query_Asynchronous_Operation_DM`: even the pair that means success is printed as a failure.
pub fn query_asynchronous_operation_dm(call: &mut Call<'_, '_>) -> Reply {
    let (id, now) = (call.number('i'), call.now());
    let state = |call: &Call<'_, '_>| -> Smapi<Code> {
        let system = call.system()?;
        let state = u32::try_from(id)
            .ok()
            .and_then(|id| system.dirmaint.state(id, now));
        match state {
            None => Err(code(452, 4)),
            Some(OperationState::Running) => Ok(code(0, 104)),
            Some(OperationState::Ended(end)) => Ok(end),
        }
    };
    Reply::Failed(state(call).unwrap_or_else(|code| code))
}

/// `Response_Recovery`: SMAPI has the last answers still, but the client's table for them is invalid.
pub fn response_recovery(call: &mut Call<'_, '_>) -> Reply {
    const KEPT: i64 = 100;
    let (id, last) = match call.system() {
        Ok(system) => (call.number('f'), i64::from(system.smapi.last_request)),
        Err(code) => return Reply::Failed(code),
    };
    // The request for recovery itself is the last one.
    if id > 0 && id < last + 1 && id >= last - KEPT {
        Reply::Failed(code(-4002, 0))
    } else {
        Reply::Failed(code(4, 4))
    }
}

/// `Check_Authentication`: the password of the USER statement.
pub fn check_authentication(call: &mut Call<'_, '_>) -> Reply {
    let check = |call: &Call<'_, '_>| -> Smapi<()> {
        let user = call.name('u')?;
        let entry = call.system()?.directory.get(&user).ok_or(code(120, 0))?;
        let known = entry
            .find("USER")
            .and_then(|s| s.word(2).map(str::to_owned));
        match known.as_deref() {
            None | Some("NOLOG" | "LBYONLY" | "AUTOONLY") => Err(code(120, 0)),
            Some(password) if password.eq_ignore_ascii_case(call.option('p')) => Ok(()),
            Some(_) => Err(code(120, 0)),
        }
    };
    check(call).into()
}
