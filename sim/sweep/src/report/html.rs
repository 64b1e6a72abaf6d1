//! The page: verdict, command and figures, failures, charts, and the ledger.

use turingos_page::Page;
use turingos_page::page::grouped;

use super::{SweepReport, ledger, over_seeds};
use crate::summary::{Group, Sample};

/// Writes the whole file.
pub(super) fn write(report: &SweepReport) -> String {
    turingos_page::document(
        "sweep report",
        &report.title(),
        |page| write_opening(page, report),
        |page| {
            write_failures(page, report);
            write_differences(page, report);
            over_seeds::write(page, report);
            write_subjects(page, report);
            ledger::write(page, &report.totals.ledger);
        },
    )
}

/// The verdict in one sentence.
fn sentence(report: &SweepReport) -> String {
    let summary = &report.totals.summary;
    let runs = grouped(summary.runs);
    let failures = match (summary.failed, summary.groups().len()) {
        (0, _) => format!("None of {runs} runs failed."),
        (failed, 1) => format!("{} of {runs} runs failed, all in one way.", grouped(failed)),
        (failed, groups) => {
            format!(
                "{} of {runs} runs failed, in {groups} ways.",
                grouped(failed)
            )
        }
    };
    match summary.differing {
        0 => failures,
        differing => format!(
            "{} runs had another result in a fresh process. {failures}",
            grouped(differing)
        ),
    }
}

fn write_opening(page: &mut Page, report: &SweepReport) {
    page.markup("<p class=\"verdict\">");
    page.markup(match report.passed() {
        true => "<b class=\"badge passed\">PASSED</b>",
        false => "<b class=\"badge failed\">FAILED</b>",
    });
    page.element("<span>", &sentence(report), "</span></p>");
    if let Some(command) = &report.header.sweep().command {
        page.markup("<div class=\"command\"><p class=\"note\">Repeat it</p>");
        page.element("<pre>", command, "</pre></div>");
    }
    let summary = &report.totals.summary;
    let ledger = &report.totals.ledger;
    page.markup("<dl class=\"figures\">");
    figure(page, "runs", &grouped(summary.runs));
    figure(page, "failed", &grouped(summary.failed));
    figure(
        page,
        "kinds of failure",
        &grouped(summary.groups().len() as u64),
    );
    figure(page, "ticks", &grouped(summary.ticks));
    figure(page, "points reached", &ledger::share(ledger.named()));
    let combinations = ledger::share(ledger.combinations());
    figure(page, "combinations", &combinations);
    page.markup("</dl><dl class=\"facts\">");
    fact(page, "seeds", &report.header.sweep().seeds);
    fact(
        page,
        "swarm",
        match report.header.sweep().swarm {
            true => "yes: each seed has some kinds of trouble off",
            false => "no: every kind of trouble is on",
        },
    );
    fact(page, "program", &report.header.program().short(16));
    page.markup("</dl>");
}

fn figure(page: &mut Page, name: &'static str, value: &str) {
    page.element("<div><dd>", value, "</dd><dt>");
    page.markup(name).markup("</dt></div>");
}

fn fact(page: &mut Page, name: &'static str, value: &str) {
    page.markup("<div><dt>").markup(name);
    page.element("</dt><dd>", value, "</dd></div>");
}

/// More groups are folded: the cheapest come first.
const SHOWN_GROUPS: usize = 8;

fn write_failures(page: &mut Page, report: &SweepReport) {
    let groups = report.totals.summary.groups();
    if groups.is_empty() {
        return;
    }
    page.markup("<section><h2>Failures</h2><p class=\"note\">");
    page.markup("Grouped by gate, trap and cause; the cheapest to repeat comes first.</p>");
    let write_group = |page: &mut Page, name: &str, group: &Group| {
        page.element("<div class=\"call\"><h3>", name, "</h3><p><b>");
        page.count(group.runs);
        page.markup(match group.runs {
            1 => "</b> run",
            _ => "</b> runs",
        });
        page.markup(", the first with seed ")
            .count(group.first_seed);
        let [cheapest, others @ ..] = group.cheapest.as_slice() else {
            page.markup("</p></div>");
            return;
        };
        page.markup("; the cheapest has seed ").count(cheapest.seed);
        page.markup(" and ")
            .count(cheapest.ticks)
            .markup(" ticks</p>");
        write_command(page, report, cheapest);
        if !others.is_empty() {
            page.markup("<details><summary>The next ")
                .count(others.len() as u64)
                .markup("</summary>");
            others
                .iter()
                .for_each(|run| write_command(page, report, run));
            page.markup("</details>");
        }
        page.markup("</div>");
    };
    let (shown, folded) = groups.split_at(groups.len().min(SHOWN_GROUPS));
    for (failure, group) in shown {
        write_group(page, &failure.to_string(), group);
    }
    if !folded.is_empty() {
        page.markup("<details><summary>").count(folded.len() as u64);
        page.markup(" more kinds of failure</summary>");
        for (failure, group) in folded {
            write_group(page, &failure.to_string(), group);
        }
        page.markup("</details>");
    }
    page.markup("</section>");
}

fn write_command(page: &mut Page, report: &SweepReport, run: &Sample) {
    let command = report.header.sweep().command(run.seed, run.subject);
    page.element("<pre>", &command, "</pre>");
}

fn write_differences(page: &mut Page, report: &SweepReport) {
    let summary = &report.totals.summary;
    if summary.differing == 0 {
        return;
    }
    page.markup("<section><h2>Nondeterminism</h2><p class=\"note\">");
    page.count(summary.differing)
        .markup(" runs had another result in a fresh process. The first of them:</p>");
    for (run, differs) in &summary.differences {
        page.markup("<div class=\"call\"><p>Seed ").count(run.seed);
        match differs.tick {
            Some(tick) => page.markup(" first differs at tick <b>").count(tick),
            None => page.markup(" differs <b>only after earlier runs in one process"),
        };
        page.markup("</b>; the fresh process computed root ");
        page.element("<code>", &differs.root.to_string(), "</code></p>");
        write_command(page, report, run);
        page.markup("</div>");
    }
    page.markup("</section>");
}

/// A single subject is known from the command.
fn write_subjects(page: &mut Page, report: &SweepReport) {
    let subjects = &report.header.sweep().subjects;
    if subjects.len() == 1 {
        return;
    }
    let runs = report.totals.summary.runs / subjects.len() as u64;
    page.markup("<section><h2>Subjects</h2><table class=\"subjects\"><thead><tr>")
        .markup("<th>Each seed runs</th><th class=\"n\">Runs</th><th class=\"n\">Failed</th>")
        .markup("</tr></thead><tbody>");
    for (subject, failed) in subjects.iter().zip(&report.failed_of_subject) {
        page.element("<tr><td>", &subject.name, "</td><td class=\"n\">");
        page.count(runs).markup("</td><td class=\"n\">");
        page.count(*failed).markup("</td></tr>");
    }
    page.markup("</tbody></table></section>");
}
