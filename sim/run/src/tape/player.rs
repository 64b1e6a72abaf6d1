//! Playing a tape entry by entry, and naming the cause when something else is asked for.
//!
//! Holds no more than what is read ahead and the hashes of a few calls, and never answers a question
//! with the entry of another.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::{Value, json};
use turingos::Digest;
use turingos::dispatch::Lane;

use super::MAX_TAPE_LINE_BYTES;
use super::entry::{CallEntry, CallOutcome, Entry, Reply};
use super::request_encoder::RequestEncoder;
use super::short_call::ShortCall;
use super::world::{Answer, Question, WorldEntry};
use crate::directory::RunDirectory;
use crate::divergence::{Cause, Divergence, differences, differing_texts};
use crate::error::RunIoError;
use crate::open_folder::OpenFolder;
use crate::read_ahead::{Place as TapePlace, ReadAhead};
use turingos_agents::Request;

/// How many calls are remembered, to recognise one that is made twice.
const REMEMBERED_CALLS: usize = 64;
/// How many entries are looked at ahead, to recognise one that comes too early.
const LOOK_AHEAD: usize = 1_024;

/// A tape and what was played of it.
#[derive(Debug)]
pub(super) struct Player {
    tape: ReadAhead,
    /// The requests of the last calls that were played, to recognise one that is made twice.
    played: VecDeque<Digest>,
}

impl Player {
    /// Opens the tape of the run in `folder`, whose chain begins at `genesis`.
    pub(super) fn open(folder: &OpenFolder, genesis: Digest) -> Result<Self, RunIoError> {
        let name = RunDirectory::TAPE;
        Ok(Self {
            tape: ReadAhead::open(folder, name, genesis, MAX_TAPE_LINE_BYTES)?,
            played: VecDeque::with_capacity(REMEMBERED_CALLS),
        })
    }

    /// Whether everything has been played.
    pub(super) fn has_ended(&mut self) -> Result<bool, RunIoError> {
        Ok(self.tape.peek()?.is_none())
    }

    /// The same, as far as is known: false before the first look at the tape.
    pub(super) fn is_at_end(&self) -> bool {
        self.tape.is_at_end()
    }

    /// The place after what has been played.
    pub(super) const fn place(&self) -> TapePlace {
        self.tape.place()
    }

    pub(super) fn path(&self) -> &Path {
        self.tape.path()
    }

    /// The next entry, without taking it; `None` at the end. It need not be canonical JSON: it is
    /// compared with a question, which is.
    fn peek(&mut self) -> Result<Option<Entry>, RunIoError> {
        let Some(record) = self.tape.peek()? else {
            return Ok(None);
        };
        match Entry::read_spelled_json(record) {
            Ok(entry) => Ok(Some(entry)),
            Err(source) => Err(RunIoError::TapeEntry {
                path: self.tape.path().to_path_buf(),
                line: self.tape.place().chain.count() + 1,
                source: Box::new(source),
            }),
        }
    }

    /// The outcome of the call of `request`, which has to be the next entry, and how long it took.
    pub(super) fn take_call(
        &mut self,
        request: &Request<'_>,
        encoder: &mut dyn RequestEncoder,
    ) -> Result<(CallOutcome, u64), RunIoError> {
        let place = (request.tick, request.lane, request.attempt);
        let record = self.tape.peek()?.unwrap_or_default();
        let short = ShortCall::read(record)
            .filter(|short| encoder.is_body(request, &record[short.request.clone()]));
        let call = match short {
            Some(short) => Some(short.call),
            None => match self.peek()? {
                Some(Entry::Call(call)) if call.request() == encoder.body(request) => Some(call),
                Some(_) | None => None,
            },
        };
        let Some(call) = call.filter(|call| place_of(call) == place) else {
            let body = encoder.body(request);
            let divergence = self.call_diverged(place, &body)?;
            return Err(RunIoError::Diverged(Box::new(divergence)));
        };
        if let CallOutcome::Reply(reply) = &call.outcome
            && reply.retry_after_us != reply.asked_wait_us()
        {
            return Err(RunIoError::Diverged(Box::new(wait_changed(place, reply))));
        }
        if self.played.len() == REMEMBERED_CALLS {
            self.played.pop_front();
        }
        self.played.push_back(call.request_hash());
        self.advance()?;
        Ok((call.outcome, call.took_us))
    }

    /// The world's answer to `question` in `tick`, which has to be the next entry.
    pub(super) fn take_answer(
        &mut self,
        tick: u64,
        question: &Question,
    ) -> Result<Answer, RunIoError> {
        match self.peek()? {
            Some(Entry::World(entry)) if entry.tick == tick && entry.question == *question => {
                self.advance()?;
                Ok(entry.answer)
            }
            next => {
                let divergence = world_diverged(next.as_ref(), tick, question);
                Err(RunIoError::Diverged(Box::new(divergence)))
            }
        }
    }

    /// Passes the next entry, and looks whether there is another one, so that the end is known at
    /// once.
    fn advance(&mut self) -> Result<(), RunIoError> {
        self.tape.advance();
        self.tape.peek().map(|_| ())
    }

    /// Refuses an entry of an earlier tick that nobody asked for.
    pub(super) fn expect_no_entry_before(&mut self, tick: u64) -> Result<(), RunIoError> {
        let record = self.tape.peek()?.unwrap_or_default();
        if Entry::tick_at_start(record).is_some_and(|next| next >= tick) {
            // Any other fault is reported when the entry is taken.
            return Ok(());
        }
        match self.peek()? {
            Some(entry) if entry.tick() < tick => {
                Err(RunIoError::Diverged(Box::new(left_over(&entry))))
            }
            _ => Ok(()),
        }
    }

    /// Why a call is not the tape's next one.
    fn call_diverged(&mut self, place: Place, body: &[u8]) -> Result<Divergence, RunIoError> {
        let next = self.peek()?;
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
            self.tape.advance();
            candidate = self.peek()?;
        }
        let (cause, detail) = judge(place, expected, same_request, was_played);
        let call = |record| match Entry::read_spelled_json(record) {
            Ok(Entry::Call(call)) => Some(call),
            Ok(Entry::World(_)) | Err(_) => None,
        };
        let nearest = nearest.or_else(|| self.tape.taken().find_map(call));
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

/// The cause of a call that is not the next entry, which is `expected`: a call in some place, or a
/// question to the world, of a tick.
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
            format!("{this} repeats a request that was sent before"),
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
            format!("{this} repeats a request that was sent before"),
        ),
        (Some((Some(recorded), _)), None) if recorded == place => (
            Cause::PromptChanged,
            format!("{this} sends another request than was recorded"),
        ),
        (Some((_, next)), None) if next > tick => (
            Cause::ExtraCall,
            format!("{this} is made, but the recording continues with tick {next}"),
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

fn world_diverged(next: Option<&Entry>, tick: u64, question: &Question) -> Divergence {
    let replayed = json!({"tick": tick, "question": question});
    let recorded = next.map(value);
    let (cause, detail) = match next {
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

/// The divergence of a wait that is not the one of its headers.
fn wait_changed((tick, lane, attempt): Place, reply: &Reply) -> Divergence {
    let asked = json!({"retry_after_us": reply.asked_wait_us()});
    let recorded = json!({"retry_after_us": reply.retry_after_us});
    Divergence {
        tick,
        cause: Cause::HeadersChanged,
        detail: format!(
            "the headers of the reply of lane {lane:?}, attempt {attempt}, ask for another wait \
             than is recorded"
        ),
        differences: differences(&recorded, &asked),
        recorded: Some(recorded),
        replayed: Some(asked),
    }
}

/// The divergence of an input that the run did not ask for.
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

#[cfg(test)]
mod tests;
