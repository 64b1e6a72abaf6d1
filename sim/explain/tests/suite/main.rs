//! Runs on disk, explained.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod comparison;
mod forks;
mod journals;
mod planted;
mod recorded;
mod reports;
mod searches;
mod ticks;
