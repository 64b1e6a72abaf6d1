//! File content in scenario files: a text, lines, or a repeated line.
//!
//! Draws nothing: the same description always gives the same bytes, whose digest is in the header.

use serde_json::Value;

use super::fault::{ScenarioCode, ScenarioError, shown};
use super::member::Member;

/// The longest file of a scenario, in bytes: the limit of a default world.
pub const MAX_CONTENT_BYTES: usize = 256 * 1024;

/// The most entries of a list of lines.
const MAX_LINES: usize = 4_096;

/// The most times that one line is repeated.
const MAX_REPEAT: u64 = 100_000;

/// Reads `{"text": "…"}` or `{"lines": […]}`. A line ends in a line feed. Where `generated`, a line
/// may also be `{"repeat": COUNT, "line": "…"}`: the line COUNT times, in which `{n}` is the number
/// of the repetition, from 1, and `{n%K}` its remainder.
pub(super) fn content(member: &Member<'_>, generated: bool) -> Result<String, ScenarioError> {
    let object = member.object(&[], &["text", "lines"])?;
    match (object.find("text"), object.find("lines")) {
        (Some(text), None) => {
            let text = text.text()?.to_owned();
            bounded(member, &text)?;
            Ok(text)
        }
        (None, Some(lines)) => {
            let mut text = String::new();
            for line in lines.items(0..=MAX_LINES)? {
                push_line(&line, generated, &mut text)?;
                bounded(member, &text)?;
            }
            Ok(text)
        }
        _ => Err(member.error(
            ScenarioCode::MissingKey,
            "expected exactly one of `text` and `lines`",
        )),
    }
}

fn push_line(line: &Member<'_>, generated: bool, out: &mut String) -> Result<(), ScenarioError> {
    if !generated || !matches!(line.value(), Value::Object(_)) {
        let text = one_line(line)?;
        out.push_str(text);
        out.push('\n');
        return Ok(());
    }
    let object = line.object(&["repeat", "line"], &[])?;
    let repeat = object.get("repeat")?.number(1..=MAX_REPEAT)?;
    let pattern = object.get("line")?;
    let pieces = pieces(&pattern, one_line(&pattern)?)?;
    for number in 1..=repeat {
        for piece in &pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Number => out.push_str(&number.to_string()),
                Piece::Remainder(divisor) => out.push_str(&(number % divisor).to_string()),
            }
        }
        out.push('\n');
        if out.len() > MAX_CONTENT_BYTES {
            break;
        }
    }
    Ok(())
}

fn one_line<'a>(member: &Member<'a>) -> Result<&'a str, ScenarioError> {
    let text = member.text()?;
    if text.contains('\n') {
        let detail = "a line must not contain a line feed; one is added";
        return Err(member.error(ScenarioCode::BadText, detail));
    }
    Ok(text)
}

fn bounded(member: &Member<'_>, text: &str) -> Result<(), ScenarioError> {
    if text.len() <= MAX_CONTENT_BYTES {
        return Ok(());
    }
    let detail = format!("a file of more than {MAX_CONTENT_BYTES} bytes");
    Err(member.error(ScenarioCode::TooLarge, detail))
}

enum Piece<'a> {
    Text(&'a str),
    Number,
    Remainder(u64),
}

fn pieces<'a>(member: &Member<'_>, pattern: &'a str) -> Result<Vec<Piece<'a>>, ScenarioError> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((text, tail)) = rest.split_once('{') {
        pieces.push(Piece::Text(text));
        let closed = tail.split_once('}');
        let placeholder = closed.and_then(|(name, after)| Some((placeholder(name)?, after)));
        let Some((piece, after)) = placeholder else {
            let detail = format!("{} is not {{n}} or {{n%K}}", shown(&rest[text.len()..]));
            return Err(member.error(ScenarioCode::BadPlaceholder, detail));
        };
        pieces.push(piece);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn placeholder(name: &str) -> Option<Piece<'static>> {
    if name == "n" {
        return Some(Piece::Number);
    }
    let divisor = name.strip_prefix("n%")?;
    let is_plain = divisor.len() <= 9
        && !divisor.starts_with('0')
        && divisor.bytes().all(|digit| digit.is_ascii_digit());
    is_plain.then_some(Piece::Remainder(divisor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(value: &Value) -> Result<String, ScenarioCode> {
        content(&Member::root(value), true).map_err(|error| error.code)
    }

    #[test]
    fn content_is_text_lines_or_generated() {
        assert_eq!(made(&json!({"text": "as\nit is"})).unwrap(), "as\nit is");
        assert_eq!(made(&json!({"lines": ["a", "", "b"]})).unwrap(), "a\n\nb\n");
        let recipe = json!({"lines": ["from", {"repeat": 3, "line": "{n}:{n%2} {n}"}, "to"]});
        assert_eq!(made(&recipe).unwrap(), "from\n1:1 1\n2:0 2\n3:1 3\nto\n");
    }

    #[test]
    fn other_input_is_refused() {
        for (value, code) in [
            (json!("text"), ScenarioCode::WrongType),
            (json!({}), ScenarioCode::MissingKey),
            (json!({"text": "a", "lines": []}), ScenarioCode::MissingKey),
            (json!({"lines": ["a\nb"]}), ScenarioCode::BadText),
            (json!({"lines": [1]}), ScenarioCode::WrongType),
            (
                json!({"lines": [{"repeat": 0, "line": "a"}]}),
                ScenarioCode::OutOfRange,
            ),
            (
                json!({"lines": [{"repeat": 2, "line": "{m}"}]}),
                ScenarioCode::BadPlaceholder,
            ),
            (
                json!({"lines": [{"repeat": 2, "line": "{n%0}"}]}),
                ScenarioCode::BadPlaceholder,
            ),
            (
                json!({"lines": [{"repeat": 2, "line": "{n"}]}),
                ScenarioCode::BadPlaceholder,
            ),
            (
                json!({"lines": [{"repeat": 100_000, "line": "twelve bytes"}]}),
                ScenarioCode::TooLarge,
            ),
        ] {
            assert_eq!(made(&value), Err(code), "{value}");
        }
    }
}
