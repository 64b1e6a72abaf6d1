//! A JSON value rewritten as compact text while it is read, every depth as strict as the next.
//!
//! Never sorts, merges or drops members.

use alloc::string::String;

use super::fault::JsonFault;
use super::reader::{Event, Items, Members, Reader};
use super::write::{push_number, push_string};

/// Appends the value that `event` begins as compact JSON text, members in the order written. Calls
/// itself once for each container, which the reader's nesting limit bounds.
pub(crate) fn rewrite(
    reader: &mut Reader<'_>,
    event: &Event<'_>,
    out: &mut String,
) -> Result<(), JsonFault> {
    match event {
        Event::Text(text) => push_string(out, text),
        Event::Natural(number) => push_number(out, *number),
        Event::Negative(number) => {
            out.push('-');
            push_number(out, number.unsigned_abs());
        }
        Event::Unrounded(number) => out.push_str(number),
        Event::Boolean(true) => out.push_str("true"),
        Event::Boolean(false) => out.push_str("false"),
        Event::Null => out.push_str("null"),
        Event::Array => {
            let mut items = Items::default();
            let mut separator = "[";
            while let Some(item) = reader.next_item(&mut items)? {
                out.push_str(separator);
                separator = ",";
                rewrite(reader, &item, out)?;
            }
            out.push_str(if separator == "[" { "[]" } else { "]" });
        }
        Event::Object => {
            let mut members = Members::default();
            let mut separator = "{";
            while let Some(key) = reader.next_key(&mut members)? {
                out.push_str(separator);
                separator = ",";
                push_string(out, &key);
                out.push(':');
                let value = reader.member_value()?;
                rewrite(reader, &value, out)?;
            }
            out.push_str(if separator == "{" { "{}" } else { "}" });
        }
    }
    Ok(())
}
