//! JSON, read fail-closed and written canonically: the one reader and the one writer of the kernel.
//!
//! A caller pulls [`Event`]s from a [`Reader`]; the first fault in the order of bytes ends the
//! reading. Never builds a tree, and never knows what a document is about.
//!
//! ```
//! use turingos::json::{Event, Members, Reader, Rules};
//!
//! let text = r#"{"kind":"note","body":{"lines":["a","b"]}}"#;
//! let mut reader = Reader::new(text, Rules::any_json(8));
//! assert_eq!(reader.value()?, Event::Object);
//! let mut members = Members::default();
//! let mut spans = Vec::new();
//! while let Some(key) = reader.next_key(&mut members)? {
//!     spans.push((key, reader.member_span()?));
//! }
//! reader.end()?;
//! assert_eq!(&text[spans[1].1.clone()], r#"{"lines":["a","b"]}"#);
//!
//! let fault = Reader::new("[1,]", Rules::any_json(8)).span().unwrap_err();
//! assert_eq!(fault.to_string(), "trailing comma at byte 3");
//! # Ok::<(), turingos::json::JsonFault>(())
//! ```

mod compact;
mod fault;
mod keys;
mod number;
mod reader;
mod span;
mod string;
mod write;

pub(crate) use compact::rewrite;
pub use fault::{JsonFault, JsonFaultKind};
pub use reader::{Event, Items, Members, Reader, Rules};
pub use write::push_escaped;
pub(crate) use write::{push_number, push_string};

/// What JSON counts as white space.
pub(crate) const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
