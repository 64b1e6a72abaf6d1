//! Named gates: the promises of the project, checked in one command.
//!
//! A gate runs the real code over committed data or seeded runs and reports its findings. It never
//! writes outside its own scratch directory and never depends on another gate.

mod corpora;
mod determinism;
mod dispatcher;
mod guard;
mod longrun;
mod manifold;
mod opcodes;
mod recordings;
mod replay;
mod resume;
mod serving;
mod soaks;
mod traps;
mod verify;

use serde::Serialize;

use turingos_testkit::corpus::{Corpus, LoadError};

/// The result of one gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The gate's name.
    pub id: &'static str,
    /// Whether the gate passed.
    pub pass: bool,
    /// The metrics, in one line.
    pub detail: String,
    /// The failures, one line each; empty if the gate passed.
    pub failures: Vec<String>,
}

/// The failures, and the number of checks.
#[derive(Debug, Default)]
struct Ledger {
    checked: usize,
    failures: Vec<String>,
}

impl Ledger {
    /// Counts one check; `claim` describes it if it failed.
    fn expect(&mut self, holds: bool, claim: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.failures.push(claim());
        }
    }

    fn finding(self, id: &'static str, detail: String) -> Finding {
        Finding {
            id,
            pass: self.failures.is_empty(),
            detail,
            failures: self.failures,
        }
    }
}

/// A gate by name.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Its name on the command line.
    pub name: &'static str,
    /// The promise that it checks, in one line.
    pub promise: &'static str,
    run: fn(&Corpus) -> Result<Finding, LoadError>,
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Gate {}

impl Gate {
    /// Every gate, cheapest first.
    pub const ALL: [Self; 16] = [
        Self {
            name: "schema",
            promise: "every corpus document and reply is accepted or refused as its case expects",
            run: corpora::schema,
        },
        Self {
            name: "mutex",
            promise: "no document that mixes the operands of two opcodes is accepted",
            run: corpora::mutex,
        },
        Self {
            name: "opcodes",
            promise: "decoder, schemas, prompt and dictionary share one opcode table",
            run: |_| Ok(opcodes::gate()),
        },
        Self {
            name: "bus",
            promise: "every corpus response is accepted or refused as its case expects, per provider",
            run: corpora::bus,
        },
        Self {
            name: "settings",
            promise: "every corpus settings file is accepted or refused as its case expects",
            run: corpora::settings,
        },
        Self {
            name: "dispatcher",
            promise: "routine goes to lane E and trouble to lane P; failover and thresholds are exact",
            run: |_| Ok(dispatcher::gate()),
        },
        Self {
            name: "traps",
            promise: "every trap fires, and every trap frame is well-formed",
            run: |_| Ok(traps::gate()),
        },
        Self {
            name: "guard",
            promise: "guided agents stay out of panic loops, and trap frames replay exactly",
            run: guard::gate,
        },
        Self {
            name: "serve",
            promise: "every protocol gives the same answers in any order, with the faults of the seed",
            run: |_| Ok(serving::gate()),
        },
        Self {
            name: "verify",
            promise: "every damaged recording and every flipped byte of a run is found",
            run: verify::gate,
        },
        Self {
            name: "manifold",
            promise: "a real directory behaves like the in-memory world, and no path leads out of it",
            run: |_| Ok(manifold::gate()),
        },
        Self {
            name: "determinism",
            promise: "the same seed gives the same root, and it is the committed one",
            run: |_| Ok(determinism::gate()),
        },
        Self {
            name: "replay",
            promise: "a recorded run replays to the same records, and a changed one does not",
            run: replay::gate,
        },
        Self {
            name: "resume",
            promise: "a run that stopped anywhere resumes to the same end",
            run: |_| Ok(resume::gate()),
        },
        Self {
            name: "soak",
            promise: "a run of each profile passes its own gates",
            run: |_| Ok(soaks::gate()),
        },
        Self {
            name: "longrun",
            promise: "every scenario passes, and a little noise does not stop it",
            run: |_| Ok(longrun::gate()),
        },
    ];

    /// The gate with exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.name == name)
    }

    /// Runs the gate over a corpus.
    ///
    /// # Errors
    /// The corpus cannot be read or has files that are not in its form.
    pub fn run(self, corpus: &Corpus) -> Result<Finding, LoadError> {
        (self.run)(corpus)
    }
}
