//! Whole lines to a file, a block at a time.
//!
//! Never writes after a failed write: what is on disk stays a prefix of whole lines with, at most,
//! a torn last one.

use std::io::{self, Write};

/// How many bytes are gathered before the file is written.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

/// Gathers whole lines and writes them in blocks. What is left is written when it is dropped.
#[derive(Debug)]
pub(crate) struct LineWriter<W: Write> {
    sink: W,
    gathered: Vec<u8>,
    failed: bool,
}

impl<W: Write> LineWriter<W> {
    pub(crate) fn new(sink: W) -> Self {
        Self {
            sink,
            gathered: Vec::with_capacity(BLOCK_BYTES * 2),
            failed: false,
        }
    }

    /// Takes one or more whole lines, each with its newline.
    pub(crate) fn write_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        assert!(lines.ends_with(b"\n"), "a line ends with its newline");
        self.refuse_after_failure()?;
        self.gathered.extend_from_slice(lines);
        if self.gathered.len() >= BLOCK_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Hands everything gathered to the operating system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.refuse_after_failure()?;
        // Assumed until the opposite is known: a block that went out in part must not go out again.
        self.failed = true;
        self.sink.write_all(&self.gathered)?;
        self.sink.flush()?;
        self.failed = false;
        self.gathered.clear();
        Ok(())
    }

    fn refuse_after_failure(&self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier write failed"));
        }
        Ok(())
    }

    pub(crate) const fn sink(&self) -> &W {
        &self.sink
    }
}

impl<W: Write> Drop for LineWriter<W> {
    fn drop(&mut self) {
        if !self.failed {
            // A caller that needs the result calls `flush`. This one stops on an error of its own,
            // and its last records explain it.
            let _ = self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos::Digest;
    use turingos::journal::Chain;

    /// A disk with room for so many bytes.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
        writes: usize,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            let fits = bytes.len().min(self.room - self.bytes.len());
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_blocks_and_on_drop() {
        let mut disk = Disk {
            room: usize::MAX,
            ..Disk::default()
        };
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let mut writer = LineWriter::new(&mut disk);
        for _ in 0..100 {
            writer.write_lines(&line).unwrap();
        }
        drop(writer);
        assert_eq!((disk.bytes.len(), disk.writes), (100_000, 2));
    }

    #[test]
    fn full_disk_keeps_a_valid_prefix() {
        for room in [
            1,
            1000,
            BLOCK_BYTES - 1,
            BLOCK_BYTES + 1,
            3 * BLOCK_BYTES + 77,
        ] {
            let mut disk = Disk {
                room,
                ..Disk::default()
            };
            let mut writer = LineWriter::new(&mut disk);
            let mut chain = Chain::new(Digest::EMPTY);
            let mut line = Vec::new();
            let error = loop {
                line.clear();
                chain.append(b"{\"tick\":0}", &mut line);
                if let Err(error) = writer.write_lines(&line) {
                    break error;
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert!(writer.flush().is_err());
            assert!(writer.write_lines(&line).is_err());
            drop(writer);
            assert_eq!(
                disk.bytes.len(),
                room,
                "nothing is written after the failure"
            );

            let mut read = Chain::new(Digest::EMPTY);
            let mut lines = disk.bytes.split(|byte| *byte == b'\n');
            lines.next_back();
            for line in lines {
                read.verify_line(line).unwrap();
            }
        }
    }
}
