//! Runs as a library user drives them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod any_run;
mod commands;
mod failure;
mod forged;
mod forks;
mod in_memory;
mod places;
mod providers;
mod recoveries;
mod replay;
mod run_directory;
mod scenario;
mod soak;
mod tally;
mod taped;
mod traps;
mod verify;
mod writer;
