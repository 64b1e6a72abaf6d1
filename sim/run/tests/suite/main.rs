//! Runs as a library user drives them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod failure;
mod forged;
mod providers;
mod run_directory;
mod scenario;
mod soak;
mod tally;
mod taped;
mod traps;
