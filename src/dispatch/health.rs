//! Health of a lane, in ten-thousandths.

use serde::{Deserialize, Serialize};

/// A lane's health in ten-thousandths, 0 to 9,999: what a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Health(pub u16);

/// What a lane did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneHealth {
    successes: u64,
    attempts: u64,
    failures_in_a_row: u64,
    /// Computed at every call, because every tick asks for it twice.
    health: Health,
}

impl Default for LaneHealth {
    fn default() -> Self {
        let mut lane = Self {
            successes: 0,
            attempts: 0,
            failures_in_a_row: 0,
            health: Health(0),
        };
        lane.health = lane.computed();
        lane
    }
}

impl LaneHealth {
    /// What one failure in a row takes off, in ten-thousandths.
    const FAILURE_COST: u64 = 800;
    /// The most that failures in a row take off.
    const MAX_FAILURE_COST: u64 = 3_000;

    /// Counts a call by how it ended, after every retry.
    pub(super) fn count(&mut self, succeeded: bool) {
        self.attempts = self.attempts.saturating_add(1);
        if succeeded {
            self.successes = self.successes.saturating_add(1);
            self.failures_in_a_row = 0;
        } else {
            self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        }
        self.health = self.computed();
    }

    /// `(successes + 1) / (attempts + 2) − min(0.3, 0.08 · failures in a row)`, never below 0.
    #[must_use]
    pub(super) const fn health(&self) -> Health {
        self.health
    }

    fn computed(&self) -> Health {
        let hits = self.successes.saturating_add(1);
        let tries = self.attempts.saturating_add(2);
        let share = hits
            .saturating_mul(10_000)
            .checked_div(tries)
            .unwrap_or_default();
        let cost = self
            .failures_in_a_row
            .saturating_mul(Self::FAILURE_COST)
            .min(Self::MAX_FAILURE_COST);
        let health = share.saturating_sub(cost);
        Health(u16::try_from(health).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(calls: &[bool]) -> u16 {
        let mut lane = LaneHealth::default();
        for succeeded in calls {
            lane.count(*succeeded);
        }
        lane.health().0
    }

    #[test]
    fn follows_the_formula() {
        assert_eq!(after(&[]), 5_000);
        assert_eq!(after(&[true]), 6_666);
        assert_eq!(after(&[false]), 3_333 - 800);
        assert_eq!(after(&[true, true, false]), 6_000 - 800);
        assert_eq!(after(&[false, true]), 5_000);
    }

    #[test]
    fn failures_in_a_row_take_at_most_three_tenths_and_never_below_zero() {
        let mut calls = [true; 104];
        for call in calls.iter_mut().rev().take(4) {
            *call = false;
        }
        assert_eq!(after(&calls), 9_528 - 3_000);
        assert_eq!(after(&[false; 20]), 0);
    }
}
