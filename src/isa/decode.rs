//! Bytes to exactly one [`Transition`], or the reason why not.
//!
//! A whole document is read in one pass and allocates only what the transition keeps. Nothing is
//! defaulted, and no input panics or costs more than linear time and a stated constant.

use super::Transition;
use super::envelope::{Parts, read_parts};
use super::extract;
use super::fault::{Fault, FaultCode};
use super::operands::Envelope;
use crate::json::{self, Reader, Rules};

/// The longest reply that is looked at, in bytes.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// How deep objects and arrays may nest; the transition itself is at depth 1, `a_t` at 2.
pub const MAX_NESTING: usize = 16;

/// Takes the one transition out of a model's raw reply.
///
/// A reply that is one JSON value in braces (after reasoning, see below) is a document, and judged as
/// such. Any other reply is prose, code fences included, before the transition, after it or on both
/// sides, and must hold exactly one object that is a transition; two identical ones are two. In
/// prose, an object without `q_next` and `a_t` at its top level is part of the prose; one with either
/// is taken for a transition, and if it is malformed, that is the fault, whatever else the prose
/// holds. A reply that begins with a `{` whose object is not whole or no JSON is a malformed document.
///
/// A transition inside an array or another object is never taken, whether that is whole, cut short or
/// no JSON at all. In prose it counts only where no `{` or `[` before it is still open and no `}` or
/// `]` after it closes what was never opened; one that is enclosed is refused with
/// [`FaultCode::NotAnObject`] in a `[`, with the fault of the object in a `{"`, and with
/// [`FaultCode::Syntax`] in any other `{`, whichever of them opened first. Balanced brackets, as in
/// `[1]`, `- [ ]` or `{name}`, are prose, and so is a lone `]` before and a lone `[` after; a lone
/// `{` or `[` before the transition is not told from an object cut short, and refuses it. Between
/// brackets, text in double quotes on one line is a string, whose brackets and tags do not count.
///
/// Text between `<think>` or `<thought>` and the closing tag does not count, nor does what follows
/// an opening tag that is never closed or what precedes a closing tag that was never opened. A tag
/// in a string of an object is text, even if the object is cut short after it.
///
/// # Errors
/// [`Fault`], with every [`FaultCode`] but [`FaultCode::NotCanonical`] and
/// [`FaultCode::TrailingBytes`].
pub fn decode(reply: &[u8]) -> Result<Transition, Fault> {
    decode_text(utf8(reply)?)
}

/// As [`decode`], of text that is known to be UTF-8.
pub(crate) fn decode_text(reply: &str) -> Result<Transition, Fault> {
    let text = checked_text(reply)?;
    let trimmed = text.trim_start_matches(json::WHITE_SPACE);
    let base = text.len().saturating_sub(trimmed.len());
    if !trimmed.starts_with('{') {
        return extract::from_prose(trimmed, base);
    }
    read_document(trimmed, base, Envelope::Model)
        .or_else(|failure| extract::from_document(trimmed, base, failure.fault))
}

/// Takes a document that is exactly one transition in the model envelope, without prose around it.
///
/// # Errors
/// [`Fault`], with every [`FaultCode`] but [`FaultCode::NotCanonical`] and those of prose.
pub fn decode_model(json: &[u8]) -> Result<Transition, Fault> {
    read_document(checked_text(utf8(json)?)?, 0, Envelope::Model).map_err(|failure| failure.fault)
}

/// Takes a document that is exactly one transition in the canonical envelope: canonical keys,
/// opcodes and words only, operands trimmed except `payload`, `limit` a number up to
/// [`GitLogQuery::MAX_LIMIT`](super::GitLogQuery::MAX_LIMIT). `thought`, `q_next` and `payload` are
/// verbatim in both envelopes. White space between tokens and the order of keys are free.
///
/// # Errors
/// [`Fault`]; [`FaultCode::NotCanonical`] for a spelling, padding or `limit` that only the model
/// envelope allows, the first of two synonyms included.
pub fn decode_canonical(json: &[u8]) -> Result<Transition, Fault> {
    read_document(checked_text(utf8(json)?)?, 0, Envelope::Canonical)
        .map_err(|failure| failure.fault)
}

/// How a reply is read: integers of 64 bits only, and no character that hides or reorders text.
pub(super) const REPLY: Rules = Rules {
    nesting: MAX_NESTING,
    any_number: false,
    any_character: false,
    white_space: true,
};

/// Why a document was refused, and what prose extraction makes of that.
pub(super) struct Failure {
    pub(super) fault: Fault,
    /// `q_next` or `a_t` was read at the top level.
    pub(super) looks_like_a_transition: bool,
    /// The text is one JSON document; only its meaning is at fault.
    pub(super) is_json: bool,
}

/// Reads `text`, which begins at byte `base` of the reply, as exactly one transition.
pub(super) fn read_document(
    text: &str,
    base: usize,
    envelope: Envelope,
) -> Result<Transition, Failure> {
    let mut parts = Parts::default();
    let read = read_parts(&mut Reader::starting_at(text, base, REPLY), &mut parts);
    let looks_like_a_transition = parts.looks_like_a_transition;
    let failure = |fault, is_json| Failure {
        fault,
        looks_like_a_transition,
        is_json,
    };
    match read {
        Ok(true) => envelope
            .transition(parts)
            .map_err(|fault| failure(fault, true)),
        Ok(false) => {
            let fault = Fault::new(
                FaultCode::NotAnObject,
                format_args!("the document at byte {base} is not an object"),
            );
            Err(failure(fault, true))
        }
        Err(fault) => Err(failure(fault.into(), false)),
    }
}

/// The bytes as text. Ones that are too many are not looked at.
fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    check_size(bytes.len())?;
    core::str::from_utf8(bytes).map_err(|error| {
        Fault::new(
            FaultCode::NotUtf8,
            format_args!("at byte {}", error.valid_up_to()),
        )
    })
}

/// The checks of a text that need no parser.
fn checked_text(text: &str) -> Result<&str, Fault> {
    check_size(text.len())?;
    if text.starts_with('\u{feff}') {
        return Err(Fault::new(
            FaultCode::ByteOrderMark,
            format_args!("at byte 0"),
        ));
    }
    if text.trim_start_matches(json::WHITE_SPACE).is_empty() {
        return Err(Fault::new(
            FaultCode::EmptyReply,
            format_args!("{} bytes of white space", text.len()),
        ));
    }
    Ok(text)
}

fn check_size(bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_REPLY_BYTES {
        return Ok(());
    }
    Err(Fault::new(
        FaultCode::ReplyTooLarge,
        format_args!("{bytes} bytes, at most {MAX_REPLY_BYTES}"),
    ))
}
