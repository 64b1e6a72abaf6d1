//! One run's use of its tape: recording, playing, or playing to the end and recording from there.
//!
//! Playing is strict: the next question has to be the next one on the tape. Asks nobody itself: it
//! says whether an answer is recorded, or whether the caller has to ask and record it.

use std::fs::File;

use turingos::Digest;
use turingos::journal::Chain;

use super::entry::{CallEntry, CallOutcome, Entry};
use super::player::Player;
use super::request_encoder::RequestEncoder;
use super::world::{Answer, Question, WorldEntry};
use super::{SecretScan, TapeWriter};
use crate::divergence::{Cause, Divergence, differences};
use crate::error::RunIoError;
use crate::open_folder::OpenFolder;
use turingos_agents::{RawReply, Request, TransportFault};

/// The tape of one run. After an error the run has to end.
#[derive(Debug)]
pub struct TapeSession {
    tape: Tape,
    /// The tick that is open.
    tick: u64,
    /// What is played is done to the world as well.
    is_carried_out: bool,
}

#[derive(Debug)]
enum Tape {
    Recording(TapeWriter),
    Playing(Box<Player>, Ending),
}

/// What follows when the tape has been played to its end.
#[derive(Debug)]
pub enum Ending {
    /// Nothing: a further question is a divergence.
    Stop,
    /// The run continues and is recorded.
    Record {
        /// The tape, open for writing.
        file: File,
        /// How many ticks the journal has: none of them may need more than the tape holds.
        journal_ticks: u64,
        /// Stops the run rather than write a secret.
        scan: Option<SecretScan>,
    },
}

/// Where an answer comes from.
#[derive(Debug)]
pub(crate) enum Answered<T> {
    /// From the tape.
    Recorded(T),
    /// From outside: ask, then record the answer before it is used.
    Live,
}

impl TapeSession {
    /// Records on a tape that was begun.
    #[must_use]
    pub const fn recording(writer: TapeWriter) -> Self {
        Self::of(Tape::Recording(writer))
    }

    /// Plays the tape of the run in `folder`, whose chain begins at `genesis`, from its first entry on.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn playing(
        folder: &OpenFolder,
        genesis: Digest,
        ending: Ending,
    ) -> Result<Self, RunIoError> {
        let player = Player::open(folder, genesis)?;
        Ok(Self::of(Tape::Playing(Box::new(player), ending)))
    }

    const fn of(tape: Tape) -> Self {
        Self {
            tape,
            tick: 0,
            is_carried_out: false,
        }
    }

    /// Asks the world again what is played, so that a new directory becomes what the recorded one
    /// was. An answer that shows another directory is a divergence.
    pub(crate) const fn carry_out(&mut self) {
        self.is_carried_out = true;
    }

    /// Whether what is played is done to the world as well.
    pub(crate) const fn is_carried_out(&self) -> bool {
        self.is_carried_out
    }

    /// The divergence of a world that answers `question` in another way than was recorded.
    pub(crate) fn world_differs(
        &self,
        question: &Question,
        recorded: &Answer,
        found: &Answer,
    ) -> RunIoError {
        let (recorded, found) = (recorded.shown(), found.shown());
        RunIoError::Diverged(Box::new(Divergence {
            tick: self.tick,
            cause: Cause::WorldChanged,
            detail: format!(
                "the workspace cannot be made again: {} has another result than was recorded",
                question.shown()
            ),
            differences: differences(&recorded, &found),
            recorded: Some(recorded),
            replayed: Some(found),
        }))
    }

    /// Has everything that will be recorded scanned.
    pub(crate) fn scan_with(&mut self, with: &SecretScan) {
        match &mut self.tape {
            Tape::Recording(writer) => writer.scan_with(with.clone()),
            Tape::Playing(_, Ending::Record { scan, .. }) => *scan = Some(with.clone()),
            Tape::Playing(_, Ending::Stop) => {}
        }
    }

    /// Begins a tick. Nothing of the ticks before may be left on the tape.
    pub(crate) fn open_tick(&mut self, tick: u64) -> Result<(), RunIoError> {
        self.tick = tick;
        self.expect_no_entry_before(tick)
    }

    /// The recorded outcome of this call and how long it took, if it is recorded.
    pub(crate) fn call(
        &mut self,
        request: &Request<'_>,
        encoder: &mut dyn RequestEncoder,
    ) -> Result<Answered<(CallOutcome, u64)>, RunIoError> {
        self.play(|player| player.take_call(request, encoder))
    }

    /// Records a call that was made. When this returns, the operating system has it.
    pub(crate) fn record_call(
        &mut self,
        request: &Request<'_>,
        body: Vec<u8>,
        outcome: Result<&RawReply, TransportFault>,
        took_us: u64,
    ) -> Result<(), RunIoError> {
        self.record(&Entry::Call(CallEntry::new(
            request, body, outcome, took_us,
        )))
    }

    /// What the world answered to this question, if that is recorded.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<Answered<Answer>, RunIoError> {
        let tick = self.tick;
        self.play(|player| player.take_answer(tick, question))
    }

    /// Refuses an effect that would put a secret into the world. Only what is recorded is scanned.
    pub(crate) fn check_effect(
        &self,
        effect: &'static str,
        texts: [&str; 2],
    ) -> Result<(), RunIoError> {
        let Tape::Recording(writer) = &self.tape else {
            return Ok(());
        };
        let mut found = texts.iter().map(|text| writer.secret_in(text.as_bytes()));
        match found.find_map(|secret| secret) {
            None => Ok(()),
            Some(secret) => Err(RunIoError::SecretEffect {
                tick: self.tick,
                effect,
                secret,
            }),
        }
    }

    /// Records what a world answered. When this returns, the operating system has it.
    pub(crate) fn record_answer(
        &mut self,
        question: Question,
        answer: Answer,
    ) -> Result<(), RunIoError> {
        let tick = self.tick;
        self.record(&Entry::World(WorldEntry::new(tick, question, answer)))
    }

    /// Checks that nothing of the first `ticks` ticks is left on the tape.
    ///
    /// # Errors
    /// Something is left that the run did not ask for, or the tape cannot be read.
    pub fn expect_end(&mut self, ticks: u64) -> Result<(), RunIoError> {
        self.expect_no_entry_before(ticks)
    }

    /// The tape's head and how many entries were played and recorded.
    #[must_use]
    pub fn chain(&self) -> Chain {
        match &self.tape {
            Tape::Recording(writer) => writer.chain(),
            Tape::Playing(player, _) => player.place().chain,
        }
    }

    /// How many bytes of a torn line were found at the tape's end; 0 before the end.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        match &self.tape {
            Tape::Recording(_) => 0,
            Tape::Playing(player, _) => player.place().torn_bytes,
        }
    }

    /// How many bytes the entries played and recorded have.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.tape {
            Tape::Recording(writer) => writer.bytes(),
            Tape::Playing(player, _) => player.place().whole_bytes,
        }
    }

    /// Forces what was recorded onto the disk.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn synchronise(&self) -> Result<(), RunIoError> {
        match &self.tape {
            Tape::Recording(writer) => writer.synchronise(),
            Tape::Playing(..) => Ok(()),
        }
    }

    /// Whether the run is still being played, so that nothing has to be waited for.
    pub(crate) fn is_playing(&self) -> bool {
        match &self.tape {
            Tape::Recording(_) => false,
            Tape::Playing(player, ending) => matches!(ending, Ending::Stop) || !player.is_at_end(),
        }
    }

    /// What is taken from the tape, unless it has ended and the run is recorded from here on.
    fn play<T>(
        &mut self,
        take: impl FnOnce(&mut Player) -> Result<T, RunIoError>,
    ) -> Result<Answered<T>, RunIoError> {
        let Tape::Playing(player, ending) = &mut self.tape else {
            return Ok(Answered::Live);
        };
        if matches!(ending, Ending::Record { .. }) && player.has_ended()? {
            self.begin_recording()?;
            return Ok(Answered::Live);
        }
        take(player).map(Answered::Recorded)
    }

    /// From playing to recording: a torn line is cut.
    fn begin_recording(&mut self) -> Result<(), RunIoError> {
        let Tape::Playing(player, ending) = &mut self.tape else {
            return Ok(());
        };
        let Ending::Record {
            file,
            journal_ticks,
            scan,
        } = std::mem::replace(ending, Ending::Stop)
        else {
            return Ok(());
        };
        if self.tick < journal_ticks {
            return Err(RunIoError::TapeTooShort {
                path: player.path().to_path_buf(),
                tick: self.tick,
                journal_ticks,
            });
        }
        let place = player.place();
        let writer = TapeWriter::resume(file, player.path(), place.chain, place.whole_bytes, scan)?;
        self.tape = Tape::Recording(writer);
        Ok(())
    }

    fn record(&mut self, entry: &Entry) -> Result<(), RunIoError> {
        match &mut self.tape {
            Tape::Recording(writer) => writer.append(entry),
            Tape::Playing(..) => Ok(()),
        }
    }

    fn expect_no_entry_before(&mut self, tick: u64) -> Result<(), RunIoError> {
        match &mut self.tape {
            Tape::Recording(_) => Ok(()),
            Tape::Playing(player, _) => player.expect_no_entry_before(tick),
        }
    }
}
