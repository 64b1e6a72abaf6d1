//! The ledger on the page: families of points, what was never reached, and which injected kind met
//! which trap.

use turingos::trap::TrapKind;
use turingos_page::Page;
use turingos_page::page::grouped;

use crate::ledger::{Ledger, Reach};

/// `312 of 378`.
pub(super) fn share<'a>(points: impl Iterator<Item = Reach<'a>>) -> String {
    let (reached, all) = points.fold((0, 0), |(reached, all), (_, entry)| {
        (reached + u64::from(entry.is_some()), all + 1)
    });
    format!("{} of {}", grouped(reached), grouped(all))
}

/// Writes every section.
pub(super) fn write(page: &mut Page, ledger: &Ledger) {
    write_families(page, ledger);
    write_combinations(page, ledger);
}

/// The points of one family, by the rest of their names.
struct Family<'a> {
    name: &'a str,
    points: Vec<Reach<'a>>,
}

fn families<'a>(points: impl Iterator<Item = Reach<'a>>) -> Vec<Family<'a>> {
    let mut families: Vec<Family<'a>> = Vec::new();
    for (name, entry) in points {
        let (family, rest) = name.split_once('/').unwrap_or((name, ""));
        match families.last_mut() {
            Some(last) if last.name == family => last.points.push((rest, entry)),
            _ => families.push(Family {
                name: family,
                points: vec![(rest, entry)],
            }),
        }
    }
    families
}

fn write_families(page: &mut Page, ledger: &Ledger) {
    page.markup("<section><h2>What was reached</h2><table class=\"families\"><thead><tr>")
        .markup("<th>Points</th><th class=\"n\">Reached</th><th>Never reached</th>")
        .markup("</tr></thead><tbody>");
    let families = families(ledger.named());
    for family in &families {
        page.element("<tr><td class=\"code\">", family.name, "</td>");
        let reached = share(family.points.iter().copied());
        page.element("<td class=\"n\">", &reached, "</td><td class=\"never\">");
        for (name, _) in family.points.iter().filter(|(_, entry)| entry.is_none()) {
            page.element("<code>", name, "</code> ");
        }
        page.markup("</td></tr>");
    }
    page.markup("</tbody></table><details><summary>Every point that was reached</summary>");
    page.markup("<table class=\"points\"><thead><tr><th>Point</th><th class=\"n\">Ticks</th>")
        .markup("<th class=\"n\">First seed</th></tr></thead><tbody>");
    for family in &families {
        for (name, entry) in &family.points {
            let Some((count, seed)) = entry else {
                continue;
            };
            page.element("<tr><td class=\"code\">", family.name, "/");
            page.text(name).markup("</td><td class=\"n\">");
            page.count(*count).markup("</td><td class=\"n\">");
            page.count(*seed).markup("</td></tr>");
        }
    }
    page.markup("</tbody></table></details></section>");
}

/// A row for each injected kind, a column for each trap.
fn write_combinations(page: &mut Page, ledger: &Ledger) {
    page.markup("<section><h2>Injected kinds and traps</h2><p class=\"note\">");
    page.markup("In how many ticks a kind was injected and a trap was raised. A dot: never.</p>");
    page.markup("<div class=\"matrix\"><table><thead><tr><th></th>");
    for trap in TrapKind::ALL {
        page.element("<th><span>", trap.name(), "</span></th>");
    }
    page.markup("</tr></thead><tbody>");
    for family in families(ledger.combinations()) {
        let (class, title) = match family.name {
            "noise-with-trap" => ("<i class=\"noise\"></i>", "noise on replies"),
            "provider-with-trap" => ("<i class=\"provider\"></i>", "provider faults"),
            _ => ("<i class=\"world\"></i>", "world faults"),
        };
        page.markup("<tr class=\"part\"><th>").markup(class);
        page.markup(title).markup("</th></tr>");
        for row in family.points.chunks(TrapKind::ALL.len()) {
            let kind = { row.first() }
                .and_then(|(name, _)| name.split('/').next())
                .unwrap_or_default();
            page.element("<tr><th>", kind, "</th>");
            row.iter().for_each(|point| write_cell(page, point));
            page.markup("</tr>");
        }
    }
    page.markup("</tbody></table></div></section>");
}

fn write_cell(page: &mut Page, (name, entry): &Reach<'_>) {
    let Some((count, seed)) = entry else {
        page.markup("<td class=\"heat-0\">·</td>");
        return;
    };
    page.markup(match *count {
        0..10 => "<td class=\"heat-1\" title=\"",
        10..100 => "<td class=\"heat-2\" title=\"",
        100..1_000 => "<td class=\"heat-3\" title=\"",
        _ => "<td class=\"heat-4\" title=\"",
    });
    page.text(name).markup(": ").count(*count);
    page.markup(" ticks, first with seed ").count(*seed);
    page.element("\">", &short(*count), "</td>");
}

/// A count in at most four characters, as far as that goes.
fn short(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..10_000 => format!("{}.{}k", count / 1_000, count / 100 % 10),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", grouped(count / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        for (count, shown) in [
            (7, "7"),
            (999, "999"),
            (1_234, "1.2k"),
            (45_678, "45k"),
            (3_456_789, "3M"),
        ] {
            assert_eq!(short(count), shown);
        }
    }
}
