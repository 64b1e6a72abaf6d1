//! What is wrong with settings, and where.
//!
//! Never shows a value: a key may have been pasted into the wrong place.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};
use thiserror::Error;

/// Settings that cannot be used. The caller is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {detail}")]
pub struct SettingsFault {
    /// The kind of fault, stable across versions.
    pub code: SettingsFaultCode,
    /// A line and column of the file (`5:1`), a key (`lane.p.base_url`), or `file` for all of it.
    /// Never has a space.
    pub place: String,
    /// What is wrong there and what is expected, one line for people.
    pub detail: String,
}

impl SettingsFault {
    pub(super) fn new(
        code: SettingsFaultCode,
        place: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            code,
            place: place.into(),
            detail: detail.into(),
        }
    }
}

/// The kinds of fault that settings can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum SettingsFaultCode {
    /// The file is longer than any settings are.
    TooLong,
    /// The file is not UTF-8.
    NotUtf8,
    /// The text is not TOML, or has a duplicate key.
    NotToml,
    /// The file has a newer version.
    NewerVersion,
    /// A key is unknown or missing, or its value has the wrong type.
    WrongShape,
    /// A value has the right type but is out of range or malformed.
    BadValue,
}

impl SettingsFaultCode {
    /// Every code.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The code as the corpus writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for SettingsFaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
