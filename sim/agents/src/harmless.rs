//! Replies that are not canonical but decode to the intended transition.

use super::intent::{Intent, Spelling};
use super::noise::NoiseKind;
use turingos_draws::Draws;

/// Appends the intent with harmless noise of `kind`; kinds of another class leave it canonical.
pub(super) fn say(kind: NoiseKind, intent: &Intent, draws: &mut Draws, out: &mut Vec<u8>) {
    let mut spelling = Spelling::CANONICAL;
    let (before, after): (&str, &str) = match kind {
        NoiseKind::MarkdownFence => (draws.pick(&["```json\n", "```\n", "```JSON\n"]), "\n```"),
        NoiseKind::SurroundingProse => {
            let before = draws.pick(&[
                "Here is the next transition:\n\n",
                "I looked at the frame. The next step is clear.\n",
                "Sure! ",
                "",
            ]);
            let after = match before {
                "" => draws.pick(&["\n\nThis moves the work on by one step.", "\nDone."]),
                _ => draws.pick(&["", "\n\nThis moves the work on by one step.", "\nDone."]),
            };
            (before, after)
        }
        NoiseKind::ThinkBlock => (
            draws.pick(&[
                "<think>\nThe slice shows where I am. One syscall, nothing more.\n</think>\n\n",
                "<thought>The step in q is the one to do.</thought>\n",
                "<think></think>",
            ]),
            "",
        ),
        NoiseKind::OpcodeSpelling => {
            spelling.opcode_key = draws.pick(&["sys", "syscall", "op"]);
            spelling.alias = true;
            spelling.lower_case = true;
            ("", "")
        }
        NoiseKind::OperandSynonyms => {
            spelling.synonym = draws.range(1, 3) as usize;
            ("", "")
        }
        NoiseKind::PrettyPrinted => {
            spelling.pretty = true;
            ("", "\n")
        }
        _ => ("", ""),
    };
    out.extend_from_slice(before.as_bytes());
    intent.spell(spelling, out);
    out.extend_from_slice(after.as_bytes());
}
