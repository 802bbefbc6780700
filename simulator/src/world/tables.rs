//! xCAT's tables as data: rows of text in order of insertion (spec: rest-and-xcatd 4.1, 4.2).
//!
//! Nothing here knows which columns a table has; that is the schema's business (`mn::tables`). Rows are looked up by
//! node name and by key so often that each table keeps an index of its `node` and `key` columns, and policy rows are
//! walked by priority with every request; the indexes are never saved and never compared, and whatever they answer a
//! scan of the rows would answer too.

use std::any::Any;
use std::collections::HashMap;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::hash::BuildWords;
use super::node_value::computed;

/// The column that names a node.
const NODE: &str = "node";
/// The columns that are indexed.
const INDEXED: [&str; 2] = [NODE, "key"];

/// One row: column name to value; an absent column is unset.
pub type Row = IndexMap<String, String, BuildWords>;

/// All tables by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database {
    tables: IndexMap<String, Table, BuildWords>,
    #[serde(skip)]
    recorder: Recorder,
}

/// Rows in order of insertion, with their index.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Table {
    rows: Vec<Row>,
    #[serde(skip)]
    indexes: Indexes,
}

/// What is known of the rows of a table without looking at them; found out when it is asked for.
#[derive(Debug, Default)]
struct Indexes {
    /// Positions of rows by the value of each of [`INDEXED`].
    by_value: [OnceLock<HashMap<String, Vec<u32>>>; INDEXED.len()],
    /// Positions of the enabled rows in numerical order of `priority`.
    by_priority: OnceLock<Vec<u32>>,
    /// What somebody made of these rows.
    derived: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Indexes {
    /// A row was added, changed or removed.
    fn forget_order(&mut self) {
        self.by_priority.take();
        self.derived.take();
    }
}

impl Clone for Table {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            indexes: Indexes::default(),
        }
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Table {
    /// Positions of the rows with a value in an indexed column.
    fn positions(&self, column: usize, value: &str) -> &[u32] {
        let index = self.indexes.by_value[column].get_or_init(|| {
            let mut index: HashMap<String, Vec<u32>> = HashMap::new();
            for (at, row) in self.rows.iter().enumerate() {
                if let Some(value) = row.get(INDEXED[column]) {
                    index.entry(value.clone()).or_default().push(at as u32);
                }
            }
            index
        });
        index.get(value).map_or(&[], Vec::as_slice)
    }

    /// Enabled rows in numerical order of `priority`; what is no number is 0.
    fn by_priority(&self) -> &[u32] {
        self.indexes.by_priority.get_or_init(|| {
            let priority = |row: &Row| {
                row.get("priority")
                    .and_then(|p| p.trim().parse::<f64>().ok())
                    .unwrap_or(0.0)
            };
            let mut rows: Vec<(f64, u32)> = (0..)
                .zip(&self.rows)
                .filter(|(_, row)| is_enabled(row))
                .map(|(at, row)| (priority(row), at))
                .collect();
            rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            rows.into_iter().map(|(_, at)| at).collect()
        })
    }

    fn push(&mut self, row: Row) {
        for (column, index) in INDEXED.iter().zip(&mut self.indexes.by_value) {
            if let Some(index) = index.get_mut()
                && let Some(value) = row.get(*column)
            {
                index
                    .entry(value.clone())
                    .or_default()
                    .push(self.rows.len() as u32);
            }
        }
        self.indexes.forget_order();
        self.rows.push(row);
    }

    /// Positions of the rows whose columns equal all of `keys`, in order.
    fn select(&self, keys: &[(&str, &str)]) -> Vec<usize> {
        let hit = |row: &Row| {
            keys.iter()
                .all(|(column, value)| row.get(*column).map_or("", String::as_str) == *value)
        };
        let indexed = keys
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .find_map(|(column, value)| Some((INDEXED.iter().position(|c| c == column)?, value)));
        match indexed {
            Some((column, value)) => self
                .positions(column, value)
                .iter()
                .map(|at| *at as usize)
                .filter(|at| hit(&self.rows[*at]))
                .collect(),
            None => (0..self.rows.len())
                .filter(|at| hit(&self.rows[*at]))
                .collect(),
        }
    }
}

/// The changes that are recorded, when they are; no part of the tables.
#[derive(Debug, Default)]
struct Recorder(Option<Vec<TableChange>>);

impl Clone for Recorder {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl PartialEq for Recorder {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A change of a table, as it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum TableChange {
    /// [`Database::insert`].
    Insert {
        /// The table.
        table: String,
        /// The row.
        row: Row,
    },
    /// [`Database::update`].
    Update {
        /// The table.
        table: String,
        /// Which rows.
        keys: Vec<(String, String)>,
        /// What is set.
        columns: Vec<(String, String)>,
    },
    /// [`Database::replace_rows`].
    Replace {
        /// The table.
        table: String,
        /// Its rows.
        rows: Vec<Row>,
    },
    /// [`Database::delete_where`].
    Delete {
        /// The table.
        table: String,
        /// Which rows.
        keys: Vec<(String, String)>,
    },
}

impl FromIterator<(String, Vec<Row>)> for Database {
    fn from_iter<I: IntoIterator<Item = (String, Vec<Row>)>>(tables: I) -> Self {
        Self {
            tables: tables
                .into_iter()
                .map(|(name, rows)| {
                    let indexes = Indexes::default();
                    (name, Table { rows, indexes })
                })
                .collect(),
            recorder: Recorder::default(),
        }
    }
}

impl Database {
    /// Names of the tables that have ever been written, in the order in which that happened.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Rows of a table, disabled ones included, in database order.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], |t| &t.rows)
    }

    /// Enabled rows of a table in numerical order of `priority`, as the policy is read.
    pub fn by_priority(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.tables
            .get(table)
            .into_iter()
            .flat_map(|t| t.by_priority().iter().map(|at| &t.rows[*at as usize]))
    }

    /// Keeps every change from now on, for [`Self::take_recorded`].
    pub fn start_recording(&mut self) {
        self.recorder.0.get_or_insert_default();
    }

    /// The changes since the last time; none unless they are recorded.
    pub fn take_recorded(&mut self) -> Vec<TableChange> {
        self.recorder
            .0
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Makes a recorded change.
    pub fn apply(&mut self, change: TableChange) {
        fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
            pairs
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect()
        }
        match change {
            TableChange::Insert { table, row } => self.insert(&table, row),
            TableChange::Replace { table, rows } => self.replace_rows(&table, rows),
            TableChange::Update {
                table,
                keys,
                columns,
            } => {
                self.update(&table, &borrowed(&keys), &borrowed(&columns));
            }
            TableChange::Delete { table, keys } => {
                self.delete_where(&table, &borrowed(&keys));
            }
        }
    }

    /// Replaces all rows of a table; the index starts anew.
    pub fn replace_rows(&mut self, table: &str, rows: Vec<Row>) {
        self.record(|| TableChange::Replace {
            table: table.to_owned(),
            rows: rows.clone(),
        });
        let indexes = Indexes::default();
        self.tables
            .insert(table.to_owned(), Table { rows, indexes });
    }

    fn record(&mut self, change: impl FnOnce() -> TableChange) {
        if let Some(recorded) = &mut self.recorder.0 {
            recorded.push(change());
        }
    }

    /// Enabled rows whose columns equal all of `keys`, in database order; an empty value stands for an unset column.
    pub fn find<'a>(
        &'a self,
        table: &str,
        keys: &[(&str, &str)],
    ) -> impl Iterator<Item = &'a Row> + use<'a> {
        let table = self.tables.get(table);
        let (known, selected) = match (table, keys) {
            (None, _) => (&[][..], Vec::new()),
            // What the index says needs no further look.
            (Some(table), [(column, value)])
                if !value.is_empty()
                    && let Some(column) = INDEXED.iter().position(|c| c == column) =>
            {
                (table.positions(column, value), Vec::new())
            }
            (Some(table), keys) => (&[][..], table.select(keys)),
        };
        let rows = table.map_or(&[][..], |table| &table.rows);
        let known = known.iter().map(|at| *at as usize);
        known
            .chain(selected)
            .map(|at| &rows[at])
            .filter(|row| is_enabled(row))
    }

    /// What was made of the enabled rows of a table in numerical order of `priority`, and is made anew once the table
    /// has changed. A table has one such thing: the policy's rules. `None`: it was asked for another type before.
    pub fn derived<T: Send + Sync + 'static>(
        &self,
        table: &str,
        make: impl FnOnce(&mut dyn Iterator<Item = &Row>) -> T,
    ) -> Option<&T> {
        let table = self.tables.get(table)?;
        let derived = table.indexes.derived.get_or_init(|| {
            let mut rows = table
                .by_priority()
                .iter()
                .map(|at| &table.rows[*at as usize]);
            Box::new(make(&mut rows))
        });
        derived.downcast_ref()
    }

    /// Value of `column` in the first enabled row of `table` whose `key` column equals `value`; `None` when there is
    /// no such row or the column is unset or empty.
    pub fn get(&self, table: &str, key: &str, value: &str, column: &str) -> Option<&str> {
        self.first(table, key, value)
            .and_then(|row| row.get(column))
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// The first enabled row of `table` whose `key` column equals `value`.
    fn first(&self, table: &str, key: &str, value: &str) -> Option<&Row> {
        let Some(column) = INDEXED.iter().position(|c| *c == key) else {
            return self.find(table, &[(key, value)]).next();
        };
        if value.is_empty() {
            return self.find(table, &[(key, value)]).next();
        }
        let table = self.tables.get(table)?;
        table
            .positions(column, value)
            .iter()
            .map(|at| &table.rows[*at as usize])
            .find(|row| is_enabled(row))
    }

    /// Value of the `site` table.
    pub fn site(&self, key: &str) -> Option<&str> {
        self.get("site", "key", key, "value")
    }

    /// Whether a node of that name is defined: it has a row in `nodelist`.
    pub fn is_node(&self, name: &str) -> bool {
        self.first("nodelist", NODE, name).is_some()
    }

    /// Names of all nodes, in database order.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.rows("nodelist")
            .iter()
            .filter(|row| is_enabled(row))
            .filter_map(|row| row.get(NODE))
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// Groups of a node, in the order of its `groups` column.
    pub fn groups_of(&self, node: &str) -> impl Iterator<Item = &str> {
        self.get("nodelist", NODE, node, "groups")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|group| !group.is_empty())
    }

    /// What readers of nodes see in a column: the node's own value, else that of the first of its groups that has
    /// one; values written as an expression on the node's name are computed (spec: rest-and-xcatd 4.2).
    pub fn node_value(&self, table: &str, node: &str, column: &str) -> Option<String> {
        self.get(table, NODE, node, column)
            .or_else(|| {
                (table != "nodelist")
                    .then(|| {
                        self.groups_of(node)
                            .find_map(|group| self.get(table, NODE, group, column))
                    })
                    .flatten()
            })
            .map(|value| computed(value, node))
            .filter(|value| !value.is_empty())
    }

    /// Sets columns in every row whose `key` equals `value`, or inserts such a row (spec: rest-and-xcatd 4.2).
    /// Setting an empty text unsets the column.
    pub fn set(&mut self, table: &str, key: &str, value: &str, columns: &[(&str, &str)]) {
        if self.update(table, &[(key, value)], columns) == 0 {
            let mut row = Row::from_iter([(key.to_owned(), value.to_owned())]);
            for (column, text) in columns.iter().filter(|(_, text)| !text.is_empty()) {
                row.insert((*column).to_owned(), (*text).to_owned());
            }
            self.insert(table, row);
        }
    }

    /// Sets columns in every row, enabled or not, whose columns equal all of `keys`; says how many rows there were.
    pub fn update(
        &mut self,
        table: &str,
        keys: &[(&str, &str)],
        columns: &[(&str, &str)],
    ) -> usize {
        self.record(|| TableChange::Update {
            table: table.to_owned(),
            keys: owned(keys),
            columns: owned(columns),
        });
        let Some(table) = self.tables.get_mut(table) else {
            return 0;
        };
        let hits = table.select(keys);
        for at in &hits {
            for (column, text) in columns {
                if text.is_empty() {
                    table.rows[*at].shift_remove(*column);
                } else {
                    table.rows[*at].insert((*column).to_owned(), (*text).to_owned());
                }
            }
        }
        if !hits.is_empty() {
            for (column, index) in INDEXED.iter().zip(&mut table.indexes.by_value) {
                if columns.iter().any(|(changed, _)| changed == column) {
                    index.take();
                }
            }
            table.indexes.forget_order();
        }
        hits.len()
    }

    /// Appends a row.
    pub fn insert(&mut self, table: &str, row: Row) {
        self.record(|| TableChange::Insert {
            table: table.to_owned(),
            row: row.clone(),
        });
        self.tables.entry(table.to_owned()).or_default().push(row);
    }

    /// Deletes the rows whose `key` equals `value`; says how many there were.
    pub fn delete(&mut self, table: &str, key: &str, value: &str) -> usize {
        self.delete_where(table, &[(key, value)])
    }

    /// Deletes the rows whose columns equal all of `keys`; says how many there were.
    pub fn delete_where(&mut self, table: &str, keys: &[(&str, &str)]) -> usize {
        self.record(|| TableChange::Delete {
            table: table.to_owned(),
            keys: owned(keys),
        });
        let Some(table) = self.tables.get_mut(table) else {
            return 0;
        };
        let hits = table.select(keys);
        if !hits.is_empty() {
            table.indexes = Indexes::default();
            let mut at = 0;
            table.rows.retain(|_| {
                at += 1;
                hits.binary_search(&(at - 1)).is_err()
            });
        }
        hits.len()
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// Whether readers see the row: `disable` is unset, empty, `0` or `no`.
pub fn is_enabled(row: &Row) -> bool {
    // A row has few columns: looking at them is cheaper than hashing the name.
    row.iter()
        .find(|(column, _)| *column == "disable")
        .is_none_or(|(_, v)| v.is_empty() || v == "0" || v.eq_ignore_ascii_case("no"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(columns: &[(&str, &str)]) -> Row {
        columns
            .iter()
            .map(|(c, v)| ((*c).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_disabled_row_is_not_read_but_is_updated() {
        let mut db = Database::default();
        db.insert(
            "zvm",
            row(&[("node", "n1"), ("hcp", "z1"), ("disable", "yes")]),
        );
        assert_eq!(db.get("zvm", "node", "n1", "hcp"), None);
        db.set("zvm", "node", "n1", &[("hcp", "z2"), ("disable", "")]);
        assert_eq!(db.get("zvm", "node", "n1", "hcp"), Some("z2"));
        assert_eq!(db.rows("zvm").len(), 1);
    }

    #[test]
    fn a_node_inherits_from_its_groups_in_their_order() {
        let mut db = Database::default();
        db.insert("nodelist", row(&[("node", "n7"), ("groups", "g1,g2")]));
        db.insert("zvm", row(&[("node", "g2"), ("hcp", "z2")]));
        db.insert(
            "zvm",
            row(&[("node", "g1"), ("userid", "|n(\\d+)|LNX($1)|")]),
        );
        assert_eq!(db.node_value("zvm", "n7", "hcp").as_deref(), Some("z2"));
        assert_eq!(
            db.node_value("zvm", "n7", "userid").as_deref(),
            Some("LNX7")
        );
        assert_eq!(db.node_value("zvm", "n7", "parent"), None);
    }

    proptest! {
        #[test]
        fn the_index_answers_what_a_scan_answers(
            steps in proptest::collection::vec((0u8..6, 0u8..5, 0u8..3), 0..40),
        ) {
            let mut db = Database::default();
            for (step, node, value) in steps {
                let (node, value) = (format!("n{node}"), format!("v{value}"));
                match step {
                    0 => db.insert("t", row(&[("node", &node), ("c", &value)])),
                    1 => db.set("t", "node", &node, &[("c", &value)]),
                    2 => { db.delete_where("t", &[("node", &node), ("c", &value)]); }
                    3 => { db.update("t", &[("c", &value)], &[("node", &node)]); }
                    4 => db.set("t", "node", &node, &[("key", &value)]),
                    _ => db.set("t", "node", &node, &[("priority", &value[1..]), ("disable", "")]),
                }
                for n in 0..5 {
                    let n = format!("n{n}");
                    let scan: Vec<_> = db.rows("t").iter().filter(|r| r.get("node") == Some(&n)).collect();
                    let index: Vec<_> = db.find("t", &[("node", &n)]).collect();
                    prop_assert_eq!(scan, index);
                }
                for v in 0..3 {
                    let v = format!("v{v}");
                    let scan: Vec<_> = db.rows("t").iter().filter(|r| r.get("key") == Some(&v)).collect();
                    let index: Vec<_> = db.find("t", &[("key", &v)]).collect();
                    prop_assert_eq!(scan, index);
                }
                let mut scan: Vec<_> = db.rows("t").iter().collect();
                scan.sort_by_key(|r| r.get("priority").map_or(0, |p| p.parse::<u32>().unwrap_or(0)));
                prop_assert_eq!(scan, db.by_priority("t").collect::<Vec<_>>());
            }
        }
    }
}
