//! A report about one run or several, as one HTML file.
//!
//! Each run is carried out once. What is kept of it is bounded, so a run of a million ticks takes
//! no more memory than one of a thousand.

mod focus;
mod html;
mod series;
mod subject;

pub use focus::{Focus, TrapRow, Traps, Window};
pub use series::{Bucket, MAX_BUCKETS, Range, Series};
pub use subject::{Detail, JournalError, Subject, Verdict, examine_journal, examine_run};

use crate::comparison::Comparison;

/// A run of a report, with the letter by which the page calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// `A`, `B` and so on.
    pub label: String,
    /// What is known of it.
    pub subject: Subject,
}

impl Labelled {
    /// What the run is: `log-hunt, seed 3`.
    #[must_use]
    pub fn title(&self) -> String {
        self.subject.title()
    }
}

impl Subject {
    /// What the run is: `log-hunt, seed 3`.
    #[must_use]
    pub fn title(&self) -> String {
        let seed = self.facts.iter().find(|(name, _)| *name == "seed");
        match seed {
            Some((_, seed)) => format!("{}, seed {seed}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What a page is made of. The paths of runs are not part of it: the same runs give the same bytes
/// wherever they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    runs: Vec<Labelled>,
    comparisons: Vec<(String, Comparison)>,
}

impl Report {
    /// The most runs of a report.
    pub const MAX_RUNS: usize = 12;

    /// Adds a run; `comparison` says how it differs from the first one.
    pub fn push(&mut self, subject: Subject, comparison: Option<Comparison>) {
        let letter = u8::try_from(self.runs.len() % 26).unwrap_or_default();
        let label = char::from(b'A' + letter).to_string();
        self.comparisons
            .extend(comparison.map(|comparison| (label.clone(), comparison)));
        self.runs.push(Labelled { label, subject });
    }

    /// The runs so far.
    #[must_use]
    pub fn runs(&self) -> &[Labelled] {
        &self.runs
    }

    /// What the page is about, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        match self.runs.as_slice() {
            [only] => only.title(),
            runs => format!("{} runs compared", runs.len()),
        }
    }

    /// The page.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::write(self)
    }
}
