//! A report about one run or several, as one HTML file.
//!
//! Each run is carried out once. What is kept of it is bounded, so a run of a million ticks takes
//! no more memory than one of a thousand.

mod account;
mod focus;
mod html;
mod series;
mod subject;

pub use account::{
    CurvePoint, ForkCurve, MAX_DOCUMENT_BYTES, RemainingFault, RunSize, SearchStep, ShrinkAccount,
};
pub use focus::{Focus, TrapRow, Traps, Window};
pub use series::{Bucket, MAX_BUCKETS, Range, Series};
pub use subject::{Detail, JournalError, RunSummary, Verdict, examine_journal, examine_run};

use crate::comparison::Comparison;

/// A run of a report, with the letter by which the page calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// `A`, `B` and so on.
    pub label: String,
    /// What is known of it.
    pub subject: RunSummary,
}

impl Labelled {
    /// What the run is: `log-hunt, seed 3`.
    #[must_use]
    pub fn title(&self) -> String {
        self.subject.title()
    }
}

impl RunSummary {
    /// What the run is: `log-hunt, seed 3`, or `fork of log-hunt, seed 3`.
    #[must_use]
    pub fn title(&self) -> String {
        let fact = |wanted: &str| {
            let found = self.facts.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        let fork = match fact("kind") {
            Some("fork") => "fork of ",
            _ => "",
        };
        match fact("seed") {
            Some(seed) => format!("{fork}{}, seed {seed}", self.name),
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
    /// Each with the letter of its run.
    curves: Vec<(String, ForkCurve)>,
}

impl Report {
    /// The most runs of a report.
    pub const MAX_RUNS: usize = 12;

    /// Adds a run; `comparison` says how it differs from the first one.
    pub fn push(&mut self, subject: RunSummary, comparison: Option<Comparison>) {
        let letter = u8::try_from(self.runs.len() % 26).unwrap_or_default();
        let label = char::from(b'A' + letter).to_string();
        self.comparisons
            .extend(comparison.map(|comparison| (label.clone(), comparison)));
        self.runs.push(Labelled { label, subject });
    }

    /// Adds a fork curve; false if the run that was forked is not in the report.
    pub fn push_curve(&mut self, curve: ForkCurve) -> bool {
        let mut runs = self.runs.iter();
        let Some(parent) = runs.find(|run| run.subject.root == Some(curve.parent)) else {
            return false;
        };
        self.curves.push((parent.label.clone(), curve));
        true
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

#[cfg(test)]
mod tests {
    use super::account::tests::{account, curve};
    use super::*;
    use turingos::Digest;

    #[test]
    fn accounts_and_curves_are_shown_with_their_run() {
        let root = Digest::of(b"the run");
        let subject = RunSummary {
            root: Some(root),
            shrink: Some(ShrinkAccount::from_bytes(account(&root.to_string()).as_bytes()).unwrap()),
            ..RunSummary::default()
        };
        let mut report = Report::default();
        report.push(subject, None);
        let other = ForkCurve::from_bytes(curve(&Digest::EMPTY.to_string()).as_bytes());
        assert!(
            !report.push_curve(other.unwrap()),
            "the curve of another run"
        );
        let own = ForkCurve::from_bytes(curve(&root.to_string()).as_bytes());
        assert!(report.push_curve(own.unwrap()));
        let html = report.to_html();
        for part in [
            "halted: CPU_FAULT TRUNCATED",
            "&lt;b&gt;lost</td><td>noise</td><td><b>yes</b>",
            "rises most at tick <b>12</b>",
            "tick 12: 9 of 10 failed",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
