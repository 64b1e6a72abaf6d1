//! A header of any kind.

use super::document::DocumentError;
use super::header::{Header, RunKind, header_kind};
use super::providers;
use super::{scenario, soak};

/// A header, read.
#[derive(Debug)]
pub enum Kind {
    /// Missions drawn from a seed, in a simulated world.
    Soak(Box<Header<soak::Settings>>),
    /// A scenario carried out by a seeded agent.
    Scenario(Box<Header<scenario::Settings>>),
    /// A scenario or a mission carried out by real providers.
    Live(Box<Header<providers::Config>>),
}

impl Kind {
    /// The names of all kinds, separated by commas.
    #[must_use]
    pub fn known() -> String {
        RunKind::ALL.map(RunKind::name).join(", ")
    }

    /// Reads the bytes of a `header.json` of any kind.
    ///
    /// # Errors
    /// The bytes are no header that this version writes.
    pub fn of(header: &[u8]) -> Result<Self, DocumentError> {
        Ok(match header_kind(header)? {
            RunKind::Soak => Self::Soak(Box::new(Header::from_bytes(header)?)),
            RunKind::Scenario => Self::Scenario(Box::new(Header::from_bytes(header)?)),
            RunKind::Live => Self::Live(Box::new(Header::from_bytes(header)?)),
        })
    }
}
