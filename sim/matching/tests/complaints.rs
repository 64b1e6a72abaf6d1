//! What users of other tools complain of, as tests.

use turingos_matching::{Learner, Matcher, MissReason, Recorded, Request, Rules};

fn chat(body: &str) -> Request {
    Request {
        service: "openai".into(),
        method: "POST".into(),
        path: "/v1/chat/completions".into(),
        body: body.as_bytes().to_vec(),
        ..Request::default()
    }
}

fn tape(bodies: &[&str]) -> Vec<Recorded> {
    let numbered = (1..).zip(bodies);
    numbered
        .map(|(number, body)| Recorded {
            number,
            request: chat(body),
        })
        .collect()
}

fn matcher(bodies: &[&str], rules: &str) -> Matcher {
    let rules =
        Rules::parse(format!("version = 1\n{rules}").as_bytes()).expect("the rules are valid");
    Matcher::new(tape(bodies), rules)
}

const CALL_IDS: &str = "[[alias]]\nname = 'call'\npattern = 'call_[a-z0-9]+'\n";

/// "Two calls of one run collide, the replay loops for ever": each recording is served once, in
/// order.
#[test]
fn two_equal_calls_are_two_recordings() {
    let mut matcher = matcher(&[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":1}"#], "");
    let mut take = |body| {
        matcher
            .take(&chat(body))
            .map(|it| (it.position, it.occurrence))
    };
    assert_eq!(take(r#"{"a":1}"#), Ok((0, 0)));
    assert_eq!(take(r#"{"a":1}"#), Ok((2, 1)));
    let miss = take(r#"{"a":1}"#).unwrap_err();
    assert_eq!(
        miss.reason,
        MissReason::SentAgain {
            recorded: 2,
            first: 1
        }
    );
    assert_eq!(matcher.counts(), (3, 1));
    assert_eq!(matcher.left_over().next().unwrap().number, 2);
}

/// "A changed request is silently answered with the stale recording."
#[test]
fn changed_request_is_a_miss_that_names_the_field() {
    let recorded = r#"{"model":"m","messages":[{"role":"user","content":"Summarise this page"}]}"#;
    let changed = r#"{"model":"m","messages":[{"role":"user","content":"Summarise that page"}]}"#;
    let miss = matcher(&[recorded], "").take(&chat(changed)).unwrap_err();
    assert_eq!(
        miss.lines(),
        [
            "POST /v1/chat/completions of openai is not on the tape; the nearest is exchange 1",
            "  /messages/0/content: recorded \"Summarise this page\", sent \"Summarise that page\"",
            "  with these rules it would have matched:",
            "    version = 1",
            "    [[drop]]",
            "    pointer = '/messages/0/content'",
        ]
    );
}

/// "Over-normalised dates still match": without a rule a date is text, and with one the same date
/// must stay the same.
#[test]
fn date_matches_only_by_a_declared_rule() {
    let (recorded, later) = (r#"["on 2026-11-20"]"#, r#"["on 2026-11-21"]"#);
    assert!(matcher(&[recorded], "").take(&chat(later)).is_err());
    let rule = "[[alias]]\nname = 'date'\npattern = '\\d{4}-\\d{2}-\\d{2}'\n";
    let both = r#"["from 2026-11-20 to 2026-11-20"]"#;
    let mut aliased = matcher(&[recorded, both], rule);
    assert!(aliased.take(&chat(later)).is_ok());
    let split = chat(r#"["from 2026-11-21 to 2026-11-22"]"#);
    assert!(aliased.take(&split).is_err(), "one date became two");
    let same = chat(r#"["from 2026-11-21 to 2026-11-21"]"#);
    assert!(aliased.take(&same).is_ok());
}

/// "One random id from a tool makes 1 of 32 runs unreplayable."
#[test]
fn random_id_of_a_tool_replays_with_an_alias() {
    let bodies = [
        r#"[{"tool":"open","result":"call_aaa1"}]"#,
        r#"[{"tool":"close","of":"call_aaa1"}]"#,
    ];
    let mut matcher = matcher(&bodies, CALL_IDS);
    for run in ["q7", "zz9"] {
        let mut matcher = matcher.clone();
        for body in bodies {
            let sent = body.replace("aaa1", run);
            assert!(matcher.take(&chat(&sent)).is_ok(), "{sent}");
        }
    }
    matcher.take(&chat(bodies[0])).unwrap();
    let other = bodies[1].replace("aaa1", "other");
    let miss = matcher.take(&chat(&other)).unwrap_err();
    assert!(
        matches!(&miss.reason, MissReason::OtherLink { alias, .. } if alias == "call"),
        "{miss:?}"
    );
}

/// "Independent calls in another order break the replay."
#[test]
fn other_order_of_different_calls_replays() {
    let bodies: Vec<_> = (0..8)
        .map(|agent| format!("{{\"agent\":{agent}}}"))
        .collect();
    let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
    let mut matcher = matcher(&bodies, "");
    for body in bodies.iter().rev() {
        matcher.take(&chat(body)).unwrap();
    }
    assert_eq!(matcher.counts(), (8, 0));
}

/// "A miss is nearly impossible to debug": the nearest request is the one that fewest bytes
/// separate, and not one that is served already.
#[test]
fn miss_names_the_nearest_request() {
    let mut matcher = matcher(&[r#"{"p":"abc","t":1}"#, r#"{"p":"xyz","t":1}"#], "");
    let nearest = |matcher: &mut Matcher| {
        let miss = matcher.take(&chat(r#"{"p":"abd","t":1}"#)).unwrap_err();
        match miss.reason {
            MissReason::Different { nearest, .. } => nearest,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(nearest(&mut matcher), 1);
    matcher.take(&chat(r#"{"p":"abc","t":1}"#)).unwrap();
    assert_eq!(nearest(&mut matcher), 2);
}

#[test]
fn swapped_tool_results_miss() {
    let recorded = r#"[{"id":"call_a1","is":"sunny"},{"id":"call_b2","is":"rainy"}]"#;
    let swapped = r#"[{"id":"call_a1","is":"rainy"},{"id":"call_b2","is":"sunny"}]"#;
    assert!(matcher(&[recorded], CALL_IDS).take(&chat(swapped)).is_err());
}

/// An id that only an answer has seen so far is as bound as one that a request had.
#[test]
fn ids_of_an_answer_cannot_be_swapped() {
    let bodies = [
        r#"["go"]"#,
        r#"["call_a1","sunny"]"#,
        r#"["call_b2","rainy"]"#,
    ];
    let mut matcher = matcher(&bodies, CALL_IDS);
    matcher.take(&chat(bodies[0])).unwrap();
    let answer = vec![b"[{\"id\":\"call_a1\"},{\"id\":\"call_b2\"}]".to_vec()];
    assert_eq!(matcher.translate(answer.clone()), answer);
    assert!(matcher.take(&chat(r#"["call_b2","sunny"]"#)).is_err());
    assert!(matcher.take(&chat(r#"["call_a1","rainy"]"#)).is_err());
    assert!(matcher.take(&chat(bodies[2])).is_ok());
    assert!(matcher.take(&chat(bodies[1])).is_ok());
}

/// The recorded answer repeats an id of the recorded client; this client has another one.
#[test]
fn answer_repeats_the_id_of_this_run() {
    let bodies = [r#"["call_a1"]"#, r#"["done","call_a1"]"#];
    let mut matcher = matcher(&bodies, CALL_IDS);
    matcher.take(&chat(r#"["call_new"]"#)).unwrap();
    let answer = [
        &b"data: {\"id\":\"cal"[..],
        b"l_a1\"}\n\n",
        b"data: [DONE]\n\n",
    ];
    let chunks = matcher.translate(answer.iter().map(|it| it.to_vec()).collect());
    assert_eq!(
        chunks,
        [
            &b"data: {\"id\":\"call_new"[..],
            b"\"}\n\n",
            b"data: [DONE]\n\n"
        ]
    );
    assert!(matcher.take(&chat(r#"["done","call_a1"]"#)).is_err());
    assert!(matcher.take(&chat(r#"["done","call_new"]"#)).is_ok());
}

#[test]
fn headers_that_matter_are_compared() {
    let with = |name: &str, value: &str| Request {
        headers: vec![(name.into(), value.into())],
        ..chat("{}")
    };
    let mut matcher = Matcher::new(
        vec![Recorded {
            number: 1,
            request: with("anthropic-version", "2023-06-01"),
        }],
        Rules::default(),
    );
    let miss = matcher
        .take(&with("anthropic-version", "2024-01-01"))
        .unwrap_err();
    assert_eq!(
        miss.lines()[1],
        "  header anthropic-version: recorded \"2023-06-01\", sent \"2024-01-01\""
    );
    let mut sent = with("anthropic-version", "2023-06-01");
    sent.headers.push(("anthropic-beta".into(), "x".into()));
    assert!(matcher.take(&sent).is_err());
    assert!(
        matcher
            .take(&with("anthropic-version", "2023-06-01"))
            .is_ok()
    );
}

#[test]
fn second_run_teaches_the_rules_that_it_needs() {
    let bodies = [
        r#"{"user":"u_81230912a","n":1,"m":[{"t":5,"c":"at 2026-11-20"}]}"#,
        r#"{"user":"u_81230912a","n":2,"m":[{"t":5,"c":"at 2026-11-20"},{"t":6,"c":"x"}]}"#,
    ];
    let again = bodies.map(|body| {
        body.replace("81230912a", "77777777b")
            .replace("11-20", "11-21")
            .replace("\"t\":5", "\"t\":8")
            .replace("\"t\":6", "\"t\":9")
    });
    let mut learner = Learner::new(tape(&bodies), Rules::default());
    for body in &again {
        learner.take(&chat(body)).unwrap();
    }
    let rules = learner.rules();
    let toml = rules.to_toml();
    for expected in ["name = \"u_id\"", "name = \"date\"", "pointer = '/m/*/t'"] {
        assert!(toml.contains(expected), "{toml}");
    }
    let mut strict = Matcher::new(tape(&bodies), rules);
    for body in &again {
        strict.take(&chat(body)).unwrap();
    }
    let other = again[1].replace("\"n\":2", "\"n\":3");
    let mut learner = Learner::new(tape(&bodies), Rules::default());
    assert!(
        learner.take(&chat(&other)).is_ok(),
        "a proposal is only a proposal"
    );
    assert!(learner.take(&chat("[]")).is_err());
}
