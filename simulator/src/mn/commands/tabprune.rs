//! `tabprune`: removes old rows of the two logs (spec: rest-and-xcatd 1.9.12; RQ25).

use super::options::Options;
use super::tabdump;
use crate::mn::tables::schema;
use crate::mn::{Context, Document};
use crate::world::tables::Row;

const SPEC: &[&str] = &[
    "a|all",
    "d=",
    "h|help",
    "i=",
    "n=",
    "p=",
    "V|verbose",
    "v|version",
];
/// Tables that may be pruned.
const LOGS: [&str; 2] = ["auditlog", "eventlog"];

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let complain = |text: String| {
        context.push(Document::of("data", [text]).with("errorcode", ["1"]));
    };
    let Some(name) = options.operands.first() else {
        return complain("Table name required.".to_owned());
    };
    let release = context.settings().release;
    let Some(table) = schema::table(release, name).filter(|t| LOGS.contains(&t.name)) else {
        return complain(format!("The table {name} is not supported by tabprune."));
    };
    let number = |option: &str| options.value(option).and_then(|v| v.parse::<usize>().ok());
    let columns: Vec<&str> = table.columns(release).collect();
    let removed: Vec<String> = context.tables_mut(|db| {
        let mut rows = db.rows(table.name).to_vec();
        let count = if options.has("a") {
            rows.len()
        } else if let Some(count) = number("n") {
            count
        } else if let Some(percent) = number("p") {
            rows.len() * percent.min(100) / 100
        } else if let Some(last) = number("i") {
            let is_before = |row: &&Row| {
                row.get("recid")
                    .and_then(|id| id.parse::<usize>().ok())
                    .is_some_and(|id| id < last)
            };
            rows.iter().take_while(is_before).count()
        } else {
            0
        };
        let removed = rows
            .drain(..count.min(rows.len()))
            .map(|row| tabdump::line(&columns, &row))
            .collect();
        db.replace_rows(table.name, rows);
        removed
    });
    if options.has("V") && !removed.is_empty() {
        let header = format!("#{}", columns.join(","));
        let lines = [header].into_iter().chain(removed);
        context.push(Document::of("data", lines));
    }
}
