//! `nodech`, `nodegrpch`, `nodeadd`, `noderm`: columns of nodes' rows, and nodes as such (spec: rest-and-xcatd 4.7).
//! Success is silent.

use indexmap::IndexMap;

use super::nodels::SHORT_NAMES;
use super::options::Options;
use super::tabch::resembles;
use crate::mn::tables::schema::{self, Table};
use crate::mn::tables::write_row;
use crate::mn::{Context, Document, noderange};

const SPEC: &[&str] = &["d|delete", "h|help", "v|version"];
const ADD_SPEC: &[&str] = &["h|help", "v|version"];

/// How a value meets what the column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// `=`: it takes its place.
    Set,
    /// `,=`: it is added to the comma list.
    Add,
    /// `^=`: it is taken from the comma list.
    Remove,
}

/// What is to be done to one column.
struct Change<'a> {
    column: &'a str,
    operator: Operator,
    value: &'a str,
}

/// Changes in order, by table.
type Changes<'a> = IndexMap<&'static str, (Table, Vec<Change<'a>>)>;

/// `nodech {noderange} table.column=value ...`, or `-d table ...`.
pub fn change(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(SPEC, args);
    if asks_for_usage(context, &options, "nodech") {
        return;
    }
    let nodes = nodes.unwrap_or_default();
    if options.has("d") {
        delete(context, nodes, &options.operands);
    } else if let Some(changes) = changes(context, &options.operands) {
        apply(context, nodes, &changes);
    }
}

/// `nodegrpch {group,...} table.column=value ...`: the rows from which the groups' members inherit.
pub fn change_groups(context: &Context, args: &[String]) {
    let options = Options::read(ADD_SPEC, args);
    if asks_for_usage(context, &options, "nodegrpch") {
        return;
    }
    let Some((groups, operands)) = options.operands.split_first() else {
        usage(context, "nodegrpch", true);
        return;
    };
    let groups: Vec<String> = groups.split(',').map(str::to_owned).collect();
    if let Some(changes) = changes(context, operands) {
        apply(context, &groups, &changes);
    }
}

/// `nodeadd {noderange} groups=... ...`: the names need not exist.
pub fn add(context: &Context, args: &[String]) {
    let options = Options::read(ADD_SPEC, args);
    if asks_for_usage(context, &options, "nodeadd") {
        return;
    }
    let [names, operands @ ..] = options.operands.as_slice() else {
        usage(context, "nodeadd", true);
        return;
    };
    if operands.is_empty() {
        usage(context, "nodeadd", true);
        return;
    }
    let release = context.settings().release;
    let nodes = context.tables(|db| noderange::expand_names(db, release, names));
    if let Some(changes) = changes(context, operands) {
        apply(context, &nodes, &changes);
    }
}

/// `noderm {noderange}`: every row about the nodes, in every table that has a `node` column.
pub fn remove(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(ADD_SPEC, args);
    if asks_for_usage(context, &options, "noderm") {
        return;
    }
    let Some(nodes) = nodes else {
        usage(context, "noderm", true);
        return;
    };
    let release = context.settings().release;
    let tables: Vec<String> = schema::all(release)
        .filter(|table| table.has(release, "node"))
        .map(|table| table.name.to_owned())
        .collect();
    delete(context, nodes, &tables);
}

/// Answers an unknown option, `-h` and `-v`; whether there was one of these.
fn asks_for_usage(context: &Context, options: &Options, command: &str) -> bool {
    if !options.unknown.is_empty() {
        usage(context, command, true);
    } else if options.has("h") {
        usage(context, command, false);
    } else if options.has("v") {
        context.push(Document::of("data", [super::lsxcatd::version(context)]));
    } else {
        return false;
    }
    true
}

fn usage(context: &Context, command: &str, failed: bool) {
    let mut lines = match command {
        "nodeadd" => vec![
            "Usage: nodeadd <noderange> groups=<groupnames> [table.column=value] [...]".to_owned(),
        ],
        "noderm" => vec!["Usage: noderm <noderange>".to_owned()],
        "nodegrpch" => {
            vec!["Usage: nodegrpch <group1,group2,...> table.column=value [...]".to_owned()]
        }
        _ => vec![
            "Usage: nodech <noderange> table.column=value [...]".to_owned(),
            "       nodech {-d | --delete} <noderange> <table> [...]".to_owned(),
        ],
    };
    lines.push(format!("       {command} {{-h | --help}}"));
    lines.push(format!("       {command} {{-v | --version}}"));
    let document = Document::of("data", lines);
    context.push(if failed {
        document.with("errorcode", ["1"])
    } else {
        document
    });
}

/// Reads the operands; `None` once one of them has stopped the command.
fn changes<'a>(context: &Context, operands: &'a [String]) -> Option<Changes<'a>> {
    let release = context.settings().release;
    let mut changes = Changes::new();
    for operand in operands {
        let Some((name, value)) = operand.split_once('=') else {
            context.push(Document::error(format!(
                "Malformed argument {operand} ignored."
            )));
            continue;
        };
        let (name, operator) = if let Some(name) = name.strip_suffix(',') {
            (name, Operator::Add)
        } else if let Some(name) = name.strip_suffix('^') {
            (name, Operator::Remove)
        } else {
            (name, Operator::Set)
        };
        let full = SHORT_NAMES
            .iter()
            .find(|(short, _)| *short == name)
            .map_or(name, |(_, full)| full);
        let (table_name, column) = full.split_once('.').unwrap_or((full, ""));
        let table =
            schema::table(release, table_name).filter(|table| resembles(*table, release, column));
        let Some(table) = table else {
            context.push(Document::error(format!(
                "{table_name}.{column} not a valid table.column description"
            )));
            return None;
        };
        let (_, list) = changes
            .entry(table.name)
            .or_insert_with(|| (table, Vec::new()));
        list.push(Change {
            column,
            operator,
            value,
        });
    }
    Some(changes)
}

fn apply(context: &Context, nodes: &[String], changes: &Changes<'_>) {
    let release = context.settings().release;
    for (table, changes) in changes.values() {
        for node in nodes {
            context.tables_mut(|db| {
                let mut values: IndexMap<&str, String> = IndexMap::new();
                for change in changes.iter().filter(|c| table.has(release, c.column)) {
                    let before = match values.get(change.column) {
                        Some(value) => value.clone(),
                        None => db
                            .get(table.name, "node", node, change.column)
                            .unwrap_or_default()
                            .to_owned(),
                    };
                    values.insert(change.column, met(&before, change));
                }
                let values: Vec<(&str, &str)> =
                    values.iter().map(|(c, v)| (*c, v.as_str())).collect();
                // A row of which nothing would be set is not made; the command says nothing about it.
                let _ = write_row(db, release, *table, &[("node", node)], &values);
            });
        }
    }
}

/// The value as it is after meeting what was there.
fn met(before: &str, change: &Change<'_>) -> String {
    let mut items: Vec<&str> = before.split(',').filter(|i| !i.is_empty()).collect();
    let given = change.value.split(',').filter(|i| !i.is_empty());
    match change.operator {
        Operator::Set => return change.value.to_owned(),
        Operator::Add => {
            for item in given {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        Operator::Remove => {
            let given: Vec<&str> = given.collect();
            items.retain(|item| !given.contains(item));
        }
    }
    items.join(",")
}

fn delete(context: &Context, nodes: &[String], tables: &[String]) {
    let release = context.settings().release;
    for name in tables {
        if name.contains(['.', '=']) {
            context.push(Document::error(". and = not valid in delete mode."));
            continue;
        }
        let Some(table) = schema::table(release, name).filter(|t| t.has(release, "node")) else {
            continue;
        };
        context.tables_mut(|db| {
            for node in nodes {
                db.delete(table.name, "node", node);
            }
        });
    }
}
