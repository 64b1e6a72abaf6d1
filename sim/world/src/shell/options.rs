//! Options of a command: single letters, grouped or apart, before or between the operands.

/// A command's options and operands.
#[derive(Clone, Debug, Default)]
pub(super) struct Options<'a> {
    switches: String,
    value: Option<&'a str>,
    pub(super) operands: Vec<&'a str>,
}

impl<'a> Options<'a> {
    /// Sorts arguments into `switches` (letters without a value), the value of the one option
    /// letter that takes one, and operands. `--` ends the options; `-` alone is an operand.
    ///
    /// # Errors
    /// An unknown option, or one without its value.
    pub(super) fn parse(
        arguments: &'a [String],
        switches: &str,
        valued: Option<char>,
    ) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                options.operands.extend(arguments);
                break;
            }
            let letters = match argument.strip_prefix('-') {
                Some(letters) if !letters.is_empty() => letters,
                _ => {
                    options.operands.push(argument);
                    continue;
                }
            };
            for (at, letter) in letters.char_indices() {
                if Some(letter) == valued {
                    let attached = &letters[at + letter.len_utf8()..];
                    let value = if attached.is_empty() {
                        arguments.next()
                    } else {
                        Some(attached)
                    };
                    let missing = || format!("option -{letter} needs a value");
                    options.value = Some(value.ok_or_else(missing)?);
                    break;
                }
                if !switches.contains(letter) {
                    return Err(format!("unknown option -{letter}"));
                }
                options.switches.push(letter);
            }
        }
        Ok(options)
    }

    /// True if the switch was given.
    pub(super) fn has(&self, switch: char) -> bool {
        self.switches.contains(switch)
    }

    /// The value of the valued option, the last one given.
    pub(super) const fn value(&self) -> Option<&'a str> {
        self.value
    }
}
