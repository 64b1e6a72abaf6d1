//! A header of any kind.

use std::path::Path;

use turingos::Digest;

use super::document::DocumentError;
use super::header::{Header, Profile, RunKind, header_kind};
use super::{fork, providers};
use super::{scenario, soak};
use crate::scenario::{Place, Scenario};

/// A header, read.
#[derive(Debug)]
pub enum Kind {
    /// Missions drawn from a seed, in a simulated world.
    Soak(Box<Header<soak::Settings>>),
    /// A scenario carried out by a seeded agent.
    Scenario(Box<Header<scenario::Settings>>),
    /// A scenario or a mission carried out by real providers.
    Live(Box<Header<providers::Config>>),
    /// Another run with changes.
    Fork(Box<Header<fork::Config>>),
}

/// The same expression for a header of any kind.
macro_rules! with_header {
    ($kind:expr, $header:ident => $body:expr) => {
        match $kind {
            Kind::Soak($header) => $body,
            Kind::Scenario($header) => $body,
            Kind::Live($header) => $body,
            Kind::Fork($header) => $body,
        }
    };
}
pub(crate) use with_header;

impl Kind {
    /// The names of all kinds, separated by commas.
    #[must_use]
    pub fn known() -> String {
        let names: Vec<_> = RunKind::ALL.iter().map(|kind| kind.name()).collect();
        names.join(", ")
    }

    /// Reads the bytes of a `header.json` of any kind.
    ///
    /// # Errors
    /// The bytes are not a header that this version writes.
    pub fn of(header: &[u8]) -> Result<Self, DocumentError> {
        Ok(match header_kind(header)? {
            RunKind::Soak => Self::Soak(Box::new(Header::from_bytes(header)?)),
            RunKind::Scenario => Self::Scenario(Box::new(Header::from_bytes(header)?)),
            RunKind::Live => Self::Live(Box::new(Header::from_bytes(header)?)),
            RunKind::Fork => Self::Fork(Box::new(Header::from_bytes(header)?)),
        })
    }

    /// The command that repeats the run, quoted for a shell. `recording` is the directory of the
    /// run, if it has one.
    #[must_use]
    pub fn command(&self, recording: Option<&Path>) -> String {
        with_header!(self, header => header.command(recording))
    }

    /// The seed and the profile of the run.
    #[must_use]
    pub fn seed_and_profile(&self) -> (u64, Profile) {
        with_header!(self, header => (header.seed, header.profile))
    }

    /// How many ticks were asked for.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        with_header!(self, header => header.ticks)
    }

    /// Whether real providers answered a part of the run, or all of it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::Soak(_) | Self::Scenario(_) => false,
            Self::Live(_) => true,
            Self::Fork(header) => header.live_part().is_some(),
        }
    }

    /// The scenario of a run whose world is a real directory.
    #[must_use]
    pub fn scenario_in_a_directory(&self) -> Option<&Scenario> {
        let in_a_directory = |settings: &'_ scenario::Settings| settings.place == Place::Directory;
        match self {
            Self::Soak(_) => None,
            Self::Scenario(header) => {
                in_a_directory(&header.config).then_some(&header.config.scenario)
            }
            Self::Live(header) => Some(&header.config.scenario),
            Self::Fork(header) => match &header.config.base {
                fork::Base::Soak(_) => None,
                fork::Base::Scenario(settings) => {
                    in_a_directory(settings).then_some(&settings.scenario)
                }
                fork::Base::Live(settings) => Some(&settings.scenario),
            },
        }
    }

    /// What the run is called: the name of its scenario, or `soak`.
    #[must_use]
    pub fn run_name(&self) -> String {
        let name = with_header!(self, header => header.scenario.clone());
        name.unwrap_or_else(|| "soak".to_owned())
    }

    /// The digest of the initial world: as the header states it, and as its settings make it.
    pub(crate) fn world(&self) -> (Digest, Digest) {
        let stated = with_header!(self, header => header.world);
        let found = match self {
            Self::Soak(header) => header.config.world(),
            Self::Scenario(header) => header.config.scenario.world(),
            Self::Live(header) => header.config.scenario.world(),
            Self::Fork(header) => match &header.config.base {
                fork::Base::Soak(settings) => settings.world(),
                fork::Base::Scenario(settings) => settings.scenario.world(),
                fork::Base::Live(settings) => settings.scenario.world(),
            },
        };
        (stated, found.digest())
    }
}
