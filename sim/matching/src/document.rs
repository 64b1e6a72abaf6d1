//! Rules as somebody declared them, unchecked.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The one version that this program reads.
pub(crate) const VERSION: u32 = 1;

/// The rules as they are declared, in a file or in a tape's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDocument {
    /// Always 1.
    pub version: u32,
    /// Parts of requests that are not compared.
    #[serde(default)]
    pub drop: Vec<DropRule>,
    /// Values that are compared by which of them are equal, not by their text.
    #[serde(default)]
    pub alias: Vec<AliasRule>,
}

impl Default for RulesDocument {
    fn default() -> Self {
        Self {
            version: VERSION,
            drop: Vec::new(),
            alias: Vec::new(),
        }
    }
}

/// One part of a request that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropRule {
    /// A JSON Pointer into the body. In an array the token `*` names every element.
    Pointer(String),
    /// A parameter of the query, by its name.
    Query(String),
    /// A request header, by its name.
    Header(String),
}

/// Values that differ between runs but stay linked within one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasRule {
    /// The name in reports: lower-case letters, digits and `_`.
    pub name: String,
    /// A regular expression; each of its matches in a text is one value.
    pub pattern: String,
}

/// Rules that cannot be used. The caller is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {detail}")]
pub struct RulesFault {
    /// `line 5`, or `file`.
    pub place: String,
    /// What is wrong there and what is allowed, in one line.
    pub detail: String,
}
