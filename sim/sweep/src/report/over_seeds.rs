//! Charts over the seeds of a sweep: what was reached so far, what was new, and what failed.

use std::ops::Range;

use turingos_page::Page;
use turingos_page::chart::{
    self, Axis, Bar, Caption, Scale, whole, write_bars, write_hint, write_line,
};
use turingos_page::page::grouped;

use super::SweepReport;
use crate::ledger::Reach;

/// The most bars of a chart.
const MAX_BUCKETS: u64 = 120;

/// Fewer bars have gaps.
const GAPS_BELOW: usize = 80;

/// Counts by seed, in at most [`MAX_BUCKETS`] parts; only the last one may be narrower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Buckets {
    seeds: Range<u64>,
    width: u64,
    counts: Vec<u64>,
}

impl Buckets {
    /// Nothing is counted yet. There must be a seed.
    pub(super) fn of(seeds: Range<u64>) -> Self {
        let span = seeds.end - seeds.start;
        let width = span.div_ceil(MAX_BUCKETS).max(1);
        let count = usize::try_from(span.div_ceil(width)).unwrap_or(0);
        Self {
            seeds,
            width,
            counts: vec![0; count],
        }
    }

    /// Counts a seed; one that is outside of the range counts at its end.
    pub(super) fn add(&mut self, seed: u64) {
        let place = seed.saturating_sub(self.seeds.start) / self.width;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let last = self.counts.len() - 1;
        self.counts[place.min(last)] += 1;
    }

    fn span(&self) -> u64 {
        self.seeds.end - self.seeds.start
    }

    /// Each part: where it begins, from the first seed; its width; its count.
    fn parts(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        (0..).zip(&self.counts).map(|(part, count)| {
            let at = part * self.width;
            (at, self.width.min(self.span() - at), *count)
        })
    }

    /// `seed 7`, or `seeds 500–999`.
    fn name(&self, at: u64, width: u64) -> String {
        let first = self.seeds.start + at;
        match width {
            1 => format!("seed {}", grouped(first)),
            _ => format!("seeds {}–{}", grouped(first), grouped(first + width - 1)),
        }
    }

    /// How often each first seed occurs.
    fn of_first_seeds<'a>(&self, points: impl Iterator<Item = Reach<'a>>) -> Self {
        let mut first = Self::of(self.seeds.clone());
        for entry in points.filter_map(|(_, entry)| entry) {
            first.add(entry.1);
        }
        first
    }

    /// What was counted up to the end of each part.
    fn sums(&self) -> Vec<u64> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        sums.collect()
    }
}

/// Writes the charts.
pub(super) fn write(page: &mut Page, report: &SweepReport) {
    let ledger = &report.totals.ledger;
    let failed = &report.failed;
    let axis = Axis {
        name: "seed",
        from: failed.seeds.start,
        span: failed.span(),
        mark: None,
    };
    let points = failed.of_first_seeds(ledger.named());
    let combinations = failed.of_first_seeds(ledger.combinations());
    let all = [ledger.named().count(), ledger.combinations().count()].map(|count| count as u64);
    page.markup("<section><h2>Over the seeds</h2><div class=\"charts\">");
    reached(page, &axis, [&points, &combinations], all);
    new(page, &axis, &points, &combinations);
    failures(page, &axis, failed);
    page.markup("</div></section>");
}

const LEGEND: &[(&str, &str)] = &[
    ("reached", "points"),
    ("combined", "combinations of an injection and a trap"),
];

fn reached(page: &mut Page, axis: &Axis, counts: [&Buckets; 2], all: [u64; 2]) {
    let scale = Scale {
        max: 10_000,
        labels: [0, 5_000, 10_000]
            .map(|value| (value, format!("{} %", value / 100)))
            .into(),
    };
    let caption = Caption {
        title: "Reached so far",
        unit: format!(
            "of {} points and {} combinations",
            grouped(all[0]),
            grouped(all[1])
        ),
        legend: LEGEND,
    };
    let sums = counts.map(Buckets::sums);
    chart::write(page, &caption, axis, &scale, |page| {
        for (place, class) in [(1, "line combined"), (0, "line reached")] {
            let share = |sum: u64| scale.height(sum * 10_000 / all[place].max(1));
            let parts = counts[place].parts().zip(&sums[place]);
            let points = parts.map(|((at, width, _), sum)| (at, width, share(*sum)));
            write_line(page, class, &points.collect::<Vec<_>>());
        }
        let sums = sums[0].iter().zip(&sums[1]);
        for ((at, width, _), (points, combinations)) in counts[0].parts().zip(sums) {
            let hint = format!(
                "up to {}: {points} of {} points, {combinations} of {} combinations",
                counts[0].name(at + width - 1, 1),
                all[0],
                all[1]
            );
            write_hint(page, at, width, &hint);
        }
    });
}

/// What each part brought. The first one brings most and would hide the others, so it is named in the
/// caption and not drawn.
fn new(page: &mut Page, axis: &Axis, points: &Buckets, combinations: &Buckets) {
    let Some((_, first, _)) = points.parts().next() else {
        return;
    };
    let [first_points, first_combinations] = [points, combinations].map(|it| it.counts[0]);
    let caption = Caption {
        title: "New",
        unit: format!(
            "after {}, which reached {first_points} points and {first_combinations} combinations",
            points.name(0, first)
        ),
        legend: LEGEND,
    };
    let parts = points.parts().zip(combinations.parts()).skip(1);
    let parts: Vec<_> = parts
        .map(|((at, width, points), (_, _, combinations))| (at, width, points, combinations))
        .collect();
    let greatest = parts.iter().map(|(_, _, points, others)| points + others);
    let scale = Scale::round(greatest.max().unwrap_or(0), whole);
    chart::write(page, &caption, axis, &scale, |page| {
        let has_gaps = parts.len() < GAPS_BELOW;
        let bars = |between: &dyn Fn(u64, u64) -> (u64, u64)| -> Vec<Bar> {
            let bars = parts.iter().map(|(at, width, points, others)| {
                let (low, high) = between(*points, *others);
                Bar {
                    at: *at,
                    width: *width,
                    between: (scale.height(low), scale.height(high)),
                }
            });
            bars.collect()
        };
        write_bars(page, "reached", has_gaps, &bars(&|points, _| (0, points)));
        let above = bars(&|points, others| (points, points + others));
        write_bars(page, "combined", has_gaps, &above);
        for (at, width, count, others) in &parts {
            if count + others > 0 {
                let name = points.name(*at, *width);
                let hint = format!("{name}: {count} new points, {others} new combinations");
                write_hint(page, *at, *width, &hint);
            }
        }
    });
}

fn failures(page: &mut Page, axis: &Axis, failed: &Buckets) {
    let greatest = failed.counts.iter().copied().max().unwrap_or(0);
    if greatest == 0 {
        page.markup("<figure><figcaption><b>Failed runs</b> <span class=\"unit\">")
            .markup("none in this sweep</span></figcaption></figure>");
        return;
    }
    let caption = Caption {
        title: "Failed runs",
        unit: match failed.width {
            1 => "per seed".to_owned(),
            width => format!("per {} seeds", grouped(width)),
        },
        legend: &[],
    };
    let scale = Scale::round(greatest, whole);
    chart::write(page, &caption, axis, &scale, |page| {
        let bars = failed.parts().map(|(at, width, count)| Bar {
            at,
            width,
            between: (0, scale.height(count)),
        });
        let has_gaps = failed.counts.len() < GAPS_BELOW;
        write_bars(page, "failing", has_gaps, &bars.collect::<Vec<_>>());
        for (at, width, count) in failed.parts().filter(|(_, _, count)| *count > 0) {
            let hint = format!("{}: {count} failed", failed.name(at, width));
            write_hint(page, at, width, &hint);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_in_one_part() {
        for seeds in [0..1, 7..127, 5..1_005, 0..121, u64::MAX - 500..u64::MAX] {
            let mut buckets = Buckets::of(seeds.clone());
            seeds.clone().for_each(|seed| buckets.add(seed));
            let mut next = 0;
            for (at, width, count) in buckets.parts() {
                assert_eq!((at, width), (next, count), "{seeds:?}");
                next += width;
            }
            assert_eq!(next, seeds.end - seeds.start);
            assert_eq!(buckets.sums().last(), Some(&next));
        }
    }
}
