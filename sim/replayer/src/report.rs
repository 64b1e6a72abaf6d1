//! How a replay went.

use std::collections::BTreeMap;

use serde::Serialize;
use turingos_matching::Miss;

/// The most misses and left-over exchanges that are kept; further ones are counted.
pub(crate) const MAX_KEPT: usize = 100;

/// How a replay went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// The exchanges on the tape.
    pub recorded: u64,
    /// The requests that came, refused ones included.
    pub calls: u64,
    /// The requests that were answered from the tape.
    pub served: u64,
    /// The requests that went to their service instead.
    pub live: u64,
    /// The requests that nothing on the tape answers.
    pub missed: u64,
    /// The first of them.
    pub misses: Vec<Miss>,
    /// The requests that were refused before they were compared: too large, cut short, for another
    /// host.
    pub refused: u64,
    /// Why the first of them were.
    pub refusals: Vec<String>,
    /// The exchanges that were never asked for.
    pub left_over: u64,
    /// The first of them.
    pub unused: Vec<Unused>,
    /// How often each kind of trouble was made on purpose.
    pub injected: BTreeMap<&'static str, u64>,
}

/// An exchange that was never asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// Its number on the tape.
    pub number: u64,
    /// The method, the path and the service.
    pub request: String,
}

impl ReplayReport {
    /// True if every request was answered and, unless that is allowed, every exchange used.
    #[must_use]
    pub const fn is_as_recorded(&self, allow_unused: bool) -> bool {
        self.missed == 0 && self.refused == 0 && (allow_unused || self.left_over == 0)
    }

    /// What went wrong, for people; nothing if nothing did.
    #[must_use]
    pub fn lines(&self, allow_unused: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for miss in &self.misses {
            lines.extend(miss.lines());
        }
        push_more(&mut lines, self.missed, self.misses.len(), "misses");
        lines.extend(self.refusals.iter().cloned());
        push_more(&mut lines, self.refused, self.refusals.len(), "refusals");
        if !allow_unused {
            for Unused { number, request } in &self.unused {
                lines.push(format!("exchange {number} was never asked for: {request}"));
            }
            let kept = self.unused.len();
            push_more(
                &mut lines,
                self.left_over,
                kept,
                "exchanges never asked for",
            );
        }
        lines
    }
}

fn push_more(lines: &mut Vec<String>, count: u64, kept: usize, what: &str) {
    let more = count.saturating_sub(kept as u64);
    if more > 0 {
        lines.push(format!("and {more} more {what}"));
    }
}
