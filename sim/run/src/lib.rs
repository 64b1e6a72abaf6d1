//! Runs of the kernel: a session makes one, a directory keeps it, a replay makes it again.
//!
//! A [`Session`] drives a kernel in a world with an [`Oracle`](turingos_agents::Oracle) and hands
//! each committed [`Tick`] to a [`Sink`]. What it does follows from a [`Header`] and a
//! [`tape`], so the same two give the same journal on every machine.
//!
//! # The run loop
//!
//! A soak is a session with a seeded agent in an in-memory world. This one keeps its journal in
//! memory, prints its root, and reads the hash chain back:
//!
//! ```
//! use std::path::Path;
//! use turingos_run::soak::Settings;
//! use turingos_run::{ChainReader, MAX_JOURNAL_LINE_BYTES, Profile, Soak, Tick, on_virtual_time};
//!
//! let header = Settings::header(Profile::Routine, 42, 20);
//! let mut journal = Vec::new();
//! let mut soak = Soak::start_into(&header, |tick: &Tick<'_>| journal.extend(tick.line));
//! on_virtual_time(async {
//!     while let Some(committed) = soak.tick().await? {
//!         assert!(committed.record.tick < 20);
//!     }
//!     Ok::<(), turingos_run::RunIoError>(())
//! })?;
//! let root = soak.root();
//! println!("root {root}");
//!
//! let path = Path::new("journal.jsonl");
//! let mut lines =
//!     ChainReader::new(&*journal, path, header.genesis(), MAX_JOURNAL_LINE_BYTES);
//! let end = lines.read_to_end()?;
//! assert_eq!((end.chain.count(), end.chain.head()), (20, root));
//! # Ok::<(), turingos_run::RunIoError>(())
//! ```
//!
//! `examples/own_oracle.rs` drives an agent of your own; `examples/replay_in_a_test.rs` records a
//! run with [`RunDirectory`] and holds a test to it with [`replay()`].
//!
//! This crate opens no socket and decides nothing that a record says. It reads files strictly: one
//! that is not exactly what this version writes is an error that names the place.

mod any_run;
mod chain_reader;
mod directory;
mod divergence;
pub mod document;
mod driver;
mod edits;
mod engine;
mod error;
mod failure;
pub mod fixed_point;
pub mod fork;
mod handover;
mod header;
mod injections;
mod kind;
mod left_behind;
mod line_chain;
mod line_file;
pub mod line_reader;
mod line_writer;
mod manifest;
pub mod one_line;
mod open_folder;
mod outlet;
pub mod providers;
mod read_ahead;
mod recorded_journal;
mod recorded_lines;
pub mod replay;
mod retry;
mod route_words;
mod run_files;
pub mod run_reader;
pub mod scenario;
mod session;
pub mod soak;
pub mod strict_json;
pub mod system_prompt;
pub mod tape;
pub mod turingos_journal;
pub mod verify;
mod writer;

pub use any_run::AnyRun;
pub use chain_reader::{ChainReader, FileEnd, Step};
pub use directory::{RunDirectory, abandon, claim, write_whole};
pub use divergence::{Cause, Difference, Divergence, differences, differing_texts};
pub use document::DocumentError;
pub use driver::DriverConfig;
pub use edits::{Edit, Edits, Fault, FaultKind, LivePart};
pub use error::{Blame, RunIoError};
pub use failure::{FailingTrap, FailureTally, Fingerprint};
pub use handover::Handover;
pub use header::{Header, Profile, RunConfig, RunKind};
pub use injections::Injections;
pub use kind::Kind;
pub use line_chain::LineChain;
pub use manifest::{Gate, GateVerdict, LinesAnchor, Manifest, TapeAnchor};
pub use open_folder::{NotAFile, OpenFolder, open_regular};
pub use replay::replay;
pub use retry::{LaneLimit, RetryConfig};
pub use route_words::route_words;
pub use run_files::{RunFiles, RunFolder};
pub use run_reader::{MAX_JOURNAL_LINE_BYTES, Prefix, RunEnd, RunReader, read_prefix};
pub use session::{Inputs, RunPlan, Session, Sink, Start, Tick, Ticks};
pub use soak::{Soak, on_virtual_time};
pub use turingos_world::Sandbox;
pub use writer::RunWriter;
