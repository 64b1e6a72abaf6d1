//! Plain tables: aligned columns, two spaces apart, no frames and no colour.
//!
//! On a terminal a table fits its width. Elsewhere the same rows give the same text.

use std::io::{self, Write};

use crate::terminal::columns;

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// The least width into which a last column of text is broken.
const NARROWEST: usize = 16;

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
        self.write_within(columns().unwrap_or(usize::MAX), indent, out)
    }

    /// A table that is too wide has its last column broken into lines, if that is text, or is
    /// written in blocks of columns, each with the first column.
    fn write_within(&self, limit: usize, indent: usize, out: &mut impl Write) -> io::Result<()> {
        let mut widths: [usize; N] = std::array::from_fn(|column| {
            let widths = self.rows.iter().map(|row| width(&row[column]));
            widths.max().unwrap_or(0)
        });
        let before_last: usize = widths.iter().take(N - 1).map(|width| width + 2).sum();
        let room = limit.saturating_sub(indent + before_last);
        if self.columns[N - 1] == Align::Left && room >= NARROWEST {
            widths[N - 1] = widths[N - 1].min(room);
        }
        let mut first = 1;
        loop {
            let mut used = indent + widths[0];
            let mut end = first;
            while end < N {
                // An empty column takes no room.
                let more = if widths[end] == 0 { 0 } else { 2 + widths[end] };
                if end > first && used + more > limit {
                    break;
                }
                used += more;
                end += 1;
            }
            if first > 1 {
                writeln!(out)?;
            }
            self.write_block(&widths, first..end, indent, out)?;
            first = end;
            if first >= N {
                return Ok(());
            }
        }
    }

    /// Writes the first column and those of `block`.
    fn write_block(
        &self,
        widths: &[usize; N],
        block: std::ops::Range<usize>,
        indent: usize,
        out: &mut impl Write,
    ) -> io::Result<()> {
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            let mut rest = Vec::new();
            for column in std::iter::once(0).chain(block.clone()) {
                let (width, mut cell) = (widths[column], row[column].as_str());
                if column == N - 1 {
                    let mut lines = broken(cell, width).into_iter();
                    cell = lines.next().unwrap_or_default();
                    let before = line.chars().count();
                    rest = lines.map(|text| " ".repeat(before) + text).collect();
                }
                line += &match self.columns[column] {
                    Align::Left => format!("{cell:<width$}  "),
                    Align::Right => format!("{cell:>width$}  "),
                };
            }
            writeln!(out, "{}", line.trim_end())?;
            for line in rest {
                writeln!(out, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text in lines of at most `limit` characters, broken at spaces where there are some.
fn broken(text: &str, limit: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut text = text;
    while let Some((end, _)) = text.char_indices().nth(limit.max(1)) {
        let space = text[..end].rfind(' ').filter(|space| *space > 0);
        let (line, rest) = text.split_at(space.unwrap_or(end));
        lines.push(line.trim_end());
        text = rest.trim_start();
    }
    lines.push(text);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<const N: usize>(table: &Table<N>, limit: usize, indent: usize) -> String {
        let mut out = Vec::new();
        table.write_within(limit, indent, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_without_trailing_space() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["records", "1200", "of 1200"]);
        table.row(["trap", "7", ""]);
        table.row(["naïve", "", "…"]);
        assert_eq!(
            written(&table, usize::MAX, 2),
            "  records  1200  of 1200\n  trap        7\n  naïve          …\n"
        );
    }

    #[test]
    fn last_column_of_text_is_broken_to_fit() {
        let mut table = Table::new([Align::Left, Align::Left]);
        table.row(["both-lanes", "P 3 and E 17 of twenty ticks"]);
        table.row(["ticks", "averyveryverylongword"]);
        assert_eq!(
            written(&table, 30, 2),
            "  both-lanes  P 3 and E 17 of\n              twenty ticks\n  \
             ticks       averyveryverylon\n              gword\n"
        );
    }

    #[test]
    fn wide_table_is_written_in_blocks() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right]);
        table.row(["scenario", "runs", "pass %", "done %"]);
        table.row(["log-hunt", "20", "100.00", "99.00"]);
        assert_eq!(
            written(&table, 24, 0),
            "scenario  runs  pass %\nlog-hunt    20  100.00\n\n\
             scenario  done %\nlog-hunt   99.00\n"
        );
        assert_eq!(written(&table, 80, 0).lines().count(), 2);
        for line in written(&table, 24, 0).lines() {
            assert!(line.len() <= 24, "{line}");
        }
    }
}
