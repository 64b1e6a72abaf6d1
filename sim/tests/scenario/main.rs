//! Scenarios: their files, their runs, and the checks that judge them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod runs;
