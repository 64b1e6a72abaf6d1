//! Recipes for inputs that are too large or too hard to see to be stored as they are.
//!
//! Never makes more than a stated number of bytes, and never reads a file.

/// The most bytes that a recipe may make: twice the largest body that the bus reads.
pub(crate) const MAX_RECIPE_OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// A checked recipe.
///
/// One step a line, in order, nothing between the pieces:
///
/// - `text REST`: the rest of the line unchanged, without white space at its end;
/// - `string "…"`: a JSON string, for line feeds, controls and invisible characters;
/// - `repeat COUNT "…"`: a JSON string, COUNT times;
/// - `bytes ff fe`: bytes in hexadecimal, for what is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    piece: Vec<u8>,
    count: usize,
}

impl Recipe {
    /// Reads the text of a `recipe`.
    ///
    /// # Errors
    /// One line for people: the first malformed step, or that the result would be too large.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut total = 0_usize;
        for (line, number) in text.lines().zip(1_usize..) {
            let step = Step::parse(line).map_err(|reason| format!("line {number}: {reason}"))?;
            total = step
                .piece
                .len()
                .checked_mul(step.count)
                .and_then(|length| length.checked_add(total))
                .filter(|&total| total <= MAX_RECIPE_OUTPUT_BYTES)
                .ok_or_else(|| {
                    format!("line {number}: makes more than {MAX_RECIPE_OUTPUT_BYTES} bytes")
                })?;
            steps.push(step);
        }
        if steps.is_empty() {
            return Err("the recipe has no step".into());
        }
        Ok(Self(steps))
    }

    /// The bytes that the recipe makes, at most 8 MiB.
    #[must_use]
    pub(crate) fn expand(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for step in &self.0 {
            bytes.extend(step.piece.repeat(step.count));
        }
        bytes
    }
}

impl Step {
    fn parse(line: &str) -> Result<Self, String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "text" if rest.is_empty() || rest.trim_end() != rest => {
                Err("`text` is empty or ends in white space; write it as a `string`".into())
            }
            "text" => Ok(Self::once(rest.into())),
            "string" => Ok(Self::once(json_string(rest)?)),
            "repeat" => {
                let (count, piece) = rest.split_once(' ').ok_or("`repeat` without a string")?;
                let count = count
                    .parse()
                    .map_err(|_| format!("`{count}` is not a count"))?;
                Ok(Self {
                    piece: json_string(piece)?,
                    count,
                })
            }
            "bytes" => {
                let pairs = rest.split(' ').map(|pair| {
                    let is_hexadecimal =
                        pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
                    is_hexadecimal
                        .then(|| u8::from_str_radix(pair, 16).ok())
                        .flatten()
                        .ok_or_else(|| format!("`{pair}` is not a byte in hexadecimal"))
                });
                pairs.collect::<Result<_, _>>().map(Self::once)
            }
            _ => Err(format!("`{verb}` is not a step of a recipe")),
        }
    }

    const fn once(piece: Vec<u8>) -> Self {
        Self { piece, count: 1 }
    }
}

fn json_string(text: &str) -> Result<Vec<u8>, String> {
    let string: String =
        serde_json::from_str(text).map_err(|error| format!("`{text}` is not a string: {error}"))?;
    Ok(string.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_contiguous() {
        let recipe = "text {\"a\": b\nstring \"\\n\\u202e\"\nrepeat 3 \"ab\"\nbytes ff 0A\n";
        assert_eq!(
            Recipe::parse(recipe).unwrap().expand(),
            b"{\"a\": b\n\xe2\x80\xaeababab\xff\n"
        );
    }

    #[test]
    fn other_lines_are_refused_with_their_number() {
        for line in [
            "",
            "text",
            "text ",
            "text a ",
            "string a",
            "string \"a\"b",
            "repeat \"a\"",
            "repeat -1 \"a\"",
            "repeat 2",
            "bytes",
            "bytes f",
            "bytes +f",
            "bytes ff  fe",
            "copy other.in",
            "# note",
        ] {
            let reason = Recipe::parse(&format!("text a\n{line}\n")).expect_err(line);
            assert!(reason.starts_with("line 2: "), "{reason}");
        }
        assert!(Recipe::parse("").is_err());
        assert!(Recipe::parse("\n").is_err());
    }

    #[test]
    fn oversized_output_is_refused() {
        let largest = format!("repeat {MAX_RECIPE_OUTPUT_BYTES} \"x\"\n");
        assert!(Recipe::parse(&largest).is_ok());
        assert!(Recipe::parse(&format!("text a\n{largest}")).is_err());
        assert!(Recipe::parse("repeat 18446744073709551615 \"xx\"\n").is_err());
    }
}
