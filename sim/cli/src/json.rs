//! What `--json` prints: one object on one line, its `format` first.
//!
//! `turingos.NAME/1` is the format of the schema `NAME.v1`.

use std::io::{self, Write};

use serde::Serialize;

use super::exit::Failure;

#[derive(Serialize)]
struct Tagged<'a, T> {
    format: String,
    #[serde(flatten)]
    body: &'a T,
}

/// Writes `body` with its format: `shape` is the name of its schema without the version.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_object(
    shape: &str,
    body: &impl Serialize,
    out: &mut impl Write,
) -> io::Result<()> {
    let format = format!("turingos.{shape}/1");
    let line = serde_json::to_string(&Tagged { format, body })?;
    writeln!(out, "{line}")
}

#[derive(Serialize)]
struct Failed<'a> {
    passed: bool,
    exit: u8,
    message: &'a str,
    details: &'a [String],
}

/// Writes a failure that leaves a verb without a result.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_failure(failure: &Failure, out: &mut impl Write) -> io::Result<()> {
    let body = Failed {
        passed: false,
        exit: failure.exit.code(),
        message: &failure.message,
        details: &failure.details,
    };
    write_object("failure", &body, out)
}
