//! L1_CACHE_HIT: the same action signature three times running, from a cache of the last three.

use alloc::string::String;

use crate::digest::Digest;
use crate::trap::TrapCause;

/// How many signatures the cache holds, and how many equal ones make a hit.
pub(crate) const DEPTH: usize = 3;

/// The last action signatures, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceCache {
    recent: [Option<Digest>; DEPTH],
}

impl TraceCache {
    /// Puts an action in; true if the cache is now full of it. A hit empties the cache.
    pub(crate) fn count(&mut self, signature: Digest) -> bool {
        // An empty cache fills from the front, a full one moves along.
        match self.recent.iter_mut().find(|slot| slot.is_none()) {
            Some(free) => *free = Some(signature),
            None => {
                self.recent.rotate_left(1);
                if let Some(newest) = self.recent.last_mut() {
                    *newest = Some(signature);
                }
            }
        }
        let hit = self.recent.iter().all(|slot| *slot == Some(signature));
        if hit {
            *self = Self::default();
        }
        hit
    }

    /// Writes what the frame shows of the cache.
    pub(crate) fn render(&self, out: &mut String) {
        const NUMBERS: [&str; DEPTH] = ["1. ", "2. ", "3. "];
        if self.recent.iter().all(Option::is_none) {
            out.push_str("(empty)");
        }
        for (number, signature) in NUMBERS.iter().zip(self.recent.iter().flatten()) {
            if *number != "1. " {
                out.push('\n');
            }
            out.push_str(number);
            signature.push_hex::<{ TrapCause::SHOWN_DIGITS / 2 }>(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_at_the_third_and_starts_anew() {
        let mut cache = TraceCache::default();
        let same = Digest::of(b"same");
        let hits: alloc::vec::Vec<_> = (0..6).map(|_| cache.count(same)).collect();
        assert_eq!(hits, [false, false, true, false, false, true]);
    }

    #[test]
    fn only_the_last_three_count() {
        let mut cache = TraceCache::default();
        for name in ["a", "b", "a", "a"] {
            assert!(!cache.count(Digest::of(name.as_bytes())));
        }
        assert!(cache.count(Digest::of(b"a")));
    }

    #[test]
    fn shows_oldest_first() {
        let mut cache = TraceCache::default();
        let mut out = String::new();
        cache.render(&mut out);
        assert_eq!(out, "(empty)");
        out.clear();
        cache.count(Digest::of(b"abc"));
        cache.count(Digest::of(b""));
        cache.render(&mut out);
        assert_eq!(out, "1. ba7816bf8f01\n2. e3b0c44298fc");
    }
}
