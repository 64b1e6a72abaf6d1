//! The proxy between a scripted service and a client that reads every byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod bodies;
mod complaints;
mod scene;
mod secrets;
mod trouble;
