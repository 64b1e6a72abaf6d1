//! The execution contract: which steps a mission has, in which order, and when each is done.
//!
//! Parses, judges texts and words guidance. Never reads or writes a file (the kernel does, and
//! hands over what it read), never tells the model what a file should hold, and never treats a
//! malformed contract as absent.

mod canonical;
mod cursor;
mod expectation;
mod fault;
mod guidance;
mod parse;
mod progress;
mod refusal;

use alloc::string::String;
use alloc::vec::Vec;

pub use expectation::{
    Blocker, Expectation, MAX_FILE_BYTES, MAX_FILE_NESTING, MAX_PATTERN_BYTES, MAX_REGEX_BYTES,
    Pattern,
};
pub use fault::{ContractCode, ContractError};
pub(crate) use guidance::Stand;
pub(crate) use progress::Change;
pub use progress::{DONE_PREFIX, Progress};
pub use refusal::PlanFault;

use crate::pointer::WorkspacePath;

/// The file of the initial world that holds a run's contract.
pub const CONTRACT_FILE: &str = ".turingos.contract.json";

/// The longest contract, in bytes.
pub const MAX_CONTRACT_BYTES: usize = 256 * 1024;

/// How deep a contract's objects and arrays may nest, expected JSON values included.
pub const MAX_CONTRACT_NESTING: usize = 32;

/// The most steps.
pub const MAX_STEPS: usize = 128;

/// The most required files.
pub const MAX_REQUIRED_FILES: usize = 128;

/// The most parts of one `includes` expectation.
pub const MAX_PARTS: usize = 64;

/// The longest name of a step, in bytes.
pub const MAX_STEP_BYTES: usize = 64;

/// A plan that holds for a whole run: later writes to its file do not change it.
#[derive(Clone, Debug)]
pub struct Contract {
    enabled: bool,
    progress_file: Option<WorkspacePath>,
    steps: Vec<Step>,
    required_files: Vec<WorkspacePath>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    name: String,
    file: Option<WorkspacePath>,
    expectation: Option<Expectation>,
}

impl Contract {
    /// Reads a contract file. The whole file is checked, also where `enabled` is false.
    ///
    /// # Errors
    /// [`ContractError`]: the first fault in the order of bytes; what relates members to each
    /// other is looked at after all of them have been read.
    pub fn parse(json: &[u8]) -> Result<Self, ContractError> {
        parse::contract(json)
    }

    /// False if the contract neither guides nor refuses anything.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// True if there is a step or a required file.
    pub(crate) fn asks_for_something(&self) -> bool {
        !(self.steps.is_empty() && self.required_files.is_empty())
    }

    /// The file that takes one line for each step that is done; there is one if there are steps.
    #[must_use]
    pub const fn progress_file(&self) -> Option<&WorkspacePath> {
        self.progress_file.as_ref()
    }

    /// The steps, in the order in which they are done.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The files that must be there before the machine halts.
    #[must_use]
    pub fn required_files(&self) -> &[WorkspacePath] {
        &self.required_files
    }
}

impl Step {
    /// The name, which is all there is after `DONE:`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file the step makes, if it makes one.
    #[must_use]
    pub const fn file(&self) -> Option<&WorkspacePath> {
        self.file.as_ref()
    }

    /// What the file must hold; without one it only has to be there. Only for people who check a
    /// run from outside: the model is never shown it.
    #[must_use]
    pub const fn expectation(&self) -> Option<&Expectation> {
        self.expectation.as_ref()
    }
}
