//! Keys: what one is, where one stands in bytes that are about to be written, and how it is taken
//! out.
//!
//! A finding names its kind and its place, never the key. A false alarm is preferred over a leak.

mod key;
mod redaction;
mod secrets;
mod shapes;
mod spellings;

pub use key::{Key, NotAKey};
pub use redaction::REDACTED;
pub use secrets::{Leak, Secrets};
