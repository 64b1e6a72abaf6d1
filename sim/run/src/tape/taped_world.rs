//! A real world whose answers are on a tape: given from it, or asked for and recorded.
//!
//! Every answer is on the tape before anything follows from it. A change of the world that is not
//! on the tape yet when the process is killed is made once more when the run is resumed: a write
//! puts the same whole content, but a command that was running runs again, so that its effects
//! happen at least once and possibly twice. Never changes the world while the tape is played: what
//! stands on the tape was done.

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

use super::deck::{Deck, Played};
use super::world::{Answer, Command, Question};

/// Answers from a tape, and from `W` where the tape has ended.
#[derive(Debug)]
pub struct TapedWorld<W> {
    deck: Deck,
    world: W,
}

impl<W: Manifold> TapedWorld<W> {
    /// A world over `deck`.
    #[must_use]
    pub const fn new(deck: Deck, world: W) -> Self {
        Self { deck, world }
    }

    /// The world behind the tape.
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// The world behind the tape, to look into it between ticks.
    pub const fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// The old answer, or a new one that is recorded; `None` if the run has to end.
    fn answer(&mut self, question: Question, ask: impl FnOnce(&mut W) -> Answer) -> Option<Answer> {
        match self.deck.ask(&question) {
            Played::Old(answer) => Some(answer),
            Played::Nothing => None,
            Played::New => {
                let answer = ask(&mut self.world);
                self.deck.answered(question, answer.clone());
                Some(answer)
            }
        }
    }
}

impl<W: Manifold> Manifold for TapedWorld<W> {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        let question = Question::Read(path.as_str().to_owned());
        let answer = self.answer(question, |world| {
            let mut text = String::new();
            match world.read(path, &mut text) {
                Ok(()) => Answer::Text(text),
                Err(fault) => fault.into(),
            }
        });
        content.push_str(&text(answer)?);
        Ok(())
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        let question = Question::List {
            directory: directory.map(|path| path.as_str().to_owned()),
            limit: limit as u64,
        };
        let answer = self.answer(question, |world| match world.list(directory, limit) {
            Ok(names) => Answer::Names(names),
            Err(fault) => fault.into(),
        });
        match answer {
            Some(Answer::Names(names)) => Ok(names),
            other => Err(fault(other)),
        }
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        let question = Question::Write {
            path: path.as_str().to_owned(),
            content: Digest::of(content.as_bytes()),
        };
        let answer = self.answer(question, |world| match world.write(path, content, now_us) {
            Ok(()) => Answer::Written,
            Err(fault) => fault.into(),
        });
        match answer {
            Some(Answer::Written) => Ok(()),
            other => Err(fault(other)),
        }
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        let answer = self.answer(Question::Exec(command.to_owned()), |world| {
            Answer::Command(Command::from(&world.exec(command, now_us)))
        });
        match answer {
            Some(Answer::Command(command)) => command.into(),
            // The tick does not count any more; what the command would have done is not known.
            _ => CommandOutcome {
                exit_code: 127,
                ..CommandOutcome::default()
            },
        }
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        text(
            self.answer(Question::from(query), |world| match world.git_log(query) {
                Ok(log) => Answer::Text(log),
                Err(fault) => fault.into(),
            }),
        )
    }
}

fn text(answer: Option<Answer>) -> Result<String, WorldFault> {
    match answer {
        Some(Answer::Text(text)) => Ok(text),
        other => Err(fault(other)),
    }
}

/// The fault of an answer that is none. An entry whose answer does not fit its question is not read
/// from a tape, so that the last arm is a run that has to end.
fn fault(answer: Option<Answer>) -> WorldFault {
    match answer {
        Some(Answer::Fault { code, detail }) => WorldFault { code, detail },
        _ => WorldFault {
            code: WorldFaultCode::Other,
            detail: "the run has stopped".to_owned(),
        },
    }
}

/// A world that is not there: what a replay has behind its tape.
#[derive(Clone, Copy, Debug)]
pub struct NoWorld;

impl NoWorld {
    fn absent<T>() -> Result<T, WorldFault> {
        Err(WorldFault {
            code: WorldFaultCode::Other,
            detail: "there is no world behind this tape".to_owned(),
        })
    }
}

impl Manifold for NoWorld {
    fn read(&mut self, _path: &WorkspacePath, _content: &mut String) -> Result<(), WorldFault> {
        Self::absent()
    }

    fn list(
        &mut self,
        _directory: Option<&WorkspacePath>,
        _limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        Self::absent()
    }

    fn write(
        &mut self,
        _path: &WorkspacePath,
        _content: &str,
        _now_us: u64,
    ) -> Result<(), WorldFault> {
        Self::absent()
    }

    fn exec(&mut self, _command: &str, _now_us: u64) -> CommandOutcome {
        CommandOutcome {
            exit_code: 127,
            ..CommandOutcome::default()
        }
    }

    fn git_log(&mut self, _query: &GitLogQuery) -> Result<String, WorldFault> {
        Self::absent()
    }
}
