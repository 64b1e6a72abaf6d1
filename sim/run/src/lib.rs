//! A run: the driver that makes it, and its header, tape, journal and manifest on disk.
//!
//! Never decides what a record says. Bytes written here are read back strictly: a file that is
//! not exactly what this version writes is an error that names the place.

pub mod chain_reader;
pub mod directory;
pub mod divergence;
pub mod document;
mod driver;
pub mod error;
pub mod fixed_point;
pub mod header;
mod injections;
pub mod kind;
pub mod line_chain;
mod line_file;
pub mod line_reader;
mod line_writer;
pub mod manifest;
pub mod one_line;
pub mod providers;
mod read_ahead;
pub mod recorded_journal;
mod recorded_traps;
pub mod replay;
pub mod retry;
pub mod run_files;
pub mod run_reader;
pub mod scenario;
pub mod session;
pub mod soak;
pub mod strict_json;
pub mod system_prompt;
pub mod tape;
pub mod turingos_journal;
pub mod verify;
pub mod writer;

pub use directory::RunDirectory;
pub use divergence::{Cause, Difference, Divergence};
pub use document::DocumentError;
pub use driver::DriverConfig;
pub use error::{Blame, RunIoError};
pub use header::{Header, Profile, RunConfig, RunKind};
pub use injections::Injections;
pub use kind::Kind;
pub use line_chain::LineChain;
pub use manifest::{Gate, Manifest};
pub use recorded_journal::{RecordedJournal, Verified};
pub use run_files::{RunFiles, RunFolder};
pub use run_reader::{Prefix, RunEnd, RunReader, read_prefix};
pub use session::{Inputs, RunPlan, Session, Sink, Start, Tick, Ticks};
pub use writer::RunWriter;
