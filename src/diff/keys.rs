//! Maps from key to value, and how two of them differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::difference::Change;

/// Values by group and key. The group is the section of a file, or the file; empty where there are none.
pub type Keys = BTreeMap<(String, String), Value>;

/// Every key of either map whose values are not the same.
pub(super) fn changes(a: &Keys, b: &Keys) -> Vec<Change> {
    let all: BTreeSet<&(String, String)> = a.keys().chain(b.keys()).collect();
    let differing = all.into_iter().filter(|key| a.get(key) != b.get(key));
    differing
        .map(|key| Change { group: key.0.clone(), key: key.1.clone(), a: a.get(key).cloned(), b: b.get(key).cloned() })
        .collect()
}

/// Put a value of a fact in, nested keys joined with dots. A list whose items have names is a map by these names.
pub(super) fn flatten(key: &str, value: &Value, keys: &mut Keys) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    let own = || (String::new(), if key.is_empty() { "value".to_owned() } else { key.to_owned() });
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, value)| flatten(&below(name), value, keys));
        }
        Value::Array(items) => match named(items) {
            Some(items) => items.into_iter().for_each(|(name, rest)| flatten(&below(&name), &rest, keys)),
            None => drop(keys.insert(own(), value.clone())),
        },
        value => drop(keys.insert(own(), value.clone())),
    }
}

/// The items by their names, if each has one of its own.
fn named(items: &[Value]) -> Option<BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for item in items {
        let map = item.as_object()?;
        let name = ["name", "path", "file"].into_iter().find(|name| map.get(*name).is_some_and(Value::is_string))?;
        let rest = map.iter().filter(|(key, _)| *key != name).map(|(key, value)| (key.clone(), value.clone()));
        all.insert(map[name].as_str()?.to_owned(), Value::Object(rest.collect()));
    }
    (!items.is_empty() && all.len() == items.len()).then_some(all)
}
