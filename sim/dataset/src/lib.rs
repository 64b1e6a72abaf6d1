//! Training rows from recordings: what a model did in a state, and what it did after a trap.
//!
//! A *policy* row is one transition: {q_t, s_t, d_t -> q_next, a_t}. A *reflex* row is a trap frame
//! with the first transition after it. Rows come in the order of their sources and of the lines in
//! them, whatever order the sources were named in.
//!
//! Accepts whole recordings and unfinished runs; the summary names the latter. Never reads a
//! recording that does not verify, and never holds more than one transition and the traps that wait
//! for it; of a row that was written only a digest is kept.

mod collector;
mod names;
mod runs;
mod summary;
mod turingos;

pub use collector::{Collector, SourceSummary, Summary, Transition};
pub use names::shortest_names;
pub use runs::{RunError, from_run};
pub use summary::write_summary;
pub use turingos::{JournalError, from_journal};
