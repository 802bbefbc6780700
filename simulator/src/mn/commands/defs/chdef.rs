//! `chdef`: changes definitions, and makes those that are not there (spec: rest-and-xcatd 4.6).

use super::DefRequest;
use super::mkdef::{Attributes, bad_name, bad_network, check, finish, refuse};
use super::request::{counted, exists, fail, no_names, not_found};
use super::store::{Mode, store};
use crate::mn::tables::attributes::ObjectType;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let Some(request) = DefRequest::read(context, "chdef", args) else {
        return;
    };
    let release = context.settings().release;
    let mode = match (request.options.has("p"), request.options.has("m")) {
        (true, _) => Mode::Add,
        (_, true) => Mode::Remove,
        _ => Mode::Replace,
    };
    if let Some(new) = request.options.value("n") {
        rename(context, &request, new);
        return;
    }
    let (mut failed, mut changed, mut considered) = (false, 0, 0);
    let mut created: Vec<String> = Vec::new();
    for object in &request.types {
        if request.attributes.is_empty() {
            let document = Document::of(
                "info",
                ["No object definitions have been created or modified."],
            );
            context.push(document);
            return;
        }
        let attributes = match check(context, &request, *object) {
            Attributes::Good(attributes) => attributes,
            Attributes::Failed(attributes) if release == Release::E => {
                failed = true;
                attributes
            }
            Attributes::Failed(_) | Attributes::Missing => {
                fail(context);
                return;
            }
        };
        let names = context.tables(|db| request.names(db, release, *object));
        if names.is_empty() {
            no_names(context);
            return;
        }
        for name in names {
            considered += 1;
            let new = !context.tables(|db| exists(db, *object, &name));
            if new {
                if let Some(error) = bad_name(release, *object, &name) {
                    context.push(Document::error(error));
                    fail(context);
                    return;
                }
                if let Some(error) =
                    context.tables(|db| missing(db, release, *object, &name, &attributes))
                {
                    context.push(Document::error(error));
                    failed = true;
                    continue;
                }
            }
            let unmet =
                context.tables_mut(|db| store(db, release, *object, &name, &attributes, mode));
            if unmet.is_empty() {
                changed += 1;
                if new {
                    created.push(name);
                }
            } else {
                refuse(context, &unmet);
                failed = true;
            }
        }
    }
    if failed {
        finish(context, true, changed, considered);
        return;
    }
    let document = Document::of(
        "info",
        [format!(
            "{changed} object definitions have been created or modified."
        )],
    );
    context.push(counted(context, document, changed));
    if !created.is_empty() {
        context.push(Document::of(
            "info",
            [format!(
                "New object definitions '{}' have been created.",
                created.join(",")
            )],
        ));
    }
}

/// What a new object lacks, if anything.
fn missing(
    db: &Database,
    release: Release,
    object: ObjectType,
    name: &str,
    attributes: &[(String, String)],
) -> Option<String> {
    match object.name {
        "node"
            if !attributes
                .iter()
                .any(|(n, v)| n == "groups" && !v.is_empty()) =>
        {
            Some(format!(
                "Attribute 'groups' is not specified for node '{name}', skipping to the next node."
            ))
        }
        "network" if release != Release::E => bad_network(db, release, name, attributes),
        _ => None,
    }
}

/// `-n`: gives an object another name wherever its name is a key.
fn rename(context: &Context, request: &DefRequest, new: &str) {
    let release = context.settings().release;
    let (Some(object), true) = (request.types.first().copied(), request.names_given()) else {
        no_names(context);
        return;
    };
    let names = context.tables(|db| request.names(db, release, object));
    let Some(old) = names.first() else {
        no_names(context);
        return;
    };
    if !context.tables(|db| exists(db, object, old)) {
        not_found(context, old, object);
        fail(context);
        return;
    }
    context.tables_mut(|db| {
        for (table, key) in super::rmdef::keyed(release, object) {
            db.update(table, &[(key, old)], &[(key, new)]);
        }
    });
    context.push(Document::of(
        "info",
        [format!("Changed the object name from {old} to {new}.")],
    ));
}
