//! A provider's key, once it has been read from the environment.
//!
//! Never shown: not by `Debug`, not in an error, not in anything that is written.

use std::fmt;

use thiserror::Error;

/// Shorter text than this, in bytes, would be found everywhere, so that a leak could not be told.
pub const MIN_KEY_BYTES: usize = 8;

/// The value of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

/// Why a variable's value is no key. The value is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAKey {
    /// Fewer bytes than [`MIN_KEY_BYTES`].
    #[error("shorter than {MIN_KEY_BYTES} bytes: too short to be found if it leaked")]
    TooShort,
    /// It could not be sent in a header.
    #[error("not printable ASCII without spaces")]
    NotPrintable,
}

impl Key {
    /// Takes the value of an environment variable, which must be printable ASCII.
    ///
    /// # Errors
    /// [`NotAKey`], for a value that cannot be sent or could not be found again.
    pub fn new(value: String) -> Result<Self, NotAKey> {
        if value.len() < MIN_KEY_BYTES {
            return Err(NotAKey::TooShort);
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAKey::NotPrintable);
        }
        Ok(Self(value))
    }

    /// The value, for a header and for the scan that looks for it.
    pub(super) fn reveal(&self) -> &str {
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
    fn a_key_is_printable_long_enough_and_never_shown() {
        let key = Key::new("not-so-secret".into()).unwrap();
        assert!(!format!("{key:?}").contains("secret"));
        assert_eq!(Key::new("short".into()), Err(NotAKey::TooShort));
        for bad in ["with a space", "with-a-newline\n", "non-ascii-é"] {
            assert_eq!(Key::new(bad.into()), Err(NotAKey::NotPrintable));
        }
    }
}
