//! Whether a schema accepts a value.

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::number::{ONE, decimal, equal};
use super::{MAX_DEPTH, SchemaFault};

/// The most bytes that a compiled pattern takes.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// Assertions that are not judged.
const UNSUPPORTED: [&str; 9] = [
    "$dynamicRef",
    "$recursiveRef",
    "additionalItems",
    "dependencies",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Judges values by the schemas of one document, within a budget.
#[derive(Debug)]
pub(super) struct Judge<'s> {
    root: &'s Value,
    steps: u32,
}

type Verdict = Result<bool, SchemaFault>;

fn unsupported(keyword: &str) -> SchemaFault {
    SchemaFault::Unsupported(keyword.to_owned())
}

impl<'s> Judge<'s> {
    pub(super) const fn new(root: &'s Value, steps: u32) -> Self {
        Self { root, steps }
    }

    /// Takes a step at a depth.
    pub(super) fn step(&mut self, depth: u32) -> Result<(), SchemaFault> {
        self.steps = self.steps.checked_sub(1).ok_or(SchemaFault::NoValue)?;
        if depth > MAX_DEPTH {
            return Err(SchemaFault::NoValue);
        }
        Ok(())
    }

    /// The schema that a `$ref` names: `#`, or a JSON pointer within the document.
    pub(super) fn resolve(&self, reference: &Value) -> Result<&'s Value, SchemaFault> {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        pointer
            .filter(|pointer| !pointer.contains('%'))
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or_else(|| unsupported("$ref"))
    }

    pub(super) fn accepts(&mut self, schema: &Value, value: &Value, depth: u32) -> Verdict {
        self.step(depth)?;
        let rules = match schema {
            Value::Bool(truth) => return Ok(*truth),
            Value::Object(rules) => rules,
            _ => {
                return Err(unsupported(
                    "a schema that is neither an object nor a boolean",
                ));
            }
        };
        for (keyword, rule) in rules {
            if !self.holds(schema, rules, keyword, rule, value, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(
        &mut self,
        schema: &Value,
        rules: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        depth: u32,
    ) -> Verdict {
        let wrong = || unsupported(keyword);
        let schemas = || rule.as_array().ok_or_else(wrong);
        match keyword {
            "$ref" => {
                let target = self.resolve(rule)?;
                self.accepts(target, value, depth + 1)
            }
            // References inside of it would be relative to it.
            "$id" if !std::ptr::eq(schema, self.root) => Err(wrong()),
            "allOf" => {
                for part in schemas()? {
                    if !self.accepts(part, value, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "anyOf" => Ok(self.count(schemas()?, value, depth)? > 0),
            "oneOf" => Ok(self.count(schemas()?, value, depth)? == 1),
            "not" => Ok(!self.accepts(rule, value, depth + 1)?),
            "if" => {
                let branch = if self.accepts(rule, value, depth + 1)? {
                    "then"
                } else {
                    "else"
                };
                match rules.get(branch) {
                    Some(branch) => self.accepts(branch, value, depth + 1),
                    None => Ok(true),
                }
            }
            "type" => match rule {
                Value::String(kind) => Ok(is_of_type(value, kind)),
                Value::Array(kinds) => {
                    let mut kinds = kinds.iter().filter_map(Value::as_str);
                    Ok(kinds.any(|kind| is_of_type(value, kind)))
                }
                _ => Err(wrong()),
            },
            "const" => Ok(equal(rule, value)),
            "enum" => Ok(schemas()?.iter().any(|listed| equal(listed, value))),
            _ if UNSUPPORTED.contains(&keyword) => Err(wrong()),
            _ => match value {
                Value::Object(members) => self.object(rules, keyword, rule, members, depth),
                Value::Array(items) => self.array(rules, keyword, rule, items, depth),
                Value::String(text) => string(keyword, rule, text),
                Value::Number(number) => bound(keyword, rule, decimal(number)),
                Value::Null | Value::Bool(_) => Ok(true),
            },
        }
    }

    fn count(
        &mut self,
        schemas: &[Value],
        value: &Value,
        depth: u32,
    ) -> Result<usize, SchemaFault> {
        let mut accepted = 0;
        for schema in schemas {
            accepted += usize::from(self.accepts(schema, value, depth + 1)?);
        }
        Ok(accepted)
    }

    fn object(
        &mut self,
        rules: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        members: &Map<String, Value>,
        depth: u32,
    ) -> Verdict {
        let wrong = || unsupported(keyword);
        let has = |names: &Value| {
            let names = names.as_array().ok_or_else(wrong)?;
            let mut names = names.iter().filter_map(Value::as_str);
            Ok(names.all(|name| members.contains_key(name)))
        };
        match keyword {
            "required" => has(rule),
            "minProperties" => Ok(members.len() as u64 >= rule.as_u64().ok_or_else(wrong)?),
            "maxProperties" => Ok(members.len() as u64 <= rule.as_u64().ok_or_else(wrong)?),
            "dependentRequired" => {
                for (name, needed) in rule.as_object().ok_or_else(wrong)? {
                    if members.contains_key(name) && !has(needed)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "propertyNames" => {
                for name in members.keys() {
                    if !self.accepts(rule, &name.as_str().into(), depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "properties" => {
                let properties = rule.as_object().ok_or_else(wrong)?;
                for (name, value) in members {
                    if let Some(schema) = properties.get(name)
                        && !self.accepts(schema, value, depth + 1)?
                    {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "patternProperties" => {
                for (source, schema) in rule.as_object().ok_or_else(wrong)? {
                    let pattern = pattern(source)?;
                    for (name, value) in members {
                        if pattern.is_match(name) && !self.accepts(schema, value, depth + 1)? {
                            return Ok(false);
                        }
                    }
                }
                Ok(true)
            }
            "additionalProperties" => {
                for (name, value) in members {
                    if !is_declared(rules, name)? && !self.accepts(rule, value, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    fn array(
        &mut self,
        rules: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        items: &[Value],
        depth: u32,
    ) -> Verdict {
        let wrong = || unsupported(keyword);
        match keyword {
            "minItems" => Ok(items.len() as u64 >= rule.as_u64().ok_or_else(wrong)?),
            "maxItems" => Ok(items.len() as u64 <= rule.as_u64().ok_or_else(wrong)?),
            "uniqueItems" => {
                let repeated = |at: usize| items[..at].iter().any(|item| equal(item, &items[at]));
                Ok(rule != &Value::Bool(true) || !(0..items.len()).any(repeated))
            }
            "prefixItems" => {
                let schemas = rule.as_array().ok_or_else(wrong)?;
                for (schema, item) in schemas.iter().zip(items) {
                    if !self.accepts(schema, item, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "items" => {
                let first = rules.get("prefixItems").and_then(Value::as_array);
                for item in items.iter().skip(first.map_or(0, Vec::len)) {
                    if !self.accepts(rule, item, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            "contains" => {
                for item in items {
                    if self.accepts(rule, item, depth + 1)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => matches!(value, Value::Number(number) if decimal(number) % ONE == 0),
        _ => false,
    }
}

fn string(keyword: &str, rule: &Value, text: &str) -> Verdict {
    let wrong = || unsupported(keyword);
    let length = || text.chars().count() as u64;
    match keyword {
        "minLength" => Ok(length() >= rule.as_u64().ok_or_else(wrong)?),
        "maxLength" => Ok(length() <= rule.as_u64().ok_or_else(wrong)?),
        "pattern" => Ok(pattern(rule.as_str().ok_or_else(wrong)?)?.is_match(text)),
        _ => Ok(true),
    }
}

fn bound(keyword: &str, rule: &Value, value: i128) -> Verdict {
    let limit = || match rule {
        Value::Number(limit) => Ok(decimal(limit)),
        _ => Err(unsupported(keyword)),
    };
    match keyword {
        "minimum" => Ok(value >= limit()?),
        "maximum" => Ok(value <= limit()?),
        "exclusiveMinimum" => Ok(value > limit()?),
        "exclusiveMaximum" => Ok(value < limit()?),
        "multipleOf" => match limit()? {
            0 => Err(unsupported(keyword)),
            step => Ok(value % step == 0),
        },
        _ => Ok(true),
    }
}

/// True for a name that `properties` or `patternProperties` speaks of.
pub(super) fn is_declared(rules: &Map<String, Value>, name: &str) -> Verdict {
    let properties = rules.get("properties").and_then(Value::as_object);
    if properties.is_some_and(|properties| properties.contains_key(name)) {
        return Ok(true);
    }
    let patterns = rules.get("patternProperties").and_then(Value::as_object);
    for source in patterns.into_iter().flat_map(Map::keys) {
        if pattern(source)?.is_match(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The pattern, compiled. What `\p` means depends on how the crate was built, so it is refused.
fn pattern(source: &str) -> Result<Regex, SchemaFault> {
    let wrong = || unsupported("pattern");
    if source.contains("\\p") || source.contains("\\P") {
        return Err(wrong());
    }
    let mut builder = RegexBuilder::new(source);
    let compiled = builder.size_limit(MAX_PATTERN_BYTES).build();
    compiled.map_err(|_| wrong())
}
