//! Writing a run, new or resumed.
//!
//! A resumed journal is appended to only after every recorded tick has been run again and compared.
//! Never writes after a failed write. A process that is killed leaves whole lines, apart from a torn
//! last one.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use super::directory::{RunDirectory, write_whole};
use super::error::RunIoError;
use super::line_file::LineFile;
use super::line_writer::LineWriter;
use super::manifest::Manifest;
use super::open_folder::OpenFolder;
use super::recorded_journal::{RecordedJournal, Verified};
use super::session::{Sink, Tick};
use super::tape::{SecretScan, TapeSession};

/// A run that is being written: the sink of a session.
#[derive(Debug)]
pub struct RunWriter {
    folder: OpenFolder,
    journal: Journal,
    injections: LineFile,
    traps: LineFile,
    tape: TapeSession,
    scan: Option<SecretScan>,
    /// The run has a manifest: there is nothing to append to.
    is_finished: bool,
}

#[derive(Debug)]
enum Journal {
    /// Records are appended.
    Appending(LineWriter<File>),
    /// Records are compared with the recorded ones; the file is what they are appended to
    /// afterwards.
    Verifying(Box<RecordedJournal>, File),
}

impl RunWriter {
    pub(super) fn new(
        folder: OpenFolder,
        journal: File,
        [injections, traps]: [File; 2],
        tape: TapeSession,
    ) -> Self {
        Self {
            journal: Journal::Appending(LineWriter::new(journal)),
            injections: LineFile::new(&folder, RunDirectory::INJECTIONS, injections),
            traps: LineFile::new(&folder, RunDirectory::TRAPS, traps),
            folder,
            tape,
            scan: None,
            is_finished: false,
        }
    }

    pub(super) fn resume(
        folder: OpenFolder,
        journal: File,
        recorded: RecordedJournal,
        tape: TapeSession,
        is_finished: bool,
    ) -> Result<Self, RunIoError> {
        Ok(Self {
            journal: Journal::Verifying(Box::new(recorded), journal),
            injections: LineFile::again(&folder, RunDirectory::INJECTIONS)?,
            traps: LineFile::again(&folder, RunDirectory::TRAPS)?,
            folder,
            tape,
            scan: None,
            is_finished,
        })
    }

    /// The same run with a scan of every line that is written.
    #[must_use]
    pub fn with_scan(mut self, scan: SecretScan) -> Self {
        self.tape.scan_with(&scan);
        self.scan = Some(scan);
        self
    }

    /// Takes the record of a tick and its journal line. Lines go to disk when 64 KiB of them have
    /// gathered.
    fn take_record(&mut self, record: &[u8], line: &[u8]) -> Result<(), RunIoError> {
        if let Journal::Verifying(recorded, _) = &mut self.journal {
            if recorded.verify_next(record)? == Verified::Equal {
                return Ok(());
            }
            self.begin_appending()?;
        }
        let path = self.folder.path_of(RunDirectory::JOURNAL);
        if let Some(secret) = self.scan.as_ref().and_then(|scan| scan.find(line)) {
            return Err(RunIoError::Secret { path, secret });
        }
        match &mut self.journal {
            Journal::Appending(journal) => journal.write_lines(line),
            Journal::Verifying(..) => Ok(()),
        }
        .map_err(RunIoError::system("write", &path))
    }

    /// From comparing records to appending them: a torn line is cut, and the injections so far
    /// replace those written before.
    fn begin_appending(&mut self) -> Result<(), RunIoError> {
        let path = self.folder.path_of(RunDirectory::JOURNAL);
        let Journal::Verifying(recorded, file) = &mut self.journal else {
            return Ok(());
        };
        if self.is_finished {
            return Err(RunIoError::Finished { path });
        }
        let whole = recorded.whole_bytes();
        let appended = file
            .set_len(whole)
            .and_then(|()| file.seek(SeekFrom::Start(whole)))
            .and_then(|_| file.try_clone())
            .map_err(RunIoError::system("shorten", &path))?;
        self.journal = Journal::Appending(LineWriter::new(appended));
        self.injections.replace()?;
        self.traps.replace()
    }

    /// How many bytes the tape has.
    #[must_use]
    pub fn tape_bytes(&self) -> u64 {
        self.tape.bytes()
    }

    /// Hands every line so far to the operating system.
    ///
    /// # Errors
    /// The file system refuses, now or on an earlier line.
    pub fn flush(&mut self) -> Result<(), RunIoError> {
        if let Journal::Appending(journal) = &mut self.journal {
            let path = self.folder.path_of(RunDirectory::JOURNAL);
            journal
                .flush()
                .map_err(RunIoError::system("write", &path))?;
        }
        self.injections.flush()?;
        self.traps.flush()
    }

    /// Completes the run: tape and journal reach the disk first, then the manifest appears whole,
    /// with the ends of tape, injections and trap frames in it. The manifest of a run that was
    /// finished before is left alone.
    ///
    /// # Errors
    /// Tape or journal have more than this run needed, or the file system refuses, now or on an
    /// earlier line; there is no new manifest then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<(), RunIoError> {
        self.tape.expect_end(u64::MAX)?;
        if let Journal::Verifying(recorded, _) = &mut self.journal {
            recorded.expect_end()?;
            if self.is_finished {
                self.injections.discard()?;
                return self.traps.discard();
            }
            self.begin_appending()?;
        }
        self.flush()?;
        self.tape.synchronise()?;
        if let Journal::Appending(journal) = &self.journal {
            let path = self.folder.path_of(RunDirectory::JOURNAL);
            let synchronised = journal.sink().sync_all();
            synchronised.map_err(RunIoError::system("write", &path))?;
        }
        write_whole(
            &self.folder,
            RunDirectory::MANIFEST,
            &{ manifest.clone() }
                .with_tape(self.tape.chain())
                .with_injections(self.injections.chain())
                .with_traps(self.traps.chain())
                .to_bytes(),
        )
    }
}

/// In a resumed run, each tick has to be the recorded one as long as there is one. The journal keeps
/// a valid prefix whatever fails.
impl Sink for RunWriter {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(&mut self.tape)
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.take_record(tick.record.as_bytes(), tick.line)?;
        let scan = self.scan.as_ref();
        if !tick.injections.is_empty() {
            self.injections.take(tick.injections, scan)?;
        }
        for frame in &tick.committed.trap_frames {
            self.traps.take(frame, scan)?;
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::error::Blame;
    use crate::tape::TapeWriter;
    use turingos::Digest;

    #[test]
    fn full_disk_names_path_and_cause() {
        let open = || File::options().write(true).open("/dev/full").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let folder = OpenFolder::open(directory.path()).unwrap();
        let path = folder.path_of(RunDirectory::TAPE);
        let tape = TapeWriter::begin(open(), &path, Digest::EMPTY, None);
        let tape = TapeSession::recording(tape);
        let mut writer = RunWriter::new(folder.clone(), open(), [open(), open()], tape);
        writer.take_record(b"{}", b"{}\n").unwrap();
        let error = writer.flush().unwrap_err();
        assert_eq!(error.blame(), Blame::System);
        let path = folder.path_of(RunDirectory::JOURNAL);
        assert_eq!(
            error.to_string(),
            format!(
                "cannot write {}: No space left on device (os error 28)",
                path.display()
            )
        );
    }
}
