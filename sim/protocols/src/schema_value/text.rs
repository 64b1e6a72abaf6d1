//! Texts: of a pattern, of a format, or words.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use turingos_draws::Draws;

/// The longest text that is made, in characters.
pub(super) const MAX_CHARS: u64 = 4_096;

/// How deep a pattern nests.
const MAX_NESTING: u32 = 64;

const WORDS: [&str; 16] = [
    "alder", "basin", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty",
    "knoll", "lupin", "marsh", "north", "ocean", "prism",
];

/// Words of at least `least` and at most `most` characters.
pub(super) fn words(least: u64, most: u64, draws: &mut Draws) -> Option<String> {
    if least > most.min(MAX_CHARS) {
        return None;
    }
    let mut text = draws.pick(&WORDS).to_owned();
    if draws.chance(3_000) {
        text.push(' ');
        text.push_str(draws.pick(&WORDS));
    }
    while (text.len() as u64) < least {
        text.push(' ');
        text.push_str(draws.pick(&WORDS));
    }
    // The words are ASCII.
    text.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Some(text)
}

/// A text of a `format`; none for one that is not known.
pub(super) fn of_format(format: &str, draws: &mut Draws) -> Option<String> {
    let (a, b, c) = (draws.range(1, 12), draws.range(1, 28), draws.range(0, 23));
    let word = draws.pick(&WORDS);
    Some(match format {
        "date" => format!("2026-{a:02}-{b:02}"),
        "time" => format!("{c:02}:00:{b:02}Z"),
        "date-time" => format!("2026-{a:02}-{b:02}T{c:02}:00:00Z"),
        "duration" => format!("P{b}DT{a}H"),
        "email" | "idn-email" => format!("{word}@example.com"),
        "hostname" | "idn-hostname" => format!("{word}.example.com"),
        "uri" | "iri" | "url" => format!("https://example.com/{word}"),
        "uri-reference" | "iri-reference" => format!("/{word}/{b}"),
        "json-pointer" => format!("/{word}/{b}"),
        "ipv4" => format!("192.0.2.{b}"),
        "ipv6" => format!("2001:db8::{b:x}"),
        "regex" => format!("^{word}$"),
        "byte" => "YWxkZXI=".to_owned(),
        "uuid" => {
            let (high, low) = (draws.next_u64(), draws.next_u64());
            format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                high >> 32,
                high >> 16 & 0xffff,
                high & 0xfff,
                low >> 48 & 0xfff,
                low & 0xffff_ffff_ffff
            )
        }
        _ => return None,
    })
}

/// A text that the pattern matches from its first to its last character, with at least `repeats`
/// repetitions where it allows as many; none if the pattern cannot be read.
pub(super) fn of_pattern(pattern: &str, repeats: u32, draws: &mut Draws) -> Option<String> {
    let mut parser = ParserBuilder::new().nest_limit(MAX_NESTING).build();
    let parsed = parser.parse(pattern).ok()?;
    let mut writer = Writer {
        text: String::new(),
        steps: 4 * MAX_CHARS,
        repeats,
        draws,
    };
    writer.push(&parsed)?;
    Some(writer.text)
}

struct Writer<'d> {
    text: String,
    steps: u64,
    repeats: u32,
    draws: &'d mut Draws,
}

impl Writer<'_> {
    fn push(&mut self, part: &Hir) -> Option<()> {
        self.steps = self.steps.checked_sub(1)?;
        match part.kind() {
            // Whether an anchor holds is the judge's to say.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(str::from_utf8(&literal.0).ok()?),
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class.ranges();
                let character = self.character(ranges.iter().map(|it| (it.start(), it.end())))?;
                self.text.push(character);
            }
            HirKind::Class(Class::Bytes(_)) => return None,
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX);
                let wanted = self.repeats.max(self.draws.range(1, 4));
                for _ in 0..wanted.clamp(repetition.min, most) {
                    self.push(&repetition.sub)?;
                }
            }
            HirKind::Capture(capture) => self.push(&capture.sub)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    self.push(part)?;
                }
            }
            HirKind::Alternation(parts) => {
                let choices = u32::try_from(parts.len()).ok()?;
                let chosen = self.draws.below(choices) as usize;
                self.push(parts.get(chosen)?)?;
            }
        }
        Some(())
    }

    /// A character of the ranges: a letter or digit of ASCII, else another visible one of ASCII,
    /// else the first.
    fn character(&mut self, ranges: impl Iterator<Item = (char, char)> + Clone) -> Option<char> {
        let inside = |character: &char| {
            let mut ranges = ranges.clone();
            ranges.any(|(first, last)| (first..=last).contains(character))
        };
        let plain: Vec<char> = ('0'..='z')
            .filter(char::is_ascii_alphanumeric)
            .filter(inside)
            .collect();
        let visible = || (' '..='~').find(inside);
        match u32::try_from(plain.len()).ok()? {
            0 => visible().or_else(|| Some(ranges.clone().next()?.0)),
            count => plain.get(self.draws.below(count) as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_draws::Stream;

    #[test]
    fn text_of_a_pattern_matches_it() {
        let mut draws = Draws::new(7, Stream::ToolCall);
        for pattern in [
            "^[A-Z]{3}-\\d{4}$",
            "^(red|green|blue)?$",
            "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
            "^/(?:[a-z0-9_-]+/)*[a-z]+\\.txt$",
            "^\\w+\\s\\w+$",
            "ü+ß",
            "^[\\u4e00-\\u9fff]{2}$",
            "",
        ] {
            let Some(text) = of_pattern(pattern, 0, &mut draws) else {
                assert!(pattern.contains("\\u4e00"), "{pattern}");
                continue;
            };
            assert!(
                regex::Regex::new(pattern).unwrap().is_match(&text),
                "{pattern}: {text:?}"
            );
        }
        assert_eq!(of_pattern("(?=a)a", 0, &mut draws), None);
        assert_eq!(
            of_pattern("(((a|b*){9999}){9999}){9999}", 0, &mut draws),
            None
        );
        let long = of_pattern("^[a-z]+$", 9, &mut draws).unwrap();
        assert_eq!(long.len(), 9);
    }
}
