//! Reading a run back: what of its journal is whole and true.
//!
//! Never holds more than one line in memory, and never changes a file unless it is asked to cut a
//! torn line. What it does *not* check is whether the records follow from the header: that takes
//! running the kernel again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use turingos::Digest;
use turingos::journal::Chain;

use super::chain_reader::{ChainReader, Step};
use super::directory::RunDirectory;
use super::document::DocumentError;
use super::error::RunIoError;
use super::header::Header;
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
    C: Serialize + DeserializeOwned,
{
    let header = read_document(&directory.join(RunDirectory::HEADER))?;
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
    C: Serialize + DeserializeOwned,
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
    let prefix = Prefix {
        header,
        records: chain.count(),
        head: chain.head(),
        torn_bytes,
        tape,
        tape_torn_bytes,
        manifest,
    };
    check_manifest(&prefix, &path)?;
    Ok(prefix)
}

fn open(path: &Path) -> Result<BufReader<File>, RunIoError> {
    File::open(path)
        .map(|file| BufReader::with_capacity(64 * 1024, file))
        .map_err(RunIoError::system("read", path))
}

/// Cuts a torn last line off the journal in `directory`, so that the run can be continued.
/// Returns the prefix as it was found: `torn_bytes` is what was cut.
///
/// # Errors
/// As [`read_prefix`], and if the journal cannot be written; nothing is cut off a corrupt run.
pub fn truncate_torn<C>(directory: &Path) -> Result<Prefix<C>, RunIoError>
where
    C: Serialize + DeserializeOwned,
{
    let prefix = read_prefix(directory)?;
    if prefix.torn_bytes > 0 {
        let path = directory.join(RunDirectory::JOURNAL);
        cut(&path, prefix.torn_bytes).map_err(RunIoError::system("shorten", &path))?;
    }
    Ok(prefix)
}

fn cut(path: &Path, bytes: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    file.set_len(length.saturating_sub(bytes))?;
    file.sync_all()
}

fn in_document(path: &Path) -> impl FnOnce(DocumentError) -> RunIoError {
    let path = path.to_path_buf();
    move |source| RunIoError::Document { path, source }
}

fn read_document(path: &Path) -> Result<Vec<u8>, RunIoError> {
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
    loop {
        match lines.step()? {
            Step::Record { .. } => {}
            Step::Torn(bytes) => return Ok((lines.chain(), bytes)),
            Step::End => return Ok((lines.chain(), 0)),
        }
    }
}

/// The tape after its last whole entry, and how many torn bytes follow it.
fn read_tape(mut tape: TapeReader<impl BufRead>) -> Result<(Chain, u64), RunIoError> {
    while tape.next_entry()?.is_some() {}
    Ok((tape.chain(), tape.torn_bytes()))
}

fn check_manifest<C>(prefix: &Prefix<C>, path: &Path) -> Result<(), RunIoError> {
    let Some(manifest) = &prefix.manifest else {
        return Ok(());
    };
    let header = &prefix.header;
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
            prefix.records.to_string(),
        ),
        ("root", manifest.root().to_string(), prefix.head.to_string()),
        (
            "a finished run's torn bytes",
            0.to_string(),
            prefix.torn_bytes.to_string(),
        ),
        (
            "tape entries",
            manifest.tape().entries.to_string(),
            prefix.tape.count().to_string(),
        ),
        (
            "tape head",
            manifest.tape().head.to_string(),
            prefix.tape.head().to_string(),
        ),
        (
            "a finished tape's torn bytes",
            0.to_string(),
            prefix.tape_torn_bytes.to_string(),
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
