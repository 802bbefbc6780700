//! `xcat-sim assert`, `wait`, `latency`, `pool`, `san` and `guest`: questions to the journal, and the places of a running
//! site.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::{Assert, GuestCommand, LatencyCommand, PoolCommand, SanCommand, Wait};
use super::control::{ask, target, tell};
use super::exit::{Exit, Failure};
use super::talk::Talk;
use crate::control::part;

/// `xcat-sim assert`: the verdict, and a status of its own when it does not hold.
pub fn assert(args: &Assert) -> Result<Exit, Failure> {
    let mut body = json!({"target": target(&args.target), "since": args.since});
    for (key, bound) in [("at_least", args.at_least), ("at_most", args.at_most)] {
        if let Some(bound) = bound {
            body[key] = bound.into();
        }
    }
    let verdict = ask(&args.door, "POST", "/journal/assert", &body)?;
    tell(&verdict)?;
    Ok(if verdict["holds"] == true {
        Exit::Success
    } else {
        Exit::Different
    })
}

/// `xcat-sim wait`.
pub fn wait(args: &Wait) -> Result<(), Failure> {
    let mut body = json!({
        "target": target(&args.target), "since": args.since, "timeout_ms": args.timeout_ms,
    });
    if let Some(fault) = &args.fault {
        body["fault"] = fault.as_str().into();
    }
    let answer = ask(&args.door, "POST", "/journal/wait", &body)?;
    if answer["requests"].as_array().is_none_or(Vec::is_empty) {
        let error = anyhow::Error::msg("no request that matches has ended in time");
        return Err(error.into());
    }
    tell(&answer["requests"])
}

/// `xcat-sim latency`.
pub fn latency(command: LatencyCommand) -> Result<(), Failure> {
    let answer = match command {
        LatencyCommand::Show(door) => ask(&door, "GET", "/latency", &Value::Null)?,
        LatencyCommand::Clear(door) => ask(&door, "PUT", "/latency", &json!({"profiles": []}))?,
        LatencyCommand::Set { json, door } => {
            let body = serde_json::from_str(&json)
                .map_err(|e| Failure::new(Exit::Usage, anyhow::Error::from(e)))?;
            ask(&door, "PUT", "/latency", &body)?
        }
    };
    tell(&answer)
}

/// `xcat-sim pool`.
pub fn pool(command: PoolCommand) -> Result<(), Failure> {
    let path = |zhcp: &str, pool: &str| format!("/pools/{}/{}", part(zhcp), part(pool));
    match command {
        PoolCommand::List(door) => {
            let answer = ask(&door, "GET", "/pools", &Value::Null)?;
            for pool in answer["pools"].as_array().into_iter().flatten() {
                let text = |key: &str| pool[key].as_str().unwrap_or_default().to_owned();
                Talk::data(&format!("{} {}", text("zhcp"), text("pool")))?;
            }
        }
        PoolCommand::Show { zhcp, pool, door } => {
            let answer = ask(&door, "GET", &path(&zhcp, &pool), &Value::Null)?;
            Talk::text(answer["text"].as_str().unwrap_or_default())?;
        }
        PoolCommand::Set {
            zhcp,
            pool,
            file,
            door,
        } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            ask(&door, "PUT", &path(&zhcp, &pool), &json!({ "text": text }))?;
        }
        PoolCommand::Row {
            zhcp,
            pool,
            line,
            text,
            insert,
            delete: _,
            door,
        } => {
            let body = json!({"line": line, "text": text, "insert": insert});
            let path = format!("{}/rows", path(&zhcp, &pool));
            ask(&door, "POST", &path, &body)?;
        }
    }
    Ok(())
}

/// `xcat-sim san`.
pub fn san(command: SanCommand) -> Result<(), Failure> {
    let lun_path = |wwpn: &str, lun: &str| format!("/san/luns/{}/{}", part(wwpn), part(lun));
    let answer = match command {
        SanCommand::Show(door) => ask(&door, "GET", "/san", &Value::Null)?,
        SanCommand::Zone {
            name,
            members,
            door,
        } => {
            let path = format!("/san/zones/{}", part(&name));
            ask(&door, "PUT", &path, &json!(members))?
        }
        SanCommand::Unzone { name, door } => {
            let path = format!("/san/zones/{}", part(&name));
            ask(&door, "DELETE", &path, &Value::Null)?
        }
        SanCommand::Mask {
            volume,
            initiators,
            door,
        } => {
            let path = format!("/san/masks/{}", part(&volume));
            ask(&door, "PUT", &path, &json!(initiators))?
        }
        SanCommand::Port {
            wwpn,
            offline,
            refuses_login,
            door,
        } => {
            let path = format!("/san/ports/{}", part(&wwpn));
            let body = json!({"online": !offline, "refuses_login": refuses_login});
            ask(&door, "PUT", &path, &body)?
        }
        SanCommand::Lun {
            wwpn,
            lun,
            volume,
            bytes,
            door,
        } => {
            let body = json!({"volume": volume, "bytes": bytes});
            ask(&door, "PUT", &lun_path(&wwpn, &lun), &body)?
        }
        SanCommand::Unlun { wwpn, lun, door } => {
            ask(&door, "DELETE", &lun_path(&wwpn, &lun), &Value::Null)?
        }
    };
    tell(&answer)
}

/// `xcat-sim guest`.
pub fn guest(command: GuestCommand) -> Result<(), Failure> {
    let answer = match command {
        GuestCommand::List(door) => ask(&door, "GET", "/guests", &Value::Null)?["guests"].clone(),
        GuestCommand::Power { host, to, door } => {
            let path = format!("/guests/{}/power", part(&host));
            ask(&door, "PUT", &path, &json!({"on": to == "on"}))?
        }
    };
    tell(&answer)
}
