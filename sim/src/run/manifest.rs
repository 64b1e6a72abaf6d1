//! The manifest: what a finished run came to, and the command that repeats it.
//!
//! Never enters a hash: a run without its manifest is a run that did not finish, nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos::journal::Chain;

use super::document::{self, DocumentError, Format};
use super::header::Profile;

const FORMAT: Format = Format {
    name: "turingos.manifest",
    version: 1,
};

/// What a finished run came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    seed: u64,
    profile: Profile,
    records: u64,
    root: Digest,
    tape: TapeAnchor,
    gates: Vec<Gate>,
    passed: bool,
    counts: BTreeMap<String, u64>,
    reproduce: String,
}

/// Where a finished run's tape ends, so that a tail that was cut off is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeAnchor {
    /// How many entries the tape has.
    pub entries: u64,
    /// The hash of its last line; the digest of the header if it is empty.
    pub head: Digest,
}

/// One check of a finished run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The gate's name, stable across versions.
    pub id: String,
    /// Whether it holds.
    pub pass: bool,
    /// What was measured and what was asked for, one line for people.
    pub detail: String,
}

impl Manifest {
    /// A manifest without gates and counts yet; [`super::RunWriter::finish`] puts the tape's end in. `root` is the head of the journal's chain after
    /// `records` lines; `reproduce` is a command that can be copied into a shell.
    #[must_use]
    pub fn new(seed: u64, profile: Profile, records: u64, root: Digest, reproduce: String) -> Self {
        Self {
            format: FORMAT.text(),
            seed,
            profile,
            records,
            root,
            tape: TapeAnchor {
                entries: 0,
                head: Digest::EMPTY,
            },
            gates: Vec::new(),
            passed: true,
            counts: BTreeMap::new(),
            reproduce,
        }
    }

    /// The same manifest with these gates; it passed if each of them holds.
    #[must_use]
    pub fn with_gates(mut self, gates: Vec<Gate>) -> Self {
        self.passed = gates.iter().all(|gate| gate.pass);
        self.gates = gates;
        self
    }

    /// The same manifest with these counts: how often each thing of interest happened.
    #[must_use]
    pub fn with_counts(mut self, counts: BTreeMap<String, u64>) -> Self {
        self.counts = counts;
        self
    }

    /// The same manifest with the end of the run's tape.
    #[must_use]
    pub const fn with_tape(mut self, tape: Chain) -> Self {
        self.tape = TapeAnchor {
            entries: tape.count(),
            head: tape.head(),
        };
        self
    }

    /// Where the tape ends.
    #[must_use]
    pub const fn tape(&self) -> TapeAnchor {
        self.tape
    }

    /// The seed of the run.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The profile of the run.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// How many lines the journal has.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// The hash of the journal's last line.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The gates that were checked, in their order.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Whether every gate holds; true if none was checked.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// How often each thing of interest happened.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// The command that repeats the run.
    #[must_use]
    pub fn reproduce(&self) -> &str {
        &self.reproduce
    }

    /// The exact bytes of `manifest.json`: compact, members in a fixed order, one newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::to_bytes(self)
    }

    /// Reads the bytes of a `manifest.json`.
    ///
    /// # Errors
    /// Whatever is not exactly what [`Manifest::to_bytes`] writes, and a verdict that its own
    /// gates contradict.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        let manifest: Self = document::from_bytes(bytes, FORMAT)?;
        if manifest.passed == manifest.gates.iter().all(|gate| gate.pass) {
            Ok(manifest)
        } else {
            Err(DocumentError::Contradiction(
                "`passed` contradicts the gates",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(id: &str, pass: bool) -> Gate {
        Gate {
            id: id.into(),
            pass,
            detail: "1200 of 1200".into(),
        }
    }

    fn manifest() -> Manifest {
        let reproduce = "sim soak --ticks 1200 --seed 42";
        Manifest::new(42, Profile::Hostile, 1200, Digest::EMPTY, reproduce.into())
            .with_gates(vec![gate("records", true), gate("liveness", true)])
            .with_counts(BTreeMap::from([("trap.cpu_fault".into(), 17)]))
    }

    #[test]
    fn the_bytes_are_read_back() {
        let bytes = manifest().to_bytes();
        assert!(bytes.starts_with(b"{\"format\":\"turingos.manifest/1\",\"seed\":42,"));
        assert_eq!(Manifest::from_bytes(&bytes).unwrap(), manifest());
    }

    #[test]
    fn one_gate_that_fails_fails_the_run() {
        let failed = manifest().with_gates(vec![gate("records", true), gate("liveness", false)]);
        assert!(!failed.passed());
        assert_eq!(Manifest::from_bytes(&failed.to_bytes()).unwrap(), failed);
    }

    #[test]
    fn a_verdict_that_the_gates_contradict_is_refused() {
        let text = String::from_utf8(manifest().to_bytes()).unwrap();
        let forged = text.replace("\"passed\":true", "\"passed\":false");
        let error = Manifest::from_bytes(forged.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "`passed` contradicts the gates");
    }

    #[test]
    fn unknown_members_and_unsorted_counts_are_refused() {
        let counts = BTreeMap::from([("a".into(), 1), ("b".into(), 2)]);
        let text = String::from_utf8(manifest().with_counts(counts).to_bytes()).unwrap();
        for other in [
            text.replace("\"a\":1,\"b\":2", "\"b\":2,\"a\":1"),
            text.replace("\"a\":1,\"b\":2", "\"a\":1,\"a\":1,\"b\":2"),
            text.replace("\"records\":", "\"extra\":1,\"records\":"),
            text.replace("manifest/1", "manifest/9"),
        ] {
            assert!(Manifest::from_bytes(other.as_bytes()).is_err(), "{other}");
        }
    }
}
