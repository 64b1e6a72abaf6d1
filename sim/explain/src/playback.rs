//! A recorded run, carried out again tick by tick and held to its recording.

use std::path::Path;

use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::journal::Chain;
use turingos::kernel::{Committed, Kernel};
use turingos_agents::{Injected, RawReply, TransportFault};
use turingos_run::replay::Recording;
use turingos_run::tape::{Call, TapeSession, Written};
use turingos_run::{AnyRun, Fault, Injections, Kind, RunEnd, RunIoError, Sink, Tick};

use crate::file_changes::{Files, texts};

/// A run that is carried out again, tick by tick. Its calls must run inside
/// [`turingos_run::on_virtual_time`].
pub struct Playback {
    kind: Kind,
    run: AnyRun<Evidence>,
    /// The workspace as far as it is known, where the world is only on the tape.
    mirror: Files,
}

/// What one tick of a playback left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The record and the trap frames.
    pub committed: Committed,
    /// What was injected.
    pub injections: Injections,
    /// The injected faults that began.
    pub begun: Vec<Fault>,
    /// How long the calls of oracles took together, in microseconds; the rest of the tick was
    /// waiting and commands.
    pub called_us: u64,
}

/// One call of an oracle, kept.
#[derive(Clone, Debug)]
pub(crate) struct KeptCall {
    pub(crate) lane: Lane,
    pub(crate) attempt: u32,
    pub(crate) q: String,
    pub(crate) frame: String,
    pub(crate) outcome: Result<RawReply, TransportFault>,
    pub(crate) took_us: u64,
}

/// Compares every tick with the recording, and keeps what a tick's explanation needs.
struct Evidence {
    recording: Recording,
    injections: Option<Injections>,
    begun: Vec<Fault>,
    called_us: u64,
    /// The calls of the tick, if they are wanted.
    calls: Option<Vec<KeptCall>>,
}

impl Sink for Evidence {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.recording.tape_mut())
    }

    fn called(&mut self, call: &Call<'_>) {
        self.called_us = self.called_us.saturating_add(call.took_us);
        let Some(calls) = &mut self.calls else {
            return;
        };
        calls.push(KeptCall {
            lane: call.request.lane,
            attempt: call.request.attempt,
            q: call.request.q.to_owned(),
            frame: call.request.frame.to_owned(),
            outcome: call.outcome.cloned(),
            took_us: call.took_us,
        });
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.recording.verify_next(tick)?;
        self.injections = Some(tick.injections.clone());
        self.begun = Fault::begun_in(tick);
        Ok(())
    }

    fn recorded_chain(&self) -> Option<Chain> {
        Some(self.recording.chain())
    }
}

impl Playback {
    /// Opens the run in `directory`: a finished one, or one that was killed.
    ///
    /// # Errors
    /// A file is missing, corrupt or cannot be read.
    pub fn open(directory: &Path) -> Result<Self, RunIoError> {
        let recording = Recording::open(directory)?;
        let kind = recording.kind()?;
        let evidence = Evidence {
            recording,
            injections: None,
            begun: Vec::new(),
            called_us: 0,
            calls: None,
        };
        // Where the world is only on the tape, what the run put into it is known.
        let scenario = kind.scenario_in_a_directory();
        let mirror = scenario.map_or_else(Files::new, |it| texts(it.world().files()));
        let run = AnyRun::of(&kind, evidence);
        let mut playback = Self { kind, run, mirror };
        if playback.is_mirrored() {
            playback.run.note_written();
        }
        Ok(playback)
    }

    /// Carries out the next recorded tick; `None` behind the last one.
    ///
    /// # Errors
    /// The tick is not the recorded one, or a file is corrupt or cannot be read.
    pub async fn step(&mut self) -> Result<Option<Step>, RunIoError> {
        if !self.evidence().recording.has_next()? {
            return Ok(None);
        }
        let committed = self.run.tick().await?;
        for Written { path, content } in self.run.take_written() {
            self.mirror.insert(path, content);
        }
        let Some(committed) = committed else {
            return Ok(None);
        };
        let evidence = self.evidence();
        let called_us = std::mem::take(&mut evidence.called_us);
        let begun = std::mem::take(&mut evidence.begun);
        Ok(evidence.injections.take().map(|injections| Step {
            committed,
            injections,
            begun,
            called_us,
        }))
    }

    /// Checks that the recording ends here, once every tick was carried out: that no file has more,
    /// and that the manifest claims of the run what came out.
    ///
    /// # Errors
    /// A file has more, or the manifest claims something else.
    pub fn expect_end(&mut self) -> Result<(), RunIoError> {
        let recording = &mut self.run.sink_mut().recording;
        recording.expect_last_record(&self.kind)?;
        if !recording.is_finished() {
            return Ok(());
        }
        let recorded_in = recording.recorded_in();
        let derived = self.run.manifest(&self.kind, recorded_in.as_deref());
        let recording = &mut self.run.sink_mut().recording;
        // A file that is not the manifest's explains a difference.
        recording.expect_end(&self.kind)?;
        recording.expect_claims(&derived?)
    }

    /// The number of the next tick.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.kernel().tick()
    }

    /// The kernel before the next tick.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        self.run.kernel()
    }

    /// The head of the journal's chain so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.run.root()
    }

    /// How the recording ends, as far as it was played.
    #[must_use]
    pub fn end(&mut self) -> RunEnd {
        let ticks = self.tick();
        match self.evidence().recording.is_finished() {
            true => RunEnd::Finished,
            false => RunEnd::Unfinished {
                records: ticks,
                torn_bytes: 0,
            },
        }
    }

    /// Whether files are known only from what the kernel wrote: the world is on the tape, and files
    /// that its commands change are not.
    #[must_use]
    pub fn is_mirrored(&self) -> bool {
        self.run.files().is_none()
    }

    /// What the seeded oracle did to the last reply.
    pub(crate) fn injected(&self) -> Option<Injected> {
        self.run.injected().copied()
    }

    /// The texts of all files before the next tick.
    pub(crate) fn files(&self) -> Files {
        self.run.files().map_or_else(|| self.mirror.clone(), texts)
    }

    /// Keeps the calls of the next tick.
    pub(crate) fn keep_calls(&mut self) {
        self.evidence().calls = Some(Vec::new());
    }

    /// The calls kept, which are kept no longer.
    pub(crate) fn take_calls(&mut self) -> Vec<KeptCall> {
        self.evidence().calls.take().unwrap_or_default()
    }

    fn evidence(&mut self) -> &mut Evidence {
        self.run.sink_mut()
    }
}
