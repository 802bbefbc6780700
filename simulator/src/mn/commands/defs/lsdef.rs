//! `lsdef`: shows definitions (spec: rest-and-xcatd 4.6).

use std::collections::BTreeMap;

use super::request::{all, counted, exists, no_names, not_found};
use super::{DefRequest, groups};
use crate::mn::tables::attributes::ObjectType;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let Some(mut request) = DefRequest::read(context, "lsdef", args) else {
        return;
    };
    let release = context.settings().release;
    if request.options.has("a") && request.options.value("t").is_none() {
        request.types = ObjectType::all().collect();
    }
    let wanted = wanted(context, &request);
    let details = (request.names_given()
        || request.options.has("l")
        || request.options.has("a")
        || wanted.is_some())
        && !request.options.has("s");

    // A list of names says nothing else of the objects.
    let are_needed = details || !request.conditions.is_empty();

    let mut lines = Vec::new();
    let mut count = 0;
    for object in &request.types {
        let names = if request.names_given() {
            let names = context.tables(|db| request.names(db, release, *object));
            if names.is_empty() {
                no_names(context);
                return;
            }
            names
        } else {
            context.tables(|db| {
                let hidden = |name: &String| {
                    object.name == "node"
                        && !request.options.has("S")
                        && db.get("nodelist", "node", name, "hidden") == Some("1")
                };
                let mut names = all(db, *object);
                names.retain(|name| !hidden(name));
                names
            })
        };
        count += names.len();
        let mut missing = Vec::new();
        context.tables(|db| {
            for name in names {
                if !exists(db, *object, &name) {
                    missing.push(name);
                    continue;
                }
                let attributes = if are_needed {
                    attributes(db, release, *object, &name)
                } else {
                    BTreeMap::new()
                };
                let holds = request.conditions.iter().all(|condition| {
                    if !object.has(release, &condition.name) {
                        return false;
                    }
                    let value = if condition.name == object.key {
                        Some(&name)
                    } else {
                        attributes.get(&condition.name)
                    };
                    condition.holds(value.map_or("", String::as_str))
                });
                if holds {
                    let shown = Shown {
                        object: *object,
                        name: &name,
                        attributes: &attributes,
                    };
                    shown.add(&mut lines, &request, wanted.as_deref(), details);
                }
            }
        });
        for name in missing {
            not_found(context, &name, *object);
        }
    }
    if !lines.is_empty() {
        if request.options.has("z") {
            lines.insert(0, "# <xCAT data object stanza file>".to_owned());
        }
        context.push(counted(context, Document::of("info", lines), count));
    } else if request.names_given() || !request.conditions.is_empty() {
        // The older line says nothing.
        if release != Release::E {
            let document = Document::of("info", ["No object definitions have been found"]);
            context.push(counted(context, document, count));
        }
    } else {
        context.push(Document::of(
            "info",
            ["Could not find any object definitions to display."],
        ));
    }
}

/// Attributes asked for with `-i`; those that no type has are complained of and left out.
fn wanted(context: &Context, request: &DefRequest) -> Option<Vec<String>> {
    let list = request.options.value("i")?;
    let release = context.settings().release;
    let mut wanted = Vec::new();
    for attribute in list.split(',').map(str::trim).filter(|a| !a.is_empty()) {
        if request.types.iter().any(|t| t.has(release, attribute)) {
            wanted.push(attribute.to_owned());
        } else {
            let types: Vec<&str> = request.types.iter().map(|t| t.name).collect();
            context.push(Document::error(format!(
                "'{attribute}' is not a valid attribute name for an object type of '{}'.",
                types.join(",")
            )));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    Some(wanted)
}

/// The attributes of an object that are set, by name.
fn attributes(
    db: &Database,
    release: Release,
    object: ObjectType,
    name: &str,
) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = object.read(db, release, name).into_iter().collect();
    match object.name {
        "node" => {
            // The defaults for all nodes stand before the node's own scripts.
            for column in ["postscripts", "postbootscripts"] {
                if let Some(default) = db.get("postscripts", "node", "xcatdefaults", column) {
                    let own = found.get(column).map(|own| format!(",{own}"));
                    found.insert(
                        column.to_owned(),
                        format!("{default}{}", own.unwrap_or_default()),
                    );
                }
            }
        }
        "group" => {
            if !groups::is_dynamic(db, name) {
                found.insert("grouptype".to_owned(), "static".to_owned());
            }
            let members = groups::members(db, name);
            if members.is_empty() {
                found.remove("members");
            } else {
                found.insert("members".to_owned(), members);
            }
        }
        _ => {}
    }
    found
}

/// One object on its way into the answer.
struct Shown<'a> {
    object: ObjectType,
    name: &'a str,
    attributes: &'a BTreeMap<String, String>,
}

impl Shown<'_> {
    fn add(
        &self,
        lines: &mut Vec<String>,
        request: &DefRequest,
        wanted: Option<&[String]>,
        details: bool,
    ) {
        let (object, name) = (self.object.name, self.name);
        if !details {
            lines.push(format!("{name}  ({object})"));
            return;
        }
        let compressed = request.options.has("c");
        if request.options.has("z") {
            lines.push(String::new());
            lines.push(format!("{name}:"));
            lines.push(format!("    objtype={object}"));
        } else if compressed {
            // Every line names its object.
        } else if request.types.len() > 1 {
            lines.push(format!("Object name: {name}  ({object})"));
        } else {
            lines.push(format!("Object name: {name}"));
        }
        let line = |attribute: &str, value: &str| {
            if compressed {
                format!("{name}: {attribute}={value}")
            } else {
                format!("    {attribute}={value}")
            }
        };
        match wanted {
            Some(wanted) => lines.extend(wanted.iter().map(|attribute| {
                let value = if attribute == self.object.key {
                    Some(name)
                } else {
                    self.attributes.get(attribute).map(String::as_str)
                };
                line(attribute, value.unwrap_or_default())
            })),
            None => lines.extend(self.attributes.iter().map(|(a, v)| line(a, v))),
        }
    }
}
