//! The charts of one run: health, traps, panic budget, injected faults and waiting over its ticks.

use turingos::dispatch::Lane;

use super::chart::{
    Axis, Bar, Caption, Scale, TOP, whole, write, write_band, write_bars, write_hint, write_line,
};
use super::page::{Page, grouped, percent};
use crate::report::series::{Bucket, Series};
use crate::report::subject::RunSummary;

/// Bars of charts with fewer parts have gaps between them.
const GAPS_BELOW: usize = 90;

/// Writes every chart of a run that has ticks.
pub(super) fn write_charts(page: &mut Page, subject: &RunSummary) {
    let series = &subject.series;
    let Some(total) = series.total() else {
        return;
    };
    let axis = Axis {
        name: "tick",
        from: 0,
        span: subject.ticks.max(1),
        mark: { subject.focus.as_ref() }.map(|(focus, _)| focus.tick),
    };
    page.markup("<section><h2>Over time</h2>");
    if let Some(mark) = axis.mark {
        page.markup("<p class=\"note\">The dashed line is tick ");
        page.count(mark).markup(", shown in full below.</p>");
    }
    page.markup("<div class=\"charts\">");
    health(page, series, &axis);
    bars(page, series, &axis, &TRAPS);
    budget(page, series, &axis, &total);
    bars(page, series, &axis, &INJECTED);
    waiting(page, series, &axis);
    page.markup("</div></section>");
}

/// The buckets, each with the tick that it begins with.
fn placed(series: &Series) -> impl Iterator<Item = (u64, &Bucket)> {
    let starts = series.buckets().iter().scan(0, |next, bucket| {
        let start = *next;
        *next += bucket.ticks;
        Some(start)
    });
    starts.zip(series.buckets())
}

/// `tick 7`, or `ticks 512–1,023`.
fn ticks(start: u64, bucket: &Bucket) -> String {
    match bucket.ticks {
        1 => format!("tick {}", grouped(start)),
        count => format!("ticks {}–{}", grouped(start), grouped(start + count - 1)),
    }
}

fn per_bucket(what: &str, series: &Series) -> String {
    match series.width() {
        1 => format!("{what} per tick"),
        width => format!("{what} per {} ticks", grouped(width)),
    }
}

fn health(page: &mut Page, series: &Series, axis: &Axis) {
    let scale = Scale {
        max: 10_000,
        labels: [0, 5_000, 10_000]
            .map(|value| (value, format!("{} %", value / 100)))
            .into(),
    };
    let caption = Caption {
        title: "Health of the lanes",
        unit: "before each tick".to_owned(),
        legend: &[
            ("lane-p", "lane P, for trouble"),
            ("lane-e", "lane E, for routine"),
        ],
    };
    write(page, &caption, axis, &scale, |page| {
        for (lane, band, line) in [
            (Lane::E, "band lane-e", "line lane-e"),
            (Lane::P, "band lane-p", "line lane-p"),
        ] {
            let height = |value| scale.height(value);
            if series.width() > 1 {
                let parts = placed(series).map(|(at, bucket)| {
                    let range = &bucket.health[lane];
                    (
                        at,
                        bucket.ticks,
                        height(range.least),
                        height(range.greatest),
                    )
                });
                write_band(page, band, &parts.collect::<Vec<_>>());
            }
            let points = placed(series).map(|(at, bucket)| {
                let mean = bucket.health[lane].sum / bucket.ticks;
                (at, bucket.ticks, height(mean))
            });
            write_line(page, line, &points.collect::<Vec<_>>());
        }
        for (at, bucket) in placed(series) {
            let [p, e] =
                [Lane::P, Lane::E].map(|lane| percent(bucket.health[lane].sum / bucket.ticks));
            let hint = format!("{}: lane P {p}, lane E {e}", ticks(at, bucket));
            write_hint(page, at, bucket.ticks, &hint);
        }
    });
}

/// A chart of stacked counts.
struct Counts {
    title: &'static str,
    what: &'static str,
    legend: &'static [(&'static str, &'static str)],
    values: fn(&Bucket) -> [u64; 3],
}

const TRAPS: Counts = Counts {
    title: "Traps",
    what: "traps",
    legend: &[
        ("soft", "slice only"),
        ("hard", "stopped an action"),
        ("panic", "panic reset or stop"),
    ],
    values: |bucket| {
        [
            bucket.soft_traps,
            bucket.hard_traps,
            bucket.resets + bucket.stops,
        ]
    },
};

const INJECTED: Counts = Counts {
    title: "Injected faults",
    what: "faults",
    legend: &[
        ("noise", "noise on replies"),
        ("provider", "provider faults"),
        ("world", "world faults"),
    ],
    values: |bucket| [bucket.noise, bucket.provider_faults, bucket.world_faults],
};

fn bars(page: &mut Page, series: &Series, axis: &Axis, counts: &Counts) {
    let greatest = { series.buckets().iter() }.map(|bucket| (counts.values)(bucket).iter().sum());
    let greatest: u64 = greatest.max().unwrap_or_default();
    if greatest == 0 {
        return nothing(page, counts.title);
    }
    let scale = Scale::round(greatest, whole);
    let caption = Caption {
        title: counts.title,
        unit: per_bucket(counts.what, series),
        legend: counts.legend,
    };
    write(page, &caption, axis, &scale, |page| {
        write_stack(page, series, counts.legend, &scale, counts.values);
        for (at, bucket) in placed(series) {
            let values = (counts.values)(bucket);
            let named = counts
                .legend
                .iter()
                .zip(values)
                .filter(|(_, value)| *value > 0);
            let named: Vec<_> = named
                .map(|((_, name), value)| format!("{} {name}", grouped(value)))
                .collect();
            if !named.is_empty() {
                let hint = format!("{}: {}", ticks(at, bucket), named.join(", "));
                write_hint(page, at, bucket.ticks, &hint);
            }
        }
    });
}

/// Bars on top of each other, one class for each value.
fn write_stack<const N: usize>(
    page: &mut Page,
    series: &Series,
    legend: &[(&'static str, &'static str)],
    scale: &Scale,
    values: impl Fn(&Bucket) -> [u64; N],
) {
    let has_gaps = series.buckets().len() < GAPS_BELOW;
    for (place, (class, _)) in legend.iter().enumerate() {
        let bars = placed(series).map(|(at, bucket)| {
            let values = values(bucket);
            let below: u64 = values.iter().take(place).sum();
            let value = values.get(place).copied().unwrap_or_default();
            Bar {
                at,
                width: bucket.ticks,
                between: (scale.height(below), scale.height(below + value)),
            }
        });
        write_bars(page, class, has_gaps, &bars.collect::<Vec<_>>());
    }
}

fn budget(page: &mut Page, series: &Series, axis: &Axis, total: &Bucket) {
    if total.budget_used == 0 && total.stops == 0 {
        return nothing(page, "Panic budget");
    }
    let scale = Scale {
        max: 3,
        labels: [(0, "0"), (1, "1"), (2, "2"), (3, "stop")]
            .map(|(value, label)| (value, label.to_owned()))
            .into(),
    };
    let caption = Caption {
        title: "Panic budget",
        unit: "resets used of 2".to_owned(),
        legend: &[("used", "used"), ("panic", "spent: the machine stopped")],
    };
    write(page, &caption, axis, &scale, |page| {
        let bars = |wanted: fn(&Bucket) -> u64| -> Vec<Bar> {
            let bars = placed(series).map(|(at, bucket)| Bar {
                at,
                width: bucket.ticks,
                between: (0, scale.height(wanted(bucket))),
            });
            bars.collect()
        };
        let used = bars(|bucket| bucket.budget_used);
        write_bars(page, "used", false, &used);
        let stops = bars(|bucket| if bucket.stops > 0 { 3 } else { 0 });
        write_bars(page, "panic", false, &stops);
        for (at, bucket) in placed(series).filter(|(_, it)| it.budget_used + it.stops > 0) {
            let hint = match bucket.stops {
                0 => format!(
                    "{}: {} of 2 resets used",
                    ticks(at, bucket),
                    bucket.budget_used
                ),
                1 => format!("{}: the machine stopped", ticks(at, bucket)),
                stops => format!("{}: {} stops", ticks(at, bucket), grouped(stops)),
            };
            write_hint(page, at, bucket.ticks, &hint);
        }
    });
}

fn waiting(page: &mut Page, series: &Series, axis: &Axis) {
    const LEGEND: &[(&str, &str)] = &[
        ("called", "in calls"),
        ("waited", "back-off, Retry-After, rate limits, commands"),
    ];
    let values = |bucket: &Bucket| {
        [bucket.called_us, bucket.waited_us].map(|time_us| time_us / bucket.ticks / 1_000)
    };
    let greatest = series
        .buckets()
        .iter()
        .map(|bucket| values(bucket).iter().sum());
    let greatest: u64 = greatest.max().unwrap_or_default();
    if greatest == 0 {
        return nothing(page, "Time per tick");
    }
    let scale = Scale::round(greatest, thousandths);
    let caption = Caption {
        title: "Time per tick",
        unit: match series.width() {
            1 => "virtual seconds".to_owned(),
            width => format!("virtual seconds, mean of {} ticks", grouped(width)),
        },
        legend: LEGEND,
    };
    write(page, &caption, axis, &scale, |page| {
        write_stack(page, series, LEGEND, &scale, values);
        for (at, bucket) in placed(series) {
            let [called, waited] = values(bucket).map(thousandths);
            let hint = format!(
                "{}: {called} s in calls, {waited} s between",
                ticks(at, bucket)
            );
            write_hint(page, at, bucket.ticks, &hint);
        }
    });
}

/// Thousandths as a decimal number without needless zeros.
fn thousandths(value: u64) -> String {
    let whole = grouped(value / 1_000);
    match value % 1_000 {
        0 => whole,
        rest => format!("{whole}.{rest:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}

/// In place of a chart that would be empty.
fn nothing(page: &mut Page, title: &'static str) {
    page.markup("<figure><figcaption><b>").markup(title);
    page.markup("</b> <span class=\"unit\">none in this run</span></figcaption></figure>");
}

const _: () = assert!(TOP == 1_000, "hints are as high as the drawing");

#[cfg(test)]
mod tests {
    use super::thousandths;

    #[test]
    fn thousandths_are_short() {
        for (value, shown) in [(0, "0"), (20, "0.02"), (1_500, "1.5"), (2_000_000, "2,000")] {
            assert_eq!(thousandths(value), shown);
        }
    }
}
