//! `nodels`: names of nodes and columns of theirs (spec: rest-and-xcatd 4.7).

use super::options::Options;
use crate::mn::tables::filter::Condition;
use crate::mn::tables::schema;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

const SPEC: &[&str] = &["H|with-fieldname", "S", "b|blame", "h|?|help", "v|version"];

/// Columns that may be named without their table.
pub(super) const SHORT_NAMES: &[(&str, &str)] = &[
    ("groups", "nodelist.groups"),
    ("tags", "nodelist.groups"),
    ("mgt", "nodehm.mgt"),
];

/// What is wanted of each node.
enum Wanted {
    Column(&'static str, &'static str),
    Condition(&'static str, &'static str, Condition),
}

/// Runs the command; `nodes` is the noderange, `None` when there is none.
pub fn run(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(SPEC, args);
    let release = context.settings().release;
    let mut wanted = Vec::new();
    let mut described = options.has("H");
    for text in &options.operands {
        if let Some(condition) = Condition::parse(text)
            && let Some((table, column)) = column(release, &condition.name)
        {
            wanted.push(Wanted::Condition(table, column, condition));
        } else if let Some((table, column)) = column(release, text) {
            wanted.push(Wanted::Column(table, column));
        } else if let Some(table) = schema::table(release, text) {
            described = true;
            wanted.extend(
                table
                    .columns(release)
                    .map(|column| Wanted::Column(table.name, column)),
            );
        } else {
            context.push(Document::error(format!(
                "{text} not a valid table.column description"
            )));
            return;
        }
    }
    let columns = wanted
        .iter()
        .filter(|w| matches!(w, Wanted::Column(..)))
        .count();
    described |= columns > 1;
    let shown: Vec<(String, Document)> = context.tables(|db| {
        let mut names: Vec<String> = match nodes {
            Some(nodes) => nodes.to_vec(),
            None => db.nodes().map(str::to_owned).collect(),
        };
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .filter(|node| {
                options.has("S") || db.get("nodelist", "node", node, "hidden") != Some("1")
            })
            .filter_map(|node| entry(db, &node, &wanted, described).map(|entry| (node, entry)))
            .collect()
    });
    let count = shown.len();
    if nodes.is_some() {
        let document = shown
            .into_iter()
            .fold(Document::default(), |document, (_, entry)| {
                document.with_node("node", entry)
            });
        if count > 0 {
            context.push(document);
        }
    } else {
        for (_, entry) in shown {
            context.push(Document::default().with_node("node", entry));
        }
    }
    if release != Release::E {
        context.push(Document::of("numofnodes", [count.to_string()]));
    }
}

/// Table and column of `table.column` or a short name.
pub(super) fn column(release: Release, text: &str) -> Option<(&'static str, &'static str)> {
    let full = SHORT_NAMES
        .iter()
        .find(|(short, _)| *short == text)
        .map_or(text, |(_, full)| full);
    let (table, column) = full.split_once('.')?;
    let table = schema::table(release, table)?;
    let column = table.columns(release).find(|c| *c == column)?;
    Some((table.name, column))
}

/// The entry of one node; `None` when a condition does not hold.
fn entry(db: &Database, node: &str, wanted: &[Wanted], described: bool) -> Option<Document> {
    let value = |table: &str, column: &str| {
        if column == "node" {
            return node.to_owned();
        }
        db.node_value(table, node, column).unwrap_or_default()
    };
    let mut entry = Document::of("name", [node]);
    for wanted in wanted {
        match wanted {
            Wanted::Condition(table, column, condition) => {
                if !condition.holds(&value(table, column)) {
                    return None;
                }
            }
            Wanted::Column(table, column) => {
                let mut data = Document::of("contents", [value(table, column)]);
                if described {
                    data = data.with("desc", [format!("{table}.{column}")]);
                }
                entry = entry.with_node("data", data);
            }
        }
    }
    Some(entry)
}
