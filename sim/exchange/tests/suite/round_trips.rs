//! What is written is read back.

use proptest::prelude::*;
use turingos_exchange::{
    Body, Chunk, End, Header, Origin, RecordedRequest, RecordedResponse, Tape, TapeWriter,
    is_exchange_tape,
};

use crate::{files, overlapping, request};

#[test]
fn overlapping_calls_are_read_in_the_order_of_their_requests() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tape");
    assert!(!is_exchange_tape(&path));
    let manifest = overlapping(&path)
        .finish("sim replay tape".into())
        .unwrap()
        .unwrap();
    assert!(is_exchange_tape(&path));
    let tape = Tape::open(&path).unwrap();
    let bodies: Vec<_> = tape.exchanges.iter().map(|it| it.response.body()).collect();
    assert_eq!(bodies, [b"one", b"two"]);
    assert_eq!(tape.exchanges[1].request.body.0, b"\xff\x00");
    assert_eq!((manifest.exchanges(), manifest.lines()), (2, 4));
    assert_eq!(manifest.root(), tape.chain.head());
    assert_eq!(manifest.counts()["end.whole"], 2);
    assert_eq!(tape.manifest, Some(manifest));
}

#[test]
fn request_is_on_disk_before_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tape");
    let header = Header::new(Vec::new(), Vec::new());
    let mut tape = TapeWriter::create(&path, &header).unwrap();
    tape.request(&request(b"{}")).unwrap();
    let read = Tape::read(&files(&path)).unwrap();
    assert_eq!((read.exchanges.len(), read.unanswered.len()), (0, 1));
    assert!(!read.is_finished);
    assert_eq!(
        tape.finish(String::new()).unwrap(),
        None,
        "it stays unfinished"
    );
}

#[test]
fn recording_is_locked_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tape");
    let header = Header::new(Vec::new(), Vec::new());
    let tape = TapeWriter::create(&path, &header).unwrap();
    assert!(TapeWriter::create(&path, &header).is_err());
    tape.abandon();
    TapeWriter::create(&path, &header).unwrap();
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        any::<String>().prop_map(|text| Body(text.into())),
        any::<Vec<u8>>().prop_map(Body),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-z-]{1,8}", any::<String>()), 0..3)
}

prop_compose! {
    fn requests()(
        target in any::<String>(), path in any::<String>(), query in any::<Option<String>>(),
        headers in headers(), body in body(),
    ) -> RecordedRequest {
        RecordedRequest { target, method: "POST".into(), path, query, headers, body }
    }
}

prop_compose! {
    fn responses()(
        status in any::<Option<u16>>(), headers in headers(), head_us in any::<u64>(),
        chunks in prop::collection::vec((any::<u64>(), body()), 0..4),
        end in prop::sample::select(End::ALL), origin in prop::sample::select(Origin::ALL),
        injected in any::<Option<String>>(), note in any::<Option<String>>(),
    ) -> RecordedResponse {
        let chunk = |(at_us, bytes)| Chunk { at_us, bytes };
        let chunks = chunks.into_iter().map(chunk).collect();
        RecordedResponse { status, headers, head_us, chunks, end, end_us: head_us, origin, injected, note }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_exchange_is_read_as_it_was_written(
        calls in prop::collection::vec((requests(), responses()), 1..4),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tape");
        let mut tape = TapeWriter::create(&path, &Header::new(Vec::new(), Vec::new())).unwrap();
        for (request, _) in &calls {
            tape.request(request).unwrap();
        }
        for (number, (_, response)) in calls.iter().enumerate().rev() {
            tape.response(number as u64, response).unwrap();
        }
        tape.finish(String::new()).unwrap().unwrap();
        let read = Tape::open(&path).unwrap();
        let read: Vec<_> = { read.exchanges.into_iter() }.map(|it| (it.request, it.response)).collect();
        prop_assert_eq!(read, calls);
    }
}
