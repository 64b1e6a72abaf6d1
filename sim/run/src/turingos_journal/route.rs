//! BUS_ROUTE: which lane answered, as TuringOS recorded it.
//!
//! No real recording with such lines was available. The checks follow its documents: an object that
//! names the lane; other members are not checked.

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
