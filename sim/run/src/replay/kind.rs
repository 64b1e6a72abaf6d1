//! What a header describes, told from the few members in which the kinds differ.
//!
//! Never judges the rest: each kind's own reader does, and says where a header is wrong.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::providers;
use crate::{DocumentError, Header};
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

#[derive(Deserialize)]
struct Probe {
    scenario: Option<IgnoredAny>,
    config: ConfigProbe,
}

#[derive(Deserialize)]
struct ConfigProbe {
    providers: Option<IgnoredAny>,
}

impl Kind {
    /// Reads the bytes of a `header.json` of any kind.
    ///
    /// # Errors
    /// The bytes are no header that this version writes.
    pub fn of(header: &[u8]) -> Result<Self, DocumentError> {
        let probe: Option<Probe> = serde_json::from_slice(header).ok();
        match probe {
            Some(Probe {
                config:
                    ConfigProbe {
                        providers: Some(IgnoredAny),
                    },
                ..
            }) => Ok(Self::Live(Box::new(Header::from_bytes(header)?))),
            Some(Probe {
                scenario: Some(IgnoredAny),
                ..
            }) => Ok(Self::Scenario(Box::new(Header::from_bytes(header)?))),
            // What is no header at all is refused with its reason by any reader.
            Some(_) | None => Ok(Self::Soak(Box::new(Header::from_bytes(header)?))),
        }
    }
}
