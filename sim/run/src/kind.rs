//! The kinds of runs: which there are, and which one a header describes.
//!
//! Never judges the rest of a header: each kind's own reader does, and says where it is wrong.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::document::DocumentError;
use super::header::Header;
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

/// Reads a header of one kind.
type ReadHeader = fn(&[u8]) -> Result<Kind, DocumentError>;

const SOAK: (&str, ReadHeader) = ("soak", |bytes| read(bytes, Kind::Soak));
const SCENARIO: (&str, ReadHeader) = ("scenario", |bytes| read(bytes, Kind::Scenario));
const LIVE: (&str, ReadHeader) = ("live", |bytes| read(bytes, Kind::Live));

/// Every kind of run, with the reader of its headers.
const KINDS: [(&str, ReadHeader); 3] = [SOAK, SCENARIO, LIVE];

fn read<C: Serialize + DeserializeOwned>(
    bytes: &[u8],
    kind: fn(Box<Header<C>>) -> Kind,
) -> Result<Kind, DocumentError> {
    Header::from_bytes(bytes).map(|header| kind(Box::new(header)))
}

/// The few members in which the kinds differ.
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
    /// The names of all kinds, separated by commas.
    #[must_use]
    pub fn known() -> String {
        KINDS.map(|(name, _)| name).join(", ")
    }

    /// Reads the bytes of a `header.json` of any kind.
    ///
    /// # Errors
    /// The bytes are no header that this version writes.
    pub fn of(header: &[u8]) -> Result<Self, DocumentError> {
        let probe: Option<Probe> = serde_json::from_slice(header).ok();
        let (_, read) = match probe {
            Some(probe) if probe.config.providers.is_some() => LIVE,
            Some(probe) if probe.scenario.is_some() => SCENARIO,
            // Any reader refuses what is no header at all, with the reason.
            Some(_) | None => SOAK,
        };
        read(header)
    }
}
