//! SHA-256 digests: the only hash that enters a record.
//!
//! Never holds a key and never truncates except where a caller asks for a short label.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (32 bytes), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of the empty string: what a record holds where nothing happened.
    pub const EMPTY: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// Hashes one byte string.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        #[cfg(test)]
        counted::add(bytes.len());
        Self(Sha256::digest(bytes).into())
    }

    /// Hashes the concatenation of `parts`. The caller separates them where it matters.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            #[cfg(test)]
            counted::add(part.len());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest as 64 ASCII hexadecimal digits, without allocating.
    #[must_use]
    pub fn hex(&self) -> HexDigest {
        let mut text = [b'0'; 64];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        HexDigest(text)
    }

    /// Appends the first `2 * BYTES` hexadecimal digits.
    pub(crate) fn push_hex<const BYTES: usize>(&self, out: &mut String) {
        // The compiler knows the length of this cut, and copies it without a call.
        if let Some(digits) = self.hex().as_str().get(..BYTES.wrapping_mul(2)) {
            out.push_str(digits);
        }
    }

    /// The first `digits` hexadecimal digits (at most 64): a label for people, never a proof.
    #[must_use]
    pub fn short(&self, digits: usize) -> String {
        let hex = self.hex();
        String::from(hex.as_str().get(..digits).unwrap_or(hex.as_str()))
    }
}

/// 64 ASCII hexadecimal digits on the stack.
#[derive(Clone, Copy)]
pub struct HexDigest([u8; 64]);

impl HexDigest {
    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits as ASCII.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex().as_str())
    }
}

/// What a digest is written as.
const DIGITS: &str = "64 lower-case hexadecimal digits";

/// Text that is not exactly 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {DIGITS}")
    }
}

impl core::error::Error for NotADigest {}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let mut bytes = [0_u8; 32];
        if text.len() != 64 {
            return Err(NotADigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else {
                return Err(NotADigest);
            };
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// A nibble as a hexadecimal digit, without a branch or a table so that 64 of them vectorise.
fn digit(nibble: u8) -> u8 {
    let letter = u8::from(nibble > 9).wrapping_mul(b'a'.wrapping_sub(b'9').wrapping_sub(1));
    b'0'.wrapping_add(nibble).wrapping_add(letter)
}

fn nibble(digit: u8) -> Result<u8, NotADigest> {
    match digit {
        b'0'..=b'9' => Ok(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Ok(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => Err(NotADigest),
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.hex().as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HexVisitor;
        impl de::Visitor<'_> for HexVisitor {
            type Value = Digest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(DIGITS)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(HexVisitor)
    }
}

/// How many bytes were hashed, for tests of what a tick hashes.
#[cfg(test)]
pub(crate) mod counted {
    extern crate std;
    use core::cell::Cell;

    std::thread_local! {
        static BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// The bytes that this thread has hashed since it was last asked.
    pub(crate) fn take() -> usize {
        BYTES.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn empty_is_the_published_constant() {
        assert_eq!(Digest::EMPTY, Digest::of(b""));
    }

    /// It said "expected expected".
    #[test]
    fn wrong_type_says_once_what_is_expected() {
        let error = serde_json::from_str::<Digest>("1").unwrap_err();
        let expected = "invalid type: integer `1`, expected 64 lower-case hexadecimal digits";
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn text_form_round_trips_and_refuses_upper_case() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(
            digest.to_string().to_uppercase().parse::<Digest>(),
            Err(NotADigest)
        );
        assert_eq!("ba78".parse::<Digest>(), Err(NotADigest));
    }

    #[test]
    fn parts_hash_as_their_concatenation() {
        assert_eq!(Digest::of_parts(&[b"ab", b"", b"c"]), Digest::of(b"abc"));
    }
}
