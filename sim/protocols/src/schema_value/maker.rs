//! Proposes values for a schema. What it proposes is right most of the time; the judge decides.

use serde_json::{Map, Value};
use turingos_draws::Draws;

use super::SchemaFault;
use super::judge::{Judge, is_declared};
use super::number::{ONE, decimal, equal, number};
use super::text;

/// From this depth on only what is required is made, so that recursive schemas end.
const PLAIN_DEPTH: u32 = 4;

/// The most items of an array, and how many more than it needs are drawn.
const MAX_ITEMS: u64 = 256;
const MORE_ITEMS: u32 = 2;

/// How often a part is proposed again if its own schema refuses it.
const PART_PROPOSALS: u32 = 4;

/// Proposes values, with draws of its own.
pub(super) struct Maker<'s, 'd> {
    pub(super) judge: Judge<'s>,
    draws: &'d mut Draws,
}

/// A proposal; none where the schema has none.
type Proposal = Result<Option<Value>, SchemaFault>;

impl<'s, 'd> Maker<'s, 'd> {
    pub(super) fn new(judge: Judge<'s>, draws: &'d mut Draws) -> Self {
        Self { judge, draws }
    }

    /// A value for a schema of the document.
    pub(super) fn make(&mut self, schema: &Value, depth: u32) -> Proposal {
        let mut rules = Map::new();
        if !self.gather(schema, depth, &mut rules)? {
            return Ok(None);
        }
        if let Some(value) = rules.get("const") {
            return Ok(Some(value.clone()));
        }
        if let Some(values) = rules.get("enum").and_then(Value::as_array) {
            return Ok(self.one_of(values).cloned());
        }
        match self.kind(&rules).as_str() {
            "null" => Ok(Some(Value::Null)),
            "boolean" => Ok(Some(self.draws.chance(5_000).into())),
            "integer" => Ok(self.number(&rules, ONE)),
            "number" => Ok(self.number(&rules, ONE / 100)),
            "string" => Ok(self.string(&rules).map(Value::String)),
            "array" => self.array(&rules, depth),
            "object" => self.object(&rules, depth),
            _ => Ok(None),
        }
    }

    /// A value for a part, proposed again if its own schema refuses it.
    fn part(&mut self, schema: &Value, depth: u32) -> Proposal {
        for _ in 0..PART_PROPOSALS {
            let Some(value) = self.make(schema, depth + 1)? else {
                continue;
            };
            if self.judge.accepts(schema, &value, depth + 1)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn one_of<'v>(&mut self, values: &'v [Value]) -> Option<&'v Value> {
        let count = u32::try_from(values.len()).ok()?;
        values.get(self.draws.below(count) as usize)
    }

    /// Adds the rules of a schema to `rules`: references are followed, one branch is drawn of each
    /// choice, and rules of one keyword are joined. False if nothing fits.
    fn gather(
        &mut self,
        schema: &Value,
        depth: u32,
        rules: &mut Map<String, Value>,
    ) -> Result<bool, SchemaFault> {
        self.judge.step(depth)?;
        let members = match schema {
            Value::Bool(truth) => return Ok(*truth),
            Value::Object(members) => members,
            _ => return Ok(false),
        };
        for (keyword, rule) in members {
            let fits = match (keyword.as_str(), rule) {
                ("$ref", _) => {
                    let target = self.judge.resolve(rule)?;
                    self.gather(target, depth + 1, rules)?
                }
                ("allOf", Value::Array(parts)) => {
                    let mut fits = true;
                    for part in parts {
                        fits = fits && self.gather(part, depth + 1, rules)?;
                    }
                    fits
                }
                ("anyOf" | "oneOf", Value::Array(branches)) => match self.one_of(branches) {
                    Some(branch) => self.gather(branch, depth + 1, rules)?,
                    None => false,
                },
                ("if", _) => {
                    let taken = self.draws.chance(5_000);
                    let condition = if taken { Some(rule) } else { None };
                    let branch = members.get(if taken { "then" } else { "else" });
                    let mut fits = true;
                    for part in condition.into_iter().chain(branch) {
                        fits = fits && self.gather(part, depth + 1, rules)?;
                    }
                    fits
                }
                _ => join(rules, keyword, rule),
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The type to make; for a schema without one, that of its other keywords.
    fn kind(&mut self, rules: &Map<String, Value>) -> String {
        let has = |names: &[&str]| names.iter().any(|name| rules.contains_key(*name));
        let kind = match rules.get("type") {
            Some(Value::String(kind)) => kind,
            Some(Value::Array(kinds)) => {
                let kind = self.one_of(kinds).and_then(Value::as_str);
                return kind.unwrap_or_default().to_owned();
            }
            _ if has(&["properties", "required", "minProperties"]) => "object",
            _ if has(&["items", "prefixItems", "minItems", "contains"]) => "array",
            _ if has(&["minimum", "maximum", "exclusiveMinimum", "multipleOf"]) => "number",
            _ => "string",
        };
        kind.to_owned()
    }

    /// A number on the grid of `multipleOf`, or where there is none an integer or one of `step`.
    fn number(&mut self, rules: &Map<String, Value>, step: i128) -> Option<Value> {
        let rule = |name: &str| match rules.get(name) {
            Some(Value::Number(limit)) => Some(decimal(limit)),
            _ => None,
        };
        let multiple = rule("multipleOf").filter(|multiple| *multiple > 0);
        let grids = match multiple {
            // Multiples that are integers, if a few steps make one.
            Some(multiple) => {
                let mut whole = (1..=1_000).map(|times| multiple.saturating_mul(times));
                [whole.find(|it| it % ONE == 0).unwrap_or(multiple), multiple]
            }
            None if self.draws.chance(3_000) => [step, ONE],
            None => [ONE, step],
        };
        for grid in grids {
            let low = rule("minimum")
                .into_iter()
                .chain(rule("exclusiveMinimum").map(|it| it.saturating_add(1)))
                .max();
            let high = rule("maximum")
                .into_iter()
                .chain(rule("exclusiveMaximum").map(|it| it.saturating_sub(1)))
                .min();
            let span = grid.saturating_mul(100);
            let low =
                low.unwrap_or_else(|| high.map_or(0, |high| high.min(span).saturating_sub(span)));
            // Divisions round to zero.
            let first = low.div_euclid(grid) + i128::from(low.rem_euclid(grid) != 0);
            let last = high.map_or(first + 100, |high| high.div_euclid(grid));
            let Ok(width) = u32::try_from((last - first).min(100)) else {
                continue;
            };
            let point = first + i128::from(self.draws.range(0, width));
            return number(point.checked_mul(grid)?).map(Value::Number);
        }
        None
    }

    fn string(&mut self, rules: &Map<String, Value>) -> Option<String> {
        let limit = |name: &str| rules.get(name).and_then(Value::as_u64);
        let least = limit("minLength").unwrap_or(0);
        if let Some(pattern) = rules.get("pattern").and_then(Value::as_str) {
            let repeats = u32::try_from(least).ok()?;
            return text::of_pattern(pattern, repeats, self.draws);
        }
        let format = rules.get("format").and_then(Value::as_str);
        if let Some(text) = format.and_then(|format| text::of_format(format, self.draws)) {
            return Some(text);
        }
        let most = limit("maxLength").unwrap_or(text::MAX_CHARS);
        text::words(least, most, self.draws)
    }

    fn array(&mut self, rules: &Map<String, Value>, depth: u32) -> Proposal {
        let limit = |name: &str| rules.get(name).and_then(Value::as_u64);
        let prefix = rules.get("prefixItems").and_then(Value::as_array);
        let prefix = prefix.map_or(&[][..], Vec::as_slice);
        let contained = rules.get("contains");
        let rest = rules.get("items").unwrap_or(&Value::Bool(true));
        let mut least = limit("minItems").unwrap_or(0);
        if contained.is_some() {
            least = least.max(prefix.len() as u64 + 1);
        }
        let mut most = limit("maxItems").unwrap_or(MAX_ITEMS).min(MAX_ITEMS);
        if rest == &Value::Bool(false) {
            most = most.min(prefix.len() as u64);
        }
        if least > most {
            return Ok(None);
        }
        let more = match depth < PLAIN_DEPTH {
            true if least == 0 => self.draws.range(1, MORE_ITEMS),
            true => self.draws.range(0, MORE_ITEMS),
            false => 0,
        };
        let count = (least + u64::from(more)).min(most);
        let is_unique = rules.get("uniqueItems") == Some(&Value::Bool(true));
        let mut items: Vec<Value> = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or(usize::MAX) {
            let schema = match (prefix.get(index), contained) {
                (Some(schema), _) => schema,
                (None, Some(schema)) if index == prefix.len() => schema,
                (None, _) => rest,
            };
            let mut item = self.part(schema, depth)?;
            for _ in 0..8 {
                let repeats = |item: &Value| items.iter().any(|other| equal(item, other));
                if !is_unique || !item.as_ref().is_some_and(repeats) {
                    break;
                }
                item = self.part(schema, depth)?;
            }
            match item {
                Some(item) => items.push(item),
                None if (items.len() as u64) < least => return Ok(None),
                None => break,
            }
        }
        Ok(Some(Value::Array(items)))
    }

    fn object(&mut self, rules: &Map<String, Value>, depth: u32) -> Proposal {
        let limit = |name: &str| rules.get(name).and_then(Value::as_u64);
        let least = limit("minProperties").unwrap_or(0);
        let most = limit("maxProperties").unwrap_or(u64::MAX);
        let required = rules.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let mut members = Map::new();
        for name in required {
            let Some(value) = self.part(&schema_of(rules, name)?, depth)? else {
                return Ok(None);
            };
            members.insert(name.to_owned(), value);
        }
        let properties = rules.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let is_wanted = depth < PLAIN_DEPTH && self.draws.chance(5_000);
            let count = members.len() as u64;
            if members.contains_key(name) || count >= most || !(is_wanted || count < least) {
                continue;
            }
            if let Some(value) = self.part(schema, depth)? {
                members.insert(name.clone(), value);
            }
        }
        let wants_more = properties.is_none() && depth < PLAIN_DEPTH && least == 0;
        let more = match rules.get("additionalProperties") {
            Some(Value::Object(_)) if wants_more => 1,
            _ => least,
        };
        for number in 1..=more.min(MAX_ITEMS) {
            if members.len() as u64 >= more.min(most) {
                break;
            }
            let name = match rules.get("propertyNames") {
                Some(schema) => self.part(schema, depth)?,
                None => Some(format!("key{number}").into()),
            };
            let Some(Value::String(name)) = name else {
                break;
            };
            if let Some(value) = self.part(&schema_of(rules, &name)?, depth)? {
                members.insert(name, value);
            }
        }
        Ok(Some(Value::Object(members)))
    }
}

/// The schema of a member.
fn schema_of(rules: &Map<String, Value>, name: &str) -> Result<Value, SchemaFault> {
    let property = rules.get("properties").and_then(|it| it.get(name));
    if let Some(schema) = property {
        return Ok(schema.clone());
    }
    if is_declared(rules, name)? {
        let patterns = rules.get("patternProperties").and_then(Value::as_object);
        let first = patterns.and_then(|patterns| patterns.values().next());
        return Ok(first.cloned().unwrap_or(Value::Bool(true)));
    }
    let other = rules.get("additionalProperties");
    Ok(other.cloned().unwrap_or(Value::Bool(true)))
}

/// Adds one rule to those of the same value; false if both cannot hold.
fn join(rules: &mut Map<String, Value>, keyword: &str, rule: &Value) -> bool {
    let Some(present) = rules.get_mut(keyword) else {
        rules.insert(keyword.to_owned(), rule.clone());
        return true;
    };
    match (keyword, present, rule) {
        ("properties" | "patternProperties", Value::Object(present), Value::Object(more)) => {
            for (name, schema) in more {
                match present.get_mut(name) {
                    Some(other) if other != schema => *other = both(other, schema),
                    Some(_) => {}
                    None => {
                        present.insert(name.clone(), schema.clone());
                    }
                }
            }
        }
        ("required", Value::Array(present), Value::Array(more)) => {
            present.extend(more.iter().cloned());
        }
        ("enum", Value::Array(present), Value::Array(more)) => {
            present.retain(|value| more.iter().any(|other| equal(value, other)));
            return !present.is_empty();
        }
        ("type", present, rule) => {
            let kinds = |rule: &Value| match rule {
                Value::Array(kinds) => kinds.clone(),
                kind => vec![kind.clone()],
            };
            let (left, right) = (kinds(present), kinds(rule));
            let narrower = |kind: &Value, others: &[Value]| {
                others.contains(kind) || kind == "integer" && others.contains(&"number".into())
            };
            let mut common: Vec<Value> = left
                .iter()
                .filter(|it| narrower(it, &right))
                .cloned()
                .collect();
            common.extend(
                right
                    .iter()
                    .filter(|it| narrower(it, &left) && !left.contains(it))
                    .cloned(),
            );
            let fits = !common.is_empty();
            *present = Value::Array(common);
            return fits;
        }
        ("const", present, rule) => return equal(present, rule),
        ("items" | "additionalProperties" | "contains", present, rule) if present != rule => {
            *present = both(present, rule);
        }
        (_, Value::Number(present), Value::Number(more)) => {
            let is_higher = decimal(more) > decimal(present);
            let is_lower_bound = keyword.starts_with("min") || keyword == "exclusiveMinimum";
            if is_higher == is_lower_bound {
                *present = more.clone();
            }
        }
        // The judge has every rule; of the others the first is proposed.
        _ => {}
    }
    true
}

fn both(left: &Value, right: &Value) -> Value {
    serde_json::json!({"allOf": [left, right]})
}
