//! Commands that go through the control door of a running simulator.

use serde_json::{Map, Value, json};

use super::args::{
    BreakCommand, Door, FaultAdd, FaultCommand, TargetArgs, TimeCommand, WorldCommand,
};
use super::exit::{Exit, Failure};
use super::talk::Talk;
use crate::control::{Client, part};
use crate::seam::catalogue;

/// Asks a door for something below its world.
pub(super) fn ask(door: &Door, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
    let path = format!("/worlds/{}{path}", part(&door.world));
    Ok(Client::new(&door.control)?.call(method, &path, body)?)
}

pub(super) fn tell(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    Ok(Talk::data(&text)?)
}

/// `xcat-sim fault`.
pub fn fault(command: FaultCommand) -> Result<(), Failure> {
    match command {
        FaultCommand::Names => {
            let lines: Vec<String> = catalogue()
                .map(|f| {
                    let needs = if f.scope.is_empty() {
                        String::new()
                    } else {
                        format!(" [needs {}]", f.scope.join(", "))
                    };
                    format!(
                        "{:<24} {:<8} {}{needs}\n{:34}{}",
                        f.name,
                        (f.effect)().layer().to_string(),
                        f.title,
                        "",
                        f.seen
                    )
                })
                .collect();
            Ok(Talk::data(&lines.join("\n"))?)
        }
        FaultCommand::List(door) => tell(&ask(&door, "GET", "/faults", &Value::Null)?["faults"]),
        FaultCommand::Add(args) => {
            let body = rule(&args)?;
            tell(&ask(&args.door, "POST", "/faults", &body)?)
        }
        FaultCommand::Remove { id, door } => {
            let path = id.map_or_else(
                || "/faults".to_owned(),
                |id| format!("/faults/{}", part(&id)),
            );
            tell(&ask(&door, "DELETE", &path, &Value::Null)?)
        }
    }
}

fn rule(args: &FaultAdd) -> Result<Value, Failure> {
    let mut rule: Value = match &args.json {
        None => json!({}),
        Some(text) => serde_json::from_str(text)
            .map_err(|e| Failure::new(Exit::Usage, anyhow::Error::from(e)))?,
    };
    let Some(fields) = rule.as_object_mut() else {
        return Err(Failure::new(
            Exit::Usage,
            anyhow::Error::msg("--json: the rule is no object"),
        ));
    };
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    set("name", args.name.clone().map(Value::from));
    set("when", args.after.then(|| "after".into()));
    set("skip", args.skip.map(Value::from));
    set("times", args.times.map(Value::from));
    set("probability", args.probability.map(Value::from));
    set("for_ms", args.for_ms.map(Value::from));
    set("delay_ms", args.delay_ms.map(Value::from));
    let given = target(&args.target);
    if !given.is_empty() {
        let into = fields
            .entry("target")
            .or_insert_with(|| json!({}))
            .as_object_mut();
        if let Some(into) = into {
            into.extend(given);
        }
    }
    Ok(rule)
}

pub(super) fn target(args: &TargetArgs) -> Map<String, Value> {
    [
        ("operation", &args.operation),
        ("node", &args.node),
        ("zhcp", &args.zhcp),
        ("guest", &args.guest),
        ("pool", &args.pool),
        ("wwpn", &args.wwpn),
        ("lun", &args.lun),
        ("device", &args.device),
        ("chpid", &args.chpid),
        ("command", &args.command),
        ("path", &args.path),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.clone()?))))
    .collect()
}

/// `xcat-sim break`.
pub fn breaks(command: BreakCommand) -> Result<(), Failure> {
    let one = |door: &Door, method, id: &str, rest: &str| {
        ask(
            door,
            method,
            &format!("/breaks/{}{rest}", part(id)),
            &Value::Null,
        )
    };
    let answer = match command {
        BreakCommand::List(door) => ask(&door, "GET", "/breaks", &Value::Null)?["breaks"].clone(),
        BreakCommand::Add {
            id,
            target: given,
            nth,
            after,
            during,
            until,
            times,
            door,
        } => {
            let mut body = json!({"target": target(&given)});
            if let Some(operation) = until {
                body["until"] = json!({ "operation": operation });
            }
            if let Some(times) = times {
                body["times"] = times.into();
            }
            if during {
                body["when"] = "during".into();
            }
            if let Some(id) = id {
                body["id"] = id.into();
            }
            if let Some(nth) = nth {
                body["nth"] = nth.into();
            }
            if after {
                body["when"] = "after".into();
            }
            ask(&door, "POST", "/breaks", &body)?
        }
        BreakCommand::Wait { id, door } => one(&door, "GET", &id, "/wait")?,
        BreakCommand::Release { id, door } => one(&door, "POST", &id, "/release")?,
        BreakCommand::Remove { id, door } => one(&door, "DELETE", &id, "")?,
    };
    tell(&answer)
}

/// `xcat-sim time`.
pub fn time(command: TimeCommand) -> Result<(), Failure> {
    let answer = match command {
        TimeCommand::Show(door) => ask(&door, "GET", "/time", &Value::Null)?,
        TimeCommand::Freeze(door) => ask(&door, "PUT", "/time", &json!({"frozen": true}))?,
        TimeCommand::Step { ms, door } => ask(&door, "POST", "/time/step", &json!({ "ms": ms }))?,
        TimeCommand::Scale { factor, door } => ask(
            &door,
            "PUT",
            "/time",
            &json!({"frozen": false, "scale": factor}),
        )?,
    };
    tell(&answer)
}

/// `xcat-sim world`.
pub fn world(command: WorldCommand) -> Result<(), Failure> {
    let answer = match command {
        WorldCommand::List(door) => {
            Client::new(&door.control)?.call("GET", "/worlds", &Value::Null)?
        }
        WorldCommand::Add {
            name,
            site,
            release,
            behaviour,
            seed,
            repair,
            listen,
            xcatd,
            door,
        } => {
            let mut body = json!({
                "name": name, "site": site, "release": release, "behaviour": behaviour,
                "repaired": repair,
            });
            if let Some(listen) = listen {
                body["listen"] = listen.to_string().into();
            }
            if let Some(xcatd) = xcatd {
                body["xcatd"] = xcatd.to_string().into();
            }
            if let Some(seed) = seed {
                body["seed"] = seed.into();
            }
            Client::new(&door.control)?.call("POST", "/worlds", &body)?
        }
        WorldCommand::Show(door) => ask(&door, "GET", "", &Value::Null)?,
        WorldCommand::Remove { name, door } => {
            let path = format!("/worlds/{}", part(&name));
            Client::new(&door.control)?.call("DELETE", &path, &Value::Null)?
        }
    };
    tell(&answer)
}
