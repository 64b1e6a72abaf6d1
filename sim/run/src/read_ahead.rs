//! Reading a chained file ahead on a thread of its own: its lines are read and hashed while the run
//! that is compared with them continues.
//!
//! On one core `replay/live` in `benches/replay.rs` takes 1.4 to 1.6 times as long, `replay/soak` as long.
//!
//! Never changes what is read or in which order: an error comes where its line would have come.
//! Never holds more than a few batches, each of [`BATCH_BYTES`] and one line.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use turingos::Digest;
use turingos::journal::Chain;

use super::chain_reader::{ChainReader, Step};
use super::error::RunIoError;
use super::open_folder::OpenFolder;

/// A batch goes out once it has so many bytes: enough that handing it over costs nothing beside
/// hashing it, and few enough that it is still in a cache when it is used.
const BATCH_BYTES: usize = 128 * 1024;

/// How many batches may wait to be used.
const WAITING_BATCHES: usize = 2;

/// How far a chained file has been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The head, and how many lines were read.
    pub(super) chain: Chain,
    /// How many bytes those lines have.
    pub(super) whole_bytes: u64,
    /// How many bytes of a torn line follow; 0 before the end.
    pub(super) torn_bytes: u64,
}

impl Place {
    fn of(lines: &ChainReader<impl Read>) -> Self {
        Self {
            chain: lines.chain(),
            whole_bytes: lines.whole_bytes(),
            torn_bytes: lines.torn_bytes(),
        }
    }
}

/// Records one behind the other. Its memory goes back to the thread and is filled again.
#[derive(Debug, Default)]
struct Batch {
    records: Vec<u8>,
    /// For each record, where it ends and where the file stands after it.
    ends: Vec<(usize, Place)>,
}

impl Batch {
    /// The first so many records, the last of them first.
    fn first(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        let start = |number: usize| match number.checked_sub(1) {
            Some(before) => self.ends[before].0,
            None => 0,
        };
        (0..count)
            .rev()
            .map(move |number| &self.records[start(number)..self.ends[number].0])
    }
}

/// What the thread says: batches, and with the last one how the file ended.
type Message = (Batch, Option<Result<Place, RunIoError>>);

/// A file whose next lines are being read.
#[derive(Debug)]
pub(super) struct ReadAhead {
    path: PathBuf,
    batches: Receiver<Message>,
    spent: Sender<Batch>,
    /// Has the file until it is dropped, so that it is open as long as this is. A thread whose
    /// receiver is gone ends by itself.
    _thread: JoinHandle<ChainReader<File>>,
    batch: Batch,
    /// The batch before this one.
    before: Batch,
    /// How many records of the batch were taken, and where they end.
    taken: (usize, usize),
    /// Where the file stands after what was taken last.
    place: Place,
    /// How the file ends after this batch, once that is known.
    end: Option<Result<Place, RunIoError>>,
}

impl ReadAhead {
    /// Begins to read the file `name` in `folder`, whose chain begins at `genesis`; no line is longer
    /// than `max_line_bytes`.
    ///
    /// # Errors
    /// The file is missing or cannot be opened, or the system has no thread to read it.
    pub(super) fn open(
        folder: &OpenFolder,
        name: &str,
        genesis: Digest,
        max_line_bytes: u64,
    ) -> Result<Self, RunIoError> {
        let path = folder.path_of(name);
        let file = folder.read(name).map_err(RunIoError::not_read(&path))?;
        let mut lines = ChainReader::new(file, &path, genesis, max_line_bytes);
        let place = Place::of(&lines);
        let (sender, batches) = sync_channel(WAITING_BATCHES);
        let (spent, again) = channel();
        let thread = thread::Builder::new()
            .name("read-ahead".to_owned())
            .spawn(move || {
                send_all(&mut lines, &sender, &again);
                lines
            })
            .map_err(RunIoError::system("start to read", &path))?;
        Ok(Self {
            path,
            batches,
            spent,
            _thread: thread,
            batch: Batch::default(),
            before: Batch::default(),
            taken: (0, 0),
            place,
            end: None,
        })
    }

    /// The record of the next line, without taking it; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read or the line does not verify. There are no further lines then.
    pub(super) fn peek(&mut self) -> Result<Option<&[u8]>, RunIoError> {
        while self.taken.0 == self.batch.ends.len() {
            match &mut self.end {
                None => self.receive(),
                Some(Ok(end)) => {
                    self.place = *end;
                    return Ok(None);
                }
                Some(Err(error)) => return Err(std::mem::replace(error, RunIoError::Stopped)),
            }
        }
        let (end, _) = self.batch.ends[self.taken.0];
        Ok(Some(&self.batch.records[self.taken.1..end]))
    }

    /// Takes the line that was looked at last.
    pub(super) fn advance(&mut self) {
        if let Some(&(end, place)) = self.batch.ends.get(self.taken.0) {
            self.taken = (self.taken.0 + 1, end);
            self.place = place;
        }
    }

    /// The records that were taken last, the newest first, as far as they are still in memory: those
    /// of a batch at least.
    pub(super) fn taken(&self) -> impl Iterator<Item = &[u8]> {
        let newest = self.batch.first(self.taken.0);
        newest.chain(self.before.first(self.before.ends.len()))
    }

    /// True once it is known that every line was taken. The file is not read any more then.
    pub(super) fn is_at_end(&self) -> bool {
        self.taken.0 == self.batch.ends.len() && matches!(self.end, Some(Ok(_)))
    }

    /// Where the file stands after what was taken last.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// The file, as errors name it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn receive(&mut self) {
        let Ok((batch, end)) = self.batches.recv() else {
            unreachable!("the thread says how the file ends before it does");
        };
        let before = std::mem::replace(&mut self.batch, batch);
        let spent = std::mem::replace(&mut self.before, before);
        // Of no use to a thread that has ended.
        let _ = self.spent.send(spent);
        self.taken = (0, 0);
        self.end = end;
    }
}

/// Sends every record until the file ends, a line is refused, or the receiver is gone.
fn send_all(
    lines: &mut ChainReader<impl Read>,
    sender: &SyncSender<Message>,
    spent: &Receiver<Batch>,
) {
    let mut end = None;
    while end.is_none() {
        let mut batch = spent.try_recv().unwrap_or_default();
        batch.records.clear();
        batch.ends.clear();
        while end.is_none() && batch.records.len() < BATCH_BYTES {
            match lines.step() {
                Ok(Step::Record(record)) => {
                    batch.records.extend_from_slice(record);
                    let place = Place::of(lines);
                    batch.ends.push((batch.records.len(), place));
                }
                Ok(Step::Torn(_) | Step::End) => end = Some(Ok(Place::of(lines))),
                Err(error) => end = Some(Err(error)),
            }
        }
        let is_last = end.is_some();
        if sender.send((batch, end.take())).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Blame;
    use std::fs;
    use tempfile::TempDir;

    /// A file of so many lines with records of so many bytes, and what follows them.
    fn file(lines: u64, bytes: usize, rest: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        let mut chain = Chain::new(Digest::EMPTY);
        let mut text = Vec::new();
        for number in 0..lines {
            chain.append(record(number, bytes).as_bytes(), &mut text);
        }
        text.extend_from_slice(rest.as_bytes());
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn record(number: u64, bytes: usize) -> String {
        format!("{{\"n\":{number}{}}}", " ".repeat(bytes))
    }

    fn open(path: &Path) -> ReadAhead {
        let folder = OpenFolder::open(path.parent().unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        ReadAhead::open(&folder, name, Digest::EMPTY, 4 * BATCH_BYTES as u64).unwrap()
    }

    #[test]
    fn records_are_ordered_with_the_next_offset() {
        for (lines, bytes) in [(0, 1), (1, 1), (20_000, 1), (3_000, 900), (9, BATCH_BYTES)] {
            let (_folder, path) = file(lines, bytes, "{torn");
            let mut ahead = open(&path);
            let mut chain = Chain::new(Digest::EMPTY);
            let mut whole = 0;
            for number in 0..lines {
                assert!(!ahead.is_at_end());
                let expected = record(number, bytes);
                assert_eq!(ahead.peek().unwrap(), Some(expected.as_bytes()));
                let place = ahead.place();
                assert_eq!((place.chain, place.whole_bytes), (chain, whole));
                ahead.advance();
                let mut taken = ahead.taken();
                assert_eq!(taken.next(), Some(expected.as_bytes()));
                let previous = number.checked_sub(1).map(|it| record(it, bytes));
                assert_eq!(taken.next(), previous.as_deref().map(str::as_bytes));
                let mut line = Vec::new();
                chain.append(expected.as_bytes(), &mut line);
                whole += line.len() as u64;
            }
            for _ in 0..2 {
                assert_eq!(ahead.peek().unwrap(), None);
                assert!(ahead.is_at_end());
                ahead.advance();
                let place = ahead.place();
                assert_eq!((place.chain, place.whole_bytes), (chain, whole));
                assert_eq!(place.torn_bytes, 5);
            }
        }
    }

    #[test]
    fn error_follows_the_lines_before_it() {
        for (lines, bytes) in [(0, 1), (3, 1), (2_000, 900)] {
            let (_folder, path) = file(lines, bytes, "no line\nnor this\n");
            let mut ahead = open(&path);
            for number in 0..lines {
                let expected = record(number, bytes);
                assert_eq!(ahead.peek().unwrap(), Some(expected.as_bytes()));
                ahead.advance();
            }
            assert_eq!(ahead.peek().unwrap_err().blame(), Blame::Recording);
            assert!(matches!(ahead.peek(), Err(RunIoError::Stopped)));
            assert!(!ahead.is_at_end(), "a file that is refused has no end");
        }
    }

    #[test]
    fn thread_without_a_receiver_ends() {
        let (_folder, path) = file(3_000, 900, "");
        let mut lines = ChainReader::open(&path, Digest::EMPTY, 10_000).unwrap();
        let (sender, batches) = sync_channel(WAITING_BATCHES);
        drop(batches);
        send_all(&mut lines, &sender, &channel().1);
        assert!(lines.chain().count() > 0);
        assert!(lines.whole_bytes() < 2 * BATCH_BYTES as u64);
    }
}
