//! Why a scenario file is refused: a code and a place.
//!
//! Never carries more of the file than a clipped key, name or path.

use strum::{IntoStaticStr, VariantArray};
use thiserror::Error;
use turingos::pointer::clip_bytes;

/// A scenario that cannot be run. The author of the file is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} at {}: {detail}", code.name(), if place.is_empty() { "the document" } else { place })]
pub struct ScenarioError {
    /// Where: a JSON Pointer into the file, empty for the whole document.
    pub place: String,
    /// The reason, stable across versions.
    pub code: ScenarioCode,
    /// What is wrong and what would be right, one line for people.
    pub detail: String,
}

impl ScenarioError {
    pub(super) fn new(place: &str, code: ScenarioCode, detail: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            code,
            detail: detail.into(),
        }
    }
}

/// A text of the file as a message may show it.
pub(super) fn shown(text: &str) -> String {
    let clipped = clip_bytes(text, 60);
    let dots = if clipped.len() < text.len() {
        "…"
    } else {
        ""
    };
    format!("`{}{dots}`", clipped.escape_debug())
}

/// Every reason for which a scenario is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ScenarioCode {
    /// The file is longer than a scenario may be.
    #[strum(serialize = "SCENARIO_TOO_LARGE")]
    TooLarge,
    /// The file is not one JSON document without repeated members.
    NotJson,
    /// The file is of another kind, or of a newer version.
    BadFormat,
    /// A value has the wrong JSON type for its member.
    WrongType,
    /// A member that the object does not have.
    UnknownKey,
    /// A member that the object must have is absent.
    MissingKey,
    /// A number with a fraction or beyond 64 bits, which no run could repeat exactly.
    NotAnInteger,
    /// A number outside its range.
    OutOfRange,
    /// A text that is empty, too long, or malformed.
    BadText,
    /// Too many or too few entries.
    BadCount,
    /// A path leaves the workspace or is not written in its one canonical form.
    BadPath,
    /// An unknown placeholder in a repeated line.
    BadPlaceholder,
    /// A file that the scenario must not have, or one that it lacks.
    BadFile,
    /// An unknown trap, fault or lane.
    UnknownName,
    /// The contract is refused; the detail says why.
    BadContract,
    /// The initial files cannot exist together in one world.
    BadWorld,
}

impl ScenarioCode {
    /// Every code.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The code as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}
