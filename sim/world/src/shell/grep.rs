//! `grep`: lines that contain a pattern.
//!
//! With `-F` a pattern is plain text. Otherwise it is a small subset of POSIX basic regular
//! expressions: plain characters, `.`, `.*`, `^` and `$` at the ends, and backslash escapes. Any
//! other construct is an error, because a misread pattern would silently find the wrong lines.

use super::filters::{each_input, refuse};
use super::options::Options;
use super::pipeline::Process;

/// The longest pattern in bytes; matching costs at most this much for each byte of a line.
const MAX_PATTERN_BYTES: usize = 128;

/// `grep [-n] [-c] [-v] [-i] [-q] [-F] PATTERN [FILE…]`: 0 if a line was found, 1 if none, 2
/// after an error.
pub(super) fn grep(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "ncviqF", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 2),
    };
    let Some((pattern, files)) = options.operands.split_first() else {
        return refuse(process, "a pattern is missing", 2);
    };
    let pattern = match Pattern::parse(pattern, options.has('F'), options.has('i')) {
        Ok(pattern) => pattern,
        Err(reason) => return refuse(process, reason, 2),
    };
    let (counted, quiet) = (options.has('c'), options.has('q'));
    let mut found = false;
    let all_read = each_input(process, files, |out, name, content| {
        let title = match name {
            Some(name) if files.len() > 1 => format!("{name}:"),
            _ => String::new(),
        };
        let mut count = 0_usize;
        for (index, line) in content.lines().enumerate() {
            if pattern.is_in(line) == options.has('v') {
                continue;
            }
            count += 1;
            if quiet || counted {
                continue;
            }
            out.push(&title);
            if options.has('n') {
                out.push(&format!("{}:", index + 1));
            }
            out.line(&[line]);
        }
        found |= count > 0;
        if counted && !quiet {
            out.line(&[&title, &count.to_string()]);
        }
    });
    match (all_read, found) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) if quiet => 0,
        (false, _) => 2,
    }
}

/// What a line must contain.
struct Pattern {
    at_start: bool,
    at_end: bool,
    ignore_case: bool,
    /// Runs of characters with anything between them; `None` is any character.
    runs: Vec<Vec<Option<char>>>,
}

impl Pattern {
    fn parse(text: &str, plain: bool, ignore_case: bool) -> Result<Self, &'static str> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err("pattern too long");
        }
        let mut pattern = Self {
            at_start: false,
            at_end: false,
            ignore_case,
            runs: Vec::new(),
        };
        let fold = |character| pattern_fold(character, ignore_case);
        let mut run = Vec::new();
        let mut characters = text.chars().peekable();
        if !plain {
            pattern.at_start = characters.next_if_eq(&'^').is_some();
        }
        while let Some(character) = characters.next() {
            match character {
                _ if plain => run.push(Some(fold(character))),
                '$' if characters.peek().is_none() => pattern.at_end = true,
                '.' if characters.next_if_eq(&'*').is_some() => {
                    pattern.runs.push(std::mem::take(&mut run));
                }
                '.' => run.push(None),
                '\\' => match characters.next() {
                    Some(escaped) if r"\.*[]^$/-".contains(escaped) => {
                        run.push(Some(fold(escaped)));
                    }
                    _ => return Err("unsupported escape in the pattern; use -F for plain text"),
                },
                '*' | '[' => {
                    return Err("unsupported operator in the pattern; use -F for plain text");
                }
                _ if characters.peek() == Some(&'*') => {
                    return Err("unsupported operator in the pattern; use -F for plain text");
                }
                _ => run.push(Some(fold(character))),
            }
        }
        pattern.runs.push(run);
        Ok(pattern)
    }

    fn is_in(&self, line: &str) -> bool {
        let mut rest = line;
        let last = self.runs.len() - 1;
        for (index, run) in self.runs.iter().enumerate() {
            // The earliest match suffices, except that the last run may be anchored at the end.
            let fixed_start = index == 0 && self.at_start;
            let fixed_end = index == last && self.at_end;
            let after = match (fixed_start, fixed_end) {
                (true, _) => self.after(rest, run),
                (false, true) => {
                    last_characters(rest, run.len()).and_then(|tail| self.after(tail, run))
                }
                (false, false) => self.after_first(rest, run),
            };
            match after {
                Some(after) if after.is_empty() || !fixed_end => rest = after,
                _ => return false,
            }
        }
        true
    }

    /// What follows the first place where `run` is in a text.
    fn after_first<'t>(&self, text: &'t str, run: &[Option<char>]) -> Option<&'t str> {
        let at_start = |at: usize| self.after(&text[at..], run);
        match run.first() {
            // Most places are passed over without a look at the run.
            Some(Some(first)) if first.is_ascii() && !self.ignore_case => {
                memchr::memchr_iter(*first as u8, text.as_bytes()).find_map(at_start)
            }
            _ => { text.char_indices().map(|(at, _)| at) }
                .chain([text.len()])
                .find_map(at_start),
        }
    }

    /// What follows `run` in a text that begins with it.
    fn after<'t>(&self, text: &'t str, run: &[Option<char>]) -> Option<&'t str> {
        let mut characters = text.chars();
        for wanted in run {
            let found = pattern_fold(characters.next()?, self.ignore_case);
            if wanted.is_some_and(|wanted| wanted != found) {
                return None;
            }
        }
        Some(characters.as_str())
    }
}

/// The last `count` characters of a text that has so many.
fn last_characters(text: &str, count: usize) -> Option<&str> {
    let start = match count.checked_sub(1) {
        None => text.len(),
        Some(before) => text.char_indices().rev().nth(before)?.0,
    };
    Some(&text[start..])
}

const fn pattern_fold(character: char, ignore_case: bool) -> char {
    if ignore_case {
        character.to_ascii_lowercase()
    } else {
        character
    }
}
