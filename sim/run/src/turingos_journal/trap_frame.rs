//! TRAP_FRAME: a trap as TuringOS recorded it.

use percent_encoding::percent_decode_str;

use super::fault::{FaultCode, LineFault};
use super::json::Value;
use super::members::{Members, wrong};
use super::text::Text;

const MEMBERS: [&str; 7] = [
    "seq",
    "ts",
    "trap_base",
    "trap_pointer",
    "details",
    "panic_reset_count",
    "metadata",
];

pub(super) const BASE: &str = "sys://trap/";
pub(super) const DETAILS: &str = "?details=";

/// The one trap that stops the machine instead of moving it to a trap pointer.
const UNRECOVERABLE: &str = "sys://trap/unrecoverable_loop";
const HALT: &str = "HALT";

/// One recorded trap. Texts borrow from the line it was read from.
#[derive(Clone, Copy, Debug)]
pub struct TrapFrame<'l> {
    /// Counts the traps of a journal from 0.
    pub seq: u64,
    /// `sys://trap/NAME`.
    pub trap_base: &'l str,
    /// What happened.
    pub details: Text<'l>,
    /// True if its pointer is `HALT`: the machine stopped.
    pub stops_machine: bool,
    /// The whole frame, as its JSON object was written.
    pub json: &'l str,
}

impl<'l> TrapFrame<'l> {
    /// Reads the JSON of a TRAP_FRAME line.
    pub(super) fn read(json: &'l str) -> Result<Self, LineFault> {
        let members = Members::read(json)?;
        members.only(&MEMBERS)?;
        let pointer = members.text("trap_pointer")?;
        let frame = Self {
            seq: members.count("seq")?,
            trap_base: members.text("trap_base")?.raw(),
            details: members.text("details")?,
            stops_machine: pointer.decoded() == HALT,
            json,
        };
        if !super::is_time(members.text("ts")?.raw()) {
            return Err(wrong("ts", "a time such as 2026-01-31T23:59:59.999Z"));
        }
        if !is_base(frame.trap_base) {
            return Err(wrong("trap_base", "sys://trap/ and a name in lower case"));
        }
        members.count("panic_reset_count")?;
        members.optional("metadata", "an object", |value| {
            matches!(value, Value::Object(_))
        })?;
        frame.check_pointer(pointer)?;
        Ok(frame)
    }

    /// The pointer is the base, with or without the details, which it may cut short. The pointer
    /// of an unrecoverable loop is `HALT`.
    fn check_pointer(&self, pointer: Text<'_>) -> Result<(), LineFault> {
        let pointer = pointer.decoded();
        if self.stops_machine && self.trap_base == UNRECOVERABLE {
            return Ok(());
        }
        let bad = |what| {
            Err(LineFault::new(
                FaultCode::BadTrapPointer,
                format_args!("{what}"),
            ))
        };
        let Some(query) = pointer.strip_prefix(self.trap_base) else {
            return bad("`trap_pointer` does not begin with `trap_base`");
        };
        if query.is_empty() {
            return Ok(());
        }
        let encoded = query.strip_prefix(DETAILS).unwrap_or_default();
        match percent_decode_str(encoded).decode_utf8() {
            Ok(shown) if !shown.is_empty() && self.details.decoded().starts_with(&*shown) => Ok(()),
            _ => bad("what follows the base in `trap_pointer` is not the beginning of `details`"),
        }
    }
}

fn is_base(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    { text.strip_prefix(BASE) }.is_some_and(|name| !name.is_empty() && name.bytes().all(is_word))
}
