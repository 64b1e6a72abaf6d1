//! A whole recording in memory.

use std::collections::BTreeMap;
use std::path::Path;

use turingos::journal::Chain;
use turingos_run::{RunFiles, RunFolder, RunIoError};

use crate::TapeDirectory;
use crate::entry::{RecordedRequest, RecordedResponse, Stage};
use crate::header::Header;
use crate::manifest::Manifest;
use crate::reader::{self, TapeReader};

/// A request and its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The number of the request, from 0, in the order in which requests were sent.
    pub number: u64,
    /// The request.
    pub request: RecordedRequest,
    /// The response.
    pub response: RecordedResponse,
}

/// A recording, verified and read.
#[derive(Clone, Debug)]
pub struct Tape {
    /// What was recorded and how.
    pub header: Header,
    /// Every exchange with a response, by number.
    pub exchanges: Vec<Exchange>,
    /// The requests without a response: the recorder was killed before they had one.
    pub unanswered: Vec<(u64, RecordedRequest)>,
    /// Where the hash chain ends.
    pub chain: Chain,
    /// Whether the recording has its manifest.
    pub is_finished: bool,
    /// The totals of a finished recording.
    pub manifest: Option<Manifest>,
}

impl Tape {
    /// Reads the recording in the directory `path`.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read. An unfinished recording is none, nor is its
    /// torn last line.
    pub fn open(path: &Path) -> Result<Self, RunIoError> {
        Self::read(&RunFolder(path.to_path_buf()))
    }

    /// Reads the recording of these files.
    ///
    /// # Errors
    /// As [`Tape::open`].
    pub fn read(files: &impl RunFiles) -> Result<Self, RunIoError> {
        let header = reader::header(files)?;
        let manifest = reader::manifest(files)?;
        let mut lines = TapeReader::open(files, &header)?;
        let mut open = BTreeMap::new();
        let mut exchanges = Vec::new();
        while let Some(entry) = lines.next_entry()? {
            let number = entry.number;
            match entry.stage {
                Stage::Request(request) => {
                    open.insert(number, request);
                }
                Stage::Response(response) => {
                    // The reader has seen the request.
                    exchanges.extend(open.remove(&number).map(|request| Exchange {
                        number,
                        request,
                        response,
                    }));
                }
            }
        }
        if let Some(manifest) = &manifest {
            lines.agree(manifest, files.path(TapeDirectory::MANIFEST))?;
        }
        exchanges.sort_by_key(|exchange| exchange.number);
        Ok(Self {
            header,
            exchanges,
            unanswered: open.into_iter().collect(),
            chain: lines.chain(),
            is_finished: manifest.is_some(),
            manifest,
        })
    }
}
