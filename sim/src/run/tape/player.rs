//! Playing a tape entry by entry, and naming the cause when something else is asked for.
//!
//! Never holds more than two entries and the hashes of a few, and never serves an entry to a
//! question that it does not answer.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::Path;

use serde_json::{Value, json};
use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::journal::Chain;

use super::TapeReader;
use super::entry::{CallEntry, Entry};
use super::world::{Question, WorldEntry};
use crate::run::divergence::{Cause, Divergence, differences, differing_texts};
use crate::run::error::RunIoError;

/// How many calls are remembered, to recognise one that is made twice.
const REMEMBERED_CALLS: usize = 64;
/// How many entries are looked at ahead, to recognise one that comes too early.
const LOOK_AHEAD: usize = 1_024;

/// What a run asks for next.
#[derive(Debug)]
pub(super) enum Wanted<'a> {
    /// A call.
    Call {
        tick: u64,
        lane: Lane,
        attempt: u32,
        body: &'a [u8],
    },
    /// An answer of the world.
    World { tick: u64, question: &'a Question },
}

/// A tape and its next entry.
#[derive(Debug)]
pub(super) struct Player<R> {
    tape: TapeReader<R>,
    next: Option<Entry>,
    /// The tape has been read to its end; `next` may still hold the last entry.
    has_ended: bool,
    /// Where the tape stood before `next` was read.
    before: (Chain, u64),
    played: VecDeque<Digest>,
    last_call: Option<CallEntry>,
}

impl<R: BufRead> Player<R> {
    pub(super) fn new(tape: TapeReader<R>) -> Self {
        Self {
            before: (tape.chain(), tape.whole_bytes()),
            tape: tape.played(),
            next: None,
            has_ended: false,
            played: VecDeque::with_capacity(REMEMBERED_CALLS),
            last_call: None,
        }
    }

    /// Makes sure that the next entry has been read, if there is one.
    pub(super) fn fill(&mut self) -> Result<(), RunIoError> {
        if self.next.is_none() && !self.has_ended {
            self.before = (self.tape.chain(), self.tape.whole_bytes());
            self.next = self.tape.next_entry()?;
            self.has_ended = self.next.is_none();
        }
        Ok(())
    }

    /// True once everything has been played. Before the first [`Player::fill`] it is false.
    pub(super) const fn is_at_end(&self) -> bool {
        self.has_ended && self.next.is_none()
    }

    /// The chain of what has been played.
    pub(super) fn chain(&self) -> Chain {
        match self.next {
            Some(_) => self.before.0,
            None => self.tape.chain(),
        }
    }

    /// How many bytes of the tape have been played.
    pub(super) fn whole_bytes(&self) -> u64 {
        match self.next {
            Some(_) => self.before.1,
            None => self.tape.whole_bytes(),
        }
    }

    pub(super) const fn torn_bytes(&self) -> u64 {
        self.tape.torn_bytes()
    }

    pub(super) fn path(&self) -> &Path {
        self.tape.path()
    }

    /// The next entry, if it is what is wanted.
    pub(super) fn take(&mut self, wanted: &Wanted<'_>) -> Result<Entry, RunIoError> {
        self.fill()?;
        let fits = match (&self.next, wanted) {
            (
                Some(Entry::Call(entry)),
                Wanted::Call {
                    tick,
                    lane,
                    attempt,
                    body,
                },
            ) => {
                (entry.tick, entry.lane, entry.attempt, entry.request())
                    == (*tick, *lane, *attempt, *body)
            }
            (Some(Entry::World(entry)), Wanted::World { tick, question }) => {
                entry.tick == *tick && entry.question == **question
            }
            _ => false,
        };
        match (fits, self.next.take()) {
            (true, Some(entry)) => {
                self.fill()?;
                Ok(entry)
            }
            (_, next) => {
                let divergence = match wanted {
                    Wanted::Call {
                        tick,
                        lane,
                        attempt,
                        body,
                    } => self.call_diverged(next, (*tick, *lane, *attempt), body)?,
                    Wanted::World { tick, question } => world_diverged(next, *tick, question),
                };
                Err(RunIoError::Diverged(Box::new(divergence)))
            }
        }
    }

    /// Refuses an entry of an earlier tick that nobody asked for.
    pub(super) fn expect_no_entry_before(&mut self, tick: u64) -> Result<(), RunIoError> {
        self.fill()?;
        match &self.next {
            Some(entry) if entry.tick() < tick => {
                Err(RunIoError::Diverged(Box::new(left_over(entry))))
            }
            _ => Ok(()),
        }
    }

    /// Keeps a call that was played, to compare a later one with.
    pub(super) fn remember(&mut self, call: CallEntry) {
        if self.played.len() == REMEMBERED_CALLS {
            self.played.pop_front();
        }
        self.played.push_back(call.request_hash());
        self.last_call = Some(call);
    }

    /// What became of a call that is not the tape's next one.
    fn call_diverged(
        &mut self,
        next: Option<Entry>,
        place: Place,
        body: &[u8],
    ) -> Result<Divergence, RunIoError> {
        let hash = Digest::of(body);
        let was_played = self.played.contains(&hash);
        // The nearest recorded request: the one in the same place, else the next, else the last.
        let mut nearest: Option<CallEntry> = None;
        let mut same_request: Option<Place> = None;
        let expected = next.as_ref().map(|entry| match entry {
            Entry::Call(call) => (Some(place_of(call)), call.tick),
            Entry::World(world) => (None, world.tick),
        });
        let mut candidate = next;
        for _ in 0..LOOK_AHEAD {
            let Some(entry) = candidate else {
                break;
            };
            if let Entry::Call(call) = entry {
                let found = place_of(&call);
                if call.request_hash() == hash {
                    same_request = Some(found);
                }
                if nearest.is_none() || found == place {
                    nearest = Some(call);
                }
                if same_request.is_some() {
                    break;
                }
            }
            candidate = self.tape.next_entry()?;
        }
        let (cause, detail) = judge(place, expected, same_request, was_played);
        let nearest = nearest.or_else(|| self.last_call.take());
        Ok(Divergence {
            tick: place.0,
            cause,
            detail,
            recorded: nearest
                .as_ref()
                .map(|call| shown(place_of(call), call.request_hash())),
            replayed: Some(shown(place, hash)),
            differences: nearest
                .map(|call| differing_texts(call.request(), body))
                .unwrap_or_default(),
        })
    }
}

/// Tick, lane and attempt of a call: its place in a run.
type Place = (u64, Lane, u32);

const fn place_of(call: &CallEntry) -> Place {
    (call.tick, call.lane, call.attempt)
}

/// The cause of a call that is not what the tape says comes next, which is `expected`: a call in
/// some place, or a question to the world, of a tick.
fn judge(
    place: Place,
    expected: Option<(Option<Place>, u64)>,
    same_request: Option<Place>,
    was_played: bool,
) -> (Cause, String) {
    let (tick, lane, attempt) = place;
    let this = format!("the call of lane {lane:?}, attempt {attempt}");
    match (expected, same_request) {
        (Some((_, next)), _) if was_played && next > tick => (
            Cause::ExtraCall,
            format!("{this} sends once more what was sent before"),
        ),
        (Some((None, _)), Some(recorded)) if recorded == place => (
            Cause::WorldChanged,
            format!("{this} is made, but the recording asks its world first"),
        ),
        (_, Some(recorded)) if recorded == place => (
            Cause::MissingCall,
            format!("{this} is made, but the recording has other calls before it"),
        ),
        (_, Some((recorded, ..))) => (
            Cause::OrderChanged,
            format!("{this} sends what the recording sends in another place, in tick {recorded}"),
        ),
        (None, None) => (
            Cause::ExtraCall,
            format!("{this} is made, but the recording has no input left"),
        ),
        (Some(_), None) if was_played => (
            Cause::ExtraCall,
            format!("{this} sends once more what was sent before"),
        ),
        (Some((Some(recorded), _)), None) if recorded == place => (
            Cause::PromptChanged,
            format!("{this} sends another request than was recorded"),
        ),
        (Some((_, next)), None) if next > tick => (
            Cause::ExtraCall,
            format!("{this} is made, but the recording goes on with tick {next}"),
        ),
        (Some((Some((_, recorded, again)), _)), None) => (
            Cause::OrderChanged,
            format!("{this} is made, but the recording calls lane {recorded:?}, attempt {again}"),
        ),
        (Some((None, _)), None) => (
            Cause::WorldChanged,
            format!("{this} is made, but the recording asks its world first"),
        ),
    }
}

fn shown((tick, lane, attempt): Place, hash: Digest) -> Value {
    json!({"tick": tick, "lane": lane, "attempt": attempt, "request_hash": hash})
}

fn value(entry: &Entry) -> Value {
    match entry {
        Entry::Call(call) => shown(place_of(call), call.request_hash()),
        Entry::World(WorldEntry { tick, question, .. }) => {
            json!({"tick": tick, "question": question})
        }
    }
}

fn world_diverged(next: Option<Entry>, tick: u64, question: &Question) -> Divergence {
    let replayed = json!({"tick": tick, "question": question});
    let recorded = next.as_ref().map(value);
    let (cause, detail) = match &next {
        Some(Entry::World(_)) => (
            Cause::WorldChanged,
            "the world is asked another question than was recorded",
        ),
        Some(Entry::Call(_)) => (
            Cause::WorldChanged,
            "the world is asked where the recording calls an oracle",
        ),
        None => (
            Cause::WorldChanged,
            "the world is asked, but the recording has no input left",
        ),
    };
    Divergence {
        tick,
        cause,
        detail: detail.to_owned(),
        differences: match (&next, &recorded) {
            (Some(Entry::World(_)), Some(recorded)) => differences(recorded, &replayed),
            _ => Vec::new(),
        },
        recorded,
        replayed: Some(replayed),
    }
}

/// The divergence of an input that nobody asked for.
fn left_over(entry: &Entry) -> Divergence {
    let (cause, detail) = match entry {
        Entry::Call(call) => (
            Cause::MissingCall,
            format!(
                "the recorded call of lane {:?}, attempt {}, is not made",
                call.lane, call.attempt
            ),
        ),
        Entry::World(_) => (
            Cause::WorldChanged,
            "a question that the recording asks its world is not asked".to_owned(),
        ),
    };
    Divergence {
        tick: entry.tick(),
        cause,
        detail,
        recorded: Some(value(entry)),
        replayed: None,
        differences: Vec::new(),
    }
}
