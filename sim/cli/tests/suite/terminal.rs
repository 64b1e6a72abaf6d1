//! What depends on where the output goes: pipes that close, colour.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::shell::sim;

/// Reads the first line and closes the pipe.
fn cut_off(words: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn closed_pipe_ends_quietly_with_the_verdict() {
    for words in [
        ["soak", "--ticks", "2000"].as_slice(),
        &["soak", "--ticks", "2000", "--emit-journal"],
        &["run", "log-hunt"],
        &["schema", "show", "scenario.v1"],
        &["schema", "list"],
        &["--help"],
        &["completions", "zsh"],
    ] {
        assert_eq!(cut_off(words), (Some(0), String::new()), "{words:?}");
    }
    let failing = ["run", "ordered-pipeline", "--agent", "clerk"];
    assert_eq!(cut_off(&failing), (Some(1), String::new()));
}

#[test]
fn verdicts_have_colour_only_where_it_is_wanted() {
    const SOAK: [&str; 3] = ["soak", "--ticks", "30"];
    let coloured = |more: &[&str]| {
        let (code, out, _) = sim(&[&SOAK[..], more].concat());
        assert_eq!(code, Some(0));
        out.contains('\u{1b}')
    };
    // The output of a test is no terminal.
    assert!(!coloured(&[]));
    assert!(!coloured(&["--color", "auto"]));
    assert!(!coloured(&["--color", "never"]));
    assert!(coloured(&["--color", "always"]));
    let (_, out, _) = sim(&[&SOAK[..], &["--color=always"]].concat());
    assert!(
        out.contains("  \u{1b}[1m\u{1b}[32mpass\u{1b}[0m  ticks "),
        "{out:?}"
    );
    assert!(
        out.contains("\n\u{1b}[1m\u{1b}[32mPASSED\u{1b}[0m  root "),
        "{out:?}"
    );
}
