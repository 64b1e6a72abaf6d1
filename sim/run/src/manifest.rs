//! The manifest: the result of a finished run, and the command that repeats it.
//!
//! Never enters the run's chains: a run without its manifest is a run that did not finish, nothing
//! else. Its last member, `seal`, is the SHA-256 of the text before it, because gates, counts and
//! the command stand nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use turingos::Digest;
use turingos::journal::Chain;

use super::document::{self, DocumentError, Format};
use super::header::Profile;

const FORMAT: Format = Format {
    name: "turingos.manifest",
    version: 1,
};

/// The result of a finished run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    seed: u64,
    profile: Profile,
    records: u64,
    root: Digest,
    tape: TapeAnchor,
    injections: LinesAnchor,
    traps: LinesAnchor,
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

/// What vouches for a file of plain lines of a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesAnchor {
    /// How many lines there are.
    pub lines: u64,
    /// Where their [`LineChain`](super::LineChain) ends; the digest of nothing if there are none.
    pub head: Digest,
}

impl LinesAnchor {
    const NONE: Self = Self {
        lines: 0,
        head: Digest::EMPTY,
    };

    const fn of(lines: Chain) -> Self {
        Self {
            lines: lines.count(),
            head: lines.head(),
        }
    }
}

/// One check of a finished run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The gate's name, stable across versions.
    pub id: String,
    /// What it found.
    pub verdict: GateVerdict,
    /// What was measured and what was asked for, one line for people.
    pub detail: String,
}

/// What a gate found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateVerdict {
    /// The check was made, and it holds.
    Pass,
    /// The check was made, and it does not hold.
    Fail,
    /// The run is too short, or has too few kinds of fault, for the check to be made.
    Skip,
}

impl GateVerdict {
    /// Its name in manifests and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

impl Gate {
    /// A check that was made.
    #[must_use]
    pub fn judged(id: impl Into<String>, holds: bool, detail: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            verdict: match holds {
                true => GateVerdict::Pass,
                false => GateVerdict::Fail,
            },
            detail: detail.into(),
        }
    }

    /// A check that could not be made.
    #[must_use]
    pub fn skipped(id: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            verdict: GateVerdict::Skip,
            detail: detail.into(),
        }
    }

    /// Whether the check was made and does not hold: only such a gate fails a run.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.verdict == GateVerdict::Fail
    }
}

impl Manifest {
    /// A manifest without gates and counts yet; [`super::RunWriter::finish`] adds the ends of tape,
    /// injections and trap frames. `root` is the head of the journal's chain after `records` lines;
    /// `reproduce` is a command that can be copied into a shell.
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
            injections: LinesAnchor::NONE,
            traps: LinesAnchor::NONE,
            gates: Vec::new(),
            passed: true,
            counts: BTreeMap::new(),
            reproduce,
        }
    }

    /// The same manifest with these gates; it passed if none of them failed.
    #[must_use]
    pub fn with_gates(mut self, gates: Vec<Gate>) -> Self {
        self.passed = !gates.iter().any(Gate::failed);
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

    /// The same manifest with the end of the run's injections.
    #[must_use]
    pub(crate) const fn with_injections(mut self, injections: Chain) -> Self {
        self.injections = LinesAnchor::of(injections);
        self
    }

    /// The same manifest with the end of the run's trap frames.
    #[must_use]
    pub const fn with_traps(mut self, traps: Chain) -> Self {
        self.traps = LinesAnchor::of(traps);
        self
    }

    /// What vouches for the injections.
    #[must_use]
    pub const fn injections(&self) -> LinesAnchor {
        self.injections
    }

    /// What vouches for the trap frames.
    #[must_use]
    pub const fn traps(&self) -> LinesAnchor {
        self.traps
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

    /// Whether no gate failed; true if none was checked.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// How often each thing of interest happened.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// What the manifest claims of the run besides its files: that follows from the records, and a
    /// replay derives it again. The wording of a gate is not part of it.
    #[must_use]
    pub(crate) fn claims(&self) -> Value {
        let gate = |gate: &Gate| json!({"id": gate.id, "verdict": gate.verdict});
        json!({
            "gates": self.gates.iter().map(gate).collect::<Vec<_>>(),
            "counts": self.counts,
            "reproduce": self.reproduce,
        })
    }

    /// The directory that the run was recorded in, if its command names one.
    #[must_use]
    pub(crate) fn recorded_in(&self) -> Option<PathBuf> {
        Some(shlex::split(&self.reproduce)?.pop()?.into())
    }

    /// The command that repeats the run.
    #[must_use]
    pub fn reproduce(&self) -> &str {
        &self.reproduce
    }

    /// The exact bytes of `manifest.json`: compact, members in a fixed order, the seal, one newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::to_sealed_bytes(self)
    }

    /// Reads the bytes of a `manifest.json`.
    ///
    /// # Errors
    /// Whatever is not exactly what [`Manifest::to_bytes`] writes, a seal of another text, and a
    /// verdict that its own gates contradict.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        let manifest: Self = document::from_sealed_bytes(bytes, FORMAT)?;
        if manifest.passed != manifest.gates.iter().any(Gate::failed) {
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
    use super::document::{AFTER_SEAL, BEFORE_SEAL, split};
    use super::*;

    fn gate(id: &str, holds: bool) -> Gate {
        Gate::judged(id, holds, "1200 of 1200")
    }

    fn manifest() -> Manifest {
        let reproduce = "sim soak --ticks 1200 --seed 42";
        Manifest::new(42, Profile::Hostile, 1200, Digest::EMPTY, reproduce.into())
            .with_gates(vec![gate("records", true), gate("liveness", true)])
            .with_counts(BTreeMap::from([("trap.cpu_fault".into(), 17)]))
    }

    #[test]
    fn bytes_are_read_back() {
        let bytes = manifest().to_bytes();
        assert!(bytes.starts_with(b"{\"format\":\"turingos.manifest/1\",\"seed\":42,"));
        assert_eq!(Manifest::from_bytes(&bytes).unwrap(), manifest());
    }

    #[test]
    fn one_failed_gate_fails_the_run() {
        let failed = manifest().with_gates(vec![gate("records", true), gate("liveness", false)]);
        assert!(!failed.passed());
        assert_eq!(Manifest::from_bytes(&failed.to_bytes()).unwrap(), failed);
    }

    #[test]
    fn skipped_gate_does_not_fail_the_run() {
        let skipped = Gate::skipped("both-lanes", "P 0 and E 1");
        let passed = manifest().with_gates(vec![gate("records", true), skipped]);
        assert!(passed.passed());
        let bytes = passed.to_bytes();
        assert!(String::from_utf8_lossy(&bytes).contains("\"verdict\":\"skip\""));
        assert_eq!(Manifest::from_bytes(&bytes).unwrap(), passed);
    }

    /// The bytes of the manifest with its text edited and its seal made anew.
    fn forged(manifest: &Manifest, from: &str, to: &str) -> Vec<u8> {
        let text = String::from_utf8(manifest.to_bytes())
            .unwrap()
            .replace(from, to);
        let (members, _) = split(text.as_bytes()).unwrap();
        let seal = Digest::of(members);
        [
            members,
            BEFORE_SEAL,
            seal.hex().as_str().as_bytes(),
            AFTER_SEAL,
        ]
        .concat()
    }

    #[test]
    fn contradicting_verdict_is_refused() {
        let forged = forged(&manifest(), "\"passed\":true", "\"passed\":false");
        let error = Manifest::from_bytes(&forged).unwrap_err();
        assert_eq!(error.to_string(), "`passed` contradicts the gates");
    }

    #[test]
    fn changed_byte_is_detected() {
        let bytes = manifest().to_bytes();
        for at in 0..bytes.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                assert!(Manifest::from_bytes(&changed).is_err(), "{bit} at {at}");
            }
        }
    }

    #[test]
    fn missing_seal_is_refused_and_version_named() {
        let unsealed = document::to_bytes(&manifest());
        let error = Manifest::from_bytes(&unsealed).unwrap_err();
        assert_eq!(error.to_string(), "there is no `seal` at its end");
        let newer = forged(&manifest(), "manifest/1", "manifest/2");
        let error = Manifest::from_bytes(&newer).unwrap_err();
        assert!(
            matches!(error, DocumentError::NewerVersion { .. }),
            "{error}"
        );
    }

    #[test]
    fn unknown_members_and_unsorted_counts_are_refused() {
        let counts = BTreeMap::from([("a".into(), 1), ("b".into(), 2)]);
        let manifest = manifest().with_counts(counts);
        for (from, to) in [
            ("\"a\":1,\"b\":2", "\"b\":2,\"a\":1"),
            ("\"a\":1,\"b\":2", "\"a\":1,\"a\":1,\"b\":2"),
            ("\"records\":", "\"extra\":1,\"records\":"),
            ("manifest/1", "manifest/9"),
        ] {
            assert!(Manifest::from_bytes(&forged(&manifest, "\"a\":1,", "\"a\":1,")).is_ok());
            assert!(
                Manifest::from_bytes(&forged(&manifest, from, to)).is_err(),
                "{to}"
            );
        }
    }

    #[test]
    fn verdict_of_a_gate_has_the_name_of_its_member() {
        for (verdict, name) in [
            (GateVerdict::Pass, "pass"),
            (GateVerdict::Fail, "fail"),
            (GateVerdict::Skip, "skip"),
        ] {
            assert_eq!(verdict.name(), name);
            assert_eq!(serde_json::to_value(verdict).unwrap(), name);
        }
        assert!(!Gate::skipped("id", "").failed() && !gate("id", true).failed());
        assert!(gate("id", false).failed());
    }
}
