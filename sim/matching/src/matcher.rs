//! Takes recorded requests one after another, each at most once.
//!
//! Requests of one key are taken first in, first out; of different keys in any order.

use std::collections::{BTreeMap, VecDeque};

use turingos::Digest;

use crate::bindings::{Bindings, replaced};
use crate::form::{Aliased, Form};
use crate::miss::{Miss, MissReason};
use crate::nearest::{Nearest, nearest};
use crate::request::Request;
use crate::rules::Rules;

/// A recorded request with its number on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the exchange.
    pub number: u64,
    /// The request.
    pub request: Request,
}

/// The recorded requests, and which of them are taken.
#[derive(Clone, Debug)]
pub struct Matcher {
    rules: Rules,
    recorded: Vec<Entry>,
    queues: BTreeMap<Digest, Queue>,
    bindings: Bindings,
    untaken: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) recorded: Recorded,
    pub(crate) aliased: Vec<Aliased>,
    pub(crate) is_taken: bool,
}

/// The recorded requests of one key.
#[derive(Clone, Debug, Default)]
struct Queue {
    waiting: VecDeque<usize>,
    first: usize,
    recorded: usize,
    sent: u32,
}

/// A recorded request that a sent one has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its position among the recorded requests, from 0.
    pub position: usize,
    /// The number of its exchange.
    pub number: u64,
    /// The key of the request, under the rules.
    pub key: Digest,
    /// How often the key was sent before.
    pub occurrence: u32,
}

/// A recorded request that equals a sent one and is not taken yet.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is once it is taken.
    pub taken: Taken,
    aliased: Vec<Aliased>,
}

impl Matcher {
    /// Indexes the requests of a tape, in their order.
    #[must_use]
    pub fn new(recorded: Vec<Recorded>, rules: Rules) -> Self {
        let untaken = recorded.len();
        let mut queues = BTreeMap::<Digest, Queue>::new();
        let entries = recorded.into_iter().enumerate();
        let recorded = entries.map(|(position, recorded)| {
            let form = Form::of(&recorded.request, &rules);
            let queue = queues.entry(form.key()).or_default();
            if queue.recorded == 0 {
                queue.first = position;
            }
            queue.recorded += 1;
            queue.waiting.push_back(position);
            Entry {
                recorded,
                aliased: form.aliased,
                is_taken: false,
            }
        });
        let recorded = recorded.collect();
        Self {
            rules,
            recorded,
            queues,
            bindings: Bindings::default(),
            untaken,
        }
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many requests were recorded, and how many of them are not taken.
    #[must_use]
    pub const fn counts(&self) -> (usize, usize) {
        (self.recorded.len(), self.untaken)
    }

    /// The recorded requests that were never sent, in the order of the tape.
    pub fn left_over(&self) -> impl Iterator<Item = &Recorded> {
        let entries = self.recorded.iter().filter(|entry| !entry.is_taken);
        entries.map(|entry| &entry.recorded)
    }

    /// Takes the recorded request that equals this one, and binds its aliases.
    ///
    /// # Errors
    /// [`Miss`]: nothing recorded is equal, or everything that is equal is taken already.
    pub fn take(&mut self, request: &Request) -> Result<Taken, Box<Miss>> {
        let found = self.find(request)?;
        let taken = found.taken;
        self.take_found(&found);
        Ok(taken)
    }

    /// Finds the recorded request that equals this one, and counts the attempt, but takes nothing:
    /// it is there for the next attempt too.
    ///
    /// # Errors
    /// As [`Matcher::take`].
    pub fn find(&mut self, request: &Request) -> Result<Found, Box<Miss>> {
        let form = Form::of(request, &self.rules);
        let key = form.key();
        let mut conflict = None;
        if let Some(queue) = self.queues.get_mut(&key) {
            let occurrence = queue.sent;
            queue.sent = queue.sent.saturating_add(1);
            for position in &queue.waiting {
                let recorded = &self.recorded[*position].aliased;
                match self.bindings.conflict(recorded, &form.aliased) {
                    None => {
                        let taken = Taken {
                            position: *position,
                            number: self.recorded[*position].recorded.number,
                            key,
                            occurrence,
                        };
                        let aliased = form.aliased;
                        return Ok(Found { taken, aliased });
                    }
                    Some(found) if conflict.is_none() => conflict = Some((*position, found)),
                    Some(_) => {}
                }
            }
            if conflict.is_none() {
                let reason = MissReason::SentAgain {
                    recorded: queue.recorded,
                    first: self.recorded[queue.first].recorded.number,
                };
                return Err(Miss::boxed(request, reason));
            }
        }
        let reason = match conflict {
            Some((position, conflict)) => {
                let number = self.recorded[position].recorded.number;
                MissReason::of_conflict(number, &conflict, &self.rules)
            }
            None => match self.nearest_to(request, &form) {
                Some(nearest) => {
                    let entry = &self.recorded[nearest.position];
                    MissReason::of_nearest(entry, &nearest, request, &self.rules)
                }
                None => MissReason::NothingRecorded,
            },
        };
        Err(Miss::boxed(request, reason))
    }

    /// Takes what was found, and binds its aliases. It must not have been taken since.
    pub fn take_found(&mut self, found: &Found) {
        let Taken { position, key, .. } = found.taken;
        let entry = &mut self.recorded[position];
        if entry.is_taken {
            return;
        }
        entry.is_taken = true;
        self.untaken -= 1;
        self.bindings.bind(&entry.aliased, &found.aliased);
        if let Some(queue) = self.queues.get_mut(&key) {
            let mut waiting = queue.waiting.iter();
            if let Some(place) = waiting.position(|waiting| *waiting == position) {
                queue.waiting.remove(place);
            }
        }
    }

    /// The key of a request under the rules.
    #[must_use]
    pub fn key(&self, request: &Request) -> Digest {
        Form::of(request, &self.rules).key()
    }

    /// A recorded answer in the values of this run: where the client was recorded with another
    /// value of an alias than it has now, the answer has the one that it has now.
    ///
    /// A value is found in the text as it is sent, so one that JSON escapes, or that a stream
    /// spells over several events, stays as it was recorded.
    pub fn translate(&mut self, chunks: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        if self.rules.patterns.is_empty() {
            return chunks;
        }
        let whole = chunks.concat();
        let Ok(text) = std::str::from_utf8(&whole) else {
            return chunks;
        };
        let replacements = self.bindings.translate(text, &self.rules);
        if replacements.is_empty() {
            return chunks;
        }
        replaced(&chunks, &replacements)
    }

    pub(crate) fn nearest_to(&self, request: &Request, form: &Form) -> Option<Nearest> {
        nearest(&self.recorded, request, form, &self.rules)
    }

    pub(crate) fn entry(&self, position: usize) -> &Entry {
        &self.recorded[position]
    }
}
