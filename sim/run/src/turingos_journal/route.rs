//! BUS_ROUTE: which lane answered, as TuringOS recorded it.
//!
//! No real recording with such lines was at hand. What is checked is what its documents promise: an
//! object that names the lane; members beyond are taken as they are.

use super::fault::LineFault;
use super::json::Value;
use super::members::{Members, wrong};
use super::text::Text;

/// Which lane a recorded route names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// True for P, the strong lane, false for E.
    pub is_strong: bool,
}

impl Route {
    /// Reads the JSON of a BUS_ROUTE line.
    pub(super) fn read(json: &str) -> Result<Self, LineFault> {
        let members = Members::read(json)?;
        let is_strong = match members.text("lane")?.raw() {
            "P" => true,
            "E" => false,
            _ => return Err(wrong("lane", "P or E")),
        };
        members.optional(
            "reason",
            "a string that is not empty",
            |value| matches!(value, Value::String(text) if !Text::raw(text).is_empty()),
        )?;
        members.optional("failover", "true or false", |value| {
            matches!(value, Value::Word("true" | "false"))
        })?;
        Ok(Self { is_strong })
    }
}
