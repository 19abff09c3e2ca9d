//! Dotted keys: from a nested map to params, and from an override back into the map.

use super::MAX_DEPTH;
use super::error::ConfigError;
use super::marked::{Marked, digits};
use crate::model::param::{float_value, integer_value};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The params of a config: nested names joined by dots, lists and empty maps as values.
///
/// Values are as params are recorded: integers beyond 2^53, NaN, infinities and dates are strings. Where a flat key
/// and a nested one make the same name, the flat one wins.
#[must_use]
pub fn flatten(map: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut params = BTreeMap::new();
    collect(map, String::new(), &mut params);
    params
}

fn collect(map: &Map<String, Value>, prefix: String, params: &mut BTreeMap<String, Value>) {
    // Flatter names are put in later, so that they replace others: the same choice that `find` makes.
    let mut entries: Vec<(Marked<'_>, &Value)> = map.iter().map(|(key, value)| (Marked::read(key), value)).collect();
    entries.sort_by_key(|(key, _)| (key.shown().len(), matches!(key, Marked::Text(_))));
    let (nested, own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(_, value)| value.as_object().is_some_and(|map| !map.is_empty()));
    for (key, value) in nested {
        if let Value::Object(inner) = value {
            collect(inner, format!("{prefix}{}.", key.shown()), params);
        }
    }
    for (key, value) in own {
        params.insert(format!("{prefix}{}", key.shown()), recorded(value));
    }
}

/// A value without marks, as it is recorded.
fn recorded(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(Marked::read(text).shown()),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), _, _) => integer_value(integer.into()),
            (_, Some(integer), _) => integer_value(integer.into()),
            (_, _, Some(float)) => float_value(float),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(recorded).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (Marked::read(key).shown().to_owned(), recorded(value))).collect()
        }
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// The bytes of all names that [`flatten`] makes, which a long name above many values multiplies.
pub(super) fn name_bytes(map: &Map<String, Value>, prefix: usize) -> usize {
    map.iter().fold(0, |sum: usize, (key, value)| {
        let name = prefix + key.len() + 1;
        let inner = value.as_object().filter(|inner| !inner.is_empty()).map(|inner| name_bytes(inner, name));
        sum.saturating_add(inner.unwrap_or(name))
    })
}

/// Sets a key, given with dots, to a value as [`crate::model::param::typed`] returns it.
///
/// A key that is there under this name, flat or nested, is replaced; otherwise it is made, below the maps that are
/// there. The strings `NaN`, `Infinity`, `-Infinity` and the digits of integers beyond 2^53 are the numbers they are
/// for params, so that the program reads numbers.
///
/// # Errors
/// When the path goes through a value that is no map, the key names a map with keys in it, or is malformed. The map is
/// then unchanged.
pub fn merge(map: &mut Map<String, Value>, dotted_key: &str, value: Value) -> Result<(), ConfigError> {
    if let Some(slot) = find(map, dotted_key) {
        if let Some(inner) = slot.as_object().and_then(|inner| inner.keys().next()) {
            let example = format!("{dotted_key}.{}", Marked::read(inner).shown());
            return Err(ConfigError::ReplacesMap { key: dotted_key.to_owned(), example });
        }
        *slot = stored(value);
        return Ok(());
    }
    let parts: Vec<&str> = dotted_key.split('.').collect();
    if parts.len() > MAX_DEPTH || parts.iter().any(|part| part.is_empty()) {
        return Err(ConfigError::BadKey { key: dotted_key.to_owned() });
    }
    create(map, dotted_key, dotted_key, stored(value))
}

/// The value whose names, joined by dots, make the key. A flat key wins over a nested one.
fn find<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Value> {
    let path = find_path(map, key)?;
    let (last, parents) = path.split_last()?;
    let mut map = map;
    for parent in parents {
        map = map.get_mut(parent)?.as_object_mut()?;
    }
    map.get_mut(last)
}

fn find_path(map: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    if let Some(stored) = own_key(map, key) {
        return Some(vec![stored]);
    }
    for (stored, inner, rest) in inner_maps(map, key) {
        if let Some(mut path) = find_path(inner, rest) {
            path.insert(0, stored.to_owned());
            return Some(path);
        }
    }
    None
}

/// The stored form of a key of this very map: as a string, or as the number it is in YAML.
fn own_key(map: &Map<String, Value>, shown: &str) -> Option<String> {
    [Marked::Text(shown).store(), Marked::Key(shown).store()].into_iter().find(|stored| map.contains_key(stored))
}

/// The maps that lie on the way to a key, longest name first, with what remains of the key.
fn inner_maps<'a, 'k>(map: &'a Map<String, Value>, key: &'k str) -> Vec<(String, &'a Map<String, Value>, &'k str)> {
    let dots = key.match_indices('.').map(|(at, _)| at).rev();
    dots.filter_map(|at| {
        let stored = own_key(map, &key[..at])?;
        let inner = map.get(&stored)?.as_object()?;
        Some((stored, inner, &key[at + 1..]))
    })
    .collect()
}

fn create(map: &mut Map<String, Value>, whole: &str, key: &str, value: Value) -> Result<(), ConfigError> {
    let parent = inner_maps(map, key).into_iter().next().map(|(stored, _, rest)| (stored, rest));
    if let Some((stored, rest)) = parent
        && let Some(inner) = map.get_mut(&stored).and_then(Value::as_object_mut)
    {
        return create(inner, whole, rest, value);
    }
    let Some((first, rest)) = key.split_once('.') else {
        map.insert(Marked::Text(key).store(), value);
        return Ok(());
    };
    for (at, _) in key.match_indices('.') {
        if let Some(found) = own_key(map, &key[..at]).and_then(|stored| map.get(&stored)) {
            let parent = whole[..whole.len() - key.len() + at].to_owned();
            return Err(ConfigError::CrossesValue { key: whole.to_owned(), parent, found: kind(found) });
        }
    }
    let nested = rest
        .rsplit('.')
        .fold(value, |inner, part| Value::Object(Map::from_iter([(Marked::Text(part).store(), inner)])));
    map.insert(Marked::Text(first).store(), nested);
    Ok(())
}

/// A param's value as a config holds it.
fn stored(value: Value) -> Value {
    match value {
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            Marked::Float(&text).store().into()
        }
        Value::String(text) if is_large_integer(&text) => match (text.parse::<i64>(), text.parse::<u64>()) {
            (Ok(small), _) => small.into(),
            (_, Ok(small)) => small.into(),
            _ => digits(&text),
        },
        Value::String(text) => Marked::Text(&text).store().into(),
        Value::Array(items) => items.into_iter().map(stored).collect(),
        other => other,
    }
}

/// Whether a text is what params make of an integer beyond 2^53: canonical digits.
fn is_large_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits.len() >= 16 && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    canonical && text.parse::<i128>().map_or(true, |value| integer_value(value).is_string())
}

/// What a value is, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) => match Marked::read(text) {
            Marked::Text(_) | Marked::Key(_) => "a string",
            Marked::Float(_) | Marked::Integer(_) => "a number",
            Marked::Date(_) => "a date",
        },
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
