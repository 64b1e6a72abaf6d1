//! `sim replay TAPE -- CMD`: an agent against a recording of its traffic, with a real child process.

mod agent;
mod chaos;
mod live;
mod served;
mod troubled;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use turingos_exchange::{
    Body, Chunk, End, Header, Origin, RecordedRequest, RecordedResponse, RulesText, TapeDirectory,
    TapeWriter, Target, TargetKind,
};

use crate::shell::sim;
use agent::{Script, results};

const CHAT: &str = "/chat/completions";

fn request(body: &str) -> RecordedRequest {
    RecordedRequest {
        target: "openai".into(),
        method: "POST".into(),
        path: format!("/v1{CHAT}"),
        query: None,
        headers: vec![("content-type".into(), "application/json".into())],
        body: Body(body.as_bytes().to_vec()),
    }
}

fn response(chunks: &[(u64, &str)]) -> RecordedResponse {
    let whole: usize = chunks.iter().map(|(_, text)| text.len()).sum();
    RecordedResponse {
        status: Some(200),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("content-length".into(), whole.to_string()),
        ],
        head_us: chunks.first().map_or(0, |chunk| chunk.0),
        chunks: chunks
            .iter()
            .map(|(at_us, text)| Chunk {
                at_us: *at_us,
                bytes: Body(text.as_bytes().to_vec()),
            })
            .collect(),
        end: End::Whole,
        end_us: chunks.last().map_or(0, |chunk| chunk.0),
        origin: Origin::Upstream,
        injected: None,
        note: None,
    }
}

/// A finished recording of these exchanges.
fn tape(
    directory: &TempDir,
    rules: Option<&str>,
    exchanges: &[(RecordedRequest, RecordedResponse)],
) -> PathBuf {
    let path = directory.path().join("tape");
    let names = vec!["OPENAI_BASE_URL".to_owned()];
    let url = "https://api.openai.com/v1";
    let target = Target::new("openai", TargetKind::OpenAi, url, names).unwrap();
    let mut header = Header::new(vec!["agent".into()], vec![target]);
    header.rules = rules.map(|text| RulesText::new(text.to_owned()));
    let mut writer = TapeWriter::create(&path, &header).unwrap();
    for (request, response) in exchanges {
        let number = writer.request(request).unwrap();
        writer.response(number, response).unwrap();
    }
    writer.finish("sim replay tape -- agent".into()).unwrap();
    path
}

/// A recording in which each body is answered by a text about it.
fn echoes(directory: &TempDir, rules: Option<&str>, bodies: &[&str]) -> PathBuf {
    let exchanges: Vec<_> = bodies
        .iter()
        .map(|body| (request(body), response(&[(0, &answer(body))])))
        .collect();
    tape(directory, rules, &exchanges)
}

fn answer(body: &str) -> String {
    format!("answer to {body}")
}

fn json_report(said: &crate::shell::Said) -> Value {
    let line = said.1.lines().last().expect("an object");
    let object: Value = serde_json::from_str(line).expect(line);
    let schema = turingos_schema::Schema::named("agent-replay-report.v1").unwrap();
    let violation = turingos_schema::Checker::of(schema).violation(&object);
    assert!(violation.is_none(), "{violation:?}: {line}");
    object
}

/// The order of the calls is drawn anew for each run; eight are in flight at once.
#[test]
fn hundred_of_hundred_replay_with_eight_calls_in_flight() {
    let directory = TempDir::new().unwrap();
    let bodies: Vec<_> = (0..24)
        .map(|call| format!(r#"{{"agent":{},"step":{}}}"#, call % 8, call / 8))
        // Three of the bodies were recorded twice.
        .chain((0..3).map(|call| format!(r#"{{"agent":{call},"step":0}}"#)))
        .collect();
    let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
    let tape = echoes(&directory, None, &bodies);
    for seed in 0..100_usize {
        let mut calls: Vec<_> = bodies.iter().map(|body| (CHAT, *body)).collect();
        // Every step is coprime to the number of calls, so each makes another order.
        let step = [1, 2, 4, 5, 7, 8, 10, 11, 13, 14][seed % 10];
        let count = calls.len();
        calls = (0..count)
            .map(|index| calls[(index * step + seed) % count])
            .collect();
        let mut script = Script::of(&calls);
        script.in_flight = 8;
        let said = script.replay(&tape, &[]);
        assert_eq!(said.0, Some(0), "seed {seed}: {said:?}");
        let results = results(&said);
        for ((_, body), result) in calls.iter().zip(results) {
            assert_eq!(result, (200, answer(body)), "seed {seed}");
        }
    }
}

/// "A clean exit although calls were missed": the agent swallows the error, the replay does not.
#[test]
fn changed_prompt_is_exit_5_and_names_the_field() {
    let directory = TempDir::new().unwrap();
    let recorded = r#"{"messages":[{"content":"Buy milk"}]}"#;
    let tape = echoes(&directory, None, &[recorded]);
    let changed = recorded.replace("milk", "wine");
    let said = Script::of(&[(CHAT, &changed)]).replay(&tape, &[]);
    assert_eq!(said.0, Some(5), "{said:?}");
    let (status, body) = &results(&said)[0];
    assert_eq!(*status, 404);
    for text in [body, &said.2] {
        assert!(text.contains("/messages/0/content"), "{text}");
        assert!(
            text.contains("Buy milk") && text.contains("Buy wine"),
            "{text}"
        );
    }
    let error: Value = serde_json::from_str(body).unwrap();
    assert_eq!(error["error"]["code"], "not_recorded");
    for part in [
        "exchange 0 was never asked for",
        "pointer = '/messages/0/content'",
        "DIVERGED  0 of 1 exchanges served  1 missed  1 never asked for",
        "repeat it: sim replay ",
    ] {
        assert!(said.2.contains(part), "{part}: {}", said.2);
    }
}

#[test]
fn exchange_that_is_never_asked_for_fails_unless_allowed() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{\"a\":1}", "{\"a\":2}"]);
    let script = Script::of(&[(CHAT, "{\"a\":2}")]);
    let said = script.replay(&tape, &["--json"]);
    assert_eq!(said.0, Some(5), "{said:?}");
    let report = json_report(&said);
    assert_eq!(report["replay"]["left_over"], 1);
    assert_eq!(report["replay"]["unused"][0]["number"], 0);
    let said = script.replay(&tape, &["--allow-unused"]);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert!(said.2.starts_with("AS RECORDED  1 of 2"), "{}", said.2);
}

#[test]
fn exit_code_of_the_agent_is_passed_on_and_divergence_wins() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{}"]);
    let mut script = Script::of(&[(CHAT, "{}")]);
    script.exit = 9;
    let said = script.replay(&tape, &["--json"]);
    assert_eq!(said.0, Some(9), "{said:?}");
    let report = json_report(&said);
    assert_eq!(
        (&report["passed"], &report["agent_exit"]),
        (&true.into(), &9.into())
    );
    script.calls.clear();
    assert_eq!(script.replay(&tape, &[]).0, Some(5));
}

/// "`\n\n` between SSE events lost", "the body is decompressed but Content-Encoding kept",
/// "streams are re-synthesised": the bytes and headers are those of the tape.
#[test]
fn stream_is_served_byte_for_byte() {
    let directory = TempDir::new().unwrap();
    let chunks = [
        (0, "data: {\"a\":1}\n\nda"),
        (5, "ta: {\"b\":2}\n\n"),
        (9, "data: [DONE]\n\n"),
    ];
    let mut streamed = response(&chunks);
    streamed.headers = vec![
        ("content-type".into(), "text/event-stream".into()),
        ("content-encoding".into(), "x-odd".into()),
    ];
    let tape = tape(&directory, None, &[(request("{}"), streamed)]);
    let said = Script::of(&[(CHAT, "{}")]).replay(&tape, &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    let whole: String = chunks.iter().map(|(_, text)| *text).collect();
    assert_eq!(results(&said), [(200, whole)]);
}

#[test]
fn pace_keeps_recorded_times_and_is_off_by_default() {
    let directory = TempDir::new().unwrap();
    let tape = tape(
        &directory,
        None,
        &[(request("{}"), response(&[(400_000, "a"), (800_000, "b")]))],
    );
    let script = Script::of(&[(CHAT, "{}")]);
    let wall_ms = |options: &[&str]| {
        let said = script.replay(&tape, &[options, &["--json"]].concat());
        assert_eq!(said.0, Some(0), "{said:?}");
        assert_eq!(results(&said), [(200, "ab".into())]);
        json_report(&said)["wall_ms"].as_u64().unwrap()
    };
    assert!(wall_ms(&["--pace", "1.0"]) >= 800);
    assert!(wall_ms(&["--pace", "0.5"]) >= 400);
    assert!(wall_ms(&[]) < 800);
}

/// A body that was reset was sent to its end instead.
#[test]
fn broken_responses_break_again_in_the_same_way() {
    let directory = TempDir::new().unwrap();
    let mut cut = response(&[(0, "whole")]);
    cut.chunks[0].bytes = Body(b"wh".to_vec());
    cut.end = End::Cut;
    let mut reset_body = cut.clone();
    reset_body.end = End::Reset;
    let mut reset = response(&[]);
    reset.status = None;
    reset.end = End::Reset;
    let bodies = ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"];
    let exchanges = [cut, reset_body, reset].into_iter();
    let exchanges: Vec<_> = bodies.into_iter().map(request).zip(exchanges).collect();
    let tape = tape(&directory, None, &exchanges);
    let said = Script::of(&bodies.map(|body| (CHAT, body))).replay(&tape, &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(
        results(&said),
        [
            (0, r#"unexpected end of file after "wh""#.to_owned()),
            (0, r#"connection reset after "wh""#.to_owned()),
            (0, r#"connection reset after """#.to_owned()),
        ]
    );
}

const CALL_IDS: &str = "version = 1\n[[alias]]\nname = 'call'\npattern = 'call_[a-z0-9]+'\n";

/// "One random id from a tool makes 1 of 32 runs unreplayable": with a rule, an id of this run takes
/// the place of the recorded one, in requests and in answers.
#[test]
fn rules_let_random_ids_differ_and_swapped_ones_miss() {
    let directory = TempDir::new().unwrap();
    let bodies = [
        r#"["call_aaa1"]"#,
        r#"["call_bbb2"]"#,
        r#"["call_aaa1","x"]"#,
    ];
    let tape = echoes(&directory, Some(CALL_IDS), &bodies);
    let renamed = |last: &str| {
        let bodies = [r#"["call_one"]"#, r#"["call_two"]"#, last];
        Script::of(&bodies.map(|body| (CHAT, body))).replay(&tape, &[])
    };
    let said = renamed(r#"["call_one","x"]"#);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert_eq!(results(&said)[0].1, answer(r#"["call_one"]"#));
    let said = renamed(r#"["call_two","x"]"#);
    assert_eq!(said.0, Some(5), "{said:?}");
    assert!(
        said.2.contains("alias call: recorded \"call_aaa1\""),
        "{}",
        said.2
    );

    let none = directory.path().join("none.toml");
    fs::write(&none, "version = 1\n").unwrap();
    let script = Script::of(&[(CHAT, r#"["call_one"]"#)]);
    let said = script.replay(&tape, &["--rules", none.to_str().unwrap()]);
    assert_eq!(said.0, Some(5), "{said:?}");
}

fn replay_words(tape: &Path, more: &[&str]) -> crate::shell::Said {
    sim(&[&["replay", tape.to_str().unwrap()], more].concat())
}

#[test]
fn bad_input_is_refused_before_the_agent_starts() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{}"]);
    let rules = directory.path().join("rules.toml");
    fs::write(&rules, "version = 1\n\n[[drop]]\npath = '/a'\n").unwrap();
    let rules = rules.to_str().unwrap();
    let marker = directory.path().join("started");
    let touch = ["--", "touch", marker.to_str().unwrap()];
    for (options, part) in [
        (&["--rules", rules][..], "line 4: unknown variant `path`"),
        (&["--pace", "fast"], "a pace is a number"),
        (&["--chaos-at", "1:boom"], "one of slow, rate_limited"),
        (&["--kinds", "slow"], "--chaos"),
        (&["--stop-at", "3"], "--stop-at is for runs"),
    ] {
        let (code, _, err) = replay_words(&tape, &[options, &touch].concat());
        assert_eq!(code, Some(2), "{options:?}: {err}");
        assert!(err.contains(part), "{options:?}: {err}");
    }
    let (code, _, err) = replay_words(&tape, &[]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("behind `--`") && err.contains("sim serve --tape"),
        "{err}"
    );
    let (code, _, err) = replay_words(&tape, &["--", "no-such-agent"]);
    assert_eq!(
        (code, err.contains("command not found")),
        (Some(2), true),
        "{err}"
    );
    assert!(!marker.exists());

    let file = tape.join(TapeDirectory::EXCHANGES);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("answer to", "answer of", 1)).unwrap();
    let (code, _, err) = replay_words(&tape, &touch);
    assert_eq!(code, Some(6), "{err}");
    assert!(!marker.exists());
}

#[test]
fn options_of_an_agent_are_refused_for_a_run() {
    let directory = TempDir::new().unwrap();
    let run = directory.path().join("run");
    let run = run.to_str().unwrap();
    assert_eq!(sim(&["soak", "--ticks", "3", "--out", run]).0, Some(0));
    for options in [&["--allow-unused"][..], &["--", "true"]] {
        let (code, _, err) = sim(&[&["replay", run], options].concat());
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("this is a run"), "{err}");
    }
}

#[test]
fn unfinished_recording_is_replayed_as_far_as_it_goes() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{}"]);
    fs::remove_file(tape.join(TapeDirectory::MANIFEST)).unwrap();
    let said = Script::of(&[(CHAT, "{}")]).replay(&tape, &[]);
    assert_eq!(said.0, Some(0), "{said:?}");
    assert!(
        said.2
            .starts_with("the recording is unfinished; it has 1 exchanges"),
        "{}",
        said.2
    );
}

/// "Redaction breaks matching": a key in a body is the same mark on the tape and in the comparison,
/// and the key itself is never shown.
#[test]
fn redacted_key_still_matches() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &[r#"{"session":"[redacted]","n":1}"#]);
    let key = "abcdefgh12345678";
    let replay = |body: String| {
        let script = Script::of(&[(CHAT, &body)]);
        let words = ["replay", tape.to_str().unwrap(), "--"];
        crate::shell::output(script.command(&words).env("MY_SESSION_TOKEN", key))
    };
    let said = replay(format!(r#"{{"session":"{key}","n":1}}"#));
    assert_eq!(said.0, Some(0), "{said:?}");
    let said = replay(format!(r#"{{"session":"{key}","n":2}}"#));
    assert_eq!(said.0, Some(5), "{said:?}");
    assert!(!said.2.contains(key) && !said.1.contains(key), "{said:?}");
}

/// What an agent sends is shown, never obeyed by a terminal.
#[test]
fn hostile_text_in_requests_is_escaped() {
    let directory = TempDir::new().unwrap();
    let recorded = r#"{"p":"plain"}"#;
    let tape = echoes(&directory, None, &[recorded]);
    let evil = recorded.replace("plain", "\\u001b[2J\\u202eevil\\nforged");
    let key = r#"{"\u001b[2Jkey\nforged":1,"p":"plain"}"#;
    for body in [evil.as_str(), key] {
        let said = Script::of(&[(CHAT, body)]).replay(&tape, &["--json"]);
        assert_eq!(said.0, Some(5), "{said:?}");
        let shown = [said.1.lines().last().unwrap(), said.2.as_str()];
        for text in shown {
            let raw = text
                .chars()
                .find(|it| it.is_control() && *it != '\n' || *it == '\u{202e}');
            assert_eq!(raw, None, "{text}");
            assert!(
                !text.lines().any(|line| line.starts_with("forged")),
                "{text}"
            );
            assert!(text.contains("u001b[2J"), "{text}");
        }
    }
}
