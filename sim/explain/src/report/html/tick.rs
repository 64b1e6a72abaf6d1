//! One tick in full, as `sim show --tick` has it.

use turingos::isa::OpcodeClass;
use turingos::trap::TrapFrame;

use super::page::{Page, percent, seconds};
use crate::caret::Excerpt;
use crate::frame_sections::FrameSection;
use crate::journal::JournalTick;
use crate::report::focus::Focus;
use crate::report::subject::Detail;
use crate::tick_detail::{Attempt, Reading, TaskView, TickDetail};
use crate::timeline::TimelineEntry;

/// Writes the section of the tick in focus.
pub(super) fn write_focus(page: &mut Page, focus: &Focus, detail: &Detail) {
    page.markup("<section><h2>Tick ").count(focus.tick);
    page.element(
        " in full</h2><p class=\"note\">Chosen as ",
        &focus.reason,
        ".</p>",
    );
    match detail {
        Detail::Run(detail) => write_run(page, detail),
        Detail::Journal(tick) => write_journal(page, tick),
    }
    page.markup("</section>");
}

fn write_run(page: &mut Page, detail: &TickDetail) {
    let entry = &detail.entry;
    page.markup("<dl class=\"facts wide\">");
    fact(page, "Happened", |page| happened(page, entry));
    fact(page, "Pointer", |page| code(page, &entry.pointer));
    fact(page, "Time", |page| {
        page.text(&seconds(entry.time_us.unwrap_or_default()))
            .markup(" s");
    });
    fact(page, "Route", |page| write_route(page, detail));
    for injection in &detail.injected {
        fact(page, "Injected", |page| {
            page.element("<b class=\"injected\">", injection.kind, "</b> ");
            page.element("(", injection.layer, "");
            if let Some(draw) = injection.draw {
                page.markup(", after ")
                    .count(draw)
                    .markup(" words of its stream");
            }
            page.markup(")");
        });
    }
    fact(page, "Next", |page| {
        code(page, &entry.next);
        if entry.status != "RUNNING" {
            page.element(" <b class=\"fault\">", entry.status, "</b>");
        }
    });
    page.markup("</dl>");
    detail
        .trap_frames
        .iter()
        .for_each(|frame| write_trap(page, frame));
    page.markup("<h3>What the model saw</h3>");
    folded(page, "State q before", &detail.q_before, false);
    write_frame(page, &detail.frame);
    if detail.clipped {
        page.markup("<p class=\"note\">The frame was over its limit: sections are clipped.</p>");
    }
    page.markup("<h3>What it answered</h3>");
    detail
        .attempts
        .iter()
        .for_each(|attempt| write_attempt(page, attempt));
    if let Some(syscall) = &detail.syscall {
        page.markup("<h3>Syscall</h3>");
        block(page, syscall);
    }
    for file in &detail.files {
        page.element("<h3>File ", file.change, " ");
        code(page, &file.path);
        page.markup("</h3>");
        write_diff(page, &file.diff);
    }
    if detail.commands_unseen {
        page.markup("<p class=\"note\">Files that commands change are not on the tape.</p>");
    }
    if detail.q_after != detail.q_before {
        page.markup("<h3>Afterwards</h3>");
        folded(page, "State q after", &detail.q_after, false);
    }
    write_queue(page, "Run queue before", &detail.queue_before);
    if detail.queue_after != detail.queue_before {
        write_queue(page, "Run queue after", &detail.queue_after);
    }
}

fn write_journal(page: &mut Page, tick: &JournalTick) {
    page.markup("<dl class=\"facts wide\">");
    fact(page, "Line", |page| {
        page.count(tick.line);
    });
    fact(page, "Pointer", |page| code(page, &tick.entry.pointer));
    fact(page, "Next", |page| code(page, &tick.entry.next));
    page.markup("</dl>");
    for trap in &tick.traps {
        page.element(
            "<div class=\"trap\"><p><b class=\"trapped\">",
            &trap.name,
            "</b></p>",
        );
        page.element("<p>", &trap.details, "</p></div>");
    }
    page.markup("<h3>What the model saw</h3>");
    folded(page, "State before", &tick.q_before, false);
    write_frame(page, &tick.frame);
    page.markup("<h3>Action</h3>");
    block(page, &tick.action);
    if let Some(reason) = tick.foreign {
        page.element(
            "<p class=\"note\">Not of this instruction set: ",
            reason,
            ".</p>",
        );
    }
    if tick.q_after != tick.q_before {
        folded(page, "State after", &tick.q_after, false);
    }
}

fn write_route(page: &mut Page, detail: &TickDetail) {
    let route = &detail.route;
    page.element("lane ", route.lane.name(), "");
    if let Some(fault) = &route.failover {
        page.element(
            " after lane E failed with <b class=\"fault\">",
            fault,
            "</b>",
        );
    }
    page.element(", reason ", route.reason.name(), "; health P ");
    page.text(&percent(route.health.p.0.into())).markup(", E ");
    page.text(&percent(route.health.e.0.into()));
    page.element("; expected ", route.predicted.name(), ", got ");
    page.text(route.actual.map_or("nothing", OpcodeClass::name));
}

/// Writes the action of a tick, its traps and what was injected.
pub(super) fn happened(page: &mut Page, entry: &TimelineEntry) {
    match (&entry.fault, entry.op) {
        (Some(fault), _) => page.element("<span class=\"fault\">", fault, "</span>"),
        (None, op) => page.text(op.unwrap_or_default()),
    };
    for trap in &entry.traps {
        page.element(" <b class=\"trapped\">", trap, "</b>");
    }
    for kind in &entry.injected {
        page.element(" <span class=\"injected\">(", kind, ")</span>");
    }
    if entry.status != "RUNNING" {
        page.element(" <b class=\"fault\">", entry.status, "</b>");
    }
}

fn write_trap(page: &mut Page, frame: &TrapFrame) {
    let kind = frame.trap_base.0.name();
    page.element(
        "<div class=\"trap\"><p><b class=\"trapped\">",
        kind,
        "</b> ",
    );
    code(page, &frame.cause.code);
    page.markup(" · trap ").count(frame.seq);
    page.markup(" · ").count(frame.panic_reset_count.into());
    page.element(
        " of 2 panic resets used</p><p>",
        &frame.details,
        "</p></div>",
    );
}

fn write_frame(page: &mut Page, frame: &[FrameSection]) {
    for section in frame {
        let is_open = matches!(section.name, "OBSERVED_SLICE" | "OS_GUARD");
        let title = format!("[{}]  {} characters", section.name, section.chars);
        folded(page, &title, &section.text, is_open);
    }
}

fn write_attempt(page: &mut Page, attempt: &Attempt) {
    page.element("<div class=\"call\"><p>Lane ", attempt.lane, ", attempt ");
    page.count(attempt.attempt.into());
    page.element(", ", &seconds(attempt.took_us), " s");
    if let Some(provider) = attempt.provider {
        page.element(" · ", provider, "");
    }
    if let Some(status) = attempt.status {
        page.markup(" · status ").number(status.into());
    }
    if let Some(pause) = attempt.retry_after_us {
        page.element(" · retry after ", &seconds(pause), " s");
    }
    page.markup("</p>");
    match &attempt.reading {
        Reading::Transition { canonical, .. } => {
            page.markup("<p class=\"good\">Decoded</p>");
            block(page, canonical);
        }
        Reading::NotATransition {
            code,
            detail,
            place,
            ..
        } => {
            refused(page, code, detail);
            if let Some(place) = place {
                write_place(page, place);
            }
        }
        Reading::NotAReply { code, detail } => refused(page, code, detail),
        Reading::NoResponse { fault } => {
            page.element("<p class=\"fault\">No response: ", fault, "</p>");
        }
    }
    if let Some(body) = &attempt.body {
        folded(page, "Raw reply", body, false);
    }
    page.markup("</div>");
}

fn refused(page: &mut Page, code: &str, detail: &str) {
    page.element("<p>Refused as <b class=\"fault\">", code, "</b>: ");
    page.text(detail).markup("</p>");
}

/// Writes a line of a text with one character marked.
fn write_place(page: &mut Page, place: &Excerpt) {
    let split = |column: usize| {
        let mut ends = place.text.char_indices().map(|(at, _)| at);
        ends.nth(column).unwrap_or(place.text.len())
    };
    let (start, end) = (split(place.column), split(place.column + 1));
    page.element("<pre>", &place.text[..start], "<mark>");
    match start == end {
        true => page.markup("⌁"),
        false => page.text(&place.text[start..end]),
    };
    page.element("</mark>", &place.text[end..], "</pre>");
    page.markup("<p class=\"note\">The decoder stopped at byte ");
    page.count(place.byte as u64).markup(".</p>");
}

fn write_diff(page: &mut Page, diff: &str) {
    page.markup("<pre class=\"diff\">");
    for line in diff.lines() {
        page.markup(match line.as_bytes().first() {
            Some(b'+') => "<span class=\"added\">",
            Some(b'-') => "<span class=\"removed\">",
            Some(b'@') => "<span class=\"place\">",
            _ => "<span>",
        });
        page.text(line).markup("\n</span>");
    }
    page.markup("</pre>");
}

fn write_queue(page: &mut Page, title: &'static str, tasks: &[TaskView]) {
    if tasks.is_empty() {
        return;
    }
    page.markup("<h3>").markup(title);
    page.markup("</h3><table class=\"queue\"><tbody>");
    for task in tasks {
        page.element("<tr><td class=\"code id\">", &task.id, "</td>");
        page.element("<td class=\"status\">", task.status, "</td><td>");
        page.text(&task.objective).markup("</td></tr>");
    }
    page.markup("</tbody></table>");
}

fn fact(page: &mut Page, name: &'static str, write: impl FnOnce(&mut Page)) {
    page.markup("<div><dt>").markup(name).markup("</dt><dd>");
    write(page);
    page.markup("</dd></div>");
}

/// Writes a short text in the style of code.
pub(super) fn code(page: &mut Page, text: &str) {
    page.element("<code>", text, "</code>");
}

/// Writes a text of several lines in the style of code.
pub(super) fn block(page: &mut Page, text: &str) {
    page.element("<pre>", text, "</pre>");
}

fn folded(page: &mut Page, title: &str, text: &str, is_open: bool) {
    page.markup(match is_open {
        true => "<details open><summary>",
        false => "<details><summary>",
    });
    page.text(title).markup("</summary>");
    block(
        page,
        match text.is_empty() {
            true => "(empty)",
            false => text,
        },
    );
    page.markup("</details>");
}
