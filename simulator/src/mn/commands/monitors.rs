//! Commands on monitors (spec: rest-and-xcatd 1.9.13): rows of tables `monitoring` and `monsetting`. No monitor runs,
//! so starting, stopping and configuring one changes nothing and says nothing.

use super::options::Options;
use crate::mn::{Context, Document};
use crate::world::tables::{Row, is_enabled};

const SPEC: &[&str] = &[
    "a",
    "d|description",
    "h|help",
    "n|nodestatmon",
    "r|remote",
    "s=",
    "v|version",
];

/// `monls [name]`: the monitors that were added.
pub fn list(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let lines: Vec<String> = context.tables(|db| {
        db.rows("monitoring")
            .iter()
            .filter(|row| is_enabled(row))
            .filter_map(|row| row.get("name"))
            .filter(|name| options.operands.is_empty() || options.operands.contains(name))
            .map(|name| format!("{name}\t\tnot-monitored"))
            .collect()
    });
    if !lines.is_empty() {
        context.push(Document::of("data", lines));
    }
}

/// `monadd name [-n] [-s key=value]`.
pub fn add(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    let Some(name) = options.operands.first() else {
        return;
    };
    let status = if options.has("n") { "yes" } else { "no" };
    context.tables_mut(|db| {
        db.set("monitoring", "name", name, &[("nodestatmon", status)]);
        for setting in options.values("s") {
            let setting = setting.trim_matches(['[', ']']);
            let Some((key, value)) = setting.split_once('=') else {
                continue;
            };
            let keys = [("name", name.as_str()), ("key", key)];
            if db.update("monsetting", &keys, &[("value", value)]) == 0 {
                let row: Row = keys
                    .into_iter()
                    .chain([("value", value)])
                    .map(|(c, v)| (c.to_owned(), v.to_owned()))
                    .collect();
                db.insert("monsetting", row);
            }
        }
    });
}

/// `monrm name`.
pub fn remove(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    if let Some(name) = options.operands.first() {
        context.tables_mut(|db| {
            for table in ["monitoring", "monsetting"] {
                db.delete(table, "name", name);
            }
        });
    }
}
