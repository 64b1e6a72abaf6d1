//! HTTP/1.1 on 127.0.0.1: accepting connections, reading whole requests, sending answers in timed
//! pieces.
//!
//! Everything is bounded: connections, bodies in memory, idle time, and what is left to do after a
//! stop. It opens no connection and knows no provider; what a request is answered with is its
//! caller's affair.

mod connection;
mod host;
mod http;
mod request_body;
mod timed_body;

pub use connection::{Fate, Limits, Loopback};
pub use host::foreign_host;
pub use http::serve;
pub use request_body::{BodyFault, HeldBody, MAX_BODIES_BYTES, room_for_bodies};
pub use timed_body::TimedBody;
