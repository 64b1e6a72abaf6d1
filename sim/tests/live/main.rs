//! Live providers on loopback: what is sent, what comes back, and servers that mean harm.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod command;
mod hostile;
mod lanes;
mod server;
