//! Paths on the command line that must be there: one message and one exit code for every verb.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Standard input, where a verb reads it.
pub(super) const STANDARD_INPUT: &str = "-";

/// A file or directory that is there.
pub(super) fn existing() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_there(&path) {
        true => Ok(path),
        false => Err(NOT_THERE),
    })
}

/// The same, or `-` for standard input.
pub(super) fn input() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.as_os_str() == STANDARD_INPUT {
        false if !is_there(&path) => Err(NOT_THERE),
        _ => Ok(path),
    })
}

const NOT_THERE: &str = "no such file or directory";

/// A path that cannot be looked at is left to the verb, which says why.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
