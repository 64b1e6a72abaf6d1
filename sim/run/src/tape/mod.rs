//! The tape: every nondeterministic input of a run, in the order in which it came.
//!
//! `tape.jsonl` has one line for each input, in the journal's line form and with a hash chain of
//! its own that begins at the header's digest. A seeded run in the simulated world has an empty
//! one. Never holds a key: header names come from an allow-list, and a scan of every line stops the
//! run rather than write.

mod body;
mod entry;
mod long_text;
mod player;
mod reader;
mod request_encoder;
mod retry_after;
mod scan;
mod short_call;
mod tape_session;
mod taped_oracle;
mod taped_world;
mod world;
mod writer;

pub use body::Body;
pub use entry::{CallEntry, CallOutcome, Entry, EntryError, KEPT_HEADERS, Reply};
pub use reader::TapeReader;
pub use request_encoder::RequestEncoder;
pub use retry_after::retry_after_us;
pub use scan::SecretScan;
pub use tape_session::{Ending, TapeSession};
pub use taped_oracle::{Call, NoOracle};
pub(crate) use taped_oracle::{CallTape, TapedOracle};
pub(crate) use taped_world::TapedWorld;
pub use taped_world::{NoWorld, Written};
pub use world::{Answer, Command, Question, WorldEntry};
pub use writer::TapeWriter;

/// No line of a tape is longer, in bytes: a body of the bus's limit in its longest spelling, and a
/// request beside it.
pub const MAX_TAPE_LINE_BYTES: u64 = 32 * 1024 * 1024;
