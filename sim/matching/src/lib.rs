//! Which recorded request a sent request is.
//!
//! A [`Matcher`] holds the requests of a tape. [`Matcher::take`] finds the one that equals a sent
//! request exactly, under declared [`Rules`], and gives each away once; otherwise it says why, as a
//! [`Miss`]. Nothing matches nearly, and this crate does no I/O.
//!
//! ```
//! use turingos_matching::{Matcher, Recorded, Request, Rules};
//!
//! let request = |body: &str| Request {
//!     service: "openai".into(),
//!     method: "POST".into(),
//!     path: "/v1/chat/completions".into(),
//!     body: body.into(),
//!     ..Request::default()
//! };
//! let recorded = Recorded { number: 1, request: request(r#"{"model":"m","n":1}"#) };
//! let mut matcher = Matcher::new(vec![recorded], Rules::default());
//!
//! let miss = matcher.take(&request(r#"{"model":"m","n":2}"#)).unwrap_err();
//! assert_eq!(miss.lines()[1], "  /n: recorded 1, sent 2");
//! assert!(matcher.take(&request(r#"{ "n": 1, "model": "m" }"#)).is_ok());
//! assert!(matcher.take(&request(r#"{ "n": 1, "model": "m" }"#)).is_err());
//! ```

mod bindings;
mod difference;
mod document;
mod form;
mod learn;
mod matcher;
mod miss;
mod nearest;
mod node;
mod pointer;
mod propose;
mod request;
mod rules;
mod rules_file;

pub use difference::Difference;
pub use document::{AliasRule, DropRule, RulesDocument, RulesFault};
pub use learn::Learner;
pub use matcher::{Found, Matcher, Recorded, Taken};
pub use miss::{Miss, MissReason};
pub use request::Request;
pub use rules::{MAX_RULES, Rules};
pub use rules_file::MAX_RULES_BYTES;

/// The canonical text of a JSON document: members sorted by their keys' UTF-8, no white space,
/// numbers as they were written. Nothing for what is compared as text or bytes instead: what is not
/// JSON, has a duplicate key or half a surrogate pair, or nests deeper than 128.
#[must_use]
pub fn canonical_json(text: &str) -> Option<String> {
    node::Node::parse(text).map(|node| node.text())
}
