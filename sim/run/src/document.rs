//! Canonical JSON documents: one value has one spelling, and only that spelling is read.
//!
//! A document is compact JSON with its members in the declared order and one newline at the end.
//! Its first member, `format`, is a name and a version, `turingos.run/1`.
//!
//! Never repairs a document and never ignores a part of it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use turingos::Digest;

/// What a document says it is: a name and the one version that this program reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name, `turingos.run`.
    pub name: &'static str,
    /// The version that is read and written.
    pub version: u32,
}

impl Format {
    /// The `format` member of a document.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

/// Bytes that are not the canonical document they should be. The recording is to blame.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Not JSON, not whole, or with members that are missing, unknown, repeated or mistyped.
    #[error("not a valid document: {0}")]
    NotValid(#[from] serde_json::Error),
    /// The document is of another kind.
    #[error("its format is `{found}`, expected `{expected}`")]
    OtherFormat {
        /// What it says it is, at most 40 characters.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The document was written by a newer version of this program.
    #[error("its format `{found}` is a newer version than `{supported}`; update this program")]
    NewerVersion {
        /// What it says it is.
        found: String,
        /// The newest version that can be read.
        supported: String,
    },
    /// A header of a kind that this program does not know.
    #[error("its kind is `{found}`")]
    UnknownKind {
        /// What it says it is, at most 40 characters.
        found: String,
    },
    /// A header of another kind than is wanted here.
    #[error("its kind is `{found}`, expected `{expected}`")]
    OtherKind {
        /// What it says it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The right value in another spelling: white space, member order, escapes, repeated text.
    #[error("not canonical from byte {offset} on; it was edited or written by something else")]
    NotCanonical {
        /// The first byte that differs from the canonical spelling, from 0.
        offset: usize,
    },
    /// Longer than any document is.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The members contradict one another.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// The canonical bytes of `value`.
///
/// `T` is a plain struct of this program: numbers, text, lists, maps with text keys.
///
/// # Panics
/// If `T` is something else.
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value)
        .expect("writing to memory cannot fail, and every map of a document has text keys");
    bytes.push(b'\n');
    bytes
}

/// Reads a document of exactly this `format` and this spelling.
///
/// # Errors
/// [`DocumentError`]: what is wrong with the bytes.
pub fn from_bytes<T>(bytes: &[u8], format: Format) -> Result<T, DocumentError>
where
    T: Serialize + DeserializeOwned,
{
    expect_format(bytes, format)?;
    let value: T = serde_json::from_slice(bytes)?;
    let canonical = to_bytes(&value);
    if canonical == bytes {
        return Ok(value);
    }
    let same = canonical.iter().zip(bytes).take_while(|(a, b)| a == b);
    Err(DocumentError::NotCanonical {
        offset: same.count(),
    })
}

/// The canonical bytes of `value` with a last member `seal`: the SHA-256 of the text before it.
#[must_use]
pub fn to_sealed_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = to_bytes(value);
    bytes.truncate(bytes.len().saturating_sub(AFTER_MEMBERS.len()));
    let seal = Digest::of(&bytes);
    bytes.extend_from_slice(BEFORE_SEAL);
    bytes.extend_from_slice(seal.hex().as_str().as_bytes());
    bytes.extend_from_slice(AFTER_SEAL);
    bytes
}

/// Reads what [`to_sealed_bytes`] writes.
///
/// # Errors
/// [`DocumentError`]: there is no seal, it is that of another text, or the text is not a document
/// of this `format`.
pub fn from_sealed_bytes<T>(bytes: &[u8], format: Format) -> Result<T, DocumentError>
where
    T: Serialize + DeserializeOwned,
{
    let Some((members, seal)) = split(bytes) else {
        // Name another kind or version of document first.
        from_bytes::<T>(bytes, format)?;
        return Err(DocumentError::Contradiction(
            "there is no `seal` at its end",
        ));
    };
    let value = from_bytes(&[members, AFTER_MEMBERS].concat(), format)?;
    if seal != Digest::of(members).hex().as_str().as_bytes() {
        return Err(DocumentError::Contradiction(
            "`seal` is not the SHA-256 of the text before it",
        ));
    }
    Ok(value)
}

/// How a document without a seal ends.
const AFTER_MEMBERS: &[u8] = b"}\n";
pub(crate) const BEFORE_SEAL: &[u8] = b",\"seal\":\"";
pub(crate) const AFTER_SEAL: &[u8] = b"\"}\n";
const SEAL_DIGITS: usize = 64;

/// The text that the seal is of, and the seal.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_suffix(AFTER_SEAL)?;
    let (rest, seal) = rest.split_at_checked(rest.len().checked_sub(SEAL_DIGITS)?)?;
    Some((rest.strip_suffix(BEFORE_SEAL)?, seal))
}

/// Checks the format before anything else: a newer version may have members unknown to this one.
///
/// # Errors
/// [`DocumentError`]: the document is of another format or version.
pub fn expect_format(bytes: &[u8], format: Format) -> Result<(), DocumentError> {
    #[derive(Deserialize)]
    struct Probe {
        format: String,
    }
    let Probe { format: found } = serde_json::from_slice(bytes)?;
    let expected = format.text();
    if found == expected {
        return Ok(());
    }
    let version = found
        .strip_prefix(format.name)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|version| version.parse::<u32>().ok());
    let found = found.chars().take(40).collect();
    Err(match version {
        Some(version) if version > format.version => DocumentError::NewerVersion {
            found,
            supported: expected,
        },
        _ => DocumentError::OtherFormat { found, expected },
    })
}
