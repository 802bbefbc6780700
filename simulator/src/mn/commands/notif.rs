//! `regnotif` and `unregnotif`: rows of table `notification` (spec: rest-and-xcatd 1.9.14). No file is run when a
//! table changes.

use super::options::Options;
use crate::mn::Context;

const SPEC: &[&str] = &["h|help", "o=", "v|version"];

/// `regnotif {file} {table,...} [-o {operation,...}]`.
pub fn register(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    if let [file, tables, rest @ ..] = options.operands.as_slice() {
        // Further operations come as operands of their own.
        let operations: Vec<&str> = options
            .value("o")
            .into_iter()
            .chain(rest.iter().map(String::as_str))
            .collect();
        let operations = operations.join(",");
        context.tables_mut(|db| {
            let columns = [("tables", tables.as_str()), ("tableops", &operations)];
            db.set("notification", "filename", file, &columns);
        });
    }
}

/// `unregnotif {file}`.
pub fn unregister(context: &Context, args: &[String]) {
    let options = Options::read(SPEC, args);
    if let Some(file) = options.operands.first() {
        context.tables_mut(|db| db.delete("notification", "filename", file));
    }
}
