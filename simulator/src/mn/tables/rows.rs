//! Writing a row as xCAT's table layer does (spec: rest-and-xcatd 4.2).

use thiserror::Error;

use super::schema::Table;
use crate::seam::Release;
use crate::world::Database;
use crate::world::tables::Row;

/// What the database says when it refuses a write. The text follows `DB error ` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DbError {
    /// An insert in which nothing is set; reported without a text.
    #[error("")]
    Nothing,
    /// Another row has the same primary key; the text is SQLite's.
    #[error("UNIQUE constraint failed: {0}")]
    NotUnique(String),
}

/// Sets columns in the rows selected by `keys`, or inserts such a row. Without keys a row is always inserted.
///
/// The value `NULL` unsets a column of an existing row and is taken literally in a new one (RQ17). In a new row the
/// newer line fills missing key columns with empty text, so that a second such row collides; the older one leaves them
/// NULL, which never collides.
pub fn write_row(
    db: &mut Database,
    release: Release,
    table: Table,
    keys: &[(&str, &str)],
    values: &[(&str, &str)],
) -> Result<(), DbError> {
    let updated = if keys.is_empty() {
        false
    } else {
        update(db, release, table, keys, values)?
    };
    if updated {
        return Ok(());
    }
    if values.iter().all(|(_, value)| value.is_empty()) {
        return Err(DbError::Nothing);
    }
    let row: Row = keys
        .iter()
        .chain(values)
        .filter(|(_, value)| !value.is_empty())
        .map(|(column, value)| ((*column).to_owned(), (*value).to_owned()))
        .collect();
    unique(db, release, table, &row, &[])?;
    db.insert(table.name, row);
    Ok(())
}

/// Changes all rows that match; whether there was one.
fn update(
    db: &mut Database,
    release: Release,
    table: Table,
    keys: &[(&str, &str)],
    values: &[(&str, &str)],
) -> Result<bool, DbError> {
    let stored: Vec<(&str, &str)> = values
        .iter()
        .map(|(column, value)| (*column, if *value == "NULL" { "" } else { value }))
        .collect();
    let touches_key = table
        .keys()
        .any(|key| stored.iter().any(|(column, _)| *column == key));
    if touches_key {
        let rows = db.rows(table.name);
        let hits: Vec<usize> = (0..rows.len())
            .filter(|at| {
                keys.iter()
                    .all(|(c, v)| rows[*at].get(*c).map_or("", String::as_str) == *v)
            })
            .collect();
        for (nth, at) in hits.iter().enumerate() {
            let mut row = rows[*at].clone();
            row.extend(
                stored
                    .iter()
                    .map(|(c, v)| ((*c).to_owned(), (*v).to_owned())),
            );
            // Rows changed by the same statement collide with each other, too.
            let others = if nth == 0 { &hits[..] } else { &hits[nth..] };
            if nth > 0 && table.keys().all(|k| stored.iter().any(|(c, _)| *c == k)) {
                return Err(DbError::NotUnique(key_text(table)));
            }
            unique(db, release, table, &row, others)?;
        }
    }
    Ok(db.update(table.name, keys, &stored) > 0)
}

/// Refuses a row whose primary key another row has.
fn unique(
    db: &Database,
    release: Release,
    table: Table,
    row: &Row,
    but: &[usize],
) -> Result<(), DbError> {
    let key: Vec<(&str, &str)> = table
        .keys()
        .map(|column| (column, row.get(column).map_or("", String::as_str)))
        .collect();
    if release == Release::E && key.iter().any(|(_, value)| value.is_empty()) {
        return Ok(());
    }
    let taken = db.rows(table.name).iter().enumerate().any(|(at, other)| {
        !but.contains(&at)
            && key
                .iter()
                .all(|(c, v)| other.get(*c).map_or("", String::as_str) == *v)
    });
    if taken {
        return Err(DbError::NotUnique(key_text(table)));
    }
    Ok(())
}

/// The columns of the key as SQLite names them.
fn key_text(table: Table) -> String {
    let columns: Vec<String> = table
        .keys()
        .map(|c| format!("{}.{c}", table.name))
        .collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mn::tables::schema::table;

    fn write(
        db: &mut Database,
        release: Release,
        name: &str,
        keys: &[(&str, &str)],
        values: &[(&str, &str)],
    ) -> Result<(), DbError> {
        write_row(db, release, table(release, name).unwrap(), keys, values)
    }

    #[test]
    fn rq17_null_clears_on_update_and_is_literal_on_insert() {
        let mut db = Database::default();
        write(
            &mut db,
            Release::M,
            "zvm",
            &[("node", "n1")],
            &[("hcp", "NULL")],
        )
        .unwrap();
        assert_eq!(db.get("zvm", "node", "n1", "hcp"), Some("NULL"));
        write(
            &mut db,
            Release::M,
            "zvm",
            &[("node", "n1")],
            &[("hcp", "NULL")],
        )
        .unwrap();
        assert_eq!(db.get("zvm", "node", "n1", "hcp"), None);
        assert_eq!(db.rows("zvm").len(), 1);
    }

    #[test]
    fn rq32_a_second_mac_row_of_a_node_is_refused() {
        let mut db = Database::default();
        let values = [("node", "n1"), ("mac", "02:00:00:00:00:01")];
        write(&mut db, Release::M, "mac", &[], &values).unwrap();
        assert_eq!(
            write(&mut db, Release::M, "mac", &[], &values)
                .unwrap_err()
                .to_string(),
            "UNIQUE constraint failed: mac.node"
        );
    }

    #[test]
    fn missing_key_columns_collide_in_the_newer_line_only() {
        for (release, second) in [(Release::M, false), (Release::E, true)] {
            let mut db = Database::default();
            let values = [("node", "n1"), ("interface", "1000")];
            write(&mut db, release, "switch", &[], &values).unwrap();
            assert_eq!(
                write(&mut db, release, "switch", &[], &values).is_ok(),
                second
            );
        }
    }

    #[test]
    fn an_insert_of_nothing_is_refused_without_a_text() {
        let mut db = Database::default();
        let refused = write(
            &mut db,
            Release::M,
            "zvm",
            &[("node", "n1")],
            &[("hcp", "")],
        );
        assert_eq!(refused.unwrap_err().to_string(), "");
        assert!(db.rows("zvm").is_empty());
    }
}
