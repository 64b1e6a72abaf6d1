//! The file of a sweep or of one shard: a header, one line a run, the ledger, and an end that seals
//! the lines before it.
//!
//! While the sweep runs there are two files beside its place: `NAME.part` with the lines so far and
//! `NAME.ledger` with what those lines reached, which is replaced as a whole. A process that was
//! killed loses the runs since the last replacement and nothing else.

use std::fs::{self, File};
use std::io::{
    BufRead, BufReader, BufWriter, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use turingos::Digest;

use crate::error::SweepError;
use crate::ledger::Ledger;
use crate::line::RunLine;
use crate::outline::Outline;
use crate::shard::{Shard, ShardJobs};
use crate::summary::Totals;

/// The file of a sweep that has no shards, and of merged ones.
pub const WHOLE_FILE: &str = "sweep.jsonl";

const FORMAT: &str = "turingos.sweep-file/1";

/// No line is longer: the ledger's is the longest.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// What the lines are of: the first line of a file. A whole sweep and all its shards have the same
/// but for the last two members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileHeader {
    format: String,
    /// The SHA-256 of the program that ran the seeds.
    program: Digest,
    sweep: Outline,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    /// The share of the next shard's seeds that were run again, in ten-thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overlap: Option<u16>,
}

impl FileHeader {
    /// The header of a sweep by the program with this digest.
    #[must_use]
    pub fn new(sweep: Outline, program: Digest) -> Self {
        Self {
            format: FORMAT.to_owned(),
            program,
            sweep,
            shard: None,
            overlap: None,
        }
    }

    /// The same for one shard, which runs a share of its neighbour's seeds again.
    #[must_use]
    pub fn of_shard(self, shard: Shard, overlap: u16) -> Self {
        Self {
            shard: Some(shard),
            overlap: Some(overlap),
            ..self
        }
    }

    /// The same for the whole sweep.
    pub(crate) fn of_whole(self) -> Self {
        Self {
            shard: None,
            overlap: None,
            ..self
        }
    }

    /// What was swept.
    #[must_use]
    pub const fn sweep(&self) -> &Outline {
        &self.sweep
    }

    /// The shard, if it is one.
    #[must_use]
    pub const fn shard(&self) -> Option<Shard> {
        self.shard
    }

    /// The share of the neighbour's seeds that a shard ran again.
    pub(crate) fn overlap(&self) -> u16 {
        self.overlap.unwrap_or(0)
    }

    /// What differs from `other`, for people.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |name: &str, ours: String, theirs: String| {
            (ours != theirs).then(|| format!("its {name} is {theirs}, not {ours}"))
        };
        let shown = |it: Option<Shard>| it.map_or("the whole".to_owned(), |it| it.to_string());
        (self.sweep.difference(&other.sweep))
            .or_else(|| differs("program", self.program.short(16), other.program.short(16)))
            .or_else(|| differs("shard", shown(self.shard), shown(other.shard)))
            .or_else(|| {
                let overlaps = [self, other].map(|it| it.overlap().to_string());
                let [ours, theirs] = overlaps;
                differs("overlap in ten-thousandths", ours, theirs)
            })
    }

    /// The runs that a file with this header has; `None` if it is forged.
    pub(crate) fn jobs(&self) -> Option<ShardJobs> {
        let (seeds, subjects) = (self.sweep.seed_range()?, self.sweep.subjects.len() as u64);
        (subjects > 0).then(|| ShardJobs::of(&seeds, subjects, self.shard, self.overlap()))
    }
}

/// A tail line of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerLine {
    ledger: Map<String, Value>,
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

/// What is beside an unfinished file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// How many runs the lines hold.
    jobs: u64,
    /// How long they are, header included.
    bytes: u64,
    chain: Digest,
    ledger: Map<String, Value>,
}

/// Lines that are written, each added to the chain.
#[derive(Debug)]
pub(crate) struct LineWriter {
    path: PathBuf,
    out: BufWriter<File>,
    chain: Digest,
    bytes: u64,
    line: Vec<u8>,
}

impl LineWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, SweepError> {
        let file = File::create(path).map_err(SweepError::io("write", path))?;
        Ok(Self::at_start(path, file))
    }

    fn at_start(path: &Path, file: File) -> Self {
        Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 16, file),
            chain: Digest::EMPTY,
            bytes: 0,
            line: Vec::new(),
        }
    }

    /// A line as its bytes, without the newline.
    pub(crate) fn bytes(&mut self, line: &[u8]) -> Result<(), SweepError> {
        self.chain = Digest::of_parts(&[self.chain.as_bytes(), line]);
        self.bytes += line.len() as u64 + 1;
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

    /// The ledger and the end; the file is on the disk then.
    pub(crate) fn seal(mut self, totals: &Totals) -> Result<(), SweepError> {
        self.bytes(format!("{{\"ledger\":{}}}", totals.ledger.to_json()).as_bytes())?;
        let end = End::of(totals, self.chain);
        self.value(&EndLine { end })?;
        (self.out.flush())
            .and_then(|()| self.out.get_ref().sync_all())
            .map_err(SweepError::io("write", &self.path))
    }
}

/// The lines of a file, each added to the chain.
pub(crate) struct LineReader {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    pub(crate) chain: Digest,
    bytes: u64,
}

impl LineReader {
    pub(crate) fn open(path: &Path) -> Result<Self, SweepError> {
        let file = turingos_run::open_regular(path).map_err(SweepError::io("read", path))?;
        Ok(Self::of(path, file))
    }

    fn of(path: &Path, file: File) -> Self {
        Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 17, file),
            line: Vec::new(),
            chain: Digest::EMPTY,
            bytes: 0,
        }
    }

    fn corrupt(&self, what: impl Into<String>) -> SweepError {
        SweepError::corrupt(&self.path, what)
    }

    /// The next line without its newline; an error if there is no whole one.
    pub(crate) fn line(&mut self) -> Result<&[u8], SweepError> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(MAX_LINE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line);
        read.map_err(SweepError::io("read", &self.path))?;
        if self.line.pop() != Some(b'\n') {
            return Err(self.corrupt(format!("cut short at byte {}", self.bytes)));
        }
        self.bytes += self.line.len() as u64 + 1;
        Ok(&self.line)
    }

    fn chained(&mut self) {
        self.chain = Digest::of_parts(&[self.chain.as_bytes(), &self.line]);
    }

    pub(crate) fn header(&mut self) -> Result<FileHeader, SweepError> {
        let path = self.path.clone();
        let line = self.line()?;
        let header: FileHeader = serde_json::from_slice(line).map_err(|error| {
            SweepError::corrupt(&path, format!("not a sweep's header: {error}"))
        })?;
        if header.format != FORMAT {
            let what = format!("its format is `{}`, expected `{FORMAT}`", header.format);
            return Err(SweepError::corrupt(&path, what));
        }
        self.chained();
        Ok(header)
    }

    /// The next run, which has to be the one that `jobs` has there.
    pub(crate) fn run(&mut self, jobs: &ShardJobs, job: u64) -> Result<RunLine, SweepError> {
        let path = self.path.clone();
        let line = self.line()?;
        let run: RunLine = serde_json::from_slice(line).map_err(|error| {
            SweepError::corrupt(&path, format!("run {job} is no result of a run: {error}"))
        })?;
        let (seed, subject) = jobs.at(job);
        if (run.seed, run.subject) != (seed, subject) {
            let what = format!(
                "run {job} is of seed {} and subject {}, expected seed {seed} and subject {subject}",
                run.seed, run.subject
            );
            return Err(SweepError::corrupt(&path, what));
        }
        self.chained();
        Ok(run)
    }

    /// The ledger and the end, which have to agree with the lines.
    pub(crate) fn sealed(&mut self, totals: &mut Totals) -> Result<(), SweepError> {
        let path = self.path.clone();
        let corrupt = |what: String| SweepError::corrupt(&path, what);
        let line = self.line()?;
        let ledger: LedgerLine = serde_json::from_slice(line)
            .map_err(|error| corrupt(format!("its ledger cannot be read: {error}")))?;
        totals.ledger = Ledger::from_json(&ledger.ledger)
            .map_err(|what| corrupt(format!("its ledger: {what}")))?;
        self.chained();
        let expected = End::of(totals, self.chain);
        let line = self.line()?;
        let EndLine { end } = serde_json::from_slice(line)
            .map_err(|error| corrupt(format!("its end cannot be read: {error}")))?;
        if end != expected {
            return Err(corrupt(
                "its end does not fit its lines; the file was altered".to_owned(),
            ));
        }
        match self.reader.fill_buf().map(<[u8]>::is_empty) {
            Ok(true) => Ok(()),
            Ok(false) => Err(corrupt("there are bytes after its end".to_owned())),
            Err(cause) => Err(SweepError::io("read", &path)(cause)),
        }
    }
}

/// A file to which runs are added.
#[derive(Debug)]
pub struct SweepFile {
    path: PathBuf,
    lines: LineWriter,
    /// How many runs it holds.
    done: u64,
    /// Runs and ticks since the ledger was saved.
    unsaved: (u64, u64),
}

/// A file that was opened for a sweep.
#[derive(Debug)]
pub enum Opened {
    /// It was finished before.
    Finished(Totals),
    /// It is new, or goes on where it stopped.
    Unfinished(Box<SweepFile>, Totals),
}

impl SweepFile {
    /// The ledger is saved after so many runs or ticks: about every few seconds.
    const SAVE_RUNS: u64 = 4_096;
    const SAVE_TICKS: u64 = 500_000;

    /// Opens the file of this name in `directory`, which is made if need be.
    ///
    /// # Errors
    /// What is there is of another sweep, altered, or in use; or the system refuses.
    pub fn open(
        directory: &Path,
        header: &FileHeader,
        jobs: &ShardJobs,
    ) -> Result<Opened, SweepError> {
        fs::create_dir_all(directory).map_err(SweepError::io("make", directory))?;
        let name = header.shard.map_or(WHOLE_FILE.to_owned(), Shard::file_name);
        let path = directory.join(name);
        let part = part_of(&path);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(SweepError::io("write", &part))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SweepError::Busy { path: part }),
            Err(fs::TryLockError::Error(cause)) => {
                return Err(SweepError::io("lock", &part)(cause));
            }
        }
        // Looked for once nobody else can finish it any more.
        if path.exists() {
            remove(&part)?;
            remove(&ledger_of(&path))?;
            return Ok(Opened::Finished(read_whole(&path, header, jobs)?));
        }
        let saved = read_saved(&ledger_of(&path))?;
        let length = { file.metadata() }
            .map_err(SweepError::io("read", &part))?
            .len();
        if length > 0 {
            expect_same_sweep(&part, &file, header)?;
        }
        let (file, totals) = match saved {
            Some(saved) => Self::resume(path, part, file, saved, jobs)?,
            None => (Self::begin(path, part, file, header)?, Totals::default()),
        };
        Ok(Opened::Unfinished(Box::new(file), totals))
    }

    fn begin(
        path: PathBuf,
        part: PathBuf,
        file: File,
        header: &FileHeader,
    ) -> Result<Self, SweepError> {
        (file.set_len(0))
            .and_then(|()| (&file).seek(SeekFrom::Start(0)))
            .map_err(SweepError::io("write", &part))?;
        let mut lines = LineWriter::at_start(&part, file);
        lines.value(header)?;
        { lines.out.flush() }.map_err(SweepError::io("write", &part))?;
        Ok(Self {
            path,
            lines,
            done: 0,
            unsaved: (0, 0),
        })
    }

    /// Takes the lines that the saved ledger covers, and cuts what follows.
    fn resume(
        path: PathBuf,
        part: PathBuf,
        file: File,
        saved: Saved,
        jobs: &ShardJobs,
    ) -> Result<(Self, Totals), SweepError> {
        let again = format!(
            "; remove it and {} to begin anew",
            ledger_of(&path).display()
        );
        let altered = |what: &str| SweepError::corrupt(&part, format!("{what}{again}"));
        let mut totals = Totals::default();
        let copy = file.try_clone().map_err(SweepError::io("read", &part))?;
        let mut reader = LineReader::of(&part, copy);
        reader.header()?;
        for job in 0..saved.jobs.min(jobs.count()) {
            let line = reader.run(jobs, job)?;
            if job < jobs.own() {
                totals.summary.add(&line);
            }
        }
        if (reader.chain, reader.bytes) != (saved.chain, saved.bytes) || saved.jobs > jobs.count() {
            return Err(altered("its lines are not those that its ledger is of"));
        }
        totals.ledger = Ledger::from_json(&saved.ledger).map_err(|what| altered(&what))?;
        (file.set_len(saved.bytes))
            .and_then(|()| (&file).seek(SeekFrom::Start(saved.bytes)))
            .map_err(SweepError::io("write", &part))?;
        let mut lines = LineWriter::at_start(&part, file);
        (lines.chain, lines.bytes) = (saved.chain, saved.bytes);
        let file = Self {
            path,
            lines,
            done: saved.jobs,
            unsaved: (0, 0),
        };
        Ok((file, totals))
    }

    /// How many runs it holds.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Adds the next run. `ledger` is that of all runs so far.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, line: &RunLine, ledger: &Ledger) -> Result<(), SweepError> {
        self.lines.value(line)?;
        self.done += 1;
        let (runs, ticks) = &mut self.unsaved;
        (*runs, *ticks) = (*runs + 1, ticks.saturating_add(line.ticks));
        if *runs >= Self::SAVE_RUNS || *ticks >= Self::SAVE_TICKS {
            self.save(ledger)?;
        }
        Ok(())
    }

    /// Makes what was added survive the process.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&mut self, ledger: &Ledger) -> Result<(), SweepError> {
        let part = &self.lines.path;
        self.lines
            .out
            .flush()
            .map_err(SweepError::io("write", part))?;
        let place = ledger_of(&self.path);
        let aside = with_suffix(&place, ".new");
        let saved = format!(
            "{{\"jobs\":{},\"bytes\":{},\"chain\":\"{}\",\"ledger\":{}}}\n",
            self.done,
            self.lines.bytes,
            self.lines.chain,
            ledger.to_json()
        );
        fs::write(&aside, saved)
            .and_then(|()| fs::rename(&aside, &place))
            .map_err(SweepError::io("write", &place))?;
        self.unsaved = (0, 0);
        Ok(())
    }

    /// Seals the file and puts it in its place. Every run must be in it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self, totals: &Totals) -> Result<PathBuf, SweepError> {
        let part = part_of(&self.path);
        self.lines.seal(totals)?;
        fs::rename(&part, &self.path).map_err(SweepError::io("write", &self.path))?;
        remove(&ledger_of(&self.path))?;
        Ok(self.path)
    }
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), SweepError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(SweepError::io("remove", path)(cause))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads a finished file that has to be of this sweep.
fn read_whole(path: &Path, header: &FileHeader, jobs: &ShardJobs) -> Result<Totals, SweepError> {
    let mut reader = LineReader::open(path)?;
    expect(path, header, &reader.header()?)?;
    let mut totals = Totals::default();
    for job in 0..jobs.count() {
        let line = reader.run(jobs, job)?;
        if job < jobs.own() {
            totals.summary.add(&line);
        }
    }
    reader.sealed(&mut totals)?;
    Ok(totals)
}

/// An unfinished file whose header is whole has to be of this sweep; one without is begun anew.
fn expect_same_sweep(part: &Path, file: &File, header: &FileHeader) -> Result<(), SweepError> {
    let copy = file.try_clone().map_err(SweepError::io("read", part))?;
    let found = LineReader::of(part, copy).header();
    (&*file)
        .seek(SeekFrom::Start(0))
        .map_err(SweepError::io("read", part))?;
    match found {
        Ok(found) => expect(part, header, &found),
        Err(SweepError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn expect(path: &Path, ours: &FileHeader, theirs: &FileHeader) -> Result<(), SweepError> {
    match ours.difference(theirs) {
        None => Ok(()),
        Some(what) => Err(SweepError::OtherSweep {
            path: path.to_owned(),
            what,
        }),
    }
}

fn read_saved(path: &Path) -> Result<Option<Saved>, SweepError> {
    let mut bytes = Vec::new();
    match turingos_run::open_regular(path) {
        Ok(file) => file.take(MAX_LINE_BYTES).read_to_end(&mut bytes),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => Err(cause),
    }
    .map_err(SweepError::io("read", path))?;
    let saved = serde_json::from_slice(&bytes);
    saved
        .map(Some)
        .map_err(|error| SweepError::corrupt(path, format!("not a saved ledger: {error}")))
}

/// Where the lines are while the sweep runs.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

fn ledger_of(path: &Path) -> PathBuf {
    with_suffix(path, ".ledger")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
