//! `sort`: lines in byte order or by their leading number.

use std::cmp::Ordering;

use super::filters::{each_input, refuse};
use super::options::Options;
use super::output::{STREAM_LIMIT, Stream};
use super::pipeline::Process;

/// `sort [-r] [-n] [-u] [FILE…]`. With `-n` a line without a leading integer counts as 0, and
/// equal numbers fall back to byte order; `-u` keeps one line of each key.
pub(super) fn sort(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "rnu", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 2),
    };
    let numeric = options.has('n');
    let mut text = Stream::new(STREAM_LIMIT);
    let all_read = each_input(process, &options.operands, |_, _, content| {
        text.push(content);
        if !content.is_empty() && !content.ends_with('\n') {
            text.push("\n");
        }
    });
    let text = text.into_text();
    let mut lines: Vec<(i64, &str)> = text
        .lines()
        .map(|line| (if numeric { leading_number(line) } else { 0 }, line))
        .collect();
    lines.sort_by(|left, right| {
        let order = left.cmp(right);
        if options.has('r') {
            order.reverse()
        } else {
            order
        }
    });
    if options.has('u') {
        lines.dedup_by(|left, right| {
            left.0 == right.0 && (numeric || left.1.cmp(right.1) == Ordering::Equal)
        });
    }
    for (_, line) in lines {
        process.stdout.line(&[line]);
    }
    if all_read { 0 } else { 2 }
}

fn leading_number(line: &str) -> i64 {
    let line = line.trim_start();
    let (negative, digits) = match line.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, line),
    };
    let magnitude = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0_i64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
        });
    if negative { -magnitude } else { magnitude }
}
