//! The `sim` binary as a shell sees it: output, standard error and exit code.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const POP: &str = r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#;

fn sim(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_reply_on_standard_input_becomes_its_canonical_transition() {
    let reply = b"So be it: {\"a_t\": {\"sys\": \"sys_pop\"}, \"q_next\": \"go on\"}";
    let (code, out, err) = sim(&["decode", "-"], reply);
    assert_eq!((code, out.trim_end(), err.as_str()), (Some(0), POP, ""));
}

#[test]
fn a_file_in_each_provider_s_shape_is_decoded() {
    let directory = TempDir::new().unwrap();
    let text = serde_json::to_string(POP).unwrap();
    let openai = format!(
        r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":{text},"refusal":null}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}}"#
    );
    let kimi = format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":{text}}}],"stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
    );
    let ollama = format!(
        r#"{{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant","content":{text}}},"done":true,"done_reason":"stop"}}"#
    );
    for (provider, body) in [
        ("openai", openai.as_str()),
        ("kimi", &kimi),
        ("ollama", &ollama),
        ("text", POP),
    ] {
        let path = directory.path().join(provider);
        fs::write(&path, body).unwrap();
        let (code, out, _) = sim(
            &["decode", "--provider", provider, path.to_str().unwrap()],
            b"",
        );
        assert_eq!((code, out.trim_end()), (Some(0), POP), "{provider}");
    }
}

#[test]
fn a_refused_reply_is_one_line_of_json_and_exit_1() {
    for input in [b"".as_slice(), b"\xff", b"nothing here", b"{}"] {
        let (code, out, err) = sim(&["decode"], input);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        assert_eq!(out.lines().count(), 1);
        assert!(out.starts_with("{\"fault\":{\"code\":\""), "{out}");
    }
    let (code, out, _) = sim(&["decode", "--provider", "openai"], b"{\"choices\":[]}");
    assert_eq!(code, Some(1));
    assert!(out.starts_with("{\"fault\":{\"code\":\""), "{out}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing.json");
    let (code, out, err) = sim(&["decode", missing.to_str().unwrap()], b"");
    assert_eq!((code, out.as_str()), (Some(7), ""));
    assert!(err.starts_with("sim: cannot read "), "{err}");
    assert!(err.contains("missing.json: No such file"), "{err}");
    let (code, _, err) = sim(&["decode", directory.path().to_str().unwrap()], b"");
    assert_eq!(code, Some(7));
    assert!(err.contains("Is a directory"), "{err}");
}

#[test]
fn an_input_longer_than_any_reply_is_not_read_to_its_end() {
    let (code, out, err) = sim(&["decode"], &vec![b' '; 16 * 1024 * 1024 + 2]);
    assert_eq!((code, out.as_str()), (Some(6), ""));
    assert_eq!(err, "sim: standard input is longer than 16777216 bytes\n");
}

#[test]
fn a_usage_error_is_one_line_and_exit_2() {
    for (arguments, says) in [
        (vec![], "a verb is missing; allowed: "),
        (vec!["dance"], "unrecognized subcommand 'dance'; "),
        (
            vec!["decode", "--provider", "acme"],
            "allowed: openai, kimi, ollama, text",
        ),
        (vec!["decode", "a", "b"], "unexpected argument 'b' found"),
        (vec!["decode", "--fast"], "allowed: --provider"),
    ] {
        let (code, out, err) = sim(&arguments, b"");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("sim: "), "{err}");
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let (code, out, err) = sim(&["--help"], b"");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("Exit codes:\n  0  passed\n"), "{out}");
    let (code, out, _) = sim(&["--version"], b"");
    assert_eq!(code, Some(0));
    assert!(out.starts_with("sim "), "{out}");
}
