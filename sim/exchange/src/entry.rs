//! The lines of a tape: a request as it was sent, a response as it came.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use turingos_run::tape::Body;

/// A request as it went to its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// The name of the service.
    pub target: String,
    /// The method, in upper case.
    pub method: String,
    /// The path as it was sent, that of the service's address included.
    pub path: String,
    /// What stands behind `?`, as it was sent; secrets are redacted.
    pub query: Option<String>,
    /// The headers on the allow-list, sorted by their names, which are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte; secrets are redacted.
    pub body: Body,
}

/// A response as it went to the agent. All times are microseconds since the request arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// The status; none if no head was sent.
    pub status: Option<u16>,
    /// The headers on the allow-list, sorted by their names, which are in lower case.
    pub headers: Vec<(String, String)>,
    /// When the head came.
    pub head_us: u64,
    /// The body in the pieces in which it came.
    pub chunks: Vec<Chunk>,
    /// How the body ended.
    pub end: End,
    /// When it ended.
    pub end_us: u64,
    /// Who made the response.
    pub origin: Origin,
    /// What went wrong on purpose, if anything did.
    pub injected: Option<String>,
    /// Why there was no response of the service, or why it ended early, for people.
    pub note: Option<String>,
}

/// A piece of a response's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// When it came, in microseconds since the request arrived.
    pub at_us: u64,
    /// Its bytes; secrets are redacted.
    pub bytes: Body,
}

/// How a response ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum End {
    /// As its head announced it.
    Whole,
    /// The service closed the connection early, or the body was over the limit.
    Cut,
    /// The connection was reset.
    Reset,
    /// The agent closed the connection early.
    ClientLeft,
}

impl End {
    /// Every end.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The end as it is written on tapes.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Who made a response.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Origin {
    /// The service.
    Upstream,
    /// Another tape.
    Tape,
    /// The recorder: it refused the request, could not reach the service, or made trouble on
    /// purpose.
    Proxy,
}

impl Origin {
    /// Every origin.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The origin as it is written on tapes.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl RecordedResponse {
    /// The whole body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let chunks = self.chunks.iter();
        chunks.flat_map(|chunk| &chunk.bytes.0).copied().collect()
    }

    /// The first header of that name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

impl RecordedRequest {
    /// The first header of that name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let mut headers = headers.iter();
    headers.find_map(|(own, value)| (own == name).then_some(value.as_str()))
}

/// A line of a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the request, from 0, in the order in which requests were recorded.
    pub number: u64,
    /// Which side of the exchange.
    pub stage: Stage,
}

/// One side of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The request, before it is sent.
    Request(RecordedRequest),
    /// The response, before its end reaches the agent.
    Response(RecordedResponse),
}

/// The spelling of an entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spelling<Q, P> {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none", default = "Option::default")]
    request: Option<Q>,
    #[serde(skip_serializing_if = "Option::is_none", default = "Option::default")]
    response: Option<P>,
}

pub(crate) fn write_request(number: u64, request: &RecordedRequest, out: &mut Vec<u8>) {
    write(number, Some(request), None, out);
}

pub(crate) fn write_response(number: u64, response: &RecordedResponse, out: &mut Vec<u8>) {
    write(number, None, Some(response), out);
}

fn write(
    number: u64,
    request: Option<&RecordedRequest>,
    response: Option<&RecordedResponse>,
    out: &mut Vec<u8>,
) {
    let spelling = Spelling {
        number,
        request,
        response,
    };
    serde_json::to_writer(out, &spelling).expect("numbers and text are always JSON");
}

/// Reads the record of a line; what is wrong with it. `scratch` is kept for its memory.
pub(crate) fn read(record: &[u8], scratch: &mut Vec<u8>) -> Result<Entry, String> {
    let spelling: Spelling<RecordedRequest, RecordedResponse> =
        serde_json::from_slice(record).map_err(|error| format!("is not an exchange: {error}"))?;
    let number = spelling.number;
    let stage = match (spelling.request, spelling.response) {
        (Some(request), None) => Stage::Request(request),
        (None, Some(response)) => Stage::Response(response),
        _ => return Err("has not one of `request` and `response`".to_owned()),
    };
    scratch.clear();
    match &stage {
        Stage::Request(request) => write_request(number, request, scratch),
        Stage::Response(response) => write_response(number, response, scratch),
    }
    match scratch == record {
        true => Ok(Entry { number, stage }),
        false => Err("is spelled in another way than this program writes it".to_owned()),
    }
}
