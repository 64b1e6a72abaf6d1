//! One group of cases: a TOML file with a table for each case, under the name of the case.
//!
//! Reports every case that is not in the expected form, not only the first.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::listing::{Malformed, is_kebab_case};
use super::{Case, Expectation, Recipe, Source};

/// The longest `input`, in bytes; a longer one is written as a recipe.
pub const MAX_INPUT_BYTES: usize = 64 * 1024;

/// The members of a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    input: Option<String>,
    recipe: Option<String>,
    expect: String,
    output: Option<String>,
}

/// Reads the text of a group's file: its cases, sorted by name.
///
/// # Errors
/// What is wrong, by line.
pub(super) fn cases<E: Expectation>(
    folder: &str,
    group: &str,
    text: &str,
) -> Result<Vec<Case<E>>, Vec<Malformed>> {
    let malformed = |offset: usize, reason: String| {
        let before = text.as_bytes().iter().take(offset);
        Malformed {
            place: format!("{folder}/{group}.toml"),
            line: Some(1 + before.filter(|byte| **byte == b'\n').count()),
            reason,
        }
    };
    let tables: BTreeMap<String, Spanned<Value>> = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![malformed(offset, error.message().replace('\n', ", "))]
    })?;
    if tables.is_empty() {
        return Err(vec![malformed(0, "the group has no case".into())]);
    }
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for (name, table) in tables {
        let offset = table.span().start;
        match case(group, &name, table.into_inner()) {
            Ok(case) => cases.push(case),
            Err(reason) => faults.push(malformed(offset, format!("case `{name}`: {reason}"))),
        }
    }
    match faults.is_empty() {
        true => Ok(cases),
        false => Err(faults),
    }
}

fn case<E: Expectation>(group: &str, name: &str, table: Value) -> Result<Case<E>, String> {
    if !is_kebab_case(name) {
        return Err("its name is not in kebab-case".into());
    }
    let members: Members = table
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let source = match (members.input, members.recipe) {
        (Some(input), None) if input.len() > MAX_INPUT_BYTES => {
            return Err(format!(
                "`input` is longer than {MAX_INPUT_BYTES} bytes; write a `recipe`"
            ));
        }
        (Some(input), None) => Source::Bytes(input.into_bytes()),
        (None, Some(recipe)) => {
            let recipe = Recipe::parse(&recipe).map_err(|reason| format!("`recipe`: {reason}"))?;
            Source::Recipe(recipe)
        }
        (Some(_), Some(_)) => return Err("both `input` and `recipe`".into()),
        (None, None) => return Err("neither `input` nor `recipe`".into()),
    };
    Ok(Case {
        name: format!("{group}/{name}"),
        expectation: E::parse(group, &members.expect, members.output.as_deref())?,
        source,
    })
}
