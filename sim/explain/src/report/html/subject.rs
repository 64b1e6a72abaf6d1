//! One run on a page: verdict and command on top, then gates, charts, traps, one tick, windows.

use turingos_run::GateVerdict;

use super::account::write_shrink;
use super::over_time::write_charts;
use super::page::{Page, seconds};
use super::tick::{block, code, happened, write_focus};
use crate::report::focus::TrapRow;
use crate::report::subject::{RunSummary, Verdict};

/// Writes the verdict, the command and the figures of a run.
pub(super) fn write_opening(page: &mut Page, subject: &RunSummary) {
    page.markup("<p class=\"verdict\">");
    write_verdict(page, subject.verdict);
    page.element("<span>", &sentence(subject), "</span></p>");
    if let Some(command) = &subject.command {
        page.markup("<div class=\"command\"><p class=\"note\">Repeat it</p>");
        block(page, command);
        page.markup("</div>");
    }
    write_figures(page, subject);
}

/// Writes everything else about a run.
pub(super) fn write_body(page: &mut Page, subject: &RunSummary) {
    write_gates(page, subject);
    if let Some(account) = &subject.shrink {
        write_shrink(page, account);
    }
    write_charts(page, subject);
    write_traps(page, subject);
    write_injected(page, subject);
    if let Some((focus, detail)) = &subject.focus {
        write_focus(page, focus, detail);
    }
    write_windows(page, subject);
}

/// Writes a verdict as a badge.
pub(super) fn write_verdict(page: &mut Page, verdict: Verdict) {
    page.markup(match verdict {
        Verdict::Passed => "<b class=\"badge passed\">",
        Verdict::Failed => "<b class=\"badge failed\">",
        Verdict::Unfinished | Verdict::NotJudged => "<b class=\"badge open\">",
    });
    page.markup(verdict.name()).markup("</b>");
}

/// The verdict in one sentence.
fn sentence(subject: &RunSummary) -> String {
    match subject.verdict {
        Verdict::Passed => "Every gate holds.".to_owned(),
        Verdict::Failed => match subject.gates.iter().find(|gate| gate.failed()) {
            Some(gate) => format!("Gate {}: {}", gate.id, gate.detail),
            None => "A gate failed.".to_owned(),
        },
        Verdict::Unfinished => "The run has no manifest: its process stopped.".to_owned(),
        Verdict::NotJudged => "A journal of TuringOS, read from its tuples.".to_owned(),
    }
}

fn write_figures(page: &mut Page, subject: &RunSummary) {
    page.markup("<dl class=\"figures\">");
    figure(page, "ticks", |page| page.count(subject.ticks));
    if let Some(total) = subject.series.total() {
        let traps = total.soft_traps + total.hard_traps + total.resets + total.stops;
        let stops = total.stops;
        figure(page, "virtual seconds", |page| {
            page.text(&seconds(subject.time_us))
        });
        figure(page, "traps", |page| page.count(traps));
        figure(page, "panic resets", |page| page.count(total.resets));
        figure(page, "stops", |page| page.count(stops));
        let injected = total.noise + total.provider_faults + total.world_faults;
        figure(page, "injected faults", |page| page.count(injected));
        let [p, failovers] = subject.lane_p;
        let share = p.saturating_mul(100) / subject.ticks.max(1);
        figure(page, "on lane P", |page| page.number(share).markup(" %"));
        figure(page, "failovers", |page| page.count(failovers));
    }
    page.markup("</dl><dl class=\"facts\">");
    for (name, value) in &subject.facts {
        page.element("<div><dt>", name, "</dt><dd>");
        page.text(value).markup("</dd></div>");
    }
    if let Some(root) = subject.root {
        page.markup("<div class=\"root\"><dt>root</dt><dd>");
        code(page, &root.to_string());
        page.markup("</dd></div>");
    }
    page.markup("</dl>");
}

fn figure(page: &mut Page, name: &'static str, value: impl FnOnce(&mut Page) -> &mut Page) {
    page.markup("<div><dd>");
    value(page);
    page.markup("</dd><dt>").markup(name).markup("</dt></div>");
}

fn write_gates(page: &mut Page, subject: &RunSummary) {
    if subject.gates.is_empty() {
        return;
    }
    page.markup("<section><h2>Gates</h2><table class=\"gates\"><tbody>");
    for gate in &subject.gates {
        page.markup(match gate.verdict {
            GateVerdict::Pass => "<tr><td><b class=\"badge passed\">pass</b></td>",
            GateVerdict::Fail => "<tr><td><b class=\"badge failed\">FAIL</b></td>",
            GateVerdict::Skip => "<tr><td><b class=\"badge open\">skip</b></td>",
        });
        page.element("<td class=\"name\">", &gate.id, "</td><td>");
        page.text(&gate.detail).markup("</td></tr>");
    }
    page.markup("</tbody></table></section>");
}

/// More causes are folded: the frequent ones say most.
const SHOWN_CAUSES: usize = 10;

fn write_traps(page: &mut Page, subject: &RunSummary) {
    let rows = subject.traps.rows();
    let (shown, folded) = rows.split_at(rows.len().min(SHOWN_CAUSES));
    if shown.is_empty() {
        return;
    }
    page.markup("<section><h2>Traps</h2>");
    write_trap_rows(page, shown);
    if !folded.is_empty() {
        page.markup("<details><summary>").count(folded.len() as u64);
        page.markup(" more causes</summary>");
        write_trap_rows(page, folded);
        page.markup("</details>");
    }
    if subject.traps.left_out() > 0 {
        page.markup("<p class=\"note\">")
            .count(subject.traps.left_out());
        page.markup(" traps of further causes are not listed.</p>");
    }
    page.markup("</section>");
}

fn write_trap_rows(page: &mut Page, rows: &[&TrapRow]) {
    page.markup("<table class=\"traps\"><thead><tr><th class=\"name\">Trap</th>")
        .markup("<th class=\"cause\">Cause</th><th class=\"n\">Count</th>")
        .markup("<th class=\"n\">First tick</th><th class=\"n last\">Last tick</th>")
        .markup("<th class=\"said\">The first said</th></tr></thead><tbody>");
    for row in rows {
        page.markup(match row.is_hard {
            true => "<tr><td class=\"name trapped\">",
            false => "<tr><td class=\"name\">",
        });
        page.text(&row.kind)
            .markup("</td><td class=\"cause code\">");
        page.text(&row.code).markup("</td><td class=\"n\">");
        page.count(row.count).markup("</td><td class=\"n\">");
        page.count(row.first).markup("</td><td class=\"n last\">");
        page.count(row.last).markup("</td><td class=\"said\">");
        page.text(&row.details).markup("</td></tr>");
    }
    page.markup("</tbody></table>");
}

fn write_injected(page: &mut Page, subject: &RunSummary) {
    if subject.injected.is_empty() {
        return;
    }
    page.markup("<section><h2>Injected faults</h2><p class=\"note\">");
    page.markup("A fault counts once, in the tick in which it begins, however long it lasts.</p><ul class=\"kinds\">");
    let mut kinds: Vec<_> = subject.injected.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for ((layer, kind), count) in kinds {
        page.markup(match *layer {
            "noise" | "reply" => "<li><i class=\"noise\"></i>",
            "provider" => "<li><i class=\"provider\"></i>",
            _ => "<li><i class=\"world\"></i>",
        });
        page.element("<span>", kind, "</span> <b>")
            .count(*count)
            .markup("</b></li>");
    }
    page.markup("</ul></section>");
}

fn write_windows(page: &mut Page, subject: &RunSummary) {
    if subject.windows.is_empty() {
        return;
    }
    page.markup("<section><h2>Around interesting ticks</h2>");
    let focus = subject.focus.as_ref().map(|(focus, _)| focus.tick);
    for (window, entries) in &subject.windows {
        let reasons = window.reasons.join(", ");
        page.element("<h3>", &capitalised(&reasons), "</h3>");
        page.markup("<table class=\"ticks\"><thead><tr><th class=\"n\">Tick</th>")
            .markup("<th class=\"n time\">Seconds</th><th class=\"by\">By</th><th class=\"place\">Pointer</th>")
            .markup("<th>What happened</th></tr></thead><tbody>");
        for entry in entries {
            page.markup(match Some(entry.tick) == focus {
                true => "<tr class=\"focus\"><td class=\"n\">",
                false => "<tr><td class=\"n\">",
            });
            page.count(entry.tick).markup("</td><td class=\"n time\">");
            page.text(&entry.time_us.map_or("–".to_owned(), seconds))
                .markup("</td><td>");
            page.markup(match entry.failover {
                Some(_) => "E→",
                None => "",
            });
            page.text(entry.lane.unwrap_or("–"))
                .markup("</td><td class=\"code\">");
            page.text(&entry.pointer).markup("</td><td>");
            happened(page, entry);
            page.markup("</td></tr>");
        }
        page.markup("</tbody></table>");
    }
    page.markup("</section>");
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
