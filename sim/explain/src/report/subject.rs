//! What a report says about one run: gathered while the run is carried out once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use turingos::Digest;
use turingos_run::{Fault, Gate, Kind, Manifest, RunIoError, RunReader, open_regular};

use super::account::{MAX_DOCUMENT_BYTES, ShrinkAccount};
use super::focus::{Focus, Traps, Window};
use super::series::{Bucket, Series};
use crate::journal::{JournalTick, journal_ticks};
use crate::playback::{Playback, Step};
use crate::tick_detail::TickDetail;
use crate::timeline::TimelineEntry;
use turingos_run::turingos_journal::JournalFault;

/// How a run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every gate passed or was skipped.
    Passed,
    /// A gate failed.
    Failed,
    /// The run has no manifest: its process stopped.
    Unfinished,
    /// A journal of TuringOS, which has no gates.
    NotJudged,
}

impl Verdict {
    /// The verdict as one word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::Unfinished => "UNFINISHED",
            Self::NotJudged => "NOT JUDGED",
        }
    }
}

/// Everything that a report says about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The scenario's name, or the kind of run.
    pub name: String,
    /// The seed and other facts of the header, each with its name.
    pub facts: Vec<(&'static str, String)>,
    /// How it came out.
    pub verdict: Verdict,
    /// The command that repeats it, if there is one.
    pub command: Option<String>,
    /// Its gates.
    pub gates: Vec<Gate>,
    /// How many ticks it has.
    pub ticks: u64,
    /// Virtual time at the end, in microseconds.
    pub time_us: u64,
    /// The root, if it has a journal of this program.
    pub root: Option<Digest>,
    /// The traps.
    pub traps: Traps,
    /// How many injected faults of each kind began, by class and kind.
    pub injected: BTreeMap<(&'static str, &'static str), u64>,
    /// How many ticks lane P answered, and how many of those in place of lane E.
    pub lane_p: [u64; 2],
    /// The measurements over ticks; none of a journal of TuringOS.
    pub series: Series,
    /// The tick that is shown in full.
    pub focus: Option<(Focus, Detail)>,
    /// The ticks around interesting ones.
    pub windows: Vec<(Window, Vec<TimelineEntry>)>,
    /// How `sim shrink` found it, if it did.
    pub shrink: Option<ShrinkAccount>,
}

/// A tick in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Of a run.
    Run(Box<TickDetail>),
    /// Of a journal of TuringOS.
    Journal(Box<JournalTick>),
}

/// Carries out the run in `directory` once and gathers what a report says about it. `progress` is
/// given how many ticks are done.
///
/// # Errors
/// The run is corrupt, cannot be read, or differs from its recording.
pub async fn examine_run(
    directory: &Path,
    mut progress: impl FnMut(u64),
) -> Result<RunSummary, RunIoError> {
    let reader = RunReader::of(directory);
    // A path that is not a run fails here first.
    reader.header_bytes()?;
    let manifest = reader.manifest()?;
    let mut traps = Traps::default();
    // What the frames say is checked below: the playback compares each with the one it computes.
    reader.trap_frames(|frame| traps.count(frame))?;
    let last = { manifest.as_ref() }.and_then(|manifest| manifest.records().checked_sub(1));
    let has_failed = manifest.as_ref().is_none_or(|manifest| !manifest.passed());
    let wanted = traps.focus(has_failed, last);
    let run = play(directory, &traps, wanted, last, &mut progress).await?;
    match run.ticks.checked_sub(1) {
        // The last tick of a killed run is known only now, and its traps may be ahead of its journal.
        Some(last) if run.focus.is_none() => {
            let traps = run.traps.clone();
            let wanted = Some(Focus {
                tick: last,
                reason: "the last tick of a run that did not finish".to_owned(),
            });
            play(directory, &traps, wanted, Some(last), &mut progress).await
        }
        _ => Ok(run),
    }
}

async fn play(
    directory: &Path,
    recorded: &Traps,
    wanted: Option<Focus>,
    last: Option<u64>,
    progress: &mut impl FnMut(u64),
) -> Result<RunSummary, RunIoError> {
    let reader = RunReader::of(directory);
    let header = reader.header_bytes()?;
    let kind = reader.kind_of(&header)?;
    let manifest = reader.manifest()?;
    let mut playback = Playback::open(directory)?;
    let mut subject = RunSummary::of(&header, &kind, manifest.as_ref());
    subject.windows = empty(recorded.windows(wanted.as_ref(), last));
    let wanted_tick = wanted.as_ref().map(|focus| focus.tick);
    let mut detail = None;
    loop {
        let tick = playback.tick();
        let step = if wanted_tick == Some(tick) {
            match playback.explain_step().await? {
                Some((step, explained)) => {
                    detail = Some(explained);
                    step
                }
                None => break,
            }
        } else {
            match playback.step().await? {
                Some(step) => step,
                None => break,
            }
        };
        subject.count(&step, playback.kernel().panic_resets());
        progress(tick + 1);
    }
    playback.expect_end()?;
    subject.focus = wanted.zip(detail.map(|detail| Detail::Run(Box::new(detail))));
    subject.root = Some(playback.root());
    subject.ticks = playback.tick();
    if !playback.end().is_finished() {
        subject.verdict = Verdict::Unfinished;
    }
    subject.windows.retain(|(_, entries)| !entries.is_empty());
    subject.shrink = shrink_account(directory, playback.root())?;
    Ok(subject)
}

/// The account beside a run that `sim shrink` wrote.
fn shrink_account(directory: &Path, root: Digest) -> Result<Option<ShrinkAccount>, RunIoError> {
    let path = directory.join(ShrinkAccount::FILE);
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let bad = |reason| RunIoError::BadLine {
        path: path.clone(),
        line: 1,
        reason,
    };
    let file = open_regular(&path).map_err(RunIoError::system("read", &path))?;
    let mut bytes = Vec::new();
    let limited = file.take(MAX_DOCUMENT_BYTES).read_to_end(&mut bytes);
    limited.map_err(RunIoError::system("read", &path))?;
    let account = ShrinkAccount::from_bytes(&bytes)
        .map_err(|reason| bad(format!("is not an account of a shrink: {reason}")))?;
    match account.smallest.root == root {
        true => Ok(Some(account)),
        false => Err(bad("is about another run".to_owned())),
    }
}

/// Reads a journal of TuringOS and gathers what a report can say about it. The file is read twice:
/// what is interesting is known only at its end.
///
/// # Errors
/// The first thing that is wrong with the journal.
pub fn examine_journal(
    name: &str,
    open: impl Fn() -> std::io::Result<File>,
) -> Result<RunSummary, JournalError> {
    let mut subject = RunSummary {
        name: name.to_owned(),
        ..RunSummary::default()
    };
    let ticks = journal_ticks(open()?, |tick| {
        for trap in &tick.traps {
            let number = tick.entry.tick;
            subject
                .traps
                .count_named(number, &trap.name, "", &trap.details);
        }
        subject.lane_p[0] += u64::from(tick.entry.lane == Some("P"));
    })?;
    let last = ticks.checked_sub(1);
    let focus = subject.traps.focus(true, last);
    subject.windows = empty(subject.traps.windows(focus.as_ref(), last));
    let mut detail = None;
    journal_ticks(open()?, |tick| {
        keep(&mut subject.windows, tick.entry.tick, || tick.entry.clone());
        if focus
            .as_ref()
            .is_some_and(|focus| focus.tick == tick.entry.tick)
        {
            detail = Some(Detail::Journal(Box::new(tick)));
        }
    })?;
    subject.ticks = ticks;
    subject.focus = focus.zip(detail);
    Ok(subject)
}

/// Why a journal could not be examined.
#[derive(Debug)]
pub enum JournalError {
    /// It cannot be opened.
    File(std::io::Error),
    /// It is not what TuringOS writes.
    Journal(JournalFault),
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl From<JournalFault> for JournalError {
    fn from(fault: JournalFault) -> Self {
        Self::Journal(fault)
    }
}

/// Nothing is known yet.
impl Default for RunSummary {
    fn default() -> Self {
        Self {
            name: String::new(),
            facts: Vec::new(),
            verdict: Verdict::NotJudged,
            command: None,
            gates: Vec::new(),
            ticks: 0,
            time_us: 0,
            root: None,
            traps: Traps::default(),
            injected: BTreeMap::new(),
            lane_p: [0; 2],
            series: Series::default(),
            focus: None,
            windows: Vec::new(),
            shrink: None,
        }
    }
}

impl RunSummary {
    fn of(header: &[u8], kind: &Kind, manifest: Option<&Manifest>) -> Self {
        // It is a header: its kind was read off it.
        let header: Value = serde_json::from_slice(header).unwrap_or_default();
        let (seed, profile) = kind.seed_and_profile();
        let mut facts = vec![
            ("seed", seed.to_string()),
            ("profile", profile.to_string()),
            (
                "kind",
                header["kind"].as_str().unwrap_or_default().to_owned(),
            ),
        ];
        if let Kind::Fork(header) = kind {
            facts.push(("forked from", header.config.parent.short(12)));
            facts.push(("at tick", header.config.at.to_string()));
            let edits = header.config.edits.iter();
            facts.extend(edits.map(|edit| ("change", edit.to_string())));
        }
        let verdict = match manifest {
            Some(manifest) if manifest.passed() => Verdict::Passed,
            Some(_) => Verdict::Failed,
            None => Verdict::Unfinished,
        };
        Self {
            name: kind.run_name(),
            facts,
            verdict,
            command: Some(match manifest {
                Some(manifest) => manifest.reproduce().to_owned(),
                None => kind.command(None),
            }),
            gates: manifest.map_or_else(Vec::new, |manifest| manifest.gates().to_vec()),
            ..Self::default()
        }
    }

    fn count(&mut self, step: &Step, budget_used: u8) {
        let record = &step.committed.record;
        let took_us = record.time_us.saturating_sub(self.time_us);
        self.time_us = record.time_us;
        self.series.push(Bucket::of(step, took_us, budget_used));
        step.committed
            .trap_frames
            .iter()
            .for_each(|frame| self.traps.count(frame));
        if record.route.lane == turingos::dispatch::Lane::P {
            self.lane_p[0] += 1;
            self.lane_p[1] += u64::from(record.route.failover.is_some());
        }
        for Fault { kind, .. } in &step.begun {
            let key = (kind.class(), kind.name());
            *self.injected.entry(key).or_default() += 1;
        }
        keep(&mut self.windows, record.tick, || {
            TimelineEntry::of(&step.committed, &step.injections)
        });
    }
}

type Windows = Vec<(Window, Vec<TimelineEntry>)>;

fn empty(windows: Vec<Window>) -> Windows {
    windows
        .into_iter()
        .map(|window| (window, Vec::new()))
        .collect()
}

/// Keeps the entry of a tick that is in a window.
fn keep(windows: &mut Windows, tick: u64, entry: impl FnOnce() -> TimelineEntry) {
    let mut windows = windows.iter_mut();
    let window = windows.find(|(window, _)| (window.from..=window.to).contains(&tick));
    if let Some((_, entries)) = window {
        entries.push(entry());
    }
}
