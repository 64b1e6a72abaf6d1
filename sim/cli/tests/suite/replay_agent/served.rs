//! `sim serve` of a recording of an agent, and `--strict`.

use std::fs;

use tempfile::TempDir;
use turingos_exchange::TapeDirectory;

use super::agent::call;
use super::chaos::BODIES;
use super::{CHAT, answer, echoes};
use crate::serve_process::ServeProcess;
use crate::shell::sim;

#[test]
fn strict_server_exits_5_after_a_missed_or_unused_call() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{\"a\":1}", "{\"a\":2}"]);
    let tape = tape.to_str().unwrap();
    let serve = |bodies: &[&str], options: &[&str]| {
        let count = bodies.len().to_string();
        let words = ["--tape", tape, "--max-requests", &count];
        let server = ServeProcess::start(&[&words[..], options].concat());
        let statuses: Vec<_> = bodies
            .iter()
            .map(|body| call(&server.url, CHAT, body).unwrap())
            .map(|(status, _)| status)
            .collect();
        let (code, out, err) = server.end();
        (code, statuses, out, err)
    };
    let (code, statuses, out, _) = serve(&["{\"a\":2}", "{\"a\":1}"], &["--strict"]);
    assert_eq!((code, &statuses[..]), (Some(0), &[200, 200][..]), "{out}");
    assert!(out.ends_with("stopped: 2 answered, 0 refused\n"), "{out}");

    let (code, statuses, out, err) = serve(&["{\"a\":2}", "{\"a\":3}"], &["--strict"]);
    assert_eq!((code, &statuses[..]), (Some(5), &[200, 404][..]), "{out}");
    assert!(
        out.ends_with("stopped: 1 answered, 1 refused, 1 never asked for\n"),
        "{out}"
    );
    assert!(err.contains("/a: recorded 1, sent 3"), "{err}");

    assert_eq!(serve(&["{\"a\":1}"], &[]).0, Some(0));
    assert_eq!(serve(&["{\"a\":1}"], &["--strict"]).0, Some(5));
    assert_eq!(
        serve(&["{\"a\":1}"], &["--strict", "--allow-unused"]).0,
        Some(0)
    );
    let answered = ServeProcess::start(&["--tape", tape, "--for", "1"]);
    assert_eq!(
        call(&answered.url, CHAT, "{\"a\":1}").unwrap(),
        (200, answer("{\"a\":1}"))
    );
    assert_eq!(answered.end().0, Some(0));
}

/// The seed was refused beside a recording, so a server's trouble was always the same.
#[test]
fn served_recording_has_the_trouble_of_its_seed_and_of_a_plan() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &BODIES);
    let statuses = |options: &[&str]| -> Vec<u64> {
        let words = ["--tape", tape.to_str().unwrap(), "--max-requests", "12"];
        let server = ServeProcess::start(&[&words[..], options].concat());
        let calls = BODIES.map(|body| call(&server.url, CHAT, body).unwrap().0);
        assert_eq!(server.end().0, Some(0));
        calls.to_vec()
    };
    let drawn = |seed| statuses(&["--chaos", "50%", "--kinds", "server_error", "--seed", seed]);
    let seventh = drawn("7");
    assert!(
        seventh.contains(&200) && seventh.contains(&500),
        "{seventh:?}"
    );
    assert_eq!(drawn("7"), seventh);
    assert_ne!(drawn("8"), seventh);
    let planned = statuses(&["--chaos-at", "1:unavailable"]);
    assert_eq!(planned[..3], [200, 503, 200]);
    assert!(planned[3..].iter().all(|status| *status == 200));
}

/// A refused request counts for `--max-requests`, and is what `--strict` is about.
#[test]
fn refused_request_counts_and_fails_a_strict_server() {
    for (options, exit) in [(&["--strict"][..], 5), (&[], 0)] {
        let server = ServeProcess::start(&[&["--max-requests", "1"], options].concat());
        assert_eq!(call(&server.url, "/v1/nowhere", "{}").unwrap().0, 404);
        let (code, out, _) = server.end();
        assert_eq!(code, Some(exit), "{out}");
        assert!(out.ends_with("stopped: 0 answered, 1 refused\n"), "{out}");
    }
}

#[test]
fn changed_recording_is_not_served() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{}"]);
    let file = tape.join(TapeDirectory::EXCHANGES);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("answer to", "answer of", 1)).unwrap();
    let (code, out, err) = sim(&["serve", "--tape", tape.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (Some(6), ""), "{err}");
    assert!(
        err.contains("exchanges.jsonl: BROKEN_CHAIN: line 2"),
        "{err}"
    );
}

#[test]
fn options_that_do_not_fit_the_recording_are_refused() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{}"]);
    let tape = tape.to_str().unwrap();
    let log = directory.path().join("log");
    for options in [
        &["--pace", "1"][..],
        &["--tape", tape, "--log", log.to_str().unwrap()],
        &["--tape", tape, "--rules", tape],
    ] {
        let (code, _, err) = sim(&[&["serve"], options].concat());
        assert_eq!(
            code,
            Some(if options.contains(&"--rules") { 7 } else { 2 }),
            "{err}"
        );
    }
}
