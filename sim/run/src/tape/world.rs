//! What a real world was asked and what it answered.
//!
//! Holds the digest of what was written, not the text: that follows from the entries before.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, WorldFault, WorldFaultCode};

/// One answer of a real world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldEntry {
    kind: WorldKind,
    /// The tick that asked, from 0.
    pub tick: u64,
    /// What was asked.
    pub question: Question,
    /// What came back.
    pub answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum WorldKind {
    #[serde(rename = "world")]
    World,
}

/// What the kernel asked of a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// The content of the file at this path.
    Read(String),
    /// The names in a directory.
    List {
        /// The directory; null is the root.
        #[serde(deserialize_with = "Option::deserialize")]
        directory: Option<String>,
        /// At most so many names.
        limit: u64,
    },
    /// To replace a file.
    Write {
        /// Its path.
        path: String,
        /// The SHA-256 of the new content.
        content: Digest,
    },
    /// To run this command line.
    Exec(String),
    /// The history, by this query.
    GitLog {
        /// The query string, if one was given whole.
        #[serde(deserialize_with = "Option::deserialize")]
        query_params: Option<String>,
        /// Only commits that touch this path.
        #[serde(deserialize_with = "Option::deserialize")]
        path: Option<String>,
        /// At most so many commits.
        #[serde(deserialize_with = "Option::deserialize")]
        limit: Option<u16>,
        /// Where to start.
        #[serde(deserialize_with = "Option::deserialize")]
        reference: Option<String>,
        /// Only commits whose message has this text.
        #[serde(deserialize_with = "Option::deserialize")]
        grep: Option<String>,
        /// Only commits at or after this moment.
        #[serde(deserialize_with = "Option::deserialize")]
        since: Option<String>,
    },
}

impl From<&GitLogQuery> for Question {
    fn from(query: &GitLogQuery) -> Self {
        Self::GitLog {
            query_params: query.query_params.clone(),
            path: query.path.clone(),
            limit: query.limit,
            reference: query.reference.clone(),
            grep: query.grep.clone(),
            since: query.since.clone(),
        }
    }
}

/// What a world answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Answer {
    /// A file's content, or a history.
    Text(String),
    /// A directory's names.
    Names(Vec<String>),
    /// The file was written.
    Written,
    /// What a command did.
    Command(Command),
    /// The world refused.
    Fault {
        /// The reason.
        #[serde(with = "fault_code")]
        code: WorldFaultCode,
        /// What was asked for, for people.
        detail: String,
    },
}

impl Question {
    /// The question for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Read(path) => format!("the read of {path}"),
            Self::List { directory, .. } => {
                format!("the listing of {}", directory.as_deref().unwrap_or("."))
            }
            Self::Write { path, .. } => format!("the write of {path}"),
            Self::Exec(command) => format!("the command `{command}`"),
            Self::GitLog { .. } => "the history".to_owned(),
        }
    }
}

impl Answer {
    /// Whether a world that answers `other` is the one that answered this, as far as that shows:
    /// files, names and exit codes are the same. What a command prints, and a history, may hold
    /// times.
    pub(super) fn is_of_same_world(&self, other: &Self, question: &Question) -> bool {
        match (self, other) {
            (Self::Command(one), Self::Command(other)) => one.exit_code == other.exit_code,
            (Self::Fault { code: one, .. }, Self::Fault { code: other, .. }) => one == other,
            (Self::Text(_), Self::Text(_)) if matches!(question, Question::GitLog { .. }) => true,
            _ => self == other,
        }
    }

    /// The answer for people: digests in the place of texts.
    pub(super) fn shown(&self) -> Value {
        match self {
            Self::Text(text) => json!({"text": Digest::of(text.as_bytes())}),
            Self::Names(names) => json!({"names": names}),
            Self::Written => json!("written"),
            Self::Command(command) => json!({"exit_code": command.exit_code}),
            Self::Fault { code, .. } => json!({"fault": code.name()}),
        }
    }
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// 0 is success; 124 a time-out; 127 an unknown command.
    pub exit_code: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took, in microseconds.
    pub duration_us: u64,
}

impl From<&CommandOutcome> for Command {
    fn from(outcome: &CommandOutcome) -> Self {
        Self {
            exit_code: outcome.exit_code,
            stdout: outcome.stdout.clone(),
            stderr: outcome.stderr.clone(),
            duration_us: outcome.duration_us,
        }
    }
}

impl From<Command> for CommandOutcome {
    fn from(command: Command) -> Self {
        Self {
            exit_code: command.exit_code,
            stdout: command.stdout,
            stderr: command.stderr,
            duration_us: command.duration_us,
        }
    }
}

impl From<WorldFault> for Answer {
    fn from(fault: WorldFault) -> Self {
        Self::Fault {
            code: fault.code,
            detail: fault.detail,
        }
    }
}

impl WorldEntry {
    /// The entry of one question and its answer.
    #[must_use]
    pub const fn new(tick: u64, question: Question, answer: Answer) -> Self {
        Self {
            kind: WorldKind::World,
            tick,
            question,
            answer,
        }
    }

    /// Checks that the answer fits the question.
    pub(super) const fn check(&self) -> Result<(), &'static str> {
        match (&self.question, &self.answer) {
            (Question::Read(_) | Question::GitLog { .. }, Answer::Text(_))
            | (Question::List { .. }, Answer::Names(_))
            | (Question::Write { .. }, Answer::Written)
            | (Question::Exec(_), Answer::Command(_)) => Ok(()),
            (Question::Exec(_), Answer::Fault { .. }) => {
                Err("a command has an outcome, never a fault")
            }
            (_, Answer::Fault { .. }) => Ok(()),
            _ => Err("the answer is to another question"),
        }
    }
}

/// A fault's code by its name, as traps write it.
mod fault_code {
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use turingos::manifold::WorldFaultCode;

    pub(super) fn serialize<S: Serializer>(
        code: &WorldFaultCode,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(code.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<WorldFaultCode, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        WorldFaultCode::ALL
            .into_iter()
            .find(|code| code.name() == name)
            .ok_or_else(|| de::Error::custom(format_args!("unknown world fault `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::*;

    fn entries() -> Vec<WorldEntry> {
        let command = CommandOutcome {
            exit_code: 3,
            stdout: "out\n".into(),
            stderr: "err\n".into(),
            duration_us: 1_500,
        };
        let query = GitLogQuery {
            limit: Some(5),
            ..GitLogQuery::default()
        };
        let list = Question::List {
            directory: None,
            limit: 40,
        };
        let write = Question::Write {
            path: "a.txt".into(),
            content: Digest::EMPTY,
        };
        let mut entries = vec![
            WorldEntry::new(0, Question::Read("a.txt".into()), Answer::Text("x".into())),
            WorldEntry::new(0, Question::from(&query), Answer::Text("log\n".into())),
            WorldEntry::new(0, list, Answer::Names(vec!["a.txt".into(), "b/".into()])),
            WorldEntry::new(0, write, Answer::Written),
            WorldEntry::new(
                0,
                Question::Exec("ls".into()),
                Answer::Command(Command::from(&command)),
            ),
        ];
        for code in WorldFaultCode::ALL {
            let fault = WorldFault {
                code,
                detail: "a.txt".into(),
            };
            let question = Question::Read("a.txt".into());
            entries.push(WorldEntry::new(0, question, fault.into()));
        }
        entries
    }

    #[test]
    fn questions_and_answers_are_read_back() {
        for entry in entries() {
            let entry = Entry::World(entry);
            let mut text = Vec::new();
            entry.write_json(&mut text);
            let read = Entry::read_json(&text, &mut Vec::new()).unwrap();
            assert_eq!(read, entry);
        }
    }

    #[test]
    fn mismatched_answer_is_refused() {
        for question in &entries()[..5] {
            for answer in entries() {
                let fits = question.answer == answer.answer
                    || matches!(
                        (&question.question, &answer.answer),
                        (Question::Read(_) | Question::GitLog { .. }, Answer::Text(_))
                    )
                    || (matches!(answer.answer, Answer::Fault { .. })
                        && !matches!(question.question, Question::Exec(_)));
                let mixed = WorldEntry::new(0, question.question.clone(), answer.answer);
                assert_eq!(mixed.check().is_ok(), fits, "{mixed:?}");
            }
        }
    }
}
