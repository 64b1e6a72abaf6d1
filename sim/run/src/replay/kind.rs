//! A header of any kind.

use crate::header::header_kind;
use crate::providers;
use crate::{DocumentError, Header, RunKind};
use crate::{scenario, soak};

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
