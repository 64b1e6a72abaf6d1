//! The program as a shell runs it; shared by the tests of several verbs.

use std::process::Command;

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
