//! How an action is written as a model's reply.

use serde_json::{Map, Value, json};

use super::action::{Call, HandleName, LogQuery, Payload, Place, Spelling, TaskName};

/// Texts that only the kernel could choose, in the order of their serial numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issued {
    pub(crate) task_ids: Vec<String>,
    pub(crate) handles: Vec<String>,
}

const FORGED_HANDLE: &str = "vfd://rw/0123456789abcdef/a";

impl Issued {
    /// The whole reply.
    pub(crate) fn reply(&self, call: &Call, q_next: &str, spelling: Spelling) -> String {
        let action = self.operands(call, spelling == Spelling::Synonyms);
        let document = json!({ "thought": "as planned", "q_next": q_next, "a_t": action });
        match spelling {
            Spelling::Canonical | Spelling::Synonyms => document.to_string(),
            Spelling::Prose => format!("<think>{{hm}}</think>Then:\n```json\n{document}\n```\n"),
        }
    }

    fn operands(&self, call: &Call, synonyms: bool) -> Value {
        let mut members = Map::new();
        let mut put = |canonical: &str, synonym: &str, value: Value| {
            let key = if synonyms { synonym } else { canonical };
            members.insert(key.to_owned(), value);
        };
        let (opcode, alias) = opcode(call);
        let alias = format!(" {} ", alias.to_lowercase());
        put(
            "op",
            "syscall",
            json!(if synonyms { &alias } else { opcode }),
        );
        match call {
            Call::Write { payload, through } => {
                put("payload", "content", json!(payload.text));
                if let Some(handle) = through {
                    put("semantic_cap", "capability", json!(self.handle(*handle)));
                }
            }
            Call::Exec(cmd) => {
                put("cmd", "command", json!(cmd));
            }
            Call::Goto(place) => {
                put("pointer", "d_next", json!(self.pointer(place)));
            }
            Call::GitLog(query) => {
                let LogQuery { path, limit, since } = query;
                if let Some(path) = path {
                    put("path", "path", json!(path));
                }
                if let Some(limit) = limit {
                    put("limit", "limit", json!(limit));
                }
                if let Some(since) = since {
                    put("since", "since", json!(since));
                }
            }
            Call::Push(task) => {
                put("task", "stack_payload", json!(task));
            }
            Call::Edit(task) => {
                put("task", "cmd", json!(task));
            }
            Call::Move { task, to, status } => {
                if let Some(task) = task {
                    put("task_id", "id", json!(self.task(*task)));
                }
                if let Some(to) = to {
                    put("target_pos", "position", json!(to));
                }
                if let Some(status) = status {
                    put("status", "state", json!(status));
                }
            }
            Call::Pop | Call::Halt => {}
        }
        Value::Object(members)
    }

    /// The pointer as the register shows it.
    pub(crate) fn pointer(&self, place: &Place) -> String {
        match place {
            Place::File { spelled, .. } | Place::Nonsense(spelled) => (*spelled).to_owned(),
            Place::Command(line) => format!("$ {line}"),
            Place::Append(path) => format!("sys://append/{path}"),
            Place::Replace(path) => format!("sys://replace/{path}"),
            Place::CallStack => "sys://callstack".to_owned(),
            Place::Trap { name, details } => {
                let base = format!("sys://trap/{}", name.to_lowercase());
                match details {
                    Some(details) => format!("{base}?details={details}"),
                    None => base,
                }
            }
            Place::UnknownPage => "sys://page/0123456789abcdef?p=1".to_owned(),
            Place::IssueHandle { access, path } => {
                format!("sys://cap/issue?access={access}&path={path}")
            }
            Place::ListHandles => "sys://cap/list".to_owned(),
            Place::Handle(handle) => self.handle(*handle),
            Place::GitLog(LogQuery { path, limit, since }) => {
                let parts = [
                    path.map(|path| format!("path={path}")),
                    limit.map(|limit| format!("limit={limit}")),
                    since.map(|since| format!("since={since}")),
                ];
                let query: Vec<String> = parts.into_iter().flatten().collect();
                match query.is_empty() {
                    true => "sys://git/log".to_owned(),
                    false => format!("sys://git/log?{}", query.join("&")),
                }
            }
            Place::Halt => "HALT".to_owned(),
        }
    }

    fn task(&self, task: TaskName) -> &str {
        match task {
            TaskName::Serial(serial) => &self.task_ids[serial],
            TaskName::Nth(_) | TaskName::Unknown => "task_000000000000",
        }
    }

    fn handle(&self, handle: HandleName) -> String {
        match handle {
            HandleName::Serial(serial) => self.handles[serial].clone(),
            HandleName::Redirected(serial) => {
                let (start, _) = self.handles[serial].rsplit_once('/').expect("a handle");
                format!("{start}/secret")
            }
            HandleName::Forged => FORGED_HANDLE.to_owned(),
        }
    }
}

/// The canonical name and the alias that models use for it.
fn opcode(call: &Call) -> (&'static str, &'static str) {
    match call {
        Call::Write { .. } => ("SYS_WRITE", "SYS_WRITE"),
        Call::Exec(_) => ("SYS_EXEC", "SYS_EXEC"),
        Call::Goto(_) => ("SYS_GOTO", "SYS_GOTO"),
        Call::GitLog(_) => ("SYS_GIT_LOG", "SYS_GITLOG"),
        Call::Push(_) => ("SYS_PUSH", "SYS_PUSH"),
        Call::Edit(_) => ("SYS_EDIT", "SYS_STACK_EDIT"),
        Call::Move { .. } => ("SYS_MOVE", "SYS_STACK_MOVE"),
        Call::Pop => ("SYS_POP", "SYS_POP"),
        Call::Halt => ("SYS_HALT", "SYS_HALT"),
    }
}

/// A payload of the replace channel.
pub(crate) const fn edit(
    text: &'static str,
    search: &'static str,
    replace: &'static str,
    all: bool,
) -> Payload {
    Payload {
        text,
        edit: Some((search, replace, all)),
        omits: false,
    }
}

/// A payload that is only text.
pub(crate) const fn text(text: &'static str) -> Payload {
    Payload {
        text,
        edit: None,
        omits: false,
    }
}
