//! Live providers as a library user calls them: scripted servers on loopback, and no others.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod calls;
mod hostile;
mod lanes;
mod reached;
mod recorded;
mod server;
mod spending;
mod stage;
