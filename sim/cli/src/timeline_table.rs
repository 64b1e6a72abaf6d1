//! A timeline as lines of text that fit the terminal.

use std::io::{self, Write};

use turingos_explain::{Line, TimelineEntry};

/// The width that is filled where no terminal says another, in characters.
const WIDTH: usize = 100;

/// Columns of fixed width before the pointer: tick, seconds, lane.
const LEFT: usize = 8 + 2 + 10 + 2 + 3 + 2;

/// Lines of a timeline, kept until they are written.
#[derive(Debug)]
pub(super) struct TimelineTable {
    pointer_width: usize,
    text: String,
}

impl TimelineTable {
    /// Writes the heading.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn begin(out: &mut impl Write) -> io::Result<Self> {
        let pointer_width = (WIDTH - LEFT) / 3;
        writeln!(
            out,
            "{:>8}  {:>10}  {:<3}  {:<pointer_width$}  what happened",
            "tick", "seconds", "by", "pointer"
        )?;
        Ok(Self {
            pointer_width,
            text: String::new(),
        })
    }

    /// Adds a line.
    pub(super) fn line(&mut self, line: &Line) {
        match line {
            Line::Tick(entry) => self.tick(entry),
            Line::Folded(count) => {
                let ticks = if *count == 1 { "tick" } else { "ticks" };
                self.text += &format!("{:>8}  {count} uneventful {ticks}\n", "...");
            }
        }
    }

    /// Adds a tick.
    pub(super) fn tick(&mut self, entry: &TimelineEntry) {
        let width = self.pointer_width;
        let lane = match (entry.failover, entry.lane.unwrap_or("-")) {
            (true, lane) => format!("E>{lane}"),
            (false, lane) => lane.to_owned(),
        };
        let what = clipped(&happened(entry), WIDTH - LEFT - width - 2);
        let line = format!(
            "{:>8}  {:>10}  {lane:<3}  {:<width$}  {what}",
            entry.tick,
            entry.time_us.map_or("-".to_owned(), seconds),
            clipped(&entry.pointer, width),
        );
        self.text += line.trim_end();
        self.text.push('\n');
    }

    /// Writes the lines added since the last call.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// A tick in a few words: number, pointer, what happened.
pub(super) fn summary(entry: &TimelineEntry) -> String {
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
pub(super) fn seconds(time_us: u64) -> String {
    format!("{}.{:03}", time_us / 1_000_000, time_us / 1_000 % 1_000)
}

/// At most `width` characters on one line; control characters are escaped.
pub(super) fn clipped(text: &str, width: usize) -> String {
    let visible: String = text
        .chars()
        .flat_map(|character| match character.is_control() {
            true => character.escape_default().collect::<Vec<_>>(),
            false => vec![character],
        })
        .collect();
    match visible.char_indices().nth(width) {
        None => visible,
        Some(_) => visible.chars().take(width - 1).chain(['…']).collect(),
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
            failover: true,
            pointer: "a/very/long/path/".repeat(9),
            op: Some("SYS_WRITE"),
            fault: None,
            traps: vec!["IO_FAULT".into(); 9],
            injected: vec!["no_space"],
            next: "sys://trap/io_fault".to_owned(),
            status: "RUNNING",
        };
        let mut out = Vec::new();
        let mut table = TimelineTable::begin(&mut out).unwrap();
        table.tick(&entry);
        table.line(&Line::Folded(12));
        table.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(
            text.contains("      29      61.234  E>P  a/very/long"),
            "{text}"
        );
        assert!(text.contains("     ...  12 uneventful ticks"), "{text}");
    }

    #[test]
    fn control_characters_stay_on_their_line() {
        assert_eq!(clipped("a\nb\u{1b}c", 20), "a\\nb\\u{1b}c");
        assert_eq!(clipped("abcdef", 4), "abc…");
    }
}
