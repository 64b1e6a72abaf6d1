//! What depends on where the output goes: pipes that close, colour.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

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
    // The output of a test is not a terminal.
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

/// What a terminal of so many columns receives.
fn on_terminal(columns: u16, words: &[&str], variables: &[(&str, &str)]) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let size = Winsize {
        ws_row: 40,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(words)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdout(terminal)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut controller = File::from(controller);
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    // Once no process has the terminal open, reading it is an error.
    while let Ok(count) = controller.read(&mut chunk) {
        received.extend_from_slice(&chunk[..count]);
    }
    child.wait().unwrap();
    String::from_utf8(received).unwrap().replace('\r', "")
}

#[test]
fn tables_and_help_fit_the_terminal() {
    const PLAIN: [(&str, &str); 1] = [("NO_COLOR", "1")];
    for words in [
        ["longrun", "--seeds", "0..1", "--noise", "0"].as_slice(),
        &["gate", "mutex", "opcodes"],
        &["schema", "list"],
        &["help", "live"],
    ] {
        let received = on_terminal(72, words, &PLAIN);
        assert!(received.lines().count() > 1, "{words:?}: {received}");
        // The legend of a table is a sentence, which the terminal may break.
        for line in received.lines().filter(|line| !line.starts_with("done: ")) {
            assert!(line.chars().count() <= 72, "{words:?}: {line}");
        }
    }
}

#[test]
fn no_color_is_honoured_on_a_terminal() {
    const SOAK: [&str; 4] = ["soak", "--ticks", "30", "-q"];
    assert!(on_terminal(80, &SOAK, &[]).contains("\u{1b}[32mPASSED"));
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let received = on_terminal(80, &SOAK, &[variable]);
        assert!(received.starts_with("PASSED  root "), "{received:?}");
    }
}
