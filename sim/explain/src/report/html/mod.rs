//! A report about runs as one HTML file.

mod account;
mod comparison;
mod over_time;
mod subject;
mod tick;

use turingos_page::{chart, page};

use super::Report;
use page::Page;

/// Writes the whole file.
pub(super) fn write(report: &Report) -> String {
    let opening = |page: &mut Page| {
        if let [only] = report.runs.as_slice() {
            subject::write_opening(page, &only.subject);
        }
    };
    turingos_page::document("run report", &report.title(), opening, |page| {
        write_body(page, report);
    })
}

fn write_body(page: &mut Page, report: &Report) {
    match report.runs.as_slice() {
        [only] => {
            for (_, curve) in &report.curves {
                account::write_curve(page, None, curve);
            }
            subject::write_body(page, &only.subject);
        }
        runs => {
            comparison::write_verdicts(page, runs);
            for (label, comparison) in &report.comparisons {
                comparison::write_comparison(page, label, comparison);
            }
            for (label, curve) in &report.curves {
                account::write_curve(page, Some(label), curve);
            }
            for run in runs {
                page.element(
                    "<details class=\"run\"><summary><b>Run ",
                    &run.label,
                    "</b> ",
                );
                page.text(&run.title()).markup(" ");
                subject::write_verdict(page, run.subject.verdict);
                page.markup("</summary>");
                subject::write_opening(page, &run.subject);
                subject::write_body(page, &run.subject);
                page.markup("</details>");
            }
        }
    }
}
