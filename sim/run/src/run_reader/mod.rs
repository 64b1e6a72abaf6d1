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

mod end;
mod plain_lines;

use std::io::Read;
use std::path::Path;

use turingos::Digest;
use turingos::journal::Chain;

use super::chain_reader::ChainReader;
use super::directory::RunDirectory;
use super::document::DocumentError;
use super::error::RunIoError;
use super::header::{Header, RunConfig};
use super::kind::Kind;
use super::manifest::Manifest;
use super::run_files::{RunFiles, RunFolder};
use super::tape::TapeReader;

pub use end::{Ends, HeaderFacts, RunEnd};

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
    /// The bytes are not such a header.
    pub(crate) fn header_of<C>(&self, bytes: &[u8]) -> Result<Header<C>, RunIoError>
    where
        C: RunConfig,
    {
        Header::from_bytes(bytes).map_err(|source| self.not_a_header(source))
    }

    /// Reads a header of any kind.
    ///
    /// # Errors
    /// The bytes are not a header that this version writes.
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
    /// The file is not a manifest, or cannot be read.
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
