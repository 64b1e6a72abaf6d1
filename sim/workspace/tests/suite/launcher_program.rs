//! The launcher of the tests: a program that does nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    turingos_workspace::launch(std::env::args_os()).unwrap_or(ExitCode::FAILURE)
}
