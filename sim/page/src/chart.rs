//! Charts over ticks, as SVG without text that scales: bars and lines stretch with the page, labels
//! keep their size.
//!
//! All coordinates are whole numbers, so a chart is the same on every machine.

use crate::page::{Page, grouped};

/// The height of the drawing in its own units.
pub const TOP: u64 = 1_000;

/// The scale of the vertical axis.
pub struct Scale {
    /// The value at the top.
    pub max: u64,
    /// The labels of lines across the chart, each at its value.
    pub labels: Vec<(u64, String)>,
}

impl Scale {
    /// From 0 to a round number not below `greatest`, labelled by `label`.
    pub fn round(greatest: u64, label: impl Fn(u64) -> String) -> Self {
        let max = round_up(greatest);
        let mut values = vec![0, max];
        if max.is_multiple_of(2) {
            values.insert(1, max / 2);
        }
        let labels = values.into_iter().map(|value| (value, label(value)));
        Self {
            max,
            labels: labels.collect(),
        }
    }

    /// The height of a value in the drawing.
    pub fn height(&self, value: u64) -> u64 {
        let height = u128::from(value) * u128::from(TOP) / u128::from(self.max.max(1));
        u64::try_from(height).unwrap_or(TOP).min(TOP)
    }
}

/// The least of 1, 2, 4, 6, 8, 10 times a power of ten that is not below `value`.
fn round_up(value: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 4, 6, 8] {
            let round = power.saturating_mul(factor);
            if round >= value || round == u64::MAX {
                return round;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// What a chart is about.
pub struct Caption {
    /// The title.
    pub title: &'static str,
    /// The unit of the vertical axis.
    pub unit: String,
    /// The class and the name of each series. The style has colours for the classes.
    pub legend: &'static [(&'static str, &'static str)],
}

/// The horizontal axis.
pub struct Axis {
    /// What it counts.
    pub name: &'static str,
    /// The number at its beginning.
    pub from: u64,
    /// How many it spans, at least 1.
    pub span: u64,
    /// Where a line marks the tick that is shown in full.
    pub mark: Option<u64>,
}

impl Axis {
    /// Where a tick begins on the axis, as a percentage with two decimals.
    fn percent(&self, place: u64) -> String {
        self.percent_of_halves(u128::from(place.saturating_sub(self.from)) * 2)
    }

    /// The middle of a tick.
    fn middle(&self, place: u64) -> String {
        self.percent_of_halves(u128::from(place.saturating_sub(self.from)) * 2 + 1)
    }

    fn percent_of_halves(&self, halves: u128) -> String {
        let share = halves * 5_000 / u128::from(self.span);
        format!("{}.{:02}%", share / 100, share % 100)
    }

    /// Round places, at most five, none near the end.
    fn places(&self) -> Vec<u64> {
        let mut power = 1_u64;
        let step = 'found: loop {
            for factor in [1, 2, 5] {
                if self.span / power.saturating_mul(factor) < 5 {
                    break 'found power.saturating_mul(factor);
                }
            }
            power = power.saturating_mul(10);
        };
        let last = self.from + self.span.saturating_sub(self.span.div_ceil(7));
        let first = self.from.next_multiple_of(step);
        let places = std::iter::successors(Some(first), |place| place.checked_add(step));
        places.take_while(|place| *place <= last).collect()
    }
}

/// Writes a chart; `draw` writes what stands in a drawing of the axis' span times [`TOP`], upside
/// down as SVG is.
pub fn write(
    page: &mut Page,
    caption: &Caption,
    axis: &Axis,
    scale: &Scale,
    draw: impl FnOnce(&mut Page),
) {
    page.markup("<figure><figcaption><b>")
        .markup(caption.title)
        .markup("</b> <span class=\"unit\">")
        .text(&caption.unit)
        .markup("</span>");
    if !caption.legend.is_empty() {
        page.markup("<span class=\"legend\">");
        for (class, name) in caption.legend {
            page.markup("<span><i class=\"");
            page.markup(class)
                .markup("\"></i>")
                .markup(name)
                .markup("</span>");
        }
        page.markup("</span>");
    }
    page.markup("</figcaption><div class=\"chart\"><svg class=\"values\" aria-hidden=\"true\">");
    for (value, label) in &scale.labels {
        page.markup("<text x=\"100%\" y=\"");
        from_top(page, scale.height(*value));
        page.markup("\" dy=\"0.35em\">")
            .text(label)
            .markup("</text>");
    }
    page.markup("</svg><svg class=\"plot\" role=\"img\" aria-label=\"")
        .markup(caption.title)
        .markup("\">");
    for (value, _) in &scale.labels {
        page.markup("<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"");
        from_top(page, scale.height(*value));
        page.markup("\" y2=\"");
        from_top(page, scale.height(*value));
        page.markup("\"/>");
    }
    page.markup("<svg viewBox=\"0 0 ")
        .number(axis.span.saturating_mul(10))
        .markup(" ")
        .number(TOP)
        .markup("\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">");
    draw(page);
    page.markup("</svg>");
    if let Some(mark) = axis.mark {
        let place = axis.middle(mark);
        page.markup("<line class=\"mark\" y1=\"0\" y2=\"100%\" x1=\"");
        page.text(&place).markup("\" x2=\"").text(&place);
        page.markup("\"/>");
    }
    page.markup("</svg><svg class=\"places\" aria-hidden=\"true\">");
    for place in axis.places() {
        page.markup(match place == axis.from {
            true => "<text class=\"first\" y=\"1em\" x=\"",
            false => "<text y=\"1em\" x=\"",
        });
        page.text(&axis.percent(place)).markup("\">");
        page.count(place).markup("</text>");
    }
    page.markup("<text class=\"name\" y=\"1em\" x=\"100%\">");
    page.markup(axis.name)
        .markup("</text></svg></div></figure>");
}

/// A height as a percentage from the top.
fn from_top(page: &mut Page, height: u64) {
    let depth = TOP - height.min(TOP);
    page.text(&format!("{}.{}%", depth / 10, depth % 10));
}

/// A bar: where it begins, how wide it is, and the heights between which it stands.
pub struct Bar {
    /// The place of its left side, from the beginning of the axis.
    pub at: u64,
    /// Its width.
    pub width: u64,
    /// The heights of its bottom and of its top in the drawing.
    pub between: (u64, u64),
}

/// Writes bars of one class as one shape. Narrow bars touch; wide ones have gaps.
pub fn write_bars(page: &mut Page, class: &'static str, has_gaps: bool, bars: &[Bar]) {
    page.markup("<path class=\"")
        .markup(class)
        .markup("\" d=\"");
    for bar in bars {
        let (low, high) = bar.between;
        if high <= low {
            continue;
        }
        let full = bar.width.saturating_mul(10);
        let gap = if has_gaps { full / 5 } else { 0 };
        page.markup("M").number(bar.at.saturating_mul(10) + gap / 2);
        page.markup(" ").number(TOP - low.min(TOP));
        page.markup("h").number(full - gap);
        page.markup("v-").number(high - low);
        page.markup("h-").number(full - gap).markup("z");
    }
    page.markup("\"/>");
}

/// Writes a line through the middles of its parts, given as (place, width, height).
pub fn write_line(page: &mut Page, class: &'static str, points: &[(u64, u64, u64)]) {
    page.markup("<polyline class=\"")
        .markup(class)
        .markup("\" points=\"");
    for (at, width, height) in points {
        page.number(at.saturating_mul(10) + width.saturating_mul(5));
        page.markup(",")
            .number(TOP - (*height).min(TOP))
            .markup(" ");
    }
    page.markup("\"/>");
}

/// Writes the area between the least and the greatest heights, given as (place, width, least,
/// greatest).
pub fn write_band(page: &mut Page, class: &'static str, parts: &[(u64, u64, u64, u64)]) {
    page.markup("<polygon class=\"")
        .markup(class)
        .markup("\" points=\"");
    let middle = |at: u64, width: u64| at.saturating_mul(10) + width.saturating_mul(5);
    for (at, width, _, greatest) in parts {
        page.number(middle(*at, *width)).markup(",");
        page.number(TOP - (*greatest).min(TOP)).markup(" ");
    }
    for (at, width, least, _) in parts.iter().rev() {
        page.number(middle(*at, *width)).markup(",");
        page.number(TOP - (*least).min(TOP)).markup(" ");
    }
    page.markup("\"/>");
}

/// Writes what is shown when the pointer rests on a part of the chart.
pub fn write_hint(page: &mut Page, at: u64, width: u64, hint: &str) {
    page.markup("<rect class=\"hint\" y=\"0\" height=\"1000\" x=\"");
    page.number(at.saturating_mul(10)).markup("\" width=\"");
    page.number(width.saturating_mul(10)).markup("\"><title>");
    page.text(hint).markup("</title></rect>");
}

/// The label of a whole number.
pub fn whole(value: u64) -> String {
    grouped(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (greatest, max) in [(0, 1), (1, 1), (3, 4), (9, 10), (11, 20), (4_100, 6_000)] {
            assert_eq!(Scale::round(greatest, whole).max, max, "{greatest}");
        }
        let scale = Scale::round(37, whole);
        let labels: Vec<_> = scale
            .labels
            .iter()
            .map(|(_, label)| label.as_str())
            .collect();
        assert_eq!(labels, ["0", "20", "40"]);
        assert_eq!(scale.height(10), 250);
        assert_eq!(scale.height(99), TOP);
    }

    #[test]
    fn axis_has_few_round_places() {
        let places = |from, span| {
            Axis {
                name: "tick",
                from,
                span,
                mark: None,
            }
            .places()
        };
        assert_eq!(places(0, 1), [0]);
        assert_eq!(places(0, 250), [0, 100, 200]);
        assert_eq!(places(0, 1_200), [0, 500, 1_000]);
        assert_eq!(places(0, 1_000_000), [0, 500_000]);
        assert_eq!(places(37, 40), [40, 50, 60, 70]);
        assert_eq!(
            places(u64::MAX - 4, 3),
            [u64::MAX - 4, u64::MAX - 3, u64::MAX - 2]
        );
    }

    #[test]
    fn bars_without_height_are_left_out() {
        let mut page = Page::default();
        let bar = |between| Bar {
            at: 3,
            width: 2,
            between,
        };
        write_bars(&mut page, "c1", true, &[bar((0, 0)), bar((0, 500))]);
        assert_eq!(
            page.into_string(),
            "<path class=\"c1\" d=\"M32 1000h16v-500h-16z\"/>"
        );
    }
}
