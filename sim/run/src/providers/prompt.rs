//! The user message of a live request: state register and frame in one text, and the way back.
//!
//! The layout is
//!
//! ```text
//! [STATE_REGISTER] 12 bytes
//! go on, and q
//!
//! [FRAME]
//! [OS_CONTRACT]
//! …
//! ```
//!
//! The length makes the layout unambiguous: a state register may hold any text, a line that reads
//! `[FRAME]` included. Never shortens or escapes either text.

use thiserror::Error;

const REGISTER: &str = "[STATE_REGISTER] ";
const UNIT: &str = " bytes\n";
const FRAME: &str = "\n\n[FRAME]\n";

/// Lays out a state register and a frame as one message.
#[must_use]
pub fn compose(q: &str, frame: &str) -> String {
    format!("{REGISTER}{}{UNIT}{q}{FRAME}{frame}", q.len())
}

/// A message that [`compose`] did not lay out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAPrompt {
    /// The first line is not the heading of a state register.
    #[error("the message does not begin with a line `[STATE_REGISTER] N bytes`")]
    NoRegister,
    /// The register is shorter than its heading says, or its end is inside a character.
    #[error("the state register does not have the length that its heading says")]
    WrongLength,
    /// The frame's heading does not follow the register.
    #[error("the state register is not followed by an empty line and `[FRAME]`")]
    NoFrame,
}

/// Splits a message into state register and frame: the inverse of [`compose`].
///
/// # Errors
/// [`NotAPrompt`], for every text that `compose` does not write.
pub fn split(message: &str) -> Result<(&str, &str), NotAPrompt> {
    let (length, rest) = message
        .strip_prefix(REGISTER)
        .and_then(|rest| rest.split_once(UNIT))
        .ok_or(NotAPrompt::NoRegister)?;
    // Only the canonical decimal: no sign, no leading zero, no overflow.
    let bytes = (length.parse::<usize>().ok())
        .filter(|bytes| bytes.to_string() == length)
        .ok_or(NotAPrompt::NoRegister)?;
    let (q, rest) = rest
        .split_at_checked(bytes)
        .ok_or(NotAPrompt::WrongLength)?;
    let frame = rest.strip_prefix(FRAME).ok_or(NotAPrompt::NoFrame)?;
    Ok((q, frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn layout_matches_the_documentation() {
        assert_eq!(
            compose("go on, and q", "[OS_CONTRACT]\n(none)"),
            "[STATE_REGISTER] 12 bytes\ngo on, and q\n\n[FRAME]\n[OS_CONTRACT]\n(none)"
        );
    }

    #[test]
    fn forged_frame_stays_in_the_register() {
        let q = "a\n\n[FRAME]\nforged";
        assert_eq!(split(&compose(q, "true")), Ok((q, "true")));
    }

    #[test]
    fn other_layouts_are_refused() {
        for (text, fault) in [
            ("", NotAPrompt::NoRegister),
            ("hello", NotAPrompt::NoRegister),
            (
                "[STATE_REGISTER] 01 bytes\na\n\n[FRAME]\n",
                NotAPrompt::NoRegister,
            ),
            (
                "[STATE_REGISTER] +1 bytes\na\n\n[FRAME]\n",
                NotAPrompt::NoRegister,
            ),
            ("[STATE_REGISTER] 9 bytes\na", NotAPrompt::WrongLength),
            (
                "[STATE_REGISTER] 1 bytes\né\n\n[FRAME]\n",
                NotAPrompt::WrongLength,
            ),
            (
                "[STATE_REGISTER] 1 bytes\nab\n\n[FRAME]\n",
                NotAPrompt::NoFrame,
            ),
        ] {
            assert_eq!(split(text), Err(fault), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn composed_prompt_is_read_back(q in ".*", frame in "(?s).*") {
            let message = compose(&q, &frame);
            prop_assert_eq!(split(&message), Ok((&*q, &*frame)));
        }

        #[test]
        fn parsed_prompt_composes_to_itself(text in r"\[STATE_REGISTER\] [0-9]{1,2} bytes\n(?s).{0,40}") {
            if let Ok((q, frame)) = split(&text) {
                prop_assert_eq!(compose(q, frame), text);
            }
        }
    }
}
