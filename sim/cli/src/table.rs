//! Plain tables: aligned columns, two spaces apart, no frames and no colour.
//!
//! Ignores the width of the terminal: the same rows give the same text everywhere.

use std::io::{self, Write};

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows of `N` cells.
#[derive(Clone, Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    #[must_use]
    pub(crate) const fn new(columns: [Align; N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row. A cell is one line of text.
    pub(crate) fn row(&mut self, cells: [impl Into<String>; N]) {
        self.rows.push(cells.map(Into::into));
    }

    /// Writes every row with `indent` spaces before it and none after it.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, indent: usize, out: &mut impl Write) -> io::Result<()> {
        let widths: [usize; N] = std::array::from_fn(|column| {
            let widths = self.rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        });
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for ((cell, width), align) in row.iter().zip(widths).zip(self.columns) {
                line += &match align {
                    Align::Left => format!("{cell:<width$}  "),
                    Align::Right => format!("{cell:>width$}  "),
                };
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_without_trailing_space() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["records", "1200", "of 1200"]);
        table.row(["trap", "7", ""]);
        table.row(["naïve", "", "…"]);
        let mut out = Vec::new();
        table.write(2, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  records  1200  of 1200\n  trap        7\n  naïve          …\n"
        );
    }
}
