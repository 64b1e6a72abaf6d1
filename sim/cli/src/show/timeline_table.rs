//! A timeline as lines of text that fit a page.

use crate::terminal::output::escaped;
use turingos_explain::{Line, TimelineEntry};

/// The width of a line, in characters.
const WIDTH: usize = 100;

/// Columns of fixed width before the pointer: tick, seconds, lane.
const LEFT: usize = 8 + 2 + 10 + 2 + 3 + 2;

/// The width of a pointer.
const POINTER: usize = (WIDTH - LEFT) / 3;

/// The heading of the columns.
pub(crate) fn heading() -> String {
    format!(
        "{:>8}  {:>10}  {:<3}  {:<POINTER$}  what happened",
        "tick", "seconds", "by", "pointer"
    )
}

/// One line of a folded timeline.
pub(crate) fn line(line: &Line) -> String {
    match line {
        Line::Tick(entry) => tick(entry),
        Line::Folded(count) => {
            let ticks = if *count == 1 { "tick" } else { "ticks" };
            format!("{:>8}  {count} uneventful {ticks}", "...")
        }
    }
}

/// The line of a tick.
pub(crate) fn tick(entry: &TimelineEntry) -> String {
    let lane = match (entry.failover.is_some(), entry.lane.unwrap_or("-")) {
        (true, lane) => format!("E>{lane}"),
        (false, lane) => lane.to_owned(),
    };
    let line = format!(
        "{:>8}  {:>10}  {lane:<3}  {:<POINTER$}  {}",
        entry.tick,
        entry.time_us.map_or("-".to_owned(), seconds),
        clipped(&entry.pointer, POINTER),
        clipped(&happened(entry), WIDTH - LEFT - POINTER - 2),
    );
    line.trim_end().to_owned()
}

/// A tick in a few words: number, pointer, what happened.
pub(crate) fn summary(entry: &TimelineEntry) -> String {
    let pointer = clipped(&entry.pointer, 18);
    format!("{:>6}  {pointer}  {}", entry.tick, happened(entry))
}

/// The action, then traps, then what was injected, then the end of the run.
fn happened(entry: &TimelineEntry) -> String {
    let mut words = Vec::new();
    match (&entry.fault, entry.op) {
        (Some(fault), _) => words.push(fault.as_str()),
        (None, op) => words.push(op.unwrap_or_default()),
    }
    words.extend(entry.traps.iter().map(|trap| &**trap));
    let injected = entry.injected.iter().map(|kind| format!("({kind})"));
    let injected: Vec<String> = injected.collect();
    words.extend(injected.iter().map(String::as_str));
    if entry.status != "RUNNING" {
        words.push(entry.status);
    }
    words.join(" ")
}

/// Virtual seconds with milliseconds.
pub(crate) fn seconds(time_us: u64) -> String {
    format!("{}.{:03}", time_us / 1_000_000, time_us / 1_000 % 1_000)
}

/// At most `width` characters, as the terminal will show them.
pub(crate) fn clipped(text: &str, width: usize) -> String {
    let shown = escaped(text);
    match shown.char_indices().nth(width) {
        None => shown,
        Some(_) => shown.chars().take(width - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width() {
        let entry = TimelineEntry {
            tick: 29,
            time_us: Some(61_234_567),
            lane: Some("P"),
            failover: Some("TRUNCATED".to_owned()),
            pointer: "a/very/long/path/".repeat(9),
            op: Some("SYS_WRITE"),
            fault: None,
            traps: vec!["IO_FAULT".into(); 9],
            injected: vec!["no_space"],
            next: "sys://trap/io_fault".to_owned(),
            status: "RUNNING",
        };
        let shown = tick(&entry);
        assert_eq!(shown.chars().count(), WIDTH, "{shown}");
        assert!(
            shown.starts_with("      29      61.234  E>P  a/very/long"),
            "{shown}"
        );
        assert_eq!(line(&Line::Folded(12)), "     ...  12 uneventful ticks");
        assert_eq!(line(&Line::Folded(1)), "     ...  1 uneventful tick");
    }

    #[test]
    fn control_characters_stay_on_their_line() {
        assert_eq!(clipped("a\nb\u{1b}c", 20), "a\\u000ab\\u001bc");
        assert_eq!(clipped("abcdef", 4), "abc…");
    }
}
