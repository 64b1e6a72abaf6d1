//! Finding bytes of interest in a text, a block of many bytes at a time.
//!
//! Never decides what a byte means: the caller names the bytes. A block's verdicts are made without
//! a branch, which the compiler turns into vector instructions, and then become bits of one
//! integer, so that several hits in a block cost one look at it.

use core::marker::PhantomData;

const BLOCK: usize = 32;
const WORD: usize = size_of::<u64>();

/// A block with the bytes that its last characters may reach into.
const WINDOW: usize = BLOCK + 2;

/// The block, and the same one and two bytes later.
#[inline]
fn rows(window: &[u8; WINDOW]) -> (&[u8; BLOCK], &[u8; BLOCK], &[u8; BLOCK]) {
    const NOTHING: &[u8; BLOCK] = &[b' '; BLOCK];
    let row = |start: usize| window.get(start..).and_then(<[u8]>::first_chunk);
    (
        row(0).unwrap_or(NOTHING),
        row(1).unwrap_or(NOTHING),
        row(2).unwrap_or(NOTHING),
    )
}

/// What a scan looks for. Both questions should be comparisons joined without a branch.
pub(crate) trait ByteClass {
    /// True for an ASCII byte that is wanted. The space never is.
    fn has_ascii(byte: u8) -> bool;

    /// True if a wanted character outside ASCII may begin at the first of three bytes in a row.
    fn may_begin(first: u8, second: u8, third: u8) -> bool;
}

/// What a JSON string must escape: C0 controls, the quote, the backslash.
pub(crate) struct MustEscape;

impl ByteClass for MustEscape {
    #[inline]
    fn has_ascii(byte: u8) -> bool {
        // One bit turned, the quote stands next to the controls, and the space in its place.
        (byte ^ 0x02 < 0x21) | (byte == b'\\')
    }

    #[inline]
    fn may_begin(_: u8, _: u8, _: u8) -> bool {
        false
    }
}

/// The bytes of a text that are in a class, in order.
pub(crate) struct Stops<'a, C> {
    bytes: &'a [u8],
    /// Where the block begins that was looked at last.
    start: usize,
    /// Its hits; the lowest bit is its first byte.
    bits: u32,
    class: PhantomData<C>,
}

impl<'a, C: ByteClass> Stops<'a, C> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            // One block before the text, so that the first question looks at the first block.
            start: 0_usize.wrapping_sub(BLOCK),
            bits: 0,
            class: PhantomData,
        }
    }

    /// The first stop at or after `from`, which never decreases from one question to the next.
    #[inline]
    pub(crate) fn next_from(&mut self, from: usize) -> Option<usize> {
        let offset = u32::try_from(from.wrapping_sub(self.start)).unwrap_or(u32::MAX);
        let Some(asked) = u32::MAX.checked_shl(offset) else {
            return self.search(from);
        };
        match self.bits & asked {
            0 => self.search(self.start.wrapping_add(BLOCK)),
            bits => Some(self.start.wrapping_add(position(bits))),
        }
    }

    fn search(&mut self, from: usize) -> Option<usize> {
        let mut start = from;
        let mut rest = self.bytes.get(start..)?;
        while let Some(window) = rest.first_chunk::<WINDOW>() {
            let verdicts = Self::verdicts(window);
            if verdicts != [0; BLOCK] {
                return Some(self.keep(start, verdicts));
            }
            start = start.wrapping_add(BLOCK);
            rest = rest.get(BLOCK..).unwrap_or_default();
        }
        while !rest.is_empty() {
            let mut window = [b' '; WINDOW];
            let kept = rest.len().min(WINDOW);
            if let (Some(padded), Some(bytes)) = (window.get_mut(..kept), rest.get(..kept)) {
                padded.copy_from_slice(bytes);
            }
            let verdicts = Self::verdicts(&window);
            if verdicts != [0; BLOCK] {
                return Some(self.keep(start, verdicts));
            }
            start = start.wrapping_add(BLOCK);
            rest = rest.get(BLOCK..).unwrap_or_default();
        }
        None
    }

    #[inline]
    fn verdicts(window: &[u8; WINDOW]) -> [u8; BLOCK] {
        let (firsts, seconds, thirds) = rows(window);
        let mut verdicts = firsts.map(|byte| u8::from(C::has_ascii(byte)));
        if !firsts.is_ascii() {
            let rows = firsts.iter().zip(seconds).zip(thirds);
            for (verdict, ((&first, &second), &third)) in verdicts.iter_mut().zip(rows) {
                *verdict |= u8::from(C::may_begin(first, second, third));
            }
        }
        verdicts
    }

    #[inline]
    fn keep(&mut self, start: usize, verdicts: [u8; BLOCK]) -> usize {
        self.start = start;
        self.bits = bits_of(verdicts);
        start.wrapping_add(position(self.bits))
    }
}

/// Asks `try_at` about every position where `is_wanted` holds for the byte and the second byte
/// after it, in order, until it has an answer. The predicate should be comparisons joined without
/// a branch. A position may be asked about twice.
#[inline]
pub(crate) fn find_at_pairs<T>(
    bytes: &[u8],
    is_wanted: impl Fn(u8, u8) -> bool,
    try_at: impl Fn(usize) -> Option<T>,
) -> Option<T> {
    let Some(last_start) = bytes.len().checked_sub(WINDOW) else {
        let pairs = bytes.iter().zip(bytes.iter().skip(2)).enumerate();
        return pairs
            .filter(|&(_, (&first, &third))| is_wanted(first, third))
            .find_map(|(position, _)| try_at(position));
    };
    let mut start = 0;
    loop {
        let (firsts, _, thirds) = rows(bytes.get(start..)?.first_chunk()?);
        let mut verdicts = [0_u8; BLOCK];
        for ((verdict, &first), &third) in verdicts.iter_mut().zip(firsts).zip(thirds) {
            *verdict = u8::from(is_wanted(first, third));
        }
        if verdicts != [0; BLOCK] {
            let mut bits = bits_of(verdicts);
            while bits != 0 {
                let found = try_at(start.wrapping_add(position(bits)));
                if found.is_some() {
                    return found;
                }
                bits &= bits.wrapping_sub(1);
            }
        }
        if start == last_start {
            return None;
        }
        // The last block may overlap the one before it.
        start = start.wrapping_add(BLOCK).min(last_start);
    }
}

/// Turns verdicts, each 0 or 1, into bits: the first verdict into the lowest.
#[inline]
fn bits_of(verdicts: [u8; BLOCK]) -> u32 {
    // Multiplying shifts the byte at place `i` of a word to bit `56 + i`; no two products meet.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (words, _) = verdicts.as_chunks::<WORD>();
    let mut bits = 0_u32;
    for word in words.iter().rev() {
        let gathered = u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56;
        bits = bits.wrapping_shl(8) | u32::try_from(gathered).unwrap_or_default();
    }
    bits
}

/// Where the lowest bit stands.
#[inline]
fn position(bits: u32) -> usize {
    usize::try_from(bits.trailing_zeros()).unwrap_or(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    struct Marked;

    impl ByteClass for Marked {
        fn has_ascii(byte: u8) -> bool {
            MustEscape::has_ascii(byte) | (byte == 0x7f)
        }

        fn may_begin(first: u8, second: u8, third: u8) -> bool {
            (first == 0xe2) & (second != b'x') & (third != b'y')
        }
    }

    fn all_stops(bytes: &[u8]) -> Vec<usize> {
        let mut stops = Stops::<Marked>::new(bytes);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(at) = stops.next_from(from) {
            assert_eq!(stops.next_from(at), Some(at));
            found.push(at);
            from = at + 1;
        }
        assert_eq!(stops.next_from(bytes.len()), None);
        found
    }

    #[test]
    fn every_stop_is_found_at_every_length_and_place() {
        for length in 0..120 {
            let mut bytes = vec![b'a'; length];
            assert!(all_stops(&bytes).is_empty());
            for at in 0..length {
                bytes[at] = b'"';
                assert_eq!(all_stops(&bytes), [at]);
                bytes[length - 1] = 0xe2;
                // The text ends in spaces as far as a class can tell.
                let expected = if at + 1 < length {
                    vec![at, length - 1]
                } else {
                    vec![at]
                };
                assert_eq!(all_stops(&bytes), expected);
                bytes[at] = b'a';
                bytes[length - 1] = b'a';
            }
        }
    }

    #[test]
    fn every_byte_is_judged_the_same_beside_every_other() {
        for byte in 0..=u8::MAX {
            for beside in 0..=u8::MAX {
                let bytes = [b'a', beside, byte, beside].repeat(20);
                let is_stop = |at: usize| {
                    let after = |more: usize| bytes.get(at + more).copied().unwrap_or(b' ');
                    Marked::has_ascii(bytes[at]) || Marked::may_begin(bytes[at], after(1), after(2))
                };
                let expected: Vec<_> = (0..bytes.len()).filter(|&at| is_stop(at)).collect();
                assert_eq!(all_stops(&bytes), expected, "{byte:#x} beside {beside:#x}");
            }
        }
    }

    #[test]
    fn a_search_may_skip_blocks() {
        let bytes = [b'"'; 200];
        let mut stops = Stops::<MustEscape>::new(&bytes);
        for from in [0, 31, 32, 100, 101, 199] {
            assert_eq!(stops.next_from(from), Some(from));
        }
        assert_eq!(stops.next_from(200), None);
    }

    #[test]
    fn a_pair_is_two_bytes_apart() {
        let find = |bytes: &[u8]| {
            let is_wanted = |first, third| (first == b'x') & (third == b'y');
            find_at_pairs(bytes, is_wanted, |at| (bytes[at + 1] == b'a').then_some(at))
        };
        for length in 0..110 {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b'x';
                assert_eq!(find(&bytes), None);
                if at + 2 < length {
                    bytes[at + 2] = b'y';
                    assert_eq!(find(&bytes), Some(at));
                    bytes[at + 1] = b'b';
                    assert_eq!(find(&bytes), None);
                }
            }
        }
    }
}
