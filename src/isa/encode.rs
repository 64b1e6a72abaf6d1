//! The canonical envelope, written. One syscall has exactly one text.
//!
//! Never sorts, pads or breaks lines: keys keep the table's order, absent options are left out.

use alloc::string::String;

use super::{GitLogQuery, Syscall, Transition};
use crate::json::{push_number, push_string};

impl Transition {
    /// Appends the canonical envelope: `thought` if there is one, `q_next`, `a_t`.
    pub fn write_canonical(&self, out: &mut String) {
        out.push('{');
        if let Some(thought) = &self.thought {
            out.push_str("\"thought\":");
            push_string(out, thought);
            out.push(',');
        }
        out.push_str("\"q_next\":");
        push_string(out, &self.q_next);
        out.push_str(",\"a_t\":");
        self.syscall.write_canonical(out);
        out.push('}');
    }

    /// The canonical envelope as text.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }
}

impl Syscall {
    /// Appends the canonical syscall object, such as `{"op":"SYS_GOTO","pointer":"a.txt"}`.
    pub fn write_canonical(&self, out: &mut String) {
        self.write_with(None, out);
    }

    /// The text that the syscall takes into the world or onto the run queue, if it takes one.
    pub(crate) fn content(&self) -> Option<&str> {
        match self {
            Self::Write { payload, .. } => Some(payload),
            Self::Push { task } | Self::Edit { task } => Some(task),
            Self::Exec { .. }
            | Self::Goto { .. }
            | Self::GitLog(_)
            | Self::Move { .. }
            | Self::Pop
            | Self::Halt => None,
        }
    }

    /// Appends the canonical syscall, with `name` in the place of its [`content`](Self::content).
    pub(crate) fn write_with(&self, name: Option<&str>, out: &mut String) {
        out.push_str("{\"op\":\"");
        out.push_str(self.opcode().name());
        out.push('"');
        match self {
            Self::Write {
                payload,
                semantic_cap,
            } => {
                write_member("payload", Some(name.unwrap_or(payload)), out);
                write_member("semantic_cap", semantic_cap.as_deref(), out);
            }
            Self::Exec { cmd } => write_member("cmd", Some(cmd), out),
            Self::Goto { pointer } => write_member("pointer", Some(pointer), out),
            Self::GitLog(query) => write_query(query, out),
            Self::Push { task } | Self::Edit { task } => {
                write_member("task", Some(name.unwrap_or(task)), out);
            }
            Self::Move {
                task_id,
                target_pos,
                status,
            } => {
                write_member("task_id", task_id.as_deref(), out);
                write_member("target_pos", target_pos.map(super::Placement::name), out);
                write_member("status", status.map(super::TaskStatus::name), out);
            }
            Self::Pop | Self::Halt => {}
        }
        out.push('}');
    }
}

fn write_query(query: &GitLogQuery, out: &mut String) {
    write_member("query_params", query.query_params.as_deref(), out);
    write_member("path", query.path.as_deref(), out);
    if let Some(limit) = query.limit {
        out.push_str(",\"limit\":");
        push_number(out, limit.into());
    }
    write_member("ref", query.reference.as_deref(), out);
    write_member("grep", query.grep.as_deref(), out);
    write_member("since", query.since.as_deref(), out);
}

fn write_member(key: &str, value: Option<&str>, out: &mut String) {
    if let Some(value) = value {
        out.push_str(",\"");
        out.push_str(key);
        out.push_str("\":");
        push_string(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{Placement, TaskStatus};

    fn canonical(syscall: &Syscall) -> String {
        let mut out = String::new();
        syscall.write_canonical(&mut out);
        out
    }

    #[test]
    fn keys_are_written_in_table_order() {
        let query = GitLogQuery {
            query_params: Some("a=b".into()),
            path: Some("src".into()),
            limit: Some(5),
            reference: Some("HEAD".into()),
            grep: Some("fix".into()),
            since: Some("1".into()),
        };
        assert_eq!(
            canonical(&Syscall::GitLog(query)),
            r#"{"op":"SYS_GIT_LOG","query_params":"a=b","path":"src","limit":5,"ref":"HEAD","grep":"fix","since":"1"}"#
        );
        let rotate = Syscall::Move {
            task_id: Some("t".into()),
            target_pos: Some(Placement::Bottom),
            status: Some(TaskStatus::Blocked),
        };
        assert_eq!(
            canonical(&rotate),
            r#"{"op":"SYS_MOVE","task_id":"t","target_pos":"BOTTOM","status":"BLOCKED"}"#
        );
        assert_eq!(canonical(&Syscall::Pop), r#"{"op":"SYS_POP"}"#);
    }

    #[test]
    fn written_keys_are_the_operand_table() {
        let query = GitLogQuery {
            query_params: Some("a".into()),
            path: Some("a".into()),
            limit: Some(1),
            reference: Some("a".into()),
            grep: Some("a".into()),
            since: Some("a".into()),
        };
        let full = [
            Syscall::Write {
                payload: "a".into(),
                semantic_cap: Some("a".into()),
            },
            Syscall::Exec { cmd: "a".into() },
            Syscall::Goto {
                pointer: "a".into(),
            },
            Syscall::GitLog(query),
            Syscall::Push { task: "a".into() },
            Syscall::Edit { task: "a".into() },
            Syscall::Move {
                task_id: Some("a".into()),
                target_pos: Some(Placement::Top),
                status: Some(TaskStatus::Active),
            },
            Syscall::Pop,
            Syscall::Halt,
        ];
        for syscall in full {
            let text = canonical(&syscall);
            let mut at = 0;
            for operand in syscall.opcode().operands() {
                let key = alloc::format!("\"{}\":", operand.name);
                let found = text[at..].find(&key).expect(operand.name);
                at += found + key.len();
            }
            let members = 1 + syscall.opcode().operands().len();
            assert_eq!(text.matches("\":").count(), members, "{text}");
        }
    }
}
