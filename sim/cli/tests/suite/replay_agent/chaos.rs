//! Trouble on purpose over a recording.

use tempfile::TempDir;

use super::agent::{Script, results};
use super::{CHAT, answer, echoes, json_report};

pub(super) const BODIES: [&str; 12] = [
    "{\"n\":0}",
    "{\"n\":1}",
    "{\"n\":2}",
    "{\"n\":3}",
    "{\"n\":4}",
    "{\"n\":5}",
    "{\"n\":6}",
    "{\"n\":7}",
    "{\"n\":8}",
    "{\"n\":9}",
    "{\"n\":10}",
    "{\"n\":11}",
];

/// The same seed makes the same trouble whatever the order of the calls, and an agent that retries
/// gets every answer of the tape.
#[test]
fn trouble_is_the_same_in_any_order() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &BODIES);
    let kinds =
        "rate_limited,server_error,unavailable,overloaded,connection_reset,cut_body,empty_body";
    let injected = |seed: &str, calls: Vec<(&str, &str)>, in_flight: usize| {
        let mut script = Script::of(&calls);
        script.retries = 40;
        script.in_flight = in_flight;
        let options = ["--chaos", "50%", "--seed", seed, "--kinds", kinds, "--json"];
        let said = script.replay(&tape, &options);
        let report = json_report(&said);
        // An empty body under 200 is an answer to this agent, which leaves its recording.
        let results = results(&said);
        let right = calls.iter().zip(&results);
        let right = right
            .filter(|((_, body), result)| result.1 == answer(body))
            .count();
        let empty = report["replay"]["injected"]["empty_body"]
            .as_u64()
            .unwrap_or(0);
        assert_eq!(right as u64 + empty, 12, "{said:?}");
        assert_eq!(report["passed"], empty == 0, "{said:?}");
        report["replay"]["injected"].clone()
    };
    let forwards = || BODIES.map(|body| (CHAT, body)).to_vec();
    let backwards = || BODIES.iter().rev().map(|body| (CHAT, *body)).collect();
    let first = injected("7", forwards(), 1);
    assert_eq!(injected("7", backwards(), 8), first);
    assert!(first.as_object().unwrap().len() >= 3, "{first}");
    assert_ne!(injected("8", forwards(), 1), first);
}

#[test]
fn one_planned_fault_hits_its_exchange_once() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &BODIES[..3]);
    let mut script = Script::of(&[(CHAT, BODIES[0]), (CHAT, BODIES[1]), (CHAT, BODIES[2])]);
    for (kind, statuses) in [
        ("rate_limited", [200, 429, 200]),
        ("server_error", [200, 500, 200]),
        ("unavailable", [200, 503, 200]),
        ("overloaded", [200, 529, 200]),
        ("connection_reset", [200, 0, 200]),
        ("cut_body", [200, 0, 200]),
        ("gateway_page", [200, 502, 200]),
        ("quota_exhausted", [200, 429, 200]),
    ] {
        let at = format!("1:{kind}");
        script.retries = 0;
        let said = script.replay(&tape, &["--chaos-at", &at]);
        assert_eq!(said.0, Some(5), "the agent gave up: {said:?}");
        let found: Vec<_> = results(&said).into_iter().map(|result| result.0).collect();
        assert_eq!(found, statuses, "{kind}");
        script.retries = 1;
        let said = script.replay(&tape, &["--chaos-at", &at]);
        assert_eq!(said.0, Some(0), "{kind}: {said:?}");
        assert!(
            said.2.contains(&format!("made on purpose: 1 {kind}")),
            "{}",
            said.2
        );
    }
    script.retries = 0;
    for kind in ["slow", "slow_chunks"] {
        let said = script.replay(&tape, &["--chaos-at", &format!("1:{kind}")]);
        assert_eq!(said.0, Some(0), "{kind}: {said:?}");
        assert_eq!(results(&said)[1].1, answer(BODIES[1]), "{kind}");
    }
}
