//! Why a reply was not taken: one machine-readable code for each reason.

use alloc::string::String;
use core::fmt;

use serde::Serialize;

/// A reply that is not exactly one well-formed transition. The model is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The reason, stable across versions.
    pub code: FaultCode,
    /// Where and what, for people: a key, a position, a limit. At most 200 characters.
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl core::error::Error for Fault {}

/// Every reason for which a reply is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FaultCode {
    /// The bytes are not UTF-8.
    NotUtf8,
}

impl FaultCode {
    /// Every code.
    pub const ALL: [Self; 1] = [Self::NotUtf8];

    /// The code as it is written in records, traps and fixtures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotUtf8 => "NOT_UTF8",
        }
    }
}
