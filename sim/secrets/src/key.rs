//! A provider's API key. It appears in no `Debug` output, no error and no file.

use std::fmt;

use thiserror::Error;

/// The shortest key, in bytes. The scan for leaks would find a shorter one in ordinary text.
const MIN_KEY_BYTES: usize = 8;

/// An API key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

/// Why a value is not a key. Does not contain the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAKey {
    /// Fewer than 8 bytes.
    #[error("shorter than {MIN_KEY_BYTES} bytes; too short to detect a leak")]
    TooShort,
    /// It cannot be sent in a header.
    #[error("not printable ASCII without spaces")]
    NotPrintable,
}

impl Key {
    /// Makes a key of a value, which must be printable ASCII.
    ///
    /// # Errors
    /// [`NotAKey`] if the value cannot be sent or is too short to scan for.
    pub fn new(value: String) -> Result<Self, NotAKey> {
        if value.len() < MIN_KEY_BYTES {
            return Err(NotAKey::TooShort);
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAKey::NotPrintable);
        }
        Ok(Self(value))
    }

    /// The value, for the request header and the secret scan.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_validation_and_debug() {
        let key = Key::new("not-so-secret".into()).unwrap();
        assert_eq!(format!("{key:?}"), "Key(…)");
        assert_eq!(Key::new("short".into()), Err(NotAKey::TooShort));
        for bad in ["with a space", "with-a-newline\n", "non-ascii-é"] {
            assert_eq!(Key::new(bad.into()), Err(NotAKey::NotPrintable));
        }
    }
}
