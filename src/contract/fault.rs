//! Why a contract file is refused: one code for each reason, and the place.
//!
//! The caller who wrote the contract is to blame. A detail never carries more of the file than a
//! clipped key, path or pattern.

use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::Serialize;

use crate::json::{JsonFault, JsonFaultKind};
use crate::named_enum::named_enum;
use crate::text::{clipped, is_forbidden};

/// A contract that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContractError {
    /// Where: a JSON Pointer into the file, empty for the whole document. Of an unknown key it has
    /// the first 64 characters.
    pub place: String,
    /// The reason, stable across versions.
    pub code: ContractCode,
    /// What is wrong and what would be right, for people. At most 200 characters.
    pub detail: String,
}

impl ContractError {
    /// An error whose detail is clipped.
    pub(super) fn new(place: &str, code: ContractCode, detail: fmt::Arguments<'_>) -> Self {
        Self {
            place: String::from(place),
            code,
            detail: clipped(detail),
        }
    }

    /// What the JSON reader found at a place.
    pub(super) fn unreadable(place: &str, fault: &JsonFault) -> Self {
        Self::new(
            place,
            ContractCode::of_json(&fault.kind),
            format_args!("{fault}"),
        )
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.code)?;
        if self.place.is_empty() {
            f.write_str("the document")?;
        }
        for character in self.place.chars() {
            // A key may be written to forge a line.
            if is_forbidden(character) || character.is_control() {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        write!(f, ": {}", self.detail)
    }
}

impl core::error::Error for ContractError {}

named_enum! {
    /// Every reason for which a contract is refused, from the bytes up to the plan.
    #[non_exhaustive]
    pub enum ContractCode {
        /// The file is longer than [`MAX_CONTRACT_BYTES`](super::MAX_CONTRACT_BYTES).
        TooLarge = "CONTRACT_TOO_LARGE",
        /// The bytes are not UTF-8.
        NotUtf8 = "NOT_UTF8",
        /// The file starts with a byte order mark.
        ByteOrderMark = "BYTE_ORDER_MARK",
        /// The file is not JSON.
        Syntax = "SYNTAX",
        /// The file ends before the document is complete, or is empty.
        Truncated = "TRUNCATED",
        /// Something other than white space follows the document.
        TrailingBytes = "TRAILING_BYTES",
        /// Objects and arrays nest deeper than
        /// [`MAX_CONTRACT_NESTING`](super::MAX_CONTRACT_NESTING).
        TooDeep = "TOO_DEEP",
        /// An object has a duplicate key, however it is spelled.
        DuplicateKey = "DUPLICATE_KEY",
        /// A string holds a raw control character.
        ForbiddenCharacter = "FORBIDDEN_CHARACTER",
        /// A `\u` escape is half of a surrogate pair.
        LoneSurrogate = "LONE_SURROGATE",
        /// A number exceeds every double.
        NumberTooLarge = "NUMBER_TOO_LARGE",
        /// A key that the object does not have, or that belongs to another kind of expectation.
        UnknownKey = "UNKNOWN_KEY",
        /// A key that the object must have is absent.
        MissingKey = "MISSING_KEY",
        /// A value is `null`; only an expected JSON value may be.
        NullValue = "NULL_VALUE",
        /// A value has another JSON type than the key calls for.
        WrongType = "WRONG_TYPE",
        /// A string that must say something is empty.
        EmptyString = "EMPTY_STRING",
        /// A list that must hold something is empty.
        EmptyList = "EMPTY_LIST",
        /// A list or object has more members than its limit.
        TooMany = "TOO_MANY",
        /// A path leaves the workspace or is not written in its one canonical form.
        BadPath = "BAD_PATH",
        /// A list has a duplicate path.
        DuplicatePath = "DUPLICATE_PATH",
        /// A step's name is not 1 to 64 ASCII letters, digits, `_`, `-` or `.`.
        BadStepName = "BAD_STEP_NAME",
        /// The order has a duplicate step.
        DuplicateStep = "DUPLICATE_STEP",
        /// A map names a step that is not in the order.
        UnknownStep = "UNKNOWN_STEP",
        /// An expectation is of no kind that there is.
        UnknownKind = "UNKNOWN_KIND",
        /// A regular expression does not parse or is too long.
        BadRegex = "BAD_REGEX",
        /// A regular expression compiles to more than
        /// [`MAX_REGEX_BYTES`](super::MAX_REGEX_BYTES).
        RegexTooLarge = "REGEX_TOO_LARGE",
        /// There are steps, but no file for their progress.
        NoProgressFile = "NO_PROGRESS_FILE",
        /// A step's file is the progress file, which cannot be its own condition.
        ProgressFileIsStepFile = "PROGRESS_FILE_IS_STEP_FILE",
        /// A step has an expectation and no file to hold it.
        ExpectationWithoutFile = "EXPECTATION_WITHOUT_FILE",
    }
}

impl ContractCode {
    /// The contract's code for what the JSON reader finds.
    const fn of_json(kind: &JsonFaultKind) -> Self {
        match kind {
            JsonFaultKind::Syntax(_) => Self::Syntax,
            JsonFaultKind::Truncated(_) => Self::Truncated,
            JsonFaultKind::TrailingBytes => Self::TrailingBytes,
            JsonFaultKind::TooDeep(_) => Self::TooDeep,
            JsonFaultKind::DuplicateKey(_) => Self::DuplicateKey,
            JsonFaultKind::ForbiddenCharacter(_) => Self::ForbiddenCharacter,
            JsonFaultKind::LoneSurrogate => Self::LoneSurrogate,
            JsonFaultKind::FloatNumber(_) | JsonFaultKind::NumberTooLarge(_) => {
                Self::NumberTooLarge
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Contract;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn an_error_says_where_and_what_in_one_short_line() {
        let error = |json: &str| Contract::parse(json.as_bytes()).expect_err(json);
        assert_eq!(
            error("{}").to_string(),
            "MISSING_KEY at the document: missing key `enabled`"
        );
        assert_eq!(
            error(r#"{"a\nb/\u202e":1}"#).to_string(),
            "UNKNOWN_KEY at /a\\u{a}b~1\\u{202e}: unknown key"
        );
        let long = error(&format!("{{\"{}\":1}}", "k".repeat(100_000)));
        assert_eq!(long.place, format!("/{}…", "k".repeat(64)));
    }
}
