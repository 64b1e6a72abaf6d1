//! The lines of a file, each added to a hash chain while it is written or read.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use turingos::Digest;

use super::header::FileHeader;
use crate::error::SweepError;
use crate::ledger::Ledger;
use crate::line::RunLine;
use crate::shard::ShardJobs;
use crate::summary::Totals;

/// No line is longer: the ledger's is the longest.
pub(super) const MAX_LINE_BYTES: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerLine {
    ledger: Ledger,
}

#[derive(Serialize)]
struct LedgerLineRef<'a> {
    ledger: &'a Ledger,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: End,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    runs: u64,
    failed: u64,
    differing: u64,
    /// The end of the hash chain over every line before this one.
    chain: Digest,
}

impl End {
    const fn of(totals: &Totals, chain: Digest) -> Self {
        Self {
            runs: totals.summary.runs,
            failed: totals.summary.failed,
            differing: totals.summary.differing,
            chain,
        }
    }
}

/// How far a file is written or read: how long its lines are, and the end of their chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) bytes: u64,
    pub(super) chain: Digest,
}

impl Place {
    pub(super) const START: Self = Self {
        bytes: 0,
        chain: Digest::EMPTY,
    };

    fn add(&mut self, line: &[u8]) {
        self.chain = Digest::of_parts(&[self.chain.as_bytes(), line]);
        self.bytes += line.len() as u64 + 1;
    }
}

/// Lines that are written.
#[derive(Debug)]
pub(crate) struct LineWriter {
    path: PathBuf,
    out: BufWriter<File>,
    place: Place,
    line: Vec<u8>,
}

impl LineWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, SweepError> {
        let file = File::create(path).map_err(SweepError::io("write", path))?;
        Ok(Self::at(path, file, Place::START))
    }

    /// Writes on at this place of the file.
    pub(super) fn at(path: &Path, file: File, place: Place) -> Self {
        Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 16, file),
            place,
            line: Vec::new(),
        }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// A line as its bytes, without the newline.
    pub(crate) fn bytes(&mut self, line: &[u8]) -> Result<(), SweepError> {
        self.place.add(line);
        (self.out.write_all(line))
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(SweepError::io("write", &self.path))
    }

    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), SweepError> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        serde_json::to_writer(&mut line, value)
            .map_err(|error| SweepError::io("write", &self.path)(error.into()))?;
        self.bytes(&line)?;
        self.line = line;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), SweepError> {
        { self.out.flush() }.map_err(SweepError::io("write", &self.path))
    }

    /// The ledger and the end; the file is on the disk then.
    pub(crate) fn seal(mut self, totals: &Totals) -> Result<(), SweepError> {
        self.value(&LedgerLineRef {
            ledger: &totals.ledger,
        })?;
        let end = End::of(totals, self.place.chain);
        self.value(&EndLine { end })?;
        (self.out.flush())
            .and_then(|()| self.out.get_ref().sync_all())
            .map_err(SweepError::io("write", &self.path))
    }
}

/// Lines that are read.
pub(crate) struct LineReader<R> {
    path: PathBuf,
    reader: BufReader<R>,
    line: Vec<u8>,
    /// The same line as this program writes it.
    written: Vec<u8>,
    /// The number of the line, from 1.
    number: u64,
    /// How many kinds the header lists.
    kinds: usize,
    place: Place,
}

impl LineReader<File> {
    pub(crate) fn open(path: &Path) -> Result<Self, SweepError> {
        let file = turingos_run::open_regular(path).map_err(SweepError::io("read", path))?;
        Ok(Self::of(path, file))
    }
}

impl<R: Read> LineReader<R> {
    pub(super) fn of(path: &Path, input: R) -> Self {
        Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 17, input),
            line: Vec::new(),
            written: Vec::new(),
            number: 0,
            kinds: 0,
            place: Place::START,
        }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    fn corrupt(&self, what: impl Into<String>) -> SweepError {
        SweepError::corrupt(&self.path, what)
    }

    /// The next line without its newline; an error if there is no whole one. It is not added to the
    /// chain: a line that is copied is hashed where it is written.
    pub(crate) fn line(&mut self) -> Result<&[u8], SweepError> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(MAX_LINE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line);
        read.map_err(SweepError::io("read", &self.path))?;
        if self.line.pop() != Some(b'\n') {
            return Err(self.corrupt(format!("cut short in line {}", self.number + 1)));
        }
        self.number += 1;
        Ok(&self.line)
    }

    /// The next line as a value. It must have exactly the bytes that this program writes: an array in
    /// place of an object, a null in place of nothing or a space would be read too.
    fn parsed<T: DeserializeOwned + Serialize>(&mut self, what: &str) -> Result<T, SweepError> {
        self.line()?;
        self.place.add(&self.line);
        let number = self.number;
        let value: T = serde_json::from_slice(&self.line)
            .map_err(|error| self.corrupt(format!("line {number} is not {what}: {error}")))?;
        self.written.clear();
        let written = serde_json::to_writer(&mut self.written, &value);
        match written.is_ok() && self.written == self.line {
            true => Ok(value),
            false => {
                Err(self.corrupt(format!("line {number} is not written as sim writes {what}")))
            }
        }
    }

    /// The header, and the runs that the lines after it must be.
    pub(crate) fn header(&mut self) -> Result<(FileHeader, ShardJobs), SweepError> {
        let header: FileHeader = self.parsed("the header of a sweep")?;
        let jobs = header.checked_jobs().map_err(|what| self.corrupt(what))?;
        self.kinds = header.sweep().kinds.len();
        Ok((header, jobs))
    }

    /// The next run, which must be the one that `jobs` has at `job`.
    pub(super) fn run(&mut self, jobs: &ShardJobs, job: u64) -> Result<RunLine, SweepError> {
        let run: RunLine = self.parsed("the result of a run")?;
        let (seed, subject) = jobs.at(job);
        if (run.seed, run.subject) != (seed, subject) {
            return Err(self.corrupt(format!(
                "line {} has seed {} and subject {}, expected seed {seed} and subject {subject}",
                self.number, run.seed, run.subject
            )));
        }
        if run.off >> self.kinds != 0 {
            let what = format!(
                "line {} turns off a kind that the header lacks",
                self.number
            );
            return Err(self.corrupt(what));
        }
        Ok(run)
    }

    /// Every run after the header, the ledger, and the end, which must agree with the lines. `each`
    /// gets the number of each run in `jobs`. Only own runs are added up.
    pub(crate) fn rest(
        mut self,
        jobs: &ShardJobs,
        mut each: impl FnMut(u64, &RunLine),
    ) -> Result<Totals, SweepError> {
        let mut totals = Totals::default();
        for job in 0..jobs.own() {
            let line = self.run(jobs, job)?;
            totals.summary.add(&line);
            each(job, &line);
        }
        for job in jobs.own()..jobs.count() {
            let line = self.run(jobs, job)?;
            each(job, &line);
        }
        let LedgerLine { ledger } = self.parsed("a ledger")?;
        totals.ledger = ledger;
        let expected = End::of(&totals, self.place.chain);
        let EndLine { end } = self.parsed("the end of a sweep")?;
        if end != expected {
            return Err(self.corrupt("its end does not fit its lines; the file was altered"));
        }
        match self.reader.fill_buf().map(<[u8]>::is_empty) {
            Ok(true) => Ok(totals),
            Ok(false) => Err(self.corrupt("there are bytes after its end")),
            Err(cause) => Err(SweepError::io("read", &self.path)(cause)),
        }
    }
}
