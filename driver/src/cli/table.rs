//! Tables for people.

use std::fmt::Write as _;

/// Columns of text, aligned; numbers are the caller's strings.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// A table with these column heads.
    pub fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            ..Self::default()
        }
    }

    /// Aligns a column to the right.
    #[must_use]
    pub fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The text, one line for each row, without trailing blanks; empty when there is no row.
    pub fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let header: Vec<String> = self.header.iter().map(|cell| (*cell).to_owned()).collect();
        let all = || std::iter::once(&header).chain(&self.rows);
        let width = |column: usize| {
            all()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column > 0 {
                    line.push_str("  ");
                }
                let _ = if self.right.contains(&column) {
                    write!(line, "{cell:>width$}")
                } else {
                    write!(line, "{cell:<width$}")
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// One line for each text.
pub fn lines<T: std::fmt::Display>(texts: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for line in texts {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// `key: value` lines with the values in one column.
pub fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let facts: Vec<(&str, String)> = facts.into_iter().collect();
    let width = facts.iter().map(|(key, _)| key.len()).max().unwrap_or(0) + 1;
    let mut text = String::new();
    for (key, value) in facts {
        let line = format!("{:<width$} {value}", format!("{key}:"));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["ID", "GIB", "STATE"]).right(1);
        table.row(["a".to_owned(), "10".to_owned(), "free".to_owned()]);
        table.row(["abc".to_owned(), "1000".to_owned(), String::new()]);
        assert_eq!(
            table.text(),
            "ID    GIB  STATE\na      10  free\nabc  1000\n"
        );
        assert_eq!(Table::new(&["ID"]).text(), "");
        assert_eq!(
            facts([("id", "x".to_owned()), ("size", "1".to_owned())]),
            "id:   x\nsize: 1\n"
        );
    }
}
