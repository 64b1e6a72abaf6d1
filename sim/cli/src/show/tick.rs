//! One tick in full, as text.

use std::io::{self, Write};

use crate::show::timeline_table::seconds;
use turingos::dispatch::{Health, Lane};
use turingos::isa::OpcodeClass;
use turingos::trap::TrapFrame;
use turingos_explain::{Attempt, JournalTick, Reading, TaskView, TickDetail};

/// A longer text is cut after so many lines.
const MAX_LINES: usize = 60;

/// Writes everything about a tick.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(detail: &TickDetail, out: &mut impl Write) -> io::Result<()> {
    let entry = &detail.entry;
    let route = &detail.route;
    let failover = match &entry.failover {
        Some(code) => format!(" after lane E failed with {code}"),
        None => String::new(),
    };
    let time = entry.time_us.map_or("-".to_owned(), seconds);
    writeln!(out, "tick {}  at {time} s", entry.tick)?;
    writeln!(out, "pointer   {}", &entry.pointer)?;
    writeln!(
        out,
        "route     lane {}{}, preferred {}, reason {}",
        entry.lane.unwrap_or("-"),
        failover,
        route.preferred.name(),
        route.reason.name()
    )?;
    writeln!(
        out,
        "          health P {}, E {}; expected {}, got {}",
        percent(route.health[Lane::P]),
        percent(route.health[Lane::E]),
        route.predicted.name(),
        route.actual.map_or("nothing", OpcodeClass::name)
    )?;
    for injection in &detail.injected {
        write!(out, "injected  {} ({}", injection.kind, injection.layer)?;
        match injection.draw {
            Some(draw) => writeln!(out, ", after {draw} words of its stream)")?,
            None => writeln!(out, ")")?,
        }
    }
    write_queue("run queue before", &detail.queue_before, out)?;
    write_text("q before", &detail.q_before, out)?;
    for section in &detail.frame {
        let title = format!("[{}]  {} characters", section.name, section.chars);
        write_text(&title, &section.text, out)?;
    }
    if detail.clipped {
        writeln!(out)?;
        writeln!(out, "the frame was over its limit: sections are clipped")?;
    }
    for attempt in &detail.attempts {
        write_attempt(attempt, out)?;
    }
    if let Some(syscall) = &detail.syscall {
        writeln!(out)?;
        writeln!(out, "syscall")?;
        writeln!(out, "  {syscall}")?;
    }
    for file in &detail.files {
        let title = format!("{} {}", file.change, &file.path);
        write_text(&title, &file.diff, out)?;
    }
    if detail.commands_unseen {
        writeln!(out)?;
        writeln!(out, "files that commands change are not on the tape")?;
    }
    for frame in &detail.trap_frames {
        writeln!(out)?;
        write_trap_frame(frame, out)?;
    }
    if detail.q_after != detail.q_before {
        write_text("q after", &detail.q_after, out)?;
    }
    if detail.queue_after != detail.queue_before {
        write_queue("run queue after", &detail.queue_after, out)?;
    }
    writeln!(out)?;
    writeln!(out, "next      {}  {}", &entry.next, entry.status)
}

/// Writes a trap frame.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_trap_frame(frame: &TrapFrame, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "trap      {}  {}  tick {}, trap {}, {} panic resets",
        frame.trap_base.0.name(),
        frame.cause.code,
        frame.tick,
        frame.seq,
        frame.panic_reset_count,
    )?;
    writeln!(out, "          {}", frame.details)
}

/// Writes what a journal of TuringOS says about a tick.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_journal_tick(tick: &JournalTick, out: &mut impl Write) -> io::Result<()> {
    let entry = &tick.entry;
    writeln!(out, "tick {}  line {}", entry.tick, tick.line)?;
    writeln!(out, "pointer   {}", &entry.pointer)?;
    writeln!(out, "lane      {}", entry.lane.unwrap_or("not recorded"))?;
    write_text("q before", &tick.q_before, out)?;
    for section in &tick.frame {
        let title = format!("[{}]  {} characters", section.name, section.chars);
        write_text(&title, &section.text, out)?;
    }
    write_text("action", &tick.action, out)?;
    if let Some(reason) = tick.foreign {
        writeln!(out, "  not of this instruction set: {reason}")?;
    }
    write_journal_traps(tick, out)?;
    if tick.q_after != tick.q_before {
        write_text("q after", &tick.q_after, out)?;
    }
    writeln!(out)?;
    writeln!(out, "next      {}", &entry.next)
}

/// Writes the traps of a tick of a journal.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_journal_traps(tick: &JournalTick, out: &mut impl Write) -> io::Result<()> {
    for trap in &tick.traps {
        let source = match trap.is_logged {
            true => "",
            false => ", without a frame",
        };
        writeln!(
            out,
            "trap      {}  tick {}, line {}{source}",
            trap.name, tick.entry.tick, trap.line,
        )?;
        writeln!(out, "          {}", trap.details)?;
    }
    Ok(())
}

/// A health as a percentage.
fn percent(health: Health) -> String {
    format!("{}.{:02}%", health.0 / 100, health.0 % 100)
}

fn write_attempt(attempt: &Attempt, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(
        out,
        "call      lane {}, attempt {}, {} ms",
        attempt.lane,
        attempt.attempt,
        attempt.took_us / 1_000
    )?;
    if let (Some(status), Some(provider)) = (attempt.status, attempt.provider) {
        write!(out, "          {provider}, status {status}")?;
        match attempt.retry_after_us {
            Some(pause) => writeln!(out, ", retry after {} s", seconds(pause))?,
            None => writeln!(out)?,
        }
    }
    if let Some(body) = &attempt.body {
        write_lines(body, out)?;
    }
    match &attempt.reading {
        Reading::Transition { text, canonical } => {
            writeln!(out, "decoded")?;
            if text != canonical {
                write_lines(text, out)?;
            }
            write_lines(canonical, out)
        }
        Reading::NotATransition {
            code,
            detail,
            place,
            ..
        } => {
            writeln!(out, "refused   {code}: {}", detail)?;
            match place {
                Some(place) => {
                    writeln!(out, "  {}", place.text)?;
                    let indent = " ".repeat(place.column);
                    writeln!(out, "  {indent}^ byte {}", place.byte)
                }
                None => Ok(()),
            }
        }
        Reading::NotAReply { code, detail } => {
            writeln!(out, "refused   {code}: {}", detail)
        }
        Reading::NoResponse { fault } => writeln!(out, "no response: {fault}"),
    }
}

fn write_queue(title: &str, tasks: &[TaskView], out: &mut impl Write) -> io::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "{title}")?;
    for task in tasks {
        let (id, status) = (&task.id, task.status);
        writeln!(out, "  {id}  {status:<9}  {}", &task.objective)?;
    }
    Ok(())
}

fn write_text(title: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{title}")?;
    write_lines(text, out)
}

fn write_lines(text: &str, out: &mut impl Write) -> io::Result<()> {
    let mut lines = text.lines();
    for line in lines.by_ref().take(MAX_LINES) {
        writeln!(out, "  {}", line)?;
    }
    match lines.count() {
        0 => Ok(()),
        more => writeln!(out, "  ({more} more lines; --json has them)"),
    }
}
