//! A provider in trouble, recorded and replayed: the agent sees the same both times. And the same
//! kinds of trouble made over a sound recording.

use std::path::PathBuf;

use tempfile::TempDir;
use turingos::bus::{self, BusFaultCode, Provider};
use turingos_exchange::{End, Exchange, Origin, Tape};

use super::agent::{Script, results};
use super::live::{prompt, record};
use super::{CHAT, json_report};
use crate::serve_process::ServeProcess;
use crate::shell::{output, sim};

/// Two calls at once; one asks for its answer as a stream.
fn script() -> Script {
    let whole = prompt("whole");
    let streamed = prompt("streamed").replacen('{', r#"{"stream":true,"#, 1);
    let mut script = Script::of(&[(CHAT, &whole), (CHAT, &streamed)]);
    script.in_flight = 2;
    script
}

/// A provider of seed 7 all of whose calls meet this kind of trouble.
fn provider(kind: &str) -> ServeProcess {
    ServeProcess::start(&["--seed", "7", "--chaos", "100%", "--kinds", kind])
}

/// What an agent saw of a provider in trouble, and what was recorded of it, in the order of its calls.
struct Recorded {
    /// Without a recorder.
    direct: Vec<(u64, String)>,
    /// While it was recorded.
    behind: Vec<(u64, String)>,
    exchanges: Vec<Exchange>,
}

/// Records and replays an agent in this trouble, and checks that it sees the same both times.
fn recorded(kind: &str) -> Recorded {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tape");
    let script = script();
    let (direct, behind) = std::thread::scope(|scope| {
        let direct = scope.spawn(|| {
            let provider = provider(kind);
            output(&mut script.alone(&format!("{}/v1", provider.url)))
        });
        let provider = provider(kind);
        let behind = record(&script, &provider, &path, &[]);
        (direct.join().unwrap(), behind)
    });
    assert_eq!((direct.0, behind.0), (Some(0), Some(0)), "{behind:?}");
    let said = sim(&["verify", path.to_str().unwrap()]);
    assert_eq!(said.0, Some(0), "{said:?}");
    let replayed = script.replay(&path, &[]);
    assert_eq!(replayed.0, Some(0), "{kind}: {replayed:?}");
    assert_eq!(results(&replayed), results(&behind), "{kind}");
    let mut exchanges = Tape::open(&path).unwrap().exchanges;
    assert_eq!(exchanges.len(), 2, "{kind}");
    let is_streamed = |it: &Exchange| it.request.body.0.starts_with(br#"{"stream":true"#);
    exchanges.sort_by_key(is_streamed);
    Recorded {
        direct: results(&direct),
        behind: results(&behind),
        exchanges,
    }
}

#[test]
fn refusal_and_cut_off_answer_are_recorded_and_replayed() {
    // A refused stream ends as one that a filter stopped.
    let refused = [BusFaultCode::Refusal, BusFaultCode::ContentFilter];
    for (kind, codes) in [
        ("refusal", refused),
        ("length_truncated", [BusFaultCode::CutOff; 2]),
    ] {
        let Recorded {
            direct,
            behind,
            exchanges,
        } = recorded(kind);
        assert_eq!(behind, direct, "{kind}");
        for (call, (status, body)) in direct.iter().enumerate() {
            let response = &exchanges[call].response;
            assert_eq!((response.status, *status), (Some(200), 200), "{kind}");
            assert_eq!(response.body(), body.as_bytes(), "{kind}");
            assert_eq!(
                (response.end, response.origin),
                (End::Whole, Origin::Upstream)
            );
            let fault = bus::parse(Provider::OpenAi, 200, body.as_bytes()).unwrap_err();
            assert_eq!(fault.code, codes[call], "{kind}: {body}");
        }
    }
}

/// The provider sends a part, nothing for 15 s, and then resets the connection. The replay does not
/// wait.
#[test]
fn stalled_answer_is_recorded_and_replayed() {
    let Recorded {
        direct,
        behind,
        exchanges,
    } = recorded("stall");
    assert_eq!(behind, direct);
    for ((status, seen), exchange) in behind.iter().zip(&exchanges) {
        let response = &exchange.response;
        assert_eq!((response.end, response.status), (End::Reset, Some(200)));
        assert!(response.end_us >= 15_000_000, "{}", response.end_us);
        let body = String::from_utf8(response.body()).unwrap();
        assert!(!body.is_empty());
        assert_eq!(
            (*status, seen),
            (0, &format!("connection reset after {body:?}"))
        );
    }
}

/// The provider sends nothing for 15 s, and then resets the connection: the recorder answers 502 in
/// its place.
#[test]
fn hanging_call_is_recorded_and_replayed() {
    let Recorded {
        direct,
        behind,
        exchanges,
    } = recorded("hang");
    let reset = (0, r#"connection reset after """#.to_owned());
    assert_eq!(direct, [reset.clone(), reset]);
    for ((status, seen), exchange) in behind.iter().zip(&exchanges) {
        let response = &exchange.response;
        assert_eq!((*status, response.status), (502, Some(502)));
        assert_eq!((response.end, response.origin), (End::Whole, Origin::Proxy));
        assert!(response.end_us >= 15_000_000, "{}", response.end_us);
        assert!(seen.contains("sent no response: "), "{seen}");
        assert_eq!(response.body(), seen.as_bytes());
    }
}

/// A recording of the script's calls, one after another, in which all went well.
fn sound(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("tape");
    let provider = ServeProcess::start(&["--seed", "7"]);
    let mut script = script();
    script.in_flight = 1;
    let said = record(&script, &provider, &path, &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    path
}

#[test]
fn wrong_content_is_made_over_a_recording() {
    let directory = TempDir::new().unwrap();
    let tape = sound(&directory);
    let second = Tape::open(&tape).unwrap().exchanges[1].response.body();
    for (kind, code) in [
        ("refusal", BusFaultCode::Refusal),
        ("length_truncated", BusFaultCode::CutOff),
        ("malformed_json", BusFaultCode::TruncatedBody),
        ("mid_stream_error", BusFaultCode::Overloaded),
        ("empty_body", BusFaultCode::EmptyBody),
    ] {
        let said = script().replay(&tape, &["--chaos-at", &format!("0:{kind}")]);
        assert_eq!(said.0, Some(5), "the recording is left: {said:?}");
        let seen = results(&said);
        assert_eq!((seen[0].0, seen[1].0), (200, 200), "{kind}");
        let fault = bus::parse(Provider::OpenAi, 200, seen[0].1.as_bytes()).unwrap_err();
        assert_eq!(fault.code, code, "{kind}: {}", seen[0].1);
        assert_eq!(seen[1].1.as_bytes(), second, "{kind}");
    }
}

/// Both wait for 15 s, whatever the pace of the replay.
#[test]
fn stall_and_hang_are_made_over_a_recording() {
    let directory = TempDir::new().unwrap();
    let tape = sound(&directory);
    let options = ["--chaos-at", "0:stall", "--chaos-at", "1:hang", "--json"];
    let said = script().replay(&tape, &options);
    assert_eq!(said.0, Some(5), "{said:?}");
    let report = json_report(&said);
    assert!(report["wall_ms"].as_u64() >= Some(15_000), "{report}");
    let expected = serde_json::json!({"stall": 1, "hang": 1});
    assert_eq!(report["replay"]["injected"], expected);
    let seen = results(&said);
    assert_eq!((seen[0].0, seen[1].0), (0, 0), "{seen:?}");
    let part = seen[0].1.strip_prefix("connection reset after ").unwrap();
    assert!(part.len() > 4, "a part of the body came: {part}");
    assert_eq!(seen[1].1, r#"connection reset after """#);
}
