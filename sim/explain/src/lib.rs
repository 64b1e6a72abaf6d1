//! Explains runs: the timeline of a run, everything about one tick, how two runs differ, and a
//! report about runs as an HTML page.
//!
//! Everything here is re-execution. A [`Playback`] carries a recorded run out again, tick by tick
//! and held to its recording; what is shown is read off the kernel, the world and the calls while
//! it runs, so a run needs to have logged nothing.
//!
//! ```no_run
//! use std::path::Path;
//! use turingos_explain::{Playback, TimelineEntry};
//! use turingos_run::on_virtual_time;
//!
//! let mut playback = Playback::open(Path::new("runs/tuesday"))?;
//! on_virtual_time(async {
//!     while let Some(step) = playback.step().await? {
//!         let entry = TimelineEntry::of(&step.committed, &step.injections);
//!         if entry.is_eventful() {
//!             println!("tick {}: {}", entry.tick, entry.traps.join(" "));
//!         }
//!     }
//!     Ok::<(), turingos_run::RunIoError>(())
//! })?;
//! # Ok::<(), turingos_run::RunIoError>(())
//! ```
//!
//! This crate writes no file and prints nothing.

mod caret;
mod comparison;
mod file_changes;
mod fork_curve;
mod frame_sections;
mod journal;
mod playback;
mod prefix;
mod report;
mod shrink;
mod tick_detail;
mod timeline;
mod trial;
mod wilson;

pub use caret::Excerpt;
pub use comparison::{Comparison, Parting, compare};
pub use file_changes::FileChange;
pub use fork_curve::{ForkPlan, ForkPoint, fork_curve, turning_point};
pub use frame_sections::{FrameSection, sections};
pub use journal::{JournalTick, JournalTrap, journal_ticks};
pub use playback::{Playback, Step};
pub use prefix::{rebuild_world, verify_prefix};
pub use report::{
    Bucket, CurvePoint, Detail, Focus, ForkCurve, JournalError, Labelled, MAX_BUCKETS,
    MAX_DOCUMENT_BYTES, Range, RemainingFault, Report, RunSize, RunSummary, SearchStep, Series,
    ShrinkAccount, TrapRow, Traps, Verdict, Window, examine_journal, examine_run,
};
pub use shrink::{
    Blamed, Bounds, Candidate, NotShrinkable, RecordedRun, ShrinkStep, Shrunk, Stage, Subject,
    shrink,
};
pub use tick_detail::{Attempt, Injection, Reading, TaskView, TickDetail};
pub use timeline::{Fold, Line, Only, TimelineEntry, TimelineFilter};
pub use trial::Trial;
