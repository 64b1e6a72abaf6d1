//! The common shapes of keys, and the runs of bytes that are long enough for one.

/// A shape of key with a known prefix.
pub(super) struct Shape {
    pub(super) kind: &'static str,
    pub(super) prefix: &'static str,
    /// The least number of bytes of the alphabet after the prefix.
    pub(super) least: usize,
    alphabet: fn(u8) -> bool,
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

const fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

pub(super) const fn is_token(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=')
}

const fn shape(
    kind: &'static str,
    prefix: &'static str,
    least: usize,
    alphabet: fn(u8) -> bool,
) -> Shape {
    Shape {
        kind,
        prefix,
        least,
        alphabet,
    }
}

/// The common shapes of public secret scanners. OpenAI, Anthropic, Kimi and many others use `sk-`.
pub(super) const SHAPES: [Shape; 18] = [
    shape("a provider's API key (sk-…)", "sk-", 20, is_word),
    shape("an authorization header's token", "Bearer ", 16, is_token),
    shape("an authorization header's token", "bearer ", 16, is_token),
    shape("a Google API key (AIza…)", "AIza", 35, is_word),
    shape("a GitHub token (ghp_…)", "ghp_", 36, is_letter_or_digit),
    shape("a GitHub token (gho_…)", "gho_", 36, is_letter_or_digit),
    shape("a GitHub token (ghu_…)", "ghu_", 36, is_letter_or_digit),
    shape("a GitHub token (ghs_…)", "ghs_", 36, is_letter_or_digit),
    shape("a GitHub token (ghr_…)", "ghr_", 36, is_letter_or_digit),
    shape("a GitHub token (github_pat_…)", "github_pat_", 22, is_word),
    shape("a GitLab token (glpat-…)", "glpat-", 20, is_word),
    shape("an AWS access key (AKIA…)", "AKIA", 16, is_upper_or_digit),
    shape("an AWS access key (ASIA…)", "ASIA", 16, is_upper_or_digit),
    shape("a Slack token (xoxb-…)", "xoxb-", 20, is_word),
    shape("a Slack token (xoxp-…)", "xoxp-", 20, is_word),
    shape("a Hugging Face token (hf_…)", "hf_", 30, is_letter_or_digit),
    shape("an npm token (npm_…)", "npm_", 36, is_letter_or_digit),
    shape("a Groq API key (gsk_…)", "gsk_", 30, is_letter_or_digit),
];

/// Every shape has a run of so many bytes of a token, at least.
pub(super) const MIN_RUN_BYTES: usize = 16;

/// The runs of bytes of a token that are long enough for a key: first byte and end.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    // No run of that length fits between two of these bytes without holding one of them.
    let mut probe = MIN_RUN_BYTES - 1;
    std::iter::from_fn(move || {
        while probe < bytes.len() {
            if !is_token(bytes[probe]) {
                probe += MIN_RUN_BYTES;
                continue;
            }
            let before = bytes[..probe]
                .iter()
                .rev()
                .take_while(|byte| is_token(**byte));
            let after = bytes[probe..].iter().take_while(|byte| is_token(**byte));
            let (start, end) = (probe - before.count(), probe + after.count());
            probe = end + MIN_RUN_BYTES;
            if end - start >= MIN_RUN_BYTES {
                return Some((start, end));
            }
        }
        None
    })
}

impl Shape {
    pub(super) fn is_at(&self, bytes: &[u8], offset: usize) -> bool {
        self.end_at(bytes, offset).is_some()
    }

    /// Where the key that begins at `offset` ends, if it is one of this shape.
    pub(super) fn end_at(&self, bytes: &[u8], offset: usize) -> Option<usize> {
        // `task-…` does not contain a key `sk-…`.
        let starts = offset == 0 || !bytes[offset - 1].is_ascii_alphanumeric();
        let rest = &bytes[offset + self.prefix.len()..];
        let length = rest
            .iter()
            .take_while(|byte| (self.alphabet)(**byte))
            .count();
        let is_key =
            starts && length >= self.least && rest[..length].iter().any(u8::is_ascii_digit);
        is_key.then_some(offset + self.prefix.len() + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphabets_of_keys() {
        let members = |alphabet: fn(u8) -> bool| -> String {
            let printable = (b' '..=b'~').filter(|byte| !byte.is_ascii_alphanumeric());
            printable
                .filter(|byte| alphabet(*byte))
                .map(char::from)
                .collect()
        };
        assert_eq!(members(is_word), "-_");
        assert_eq!(members(is_letter_or_digit), "");
        assert_eq!(members(is_upper_or_digit), "");
        assert_eq!(members(is_token), "+-./=_~");
    }

    #[test]
    fn runs_are_found_wherever_they_begin() {
        for before in 0..40 {
            for length in [15, 16, 17, 40] {
                for after in [0, 1, 20] {
                    let text = [" ".repeat(before), "x".repeat(length), " ".repeat(after)].concat();
                    let found: Vec<_> = runs(text.as_bytes()).collect();
                    let expected = (before, before + length);
                    match length < MIN_RUN_BYTES {
                        true => assert_eq!(found, []),
                        false => assert_eq!(found, [expected], "{text:?}"),
                    }
                }
            }
        }
        assert_eq!(runs(b"").count(), 0);
        let two = format!("{} {}", "x".repeat(16), "y".repeat(16));
        assert_eq!(
            runs(two.as_bytes()).collect::<Vec<_>>(),
            [(0, 16), (17, 33)]
        );
    }
}
