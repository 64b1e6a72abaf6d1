//! `test` and `[`: one condition as an exit code, 0 for true, 1 for false, 2 for invalid.

use super::pipeline::Process;
use super::session::Place;
use crate::files::{FileTree, Kind};

/// `test CONDITION`
pub(super) fn test(process: &mut Process<'_, '_>) -> u8 {
    judge(process, process.arguments)
}

/// `[ CONDITION ]`
pub(super) fn bracket(process: &mut Process<'_, '_>) -> u8 {
    match process.arguments.split_last() {
        Some((last, condition)) if last == "]" => judge(process, condition),
        _ => {
            process.complain(&["missing ']'"]);
            2
        }
    }
}

fn judge(process: &mut Process<'_, '_>, condition: &[String]) -> u8 {
    let words: Vec<&str> = condition.iter().map(String::as_str).collect();
    match holds(process.session.files, &words) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(reason) => {
            process.complain(&[&reason]);
            2
        }
    }
}

/// As in POSIX, the number of words decides how they are parsed.
fn holds(files: &FileTree, words: &[&str]) -> Result<bool, String> {
    match words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        ["!", word] => Ok(word.is_empty()),
        [operator, word] => unary(files, operator, word),
        [left, operator, right] if is_binary(operator) => binary(left, operator, right),
        ["!", rest @ ..] if words.len() <= 4 => holds(files, rest).map(|held| !held),
        _ => Err("not a condition".to_owned()),
    }
}

fn unary(files: &FileTree, operator: &str, word: &str) -> Result<bool, String> {
    let kind = || Place::parse(word).ok().and_then(|place| place.kind(files));
    match operator {
        "-z" => Ok(word.is_empty()),
        "-n" => Ok(!word.is_empty()),
        "-e" => Ok(kind().is_some()),
        "-f" => Ok(kind() == Some(Kind::File)),
        "-d" => Ok(kind() == Some(Kind::Directory)),
        "-s" => Ok(match kind() {
            Some(Kind::Directory) => true,
            Some(Kind::File) => Place::parse(word)
                .ok()
                .and_then(|place| files.read(place.path()?).ok())
                .is_some_and(|content| !content.is_empty()),
            None => false,
        }),
        _ => Err(format!("{operator}: unknown operator")),
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "==" | "!=" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"
    )
}

fn binary(left: &str, operator: &str, right: &str) -> Result<bool, String> {
    match operator {
        "=" | "==" => return Ok(left == right),
        "!=" => return Ok(left != right),
        _ => {}
    }
    let (left, right) = (integer(left)?, integer(right)?);
    match operator {
        "-eq" => Ok(left == right),
        "-ne" => Ok(left != right),
        "-lt" => Ok(left < right),
        "-le" => Ok(left <= right),
        "-gt" => Ok(left > right),
        "-ge" => Ok(left >= right),
        _ => Err(format!("{operator}: unknown operator")),
    }
}

fn integer(word: &str) -> Result<i64, String> {
    word.trim()
        .parse()
        .map_err(|_| format!("{word}: not an integer"))
}
