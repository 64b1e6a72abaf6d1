//! The secret scan: detects this run's keys and common shapes of keys before anything is written.
//!
//! Keys are found in the usual codes too, and in the pieces of a stream; `spellings` lists them. A
//! finding names its kind and place, not the secret. A false alarm is preferred over a leaked key;
//! a shape still requires its prefix, its alphabet, its length and a digit.

use memchr::memmem::{self, Finder};
use thiserror::Error;

use super::key::Key;
use super::shapes::{MIN_RUN_BYTES, SHAPES, is_token, runs};
use super::spellings::{base64_of, look_at};

/// A secret in bytes that were about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {offset} of {place}; nothing of it was written")]
pub struct Leak {
    /// The kind of secret.
    pub kind: &'static str,
    /// The document it is in.
    pub place: &'static str,
    /// Its byte offset there, from 0; of a secret in a code, its offset in the decoded text.
    pub offset: usize,
}

/// A scan for known shapes and for the keys of a run.
#[derive(Clone, Debug)]
pub struct Secrets {
    shapes: Vec<Finder<'static>>,
    key_block: Finder<'static>,
    /// Each key, and its base64.
    keys: Vec<Finder<'static>>,
    /// Those of them that stand within one run of a token's bytes, and those that may not.
    within_runs: Vec<Finder<'static>>,
    anywhere: Vec<Finder<'static>>,
    /// Each key.
    plain: Vec<Finder<'static>>,
}

impl Secrets {
    /// A scan for known shapes and these keys.
    #[must_use]
    pub fn new(keys: &[&Key]) -> Self {
        let mut needles: Vec<String> = Vec::new();
        for key in keys {
            needles.push(key.reveal().to_owned());
            needles.extend(base64_of(key.reveal()));
        }
        needles.sort();
        needles.dedup();
        let finders = |needles: &mut dyn Iterator<Item = &String>| -> Vec<Finder<'static>> {
            needles.map(|it| Finder::new(it).into_owned()).collect()
        };
        let is_within = |it: &&String| it.len() >= MIN_RUN_BYTES && it.bytes().all(is_token);
        Self {
            within_runs: finders(&mut needles.iter().filter(is_within)),
            anywhere: finders(&mut needles.iter().filter(|it| !is_within(it))),
            shapes: (SHAPES.iter())
                .map(|shape| Finder::new(shape.prefix))
                .collect(),
            key_block: Finder::new("PRIVATE KEY-----"),
            keys: (needles.iter())
                .map(|needle| Finder::new(needle).into_owned())
                .collect(),
            plain: (keys.iter())
                .map(|key| Finder::new(key.reveal()).into_owned())
                .collect(),
        }
    }

    /// Scans bytes before they are written; `place` names the document.
    ///
    /// # Errors
    /// [`Leak`]: the first finding, with the run's own keys before the shapes.
    pub fn check(&self, place: &'static str, bytes: &[u8]) -> Result<(), Leak> {
        let found = look_at(bytes, |text, is_joined| self.find(text, is_joined));
        match found {
            None => Ok(()),
            Some((kind, offset)) => Err(Leak {
                kind,
                place,
                offset,
            }),
        }
    }

    /// The first finding in one spelling of the bytes. Words that are joined are in no shape of a key.
    fn find(&self, bytes: &[u8], is_joined: bool) -> Option<(&'static str, usize)> {
        let own = "the key of a provider of this run";
        let finders = match is_joined {
            true => &self.keys,
            false => &self.anywhere,
        };
        if let Some(offset) = finders.iter().find_map(|key| key.find(bytes)) {
            return Some((own, offset));
        }
        if is_joined {
            return None;
        }
        // Prose has no run of this length: most bytes are not even looked at.
        let mut shaped = None;
        for (start, end) in runs(bytes) {
            let run = &bytes[start..end];
            let mut keys = self.within_runs.iter();
            if let Some(offset) = keys.find_map(|key| key.find(run)) {
                return Some((own, start + offset));
            }
            if shaped.is_none() {
                shaped = self.shape_in(bytes, start, end);
            }
        }
        if shaped.is_some() {
            return shaped;
        }
        for end in self.key_block.find_iter(bytes) {
            // `-----BEGIN ENCRYPTED PRIVATE KEY-----` is the longest heading in use.
            let before = &bytes[end.saturating_sub(32)..end];
            if let Some(start) = memmem::rfind(before, b"-----BEGIN ") {
                return Some(("a private key", end - before.len() + start));
            }
        }
        None
    }

    /// The first key of a known shape that begins in a run, or in a word before it.
    fn shape_in(&self, bytes: &[u8], start: usize, end: usize) -> Option<(&'static str, usize)> {
        if !bytes[start..end].iter().any(u8::is_ascii_digit) {
            return None;
        }
        for (shape, finder) in SHAPES.iter().zip(&self.shapes) {
            // `Bearer ` is not part of the run that follows it.
            let from = start.saturating_sub(shape.prefix.len());
            let mut found = finder.find_iter(&bytes[from..end]).map(|at| from + at);
            if let Some(offset) = found.find(|offset| shape.is_at(bytes, *offset)) {
                return Some((shape.kind, offset));
            }
        }
        None
    }

    /// Where secrets stand in the bytes as they are, without those in codes: first byte and end,
    /// sorted and apart.
    pub(crate) fn spans(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        for key in &self.plain {
            spans.extend(key.find_iter(bytes).map(|at| (at, at + key.needle().len())));
        }
        for (shape, finder) in SHAPES.iter().zip(&self.shapes) {
            let found = finder.find_iter(bytes);
            spans.extend(found.filter_map(|at| Some((at, shape.end_at(bytes, at)?))));
        }
        for at in memmem::find_iter(bytes, b"-----BEGIN ") {
            let heading = &bytes[at..bytes.len().min(at + 48)];
            if self.key_block.find(heading).is_some() {
                let rest = &bytes[at..];
                let end = memmem::find(rest, b"-----END ")
                    .and_then(|end| Some(end + self.key_block.find(&rest[end..])?));
                let end = end.map_or(rest.len(), |end| end + self.key_block.needle().len());
                spans.push((at, at + end));
            }
        }
        spans.sort_unstable();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (start, end) in spans {
            match apart.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => apart.push((start, end)),
            }
        }
        apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan() -> Secrets {
        Secrets::new(&[&Key::new("a-key\"of\\this-run".into()).unwrap()])
    }

    fn found(text: &str) -> Option<(&'static str, usize)> {
        let leak = scan().check("a test", text.as_bytes()).err()?;
        assert_eq!(leak.place, "a test");
        Some((leak.kind, leak.offset))
    }

    /// Letters and digits that a scan of this repository does not report as a key.
    fn filler(length: usize) -> String {
        "A1B2C3D4".chars().cycle().take(length).collect()
    }

    #[test]
    fn shapes_at_their_least_length() {
        for shape in &SHAPES {
            for (before, after) in [("", ""), ("{\"text\":\"", "\"}"), ("\n", " and more")] {
                let text = format!("{before}{}{}{after}", shape.prefix, filler(shape.least));
                assert_eq!(found(&text), Some((shape.kind, before.len())), "{text}");
                let short = format!("{before}{}{}{after}", shape.prefix, filler(shape.least - 1));
                assert_eq!(found(&short), None, "{short}");
            }
        }
    }

    #[test]
    fn ordinary_text() {
        for text in [
            "task-20260101-and-much-more-text-of-it",
            "sk-learn-like-kebab-case-words-only",
            "Bearer of bad news 1234567890123456",
            "-----BEGIN CERTIFICATE-----",
            "the words PRIVATE KEY-----",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn second_candidate() {
        let text = format!("sk-short1 then sk-{}", filler(20));
        assert_eq!(found(&text), Some((SHAPES[0].kind, 15)));
    }

    #[test]
    fn private_keys() {
        for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
            let text = format!("a\\n-----BEGIN {kind}PRIVATE KEY-----\\n");
            assert_eq!(found(&text), Some(("a private key", 3)), "{kind}");
        }
    }

    #[test]
    fn own_key_plain_and_in_json() {
        let kind = "the key of a provider of this run";
        assert_eq!(found("x a-key\"of\\this-run"), Some((kind, 2)));
        let quoted = serde_json::to_string("a-key\"of\\this-run").unwrap();
        assert_eq!(found(&quoted), Some((kind, 1)));
    }

    #[test]
    fn own_key_in_codes() {
        let kind = "the key of a provider of this run";
        for text in [
            "a-key\\u0022of\\u005cthis-run",
            "a-key%22of%5Cthis-run",
            "eC1hLWtleSJvZlx0aGlzLXJ1bg==",
            "YS1rZXkib2Zc\ndGhpcy1ydW4K",
            "{\"t\":\"a-key\\\"\"}\n{\"t\":\"of\\\\this-run\"}",
        ] {
            assert_eq!(found(text).map(|it| it.0), Some(kind), "{text}");
        }
        assert_eq!(found("a-key of this run"), None);
    }

    #[test]
    fn leak_message_hides_the_secret() {
        let leak = scan()
            .check("the tape", b"a-key\"of\\this-run")
            .unwrap_err();
        assert_eq!(
            leak.to_string(),
            "the key of a provider of this run at byte 0 of the tape; nothing of it was written"
        );
    }
}
