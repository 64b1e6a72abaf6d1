//! Transitions that hold whatever a transition may hold, written in every way.

use arbitrary::Arbitrary;
use turingos::isa::{
    self, GitLogQuery, MAX_REPLY_BYTES, OPCODE_KEY_SYNONYMS, Opcode, Placement, Syscall,
    TaskStatus, Transition,
};

use super::{Text, value};

#[derive(Debug, Arbitrary)]
struct Reply<'a> {
    call: Call<'a>,
    q_next: Text<'a>,
    thought: Option<Text<'a>>,
    /// Which of the keys of an operand is written.
    spelling: u8,
    before: &'a str,
    after: &'a str,
}

/// One syscall.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Call<'a> {
    Write {
        payload: Text<'a>,
        semantic_cap: Option<Text<'a>>,
    },
    Exec(Text<'a>),
    Goto(Text<'a>),
    GitLog {
        query_params: Option<Text<'a>>,
        path: Option<Text<'a>>,
        limit: Option<u16>,
        reference: Option<Text<'a>>,
        grep: Option<Text<'a>>,
        since: Option<Text<'a>>,
    },
    Push(Text<'a>),
    Edit(Text<'a>),
    Move {
        task_id: Option<Text<'a>>,
        to_the_top: Option<bool>,
        status: Option<Status>,
    },
    Pop,
    Halt,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Status {
    Active,
    Suspended,
    Blocked,
}

impl Call<'_> {
    pub(super) fn syscall(self) -> Syscall {
        let optional = |text: Option<Text<'_>>| text.map(Text::filled);
        match self {
            Self::Write {
                payload,
                semantic_cap,
            } => Syscall::Write {
                payload: payload.clean(),
                semantic_cap: optional(semantic_cap),
            },
            Self::Exec(cmd) => Syscall::Exec { cmd: cmd.filled() },
            Self::Goto(pointer) => Syscall::Goto {
                pointer: pointer.filled(),
            },
            Self::GitLog {
                query_params,
                path,
                limit,
                reference,
                grep,
                since,
            } => Syscall::GitLog(GitLogQuery {
                query_params: optional(query_params),
                path: optional(path),
                limit: limit.map(|limit| limit.clamp(1, GitLogQuery::MAX_LIMIT)),
                reference: optional(reference),
                grep: optional(grep),
                since: optional(since),
            }),
            Self::Push(task) => Syscall::Push {
                task: task.filled(),
            },
            Self::Edit(task) => Syscall::Edit {
                task: task.filled(),
            },
            Self::Move {
                task_id,
                to_the_top,
                status,
            } => Syscall::Move {
                task_id: optional(task_id),
                target_pos: to_the_top.map(|top| match top {
                    true => Placement::Top,
                    false => Placement::Bottom,
                }),
                status: status.map(|status| match status {
                    Status::Active => TaskStatus::Active,
                    Status::Suspended => TaskStatus::Suspended,
                    Status::Blocked => TaskStatus::Blocked,
                }),
            },
            Self::Pop => Syscall::Pop,
            Self::Halt => Syscall::Halt,
        }
    }
}

/// A transition, and the prose around it.
///
/// Properties: its canonical text is decoded to the same transition by every decoder. So is the text
/// with other keys, by the model envelope. Prose without brackets, quotation marks and tags before
/// and after it changes nothing.
///
/// # Panics
/// If a property does not hold.
pub fn built_transition(bytes: &[u8]) {
    let Some(reply) = value::<Reply<'_>>(bytes) else {
        return;
    };
    let transition = reply.transition();
    let text = transition.to_canonical();
    if text.len() > MAX_REPLY_BYTES / 2 {
        return;
    }
    for decode in [isa::decode_canonical, isa::decode_model, isa::decode] {
        assert_eq!(decode(text.as_bytes()).as_ref(), Ok(&transition), "{text}");
    }
    let spelled = spelled(&text, &transition, usize::from(reply.spelling));
    assert_eq!(
        isa::decode_model(spelled.as_bytes()).as_ref(),
        Ok(&transition),
        "{spelled}"
    );
    let prose = |text: &str| text.replace(['{', '}', '[', ']', '<', '"', '\u{feff}'], " ");
    let around = format!("{}{text}{}", prose(reply.before), prose(reply.after));
    if around.len() <= MAX_REPLY_BYTES {
        assert_eq!(
            isa::decode(around.as_bytes()).as_ref(),
            Ok(&transition),
            "{around}"
        );
    }
}

/// The opcode of the transition that the bytes stand for, for coverage checks.
#[must_use]
pub fn built_opcode(bytes: &[u8]) -> Option<Opcode> {
    let reply = value::<Reply<'_>>(bytes)?;
    Some(reply.transition().syscall.opcode())
}

impl Reply<'_> {
    fn transition(&self) -> Transition {
        let q_next = match self.q_next.clean() {
            blank if blank.trim().is_empty() => "q".to_owned(),
            filled => filled,
        };
        Transition {
            thought: self.thought.map(Text::clean),
            q_next,
            syscall: self.call.syscall(),
        }
    }
}

/// The canonical text with other keys of the opcode and its operands. No string holds what the search
/// looks for, because its quotation marks would be escaped.
fn spelled(text: &str, transition: &Transition, choice: usize) -> String {
    let start = text.rfind("\"a_t\":{").unwrap_or_default();
    let (head, action) = text.split_at(start);
    let opcode = transition.syscall.opcode();
    let key = OPCODE_KEY_SYNONYMS[choice % OPCODE_KEY_SYNONYMS.len()];
    let mut document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&action["\"a_t\":".len()..action.len() - 1])
            .expect("the action is an object");
    for operand in opcode.operands() {
        if let Some(value) = document.remove(operand.name) {
            document.insert(operand.spelling(choice).to_owned(), value);
        }
    }
    if let Some(value) = document.remove("op") {
        document.insert(key.to_owned(), value);
    }
    format!("{head}\"a_t\":{}}}", serde_json::Value::Object(document))
}
