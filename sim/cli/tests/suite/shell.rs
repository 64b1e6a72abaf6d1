//! The program as a shell runs it; shared by the tests of several verbs.

use std::path::Path;
use std::process::{Command, Output};

/// Exit code, standard output and standard error.
pub(crate) type Said = (Option<i32>, String, String);

/// Runs `sim` with these arguments to its end.
pub(crate) fn sim(arguments: &[&str]) -> Said {
    output(Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments))
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Runs `sim` with these arguments in a directory.
pub(crate) fn sim_in<'w>(directory: &Path, words: impl IntoIterator<Item = &'w str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(words)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Standard output, if the exit code is `exit`.
#[track_caller]
pub(crate) fn stdout(output: &Output, exit: i32) -> String {
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{shown}\n{errors}");
    shown
}

/// Standard error, if the exit code is `exit`.
#[track_caller]
pub(crate) fn stderr(output: &Output, exit: i32) -> String {
    assert_eq!(output.status.code(), Some(exit), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}
