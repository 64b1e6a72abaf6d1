//! The deck: one tape that is recorded, played, or played to its end and then recorded on.
//!
//! Oracle and world of a run share one deck, because their inputs stand on one tape in one order.
//! Playing is strict: what is asked has to be what the tape says was asked next. Never calls
//! anybody, and never goes on after a divergence or a failed write: whoever runs ticks looks at
//! [`Deck::failure`] after each, and what was committed in that tick does not count.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use turingos::Digest;
use turingos::journal::Chain;

use super::entry::{CallEntry, CallOutcome, Entry};
use super::player::Player;
use super::request_encoder::RequestEncoder;
use super::world::{Answer, Question, WorldEntry};
use super::{SecretScan, TapeWriter};
use crate::driver::{Call, Observer};
use crate::error::RunIoError;
use turingos_agents::Request;

/// A tape with its one end, shared by everybody who records on it or is played from it.
#[derive(Clone, Debug)]
pub struct Deck(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    tape: Tape,
    /// The tick that is open.
    tick: u64,
    /// The body of the call that is under way, if it belongs on the tape.
    sent: Option<Vec<u8>>,
    /// How long the call that has just been played took.
    played_us: Option<u64>,
    failure: Option<RunIoError>,
}

#[derive(Debug)]
enum Tape {
    Recording(TapeWriter),
    Playing(Box<Player>, Ending),
}

/// What follows when the tape has been played to its end.
#[derive(Debug)]
pub enum Ending {
    /// Nothing: whoever asks for more has diverged.
    Stop,
    /// The run goes on and is recorded.
    Record {
        /// The tape, open for writing.
        file: File,
        /// How many ticks the journal has: none of them may need more than the tape holds.
        journal_ticks: u64,
        /// Stops the run rather than write a secret.
        scan: Option<SecretScan>,
    },
}

/// What the tape says to a question.
#[derive(Debug)]
pub enum Played<T> {
    /// This was answered when the run was recorded.
    Old(T),
    /// Ask again for real; the answer will be recorded.
    New,
    /// Ask nobody: the run has to end.
    Nothing,
}

impl Deck {
    /// Records on a tape that was begun.
    #[must_use]
    pub fn recording(writer: TapeWriter) -> Self {
        Self::of(Tape::Recording(writer))
    }

    /// Plays the tape at `path`, whose chain begins at `genesis`, from its first entry on.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn playing(path: &Path, genesis: Digest, ending: Ending) -> Result<Self, RunIoError> {
        let player = Player::open(path, genesis)?;
        Ok(Self::of(Tape::Playing(Box::new(player), ending)))
    }

    fn of(tape: Tape) -> Self {
        Self(Rc::new(RefCell::new(State {
            tape,
            tick: 0,
            sent: None,
            played_us: None,
            failure: None,
        })))
    }

    /// Has everything that will be recorded scanned.
    pub fn scan_with(&self, with: &SecretScan) {
        match &mut self.0.borrow_mut().tape {
            Tape::Recording(writer) => writer.scan_with(with.clone()),
            Tape::Playing(_, Ending::Record { scan, .. }) => *scan = Some(with.clone()),
            Tape::Playing(_, Ending::Stop) => {}
        }
    }

    /// Announces a call of this request, whose body `encoder` makes: it is answered from the tape, or
    /// has to be made and is recorded when it has ended. Calls that are not announced are not
    /// recorded.
    #[must_use]
    pub fn call(
        &self,
        request: &Request<'_>,
        encoder: &mut impl RequestEncoder,
    ) -> Played<CallOutcome> {
        let mut state = self.0.borrow_mut();
        let played = state.play(|player| player.take_call(request, encoder));
        match played {
            Played::Old((outcome, took_us)) => {
                state.played_us = Some(took_us);
                state.sent = None;
                Played::Old(outcome)
            }
            Played::New => {
                state.sent = Some(encoder.body(request));
                Played::New
            }
            Played::Nothing => Played::Nothing,
        }
    }

    /// Asks what a world answered to this question.
    #[must_use]
    pub fn ask(&self, question: &Question) -> Played<Answer> {
        let mut state = self.0.borrow_mut();
        let tick = state.tick;
        state.play(|player| player.take_answer(tick, question))
    }

    /// Records what a world answered. When this returns, the operating system has it.
    pub fn answered(&self, question: Question, answer: Answer) {
        let mut state = self.0.borrow_mut();
        let tick = state.tick;
        state.record(&Entry::World(WorldEntry::new(tick, question, answer)));
    }

    /// Checks that nothing of the first `ticks` ticks is left on the tape.
    ///
    /// # Errors
    /// Something is left that the run did not ask for, or the tape cannot be read.
    pub fn expect_end(&self, ticks: u64) -> Result<(), RunIoError> {
        let mut state = self.0.borrow_mut();
        state.expect_no_entry_before(ticks);
        match state.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Why the run has to end, if it has to. Asking takes it; the deck stays stopped.
    #[must_use]
    pub fn failure(&self) -> Option<RunIoError> {
        let mut state = self.0.borrow_mut();
        let failure = state.failure.take();
        if failure.is_some() {
            state.failure = Some(RunIoError::Stopped);
        }
        failure
    }

    /// Where the tape stands: its head and how many entries were played and recorded.
    #[must_use]
    pub fn chain(&self) -> Chain {
        match &self.0.borrow().tape {
            Tape::Recording(writer) => writer.chain(),
            Tape::Playing(player, _) => player.place().chain,
        }
    }

    /// How many bytes of a torn line were found at the tape's end; 0 before the end.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        match &self.0.borrow().tape {
            Tape::Recording(_) => 0,
            Tape::Playing(player, _) => player.place().torn_bytes,
        }
    }

    /// Forces what was recorded onto the disk.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn synchronise(&self) -> Result<(), RunIoError> {
        match &self.0.borrow().tape {
            Tape::Recording(writer) => writer.synchronise(),
            Tape::Playing(..) => Ok(()),
        }
    }
}

impl Observer for Deck {
    fn opening(&mut self, tick: u64) {
        let mut state = self.0.borrow_mut();
        state.tick = tick;
        state.expect_no_entry_before(tick);
    }

    fn called(&mut self, call: &Call<'_>) -> u64 {
        let mut state = self.0.borrow_mut();
        match state.sent.take() {
            Some(body) => {
                let entry = CallEntry::new(&call.request, body, call.outcome, call.took_us);
                state.record(&Entry::Call(entry));
                call.took_us
            }
            None => state.played_us.take().unwrap_or(call.took_us),
        }
    }

    fn is_playing(&self) -> bool {
        match &self.0.borrow().tape {
            Tape::Recording(_) => false,
            Tape::Playing(player, ending) => matches!(ending, Ending::Stop) || !player.is_at_end(),
        }
    }

    fn has_stopped(&self) -> bool {
        self.0.borrow().failure.is_some()
    }
}

impl State {
    /// What is taken from the tape, unless it has ended.
    fn play<T>(&mut self, take: impl FnOnce(&mut Player) -> Result<T, RunIoError>) -> Played<T> {
        if self.failure.is_some() {
            return Played::Nothing;
        }
        match self.try_to_play(take) {
            Ok(played) => played,
            Err(failure) => {
                self.failure = Some(failure);
                Played::Nothing
            }
        }
    }

    fn try_to_play<T>(
        &mut self,
        take: impl FnOnce(&mut Player) -> Result<T, RunIoError>,
    ) -> Result<Played<T>, RunIoError> {
        let Tape::Playing(player, ending) = &mut self.tape else {
            return Ok(Played::New);
        };
        if matches!(ending, Ending::Record { .. }) && player.has_ended()? {
            self.turn_over()?;
            return Ok(Played::New);
        }
        take(player).map(Played::Old)
    }

    /// From playing to recording: the torn line is cut, if there is one.
    fn turn_over(&mut self) -> Result<(), RunIoError> {
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

    fn record(&mut self, entry: &Entry) {
        if self.failure.is_some() {
            return;
        }
        if let Tape::Recording(writer) = &mut self.tape
            && let Err(failure) = writer.append(entry)
        {
            self.failure = Some(failure);
        }
    }

    fn expect_no_entry_before(&mut self, tick: u64) {
        if self.failure.is_some() {
            return;
        }
        if let Tape::Playing(player, _) = &mut self.tape
            && let Err(failure) = player.expect_no_entry_before(tick)
        {
            self.failure = Some(failure);
        }
    }
}
