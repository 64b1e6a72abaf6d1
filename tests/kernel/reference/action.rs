//! What one tick of a generated run is asked to do, in words of its own.

/// How a tick's oracle call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A well-formed transition.
    Call {
        call: Call,
        q_next: &'static str,
        spelling: Spelling,
    },
    /// A reply that is not a transition.
    Garbage(String),
    /// No reply, on any lane.
    OracleFails,
}

/// How a transition is written; what it means is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Canonical,
    Synonyms,
    Prose,
}

/// One syscall. Two calls are equal exactly if their canonical texts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Write {
        payload: Payload,
        through: Option<HandleName>,
    },
    Exec(&'static str),
    Goto(Place),
    GitLog(LogQuery),
    Push(String),
    Edit(String),
    Move {
        task: Option<TaskName>,
        to: Option<&'static str>,
        status: Option<&'static str>,
    },
    Pop,
    Halt,
}

impl Call {
    /// True for what acts on the world: mutation and navigation.
    pub(crate) fn is_physical(&self) -> bool {
        matches!(
            self,
            Self::Write { .. } | Self::Exec(_) | Self::Goto(_) | Self::GitLog(_)
        )
    }

    pub(crate) fn asks_for_halt(&self) -> bool {
        matches!(self, Self::Halt | Self::Goto(Place::Halt))
    }
}

/// What is written, with what the replace channel makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) text: &'static str,
    /// Search, replacement, and whether every match is meant.
    pub(crate) edit: Option<(&'static str, &'static str, bool)>,
    /// It says "the rest is as before".
    pub(crate) omits: bool,
}

/// Where the pointer can stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File {
        path: &'static str,
        spelled: &'static str,
    },
    /// A text that is not a pointer.
    Nonsense(&'static str),
    Command(&'static str),
    Append(&'static str),
    Replace(&'static str),
    CallStack,
    Trap {
        name: &'static str,
        details: Option<&'static str>,
    },
    /// A page of a table that was never made.
    UnknownPage,
    IssueHandle {
        access: &'static str,
        path: &'static str,
    },
    ListHandles,
    Handle(HandleName),
    GitLog(LogQuery),
    Halt,
}

/// What a history look-up asks for; `since` is what the world cannot answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogQuery {
    pub(crate) path: Option<&'static str>,
    pub(crate) limit: Option<u16>,
    pub(crate) since: Option<&'static str>,
}

/// A task as a run names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskName {
    /// Counted over all tasks there are now; a generated run says it so.
    Nth(usize),
    /// Counted over all tasks ever pushed; it may be gone.
    Serial(usize),
    /// Never issued.
    Unknown,
}

/// A capability handle as a run names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleName {
    /// Counted over all handles ever issued.
    Serial(usize),
    /// An issued handle with another path at its end.
    Redirected(usize),
    /// Never issued.
    Forged,
}
