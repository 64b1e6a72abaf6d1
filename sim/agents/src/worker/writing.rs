//! How the worker writes: to the file itself, through a channel, through a handle, or by a command.

use super::fold::push_string;
use super::instruction::{Channel, Instruction};
use super::notebook::Phase;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn go_to_target(&mut self, instruction: &Instruction) {
        let target = &instruction.target;
        self.book.phase = Phase::Write;
        match &instruction.channel {
            Channel::File => self.look(target),
            Channel::Append => self.look(&format!("sys://append/{target}")),
            Channel::Replace(_) => self.look(&format!("sys://replace/{target}")),
            Channel::Capability => {
                self.book.phase = Phase::Grant;
                let path = query_value(target);
                self.look(&format!("sys://cap/issue?access=rw&path={path}"));
            }
        }
    }

    pub(super) fn write(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.begin_anew();
        };
        match self.sight.page_fault() {
            None => {}
            Some("NOT_FOUND") if instruction.channel == Channel::File => {}
            Some(_) => return self.recover(),
        }
        let text = instruction.finish(&self.book.text);
        let payload = match &instruction.channel {
            Channel::File | Channel::Capability => text,
            Channel::Append => {
                let last = self.sight.channel_content().lines().last();
                if last == Some(text.trim_end()) {
                    return self.check();
                }
                text
            }
            Channel::Replace(search) => {
                let content = self.sight.channel_content();
                if !content.contains(search.as_str()) && content.contains(&text) {
                    return self.check();
                }
                let mut payload = String::from("{\"search\":");
                push_string(&mut payload, search);
                payload.push_str(",\"replace\":");
                push_string(&mut payload, &text);
                payload.push('}');
                payload
            }
        };
        if payload.trim().is_empty() {
            return self.write_blank(&instruction, &payload);
        }
        self.book.phase = Phase::Check;
        self.put(&payload);
    }

    /// A payload must say something, so a file of blank lines, or of none, is made by a command.
    pub(super) fn write_blank(&mut self, instruction: &Instruction, text: &str) {
        let lines = text.matches('\n').count();
        match (&instruction.channel, instruction.blank_command(lines)) {
            (Channel::File | Channel::Capability, Some(command)) => {
                self.book.phase = Phase::Ran;
                self.look(&format!("$ {command}"));
            }
            _ => self.begin_anew(),
        }
    }

    pub(super) fn write_through_handle(&mut self) {
        let (Some(instruction), Some(handle)) = (self.instruction(), self.sight.handle()) else {
            return self.begin_anew();
        };
        let text = instruction.finish(&self.book.text);
        if text.trim().is_empty() {
            return self.write_blank(&instruction, &text);
        }
        self.book.phase = Phase::Check;
        self.put(&text);
        self.intent.operand("semantic_cap").push_str(handle);
    }
}

/// A path as it stands in the query of a pointer.
fn query_value(path: &str) -> String {
    let mut out = String::new();
    for character in path.chars() {
        match character {
            '%' | '&' | '+' | '=' | '#' => {
                out.push_str(&format!("%{:02X}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_would_misread_is_escaped() {
        assert_eq!(query_value("a/$b&c%"), "a/$b%26c%25");
    }
}
