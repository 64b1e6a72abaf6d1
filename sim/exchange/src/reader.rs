//! Reading a tape line by line: each verified by the chain, parsed, and in its place.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use turingos::journal::Chain;
use turingos_run::{ChainReader, FileEnd, RunFiles, RunFolder, RunIoError, Step};

use crate::entry::{self, Entry, Stage};
use crate::header::{FORMAT, Header};
use crate::manifest::{Manifest, Totals};
use crate::{MAX_LINE_BYTES, TapeDirectory};

/// No header or manifest is longer, in bytes.
const MAX_DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Reads the lines of a recording, one at a time.
#[derive(Debug)]
pub struct TapeReader<R> {
    lines: ChainReader<R>,
    next: u64,
    open: BTreeSet<u64>,
    totals: Totals,
    scratch: Vec<u8>,
}

/// True if `path` is a directory whose header says that it is a recording of exchanges.
#[must_use]
pub fn is_exchange_tape(path: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe {
        format: String,
    }
    let bytes = document(&RunFolder(path.to_path_buf()), TapeDirectory::HEADER);
    let probe = match &bytes {
        Ok(Some(bytes)) => serde_json::from_slice::<Probe>(bytes),
        _ => return false,
    };
    probe.is_ok_and(|probe| {
        let version = probe.format.strip_prefix(FORMAT.name);
        version.is_some_and(|version| version.starts_with('/'))
    })
}

/// The header of a recording.
///
/// # Errors
/// It is missing, cannot be read, or is not what this version writes.
pub(crate) fn header(files: &impl RunFiles) -> Result<Header, RunIoError> {
    let path = files.path(TapeDirectory::HEADER);
    match document(files, TapeDirectory::HEADER)? {
        Some(bytes) => {
            Header::from_bytes(&bytes).map_err(|source| RunIoError::Document { path, source })
        }
        None => Err(RunIoError::NoRun {
            path: path.parent().map_or_else(PathBuf::new, Path::to_path_buf),
        }),
    }
}

/// The manifest of a recording; none of an unfinished one.
///
/// # Errors
/// It cannot be read, or is not what this version writes.
pub(crate) fn manifest(files: &impl RunFiles) -> Result<Option<Manifest>, RunIoError> {
    let path = files.path(TapeDirectory::MANIFEST);
    let bytes = document(files, TapeDirectory::MANIFEST)?;
    bytes
        .map(|bytes| Manifest::from_bytes(&bytes))
        .transpose()
        .map_err(|source| RunIoError::Document { path, source })
}

fn document(files: &impl RunFiles, name: &str) -> Result<Option<Vec<u8>>, RunIoError> {
    let path = files.path(name);
    let failed = |error: io::Error| RunIoError::system("read", &path)(error);
    let Some(file) = files.open(name).map_err(failed)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let mut file = file.take(MAX_DOCUMENT_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(RunIoError::Document {
            path,
            source: turingos_run::DocumentError::TooLong {
                limit: MAX_DOCUMENT_BYTES,
            },
        });
    }
    Ok(Some(bytes))
}

impl<'f> TapeReader<Box<dyn Read + 'f>> {
    /// Opens the tape of a recording, whose header was read.
    ///
    /// # Errors
    /// The tape is missing or cannot be opened.
    pub fn open(files: &'f impl RunFiles, header: &Header) -> Result<Self, RunIoError> {
        let path = files.path(TapeDirectory::EXCHANGES);
        let file = files.open(TapeDirectory::EXCHANGES);
        match file.map_err(RunIoError::system("read", &path))? {
            Some(file) => Ok(Self::new(file, &path, header)),
            None => Err(RunIoError::Missing { path }),
        }
    }
}

impl<R: Read> TapeReader<R> {
    /// Reads from `source`; `path` is only for errors.
    pub fn new(source: R, path: &Path, header: &Header) -> Self {
        Self {
            lines: ChainReader::new(source, path, header.genesis(), MAX_LINE_BYTES),
            next: 0,
            open: BTreeSet::new(),
            totals: Totals::default(),
            scratch: Vec::new(),
        }
    }

    /// The next line; `None` at the end or at a torn last line.
    ///
    /// # Errors
    /// The file cannot be read, a line does not verify, its record is not an entry, or it is out of
    /// place.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, RunIoError> {
        let read = match self.lines.step()? {
            Step::Torn(_) | Step::End => return Ok(None),
            Step::Record(record) => entry::read(record, &mut self.scratch),
        };
        let placed = read.and_then(|entry| self.place(&entry).map(|()| entry));
        placed.map(Some).map_err(|reason| RunIoError::BadLine {
            path: self.lines.path().to_path_buf(),
            line: self.lines.chain().count(),
            reason,
        })
    }

    fn place(&mut self, entry: &Entry) -> Result<(), String> {
        let number = entry.number;
        match &entry.stage {
            Stage::Request(_) if number == self.next => {
                self.open.insert(number);
                self.next = self.next.saturating_add(1);
                Ok(())
            }
            Stage::Request(_) => Err(format!("has request {number}, expected {}", self.next)),
            Stage::Response(response) if self.open.remove(&number) => {
                self.totals.count(response);
                Ok(())
            }
            Stage::Response(_) => Err(format!(
                "has a response to request {number}, which is not open"
            )),
        }
    }

    /// How many requests read so far have no response.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.open.len()
    }

    /// How the tape ends, as far as it was read.
    #[must_use]
    pub const fn end(&self) -> FileEnd {
        self.lines.end()
    }

    /// Where the chain stands.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.lines.chain()
    }

    pub(crate) const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Compares a tape that was read to its end with its manifest.
    ///
    /// # Errors
    /// The tape is torn, has unanswered requests, or is not what the manifest says.
    pub(crate) fn agree(&self, manifest: &Manifest, path: PathBuf) -> Result<(), RunIoError> {
        let end = self.end();
        if end.torn_bytes > 0 {
            return Err(RunIoError::Torn {
                path: self.lines.path().to_path_buf(),
                line: end.chain.count() + 1,
            });
        }
        let claims: [(&'static str, String, String); 4] = [
            (
                "lines",
                manifest.lines().to_string(),
                end.chain.count().to_string(),
            ),
            (
                "root",
                manifest.root().to_string(),
                end.chain.head().to_string(),
            ),
            (
                "exchanges",
                manifest.exchanges().to_string(),
                format!(
                    "{}{}",
                    self.totals.exchanges(),
                    match self.open.len() {
                        0 => String::new(),
                        open => format!(" and {open} unanswered"),
                    }
                ),
            ),
            (
                "counts",
                format!("{:?}", manifest.counts()),
                format!("{:?}", self.totals.counts()),
            ),
        ];
        for (claim, claimed, found) in claims {
            if claimed != found {
                return Err(RunIoError::ManifestDisagrees {
                    path,
                    claim,
                    claimed,
                    found,
                });
            }
        }
        Ok(())
    }
}
