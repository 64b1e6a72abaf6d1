//! Runs whose inputs are on a tape: recorded, replayed with nobody there to ask, resumed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod divergences;
mod edited;
mod provider;
mod replays;
mod resumes;
mod stage;
