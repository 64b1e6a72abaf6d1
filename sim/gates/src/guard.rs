//! The gate `guard`: a guard block keeps agents that break the frame out of panic loops, and what
//! is recorded of a trap replays to the same bytes and the same block.

use turingos::trap::TrapFrame;

use super::soaks::run;
use super::{Finding, Ledger};
use turingos_run::Profile;
use turingos_testkit::corpus::guidance::GuardExpectation;
use turingos_testkit::corpus::{Corpus, Expectation, LoadError, load};
use turingos_testkit::guard_trial::{OBEDIENCE, Trial, Violation};

/// Runs of each violation.
const SEEDS: u64 = 100;

/// Runs of each violation at each other obedience, which only draw a curve.
const CURVE_SEEDS: u64 = 20;

/// Runs of each violation whose recordings are looked at.
const RECORDED_SEEDS: u64 = 2;

/// The share of runs that may fall into a repeated panic loop, in percent.
const MAX_PERCENT: u64 = 20;

/// Obedience of the curve, in ten-thousandths.
const CURVE: [u32; 6] = [0, 2_500, 5_000, 7_000, 9_000, 10_000];

pub(super) fn gate(corpus: &Corpus) -> Result<Finding, LoadError> {
    let cases = load::<GuardExpectation>(corpus)?;
    let mut ledger = Ledger::default();
    for case in &cases {
        ledger.hold(GuardExpectation::FOLDER, case);
    }
    let (mut with, mut without) = (Share::default(), Share::default());
    for &violation in Violation::ALL {
        let guarded = share(violation, SEEDS, OBEDIENCE, true);
        let unguarded = share(violation, SEEDS, OBEDIENCE, false);
        judge(violation.name(), guarded, unguarded, &mut ledger);
        with.add(guarded);
        without.add(unguarded);
    }
    let curve = CURVE.map(|obedience| {
        let mut total = Share::default();
        for &violation in Violation::ALL {
            total.add(share(violation, CURVE_SEEDS, obedience, true));
        }
        format!("{}%: {}", obedience / 100, total.text())
    });
    let frames = recordings(&mut ledger);
    let detail = format!(
        "{} violations x {SEEDS} seeds at {}% obedience: {} in a repeated panic loop with the \
         guard, {} without; by obedience {}; {frames} trap frames replayed, {} cases",
        Violation::ALL.len(),
        OBEDIENCE / 100,
        with.text(),
        without.text(),
        curve.join(", "),
        cases.len()
    );
    Ok(ledger.finding("guard", detail))
}

/// Holds one violation to the limit, and the guard to making a difference.
fn judge(name: &str, guarded: Share, unguarded: Share, ledger: &mut Ledger) {
    ledger.expect(guarded.is_below(MAX_PERCENT), || {
        format!("{name}: {} in a panic loop with the guard", guarded.text())
    });
    ledger.expect(unguarded.fell > guarded.fell, || {
        format!(
            "{name}: {} with the guard, {} without: it makes no difference",
            guarded.text(),
            unguarded.text()
        )
    });
}

/// How many of some runs fell into a repeated panic loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    fell: u64,
    runs: u64,
}

impl Share {
    const fn add(&mut self, other: Self) {
        self.fell += other.fell;
        self.runs += other.runs;
    }

    const fn is_below(self, percent: u64) -> bool {
        self.fell * 100 < self.runs * percent
    }

    /// Percent with one digit after the point, rounded down.
    fn text(self) -> String {
        let tenths = (self.fell * 1_000).checked_div(self.runs).unwrap_or(0);
        format!("{}.{}%", tenths / 10, tenths % 10)
    }
}

fn share(violation: Violation, seeds: u64, obedience: u32, guard_lane: bool) -> Share {
    let falls = (0..seeds).filter(|seed| {
        Trial {
            violation,
            seed: *seed,
            obedience,
            guard_lane,
        }
        .falls_into_a_panic_loop()
    });
    Share {
        fell: falls.map(|_| 1).sum(),
        runs: seeds,
    }
}

/// Holds recorded trap frames to their bytes and blocks to recorded trap frames; returns how many
/// frames were looked at.
fn recordings(ledger: &mut Ledger) -> usize {
    let mut frames = 0;
    for &violation in Violation::ALL {
        for seed in 0..RECORDED_SEEDS {
            let trial = Trial {
                violation,
                seed,
                obedience: OBEDIENCE,
                guard_lane: true,
            };
            let place = format!("{}, seed {seed}", violation.name());
            match (trial.recording(), trial.recording()) {
                (Ok(first), Ok(second)) => {
                    ledger.expect(first == second, || {
                        format!("{place}: another recording the second time")
                    });
                    for pair in &first.blocks {
                        ledger.expect(pair.shown.as_ref() == Some(&pair.expected), || {
                            format!("{place}: {:?} instead of {}", pair.shown, pair.expected)
                        });
                    }
                    frames += first.trap_frames.len();
                }
                (Err(fault), _) | (_, Err(fault)) => {
                    ledger.expect(false, || format!("{place}: {fault}"));
                }
            }
        }
    }
    let first = hostile_frames();
    ledger.expect(first == hostile_frames(), || {
        "a hostile soak's trap frames differ the second time".to_owned()
    });
    for (tick, bytes) in &first {
        let written = TrapFrame::parse(bytes).map(|frame| serde_json::to_vec(&frame).ok());
        ledger.expect(written.as_ref() == Ok(&Some(bytes.clone())), || {
            format!("tick {tick}: read back as {written:?}")
        });
    }
    frames + first.len()
}

/// Every trap frame of a hostile soak, with its tick.
fn hostile_frames() -> Vec<(u64, Vec<u8>)> {
    let mut frames = Vec::new();
    run(Profile::Hostile, 42, 600, |committed, _| {
        for frame in &committed.trap_frames {
            let bytes = serde_json::to_vec(frame).unwrap_or_default();
            frames.push((frame.tick, bytes));
        }
    });
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of_hundred(fell: u64) -> Share {
        Share { fell, runs: 100 }
    }

    fn passes(guarded: u64, unguarded: u64) -> bool {
        let mut ledger = Ledger::default();
        judge("x", of_hundred(guarded), of_hundred(unguarded), &mut ledger);
        ledger.failures.is_empty()
    }

    #[test]
    fn the_gate_fails_at_its_limit_and_where_the_guard_makes_no_difference() {
        assert!(passes(19, 20));
        assert!(!passes(20, 100));
        assert!(!passes(10, 10));
        assert!(!passes(10, 9));
        assert!(!passes(0, 0));
    }

    #[test]
    fn shares_are_shown_to_a_tenth() {
        assert_eq!(of_hundred(7).text(), "7.0%");
        assert_eq!(Share { fell: 2, runs: 3 }.text(), "66.6%");
        assert_eq!(Share::default().text(), "0.0%");
    }

    #[test]
    fn agents_that_do_not_listen_are_not_helped() {
        let deaf = share(Violation::Truncated, 10, 0, true);
        assert_eq!(deaf, Share { fell: 10, runs: 10 });
        assert!(!passes(deaf.fell * 10, 100));
    }
}
