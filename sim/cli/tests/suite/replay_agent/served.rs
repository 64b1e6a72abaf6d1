//! `sim serve` of a recording of an agent, and `--strict`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::agent::call;
use super::{CHAT, answer, echoes};
use crate::shell::sim;

/// A server with the address of its first line.
struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .arg("serve")
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line);
        let url = address.split(' ').next().unwrap().to_owned();
        Self { child, out, url }
    }

    /// Waits for its end: exit code, the rest of standard output, standard error.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let mut err = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

#[test]
fn strict_server_exits_5_after_a_missed_or_unused_call() {
    let directory = TempDir::new().unwrap();
    let tape = echoes(&directory, None, &["{\"a\":1}", "{\"a\":2}"]);
    let tape = tape.to_str().unwrap();
    let serve = |bodies: &[&str], options: &[&str]| {
        let count = bodies.len().to_string();
        let words = ["--tape", tape, "--max-requests", &count];
        let server = Server::start(&[&words[..], options].concat());
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
    let answered = Server::start(&["--tape", tape, "--for", "1"]);
    assert_eq!(
        call(&answered.url, CHAT, "{\"a\":1}").unwrap(),
        (200, answer("{\"a\":1}"))
    );
    assert_eq!(answered.end().0, Some(0));
}

/// A refused request counts for `--max-requests`, and is what `--strict` is about.
#[test]
fn refused_request_counts_and_fails_a_strict_server() {
    for (options, exit) in [(&["--strict"][..], 5), (&[], 0)] {
        let server = Server::start(&[&["--max-requests", "1"], options].concat());
        assert_eq!(call(&server.url, "/v1/nowhere", "{}").unwrap().0, 404);
        let (code, out, _) = server.end();
        assert_eq!(code, Some(exit), "{out}");
        assert!(out.ends_with("stopped: 0 answered, 1 refused\n"), "{out}");
    }
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
