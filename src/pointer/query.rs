//! The part of a pointer after `?`: keys, percent escapes, numbers.
//!
//! Never knows which channel a query belongs to.

use alloc::string::{String, ToString};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str};

use super::PointerError;

/// Bytes escaped in a query value.
pub(super) const QUERY_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'=');

/// A positive decimal number without sign, leading zero or white space.
pub(super) fn parse_decimal(text: &str) -> Result<u32, PointerError> {
    let plain = !text.is_empty()
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        text.parse().map_err(|_| PointerError::BadNumber)
    } else {
        Err(PointerError::BadNumber)
    }
}

/// The decoded values of `keys`, in their order; any other or repeated key is refused.
pub(super) fn query_values<const N: usize>(
    query: Option<&str>,
    keys: [&str; N],
) -> Result<[Option<String>; N], PointerError> {
    let mut values: [Option<String>; N] = [const { None }; N];
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let (key, value) = pair.split_once('=').ok_or(PointerError::UnknownQueryKey)?;
        let slot = keys
            .iter()
            .zip(values.iter_mut())
            .find_map(|(known, slot)| (*known == key).then_some(slot))
            .ok_or(PointerError::UnknownQueryKey)?;
        if slot.is_some() {
            return Err(PointerError::DuplicateQueryKey);
        }
        *slot = Some(decode_escapes(value)?);
    }
    Ok(values)
}

fn decode_escapes(value: &str) -> Result<String, PointerError> {
    let mut rest = value;
    while let Some((_, escape)) = rest.split_once('%') {
        let digits = escape.get(..2).ok_or(PointerError::BadEscape)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(PointerError::BadEscape);
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    percent_decode_str(value)
        .decode_utf8()
        .map(|text| text.to_string())
        .map_err(|_| PointerError::BadEscape)
}
