//! The hostile corpus: inputs with the outcome that was decided for each, and the runner that
//! compares.
//!
//! A folder has a TOML file for each group of cases; `corpus/README.md` describes the form. A new
//! folder is a new type that implements [`Expectation`]; everything else is shared.
//!
//! Never writes an expectation and never skips a file.

pub mod contracts;
pub mod documents;
mod embedded;
mod group;
pub mod guidance;
mod headline;
mod listing;
mod outcome;
pub mod providers;
mod recipe;
pub mod replies;
pub mod scenarios;
pub mod settings;
pub mod syscalls;
pub mod transcripts;
pub mod turingos_journals;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

pub use group::MAX_INPUT_BYTES;
pub use listing::{LoadError, Malformed, load};
pub use recipe::Recipe;

/// Where the corpus is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// The committed corpus, as it was when the program was built.
    BuiltIn,
    /// A directory in the same form.
    Directory(PathBuf),
}

/// What a folder's cases expect, and how they are run.
pub trait Expectation: Sized {
    /// The directory's name below the corpus root.
    const FOLDER: &'static str;

    /// Reads the members `expect` and `output` of a case in `group`.
    ///
    /// # Errors
    /// One line for people: what is not in the expected form.
    fn parse(group: &str, expect: &str, output: Option<&str>) -> Result<Self, String>;

    /// Runs the input and compares.
    ///
    /// # Errors
    /// [`Disagreement`], if anything but the expected outcome came out.
    fn check(&self, input: &[u8]) -> Result<(), Disagreement>;
}

/// One input with its expectation.
#[derive(Clone, Debug)]
pub struct Case<E> {
    /// `GROUP/NAME`, unique within the folder.
    pub name: String,
    /// What must come out.
    pub expectation: E,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Bytes(Vec<u8>),
    Recipe(Recipe),
}

impl<E> Case<E> {
    /// The bytes to run, at most 8 MiB. A recipe is expanded at each call, so
    /// that huge inputs do not stay in memory.
    #[must_use]
    pub fn input(&self) -> Cow<'_, [u8]> {
        match &self.source {
            Source::Bytes(bytes) => Cow::Borrowed(bytes),
            Source::Recipe(recipe) => Cow::Owned(recipe.expand()),
        }
    }

    /// The group of the case: the stem of its file.
    #[must_use]
    pub fn group(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

impl<E: Expectation> Case<E> {
    /// Runs the case and compares.
    ///
    /// # Errors
    /// [`Disagreement`], if anything but the expected outcome came out.
    pub fn check(&self) -> Result<(), Disagreement> {
        self.expectation.check(&self.input())
    }
}

/// What should have come out of a case, and what did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The expectation, in the words of its file.
    pub expected: String,
    /// The outcome in the same words, with the fault's detail.
    pub got: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}\n  but got {}", self.expected, self.got)
    }
}

/// Runs every case; the names of those that fail, in order, with the reason.
#[must_use]
pub fn disagreements<E: Expectation>(cases: &[Case<E>]) -> Vec<(&str, Disagreement)> {
    cases
        .iter()
        .filter_map(|case| {
            let disagreement = case.check().err()?;
            Some((case.name.as_str(), disagreement))
        })
        .collect()
}
