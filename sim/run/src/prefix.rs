//! Reading a run back: what of its journal is whole and true.
//!
//! Never holds more than one line in memory, and never changes a file. What it does *not* check is whether the records follow from the header: that takes
//! running the kernel again.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use turingos::Digest;
use turingos::journal::Chain;

use super::chain_reader::{ChainReader, Step};
use super::directory::RunDirectory;
use super::document::DocumentError;
use super::error::RunIoError;
use super::header::{Header, RunConfig};
use super::manifest::Manifest;
use super::tape::TapeReader;

/// No header or manifest is longer.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;
/// No journal line is longer.
pub(super) const MAX_JOURNAL_LINE_BYTES: u64 = 1024 * 1024;

/// What of a run is whole: its header, and the journal up to the last line that is.
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
    /// The manifest, if the run finished. It agrees with header and journal.
    pub manifest: Option<Manifest>,
}

/// Reads header, journal and manifest of the run in `directory` and verifies the hash chain.
///
/// The last line counts as torn if it has no newline or not the form of a line. A line that has
/// the form but not the hash is no accident of writing.
///
/// # Errors
/// A file cannot be read, or it is corrupt anywhere but in a torn last line. A finished run has no
/// torn line.
pub fn read_prefix<C>(directory: &Path) -> Result<Prefix<C>, RunIoError>
where
    C: RunConfig,
{
    let header = read_header(directory)?;
    let journal = open(&directory.join(RunDirectory::JOURNAL))?;
    let tape = open(&directory.join(RunDirectory::TAPE))?;
    let path = directory.join(RunDirectory::MANIFEST);
    let manifest = match path.exists() {
        true => Some(read_document(&path)?),
        false => None,
    };
    read_parts(directory, &header, journal, tape, manifest.as_deref())
}

/// The same for files that are already open, or in memory; `directory` is only for errors.
///
/// # Errors
/// As [`read_prefix`].
pub fn read_parts<C>(
    directory: &Path,
    header: &[u8],
    journal: impl BufRead,
    tape: impl BufRead,
    manifest: Option<&[u8]>,
) -> Result<Prefix<C>, RunIoError>
where
    C: RunConfig,
{
    let genesis = Digest::of(header);
    let path = directory.join(RunDirectory::HEADER);
    let header = Header::from_bytes(header).map_err(in_document(&path))?;
    let path = directory.join(RunDirectory::JOURNAL);
    let lines = ChainReader::new(journal, &path, genesis, MAX_JOURNAL_LINE_BYTES);
    let (chain, torn_bytes) = read_journal(lines)?;
    let path = directory.join(RunDirectory::TAPE);
    let (tape, tape_torn_bytes) = read_tape(TapeReader::new(tape, &path, genesis))?;
    let path = directory.join(RunDirectory::MANIFEST);
    let manifest = manifest
        .map(|bytes| Manifest::from_bytes(bytes).map_err(in_document(&path)))
        .transpose()?;
    if let Some(manifest) = &manifest {
        let ends = Ends {
            journal: chain,
            torn_bytes,
            tape,
            tape_torn_bytes,
        };
        check_manifest(manifest, &header, &ends, &path)?;
    }
    Ok(Prefix {
        header,
        records: chain.count(),
        head: chain.head(),
        torn_bytes,
        tape,
        tape_torn_bytes,
        manifest,
    })
}

fn open(path: &Path) -> Result<BufReader<File>, RunIoError> {
    File::open(path)
        .map(|file| BufReader::with_capacity(64 * 1024, file))
        .map_err(RunIoError::system("read", path))
}

fn in_document(path: &Path) -> impl FnOnce(DocumentError) -> RunIoError {
    let path = path.to_path_buf();
    move |source| RunIoError::Document { path, source }
}

/// The bytes of the header of the run in `directory`, at most 1 MiB.
///
/// # Errors
/// There is no run, or the file is too long or cannot be read.
pub fn read_header(directory: &Path) -> Result<Vec<u8>, RunIoError> {
    let path = directory.join(RunDirectory::HEADER);
    let has_none = directory.is_file() || matches!(path.try_exists(), Ok(false));
    if directory.exists() && has_none {
        return Err(RunIoError::NoRun {
            path: directory.to_path_buf(),
        });
    }
    read_document(&path)
}

/// The bytes of a header or manifest, at most 1 MiB.
///
/// # Errors
/// The file is too long or cannot be read.
pub fn read_document(path: &Path) -> Result<Vec<u8>, RunIoError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut bytes))
        .map_err(RunIoError::system("read", path))?;
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(in_document(path)(DocumentError::TooLong {
            limit: MAX_DOCUMENT_BYTES,
        }));
    }
    Ok(bytes)
}

/// The chain after the last whole line, and how many torn bytes follow it.
fn read_journal(mut lines: ChainReader<impl BufRead>) -> Result<(Chain, u64), RunIoError> {
    while let Step::Record(_) = lines.step()? {}
    Ok((lines.chain(), lines.torn_bytes()))
}

/// The tape after its last whole entry, and how many torn bytes follow it.
fn read_tape(mut tape: TapeReader<impl BufRead>) -> Result<(Chain, u64), RunIoError> {
    while tape.next_entry()?.is_some() {}
    Ok((tape.chain(), tape.torn_bytes()))
}

/// Where the files of a run end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) journal: Chain,
    pub(crate) torn_bytes: u64,
    pub(crate) tape: Chain,
    pub(crate) tape_torn_bytes: u64,
}

/// Holds a manifest to the other files of its run; `path` is the manifest's.
pub(crate) fn check_manifest<C>(
    manifest: &Manifest,
    header: &Header<C>,
    ends: &Ends,
    path: &Path,
) -> Result<(), RunIoError> {
    let tape = manifest.tape();
    let claims = [
        ("seed", manifest.seed().to_string(), header.seed.to_string()),
        (
            "profile",
            manifest.profile().to_string(),
            header.profile.to_string(),
        ),
        (
            "records",
            manifest.records().to_string(),
            ends.journal.count().to_string(),
        ),
        (
            "root",
            manifest.root().to_string(),
            ends.journal.head().to_string(),
        ),
        (
            "a finished run's torn bytes",
            0.to_string(),
            ends.torn_bytes.to_string(),
        ),
        (
            "tape entries",
            tape.entries.to_string(),
            ends.tape.count().to_string(),
        ),
        (
            "tape head",
            tape.head.to_string(),
            ends.tape.head().to_string(),
        ),
        (
            "a finished tape's torn bytes",
            0.to_string(),
            ends.tape_torn_bytes.to_string(),
        ),
    ];
    for (claim, claimed, found) in claims {
        if claimed != found {
            return Err(RunIoError::ManifestDisagrees {
                path: path.to_path_buf(),
                claim,
                claimed,
                found,
            });
        }
    }
    Ok(())
}
