//! Taking secrets out of bytes: each is replaced by one mark, whatever kind it was.
//!
//! The mark does not depend on the key, so a text with another key in the same place is redacted to
//! the same text. A secret in a code, or in the pieces of a stream, is not taken out: the bytes are
//! refused.

use std::borrow::Cow;

use super::secrets::{Leak, Secrets};

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

impl Secrets {
    /// The bytes without secrets.
    ///
    /// # Errors
    /// [`Leak`]: a secret that cannot be taken out; `place` names the document.
    pub fn redact<'b>(&self, place: &'static str, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, Leak> {
        let redacted = self.redact_pieces(place, &[bytes])?;
        Ok(match redacted.and_then(|mut pieces| pieces.pop()) {
            Some(redacted) => Cow::Owned(redacted),
            None => Cow::Borrowed(bytes),
        })
    }

    /// The pieces of one document without secrets; nothing if there is none. What a secret has in
    /// several pieces goes from all of them, and its mark stands in the first.
    ///
    /// # Errors
    /// As [`Secrets::redact`].
    pub fn redact_pieces(
        &self,
        place: &'static str,
        pieces: &[&[u8]],
    ) -> Result<Option<Vec<Vec<u8>>>, Leak> {
        let joined = match pieces {
            [piece] => Cow::Borrowed(*piece),
            pieces => Cow::Owned(pieces.concat()),
        };
        if self.check(place, &joined).is_ok() {
            return Ok(None);
        }
        let redacted = without(&self.spans(&joined), pieces);
        self.check(place, &redacted.concat())?;
        Ok(Some(redacted))
    }
}

/// The pieces without the bytes of these spans, which are sorted and apart.
fn without(spans: &[(usize, usize)], pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut offset = 0;
    let mut redacted = Vec::new();
    for piece in pieces {
        let mut rest = Vec::new();
        let mut at = 0;
        for &(start, end) in spans {
            // Where the span begins and ends in this piece.
            let begins = start.checked_sub(offset);
            let (from, to) = (
                begins.unwrap_or(0),
                end.saturating_sub(offset).min(piece.len()),
            );
            if from >= piece.len() || to <= at {
                continue;
            }
            rest.extend_from_slice(&piece[at..from.max(at)]);
            if begins.is_some() {
                rest.extend_from_slice(REDACTED.as_bytes());
            }
            at = to;
        }
        rest.extend_from_slice(&piece[at..]);
        offset += piece.len();
        redacted.push(rest);
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    const OWN: &str = "own-key-of-this-run-1";

    fn secrets() -> Secrets {
        Secrets::new(&[&Key::new(OWN.into()).unwrap()])
    }

    fn shaped() -> String {
        format!("sk-{}", "A1B2C3D4".repeat(3))
    }

    #[test]
    fn every_secret_gets_the_same_mark() {
        let shaped = shaped();
        let text =
            format!("{{\"a\":\"{OWN}, {OWN}\",\"b\":\"Bearer {shaped}\",\"c\":\"{shaped}\"}}");
        let redacted = secrets().redact("a test", text.as_bytes()).unwrap();
        assert_eq!(
            std::str::from_utf8(&redacted).unwrap(),
            "{\"a\":\"[redacted], [redacted]\",\"b\":\"[redacted]\",\"c\":\"[redacted]\"}"
        );
        // Redacted once, nothing is left to do.
        assert!(matches!(
            secrets().redact("a test", &redacted).unwrap(),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn another_key_in_the_same_place_is_redacted_to_the_same_text() {
        let other = "quite-another-key-of-2027";
        let others = Secrets::new(&[&Key::new(other.into()).unwrap()]);
        let text = |key: &str| format!("the key is {key}.");
        assert_eq!(
            secrets().redact("a test", text(OWN).as_bytes()).unwrap(),
            others.redact("a test", text(other).as_bytes()).unwrap(),
        );
    }

    #[test]
    fn private_key_block_is_taken_out_whole() {
        let text = "x -----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY----- y";
        let redacted = secrets().redact("a test", text.as_bytes()).unwrap();
        assert_eq!(&*redacted, b"x [redacted] y");
    }

    #[test]
    fn secret_across_pieces_goes_from_all_of_them() {
        let text = format!("data: {OWN}\n\nend");
        for size in 1..text.len() {
            let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
            let redacted = secrets().redact_pieces("a test", &pieces).unwrap().unwrap();
            assert_eq!(redacted.len(), pieces.len());
            assert_eq!(redacted.concat(), b"data: [redacted]\n\nend", "{size}");
        }
    }

    #[test]
    fn secret_in_a_code_is_refused() {
        for text in [OWN.replace('-', "%2D"), OWN.replace('-', "\\u002d")] {
            let leak = secrets().redact("a test", text.as_bytes()).unwrap_err();
            assert_eq!(leak.place, "a test");
        }
    }
}
