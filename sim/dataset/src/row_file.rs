//! A file of rows whose last source can be taken back.

use std::io::{self, Seek, SeekFrom, Write};

/// Rows as they are written, and where those of the current source begin.
#[derive(Debug)]
pub(crate) struct RowFile<W> {
    out: W,
    bytes: u64,
    mark: u64,
}

impl<W: Write + Seek> RowFile<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self {
            out,
            bytes: 0,
            mark: 0,
        }
    }

    pub(crate) fn write(&mut self, row: &[u8]) -> io::Result<()> {
        self.out.write_all(row)?;
        self.bytes += row.len() as u64;
        Ok(())
    }

    /// Keeps what was written.
    pub(crate) const fn keep(&mut self) {
        self.mark = self.bytes;
    }

    /// Takes back what was written since; the next rows overwrite it.
    pub(crate) fn take_back(&mut self) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(self.mark))?;
        self.bytes = self.mark;
        Ok(())
    }

    /// Writes what is left, and returns how many bytes are rows. Others may follow them.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.bytes)
    }
}
