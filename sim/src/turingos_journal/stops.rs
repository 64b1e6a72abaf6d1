//! Where the quotes and backslashes of a line are, a block of bytes at a time.
//!
//! Never decides what one of them means. Frames are full of escapes, one in every few words: a
//! search that begins anew behind each of them would cost more than hashing the line.

const BLOCK: usize = 32;

/// Quotes and backslashes of one text, asked for from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stops {
    /// Where the block begins that was looked at last.
    start: usize,
    /// Its stops; the lowest bit is its first byte.
    bits: u32,
}

impl Stops {
    pub(super) fn new(text: &[u8]) -> Self {
        Self {
            start: 0,
            bits: stops_in(text, 0),
        }
    }

    /// The first stop at or after `from`, which is never less than it was before.
    #[inline]
    pub(super) fn next_from(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let mut offset = from - self.start;
        loop {
            let ahead = if offset < BLOCK {
                self.bits & (u32::MAX << offset)
            } else {
                0
            };
            if ahead != 0 {
                return Some(self.start + ahead.trailing_zeros() as usize);
            }
            self.start += BLOCK.max(offset / BLOCK * BLOCK);
            if self.start >= text.len() {
                // Nothing is ahead, however often it is asked.
                self.bits = 0;
                self.start -= BLOCK;
                return None;
            }
            self.bits = stops_in(text, self.start);
            offset = from.saturating_sub(self.start);
        }
    }
}

/// The stops in the block that begins at `start`.
#[inline]
fn stops_in(text: &[u8], start: usize) -> u32 {
    let rest = text.get(start..).unwrap_or_default();
    if let Some(block) = rest.first_chunk::<BLOCK>() {
        return bits_of(block);
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    bits_of(&block)
}

/// One bit for each byte, made without a branch so that the compiler can look at all at once.
#[inline]
fn bits_of(block: &[u8; BLOCK]) -> u32 {
    let verdicts = block.map(|byte| u8::from((byte == b'"') | (byte == b'\\')));
    let mut bits = 0;
    for (position, word) in verdicts.as_chunks::<8>().0.iter().enumerate() {
        // Eight bytes of 0 or 1, whose lowest bits the product gathers in its highest byte.
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= (gathered as u32) << (8 * position);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stop_is_found_wherever_it_is_asked_from() {
        let mut text = vec![b'x'; 200];
        for at in [0, 7, 31, 32, 33, 64, 130, 131, 199] {
            text[at] = if at % 2 == 0 { b'"' } else { b'\\' };
        }
        for length in [0, 1, 31, 32, 33, 65, 132, 200] {
            let text = &text[..length];
            for from in 0..=length + 40 {
                let mut stops = Stops::new(text);
                let mut from = from;
                loop {
                    let expected = { text.get(from..) }
                        .and_then(|rest| rest.iter().position(|byte| *byte != b'x'))
                        .map(|at| from + at);
                    let found = stops.next_from(text, from);
                    assert_eq!(found, expected, "{from} of {length}");
                    match found {
                        Some(at) => from = at + 1,
                        None => break,
                    }
                }
                assert_eq!(stops.next_from(text, length + 100), None);
            }
        }
    }
}
