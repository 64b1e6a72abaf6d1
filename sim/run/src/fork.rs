//! Forks: runs that begin as another run and then go their own way, by a list of changes.
//!
//! The header of a fork has everything that its parent's has, so a fork is run, replayed and forked
//! again without its parent.

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use turingos::Digest;

use crate::edits::{Edit, Edits, FaultKind, LivePart};
use crate::providers;
use crate::scenario::{self, Place};
use crate::{Header, Kind, Manifest, RunConfig, RunIoError, RunKind, RunReader, soak};

/// The configuration of a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The head of the parent's journal.
    pub parent: Digest,
    /// The first tick that may differ from the parent's.
    pub at: u64,
    /// The settings of the run that was forked first.
    pub base: Base,
    /// Every change since then, in the order in which they were made.
    pub edits: Vec<Edit>,
}

/// The settings of a run that can be forked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// Those of a soak.
    Soak(Box<soak::Settings>),
    /// Those of a scenario. One in a real directory has a live part.
    Scenario(Box<scenario::Settings>),
    /// Those of a live run.
    Live(Box<providers::Config>),
}

impl Base {
    /// The kinds of noise and provider fault that are drawn now and then.
    #[must_use]
    pub fn drawn_kinds(&self) -> Vec<FaultKind> {
        let profile = match self {
            Self::Soak(settings) => &settings.agent,
            Self::Scenario(settings) => &settings.speech,
            Self::Live(_) => return Vec::new(),
        };
        let is_drawn = |kind: &FaultKind| match *kind {
            FaultKind::Noise(kind) => profile.noise.rate(kind) > 0,
            FaultKind::Provider(kind) => profile.faults.rate(kind) > 0,
            FaultKind::World(_) | FaultKind::Reply => false,
        };
        FaultKind::all().filter(is_drawn).collect()
    }
}

/// The header that a fork's run would have without its changes.
#[derive(Clone, Debug)]
pub(crate) enum BaseHeader {
    Soak(Box<Header<soak::Settings>>),
    Scenario(Box<Header<scenario::Settings>>),
    Live(Box<Header<providers::Config>>),
}

impl RunConfig for Config {
    const KIND: RunKind = RunKind::Fork;

    fn command(_header: &Header<Self>, recording: Option<&Path>) -> Vec<String> {
        let recording = recording.map_or("RUN".into(), |path| path.display().to_string());
        vec!["sim".to_owned(), "replay".to_owned(), recording]
    }
}

impl Header<Config> {
    /// The last part that real providers answer, if there is one.
    #[must_use]
    pub fn live_part(&self) -> Option<&LivePart> {
        let parts = self.config.edits.iter().rev();
        { parts }.find_map(|edit| match edit {
            Edit::Live(part) => Some(part.as_ref()),
            _ => None,
        })
    }

    /// The changes.
    #[must_use]
    pub fn edits(&self) -> Edits {
        Edits::of(self.seed, &self.config.edits)
    }

    pub(crate) fn based_on(&self) -> BaseHeader {
        match &self.config.base {
            Base::Soak(settings) => {
                BaseHeader::Soak(Box::new(self.with_config(settings.as_ref().clone())))
            }
            Base::Scenario(settings) => {
                BaseHeader::Scenario(Box::new(self.with_config(settings.as_ref().clone())))
            }
            Base::Live(settings) => {
                BaseHeader::Live(Box::new(self.with_config(settings.as_ref().clone())))
            }
        }
    }

    fn with_config<C: RunConfig>(&self, config: C) -> Header<C> {
        Header::new(
            self.seed,
            self.ticks,
            self.profile,
            config,
            self.scenario.clone(),
            self.world,
        )
    }
}

/// Why a run cannot be forked. The caller is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotForkable {
    /// What its providers would have answered is unknown.
    #[error(
        "what the providers of this run would have answered is not on its tape; with --live SETTINGS \
         a provider answers from the fork tick on"
    )]
    Live,
    /// What its directory would have answered is unknown.
    #[error(
        "what the real directory of this run would have answered is not on its tape; record the \
         scenario without --workspace, or have a provider answer with --live SETTINGS"
    )]
    Directory,
}

/// A run that can be forked: read to its end, and every file of it is valid.
#[derive(Debug)]
pub struct Parent {
    /// Its header.
    pub kind: Kind,
    /// How many records it has.
    pub records: u64,
    /// The head of its journal.
    pub root: Digest,
    /// Its manifest, if it has finished.
    pub manifest: Option<Manifest>,
}

impl Parent {
    /// Reads the run in `directory` to its end.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let reader = RunReader::of(directory);
        let kind = reader.kind_of(&reader.header_bytes()?)?;
        let (records, root, manifest) = match &kind {
            Kind::Soak(_) => whole::<soak::Settings>(directory)?,
            Kind::Scenario(_) => whole::<scenario::Settings>(directory)?,
            Kind::Live(_) => whole::<crate::providers::Config>(directory)?,
            Kind::Fork(_) => whole::<Config>(directory)?,
        };
        Ok(Self {
            kind,
            records,
            root,
            manifest,
        })
    }

    /// The header of a fork of this run that differs from tick `at` on, by `edits`.
    ///
    /// # Errors
    /// The inputs of the run are not those of a simulation.
    pub fn fork(&self, at: u64, edits: Vec<Edit>) -> Result<Header<Config>, NotForkable> {
        fork(&self.kind, self.root, at, edits)
    }
}

fn whole<C: RunConfig>(directory: &Path) -> Result<(u64, Digest, Option<Manifest>), RunIoError> {
    let prefix = RunReader::of(directory).read_whole::<C>()?;
    Ok((prefix.records, prefix.head, prefix.manifest))
}

/// The header of a fork of the run of `parent`, whose journal ends with `root`.
///
/// # Errors
/// The inputs of the run are not those of a simulation.
pub fn fork(
    parent: &Kind,
    root: Digest,
    at: u64,
    edits: Vec<Edit>,
) -> Result<Header<Config>, NotForkable> {
    let config = |base, edits| Config {
        parent: root,
        at,
        base,
        edits,
    };
    let is_answered = edits.iter().any(|edit| matches!(edit, Edit::Live(_)));
    if parent.is_live() && !is_answered {
        return Err(NotForkable::Live);
    }
    Ok(match parent {
        Kind::Soak(header) => header_with(
            header,
            config(Base::Soak(Box::new(header.config.clone())), edits),
        ),
        Kind::Scenario(header) if header.config.place == Place::Directory && !is_answered => {
            return Err(NotForkable::Directory);
        }
        Kind::Scenario(header) => header_with(
            header,
            config(Base::Scenario(Box::new(header.config.clone())), edits),
        ),
        Kind::Live(header) => header_with(
            header,
            config(Base::Live(Box::new(header.config.clone())), edits),
        ),
        Kind::Fork(header) => {
            let earlier = header.config.edits.iter().cloned();
            let edits = earlier.chain(edits).collect();
            header_with(header, config(header.config.base.clone(), edits))
        }
    })
}

fn header_with<C>(header: &Header<C>, config: Config) -> Header<Config> {
    let Header {
        seed,
        ticks,
        profile,
        ref scenario,
        world,
        ..
    } = *header;
    Header::new(seed, ticks, profile, config, scenario.clone(), world)
}
