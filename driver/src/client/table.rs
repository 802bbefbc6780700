//! Tables of the MN, as `GET /tables/{table}` dumps them: CSV with a header line (spec: driver 2.1.3).

use std::collections::HashMap;

use super::answer::Answer;

/// The rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads the answer; rows of another length are kept, missing cells are empty.
    pub fn parse(answer: &Answer) -> Self {
        let mut table = Self::default();
        for line in answer.output() {
            if let Some(header) = line.strip_prefix('#') {
                if table.columns.is_empty() {
                    let names = header.split(',').enumerate();
                    table.columns = names
                        .map(|(index, name)| (name.trim().to_owned(), index))
                        .collect();
                }
            } else {
                table.rows.push(cells(line));
            }
        }
        table
    }

    /// The rows, each as a function from column name to cell.
    pub fn rows(&self) -> impl Iterator<Item = TableRow<'_>> {
        self.rows.iter().map(|cells| TableRow {
            columns: &self.columns,
            cells,
        })
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct TableRow<'a> {
    columns: &'a HashMap<String, usize>,
    cells: &'a [String],
}

impl<'a> TableRow<'a> {
    /// A cell; empty when there is no such column or cell.
    pub fn get(&self, column: &str) -> &'a str {
        self.columns
            .get(column)
            .and_then(|index| self.cells.get(*index))
            .map_or("", String::as_str)
    }
}

/// Cells of a line: double quotes around a cell, doubled ones within.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = cells.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells[last].push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ver_05_header_and_quoted_cells() {
        let body = br##"{"data":[{"data":["#node,hcp,userid,parent","\"zvm1\",\"z.example.com\",,\"a,\"\"b\"\"\"","\"x\""]}]}"##;
        let table = Table::parse(&Answer::parse(200, body).unwrap());
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows[0].get("hcp"), "z.example.com");
        assert_eq!(rows[0].get("userid"), "");
        assert_eq!(rows[0].get("parent"), "a,\"b\"");
        assert_eq!(
            (rows[1].get("node"), rows[1].get("hcp"), rows[1].get("x")),
            ("x", "", "")
        );
    }
}
