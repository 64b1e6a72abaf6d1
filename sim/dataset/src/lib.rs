//! Training rows from recordings: what a model did in a state, and what it did after a trap.
//!
//! A *policy* row is one transition: {q_t, s_t, d_t -> q_next, a_t}. A *reflex* row is a trap frame
//! with the first transition after it. Rows are sorted by source name and then by line.
//!
//! Accepts whole recordings and unfinished runs; the summary names the latter. No row is of a
//! recording that does not verify: those of a bad source are taken back. Holds one transition, its
//! waiting traps, and a digest of each row written.

mod collector;
mod figures;
mod names;
mod row_file;
mod runs;
mod summary;
mod turingos;

pub use collector::{Collector, DataSet, Transition};
pub use figures::{BadSource, DropReason, Figures, SourceSummary, Summary};
pub use names::shortest_names;
pub use runs::{RunError, from_run};
pub use summary::write_summary;
pub use turingos::{JournalError, from_journal};
