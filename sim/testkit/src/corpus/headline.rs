//! The line `expect` of a case: `accept` or `refuse CODE`, then attributes `key=value`.
//!
//! Never skips a word: an unread one is an error.

use turingos::isa::FaultCode;

/// The words of the line.
pub(super) struct Headline<'t> {
    /// The code after `refuse`; nothing after `accept`.
    pub(super) refused_with: Option<&'t str>,
    attributes: Vec<(&'t str, &'t str)>,
}

impl<'t> Headline<'t> {
    pub(super) fn parse(line: &'t str) -> Result<Self, String> {
        if line.contains('\n') {
            return Err("`expect` is longer than one line".into());
        }
        let mut words = line.split(' ');
        let refused_with = match words.next() {
            Some("accept") => None,
            Some("refuse") => Some(words.next().ok_or("`refuse` without a code")?),
            _ => {
                return Err(format!(
                    "`expect` is `{line}`, which does not begin with `accept` or `refuse CODE`"
                ));
            }
        };
        let attributes = words
            .map(|word| {
                word.split_once('=')
                    .ok_or_else(|| format!("`{word}` is not an attribute `key=value`"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            refused_with,
            attributes,
        })
    }

    /// Takes the value of an attribute out of the line.
    pub(super) fn take(&mut self, key: &str) -> Option<&'t str> {
        let at = self.attributes.iter().position(|(name, _)| *name == key)?;
        Some(self.attributes.remove(at).1)
    }

    /// Refuses unread attributes: unknown ones, and repeated ones.
    pub(super) fn finish(&self) -> Result<(), String> {
        match self.attributes.first() {
            None => Ok(()),
            Some((key, _)) => Err(format!("attribute `{key}` is unknown or repeated here")),
        }
    }
}

/// Reads the output of an `accept`: one line of canonical JSON.
pub(super) fn canonical_line(output: Option<&str>) -> Result<String, String> {
    let line = output.ok_or("`accept` without an `output`")?;
    match line.contains('\n') {
        true => Err("`output` is longer than one line".into()),
        false => Ok(line.to_owned()),
    }
}

/// Refuses an output where none is expected.
pub(super) fn no_output(output: Option<&str>) -> Result<(), String> {
    match output {
        None => Ok(()),
        Some(_) => Err("unexpected `output`".into()),
    }
}

/// The decoder's code of that name.
pub(super) fn fault_code(name: &str) -> Result<FaultCode, String> {
    FaultCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is not a fault code of the decoder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_one_by_one() {
        let mut headline = Headline::parse("refuse SYNTAX status=429 a=").unwrap();
        assert_eq!(headline.refused_with, Some("SYNTAX"));
        assert_eq!(headline.take("status"), Some("429"));
        assert_eq!(headline.take("status"), None);
        assert!(headline.finish().is_err());
        assert_eq!(headline.take("a"), Some(""));
        assert_eq!(headline.finish(), Ok(()));
    }

    #[test]
    fn other_lines_are_refused() {
        for text in [
            "",
            "accept\n",
            "accept a=b\nc",
            "refuse",
            "Accept",
            "accept ",
            "accept  a=b",
            "refuse SYNTAX note",
            " accept",
        ] {
            assert!(Headline::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn canonical_output_is_one_line() {
        assert_eq!(canonical_line(Some("{}")), Ok("{}".into()));
        assert!(canonical_line(None).is_err());
        assert!(canonical_line(Some("{}\n{}")).is_err());
        assert_eq!(no_output(None), Ok(()));
        assert!(no_output(Some("")).is_err());
    }
}
