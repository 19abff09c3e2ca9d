//! YAML, read with the budgets of `serde-saphyr` against aliases that multiply, and as PyYAML reads booleans and octals.

use super::error::{Problem, Unencodable};
use super::marked::{Marked, float, integer, non_finite};
use super::{MAX_DEPTH, Reading};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use std::fmt;

pub(super) fn parse(text: &str, reading: Reading) -> Result<Value, Problem> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let loose = parse_with(text, false, reading)?;
    // Only a text with a plain y or n can differ: both spellings are read to find it.
    if has_boolean(&loose) { Ok(without_y_and_n(loose, parse_with(text, true, reading)?)) } else { Ok(loose) }
}

fn parse_with(text: &str, strict_booleans: bool, reading: Reading) -> Result<Value, Problem> {
    // The other readers of configs in this trade, PyYAML and OmegaConf among them, take the last one.
    let (duplicate_keys, merge_keys) = match reading {
        Reading::Usual => (DuplicateKeyPolicy::LastWins, MergeKeyPolicy::Merge),
        Reading::Strict => (DuplicateKeyPolicy::Error, MergeKeyPolicy::Error),
    };
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_documents: 1,
            max_total_scalar_bytes: super::MAX_BYTES,
        },
        duplicate_keys: duplicate_keys,
        merge_keys: merge_keys,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // A tag makes a Python object of a value, which could not be written back.
        reject_unsupported_tags: true,
        // PyYAML reads 010 as 8.
        legacy_octal_numbers: true,
        strict_booleans: strict_booleans,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map(|node| node.0).map_err(|error| problem(&error))
}

const BEYOND_BUDGET: &str = "too much to read, or aliases that multiply beyond reason";

fn problem(error: &serde_saphyr::Error) -> Problem {
    let number = |value: u64| usize::try_from(value).unwrap_or(0);
    let (line, column) = error.location().map_or((0, 0), |at| (number(at.line()), number(at.column())));
    let message = match error.without_snippet() {
        serde_saphyr::Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("nested deeper than {MAX_DEPTH} levels")
        }
        serde_saphyr::Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a second document starts here, a config is one".to_owned()
        }
        serde_saphyr::Error::Budget { .. } | serde_saphyr::Error::AliasReplayLimitExceeded { .. } => {
            BEYOND_BUDGET.to_owned()
        }
        other => {
            let message = other.to_string();
            let first = message.lines().next().unwrap_or_default();
            // Inside an alias, a breach comes as text.
            if first.starts_with("budget breached") {
                BEYOND_BUDGET.to_owned()
            } else {
                first.split(" at line ").next().unwrap_or(first).to_owned()
            }
        }
    };
    Problem { line, column, message }
}

fn has_boolean(value: &Value) -> bool {
    let is_boolean_key = |key: &str| matches!(Marked::read(key), Marked::Key("true" | "false"));
    match value {
        Value::Bool(_) => true,
        Value::Array(items) => items.iter().any(has_boolean),
        Value::Object(map) => map.iter().any(|(key, value)| is_boolean_key(key) || has_boolean(value)),
        _ => false,
    }
}

/// Takes the text of a plain `y` or `n` from the strict reading, and all else from the loose one.
///
/// PyYAML reads `yes`, `no`, `on` and `off` as booleans, but not the single letters, which name axes and counts.
fn without_y_and_n(loose: Value, strict: Value) -> Value {
    let is_letter = |text: &str| matches!(text, "y" | "Y" | "n" | "N");
    match (loose, strict) {
        (Value::Bool(_), Value::String(text)) if is_letter(&text) => Value::String(text),
        (Value::Array(loose), Value::Array(strict)) if loose.len() == strict.len() => {
            loose.into_iter().zip(strict).map(|(loose, strict)| without_y_and_n(loose, strict)).collect()
        }
        (Value::Object(loose), Value::Object(strict)) if loose.len() == strict.len() => loose
            .into_iter()
            .zip(strict)
            .map(|((loose_key, loose), (strict_key, strict))| {
                let key = if is_letter(&strict_key) { strict_key } else { loose_key };
                (key, without_y_and_n(loose, strict))
            })
            .collect(),
        // Two spellings of one boolean are keys of this map: the strict reading keeps both.
        (Value::Object(_), strict @ Value::Object(_)) => strict,
        (loose, _) => loose,
    }
}

/// A value of any kind, read without losing what JSON cannot hold.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor).map(Node)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(integer(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(i128::try_from(value).map_or_else(|_| super::marked::digits(&value.to_string()), integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Marked::Text(text).store().into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((Node(key), Node(value))) = entries.next_entry()? {
            let key = match key {
                Value::String(text) => match Marked::read(&text) {
                    Marked::Text(_) => text,
                    other => Marked::Key(other.shown()).store(),
                },
                Value::Null | Value::Bool(_) | Value::Number(_) => Marked::Key(&key.to_string()).store(),
                Value::Array(_) | Value::Object(_) => return Err(A::Error::custom("a list or a map as a key")),
            };
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

pub(super) fn encode(map: &Map<String, Value>) -> Result<String, Unencodable> {
    let failed =
        |error: serde_saphyr::SerializeError| Unencodable { key: "the file".to_owned(), reason: error.to_string() };
    // Folded scalars change what some readers see; quoted ones mean the same to all of them.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&Entries(map), options).map_err(failed)
}

struct Entries<'a>(&'a Map<String, Value>);
struct Item<'a>(&'a Value);
struct Key<'a>(&'a str);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(&Key(key), &Item(value))?;
        }
        map.end()
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => Entries(map).serialize(serializer),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Item(item))?;
                }
                list.end()
            }
            Value::String(stored) => match Marked::read(stored) {
                Marked::Float(name) => serializer.serialize_f64(non_finite(name)),
                Marked::Integer(digits) => serialize_digits(digits, serializer),
                marked => serializer.serialize_str(marked.shown()),
            },
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => serializer.serialize_i64(value),
                (_, Some(value), _) => serializer.serialize_u64(value),
                (_, _, value) => serializer.serialize_f64(value.unwrap_or(f64::NAN)),
            },
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Null => serializer.serialize_unit(),
        }
    }
}

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Marked::read(self.0) {
            Marked::Key(plain @ ("NaN" | "Infinity" | "-Infinity")) => serializer.serialize_f64(non_finite(plain)),
            Marked::Key(plain) => match serde_json::from_str::<Value>(plain) {
                Ok(value) if plain.parse::<f64>().is_err() || value.is_f64() => Item(&value).serialize(serializer),
                Ok(_) => serialize_digits(plain, serializer),
                Err(_) => serializer.serialize_str(plain),
            },
            marked => serializer.serialize_str(marked.shown()),
        }
    }
}

/// An integer as one where a Rust integer holds it, else its digits as text.
fn serialize_digits<S: Serializer>(digits: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(value) = digits.parse::<i128>() {
        return serializer.serialize_i128(value);
    }
    match digits.parse::<u128>() {
        Ok(value) => serializer.serialize_u128(value),
        Err(_) => serializer.serialize_str(digits),
    }
}
