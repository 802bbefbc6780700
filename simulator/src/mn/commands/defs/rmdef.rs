//! `rmdef`: removes definitions (spec: rest-and-xcatd 4.6).

use std::collections::BTreeSet;

use super::request::{all, counted, exists, no_names, not_found};
use super::{DefRequest, groups};
use crate::mn::tables::attributes::ObjectType;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let Some(request) = DefRequest::read(context, "rmdef", args) else {
        return;
    };
    let release = context.settings().release;
    let (mut removed, mut asked) = (0, 0);
    for object in &request.types {
        let names = if request.options.has("a") && !request.names_given() {
            context.tables(|db| all(db, *object))
        } else {
            context.tables(|db| request.names(db, release, *object))
        };
        if names.is_empty() || !(request.names_given() || request.options.has("a")) {
            no_names(context);
            return;
        }
        asked += names.len();
        for name in names {
            if context.tables(|db| exists(db, *object, &name)) {
                context.tables_mut(|db| remove(db, release, *object, &name));
                removed += 1;
            } else {
                not_found(context, &name, *object);
            }
        }
    }
    // The older line counts the unknown ones, too.
    let count = if release == Release::E {
        asked
    } else {
        removed
    };
    let text = if removed == 0 {
        "No objects have been removed from the xCAT database.".to_owned()
    } else {
        format!("{count} object definitions have been removed.")
    };
    context.push(counted(context, Document::of("info", [text]), asked));
}

/// Tables that hold something about objects of a type, with the column of the name.
pub(super) fn keyed(
    release: Release,
    object: ObjectType,
) -> BTreeSet<(&'static str, &'static str)> {
    object
        .places(release)
        .map(|place| (place.table, place.key))
        .collect()
}

/// Removes every row about an object.
pub(super) fn remove(db: &mut Database, release: Release, object: ObjectType, name: &str) {
    if object.name == "group" {
        let members: Vec<String> = db
            .nodes()
            .filter(|node| db.groups_of(node).any(|group| group == name))
            .map(str::to_owned)
            .collect();
        for node in members {
            groups::leave(db, &node, name);
        }
    }
    for (table, key) in keyed(release, object) {
        db.delete(table, key, name);
    }
}
