//! Commands that print or wait: echo, printf, pwd, sleep.

use super::output::Stream;
use super::pipeline::Process;
use super::session::TIME_LIMIT_US;

/// `echo [-n] [-e] WORD…`; backslash escapes apply only with `-e`.
pub(super) fn echo(process: &mut Process<'_, '_>) -> u8 {
    let mut line_end = true;
    let mut escapes = false;
    let mut words = process.arguments;
    while let Some((first, rest)) = words.split_first() {
        match first.as_str() {
            "-n" => line_end = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (line_end, escapes) = (false, true),
            _ => break,
        }
        words = rest;
    }
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            process.stdout.push(" ");
        }
        if escapes {
            push_unescaped(&mut process.stdout, word);
        } else {
            process.stdout.push(word);
        }
    }
    if line_end {
        process.stdout.push("\n");
    }
    0
}

/// `printf FORMAT [ARGUMENT…]` with `%s`, `%d`, `%%` and the escapes `\n \t \\`; the format
/// repeats while arguments are left.
pub(super) fn printf(process: &mut Process<'_, '_>) -> u8 {
    let Some((format, arguments)) = process.arguments.split_first() else {
        process.complain(&["a format is missing"]);
        return 2;
    };
    let mut arguments = arguments.iter();
    let mut exit_code = 0;
    loop {
        let before = arguments.len();
        match print_once(format, &mut arguments, &mut process.stdout) {
            Ok(()) => {}
            Err(Complaint::Number(word)) => {
                process.complain(&[&word, ": not a number"]);
                exit_code = 1;
            }
            Err(Complaint::Directive(directive)) => {
                process.complain(&["unknown directive %", &directive]);
                return 1;
            }
        }
        if arguments.len() == 0 || arguments.len() == before {
            return exit_code;
        }
    }
}

enum Complaint {
    /// An argument of `%d` that is not a number; 0 was printed for it.
    Number(String),
    Directive(String),
}

fn print_once(
    format: &str,
    arguments: &mut std::slice::Iter<'_, String>,
    out: &mut Stream,
) -> Result<(), Complaint> {
    let mut outcome = Ok(());
    let mut rest = format;
    while let Some((literal, directive)) = rest.split_once('%') {
        push_unescaped(out, literal);
        let kind = directive.chars().next();
        match kind {
            Some('%') => out.push("%"),
            Some('s') => out.push(arguments.next().map_or("", String::as_str)),
            Some('d') => {
                let word = arguments.next().map_or("0", String::as_str);
                match word.parse::<i64>() {
                    Ok(number) => out.push(&number.to_string()),
                    Err(_) => {
                        out.push("0");
                        outcome = Err(Complaint::Number(word.to_owned()));
                    }
                }
            }
            other => {
                return Err(Complaint::Directive(String::from_iter(other)));
            }
        }
        rest = &directive[kind.map_or(0, char::len_utf8)..];
    }
    push_unescaped(out, rest);
    outcome
}

/// Pushes text with `\n`, `\t`, `\r` and `\\` replaced; other escapes stay as they are.
fn push_unescaped(out: &mut Stream, text: &str) {
    let mut rest = text;
    while let Some((literal, escape)) = rest.split_once('\\') {
        out.push(literal);
        let (replacement, length) = match escape.as_bytes().first() {
            Some(b'n') => ("\n", 1),
            Some(b't') => ("\t", 1),
            Some(b'r') => ("\r", 1),
            Some(b'\\') => ("\\", 1),
            _ => ("\\", 0),
        };
        out.push(replacement);
        rest = &escape[length..];
    }
    out.push(rest);
}

/// `pwd`: always `/`, the root of the workspace.
pub(super) fn pwd(process: &mut Process<'_, '_>) -> u8 {
    process.stdout.push("/\n");
    0
}

/// `sleep SECONDS`, a decimal number with up to six digits after the point; takes virtual time.
pub(super) fn sleep(process: &mut Process<'_, '_>) -> u8 {
    let [word] = process.arguments else {
        process.complain(&["exactly one number of seconds is needed"]);
        return 1;
    };
    match microseconds(word) {
        Some(time) => {
            process.session.spend(time);
            0
        }
        None => {
            process.complain(&["invalid time interval '", word, "'"]);
            1
        }
    }
}

fn microseconds(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits(whole) && digits(fraction) && fraction.len() <= 6;
    if !plain || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    // A number beyond 64 bits is a very long sleep, not an error.
    let seconds = match whole {
        "" => 0,
        whole => whole.parse::<u64>().unwrap_or(TIME_LIMIT_US),
    };
    let fraction = format!("{fraction:0<6}").parse::<u64>().ok()?;
    Some(seconds.saturating_mul(1_000_000).saturating_add(fraction))
}
