//! Recordings of an agent's HTTP traffic: which requests it sent, what came back, and when.
//!
//! A recording is a directory. `header.json` ([`Header`]) says what was recorded and how;
//! `exchanges.jsonl` has one line for each request as it is sent and one for each response at its
//! end, in a hash chain that begins at the header; `manifest.json` ([`Manifest`]) ends a finished
//! recording. Requests may be in flight at once: a response names its request by number. A process
//! that is killed leaves a valid prefix.
//!
//! [`TapeWriter`] writes one, [`TapeReader`] reads it line by line, [`Tape`] holds one in memory,
//! [`verify()`] judges every file.
//!
//! ```
//! use turingos_exchange::{
//!     Body, End, Header, Origin, RecordedRequest, RecordedResponse, Tape, TapeWriter,
//! };
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("tape");
//! let header = Header::new(vec!["agent".into()], Vec::new());
//! let mut tape = TapeWriter::create(&path, &header)?;
//! let number = tape.request(&RecordedRequest {
//!     target: "openai".into(),
//!     method: "POST".into(),
//!     path: "/v1/chat/completions".into(),
//!     query: None,
//!     headers: Vec::new(),
//!     body: Body(b"{}".to_vec()),
//! })?;
//! tape.response(number, &RecordedResponse {
//!     status: Some(200),
//!     headers: Vec::new(),
//!     head_us: 900,
//!     chunks: Vec::new(),
//!     end: End::Whole,
//!     end_us: 1_000,
//!     origin: Origin::Upstream,
//!     injected: None,
//!     note: None,
//! })?;
//! tape.finish("sim replay tape -- agent".into())?;
//!
//! let tape = Tape::open(&path)?;
//! assert_eq!(tape.exchanges[0].request.path, "/v1/chat/completions");
//! assert!(tape.is_finished);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Redaction`] takes secrets out of requests and responses before they get to a tape, and out of
//! requests that are compared with one. This crate opens no socket.

mod conversation;
mod entry;
mod header;
mod manifest;
mod reader;
mod redaction;
mod tape;
mod target;
mod verify;
mod writer;

pub use conversation::{Conversation, Message, Reply, ToolCall};
pub use entry::{Chunk, End, Entry, Origin, RecordedRequest, RecordedResponse, Stage};
pub use header::{Header, Limits, REQUEST_HEADERS, RESPONSE_HEADERS, RulesText};
pub use manifest::Manifest;
pub use reader::{TapeReader, is_exchange_tape};
pub use redaction::Redaction;
pub use tape::{Exchange, Tape};
pub use target::{NotATarget, Target, TargetKind};
pub use turingos_run::tape::Body;
pub use verify::verify;
pub use writer::TapeWriter;

/// The names of a recording's files.
#[derive(Clone, Copy, Debug)]
pub struct TapeDirectory;

impl TapeDirectory {
    /// What was recorded and how; it begins the hash chain.
    pub const HEADER: &'static str = "header.json";
    /// One line for each request and for each response.
    pub const EXCHANGES: &'static str = "exchanges.jsonl";
    /// The totals; present once the recording has finished.
    pub const MANIFEST: &'static str = "manifest.json";
}

/// The most bytes of a request's or a response's body.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// No line of a tape is longer, in bytes: a body of the limit in its longest spelling, and the rest.
pub const MAX_LINE_BYTES: u64 = 256 * 1024 * 1024;
