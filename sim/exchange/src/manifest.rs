//! The manifest: the totals of a finished recording, and the command that replays it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos::journal::Chain;
use turingos_run::DocumentError;
use turingos_run::document::{self, Format};

use crate::entry::RecordedResponse;

const FORMAT: Format = Format {
    name: "turingos.exchange-manifest",
    version: 1,
};

/// The totals of a finished recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    exchanges: u64,
    lines: u64,
    root: Digest,
    counts: BTreeMap<String, u64>,
    reproduce: String,
}

impl Manifest {
    /// The manifest of a tape that ends at `tape` with these totals.
    #[must_use]
    pub(crate) fn new(tape: Chain, totals: Totals, reproduce: String) -> Self {
        Self {
            format: FORMAT.text(),
            exchanges: totals.exchanges,
            lines: tape.count(),
            root: tape.head(),
            counts: totals.counts,
            reproduce,
        }
    }

    /// How many exchanges there are.
    #[must_use]
    pub const fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// How many lines the tape has.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The hash of the tape's last line.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// How often each end, status, origin and injected fault occurred: `end.whole`, `status.200`.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// The command that replays the recording.
    #[must_use]
    pub fn reproduce(&self) -> &str {
        &self.reproduce
    }

    /// The exact bytes of `manifest.json`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::to_sealed_bytes(self)
    }

    /// Reads the bytes of a `manifest.json`.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Manifest::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        document::from_sealed_bytes(bytes, FORMAT)
    }
}

/// The totals of the lines so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    exchanges: u64,
    counts: BTreeMap<String, u64>,
}

impl Totals {
    /// Counts a response and the request that it answers.
    pub(crate) fn count(&mut self, response: &RecordedResponse) {
        self.exchanges = self.exchanges.saturating_add(1);
        self.add(format!("end.{}", response.end.name()));
        self.add(format!("origin.{}", response.origin.name()));
        if let Some(status) = response.status {
            self.add(format!("status.{status}"));
        }
        if let Some(injected) = &response.injected {
            self.add(format!("injected.{injected}"));
        }
    }

    fn add(&mut self, name: String) {
        let count = self.counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) const fn exchanges(&self) -> u64 {
        self.exchanges
    }

    pub(crate) const fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }
}
