//! `sim show`: the timeline of a run, one tick in full, or its trap frames.
//!
//! Carries the run out again, and shows it only as far as it is as recorded.

mod exchanges;
mod tick;
pub(crate) mod timeline_table;
pub(crate) mod timeline_text;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::choice::one_of;
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::paths::existing;
use crate::show::timeline_text::TimelineText;
use crate::terminal::looks::Looks;
use turingos::trap::TrapFrame;
use turingos_exchange::is_exchange_tape;
use turingos_explain::{
    JournalTick, Only, Playback, TickDetail, TimelineEntry, TimelineFilter, journal_ticks,
};
use turingos_run::{RunEnd, RunIoError, on_virtual_time, open_regular};

/// Show what a run did: its timeline, one tick in full, or its traps; or the calls of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct ShowArgs {
    /// The directory of a run or of an agent's recording, or a journal of TuringOS.
    #[arg(value_name = "RUN", value_parser = existing())]
    pub(crate) run: PathBuf,
    /// Show everything about this tick.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["from", "to", "only", "around", "traps"])]
    pub(crate) tick: Option<u64>,
    /// The first tick of the timeline, or the first call.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from: Option<u64>,
    /// The last tick of the timeline, or the last call.
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
    /// Show everything about this call of an agent's recording.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["tick", "from", "to", "only", "around", "traps"])]
    pub(crate) call: Option<u64>,
    /// Print the result as one JSON object.
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
    /// How many ticks were carried out again.
    ticks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tick: Option<OneTick<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<&'a [TimelineEntry]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap_frames: Option<&'a [TrapFrame]>,
}

/// One tick of a run, or of a journal of TuringOS.
#[derive(Serialize)]
#[serde(untagged)]
enum OneTick<'a> {
    Run(&'a TickDetail),
    Journal(&'a JournalTick),
}

/// Runs the verb.
///
/// # Errors
/// The run is corrupt, cannot be read or differs from its recording, it has no such tick, or the
/// output cannot be written.
pub(crate) fn run(
    arguments: &ShowArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    if is_exchange_tape(&arguments.run) {
        return exchanges::show(arguments, looks, out);
    }
    if arguments.call.is_some() {
        let message = "--call is for recordings of agents; show a tick by --tick";
        return Err(Failure::new(Exit::Usage, message));
    }
    if arguments.run.is_file() {
        return show_journal(arguments, looks, out);
    }
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
            ..Json::of(playback.tick())
        };
        return json.write(out);
    }
    let mut text = TimelineText::begin(arguments.folds(), looks, out)?;
    on_virtual_time(async {
        while playback.tick() <= filter.to {
            let Some(step) = playback.step().await? else {
                break;
            };
            let entry = TimelineEntry::of(&step.committed, &step.injections);
            if filter.takes(&entry) {
                text.push(entry, out)?;
            }
        }
        Ok::<(), Failure>(())
    })?;
    text.end(out)?;
    let ticks = playback.tick();
    let root = playback.root();
    if ticks <= filter.to {
        playback.expect_end()?;
    }
    match playback.end() {
        _ if ticks > filter.to => writeln!(out, "stopped after {ticks} ticks")?,
        RunEnd::Finished => writeln!(out, "AS RECORDED  {ticks} ticks, root {root}")?,
        end @ RunEnd::Unfinished { .. } => writeln!(out, "{end}, root {root}")?,
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

/// Shows a journal of TuringOS from its tuples. Nothing is shown of one that is corrupt.
fn show_journal(arguments: &ShowArgs, looks: Looks, out: &mut impl Write) -> Result<Exit, Failure> {
    let path = &arguments.run;
    let file = open_regular(path).map_err(|cause| Failure::of_file("read", path, &cause))?;
    let filter = arguments.filter();
    let mut chosen = Vec::new();
    let ticks = journal_ticks(file, |tick| {
        let is_wanted = match arguments.tick {
            Some(number) => tick.entry.tick == number,
            None if arguments.traps => !tick.traps.is_empty(),
            None => filter.takes(&tick.entry),
        };
        if is_wanted {
            chosen.push(tick);
        }
    });
    let ticks = ticks.map_err(|fault| {
        let place = format!("{}: line {}", path.display(), fault.line);
        Failure::new(
            Exit::Corrupt,
            format!("{place}: {}: {}", fault.code, fault.detail),
        )
    })?;
    if let Some(number) = arguments.tick {
        let tick = chosen.first().ok_or_else(|| no_tick(ticks, number))?;
        if arguments.json {
            let json = Json {
                tick: Some(OneTick::Journal(tick)),
                ..Json::of(ticks)
            };
            return json.write(out);
        }
        tick::write_journal_tick(tick, out)?;
        return Ok(Exit::Passed);
    }
    let entries = || chosen.iter().map(|tick| tick.entry.clone());
    if arguments.json {
        let entries: Vec<TimelineEntry> = entries().collect();
        let json = Json {
            timeline: Some(&entries),
            ..Json::of(ticks)
        };
        return json.write(out);
    }
    if arguments.traps {
        for tick in &chosen {
            tick::write_journal_traps(tick, out)?;
        }
        return Ok(Exit::Passed);
    }
    let mut text = TimelineText::begin(arguments.folds(), looks, out)?;
    for entry in entries() {
        text.push(entry, out)?;
    }
    text.end(out)?;
    writeln!(out, "{ticks} ticks of a TuringOS journal, from its tuples")?;
    out.flush()?;
    Ok(Exit::Passed)
}

fn past_the_end(playback: &Playback, tick: u64) -> Failure {
    no_tick(playback.tick(), tick)
}

fn no_tick(ticks: u64, tick: u64) -> Failure {
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
            tick: Some(OneTick::Run(detail)),
            ..Json::of(playback.tick())
        };
        return json.write(out);
    }
    tick::write(detail, out)?;
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
            ..Json::of(playback.tick())
        };
        return json.write(out);
    }
    for frame in frames {
        tick::write_trap_frame(frame, out)?;
    }
    writeln!(out, "{} traps in {} ticks", frames.len(), playback.tick())?;
    out.flush()?;
    Ok(Exit::Passed)
}

impl Json<'_> {
    const fn of(ticks: u64) -> Self {
        Self {
            ticks,
            tick: None,
            timeline: None,
            trap_frames: None,
        }
    }

    fn write(&self, out: &mut impl Write) -> Result<Exit, Failure> {
        write_object("show-report", self, out)?;
        out.flush()?;
        Ok(Exit::Passed)
    }
}
