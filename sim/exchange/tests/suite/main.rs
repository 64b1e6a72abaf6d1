//! Recordings on disk and in memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod conversations;
mod damage;
mod round_trips;

use std::collections::BTreeMap;
use std::path::Path;

use turingos_exchange::{
    Body, Chunk, End, Header, Origin, RecordedRequest, RecordedResponse, TapeDirectory, TapeWriter,
};

/// The files of a recording, in memory.
type Files = BTreeMap<String, Vec<u8>>;

fn request(body: &[u8]) -> RecordedRequest {
    RecordedRequest {
        target: "openai".into(),
        method: "POST".into(),
        path: "/v1/chat/completions".into(),
        query: None,
        headers: vec![("content-type".into(), "application/json".into())],
        body: Body(body.to_vec()),
    }
}

fn response(body: &[u8]) -> RecordedResponse {
    RecordedResponse {
        status: Some(200),
        headers: Vec::new(),
        head_us: 10,
        chunks: vec![Chunk {
            at_us: 20,
            bytes: Body(body.to_vec()),
        }],
        end: End::Whole,
        end_us: 30,
        origin: Origin::Upstream,
        injected: None,
        note: None,
    }
}

/// A recording of two calls that were in flight at once, the second of which ended first.
fn overlapping(path: &Path) -> TapeWriter {
    let mut tape =
        TapeWriter::create(path, &Header::new(vec!["agent".into()], Vec::new())).unwrap();
    let first = tape.request(&request(b"{\"call\":1}")).unwrap();
    let second = tape.request(&request(b"\xff\x00")).unwrap();
    tape.response(second, &response(b"two")).unwrap();
    tape.response(first, &response(b"one")).unwrap();
    tape
}

fn files(path: &Path) -> Files {
    let names = [
        TapeDirectory::HEADER,
        TapeDirectory::EXCHANGES,
        TapeDirectory::MANIFEST,
    ];
    let read = |name: &str| Some((name.to_owned(), std::fs::read(path.join(name)).ok()?));
    names.into_iter().filter_map(read).collect()
}
