//! A request that nothing recorded answers, and why.

use serde::Serialize;

use crate::bindings::Conflict;
use crate::difference::Difference;
use crate::matcher::Entry;
use crate::nearest::Nearest;
use crate::propose::proposal;
use crate::request::Request;
use crate::rules::Rules;

/// The most differences that a miss lists.
const MAX_LISTED: usize = 8;

/// A missed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// The method, the path and the service.
    pub request: String,
    /// Why nothing answers it.
    pub reason: MissReason,
}

/// Why a request is a miss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MissReason {
    /// The tape has no exchange.
    NothingRecorded,
    /// The request was recorded, but every recording of it is served already.
    SentAgain {
        /// How often it was recorded.
        recorded: usize,
        /// The first exchange that has it.
        first: u64,
    },
    /// The request would be equal, but a value of an alias is another one than before.
    OtherLink {
        /// The exchange that it would have matched.
        nearest: u64,
        /// The alias.
        alias: String,
        /// The value on the tape.
        recorded: String,
        /// What stands for that value in this run, if anything does yet.
        expected: Option<String>,
        /// The value that was sent.
        sent: String,
    },
    /// The request differs from every recorded one.
    Different {
        /// The exchange with the nearest request.
        nearest: u64,
        /// True if that one is served already.
        is_served: bool,
        /// Where the two differ.
        differences: Vec<Difference>,
        /// How many differences more there are.
        more: usize,
        /// Rules in TOML that would have made it match, if rules can.
        rules: Option<String>,
    },
}

impl MissReason {
    pub(crate) fn of_conflict(nearest: u64, conflict: &Conflict, rules: &Rules) -> Self {
        Self::OtherLink {
            nearest,
            alias: rules.name_of(conflict.rule).to_owned(),
            recorded: conflict.recorded.clone(),
            expected: conflict.recorded_is_bound_to.clone(),
            sent: conflict.sent.clone(),
        }
    }

    pub(crate) fn of_nearest(
        entry: &Entry,
        nearest: &Nearest,
        request: &Request,
        rules: &Rules,
    ) -> Self {
        let changes = &nearest.changes;
        let listed = changes.iter().take(MAX_LISTED);
        let proposed = proposal(&entry.recorded.request, request, changes, rules);
        Self::Different {
            nearest: entry.recorded.number,
            is_served: entry.is_taken,
            differences: listed.map(|it| it.shown()).collect(),
            more: changes.len().saturating_sub(MAX_LISTED),
            rules: proposed.map(|it| it.to_toml()),
        }
    }
}

impl Miss {
    pub(crate) fn boxed(request: &Request, reason: MissReason) -> Box<Self> {
        Box::new(Self {
            request: request.name(),
            reason,
        })
    }

    /// The miss for people: one line for what is wrong, one for each difference, and the rules that
    /// would have made it match.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let request = &self.request;
        match &self.reason {
            MissReason::NothingRecorded => {
                vec![format!("{request} is not on the tape, which is empty")]
            }
            MissReason::SentAgain { recorded, first } => vec![format!(
                "{request} was sent once more than it was recorded: {recorded} times, first as \
                 exchange {first}"
            )],
            MissReason::OtherLink {
                nearest,
                alias,
                recorded,
                expected,
                sent,
            } => {
                let expected = match expected {
                    Some(expected) => format!("the value that stands for it is {expected:?}"),
                    None => "the value that was sent stands for another one".into(),
                };
                vec![
                    format!("{request} is not on the tape; the nearest is exchange {nearest}"),
                    format!("  alias {alias}: recorded {recorded:?}, sent {sent:?}; {expected}"),
                ]
            }
            MissReason::Different {
                nearest,
                is_served,
                differences,
                more,
                rules,
            } => {
                let served = if *is_served { ", served already" } else { "" };
                let mut lines = vec![format!(
                    "{request} is not on the tape; the nearest is exchange {nearest}{served}"
                )];
                lines.extend(differences.iter().map(|it| format!("  {}", it.line())));
                if *more > 0 {
                    lines.push(format!("  and {more} more differences"));
                }
                if let Some(rules) = rules {
                    lines.push("  with these rules it would have matched:".into());
                    let rules = rules.lines().filter(|line| !line.is_empty());
                    lines.extend(rules.map(|line| format!("    {line}")));
                }
                lines
            }
        }
    }
}
