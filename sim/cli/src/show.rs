//! `sim show`: the timeline of a run, one tick in full, or its trap frames.
//!
//! Carries the run out again, and shows it only as far as it is as recorded.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::choice::one_of;
use super::exit::{Exit, Failure};
use super::show_tick;
use super::timeline_table::TimelineTable;
use turingos::trap::TrapFrame;
use turingos_explain::{Fold, Only, Playback, TickDetail, TimelineEntry, TimelineFilter};
use turingos_run::{RunEnd, RunIoError, on_virtual_time};

/// Show what a run did: its timeline, one tick in full, or its traps.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ShowArgs {
    /// The run's directory.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Show everything about this tick.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["from", "to", "only", "around", "traps"])]
    pub(crate) tick: Option<u64>,
    /// The first tick of the timeline.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from: Option<u64>,
    /// The last tick of the timeline.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: Option<u64>,
    /// Show the ticks around this one: ten before and ten after.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["from", "to"])]
    pub(crate) around: Option<u64>,
    /// Show ticks of one kind only.
    #[arg(long, value_parser = one_of(Only::ALL, Only::name))]
    pub(crate) only: Option<Only>,
    /// Show every trap frame of the run.
    #[arg(long, conflicts_with_all = ["from", "to", "only", "around"])]
    pub(crate) traps: bool,
    /// Print the result as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How many ticks `--around` shows on each side.
const AROUND: u64 = 10;

impl ShowArgs {
    fn filter(&self) -> TimelineFilter {
        let (from, to) = match self.around {
            Some(tick) => (tick.saturating_sub(AROUND), tick.saturating_add(AROUND)),
            None => (self.from.unwrap_or(0), self.to.unwrap_or(u64::MAX)),
        };
        TimelineFilter {
            from,
            to,
            only: self.only,
        }
    }

    /// Uneventful ticks are folded unless certain ticks were asked for.
    const fn folds(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.around.is_none() && self.only.is_none()
    }
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    format: &'static str,
    /// How many ticks were carried out again.
    ticks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tick: Option<&'a TickDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<&'a [TimelineEntry]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap_frames: Option<&'a [TrapFrame]>,
}

/// Runs the verb.
///
/// # Errors
/// The run is corrupt, cannot be read or differs from its recording, it has no such tick, or the
/// output cannot be written.
pub(crate) fn run(arguments: &ShowArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut playback = Playback::open(&arguments.run)?;
    if let Some(tick) = arguments.tick {
        let detail = on_virtual_time(detail(&mut playback, tick))?;
        return show_detail(arguments, &playback, &detail, out);
    }
    if arguments.traps {
        let frames = on_virtual_time(trap_frames(&mut playback))?;
        return show_traps(arguments, &playback, &frames, out);
    }
    let filter = arguments.filter();
    if arguments.json {
        let entries = on_virtual_time(entries(&mut playback, filter))?;
        let json = Json {
            timeline: Some(&entries),
            ..Json::of(&playback)
        };
        return json.write(out);
    }
    on_virtual_time(async {
        let mut table = TimelineTable::begin(out)?;
        let mut fold = Fold::default();
        while playback.tick() <= filter.to {
            let Some(step) = playback.step().await? else {
                break;
            };
            let entry = TimelineEntry::of(&step.committed, &step.injections);
            if !filter.takes(&entry) {
                continue;
            }
            match arguments.folds() {
                true => fold.push(entry, |line| table.line(&line)),
                false => table.tick(&entry),
            }
            table.write(out)?;
        }
        fold.flush(|line| table.line(&line));
        table.write(out)?;
        Ok::<(), Failure>(())
    })?;
    let ticks = playback.tick();
    let root = playback.root();
    match playback.end() {
        _ if ticks > filter.to => writeln!(out, "\nstopped after {ticks} ticks")?,
        RunEnd::Finished => writeln!(out, "\n{ticks} ticks, as recorded, root {root}")?,
        end @ RunEnd::Unfinished { .. } => writeln!(out, "\n{end}, root {root}")?,
    }
    out.flush()?;
    Ok(Exit::Passed)
}

async fn entries(
    playback: &mut Playback,
    filter: TimelineFilter,
) -> Result<Vec<TimelineEntry>, RunIoError> {
    let mut entries = Vec::new();
    while playback.tick() <= filter.to {
        let Some(step) = playback.step().await? else {
            break;
        };
        let entry = TimelineEntry::of(&step.committed, &step.injections);
        if filter.takes(&entry) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

async fn trap_frames(playback: &mut Playback) -> Result<Vec<TrapFrame>, RunIoError> {
    let mut frames = Vec::new();
    while let Some(step) = playback.step().await? {
        frames.extend(step.committed.trap_frames);
    }
    Ok(frames)
}

/// The explanation of one tick.
async fn detail(playback: &mut Playback, tick: u64) -> Result<TickDetail, Failure> {
    while playback.tick() < tick {
        if playback.step().await?.is_none() {
            return Err(past_the_end(playback, tick));
        }
    }
    let detail = playback.explain().await?;
    detail.ok_or_else(|| past_the_end(playback, tick))
}

fn past_the_end(playback: &Playback, tick: u64) -> Failure {
    let ticks = playback.tick();
    let last = match ticks.checked_sub(1) {
        Some(last) => format!("its last tick is {last}"),
        None => "it has no ticks".to_owned(),
    };
    Failure::new(Exit::Usage, format!("the run has no tick {tick}: {last}"))
}

fn show_detail(
    arguments: &ShowArgs,
    playback: &Playback,
    detail: &TickDetail,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if arguments.json {
        let json = Json {
            tick: Some(detail),
            ..Json::of(playback)
        };
        return json.write(out);
    }
    show_tick::write(detail, out)?;
    out.flush()?;
    Ok(Exit::Passed)
}

fn show_traps(
    arguments: &ShowArgs,
    playback: &Playback,
    frames: &[TrapFrame],
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if arguments.json {
        let json = Json {
            trap_frames: Some(frames),
            ..Json::of(playback)
        };
        return json.write(out);
    }
    for frame in frames {
        show_tick::write_trap_frame(frame, out)?;
    }
    writeln!(out, "{} traps in {} ticks", frames.len(), playback.tick())?;
    out.flush()?;
    Ok(Exit::Passed)
}

impl Json<'_> {
    fn of(playback: &Playback) -> Self {
        Self {
            format: "turingos.show/1",
            ticks: playback.tick(),
            tick: None,
            timeline: None,
            trap_frames: None,
        }
    }

    fn write(&self, out: &mut impl Write) -> Result<Exit, Failure> {
        let line = serde_json::to_string(self).map_err(std::io::Error::from)?;
        writeln!(out, "{line}")?;
        out.flush()?;
        Ok(Exit::Passed)
    }
}
