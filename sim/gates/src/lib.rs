//! Named gates: what the project promises, checked in one command.
//!
//! A gate runs the real code over committed data or seeded runs and says what it found. It never
//! writes outside of a scratch directory of its own and never depends on another gate.

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

/// What one gate found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The gate's name.
    pub id: &'static str,
    /// Whether everything held.
    pub pass: bool,
    /// The metrics, in one line.
    pub detail: String,
    /// What did not hold, one line each; empty if the gate passed.
    pub failures: Vec<String>,
}

/// The lines of what did not hold, and how many things were looked at.
#[derive(Debug, Default)]
struct Ledger {
    checked: usize,
    failures: Vec<String>,
}

impl Ledger {
    /// Notes one thing looked at; `claim` is written down only if it does not hold.
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
    /// What it holds the project to, in one line.
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
            promise: "every corpus document and reply is taken or refused as decided for it",
            run: corpora::schema,
        },
        Self {
            name: "mutex",
            promise: "no document that mixes the operands of two opcodes is taken",
            run: corpora::mutex,
        },
        Self {
            name: "opcodes",
            promise: "one list of opcodes and operands, everywhere",
            run: |_| Ok(opcodes::gate()),
        },
        Self {
            name: "bus",
            promise: "every corpus response is taken or refused as decided for it, by provider",
            run: corpora::bus,
        },
        Self {
            name: "settings",
            promise: "every corpus file of provider settings is taken or refused as decided for it",
            run: corpora::settings,
        },
        Self {
            name: "dispatcher",
            promise: "routine to E, trouble to P, failover, thresholds exact",
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
            promise: "every protocol says the same, in any order, with the trouble that the seed says",
            run: |_| Ok(serving::gate()),
        },
        Self {
            name: "verify",
            promise: "every damaged recording is found at its line, every flipped byte of a run too",
            run: verify::gate,
        },
        Self {
            name: "manifold",
            promise: "a real directory keeps what the in-memory world promises, and lets nothing out",
            run: |_| Ok(manifold::gate()),
        },
        Self {
            name: "determinism",
            promise: "the same seed gives the same root, which is the committed one",
            run: |_| Ok(determinism::gate()),
        },
        Self {
            name: "replay",
            promise: "a recorded run replays to the same records, and a changed one does not",
            run: replay::gate,
        },
        Self {
            name: "resume",
            promise: "a run that stopped anywhere goes on to the end it would have had",
            run: |_| Ok(resume::gate()),
        },
        Self {
            name: "soak",
            promise: "a run of each profile passes its own gates",
            run: |_| Ok(soaks::gate()),
        },
        Self {
            name: "longrun",
            promise: "every scenario is carried out, and little noise does not stop it",
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
