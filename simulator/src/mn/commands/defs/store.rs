//! Writing an object's attributes to the tables (spec: rest-and-xcatd 4.6, 4.2).

use indexmap::IndexMap;

use super::groups;
use crate::mn::noderange;
use crate::mn::tables::attributes::{ObjectType, Place};
use crate::mn::tables::{schema, write_row};
use crate::seam::Release;
use crate::world::Database;

/// How given values meet present ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They take their place.
    Replace,
    /// They are added to comma lists (`-p`).
    Add,
    /// They are taken from comma lists (`-m`).
    Remove,
}

/// Attribute that cannot be set as long as another one has not the value it needs.
pub(super) struct Unmet {
    /// The attribute.
    pub attribute: String,
    /// Name of the other.
    pub needs: &'static str,
    /// Value of the other.
    pub value: &'static str,
}

/// Writes attributes of an object; says which could not be.
pub(super) fn store(
    db: &mut Database,
    release: Release,
    object: ObjectType,
    name: &str,
    attributes: &[(String, String)],
    mode: Mode,
) -> Vec<Unmet> {
    if object.name == "site" {
        for (key, value) in attributes {
            let value = met(db.site(key), value, mode);
            db.set("site", "key", key, &[("value", &value)]);
        }
        return Vec::new();
    }
    let present = object.read(db, release, name);
    let known = |attribute: &str| {
        let given = attributes.iter().find(|(n, _)| n == attribute);
        given
            .or_else(|| present.iter().find(|(n, _)| n == attribute))
            .map(|(_, value)| value.as_str())
    };
    let mut unmet = Vec::new();
    let mut rows: IndexMap<(&'static str, &'static str), Vec<(&'static str, String)>> =
        IndexMap::new();
    for (attribute, value) in attributes {
        let places: Vec<Place> = object
            .places(release)
            .filter(|place| place.name == attribute)
            .collect();
        let refused = conditional(&places, known);
        if let Some((needs, value)) = refused {
            unmet.push(Unmet {
                attribute: attribute.clone(),
                needs,
                value,
            });
            if release != Release::E {
                continue;
            }
        }
        for place in places {
            if place.only_if.is_some_and(|(n, v)| known(n) != Some(v)) {
                continue;
            }
            let before = db.get(place.table, place.key, name, place.column);
            let value = met(before, value, mode);
            rows.entry((place.table, place.key))
                .or_default()
                .push((place.column, value));
        }
    }
    if unmet.is_empty() || release == Release::E {
        for ((table, key), values) in rows {
            write(db, release, table, (key, name), &values);
        }
        if object.name == "group" {
            group_row(db, name, attributes, mode);
        }
    }
    unmet
}

/// The condition that is not met when no conditional place of an attribute counts.
fn conditional<'a>(
    places: &[Place],
    known: impl Fn(&str) -> Option<&'a str>,
) -> Option<(&'static str, &'static str)> {
    let mut conditions = places.iter().filter_map(|p| p.only_if).peekable();
    // Of several conditions the one on z/VM is named: the others are not of this world.
    let named = places
        .iter()
        .filter_map(|p| p.only_if)
        .max_by_key(|(_, value)| *value == "zvm")?;
    let met = conditions.any(|(name, value)| known(name) == Some(value));
    let elsewhere = places.iter().any(|p| p.only_if.is_none()) && named.1 != "zvm";
    (!met && !elsewhere).then_some(named)
}

fn write(
    db: &mut Database,
    release: Release,
    table: &str,
    key: (&str, &str),
    values: &[(&'static str, String)],
) {
    let values: Vec<(&str, &str)> = values.iter().map(|(c, v)| (*c, v.as_str())).collect();
    if let Some(schema) = schema::table(release, table) {
        // A row of which nothing would be set is not made; that is no failure of the command.
        let _ = write_row(db, release, schema, &[key], &values);
    }
}

/// The value as it is after meeting what was there.
fn met(before: Option<&str>, value: &str, mode: Mode) -> String {
    let before = before.unwrap_or_default();
    let items = |text: &str| {
        text.split(',')
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let given = items(value);
    let mut list = items(before);
    match mode {
        Mode::Replace => return value.to_owned(),
        Mode::Add => {
            for item in given {
                if !list.contains(&item) {
                    list.push(item);
                }
            }
        }
        Mode::Remove => list.retain(|item| !given.contains(item)),
    }
    list.join(",")
}

/// A static group has a row that says so, and its members carry its name.
fn group_row(db: &mut Database, name: &str, attributes: &[(String, String)], mode: Mode) {
    if groups::is_dynamic(db, name) {
        return;
    }
    let Some((_, range)) = attributes.iter().find(|(n, _)| n == "members") else {
        db.set("nodegroup", "groupname", name, &[("grouptype", "static")]);
        return;
    };
    let present = noderange::group(db, name).unwrap_or_default();
    let given = noderange::expand(db, Release::M, range).nodes;
    for node in &given {
        match mode {
            Mode::Remove => groups::leave(db, node, name),
            Mode::Replace | Mode::Add => groups::join(db, node, name),
        }
    }
    if mode == Mode::Replace {
        for node in present.iter().filter(|node| !given.contains(node)) {
            groups::leave(db, node, name);
        }
    }
    db.set(
        "nodegroup",
        "groupname",
        name,
        &[("grouptype", "static"), ("members", "static")],
    );
}
