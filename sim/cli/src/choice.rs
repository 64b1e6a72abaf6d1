//! Arguments with a fixed set of names.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Parses the name of one value of `all`, and shows the names in help and errors.
pub(crate) fn one_of<T: Copy + Send + Sync>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).map(move |text| {
        *all.iter()
            .find(|value| name(**value) == text)
            .expect("clap passes only the names above")
    })
}
