//! The one reader of runs: it opens their files, holds each to what vouches for it, and says how a
//! run ends. Every verb reads runs through it, so that no two judge the same bytes differently.
//!
//! | finding | returned as | accepted by |
//! |---|---|---|
//! | finished, everything agrees | [`RunEnd::Finished`] | every verb |
//! | unfinished: no manifest, each last line whole or torn | [`RunEnd::Unfinished`] | every verb; a resume cuts what is torn |
//! | a torn last line, but the run is finished | [`RunIoError::Torn`] | none |
//! | a broken chain at line N | [`RunIoError::Chain`] | none |
//! | a line that its chain vouches for, but that no run writes | [`RunIoError::TapeEntry`], [`RunIoError::BadLine`] | none |
//! | a header of another kind or version | [`RunIoError::UnknownHeader`] | none |
//! | a header or manifest that is not the one spelling of its value | [`RunIoError::Document`] | none |
//! | a manifest that disagrees with the files beside it | [`RunIoError::ManifestDisagrees`] | none |
//! | a missing file; no run at all | [`RunIoError::Missing`], [`RunIoError::NoRun`] | none |
//!
//! Never holds more than one line in memory, and never checks whether the records follow from the
//! header: that takes running the kernel again.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use turingos::Digest;
use turingos::journal::Chain;
use turingos::trap::TrapFrame;

use super::chain_reader::{ChainReader, FileEnd};
use super::directory::RunDirectory;
use super::document::DocumentError;
use super::error::RunIoError;
use super::header::{Header, Profile, RunConfig};
use super::kind::{Kind, with_header};
use super::line_chain::LineChain;
use super::line_reader::{LineError, LineReader};
use super::manifest::Manifest;
use super::run_files::{RunFiles, RunFolder};
use super::tape::TapeReader;

/// No header or manifest is longer.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;
/// No journal line is longer.
pub const MAX_JOURNAL_LINE_BYTES: u64 = 1024 * 1024;
/// No line of the injections is longer.
pub(crate) const MAX_INJECTIONS_LINE_BYTES: usize = 1024 * 1024;

/// A source of bytes that lives as long as the files of its run.
type Source<'f> = Box<dyn Read + 'f>;

/// Reads the files of one run.
#[derive(Clone, Debug)]
pub struct RunReader<F> {
    files: F,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// There is a manifest, and it agrees with every file beside it.
    Finished,
    /// There is no manifest: the process stopped, or is still at work.
    Unfinished {
        /// How many journal records are whole and valid.
        records: u64,
        /// How many bytes of a torn line follow them.
        torn_bytes: u64,
    },
}

impl RunEnd {
    /// True if the run has a manifest.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Finished)
    }
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::Unfinished {
                records,
                torn_bytes: 0,
            } => write!(f, "unfinished, {records} records valid"),
            Self::Unfinished {
                records,
                torn_bytes,
            } => write!(
                f,
                "unfinished, {records} records valid, {torn_bytes} bytes of a torn line left out"
            ),
        }
    }
}

/// How the files of a run end; nothing for a file that was not read or is not valid.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// The journal.
    pub journal: Option<FileEnd>,
    /// The tape.
    pub tape: Option<FileEnd>,
    /// The injections.
    pub injections: Option<FileEnd>,
    /// The trap frames.
    pub traps: Option<FileEnd>,
}

/// What a manifest repeats of its header.
#[derive(Clone, Copy, Debug)]
pub struct HeaderFacts {
    seed: u64,
    profile: Profile,
    ticks: u64,
}

impl<C> From<&Header<C>> for HeaderFacts {
    fn from(header: &Header<C>) -> Self {
        Self {
            seed: header.seed,
            profile: header.profile,
            ticks: header.ticks,
        }
    }
}

impl From<&Kind> for HeaderFacts {
    fn from(kind: &Kind) -> Self {
        with_header!(kind, header => Self::from(&**header))
    }
}

/// A run that was read to its end: its header, and the journal up to the last whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix<C> {
    /// The run header.
    pub header: Header<C>,
    /// How many journal lines verify.
    pub records: u64,
    /// The hash of the last of them; the header's genesis if there is none.
    pub head: Digest,
    /// How many bytes follow them: a line that was being written when the process stopped.
    pub torn_bytes: u64,
    /// The tape up to its last whole entry.
    pub tape: Chain,
    /// How many bytes of a torn line follow on the tape.
    pub tape_torn_bytes: u64,
    /// The manifest, if the run is finished. It agrees with every file beside it.
    pub manifest: Option<Manifest>,
}

/// Reads every file of the run in `directory` to its end.
///
/// # Errors
/// As [`RunReader::read_whole`].
pub fn read_prefix<C>(directory: &Path) -> Result<Prefix<C>, RunIoError>
where
    C: RunConfig,
{
    RunReader::of(directory).read_whole()
}

impl RunReader<RunFolder> {
    /// A reader of the run in `directory`.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self::new(RunFolder(directory.to_path_buf()))
    }
}

impl<F: RunFiles> RunReader<F> {
    /// A reader of these files.
    #[must_use]
    pub const fn new(files: F) -> Self {
        Self { files }
    }

    /// Reads every file to its end.
    ///
    /// # Errors
    /// Everything but a finished or an unfinished run, as the table of this module lists it.
    pub fn read_whole<C>(&self) -> Result<Prefix<C>, RunIoError>
    where
        C: RunConfig,
    {
        let bytes = self.header_bytes()?;
        let genesis = Digest::of(&bytes);
        let header = self.header_of(&bytes)?;
        let journal = self.journal(genesis)?.read_to_end()?;
        let tape = self.tape(genesis)?.read_to_end()?;
        let ends = Ends {
            journal: Some(journal),
            tape: Some(tape),
            injections: Some(self.injections()?),
            traps: Some(self.traps()?),
        };
        let manifest = self.manifest()?;
        self.judge((&header).into(), manifest.as_ref(), &ends)?;
        Ok(Prefix {
            header,
            records: journal.chain.count(),
            head: journal.chain.head(),
            torn_bytes: journal.torn_bytes,
            tape: tape.chain,
            tape_torn_bytes: tape.torn_bytes,
            manifest,
        })
    }

    /// The bytes of the header, at most 1 MiB. Their digest is the genesis of the run's chains.
    ///
    /// # Errors
    /// There is no run, or the file is too long or cannot be read.
    pub fn header_bytes(&self) -> Result<Vec<u8>, RunIoError> {
        let bytes = self.document(RunDirectory::HEADER)?;
        bytes.ok_or_else(|| {
            let mut path = self.files.path(RunDirectory::HEADER);
            path.pop();
            RunIoError::NoRun { path }
        })
    }

    /// Reads a header whose settings are of the kind `C`.
    ///
    /// # Errors
    /// The bytes are no such header.
    pub(crate) fn header_of<C>(&self, bytes: &[u8]) -> Result<Header<C>, RunIoError>
    where
        C: RunConfig,
    {
        Header::from_bytes(bytes).map_err(|source| self.not_a_header(source))
    }

    /// Reads a header of any kind.
    ///
    /// # Errors
    /// The bytes are no header that this version writes.
    pub fn kind_of(&self, bytes: &[u8]) -> Result<Kind, RunIoError> {
        Kind::of(bytes).map_err(|source| self.not_a_header(source))
    }

    fn not_a_header(&self, source: DocumentError) -> RunIoError {
        let path = self.files.path(RunDirectory::HEADER);
        match source {
            DocumentError::OtherFormat { .. }
            | DocumentError::NewerVersion { .. }
            | DocumentError::UnknownKind { .. } => {
                let known = Kind::known();
                RunIoError::UnknownHeader {
                    path,
                    source,
                    known,
                }
            }
            source => RunIoError::Document { path, source },
        }
    }

    /// The manifest; nothing if there is none, which makes the run an unfinished one.
    ///
    /// # Errors
    /// The file is no manifest, or cannot be read.
    pub fn manifest(&self) -> Result<Option<Manifest>, RunIoError> {
        let Some(bytes) = self.document(RunDirectory::MANIFEST)? else {
            return Ok(None);
        };
        let path = self.files.path(RunDirectory::MANIFEST);
        Manifest::from_bytes(&bytes)
            .map(Some)
            .map_err(|source| RunIoError::Document { path, source })
    }

    /// The journal, from its first line on.
    ///
    /// # Errors
    /// The file is missing or cannot be opened.
    pub fn journal(&self, genesis: Digest) -> Result<ChainReader<Source<'_>>, RunIoError> {
        let source = self.open(RunDirectory::JOURNAL)?;
        let path = self.files.path(RunDirectory::JOURNAL);
        let limit = MAX_JOURNAL_LINE_BYTES;
        Ok(ChainReader::new(source, &path, genesis, limit))
    }

    /// The tape, from its first entry on.
    ///
    /// # Errors
    /// The file is missing or cannot be opened.
    pub fn tape(&self, genesis: Digest) -> Result<TapeReader<Source<'_>>, RunIoError> {
        let source = self.open(RunDirectory::TAPE)?;
        let path = self.files.path(RunDirectory::TAPE);
        Ok(TapeReader::new(source, &path, genesis))
    }

    /// How the injections end: each line is a JSON object with a tick after the one before.
    ///
    /// # Errors
    /// The file is missing, a line is another, or the file cannot be read.
    pub fn injections(&self) -> Result<FileEnd, RunIoError> {
        let mut next_tick = 0;
        self.plain_lines(
            RunDirectory::INJECTIONS,
            MAX_INJECTIONS_LINE_BYTES,
            |_, line| {
                let InjectionLine { tick } = serde_json::from_slice(line)
                    .map_err(|error| format!("is not an injection: {error}"))?;
                if tick < next_tick {
                    return Err(format!(
                        "has tick {tick}, which is not after the one before"
                    ));
                }
                next_tick = tick.saturating_add(1);
                Ok(())
            },
        )
    }

    /// How the trap frames end: they are numbered without a gap, and neither tick nor time goes
    /// back.
    ///
    /// # Errors
    /// The file is missing, a line is another, or the file cannot be read.
    pub fn traps(&self) -> Result<FileEnd, RunIoError> {
        self.trap_frames(|_| {})
    }

    /// The same, and shows every frame.
    ///
    /// # Errors
    /// As [`RunReader::traps`]; frames may have been shown before.
    pub fn trap_frames(&self, mut look: impl FnMut(&TrapFrame)) -> Result<FileEnd, RunIoError> {
        let (mut tick, mut time) = (0, 0);
        self.plain_lines(RunDirectory::TRAPS, TrapFrame::MAX_BYTES, |count, line| {
            let frame =
                TrapFrame::parse(line).map_err(|fault| format!("is not a trap frame: {fault}"))?;
            if frame.seq != count {
                return Err(format!("has seq {}, not {count}", frame.seq));
            }
            if frame.tick < tick || frame.t < time {
                return Err("has a tick or time before that of the line before".to_owned());
            }
            (tick, time) = (frame.tick, frame.t);
            look(&frame);
            Ok(())
        })
    }

    /// Reads a file whose lines hold no hash. `check` is given how many lines came before, and the
    /// line; what it refuses is an error of that line.
    fn plain_lines(
        &self,
        name: &'static str,
        max_line_bytes: usize,
        mut check: impl FnMut(u64, &[u8]) -> Result<(), String>,
    ) -> Result<FileEnd, RunIoError> {
        let path = self.files.path(name);
        let bad = |line, reason| RunIoError::BadLine {
            path: path.clone(),
            line,
            reason,
        };
        let mut lines = LineReader::new(self.open(name)?, max_line_bytes);
        let mut chain = LineChain::default();
        let mut torn_bytes = 0;
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(LineError::System { source, .. }) => {
                    return Err(RunIoError::system("read", &path)(source));
                }
                Err(error) => return Err(bad(error.line(), error.to_string())),
            };
            if !line.is_whole {
                torn_bytes = line.bytes.len() as u64;
                break;
            }
            check(chain.chain().count(), line.bytes).map_err(|reason| bad(line.number, reason))?;
            chain.line(line.bytes);
        }
        Ok(FileEnd {
            chain: chain.chain(),
            torn_bytes,
        })
    }

    /// Says how the run ends, once its files were read.
    ///
    /// # Errors
    /// The run is finished, but a file ends with a torn line or the manifest disagrees with it.
    pub fn judge(
        &self,
        header: HeaderFacts,
        manifest: Option<&Manifest>,
        ends: &Ends,
    ) -> Result<RunEnd, RunIoError> {
        let Some(manifest) = manifest else {
            return Ok(RunEnd::Unfinished {
                records: ends.journal.map_or(0, |end| end.chain.count()),
                torn_bytes: ends.journal.map_or(0, |end| end.torn_bytes),
            });
        };
        self.expect_whole(ends)?;
        self.agree("seed", manifest.seed(), header.seed)?;
        self.agree("profile", manifest.profile(), header.profile)?;
        if manifest.records() > header.ticks {
            self.agree("records, at most", manifest.records(), header.ticks)?;
        }
        if let Some(FileEnd { chain, .. }) = ends.journal {
            self.agree("records", manifest.records(), chain.count())?;
            self.agree("root", manifest.root(), chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.tape {
            self.agree("tape entries", manifest.tape().entries, chain.count())?;
            self.agree("tape head", manifest.tape().head, chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.injections {
            self.agree(
                "injections lines",
                manifest.injections().lines,
                chain.count(),
            )?;
            self.agree("injections head", manifest.injections().head, chain.head())?;
        }
        if let Some(FileEnd { chain, .. }) = ends.traps {
            self.agree("traps lines", manifest.traps().lines, chain.count())?;
            self.agree("traps head", manifest.traps().head, chain.head())?;
        }
        Ok(RunEnd::Finished)
    }

    /// Refuses a torn last line, which a finished run cannot have.
    ///
    /// # Errors
    /// There is one.
    pub(crate) fn expect_whole(&self, ends: &Ends) -> Result<(), RunIoError> {
        for (name, end) in [
            (RunDirectory::JOURNAL, ends.journal),
            (RunDirectory::TAPE, ends.tape),
            (RunDirectory::INJECTIONS, ends.injections),
            (RunDirectory::TRAPS, ends.traps),
        ] {
            if let Some(end) = end.filter(|end| end.torn_bytes > 0) {
                let path = self.files.path(name);
                let line = end.chain.count() + 1;
                return Err(RunIoError::Torn { path, line });
            }
        }
        Ok(())
    }

    /// Refuses a manifest that says something else than the files beside it.
    ///
    /// # Errors
    /// The two values differ.
    pub fn agree<T: PartialEq + ToString>(
        &self,
        claim: &'static str,
        claimed: T,
        found: T,
    ) -> Result<(), RunIoError> {
        if claimed == found {
            return Ok(());
        }
        Err(RunIoError::ManifestDisagrees {
            path: self.files.path(RunDirectory::MANIFEST),
            claim,
            claimed: claimed.to_string(),
            found: found.to_string(),
        })
    }

    fn open(&self, name: &str) -> Result<Source<'_>, RunIoError> {
        let path = self.files.path(name);
        let source = self.files.open(name).map_err(RunIoError::not_read(&path))?;
        source.ok_or(RunIoError::Missing { path })
    }

    /// The bytes of a header or manifest, if there is one.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, RunIoError> {
        let path = self.files.path(name);
        let source = { self.files.open(name) }.map_err(RunIoError::system("read", &path))?;
        let Some(source) = source else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        { source.take(MAX_DOCUMENT_BYTES + 1) }
            .read_to_end(&mut bytes)
            .map_err(RunIoError::system("read", &path))?;
        if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
            let limit = MAX_DOCUMENT_BYTES;
            let source = DocumentError::TooLong { limit };
            return Err(RunIoError::Document { path, source });
        }
        Ok(Some(bytes))
    }
}

/// What every line of the injections begins with.
#[derive(Deserialize)]
struct InjectionLine {
    tick: u64,
}
