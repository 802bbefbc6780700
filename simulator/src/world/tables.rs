//! xCAT's tables as data: rows of text in order of insertion (spec: rest-and-xcatd 4.1, 4.2).

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// All tables by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database {
    /// Tables that have ever been written, by name.
    pub tables: IndexMap<String, Vec<Row>>,
}

/// One row: column name to value; an absent column is unset.
pub type Row = IndexMap<String, String>;

impl Database {
    /// Rows of a table, disabled ones included, in database order.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// Value of `column` in the first enabled row of `table` whose `key` column equals `value`; `None` when there is
    /// no such row or the column is unset or empty.
    pub fn get(&self, table: &str, key: &str, value: &str, column: &str) -> Option<&str> {
        self.rows(table)
            .iter()
            .filter(|row| is_enabled(row))
            .find(|row| row.get(key).is_some_and(|v| v == value))
            .and_then(|row| row.get(column))
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Sets columns in every row whose `key` equals `value`, or inserts such a row (spec: rest-and-xcatd 4.2).
    pub fn set(&mut self, table: &str, key: &str, value: &str, columns: &[(&str, &str)]) {
        let rows = self.tables.entry(table.to_owned()).or_default();
        let mut hit = false;
        for row in rows
            .iter_mut()
            .filter(|row| row.get(key).is_some_and(|v| v == value))
        {
            hit = true;
            for (column, text) in columns {
                row.insert((*column).to_owned(), (*text).to_owned());
            }
        }
        if !hit {
            let mut row = Row::from([(key.to_owned(), value.to_owned())]);
            row.extend(
                columns
                    .iter()
                    .map(|(c, t)| ((*c).to_owned(), (*t).to_owned())),
            );
            rows.push(row);
        }
    }

    /// Deletes the rows whose `key` equals `value`; says how many there were.
    pub fn delete(&mut self, table: &str, key: &str, value: &str) -> usize {
        let Some(rows) = self.tables.get_mut(table) else {
            return 0;
        };
        let before = rows.len();
        rows.retain(|row| row.get(key).is_none_or(|v| v != value));
        before - rows.len()
    }
}

/// Whether readers see the row: `disable` is unset, empty, `0` or `no`.
pub fn is_enabled(row: &Row) -> bool {
    row.get("disable")
        .is_none_or(|v| v.is_empty() || v == "0" || v.eq_ignore_ascii_case("no"))
}
