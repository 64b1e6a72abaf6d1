//! The account of a shrink, and a fork curve.

use super::chart::{Axis, Caption, Scale, whole, write, write_band, write_hint, write_line};
use super::page::{Page, grouped, percent};
use super::tick::{block, code};
use crate::report::account::{ForkCurve, RemainingFault, ShrinkAccount};

/// Further faults are folded.
const SHOWN_FAULTS: usize = 20;

/// Writes how a run was made small.
pub(super) fn write_shrink(page: &mut Page, account: &ShrinkAccount) {
    page.markup("<section><h2>How it was made small</h2><p>");
    page.markup(match account.minimal {
        true => "Without any one of its faults the run does not fail as <b>",
        false => "The search ended early: a smaller run may fail as <b>",
    });
    page.text(&account.failure.to_string()).markup("</b>. ");
    page.markup("The search made ").count(account.runs);
    page.markup(" runs.</p><table class=\"sizes\"><thead><tr><th></th>")
        .markup("<th class=\"n\">Faults</th><th class=\"n\">Ticks</th>")
        .markup("<th class=\"n\">Scenario parts</th></tr></thead><tbody>");
    let (original, smallest) = (&account.original, &account.smallest);
    for (is_original, size) in [(true, original), (false, smallest)] {
        page.markup(match is_original {
            true => "<tr><td>original</td><td class=\"n\">",
            false => "<tr><td>smallest</td><td class=\"n\">",
        });
        page.count(size.faults).markup("</td><td class=\"n\">");
        page.count(size.ticks).markup("</td><td class=\"n\">");
        page.count(size.parts).markup("</td></tr>");
    }
    page.markup("</tbody></table>");
    write_search(page, account);
    if !account.faults.is_empty() {
        page.markup("<h3>What remains</h3>");
        let (shown, folded) = { &account.faults }.split_at(account.faults.len().min(SHOWN_FAULTS));
        write_faults(page, shown);
        if !folded.is_empty() {
            page.markup("<details><summary>").count(folded.len() as u64);
            page.markup(" more faults</summary>");
            write_faults(page, folded);
            page.markup("</details>");
        }
    }
    if !account.parts.is_empty() {
        page.markup("<h3>Parts of the scenario that are left</h3>");
        block(page, &account.parts.join("\n"));
    }
    page.markup("</section>");
}

/// Writes how many faults were left after so many runs.
fn write_search(page: &mut Page, account: &ShrinkAccount) {
    let most = { account.history.iter() }.map(|step| step.faults).max();
    let scale = Scale::round(most.unwrap_or_default(), whole);
    let axis = Axis {
        name: "runs",
        from: 0,
        span: account.runs.max(1),
        mark: None,
    };
    let caption = Caption {
        title: "Faults left",
        unit: "after so many runs of the search".to_owned(),
        legend: &[],
    };
    // Each size stands until the next smaller run is found.
    let ends = account.history.iter().skip(1).map(|step| step.runs);
    let steps = account.history.iter().zip(ends.chain([account.runs]));
    let points = steps.flat_map(|(step, end)| {
        let height = scale.height(step.faults);
        [(step.runs, 0, height), (end, 0, height)]
    });
    let points: Vec<_> = points.collect();
    page.markup("<div class=\"charts\">");
    write(page, &caption, &axis, &scale, |page| {
        write_line(page, "line lane-p", &points);
        for step in &account.history {
            let hint = format!(
                "run {}, {}: {} faults, {} ticks",
                grouped(step.runs),
                step.stage,
                grouped(step.faults),
                grouped(step.ticks)
            );
            write_hint(page, step.runs.min(account.runs), 1, &hint);
        }
    });
    page.markup("</div>");
}

fn write_faults(page: &mut Page, faults: &[RemainingFault]) {
    page.markup("<table class=\"faults\"><thead><tr><th class=\"n\">Tick</th><th>Fault</th>")
        .markup("<th>Of</th><th>The failure needs it</th></tr></thead><tbody>");
    for fault in faults {
        page.markup("<tr><td class=\"n\">").count(fault.tick);
        page.element("</td><td class=\"injected\">", &fault.kind, "</td><td>");
        page.text(&fault.class).markup("</td><td>");
        page.markup(match fault.necessary {
            Some(true) => "<b>yes</b>",
            Some(false) => "no",
            None => "not tried",
        });
        page.markup("</td></tr>");
    }
    page.markup("</tbody></table>");
}

/// Writes where the fate of a run turned.
pub(super) fn write_curve(page: &mut Page, label: Option<&str>, curve: &ForkCurve) {
    page.markup("<section><h2>Where its fate turned</h2><p>");
    match curve.turning_point {
        Some(tick) => {
            page.markup("The share of failing forks rises most at tick <b>");
            page.count(tick).markup("</b>. ")
        }
        None => page.markup("No rise from one fork tick to the next is beyond chance. "),
    };
    if let Some(label) = label {
        page.element("Run ", label, " was continued");
    } else {
        page.markup("The run was continued");
    }
    page.markup(" from each tick on with ").count(curve.seeds);
    page.markup(" other seeds.");
    if !curve.complete {
        page.markup(" The work was stopped before the last fork tick.");
    }
    page.markup("</p>");
    if let Some(failure) = &curve.failure {
        page.markup("<p class=\"note\">The run itself failed as ");
        code(page, &failure.to_string());
        page.markup(".</p>");
    }
    let scale = Scale {
        max: 10_000,
        labels: [0, 5_000, 10_000]
            .map(|value| (value, format!("{} %", value / 100)))
            .into(),
    };
    let axis = Axis {
        name: "fork tick",
        from: curve.first,
        span: curve.last.saturating_sub(curve.first).saturating_add(1),
        mark: curve.turning_point,
    };
    let caption = Caption {
        title: "Failing forks",
        unit: "share, with its 95 % interval".to_owned(),
        legend: &[],
    };
    page.markup("<div class=\"charts\">");
    write(page, &caption, &axis, &scale, |page| {
        let placed = || { curve.points.iter() }.map(|point| (point.tick - curve.first, point));
        let band = placed().map(|(at, point)| {
            let [low, high] =
                [point.low_per_10000, point.high_per_10000].map(|share| scale.height(share));
            (at, 1, low, high)
        });
        write_band(page, "band panic", &band.collect::<Vec<_>>());
        let line = placed().map(|(at, point)| (at, 1, scale.height(point.share_per_10000)));
        write_line(page, "line panic", &line.collect::<Vec<_>>());
        for (at, point) in placed() {
            let hint = format!(
                "tick {}: {} of {} failed, {} of them as the run did; {}, between {} and {}",
                grouped(point.tick),
                grouped(point.failed),
                grouped(point.runs),
                grouped(point.failed_alike),
                percent(point.share_per_10000),
                percent(point.low_per_10000),
                percent(point.high_per_10000),
            );
            write_hint(page, at, 1, &hint);
        }
    });
    page.markup("</div></section>");
}
