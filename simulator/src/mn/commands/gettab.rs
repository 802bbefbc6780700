//! `gettab`: columns of one row (spec: rest-and-xcatd 4.4).

use super::options::Options;
use crate::mn::tables::schema;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;
use crate::world::tables::Row;

const SPEC: &[&str] = &["H|with-fieldname", "h|?|help", "v|version"];
const USAGE: [&str; 2] = [
    "Usage: gettab [-H|--with-fieldname] key=value,...  table.attribute ...",
    "       gettab [-?|-h|--help]",
];

/// Prints the columns asked for of the first enabled row that the keys select.
pub fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let Some((keys, columns)) = options
        .operands
        .split_first()
        .filter(|(_, columns)| !columns.is_empty() && options.unknown.is_empty())
    else {
        context.push(Document::of("data", USAGE).with("errorcode", ["1"]));
        return;
    };
    let release = context.settings().release;
    // Only what stands between the first and the second `=` is the value (RQ11).
    let keys: Vec<(&str, &str)> = keys
        .split(',')
        .map(|piece| {
            let mut parts = piece.split('=');
            let key = parts.next().unwrap_or_default();
            (key, parts.next().unwrap_or_default())
        })
        .collect();
    let wanted: Vec<(&str, &str)> = columns
        .iter()
        .map(|text| text.split_once('.').unwrap_or((text, "")))
        .collect();
    for (name, _) in &wanted {
        let table = schema::table(release, name);
        let unknown = keys
            .iter()
            .find(|(key, _)| !table.is_some_and(|t| t.has(release, key)));
        if let Some((key, _)) = unknown {
            let word = if release == Release::E {
                "Unkown"
            } else {
                "Unknown"
            };
            context.push(Document::error(format!("{word} key {key} to {name}")));
            return;
        }
    }
    let bare = wanted.len() == 1 && !options.has("H");
    let found = context.tables(|db| {
        let mut found = Vec::new();
        for (table, column) in &wanted {
            let Some(row) = first(db, release, table, &keys) else {
                continue;
            };
            let value = |column: &str| row.get(column).map_or("", String::as_str);
            // A row in which nothing that was asked for is set counts as absent (RQ28).
            if wanted
                .iter()
                .any(|(t, c)| t == table && !value(c).is_empty())
            {
                found.push(if bare {
                    value(column).to_owned()
                } else {
                    format!("{table}.{column}: {}", value(column))
                });
            }
        }
        found
    });
    for text in found {
        context.push(Document::of("data", [text]));
    }
}

/// The first enabled row that matches, in the order of the primary key as the database gives it.
fn first<'a>(
    db: &'a Database,
    release: Release,
    table: &str,
    keys: &[(&str, &str)],
) -> Option<&'a Row> {
    let schema = schema::table(release, table)?;
    db.find(table, keys).min_by_key(|row| {
        schema
            .keys()
            .map(|key| row.get(key).cloned().unwrap_or_default())
            .collect::<Vec<_>>()
    })
}
