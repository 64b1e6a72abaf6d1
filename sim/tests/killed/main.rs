//! Real processes, killed at many moments, go on to the same root as one that was left alone.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod process;
mod soaks;
mod workspaces;
