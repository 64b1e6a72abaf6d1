//! Several runs side by side: their verdicts, and where each parts from the first.

use turingos_run::Difference;

use super::page::{Page, seconds};
use super::subject::write_verdict;
use super::tick::{code, happened};
use crate::comparison::{Comparison, Parting};
use crate::report::Labelled;
use crate::timeline::TimelineEntry;

/// Writes one row for each run.
pub(super) fn write_verdicts(page: &mut Page, runs: &[Labelled]) {
    page.markup("<section><h2>Verdicts</h2><table class=\"verdicts\"><thead><tr><th>Run</th>")
        .markup(
            "<th>Verdict</th><th>What</th><th class=\"n\">Ticks</th><th class=\"n\">Seconds</th>",
        )
        .markup("<th class=\"n\">Stopping traps</th><th class=\"n\">Panic resets</th>")
        .markup("<th class=\"n\">Injected</th></tr></thead><tbody>");
    for run in runs {
        let subject = &run.subject;
        page.element("<tr><td><b>", &run.label, "</b></td><td>");
        write_verdict(page, subject.verdict);
        page.element("</td><td>", &run.title(), "");
        if let Some(command) = &subject.command {
            page.markup("<br>");
            code(page, command);
        }
        page.markup("</td><td class=\"n\">")
            .count(subject.ticks)
            .markup("</td>");
        let total = subject.series.total();
        page.markup("<td class=\"n\">");
        match &total {
            Some(_) => page.text(&seconds(subject.time_us)),
            None => page.markup("–"),
        };
        page.markup("</td>");
        let injected = total.map(|it| it.noise + it.provider_faults + it.world_faults);
        for value in [
            total.map(|it| it.hard_traps),
            total.map(|it| it.resets),
            injected,
        ] {
            page.markup("<td class=\"n\">");
            match value {
                Some(value) => page.count(value),
                None => page.markup("–"),
            };
            page.markup("</td>");
        }
        page.markup("</tr>");
    }
    page.markup("</tbody></table></section>");
}

/// Writes how the run `label` differs from the first run, A.
pub(super) fn write_comparison(page: &mut Page, label: &str, comparison: &Comparison) {
    page.element("<section><h2>A and ", label, "</h2>");
    match &comparison.parting {
        None => page.markup("<p>Every record is the same.</p>"),
        Some(parting) => {
            page.markup("<p>The first difference is at tick <b>")
                .count(parting.tick);
            page.markup("</b>. ");
            write_meeting(page, comparison, parting, label)
        }
    };
    if let Some(parting) = &comparison.parting {
        if !parting.differences.is_empty() {
            page.markup("<h3>Record of tick ")
                .count(parting.tick)
                .markup("</h3>");
            write_differences(page, label, &parting.differences);
        }
        page.markup("<div class=\"sides\">");
        for (name, entries) in ["A", label].into_iter().zip(&parting.entries) {
            write_side(page, name, entries);
        }
        page.markup("</div>");
    }
    write_headers(page, label, &comparison.headers);
    page.markup("</section>");
}

/// What shaped the runs comes last: a fork's header differs in nearly every member.
fn write_headers(page: &mut Page, label: &str, headers: &[Difference]) {
    match headers.len() {
        0 => page.markup("<p class=\"note\">The headers are the same.</p>"),
        count => {
            page.markup(match count <= SHOWN_MEMBERS {
                true => "<details class=\"headers\" open><summary>Headers: ",
                false => "<details class=\"headers\"><summary>Headers: ",
            });
            page.count(count as u64).markup(match count {
                1 => " member differs</summary>",
                _ => " members differ</summary>",
            });
            write_members(page, label, headers);
            page.markup("</details>")
        }
    };
}

fn write_meeting<'p>(
    page: &'p mut Page,
    comparison: &Comparison,
    parting: &Parting,
    label: &str,
) -> &'p mut Page {
    if comparison.ticks.contains(&parting.tick) {
        return page.markup("One run ends where the other goes on.</p>");
    }
    match parting.meeting {
        Some([a, b]) => {
            page.markup("They meet again: A from tick ").count(a);
            page.element(" does what ", label, " does from tick ")
                .count(b);
            page.markup(" on.</p>")
        }
        None => page.markup("They do not meet again.</p>"),
    }
}

/// More members are folded.
const SHOWN_MEMBERS: usize = 8;

fn write_differences(page: &mut Page, label: &str, differences: &[Difference]) {
    let (shown, folded) = differences.split_at(differences.len().min(SHOWN_MEMBERS));
    write_members(page, label, shown);
    if !folded.is_empty() {
        page.markup("<details><summary>").count(folded.len() as u64);
        page.markup(" more members</summary>");
        write_members(page, label, folded);
        page.markup("</details>");
    }
}

fn write_members(page: &mut Page, label: &str, differences: &[Difference]) {
    page.element(
        "<table class=\"differences\"><thead><tr><th>Member</th><th>A</th><th>",
        label,
        "</th></tr></thead><tbody>",
    );
    for difference in differences {
        page.element("<tr><td class=\"code\">", &difference.pointer, "</td>");
        for value in [&difference.recorded, &difference.replayed] {
            page.element(
                "<td class=\"code\">",
                value.as_deref().unwrap_or("–"),
                "</td>",
            );
        }
        page.markup("</tr>");
    }
    page.markup("</tbody></table>");
}

fn write_side(page: &mut Page, name: &str, entries: &[TimelineEntry]) {
    page.element(
        "<div><h3>",
        name,
        " from there</h3><table class=\"ticks\"><tbody>",
    );
    if entries.is_empty() {
        page.markup("<tr><td>The run had ended.</td></tr>");
    }
    for entry in entries {
        page.markup("<tr><td class=\"n\">")
            .count(entry.tick)
            .markup("</td><td>");
        code(page, &entry.pointer);
        page.markup("<br>");
        happened(page, entry);
        page.markup("</td></tr>");
    }
    page.markup("</tbody></table></div>");
}
