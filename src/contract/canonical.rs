//! JSON values as texts that are equal exactly where the values are.
//!
//! Members are sorted by key, white space and needless escapes are gone, and a number is its exact
//! decimal value. Never rounds, and never makes a float.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Event, Items, JsonFault, Members, Reader, Rules, push_string};

/// The canonical text of a document that is one value and nothing else.
///
/// # Errors
/// [`JsonFault`] if it is not JSON, has a duplicate key, or nests deeper than `nesting`.
pub(super) fn document(text: &str, nesting: usize) -> Result<String, JsonFault> {
    let mut reader = Reader::new(text, Rules::any_json(nesting));
    let event = reader.value()?;
    let mut out = String::new();
    write(&mut reader, &event, &mut out)?;
    reader.end()?;
    Ok(out)
}

/// Appends the canonical text of the value that `event` begins. Calls itself once for each
/// container, which the reader's nesting limit bounds.
pub(super) fn write(
    reader: &mut Reader<'_>,
    event: &Event<'_>,
    out: &mut String,
) -> Result<(), JsonFault> {
    match event {
        Event::Text(text) => push_string(out, text),
        Event::Natural(number) => push_exact(out, &number.to_string()),
        Event::Negative(number) => push_exact(out, &number.to_string()),
        Event::Unrounded(number) => push_exact(out, number),
        Event::Boolean(true) => out.push_str("true"),
        Event::Boolean(false) => out.push_str("false"),
        Event::Null => out.push_str("null"),
        Event::Array => {
            let mut items = Items::default();
            out.push('[');
            while let Some(item) = reader.next_item(&mut items)? {
                write(reader, &item, out)?;
                out.push(',');
            }
            out.push(']');
        }
        Event::Object => {
            let mut members = Members::default();
            let mut sorted: Vec<(String, String)> = Vec::new();
            while let Some(key) = reader.next_key(&mut members)? {
                let value = reader.member_value()?;
                let mut text = String::new();
                write(reader, &value, &mut text)?;
                sorted.push((key.into_owned(), text));
            }
            sorted.sort_unstable();
            out.push('{');
            for (key, value) in &sorted {
                push_string(out, key);
                out.push(':');
                out.push_str(value);
                out.push(',');
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Appends a JSON number as its significant digits and the power of ten they are multiplied by. An
/// exponent of more than 64 bits is compared as it is written.
fn push_exact(out: &mut String, number: &str) {
    let (significand, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let magnitude = significand.trim_start_matches('-');
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let shortest = digits.trim_end_matches('0');
    if shortest.is_empty() {
        return out.push('0');
    }
    let zeros = digits.len().saturating_sub(shortest.len());
    let power = exponent.parse::<i64>().ok().and_then(|exponent| {
        exponent
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(zeros).ok()?)
    });
    let Some(power) = power else {
        return out.push_str(number);
    };
    if significand.starts_with('-') {
        out.push('-');
    }
    out.push_str(shortest);
    out.push('e');
    out.push_str(&power.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let [one, other] = [one, other].map(|text| document(text, 8).expect(text));
        one == other
    }

    #[test]
    fn order_of_keys_and_white_space_do_not_count() {
        assert!(same(
            r#"{"a":[1,{"x":null,"y":true}],"b":"é"}"#,
            " {\"b\" : \"\\u00e9\" ,\n\"a\":[ 1, {\"y\":true,\"x\":null} ] } "
        ));
        assert!(!same("[1,2]", "[2,1]"));
        assert!(!same("[]", "{}"));
        assert!(!same("[[1],2]", "[[1,2]]"));
        assert!(!same(r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#));
        assert!(!same(r#"["1"]"#, "[1]"));
        assert!(!same(r#"["null"]"#, "[null]"));
    }

    #[test]
    fn numbers_are_equal_where_their_values_are() {
        for (one, other) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("-0", "0"),
            ("0.0e9", "0"),
            ("-12.50", "-125E-1"),
            ("18446744073709551616", "18446744073709551616.0"),
            ("1e-400", "0.1e-399"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "-1"),
            ("1", "10"),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000001"),
            ("1e-400", "0"),
            ("1e-99999999999999999999", "1e-99999999999999999998"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn invalid_documents_have_no_canonical_text() {
        for text in [
            "",
            "1 2",
            "{\"a\":1,\"\\u0061\":1}",
            "[[[[[[[[[1]]]]]]]]]",
            "1e400",
        ] {
            assert!(document(text, 8).is_err(), "{text}");
        }
    }
}
