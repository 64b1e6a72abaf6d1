//! A report as one HTML file: no script, no reference to anything outside, light and dark.

mod account;
mod chart;
mod comparison;
mod over_time;
mod page;
mod subject;
mod tick;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use turingos::Digest;

use super::Report;
use page::Page;

/// The only style of the page; the policy allows it by its digest.
const STYLE: &str = include_str!("style.css");

/// Writes the whole file.
pub(super) fn write(report: &Report) -> String {
    let mut page = Page::default();
    page.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .markup("base-uri 'none'; form-action 'none'; style-src 'sha256-")
        .text(&STANDARD.encode(Digest::of(STYLE.as_bytes()).as_bytes()))
        .markup("'\">\n");
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .markup("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .element("<title>", &report.title(), "</title>\n")
        .markup("<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n");
    page.markup("<header><p class=\"brand\">turingos <span>run report</span></p>");
    page.element("<h1>", &report.title(), "</h1>");
    match report.runs.as_slice() {
        [only] => {
            subject::write_opening(&mut page, &only.subject);
            page.markup("</header>");
            for (_, curve) in &report.curves {
                account::write_curve(&mut page, None, curve);
            }
            subject::write_body(&mut page, &only.subject);
        }
        runs => {
            page.markup("</header>");
            comparison::write_verdicts(&mut page, runs);
            for (label, comparison) in &report.comparisons {
                comparison::write_comparison(&mut page, label, comparison);
            }
            for (label, curve) in &report.curves {
                account::write_curve(&mut page, Some(label), curve);
            }
            for run in runs {
                page.element(
                    "<details class=\"run\"><summary><b>Run ",
                    &run.label,
                    "</b> ",
                );
                page.text(&run.title()).markup(" ");
                subject::write_verdict(&mut page, run.subject.verdict);
                page.markup("</summary>");
                subject::write_opening(&mut page, &run.subject);
                subject::write_body(&mut page, &run.subject);
                page.markup("</details>");
            }
        }
    }
    page.markup("</main>\n</body>\n</html>\n");
    page.into_string()
}
