//! Answers from a tape only.
//!
//! A request is identified by its canonical JSON; the calls that sent the same one are answered in
//! their order. A request that is not on the tape, or is sent more often than it was recorded, is
//! refused, and the refusal names the nearest one. Never makes up an answer, and opens no connection.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use turingos_agents::TransportFault;
use turingos_agents::wire::Shape;
use turingos_protocols::agent::request_id;
use turingos_protocols::answer::{Answer, Content, Delivery};
use turingos_protocols::chaos::HANG_US;
use turingos_protocols::refusal::{Reason, Refusal};
use turingos_protocols::request::{ParsedRequest, canonical};
use turingos_run::run_reader::{Ends, HeaderFacts};
use turingos_run::tape::{CallEntry, CallOutcome, Entry, TapeReader};
use turingos_run::{RunDirectory, RunIoError, RunReader};

/// The most bytes of requests and answers that are held.
pub(crate) const MAX_RECORDED_BYTES: usize = 1024 * 1024 * 1024;

/// The genesis of a tape that belongs to no run, as a server's log does not.
pub(crate) const LOOSE_GENESIS: Digest = Digest::EMPTY;

/// How many characters around a difference are shown.
const EXCERPT_CHARS: usize = 48;

/// A recording that cannot be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It cannot be read, or it is corrupt.
    #[error(transparent)]
    Run(#[from] RunIoError),
    /// The request of an entry is not JSON.
    #[error("{path}: line {line}: its request is not JSON: {reason}")]
    NotJson {
        /// The tape.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// It holds more than is kept in memory.
    #[error("{path}: more than {MAX_RECORDED_BYTES} bytes of requests and answers")]
    TooLarge {
        /// The tape.
        path: PathBuf,
    },
    /// It has no call to serve.
    #[error("{path}: this tape has no provider call")]
    Empty {
        /// The tape.
        path: PathBuf,
    },
}

/// The calls of a tape.
#[derive(Debug)]
pub struct Recording {
    /// The calls that sent the same request, by its canonical form, in their order.
    calls: BTreeMap<String, Vec<Call>>,
    is_unfinished: bool,
}

#[derive(Debug)]
struct Call {
    tick: u64,
    lane: Lane,
    attempt: u32,
    outcome: CallOutcome,
}

impl Recording {
    /// Reads the tape of a run directory, or a tape that is a file of its own: one of a server's
    /// logs, or the `tape.jsonl` of a run with its header beside it.
    ///
    /// Accepts a finished and an unfinished run, and a log, which nothing finishes: of the last two
    /// a torn last line is left out. Of a run's other files only header and manifest are read,
    /// because no answer depends on them.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let is_tape_of_run = path.file_name().is_some_and(|it| it == RunDirectory::TAPE)
            && path.with_file_name(RunDirectory::HEADER).exists();
        if path.is_dir() {
            Self::of_run(path)
        } else if is_tape_of_run {
            Self::of_run(path.parent().unwrap_or(Path::new("")))
        } else {
            let mut tape = TapeReader::open(path, LOOSE_GENESIS)?;
            Self::read(&mut tape, path)
        }
    }

    fn of_run(directory: &Path) -> Result<Self, RecordingError> {
        let run = RunReader::of(directory);
        let header = run.header_bytes()?;
        let kind = run.kind_of(&header)?;
        let mut tape = run.tape(Digest::of(&header))?;
        let mut recording = Self::read(&mut tape, &directory.join(RunDirectory::TAPE))?;
        let ends = Ends {
            tape: Some(tape.end()),
            ..Ends::default()
        };
        let end = run.judge(HeaderFacts::from(&kind), run.manifest()?.as_ref(), &ends)?;
        recording.is_unfinished = !end.is_finished();
        Ok(recording)
    }

    fn read(
        tape: &mut TapeReader<impl std::io::Read>,
        path: &Path,
    ) -> Result<Self, RecordingError> {
        let mut recording = Self {
            calls: BTreeMap::new(),
            is_unfinished: false,
        };
        let mut bytes = 0;
        while let Some(entry) = tape.next_entry()? {
            let Entry::Call(entry) = entry else {
                continue;
            };
            bytes += entry.request().len() + body_length(&entry);
            if bytes > MAX_RECORDED_BYTES {
                return Err(RecordingError::TooLarge {
                    path: path.to_path_buf(),
                });
            }
            let request = canonical(entry.request()).map_err(|reason| RecordingError::NotJson {
                path: path.to_path_buf(),
                line: tape.chain().count(),
                reason,
            })?;
            recording.calls.entry(request).or_default().push(Call {
                tick: entry.tick,
                lane: entry.lane,
                attempt: entry.attempt,
                outcome: entry.outcome,
            });
        }
        if recording.calls.is_empty() {
            return Err(RecordingError::Empty {
                path: path.to_path_buf(),
            });
        }
        Ok(recording)
    }

    /// The number of different requests, and the number of calls.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.calls.len(), self.calls.values().map(Vec::len).sum())
    }

    /// True for the tape of a run that has no manifest.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// The recorded answer to attempt number `attempt` of the request, from 0.
    ///
    /// # Errors
    /// The recording has no such call.
    pub fn answer(&self, request: &ParsedRequest, attempt: u32) -> Result<Answer, Refusal> {
        let Some(calls) = self.calls.get(&request.canonical) else {
            return Err(Refusal::new(Reason::NotRecorded, self.nearest(request)));
        };
        let provider = request.endpoint.provider();
        let own: Vec<_> = calls.iter().filter(|call| call.is_of(provider)).collect();
        if let Some(call) = own.get(attempt as usize) {
            return call.answer();
        }
        let message = match own.first() {
            Some(first) => format!(
                "this request was recorded {} times and was sent again; the first recorded one is {}",
                own.len(),
                first.place()
            ),
            None => "this request was recorded at another provider's endpoint only".to_owned(),
        };
        Err(Refusal::new(Reason::NotRecorded, message))
    }

    /// Names the recorded request that has the most in common with this one, at its beginning and
    /// its end together.
    fn nearest(&self, request: &ParsedRequest) -> String {
        let sent = request.canonical.as_str();
        let alike = |recorded: &str| {
            let start = common_prefix(sent, recorded);
            let rest = sent.len().min(recorded.len()) - start;
            let end = sent.bytes().rev().zip(recorded.bytes().rev());
            start + end.take(rest).take_while(|(a, b)| a == b).count()
        };
        // The first of several that are as near, in the order of their canonical forms.
        let nearest = self.calls.iter().rev().max_by_key(|entry| alike(entry.0));
        let Some((recorded, call)) = nearest.and_then(|(text, calls)| Some((text, calls.first()?)))
        else {
            return "this request is not on the tape".to_owned();
        };
        let at = common_prefix(sent, recorded);
        format!(
            "this request is not on the tape; the nearest one is {}, which differs from byte {at} \
             of its canonical form on: recorded {:?}, sent {:?}",
            call.place(),
            excerpt(recorded, at),
            excerpt(sent, at),
        )
    }
}

impl Call {
    fn place(&self) -> String {
        format!(
            "that of tick {}, lane {:?}, attempt {}",
            self.tick, self.lane, self.attempt
        )
    }

    /// False if another provider answered. A call without an answer has no provider.
    fn is_of(&self, provider: Provider) -> bool {
        match &self.outcome {
            CallOutcome::Reply(reply) => Shape::chat(reply.provider) == Shape::chat(provider),
            CallOutcome::Fault(_) => true,
        }
    }

    fn answer(&self) -> Result<Answer, Refusal> {
        let id = request_id(self.tick);
        let reply = match &self.outcome {
            CallOutcome::Reply(reply) => reply,
            CallOutcome::Fault(fault) => {
                let wait_us = match fault {
                    TransportFault::Unreachable | TransportFault::Reset => 0,
                    TransportFault::Timeout => HANG_US,
                    TransportFault::TooLarge => {
                        let message = format!(
                            "the recorded response was too long to be kept: {}",
                            self.place()
                        );
                        return Err(Refusal::new(Reason::NotRecorded, message));
                    }
                };
                return Ok(Answer {
                    delivery: Delivery::Reset,
                    wait_us,
                    ..Answer::json(200, Vec::new(), id)
                });
            }
        };
        let header = |name: &str| reply.headers.get(name).cloned();
        let id = header("x-request-id").or_else(|| header("request-id"));
        let content = header("content-type");
        Ok(Answer {
            content: content.map_or(Content::Json, |value| Content::of_header(&value)),
            retry_after_ms: reply.retry_after_us.map(|after| after.div_ceil(1_000)),
            ..Answer::json(
                reply.status,
                reply.body.0.clone(),
                id.unwrap_or_else(|| request_id(self.tick)),
            )
        })
    }
}

fn body_length(entry: &CallEntry) -> usize {
    match &entry.outcome {
        CallOutcome::Reply(reply) => reply.body.0.len(),
        CallOutcome::Fault(_) => 0,
    }
}

/// How many bytes two texts have in common at their beginning, whole characters only.
fn common_prefix(left: &str, right: &str) -> usize {
    let alike = left.bytes().zip(right.bytes());
    let mut end = alike.take_while(|(a, b)| a == b).count();
    while !left.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn excerpt(text: &str, from: usize) -> String {
    let rest = text.get(from..).unwrap_or_default();
    rest.chars().take(EXCERPT_CHARS).collect()
}
