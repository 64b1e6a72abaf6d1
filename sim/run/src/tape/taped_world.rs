//! A real world whose answers are on a tape: each is taken from it, or asked for and recorded.
//!
//! Records every answer before it is used. If the process is killed between a change of the world
//! and its entry on the tape, a resumed run makes the change again: a write puts the same whole
//! content, but a command runs a second time. A recorded change is not made again.

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

use super::tape_session::{Answered, TapeSession};
use super::world::{Answer, Command, Question};
use crate::error::RunIoError;

/// A world between the kernel and a tape, for one call of the kernel.
///
/// The kernel takes world faults as part of a run, but a tape that fails ends the run. The caller
/// asks [`TapedWorld::result`] after the kernel's call, before it uses anything that came of it.
pub(crate) struct TapedWorld<'a> {
    world: &'a mut dyn Manifold,
    /// `None` if the world's answers follow from the header.
    tape: Option<&'a mut TapeSession>,
    failure: Option<RunIoError>,
    /// Where the writes that succeed are noted, if anybody wants them.
    written: Option<&'a mut Vec<Written>>,
}

/// A file that the kernel has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its path in the workspace.
    pub path: String,
    /// Its whole new content.
    pub content: String,
}

impl<'a> TapedWorld<'a> {
    pub(crate) const fn new(
        world: &'a mut dyn Manifold,
        tape: Option<&'a mut TapeSession>,
        written: Option<&'a mut Vec<Written>>,
    ) -> Self {
        Self {
            world,
            tape,
            failure: None,
            written,
        }
    }

    /// The first failure of the tape. Nothing was asked of the world after it.
    pub(crate) fn result(self) -> Result<(), RunIoError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// The recorded answer, or a new one that is recorded; `None` after a failure.
    fn answer(
        &mut self,
        question: Question,
        ask: impl FnOnce(&mut dyn Manifold) -> Answer,
    ) -> Option<Answer> {
        self.answer_to(question, None, ask)
    }

    /// The same for a question that changes the world, and so is scanned before.
    fn answer_to(
        &mut self,
        question: Question,
        effect: Option<(&'static str, [&str; 2])>,
        ask: impl FnOnce(&mut dyn Manifold) -> Answer,
    ) -> Option<Answer> {
        let tape = self.tape.as_deref_mut()?;
        if self.failure.is_some() {
            return None;
        }
        match taped(tape, question, effect, || ask(self.world)) {
            Ok(answer) => Some(answer),
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }

    fn put(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        if self.tape.is_none() {
            return self.world.write(path, content, effect, now_us);
        }
        let question = Question::Write {
            path: path.as_str().to_owned(),
            content: Digest::of(content.as_bytes()),
        };
        let scanned = Some(("a write", [path.as_str(), content]));
        let answer = self.answer_to(question, scanned, |world| {
            match world.write(path, content, effect, now_us) {
                Ok(()) => Answer::Written,
                Err(fault) => fault.into(),
            }
        });
        match answer {
            Some(Answer::Written) => Ok(()),
            other => Err(fault(other)),
        }
    }
}

fn taped(
    tape: &mut TapeSession,
    question: Question,
    effect: Option<(&'static str, [&str; 2])>,
    ask: impl FnOnce() -> Answer,
) -> Result<Answer, RunIoError> {
    match tape.ask(&question)? {
        Answered::Recorded(answer) if tape.is_carried_out() => {
            let found = ask();
            match answer.is_of_same_world(&found, &question) {
                true => Ok(answer),
                false => Err(tape.world_differs(&question, &answer, &found)),
            }
        }
        Answered::Recorded(answer) => Ok(answer),
        Answered::Live => {
            if let Some((effect, texts)) = effect {
                tape.check_effect(effect, texts)?;
            }
            let answer = ask();
            tape.record_answer(question, answer.clone())?;
            Ok(answer)
        }
    }
}

impl Manifold for TapedWorld<'_> {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        if self.tape.is_none() {
            return self.world.read(path, content);
        }
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
        if self.tape.is_none() {
            return self.world.list(directory, limit);
        }
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
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault> {
        self.put(path, content, effect, now_us)?;
        if let Some(written) = &mut self.written {
            written.push(Written {
                path: path.as_str().to_owned(),
                content: content.to_owned(),
            });
        }
        Ok(())
    }

    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome {
        if self.tape.is_none() {
            return self.world.exec(command, now_us);
        }
        let effect = Some(("a command", [command, ""]));
        let answer = self.answer_to(Question::Exec(command.to_owned()), effect, |world| {
            Answer::Command(Command::from(&world.exec(command, now_us)))
        });
        match answer {
            Some(Answer::Command(command)) => command.into(),
            // The tape has failed, so the tick is not committed.
            _ => CommandOutcome {
                exit_code: 127,
                ..CommandOutcome::default()
            },
        }
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        if self.tape.is_none() {
            return self.world.git_log(query);
        }
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

/// The fault in an answer. An entry whose answer does not fit its question is not read from a tape,
/// so the last arm is a tape that has failed.
fn fault(answer: Option<Answer>) -> WorldFault {
    match answer {
        Some(Answer::Fault { code, detail }) => WorldFault { code, detail },
        _ => WorldFault {
            code: WorldFaultCode::Other,
            detail: "the tape has failed".to_owned(),
        },
    }
}

/// No world: what a replay has behind its tape.
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
        _effect: Digest,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::{SecretScan, TapeWriter};
    use turingos_world::{Quota, World};

    /// What is written follows from a reply that was scanned, but need not stand in it: an append
    /// joins two pieces.
    #[test]
    fn secret_is_found_before_its_effect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tape.jsonl");
        let mut world = World::with_files(Quota::default(), [("a.txt", "before")]).unwrap();
        let unchanged = world.digest();
        for is_write in [true, false] {
            let scan = |bytes: &[u8]| {
                memchr::memmem::find(bytes, b"secret").map(|_| "a secret of the test")
            };
            let file = std::fs::File::create(&path).unwrap();
            let scan = Some(SecretScan::new(scan));
            let tape = TapeWriter::begin(file, &path, Digest::EMPTY, scan);
            let mut tape = TapeSession::recording(tape);
            tape.open_tick(7).unwrap();
            let mut taped = TapedWorld::new(&mut world, Some(&mut tape), None);
            let target = "a.txt".parse().unwrap();
            let effect = match is_write {
                true => {
                    assert!(
                        taped
                            .write(&target, "the secret", Digest::EMPTY, 0)
                            .is_err()
                    );
                    "a write"
                }
                false => {
                    taped.exec("echo secret > a.txt", 0);
                    "a command"
                }
            };
            assert_eq!(
                taped.result().unwrap_err().to_string(),
                format!(
                    "tick 7: {effect} would hold a secret of the test; it was not made, and the \
                     run has stopped"
                )
            );
            assert_eq!(world.digest(), unchanged);
            assert_eq!(std::fs::read(&path).unwrap(), b"");
        }
    }

    #[test]
    fn no_world_answers_nothing() {
        let path: WorkspacePath = "a.txt".parse().unwrap();
        let mut text = String::new();
        let absent = |fault: WorldFault| {
            assert_eq!(fault.code, WorldFaultCode::Other);
            assert_eq!(fault.detail, "there is no world behind this tape");
        };
        absent(NoWorld.read(&path, &mut text).unwrap_err());
        absent(NoWorld.list(None, 1).unwrap_err());
        absent(NoWorld.write(&path, "x", Digest::EMPTY, 0).unwrap_err());
        absent(NoWorld.git_log(&GitLogQuery::default()).unwrap_err());
        assert_eq!(NoWorld.exec("true", 0).exit_code, 127);
    }

    /// Everything that a kernel may ask, as text.
    fn answers(world: &mut impl Manifold) -> Vec<String> {
        let path: WorkspacePath = "new.txt".parse().unwrap();
        let absent: WorkspacePath = "absent.txt".parse().unwrap();
        let mut text = String::new();
        let mut all = vec![
            format!("{:?}", world.list(None, 9)),
            format!("{:?}", world.list(Some(&absent), 9)),
            format!("{:?}", world.write(&path, "new\n", Digest::EMPTY, 7)),
            format!("{:?}", world.exec("cat new.txt; ls; false", 8)),
            format!("{:?}", world.git_log(&GitLogQuery::default())),
        ];
        for path in [&path, &absent] {
            all.push(format!("{:?}", world.read(path, &mut text)));
        }
        all.push(text);
        all
    }

    #[test]
    fn answers_are_those_of_the_world_recorded_or_not() {
        let initial = || World::with_files(Quota::default(), [("a.txt", "before")]).unwrap();
        let expected = answers(&mut initial());
        assert_eq!(expected[7], "new\n");
        assert!(expected[4].contains("Ok(") && expected[6].contains("NotFound"));
        let mut world = initial();
        let mut written = Vec::new();
        let mut untaped = TapedWorld::new(&mut world, None, Some(&mut written));
        assert_eq!(answers(&mut untaped), expected);
        untaped.result().unwrap();
        let new = Written {
            path: "new.txt".to_owned(),
            content: "new\n".to_owned(),
        };
        assert_eq!(written, [new]);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(crate::RunDirectory::TAPE);
        let file = std::fs::File::create(&path).unwrap();
        let tape = TapeWriter::begin(file, &path, Digest::EMPTY, None);
        let mut tape = TapeSession::recording(tape);
        let mut world = initial();
        let mut recorded = TapedWorld::new(&mut world, Some(&mut tape), None);
        assert_eq!(answers(&mut recorded), expected);
        recorded.result().unwrap();
        assert_eq!(tape.chain().count(), 7);

        // The same from the tape, with no world behind it.
        let folder = crate::OpenFolder::open(directory.path()).unwrap();
        let ending = crate::tape::Ending::Stop;
        let mut tape = TapeSession::playing(&folder, Digest::EMPTY, ending).unwrap();
        let mut played = TapedWorld::new(&mut world, Some(&mut tape), None);
        assert_eq!(answers(&mut played), expected);
        played.result().unwrap();
        let mut ended = TapedWorld::new(&mut world, Some(&mut tape), None);
        assert!(ended.list(None, 9).is_err());
        assert_eq!(ended.exec("true", 0).exit_code, 127);
        assert!(ended.result().is_err());
    }
}
