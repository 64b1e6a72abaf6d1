//! The protocols as their clients see them, without a socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod requests;
mod schema_values;
mod tools;
