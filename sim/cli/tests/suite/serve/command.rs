//! `sim serve` as a shell sees it: the first line, the last line and the exit code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const REQUEST: &str = r#"{"model":"m","prompt":"x","stream":false}"#;

fn start(arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["serve", "--for", "60"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on http://").unwrap();
    (child, out, address.trim_end().to_owned())
}

fn ask(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = REQUEST.len();
    write!(
        stream,
        "POST /api/generate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{REQUEST}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_sim"))
        .arg("serve")
        .args(arguments)
        .output()
        .unwrap();
    assert!(ended.stdout.is_empty());
    (
        ended.status.code(),
        String::from_utf8(ended.stderr).unwrap(),
    )
}

#[test]
fn signals_and_limits_stop_the_server_cleanly() {
    for signal in [Some(Signal::INT), Some(Signal::TERM), None] {
        let bound: &[&str] = if signal.is_some() {
            &[]
        } else {
            &["--max-requests", "1"]
        };
        let (mut child, mut out, address) = start(bound);
        assert!(ask(&address).starts_with("HTTP/1.1 200 OK"));
        if let Some(signal) = signal {
            kill_process(Pid::from_child(&child), signal).unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert!(
            rest.starts_with("seed 42, profile faithful, chaos 0.00%\n"),
            "{rest}"
        );
        assert!(rest.ends_with("stopped: 1 answered, 0 refused\n"), "{rest}");
    }
}

#[test]
fn exit_code_names_why_nothing_is_served() {
    let (mut child, _out, address) = start(&[]);
    let port = address.rsplit(':').next().unwrap().to_owned();
    let (code, reason) = refused(&["--port", &port]);
    assert_eq!(code, Some(7));
    assert!(
        reason.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{reason}"
    );
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    child.wait().unwrap();
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("tape.jsonl");
    let path = file.to_str().unwrap();
    assert_eq!(refused(&["--tape", path]).0, Some(2));
    std::fs::write(&file, "no tape\nat all\n").unwrap();
    let (code, reason) = refused(&["--tape", path]);
    assert_eq!(code, Some(6));
    assert!(reason.contains("line 1"), "{reason}");
    // A log is never written over.
    assert_eq!(refused(&["--log", path]).0, Some(7));
    for words in [["--chaos", "1"], ["--seed", "7"], ["--chaos-at", "0:stall"]] {
        let (code, reason) = refused(&[&["--tape", path], &words[..]].concat());
        assert_eq!(code, Some(2), "{words:?}: {reason}");
    }
    assert_eq!(refused(&["--chaos-at", "0:stall"]).0, Some(2));
    assert_eq!(refused(&["--chaos", "500"]).0, Some(2));
    assert_eq!(refused(&["--chaos", "1", "--kinds", "bad"]).0, Some(2));
}
