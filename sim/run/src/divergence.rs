//! A replay that differs from its recording: where first, why, and in what.
//!
//! Never compares more than it shows: texts are cut around their first difference, and lists have a
//! bound.

use std::fmt;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use serde::Serialize;
use serde_json::Value;
use strum::{IntoStaticStr, VariantArray};

/// At most so many different members are listed.
const MAX_DIFFERENCES: usize = 40;
/// At most so many lines of a text are shown.
const MAX_LINES: usize = 40;
/// At most so many characters of a line or value are shown.
const MAX_CHARS: usize = 240;
/// Of a longer text only so much after the first difference is compared, in bytes.
const MAX_COMPARED_BYTES: usize = 32 * 1024;

/// Where a replay left its recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The first tick that differs, from 0.
    pub tick: u64,
    /// Why, as far as that can be told.
    pub cause: Cause,
    /// What happened, one line for people.
    pub detail: String,
    /// What the recording has: a record, or the nearest request or question.
    pub recorded: Option<Value>,
    /// What the replay has in its place.
    pub replayed: Option<Value>,
    /// The members that differ, in order; at most 40.
    pub differences: Vec<Difference>,
}

/// One member that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The member, as a JSON pointer into the record, request or question.
    pub pointer: String,
    /// Its value in the recording, shortened; `None` if it has none.
    pub recorded: Option<String>,
    /// Its value in the replay, shortened; `None` if it has none.
    pub replayed: Option<String>,
    /// For a text of several lines, the lines that differ, with `-` for recorded and `+` for
    /// replayed and some context; at most 40.
    pub lines: Vec<String>,
}

/// Why a replay left its recording.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Cause {
    /// A call in its place sends another request.
    PromptChanged,
    /// A request that was recorded is sent in another place.
    OrderChanged,
    /// A call is made that the recording does not have.
    ExtraCall,
    /// A recorded call is not made.
    MissingCall,
    /// The world starts otherwise, or is asked otherwise.
    WorldChanged,
    /// Every input is the recorded one, but the record is not: the program changed.
    RecordChanged,
    /// The record is the recorded one, but a trap frame is not: the program changed.
    TrapFrameChanged,
    /// The record is the recorded one, but what was injected is not: the file was edited, or the
    /// program changed.
    InjectionChanged,
    /// Every record is the recorded one, but the manifest claims something else of them: it was
    /// edited, or the program changed.
    ManifestChanged,
    /// A recorded response asks for another wait than its headers do: the tape was edited.
    HeadersChanged,
}

impl Cause {
    /// Every cause.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The cause as it is written in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Divergence {
    /// The divergence of two records of one tick, each as its JSON text. A record that one side
    /// does not have is empty.
    #[must_use]
    pub(crate) fn of_records(tick: u64, recorded: &[u8], replayed: &[u8]) -> Self {
        let detail = match (recorded, replayed) {
            (_, b"") => "the recording has a record where the replay has ended",
            (b"", _) => "the replay has a record where the recording has ended",
            _ => "every input is the recorded one, but the record is another",
        };
        Self::of_lines(tick, Cause::RecordChanged, detail, recorded, replayed)
    }

    /// The divergence of two lines of one tick in a file that follows from the run, each as its JSON
    /// text. One that a side does not have is empty; `what` is one of them, for people.
    #[must_use]
    pub(crate) fn of_derived_lines(
        tick: u64,
        (cause, what): (Cause, &str),
        recorded: &[u8],
        replayed: &[u8],
    ) -> Self {
        let detail = match (recorded, replayed) {
            (_, b"") => format!("the recording has {what} where the replay has none"),
            (b"", _) => format!("the replay has {what} where the recording has none"),
            _ => format!("the record is the recorded one, but {what} is another"),
        };
        Self::of_lines(tick, cause, &detail, recorded, replayed)
    }

    /// The divergence of what a manifest claims of `ticks` ticks from what follows from them.
    #[must_use]
    pub(crate) fn of_claims(ticks: u64, recorded: Value, replayed: Value) -> Self {
        Self {
            tick: ticks,
            cause: Cause::ManifestChanged,
            detail: "every record is the recorded one, but the manifest claims something else of \
                     them"
                .to_owned(),
            differences: differences(&recorded, &replayed),
            recorded: Some(recorded),
            replayed: Some(replayed),
        }
    }

    fn of_lines(tick: u64, cause: Cause, detail: &str, recorded: &[u8], replayed: &[u8]) -> Self {
        let (recorded, replayed) = (parsed(recorded), parsed(replayed));
        Self {
            tick,
            cause,
            detail: detail.to_owned(),
            differences: match (&recorded, &replayed) {
                (Some(recorded), Some(replayed)) => differences(recorded, replayed),
                _ => Vec::new(),
            },
            recorded,
            replayed,
        }
    }
}

impl Divergence {
    /// The account for people: the first line says where and why, the others show both sides.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "the replay leaves the recording at tick {}: {}: {}",
            self.tick,
            self.cause.name(),
            self.detail
        )];
        for (side, value) in [("recorded", &self.recorded), ("replayed", &self.replayed)] {
            lines.push(match value {
                Some(value) => format!("  {side} {value}"),
                None => format!("  {side} (nothing)"),
            });
        }
        for difference in &self.differences {
            lines.push(format!("  at {}", difference.pointer));
            if difference.lines.is_empty() {
                let show = |value: &Option<String>| value.clone().unwrap_or("(absent)".to_owned());
                lines.push(format!("    - {}", show(&difference.recorded)));
                lines.push(format!("    + {}", show(&difference.replayed)));
            }
            lines.extend(difference.lines.iter().map(|line| format!("    {line}")));
        }
        lines
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

fn parsed(record: &[u8]) -> Option<Value> {
    if record.is_empty() {
        return None;
    }
    let read = serde_json::from_slice(record);
    Some(read.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(record).into_owned())))
}

/// The members in which two documents differ, in the order of their names.
#[must_use]
pub fn differences(recorded: &Value, replayed: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(
        &mut String::new(),
        Some(recorded),
        Some(replayed),
        &mut found,
    );
    found
}

/// The same for two texts, which are compared as documents if both are JSON.
#[must_use]
pub fn differing_texts(recorded: &[u8], replayed: &[u8]) -> Vec<Difference> {
    let documents = (
        serde_json::from_slice(recorded),
        serde_json::from_slice(replayed),
    );
    if let (Ok(recorded), Ok(replayed)) = documents {
        return differences(&recorded, &replayed);
    }
    let text = |bytes| Value::String(String::from_utf8_lossy(bytes).into_owned());
    differences(&text(recorded), &text(replayed))
}

fn compare(
    pointer: &mut String,
    recorded: Option<&Value>,
    replayed: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    if recorded == replayed || found.len() == MAX_DIFFERENCES {
        return;
    }
    let length = pointer.len();
    match (recorded, replayed) {
        (Some(Value::Object(recorded)), Some(Value::Object(replayed))) => {
            let added = replayed.keys().filter(|name| !recorded.contains_key(*name));
            for name in recorded.keys().chain(added) {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                compare(pointer, recorded.get(name), replayed.get(name), found);
                pointer.truncate(length);
            }
        }
        (Some(Value::Array(recorded)), Some(Value::Array(replayed))) => {
            for index in 0..recorded.len().max(replayed.len()) {
                pointer.push_str(&format!("/{index}"));
                compare(pointer, recorded.get(index), replayed.get(index), found);
                pointer.truncate(length);
            }
        }
        (Some(Value::String(recorded)), Some(Value::String(replayed)))
            if recorded.contains('\n') || replayed.contains('\n') =>
        {
            found.push(Difference {
                pointer: pointer.clone(),
                recorded: None,
                replayed: None,
                lines: differing_lines(recorded, replayed),
            });
        }
        (recorded, replayed) => found.push(Difference {
            pointer: pointer.clone(),
            recorded: recorded.map(|value| clipped(&value.to_string())),
            replayed: replayed.map(|value| clipped(&value.to_string())),
            lines: Vec::new(),
        }),
    }
}

/// Lines that differ, with one line of context around them.
fn differing_lines(recorded: &str, replayed: &str) -> Vec<String> {
    let same = recorded.bytes().zip(replayed.bytes());
    let same = same.take_while(|(a, b)| a == b).count();
    let line_start = |end: usize| {
        let before = &recorded.as_bytes()[..end];
        before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1)
    };
    // From the line before the first difference on, unless it would hide the difference.
    let own = line_start(same);
    let before = line_start(own.saturating_sub(1));
    let start = match same - before < MAX_COMPARED_BYTES / 2 {
        true => before,
        false => own,
    };
    let [recorded, replayed] = [recorded, replayed].map(|text| part(text, start));
    let input = InternedInput::new(recorded, replayed);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut config = UnifiedDiffConfig::default();
    config.context_len(1);
    let printer = BasicLineDiffPrinter(&input.interner);
    let text = diff.unified_diff(&printer, config, &input).to_string();
    text.lines().take(MAX_LINES).map(clipped).collect()
}

fn part(text: &str, start: usize) -> &str {
    let end = text.floor_char_boundary(start.saturating_add(MAX_COMPARED_BYTES));
    text.get(start..end).unwrap_or_default()
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

#[cfg(test)]
mod tests;
