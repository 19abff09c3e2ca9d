//! Which params tell rows apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::comparison::Row;

/// Names of params whose value differs between rows that have runs; being absent is a difference. Sorted.
pub(super) fn differing(rows: &[Row]) -> Vec<String> {
    // A row without runs has no params to differ in: it must not turn every param of the others into a difference.
    let rows: Vec<&Row> = rows.iter().filter(|row| row.n + row.failed + row.withdrawn > 0).collect();
    let mut seen: BTreeMap<&str, (usize, Option<&Value>, bool)> = BTreeMap::new();
    for row in &rows {
        let agreed = row.params.iter().map(|(name, value)| (name.as_str(), Some(value)));
        for (name, value) in agreed.chain(row.varying.iter().map(|name| (name.as_str(), None))) {
            let (count, first, differs) = seen.entry(name).or_insert((0, value, false));
            *count += 1;
            *differs |= *first != value;
        }
    }
    let names: BTreeSet<&str> = seen
        .into_iter()
        .filter(|(name, (count, _, differs))| *name != "seed" && (*differs || *count < rows.len()))
        .map(|(name, _)| name)
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Whether a param of a run is its seed under the name that a config gives it (`train.seed`, `random_state`): a row's runs
/// differ in it by definition.
pub(super) fn is_the_seed(name: &str, value: Option<&Value>, seed: Option<i64>) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let Some(value) = value else { return true };
    (last.contains("seed") || last == "random_state") && seed.is_some() && value.as_i64() == seed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Row, differing, is_the_seed};

    fn row(params: Value) -> Row {
        let params = params.as_object().expect("an object").clone().into_iter().collect();
        Row { n: 1, params, ..Row::default() }
    }

    #[test]
    fn only_differences_are_named() {
        let rows = [
            row(json!({"a": 1, "b": 1, "c": "x", "seed": 1})),
            row(json!({"a": 1, "b": 1.0, "seed": 2})),
            Row { n: 0, ..Row::default() },
        ];
        assert_eq!(differing(&rows), ["b", "c"]);
        assert!(differing(&rows[..1]).is_empty());
        let vary = Row { varying: vec!["a".to_owned()], ..row(json!({"b": 1, "c": "x"})) };
        assert_eq!(differing(&[rows[0].clone(), vary.clone()]), ["a"]);
        assert!(differing(&[vary.clone(), vary]).is_empty());
    }

    #[test]
    fn the_seed_is_known_under_other_names() {
        assert!(is_the_seed("train.np_seed", Some(&json!(3)), Some(3)));
        assert!(is_the_seed("random_state", Some(&json!(3)), Some(3)));
        assert!(!is_the_seed("seed", Some(&json!(4)), Some(3)));
        assert!(!is_the_seed("layers", Some(&json!(3)), Some(3)));
    }
}
