//! Health of the two lanes, in plain integers over the whole history of calls.

/// How the calls of a lane ended, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(Vec<bool>);

impl Calls {
    pub(crate) fn ended(&mut self, succeeded: bool) {
        self.0.push(succeeded);
    }

    /// (successes + 1) / (attempts + 2) less 0.08 for each failure at the end, at most 0.3, in
    /// ten-thousandths, never below 0.
    pub(crate) fn health(&self) -> i64 {
        let successes = self.0.iter().filter(|succeeded| **succeeded).count() as i64;
        let attempts = self.0.len() as i64;
        let failures_at_the_end = self.0.iter().rev().take_while(|ok| !**ok).count() as i64;
        let share = (successes + 1) * 10_000 / (attempts + 2);
        (share - (failures_at_the_end * 800).min(3_000)).max(0)
    }
}

/// A lane is left when it is weak and the other is better by the margin.
pub(crate) fn is_left(own: i64, other: i64, weak_below: i64, margin: i64) -> bool {
    own < weak_below && other - own >= margin
}
