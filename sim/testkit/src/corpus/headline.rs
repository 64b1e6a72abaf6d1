//! The first line of an expectation: `accept` or `refuse CODE`, then attributes `key=value`.
//!
//! Never skips a word: what nobody asked for is an error.

use turingos::isa::FaultCode;

/// A first line, and the text below it.
pub(super) struct Headline<'t> {
    /// The code after `refuse`; nothing after `accept`.
    pub(super) refused_with: Option<&'t str>,
    attributes: Vec<(&'t str, &'t str)>,
    /// Everything after the first line feed.
    pub(super) below: &'t str,
}

impl<'t> Headline<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, String> {
        let (line, below) = text
            .split_once('\n')
            .ok_or("the first line does not end with a line feed")?;
        let mut words = line.split(' ');
        let refused_with = match words.next() {
            Some("accept") => None,
            Some("refuse") => Some(words.next().ok_or("`refuse` without a code")?),
            _ => {
                return Err(format!(
                    "begins with `{line}`, not `accept` or `refuse CODE`"
                ));
            }
        };
        let attributes = words
            .map(|word| {
                word.split_once('=')
                    .ok_or_else(|| format!("`{word}` is no attribute `key=value`"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            refused_with,
            attributes,
            below,
        })
    }

    /// Takes the value of an attribute out of the line.
    pub(super) fn take(&mut self, key: &str) -> Option<&'t str> {
        let at = self.attributes.iter().position(|(name, _)| *name == key)?;
        Some(self.attributes.remove(at).1)
    }

    /// Refuses attributes that were not taken: unknown ones, and repeated ones.
    pub(super) fn finish(&self) -> Result<(), String> {
        match self.attributes.first() {
            None => Ok(()),
            Some((key, _)) => Err(format!("attribute `{key}` is unknown or repeated here")),
        }
    }
}

/// Takes the one JSON line of an `accept`, below which only notes may stand.
pub(super) fn canonical_line(below: &str) -> Result<String, String> {
    let (line, notes) = below
        .split_once('\n')
        .ok_or("`accept` without a line of canonical JSON below it")?;
    only_notes(notes)?;
    Ok(line.to_owned())
}

/// Checks that every line is a note: `# ` and a sentence for the reviewer.
pub(super) fn only_notes(below: &str) -> Result<(), String> {
    if !below.is_empty() && !below.ends_with('\n') {
        return Err("the last line does not end with a line feed".into());
    }
    match below.lines().find(|line| !line.starts_with("# ")) {
        None => Ok(()),
        Some(line) => Err(format!("`{line}` is no note: those begin with `# `")),
    }
}

/// The decoder's code of that name.
pub(super) fn fault_code(name: &str) -> Result<FaultCode, String> {
    FaultCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is no fault code of the decoder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_is_taken_word_by_word() {
        let mut headline = Headline::parse("refuse SYNTAX status=429 a=\nbelow").unwrap();
        assert_eq!(headline.refused_with, Some("SYNTAX"));
        assert_eq!(headline.below, "below");
        assert_eq!(headline.take("status"), Some("429"));
        assert_eq!(headline.take("status"), None);
        assert!(headline.finish().is_err());
        assert_eq!(headline.take("a"), Some(""));
        assert_eq!(headline.finish(), Ok(()));
    }

    #[test]
    fn other_first_lines_are_refused() {
        for text in [
            "",
            "accept",
            "refuse\n",
            "Accept\n",
            "accept \n",
            "accept  a=b\n",
            "refuse SYNTAX note\n",
            " accept\n",
        ] {
            assert!(Headline::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn below_the_outcome_stand_only_notes() {
        assert_eq!(only_notes(""), Ok(()));
        assert_eq!(only_notes("# why\n# and why\n"), Ok(()));
        for text in ["x\n", "#\n", "# why", "\n", "# why\n\n"] {
            assert!(only_notes(text).is_err(), "{text:?}");
        }
        assert_eq!(canonical_line("{}\n# why\n"), Ok("{}".into()));
        assert!(canonical_line("{}").is_err());
        assert!(canonical_line("{}\n{}\n").is_err());
    }
}
