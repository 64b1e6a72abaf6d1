//! Reading of sources, page by page, each line once.

use super::fold::{LISTING, next_directory, walk};
use super::instruction::{Fold, Instruction};
use super::memory::Phase;
use super::turn::Turn;

impl Turn<'_> {
    /// Observes the next source, or the target after the last.
    pub(super) fn next_reading(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.restart_step();
        };
        while let Some(reading) = instruction.readings.get(self.memory.reading) {
            match &reading.fold {
                Fold::Given(_) => instruction.add(reading, "", &mut self.memory.text),
                Fold::Walk => return self.observe(&format!("{}/{LISTING}", reading.source)),
                _ => return self.observe(&reading.source),
            }
            self.memory.reading = self.memory.reading.saturating_add(1);
        }
        self.go_to_target(&instruction);
    }

    pub(super) fn read(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.restart_step();
        };
        let Some(reading) = instruction.readings.get(self.memory.reading) else {
            return self.restart_step();
        };
        match self.view.page_fault() {
            None => {}
            Some("NOT_FOUND") => {
                // The missing file is made first, and so are the files it needs in turn; then the
                // step starts again.
                let missing = self.memory.pointer.clone();
                self.reset_step();
                self.memory.missing_file = missing;
                let mission = self.memory.mission.clone();
                return self.observe(&mission);
            }
            Some("UNKNOWN_PAGE_TOKEN") => return self.restart_step(),
            Some(_) => return self.recover(),
        }
        let page = self.view.page();
        let text = page.after(&self.memory.carry);
        let (whole, carry) = whole_lines(&text, page.next.is_some());
        let directory = match page.source {
            Some(source) => source,
            None => &self.memory.pointer,
        };
        let directory = directory
            .strip_prefix(reading.source.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix(LISTING))
            .unwrap_or_default()
            .to_owned();
        let mut is_over = page.next.is_none();
        for line in whole.lines() {
            if reading.fold == Fold::Walk {
                walk(
                    &directory,
                    line,
                    &mut self.memory.value,
                    &mut self.memory.pending,
                );
            } else if reading.fold.take(line, &mut self.memory.value) {
                is_over = true;
                break;
            }
        }
        self.memory.carry = carry.to_owned();
        if self.memory.is_full() {
            return self.use_command(&instruction);
        }
        match page.next {
            Some(next) if !is_over => return self.observe(next),
            _ => self.memory.carry.clear(),
        }
        if let Some(directory) = next_directory(&mut self.memory.pending) {
            let listing = format!("{}/{directory}{LISTING}", reading.source);
            return self.observe(&listing);
        }
        let value = std::mem::take(&mut self.memory.value);
        instruction.add(reading, &value, &mut self.memory.text);
        self.memory.reading = self.memory.reading.saturating_add(1);
        self.next_reading();
    }

    /// Lets a command do what is too long for the memory, if one can.
    pub(super) fn use_command(&mut self, instruction: &Instruction) {
        self.memory.forget();
        match instruction.command() {
            Some(command) => {
                self.memory.phase = Phase::Ran;
                self.observe(&format!("$ {command}"));
            }
            None => self.restart_step(),
        }
    }
}

/// A text up to the end of its last complete line, and the start of an incomplete one. If nothing
/// follows the text, its last line needs no line feed.
pub(super) fn whole_lines(text: &str, more_follows: bool) -> (&str, &str) {
    match text.rfind('\n') {
        Some(end) if more_follows => text.split_at(end + 1),
        None if more_follows => ("", text),
        _ => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_continue_across_pages() {
        assert_eq!(whole_lines("abc\nd\nef", true), ("abc\nd\n", "ef"));
        assert_eq!(whole_lines("efg", false), ("efg", ""));
        assert_eq!(whole_lines("ab", true), ("", "ab"));
    }
}
