//! `tabch`: changes, adds and deletes rows (spec: rest-and-xcatd 4.5).
//!
//! Success is silent. Every operand is checked before anything is written.

use indexmap::IndexMap;
use regex::Regex;

use super::options::Options;
use crate::mn::tables::schema::{self, Table};
use crate::mn::tables::{DbError, write_row};
use crate::mn::{Context, Document};
use crate::seam::{Release, RemoteCommand};

const SPEC: &[&str] = &["d|delete", "h|help", "v|version"];
const USAGE: [&str; 10] = [
    "Usage: tabch",
    "       To add or update rows for tables:",
    "       tabch keycolname=keyvalue[,keycolname=keyvalue...] tablename.colname=newvalue [tablename.colname=newvalue...]",
    "       To delete rows from tables:",
    "       tabch -d|--delete keycolname=keyvalue[,keycolname=keyvalue...] tablename [tablename...]",
    "         keycolname=keyvalue   a column name-and-value pair ",
    "         that identifies the rows in a table to be changed.",
    "         tablename.colname=newvalue ",
    "         the new value for the specified row and column of the table.",
    "       tabch [-h|--help]",
];
const LAST_USAGE: &str = "       tabch [-v|--version]";
const SEE_MANUAL: &str = "Check man tabch or tabch -h\n";

/// How long the older line tries to read a column that its table does not have, in seconds.
const RETRIES: u64 = 300;

/// One assignment that was found to be in order.
struct Assignment<'a> {
    table: Table,
    column: &'a str,
    value: &'a str,
    merge: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    if !options.unknown.is_empty() || args.is_empty() {
        context.push(usage().with("errorcode", ["1"]));
    } else if options.has("h") {
        context.push(usage());
    } else if options.has("v") {
        let version = super::lsxcatd::version(context);
        let version = version.strip_prefix("Version ").unwrap_or(&version);
        context.push(Document::of("data", [format!("tabch :Version {version}")]));
    } else if let Some((target, operands)) = options.operands.split_first() {
        if options.has("d") {
            delete(context, target, operands);
        } else {
            change(context, target, operands).await;
        }
    } else {
        context.push(usage().with("errorcode", ["1"]));
    }
}

fn usage() -> Document {
    Document::of("data", USAGE).with("data", [LAST_USAGE])
}

/// A complaint in `data`; the older line gives it no errorcode.
fn complain<const N: usize>(context: &Context, texts: [String; N]) {
    let document = Document::of("data", texts);
    context.push(if context.settings().release == Release::E {
        document
    } else {
        document.with("errorcode", ["1"])
    });
}

/// Reads `key=value` pieces, each cut at its last `=`.
fn keys<'a>(context: &Context, target: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut keys = Vec::new();
    for piece in target.split(',') {
        let Some(pair) = piece.rsplit_once('=') else {
            complain(
                context,
                [
                    format!("Incorrect argument \"{piece}\".\n"),
                    SEE_MANUAL.to_owned(),
                ],
            );
            return None;
        };
        keys.push(pair);
    }
    Some(keys)
}

fn delete(context: &Context, target: &str, tables: &[String]) {
    let Some(keys) = keys(context, target) else {
        return;
    };
    if tables.is_empty() {
        complain(
            context,
            ["Missing table name.\n".to_owned(), SEE_MANUAL.to_owned()],
        );
        return;
    }
    let release = context.settings().release;
    for name in tables {
        let Some(table) = schema::table(release, name) else {
            if release == Release::E {
                super::global::died(
                    context,
                    "tabutils",
                    "Can't call method \"getAttribs\" on an undefined value",
                    &[],
                );
                return;
            }
            complain(context, [format!("Table {name} does not exist.")]);
            continue;
        };
        if keys.iter().all(|(key, _)| table.has(release, key)) {
            context.tables_mut(|db| db.delete_where(table.name, &keys));
        }
    }
}

async fn change(context: &Context, target: &str, operands: &[String]) {
    // A first piece that looks like an assignment makes the whole target one, and there is no key.
    let first = target.split(',').next().unwrap_or_default();
    let keyless = first.split_once('=').is_some_and(|(name, _)| {
        name.split_once('.')
            .is_some_and(|(t, c)| !t.is_empty() && !c.is_empty())
    });
    let keys = if keyless {
        Vec::new()
    } else {
        match keys(context, target) {
            Some(keys) => keys,
            None => return,
        }
    };
    let whole = keyless.then_some(target);
    let mut assignments: IndexMap<&'static str, Vec<Assignment<'_>>> = IndexMap::new();
    for operand in whole.into_iter().chain(operands.iter().map(String::as_str)) {
        let assignment = match check(context, operand, &keys) {
            Ok(assignment) => assignment,
            Err(Refused::Said) => return,
            Err(Refused::Retried) => {
                let seconds = RETRIES;
                context.remote(RemoteCommand::Sleep { seconds }).await;
                return;
            }
        };
        assignments
            .entry(assignment.table.name)
            .or_default()
            .push(assignment);
    }
    for assignments in assignments.values() {
        if let Err(refused) = write(context, &keys, assignments) {
            context.push(
                Document::of("error", [format!("DB error {refused}")]).with("errorcode", ["4"]),
            );
            return;
        }
    }
}

/// Why an operand ends the command.
enum Refused {
    /// The complaint is out.
    Said,
    /// The older line tries again and again, and says nothing.
    Retried,
}

/// Checks one operand.
fn check<'a>(
    context: &Context,
    operand: &'a str,
    keys: &[(&str, &str)],
) -> Result<Assignment<'a>, Refused> {
    let release = context.settings().release;
    // RQ8: an operand without a dot names a table that does not exist, and nothing is changed.
    let (name, rest) = operand.split_once('.').unwrap_or((operand, ""));
    let Some(table) = schema::table(release, name) else {
        complain(context, [format!("Table {name} does not exist.\n")]);
        return Err(Refused::Said);
    };
    for (key, _) in keys {
        if !resembles(table, release, key) {
            if release == Release::E {
                return Err(Refused::Retried);
            }
            context.push(Document::error(format!(
                "No column \"{key}\" in table \"{name}\""
            )));
            return Err(Refused::Said);
        }
    }
    let (merge, (column, value)) = match rest.split_once("+=") {
        Some(pair) => (true, pair),
        None => (false, rest.split_once('=').unwrap_or((rest, ""))),
    };
    if !resembles(table, release, column) {
        context.push(Document::error(format!(
            "{name}.{column} not a valid table.column description"
        )));
        return Err(Refused::Said);
    }
    Ok(Assignment {
        table,
        column,
        value,
        merge,
    })
}

/// RQ35: whether the text occurs in a column's name, taken as an expression.
pub(super) fn resembles(table: Table, release: Release, text: &str) -> bool {
    match Regex::new(text) {
        Ok(pattern) => table.columns(release).any(|c| pattern.is_match(c)),
        Err(_) => table.columns(release).any(|c| c.contains(text)),
    }
}

fn write(
    context: &Context,
    keys: &[(&str, &str)],
    assignments: &[Assignment<'_>],
) -> Result<(), DbError> {
    let release = context.settings().release;
    let Some(table) = assignments.first().map(|a| a.table) else {
        return Ok(());
    };
    // RQ35: what passed the check by resemblance only changes nothing.
    if keys.iter().any(|(key, _)| !table.has(release, key))
        || !assignments.iter().any(|a| table.has(release, a.column))
    {
        return Ok(());
    }
    context.tables_mut(|db| {
        let values: Vec<(&str, String)> = assignments
            .iter()
            .filter(|a| table.has(release, a.column))
            .map(|a| {
                let value = if a.merge {
                    let row = db.find(table.name, keys).next();
                    let present = row
                        .filter(|_| !keys.is_empty())
                        .and_then(|row| row.get(a.column));
                    merged(present.map_or("", String::as_str), a.value)
                } else {
                    a.value.to_owned()
                };
                (a.column, value)
            })
            .collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(c, v)| (*c, v.as_str())).collect();
        write_row(db, release, table, keys, &values)
    })
}

/// Two comma lists as one, without duplicates.
fn merged(present: &str, added: &str) -> String {
    let mut items: Vec<&str> = Vec::new();
    for item in present.split(',').chain(added.split(',')) {
        if !item.is_empty() && !items.contains(&item) {
            items.push(item);
        }
    }
    items.join(",")
}
