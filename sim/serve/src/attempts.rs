//! Counts the attempts of each request.
//!
//! Holds at most [`MAX_REMEMBERED`] requests unless set otherwise. The oldest one is forgotten first,
//! and counts from 0 again when it is repeated.

use std::collections::{BTreeMap, VecDeque};

use turingos::Digest;

/// The most requests that are remembered.
pub(crate) const MAX_REMEMBERED: usize = 65_536;

/// Counts requests by their hashes.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    seen: BTreeMap<Digest, u32>,
    order: VecDeque<Digest>,
    limit: usize,
}

impl Default for Attempts {
    fn default() -> Self {
        Self::with_limit(MAX_REMEMBERED)
    }
}

impl Attempts {
    /// A memory of at most `limit` requests, at least 1.
    #[must_use]
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            seen: BTreeMap::new(),
            order: VecDeque::new(),
            limit: limit.max(1),
        }
    }

    /// Counts a request; returns how often it was sent before, from 0.
    pub(crate) fn count(&mut self, hash: Digest) -> u32 {
        if let Some(count) = self.seen.get_mut(&hash) {
            let before = *count;
            *count = before.saturating_add(1);
            return before;
        }
        if self.order.len() >= self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(hash, 1);
        self.order.push_back(hash);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_request_is_forgotten() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|text| Digest::of(text));
        let mut attempts = Attempts::with_limit(2);
        let counts = [a, a, b, a, c, b, a, a].map(|hash| attempts.count(hash));
        assert_eq!(counts, [0, 1, 0, 2, 0, 1, 0, 1]);
    }
}
