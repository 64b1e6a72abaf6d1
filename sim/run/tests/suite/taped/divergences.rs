//! A divergence names the first tick, the cause, and the difference.

use std::path::PathBuf;

use tempfile::TempDir;
use turingos_agents::Request;
use turingos_run::tape::{Answer, CallEntry, CallOutcome, Entry, Question, WorldEntry};
use turingos_run::{Blame, Cause, Divergence, RunIoError};

use super::edited::{copy, entries, rewrite};
use super::provider::encode;
use super::stage::{record, replay, replay_sending};

/// A run with 40 ticks; each test edits a copy of it.
struct Recorded {
    directory: TempDir,
    entries: Vec<Entry>,
}

impl Recorded {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let run = directory.path().join("RUN");
        record(&run, 40, encode);
        let entries = entries(&run);
        Self { directory, entries }
    }

    fn run(&self) -> PathBuf {
        self.directory.path().join("RUN")
    }

    /// The result of a replay of this run with these tape entries.
    fn divergence(&self, edit: impl FnOnce(&mut Vec<Entry>)) -> Divergence {
        let edited = self.directory.path().join("EDITED");
        copy(&self.run(), &edited);
        let mut entries = self.entries.clone();
        edit(&mut entries);
        rewrite(&edited, &entries);
        diverged(replay(&edited, encode).map(|_| ()))
    }

    /// The position of the first call of a tick on the tape.
    fn call_of(&self, tick: u64) -> usize {
        let is_it = |entry: &Entry| matches!(entry, Entry::Call(call) if call.tick == tick);
        self.entries.iter().position(is_it).unwrap()
    }

    fn question_of(&self, tick: u64) -> usize {
        let is_it = |entry: &Entry| matches!(entry, Entry::World(world) if world.tick == tick);
        self.entries.iter().position(is_it).unwrap()
    }
}

fn diverged(result: Result<(), RunIoError>) -> Divergence {
    match result.unwrap_err() {
        RunIoError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    }
}

#[test]
fn edited_header_is_a_divergence() {
    let recorded = Recorded::new();
    let divergence = recorded.divergence(|entries| {
        let mut replies = entries.iter_mut().filter_map(|entry| match entry {
            Entry::Call(call) => match &mut call.outcome {
                CallOutcome::Reply(reply) => Some(reply),
                CallOutcome::Fault(_) => None,
            },
            Entry::World(_) => None,
        });
        let limited = replies
            .find(|reply| reply.retry_after_us.is_some())
            .unwrap();
        limited.headers.insert("retry-after".into(), "9".into());
    });
    assert_eq!(
        (divergence.cause, divergence.tick),
        (Cause::HeadersChanged, 4)
    );
    let [difference] = &*divergence.differences else {
        panic!("{divergence}");
    };
    assert_eq!(difference.recorded.as_deref(), Some("2000000"));
    assert_eq!(difference.replayed.as_deref(), Some("9000000"));
}

#[test]
fn changed_prompt_is_compared_with_the_recorded_one() {
    let recorded = Recorded::new();
    let other = |request: &Request<'_>| {
        let body = encode(request);
        match request.tick {
            9 => String::from_utf8(body)
                .unwrap()
                .replace("[OBSERVED_SLICE]", "[SEEN]")
                .into(),
            _ => body,
        }
    };
    let found = diverged(replay_sending(&recorded.run(), other).map(|_| ()));
    assert_eq!(
        (found.tick, found.cause),
        (9, Cause::PromptChanged),
        "{found}"
    );
    assert_eq!(found.differences.len(), 1, "{found}");
    let difference = &found.differences[0];
    assert_eq!(difference.pointer, "/messages/1/content");
    assert!(
        difference.lines.contains(&"-[OBSERVED_SLICE]".to_owned()),
        "{found}"
    );
    assert!(difference.lines.contains(&"+[SEEN]".to_owned()), "{found}");
    let text = found.to_string();
    assert!(text.starts_with("the replay leaves the recording at tick 9: PROMPT_CHANGED: "));
    assert_eq!(
        RunIoError::Diverged(Box::new(found)).blame(),
        Blame::Program
    );
}

#[test]
fn unrecorded_call_is_extra() {
    let recorded = Recorded::new();
    let last = recorded.call_of(20);
    let found = recorded.divergence(|entries| {
        entries.retain({
            let mut at = 0;
            move |entry| {
                at += 1;
                !(matches!(entry, Entry::Call(call) if call.tick == 20) && at > last)
            }
        });
    });
    assert_eq!((found.tick, found.cause), (20, Cause::ExtraCall), "{found}");
    assert_eq!(found.replayed.unwrap()["tick"], 20);
}

#[test]
fn short_tape_has_no_input_left() {
    let recorded = Recorded::new();
    let at = recorded.call_of(20);
    let found = recorded.divergence(|entries| entries.truncate(at));
    assert_eq!((found.tick, found.cause), (20, Cause::ExtraCall), "{found}");
    assert!(found.detail.ends_with("no input left"), "{found}");
}

#[test]
fn unmade_call_is_missing() {
    let recorded = Recorded::new();
    let at = recorded.call_of(20);
    let again = Request {
        tick: 20,
        lane: turingos::dispatch::Lane::P,
        attempt: 3,
        system_prompt: "",
        q: "",
        frame: "",
    };
    let extra = CallEntry::new(
        &again,
        b"{}".to_vec(),
        Err(turingos_agents::TransportFault::Reset),
        1,
    );
    let position = (recorded.entries.iter().skip(at))
        .position(|entry| entry.tick() > 20)
        .unwrap();
    let found =
        recorded.divergence(|entries| entries.insert(at + position, Entry::Call(extra.clone())));
    assert_eq!(
        (found.tick, found.cause),
        (20, Cause::MissingCall),
        "{found}"
    );
    assert_eq!(found.recorded.unwrap()["attempt"], 3);
    // At the very end of the tape it is found as well.
    let found = recorded.divergence(|entries| entries.push(Entry::Call(extra)));
    assert_eq!(found.cause, Cause::MissingCall, "{found}");
}

#[test]
fn changed_call_order_is_named() {
    let recorded = Recorded::new();
    let (first, second) = (recorded.call_of(20), recorded.call_of(22));
    let found = recorded.divergence(|entries| entries.swap(first, second));
    assert_eq!(
        (found.tick, found.cause),
        (20, Cause::MissingCall),
        "{found}"
    );
    let found = recorded.divergence(|entries| {
        let (Entry::Call(one), Entry::Call(other)) = (&entries[first], &entries[second]) else {
            panic!("no calls");
        };
        let of = |place: &CallEntry, body: &CallEntry| {
            let request = Request {
                tick: place.tick,
                lane: place.lane,
                attempt: place.attempt,
                system_prompt: "",
                q: "",
                frame: "",
            };
            let fault = Err(turingos_agents::TransportFault::Reset);
            Entry::Call(CallEntry::new(&request, body.request().to_vec(), fault, 1))
        };
        let exchanged = [of(one, other), of(other, one)];
        [entries[first], entries[second]] = exchanged;
    });
    assert_eq!(
        (found.tick, found.cause),
        (20, Cause::OrderChanged),
        "{found}"
    );
}

#[test]
fn changed_observation_changes_the_prompt() {
    let recorded = Recorded::new();
    let at = recorded.question_of(27);
    let found = recorded.divergence(|entries| {
        let Entry::World(world) = &entries[at] else {
            panic!("no question");
        };
        let answer = match &world.answer {
            Answer::Command(command) => {
                let mut command = command.clone();
                command.stdout.push_str("one more line\n");
                Answer::Command(command)
            }
            other => panic!("{other:?}"),
        };
        entries[at] = Entry::World(WorldEntry::new(27, world.question.clone(), answer));
    });
    assert_eq!(
        (found.tick, found.cause),
        (27, Cause::PromptChanged),
        "{found}"
    );
    let lines = &found.differences[0].lines;
    assert!(lines.iter().any(|line| line == "+one more line"), "{found}");
}

#[test]
fn changed_question_shows_both() {
    let recorded = Recorded::new();
    let at = recorded.question_of(27);
    let found = recorded.divergence(|entries| {
        let Entry::World(world) = &entries[at] else {
            panic!("no question");
        };
        let question = Question::Exec("rm -r notes".into());
        entries[at] = Entry::World(WorldEntry::new(27, question, world.answer.clone()));
    });
    assert_eq!(
        (found.tick, found.cause),
        (27, Cause::WorldChanged),
        "{found}"
    );
    assert_eq!(found.differences[0].pointer, "/question/exec");
    // A question that the replay does not ask.
    let found = recorded.divergence(|entries| {
        let question = Question::Read("README.md".into());
        let answer = Answer::Text(String::new());
        entries.insert(at, Entry::World(WorldEntry::new(26, question, answer)));
    });
    assert_eq!(
        (found.tick, found.cause),
        (26, Cause::WorldChanged),
        "{found}"
    );
}

#[test]
fn longer_call_changes_the_record() {
    let recorded = Recorded::new();
    let at = recorded.call_of(20);
    let found = recorded.divergence(|entries| {
        let Entry::Call(call) = &mut entries[at] else {
            panic!("no call");
        };
        call.took_us += 1;
    });
    assert_eq!(
        (found.tick, found.cause),
        (20, Cause::RecordChanged),
        "{found}"
    );
    let pointers: Vec<_> = found.differences.iter().map(|it| &*it.pointer).collect();
    assert_eq!(pointers, ["/time_us"], "{found}");
}
