//! DEADLOCK: physical actions A→B→A→B while what is observed before A and before B stays the same.

use crate::digest::Digest;

/// A physical action and what the model saw when it chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    signature: Digest,
    observed: Digest,
}

/// The last four physical actions, oldest first. Mind operations between them do not count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deadlock {
    recent: [Option<Step>; 4],
}

impl Deadlock {
    /// Counts a world operation; true exactly when it closes A→B→A→B. Firing starts anew.
    pub(crate) fn count(&mut self, signature: Digest, observed: Digest) -> bool {
        let step = Step {
            signature,
            observed,
        };
        self.recent.rotate_left(1);
        if let Some(newest) = self.recent.last_mut() {
            *newest = Some(step);
        }
        let [Some(first), Some(second), Some(third), Some(fourth)] = self.recent else {
            return false;
        };
        let fires = first == third && second == fourth && first.signature != second.signature;
        if fires {
            *self = Self::default();
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(&str, &str)]) -> alloc::vec::Vec<bool> {
        let mut guard = Deadlock::default();
        steps
            .iter()
            .map(|(action, observed)| {
                guard.count(
                    Digest::of(action.as_bytes()),
                    Digest::of(observed.as_bytes()),
                )
            })
            .collect()
    }

    #[test]
    fn fires_at_the_fourth_and_not_before() {
        let steps = [("a", "x"), ("b", "y"), ("a", "x"), ("b", "y"), ("a", "x")];
        assert_eq!(run(&steps), [false, false, false, true, false]);
    }

    #[test]
    fn a_changed_observation_is_progress() {
        let steps = [("a", "x"), ("b", "y"), ("a", "x2"), ("b", "y")];
        assert_eq!(run(&steps), [false; 4]);
    }

    #[test]
    fn one_action_repeated_is_left_to_the_watchdog() {
        assert_eq!(run(&[("a", "x"); 6]), [false; 6]);
    }
}
