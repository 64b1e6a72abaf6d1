//! The keys of one object so far.
//!
//! Never grows past the object's own keys, and never costs an object of hostile size quadratic
//! time.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;

/// Keys of one object. A few are compared one by one, in place; more of them stand in a tree.
#[derive(Debug)]
pub(super) struct KeySet<'de> {
    few: [Cow<'de, str>; FEW],
    count: usize,
    many: BTreeSet<Cow<'de, str>>,
}

/// Most honest objects have no more keys.
const FEW: usize = 4;

impl Default for KeySet<'_> {
    fn default() -> Self {
        Self {
            few: [const { Cow::Borrowed("") }; FEW],
            count: 0,
            many: BTreeSet::new(),
        }
    }
}

impl<'de> KeySet<'de> {
    /// Adds a key; false if it is there already.
    pub(super) fn insert(&mut self, key: Cow<'de, str>) -> bool {
        if self.few.iter().take(self.count).any(|seen| *seen == key) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = key;
                self.count = self.count.wrapping_add(1);
                true
            }
            None => self.many.insert(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_duplicate_is_found_among_many_keys() {
        let mut keys = KeySet::default();
        assert!(keys.insert(Cow::Borrowed("")));
        for number in 0..100 {
            assert!(keys.insert(Cow::Owned(format!("k{number}"))));
        }
        for number in 0..100 {
            assert!(!keys.insert(Cow::Owned(format!("k{number}"))));
        }
        assert!(!keys.insert(Cow::Borrowed("")));
    }
}
