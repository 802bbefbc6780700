//! `tabdump`: a table as comma-separated values (spec: rest-and-xcatd 4.3).

use super::options::Options;
use crate::mn::tables::filter::Condition;
use crate::mn::tables::schema;
use crate::mn::{Context, Document};
use crate::world::tables::Row;

const SPEC: &[&str] = &["d", "f=", "n=", "w=", "v|version", "V|verbose", "h|?|help"];

/// Dumps the table named, or lists the names of all tables.
pub fn run(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let release = context.settings().release;
    if !options.unknown.is_empty() || options.operands.len() > 1 || options.has("h") {
        let usage = Document::of("data", USAGE);
        context.push(if options.has("h") {
            usage
        } else {
            usage.with("errorcode", ["1"])
        });
        return;
    }
    let Some(name) = options.operands.first() else {
        let names = schema::all(release).map(|table| table.name);
        context.push(Document::of("data", names));
        return;
    };
    let table = schema::table(release, name);
    if options.has("d") {
        context.push(match table {
            Some(table) => Document::of(
                "data",
                table.columns(release).map(|column| format!("{column}:\t")),
            ),
            None => Document::error(format!("table {name} does not exist.")),
        });
        return;
    }
    let Some(table) = table else {
        context.push(Document::error(format!("No such table: {name}")));
        return;
    };
    let mut conditions = Vec::new();
    for text in options.values("w") {
        if let Some(condition) = Condition::parse(text) {
            conditions.push(condition);
        } else {
            context.push(Document::of("data", USAGE).with("errorcode", ["1"]));
            return;
        }
    }
    let last = options
        .value("n")
        .filter(|_| matches!(table.name, "auditlog" | "eventlog"))
        .and_then(|count| count.parse::<usize>().ok());
    let lines = context.tables(|db| {
        let rows: Vec<&Row> = db
            .rows(table.name)
            .iter()
            .filter(|row| {
                conditions
                    .iter()
                    .all(|c| c.holds(row.get(&c.name).map_or("", String::as_str)))
            })
            .collect();
        let skipped = last.map_or(0, |last| rows.len().saturating_sub(last));
        let columns: Vec<&str> = table.columns(release).collect();
        let mut lines = Vec::with_capacity(rows.len() + 1);
        lines.push(format!("#{}", columns.join(",")));
        lines.extend(rows[skipped..].iter().map(|row| line(&columns, row)));
        lines
    });
    match options.value("f") {
        Some(file) => store(context, file, &lines),
        None => context.push(Document::of("data", lines)),
    }
}

/// One row: set values in double quotes with inner ones doubled, unset values as nothing.
pub(super) fn line(columns: &[&str], row: &Row) -> String {
    let mut line = String::new();
    for (nth, column) in columns.iter().enumerate() {
        if nth > 0 {
            line.push(',');
        }
        if let Some(value) = row.get(*column).filter(|v| !v.is_empty()) {
            line.push('"');
            line.push_str(&value.replace('"', "\"\""));
            line.push('"');
        }
    }
    line
}

/// `-f`: the dump goes to a file of the management node.
fn store(context: &Context, file: &str, lines: &[String]) {
    super::mn_files::write(context, file, lines.join("\n") + "\n");
}

const USAGE: [&str; 5] = [
    "Usage: tabdump [-d] [table]",
    "       tabdump [table]",
    "       tabdump [-f <filename>] [-w attr==val] [-w attr=~val] ... [table]",
    "       tabdump [-n # of records] [auditlog | eventlog]",
    "       tabdump [-?|-h|--help]",
];
