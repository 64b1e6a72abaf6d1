//! The mission language: one instruction per line, in plain English with fixed words.
//!
//! ```text
//! copy PATH to PATH
//! join PATH, PATH and PATH into PATH
//! keep the lines of PATH containing "TEXT" in PATH
//! find the line of PATH containing "TEXT" and put it in PATH
//! add up column NUMBER of PATH into PATH
//! count the lines of PATH into PATH
//! list PATH, PATH and PATH with their line counts in PATH
//! walk PATH by its LISTING files into PATH
//! compare PATH with PATH in PATH
//! put into PATH as JSON: "KEY" = count of PATH; "KEY" = sum of column NUMBER of PATH;
//!     "KEY" = text of PATH; "KEY" = "TEXT"                               (all on one line)
//! write "TEXT" to PATH
//! append "TEXT" to PATH
//! replace "TEXT" by "TEXT" in PATH
//! ```
//!
//! An instruction that writes a whole file may end in ` through a capability`. A PATH is a word
//! without spaces, commas and quotes; a TEXT is a JSON string. Any other wording is not an
//! instruction.

/// A parsed instruction: its readings, in order, and how to combine and write their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) readings: Vec<Reading>,
    pub(super) form: Form,
    pub(super) channel: Channel,
    /// The file to write or change.
    pub(super) target: String,
}

/// One pass over a whole file, from its first page to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The file, or the directory to walk; empty for a given value.
    pub(super) source: String,
    pub(super) fold: Fold,
    /// The key of the value in a JSON object.
    pub(super) key: String,
}

/// How a file's lines become a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// All of them.
    Text,
    /// The lines that contain a text.
    Containing(String),
    /// The first line that contains a text.
    First(String),
    /// The sum of a column, from 1; columns are separated by commas or white space.
    Sum(usize),
    /// The number of lines.
    Count,
    /// A digest, to compare two texts.
    Fingerprint,
    /// The file names in the listings of a tree.
    Walk,
    /// A given value; nothing is read.
    Given(String),
}

/// How the values are combined into one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One after another.
    Joined,
    /// One line each: the source and its value.
    Listed,
    /// `same` or `different`.
    Verdict,
    /// The members of an object.
    Json,
}

/// How the text is written to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// Replace the whole file.
    File,
    /// Replace the whole file through a handle.
    Capability,
    /// Append a line.
    Append,
    /// Replace a text in the file.
    Replace(String),
}

impl Instruction {
    /// Reads one instruction.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = Words(line.trim());
        let mut instruction = words.instruction()?;
        if words.take(" through a capability") {
            if instruction.channel != Channel::File {
                return None;
            }
            instruction.channel = Channel::Capability;
        }
        words.0.is_empty().then_some(instruction)
    }

    /// A command line with the same result, if there is one: for sources that are too long for the
    /// memory.
    pub(super) fn command(&self) -> Option<String> {
        let [reading] = &*self.readings else {
            return None;
        };
        if self.channel != Channel::File || self.form != Form::Joined {
            return None;
        }
        let (source, target) = (quoted(&reading.source)?, quoted(&self.target)?);
        let work = match &reading.fold {
            Fold::Text => format!("cp {source} {target}"),
            Fold::Containing(text) => format!("grep -F {} {source} > {target}", quoted(text)?),
            _ => return None,
        };
        self.with_directory(&work)
    }

    /// A command line that fills the target with blank lines.
    pub(super) fn blank_command(&self, lines: usize) -> Option<String> {
        let work = format!(
            "printf '{}' > {}",
            "\\n".repeat(lines),
            quoted(&self.target)?
        );
        self.with_directory(&work)
    }

    /// Creates the target's directory first, because a redirection does not.
    fn with_directory(&self, work: &str) -> Option<String> {
        Some(match self.target.rsplit_once('/') {
            Some((directory, _)) => format!("mkdir -p {} && {work}", quoted(directory)?),
            None => work.to_owned(),
        })
    }
}

/// A quoted word of a command line; `None` if it contains a single quote.
pub(super) fn quoted(text: &str) -> Option<String> {
    (!text.contains('\'')).then(|| format!("'{text}'"))
}

/// The rest of a line.
struct Words<'a>(&'a str);

impl Words<'_> {
    fn instruction(&mut self) -> Option<Instruction> {
        let verb = self.until(" ")?.to_owned();
        match verb.as_str() {
            "copy" => {
                let source = self.path()?;
                self.one(source, Fold::Text, " to ")
            }
            "join" => {
                let readings = self.paths(&Fold::Text)?;
                self.whole_file(readings, Form::Joined, " into ")
            }
            "keep" => {
                self.must("the lines of ")?;
                let source = self.path()?;
                self.must(" containing ")?;
                let text = self.text()?;
                self.one(source, Fold::Containing(text), " in ")
            }
            "find" => {
                self.must("the line of ")?;
                let source = self.path()?;
                self.must(" containing ")?;
                let text = self.text()?;
                self.one(source, Fold::First(text), " and put it in ")
            }
            "add" => {
                self.must("up column ")?;
                let column = self.column()?;
                self.must(" of ")?;
                let source = self.path()?;
                self.one(source, Fold::Sum(column), " into ")
            }
            "count" => {
                self.must("the lines of ")?;
                let source = self.path()?;
                self.one(source, Fold::Count, " into ")
            }
            "list" => {
                let readings = self.paths(&Fold::Count)?;
                self.whole_file(readings, Form::Listed, " with their line counts in ")
            }
            "walk" => {
                let source = self.path()?;
                self.one(source, Fold::Walk, " by its LISTING files into ")
            }
            "compare" => {
                let first = self.path()?;
                self.must(" with ")?;
                let readings = vec![
                    reading(first, Fold::Fingerprint),
                    reading(self.path()?, Fold::Fingerprint),
                ];
                self.whole_file(readings, Form::Verdict, " in ")
            }
            "put" => self.json(),
            "write" => {
                let text = self.text()?;
                self.given(text, Channel::File, " to ")
            }
            "append" => {
                let text = self.text()?;
                self.given(text, Channel::Append, " to ")
            }
            "replace" => {
                let search = self.text()?;
                self.must(" by ")?;
                let text = self.text()?;
                self.given(text, Channel::Replace(search), " in ")
            }
            _ => None,
        }
    }

    fn one(&mut self, source: String, fold: Fold, link: &str) -> Option<Instruction> {
        self.whole_file(vec![reading(source, fold)], Form::Joined, link)
    }

    fn whole_file(
        &mut self,
        readings: Vec<Reading>,
        form: Form,
        link: &str,
    ) -> Option<Instruction> {
        self.must(link)?;
        Some(Instruction {
            readings,
            form,
            channel: Channel::File,
            target: self.path()?,
        })
    }

    fn given(&mut self, text: String, channel: Channel, link: &str) -> Option<Instruction> {
        let readings = vec![reading(String::new(), Fold::Given(text))];
        let instruction = self.whole_file(readings, Form::Joined, link)?;
        Some(Instruction {
            channel,
            ..instruction
        })
    }

    fn json(&mut self) -> Option<Instruction> {
        self.must("into ")?;
        let target = self.path()?;
        self.must(" as JSON: ")?;
        let mut readings = Vec::new();
        loop {
            let key = self.text()?;
            self.must(" = ")?;
            let (source, fold) = if self.0.starts_with('"') {
                (String::new(), Fold::Given(self.text()?))
            } else if self.take("count of ") {
                (self.path()?, Fold::Count)
            } else if self.take("text of ") {
                (self.path()?, Fold::Text)
            } else {
                self.must("sum of column ")?;
                let column = self.column()?;
                self.must(" of ")?;
                (self.path()?, Fold::Sum(column))
            };
            readings.push(Reading { source, fold, key });
            if !self.take("; ") {
                break;
            }
        }
        Some(Instruction {
            readings,
            form: Form::Json,
            channel: Channel::File,
            target,
        })
    }

    fn paths(&mut self, fold: &Fold) -> Option<Vec<Reading>> {
        let mut readings = vec![reading(self.path()?, fold.clone())];
        while self.take(", ") {
            readings.push(reading(self.path()?, fold.clone()));
        }
        if self.take(" and ") {
            readings.push(reading(self.path()?, fold.clone()));
        }
        Some(readings)
    }

    fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn must(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }

    fn until(&mut self, end: &str) -> Option<&str> {
        let (found, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(found)
    }

    fn path(&mut self) -> Option<String> {
        let end = self.0.find([' ', ',', '"', ';']).unwrap_or(self.0.len());
        let (path, rest) = self.0.split_at(end);
        self.0 = rest;
        (!path.is_empty()).then(|| path.to_owned())
    }

    fn column(&mut self) -> Option<usize> {
        self.path()?.parse().ok().filter(|column| *column > 0)
    }

    /// A JSON string.
    fn text(&mut self) -> Option<String> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<String>();
        let text = values.next()?.ok()?;
        self.0 = self.0.get(values.byte_offset()..)?;
        Some(text)
    }
}

const fn reading(source: String, fold: Fold) -> Reading {
    Reading {
        source,
        fold,
        key: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Instruction {
        Instruction::parse(line).unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn parses_every_instruction() {
        for (line, target, readings) in [
            ("copy a to b/c", "b/c", 1),
            ("join a, b and c into d", "d", 3),
            ("keep the lines of a containing \"x y\" in b", "b", 1),
            (
                "find the line of a containing \"x\" and put it in b",
                "b",
                1,
            ),
            ("add up column 3 of a into b", "b", 1),
            ("count the lines of a into b", "b", 1),
            ("list a and b with their line counts in c", "c", 2),
            ("walk t/$x by its LISTING files into b", "b", 1),
            ("compare a with b in c", "c", 2),
            ("write \"one\\ntwo\\n\" to b", "b", 1),
            ("append \"x\" to b", "b", 1),
            ("replace \"x\" by \"y\" in b", "b", 1),
            (
                "put into b as JSON: \"n\" = count of a; \"s\" = sum of column 2 of a; \
                 \"t\" = text of c; \"g\" = \"given\"",
                "b",
                4,
            ),
        ] {
            let instruction = parsed(line);
            assert_eq!(instruction.target, target, "{line}");
            assert_eq!(instruction.readings.len(), readings, "{line}");
        }
    }

    #[test]
    fn capability_needs_a_whole_file() {
        let line = "write \"x\" to b through a capability";
        assert_eq!(parsed(line).channel, Channel::Capability);
        assert_eq!(
            Instruction::parse("append \"x\" to b through a capability"),
            None
        );
    }

    #[test]
    fn rejects_other_wording() {
        for line in [
            "",
            "copy a",
            "copy a to b now",
            "Copy a to b",
            "keep the lines of a containing x in b",
            "add up column 0 of a into b",
            "add up column two of a into b",
            "write \"x to b",
            "put into b as JSON:",
            "burn a",
        ] {
            assert_eq!(Instruction::parse(line), None, "{line}");
        }
    }

    #[test]
    fn copy_and_filter_commands() {
        assert_eq!(
            parsed("copy a to b/c").command().as_deref(),
            Some("mkdir -p 'b' && cp 'a' 'b/c'")
        );
        assert_eq!(
            parsed("keep the lines of a containing \"$x\" in b")
                .command()
                .as_deref(),
            Some("grep -F '$x' 'a' > 'b'")
        );
        assert_eq!(parsed("count the lines of a into b").command(), None);
        assert_eq!(parsed("join a and b into c").command(), None);
        assert_eq!(
            parsed("copy a to b/c").blank_command(2).as_deref(),
            Some("mkdir -p 'b' && printf '\\n\\n' > 'b/c'")
        );
    }
}
