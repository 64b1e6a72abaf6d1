//! The entries of a tape: a provider call or an answer of a real world.
//!
//! Reads canonical JSON only: what it would not write, it does not accept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;

use super::body::Body;
use super::retry_after::retry_after_us;
use super::short_call::ShortCall;
use super::world::WorldEntry;
use turingos_agents::{RawReply, Request, TransportFault};

/// The response headers that are kept, in lower case. None of them can carry a key.
pub const KEPT_HEADERS: [&str; 6] = [
    "content-type",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "x-should-retry",
];

/// One nondeterministic input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A provider was called.
    Call(CallEntry),
    /// A real world was asked.
    World(WorldEntry),
}

/// One call of a provider: what was sent, what came, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEntry {
    kind: CallKind,
    /// The tick that asked, from 0.
    pub tick: u64,
    /// The lane that was called.
    pub lane: Lane,
    /// How often the lane was called for this tick before, from 0.
    pub attempt: u32,
    request_hash: Digest,
    pub(super) request: Body,
    /// What came.
    pub outcome: CallOutcome,
    /// How long the call took, in microseconds.
    pub took_us: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CallKind {
    #[serde(rename = "call")]
    Call,
}

/// The outcome of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallOutcome {
    /// A response, whatever its status.
    Reply(Reply),
    /// No response.
    Fault(TransportFault),
}

/// A response as it came off the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Whose format the body is in.
    pub provider: Provider,
    /// The HTTP status.
    pub status: u16,
    /// How long the response asked to wait, in microseconds, if it did. Null must be written: serde
    /// would otherwise read a missing member as null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub retry_after_us: Option<u64>,
    /// Headers worth keeping, by their names in lower case; all of [`KEPT_HEADERS`].
    pub headers: BTreeMap<String, String>,
    /// The body, exactly.
    pub body: Body,
}

impl CallEntry {
    /// The entry of one call that sent `body`.
    #[must_use]
    pub fn new(
        request: &Request<'_>,
        body: Vec<u8>,
        outcome: Result<&RawReply, TransportFault>,
        took_us: u64,
    ) -> Self {
        Self {
            kind: CallKind::Call,
            tick: request.tick,
            lane: request.lane,
            attempt: request.attempt,
            request_hash: Digest::of(&body),
            request: Body(body),
            outcome: match outcome {
                Ok(raw) => CallOutcome::Reply(Reply::of(raw)),
                Err(fault) => CallOutcome::Fault(fault),
            },
            took_us,
        }
    }

    /// The SHA-256 of the request body.
    #[must_use]
    pub(crate) const fn request_hash(&self) -> Digest {
        self.request_hash
    }

    /// The request body, exactly.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request.0
    }
}

impl Reply {
    /// Keeps the headers of the allow-list; of one that came more than once, all values.
    fn of(raw: &RawReply) -> Self {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &raw.headers {
            let name = name.to_ascii_lowercase();
            if KEPT_HEADERS.contains(&name.as_str()) {
                headers
                    .entry(name)
                    .and_modify(|values| {
                        values.push_str(", ");
                        values.push_str(value);
                    })
                    .or_insert_with(|| value.clone());
            }
        }
        Self {
            provider: raw.provider,
            status: raw.status,
            retry_after_us: raw.retry_after_us,
            headers,
            body: Body(raw.body.clone()),
        }
    }

    /// The wait that the kept headers ask for.
    pub(super) fn asked_wait_us(&self) -> Option<u64> {
        retry_after_us(|name| self.headers.get(name).map(String::as_str))
    }

    /// The response as an oracle gives it.
    #[must_use]
    pub(crate) fn into_raw(self) -> RawReply {
        RawReply {
            provider: self.provider,
            status: self.status,
            retry_after_us: self.retry_after_us,
            headers: self.headers.into_iter().collect(),
            body: self.body.0,
        }
    }
}

/// Bytes that are no entry of a tape. The recording is to blame.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Neither of the kinds that this version knows.
    #[error(
        "is of no known kind: its first member is neither \"kind\":\"call\" nor \"kind\":\"world\""
    )]
    UnknownKind,
    /// Not JSON, or with members that are missing, unknown, repeated or mistyped.
    #[error("is not a valid entry: {0}")]
    NotValid(#[from] serde_json::Error),
    /// The right value, but not as canonical JSON.
    #[error("is not canonical JSON")]
    NotCanonical,
    /// The members contradict one another.
    #[error("contradicts itself: {0}")]
    Contradiction(&'static str),
}

impl Entry {
    /// The tick that the input belongs to.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        match self {
            Self::Call(entry) => entry.tick,
            Self::World(entry) => entry.tick,
        }
    }

    /// The tick of a canonical record, without reading the rest.
    pub(super) fn tick_at_start(record: &[u8]) -> Option<u64> {
        let rest = (record.strip_prefix(b"{\"kind\":\"call\",\"tick\":"))
            .or_else(|| record.strip_prefix(b"{\"kind\":\"world\",\"tick\":"))?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
    }

    /// Appends the canonical JSON: compact, members in their order.
    ///
    /// # Panics
    /// Never: writing to memory cannot fail, and every map of an entry has text keys.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let written = match self {
            Self::Call(entry) => serde_json::to_writer(out, entry),
            Self::World(entry) => serde_json::to_writer(out, entry),
        };
        written.expect("writing to memory cannot fail, and every map has text keys");
    }

    /// Reads what [`Entry::write_json`] writes, and nothing else. `scratch` is a buffer to write
    /// the entry again.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn read_json(record: &[u8], scratch: &mut Vec<u8>) -> Result<Self, EntryError> {
        let entry = Self::read_spelled_json(record)?;
        if let Self::Call(call) = &entry {
            check_hash(call)?;
        }
        scratch.clear();
        entry.write_json(scratch);
        if scratch == record {
            Ok(entry)
        } else {
            Err(EntryError::NotCanonical)
        }
    }

    /// The same without checking that the JSON is canonical and that a request has its hash: for a
    /// caller that compares the request itself.
    ///
    /// # Errors
    /// [`EntryError`].
    pub(super) fn read_spelled_json(record: &[u8]) -> Result<Self, EntryError> {
        if record.starts_with(b"{\"kind\":\"call\",") {
            let entry = match ShortCall::read(record).and_then(|short| short.complete(record)) {
                Some(entry) => entry,
                None => serde_json::from_slice(record)?,
            };
            check_headers(&entry)?;
            Ok(Self::Call(entry))
        } else if record.starts_with(b"{\"kind\":\"world\",") {
            let entry: WorldEntry = serde_json::from_slice(record)?;
            entry.check().map_err(EntryError::Contradiction)?;
            Ok(Self::World(entry))
        } else {
            Err(EntryError::UnknownKind)
        }
    }
}

fn check_hash(entry: &CallEntry) -> Result<(), EntryError> {
    if entry.request_hash == Digest::of(&entry.request.0) {
        return Ok(());
    }
    Err(EntryError::Contradiction(
        "`request_hash` is not the SHA-256 of `request`",
    ))
}

pub(super) fn check_headers(entry: &CallEntry) -> Result<(), EntryError> {
    if let CallOutcome::Reply(reply) = &entry.outcome {
        let known = |name: &String| KEPT_HEADERS.contains(&name.as_str());
        if !reply.headers.keys().all(known) {
            return Err(EntryError::Contradiction(
                "`headers` has a name that is not on the allow-list",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attempt: u32) -> Request<'static> {
        Request {
            tick: 7,
            lane: Lane::E,
            attempt,
            system_prompt: "d",
            q: "q",
            frame: "f",
        }
    }

    fn reply() -> RawReply {
        RawReply {
            provider: Provider::OpenAi,
            status: 429,
            retry_after_us: Some(1_000_000),
            headers: vec![
                ("Retry-After".into(), "1".into()),
                ("Authorization".into(), "Bearer of a key".into()),
                ("set-cookie".into(), "session".into()),
                ("x-request-id".into(), "a".into()),
                ("x-request-id".into(), "b".into()),
            ],
            body: b"{}".to_vec(),
        }
    }

    fn text(entry: &Entry) -> String {
        let mut out = Vec::new();
        entry.write_json(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn read(text: &str) -> Result<Entry, EntryError> {
        Entry::read_json(text.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn call_has_one_spelling_and_allowed_headers() {
        let entry = Entry::Call(CallEntry::new(
            &request(1),
            b"{\"q\":1}".into(),
            Ok(&reply()),
            9,
        ));
        let hash = Digest::of(b"{\"q\":1}");
        let expected = format!(
            "{{\"kind\":\"call\",\"tick\":7,\"lane\":\"E\",\"attempt\":1,\"request_hash\":\"{hash}\",\
             \"request\":{{\"text\":\"{{\\\"q\\\":1}}\"}},\"outcome\":{{\"reply\":{{\
             \"provider\":\"openai\",\"status\":429,\"retry_after_us\":1000000,\
             \"headers\":{{\"retry-after\":\"1\",\"x-request-id\":\"a, b\"}},\
             \"body\":{{\"text\":\"{{}}\"}}}}}},\"took_us\":9}}"
        );
        assert_eq!(text(&entry), expected);
        assert_eq!(read(&expected).unwrap(), entry);
    }

    #[test]
    fn fault_is_a_call_without_a_response() {
        for &fault in TransportFault::ALL {
            let entry = Entry::Call(CallEntry::new(&request(0), b"{}".into(), Err(fault), 9));
            let text = text(&entry);
            assert!(text.contains(&format!("\"outcome\":{{\"fault\":\"{}\"}}", fault.name())));
            assert_eq!(read(&text).unwrap(), entry);
        }
    }

    #[test]
    fn malformed_entries_are_refused() {
        let entry = Entry::Call(CallEntry::new(&request(1), b"{}".into(), Ok(&reply()), 9));
        let text = text(&entry);
        for (from, to, reason) in [
            (
                "\"text\":\"{}\"}",
                "\"text\":\"{ }\"}",
                "contradicts itself",
            ),
            ("x-request-id", "authorization", "contradicts itself"),
            ("\"tick\":7", "\"tick\": 7", "not canonical JSON"),
            (
                "\"tick\":7,\"lane\":\"E\"",
                "\"lane\":\"E\",\"tick\":7",
                "not canonical JSON",
            ),
            ("\"kind\":\"call\"", "\"kind\":\"dream\"", "no known kind"),
            ("\"tick\":7", "\"tick\":7,\"tick\":7", "duplicate field"),
            ("\"tick\":7", "\"tock\":7", "unknown field"),
            ("\"retry_after_us\":1000000,", "", "missing field"),
            ("\"status\":429", "\"status\":70000", "invalid value"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text);
            let error = read(&other).unwrap_err().to_string();
            assert!(error.contains(reason), "{other}: {error}");
        }
    }

    #[test]
    fn leading_tick_is_read() {
        let call = CallEntry::new(&request(1), b"{}".into(), Ok(&reply()), 9);
        let text = text(&Entry::Call(call));
        assert_eq!(Entry::tick_at_start(text.as_bytes()), Some(7));
        for other in [
            "{\"kind\":\"call\",\"lane\":\"E\",\"tick\":7",
            "{\"kind\":\"call\",\"tick\":}",
            "{\"kind\":\"call\",\"tick\":99999999999999999999,",
            "",
        ] {
            assert_eq!(Entry::tick_at_start(other.as_bytes()), None, "{other}");
        }
    }
}
