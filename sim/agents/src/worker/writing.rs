//! Writing of targets: the file itself, a channel, a handle, or a command.

use super::fold::push_string;
use super::instruction::{Channel, Instruction};
use super::memory::Phase;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn go_to_target(&mut self, instruction: &Instruction) {
        let target = &instruction.target;
        self.memory.phase = Phase::Write;
        match &instruction.channel {
            Channel::File => self.observe(target),
            Channel::Append => self.observe(&format!("sys://append/{target}")),
            Channel::Replace(_) => self.observe(&format!("sys://replace/{target}")),
            Channel::Capability => {
                self.memory.phase = Phase::Grant;
                let path = query_value(target);
                self.observe(&format!("sys://cap/issue?access=rw&path={path}"));
            }
        }
    }

    pub(super) fn write(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.restart_step();
        };
        match self.view.page_fault() {
            None => {}
            Some("NOT_FOUND") if instruction.channel == Channel::File => {}
            Some(_) => return self.recover(),
        }
        let text = instruction.finish(&self.memory.text);
        let payload = match &instruction.channel {
            Channel::File | Channel::Capability => text,
            Channel::Append => {
                let last = self.view.channel_content().lines().last();
                if last == Some(text.trim_end()) {
                    return self.check();
                }
                text
            }
            Channel::Replace(search) => {
                let content = self.view.channel_content();
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
        self.memory.phase = Phase::Check;
        self.write_payload(&payload);
    }

    /// A payload must not be blank, so a command writes a blank or empty file.
    pub(super) fn write_blank(&mut self, instruction: &Instruction, text: &str) {
        let lines = text.matches('\n').count();
        match (&instruction.channel, instruction.blank_command(lines)) {
            (Channel::File | Channel::Capability, Some(command)) => {
                self.memory.phase = Phase::Ran;
                self.observe(&format!("$ {command}"));
            }
            _ => self.restart_step(),
        }
    }

    pub(super) fn write_through_handle(&mut self) {
        let (Some(instruction), Some(handle)) = (self.instruction(), self.view.handle()) else {
            return self.restart_step();
        };
        let text = instruction.finish(&self.memory.text);
        if text.trim().is_empty() {
            return self.write_blank(&instruction, &text);
        }
        self.memory.phase = Phase::Check;
        self.write_payload(&text);
        self.intent.operand("semantic_cap").push_str(handle);
    }
}

/// A path, escaped for the query of a pointer.
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
    fn query_value_escapes() {
        assert_eq!(query_value("a/$b&c%"), "a/$b%26c%25");
    }
}
