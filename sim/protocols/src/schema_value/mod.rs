//! A value that a JSON Schema accepts, drawn from a seed: the arguments of a tool call, or an answer
//! of a requested form.
//!
//! A maker proposes values, and a judge accepts or refuses them. The judge knows every assertion of
//! the 2020-12 vocabulary except the few that it names as unsupported, so what is handed out is
//! valid; where no proposal is accepted, there is no value. Both work within one budget of steps.

mod judge;
mod maker;
mod number;
mod text;

use serde_json::{Map, Value};
use turingos_draws::Draws;

use judge::Judge;
use maker::Maker;

/// How many steps proposals and judgements of one value take at most.
const MAX_STEPS: u32 = 40_000;

/// How deep schemas nest, references followed.
const MAX_DEPTH: u32 = 32;

/// How many values are proposed.
const MAX_PROPOSALS: u32 = 24;

/// Why a schema gets no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaFault {
    /// It uses a keyword in a way that the judge does not know.
    Unsupported(String),
    /// No proposal was accepted within the budget.
    NoValue,
}

impl SchemaFault {
    /// One line for people: what is wrong with the schema.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Unsupported(keyword) => format!("its keyword {keyword:?} is not supported"),
            Self::NoValue => "no value that it accepts was found".to_owned(),
        }
    }
}

/// A value that `schema` accepts.
///
/// # Errors
/// [`SchemaFault`].
pub fn value_for(schema: &Value, draws: &mut Draws) -> Result<Value, SchemaFault> {
    let mut maker = Maker::new(Judge::new(schema, MAX_STEPS), draws);
    for _ in 0..MAX_PROPOSALS {
        if let Some(value) = maker.make(schema, 0)?
            && maker.judge.accepts(schema, &value, 0)?
        {
            return Ok(value);
        }
    }
    Err(SchemaFault::NoValue)
}

/// An object that `schema` accepts; an empty one for no schema.
///
/// # Errors
/// [`SchemaFault`].
pub fn object_for(
    schema: Option<&Value>,
    draws: &mut Draws,
) -> Result<Map<String, Value>, SchemaFault> {
    let value = match schema {
        None | Some(Value::Null | Value::Bool(true)) => return Ok(Map::new()),
        Some(schema @ Value::Object(members)) if !members.contains_key("type") => {
            // References are resolved against the root, so the type is asked for there.
            let mut typed = schema.clone();
            if let Value::Object(members) = &mut typed {
                members.insert("type".to_owned(), "object".into());
            }
            value_for(&typed, draws)?
        }
        Some(schema) => value_for(schema, draws)?,
    };
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(SchemaFault::NoValue),
    }
}
