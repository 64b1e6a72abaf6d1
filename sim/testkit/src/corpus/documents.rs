//! Cases of documents that a reader accepts, or refuses with a code and a place.
//!
//! [`Document::read`] is the product's own reader.

use std::fmt;

use super::headline::{Headline, no_output};
use super::{Disagreement, Expectation};

/// A kind of document.
pub trait Document {
    /// The directory's name below the corpus root.
    const FOLDER: &'static str;

    /// The reason for a refusal.
    type Code: Copy + Ord + fmt::Debug + 'static;

    /// The parts of an accepted document that are compared.
    type Taken: Clone + Eq + fmt::Debug;

    /// Every code with its name.
    fn codes() -> impl Iterator<Item = (Self::Code, &'static str)>;

    /// What a case expects, from the attributes of its line `expect`.
    ///
    /// # Errors
    /// One line for people: an attribute is missing or its value is invalid.
    fn expected(attributes: &mut Attributes<'_, '_>) -> Result<Self::Taken, String>;

    /// The attributes of an accepted document, as in `expect`.
    fn attributes(taken: &Self::Taken) -> String;

    /// Reads a document.
    ///
    /// # Errors
    /// [`Refusal`].
    fn read(input: &[u8]) -> Result<Self::Taken, Refusal<Self::Code>>;
}

/// A refusal of a reader.
#[derive(Clone, Debug)]
pub struct Refusal<C> {
    /// What is wrong.
    pub code: C,
    /// Where, as the reader names places.
    pub place: String,
    /// Why, for people.
    pub detail: String,
}

/// The unread attributes of a line `expect`.
pub struct Attributes<'h, 't>(&'h mut Headline<'t>);

impl fmt::Debug for Attributes<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attributes")
    }
}

impl<'t> Attributes<'_, 't> {
    /// Reads a required attribute.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn needed(&mut self, key: &str) -> Result<&'t str, String> {
        let value = self.0.take(key);
        value.ok_or_else(|| format!("`expect` has no `{key}=`"))
    }

    /// The same for a count.
    ///
    /// # Errors
    /// It is missing or not a count.
    pub fn count(&mut self, key: &str) -> Result<usize, String> {
        let value = self.needed(key)?;
        value
            .parse()
            .map_err(|_| format!("`{value}` is not a count"))
    }
}

/// The verdict on a document.
///
/// `accept` with the attributes of its kind, or `refuse CODE at=PLACE`. A refusal that no schema can
/// state carries its name: `beyond=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentExpectation<D: Document> {
    verdict: Verdict<D::Taken, D::Code>,
    beyond: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict<T, C> {
    Accept(T),
    Refuse { code: C, place: String },
}

impl<D: Document> DocumentExpectation<D> {
    /// The code that the document is refused with; nothing if it is accepted.
    #[must_use]
    pub const fn refusal(&self) -> Option<D::Code> {
        match &self.verdict {
            Verdict::Accept(_) => None,
            Verdict::Refuse { code, .. } => Some(*code),
        }
    }

    /// The name of the rule beyond the schema that refuses the document; nothing if the schema
    /// judges as the reader does, where it sees a document at all.
    #[must_use]
    pub fn beyond(&self) -> Option<&str> {
        self.beyond.as_deref()
    }

    /// Whether the schema takes the document, where it sees one at all.
    #[must_use]
    pub const fn is_valid_by_schema(&self) -> bool {
        self.beyond.is_some() || self.refusal().is_none()
    }

    fn words(verdict: &Verdict<D::Taken, D::Code>) -> String {
        match verdict {
            Verdict::Accept(taken) => format!("accept {}", D::attributes(taken)),
            Verdict::Refuse { code, place } => {
                let name = D::codes().find(|(known, _)| known == code);
                let name = name.map_or("(a code without a name)", |(_, name)| name);
                format!("refuse {name} at={place}")
            }
        }
    }
}

impl<D: Document> Expectation for DocumentExpectation<D> {
    const FOLDER: &'static str = D::FOLDER;

    fn parse(_: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let mut headline = Headline::parse(expect)?;
        no_output(output)?;
        let refused_with = headline.refused_with;
        let mut attributes = Attributes(&mut headline);
        let (verdict, beyond) = match refused_with {
            None => (Verdict::Accept(D::expected(&mut attributes)?), None),
            Some(name) => {
                let code = D::codes().find(|(_, known)| *known == name);
                let (code, _) =
                    code.ok_or_else(|| format!("`{name}` is not a code of `{}`", D::FOLDER))?;
                let place = attributes.needed("at")?.to_owned();
                let beyond = headline.take("beyond").map(str::to_owned);
                (Verdict::Refuse { code, place }, beyond)
            }
        };
        headline.finish()?;
        Ok(Self { verdict, beyond })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let (got, detail) = match D::read(input) {
            Ok(taken) => (Verdict::Accept(taken), String::new()),
            Err(Refusal {
                code,
                place,
                detail,
            }) => (Verdict::Refuse { code, place }, format!(" ({detail})")),
        };
        if got == self.verdict {
            return Ok(());
        }
        Err(Disagreement {
            expected: Self::words(&self.verdict),
            got: Self::words(&got) + &detail,
        })
    }
}
