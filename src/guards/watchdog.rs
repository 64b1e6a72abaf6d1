//! WATCHDOG_NMI: the same action signature five times running.

use crate::digest::Digest;

/// How many times running the same signature must come.
pub(crate) const THRESHOLD: u8 = 5;

/// Counts how often the last signature came running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watchdog {
    last: Option<Digest>,
    running: u8,
}

impl Watchdog {
    /// Counts an action; true exactly when it is the [`THRESHOLD`]th of its kind running. Firing
    /// starts the count anew.
    pub(crate) fn count(&mut self, signature: Digest) -> bool {
        if self.last != Some(signature) {
            self.last = Some(signature);
            self.running = 0;
        }
        self.running = self.running.saturating_add(1);
        let fires = self.running >= THRESHOLD;
        if fires {
            *self = Self::default();
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_at_the_fifth_and_starts_anew() {
        let mut watchdog = Watchdog::default();
        let same = Digest::of(b"same");
        let fired: alloc::vec::Vec<_> = (0..10).map(|_| watchdog.count(same)).collect();
        assert_eq!(
            fired,
            [
                false, false, false, false, true, false, false, false, false, true
            ]
        );
    }

    #[test]
    fn another_action_between_starts_anew() {
        let mut watchdog = Watchdog::default();
        for _ in 0..4 {
            assert!(!watchdog.count(Digest::of(b"a")));
        }
        assert!(!watchdog.count(Digest::of(b"b")));
        assert!(!watchdog.count(Digest::of(b"a")));
    }
}
