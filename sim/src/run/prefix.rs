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
use turingos::journal::{Chain, ChainFaultCode};

use super::directory::RunDirectory;
use super::document::DocumentError;
use super::error::RunIoError;
use super::header::Header;
use super::manifest::Manifest;

/// No header or manifest is longer.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;
/// No journal line is longer.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

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
    let path = directory.join(RunDirectory::HEADER);
    let bytes = read_document(&path)?;
    let header = Header::from_bytes(&bytes).map_err(in_document(&path))?;
    let (chain, torn_bytes) =
        read_journal(&directory.join(RunDirectory::JOURNAL), Digest::of(&bytes))?;
    let path = directory.join(RunDirectory::MANIFEST);
    let manifest = if path.exists() {
        let bytes = read_document(&path)?;
        Some(Manifest::from_bytes(&bytes).map_err(in_document(&path))?)
    } else {
        None
    };
    let prefix = Prefix {
        header,
        records: chain.count(),
        head: chain.head(),
        torn_bytes,
        manifest,
    };
    check_manifest(&prefix, &path)?;
    Ok(prefix)
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
fn read_journal(path: &Path, genesis: Digest) -> Result<(Chain, u64), RunIoError> {
    let unreadable = || RunIoError::system("read", path);
    let mut reader = File::open(path)
        .map(|file| BufReader::with_capacity(64 * 1024, file))
        .map_err(unreadable())?;
    let mut chain = Chain::new(genesis);
    let mut line = Vec::new();
    loop {
        let length = read_line(&mut reader, &mut line).map_err(unreadable())?;
        if length == 0 {
            return Ok((chain, 0));
        }
        let Some(whole) = line.strip_suffix(b"\n") else {
            // Only the end of the file ends a line without a newline.
            return Ok((chain, length));
        };
        let Err(fault) = chain.verify_line(whole) else {
            continue;
        };
        let is_last = reader.fill_buf().map_err(unreadable())?.is_empty();
        if is_last && fault.code == ChainFaultCode::BadFrame {
            return Ok((chain, length));
        }
        return Err(RunIoError::Chain {
            path: path.to_path_buf(),
            fault,
        });
    }
}

/// Reads up to and including the next newline and returns how many bytes that were. Of a line
/// over the limit only its newline is kept, which makes it no line of a chain.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut length = 0;
    loop {
        let read = reader
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', line)? as u64;
        length += read;
        let is_over = length > MAX_LINE_BYTES;
        let has_ended = read == 0 || line.ends_with(b"\n");
        if is_over {
            line.clear();
            line.extend(has_ended.then_some(b'\n').filter(|_| read > 0));
        }
        if has_ended {
            return Ok(length);
        }
    }
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
