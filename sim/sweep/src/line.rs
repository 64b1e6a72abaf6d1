//! The result of one run: one line of a sweep's file.

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos_run::Fingerprint;

/// The result of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunLine {
    /// The seed.
    pub seed: u64,
    /// The place of the subject in the plan's list.
    pub subject: usize,
    /// How many ticks the run had.
    pub ticks: u64,
    /// The head of its journal's chain.
    pub root: Digest,
    /// The kinds of noise and provider fault that the swarm turned off, a bit each.
    pub off: u64,
    /// How it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Fingerprint>,
    /// The result of the same run in a fresh process, if it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Differs>,
}

/// The result of the same run in a fresh process, where it was another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// The root there.
    pub root: Digest,
    /// The first tick that differs; absent if a further run of this process agreed with the fresh
    /// one, so that only state left by earlier runs explains the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick: Option<u64>,
}
