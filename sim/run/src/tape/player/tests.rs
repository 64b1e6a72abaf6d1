use std::fs;

use serde_json::json;
use tempfile::TempDir;
use turingos::bus::Provider;
use turingos::journal::Chain;
use turingos_agents::{RawReply, TransportFault};

use super::*;

/// A request whose body is its `q`.
fn request(tick: u64, lane: Lane, attempt: u32, q: &'static str) -> Request<'static> {
    Request {
        tick,
        lane,
        attempt,
        system_prompt: "",
        q,
        frame: "",
    }
}

fn call(tick: u64, lane: Lane, attempt: u32, body: &'static str) -> Entry {
    let request = request(tick, lane, attempt, body);
    let fault = Err(TransportFault::Reset);
    Entry::Call(CallEntry::new(&request, body.into(), fault, 5))
}

fn read_of(path: &str) -> Question {
    Question::Read(path.to_owned())
}

fn world(tick: u64, path: &str) -> Entry {
    let answer = Answer::Text(format!("content of {path}"));
    Entry::World(WorldEntry::new(tick, read_of(path), answer))
}

fn player_of(records: &[Vec<u8>]) -> (TempDir, Player) {
    let directory = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(Digest::EMPTY);
    let mut lines = Vec::new();
    for record in records {
        chain.append(record, &mut lines);
    }
    fs::write(directory.path().join(RunDirectory::TAPE), lines).unwrap();
    let folder = OpenFolder::open(directory.path()).unwrap();
    let player = Player::open(&folder, Digest::EMPTY).unwrap();
    (directory, player)
}

fn player(entries: &[Entry]) -> (TempDir, Player) {
    let record = |entry: &Entry| {
        let mut record = Vec::new();
        entry.write_json(&mut record);
        record
    };
    player_of(&entries.iter().map(record).collect::<Vec<_>>())
}

fn take(player: &mut Player, request: &Request<'_>) -> Result<(CallOutcome, u64), RunIoError> {
    let mut encoder = |request: &Request<'_>| request.q.as_bytes().to_vec();
    player.take_call(request, &mut encoder)
}

fn diverged<T>(result: Result<T, RunIoError>) -> Divergence {
    match result.err().unwrap() {
        RunIoError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    }
}

use Lane::{E, P};

/// Each row: the tape, how many of its calls are made, the call that is not the next one, the
/// cause, the end of the detail, and the tick, lane and attempt of the nearest recorded call.
#[test]
fn call_that_is_not_the_next_one_is_explained() {
    type Near = Option<(u64, &'static str, u32)>;
    type Row<'r> = (Vec<Entry>, usize, Request<'r>, Cause, &'r str, Near);
    let repeats = "repeats a request that was sent before";
    let asks_world = "is made, but the recording asks its world first";
    let rows: [Row<'_>; 18] = [
        (
            vec![call(0, E, 0, "a"), call(1, E, 0, "b")],
            1,
            request(0, E, 1, "a"),
            Cause::ExtraCall,
            repeats,
            Some((1, "E", 0)),
        ),
        // Even if the same request follows in a later tick.
        (
            vec![call(0, E, 0, "a"), call(1, E, 0, "a")],
            1,
            request(0, E, 1, "a"),
            Cause::ExtraCall,
            repeats,
            Some((1, "E", 0)),
        ),
        (
            vec![call(0, E, 0, "a"), call(0, P, 0, "b")],
            1,
            request(0, E, 1, "a"),
            Cause::ExtraCall,
            repeats,
            Some((0, "P", 0)),
        ),
        // Not only the last request is remembered.
        (
            vec![call(0, E, 0, "a"), call(0, E, 1, "b"), call(0, P, 0, "c")],
            2,
            request(0, E, 2, "a"),
            Cause::ExtraCall,
            repeats,
            Some((0, "P", 0)),
        ),
        (
            vec![world(0, "x"), call(0, E, 0, "a")],
            0,
            request(0, E, 0, "a"),
            Cause::WorldChanged,
            asks_world,
            Some((0, "E", 0)),
        ),
        (
            vec![call(0, E, 0, "b"), call(0, E, 1, "a")],
            0,
            request(0, E, 1, "a"),
            Cause::MissingCall,
            "is made, but the recording has other calls before it",
            Some((0, "E", 1)),
        ),
        (
            vec![call(0, E, 0, "a"), call(0, E, 1, "b"), call(0, E, 2, "a")],
            1,
            request(0, E, 2, "a"),
            Cause::MissingCall,
            "is made, but the recording has other calls before it",
            Some((0, "E", 2)),
        ),
        (
            vec![world(0, "x"), call(1, E, 0, "a")],
            0,
            request(0, E, 0, "a"),
            Cause::OrderChanged,
            "sends what the recording sends in another place, in tick 1",
            Some((1, "E", 0)),
        ),
        // The first of several places is named.
        (
            vec![call(0, E, 0, "b"), call(1, E, 0, "a"), call(2, E, 0, "a")],
            0,
            request(0, E, 0, "a"),
            Cause::OrderChanged,
            "sends what the recording sends in another place, in tick 1",
            Some((0, "E", 0)),
        ),
        (
            vec![],
            0,
            request(0, E, 0, "a"),
            Cause::ExtraCall,
            "is made, but the recording has no input left",
            None,
        ),
        // The last call is the nearest at the end.
        (
            vec![call(0, E, 0, "a"), world(0, "x")],
            1,
            request(1, E, 0, "b"),
            Cause::WorldChanged,
            asks_world,
            Some((0, "E", 0)),
        ),
        (
            vec![call(0, E, 0, "a")],
            0,
            request(0, E, 0, "b"),
            Cause::PromptChanged,
            "sends another request than was recorded",
            Some((0, "E", 0)),
        ),
        (
            vec![call(3, E, 0, "a")],
            0,
            request(1, E, 0, "b"),
            Cause::ExtraCall,
            "is made, but the recording continues with tick 3",
            Some((3, "E", 0)),
        ),
        (
            vec![world(2, "x")],
            0,
            request(1, E, 0, "b"),
            Cause::ExtraCall,
            "is made, but the recording continues with tick 2",
            None,
        ),
        (
            vec![call(0, E, 0, "a")],
            0,
            request(0, P, 0, "b"),
            Cause::OrderChanged,
            "is made, but the recording calls lane E, attempt 0",
            Some((0, "E", 0)),
        ),
        (
            vec![call(0, E, 1, "a")],
            0,
            request(0, E, 0, "b"),
            Cause::OrderChanged,
            "is made, but the recording calls lane E, attempt 1",
            Some((0, "E", 1)),
        ),
        (
            vec![world(0, "x")],
            0,
            request(0, E, 0, "b"),
            Cause::WorldChanged,
            asks_world,
            None,
        ),
        // The call in the same place is nearer than the next one and the last one.
        (
            vec![call(0, E, 0, "a"), call(0, E, 1, "b"), call(0, P, 0, "c")],
            0,
            request(0, E, 1, "d"),
            Cause::OrderChanged,
            "is made, but the recording calls lane E, attempt 0",
            Some((0, "E", 1)),
        ),
    ];
    for (entries, made, request, cause, detail, near) in rows {
        let (_directory, mut player) = player(&entries);
        for entry in &entries[..made] {
            let Entry::Call(call) = entry else {
                panic!("only calls are made before");
            };
            let body = std::str::from_utf8(call.request()).unwrap();
            let again = Request {
                q: body,
                ..super::tests::request(call.tick, call.lane, call.attempt, "")
            };
            take(&mut player, &again).unwrap();
        }
        let found = diverged(take(&mut player, &request));
        assert_eq!(found.cause, cause, "{found}");
        assert!(found.detail.ends_with(detail), "{found}");
        let this = format!(
            "the call of lane {:?}, attempt {} ",
            request.lane, request.attempt
        );
        assert!(found.detail.starts_with(&this), "{found}");
        assert_eq!(found.tick, request.tick);
        let place = |value: &Value| {
            let number = |name: &str| value[name].as_u64().unwrap();
            (number("tick"), value["lane"].clone(), number("attempt"))
        };
        let near = near.map(|(tick, lane, again)| (tick, json!(lane), u64::from(again)));
        assert_eq!(found.recorded.as_ref().map(place), near, "{found}");
        let replayed = found.replayed.unwrap();
        assert_eq!(
            place(&replayed),
            (
                request.tick,
                json!(request.lane),
                u64::from(request.attempt)
            )
        );
        let hash = Digest::of(request.q.as_bytes());
        assert_eq!(replayed["request_hash"], json!(hash));
    }
}

#[test]
fn changed_request_is_compared_with_the_nearest() {
    let (_directory, mut player) = player(&[call(0, E, 0, "{\"a\":1}")]);
    let found = diverged(take(&mut player, &request(0, E, 0, "{\"a\":2}")));
    let [difference] = &*found.differences else {
        panic!("{found}");
    };
    assert_eq!(difference.pointer, "/a");
    assert_eq!(difference.recorded.as_deref(), Some("1"));
}

/// A body that is no text is in base64, and one with rare escapes is not decoded in place.
#[test]
fn body_of_any_spelling_is_recognised() {
    let bodies: [&[u8]; 4] = [b"plain", b"\"\\\n", b"\x01\x1f/", b"\xff\x00"];
    for body in bodies {
        let request = request(0, E, 0, "");
        let entry = CallEntry::new(&request, body.into(), Err(TransportFault::Reset), 9);
        let (_directory, mut player) = player(&[Entry::Call(entry)]);
        let mut encoder = |_: &Request<'_>| body.to_vec();
        let (outcome, took_us) = player.take_call(&request, &mut encoder).unwrap();
        assert_eq!(outcome, CallOutcome::Fault(TransportFault::Reset));
        assert_eq!(took_us, 9);
        assert!(player.has_ended().unwrap());
    }
}

#[test]
fn wait_that_is_not_in_the_headers_is_refused() {
    let request = request(4, P, 2, "a");
    for (header, wait, is_edited) in [
        (Some("2"), Some(2_000_000), false),
        (None, None, false),
        (Some("2"), Some(3_000_000), true),
        (Some("2"), None, true),
        (None, Some(1), true),
    ] {
        let headers = header.map(|value| ("retry-after".to_owned(), value.to_owned()));
        let raw = RawReply {
            provider: Provider::Ollama,
            status: 429,
            retry_after_us: wait,
            headers: headers.into_iter().collect(),
            body: Vec::new(),
        };
        let entry = Entry::Call(CallEntry::new(&request, b"a".to_vec(), Ok(&raw), 1));
        let (_directory, mut player) = player(&[entry]);
        let taken = take(&mut player, &request);
        if !is_edited {
            assert!(taken.is_ok(), "{header:?} {wait:?}");
            continue;
        }
        let found = diverged(taken);
        assert_eq!((found.cause, found.tick), (Cause::HeadersChanged, 4));
        assert!(found.detail.contains("lane P, attempt 2"), "{found}");
        assert_eq!(found.recorded.unwrap()["retry_after_us"], json!(wait));
        assert_eq!(found.differences[0].pointer, "/retry_after_us");
        assert!(!player.has_ended().unwrap(), "nothing was taken");
    }
}

#[test]
fn world_is_asked_what_was_recorded() {
    let (_directory, mut player) = player(&[world(3, "a")]);
    let answer = player.take_answer(3, &read_of("a")).unwrap();
    assert_eq!(answer, Answer::Text("content of a".to_owned()));
    assert!(player.is_at_end());
}

#[test]
fn question_that_is_not_the_next_one_is_explained() {
    for (entries, tick, path, detail, pointers) in [
        (
            vec![world(3, "a")],
            3,
            "b",
            "the world is asked another question than was recorded",
            vec!["/question/read"],
        ),
        (
            vec![world(3, "a")],
            4,
            "a",
            "the world is asked another question than was recorded",
            vec!["/tick"],
        ),
        (
            vec![call(3, E, 0, "a")],
            3,
            "a",
            "the world is asked where the recording calls an oracle",
            vec![],
        ),
        (
            vec![],
            3,
            "a",
            "the world is asked, but the recording has no input left",
            vec![],
        ),
    ] {
        let (_directory, mut player) = player(&entries);
        let found = diverged(player.take_answer(tick, &read_of(path)));
        assert_eq!((found.cause, found.tick), (Cause::WorldChanged, tick));
        assert_eq!(found.detail, detail);
        let found_at: Vec<_> = found.differences.iter().map(|it| &*it.pointer).collect();
        assert_eq!(found_at, pointers, "{found}");
        assert_eq!(found.recorded.is_some(), !entries.is_empty());
        assert_eq!(
            found.replayed.unwrap(),
            json!({"tick": tick, "question": {"read": path}})
        );
    }
}

#[test]
fn input_of_an_earlier_tick_that_was_not_asked_for_is_refused() {
    for (entry, cause, detail) in [
        (
            call(3, P, 1, "a"),
            Cause::MissingCall,
            "the recorded call of lane P, attempt 1, is not made",
        ),
        (
            world(3, "a"),
            Cause::WorldChanged,
            "a question that the recording asks its world is not asked",
        ),
    ] {
        let (_directory, mut player) = player(&[entry]);
        for tick in [0, 3] {
            player.expect_no_entry_before(tick).unwrap();
        }
        let found = diverged(player.expect_no_entry_before(4));
        assert_eq!((found.tick, found.cause), (3, cause));
        assert_eq!(found.detail, detail);
        assert_eq!(found.recorded.unwrap()["tick"], 3);
        assert_eq!(found.replayed, None);
    }
    // One that is spelled otherwise is read whole for its tick.
    let mut spelled = Vec::new();
    world(3, "a").write_json(&mut spelled);
    let spelled = String::from_utf8(spelled).unwrap();
    let spelled = spelled.replacen("\"tick\":3", "\"tick\": 3", 1);
    let (_directory, mut player) = player_of(&[spelled.into_bytes()]);
    player.expect_no_entry_before(3).unwrap();
    assert_eq!(diverged(player.expect_no_entry_before(4)).tick, 3);
    let (_directory, mut empty) = super::tests::player(&[]);
    empty.expect_no_entry_before(u64::MAX).unwrap();
}

#[test]
fn end_is_known_once_the_last_entry_is_taken() {
    let entries = [world(0, "a"), world(0, "b")];
    let (_directory, mut player) = player(&entries);
    assert!(!player.is_at_end(), "an entry was not played");
    assert!(!player.has_ended().unwrap());
    player.take_answer(0, &read_of("a")).unwrap();
    assert!(!player.is_at_end());
    assert_eq!(player.place().chain.count(), 1);
    player.take_answer(0, &read_of("b")).unwrap();
    assert!(player.is_at_end() && player.has_ended().unwrap());
    assert_eq!(player.place().chain.count(), 2);
    assert!(player.path().ends_with(RunDirectory::TAPE));
}

#[test]
fn line_that_is_no_entry_is_named() {
    let mut first = Vec::new();
    world(0, "a").write_json(&mut first);
    let (_directory, mut player) = player_of(&[first, b"{\"kind\":\"dream\"}".to_vec()]);
    player.take_answer(0, &read_of("a")).unwrap();
    for error in [
        player.take_answer(0, &read_of("b")).unwrap_err(),
        take(&mut player, &request(0, E, 0, "a")).unwrap_err(),
        player.expect_no_entry_before(9).unwrap_err(),
    ] {
        assert!(
            matches!(error, RunIoError::TapeEntry { line: 2, .. }),
            "{error}"
        );
    }
}

/// A run that repeats its calls is bounded in memory, and each repetition is recognised.
#[test]
fn requests_beyond_the_remembered_ones_are_forgotten() {
    let calls = REMEMBERED_CALLS as u64 + 2;
    let entries: Vec<Entry> = (0..calls)
        .map(|tick| {
            let body = format!("body {tick}").into_bytes();
            let request = request(tick, E, 0, "");
            let fault = Err(TransportFault::Reset);
            Entry::Call(CallEntry::new(&request, body, fault, 1))
        })
        .collect();
    let (_directory, mut player) = player(&entries);
    let mut encoder = |request: &Request<'_>| format!("body {}", request.tick).into_bytes();
    for tick in 0..calls {
        let request = request(tick, E, 0, "");
        player.take_call(&request, &mut encoder).unwrap();
        assert!(player.played.len() <= REMEMBERED_CALLS);
    }
    let remembered = |body: &str| player.played.contains(&Digest::of(body.as_bytes()));
    assert!(!remembered("body 1") && remembered("body 2"));
}
