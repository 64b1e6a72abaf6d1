//! Lines of a file, one at a time, however long the file is.
//!
//! Never holds more than the longest line that is allowed, and never looks inside a line.

use std::io::{self, Read};

use thiserror::Error;

/// How much is asked of a long file at once, in bytes; a short one is never given so much room.
const BLOCK_BYTES: usize = 256 * 1024;
const FIRST_BLOCK_BYTES: usize = 4 * 1024;

/// Reads lines from a source that needs no buffer of its own.
#[derive(Debug)]
pub struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where the current line begins and ends.
    current: (usize, usize),
    /// Where the next line begins, and where what was read ends.
    start: usize,
    end: usize,
    number: u64,
    limit: usize,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'b> {
    /// Counts from 1.
    pub number: u64,
    /// The bytes before the line feed.
    pub bytes: &'b [u8],
    /// False for a last line without a line feed: writing it was cut short.
    pub is_whole: bool,
}

/// Why there is no next line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineError {
    /// The source refused.
    #[error("cannot be read: {source}")]
    System {
        /// The line, from 1.
        line: u64,
        /// The cause, as the operating system says it.
        source: io::Error,
    },
    /// The line is over the limit; what follows it is not looked for.
    #[error("is longer than {limit} bytes")]
    TooLong {
        /// The line, from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
}

impl LineError {
    /// The line at which reading stopped, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        match self {
            Self::System { line, .. } | Self::TooLong { line, .. } => *line,
        }
    }
}

impl<R: Read> LineReader<R> {
    /// A reader of lines of at most `limit` bytes, line feed not counted.
    #[must_use]
    pub fn new(source: R, limit: usize) -> Self {
        Self {
            source,
            buffer: vec![0; FIRST_BLOCK_BYTES],
            current: (0, 0),
            start: 0,
            end: 0,
            number: 0,
            limit,
        }
    }

    /// The next line; `None` after the last one.
    ///
    /// # Errors
    /// [`LineError`]. A line that is too long stays the next one.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, LineError> {
        let number = self.number.saturating_add(1);
        let mut searched = self.start;
        let (line_end, next, is_whole) = loop {
            let found = memchr::memchr(b'\n', &self.buffer[searched..self.end]);
            let line_end = found.map_or(self.end, |at| searched + at);
            if line_end - self.start > self.limit {
                return Err(LineError::TooLong {
                    line: number,
                    limit: self.limit,
                });
            }
            if found.is_some() {
                break (line_end, line_end + 1, true);
            }
            searched = self.end - self.start;
            let read = self.fill().map_err(|source| LineError::System {
                line: number,
                source,
            })?;
            if read == 0 && self.start == self.end {
                return Ok(None);
            }
            if read == 0 {
                break (self.end, self.end, false);
            }
        };
        self.current = (self.start, line_end);
        self.start = next;
        self.number = number;
        Ok(Some(Line {
            number,
            bytes: self.current(),
            is_whole,
        }))
    }

    /// The bytes of the line that [`LineReader::next_line`] gave last; nothing once another method
    /// has read on.
    #[must_use]
    pub(crate) fn current(&self) -> &[u8] {
        let (start, end) = self.current;
        &self.buffer[start..end]
    }

    /// Passes over the next line, however long it is. Returns how many bytes it has, its line feed
    /// counted.
    ///
    /// # Errors
    /// The source refused.
    pub(crate) fn skip_line(&mut self) -> io::Result<u64> {
        self.number = self.number.saturating_add(1);
        let mut length = 0;
        loop {
            let rest = &self.buffer[self.start..self.end];
            let found = memchr::memchr(b'\n', rest);
            let skipped = found.map_or(rest.len(), |at| at + 1);
            length += skipped as u64;
            self.start += skipped;
            if found.is_some() || self.fill()? == 0 {
                return Ok(length);
            }
        }
    }

    /// True if no byte follows the lines that were read.
    ///
    /// # Errors
    /// The source refused.
    pub(crate) fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.start == self.end && self.fill()? == 0)
    }

    /// Moves what is left to the front and reads behind it; 0 at the end of the source.
    fn fill(&mut self) -> io::Result<usize> {
        let was_full = self.end == self.buffer.len();
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.current = (0, 0);
        if self.end == self.buffer.len() || (was_full && self.buffer.len() < BLOCK_BYTES) {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that hands out at most `step` bytes at once.
    struct Drip<'a> {
        bytes: &'a [u8],
        step: usize,
    }

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.step.min(self.bytes.len()).min(out.len());
            out[..count].copy_from_slice(&self.bytes[..count]);
            self.bytes = &self.bytes[count..];
            Ok(count)
        }
    }

    fn lines(bytes: &[u8], step: usize) -> Vec<(u64, Vec<u8>, bool)> {
        let mut reader = LineReader::new(Drip { bytes, step }, usize::MAX);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            lines.push((line.number, line.bytes.to_vec(), line.is_whole));
        }
        lines
    }

    #[test]
    fn lines_do_not_depend_on_read_sizes() {
        let long = "x".repeat(BLOCK_BYTES * 2 + 7);
        let text = format!("one\n\n{long}\ntorn");
        let expected = vec![
            (1, b"one".to_vec(), true),
            (2, Vec::new(), true),
            (3, long.into_bytes(), true),
            (4, b"torn".to_vec(), false),
        ];
        for step in [1_000, 65_537, usize::MAX] {
            assert_eq!(lines(text.as_bytes(), step), expected, "{step}");
        }
        assert_eq!(lines(b"a\nb", 1).len(), 2);
        assert!(lines(b"", 1).is_empty());
    }

    #[test]
    fn oversized_line_is_refused_unread() {
        let endless = io::repeat(b'x');
        let mut reader = LineReader::new(endless, 1_000);
        let error = reader.next_line().unwrap_err();
        assert_eq!(
            (error.line(), error.to_string().as_str()),
            (1, "is longer than 1000 bytes")
        );
        assert!(reader.buffer.len() <= BLOCK_BYTES);
        let text = [b"x".repeat(1_000), b"\n".to_vec()].concat();
        let mut reader = LineReader::new(&text[..], 1_000);
        assert!(reader.next_line().unwrap().is_some());
    }

    #[test]
    fn skip_line_passes_over_a_line_of_any_length() {
        let long = "x".repeat(3 * BLOCK_BYTES);
        let text = format!("one\n{long}\nthree\n{long}");
        for step in [1_000, usize::MAX] {
            let bytes = text.as_bytes();
            let mut reader = LineReader::new(Drip { bytes, step }, 1_000);
            assert_eq!(reader.next_line().unwrap().unwrap().bytes, b"one");
            assert_eq!(reader.next_line().unwrap_err().line(), 2);
            assert_eq!(reader.skip_line().unwrap(), long.len() as u64 + 1);
            assert!(!reader.is_at_end().unwrap());
            let third = reader.next_line().unwrap().unwrap();
            assert_eq!((third.number, third.bytes), (3, b"three".as_slice()));
            assert_eq!(reader.current(), b"three");
            assert!(reader.next_line().is_err());
            assert_eq!(reader.skip_line().unwrap(), long.len() as u64);
            assert!(reader.is_at_end().unwrap());
            assert_eq!(reader.next_line().unwrap(), None);
        }
    }

    /// A signal interrupts every other read.
    struct Interrupted<'a> {
        bytes: &'a [u8],
        is_next: bool,
    }

    impl Read for Interrupted<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.is_next = !self.is_next;
            match self.is_next {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => self.bytes.read(out),
            }
        }
    }

    #[test]
    fn interrupted_read_is_repeated() {
        let source = Interrupted {
            bytes: b"one\ntwo\n",
            is_next: false,
        };
        let mut reader = LineReader::new(source, 10);
        assert_eq!(reader.next_line().unwrap().unwrap().bytes, b"one");
        assert_eq!(reader.next_line().unwrap().unwrap().bytes, b"two");
        assert_eq!(reader.next_line().unwrap(), None);
    }
}
