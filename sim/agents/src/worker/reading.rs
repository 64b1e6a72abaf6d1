//! How the worker reads: source after source, page after page, each line once.

use super::fold::{LISTING, next_directory, walk};
use super::instruction::{Fold, Instruction};
use super::notebook::Phase;
use super::turn::Turn;

impl Turn<'_> {
    /// Looks at the next source, or at the target if there is none.
    pub(super) fn next_reading(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.begin_anew();
        };
        while let Some(reading) = instruction.readings.get(self.book.reading) {
            match &reading.fold {
                Fold::Given(_) => instruction.add(reading, "", &mut self.book.text),
                Fold::Walk => return self.look(&format!("{}/{LISTING}", reading.source)),
                _ => return self.look(&reading.source),
            }
            self.book.reading = self.book.reading.saturating_add(1);
        }
        self.go_to_target(&instruction);
    }

    pub(super) fn read(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.begin_anew();
        };
        let Some(reading) = instruction.readings.get(self.book.reading) else {
            return self.begin_anew();
        };
        match self.sight.page_fault() {
            None => {}
            Some("NOT_FOUND") => {
                // What is needed to make it may be missing too: it is made first, and the step,
                // begun again afterwards, comes back to this one.
                let missing = self.book.eye.clone();
                self.forget_step();
                self.book.make = missing;
                let mission = self.book.mission.clone();
                return self.look(&mission);
            }
            Some("UNKNOWN_PAGE_TOKEN") => return self.begin_anew(),
            Some(_) => return self.recover(),
        }
        let page = self.sight.page();
        let (lines, carry) = whole_lines(&self.book.carry, page.body, page.next.is_some());
        let directory = match page.source {
            Some(source) => source,
            None => &self.book.eye,
        };
        let directory = directory
            .strip_prefix(reading.source.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix(LISTING))
            .unwrap_or_default()
            .to_owned();
        let mut is_over = page.next.is_none();
        for line in lines {
            if reading.fold == Fold::Walk {
                walk(
                    &directory,
                    &line,
                    &mut self.book.value,
                    &mut self.book.pending,
                );
            } else if reading.fold.take(&line, &mut self.book.value) {
                is_over = true;
                break;
            }
        }
        self.book.carry = carry;
        if self.book.is_full() {
            return self.let_the_shell_do_it(&instruction);
        }
        match page.next {
            Some(next) if !is_over => return self.look(next),
            _ => self.book.carry.clear(),
        }
        if let Some(directory) = next_directory(&mut self.book.pending) {
            let listing = format!("{}/{directory}{LISTING}", reading.source);
            return self.look(&listing);
        }
        let value = std::mem::take(&mut self.book.value);
        instruction.add(reading, &value, &mut self.book.text);
        self.book.reading = self.book.reading.saturating_add(1);
        self.next_reading();
    }

    /// What is too long to be remembered is left to a command, if one can do it.
    pub(super) fn let_the_shell_do_it(&mut self, instruction: &Instruction) {
        self.book.forget();
        match instruction.command() {
            Some(command) => {
                self.book.phase = Phase::Ran;
                self.look(&format!("$ {command}"));
            }
            None => self.begin_anew(),
        }
    }
}

/// The lines that end in `body`, the first beginning with `carry`, and the beginning of a line that
/// does not. If nothing follows, the last line needs no line feed.
pub(super) fn whole_lines(carry: &str, body: &str, more_follows: bool) -> (Vec<String>, String) {
    let text = format!("{carry}{body}");
    let (whole, rest) = match text.rfind('\n') {
        Some(end) if more_follows => text.split_at(end + 1),
        None if more_follows => ("", text.as_str()),
        _ => (text.as_str(), ""),
    };
    let lines = whole.lines().map(str::to_owned).collect();
    (lines, rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_over_page_ends() {
        let (lines, carry) = whole_lines("ab", "c\nd\nef", true);
        assert_eq!((lines.join("|").as_str(), carry.as_str()), ("abc|d", "ef"));
        let (lines, carry) = whole_lines("ef", "g", false);
        assert_eq!((lines.join("|").as_str(), carry.as_str()), ("efg", ""));
        let (lines, carry) = whole_lines("a", "b", true);
        assert_eq!((lines.len(), carry.as_str()), (0, "ab"));
    }
}
