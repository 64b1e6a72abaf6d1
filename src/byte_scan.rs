//! Finding the first byte of interest in a text, many bytes at a time.
//!
//! Never decides what a byte means: the caller names the bytes. Where a hit is far away, blocks are
//! passed by a loop without a branch, which the compiler turns into vector instructions; where it
//! is near, words of eight bytes are looked at in one register.

/// Bytes of a block; at half as many the compiler uses no vectors.
const BLOCK: usize = 32;

const WORD: usize = size_of::<u64>();
const LOWEST_BITS: u64 = splat(0x01);
const HIGHEST_BITS: u64 = splat(0x80);

/// Where the first byte stands that a JSON string must escape (a C0 control, the quote, the
/// backslash), or that is one of `others`.
#[inline]
pub(crate) fn first_escaped_or<const COUNT: usize>(
    bytes: &[u8],
    others: [u8; COUNT],
) -> Option<usize> {
    let mut rest = bytes;
    while let Some((block, tail)) = rest.split_first_chunk::<BLOCK>() {
        let mut hits = 0_u8;
        for &byte in block {
            hits |= u8::from(is_escaped_or(byte, others));
        }
        if hits != 0 {
            break;
        }
        rest = tail;
    }
    let start = bytes.len().wrapping_sub(rest.len());
    first_in_words(rest, others).map(|position| start.wrapping_add(position))
}

#[inline]
fn first_in_words<const COUNT: usize>(bytes: &[u8], others: [u8; COUNT]) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<WORD>();
    let mut start = 0_usize;
    for word in words {
        let hits = escaped_or_bits(u64::from_le_bytes(*word), others);
        if hits != 0 {
            let position = usize::try_from(hits.trailing_zeros() / u8::BITS).ok()?;
            return Some(start.wrapping_add(position));
        }
        start = start.wrapping_add(WORD);
    }
    let position = { tail.iter() }.position(|&byte| is_escaped_or(byte, others))?;
    Some(start.wrapping_add(position))
}

#[inline]
fn is_escaped_or<const COUNT: usize>(byte: u8, others: [u8; COUNT]) -> bool {
    // One bit turned, the quote stands next to the controls, and the space in its place.
    let mut is_hit = (byte ^ 0x02 < 0x21) | (byte == b'\\');
    for other in others {
        is_hit |= byte == other;
    }
    is_hit
}

/// The highest bit of every byte of `word` that is a hit. A subtraction that borrows may set bits
/// above the lowest hit too, never below it.
#[inline]
fn escaped_or_bits<const COUNT: usize>(word: u64, others: [u8; COUNT]) -> u64 {
    // A byte that equals the other is zero after the first step, and borrows in the second.
    let equals = |other| (word ^ splat(other)).wrapping_sub(LOWEST_BITS);
    let mut ascii_hits = (word ^ splat(0x02)).wrapping_sub(splat(0x21)) | equals(b'\\');
    for other in others {
        if other.is_ascii() {
            ascii_hits |= equals(other);
        }
    }
    let mut hits = ascii_hits & !word;
    if word & HIGHEST_BITS != 0 {
        for other in others {
            if !other.is_ascii() {
                hits |= equals(other) & word;
            }
        }
    }
    hits & HIGHEST_BITS
}

const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

/// Where the first byte stands for which `is_wanted` holds together with the second byte after
/// it. A byte with fewer than two after it is never found. The predicate should be comparisons
/// joined without a branch.
#[inline]
pub(crate) fn first_pair(bytes: &[u8], is_wanted: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let mut rest = bytes;
    while let Some(window) = rest.first_chunk::<{ BLOCK + 2 }>() {
        let mut hits = 0_u8;
        for (&first, &third) in window.iter().zip(window.iter().skip(2)) {
            hits |= u8::from(is_wanted(first, third));
        }
        if hits != 0 {
            break;
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    let start = bytes.len().wrapping_sub(rest.len());
    let mut pairs = rest.iter().zip(rest.iter().skip(2));
    let position = pairs.position(|(&first, &third)| is_wanted(first, third))?;
    Some(start.wrapping_add(position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_first_of_several_is_found_at_every_length_and_place() {
        let find = |bytes: &[u8]| first_escaped_or(bytes, [0x7f, 0x9c, 0xe2]);
        for length in 0..120 {
            for hit in [0x00, 0x1f, b'"', b'\\', 0x7f, 0x9c, 0xe2] {
                let mut bytes = vec![b'a'; length];
                assert_eq!(find(&bytes), None);
                for at in (0..length).rev() {
                    bytes[at] = hit;
                    assert_eq!(find(&bytes), Some(at));
                }
            }
        }
    }

    #[test]
    fn every_byte_is_judged_alike_beside_every_other() {
        for byte in 0..=u8::MAX {
            for before in 0..=u8::MAX {
                let bytes = [b'a', before, byte, before, byte, before, byte, before];
                let expected = { bytes.iter() }.position(|&byte| is_escaped_or(byte, [0x7f, 0xe2]));
                assert_eq!(
                    first_escaped_or(&bytes, [0x7f, 0xe2]),
                    expected,
                    "{bytes:?}"
                );
            }
        }
    }

    #[test]
    fn a_pair_is_two_bytes_apart() {
        let is_wanted = |first, third| (first == b'x') & (third == b'y');
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b'x';
                assert_eq!(first_pair(&bytes, is_wanted), None);
                if at + 2 < length {
                    bytes[at + 2] = b'y';
                    assert_eq!(first_pair(&bytes, is_wanted), Some(at));
                }
            }
        }
    }
}
