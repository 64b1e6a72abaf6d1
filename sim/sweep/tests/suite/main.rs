//! Sweeps as a library: their order, their files, their merge.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod files;
mod merging;
mod report;
mod stage;
mod sweeps;
mod table;
